"""The torture messages of RFC 4475, every one: read, or refused as the RFC asks of a parser.

What the RFC asks of those above the parser (a method, extension, scheme or type unknown to a server) is tested
there; here such a message is read, with what it is refused for at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from gateway.sip.body import find_body
from gateway.sip.framing import Broken, KeepAlive, StreamFramer
from gateway.sip.message import Request, Response
from gateway.sip.parser import MalformedMessage, parse
from gateway.sip.uri import OtherUri, SipUri

FOLDER: Final = Path(__file__).parents[2] / "data" / "rfc4475"
DROP: Final = 0

REFUSED: Final = {
    # 3.1.2: syntactically invalid
    "badinv01": (400, "a parameter has no name"),
    "clerr": (400, "Content-Length is 9999"),
    "ncl": (400, "Content-Length is not a number"),
    "scalar02": (400, "CSeq number is larger"),
    "scalarlg": (DROP, "CSeq number is larger"),
    "quotbal": (400, "not a name and address"),
    "ltgtruri": (400, "Request-URI"),
    "lwsruri": (400, "blanks in the request line"),
    "lwsstart": (400, "blanks in the request line"),
    "trws": (400, "not a request line"),
    "escruri": (400, "headers in the Request-URI"),
    "regbadct": (400, "needs angle brackets"),
    "badaspec": (400, "not a URI"),
    "baddn": (400, "empty line"),
    "badvers": (505, "SIP/7.0"),
    "mismatch01": (400, "CSeq says INVITE, the request line OPTIONS"),
    "mismatch02": (400, "CSeq says INVITE, the request line NEWMETHOD"),
    "bigcode": (DROP, "not a status line"),
    # 3.3: invalid for what they hold or lack
    "insuf": (400, "there is no From"),
    "multi01": (400, "is there twice"),
    "mcl01": (400, "Content-Length is there twice"),
}


def sdp(request: Request) -> bool:
    return (find_body(request) or b"").startswith(b"v=0")


Check = Callable[[Request], object]
READ: Final[dict[str, Check]] = {
    # 3.1.1: valid
    "wsinv": lambda m: (
        m.to.tag == "1918181833n"
        and m.from_.display == 'J Rosenberg \\"'
        and m.max_forwards == 68
        and m.cseq.number == 9
        and [via.transport for via in m.vias] == ["UDP", "TCP", "UDP"]
        and m.vias[2].branch == "z9hG4bK30239"
        and m.contacts[0].parameters.get("q") == "0.33"
        and m.headers.get("newfangledheader") == "newfangled value continued newfangled value"
    ),
    "intmeth": lambda m: (
        m.method == "!interesting-Method0123456789_*+`.%indeed'~"
        and m.to.display == "BEL:\x07 NUL:\0 DEL:\x7f"
        and m.from_.display == "token1~` token2'+_ token3*%!.-"
        and m.from_.parameters.get("fromParam''~+*_!.-%") == "работающий"
    ),
    "esc01": lambda m: (
        isinstance(m.uri, SipUri)
        and m.uri.username == "sips:user@example.com"
        and isinstance(m.contacts[0].uri, SipUri)
        and m.contacts[0].uri.parameters.get("%6C%72") == ""
        and not m.contacts[0].uri.is_loose_router
    ),
    "escnull": lambda m: [contact.uri.username for contact in m.contacts if isinstance(contact.uri, SipUri)]
    == ["\0", "\0\0"],
    "esc02": lambda m: m.method == "RE%47IST%45R" and len(m.contacts) == 2 and m.to.display == "%Z%45",
    "lwsdisp": lambda m: m.from_.display == "caller",
    "longreq": lambda m: len(m.vias) == 34 and len(m.from_.tag or "") > 80 and m.vias[33].received == "192.0.2.5",
    "dblreq": lambda m: m.method == "REGISTER" and m.body == b"",
    "semiuri": lambda m: isinstance(m.uri, SipUri) and m.uri.username == "user;par=u@example.net",
    "transports": lambda m: [via.transport for via in m.vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"],
    "mpart01": lambda m: (
        find_body(m, "text/plain") == b"Hello" and len(find_body(m, "application/octet-stream") or b"") > 300
    ),
    # 3.1.2.12: the date need not be understood
    "baddate": lambda m: m.headers.get("date") == "Fri, 01 Jan 2010 16:00:00 EST",
    # 3.2: a branch that is only the cookie does not identify the transaction
    "badbranch": lambda m: not m.via.is_unique,
    # 3.3: valid, and the server's to refuse
    "unkscm": lambda m: isinstance(m.uri, OtherUri) and m.uri.scheme == "nobodyknowsthisscheme",
    "novelsc": lambda m: isinstance(m.uri, OtherUri) and m.uri.scheme == "soap.beep",
    "unksm2": lambda m: isinstance(m.to.uri, OtherUri) and str(m.from_.uri) == "http://www.example.com",
    "bext01": lambda m: m.tokens("require") == ("nothingsupportsthis", "nothingsupportsthiseither"),
    "invut": lambda m: find_body(m) is None and m.headers.get("content-type") == "application/unknownformat",
    "regaut01": lambda m: m.headers.get("authorization") == "NoOneKnowsThisScheme opaque-data=here",
    "zeromf": lambda m: m.max_forwards == 0,
    "cparam01": lambda m: m.contacts[0].parameters.get("unknownparam") == "" and not m.contacts[0].uri.parameters,
    "cparam02": lambda m: not m.contacts[0].parameters and m.contacts[0].uri.parameters.get("unknownparam") == "",
    "regescrt": lambda m: m.contacts[0].uri.headers == "Route=%3Csip:sip.example.com%3E",
    "sdp01": lambda m: sdp(m) and m.headers.get("accept") == "text/nobodyKnowsThis",
    # 3.4: RFC 2543
    "inv2543": lambda m: m.via.branch is None and m.from_.tag is None and sdp(m),
}  # fmt: skip

RESPONSES: Final[dict[str, Callable[[Response], object]]] = {
    "unreason": lambda m: m.status == 200 and m.reason.startswith("= 2**3 * 5**2 но сто девяносто"),
    "noreason": lambda m: m.status == 100 and m.reason == "",
    # 3.3.10: the layer above drops it for its second Via
    "bcast": lambda m: len(m.vias) == 2,
}


def message(name: str) -> bytes:
    return (FOLDER / f"{name}.dat").read_bytes()


def test_none_of_the_49_is_left_out() -> None:
    assert sorted([*REFUSED, *READ, *RESPONSES]) == sorted(path.stem for path in FOLDER.glob("*.dat"))
    assert len(REFUSED) + len(READ) + len(RESPONSES) == 49


@pytest.mark.parametrize("name", READ)
def test_a_request_is_read_for_what_it_is(name: str) -> None:
    request = parse(message(name))
    assert isinstance(request, Request)
    assert READ[name](request)
    assert READ[name](parse(request.serialise()))


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_read_for_what_it_is(name: str) -> None:
    response = parse(message(name))
    assert isinstance(response, Response)
    assert RESPONSES[name](response)
    assert RESPONSES[name](parse(response.serialise()))


@pytest.mark.parametrize("name", REFUSED)
def test_an_invalid_message_is_refused_as_it_should_be(name: str) -> None:
    status, what = REFUSED[name]
    with pytest.raises(MalformedMessage, match="(?s).*".join(["", what.replace("(", r"\(")])) as caught:
        parse(message(name))
    if status == DROP:
        assert caught.value.request is None
    else:
        assert caught.value.status == status
        assert caught.value.request is not None
        assert caught.value.request.reply(status, to_tag="t").serialise()


def test_an_unquoted_comma_is_refused_also_where_the_header_ends_well() -> None:
    # 3.1.2.15: the file lacks the empty line, which hides what the message is about
    with pytest.raises(MalformedMessage, match="Bell, Alexander"):
        parse(message("baddn") + b"\r\n")


def test_two_messages_on_a_stream_are_two() -> None:
    framed = StreamFramer().feed(message("dblreq"))
    requests = [parse(frame) for frame in framed if isinstance(frame, bytes)]
    assert [request.cseq.method for request in requests] == ["REGISTER", "INVITE"]
    assert KeepAlive.PONG in framed


@pytest.mark.parametrize("name", ["ncl", "mcl01", "inv2543"])
def test_a_stream_without_a_usable_length_is_closed(name: str) -> None:
    assert isinstance(StreamFramer().feed(message(name))[-1], Broken)
