"""One outgoing leg, many telephones: an account's contacts called in parallel and in turn (RFC 3261 16.6, 16.7).

Targets of one preference ring together; those of the next are tried when all of them have failed, or have rung for
long enough. The first answer wins: the others are cancelled, told that the call was completed elsewhere, and a 2xx
of theirs that crosses this is acknowledged and ended by its own session. A redirection adds targets where policy
allows. Each target is an OutgoingSession of its own; the channel above sees one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from gateway.core.cause import Cause
from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted
from gateway.core.messages import Command, Diverted, Event
from gateway.sdp.negotiate import Agreement
from gateway.sip.dialog import DialogId
from gateway.sip.early import EarlyDialog
from gateway.sip.message import Response
from gateway.sip.outgoing import OutgoingSession
from gateway.sip.session import SessionUser, Setting, Talk, Timer
from gateway.sip.target import Target, Turns
from gateway.sip.transport import Flow

__all__ = ["NO_TARGET", "Calls", "Fork"]

MAX_TARGETS: Final = 20
"""Telephones that one leg calls, redirections included: more is a loop, or an attack."""
ELSEWHERE: Final = Ending(
    Cause.NON_SELECTED_USER_CLEARING, "Copperline", Act.CANCELLED, "another telephone of the account answered"
)
TURN_OVER: Final = Ending(Cause.NO_ANSWER, "Copperline", Act.CANCELLED, "the next contact's turn came")
NO_TARGET: Final = Ending(Cause.SUBSCRIBER_ABSENT, "Copperline", Act.FAILED, "no contact to call")
SILENCE: Final = 5.0
"""Seconds without any answer after which a provider's next server is tried: its callers listen to silence."""
UNAVAILABLE: Final = frozenset({0, 408, 500, 502, 503, 504})
"""Failures (0 is silence) that are a server's own and not those of the one who is called."""
FOLLOWED: Final = frozenset({300, 301, 302})
"""Redirections to other places; 305 and 380 ask for other things, which we do not do (RFC 3261 8.1.3.4, 21.3)."""


class Calls(Protocol):
    """What a fork asks of who has it call."""

    def call(self, target: Target, user: SessionUser) -> OutgoingSession:
        """The session that calls `target` for `user`; nothing is sent yet."""
        ...

    def redirected(
        self, response: Response, target: Target, then: Callable[[Turns, float], None], now: float
    ) -> None:
        """Find the targets that the Contacts of a redirection stand for, which may take its time.

        None are given where policy forbids it.
        """
        ...

    def diverted(self, response: Response, target: Target) -> Diverted | None:
        """The number of the office that a redirection without such targets names, if any."""
        ...


