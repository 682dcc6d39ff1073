"""A whole SIP stack in the hands of somebody who means harm and knows the passwords: a story made from octets.

Two telephones register, call and are called; what they send is right, or mutated, or belongs elsewhere; time
passes, connections are lost, the office does what it likes. In the end everything is hung up, every timer has run
out, and nothing may be left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.messages import (
    Alert,
    Answer,
    Command,
    Dial,
    EarlyMedia,
    Hangup,
    Hold,
    Identify,
    Offered,
    Redirect,
    Resume,
    SendDigits,
    SendText,
)
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from gateway.sip.parser import MalformedMessage, parse
from tests.fuzz.script import Script, mutated
from tests.fuzz.seeds import seeds
from tests.support.sip import Office, Phone, session_description

__all__ = ["play"]

T = TypeVar("T")

LONGEST: Final = 60
"""Steps of a story."""
FORGOTTEN: Final = 4000.0
"""Seconds after which registrations, subscriptions and publications have run out too."""
CLEAR: Final = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "the end of the extension")
COMMANDS: Final[tuple[Command, ...]] = (
    Alert(), EarlyMedia(), Answer(), Answer(), Hold(), Resume(), Hangup(CLEAR), SendDigits("5"), SendText("x"),
    Identify(Party("102", "x")), Redirect("6002"),
)  # fmt: skip
STATUSES: Final = (100, 180, 183, 199, 200, 200, 202, 302, 401, 407, 408, 422, 481, 486, 487, 491, 500, 503, 600)
SAID: Final = (
    ("Contact", "<sip:101@192.0.2.1>"), ("Contact", "<sip:6002@192.0.2.1>, <tel:+12565550100>"),
    ("Warning", '381 x "SIPS Required"'), ("Diversion", "<sip:a@b>;reason=user-busy"),
    ("Reason", "SIP;cause=200"), ("Retry-After", "5"),
)  # fmt: skip
"""What a telephone may say in a response."""
METHODS: Final = ("INVITE", "UPDATE", "INFO", "BYE", "REFER", "PRACK", "OPTIONS", "MESSAGE", "SUBSCRIBE", "NOTIFY")
WAITS: Final = (0.02, 0.6, 2.0, 6.0, 33.0, 200.0)
_OFFERS: Final = (
    *(session_description(),) * 5, b"", session_description(0), session_description(formats="3"),
)  # fmt: skip


def play(data: bytes) -> None:
    """Play the story that `data` tells."""
    _Story(Script(data)).play()


class _Story:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._office = Office(rows=6)
        self._phones = (
            Phone(self._office, "6001"),
            Phone(self._office, "6002", host="192.0.2.61", transport="tcp"),
        )
        self._channels: list[SipChannel] = []
        self._dialogs: list[tuple[Phone, Request, Response | None]] = []  # calls that phones began
        self._asked: list[tuple[Phone, Request]] = []  # requests that the office sent them
        self._serial = 1

    def play(self) -> None:
        """All of it, up to nothing being left."""
        for phone in self._phones:
            self._enter(phone, phone.request("REGISTER", "sip:192.0.2.1"))
        acts: tuple[Callable[[Phone], None], ...] = (
            self._call, self._dial, self._reply, self._reply, self._within, self._within, self._command,
            self._command, self._stray, self._wait, self._lose, self._cancel, self._enter_seed,
        )  # fmt: skip
        for _ in range(LONGEST):
            if not self._script.goes_on:
                break
            self._script.one_of(acts)(self._script.one_of(self._phones))
            self._look()
        self._end()

    def _recent(self, choices: Sequence[T]) -> T:
        """The latest of these more often than not."""
        return choices[-1] if self._script.number(4) else self._script.one_of(choices)

    # What phones do.

    def _send(self, phone: Phone, message: Request | Response) -> None:
        data = message.serialise()
        phone.send(mutated(data, self._script) if self._script.number(3) == 0 else data)

    def _enter(self, phone: Phone, request: Request) -> None:
        """Send a request, and again with credentials where they are asked for."""
        self._look()
        self._send(phone, request)
        challenges = [
            message
            for _, message in self._arrived()
            if isinstance(message, Response) and message.status == 401 and message.call_id == request.call_id
        ]
        if challenges and request.call_id:
            if request.method == "INVITE":
                phone.send(phone.ack(request, challenges[0]))
            request = phone.with_proof(request, challenges[0])
            self._send(phone, request)
        if request.method == "INVITE":
            self._dialogs.append((phone, request, None))

    def _call(self, phone: Phone) -> None:
        self._serial += 1
        body = self._script.one_of(_OFFERS)
        headers = self._script.one_of(
            (
                (),
                (("Require", "100rel"),),
                (("Supported", "timer"), ("Session-Expires", "90")),
                (("Supported", "100rel"),),
                (("Expires", "20"),),
                (("Contact", "<sip:6001@nobody.invalid;transport=ws>"),),
            )
        )
        uri = "sip:101@192.0.2.1"
        self._enter(
            phone,
            phone.request("INVITE", uri, to=f"<{uri}>", call_id=f"f{self._serial}", headers=headers, body=body),
        )

    def _enter_seed(self, phone: Phone) -> None:
        self._serial += 1
        method = self._script.one_of(("SUBSCRIBE", "PUBLISH", "MESSAGE", "REGISTER", "REFER", "OPTIONS"))
        headers = self._script.one_of(
            (
                (("Event", "dialog"), ("Expires", "600")),
                (("Event", "presence"), ("Expires", "0")),
                (("Event", "reg"), ("Expires", "61")),
                (("Contact", "*"), ("Expires", "0")),
            )
        )
        body = self._script.one_of((b"", b"hello"))
        self._enter(phone, phone.request(method, call_id=f"s{self._serial}", headers=headers, body=body))

    def _reply(self, phone: Phone) -> None:
        if not self._asked:
            return
        phone, request = self._recent(self._asked)
        response = request.reply(self._script.one_of(STATUSES), to_tag=self._script.one_of(("below", "other")))
        response.headers.set("Contact", f"<sip:{phone.user}@{phone.host}:{phone.port}>")
        if self._script.number(2):
            response.headers.set("Content-Type", "application/sdp")
            response.body = session_description()
        if self._script.number(4) == 0:
            response.headers.set("Require", "100rel")
            response.headers.set("RSeq", str(1 + self._script.number(3)))
        if self._script.number(4) == 0:
            response.headers.set(*self._script.one_of(SAID))
        self._send(phone, response)

    def _within(self, phone: Phone) -> None:
        method = self._script.one_of(METHODS)
        body = session_description() if self._script.number(2) else b""
        if self._script.number(2) and self._asked:
            phone, invite = self._recent(self._asked)
            if invite.contacts:
                self._serial += 1
                self._send(phone, phone.from_below(invite, "below", method, self._serial, body))
        elif self._dialogs:
            phone, invite, response = self._recent(self._dialogs)
            if response is not None and response.contacts:
                self._serial += 1
                if self._script.number(2):
                    self._send(phone, phone.ack(invite, response, body))
                else:
                    self._send(phone, phone.within(invite, response, method, self._serial, body))

    def _cancel(self, phone: Phone) -> None:
        if self._dialogs:
            phone, invite, _ = self._recent(self._dialogs)
            cancel = Request("CANCEL", invite.uri, headers=invite.headers.copy())
            cancel.headers.set("CSeq", f"{invite.cseq.number} CANCEL")
            cancel.headers.remove("Content-Type")
            self._send(phone, cancel)

    def _stray(self, phone: Phone) -> None:
        phone.send(mutated(self._script.one_of(seeds("sip")), self._script))

    def _lose(self, phone: Phone) -> None:
        if phone.transport == "tcp":
            self._office.stack.lost(phone.flow, self._office.clock.now, again=bool(self._script.number(2)))
            self._office.drain()

    # What the office does.

    def _dial(self, phone: Phone) -> None:
        with contextlib.suppress(RemoteError):
            channel = self._office.stack.channel(phone.user, self._office.clock.now)
            self._channels.append(channel)
            self._office.command(channel, Dial(phone.user, Party("101")))

    def _command(self, phone: Phone) -> None:
        if self._channels:
            with contextlib.suppress(IllegalInput):
                self._office.command(self._recent(self._channels), self._script.one_of(COMMANDS))

    def _wait(self, phone: Phone) -> None:
        self._office.wait(self._script.one_of(WAITS))

    # What is seen of it.

    def _look(self) -> None:
        for phone, message in self._arrived():
            self._note(phone, message)
        self._channels += [channel for channel, event in self._office.heard() if isinstance(event, Offered)]

    def _arrived(self) -> Iterator[tuple[Phone, Request | Response]]:
        """What has come for the telephones since the last look; answers to garbage may be garbage."""
        new, self._office.sent = self._office.sent, []
        for datagram in new:
            for phone in self._phones:
                if datagram.flow.remote == phone.flow.remote:
                    with contextlib.suppress(MalformedMessage):
                        yield phone, parse(datagram.data)

    def _note(self, phone: Phone, message: Request | Response) -> None:
        if isinstance(message, Request):
            self._asked.append((phone, message))
            return
        for index, (caller, invite, _) in enumerate(self._dialogs):
            if caller is phone and invite.call_id == message.call_id and message.to.tag:
                self._dialogs[index] = (caller, invite, message)

    def _end(self) -> None:
        for channel in self._channels:
            with contextlib.suppress(IllegalInput):
                self._office.command(channel, Hangup(CLEAR))
        self._office.unnamed()
        self._office.wait(FORGOTTEN)
        usage = self._office.stack.usage()
        del usage["texts"]  # for accounts that are away; kept for them, and bounded, by `text_queue`
        assert usage == dict.fromkeys(usage, 0), usage
        assert self._office.desk.open == 0, "an RTP row is still open"
        assert self._office.stack.bindings == []
