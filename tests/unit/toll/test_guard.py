"""The toll guard as stories: what an attacker tries, who stops it, and what the operator reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.errors import ConfigError, RemoteError
from gateway.toll.guard import Caller, Grant, Outside, TollGuard
from gateway.toll.meter import Meter, Usage
from gateway.toll.numbering import Kind, NumberingPlan
from gateway.toll.policy import EVERYDAY, Caps, Rules, TollPolicy, TrunkRules
from gateway.toll.rates import RateTable

ADA = Caller("6001", "office", inside=True, standing="outbound")
STRANGER = Caller("copper1", "from-pstn", inside=False, standing="from-pstn")
LOCAL = Outside("g1", "5550100")
LONDON = Outside("g1", "011442079460000")
HELP = Outside("g1", "911")


class Leg:
    """A leg to an outside line."""

    def __init__(self) -> None:
        self.answered_at: float | None = None
        self.ending: Ending | None = None

    def end(self, ending: Ending) -> None:
        self.ending = ending


class Office:
    """A guard, and a clock that the story moves."""

    def __init__(self, policy: TollPolicy, kept: Iterable[Usage] = (), now: float = 0.0) -> None:
        self.now = now
        self.notices: list[str] = []
        self.kept = {(usage.payer, usage.minute): usage for usage in kept}
        self.guard = TollGuard(
            NumberingPlan("us", access=policy.access, emergency=policy.emergency),
            policy,
            clock=lambda: self.now,
            wall=lambda: datetime(2026, 1, 1, 23, 30, tzinfo=UTC).timestamp() + self.now,
            notice=self.notices.append,
            keep=lambda usages: self.kept.update({(usage.payer, usage.minute): usage for usage in usages}),
        )
        self.guard.meter.restore(self.kept.values())

    def restarted(self) -> Office:
        """The office after kill -9: only what was kept is known."""
        return Office(self.guard.policy, self.kept.values(), self.now)

    def call(self, caller: Caller, outside: Outside, *, answered: bool = True) -> tuple[Grant, Leg]:
        grant, leg = self.guard.permit(caller, outside), Leg()
        self.guard.began(grant, leg)
        leg.answered_at = self.now if answered else None
        return grant, leg

    def talk(self, caller: Caller, outside: Outside, seconds: float) -> None:
        """A call that is answered and hung up."""
        grant, _ = self.call(caller, outside)
        self.now += seconds
        self.guard.ended(grant)

    def refused(self, caller: Caller, outside: Outside) -> RemoteError:
        with pytest.raises(RemoteError) as caught:
            self.guard.permit(caller, outside)
        assert caught.value.cause is Cause.CALL_REJECTED
        return caught.value


def capped(**caps: float) -> TollPolicy:
    return TollPolicy(Rules(allow=EVERYDAY | {Kind.INTERNATIONAL}, caps=Caps(**caps)))  # type: ignore[arg-type]


# Shut by default.


def test_an_office_that_said_nothing_calls_nobody_abroad() -> None:
    office = Office(TollPolicy())
    office.call(ADA, LOCAL)
    refusal = office.refused(ADA, LONDON)
    assert str(refusal) == "6001 may not call +442079460000 (international, GB)"
    assert refusal.advice == 'To let it, add "gb" to countries in [tolls.callers.6001].'


@pytest.mark.parametrize(
    "number", ["19005551234", "9765551", "18765551234", "011881612345678", "411", "", "*72911"]
)
def test_nor_anything_dear(number: str) -> None:
    Office(TollPolicy()).refused(ADA, Outside("g1", number))


def test_a_country_is_allowed_by_name_and_its_premium_numbers_are_not() -> None:
    office = Office(TollPolicy(Rules(countries=frozenset({"gb"}))))
    office.call(ADA, LONDON)
    office.refused(ADA, Outside("g1", "01133142685300"))
    office.refused(ADA, Outside("g1", "011447012345678"))


def test_the_rules_are_the_callers_own_then_its_contexts_then_everybodys() -> None:
    abroad = Rules("[tolls.callers.6001]", allow=frozenset({Kind.INTERNATIONAL}))
    lobby = Rules("[tolls.callers.lobby]", allow=frozenset())
    office = Office(TollPolicy(callers={"6001": abroad, "lobby": lobby}))
    office.call(ADA, LONDON)
    office.refused(Caller("6002", "office", inside=True, standing="outbound"), LONDON)
    office.refused(Caller("102", "lobby", inside=True, standing="outbound"), LOCAL)
    office.call(Caller("102", "lobby", inside=True, standing="outbound"), HELP)


# From outside to outside.


def test_a_call_from_outside_goes_out_again_only_where_a_rule_says_so() -> None:
    office = Office(TollPolicy())
    refusal = office.refused(STRANGER, LOCAL)
    assert str(refusal) == "a call from outside (copper1) may not go out again to 5550100 (local) on g1"
    assert 'context "from-pstn", add it to onward' in refusal.advice
    open_office = Office(TollPolicy(onward=frozenset({"disa-out"})))
    open_office.refused(STRANGER, LOCAL)
    member = Caller("copper1", "from-pstn", inside=False, standing="disa-out")
    open_office.call(member, LOCAL)
    open_office.refused(member, LONDON)


# Attacks, replayed.


def test_a_stolen_account_that_calls_all_night_is_stopped_by_its_minutes_and_the_operator_told_once() -> None:
    office = Office(capped(minutes_per_hour=60))
    for _ in range(6):
        office.talk(ADA, LONDON, 600)
    for _ in range(100):
        refusal = office.refused(ADA, LONDON)
    assert str(refusal) == "caller 6001 has used the 60 minutes of outside calls that it has an hour"
    assert refusal.advice.endswith("raise minutes_per_hour in [tolls].")
    assert len(office.notices) == 1 and office.notices[0].startswith(str(refusal))
    office.call(Caller("6002", "office", inside=True, standing="outbound"), LONDON)
    office.now += 3600
    office.call(ADA, LONDON)


def test_the_cap_is_of_the_last_hour_and_not_of_the_clocks() -> None:
    office = Office(capped(minutes_per_hour=60))
    office.talk(ADA, LONDON, 29 * 60)
    office.talk(ADA, LONDON, 31 * 60)  # over midnight
    office.refused(ADA, LONDON)


def test_one_endless_call_is_ended_at_the_cap() -> None:
    office = Office(capped(minutes_per_hour=30))
    _, leg = office.call(ADA, LONDON)
    while office.now < 1790:
        office.now += 5
        office.guard.tick()
    assert leg.ending is None
    office.now += 10
    office.guard.tick()
    assert leg.ending is not None and leg.ending.cause is Cause.CALL_REJECTED
    assert leg.ending.evidence == "caller 6001 has used the 30 minutes of outside calls that it has an hour"


def test_whoever_has_many_calls_is_looked_at_once_and_all_of_them_end_at_the_cap() -> None:
    class Watched(Meter):
        looked: ClassVar[list[str]] = []

        def used(self, payer: str, at: float, window: int) -> tuple[float, float]:
            self.looked.append(payer)
            return super().used(payer, at, window)

    office = Office(capped(minutes_per_hour=30))
    office.guard.meter = Watched()
    legs = [office.call(ADA, LONDON)[1] for _ in range(300)]
    Watched.looked.clear()
    office.now += 5
    office.guard.tick()
    assert Watched.looked == ["caller 6001"] and not any(leg.ending for leg in legs)
    assert office.guard.meter.used("trunk g1", datetime(2026, 1, 1, 23, 31, tzinfo=UTC).timestamp(), 60)[0] == 1500
    office.now += 1
    office.guard.tick()
    assert all(leg.ending is not None for leg in legs)


def test_many_calls_at_once_are_stopped_by_their_number() -> None:
    office = Office(capped(parallel=2))
    first, _ = office.call(ADA, LOCAL)
    office.call(ADA, LOCAL, answered=False)
    assert str(office.refused(ADA, LOCAL)) == "caller 6001 has the 2 outside calls that it may have at once"
    office.guard.ended(first)
    office.call(ADA, LOCAL)


def test_dear_calls_are_stopped_by_what_they_cost_whoever_makes_them() -> None:
    rates = RateTable.parse("local, 0.01\n+44, 0.05, 0.10\n+447, 0.50  # mobile\n", "rates.csv")
    caps = TrunkRules(Caps(spend_per_hour=2.0))
    office = Office(TollPolicy(Rules(allow=EVERYDAY | {Kind.INTERNATIONAL}), trunks={"g1": caps}, rates=rates))
    mobile = Outside("g1", "011447911123456")
    office.talk(ADA, mobile, 120)
    office.talk(Caller("6002", "office", inside=True, standing="outbound"), mobile, 121)
    refusal = office.refused(ADA, LOCAL)
    assert str(refusal) == "trunk g1 has used the 2 that it may spend on calls an hour"
    assert "[tolls.trunks.g1]" in refusal.advice
    office.call(ADA, Outside("g2", "5550100"))


HOURLY = ("minutes_per_hour", "spend_per_hour")


@pytest.mark.parametrize("payer", ["caller 6001", "trunk g1"])
@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ("minutes_per_hour", "has used the 10 minutes of outside calls that it has an hour"),
        ("minutes_per_day", "has used the 10 minutes of outside calls that it has a day"),
        ("spend_per_hour", "has used the 10 that it may spend on calls an hour"),
        ("spend_per_day", "has used the 10 that it may spend on calls a day"),
    ],
)
def test_each_cap_of_account_and_trunk_trips_ends_the_call_and_goes_by(payer: str, cap: str, said: str) -> None:
    caps = Caps(**{cap: 10})  # type: ignore[arg-type]
    rules = {"callers": {"6001": Rules("[tolls.callers.6001]", caps=caps)}}
    policy = TollPolicy(
        **(rules if payer.startswith("caller") else {"trunks": {"g1": TrunkRules(caps)}}),  # type: ignore[arg-type]
        rates=RateTable.parse("local, 1.00", "rates.csv"),
    )
    office = Office(policy)
    grace = Caller("6002", "office", inside=True, standing="outbound")
    office.talk(ADA, LOCAL, 360)
    _, leg = office.call(ADA, LOCAL)
    office.now += 239
    office.guard.tick()
    assert leg.ending is None
    office.now += 1
    office.guard.tick()
    assert leg.ending is not None and f"{payer} {said}" in str(leg.ending)
    office.guard.ended(office.guard.running[0])
    refusal = office.refused(ADA, LOCAL)
    assert str(refusal) == f"{payer} {said}" and f"raise {cap} in [tolls." in refusal.advice
    if payer == "trunk g1":
        office.refused(grace, LOCAL)
        office.call(ADA, Outside("g2", "5550100"))
    else:
        office.call(grace, LOCAL)
    office.call(ADA, HELP)
    office.now += 3600 if cap in HOURLY else 86400
    office.call(ADA, LOCAL)


def test_the_cap_of_a_trunk_on_calls_at_once_is_everybodys() -> None:
    office = Office(TollPolicy(trunks={"g1": TrunkRules(Caps(parallel=1))}))
    first, _ = office.call(ADA, LOCAL)
    grace = Caller("6002", "office", inside=True, standing="outbound")
    assert str(office.refused(grace, LOCAL)) == "trunk g1 has the 1 outside calls that it may have at once"
    office.call(grace, HELP)
    office.guard.ended(first)
    office.call(grace, LOCAL)


def test_a_restart_forgets_nothing_not_even_of_the_call_that_it_cut_off() -> None:
    office = Office(capped(minutes_per_day=20))
    office.talk(ADA, LONDON, 600)
    office.call(ADA, LONDON)
    for _ in range(119):
        office.now += 5
        office.guard.tick()
    again = office.restarted()
    again.call(ADA, LONDON)
    again.now += 6
    again.guard.tick()
    assert "minutes_per_day" in again.refused(ADA, LONDON).advice


# Emergency.


def test_an_emergency_call_passes_every_cap_and_counts_for_none_and_is_told_at_once() -> None:
    office = Office(
        TollPolicy(Rules(allow=frozenset(), caps=Caps(parallel=1, minutes_per_day=1)), trunks={"g1": TrunkRules()})
    )
    office.call(ADA, HELP)
    _, leg = office.call(ADA, HELP)
    office.now += 7200
    office.guard.tick()
    assert leg.ending is None
    assert office.notices == ["emergency call to 911 by 6001 on g1"] * 2
    assert office.guard.accounts()[0].minutes_day == 0


def test_a_cap_that_is_reached_ends_no_emergency_call_and_none_that_is_still_being_made() -> None:
    office = Office(capped(minutes_per_day=1))
    _, talk = office.call(ADA, LOCAL)
    _, help_ = office.call(ADA, HELP)
    office.guard.permit(ADA, LOCAL)
    office.now += 61
    office.guard.tick()
    assert talk.ending is not None and talk.ending.cause is Cause.CALL_REJECTED
    assert help_.ending is None


def test_on_a_line_of_another_exchange_its_own_digits_are_left_out_of_account() -> None:
    office = Office(TollPolicy(trunks={"g1": TrunkRules(access="0")}))
    office.call(ADA, Outside("g1", "05550100"))
    assert office.guard.running[0].destination.kind is Kind.LOCAL
    office.call(ADA, Outside("g1", "0911"))
    assert office.guard.running[1].emergency


# Prices.


def test_a_number_without_a_price_is_reckoned_at_the_dearest() -> None:
    rates = RateTable.parse("+44, 0.05\npremium, 3\n", "rates.csv")
    plan = NumberingPlan("us")
    assert rates.rate(plan.classify("01133142685300")).minute == 3
    assert rates.rate(plan.classify("911")).minute == 0
    assert rates.rate(plan.classify("18005551212")).minute == 0


def test_every_line_of_a_table_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        RateTable.parse("+44, 0.05\n44, 1\n+33, dear\n+1, -1\n+2\n", "rates.csv")
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4, 5]


def test_what_everybody_used_is_told() -> None:
    office = Office(TollPolicy())
    office.talk(ADA, LOCAL, 90)
    office.call(ADA, LOCAL)
    caller, trunk = office.guard.accounts()
    assert (caller.payer, caller.calls, caller.minutes_hour) == ("caller 6001", 1, 1.5)
    assert trunk.payer == "trunk g1"


def test_many_calls_under_way_make_permission_no_dearer() -> None:
    office = Office(TollPolicy(Rules(caps=Caps(minutes_per_hour=1_000_000))))
    looked_at = 0

    class Leg:
        @property
        def answered_at(self) -> float:
            nonlocal looked_at
            looked_at += 1
            return 0.0

        def end(self, ending: Ending) -> None: ...

    for number in range(200):
        grant = office.guard.permit(Caller(f"60{number}", "office", True, "office"), Outside("g1", "5550100"))
        office.guard.began(grant, Leg())
    assert looked_at < 400, "not each of them for each of them"
