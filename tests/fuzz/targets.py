"""What is fuzzed: each target takes octets and raises only where the code under it is at fault.

The refusals that a function's contract names are no fault. A target leaves nothing behind and needs no clean-up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from dialplan.parser import parse as parse_dialplan
from dialplan.reader import Sources
from dialplan.substitution import ScriptError, Template, TemplateError
from gateway.core.errors import MalformedError
from gateway.fax.udptl import WINDOW, UdptlPacket, UdptlReceiver
from gateway.plane.rtcp import RtcpReport
from gateway.q931.message import Message
from gateway.sdp.description import SessionDescription
from gateway.sdp.negotiate import Negotiation, NotAcceptable
from gateway.sip.account import Account
from gateway.sip.digest import Secret
from gateway.sip.events.message_summary import read_summary
from gateway.sip.events.pidf import parse_presence
from gateway.sip.events.remote import RemoteExtension
from gateway.sip.framing import Broken, Framer, StreamFramer
from gateway.sip.message import Request
from gateway.sip.parser import MAX_MESSAGE, MalformedMessage, parse
from gateway.sip.path import path_of
from gateway.sip.portability import portability_of, write_portability
from gateway.sip.preferences import Preferences, features_of, preferences_of, write_preferences
from gateway.sip.replaces import target_dialog
from gateway.sip.stun import Stun, answer
from gateway.sip.target import Target
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from gateway.sip.websocket import WebSocketFramer
from tests.fuzz import adapter, calls, span
from tests.fuzz.script import Script
from tests.fuzz.stack import play
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Studio

__all__ = ["STORIES", "TARGETS"]


def sip(data: bytes) -> None:
    """The parser: what it takes can be read, answered and written, and read again to the same."""
    try:
        message = parse(data)
    except MalformedMessage as refused:
        if refused.request is not None:
            parse_again(refused.request.reply(refused.status, str(refused), to_tag="t").serialise())
        return
    _ = message.vias, message.from_, message.to, message.cseq, message.contacts, message.expires
    again = parse(message.serialise())
    assert again.serialise() == message.serialise()
    if isinstance(message, Request) and message.method != "ACK":
        parse(message.reply(500, to_tag="t").serialise())


def parse_again(data: bytes) -> None:
    """The refusal of a request that lacks what a response must repeat need not be right, only harmless."""
    with contextlib.suppress(MalformedMessage):
        parse(data)


def stream(data: bytes) -> None:
    """A plain stream in pieces of any size: the same messages, one whole message held at most."""
    whole = StreamFramer().feed(data)
    script, framer, pieces = Script(data), StreamFramer(), []
    at = 0
    while at < len(data):
        size = 1 + script.number(2000)
        pieces += framer.feed(data[at : at + size])
        at += size
    assert pieces == whole
    for framed in whole:
        if isinstance(framed, bytes):
            assert len(framed) <= MAX_MESSAGE
            parse_again(framed)


def websocket(data: bytes) -> None:
    """A WebSocket: after `Broken` nothing."""
    framer: Framer = WebSocketFramer()
    framed = framer.feed(data[: len(data) // 2]) + framer.feed(data[len(data) // 2 :])
    ends = [index for index, each in enumerate(framed) if isinstance(each, Broken)]
    assert ends in ([], [len(framed) - 1])
    framer.frame(b"OPTIONS")
    framer.ping()


def sdp(data: bytes) -> None:
    """A description as an offer, then as an answer: agreed on, or refused by name; ours can always be read."""
    try:
        description = SessionDescription.parse(data)
    except MalformedError:
        return
    assert replace(SessionDescription.parse(description.serialise()), kind=description.kind) == description
    for take in ("answer", "accept"):
        ours = Negotiation(address="192.0.2.1", port=20000, session_id=1)
        ours.offer()
        with contextlib.suppress(NotAcceptable, MalformedError):
            getattr(ours, take)(description)
        assert ours.local is not None
        assert replace(SessionDescription.parse(ours.local.serialise()), kind=None) == ours.local


def documents(data: bytes) -> None:
    """What other notifiers and publishers say: a state, or nothing."""
    RemoteExtension().take(data)
    read_summary(data)
    with contextlib.suppress(MalformedError):
        parse_presence(data)


def wishes(data: bytes) -> None:
    """What a request asks for in headers of its own: read, or refused by name, or as good as not there."""
    with contextlib.suppress(MalformedMessage):
        message = parse(data)
        if isinstance(message, Request):
            variables = preferences_of(message) | portability_of(message, PEER)
            telephones = [replace(TELEPHONE, features=features_of(contact)) for contact in message.contacts]
            turns = Preferences.of(variables).turns(telephones)
            assert sum(map(len, turns)) <= len(telephones)
            write_portability(message, variables, PEER)
            write_preferences(message, variables)
            parse_again(message.serialise())
            with contextlib.suppress(MalformedError):
                path_of(message)
            with contextlib.suppress(MalformedError):
                target_dialog(message)


PEER: Final = Account("pstn", Secret(), trusted=True, trunk=True)
TELEPHONE: Final = Target(SipUri("192.0.2.60", "6001"), Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5060)))


def stun(data: bytes) -> None:
    """STUN: no answer is longer than an error that names what was not known."""
    said = answer(data, ("192.0.2.1", 5060))
    assert said is None or len(said) <= len(data) + 64
    with contextlib.suppress(MalformedError):
        _ = Stun.parse(data).mapped


def udptl(data: bytes) -> None:
    """T.38 datagrams, cut from the octets: what is taken can be written again, and little is kept."""
    receiver = UdptlReceiver()
    size = max(4, len(data) // 8)
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        assert len(receiver.receive(piece)) <= WINDOW + 1
        with contextlib.suppress(MalformedError):
            packet = UdptlPacket.parse(piece)
            assert UdptlPacket.parse(packet.serialise()) == packet


def dialplan(data: bytes) -> None:
    """A file of a dialplan: a plan and its faults."""
    parse_dialplan("extensions.conf", Sources(lambda path: data.decode("utf-8", "replace")))


class _Names:
    """A scope in which every variable is its own name, and a function gives what it is given."""

    def variable(self, name: str) -> str:
        return name

    def read(self, function: str, arguments: str) -> str:
        return arguments


def expression(data: bytes) -> None:
    """A text with `${}` and `$[]`: filled, or refused in one sentence."""
    with contextlib.suppress(TemplateError, ScriptError):
        Template(data.decode("utf-8", "replace")).fill(_Names())


@cache
def _studio() -> tuple[Studio, RtpEndpoint]:
    """A plane with one row that is told by RFC 4733, decodes and detects, made once: compiled code is behind it."""
    studio = Studio(rows=2, arena=2.0)
    row, endpoint = studio.telephone()
    row.detect_digits(True)
    studio.settle()
    return studio, endpoint


def rtp(data: bytes) -> None:
    """A packet to a row that talks with its sender, and the same octets as RTCP."""
    studio, endpoint = _studio()
    endpoint.send_raw(data[:65_000])
    studio.tick()
    endpoint.hear()
    studio.events.clear()
    assert studio.plane.usage().rows == 1
    with contextlib.suppress(MalformedError):
        RtcpReport.parse(data)


def q931(data: bytes) -> None:
    """A message of ISDN: what is taken can be written, and read again to the same."""
    try:
        message = Message.parse(data)
    except MalformedError:
        return
    with contextlib.suppress(ValueError):  # shifts that lock are written one by one, and may not fit
        again = Message.parse(message.serialise())
        assert Message.parse(again.serialise()) == again


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "sip": sip,
    "stream": stream,
    "stack": play,
    "sdp": sdp,
    "documents": documents,
    "wishes": wishes,
    "stun": stun,
    "udptl": udptl,
    "websocket": websocket,
    "dialplan": dialplan,
    "expression": expression,
    "rtp": rtp,
    "q931": q931,
    "span": span.play,
    "adapter": adapter.play,
    "calls": calls.play,
}
STORIES: Final = frozenset({"stack", "span", "adapter", "calls"})
"""Those whose input is a story: octets as decisions."""
