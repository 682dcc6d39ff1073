"""What the parts of an INVITE session share: the words between them, the stack below and the channel above.

    SipChannel ── SessionUser ◁── IncomingSession | OutgoingSession ──▷ Established (a Talk)
                                          │                                  │
                                          └────────────── Carrier ───────────┘      (the stack)

`incoming` and `outgoing` hold the first INVITE of either direction, `established` everything that follows it in
the dialog: what the INVITE needed is gone then, for hours perhaps. Sessions are handed messages and times; what
they send goes through the Carrier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, Protocol

from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.messages import Command, Event
from gateway.sdp.description import SessionDescription
from gateway.sdp.negotiate import Agreement, Direction, Medium, NotAcceptable
from gateway.sip.body import find_body
from gateway.sip.causes import cause_of, cause_of_reason, reason_header, told_on
from gateway.sip.dialog import Dialog, DialogId
from gateway.sip.fields import Headers
from gateway.sip.keepalive import Kept
from gateway.sip.message import Message, Request, Response
from gateway.sip.resolve import Resolver
from gateway.sip.transaction.base import ClientTransaction
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Address, Flow
from gateway.sip.warning import SIPS_NOT_ALLOWED, SIPS_REQUIRED, warn, warnings_of

__all__ = [
    "ALLOW",
    "ALLOW_IN_CALLS",
    "GONE",
    "SDP_TYPE",
    "SUPPORTED",
    "Carrier",
    "Intervals",
    "LegShown",
    "Member",
    "Reply",
    "SessionUser",
    "Setting",
    "Talk",
    "Timer",
    "abilities",
    "announce",
    "describe",
    "description_of",
    "lists",
    "not_acceptable",
    "nothing_more",
    "owner_of",
    "reasoned",
    "refusal",
]

SDP_TYPE: Final = "application/sdp"
_SDP_ROW: Final = (SDP_TYPE,)
ALLOW: Final = (
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, REFER"
)
"""Every method that is served, in a dialog or outside; what is not here is answered with 501 and this list."""
ALLOW_IN_CALLS: Final = ", ".join(method for method in ALLOW.split(", ") if method not in ("REGISTER", "PUBLISH"))
"""Those of them that are served within a call (RFC 3261 21.4.6)."""
SUPPORTED: Final = "100rel, timer, replaces, join, norefersub, nosub, tdialog, from-change"
"""The extensions that peers may use with us: RFC 3262, RFC 4028, RFC 3891, RFC 3911, RFC 4488, RFC 7614,
RFC 4538, RFC 4916."""

GONE: Final = frozenset({408, 481})
"""Responses to a request in a dialog that end it (RFC 3261 12.2.1.2)."""

Reply = Callable[[Response, float], None]
"""Sends a response to one request that came in."""


def nothing_more(now: float) -> None:
    """What is done where nobody has to know."""


class Timer(Protocol):
    """A call-back that is due some day."""

    def cancel(self) -> None:
        """It is not wanted any more; harmless when it has run."""
        ...


@frozen
class LegShown:
    """The leg to which a dialog belongs.

    Attributes:
        name: the channel's.
        answered: whether the dialog is confirmed, and not an early one.
    """

    name: str
    answered: bool


def owner_of(leg: str) -> str:
    """The account or trunk whose leg that is, as its name has it."""
    return leg.partition("/")[2].rpartition("-")[0]


class Member(Protocol):
    """A dialog as the stack sees it: it takes the requests of the dialog."""

    @property
    def leg(self) -> LegShown | None:
        """The leg to which it belongs; None for a dialog that is no call."""
        ...

    @property
    def account(self) -> str:
        """The account of whoever is at the other end; "" where it is none's."""
        ...

    @property
    def flow(self) -> Flow | None:
        """By which the peer was heard last, and whose loss it is told of; None while there is none."""
        ...

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request (ACK included, whose `reply` does nothing)."""
        ...

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone; whoever lives on it ends."""
        ...

    def way_anew(self, lost: Flow) -> Flow | None:
        """By which other connection the peer is reached without `lost`; None for none, or where it is no loss."""
        ...

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """Whoever was reached by one flow is reached by another from now on."""
        ...


