"""Stands before every outside line: says whether a call may go out, counts it, and ends it where a cap is reached.

`permit` is asked before a leg to an outside line is made and raises a RemoteError with the whole reason where it
may not be. What it grants is told when the leg is there (`began`) and over (`ended`); `tick`, every few seconds,
counts the calls under way and ends those of whoever is past a cap. An emergency call passes every cap and is not
counted.

    caller inside  ── kind of number, country ── caps of the caller ── caps of the trunk ── grant
    caller outside ── only from a context in `onward`, then as above
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Final, Protocol

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.frozen import frozen
from gateway.toll.meter import DAY, HOUR, Meter, Usage
from gateway.toll.numbering import Destination, Kind, NumberingPlan
from gateway.toll.policy import Caps, Rules, TollPolicy, TrunkRules
from gateway.toll.rates import Rate

__all__ = ["Account", "Caller", "Counted", "Grant", "Outside", "TollGuard"]

Payer = tuple[str, Caps, str]
"""Who pays for a call ("caller 6001", "trunk g1"), what it may use, and the table that says so."""
Over = tuple[tuple[str, str], str, str]
"""A cap that is reached: its key (payer and setting), a sentence, and advice."""

_TRUNK: Final = "trunk "
"""What a trunk's name as a payer begins with."""
_AGAIN: Final = 3600.0
"""Seconds after which the operator is told once more of the same."""
_REMEMBERED: Final = 1000
"""Different notices remembered."""
_STALE: Final = 1.0
"""Seconds by which what calls under way have used may be older than the permission that it decides on."""

_WINDOWS: Final = (
    ("minutes_per_hour", HOUR, "the {cap:g} minutes of outside calls that it has an hour"),
    ("minutes_per_day", DAY, "the {cap:g} minutes of outside calls that it has a day"),
    ("spend_per_hour", HOUR, "the {cap:g} that it may spend on calls an hour"),
    ("spend_per_day", DAY, "the {cap:g} that it may spend on calls a day"),
)


@frozen
class Outside:
    """A way out of the office, as a Dial names it.

    Attributes:
        trunk: the trunk, or the group of lines ("g1").
        number: what is dialled there.
    """

    trunk: str
    number: str


@frozen
class Caller:
    """For whom a leg is to be made.

    Attributes:
        name: the account, telephone, line or trunk by which its call came in.
        context: of the dialplan, in which it came in.
        inside: whether it is one of the office's own; False for calls from outside and all that is not known.
        standing: the context of the step that dials.
    """

    name: str
    context: str
    inside: bool
    standing: str


class Counted(Protocol):
    """A leg to an outside line."""

    @property
    def answered_at(self) -> float | None:
        """Engine clock at its answer, or None."""
        ...

    def end(self, ending: Ending) -> None:
        """End it."""
        ...


@dataclass(slots=True, eq=False)
class Grant:
    """A call that may go out, from its permission to its end.

    Attributes:
        payer, trunk: who pays for it, and the way out, which has caps of its own.
        emergency: whether it passes every cap, and is not counted.
        counted_to: engine clock up to which it is counted; spent: what it has cost by then.
    """

    payer: str
    rules: Rules
    trunk: str
    destination: Destination
    rate: Rate
    emergency: bool
    leg: Counted | None = None
    counted_to: float | None = None
    spent: float = 0.0

    def used(self, now: float) -> tuple[float, float] | None:
        """Seconds and cost up to `now` that are not counted yet; None where there is nothing to count."""
        answered = None if self.leg is None else self.leg.answered_at
        if answered is None or self.emergency:
            return None
        since, setup = (answered, self.rate.setup) if self.counted_to is None else (self.counted_to, 0.0)
        self.counted_to = now
        cost = setup + (now - since) / 60 * self.rate.minute
        self.spent += cost
        return now - since, cost


@dataclass(frozen=True, slots=True)
class Account:
    """What a payer has used, for the console.

    Attributes:
        payer: "caller 6001", "trunk g1".
        calls: outside calls at this moment.
        minutes_hour, minutes_day, spent_hour, spent_day: in the last 60 minutes and 24 hours.
    """

    payer: str
    calls: int
    minutes_hour: float
    minutes_day: float
    spent_hour: float
    spent_day: float


