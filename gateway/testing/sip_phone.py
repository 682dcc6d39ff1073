"""A SIP telephone made of two sockets and plain text, owing nothing to the stack that it tests.

It registers, calls, answers, speaks and listens in G.711, all when `tick` is called: a test moves its time. What it
heard is kept as samples, what it was sent as messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.testing.sip_message import SipMessage, proof
from gateway.testing.sip_voice import SipVoice
from gateway.testing.sip_wire import StreamWire, UdpWire, Wire

__all__ = ["SipPhone"]

_SERIAL = count(1)


@dataclass
class _Dialog:
    call_id: str
    local: str
    remote: str
    target: str
    branch: str
    numbers: count[int] = field(default_factory=lambda: count(1))
    invite: SipMessage | None = None
    invite_number: int = 0
    outgoing: bool = False


class SipPhone:
    """One telephone.

    Args:
        user, secret: its account.
        server: where the office listens.
        encoding: the codec that it offers and wants: G.711, or G.722, with which it speaks and hears 16000 samples
            a second instead of 8000.
        wire: how it gets there; by UDP where None.
        own: the address of its own at which it wants its audio; loopback where empty.
    """

    def __init__(
        self,
        user: str,
        secret: str,
        server: tuple[str, int],
        *,
        encoding: Encoding = Encoding.PCMU,
        wire: Wire | None = None,
        own: str = "",
    ) -> None:
        self.user = user
        self.secret = secret
        self.server = server
        self.log: list[SipMessage] = []
        self.state = "idle"
        self.status = 0
        self.ended_by = ""
        self.caller = ""
        self._vanished = False
        self._wire = wire or UdpWire(server, own)
        self.voice = SipVoice(server[0], encoding, own)
        self._dialog: _Dialog | None = None
        self._pending: dict[str, str] = {}

    def close(self) -> None:
        self._wire.close()
        self.voice.close()

    def disconnect(self) -> None:
        """Close its connection to the office, where it has one."""
        if isinstance(self._wire, StreamWire):
            self._wire.close()
            self._vanished = True

    def names(self, address: tuple[str, int]) -> None:
        """Say in Via and Contact that it is at `address`, wherever it sends from."""
        self._wire.address = address

    @property
    def sockets(self) -> int:
        """How many it has open."""
        return 1 if isinstance(self._wire, StreamWire) and self._vanished else 2

    # What somebody does with it.

    def register(self, expires: int = 300) -> None:
        """Ask to be registered; `status` is 200 once that is done."""
        self.status = 0
        self._begin_request("REGISTER", f"sip:{self._office}", f"Expires: {expires}\r\n")

    def call(self, number: str, *, offer: str = "", replaces: str = "", joins: str = "") -> None:
        """Place a call; `offer` stands in place of its own media lines.

        `replaces` names a dialog to take over, `joins` one to join as a third.
        """
        self.state, self.status, self.ended_by = "calling", 0, ""
        self.voice.forget()
        extra = f"Replaces: {replaces}\r\n" if replaces else f"Join: {joins}\r\n" if joins else ""
        self._begin_request("INVITE", f"sip:{number}@{self._office}", extra, self.voice.sdp(offer))

    def ring(self) -> None:
        """Answer an INVITE that came in with 180."""
        self._respond("180 Ringing")

    def answer(self) -> None:
        """Answer an INVITE that came in with 200."""
        self._respond("200 OK", self.voice.sdp())
        self.state = "up"

    def refuse(self, status: str) -> None:
        """Refuse an INVITE that came in."""
        self._respond(status)
        self.state = "idle"

    def divert(self, to: str) -> None:
        """Send an INVITE that came in on to `to`, by 302."""
        assert self._dialog is not None and self._dialog.invite is not None
        contact = f"sip:{to}@{self._office}"
        self._reply(self._dialog.invite, "302 Moved Temporarily", to=self._dialog.local, contact=contact)
        self.state = "idle"

    def refer(self, to: str, *, replaces: str = "", room: str = "") -> None:
        """Ask that whom it talks with be sent to `to`, or be joined with whom the dialog `replaces` is with.

        With `room`, the conference of that number is asked to have `to` called into it, outside of all calls.
        """
        header = f"?Replaces={quote(replaces, safe='')}" if replaces else ""
        refer_to = f"Refer-To: <sip:{to}@{self.server[0]}{header}>\r\n"
        if room:
            self._begin_request("REFER", f"sip:{room}@{_written(self.server[0])}", refer_to)
            return
        assert self._dialog is not None
        self._in_dialog("REFER", next(self._dialog.numbers), f"{refer_to}Contact: <{self._contact}>\r\n")

    def flash(self) -> None:
        """Flash in a call, by INFO."""
        assert self._dialog is not None
        extra = f"Contact: <{self._contact}>\r\nContent-Type: application/hook-flash\r\n"
        self._in_dialog("INFO", next(self._dialog.numbers), extra)

    def text(self, to: str, body: str) -> None:
        """Send a text to account `to`; `status` is that of its answer."""
        self.status = 0
        self._begin_request(
            "MESSAGE", f"sip:{to}@{self.server[0]}:{self.server[1]}", "Content-Type: text/plain\r\n", body
        )

    @property
    def texts(self) -> list[str]:
        """The texts that have come."""
        return [message.body for message in self.log if not message.status and message.method == "MESSAGE"]

    def watch(self, number: str, event: str, expires: int = 120) -> None:
        """Subscribe to the state of `number`; what is told of it is in `told`."""
        self.status = 0
        self._begin_request(
            "SUBSCRIBE",
            f"sip:{number}@{self.server[0]}:{self.server[1]}",
            f"Event: {event}\r\nExpires: {expires}\r\n",
        )

    @property
    def told(self) -> list[str]:
        """The bodies of the NOTIFYs that have come, without repetitions."""
        found = {
            message["call-id"] + message["cseq"]: message.body
            for message in self.log
            if not message.status and message.method == "NOTIFY"
        }
        return list(found.values())

    @property
    def dialog(self) -> str:
        """Its call, as a Replaces header names it to the office."""
        dialog = self._dialog
        assert dialog is not None
        local, remote = (re.search(r";tag=([^;>]+)", side) for side in (dialog.local, dialog.remote))
        assert local is not None and remote is not None
        return f"{dialog.call_id};to-tag={remote[1]};from-tag={local[1]}"

    def hang_up(self) -> None:
        """End the call: CANCEL before an answer, BYE after."""
        dialog = self._dialog
        assert dialog is not None
        if self.state == "up":
            self._in_dialog("BYE", next(dialog.numbers))
            self.state = "idle"
        else:
            assert dialog.outgoing
            self._send(
                f"CANCEL {dialog.target} SIP/2.0\r\n{self._via(dialog.branch)}From: {dialog.local}\r\n"
                f"To: {dialog.remote}\r\nCall-ID: {dialog.call_id}\r\nCSeq: {dialog.invite_number} CANCEL\r\n"
            )

    def vanish(self) -> None:
        """Be gone: take nothing in and send nothing, without a word."""
        self._vanished = True

    def say(self, samples: Samples) -> None:
        """Speak: 20 ms go out at each tick."""
        self.voice.say(samples)

    def key(self, digits: str) -> None:
        """Send digits as RFC 4733 events of 100 ms with 60 ms between."""
        self.voice.key(digits)

    @property
    def heard(self) -> Samples:
        """Everything heard in this call."""
        return self.voice.heard

    @property
    def digits(self) -> str:
        """The digits heard in this call, by RFC 4733."""
        return self.voice.digits

    # Time.

    def tick(self, now: float) -> None:
        """Take in what has arrived, and send what is due."""
        if self._vanished:
            return
        while (data := self._wire.take()) is not None:
            message = SipMessage.parse(data)
            self.log.append(message)
            if message.status:
                self._response(message)
            else:
                self._request(message)
        self.voice.tick(now, talks=self.state == "up")

    # Signalling.

    def _response(self, message: SipMessage) -> None:
        if message.status in (401, 407) and (request := self._pending.pop(message["call-id"], None)):
            if message.method == "INVITE":
                self._ack(message, non_2xx=True)
            self._send(self._authorized(request, message))
            return
        if message.method == "CANCEL" or (message.method == "BYE"):
            return
        self.status = message.status
        if message.method != "INVITE" or self._dialog is None:
            return
        if message.body:
            self.voice.take_sdp(message.body)
        if message.status < 200:
            self._dialog.remote = message["to"]
            self.state = "ringing" if message.status == 180 else self.state
        elif message.status < 300:
            self._dialog.remote = message["to"]
            if found := re.search(r"<([^>]+)>", message["contact"]):
                self._dialog.target = found[1]
            self._ack(message, non_2xx=False)
            self.state = "up"
        else:
            self._ack(message, non_2xx=True)
            self.state, self.ended_by = "idle", f"{message.status} {message['reason']}".strip()

    def _request(self, message: SipMessage) -> None:
        if message.method == "INVITE":
            if self._dialog is not None and self.state == "up" and message["call-id"] == self._dialog.call_id:
                self._dialog.invite = message
                self.voice.take_sdp(message.body)
                self._respond("200 OK", self.voice.sdp())
                return
            if self.state != "idle":
                return
            target = re.search(r"<([^>]+)>", message["contact"])
            assert target is not None
            tag = f";tag={next(_SERIAL)}"
            self._dialog = _Dialog(message["call-id"], message["to"] + tag, message["from"], target[1], "")
            self._dialog.invite = message
            self.state, self.caller = "offered", message["from"]
            self.voice.forget()
            self.ended_by = ""
            self.voice.take_sdp(message.body)
            return
        if message.method == "ACK":
            return
        self._reply(message, "200 OK")
        if message.method == "BYE":
            self.state, self.ended_by = "idle", f"BYE {message['reason']}".strip()
        elif message.method == "CANCEL":
            self._respond("487 Request Terminated")
            self.state, self.ended_by = "idle", f"CANCEL {message['reason']}".strip()

    def _begin_request(self, method: str, uri: str, extra: str = "", body: str = "") -> None:
        call_id, branch = f"phone-{next(_SERIAL)}", f"z9hG4bK{next(_SERIAL)}"
        local = f"<sip:{self.user}@{_written(self.server[0])}>;tag={next(_SERIAL)}"
        remote = f"<sip:{self.user}@{_written(self.server[0])}>" if method == "REGISTER" else f"<{uri}>"
        dialog = _Dialog(call_id, local, remote, uri, branch, invite_number=1, outgoing=True)
        next(dialog.numbers)
        if method == "INVITE":
            self._dialog = dialog
        request = (
            f"{method} {uri} SIP/2.0\r\n{self._via(branch)}From: {local}\r\nTo: {remote}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: 1 {method}\r\nContact: <{self._contact}>\r\n{extra}"
        )
        if body and "Content-Type" not in extra:
            request += "Content-Type: application/sdp\r\n"
        self._pending[call_id] = request + "\0" + body
        self._send(request, body)

    def _authorized(self, request: str, challenge: SipMessage) -> str:
        method, uri = request.split()[:2]
        credentials = proof(challenge, method, uri, self.user, self.secret)
        branch = f"z9hG4bK{next(_SERIAL)}"
        head, _, body = request.partition("\0")
        head = re.sub(r"branch=[^;\r]+", f"branch={branch}", head)
        head = re.sub(r"CSeq: 1 ", "CSeq: 2 ", head)
        if self._dialog is not None and method == "INVITE":
            self._dialog.branch, self._dialog.invite_number = branch, next(self._dialog.numbers)
        return head + credentials + "\0" + body

    def _ack(self, response: SipMessage, *, non_2xx: bool) -> None:
        dialog = self._dialog
        assert dialog is not None
        branch = dialog.branch if non_2xx else f"z9hG4bK{next(_SERIAL)}"
        number = response["cseq"].split()[0]
        self._send(
            f"ACK {dialog.target} SIP/2.0\r\n{self._via(branch)}From: {dialog.local}\r\nTo: {response['to']}\r\n"
            f"Call-ID: {dialog.call_id}\r\nCSeq: {number} ACK\r\n"
        )

    def _in_dialog(self, method: str, number: int, extra: str = "") -> None:
        dialog = self._dialog
        assert dialog is not None
        self._send(
            f"{method} {dialog.target} SIP/2.0\r\n{self._via(f'z9hG4bK{next(_SERIAL)}')}From: {dialog.local}\r\n"
            f"To: {dialog.remote}\r\nCall-ID: {dialog.call_id}\r\nCSeq: {number} {method}\r\n{extra}"
        )

    def _respond(self, status: str, body: str = "") -> None:
        assert self._dialog is not None and self._dialog.invite is not None
        self._reply(self._dialog.invite, status, body, self._dialog.local)

    def _reply(self, request: SipMessage, status: str, body: str = "", to: str = "", contact: str = "") -> None:
        vias = "".join(f"Via: {via}\r\n" for via in request.all("via"))
        routes = "".join(f"Record-Route: {route}\r\n" for route in request.all("record-route"))
        here = f"Contact: <{contact or self._contact}>\r\n"
        content = "Content-Type: application/sdp\r\n" if body else ""
        self._send(
            f"SIP/2.0 {status}\r\n{vias}{routes}From: {request['from']}\r\nTo: {to or request['to']}\r\n"
            f"Call-ID: {request['call-id']}\r\nCSeq: {request['cseq']}\r\n{here}{content}",
            body,
        )

    def _send(self, head: str, body: str = "") -> None:
        head, _, kept = head.partition("\0")
        body = body or kept
        if self._vanished:
            return
        text = f"{head}Max-Forwards: 70\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        self._wire.send(text.encode())

    def _via(self, branch: str) -> str:
        host, port = self._wire.address
        return f"Via: SIP/2.0/{self._wire.transport} {_written(host)}:{port};branch={branch};rport\r\n"

    @property
    def _contact(self) -> str:
        transport = self._wire.transport.lower()
        if transport in ("ws", "wss"):  # a browser knows no address of its own (RFC 7118 section 5)
            return f"sip:{self.user}@df7jal23ls0d.invalid;transport=ws"
        host, port = self._wire.address
        more = "" if transport == "udp" else f";transport={transport}"
        return f"sip:{self.user}@{_written(host)}:{port}{more}"

    @property
    def _office(self) -> str:
        return f"{_written(self.server[0])}:{self.server[1]}"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