class Carrier(Protocol):
    """What a session asks of the stack."""

    def send(
        self,
        request: Request,
        flow: Flow,
        now: float,
        *,
        answered: Callable[[Response, float], None],
        failed: Callable[[str, float], None],
        settled: Callable[[float], None] = nothing_more,
    ) -> ClientTransaction:
        """Send `request` in a transaction of its own.

        Args:
            answered: takes each response, retransmitted 2xx to an INVITE included.
            failed: takes the evidence ("timer B after 32 s") where no final response came.
            settled: told of an INVITE that was answered, once no more 2xx can come (RFC 6026 7.2).

        Raises:
            Exhausted: there is no room for one more transaction.
        """
        ...

    def cancel(self, invite: ClientTransaction, now: float, reason: str) -> None:
        """Cancel an INVITE, once that is allowed (RFC 3261 9.1), with a Reason; its end is told as ever."""
        ...

    def reroute(self, invite: ClientTransaction, way: Flow, now: float) -> None:
        """Ask an INVITE again, by the way by which its peer is reached now; ignored once it is answered."""
        ...

    def send_ack(self, ack: Request, flow: Flow, now: float) -> bytes:
        """Send the ACK for a 2xx, which is outside of all transactions; returns what `resend` takes."""
        ...

    def resend(self, data: bytes, flow: Flow, now: float) -> None:
        """Send an ACK again, for a repeated 2xx."""
        ...

    def at(self, when: float, action: Callable[[float], None]) -> Timer:
        """Have `action` called at `when`."""
        ...

    def after(self, seconds: float, now: float, action: Callable[[float], None]) -> Timer:
        """The same at `now + seconds`, for an interval that many wait for."""
        ...

    def keep(
        self,
        flow: Flow,
        every: float,
        now: float,
        *,
        answers: bool,
        failed: Callable[[str, float], None],
        at_once: bool = False,
    ) -> Kept:
        """Keep `flow` open by pings until the result is cancelled; `failed` takes the evidence that it is not.

        Args:
            every: seconds between pings, at most.
            answers: whether the peer has said that it answers pings (RFC 6223).
        """
        ...

    def enter(self, dialog: DialogId, member: Member) -> None:
        """Give the requests of `dialog` to `member` from now on."""
        ...

    def member(self, dialog: DialogId) -> Member | None:
        """Who takes the requests of `dialog`; None where there is no such."""
        ...

    def is_past(self, dialog: DialogId) -> bool:
        """Whether `dialog` was that of a call which has ended not long ago."""
        ...

    def leave(self, dialog: DialogId) -> None:
        """`dialog` is over; further requests in it are answered with 481."""
        ...


class Talk(Protocol):
    """A session that was answered, as the channel sees it."""

    def hang_up(self, ending: Ending, now: float) -> None:
        """End it; nothing is said to the user any more."""
        ...

    def direct(self, direction: Direction, now: float) -> None:
        """Offer `direction` to the peer: SENDONLY holds it, SENDRECV resumes."""
        ...

    def carry(self, medium: Medium, now: float) -> None:
        """Offer to carry `medium`; the user is told of the agreement, or that the peer has declined."""
        ...

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the call for which the session needs no change."""
        ...

    def ask(self, told: Callable[[int], None], now: float) -> bool:
        """Ask the peer whether it is there: `told` takes the status of its answer. False where that cannot be."""
        ...

    def readdress(self, address_of: Callable[[Flow], Address], now: float) -> str:
        """Tell the peer at which address of ours it reaches us, where that has changed; that one, or ""."""
        ...

    @property
    def conference(self) -> str:
        """The number of the conference that it is in; "" for none."""
        ...

    def referred(self, request: Request, dialog: Dialog, reply: Reply, now: float) -> None:
        """Take a REFER from outside its dialog, which makes `dialog`."""
        ...


class SessionUser(Protocol):
    """Who is told what happens in a session: the channel."""

    @property
    def name(self) -> str:
        """The channel's name."""
        ...

    @property
    def wanted(self) -> Sequence[Codec]:
        """Codecs that the other side of the talk can use, in its order; empty where that does not matter."""
        ...

    def progressed(self, status: int, media: bool, now: float) -> None:
        """A provisional response came; `media`: it brought a session description, which is in force."""
        ...

    def agreed(self, agreement: Agreement, now: float) -> None:
        """An offer/answer exchange is complete; `agreement` is in force."""
        ...

    def established(self, session: Talk, now: float) -> None:
        """We have answered the peer's INVITE: whatever is asked for goes to `session` from now on."""
        ...

    def answered(self, how: str, session: Talk, now: float) -> None:
        """The peer answered our INVITE: likewise."""
        ...

    def declined(self, now: float) -> None:
        """The peer will not carry what was asked for; the session goes on as it was."""
        ...

    def missed(self, text: str, now: float) -> None:
        """Something that should have come did not, or was changed on the way: `text` says what, and what to do."""
        ...

    def said(self, event: Event, now: float) -> None:
        """Something came in an answered call that only passes through to it: a key, a text, a wish, an identity."""
        ...

    def ended(self, ending: Ending, now: float) -> None:
        """The session is over by the peer's doing or by a failure; said once, and never after `hang_up`."""
        ...


