"""What we want of an established session: hold, resume, another medium, that it goes on (RFC 3261 14.1, RFC 4028).

Wishes enter; the machine of the session says when an offer may go out for them, which is written here and sent in a
re-INVITE. What its answer leaves of a wish is kept here; what it does to the session is told that as an input.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from gateway.core.errors import Exhausted
from gateway.sdp.negotiate import Direction, Medium, Negotiation, NotAcceptable
from gateway.sip.dialog import Dialog
from gateway.sip.established_states import Input, State
from gateway.sip.message import Request, Response
from gateway.sip.offers import carries_offer
from gateway.sip.reinvite import Reinvite
from gateway.sip.session import Setting, Timer, announce, describe
from gateway.sip.session_timer import SessionTimer
from gateway.sip.usage import ends_call

__all__ = ["Wishes"]

GLARE_OWNER: Final = (2.1, 4.0)
GLARE_OTHER: Final = (0.0, 2.0)
"""Seconds to wait after 491: whoever chose the Call-ID waits longer (RFC 3261 14.1)."""


class _Wish(NamedTuple):
    """What is asked of the peer by a re-INVITE."""

    direction: Direction
    medium: Medium


class Wished(Protocol):
    """The session whose wishes they are."""

    @property
    def state(self) -> State:
        """Where it stands."""
        ...

    def happened(self, given: Input, now: float) -> None:
        """Something has become of what was asked."""
        ...

    def written(self, method: str) -> Request:
        """A request of its dialog, without offer and session timer."""
        ...

    def take_answer(self, message: Request | Response, now: float) -> bool:
        """Take the answer to our offer; False where it ends the session."""
        ...

    def gone(self, why: str, now: float) -> None:
        """The peer knows no such dialog, or is silent."""
        ...


class Wishes:
    """The wishes of one session.

    Args:
        setting: the stack's services.
        session: what is asked and told.
        dialog, negotiation, timer: the session's.
        owns_call_id: whether we sent the first INVITE.

    Attributes:
        wanted: what is to be.
        willing: what is, or was before the offer that is out.
    """

    __slots__ = (
        "_dialog",
        "_negotiation",
        "_owns_call_id",
        "_reinvite",
        "_retry",
        "_session",
        "_setting",
        "_timer",
        "wanted",
        "willing",
    )

    def __init__(
        self,
        setting: Setting,
        session: Wished,
        dialog: Dialog,
        negotiation: Negotiation,
        timer: SessionTimer,
        *,
        owns_call_id: bool,
    ) -> None:
        self._setting = setting
        self._session = session
        self._dialog = dialog
        self._negotiation = negotiation
        self._timer = timer
        self._owns_call_id = owns_call_id
        self.wanted = self.willing = _Wish(Direction.SENDRECV, negotiation.medium)
        self._reinvite: Reinvite | None = None
        self._retry: Timer | None = None

    @property
    def are_open(self) -> bool:
        """Whether something is wanted that is not."""
        return self.wanted != self.willing

    def want(self, *, direction: Direction | None = None, medium: Medium | None = None) -> None:
        """Want something from now on; None for what is wanted already."""
        self.wanted = _Wish(direction or self.wanted.direction, medium or self.wanted.medium)

    def follow(self) -> None:
        """The peer has changed what is carried; a wish of ours for something else stays one."""
        medium = self._negotiation.medium
        if self.wanted.medium in (self.willing.medium, medium):
            self.want(medium=medium)
        self.willing = self.willing._replace(medium=medium)

    def offer(self, now: float) -> None:
        """Offer what is wanted."""
        self._retry = None
        offered = self.wanted
        try:
            description = self._negotiation.offer(offered.direction, offered.medium)
        except NotAcceptable:
            self._session.happened(Input.REFUSED, now)
            return
        invite = self._session.written("INVITE")
        announce(invite)
        self._timer.ask(invite)
        describe(invite, description)
        try:
            self._reinvite = Reinvite(
                self._setting,
                self._dialog,
                invite,
                now,
                answered=self._answered_early,
                taken=lambda response, at: self._taken(response, offered, at),
                refused=lambda response, at: self._refused(response, offered, at),
                failed=self._unanswered,
            )
        except Exhausted:
            self._session.happened(Input.GLARE, now)  # there will be room again in a moment

    def give_up(self) -> bool:
        """What was refused is not asked for again (RFC 3261 14.1); whether that was another medium."""
        self._negotiation.withdraw()
        declined = self.wanted.medium is not self.willing.medium
        self.wanted = self.willing
        return declined

    def back_off(self, now: float) -> None:
        """Offer it once more in a while: the peer has an offer of its own under way."""
        self._negotiation.withdraw()
        low, high = GLARE_OWNER if self._owns_call_id else GLARE_OTHER
        wait = round(self._setting.random.uniform(low, high), 2)  # units of 10 ms
        self._retry = self._setting.carrier.at(now + wait, lambda at: self._session.happened(Input.RETRY, at))

    def stop_waiting(self) -> None:
        """The peer's offer was accepted meanwhile."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def close(self, now: float) -> None:
        """The session is over."""
        self.stop_waiting()
        if self._reinvite is not None:
            self._reinvite.cancel(now)
            self._reinvite = None

    def _answered_early(self, response: Response, now: float) -> bool:
        if self._session.state is not State.OFFERING or not carries_offer(response):
            return False
        self._session.take_answer(response, now)
        return True

    def _taken(self, response: Response, offered: _Wish, now: float) -> None:
        has_answer = self._reinvite is not None and self._reinvite.has_answer
        self._reinvite = None
        self._timer.granted(response, now)
        if self._session.state is not State.OFFERING:
            return  # we hung up meanwhile; the ACK was all that it needed
        self.willing = offered
        if has_answer or self._session.take_answer(response, now):
            self._session.happened(Input.TAKEN, now)

    def _refused(self, response: Response, offered: _Wish, now: float) -> None:
        if self._reinvite is not None and self._reinvite.has_answer:
            self.willing = offered  # both have it in force already (RFC 6141 section 3.4)
        self._reinvite = None
        if ends_call(response):
            self._session.gone(f"our re-INVITE was refused with {response.summary}", now)
        elif response.status == 422 and self._timer.raise_minimum(response):
            self._session.happened(Input.TOO_BRIEF, now)
        else:
            self._session.happened(Input.GLARE if response.status == 491 else Input.REFUSED, now)

    def _unanswered(self, evidence: str, now: float) -> None:
        self._reinvite = None
        self._session.gone(evidence, now)
