"""Calls run through dialplans, and each ends with a reason."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.engine import DialplanEngine
from dialplan.functions import FUNCTIONS
from dialplan.script import Script
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.number import Party
from tests.unit.dialplan.office import CALLER_HUNG_UP, FAR_SIDE_HUNG_UP, FakeLeg, Office, read_text


class SlowLoop(asyncio.SelectorEventLoop):
    """An event loop on whose clock everything takes a twentieth of a second."""

    passed = 0.0

    def time(self) -> float:
        self.passed += 0.05
        return self.passed


def call(text: str, number: str = "100", leg: FakeLeg | None = None) -> FakeLeg:
    return asyncio.run(Office("[office]\n" + text).call(number, leg))


def ending(leg: FakeLeg) -> Ending:
    assert leg.ending is not None
    return leg.ending


def test_each_step_is_noted_with_its_place_and_filled_arguments() -> None:
    leg = call("exten => _1XX,1,NoOp(${EXTEN})\n same => n,Set(A=1)\n same => n,NoOp(${A}${EXTEN:1})")
    assert leg.notes == [
        "extensions.conf:2 office,100,1 NoOp(100)",
        "extensions.conf:3 office,100,2 Set(A=1)",
        "extensions.conf:4 office,100,3 NoOp(100)",
    ]


def test_falling_off_the_end_clears_normally() -> None:
    assert ending(call("exten => 100,1,Answer()")) == Ending(
        Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "end of extension 100 after extensions.conf:2"
    )


def test_an_unknown_number_ends_as_unallocated_by_the_dialplan() -> None:
    over = ending(call("exten => 100,1,Answer()", "999"))
    assert (over.cause, over.by, over.evidence) == (
        Cause.UNALLOCATED_NUMBER,
        "the dialplan",
        "no extension 999 in context office",
    )
    assert over.advice == "Dial another number, or write an extension 999 in [office]."


def test_a_number_that_is_included_at_another_hour_is_told_with_the_hour() -> None:
    text = "include => later|*|*|*|{month}\n[later]\nexten => 999,1,Answer()"
    months = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    told = {month: str(ending(call(text.format(month=month), "999"))) for month in months}
    (now,) = (month for month, sentence in told.items() if "no extension" not in sentence)
    del told[now]
    for month, sentence in told.items():
        assert "no extension 999 in context office at this hour" in sentence
        assert sentence.endswith(f"[later], which has one, is included at *,*,*,{month} alone (extensions.conf:2).")


def test_an_unknown_number_runs_i_where_there_is_one() -> None:
    leg = call("exten => 100,1,Answer()\nexten => i,1,NoOp(${INVALID_EXTEN})\n same => n,Hangup(1)", "999")
    assert "extensions.conf:3 office,i,1 NoOp(999)" in leg.notes
    assert ending(leg).evidence == "no extension 999 in context office, Hangup(1) at extensions.conf:4"
    assert (ending(leg).cause, ending(leg).act) == (Cause.UNALLOCATED_NUMBER, Act.REFUSED)


def test_a_context_that_does_not_exist_is_named() -> None:
    leg = asyncio.run(Office("[office]\nexten => 1,1,Answer()").call("1", context="nowhere"))
    assert ending(leg).evidence == "no context nowhere"


def test_no_number_runs_s() -> None:
    assert "answer" in call("exten => s,1,Answer()", "").told


def test_h_runs_once_the_leg_is_over_and_cannot_speak_to_it() -> None:
    leg = call(
        "exten => 100,1,Wait(1)\n same => n,WaitExten()\n"
        "exten => h,1,NoOp(${HANGUPCAUSE})\n same => n,Playback(goodbye)\n same => n,NoOp(never)",
        leg=FakeLeg(keys="h"),
    )
    assert leg.notes[-2:] == [
        "extensions.conf:4 office,h,1 NoOp(16)",
        "extensions.conf:5 office,h,2 Playback(goodbye)",
    ]
    assert leg.heard == []
    assert ending(leg) == CALLER_HUNG_UP


def test_a_pattern_for_every_number_does_not_catch_the_special_extensions() -> None:
    leg = call("exten => _.,1,WaitExten(1)", leg=FakeLeg(keys="-"))
    assert len(leg.notes) == 1


def test_h_runs_after_a_normal_end_too() -> None:
    assert call("exten => 100,1,NoOp()\nexten => h,1,NoOp(over)").notes[-1].endswith("NoOp(over)")


def test_a_loop_in_which_no_time_passes_is_stopped_and_named() -> None:
    leg = call("exten => 100,1,NoOp()\n same => n,Goto(1)")
    over = ending(leg)
    assert over.cause is Cause.TEMPORARY_FAILURE
    assert over.evidence.startswith("dialplan loop at extensions.conf:3: 1000 steps")
    assert over.advice == "Let the loop end, or put a Wait() into it."


def test_a_loop_is_found_out_on_a_machine_so_busy_that_every_step_takes_long() -> None:
    leg = FakeLeg()
    office = Office("[office]\nexten => 100,1,NoOp()\n same => n,Goto(1)")
    with asyncio.Runner(loop_factory=SlowLoop) as runner:
        runner.run(office.call("100", leg))
    assert "dialplan loop" in ending(leg).evidence


def test_a_loop_in_which_time_passes_goes_on() -> None:
    class Waiting(FakeLeg):
        async def wait(self, seconds: float) -> None:
            await asyncio.sleep(0)

    office = Office(
        "[office]\nexten => 100,1,Wait(1)\n same => n,GotoIf($[${INC(N)} < 2000]?1)\n same => n,NoOp(done)",
        step_limit=100,
    )
    leg = Waiting()
    with asyncio.Runner(loop_factory=SlowLoop) as runner:
        runner.run(office.call("100", leg))
    assert leg.notes[-1].endswith("NoOp(done)")


def test_a_loop_in_h_is_stopped_too() -> None:
    leg = call("exten => 100,1,Hangup()\nexten => h,1,Goto(1)")
    assert "dialplan loop" in leg.notes[-1]
    assert ending(leg).cause is Cause.NORMAL_CLEARING


def test_recursion_without_end_is_stopped() -> None:
    assert "more than 500 subroutines" in ending(call("exten => 100,1,Gosub(100,1)")).evidence


def test_a_variable_that_doubles_without_end_is_stopped() -> None:
    over = ending(call("exten => 100,1,Set(A=x${A}${A})\n same => n,Goto(1)"))
    assert "more than 65536 characters" in over.evidence


def test_new_variables_without_end_are_stopped() -> None:
    text = "[office]\nexten => 1,1,Set(N=0)\n same => n(up),Set(V${INC(N)}=x)\n same => n,Goto(up)"
    leg = asyncio.run(Office(text, step_limit=10**6).call("1"))
    assert "more than 2000 variables" in ending(leg).evidence
    assert len(leg.variables) == 2000


def test_a_step_that_cannot_be_carried_out_ends_the_call_and_names_the_line() -> None:
    over = ending(call("exten => 100,1,Answer()\n same => n,Wait(soon)"))
    assert over == Ending(
        Cause.TEMPORARY_FAILURE,
        "the dialplan",
        Act.FAILED,
        "extensions.conf:3 office,100,2: 'soon' is no number of seconds",
        "Mend the step at extensions.conf:3.",
    )


def test_an_application_with_a_fault_of_its_own_ends_the_call_and_shows_itself() -> None:
    async def broken(script: Script, arguments: str) -> None:
        raise ZeroDivisionError("division by zero")

    office = Office("[office]\nexten => 100,1,NoOp()")
    office.engine = DialplanEngine(office.dialplan, office, applications={"noop": broken}, functions=FUNCTIONS)
    over = ending(asyncio.run(office.call("100")))
    assert over.evidence == "extensions.conf:2 office,100,1: ZeroDivisionError: division by zero"
    assert over.advice.startswith("This is a fault of Copperline")


@pytest.mark.parametrize("number", ["101&SIP/6002", "1,2", "101@evil", "${X}", "1/2", "a b", "1\r\n2", "(", "\x00"])
def test_a_number_that_could_mean_more_than_itself_is_refused(number: str) -> None:
    office = Office("[office]\nexten => _.,1,Dial(SIP/${EXTEN})")
    over = ending(asyncio.run(office.call(number)))
    assert over.cause is Cause.INVALID_NUMBER_FORMAT
    assert office.dialled == []


@pytest.mark.parametrize("number", ["+12565551100", "*98", "#1", "ada.b_c-d", "édith", "100!"])
def test_honest_numbers_and_names_pass(number: str) -> None:
    office = Office("[office]\nexten => _.,1,Dial(SIP/${EXTEN})")
    asyncio.run(office.call(number))
    assert office.dialled == [([f"SIP/{number}"], None)]


@given(st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_whatever_a_caller_is_called_the_call_takes_its_path(number: str, name: str) -> None:
    leg = FakeLeg()
    leg.party = Party(number, name)
    office = Office(
        "[office]\nexten => 100,1,Set(WHO=${CALLERID(name)}/${CALLERID(num)})\n"
        ' same => n,GotoIf($["${CALLERID(name)}" = "the boss"]?secret)\n'
        " same => n,GotoIf($[${CALLERID(num)} = 17171717]?secret)\n"
        " same => n,Busy()\n same => n(secret),Congestion()"
    )
    asyncio.run(office.call("100", leg))
    assert leg.variables["WHO"] == f"{name}/{number}"
    assert ending(leg).cause is Cause.USER_BUSY


@pytest.mark.parametrize(
    "name", ["x):Busy(", "x:Busy()", "x)?Busy():Busy(", 'x"):Busy("', "x\\):Busy(", "\U000f0000"]
)
def test_a_name_never_adds_an_application_of_its_own(name: str) -> None:
    leg = FakeLeg()
    leg.party = Party("6001", name)
    call(
        "exten => 100,1,ExecIf(0?NoOp(${CALLERID(name)}):Set(B=${CALLERID(name)}))\n"
        " same => n,ExecIf(1?Set(A=${CALLERID(name)}):Set(A=wrong))\n"
        " same => n,GotoIf(0?${CALLERID(name)}:on)\n"
        " same => n,Busy()\n same => n(on),Hangup()",
        leg=leg,
    )
    assert (leg.variables["A"], leg.variables["B"]) == (name, name)
    assert ending(leg).cause is Cause.NORMAL_CLEARING


def test_a_script_keeps_its_dialplan_when_another_is_loaded() -> None:
    office = Office("[globals]\nG=old\n[office]\nexten => 100,1,Answer()\n same => n,Wait(1)\n same => n,NoOp(old)")
    newer = read_text("[globals]\nG=new\n[office]\nexten => 100,1,NoOp(new ${G} ${H})")

    class Reloading(FakeLeg):
        async def wait(self, seconds: float) -> None:
            office.engine.load(newer)

    first, second = Reloading(), FakeLeg()
    asyncio.run(office.call("100", first))
    asyncio.run(office.call("100", second))
    assert first.notes[-1].endswith("NoOp(old)")
    assert second.notes[-1].endswith("NoOp(new new )")


def test_globals_are_shared_by_calls_and_leg_variables_are_not() -> None:
    office = Office(
        "[office]\nexten => 1,1,Set(GLOBAL(NIGHT)=yes)\n same => n,Set(MINE=1)\nexten => 2,1,NoOp(${NIGHT}/${MINE})"
    )
    asyncio.run(office.call("1"))
    assert asyncio.run(office.call("2")).notes[-1].endswith("NoOp(yes/)")


def test_a_hundred_scripts_that_only_compute_take_turns() -> None:
    text = "[office]\nexten => 1,1,Set(N=0)\n same => n(up),Set(N=$[${N} + 1])\n same => n,GotoIf($[${N} < 400]?up)"
    office = Office(text, step_limit=5000)
    order: list[str] = []

    async def one(name: str) -> None:
        await office.engine.run(FakeLeg(name), "office", "1")
        order.append(name)

    async def all_at_once() -> None:
        quick = Office("[office]\nexten => 1,1,Busy()")
        long = asyncio.create_task(one("SIP/long"))
        await asyncio.sleep(0)
        await quick.call("1")
        order.append("quick")
        await long

    asyncio.run(all_at_once())
    assert order == ["quick", "SIP/long"]


def test_the_far_side_hanging_up_is_told_unchanged() -> None:
    office = Office("[office]\nexten => 101,1,Dial(FXS/101)", answers=["FXS/101"])
    assert ending(asyncio.run(office.call("101"))) is FAR_SIDE_HUNG_UP
