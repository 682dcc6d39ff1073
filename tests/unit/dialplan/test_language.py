"""The language of extensions.conf beyond extensions and priorities: what lines and special extensions do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dialplan.loader import load
from dialplan.model import Dialplan
from gateway.core.cause import Cause
from gateway.core.errors import ConfigError
from gateway.core.number import Match, Party
from gateway.testing.loop import ManualLoop
from tests.unit.dialplan.office import FakeLeg, Office, read_text


def call(text: str, number: str = "100", leg: FakeLeg | None = None) -> FakeLeg:
    return asyncio.run(Office("[office]\n" + text).call(number, leg))


def said(dialplan: Dialplan, number: str, caller: str = "") -> list[str]:
    """The arguments of the steps that a number runs."""
    found: list[str] = []
    while (hit := dialplan.find("office", number, len(found) + 1, caller=caller)) is not None:
        found.append(hit.step.arguments.text)
    return found


class TestPriorities:
    def test_n_goes_on_where_the_pattern_above_stops(self) -> None:
        text = "[office]\nexten => _5XX,1,NoOp(a)\nexten => 555,n,NoOp(b)\nexten => _5XX,2,NoOp(c)\n"
        assert (said(read_text(text), "555"), said(read_text(text), "556")) == (["a", "b"], ["a", "c"])

    def test_n_goes_on_with_its_own_extension_among_others(self) -> None:
        text = "[office]\nexten => 1,1,NoOp(a)\nexten => 2,1,NoOp(x)\nexten => 2,n,NoOp(y)\nexten => 1,n,NoOp(b)\n"
        assert said(read_text(text), "1") == ["a", "b"]

    def test_a_label_counts_as_a_priority_with_an_offset(self) -> None:
        text = "[office]\nexten => 1,1(top),NoOp(a)\nexten => 1,top+1,NoOp(b)\n"
        assert said(read_text(text), "1") == ["a", "b"]

    def test_a_callers_number_may_be_written_for_the_eye(self) -> None:
        text = "[office]\nexten => 1/(256) 555-0100,1,NoOp(he)\nexten => 1,1,NoOp(all)\n"
        assert said(read_text(text), "1", "2565550100") == ["he"]


class TestLoopback:
    TEXT = """[office]
exten => 100,1,NoOp(own)
switch => Loopback/2${EXTEN}@old/_3XX
switch => Loopback/@short
include => later
[old]
exten => _23XX,1,NoOp(old ${EXTEN})
 same => n,NoOp(still ${EXTEN})
