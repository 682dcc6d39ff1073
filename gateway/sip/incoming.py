"""An INVITE that came in, until it is answered, refused or withdrawn (RFC 3261 13.3).

The offer has been taken by the leg's Negotiation before this begins, or the INVITE had none and our 200 will carry
one. Ringing, early media, answer and refusal are asked for by method; what the caller does enters by `receive`
and `cancelled`. Where the caller knows reliable provisional responses (RFC 3262), early media goes in them, and an
answer waits for their PRACK. Once answered, an Established session carries on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.core.cause import Cause
from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.errors import MalformedError
from gateway.core.machine import Acting
from gateway.core.messages import Command, Confer, Identify, SendDigits
from gateway.core.number import Party
from gateway.sdp.negotiate import Negotiation, NotAcceptable
from gateway.sip.causes import cause_of_reason, refusing, warned_by
from gateway.sip.dialog import Dialog
from gateway.sip.early import pass_by
from gateway.sip.established import Established
from gateway.sip.fields import Headers
from gateway.sip.headers import NameAddr
from gateway.sip.identity import write_connected
from gateway.sip.incoming_states import TABLE, Input, State
from gateway.sip.info_keys import InfoKeys
from gateway.sip.message import Request, Response
from gateway.sip.offers import carries_offer, response_to
from gateway.sip.reliable import ReliableResponses
from gateway.sip.session import (
    LegShown,
    Reply,
    SessionUser,
    Setting,
    Timer,
    announce,
    describe,
    description_of,
    lists,
    not_acceptable,
    owner_of,
    reasoned,
)
from gateway.sip.session_timer import SessionTimer
from gateway.sip.status import REASONS
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from gateway.sip.warning import warn

__all__ = ["IncomingSession"]


REFRESH: Final = 60.0
"""Seconds after which a provisional response is repeated, or proxies give up the INVITE (RFC 3261 13.3.1.1)."""
UNHEARD: Final = "Our responses do not reach the caller, or its PRACK does not reach us: look for a NAT between."


class IncomingSession(Acting):
    """One INVITE that came in, and the session that comes of it.

    Args:
        setting: the stack's services.
        user: who is told.
        request: the INVITE.
        reply: sends responses to it.
        dialog: made of it with our tag; entered with the carrier here.
        negotiation: the leg's; has answered the offer, if there was one.
        peer: who calls, for endings.
        now: engine clock.
    """

    __slots__ = (
        "_allowed",
        "_dialog",
        "_early",
        "_elsewhere",
        "_ending",
        "_expiry",
        "_head",
        "_keys",
        "_negotiation",
        "_peer",
        "_refresh",
        "_reliable",
        "_reply",
        "_request",
        "_required",
        "_setting",
        "_settled",
        "_shown",
        "_user",
    )

    TABLE = TABLE
    state: State

    def __init__(
        self,
        setting: Setting,
        user: SessionUser,
        request: Request,
        reply: Reply,
        dialog: Dialog,
        negotiation: Negotiation,
        *,
        peer: str,
        now: float,
    ) -> None:
        self._setting = setting
        self._user = user
        self._request = request
        self._reply = reply
        self._dialog = dialog
        self._negotiation = negotiation
        self._peer = peer
        self.state = State.OFFERED
        self._required = "100rel" in lists(request, "require")
        self._allowed = self._required or "100rel" in lists(request, "supported")
        self._reliable: ReliableResponses | None = None  # until there is one to be sent
        self._head: Headers | None = None  # of every response that makes the dialog
        self._settled = False  # offer and answer have both gone over, reliably
        self._refresh: Timer | None = None
        self._early = False
        self._keys: InfoKeys | None = None
        self._ending: Ending | None = None
        self._elsewhere: NameAddr | None = None
        self._shown: Party | None = None  # who answers, where that is not whom the caller has called
        self._expiry: Timer | None = None
        lasts = request.expires if "expires" in request.headers.rows else None
        if lasts is not None:
            self._expiry = setting.carrier.at(now + lasts, self._expired)
        setting.carrier.enter(dialog.id, self)

    # What the channel asks for.

    def ring(self, now: float, *, heard: bool = False) -> None:
        """Tell the caller that it rings, and where that is `heard`, let it hear us as `open` does."""
        self._act(Input.RING_HEARD if heard else Input.RING, now)

    def open(self, now: float) -> None:
        """Let the caller hear us before the answer.

        An INVITE without an offer can only where responses are reliable; otherwise it is just told of progress.
        """
        self._act(Input.OPEN, now)

    def answer(self, now: float) -> None:
        """Answer the call."""
        self._act(Input.ANSWER_LATER if self._awaits_prack else Input.ANSWER, now)

    def hang_up(self, ending: Ending, now: float) -> None:
        """Refuse the call; nothing is said to the user any more."""
        self._ending = ending
        self._act(Input.REFUSE, now)

    def redirect(self, contact: NameAddr, now: float) -> None:
        """Send the caller elsewhere before the answer; nothing is said to the user any more."""
        self._elsewhere = contact
        self._act(Input.REFUSE, now)

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the call: before the answer, keys, conferences and identities alone."""
        if self.state is State.OVER:
            return
        if isinstance(command, Confer):
            self._dialog.confer(command.number)
            self._head = None
        elif isinstance(command, Identify):
            self._shown = command.party
        elif isinstance(command, SendDigits):
            self._keys = self._keys or InfoKeys(self._setting, self._user, self._dialog)
            self._keys.send(command, now)

    @property
    def tag(self) -> str:
        """Our tag in its dialog."""
        return self._dialog.id.local_tag

    @property
    def contact(self) -> NameAddr:
        """Our Contact in its dialog."""
        return self._dialog.contact

    @property
    def flow(self) -> Flow:
        """By which the peer was heard last; see `Member`."""
        return self._dialog.flow

    @property
    def account(self) -> str:
        """Whose leg it is; see `Member`."""
        return owner_of(self._user.name)

    @property
    def leg(self) -> LegShown:
        """The leg whose early dialog it is; see `Member`."""
        return LegShown(self._user.name, answered=False)

    # What the caller does.

    def receive(self, request: Request, reply: Reply, flow: Flow, now: float) -> None:
        """Take a request of the early dialog; see `Member`."""
        if request.method == "ACK":
            return
        if not self._dialog.takes(request):
            reply(request.reply(500, "Request Out Of Order"), now)
        elif request.method == "BYE":
            reply(request.reply(200), now)
            self._withdrawn(Input.BYE, request, now)
        elif request.method == "PRACK":
            self._acknowledged(request, reply, now)
        elif request.method == "UPDATE":
            self._updated(request, reply, now)
        elif not pass_by(request, reply, self._user, now):
            # A second INVITE before our final response to the first (14.2); the others wait for the answer as well.
            reply(self._not_yet(request), now)

    def _acknowledged(self, prack: Request, reply: Reply, now: float) -> None:
        """PRACK (RFC 3262 section 3): it may answer our offer or, after our answer, bring another (section 5)."""
        acknowledged = None if self._reliable is None else self._reliable.acknowledge(prack)
        if self._reliable is None or acknowledged is None:
            reply(prack.reply(481), now)
            return
        owed = bool(acknowledged.body) and self._negotiation.agreement is None
        self._settled = self._settled or bool(acknowledged.body)
        if owed:
            self._take_answer(prack, reply, now)
        elif carries_offer(prack) and not self._settled:
            reply(self._not_yet(prack), now)
        else:
            self._take_offer(prack, response_to(prack, self._negotiation, self._user.wanted), reply, now)
        if self.state is State.OVER:
            return
        self._reliable.go_on(now)
        if not self._awaits_prack:
            self._act(Input.PRACK, now)

    def _take_answer(self, prack: Request, reply: Reply, now: float) -> None:
        try:
            answer = description_of(prack)
            if answer is None:
                raise MalformedError("the PRACK has no answer to our offer")
            agreement = self._negotiation.accept(answer)
        except (MalformedError, NotAcceptable) as fault:
            refused = not_acceptable(prack, fault) if isinstance(fault, NotAcceptable) else prack.reply(400)
            reply(refused, now)
            self._ending = Ending(fault.cause, self._peer, Act.FAILED, str(fault))
            self._act(Input.UNUSABLE, now)
            return
        reply(prack.reply(200), now)
        self._user.agreed(agreement, now)

    def _updated(self, update: Request, reply: Reply, now: float) -> None:
        """UPDATE before the answer (RFC 3311 section 5.2); an offer has to wait for the one before it."""
        if carries_offer(update) and not self._settled:
            reply(self._not_yet(update), now)
            return
        response = response_to(update, self._negotiation, self._user.wanted)
        if response.status == 200:
            self._dialog.refresh(update, "UPDATE")
            response.headers.set("Contact", self._dialog.contact)
            announce(response)
        self._take_offer(update, response, reply, now)

    def _take_offer(self, request: Request, response: Response, reply: Reply, now: float) -> None:
        reply(response, now)
        if response.body and self._negotiation.agreement is not None:
            self._user.agreed(self._negotiation.agreement, now)

    def _not_yet(self, request: Request) -> Response:
        response = request.reply(500, "The Call Is Not Answered Yet")
        response.headers.set("Retry-After", self._setting.random.randint(0, 10))
        return response

    def _not_acknowledged(self, now: float) -> None:
        seconds = self._setting.timers.patience
        self._ending = Ending(
            Cause.RECOVERY_ON_TIMER_EXPIRY, self._peer, Act.VANISHED, f"no PRACK for {seconds:g} s", UNHEARD
        )
        self._act(Input.NO_PRACK, now)

    def cancelled(self, cancel: Request, now: float) -> None:
        """A CANCEL for the INVITE came; it has been answered itself."""
        if self.state in (State.OFFERED, State.ANSWERING):
            self._withdrawn(Input.CANCEL, cancel, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone; see `Member`."""
        if flow == self._dialog.flow:
            self._ending = Ending(
                Cause.DESTINATION_OUT_OF_ORDER, self._peer, Act.VANISHED, f"the connection {flow} was lost"
            )
            self._act(Input.LOST, now)

    def way_anew(self, lost: Flow) -> None:
        """None: what is under way here is answers, whose Via tells (RFC 3261 18.2.2); see `Member`."""

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """The peer is reached elsewhere; see `Member`."""
        self._dialog.moved(before, after)

    def _expired(self, now: float) -> None:
        """RFC 3261 13.3.1: the caller has said for how long its invitation holds."""
        evidence = f"its Expires of {self._request.expires} s is over"
        self._ending = Ending(Cause.NO_ANSWER, self._peer, Act.CANCELLED, evidence)
        self._act(Input.EXPIRED, now)

    def _withdrawn(self, given: Input, request: Request, now: float) -> None:
        cause = cause_of_reason(request.headers.all("Reason")) or Cause.NORMAL_CLEARING
        self._ending = Ending(cause, self._peer, Act.CANCELLED, request.method)
        self._act(given, now)

    # Actions of the table.

    def prefer(self, wanted: Sequence[Codec], now: float) -> None:
        """Answer the offer by the codecs `wanted`, if no answer has been sent yet."""
        if not self._early and not self._settled and self._negotiation.answer_again(wanted):
            assert self._negotiation.agreement is not None  # there was an answer to write again
            self._user.agreed(self._negotiation.agreement, now)

    def _ring(self, now: float) -> None:
        if self._required and self._owes_offer:
            # RFC 3261 13.2.1: the first reliable response brings it.
            self._negotiation.offer()
            self._early = True
        self._progress(180, now)

    def _ring_heard(self, now: float) -> None:
        self._let_hear()
        self._progress(180, now)

    def _open(self, now: float) -> None:
        self._let_hear()
        self._progress(183, now)

    def _let_hear(self) -> None:
        if self._owes_offer and self._allowed:
            self._negotiation.offer()
        self._early = self._negotiation.local is not None

    @property
    def _awaits_prack(self) -> bool:
        return self._reliable is not None and self._reliable.is_waiting

    @property
    def _owes_offer(self) -> bool:
        """Whether the INVITE had no offer, and none of ours has gone out."""
        return self._negotiation.agreement is None and self._negotiation.local is None

    def _progress(self, status: int, now: float) -> None:
        response = self._response(status)
        if self._early and self._negotiation.local is not None and not self._settled:
            describe(response, self._negotiation.local)
        self._stop_refresh()
        if self._required or (self._allowed and response.body):
            if self._reliable is None:
                self._reliable = ReliableResponses(self._setting, self._reply, self._not_acknowledged)
            self._reliable.send(response, now)
        else:
            self._reply(response, now)
        self._refresh = self._setting.carrier.after(REFRESH, now, lambda at: self._progress(status, at))

    def _answer(self, now: float) -> None:
        self._stop_refresh()
        self._stop_expiry()
        late = self._negotiation.agreement is None
        description = self._negotiation.offer() if late else self._negotiation.local
        response = self._response(200)
        assert description is not None
        if not self._settled:  # RFC 3261 13.2.1: the answer is given once
            describe(response, description)
        if self._shown is not None and self._shown.number:
            who = SipUri.of(self._shown.number, self._dialog.flow.local[0])
            write_connected(response, self._shown, NameAddr(who, self._shown.name))
        session = Established(
            self._setting,
            self._user,
            self._dialog,
            self._negotiation,
            peer=self._peer,
            owns_call_id=False,
            timer=SessionTimer(self._setting),
            keys=self._keys,
        )
        session.accept(self._request, response, self._reply, now, answer_due=late)
        self._negotiation.settle()
        self._user.established(session, now)
        # Nothing more is said to the INVITE, for which a CANCEL may still come.
        del self._request, self._reply, self._reliable, self._head, self._user, self._negotiation

    def _refuse(self, now: float) -> None:
        if self._elsewhere is not None:
            response = self._response(302)
            response.headers.set("Contact", self._elsewhere)
            self._close()
            self._reply(response, now)
            return
        assert self._ending is not None  # set by whoever feeds REFUSE
        response = self._response(refusing(self._ending))
        reasoned(response, self._ending)
        if warned_by(self._ending):
            warn(response, warned_by(self._ending))
        self._close()
        self._reply(response, now)

    def _withdraw(self, now: float) -> None:
        assert self._ending is not None
        self._close()
        response = self._response(487)
        reasoned(response, self._ending)
        self._reply(response, now)
        self._user.ended(self._ending, now)

    def _reject(self, now: float) -> None:
        """A caller that does not go on with what it began is refused (RFC 3262 section 3), and the user told."""
        self._refuse(now)
        assert self._ending is not None
        self._user.ended(self._ending, now)

    def _vanish(self, now: float) -> None:
        assert self._ending is not None
        self._close()
        self._user.ended(self._ending, now)

    def _close(self) -> None:
        if self._keys is not None:
            self._keys.close()
        self._stop_refresh()
        self._stop_expiry()
        if self._reliable is not None:
            self._reliable.stop()
        self._setting.carrier.leave(self._dialog.id)

    def _stop_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _stop_refresh(self) -> None:
        if self._refresh is not None:
            self._refresh.cancel()
            self._refresh = None

    def _response(self, status: int) -> Response:
        if status >= 300:
            return self._request.reply(status, to_tag=self._dialog.id.local_tag)
        if self._head is None:
            first = self._request.reply(status)
            first.headers.set("To", self._dialog.local)
            first.headers.put("contact", (str(self._dialog.contact),))
            announce(first)
            self._head = first.headers
        # With a description, or reliable, one says more than the next does; after a final one there is none.
        shared = status >= 200 or not (self._early or self._required)
        return Response(status, REASONS[status], self._head if shared else self._head.copy())
