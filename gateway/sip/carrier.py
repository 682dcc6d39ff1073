"""The way between sessions and the wire: the Carrier of `session`, above the transaction layer.

Octets with their flow enter and are parsed, noted and given to their transactions; what those tell goes to whoever
asked (responses), to the dialog's member (requests of dialogs and ACKs), or, screened, to the one handler of new
requests: at once, within the same call. All times come in by argument. Never raises for what a peer did.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from random import Random, SystemRandom
from secrets import token_bytes
from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, LocalError, MalformedError
from gateway.core.everyone import tell_all
from gateway.core.frozen import record
from gateway.sip.causes import reason_header
from gateway.sip.dialog import DialogId, dialog_id
from gateway.sip.journal import Journal
from gateway.sip.keepalive import KeepAlives, Kept
from gateway.sip.message import Request, Response
from gateway.sip.newcomers import Garbled, Newcomers
from gateway.sip.parser import MalformedMessage, parse
from gateway.sip.points import ListeningPoints
from gateway.sip.reach import Reach
from gateway.sip.schedule import Schedule
from gateway.sip.screening import screen
from gateway.sip.session import Member, nothing_more
from gateway.sip.strays import Strays
from gateway.sip.stun import answer, is_stun
from gateway.sip.transaction.base import ClientTransaction, ServerTransaction, Transaction
from gateway.sip.transaction.table import MAX_DATAGRAM, MAX_TRANSACTIONS, TransactionLayer
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Datagram, Flow, stamp

__all__ = ["SipCarrier"]

PRODUCT: Final = ("Copperline",)
"""Server and User-Agent: no version, which would only help an attacker (RFC 3261 20.35)."""
KEEP_ALIVE: Final = b"\r\n\0 "
"""Octets of which UDP keep-alives consist (RFC 5626 4.4 and what telephones send)."""
PAST: Final = 100
"""Dialogs of calls that are remembered once they have ended: somebody may want to pick one up a moment too late."""
TAG_SIZE: Final = 8
"""Octets of a tag that is made of its request."""
FIRST_LETTER: Final = b"A"
"""No message begins with less; keep-alives and STUN do."""


@record
class _Inquiry:
    """Who waits for the responses to a request of ours, and whether one has come."""

    answered: Callable[[Response, float], None]
    failed: Callable[[str, float], None]
    settled: Callable[[float], None]
    heard: bool = False


class SipCarrier:
    """Sessions' way to the wire; see `gateway.sip.session.Carrier`.

    Attributes:
        newcomers: who takes new requests; to be set before anything is received.
        at: has a function called at a time.
        deadline: gives when `expire` is wanted next, or None.

    Args:
        timers: RFC 3261 table 4.
        limit: the most transactions at a time.
        datagram: octets beyond which a request goes by TCP in place of UDP; 0 for none.
        token: tags and branches that nobody can guess.
        journal: where every message is noted.
        points: where we listen.
        random: the moments of keep-alives.
        reach: told at which address of ours peers see us.
        key: makes tags of answers of which nothing is kept; random octets.
        heard: told of what a server answered to a request of ours, or that it did not.
    """

    def __init__(
        self,
        *,
        timers: TimerConfig,
        token: Callable[[], str],
        journal: Journal,
        points: ListeningPoints | None = None,
        random: Random | None = None,
        heard: Callable[[Flow, Response | None, float], None] = lambda flow, response, now: None,
        reach: Reach | None = None,
        limit: int = MAX_TRANSACTIONS,
        datagram: int = MAX_DATAGRAM,
        key: bytes | None = None,
    ) -> None:
        self.newcomers: Newcomers
        self._key = key or token_bytes(32)
        self._timers = timers
        self._reach = reach
        self._token = token
        self._journal = journal
        self._now = 0.0
        self._why_lost = ""
        self._schedule = Schedule()
        self.at: Final = self._schedule.at
        self.after: Final = self._schedule.after
        self.deadline: Final = self._schedule.deadline
        self._layer = TransactionLayer(
            self, config=timers, limit=limit, datagram=datagram, points=points, schedule=self._schedule, token=token
        )
        self._heard = heard
        self._octets: list[Datagram] = []  # that are no messages of a transaction
        self._keep_alives = KeepAlives(
            send=self.send_octets, random=random or SystemRandom(), schedule=self._schedule
        )
        self._members: dict[DialogId, Member] = {}
        self._past: deque[DialogId] = deque(maxlen=PAST)
        self._strays = Strays()

    # The wire's side.

    def receive(self, data: bytes, source: Flow, now: float) -> None:
        """Take in a datagram, or one whole message of a stream."""
        self._now = now
        if data[:1] < FIRST_LETTER and self._keeps_alive(data, source, now):
            return
        try:
            message = parse(data)
        except MalformedMessage as fault:
            self._journal.refused(data, str(fault), source, now)
            self._refuse(fault, source)
            self.newcomers.garbled(Garbled(source, str(fault)))
            return
        self._journal.received(message, data, source, now)
        self._layer.receive(message, source, now)

    def lost(self, flow: Flow, now: float, *, why: str = "", again: bool = False) -> None:
        """A connection has closed, or could not be made.

        Whoever is under way by it goes on by another where there can be one; the rest fails, or is told.

        Args:
            why: what was wrong with it, as a clause; empty where nothing is known to be.
            again: whether another can be made to the same place.
        """
        self._now = now
        self._why_lost = why
        members = [(dialog, member) for dialog, member in self._members.items() if member.flow == flow]
        elsewhere = {
            dialog.call_id: way for dialog, member in members if (way := member.way_anew(flow)) is not None
        }
        stranded = self._layer.flow_failed(flow, now, again=again, elsewhere=elsewhere)

        def tell(dialog: DialogId, member: Member) -> None:
            way = stranded.anew.get(dialog.call_id)
            if way is not None and member.leg is not None and not member.leg.answered:
                member.moved(flow, way, now)
            else:
                member.lost(flow, now)

        tell_all(
            [
                *[partial(transaction.fail, now) for transaction in stranded.failed],
                partial(self._keep_alives.lost, flow, now),
                *[partial(tell, *member) for member in members],
            ]
        )

    def moved(self, before: Flow, after: Flow, now: float, *, account: str = "") -> None:
        """A telephone was reached by one flow, and is by another from now on: also in its calls and subscriptions.

        Args:
            account: of which they are; all that go by that flow, where empty.
        """
        for member in list(self._members.values()):
            if account in ("", member.account):
                member.moved(before, after, now)

    def send_octets(self, data: bytes, flow: Flow) -> None:
        """Send what no story tells of: it belongs to no call, or to one that was not even read."""
        self._octets.append(Datagram(data, flow))

    def outgoing(self) -> list[Datagram]:
        """Hand over, once, what is to be sent."""
        if not (self._layer.unsent or self._octets):
            return []
        datagrams = self._layer.outgoing()
        for datagram in datagrams:
            self._journal.sent(datagram, self._now)
        if self._octets:
            datagrams += self._octets
            self._octets = []
        return datagrams

    def expire(self, now: float) -> None:
        """Act on every timer due at `now`."""
        self._now = now
        self._schedule.expire(now)

    def usage(self) -> dict[str, int]:
        """Counts of what is held."""
        return {
            "transactions": len(self._layer),
            "dialogs": len(self._members),
            "timers": len(self._schedule),
        }

    def totals(self) -> dict[str, int]:
        """What has come to nothing since the start, counted."""
        return {"requests without room": self._layer.turned_away, "responses to nothing": self._layer.unasked}

    # The sessions' side; see `Carrier`.

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
        """Send a request in a transaction of its own."""
        self._now = now
        request.headers.put("user-agent", PRODUCT)
        transaction = self._layer.request(request, flow, now)
        transaction.asker = _Inquiry(answered, failed, settled)
        return transaction

    def cancel(self, invite: ClientTransaction, now: float, reason: str) -> None:
        """Cancel an INVITE."""
        self._now = now
        self._layer.cancel(invite, now, reason)

    def reroute(self, invite: ClientTransaction, way: Flow, now: float) -> None:
        """Ask an INVITE again, by another way."""
        self._now = now
        self._layer.reroute(invite, way, now)

    def send_ack(self, ack: Request, flow: Flow, now: float) -> bytes:
        """Send the ACK for a 2xx."""
        self._now = now
        return self._layer.send_ack(ack, flow)

    def resend(self, data: bytes, flow: Flow, now: float) -> None:
        """Send an ACK again."""
        self._now = now
        self._layer.send(data, flow)

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
        """Keep `flow` open by pings, see `KeepAlives.keep`, until the result is cancelled."""
        return self._keep_alives.keep(flow, every, now, answers=answers, failed=failed, at_once=at_once)

    def enter(self, dialog: DialogId, member: Member) -> None:
        """Give the requests of `dialog` to `member`."""
        self._members[dialog] = member

    def member(self, dialog: DialogId) -> Member | None:
        """Who takes the requests of `dialog`."""
        return self._members.get(dialog)

    def leave(self, dialog: DialogId) -> None:
        """`dialog` is over."""
        member = self._members.pop(dialog, None)
        if member is not None and member.leg is not None:
            self._past.append(dialog)

    def is_past(self, dialog: DialogId) -> bool:
        """Whether `dialog` was that of a call which has ended not long ago."""
        return dialog in self._past

    # Keep-alives.

    def _keeps_alive(self, data: bytes, source: Flow, now: float) -> bool:
        """Whether octets are a keep-alive, or its answer, and not for the parser."""
        if self._keep_alives.receive(data, source, now):
            return True
        if is_stun(data) and not source.is_reliable:
            reply = answer(data, source.remote)
            if reply is not None:
                self.send_octets(reply, source)
            return True
        return not data.strip(KEEP_ALIVE)

    # What the transaction layer tells; see `TransactionUser`.

    def request_arrived(self, transaction: ServerTransaction, now: float, *, merged: bool) -> None:
        """A new request."""
        request = transaction.request
        refusal = screen(request, transaction.flow)
        if refusal is not None:
            self.newcomers.screened(transaction, refusal, now)
        elif merged:
            refusal = request.reply(482)  # RFC 3261 8.2.2.2
        elif request.headers.typed["to"].tag is None:
            refusal = self.newcomers.arrived(transaction, partial(self._reply, transaction), now)
        elif (member := self._member_of(request)) is not None:
            member.receive(request, partial(self._reply, transaction), transaction.flow, now)
        if refusal is not None:
            self._answer_once(transaction, refusal)

    def stray_refused(self, request: Request, flow: Flow) -> Response | None:
        """The answer to a request of a dialog that there is not (RFC 3261 12.2.2)."""
        if request.method == "CANCEL" or self._member_of(request) is not None:
            return None
        refusal = screen(request, flow) or request.reply(481)
        refusal.headers.put("server", PRODUCT)
        return refusal

    def cancel_arrived(self, transaction: ServerTransaction, invite: ServerTransaction | None, now: float) -> None:
        """A CANCEL."""
        cancel = transaction.request
        if invite is None:
            self._answer_once(transaction, cancel.reply(481))  # RFC 3261 9.2
            return
        # RFC 3261 9.2: the answers to both have one To tag.
        self._reply(transaction, cancel.reply(200, to_tag=self.newcomers.tag(invite)), now)
        self.newcomers.cancelled(invite, cancel, now)

    def _member_of(self, request: Request) -> Member | None:
        """Whose dialog it is; of a NOTIFY also who waits for the dialog that it makes (RFC 6665 4.1.2.4)."""
        found = dialog_id(request)
        member = self._members.get(found)
        if member is None and request.method == "NOTIFY":
            member = self._members.get(replace(found, remote_tag=""))
        return member or self.newcomers.early(found)

    def ack_arrived(self, ack: Request, flow: Flow, now: float) -> None:
        """An ACK that is not to a refusal."""
        member = self._members.get(dialog_id(ack))
        if member is not None:
            member.receive(ack, lambda *_: None, flow, now)

    def response_arrived(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """A response."""
        inquiry: _Inquiry | None = transaction.asker
        if inquiry is None:
            return
        is_final = response.status >= 200
        if is_final or not inquiry.heard:
            self._heard(transaction.flow, response, now)
            if self._reach is not None:
                self._reach.seen(response, transaction.flow, now)
            inquiry.heard = True
        # After a 2xx to an INVITE more may come, repeated or of other forks, until it is settled (RFC 6026 7.2).
        if is_final and (response.status >= 300 or transaction.method != "INVITE"):
            self._forget(transaction)
        inquiry.answered(response, now)

    def timed_out(self, transaction: Transaction, evidence: str, now: float) -> None:
        """The peer was silent."""
        if isinstance(transaction, ServerTransaction):
            self.newcomers.settled(transaction)
            return
        assert isinstance(transaction, ClientTransaction)  # there are no others
        inquiry: _Inquiry | None = transaction.asker
        if inquiry is not None:
            self._forget(transaction)
            self._heard(transaction.flow, None, now)
            inquiry.failed(f"no response to {transaction.method}: {evidence}", now)

    def transport_failed(self, transaction: Transaction, now: float) -> None:
        """The way to the peer is gone."""
        self.timed_out(transaction, self._why_lost or "the connection was lost", now)

    def settled(self, transaction: ClientTransaction, now: float) -> None:
        """An INVITE that was answered finds no more 2xx."""
        inquiry: _Inquiry | None = transaction.asker
        if inquiry is not None:
            self._forget(transaction)
            inquiry.settled(now)

    def stray_arrived(self, response: Response, flow: Flow, now: float) -> None:
        """Acknowledge, and release, what answers an INVITE long given up (RFC 3261 13.2.2.4)."""
        dialog = self._strays.dialog(response, flow)
        if dialog is None:
            return
        self.send_ack(dialog.ack(response.cseq.number), flow, now)
        if self._strays.release(response):
            bye = dialog.request("BYE")
            bye.headers.set("Reason", reason_header(Cause.NORMAL_CLEARING))
            with suppress(Exhausted):  # the peer says its 200 again and is released then
                self.send(bye, flow, now, answered=lambda *_: None, failed=lambda *_: None)

    def _forget(self, transaction: ClientTransaction) -> None:
        transaction.asker = None
        if transaction.method == "INVITE":
            self._strays.remember(str(transaction.key[0]))

    # Inside.

    def _reply(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        self._now = now
        status = response.status
        if status > 100 and (to := response.headers.typed["to"]).tag is None:
            response.headers.set("To", to.tagged(self._token()))
        response.headers.put("server", PRODUCT)
        if status >= 200 and transaction.method == "INVITE":
            self.newcomers.settled(transaction)
        transaction.respond(response, now)

    def _answer_once(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer whoever has proved nothing, and keep nothing of it (RFC 3261 8.2.7).

        An answer that was repeated would be so to a forged address, many times (26.3.2.4), and a transaction that
        is kept is room taken from those who have calls. Where the answer was lost the request comes again.
        """
        if response.to.tag is None:
            request = transaction.request
            made_of = f"{request.via.branch} {request.call_id} {request.cseq} {request.from_}"
            tag = hmac.digest(self._key, made_of.encode("utf-8", "surrogateescape"), sha256)[:TAG_SIZE].hex()
            response.headers.set("To", response.to.tagged(tag))
        response.headers.put("server", PRODUCT)
        transaction.answer_once(response)

    def _refuse(self, fault: MalformedMessage, source: Flow) -> None:
        """Answer a request that does not parse, where it says enough for that (RFC 3261 8.2.6, 18.2.2)."""
        if fault.request is None:
            return
        try:
            stamp(fault.request, source)
            response = fault.request.reply(fault.status, str(fault)[:80] if fault.status == 400 else None)
        except (MalformedError, LocalError):
            return
        response.headers.put("server", PRODUCT)
        self._layer.send_response(response, source)