[short]
exten => 7,1,NoOp(short)
exten => 100,1,NoOp(never)
switch => Loopback/@office
[later]
exten => 7,1,NoOp(never)
exten => 8,1,NoOp(later)
"""

    def test_a_number_is_looked_up_elsewhere_and_rewritten(self) -> None:
        leg = asyncio.run(Office(self.TEXT).call("301"))
        assert [note.partition(" ")[2] for note in leg.notes] == [
            "old,2301,1 NoOp(old 2301)",
            "old,2301,2 NoOp(still 2301)",
        ]

    def test_it_counts_after_the_own_extensions_and_before_the_includes(self) -> None:
        dialplan = read_text(self.TEXT)
        assert [said(dialplan, number) for number in ("100", "7", "8")] == [["own"], ["short"], ["later"]]

    def test_two_that_lead_to_each_other_end(self) -> None:
        assert said(read_text(self.TEXT), "999") == []

    def test_one_that_makes_numbers_without_end_ends(self) -> None:
        assert said(read_text("[office]\nswitch => Loopback/1${EXTEN}\nexten => 5,1,NoOp()"), "6") == []

    def test_digits_are_waited_for(self) -> None:
        dialplan = read_text(self.TEXT)
        assert dialplan.match("office", "7") is Match.COMPLETE
        assert dialplan.match("office", "10") is Match.PARTIAL

    def test_other_switches_are_named(self) -> None:
        with pytest.raises(ConfigError, match=r"2: no switch 'Realtime'; only Loopback is built in"):
            read_text("[office]\nswitch => Realtime/office@extensions\n")

    def test_a_context_that_is_missing_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"2: no context 'ofice'; did you mean office\?"):
            read_text("[office]\nswitch => Loopback/@ofice\n")


class TestGeneral:
    def test_a_setting_that_means_nothing_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"2: no setting 'autofalthrough'; did you mean autofallthrough\?"):
            read_text("[general]\nautofalthrough=yes\nwriteprotect=no\n")

    def test_without_autofallthrough_a_caller_may_key_an_extension_at_the_end(self) -> None:
        text = "[general]\nautofallthrough=no\n[office]\nexten => 100,1,Answer()\nexten => 7,1,Hangup(17)\n"
        leg = asyncio.run(Office(text).call("100", FakeLeg(keys="7")))
        assert leg.ending is not None
        assert leg.ending.cause is Cause.USER_BUSY

    def test_clearglobalvars_forgets_what_scripts_have_set(self) -> None:
        text = "[globals]\nA=1\n[office]\nexten => 1,1,Set(GLOBAL(B)=2)\nexten => 2,1,Set(T=${A}${B})\n"
        for general, value in (("", "12"), ("[general]\nclearglobalvars=yes\n", "1")):
            office = Office(text)
            asyncio.run(office.call("1"))
            office.engine.load(read_text(general + text))
            assert asyncio.run(office.call("2")).variables["T"] == value


class TestFiles:
    FILES = {  # noqa: RUF012 - read only
        "extensions.conf": '#include "d/*.conf"\n#exec "make-phones all"\n',
        "d/a.conf": "[office]\nexten => 1,1,NoOp(a)\n",
        "d/b.conf": "[office]\nexten => 2,1,NoOp(b)\n",
    }

    def test_files_by_pattern_and_what_a_command_prints(self) -> None:
        def find(pattern: str) -> list[str]:
            assert pattern == "d/*.conf"
            return ["d/b.conf", "d/a.conf"]

        def execute(command: str) -> str:
            assert command == "make-phones all"
            return "[office]\nexten => 3,1,NoOp(c)\n"

        dialplan = load("extensions.conf", read=self.FILES.__getitem__, find=find, execute=execute)
        assert [said(dialplan, number) for number in "123"] == [["a"], ["b"], ["c"]]

    def test_neither_happens_unless_allowed(self) -> None:
        with pytest.raises(ConfigError) as refused:
            load("extensions.conf", read=self.FILES.__getitem__)
        assert [str(fault) for fault in refused.value.faults] == [
            "extensions.conf:1: 'd/*.conf' is not included: folders cannot be looked into here; name each file",
            "extensions.conf:2: #exec is not allowed here; "
            "put what it prints into the file, or allow exec in [permissions]",
        ]

    def test_a_command_that_fails_is_named(self) -> None:
        def execute(command: str) -> str:
            raise OSError(8, "Exec format error")

        with pytest.raises(ConfigError, match=r"1: 'x' failed: Exec format error"):
            load("x.conf", read=lambda path: "#exec x\n", execute=execute)
        with pytest.raises(ConfigError, match=r"1: '#exec ' names no command|names no command"):
            load("x.conf", read=lambda path: "#exec\n", execute=execute)


class TestHints:
    def test_a_hint_of_a_pattern_names_the_number(self) -> None:
        dialplan = read_text("[office]\nexten => _11XX,hint,PJSIP/${EXTEN}&FXS/${EXTEN:2},x\n")
        assert dialplan.hint("office", "1101") == "PJSIP/1101&FXS/01"
        assert dialplan.hint("office", "1201") == ""

    @pytest.mark.parametrize(("autohints", "hint"), [("yes", "FXS/101"), ("no", "")])
    def test_a_device_has_a_hint_by_its_own_name(self, autohints: str, hint: str) -> None:
        text = f"autohints = {autohints}\nexten => 100,1,Set(T=${{HINT(101)}}${{HINT(nobody)}})"
        assert call(text).variables["T"] == hint


class TestSpecialExtensions:
    def test_e_runs_where_i_or_t_is_missing_and_tells_why(self) -> None:
        text = "exten => 100,1,WaitExten(1)\nexten => e,1,Set(T=${EXCEPTION(reason)} ${EXCEPTION(exten)})\n"
        assert call(text, "999").variables["T"] == "INVALID 999"
        assert call(text, leg=FakeLeg(keys="-")).variables["T"] == "RESPONSETIMEOUT 100"

    def test_e_runs_when_a_step_fails(self) -> None:
        text = "exten => 100,1,Wait(soon)\nexten => e,1,Set(T=${EXCEPTION(reason)} ${EXCEPTION(priority)})\n"
        leg = call(text)
        assert leg.variables["T"] == "ERROR 1"
        assert "extensions.conf:2: 'soon' is no number of seconds" in leg.notes

    def test_a_step_of_e_that_fails_ends_the_call(self) -> None:
        leg = call("exten => 100,1,Wait(soon)\nexten => e,1,Wait(later)\n")
        assert leg.ending is not None
        assert "'later' is no number" in leg.ending.evidence

    def test_a_number_made_from_what_a_caller_sent_is_looked_at_before_it_runs(self) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", "9&SIP/thief")
        over = call("exten => 100,1,Goto(${CALLERID(name)},1)\nexten => _9.,1,Dial(FXO/${EXTEN})", leg=leg).ending
        assert over is not None
        assert over.cause is Cause.INVALID_NUMBER_FORMAT


class Waiting(FakeLeg):
    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def test_an_include_that_begins_to_hold_during_a_call_counts_from_then_on() -> None:
    text = (
        "[office]\nexten => 100,1,Wait(1)\ninclude => night,17:00-18:00,*,*,*\n"
        "[night]\nexten => 100,1,NoOp()\n same => n,Set(T=night)\n"
    )
    for hours, value in ((1, ""), (6, "night")):
        office = Office(text)

        class Later(FakeLeg):
            passing, place = timedelta(hours=hours), office

            async def wait(self, seconds: float) -> None:
                self.place.time += self.passing

        assert asyncio.run(office.call("100", Later())).variables.get("T", "") == value


class TestAbsoluteTimeout:
    def run(self, text: str, seconds: float) -> tuple[Waiting, Office]:
        loop = ManualLoop()
        office = Office("[office]\n" + text, answers=["FXS/101"])
        leg = Waiting()
        task = loop.create_task(office.call("100", leg))
        loop.advance(seconds, tick=0.5)
        assert task.done()
        loop.close()
        return leg, office

    def test_a_call_ends_when_its_time_is_up(self) -> None:
        leg, _ = self.run(
            "exten => 100,1,Set(TIMEOUT(absolute)=5)\n same => n,Wait(60)\nexten => h,1,NoOp(over)", 6
        )
        assert leg.ending is not None
        assert (leg.ending.evidence, leg.notes[-1][-10:]) == ("TIMEOUT(absolute) has passed", "NoOp(over)")

    def test_it_goes_to_t_capital_where_there_is_one(self) -> None:
        text = (
            "exten => 100,1,Set(TIMEOUT(absolute)=5)\n same => n,Wait(60)\nexten => T,1,Set(T=${EXCEPTION(reason)})"
        )
        leg, _ = self.run(text + "\n same => n,Wait(3)\n same => n,Set(T=${T}.)", 10)
        assert leg.variables["T"] == "ABSOLUTETIMEOUT."

    def test_the_time_left_is_told_and_can_be_taken_back(self) -> None:
        text = (
            "exten => 100,1,Set(TIMEOUT(absolute)=5)\n same => n,Wait(2)\n same => n,Set(T=${TIMEOUT(absolute)})\n"
        )
        leg, _ = self.run(text + " same => n,Set(TIMEOUT(absolute)=0)\n same => n,Wait(9)\n same => n,Set(U=1)", 15)
        assert (leg.variables["T"], leg.variables["U"]) == ("3.000", "1")
