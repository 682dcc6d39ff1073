"""An established INVITE session: everything that its dialog meets after the first 2xx (RFC 3261 12 to 15).

Requests of the dialog enter by `receive`; hold, resume and the end are asked for by method. Here is the machine of
the session, what the peer asks of it is served, and its end is told: BYE, re-INVITE and UPDATE of the peer,
and a 2xx of ours that no ACK follows. What we ask ourselves is in `wishes`, `refresh` and `asides`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, MalformedError
from gateway.core.machine import Acting
from gateway.core.messages import Command, Confer, Identify
from gateway.sdp.negotiate import Direction, ImageRefused, Medium, Negotiation, NotAcceptable
from gateway.sip.acceptance import LATE, Acceptance
from gateway.sip.asides import Asides
from gateway.sip.causes import cause_of_reason
from gateway.sip.diagnosis import why_unacknowledged
from gateway.sip.dialog import Dialog
from gateway.sip.established_states import TABLE, Input, State
from gateway.sip.info_keys import InfoKeys
from gateway.sip.message import Request, Response
from gateway.sip.offers import carries_offer, response_to
from gateway.sip.reconnection import reconnect
from gateway.sip.refresh import SessionRefresh
from gateway.sip.session import (
    ALLOW_IN_CALLS,
    LegShown,
    Reply,
    SessionUser,
    Setting,
    announce,
    description_of,
    lists,
    owner_of,
    reasoned,
)
from gateway.sip.session_timer import SessionTimer, too_brief
from gateway.sip.transport import Address, Flow
from gateway.sip.wishes import Wishes
from gateway.sip.within import send_within

__all__ = ["Established"]


RETRY_AFTER: Final = 10
"""Upper bound of the seconds that a second INVITE before the ACK to the first is told to wait (RFC 3261 14.2)."""
LOOK: Final = "Look whether the telephone is on and its network is up."
UNHEARD: Final = (
    "Our 200 does not reach the peer, or its ACK does not reach us: look for a NAT or firewall between."
)


class Established(Acting):
    """One established session.

    Args:
        setting: the stack's services.
        user: who is told.
        dialog: its dialog, which it enters with the carrier.
        negotiation: the leg's offers and answers.
        peer: who is at the far side, for endings.
        owns_call_id: whether we sent the first INVITE.
        timer: the dialog's session timer.
        keys: those that still wait from before the answer.
    """

    __slots__ = (
        "_acceptance",
        "_answer_due",
        "_asides",
        "_dialog",
        "_farewell",
        "_negotiation",
        "_owns_call_id",
        "_peer",
        "_refresh",
        "_setting",
        "_timer",
        "_user",
        "_wishes",
        "updates",
    )

    TABLE = TABLE
    state: State

    def __init__(
        self,
        setting: Setting,
        user: SessionUser,
        dialog: Dialog,
        negotiation: Negotiation,
        *,
        peer: str,
        owns_call_id: bool,
        timer: SessionTimer,
        keys: InfoKeys | None = None,
    ) -> None:
        self._setting = setting
        self._user = user
        self._dialog = dialog
        self._negotiation = negotiation
        self._peer = peer
        self._owns_call_id = owns_call_id
        self.state = State.STEADY
        self._wishes: Wishes | None = None  # until we have one
        self._acceptance: Acceptance | None = None
        self._answer_due = False
        self._timer = timer
        self._asides = Asides(setting, user, dialog, keys)
        self._refresh: SessionRefresh | None = None  # until there is one
        self.updates = False
        """Whether the peer knows UPDATE."""
        timer.attach(self)
        self._farewell: Ending | None = None
        setting.carrier.enter(dialog.id, self)

    # What the channel asks for.

    def hang_up(self, ending: Ending, now: float) -> None:
        """End the session with BYE; nothing is said to the user any more."""
        self._farewell = ending
        self._act(Input.LEAVE, now)

    def direct(self, direction: Direction, now: float) -> None:
        """Offer `direction` to the peer: SENDONLY holds it, SENDRECV resumes."""
        self._want(now, direction=direction)

    def carry(self, medium: Medium, now: float) -> None:
        """Offer to carry `medium`; the user is told of the agreement, or that the peer has declined."""
        self._want(now, medium=medium)

    def _want(self, now: float, *, direction: Direction | None = None, medium: Medium | None = None) -> None:
        wishes = self._own_wishes()
        wishes.want(direction=direction, medium=medium)
        if wishes.are_open or self.state is not State.STEADY:
            self._act(Input.MODIFY, now)

    def _own_wishes(self) -> Wishes:
        """Few calls ever see one."""
        if self._wishes is None:
            self._wishes = Wishes(
                self._setting,
                self,
                self._dialog,
                self._negotiation,
                self._timer,
                owns_call_id=self._owns_call_id,
            )
        return self._wishes

    @property
    def _direction(self) -> Direction:
        """What we are willing to do."""
        return Direction.SENDRECV if self._wishes is None else self._wishes.willing.direction

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the call for which the session needs no change."""
        if self._farewell is not None:
            return
        self._asides.carry_out(command, now)
        if isinstance(command, Identify | Confer) and self._asides.owes_identity:
            # A refresh of the session as well (RFC 4028 section 7.4), and written and answered as one.
            self._own_refresh().renew(now)

    def ask(self, told: Callable[[int], None], now: float) -> bool:
        """Ask by OPTIONS whether the peer is there (RFC 3261 section 11); of one that is silent nothing is told."""

        def answered(response: Response, at: float) -> None:
            if response.is_final:
                told(response.status)

        def failed(evidence: str, at: float) -> None:
            pass

        if self._farewell is not None:
            return False
        try:
            request = self._dialog.request("OPTIONS")
            send_within(self._setting, self._dialog, request, now, answered=answered, failed=failed)
        except Exhausted:
            return False
        return True

    def readdress(self, address_of: Callable[[Flow], Address], now: float) -> str:
        """Tell the peer of another address of ours, by a re-INVITE (RFC 3261 14); see `Talk`."""
        host, port = address_of(self._dialog.flow)
        if not self._negotiation.move(host):
            return ""
        self._dialog.readdress(host, port)
        self.invite_again(now)
        return host

    def referred(self, request: Request, dialog: Dialog, reply: Reply, now: float) -> None:
        """Take a REFER from outside that is for this call (RFC 4538, 4579), and makes `dialog`."""
        self._asides.referred(request, dialog, reply, now)

    @property
    def conference(self) -> str:
        """The number of the conference that it is in; "" for none."""
        return self._dialog.conference

    @property
    def flow(self) -> Flow:
        """By which the peer was heard last; see `Member`."""
        return self._dialog.flow

    @property
    def account(self) -> str:
        """Whose leg it is; see `Member`."""
        return owner_of(self._user.name)

    @property
    def leg(self) -> LegShown | None:
        """The leg whose dialog it is; see `Member`."""
        return LegShown(self._user.name, answered=True)

    # What its wishes, its refresh and its timer tell and ask for; see `Wished`, `Refreshed` and `Timed`.

    def happened(self, given: Input, now: float) -> None:
        """Something has become of a wish."""
        self._act(given, now)

    def written(self, method: str) -> Request:
        """A request of the dialog, which tells the far side with whom it talks, where that has changed."""
        return self._asides.identified(method)

    def invite_again(self, now: float) -> None:
        """Refresh the session by a re-INVITE."""
        self._act(Input.REFRESH, now)

    def gone(self, why: str, now: float) -> None:
        """The peer knows no such dialog, or is silent."""
        if self._farewell is None:
            self._vanished(Cause.DESTINATION_OUT_OF_ORDER, why, LOOK)
        self._act(Input.DIALOG_GONE, now)

    def _own_refresh(self) -> SessionRefresh:
        """Most calls are over before one is due."""
        if self._refresh is None:
            self._refresh = SessionRefresh(self._setting, self._dialog, self._timer, self)
        return self._refresh

    def refresh_due(self, now: float) -> None:
        """It is our turn to refresh the session."""
        self._own_refresh().due(now)

    def expired(self, now: float) -> None:
        """Nobody has refreshed it."""
        self._act(Input.EXPIRED, now)

    # What the peer does.

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request of the dialog; see `Member`."""
        if request.method != "ACK" and not self._dialog.takes(request):
            # RFC 3261 12.2.2
            reply(request.reply(500, "Request Out Of Order"), now)
            return
        self._dialog.heard(request, flow)
        self._negotiation.heard_from(flow.remote[0])
        handler = METHODS.get(request.method)
        if handler is not None:
            handler(self, request, reply, now)
        elif not self._asides.receive(request, reply, now):
            refusal = request.reply(405)  # known to us, and of no use within a call: REGISTER, PUBLISH
            refusal.headers.set("Allow", ALLOW_IN_CALLS)
            reply(refusal, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone; see `Member`."""
        if self._dialog.lives_on(flow) and not reconnect(self._setting, self._dialog, now, self._disconnected):
            self._disconnected(now)

    def way_anew(self, lost: Flow) -> Flow | None:
        """By which other connection the peer is reached; see `Member`."""
        return self._dialog.way_anew() if self._dialog.lives_on(lost) else None

    def _disconnected(self, now: float) -> None:
        self._act(Input.LOST, now)

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """The peer is reached elsewhere; see `Member`."""
        if self._dialog.moved(before, after):
            if self._negotiation.heard_from(after.remote[0]) and self._negotiation.agreement is not None:
                self._user.agreed(self._negotiation.agreement, now)

    def accept(self, request: Request, response: Response, reply: Reply, now: float, *, answer_due: bool) -> None:
        """Send a 2xx to an INVITE of the peer and wait for its ACK.

        Args:
            answer_due: the 2xx carries our offer, so that the ACK has to bring its answer.
        """
        self._meet(request, now)
        self._timer.grant(request, response, now)
        self._answer_due = answer_due
        self._act(Input.ACCEPT, now)
        self._acceptance = Acceptance(
            self._setting, reply, response, now, lambda at: self._act(Input.NO_ACK, at), self._ack_is_late
        )

    def _ack_is_late(self, now: float) -> None:
        flow, contact = self._dialog.flow, self._dialog.contact
        self._user.missed(why_unacknowledged(self._peer, flow, contact, LATE), now)

    def confirmed(self, response: Response, now: float) -> None:
        """The 2xx to our INVITE tells what the peer can, and how the session is refreshed."""
        self._timer.granted(response, now)
        self._meet(response, now)

    def _meet(self, message: Request | Response, now: float) -> None:
        """Learn from a message of the peer what it can, and who it is."""
        if "allow" in message.headers.rows:
            self.updates = "update" in lists(message, "allow")
        self._asides.meet(message, now)

    def _invited(self, request: Request, reply: Reply, now: float) -> None:
        self._weigh(Input.REINVITE, request, reply, now)

    def _update(self, request: Request, reply: Reply, now: float) -> None:
        """UPDATE (RFC 3311 section 5.2); one without an offer can always be served."""
        if carries_offer(request):
            self._weigh(Input.UPDATE, request, reply, now)
        else:
            self._amend(request, reply, now)

    def _weigh(self, given: Input, request: Request, reply: Reply, now: float) -> None:
        refusal = too_brief(request, self._setting.intervals.minimum)
        if refusal is not None:
            reply(refusal, now)
            return
        self._act(given, request, reply, now)

    def _amend(self, request: Request, reply: Reply, now: float) -> None:
        """Take what an UPDATE brings: an offer, a new Contact, a refresh of the session (RFC 4028)."""
        if carries_offer(request) and self._answer_due:
            self._clash(request, reply, now)
            return
        refusal = too_brief(request, self._setting.intervals.minimum)
        response = refusal or response_to(request, self._negotiation, self._user.wanted, self._direction)
        if response.status == 200:
            self._dialog.refresh(request, "UPDATE")
            response.headers.set("Contact", self._dialog.contact)
            announce(response)
            self._meet(request, now)
            self._timer.grant(request, response, now)
        reply(response, now)
        if response.body:
            if self._wishes is not None:
                self._wishes.follow()
            self._tell_agreement(now)

    def _clash(self, request: Request, reply: Reply, now: float) -> None:
        reply(request.reply(491), now)

    def _consider(self, request: Request, reply: Reply, now: float) -> None:
        """Accept a re-INVITE, or leave everything as it is (RFC 3261 14.2)."""
        response = response_to(request, self._negotiation, self._user.wanted, self._direction, late=True)
        if response.status != 200:
            reply(response, now)
            return
        self._dialog.refresh(request, "INVITE")
        response.headers.set("Contact", self._dialog.contact)
        announce(response)
        answered = carries_offer(request)
        if answered:
            if self._wishes is not None:
                self._wishes.follow()
        self.accept(request, response, reply, now, answer_due=not answered)
        if answered:
            self._tell_agreement(now)

    def _not_yet(self, request: Request, reply: Reply, now: float) -> None:
        response = request.reply(500, "Another INVITE Awaits Its ACK")
        response.headers.set("Retry-After", self._setting.random.randint(0, RETRY_AFTER))
        reply(response, now)

    def _acknowledged(self, request: Request, reply: Reply, now: float) -> None:
        acceptance = self._acceptance
        if acceptance is None or request.cseq.number != acceptance.number:
            return  # a repeated ACK
        acceptance.stop()
        self._acceptance = None
        if self._answer_due and self.state is State.ACCEPTED:
            self._answer_due = False
            if not self.take_answer(request, now):
                return
        self._act(Input.ACK, now)

    def _bye(self, request: Request, reply: Reply, now: float) -> None:
        reply(request.reply(200), now)
        cause = cause_of_reason(request.headers.all("Reason")) or Cause.NORMAL_CLEARING
        self._farewell = Ending(cause, self._peer, Act.HUNG_UP, "BYE")
        self._act(Input.BYE, now)

    def _no_prack_is_due(self, request: Request, reply: Reply, now: float) -> None:
        reply(request.reply(481), now)  # RFC 3262 section 3

    def take_answer(self, message: Request | Response, now: float) -> bool:
        """Take the answer to our offer; without a usable one the session ends (RFC 3261 14.1)."""
        try:
            answer = description_of(message)
            if answer is None:
                raise MalformedError("no answer to our offer")
            self._negotiation.accept(answer)
        except ImageRefused:
            self._own_wishes().want(medium=Medium.PLAIN)
            return True
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

    def _offer(self, now: float) -> None:
        self._own_wishes().offer(now)

    def _keep(self, now: float) -> None:
        if self._own_wishes().give_up():
            self._user.declined(now)
        if self._negotiation.has_moved:  # while the offer was out that is refused
            self._act(Input.REFRESH, now)

    def _back_off(self, now: float) -> None:
        self._own_wishes().back_off(now)

    def _stop_waiting(self, now: float) -> None:
        if self._wishes is not None:
            self._wishes.stop_waiting()

    def _catch_up(self, now: float) -> None:
        if self._wishes is not None and self._wishes.are_open:
            self._act(Input.MODIFY, now)
        elif self._asides.owes_identity or self._negotiation.has_moved:
            self._act(Input.REFRESH, now)

    def _they_left(self, now: float) -> None:
        self._end(now)

    def _they_vanished(self, now: float) -> None:
        self._vanished(Cause.DESTINATION_OUT_OF_ORDER, f"the connection {self._dialog.flow} was lost", LOOK)
        self._end(now)

    def _not_acknowledged(self, now: float) -> None:
        seconds = self._setting.timers.patience
        self._vanished(Cause.RECOVERY_ON_TIMER_EXPIRY, f"no ACK for {seconds:g} s", UNHEARD)
        self._part(now)

    def _expire(self, now: float) -> None:
        self._vanished(Cause.RECOVERY_ON_TIMER_EXPIRY, f"no session refresh in {self._timer.seconds} s", LOOK)
        self._part(now)

    def _vanished(self, cause: Cause, evidence: str, advice: str = "") -> None:
        self._farewell = Ending(cause, self._peer, Act.VANISHED, evidence, advice)

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
        self._timer.close()
        if self._refresh is not None:
            self._refresh.close()
        if self._acceptance is not None:
            self._acceptance.stop()
            self._acceptance = None
        self._setting.carrier.leave(self._dialog.id)
        if self._wishes is not None:
            self._wishes.close(now)
            self._wishes = None
        self._asides.close(now)

    def _send_bye(self, now: float) -> None:
        bye = self._dialog.request("BYE")
        if self._farewell is not None:
            reasoned(bye, self._farewell)
        # Whatever comes of it, the session is over for us (RFC 3261 15.1.1).
        send_within(self._setting, self._dialog, bye, now, answered=lambda *_: None, failed=lambda *_: None)


METHODS: Final[Mapping[str, Callable[[Established, Request, Reply, float], None]]] = MappingProxyType(
    {
        "INVITE": Established._invited,
        "ACK": Established._acknowledged,
        "BYE": Established._bye,
        "UPDATE": Established._update,
        "PRACK": Established._no_prack_is_due,
    }
)
"""The method that takes each request of the dialog; all others are asides."""
