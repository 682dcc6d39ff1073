"""The dry run, and the demo office by it: what each number would do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dialplan.check import dialled
from dialplan.model import Dialplan
from dialplan.plan import DialplanNumbers
from dialplan.route import Route, dry_run
from gateway.config.office import load_office
from gateway.core.cause import Cause
from gateway.core.number import Match, Party
from tests.unit.dialplan.office import NOON, read_text

OFFICE = Path(__file__).parents[3] / "examples" / "office" / "office.toml"


@pytest.fixture(scope="module")
def demo() -> Dialplan:
    return load_office(OFFICE)[1]


def route(
    dialplan: Dialplan,
    number: str,
    *,
    context: str = "office",
    technology: str = "SIP",
    keys: str = "",
    answered: bool = False,
) -> Route:
    return asyncio.run(
        dry_run(
            dialplan, context, number, caller=Party("6001", "Ada"), clock=lambda: NOON,
            technology=technology, keys=keys, answered=answered,
        )
    )  # fmt: skip


def targets(found: Route) -> list[str]:
    return [str(target) for attempt in found.attempts for target in attempt.targets]


def test_who_is_paged_is_called_at_once() -> None:
    found = route(read_text("[office]\nexten => 80,1,Page(SIP/6001&FXS/101,q)"), "80")
    assert [(len(each.targets), each.timeout) for each in found.attempts] == [(2, 30.0)]
    assert targets(found) == ["SIP/6001", "FXS/101"]
    one, other = (f"Originate(SIP/600{each},app,Wait,9)" for each in (1, 2))
    found = route(read_text(f"[office]\nexten => 80,1,{one}\n same => n,{other}"), "80")
    assert [len(each.targets) for each in found.attempts] == [1, 1]


def test_a_route_tells_steps_targets_and_end() -> None:
    found = route(
        read_text("[office]\nexten => _9X.,1,Dial(FXO/g1/${EXTEN:1}&SIP/6001,60)\n same => n,Hangup(34)"), "9123"
    )
    assert found.steps == [
        "extensions.conf:2 office,9123,1 Dial(FXO/g1/123&SIP/6001,60)",
        "Dial: NOANSWER",
        "extensions.conf:3 office,9123,2 Hangup(34)",
    ]
    assert targets(found) == ["FXO/g1/123", "SIP/6001"]
    assert found.attempts[0].timeout == 60
    assert found.ending is not None
    assert found.ending.cause is Cause.NO_CIRCUIT_AVAILABLE
    assert found.assumption == "assumed: nobody answers; the caller keys nothing and then hangs up"


def test_a_route_on_which_the_first_target_answers() -> None:
    found = route(read_text("[office]\nexten => 1,1,Dial(FXS/101)\n same => n,Dial(FXS/102)"), "1", answered=True)
    assert targets(found) == ["FXS/101"]
    assert found.ending is not None
    assert found.ending.cause is Cause.NORMAL_CLEARING


def test_a_dry_run_changes_nothing_for_the_next() -> None:
    dialplan = read_text("[globals]\nN=0\n[office]\nexten => 1,1,Set(GLOBAL(N)=$[${N} + 1])")
    assert route(dialplan, "1").steps == route(dialplan, "1").steps


def test_every_spelt_out_target_is_listed_with_its_place() -> None:
    words = "FXS/101&SIP/${X}&SIP/${EXTEN:1}@pstn&SIP/1@${T}&FXO/g1/$[${X${Y}}+1]&FXO/g${N}/1&${T}/1/2&SIP/6001"
    dialplan = read_text(f"[office]\nexten => 1,1,Dial({words},30)\nexten => 2,1,NoOp()")
    assert [(place.line, written, str(target)) for place, written, target in dialled(dialplan)] == [
        (2, "FXS/101", "FXS/101"),
        (2, "SIP/${EXTEN:1}@pstn", "SIP/0@pstn"),
        (2, "FXO/g1/$[${X${Y}}+1]", "FXO/g1/0"),
        (2, "SIP/6001", "SIP/6001"),
    ]


@pytest.mark.parametrize(
    ("number", "target"),
    [
        ("101", "FXS/101"),
        ("102", "FXS/102"),
        ("6001", "SIP/6001"),
        ("6003", "SIP/6003"),
        ("95550100", "FXO/g1/5550100"),
        ("92565550100", "FXO/g1/2565550100"),
        ("912565550100", "FXO/g1/12565550100"),
        ("911", "FXO/g1/911"),
        ("9911", "FXO/g1/911"),
        ("75550100", "SPAN/g1/5550100"),
        ("85550100", "ISDN/g1/5550100"),
    ],
)
def test_the_office_dials(demo: Dialplan, number: str, target: str) -> None:
    found = route(demo, number)
    assert targets(found) == [target]
    assert found.ending is not None
    assert found.ending.cause is Cause.NO_ANSWER


@pytest.mark.parametrize("number", ["103", "104", "8000"])
@pytest.mark.parametrize("technology", ["SIP", "FXS"])
def test_what_is_not_built_in_says_so(demo: Dialplan, number: str, technology: str) -> None:
    found = route(demo, number, technology=technology)
    assert any("Playback(not-built-in,noanswer)" in step for step in found.steps) is (technology == "FXS")
    assert found.ending is not None
    assert found.ending.cause is Cause.SERVICE_NOT_IMPLEMENTED


@pytest.mark.parametrize("number", ["999", "105", "6004", "9011442071234567", "nobody"])
@pytest.mark.parametrize("technology", ["SIP", "FXS"])
def test_an_unknown_number_is_announced_to_lines_and_refused_to_sip(
    demo: Dialplan, number: str, technology: str
) -> None:
    found = route(demo, number, technology=technology)
    assert any("Playback(ss-noservice,noanswer)" in step for step in found.steps) is (technology == "FXS")
    assert found.ending is not None
    assert found.ending.cause is Cause.UNALLOCATED_NUMBER
    assert f"no extension {number} in context office" in found.ending.evidence


@pytest.mark.parametrize("number", ["600", "601", "602", "603"])
def test_the_services_answer(demo: Dialplan, number: str) -> None:
    found = route(demo, number)
    assert found.steps[0].endswith("Answer()")
    assert found.ending is not None
    assert found.ending.cause is Cause.NORMAL_CLEARING


def test_a_call_in_reaches_its_extension(demo: Dialplan) -> None:
    assert targets(route(demo, "2565551101", context="from-pstn", technology="FXO")) == ["FXS/101"]
    assert targets(route(demo, "2565551150", context="from-pstn", technology="FXO")) == []


@pytest.mark.parametrize(("keys", "target"), [("101", "FXS/101"), ("6002", "SIP/6002")])
def test_the_attendant_puts_through(demo: Dialplan, keys: str, target: str) -> None:
    assert targets(route(demo, "2565551100", context="from-pstn", technology="FXO", keys=keys)) == [target]


@pytest.mark.parametrize("keys", ["95550100", "911", "600", "85550100", "9#5550100", "*9", "sorry", "1019"])
@pytest.mark.parametrize("number", ["2565551100", "2565551109", "95550100", "911", "s", "5550100"])
def test_nobody_from_outside_reaches_an_outside_line(demo: Dialplan, number: str, keys: str) -> None:
    found = route(demo, number, context="from-pstn", technology="FXO", keys=keys)
    assert not any(target.startswith(("FXO/", "ISDN/", "SPAN/")) for target in targets(found))


def test_the_attendant_gives_up_after_three_tries(demo: Dialplan) -> None:
    found = route(demo, "2565551100", context="from-pstn", technology="FXO")
    assert sum("Background(office-greeting)" in step for step in found.steps) == 3
    assert any("Playback(vm-goodbye)" in step for step in found.steps)


@pytest.mark.parametrize(
    ("digits", "match"),
    [
        ("101", Match.COMPLETE),
        ("6001", Match.COMPLETE),
        ("600", Match.EXTENDABLE),
        ("9", Match.PARTIAL),
        ("95550100", Match.COMPLETE),
        ("9256555010", Match.PARTIAL),
        ("700", Match.COMPLETE),
        ("2", Match.IMPOSSIBLE),
    ],
)
def test_how_digits_keyed_in_the_office_are_collected(demo: Dialplan, digits: str, match: Match) -> None:
    assert demo.match("office", digits) is match


@pytest.mark.parametrize("code", ["9", "*67", "*70", "*72", "*82", "*90", "*92"])
def test_the_office_keeps_its_dial_tone_after_what_is_keyed_before_a_number(demo: Dialplan, code: str) -> None:
    numbers = DialplanNumbers(lambda: demo, lambda: NOON)
    assert numbers.keeps_dial_tone("office", code) and not numbers.keeps_dial_tone("office", f"{code}1")


@pytest.mark.parametrize(
    "step", ["ChanSpy(SIP/6001)", "MixMonitor(a.wav,ai(ID)p)", "MusicOnHold()", "Monitor(wav,b,m)"]
)
def test_what_records_listens_or_plays_for_long_is_supposed_and_ends(step: str) -> None:
    found = route(read_text(f"[office]\nexten => 1,1,{step}\n same => n,Hangup()"), "1")
    assert found.steps[0].endswith(step)
