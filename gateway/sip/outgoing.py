"""An INVITE that we send, until it is answered, refused or given up (RFC 3261 13.2).

The request goes out with our offer. Provisional responses are told; the first 2xx makes the session, those of
other forks are acknowledged and ended at once. Giving up sends a CANCEL, as soon as one is allowed; a 2xx that was
faster is acknowledged and ended. Once answered, an Established session carries on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Final

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, MalformedError
from gateway.core.machine import Acting
from gateway.core.messages import Command, SendDigits
from gateway.sdp.negotiate import Negotiation, NotAcceptable
from gateway.sip.causes import reason_header, told_on
from gateway.sip.credentials import CHALLENGES, Credentials, Prover, ProvingCarrier
from gateway.sip.diagnosis import rewritten
from gateway.sip.dialog import Dialog, DialogId
from gateway.sip.early import MAX_FORKS, EarlyDialog
from gateway.sip.established import Established
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.outgoing_states import TABLE, Input, State
from gateway.sip.session import (
    SessionUser,
    Setting,
    Timer,
    announce,
    describe,
    description_of,
    lists,
    reasoned,
    refusal,
)
from gateway.sip.session_timer import SessionTimer
from gateway.sip.transaction.base import ClientTransaction
from gateway.sip.transport import Flow
from gateway.sip.within import Acknowledgement, ack_within, ack_within_again, send_within

__all__ = ["OutgoingSession"]


NOBODY: Final[Mapping[str, Response]] = MappingProxyType({})
"""No fork rings."""
NOT_ACCEPTED: Final = frozenset({488, 606})
"""Refusals of an offer: a telephone that takes no audio in clear may not see the keys in one that allows it."""


class OutgoingSession(Acting):
    """One INVITE that we send, and the session that comes of it.

    Args:
        setting: the stack's services.
        user: who is told.
        talker: who is told of what comes in the session, once the call is answered.
        invite: the request, complete but for Via, CSeq, Contact and body.
        flow: where it goes.
        contact: our Contact.
        negotiation: the leg's.
        peer: who is called, for endings.
        number: CSeq number of the INVITE.
        credentials: with which challenges are answered; None where we have none.
    """

    __slots__ = (
        "_acks",
        "_contact",
        "_early",
        "_ending",
        "_flow",
        "_heard_at",
        "_invite",
        "_looked",
        "_negotiation",
        "_patience",
        "_peer",
        "_prover",
        "_ringing",
        "_setting",
        "_talker",
        "_timer",
        "_transaction",
        "_user",
        "refused_by",
    )

    TABLE = TABLE
    state: State

    def __init__(
        self,
        setting: Setting,
        user: SessionUser,
        talker: SessionUser,
        invite: Request,
        flow: Flow,
        contact: NameAddr,
        negotiation: Negotiation,
        *,
        peer: str,
        number: int,
        credentials: Credentials | None = None,
    ) -> None:
        self._setting = setting
        self._user = user
        self._talker = talker
        self._flow = flow
        self._contact = contact
        self._negotiation = negotiation
        self._peer = peer
        self.state = State.CALLING
        self._looked = False  # whether what came back of our Via has been held against it
        self._prover = None if credentials is None else Prover(credentials, setting.random)
        self._acks: dict[str, Acknowledgement] = {}
        self.refused_by: Response | None = None
        """The final response that refused the INVITE, if one did."""
        self._ending: Ending | None = None
        self._transaction: ClientTransaction | None = None
        self._patience: Timer | None = None
        self._heard_at = 0.0
        self._invite = invite
        invite.headers.set("CSeq", CSeq(number, "INVITE"))
        invite.headers.put("contact", (str(contact),))
        announce(invite)
        self._timer = SessionTimer(setting)
        self._timer.ask(invite)
        self._early: dict[str, EarlyDialog] = {}
        self._ringing: Mapping[str, Response] = NOBODY  # the first response of all forks that ring, by their tags
        describe(invite, negotiation.offer())

    # What the channel asks for.

    def start(self, now: float) -> None:
        """Send the INVITE.

        Raises:
            Exhausted: there is no room for one more transaction.
        """
        self._transaction = self._setting.carrier.send(
            self._invite, self._flow, now, answered=self._answered, failed=self._failed, settled=self._settle
        )

    def hang_up(self, ending: Ending, now: float) -> None:
        """Give the call up; nothing is said to the user any more."""
        self._ending = ending
        self._end(Input.GIVE_UP, "", now)

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the call: keys alone, to the one who is heard."""
        if isinstance(command, SendDigits):
            heard = (early for early in self._early.values() if early.agreement is not None)
            for early in islice(heard, 1):
                early.keys.send(command, now)

    def began(self, dialog: DialogId) -> bool:
        """Whether `dialog` is an early one of this INVITE (RFC 3891 section 3)."""
        if self._transaction is None or self.state is not State.CALLING:
            return False
        invite = self._transaction.request
        mine = (dialog.call_id, dialog.local_tag) == (invite.call_id, invite.from_.tag)
        return mine and dialog.remote_tag in self._ringing

    def early(self, dialog: DialogId) -> EarlyDialog | None:
        """An early dialog of this INVITE in which a request has come for the first time; None where it is none."""
        if not self.began(dialog) or len(self._early) >= MAX_FORKS:
            return None
        return self._early.get(dialog.remote_tag) or self._begin_early(self._ringing[dialog.remote_tag])

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """Whoever was reached by one flow is reached by another: who rings is asked, and told to stop, there."""
        if self._flow != before or self._transaction is None or self.state is not State.CALLING:
            return
        self._flow = after
        if self._transaction.flow == before:  # and not a connection, for an INVITE that no datagram carries
            self._setting.carrier.reroute(self._transaction, after, now)

    # What the far side does.

    def _answered(self, response: Response, now: float) -> None:
        changed = "" if self._looked else rewritten(self._flow, response.via)
        self._looked = True
        if changed:
            self._user.missed(changed, now)
        if response.status < 200:
            self._act(Input.PROVISIONAL, response, now)
        elif response.status in CHALLENGES and self._prover and self._prover.prove(self._invite, response):
            self._end(Input.AGAIN, response, now)
        elif response.status == 422 and self._timer.raise_minimum(response):
            self._timer.ask(self._invite)
            self._amended(response, now)
        elif response.status in NOT_ACCEPTED and self._negotiation.insist():
            describe(self._invite, self._negotiation.offer())
            self._amended(response, now)
        elif response.status >= 300:
            self._end(Input.FAILURE, response, now)
        elif (ack := self._acks.get(response.to.tag or "")) is not None:
            ack_within_again(self._setting, ack, now)
        elif len(self._acks) < MAX_FORKS:  # a proxy that forks further is left to its own timers
            self._end(Input.SUCCESS, response, now)

    def _amended(self, response: Response, now: float) -> None:
        if self._prover is not None:
            self._prover.sign(self._invite)
        self._end(Input.AGAIN, response, now)

    def _failed(self, evidence: str, now: float) -> None:
        self._end(Input.SILENCE, evidence, now)

    # Actions of the table.

    def _end(self, given: Input, shown: Response | str, now: float) -> None:
        """Whatever `given` is, it ends the wait; `shown` is the response, or the evidence that there is none."""
        self._stop_waiting()
        self._ringing = NOBODY
        try:
            self._act(given, shown, now)
        finally:  # whatever becomes of who is told
            if self.state is State.OVER:
                self._close_early()

    def _cancel(self, _: str, now: float) -> None:
        if self._transaction is not None and self._ending is not None:
            self._setting.carrier.cancel(self._transaction, now, reason_header(self._ending.cause))

    def _ring_out(self, evidence: str, now: float) -> None:
        self._ending = Ending(Cause.NO_ANSWER, self._peer, Act.DID_NOT_ANSWER, evidence)
        self._cancel(evidence, now)
        self._user.ended(self._ending, now)

    def _wait_on(self, now: float) -> None:
        """Timer C begins anew with each provisional response (RFC 3261 16.7 step 2)."""
        self._heard_at = now
        if self._patience is None:
            self._patience = self._setting.carrier.after(self._setting.timers.ringing, now, self._look)

    def _look(self, now: float) -> None:
        seconds = self._setting.timers.ringing
        if now < self._heard_at + seconds:
            self._patience = self._setting.carrier.at(self._heard_at + seconds, self._look)
        else:
            self._end(Input.TIMER_C, f"timer C after {seconds:g} s", now)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _progress(self, response: Response, now: float) -> None:
        self._wait_on(now)
        early = self._early_dialog(response)
        if early is not None and not early.acknowledge(response, now):
            return
        try:
            answer = description_of(response)
            agreement = None if answer is None else self._negotiation.accept(answer)
        except (MalformedError, NotAcceptable):
            agreement = None  # early media that we cannot use is no reason to end a call that rings
        if agreement is not None:
            if early is not None:
                early.agreement = agreement
            self._user.agreed(agreement, now)
        self._user.progressed(response.status, agreement is not None, now)

    def _early_dialog(self, response: Response) -> EarlyDialog | None:
        """The early dialog of that fork, made by its first response that is reliable (RFC 3262) or has media.

        Of the others most see no request; `early` makes those that do.
        """
        tag = response.to.tag if response.status > 100 else None
        if tag is None:
            return None
        if tag not in self._ringing and len(self._ringing) < MAX_FORKS:
            self._ringing = {**self._ringing, tag: response}
        early = self._early.get(tag)
        serves = bool(response.body) or "100rel" in lists(response, "require")
        return self._begin_early(response) if early is None and serves and len(self._early) < MAX_FORKS else early

    def _begin_early(self, response: Response) -> EarlyDialog:
        assert self._transaction is not None  # it has been answered, and is not over
        dialog = Dialog.as_client(self._transaction.request, response, flow=self._flow, contact=self._contact)
        early = EarlyDialog(self._within(dialog), self._user, dialog, self._negotiation)
        self._early[response.to.tag or ""] = early
        return early

    def _close_early(self, but: EarlyDialog | None = None) -> None:
        """No requests are taken in early dialogs any more; what they count is kept, for the end of late forks."""
        for early in self._early.values():
            if early is not but:
                early.close()

    def _confirm(self, response: Response, now: float) -> None:
        early = self._early.get(response.to.tag or "")
        if early is not None:
            self._negotiation.agreement = early.agreement
        dialog = self._acknowledge(response, early, now)
        if early is not None:
            early.leave()
        if self._early:
            self._close_early(but=early)
        session = Established(
            self._within(dialog),
            self._talker,
            dialog,
            self._negotiation,
            peer=self._peer,
            owns_call_id=True,
            timer=self._timer,
            keys=early.keys if early is not None else None,
        )
        session.confirmed(response, now)
        try:
            answer = description_of(response)
            if answer is None and self._negotiation.agreement is None:
                raise MalformedError("the 200 has no session description")
            agreement = self._negotiation.agreement if answer is None else self._negotiation.accept(answer)
        except (MalformedError, NotAcceptable) as fault:
            ending = Ending(fault.cause, self._peer, Act.FAILED, str(fault))
            session.hang_up(ending, now)
            self._user.ended(ending, now)
            return
        assert agreement is not None
        self._user.agreed(agreement, now)
        user = self._user
        # The INVITE goes on by itself, for the sake of late answers, and holds nothing of the call.
        if self._transaction is not None:
            self._transaction.request.body = b""
        del self._invite, self._user, self._talker, self._negotiation, self._timer
        user.answered(response.summary, session, now)

    def _settle(self, now: float) -> None:
        """No answers to the INVITE come any more (RFC 6026 7.2): what they would need goes."""
        self._transaction = None
        self._acks.clear()
        self._early.clear()

    def _within(self, dialog: Dialog) -> Setting:
        """The stack's services for requests in `dialog`, which may be challenged as the INVITE may."""
        if self._prover is None:
            return self._setting
        return replace(self._setting, carrier=ProvingCarrier(self._setting.carrier, self._prover, dialog.count))

    def _ask_again(self, response: Response, now: float) -> None:
        """The same INVITE, amended, with the next number (RFC 3261 22.2, RFC 4028 section 7.3)."""
        self._close_early()
        self._early.clear()
        self._invite.headers.set("CSeq", CSeq(self._invite.cseq.number + 1, "INVITE"))
        try:
            self.start(now)
        except Exhausted as fault:
            self.state = State.OVER
            self._user.ended(
                Ending(Cause.SWITCHING_EQUIPMENT_CONGESTION, "Copperline", Act.FAILED, str(fault)), now
            )

    def _fail(self, response: Response, now: float) -> None:
        self.refused_by = response
        self._user.ended(refusal(response, self._peer), now)

    def _fall_silent(self, evidence: str, now: float) -> None:
        advice = "Look whether the telephone is on and its network is up."
        # Cause 27: a message could not be delivered to the destination (Q.850 2.2.7.1); 480 as in RFC 3665 3.10.
        silent = Ending(Cause.DESTINATION_OUT_OF_ORDER, self._peer, Act.VANISHED, evidence, advice, told_on(480))
        self._user.ended(silent, now)

    def _decline(self, response: Response, now: float) -> None:
        dialog = self._acknowledge(response, self._early.get(response.to.tag or ""), now)
        bye = dialog.request("BYE")
        reasoned(bye, self._ending or Ending(Cause.NON_SELECTED_USER_CLEARING, "", Act.CANCELLED, "another fork"))
        send_within(self._within(dialog), dialog, bye, now, answered=lambda *_: None, failed=lambda *_: None)

    def _acknowledge(self, response: Response, early: EarlyDialog | None, now: float) -> Dialog:
        assert self._transaction is not None  # it has just been answered
        if early is None:
            dialog = Dialog.as_client(self._transaction.request, response, flow=self._flow, contact=self._contact)
        else:
            dialog = early.dialog
            dialog.confirm(response)
        invite = self._transaction.request
        ack = Prover.repeat(invite, dialog.ack(invite.cseq.number))
        self._acks[dialog.id.remote_tag] = ack_within(self._setting, dialog, ack, now)
        return dialog
