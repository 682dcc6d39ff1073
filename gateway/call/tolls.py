"""The toll guard between the call manager and the ways out: each leg to an outside line is asked for, and told of.

The manager asks with legs and targets; the guard knows callers and trunks. The border between the office and the
world, which turns one into the other, is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from gateway.call.leg import CallLeg
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.switch import DialOutcome, Target
from gateway.toll.guard import Caller, Grant, Outside, TollGuard

__all__ = ["Border", "Tolls"]

_TAKEN: Final = frozenset(
    {Cause.NO_CIRCUIT_AVAILABLE, Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, Cause.SWITCHING_EQUIPMENT_CONGESTION}
)
"""Causes that say that a line is there, and in use."""

_PREEMPTED: Final = Ending(
    Cause.PREEMPTION, "Copperline", Act.HUNG_UP, "an emergency call needed the line", "Call again in a while."
)


class Border(Protocol):
    """Where the office ends."""

    def outside(self, target: Target) -> Outside | None:
        """The way out that a target is; None where it stays in the office."""
        ...

    def own(self, leg: str) -> tuple[str, bool]:
        """Whose a leg is, by its name, and whether that is one of the office's own."""
        ...

    def trunk(self, leg: str) -> str:
        """The trunk or group of lines that a leg takes up, by its name; "" where it takes up none."""
        ...

    def flashes(self, leg: str) -> bool:
        """Whether who is behind a leg, by its name, may flash an outside line."""
        ...


class Tolls:
    """Asks the guard for the manager.

    Args:
        guard: decides and counts.
        border: where the office ends.
    """

    def __init__(self, guard: TollGuard, border: Border) -> None:
        self._guard = guard
        self._border = border
        self._grants: dict[CallLeg, Grant] = {}

    def load(self, border: Border) -> None:
        """Take another border: accounts and trunks have come or gone."""
        self._border = border

    def permit(self, leg: CallLeg | None, target: Target) -> Grant | None:
        """Let `leg` have a leg to `target`; None where that stays in the office and needs no permission.

        Nobody, None, is a stranger.

        Raises:
            RemoteError: it may not; the text says why.
        """
        outside = self._border.outside(target)
        if outside is None:
            return None
        if leg is not None and leg.confined and not self._guard.is_emergency(outside):
            raise RemoteError(
                f"a telephone that diverts its calls takes none out of the office, as this one to {target}",
                Cause.CALL_REJECTED,
                advice='To let it, set redirects in [sip] to "anywhere".',
            )
        if leg is None:
            return self._guard.permit(Caller("nobody", "", False, ""), outside)
        name, inside = self._border.own(leg.behalf.name)
        return self._guard.permit(Caller(name, leg.behalf.context, inside, leg.standing), outside)

    def made(self, grant: Grant | None, leg: CallLeg) -> None:
        """The leg of a permission is there."""
        if grant is not None:
            self._grants[leg] = grant
            self._guard.began(grant, leg)

    def failed(self, grant: Grant | None) -> None:
        """The leg of a permission could not be made."""
        if grant is not None:
            self._guard.ended(grant)

    def over(self, leg: CallLeg) -> None:
        """A leg is over."""
        grant = self._grants.pop(leg, None)
        if grant is not None:
            self._guard.ended(grant)
            if leg.call is not None:
                leg.call.cost += grant.spent

    def make_room(self, outcome: DialOutcome, legs: Iterable[CallLeg]) -> bool:
        """End a call, so that an emergency call that found every line busy gets one; whether there was one to end.

        Args:
            outcome: of the dial that found none.
            legs: all legs that there are, the oldest first.
        """
        if not self._guard.policy.preempt or not self.wants_room(outcome):
            return False
        full = {outside.trunk for outside in self._full(outcome)}
        for leg in reversed(list(legs)):
            grant = self._grants.get(leg)
            if leg.ending is None and self._border.trunk(leg.name) in full and not (grant and grant.emergency):
                leg.end(_PREEMPTED)
                return True
        return False

    def wants_room(self, outcome: DialOutcome) -> bool:
        """Whether an emergency call failed because every line was taken."""
        return outcome.leg is None and any(self._guard.is_emergency(outside) for outside in self._full(outcome))

    def _full(self, outcome: DialOutcome) -> list[Outside]:
        """The ways out that were taken, of those that were tried."""
        tried = [self._border.outside(target) for target, ending in outcome.attempts if ending.cause in _TAKEN]
        return [outside for outside in tried if outside is not None]

    def may_join(self, leg: CallLeg, others: Iterable[CallLeg], context: str) -> bool:
        """Whether one may leave a leg with others, by a transfer from `context`: not outside with outside."""
        if self._is_own(leg) or context in self._guard.policy.onward:
            return True
        return all(map(self._is_own, others))

    def may_meet(self, leg: CallLeg, members: Sequence[CallLeg], context: str) -> bool:
        """Whether one may put a leg among the members of a conference: by `may_join`, or beside one of ours."""
        return self.may_join(leg, members, context) or any(map(self._is_own, members))

    def _is_own(self, leg: CallLeg) -> bool:
        return self._border.own(leg.behalf.name)[1]

    def may_flash(self, speaker: CallLeg, listener: CallLeg) -> bool:
        """Whether a hook flash goes on to whom one talks with: on an outside line it begins another call."""
        return not self._border.trunk(listener.name) or self._border.flashes(speaker.behalf.name)

    def is_emergency(self, dialled: str) -> bool:
        """Whether a call is for help, and passes every limit."""
        return self._guard.plan.is_emergency(dialled)
