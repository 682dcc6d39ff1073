"""The IPv6 torture messages of RFC 5118, all twelve, by the section that describes each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from gateway.core.codec import Codec, Encoding
from gateway.sdp.negotiate import Negotiation, NotAcceptable
from gateway.sip.message import Request
from gateway.sip.parser import MalformedMessage, parse
from gateway.sip.session import description_of
from gateway.sip.transport import Flow, response_flow, stamp
from gateway.sip.uri import SipUri

FOLDER: Final = Path(__file__).parents[2] / "data" / "rfc5118"
HERE: Final = ("2001:db8::10", 5060)


def message(name: str) -> Request:
    request = parse((FOLDER / f"{name}.dat").read_bytes())
    assert isinstance(request, Request)
    return request


def target(request: Request) -> tuple[str, int | None]:
    assert isinstance(request.uri, SipUri)
    return request.uri.host, request.uri.port


def way_back(request: Request, source: str) -> tuple[str, int]:
    """Where the response to `request`, seen to come from `source`, is sent."""
    flow = Flow("udp", HERE, (source, 5060))
    stamp(request, flow)
    return response_flow(request.reply(200), flow).remote


READ: Final[dict[str, Callable[[Request], object]]] = {
    # 4.1
    "ipv6-good": lambda m: target(m) == ("2001:db8::10", None) and m.via.host == "2001:db8::9:1",
    # 4.3: legal, and most likely not what was meant: the port became the last group of the address
    "port-ambiguous": lambda m: target(m) == ("2001:db8::10:5070", None),
    # 4.4
    "port-unambiguous": lambda m: target(m) == ("2001:db8::10", 5070),
    # 4.5: `received` with brackets is against the grammar and common; both forms mean the same
    "via-received-param-with-delim": lambda m: m.via.received == "2001:db8::9:255",
    "via-received-param-no-delim": lambda m: m.via.received == "2001:db8::9:255",
    # 4.6
    "ipv6-in-sdp": lambda m: (d := description_of(m)) and d.connection and d.connection.address == "2001:db8::20",
    # 4.7
    "mult-ip-in-header": lambda m: (
        [(via.host, via.port, via.received) for via in m.vias]
        == [("2001:db8::9:1", 6050, None), ("192.0.2.1", None, None), ("2001:db8::9:255", None, "192.0.2.200")]
    ),
    # 4.8
    "mult-ip-in-sdp": lambda m: (
        (d := description_of(m)) and [media.connections[0].address_type for media in d.media] == ["IP4", "IP6"]
    ),
    # 4.9
    "ipv4-mapped-ipv6": lambda m: (m.via.host, m.via.port) == ("::ffff:192.0.2.10", 19823),
    # 4.10
    "ipv6-correct-abnf-2-colons": lambda m: target(m) == ("2001:db8::192.0.2.1", None),
    # RFC 3261's grammar allows a third colon by mistake; 4.10 asks to be lenient about it
    "ipv6-bug-abnf-3-colons": lambda m: target(m) == ("2001:db8::192.0.2.1", None),
}


def test_none_of_the_12_is_left_out() -> None:
    assert sorted([*READ, "ipv6-bad"]) == sorted(path.stem for path in FOLDER.glob("*.dat"))


@pytest.mark.parametrize("name", READ)
def test_a_request_is_read_for_what_it_is_and_survives_being_written(name: str) -> None:
    request = message(name)
    assert READ[name](request)
    again = parse(request.serialise())
    assert isinstance(again, Request) and READ[name](again)


def test_section_4_2_an_address_without_brackets_is_refused_with_400() -> None:
    with pytest.raises(MalformedMessage, match="Request-URI") as refusal:
        message("ipv6-bad")
    assert refusal.value.status == 400 and refusal.value.request is not None


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
def test_section_4_5_what_the_sender_wrote_into_received_is_replaced_by_what_we_saw(name: str) -> None:
    assert way_back(message(name), "2001:db8::9:1") == ("2001:db8::9:1", 5060)
    assert way_back(message(name), "2001:db8::9:255") == ("2001:db8::9:255", 5060)


def test_section_4_6_a_stream_without_a_common_codec_is_not_acceptable() -> None:
    description = description_of(message("ipv6-in-sdp"))
    assert description is not None
    with pytest.raises(NotAcceptable):
        Negotiation(address="2001:db8::10", port=20000, session_id=1).answer(description)


def test_section_4_8_the_audio_stream_is_taken_at_its_own_address() -> None:
    description = description_of(message("mult-ip-in-sdp"))
    assert description is not None
    negotiation = Negotiation(address="192.0.2.10", port=20000, session_id=1, codecs=[Codec(Encoding.PCMU, 0)])
    answer = negotiation.answer(description)
    assert negotiation.agreement is not None and negotiation.agreement.address == "192.0.2.1"
    assert [media.port for media in answer.media] == [20000, 0]


def test_section_4_9_a_mapped_address_is_answered_where_it_came_from() -> None:
    assert way_back(message("ipv4-mapped-ipv6"), "192.0.2.10") == ("192.0.2.10", 19823)
    description = description_of(message("ipv4-mapped-ipv6"))
    assert description is not None
    negotiation = Negotiation(address="2001:db8::10", port=20000, session_id=1)
    negotiation.answer(description)
    assert negotiation.agreement is not None and negotiation.agreement.address.startswith("::ffff:")
