"""An established INVITE session: everything that its dialog meets after the first 2xx (RFC 3261 12 to 15).

Requests of the dialog enter by `receive`; hold, resume and the end are asked for by method. The offers and answers
of re-INVITEs go through the leg's Negotiation. BYE, re-INVITE in both directions with their glare, OPTIONS and
INFO are served here; a 2xx of ours that no ACK follows ends the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import MalformedError
from gateway.core.machine import Machine
from gateway.sdp.negotiate import Direction, Negotiation, NotAcceptable
from gateway.sip.acceptance import Acceptance
from gateway.sip.causes import cause_of_reason
from gateway.sip.dialog import Dialog
from gateway.sip.established_states import TABLE, Input, State
from gateway.sip.info import INFO_TYPES, key_of
from gateway.sip.message import Request, Response
from gateway.sip.session import (
    ALLOW,
    SDP_TYPE,
    Reply,
    SessionUser,
    Setting,
    Timer,
    describe,
    description_of,
    not_acceptable,
    reasoned,
)
from gateway.sip.transport import Flow

__all__ = ["Established"]


GONE: Final = frozenset({408, 481})
"""Responses to a request in a dialog that end it (RFC 3261 12.2.1.2)."""
RETRY_AFTER: Final = 10
"""Upper bound of the seconds that a second INVITE before the ACK to the first is told to wait (RFC 3261 14.2)."""
GLARE_OWNER: Final = (2.1, 4.0)
GLARE_OTHER: Final = (0.0, 2.0)
"""Seconds to wait after 491: whoever chose the Call-ID waits longer (RFC 3261 14.1)."""


class Established:
    """One established session.

    Args:
        setting: the stack's services.
        user: who is told.
        dialog: its dialog, which it enters with the carrier.
        negotiation: the leg's offers and answers.
        peer: who is at the far side, for endings.
        owns_call_id: whether we sent the first INVITE.
    """

    def __init__(
        self,
        setting: Setting,
        user: SessionUser,
        dialog: Dialog,
        negotiation: Negotiation,
        *,
        peer: str,
        owns_call_id: bool,
    ) -> None:
        self._setting = setting
        self._user = user
        self._dialog = dialog
        self._negotiation = negotiation
        self._peer = peer
        self._owns_call_id = owns_call_id
        self._machine = Machine(TABLE, State.STEADY)
        self._wanted = self._willing = Direction.SENDRECV
        self._acceptance: Acceptance | None = None
        self._answer_due = False
        self._retry: Timer | None = None
        self._farewell: Ending | None = None
        self._methods: Mapping[str, Callable[[Request, Reply, Flow, float], None]] = {
            "INVITE": self._invited,
            "ACK": self._acknowledged,
            "BYE": self._bye,
            "INFO": self._info,
            "OPTIONS": self._options,
        }
        setting.carrier.enter(dialog.id, self)

    # What the channel asks for.

    def hang_up(self, ending: Ending, now: float) -> None:
        """End the session with BYE; nothing is said to the user any more."""
        self._farewell = ending
        self._act(Input.LEAVE, now)

    def direct(self, direction: Direction, now: float) -> None:
        """Offer `direction` to the peer: SENDONLY holds it, SENDRECV resumes."""
        self._wanted = direction
        if direction is not self._willing or self._machine.state is not State.STEADY:
            self._act(Input.MODIFY, now)

    # What the peer does.

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request of the dialog; see `Member`."""
        if request.method != "ACK" and not self._dialog.takes(request):
            # RFC 3261 12.2.2
            reply(request.reply(500, "Request Out Of Order"), now)
            return
        self._dialog.flow = flow
        self._methods[request.method](request, reply, flow, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone; see `Member`."""
        if flow == self._dialog.flow:
            self._act(Input.LOST, now)

    def accept(self, response: Response, reply: Reply, now: float, *, answer_due: bool) -> None:
        """Send a 2xx to an INVITE of the peer and wait for its ACK.

        Args:
            answer_due: the 2xx carries our offer, so that the ACK has to bring its answer.
        """
        self._answer_due = answer_due
        self._act(Input.ACCEPT, now)
        self._acceptance = Acceptance(
            self._setting, reply, response, now, lambda late: self._act(Input.NO_ACK, late)
        )

    def _invited(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        action = self._machine.feed(Input.REINVITE)
        if action:
            getattr(self, f"_{action}")(request, reply, now)

    def _clash(self, request: Request, reply: Reply, now: float) -> None:
        reply(request.reply(491), now)

    def _consider(self, request: Request, reply: Reply, now: float) -> None:
        """Accept a re-INVITE, or leave everything as it is (RFC 3261 14.2)."""
        try:
            offer = description_of(request)
            if offer is None:
                description = self._negotiation.offer(self._willing)
            else:
                description = self._negotiation.answer(offer, self._willing)
        except NotAcceptable as why:
            reply(not_acceptable(request, why), now)
            return
        except MalformedError as fault:
            reply(request.reply(400, str(fault)), now)
            return
        self._dialog.refresh(request, "INVITE")
        response = request.reply(200)
        response.headers.set("Contact", self._dialog.contact)
        response.headers.set("Allow", ALLOW)
        describe(response, description)
        self.accept(response, reply, now, answer_due=offer is None)
        if offer is not None:
            self._tell_agreement(now)

    def _not_yet(self, request: Request, reply: Reply, now: float) -> None:
        response = request.reply(500, "Another INVITE Awaits Its ACK")
        response.headers.set("Retry-After", self._setting.random.randint(0, RETRY_AFTER))
        reply(response, now)

    def _acknowledged(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        acceptance = self._acceptance
        if acceptance is None or request.cseq.number != acceptance.number:
            return  # a repeated ACK
        acceptance.stop()
        self._acceptance = None
        if self._answer_due and self._machine.state is State.ACCEPTED:
            self._answer_due = False
            if not self._take_answer(request, now):
                return
        self._act(Input.ACK, now)

    def _bye(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        reply(request.reply(200), now)
        cause = cause_of_reason(request.headers.all("Reason")) or Cause.NORMAL_CLEARING
        self._farewell = Ending(cause, self._peer, Act.HUNG_UP, "BYE")
        self._act(Input.BYE, now)

    def _info(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """DTMF as INFO: no RFC, but many telephones' way; others are refused as RFC 6086 section 4.2.1 asks."""
        if not request.body:
            reply(request.reply(200), now)
            return
        key = key_of(request)
        if key is None:
            response = request.reply(415)
            response.headers.set("Accept", ", ".join(INFO_TYPES))
            reply(response, now)
            return
        reply(request.reply(200), now)
        if self._farewell is None:
            self._user.keyed(*key, now)

    def _options(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        response = request.reply(200)
        response.headers.set("Allow", ALLOW)
        response.headers.set("Accept", SDP_TYPE)
        reply(response, now)

    # Our re-INVITE.

    def _offer(self, now: float) -> None:
        self._retry = None
        offered = self._wanted
        invite = self._dialog.request("INVITE")
        invite.headers.set("Allow", ALLOW)
        describe(invite, self._negotiation.offer(offered))
        number = invite.cseq.number
        acks: list[bytes] = []

        def answered(response: Response, at: float) -> None:
            if acks:
                self._setting.carrier.resend(acks[0], self._dialog.flow, at)
            elif 200 <= response.status < 300:
                self._dialog.refresh(response, "INVITE")
                acks.append(self._setting.carrier.send_ack(self._dialog.ack(number), self._dialog.flow, at))
                self._taken(response, offered, at)
            elif response.is_final:
                self._act(_REFUSALS.get(response.status, Input.REFUSED), at)

        self._setting.carrier.send(
            invite,
            self._dialog.flow,
            now,
            answered=answered,
            failed=lambda _, at: self._act(Input.DIALOG_GONE, at),
        )

    def _taken(self, response: Response, offered: Direction, now: float) -> None:
        if self._machine.state is not State.OFFERING:
            return  # we hung up meanwhile; the ACK was all that it needed
        self._willing = offered
        if self._take_answer(response, now):
            self._act(Input.TAKEN, now)

    def _take_answer(self, message: Request | Response, now: float) -> bool:
        """Take the answer to our offer; without a usable one the session ends (RFC 3261 14.1)."""
        try:
            answer = description_of(message)
            if answer is None:
                raise MalformedError("no answer to our offer")
            self._negotiation.accept(answer)
        except (MalformedError, NotAcceptable) as fault:
            self._farewell = Ending(fault.cause, self._peer, Act.FAILED, str(fault))
            self._act(Input.UNUSABLE, now)
            return False
        self._tell_agreement(now)
        return True

    def _tell_agreement(self, now: float) -> None:
        if self._negotiation.agreement is not None and self._farewell is None:
            self._user.agreed(self._negotiation.agreement, now)

    # Actions of the table.

    def _act(self, given: Input, now: float) -> None:
        action = self._machine.feed(given)
        if action:
            getattr(self, f"_{action}")(now)

    def _keep(self, now: float) -> None:
        """The old session goes on (RFC 3261 14.1); what was refused is not asked for again."""
        self._negotiation.withdraw()
        self._wanted = self._willing

    def _back_off(self, now: float) -> None:
        self._negotiation.withdraw()
        low, high = GLARE_OWNER if self._owns_call_id else GLARE_OTHER
        wait = round(self._setting.random.uniform(low, high), 2)  # units of 10 ms
        self._retry = self._setting.carrier.at(now + wait, lambda at: self._act(Input.RETRY, at))

    def _stop_waiting(self, now: float) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _catch_up(self, now: float) -> None:
        if self._wanted is not self._willing:
            self._act(Input.MODIFY, now)

    def _they_left(self, now: float) -> None:
        self._end(now)

    def _they_vanished(self, now: float) -> None:
        self._farewell = Ending(
            Cause.DESTINATION_OUT_OF_ORDER,
            self._peer,
            Act.VANISHED,
            f"the connection {self._dialog.flow} was lost",
            "Look whether the telephone is on and its network is up.",
        )
        self._end(now)

    def _give_up(self, now: float) -> None:
        self._farewell = Ending(
            Cause.DESTINATION_OUT_OF_ORDER, self._peer, Act.VANISHED, "our re-INVITE found no dialog or no answer"
        )
        self._part(now)

    def _not_acknowledged(self, now: float) -> None:
        seconds = self._setting.timers.patience
        self._farewell = Ending(
            Cause.RECOVERY_ON_TIMER_EXPIRY,
            self._peer,
            Act.VANISHED,
            f"no ACK for {seconds:g} s",
            "Our 200 does not reach the peer, or its ACK does not reach us: look for a NAT or firewall between.",
        )
        self._part(now)

    def _part(self, now: float) -> None:
        """End both sides of the session: the peer is sent a BYE and the user is told."""
        self._send_bye(now)
        self._end(now)

    def _say_bye(self, now: float) -> None:
        self._send_bye(now)
        self._close(now)

    def _end(self, now: float) -> None:
        assert self._farewell is not None  # whoever leads here has said why
        self._close(now)
        self._user.ended(self._farewell, now)

    def _close(self, now: float) -> None:
        self._stop_waiting(now)
        if self._acceptance is not None:
            self._acceptance.stop()
            self._acceptance = None
        self._setting.carrier.leave(self._dialog.id)

    def _send_bye(self, now: float) -> None:
        bye = self._dialog.request("BYE")
        if self._farewell is not None:
            reasoned(bye, self._farewell)
        # Whatever comes of it, the session is over for us (RFC 3261 15.1.1).
        self._setting.carrier.send(bye, self._dialog.flow, now, answered=lambda *_: None, failed=lambda *_: None)


_REFUSALS: Final = {491: Input.GLARE} | dict.fromkeys(GONE, Input.DIALOG_GONE)
"""Final responses to our re-INVITE that mean more than a refusal."""