class Fork:
    """The INVITEs of one leg.

    Args:
        setting: the stack's services.
        user: the channel, who sees one session.
        turns: where to call, most preferred first; those in one list together.
        calls: makes their sessions, and finds who is redirected to.
        turn: seconds that targets of one preference ring before the next are tried.
        one_server: the targets are servers of one provider: the next is tried only where one is silent or takes no
            calls (RFC 3263 4.3), since what one refuses, the others would refuse as well.
        nobody: how the leg ends where there is no target at all.
    """

    __slots__ = (
        "_calls",
        "_failures",
        "_followed",
        "_groups",
        "_nobody",
        "_one_server",
        "_ringing",
        "_seen",
        "_sessions",
        "_setting",
        "_settled",
        "_timer",
        "_told",
        "_turn",
        "_user",
        "_voice",
    )

    def __init__(
        self,
        setting: Setting,
        user: SessionUser,
        turns: Iterable[Sequence[Target]],
        calls: Calls,
        *,
        turn: float,
        one_server: bool = False,
        nobody: Ending = NO_TARGET,
    ) -> None:
        self._setting = setting
        self._user = user
        self._calls = calls
        self._turn = SILENCE if one_server else turn
        self._one_server = one_server
        self._nobody = nobody
        self._groups = [list(group) for group in turns]
        self._seen: set[tuple[str, Flow]] = set()
        self._sessions: dict[_Branch, OutgoingSession] = {}
        self._ringing: list[_Branch] = []
        self._voice: _Branch | None = None
        self._told: tuple[int, ...] = ()
        self._failures: list[tuple[int, Ending]] = []
        self._followed = 0  # redirections whose targets are still looked for
        self._settled = False  # nobody else is to be called
        self._timer: Timer | None = None

    # What the channel asks for.

    def start(self, now: float) -> None:
        """Call the most preferred targets; where none can be called the user is told so."""
        self._advance(now)

    def hang_up(self, ending: Ending, now: float) -> None:
        """Give up; nothing is said to the user any more."""
        self._settled = True
        self._groups.clear()
        self._stop_timer()
        self._voice = None
        self._cancel(ending, now)

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the call: before the answer it goes to whoever is heard."""
        session = None if self._voice is None else self._sessions.get(self._voice)
        if session is not None:
            session.carry_out(command, now)

    def began(self, dialog: DialogId) -> bool:
        """Whether `dialog` is an early one of one of its INVITEs."""
        return any(session.began(dialog) for session in self._sessions.values())

    def early(self, dialog: DialogId) -> EarlyDialog | None:
        """That early dialog of one of its INVITEs; None where it is none."""
        return next((found for one in self._sessions.values() if (found := one.early(dialog)) is not None), None)

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """A telephone that may ring is reached elsewhere."""
        for session in self._sessions.values():
            session.moved(before, after, now)

    # What the branches tell.

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._user.name

    @property
    def wanted(self) -> Sequence[Codec]:
        """What the caller can use."""
        return self._user.wanted

    def missed(self, text: str, now: float) -> None:
        """Something did not come, of whichever telephone."""
        self._user.missed(text, now)

    def said(self, event: Event, now: float) -> None:
        """What comes before the answer passes through."""
        if not self._settled:
            self._user.said(event, now)

    def agreed(self, branch: _Branch, agreement: Agreement, now: float) -> None:
        """Early media of the first telephone that has any is heard; those of others would only mix with it."""
        if self._voice is None:
            self._voice = branch
        if self._voice is branch:
            self._user.agreed(agreement, now)

    def progressed(self, branch: _Branch, status: int, media: bool, now: float) -> None:
        """Each kind of progress is told once, however many telephones ring."""
        branch.is_heard(status)
        if self._one_server:
            self._stop_timer()
            if status > 100:
                self._groups.clear()  # this one is at work on it
        media = media and self._voice is branch
        new = status not in self._told
        if new:
            self._told += (status,)
        if media or new:
            self._user.progressed(status, media, now)

    def answered(self, branch: _Branch, how: str, session: Talk, now: float) -> None:
        """The first answer wins, and has the channel for its user from then on."""
        self._settled = True
        self._groups.clear()
        self._stop_timer()
        self._ringing.remove(branch)
        branch.stop()
        if self._ringing:
            self._cancel(ELSEWHERE, now)
        if self._voice is not branch and branch.agreement is not None:
            self._user.agreed(branch.agreement, now)
        self._voice = None
        del self._sessions[branch]
        self._user.answered(how, session, now)

    def ended(self, branch: _Branch, ending: Ending, now: float) -> None:
        """A telephone refused or is silent."""
        session = self._sessions.pop(branch, None)
        if branch not in self._ringing:
            return
        self._ringing.remove(branch)
        branch.stop()
        if self._voice is branch:
            self._voice = None
        response = None if session is None else session.refused_by
        status = response.status if response else 0
        self._failures.append((_rank(status), ending))
        if status >= 600 or (self._one_server and status not in UNAVAILABLE):
            # 16.7 step 5: nobody else is to be asked
            self._groups.clear()
            self._cancel(ending, now)
        elif response is not None and status in FOLLOWED:
            self._follow(response, branch.target, now)
            return
        elif status in UNAVAILABLE:
            self._pass_over(branch, now)
        if not self._ringing:
            self._advance(now)

    # Inside.

    def _pass_over(self, branch: _Branch, now: float) -> None:
        """Try the next server of the same URI, if there is one (RFC 3263 4.3)."""
        if branch.spares:
            flow, *others = branch.spares
            self._try(replace(branch.target, flow=flow, spares=tuple(others)), now)

    def _is_silent(self, branch: _Branch, now: float) -> None:
        """A server has not said a word for so long that its next one is tried."""
        self._setting.resolver.failed(branch.target.flow, now)
        self._ringing.remove(branch)
        self._sessions.pop(branch).hang_up(TURN_OVER, now)
        self._failures.append((_rank(0), TURN_OVER))
        self._pass_over(branch, now)
        if not self._ringing:
            self._advance(now)

    def _follow(self, response: Response, target: Target, now: float) -> None:
        """Go where a redirection says (RFC 3261 8.1.3.4)."""

        def found(elsewhere: Turns, at: float) -> None:
            self._followed -= 1
            if self._settled:
                return
            turns = elsewhere
            if self._ringing and turns:  # those ring on, and whoever was meant rings beside them
                first, *turns = turns
                for wanted in first:
                    self._try(wanted, at)
            self._groups[:0] = turns
            diverted = None if elsewhere else self._calls.diverted(response, target)
            if diverted is not None:
                self._user.said(diverted, at)
            if elsewhere or not self._ringing:
                self._advance(at)

        self._followed += 1
        self._calls.redirected(response, target, found, now)

    def _advance(self, now: float) -> None:
        """Call the next targets; when there are none left, the best of the failures ends the leg."""
        self._stop_timer()
        while self._groups and not self._ringing:
            for target in self._groups.pop(0):
                self._try(target, now)
        if not self._ringing and self._followed:
            return  # who was redirected to is looked for
        if not self._ringing:
            self._settled = True
            self._user.ended(min(self._failures, key=lambda failure: failure[0], default=(0, self._nobody))[1], now)
        elif self._groups:
            self._timer = self._setting.carrier.at(now + self._turn, self._turn_over)

    def _try(self, target: Target, now: float) -> None:
        place = str(target.uri), target.flow
        if place in self._seen or len(self._seen) >= MAX_TARGETS:
            return
        self._seen.add(place)
        branch = _Branch(self, target)
        self._sessions[branch] = session = self._calls.call(target, branch)
        self._ringing.append(branch)
        try:
            session.start(now)
        except Exhausted as fault:
            self._ringing.remove(branch)
            del self._sessions[branch]
            ending = Ending(Cause.SWITCHING_EQUIPMENT_CONGESTION, "Copperline", Act.FAILED, str(fault))
            self._failures.append((_rank(503), ending))
            return
        if branch.spares:
            branch.patience = self._setting.carrier.after(SILENCE, now, lambda at: self._is_silent(branch, at))

    def _turn_over(self, now: float) -> None:
        for branch in self._ringing if self._one_server else ():
            self._setting.resolver.failed(branch.target.flow, now)
        self._failures.append((_rank(480), TURN_OVER))
        self._voice = None
        self._cancel(TURN_OVER, now)
        self._advance(now)

    def _cancel(self, ending: Ending, now: float) -> None:
        losers, self._ringing = self._ringing, []
        for loser in losers:
            loser.stop()
            self._sessions.pop(loser).hang_up(ending, now)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Branch:
    """One target of a Fork; see `SessionUser`. Its session knows it, and not it its session: the Fork does."""

    __slots__ = ("_fork", "agreement", "patience", "spares", "target")

    def __init__(self, fork: Fork, target: Target) -> None:
        self._fork = fork
        self.target = target
        self.spares = target.spares
        self.agreement: Agreement | None = None
        self.patience: Timer | None = None

    def is_heard(self, status: int) -> None:
        """The server has said something; who says more than 100 is at work on the call, and no other is to be."""
        if self.patience is not None:
            self.stop()
        if status > 100:
            self.spares = ()

    def stop(self) -> None:
        """It is no longer waited for that the server says something."""
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None

    def progressed(self, status: int, media: bool, now: float) -> None:
        self._fork.progressed(self, status, media, now)

    def agreed(self, agreement: Agreement, now: float) -> None:
        self.agreement = agreement
        self._fork.agreed(self, agreement, now)

    def established(self, session: Talk, now: float) -> None:
        """It is not we who answer."""

    def answered(self, how: str, session: Talk, now: float) -> None:
        self._fork.answered(self, how, session, now)

    @property
    def name(self) -> str:
        return self._fork.name

    @property
    def wanted(self) -> Sequence[Codec]:
        return self._fork.wanted

    def declined(self, now: float) -> None:
        """Nothing was asked for before the answer."""

    def missed(self, text: str, now: float) -> None:
        self._fork.missed(text, now)

    def said(self, event: Event, now: float) -> None:
        self._fork.said(event, now)

    def ended(self, ending: Ending, now: float) -> None:
        self._fork.ended(self, ending, now)


def _rank(status: int) -> int:
    """How much a failure says of the user that was called, least first (RFC 3261 16.7 step 6); 0 is silence."""
    if status >= 600:
        return 0
    if status == 486:
        return 1
    if status in (0, 408, 430, 480):
        return 4 if status == 0 else 3
    return 2 if 400 <= status < 500 else 5
