"""Macros as Asterisk's app_macro runs them."""

from __future__ import annotations

import asyncio

from dialplan.check import doubts
from gateway.core.ending import Act
from tests.unit.dialplan.office import FakeLeg, Office, read_text


def run(text: str, number: str = "100", leg: FakeLeg | None = None) -> FakeLeg:
    return asyncio.run(Office(text).call(number, leg))


def test_arguments_and_where_it_was_called_from() -> None:
    leg = run("""[office]
exten => 100,1,Macro(say,one,two)
 same => n,Set(AFTER=${ARG1}${MACRO_EXTEN})
[macro-say]
exten => s,1,Set(SAID=${ARG1}/${ARG2}/${ARGC} ${MACRO_CONTEXT},${MACRO_EXTEN},${MACRO_PRIORITY} at ${EXTEN})
""")
    assert leg.variables["SAID"] == "one/two/2 office,100,1 at s"
    assert leg.variables["AFTER"] == ""


def test_a_macro_within_a_macro_each_with_its_own_arguments() -> None:
    leg = run("""[office]
exten => 100,1,Macro(a,x)
 same => n,Set(END=1)
[macro-a]
exten => s,1,Macro(b,y)
 same => n,Set(A=${ARG1})
[macro-b]
exten => s,1,Set(B=${ARG1})
 same => n,MacroExit()
 same => n,Set(B=never)
""")
    assert [leg.variables[name] for name in ("A", "B", "END")] == ["x", "y", "1"]


def test_a_subroutine_as_the_last_step_of_a_macro() -> None:
    leg = run("""[office]
exten => 100,1,Macro(a)
 same => n,Set(END=1)
[macro-a]
exten => s,1,Gosub(sub,s,1)
[sub]
exten => s,1,Return()
""")
    assert leg.variables["END"] == "1"


def test_who_jumps_out_of_a_macro_does_not_come_back() -> None:
    leg = run("""[office]
exten => 100,1,Macro(a)
 same => n,Set(BACK=1)
exten => 200,1,Set(OUT=${EXTEN}${ARG1})
[macro-a]
exten => s,1,Goto(office,200,1)
""")
    assert leg.variables["OUT"] == "200" and "BACK" not in leg.variables


def test_steps_are_passed_over_by_macro_offset() -> None:
    leg = run("""[office]
exten => 100,1,Macro(a)
 same => n,Set(ONE=1)
 same => n,Set(TWO=1)
[macro-a]
exten => s,1,Set(MACRO_OFFSET=1)
""")
    assert "ONE" not in leg.variables and leg.variables["TWO"] == "1"


def test_one_macro_or_the_other() -> None:
    text = "[office]\nexten => _X,1,MacroIf($[${EXTEN} = 1]?yes,a:no)\n"
    text += "[macro-yes]\nexten => s,1,Set(R=yes ${ARG1})\n[macro-no]\nexten => s,1,Set(R=no)\n"
    assert run(text, "1").variables["R"] == "yes a"
    assert run(text, "2").variables["R"] == "no"


def test_the_end_of_the_call_is_that_of_who_ran_the_macro() -> None:
    leg = run("""[office]
exten => 100,1,Macro(a)
exten => h,1,Set(H=${EXTEN} of ${CONTEXT})
[macro-a]
exten => s,1,Hangup()
""")
    assert leg.variables["H"] == "h of office"


def test_a_macro_that_is_not_there() -> None:
    leg = run("[office]\nexten => 100,1,Macro(${CALLERID(num)}x)\n")
    assert leg.ending is not None and leg.ending.act is Act.FAILED
    assert "there is no macro 'x': write [macro-x] with an extension s" in leg.ending.evidence
    assert "MacroExit without Macro" in str(run("[office]\nexten => 100,1,MacroExit()\n").ending)


def test_macros_are_looked_for_when_the_file_is_read() -> None:
    plan = read_text("[office]\nexten => 1,1,Macro(a)\n[macro-a]\nexten => s,1,NoOp()\n")
    assert doubts(plan) == []


def test_a_macro_that_calls_itself_is_stopped() -> None:
    leg = run("[office]\nexten => 100,1,Macro(a)\n[macro-a]\nexten => s,1,Macro(a)\n")
    assert leg.ending is not None and "subroutines within one another" in leg.ending.evidence
