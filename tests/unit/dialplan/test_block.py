"""Loops and branches run as Asterisk runs them."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.dialplan.office import FakeLeg, Office


def run(*steps: str) -> FakeLeg:
    text = "[office]\nexten => 100,1,Set(T=)\n" + "".join(f" same => n,{step}\n" for step in steps)
    return asyncio.run(Office(text.replace("n,(", "n(")).call("100"))


def said(*steps: str) -> str:
    return run(*steps).variables["T"]


COUNT = ["Set(N=0)", "While($[${N} < 3])", "Set(T=${T}${N})", "Set(N=${INC(N)})"]


class TestLoops:
    def test_a_loop_runs_while_its_condition_holds(self) -> None:
        assert said(*COUNT, "EndWhile()", "Set(T=${T}.)") == "012."

    def test_a_loop_whose_condition_never_holds_is_passed_over(self) -> None:
        assert (
            said("While(0)", "Set(T=x)", "While(1)", "EndWhile()", "Set(T=y)", "EndWhile()", "Set(T=${T}.)") == "."
        )

    def test_a_loop_within_a_loop(self) -> None:
        inner = ["Set(M=0)", "While($[${M} < 2])", "Set(T=${T}${M})", "Set(M=${INC(M)})", "EndWhile()"]
        assert said(*COUNT, *inner, "EndWhile()") == "001101201"

    def test_a_loop_is_left(self) -> None:
        assert said(*COUNT, "ExecIf($[${N} = 2]?ExitWhile())", "EndWhile()", "Set(T=${T}.)") == "01."

    def test_a_loop_is_left_before_its_end_was_ever_seen(self) -> None:
        nested = ["ExitWhile()", "While(1)", "EndWhile()", "Set(T=${T}x)"]
        assert said("While(1)", *nested, "EndWhile()", "Set(T=${T}.)") == "."

    def test_a_loop_goes_on_at_once(self) -> None:
        assert said(*COUNT, "ExecIf($[${N} = 2]?ContinueWhile())", "Set(T=${T}-)", "EndWhile()") == "0-12-"

    def test_a_loop_is_entered_a_second_time(self) -> None:
        again = ["EndWhile()", "Set(R=${R}r)", "GotoIf($[${LEN(${R})} < 2]?2)"]
        assert said(*COUNT, *again) == "012012"

    def test_a_loop_is_left_from_another_extension_once_its_end_is_known(self) -> None:
        text = (
            "[office]\nexten => 100,1,Set(N=0)\n same => n,While(1)\n same => n,GotoIf($[${INC(N)} = 3]?200,1)\n"
            " same => n,EndWhile()\n same => n,Set(T=${EXTEN} ${N})\nexten => 200,1,ExitWhile()\n"
        )
        assert asyncio.run(Office(text).call("100")).variables["T"] == "100 3"

    def test_ends_without_a_loop_do_nothing(self) -> None:
        assert said("EndWhile()", "ContinueWhile()", "ExitWhile()", "Set(T=.)") == "."

    def test_a_loop_without_an_end_is_left_where_it_stands(self) -> None:
        assert said("While(0)", "Set(T=x)") == "x"

    def test_loops_without_end_within_loops_are_stopped(self) -> None:
        text = "[office]\nexten => _X!,1,NoOp()\n same => n,While(1)\n same => n,Goto(${EXTEN}1,2)"
        leg = asyncio.run(Office(text).call("1"))
        assert leg.ending is not None
        assert "more than 100 loops" in leg.ending.evidence


class TestBranches:
    @pytest.mark.parametrize(("x", "value"), [("1", "a."), ("2", "b."), ("3", "c."), ("4", "d.")])
    def test_the_first_branch_whose_condition_holds(self, x: str, value: str) -> None:
        branches = ["If($[${X} = 1])", "Set(T=a)", "ExitIf()", "ElseIf($[${X} = 2])", "Set(T=b)", "ExitIf()"]
        branches += ["ElseIf($[${X} = 3])", "Set(T=c)", "Else()", "Set(T=d)", "EndIf()", "Set(T=${T}.)"]
        assert said(f"Set(X={x})", *branches) == value

    def test_a_branch_falls_into_the_next_elseif_unless_it_is_left(self) -> None:
        assert said("If(1)", "Set(T=a)", "ElseIf(1)", "Set(T=${T}b)", "Else()", "Set(T=${T}c)", "EndIf()") == "ab"

    def test_no_branch_at_all(self) -> None:
        assert said("If(0)", "Set(T=x)", "EndIf()", "Set(T=${T}.)") == "."

    def test_branches_within_branches(self) -> None:
        inner = ["If(0)", "Set(T=x)", "Else()", "Set(T=${T}i)", "EndIf()"]
        assert said("If(0)", *inner, "Else()", *inner, "Set(T=${T}e)", "EndIf()", "Set(T=${T}.)") == "ie."

    def test_an_inner_branch_does_not_end_the_outer_one(self) -> None:
        inner = ["If(1)", "Set(T=${T}i)", "ExitIf()", "Set(T=x)", "EndIf()"]
        assert said("If(1)", *inner, "Set(T=${T}o)", "EndIf()") == "io"

    def test_branches_without_an_end_are_run_through(self) -> None:
        assert said("If(0)", "Set(T=x)") == "x"
