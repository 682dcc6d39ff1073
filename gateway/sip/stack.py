"""The SIP stack: the engine that the runner drives (`gateway.core.engine`), and what sessions stand on.

In come octets with their flow and the time; out go datagrams, and events: (channel, event) of legs and
RegistrationChanged. A message passes, in this order: parser, transaction layer, screening, then its dialog's
member, or the handler of its method. It never raises for what a peer did.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random, SystemRandom
from typing import Any, Final

from gateway.core.audio import AudioFactory
from gateway.core.cause import Cause
from gateway.core.errors import LocalError, MalformedError, RemoteError
from gateway.core.messages import Event
from gateway.core.trace import Recorder
from gateway.sip.account import Account
from gateway.sip.auth import Authenticator
from gateway.sip.binding import Binding, Bindings, RegistrationChanged
from gateway.sip.channel import SipChannel
from gateway.sip.dialog import DialogId, dialog_id
from gateway.sip.gatekeeper import Gatekeeper
from gateway.sip.incoming import IncomingSession
from gateway.sip.journal import Journal
from gateway.sip.legs import Legs, LegsConfig
from gateway.sip.message import Request, Response
from gateway.sip.parser import MalformedMessage, parse
from gateway.sip.registrar import Registrar, RegistrarConfig
from gateway.sip.schedule import Schedule
from gateway.sip.screening import screen
from gateway.sip.session import ALLOW, SDP_TYPE, Member, Reply, Setting, Timer
from gateway.sip.transaction.base import ClientTransaction, ServerTransaction
from gateway.sip.transaction.events import (
    AckArrived,
    RequestArrived,
    ResponseArrived,
    StrayResponse,
    TimedOut,
    TransportFailed,
)
from gateway.sip.transaction.table import MAX_TRANSACTIONS, TransactionLayer
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Datagram, Flow, stamp

__all__ = ["SipConfig", "SipStack"]

PRODUCT: Final = "Copperline"
"""Server and User-Agent: no version, which would only help an attacker (RFC 3261 20.35)."""
KEEP_ALIVE: Final = b"\r\n\0 "
"""Octets of which UDP keep-alives consist (RFC 5626 4.4 and what telephones send)."""


@dataclass(frozen=True, slots=True)
class SipConfig:
    """How the stack behaves.

    Attributes:
        realm: of digest authentication.
        timers: RFC 3261 table 4.
        legs: codecs, number and address of legs.
        registrar: bounds of registrations.
        transactions: the most at a time; more are answered with 503.
    """

    realm: str = "copperline"
    timers: TimerConfig = field(default_factory=TimerConfig)
    legs: LegsConfig = field(default_factory=LegsConfig)
    registrar: RegistrarConfig = field(default_factory=RegistrarConfig)
    transactions: int = MAX_TRANSACTIONS


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """Who waits for the responses to a request of ours."""

    answered: Callable[[Response, float], None]
    failed: Callable[[str, float], None]


def _new_token() -> str:
    return secrets.token_hex(8)


class SipStack:
    """Every SIP call and registration of the office.

    Args:
        config: how it behaves.
        accounts: who may register and call.
        audio: where legs get their rows.
        recorder: where every message is noted.
        bindings: who keeps registrations over a restart, if anybody.
        random: retry delays and first numbers.
        token: tags, branches and Call-IDs that nobody can guess.
        key: seals digest nonces; 32 random octets.
    """

    def __init__(
        self,
        *,
        config: SipConfig,
        accounts: Iterable[Account],
        audio: AudioFactory,
        recorder: Recorder,
        bindings: Bindings | None = None,
        random: Random | None = None,
        token: Callable[[], str] = _new_token,
        key: bytes | None = None,
    ) -> None:
        self._config = config
        self._token = token
        self._now = 0.0
        self._layer = TransactionLayer(config=config.timers, limit=config.transactions, token=token)
        self._schedule = Schedule()
        self._journal = Journal(recorder)
        self._members: dict[DialogId, Member] = {}
        self._inquiries: dict[ClientTransaction, _Inquiry] = {}
        self._invitations: dict[ServerTransaction, IncomingSession] = {}
        self._events: list[tuple[SipChannel, Event] | RegistrationChanged] = []
        self._gatekeeper = Gatekeeper(accounts, Authenticator(config.realm, key=key or secrets.token_bytes(32)))
        self._registrar = Registrar(config=config.registrar, emit=self._events_append, bindings=bindings)
        self._legs = Legs(
            config=config.legs,
            setting=Setting(self, config.timers, random or SystemRandom()),
            audio=audio,
            recorder=recorder,
            journal=self._journal,
            token=token,
            emit=lambda channel, event: self._events_append((channel, event)),
        )
        self._happenings: Mapping[type[Any], Callable[[Any, float], None]] = {
            RequestArrived: self._request_arrived,
            AckArrived: self._ack_arrived,
            ResponseArrived: self._response_arrived,
            StrayResponse: lambda *_: None,  # its call ended more than 32 s ago; the peer's own timers end it
            TimedOut: lambda event, now: self._silent(event.transaction, event.evidence, now),
            TransportFailed: lambda event, now: self._silent(event.transaction, "the connection was lost", now),
        }
        self._methods: Mapping[str, Callable[[ServerTransaction, Reply, float], None]] = {
            "INVITE": self._invited,
            "REGISTER": self._register,
            "OPTIONS": self._options,
        }

    # The engine's face.

    def receive(self, data: bytes, source: Flow, now: float) -> None:
        """Take in a datagram, or one whole message of a stream."""
        self._now = now
        if not data.strip(KEEP_ALIVE):
            return
        try:
            message = parse(data)
        except MalformedMessage as fault:
            self._journal.refused(data, str(fault), source, now)
            self._refuse(fault, source)
            return
        self._journal.received(message, data, source, now)
        self._layer.receive(message, source, now)
        self._pump(now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection has closed, or could not be made."""
        self._now = now
        self._layer.flow_failed(flow, now)
        self._pump(now)
        for member in list(self._members.values()):
            member.lost(flow, now)
        self._registrar.lost(flow)

    def outgoing(self) -> list[Datagram]:
        """Hand over, once, what is to be sent."""
        datagrams = self._layer.outgoing()
        for datagram in datagrams:
            self._journal.sent(datagram, self._now)
        return datagrams

    def events(self) -> list[tuple[SipChannel, Event] | RegistrationChanged]:
        """Hand over, once, what happened."""
        events, self._events = self._events, []
        return events

    def deadline(self) -> float | None:
        """When `expire` is wanted next, or None."""
        deadlines = (self._layer.deadline(), self._schedule.deadline(), self._registrar.deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def expire(self, now: float) -> None:
        """Act on every timer due at `now`."""
        self._now = now
        self._layer.expire(now)
        self._pump(now)
        self._schedule.expire(now)
        self._registrar.expire(now)

    def usage(self) -> dict[str, int]:
        """Counts of what is held; all zero once every call has ended and its timers have run out."""
        return {
            "transactions": len(self._layer),
            "dialogs": len(self._members),
            "channels": len(self._legs),
            "inquiries": len(self._inquiries),
            "invitations": len(self._invitations),
            "timers": len(self._schedule),
            "stories": len(self._journal),
        }

    # The technology: `SIP/6001` in a dialplan.

    def channel(self, address: str, now: float) -> SipChannel:
        """Reserve a leg to the telephone that account `address` registered last; see `Technology`.

        Raises:
            RemoteError: there is no such account, it is not registered, or no room.
        """
        self._now = now
        account = self._gatekeeper.account(address)
        if account is None:
            raise RemoteError(f"there is no SIP account {address}", Cause.UNALLOCATED_NUMBER)
        contacts = self._registrar.contacts(account.user, now)
        if not contacts:
            raise RemoteError(f"{address} is not registered", Cause.SUBSCRIBER_ABSENT)
        return self._legs.reserve(account, contacts[0])

    @property
    def technology(self) -> SipStack:
        """What makes outgoing legs: the stack itself."""
        return self

    @property
    def bindings(self) -> list[Binding]:
        """Every registration in force."""
        return self._registrar.all()

    def restore(self, bindings: Iterable[Binding]) -> None:
        """Take over the registrations of an earlier run, before anything else; strangers' are dropped."""
        self._registrar.restore(found for found in bindings if self._gatekeeper.account(found.account))

    # Carrier: what sessions ask for.

    def send(
        self,
        request: Request,
        flow: Flow,
        now: float,
        *,
        answered: Callable[[Response, float], None],
        failed: Callable[[str, float], None],
    ) -> ClientTransaction:
        """Send a request in a transaction of its own; see `Carrier`."""
        self._now = now
        request.headers.set("User-Agent", PRODUCT)
        transaction = self._layer.request(request, flow, now)
        self._inquiries[transaction] = _Inquiry(answered, failed)
        return transaction

    def cancel(self, invite: ClientTransaction, now: float) -> None:
        """Cancel an INVITE; see `Carrier`."""
        self._now = now
        self._layer.cancel(invite, now)

    def send_ack(self, ack: Request, flow: Flow, now: float) -> bytes:
        """Send the ACK for a 2xx; see `Carrier`."""
        self._now = now
        return self._layer.send_ack(ack, flow)

    def resend(self, data: bytes, flow: Flow, now: float) -> None:
        """Send an ACK again; see `Carrier`."""
        self._now = now
        self._layer.send(data, flow)

    def at(self, when: float, action: Callable[[float], None]) -> Timer:
        """Have `action` called at `when`."""
        return self._schedule.at(when, action)

    def enter(self, dialog: DialogId, member: Member) -> None:
        """Give the requests of `dialog` to `member`."""
        self._members[dialog] = member

    def leave(self, dialog: DialogId) -> None:
        """`dialog` is over."""
        self._members.pop(dialog, None)

    # What the transaction layer tells.

    def _pump(self, now: float) -> None:
        while events := self._layer.events():
            for event in events:
                self._happenings[type(event)](event, now)

    def _request_arrived(self, event: RequestArrived, now: float) -> None:
        request, transaction = event.request, event.transaction
        reply = partial(self._reply, transaction)
        if request.method == "CANCEL":
            self._cancelled(event, reply, now)
            return
        refusal = screen(request)
        if refusal is not None:
            reply(refusal, now)
        elif event.merged:
            reply(request.reply(482), now)  # RFC 3261 8.2.2.2
        elif request.to.tag is None:
            handler = self._methods.get(request.method)
            if handler is None:
                reply(request.reply(481), now)
            else:
                handler(transaction, reply, now)
        else:
            member = self._members.get(dialog_id(request))
            if member is None:
                reply(request.reply(481), now)  # RFC 3261 12.2.2
            else:
                member.receive(request, reply, transaction.flow, now)

    def _ack_arrived(self, event: AckArrived, now: float) -> None:
        member = self._members.get(dialog_id(event.request))
        if member is not None:
            member.receive(event.request, lambda *_: None, event.flow, now)

    def _response_arrived(self, event: ResponseArrived, now: float) -> None:
        inquiry = self._inquiries.get(event.transaction)
        if inquiry is None:
            return
        response = event.response
        if response.is_final:
            if event.transaction.request.method == "INVITE" and response.status < 300:
                # More 2xx may come, repeated or of other forks, while the transaction lives (RFC 6026 7.2).
                forget = partial(self._forget_inquiry, event.transaction)
                self._schedule.at(now + self._config.timers.patience, forget)
            else:
                del self._inquiries[event.transaction]
        inquiry.answered(response, now)

    def _forget_inquiry(self, transaction: ClientTransaction, now: float) -> None:
        self._inquiries.pop(transaction, None)

    def _silent(self, transaction: Any, evidence: str, now: float) -> None:
        """A transaction of either side is over without its last message."""
        self._invitations.pop(transaction, None)
        inquiry = self._inquiries.pop(transaction, None)
        if inquiry is not None:
            inquiry.failed(f"no response to {transaction.request.method}: {evidence}", now)

    # Requests outside of dialogs.

    def _invited(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        request = transaction.request
        account = self._gatekeeper.admit(request, now)
        if isinstance(account, Response):
            reply(account, now)
            return
        made = self._legs.accept(request, reply, account, transaction.flow, now)
        if isinstance(made, Response):
            reply(made, now)
        else:
            self._invitations[transaction] = made

    def _cancelled(self, event: RequestArrived, reply: Reply, now: float) -> None:
        invite = event.cancels
        if invite is None:
            reply(event.request.reply(481), now)
            return
        reply(event.request.reply(200), now)
        session = self._invitations.get(invite)
        if session is not None:
            session.cancelled(event.request, now)

    def _register(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        request = transaction.request
        account = self._gatekeeper.admit(request, now)
        if not isinstance(account, Response):
            account = self._registrar.register(request, account, transaction.flow, now)
        reply(account, now)

    def _options(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        response = transaction.request.reply(200)
        response.headers.set("Allow", ALLOW)
        response.headers.set("Accept", SDP_TYPE)
        reply(response, now)

    # Inside.

    def _reply(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        self._now = now
        if response.status > 100 and response.to.tag is None:
            response.headers.set("To", response.to.tagged(self._token()))
        response.headers.set("Server", PRODUCT)
        if response.is_final:
            self._invitations.pop(transaction, None)
        self._layer.respond(transaction, response, now)

    def _refuse(self, fault: MalformedMessage, source: Flow) -> None:
        """Answer a request that does not parse, where it says enough for that (RFC 3261 8.2.6, 18.2.2)."""
        if fault.request is None:
            return
        try:
            stamp(fault.request, source)
            response = fault.request.reply(fault.status, None if fault.status != 400 else str(fault)[:80])
        except (MalformedError, LocalError):
            return
        response.headers.set("Server", PRODUCT)
        self._layer.send_response(response, source)

    def _events_append(self, event: tuple[SipChannel, Event] | RegistrationChanged) -> None:
        self._events.append(event)