class TollGuard:
    """The rules of one office at work.

    Args:
        plan: the numbers of the office's country.
        policy: the rules.
        clock: engine clock, seconds.
        wall: wall clock, seconds since 1970; what is counted stays right over a restart by it.
        notice: tells the operator something, once.
        keep: keeps usage over a restart, in place of what was kept for the same payer and minute.
    """

    def __init__(
        self,
        plan: NumberingPlan,
        policy: TollPolicy,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        notice: Callable[[str], None],
        keep: Callable[[Sequence[Usage]], None],
    ) -> None:
        self.plan = plan
        self.policy = policy
        self.meter = Meter()
        self._clock = clock
        self._wall = wall
        self._notice = notice
        self._keep = keep
        self._running: dict[Grant, None] = {}
        self._calls: dict[str, int] = {}
        self._counted_at = -_STALE
        self._noticed: OrderedDict[tuple[str, str], float] = OrderedDict()

    def load(self, plan: NumberingPlan, policy: TollPolicy) -> None:
        """Judge by other rules from now on; calls under way keep theirs, and what was used stays counted."""
        self.plan, self.policy = plan, policy

    def permit(self, caller: Caller, outside: Outside) -> Grant:
        """Let a call go out.

        Raises:
            RemoteError: it may not; the text says why, the advice what would allow it.
        """
        policy = self.policy
        trunk = policy.trunk(outside.trunk)
        destination = self._destination(outside, trunk)
        rules = policy.rules(caller.name, caller.context)
        if not caller.inside and caller.standing not in policy.onward:
            raise self._refuse_stranger(caller, outside, destination)
        grant = Grant(
            intern(f"caller {caller.name}"),
            rules,
            intern(_TRUNK + outside.trunk),
            destination,
            policy.rates.rate(destination),
            destination.kind is Kind.EMERGENCY,
        )
        if grant.emergency:
            self._notice(f"emergency call to {destination.number} by {caller.name} on {outside.trunk}")
        else:
            self._permit_kind(caller, destination, rules)
            payers = (grant.payer, rules.caps, rules.table), (grant.trunk, trunk.caps, _table(outside.trunk))
            self._permit_parallel(payers)
            over = self._cap_reached(payers)
            if over is not None:
                raise self._refuse(*over)
            for payer, _, _ in payers:
                self._calls[payer] = self._calls.get(payer, 0) + 1
        self._running[grant] = None
        return grant

    def is_emergency(self, outside: Outside) -> bool:
        """Whether a call by this way out is for help."""
        return self._destination(outside, self.policy.trunk(outside.trunk)).kind is Kind.EMERGENCY

    def began(self, grant: Grant, leg: Counted) -> None:
        """The leg of a grant has been made."""
        grant.leg = leg

    def ended(self, grant: Grant) -> None:
        """The leg of a grant is over, or was never made; what it used is kept with the next `tick` or `keep`."""
        if grant not in self._running:
            return
        del self._running[grant]
        used = grant.used(self._clock())
        if used is not None:
            at = self._wall()
            for payer in (grant.payer, grant.trunk):
                self.meter.add(payer, at, *used)
        if not grant.emergency:
            for payer in (grant.payer, grant.trunk):
                left = self._calls.pop(payer) - 1
                if left:
                    self._calls[payer] = left

    def tick(self) -> None:
        """Count the calls under way, and end those of payers that are past a cap.

        Each payer is looked at once: one trunk may bear thousands of calls.
        """
        at = self._count_all()
        looked: dict[tuple[str, str], Over | None] = {}
        trunks = {
            trunk: self._trunk(trunk.removeprefix(_TRUNK)) for trunk in {grant.trunk for grant in self._running}
        }
        for grant in list(self._running):
            if grant.emergency or grant.leg is None:
                continue
            for payer in ((grant.payer, grant.rules.caps, grant.rules.table), trunks[grant.trunk]):
                name, _, table = payer
                if (name, table) not in looked:
                    looked[name, table] = self._over(payer, at)
                over = looked[name, table]
                if over is not None:
                    key, text, advice = over
                    self._tell(key, text)
                    grant.leg.end(Ending(Cause.CALL_REJECTED, "Copperline", Act.HUNG_UP, text, advice))
                    break
        self.keep()

    def keep(self) -> None:
        """Have all that was counted kept over a restart."""
        changed = self.meter.changed()
        if changed:
            self._keep(changed)

    def accounts(self) -> list[Account]:
        """What every payer has used lately."""
        at = self._count_all()
        running = Counter(payer for grant in self._running for payer in (grant.payer, grant.trunk))
        found = []
        for payer in sorted({*self.meter.payers, *running}):
            (hour, cost), (day, dear) = (self.meter.used(payer, at, window) for window in (HOUR, DAY))
            found.append(Account(payer, running[payer], hour / 60, day / 60, cost, dear))
        return found

    @property
    def running(self) -> list[Grant]:
        """The calls that are out, the oldest first."""
        return list(self._running)

    # Inside.

    def _destination(self, outside: Outside, trunk: TrunkRules) -> Destination:
        return self.plan.classify(outside.number.removeprefix(trunk.access), e164=trunk.e164)

    def _permit_kind(self, caller: Caller, destination: Destination, rules: Rules) -> None:
        if rules.permits(destination):
            return
        what = f'"{destination.kind.value}" to allow'
        if destination.kind is Kind.INTERNATIONAL and destination.country:
            what = f'"{destination.country}" to countries'
        where = f"[tolls.callers.{caller.name}]"
        raise self._refuse(
            (caller.name, f"{destination.kind.value} {destination.country}"),
            f"{caller.name} may not call {destination}",
            f"To let it, add {what} in {where}.",
        )

    def _refuse_stranger(self, caller: Caller, outside: Outside, destination: Destination) -> RemoteError:
        return self._refuse(
            (caller.name, "onward"),
            f"a call from outside ({caller.name}) may not go out again to {destination} on {outside.trunk}",
            f'To let calls do so that stand in context "{caller.standing}", add it to onward in [tolls].',
        )

    def _permit_parallel(self, payers: Iterable[Payer]) -> None:
        for payer, caps, table in payers:
            if caps.parallel and self._calls.get(payer, 0) >= caps.parallel:
                raise self._refuse(
                    (payer, "parallel"),
                    f"{payer} has the {caps.parallel} outside calls that it may have at once",
                    f"Wait, or raise parallel in {table}.",
                )

    def _cap_reached(self, payers: Iterable[Payer]) -> Over | None:
        """The first cap that a payer of a call has reached."""
        for payer in payers:
            over = self._over(payer, self._count_all(_STALE)) if payer[1].limits_use else None
            if over is not None:
                return over
        return None

    def _over(self, payer: Payer, at: float) -> Over | None:
        """The first cap that a payer has reached by `at`: its key, a sentence, and advice."""
        name, caps, table = payer
        for limit, window, words in _WINDOWS:
            cap = getattr(caps, limit)
            if not cap:
                continue
            seconds, cost = self.meter.used(name, at, window)
            if (seconds / 60 if limit.startswith("minutes") else cost) >= cap:
                text = f"{name} has used {words.format(cap=cap)}"
                advice = f"Find out who calls so much; then wait, or raise {limit} in {table}."
                return (name, limit), text, advice
        return None

    def _trunk(self, name: str) -> Payer:
        return intern(_TRUNK + name), self.policy.trunk(name).caps, _table(name)

    def _refuse(self, key: tuple[str, str], text: str, advice: str) -> RemoteError:
        self._tell(key, f"{text}; refused. {advice}")
        return RemoteError(text, Cause.CALL_REJECTED, advice=advice)

    def _tell(self, key: tuple[str, str], text: str) -> None:
        """Tell the operator, unless it was told of the same within the hour."""
        now = self._clock()
        told = self._noticed.get(key)
        if told is not None and now - told < _AGAIN:
            return
        self._noticed[key] = now
        self._noticed.move_to_end(key)
        if len(self._noticed) > _REMEMBERED:
            self._noticed.popitem(last=False)
        self._notice(text)

    def _count_all(self, stale: float = 0.0) -> float:
        """Count the calls under way, unless that was done `stale` seconds ago at most; the wall clock's seconds.

        Who asks for each call alone would look at all calls for each: too much for many.
        """
        now, at = self._clock(), self._wall()
        if now - self._counted_at >= stale:
            self._counted_at = now
            self._count(self._running, now, at)
        return at

    def _count(self, grants: Iterable[Grant], now: float, at: float) -> None:
        """Count what has passed of calls since they were last counted."""
        passed: dict[str, tuple[float, float]] = {}
        for grant in grants:
            used = grant.used(now)
            if used is not None:
                for payer in (grant.payer, grant.trunk):
                    seconds, cost = passed.get(payer, (0.0, 0.0))
                    passed[payer] = seconds + used[0], cost + used[1]
        for payer, (seconds, cost) in passed.items():
            self.meter.add(payer, at, seconds, cost)


def _table(trunk: str) -> str:
    """The table of the configuration in which the rules of a trunk stand."""
    return f"[tolls.trunks.{trunk}]"
