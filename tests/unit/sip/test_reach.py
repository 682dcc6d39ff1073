"""Which address of ours a peer is told, behind a NAT of ours: RFC 3261 8.1.1.8, RFC 3581 4."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer, Dial
from gateway.core.number import Party
from gateway.sip.config import SipConfig
from gateway.sip.message import Request, Response
from gateway.sip.reach import REMEMBERED, Reach
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from tests.support.sip import Office, Phone

HOME = ("172.17.0.2", 5060)
"""We in our container."""
FAR = ("8.8.4.4", 41000)
SEEN = "SIP/2.0/UDP 172.17.0.2:5060;branch=z9hG4bK1;received={};rport={}"


def reach(advertised: str = "") -> Reach:
    return Reach(advertised, lambda: ["172.17.0.2", "10.0.0.1"])


def answer(via: str) -> Response:
    """A response, as far as it tells where we were seen."""
    response = Response(200, "OK")
    response.headers.set("Via", via)
    return response


def to(uri: str, *vias: str) -> Request:
    """A request as far as it tells where it was sent to."""
    request = Request("REGISTER", SipUri.parse(uri))
    request.headers.set_all("Via", vias or ("SIP/2.0/UDP 8.8.4.4;branch=z9hG4bK1",))
    return request


def flow(transport: str = "udp", local: tuple[str, int] = HOME, remote: tuple[str, int] = FAR) -> Flow:
    return Flow(transport, local, remote)


def test_nothing_is_known_at_first() -> None:
    assert reach().address(flow()) == HOME
    assert reach("9.9.9.9").address(flow()) == ("9.9.9.9", 5060)
    assert reach("9.9.9.9").address(flow(remote=("192.168.1.5", 5060))) == HOME, "it is near"


@pytest.mark.parametrize("advertised", ["", "9.9.9.9"])
def test_where_a_telephone_has_found_us_it_finds_us_again(advertised: str) -> None:
    known = reach(advertised)
    known.asked(to("sip:600@5.5.5.5:5070"), flow())
    assert known.address(flow()) == ("5.5.5.5", 5070)
    assert known.address(flow(remote=("8.8.4.4", 41002)))[0] == (advertised or HOME[0]), "that is another one"
    known.asked(to("sip:600@172.17.0.2"), flow())
    assert known.address(flow())[0] == (advertised or HOME[0])


@pytest.mark.parametrize(
    "uri",
    ["sip:600@pbx.example.com", "sip:600@10.0.0.1", "sip:600@0.0.0.0", "sip:600@224.0.0.1", "sip:[2001:db8::1]"],
)
def test_names_our_own_addresses_and_what_is_none_tell_nothing(uri: str) -> None:
    known = reach()
    known.asked(to(uri), flow())
    assert known.address(flow()) == HOME


def test_what_came_through_a_proxy_was_sent_to_the_proxy() -> None:
    """As by a dispatcher that leaves the Request-URI as it was (RFC 3261 16.6)."""
    known = reach()
    ways = [f"SIP/2.0/UDP {host};branch=z9hG4bK{host}" for host in ("5.5.5.5", "8.8.4.4")]
    known.asked(to("sip:600@5.5.5.5", *ways), flow())
    assert known.address(flow()) == HOME


@pytest.mark.parametrize("local", [("5.5.5.5", 5060), ("127.0.0.1", 5060)])
def test_an_office_that_no_nat_can_hide_believes_its_own_address(local: tuple[str, int]) -> None:
    known = reach()
    known.asked(to("sip:600@9.9.9.9"), flow(local=local))
    known.seen(answer(SEEN.format("9.9.9.9", 1)), flow(local=local), 0.0)
    assert known.address(flow(local=local)) == local


def test_rfc_3581_4_where_a_server_has_seen_us_it_finds_us() -> None:
    known = reach()
    known.seen(answer(SEEN.format("5.5.5.5", 1024)), flow(), 0.0)
    assert known.address(flow()) == ("5.5.5.5", 1024)
    known.seen(answer(SEEN.format("5.5.5.5", 1025)), flow("tcp"), 0.0)
    assert known.address(flow("tcp")) == ("5.5.5.5", 5060), "whoever connects to us does not connect from there"
    known.seen(answer("SIP/2.0/UDP 172.17.0.2:5060;branch=z9hG4bK1"), flow(), 0.0)
    assert known.address(flow()) == HOME
    assert reach("9.9.9.9").address(flow()) == ("9.9.9.9", 5060)


def test_the_peers_that_are_remembered_are_bounded() -> None:
    known = reach()
    for port in range(REMEMBERED + 1):
        known.asked(to("sip:600@5.5.5.5"), flow(remote=("8.8.4.4", port)))
    assert known.address(flow(remote=("8.8.4.4", 0)))[0] == HOME[0]
    assert known.address(flow(remote=("8.8.4.4", REMEMBERED)))[0] == "5.5.5.5"


def test_a_call_names_the_address_by_which_its_telephone_has_come() -> None:
    office = Office()
    phone = Phone(office, host="8.8.8.8")
    again = phone.proved(phone.request("REGISTER", "sip:5.5.5.5"))
    assert again.uri == SipUri.parse("sip:5.5.5.5")
    phone.messages()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    assert b"c=IN IP4 5.5.5.5\r\n" in invite.body and "@5.5.5.5:5060" in str(invite.contacts[0])


def test_somebody_who_has_not_proved_who_he_is_tells_nothing() -> None:
    office = Office()
    liar, phone = Phone(office, host="8.8.8.8"), Phone(office, host="8.8.8.8")
    liar.send(liar.request("INVITE", "sip:600@6.6.6.6", call_id="lie"))
    phone.messages()
    phone.invite("6002")
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    assert b"c=IN IP4 192.0.2.1\r\n" in phone.messages()[-1].body


def test_what_is_written_down_is_told_to_those_outside() -> None:
    office = Office(SipConfig(advertised="9.9.9.9"))
    phone = Phone(office, host="8.8.8.8")
    phone.invite("6002")
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    assert b"c=IN IP4 9.9.9.9\r\n" in phone.messages()[-1].body