@frozen
class Intervals:
    """Session timers (RFC 4028), in seconds.

    Attributes:
        expires: after which a session that nobody refreshes is dead; 0 asks for no session timer.
        minimum: the shortest that peers may ask for; less is refused with 422.
    """

    expires: int = 1800
    minimum: int = 90


@frozen
class Setting:
    """What every session of a stack is given.

    Attributes:
        carrier: the stack.
        timers: RFC 3261 table 4.
        random: where retry delays come from.
        resolver: who finds the servers of a URI.
        intervals: of session timers.
    """

    carrier: Carrier
    timers: TimerConfig
    random: Random
    resolver: Resolver
    intervals: Intervals = Intervals()


_ANNOUNCED: Final = Headers([("Allow", ALLOW), ("Supported", SUPPORTED)])


def announce(message: Message) -> None:
    """Write what we can into `message` (RFC 3261 20.5, 20.37)."""
    message.headers.update(_ANNOUNCED)


def abilities(request: Request) -> Response:
    """The 200 to an OPTIONS, which tells what we can (RFC 3261 11.2); texts for people are in English."""
    response = request.reply(200)
    announce(response)
    response.headers.set("Accept", SDP_TYPE)
    response.headers.set("Accept-Encoding", "identity")
    response.headers.set("Accept-Language", "en")
    return response


def lists(message: Message, name: str) -> tuple[str, ...]:
    """The option tags or methods in `name` (as in `Headers.rows`) in lower case; none where it cannot be read."""
    if name not in message.headers.rows:
        return ()
    try:
        return message.tokens(name)
    except MalformedError:
        return ()


def description_of(message: Message) -> SessionDescription | None:
    """The session description that `message` carries, or None.

    Raises:
        MalformedError: it has one that does not parse.
    """
    body = find_body(message, SDP_TYPE) if message.body else None
    return None if body is None else SessionDescription.parse(body)


def describe(message: Request | Response, description: SessionDescription) -> None:
    """Put `description` into `message`."""
    message.headers.put("content-type", _SDP_ROW)
    message.body = description.serialise()


def not_acceptable(request: Request, why: NotAcceptable, tag: str | None = None) -> Response:
    """The 488 that says why in a Warning (RFC 3261 20.43)."""
    response = request.reply(488, to_tag=tag)
    warn(response, why.warning, str(why))
    response.headers.set("Reason", reason_header(why.cause))
    return response


def reasoned(message: Message, ending: Ending) -> None:
    """Write an ending's cause into `message` as a Reason header."""
    message.headers.set("Reason", reason_header(ending.cause))


_REFUSALS: Final = {
    404: (Act.REFUSED, "Check the number."),
    408: (Act.DID_NOT_ANSWER, ""),
    480: (Act.DID_NOT_ANSWER, ""),
    486: (Act.REFUSED, ""),
    487: (Act.DID_NOT_ANSWER, ""),
    488: (Act.FAILED, "Let both sides have a codec in common: PCMU or PCMA."),
    600: (Act.REFUSED, ""),
    603: (Act.REFUSED, ""),
    604: (Act.REFUSED, "Check the number."),
    606: (Act.FAILED, "Let both sides have a codec in common: PCMU or PCMA."),
}
"""What a final response says of the one who sent it, and what to try next."""


_OF_SIPS: Final = {
    SIPS_NOT_ALLOWED: "Let it register, or be reached, over TLS; or call it by a sip URI.",
    SIPS_REQUIRED: "Set SECURE_SIGNALLING=yes before Dial, and reach it over TLS.",
}
"""What to try next where a 480 warns so (RFC 5630). Nothing of it is done unasked: neither scheme becomes the other
(5.1.1, 5.3)."""


def refusal(response: Response, peer: str) -> Ending:
    """The ending that a final response to our INVITE makes."""
    cause = cause_of_reason(response.headers.all("Reason")) or cause_of(response.status)
    act, advice = _REFUSALS.get(response.status, (Act.FAILED, ""))
    warned = warnings_of(response)
    evidence = f"{response.summary}: {warned[0].text}" if warned else response.summary
    of_sips = [one.code for one in warned if response.status == 480 and one.code in _OF_SIPS]
    if of_sips:
        act, advice = Act.FAILED, _OF_SIPS[of_sips[0]]
    return Ending(cause, peer, act, evidence, advice, told_on(response.status, cause, *of_sips[:1]))
