"""Applications that take keys, listen, wait and reach the machine."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from dialplan.engine import DialplanEngine
from dialplan.shared import Permissions
from gateway.core.audio import Samples, Sound
from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.number import Party
from tests.unit.dialplan.office import NOON, FakeLeg, Office


def office(*steps: str) -> Office:
    return Office("[office]\nexten => 100,1,NoOp()\n" + "".join(f" same => n,{step}\n" for step in steps))


def call(*steps: str, leg: FakeLeg | None = None) -> FakeLeg:
    return asyncio.run(office(*steps).call("100", leg))


def ending(leg: FakeLeg) -> Ending:
    assert leg.ending is not None
    return leg.ending


class TestRead:
    @pytest.mark.parametrize(
        ("arguments", "keys", "value", "status"),
        [
            ("X,enter", "12#", "12", "OK"),
            ("X,enter,2", "123", "12", "OK"),
            ("X,,4", "12-", "12", "OK"),
            ("X,enter", "-", "", "TIMEOUT"),
            ("X,enter", "#", "", "OK"),
            ("X,enter,,t(*)", "1#2*", "1#2", "OK"),
            ("X,enter,3,,2", "-123", "123", "OK"),
            ("X,dial,,i", "7#", "7", "OK"),
        ],
    )
    def test_keys_become_a_variable(self, arguments: str, keys: str, value: str, status: str) -> None:
        class Patient(FakeLeg):
            async def play(self, sounds: Sequence[Sound], escape: str = "") -> str:
                self.heard.extend(sound.name for sound in sounds)
                return ""

        leg = call(f"Read({arguments})", leg=Patient(keys=keys))
        assert (leg.variables["X"], leg.variables["READSTATUS"]) == (value, status)
        assert leg.told == ["answer"]

    def test_a_key_ends_the_prompt(self) -> None:
        leg = call("Read(X,enter&number,2)", leg=FakeLeg(keys="42"))
        assert (leg.heard, leg.variables["X"]) == (["enter", "number"], "42")

    def test_times_are_those_of_the_last_argument_or_of_timeout(self) -> None:
        leg = call(
            "Set(TIMEOUT(digit)=2)",
            "Set(TIMEOUT(response)=3)",
            "Read(X)",
            "Read(X,,,,,7)",
            leg=FakeLeg(keys="1-1-"),
        )
        assert leg.patience == [3.0, 2.0, 7.0, 7.0]

    def test_nothing_is_read_before_an_answer_where_asked(self) -> None:
        leg = call("Read(X,enter,,s)")
        assert (leg.told, leg.variables["READSTATUS"]) == ([], "SKIPPED")

    def test_what_was_typed_is_told_neither_in_notes_nor_in_the_record(self) -> None:
        """A PIN, or the number of a card; a key of a menu is no secret."""
        steps = ("Read(CARD)", "Read(MENU,,1)", "NoOp(${CARD}, ${MENU})", "Set(SHOWN=${CDR(lastdata)}${CARD:-4})")
        leg = call(*steps, leg=FakeLeg(keys="4111#2"))
        assert leg.variables["CARD"] == "4111"
        assert any("NoOp(????, 2)" in note for note in leg.notes)
        assert not any("4111" in note for note in leg.notes)

    def test_nor_by_applications_that_note_or_fail(self) -> None:
        steps = (
            "Read(CARD)",
            "Verbose(1,card ${CARD})",
            "Log(NOTICE,card ${CARD})",
            "UserEvent(card,number: ${CARD})",
            "DumpChan()",
            "TryExec(SayNumber(${CARD}.5))",
            "SayNumber(${CARD}.5)",
        )
        leg = call(*steps, leg=FakeLeg(keys="4111#"))
        assert leg.variables["CARD"] == "4111"
        assert "card ????" in leg.notes and "NOTICE: card ????" in leg.notes
        assert not any("4111" in note for note in leg.notes)
        assert "????.5' is no whole number" in ending(leg).evidence

    @pytest.mark.parametrize(
        "step",
        [
            "Authenticate(4711,,4)",
            "DISA(4711,office)",
            "TryExec(Authenticate(4711))",
            "ExecIf($[1]?Authenticate(4711))",
            "Set(CONFBRIDGE(user,pin)=4711)",
        ],
    )
    def test_nor_are_passwords_of_the_dialplan(self, step: str) -> None:
        leg = call("NoOp(4711)", step, "Set(LAST=${CDR(lastdata)})", leg=FakeLeg(keys="1#"))
        assert any("NoOp(4711)" in note for note in leg.notes), "what that is nobody knows yet"
        assert not any("4711" in note for note in leg.notes[2:])
        assert any("????" in note for note in leg.notes)

    def test_a_path_and_no_password_are_none(self) -> None:
        leg = call("TryExec(Authenticate(/etc/pins))", leg=FakeLeg(keys="1#"))
        assert any("Authenticate(/etc/pins)" in note for note in leg.notes)
        assert any("DISA(no-password,office)" in note for note in call("DISA(no-password,office)").notes)

    def test_the_latest_of_many_entries_are_not_told_however_long_they_are(self) -> None:
        few = [str(number) for number in range(201, 225)]
        steps = [*["Read(CHOICE)"] * len(few), "Read(CARD)", "Read(CHOICE)", "NoOp(${CARD})"]
        leg = call(*steps, leg=FakeLeg(keys="#".join([*few, "49494949", "777", ""])))
        assert leg.variables["CARD"] == "49494949"
        assert not any("49494949" in note for note in leg.notes)

    def test_unless_the_office_wants_to_look_into_keys(self) -> None:
        told = office("Read(CARD)", "NoOp(${CARD})")
        told.engine = DialplanEngine(told.dialplan, told, shows_keys=True)
        leg = asyncio.run(told.call("100", FakeLeg(keys="4111#")))
        assert any("NoOp(4111)" in note for note in leg.notes)

    def test_without_a_variable_it_is_refused(self) -> None:
        assert "wants the name of a variable" in ending(call("Read(,enter)")).evidence


class TestReadExten:
    TEXT = (
        "[office]\nexten => 100,1,ReadExten(X,enter,phones)\n same => n,NoOp()\n"
        "[phones]\nexten => 101,1,NoOp()\nexten => 1015,1,NoOp()\nexten => _2X,1,NoOp()\n"
    )

    @pytest.mark.parametrize(
        ("keys", "value", "status"),
        [
            ("25", "25", "OK"),
            ("101-", "101", "OK"),
            ("1015", "1015", "OK"),
            ("3", "i", "INVALID"),
            ("--", "t", "TIMEOUT"),
        ],
    )
    def test_an_extension_of_another_context(self, keys: str, value: str, status: str) -> None:
        leg = asyncio.run(Office(self.TEXT).call("100", FakeLeg(keys=keys)))
        assert (leg.variables["X"], leg.variables["READEXTENSTATUS"]) == (value, status)

    def test_what_is_none_is_not_told(self) -> None:
        leg = asyncio.run(
            Office(self.TEXT.replace("NoOp()", "NoOp(${INVALID_EXTEN})", 1)).call("100", FakeLeg(keys="1017-"))
        )
        assert leg.variables["INVALID_EXTEN"] == "1017"
        assert any("NoOp(????)" in note for note in leg.notes) and not any("1017" in note for note in leg.notes)

    @pytest.mark.parametrize(
        ("options", "keys", "value", "status"),
        [("p", "101#", "101", "OK"), ("", "101#", "i", "INVALID"), ("p", "#", "t", "TIMEOUT")],
    )
    def test_the_hash_key_may_end_it(self, options: str, keys: str, value: str, status: str) -> None:
        text = self.TEXT.replace("enter,phones", f"enter,phones,{options}")
        leg = asyncio.run(Office(text).call("100", FakeLeg(keys=keys)))
        assert (leg.variables["X"], leg.variables["READEXTENSTATUS"]) == (value, status)


class TestAuthenticate:
    def test_the_right_password_goes_on(self) -> None:
        leg = call("Authenticate(42)", "NoOp(in)", leg=FakeLeg(keys="7#42#"))
        assert leg.heard == ["agent-pass", "auth-incorrect", "auth-thankyou"]
        assert leg.notes[-1].endswith("NoOp(in)")

    def test_three_wrong_ones_end_the_call(self) -> None:
        leg = call("Authenticate(42)", "NoOp(in)", leg=FakeLeg(keys="1#2#3#42#"))
        assert (ending(leg).cause, leg.heard[-1]) == (Cause.CALL_REJECTED, "vm-goodbye")

    def test_passwords_of_the_database_that_count_once(self) -> None:
        both = office(
            "Set(DB(pins/77)=Ada)", "Authenticate(/pins,dra,2)", "Set(T=${CDR(accountcode)}${DB_EXISTS(pins/77)})"
        )
        assert asyncio.run(both.call("100", FakeLeg(keys="77"))).variables["T"] == "770"


class TestOtherKeys:
    def test_waiting_for_one_of_some_keys(self) -> None:
        leg = call("WaitDigit(5,12)", "Set(T=${WAITDIGITSTATUS}${WAITDIGITRESULT})", leg=FakeLeg(keys="92"))
        assert leg.variables["T"] == "DTMF2"
        assert call("WaitDigit(5)", leg=FakeLeg(keys="-")).variables["WAITDIGITSTATUS"] == "TIMEOUT"

    def test_keys_are_sent(self) -> None:
        leg = FakeLeg()
        call("Answer()", "SendDTMF(1w#W,100,50)", leg=leg)
        assert leg.sent == [("1", 0.05, 0.1), ("#", 0.05, 0.1)]
        assert leg.waited == pytest.approx(0.15 + 0.5 + 0.15 + 1)

    def test_what_is_no_key_is_not_sent(self) -> None:
        assert "cannot be sent as keys" in ending(call("SendDTMF(12x)")).evidence

    def test_a_flash_among_the_keys_and_by_itself(self) -> None:
        leg = FakeLeg("FXO/copper1-1")
        call("Answer()", "SendDTMF(f1)", "Flash()", leg=leg)
        assert leg.told == ["answer", "flash", "flash"] and [keys for keys, _, _ in leg.sent] == ["1"]

    def test_a_leg_without_a_hook_is_told_of_and_the_script_goes_on(self) -> None:
        leg = call("Flash()", "NoOp(on)", leg=FakeLeg("Local/1-1"))
        assert "Flash: account 6001 has no hook to work" in leg.notes
        assert leg.notes[-1].endswith("NoOp(on)")

    def test_keys_for_a_channel_that_is_not_there(self) -> None:
        assert "no channel FXS/9" in ending(call("SendDTMF(1,,,FXS/9)")).evidence.replace("'", "")

    def test_an_incomplete_number_is_gone_on_with(self) -> None:
        text = "[office]\nexten => _1X,1,Answer()\n same => n,Incomplete()\nexten => _1XX,1,NoOp(${EXTEN})\n"
        leg = asyncio.run(Office(text).call("12", FakeLeg(keys="3")))
        assert leg.notes[-1].endswith("office,123,1 NoOp(123)")

    def test_an_incomplete_number_that_cannot_be_gone_on_with_is_refused(self) -> None:
        assert ending(call("Incomplete()")).cause is Cause.INVALID_NUMBER_FORMAT


def sound(*parts: tuple[float, int]) -> Samples:
    return np.concatenate([np.full(int(length * 8000), level, np.int16) for length, level in parts])


class TestListening:
    @pytest.mark.parametrize(
        ("application", "heard", "status"),
        [
            ("WaitForSilence(1000)", sound((2, 900), (3, 0)), "SILENCE"),
            ("WaitForSilence(500,2)", sound((0.6, 0), (1, 900), (0.6, 0)), "SILENCE"),
            ("WaitForSilence(5000,1,3)", sound((9, 900)), "TIMEOUT"),
            ("WaitForNoise(300)", sound((1, 0), (1, 900)), "NOISE"),
            ("WaitForNoise(300,1,2)", sound((9, 0)), "TIMEOUT"),
        ],
    )
    def test_it_waits_for_what_is_wanted(self, application: str, heard: Samples, status: str) -> None:
        leg = call("Answer()", application, leg=FakeLeg(incoming=heard))
        assert leg.variables["WAITSTATUS"] == status

    def test_it_waits_as_often_as_is_wanted(self) -> None:
        heard = sound((0.6, 0), (1, 900), (9, 0))
        once, twice = (FakeLeg(incoming=heard) for _ in range(2))
        call("Answer()", "WaitForSilence(500)", leg=once)
        call("Answer()", "WaitForSilence(500,2)", leg=twice)
        assert twice.waited > once.waited + 0.5

    def test_before_an_answer_there_is_nothing_to_hear(self) -> None:
        assert "nothing to listen to" in ending(call("WaitForSilence(10)")).evidence

    @pytest.mark.parametrize(
        ("moment", "status", "waited"),
        [(60, "OK", 60.0), (-1, "PAST", 0.0), ("soon", "FAILURE", 0.0), ("nan", "FAILURE", 0.0)],
    )
    def test_until_a_moment(self, moment: object, status: str, waited: float) -> None:
        text = (
            moment if isinstance(moment, str) else int((NOON + timedelta(seconds=float(str(moment)))).timestamp())
        )
        leg = call(f"WaitUntil({text})")
        assert (leg.variables["WAITUNTILSTATUS"], leg.waited) == (status, waited)


class TestTheMachine:
    def run(self, *steps: str, leg: FakeLeg | None = None, allowed: bool = True) -> FakeLeg:
        place = office(*steps)
        permissions = Permissions(shell=allowed, environment=allowed)
        place.engine = DialplanEngine(place.dialplan, place, permissions=permissions)
        return asyncio.run(place.call("100", leg))

    def test_nothing_is_run_unless_allowed(self) -> None:
        leg = self.run("System(true)", "Set(T=<${SHELL(echo x)}${ENV(HOME)}>${SYSTEMSTATUS})", allowed=False)
        assert leg.variables["T"] == "<>FAILURE"
        assert any("commands are not allowed here" in note for note in leg.notes)
        assert any("environment variables are not allowed here" in note for note in leg.notes)

    def test_what_is_allowed_runs(self) -> None:
        leg = self.run("System(true)", "Set(A=${SYSTEMSTATUS})", "TrySystem(exit 3)", "Set(T=${A} ${SYSTEMSTATUS})")
        assert leg.variables["T"] == "SUCCESS APPERROR"
        assert self.run("Set(T=${ENV(HOME)})").variables["T"] == os.environ.get("HOME", "")

    def test_nobody_waits_for_what_goes_on_behind_a_command(self) -> None:
        began = time.monotonic()
        leg = self.run("System(sleep 20 &)", "Set(T=${SYSTEMSTATUS})")
        assert leg.variables["T"] == "SUCCESS" and time.monotonic() - began < 15

    def test_a_command_that_prints_for_ever_or_never_ends_is_ended_with_all_that_it_began(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        began = time.monotonic()
        for much in ("yes", "dd if=/dev/zero bs=1M count=1 2>&- | tr '\\\\0' y", "yes & sleep 0.1"):
            assert self.run(f"Set(T=${{LEN(${{SHELL({much})}})}})").variables["T"] == "65536", much
        assert time.monotonic() - began < 10, "its end was waited for, with more to read that nobody reads"
        monkeypatch.setattr("dialplan.functions.machine._PATIENCE", 0.2)
        leg = self.run(f"System(sh -c 'sleep 1 && touch {tmp_path}/late' && true)", "Set(T=${SYSTEMSTATUS})")
        assert leg.variables["T"] == "FAILURE"
        time.sleep(1)
        assert not (tmp_path / "late").exists()

    def test_what_goes_on_behind_a_command_holds_no_descriptor_of_ours(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("dialplan.functions.machine._PATIENCE", 0.2)
        pid = tmp_path / "pid"

        def pipes() -> int:
            links = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
            return sum(os.readlink(link).startswith("pipe:") for link in links if link.is_symlink())

        async def left() -> int:
            place = office(f"Set(T=${{SHELL(sleep 60 & echo $! > {pid})}})")
            place.engine = DialplanEngine(place.dialplan, place, permissions=Permissions(shell=True))
            before = pipes()
            await place.call("100")
            await asyncio.sleep(0)  # what is closed is so at the end of a turn
            return pipes() - before

        try:
            assert asyncio.run(left()) == 0
        finally:
            os.kill(int(pid.read_text("ascii")), signal.SIGKILL)

    def test_a_machine_that_runs_no_command_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def refuses(*_: object, **__: object) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr("asyncio.create_subprocess_shell", refuses)
        leg = self.run("System(true)", "Set(T=${SYSTEMSTATUS}<${SHELL(true)}>)")
        assert leg.variables["T"] == "FAILURE<>"
        assert any("a command cannot be run: too many open files" in note for note in leg.notes)

    @pytest.mark.parametrize(
        "command", ["printf %s ${CALLERID(name)}", 'printf %s "${CALLERID(name)}"', "printf %s '${CALLERID(name)}'"]
    )
    @pytest.mark.parametrize("name", ["$(echo hacked)", "`id`", "a  b*", "'; id; '", '"; id; "', "Ada\\", "$HOME"])
    def test_a_callers_name_is_never_a_command(self, command: str, name: str) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", name)
        assert self.run(f"Set(T=${{SHELL({command})}})", leg=leg).variables["T"] == name

    @pytest.mark.parametrize("step", ["ExecIf(1?System({}))", "Exec(System({}))", "TryExec(System({}))"])
    def test_nor_where_another_application_runs_it(self, step: str) -> None:
        leg = FakeLeg()
        leg.party = Party("6001", "x; exit 7")
        steps = [step.format("test ${CALLERID(name)} = nothing -o 1 = 1"), "Set(T=${SYSTEMSTATUS})"]
        assert self.run(*steps, leg=leg).variables["T"] == "SUCCESS"

    def test_an_application_from_a_variable_is_run_but_for_those_that_run_others(self) -> None:
        assert call("Set(DO=NoOp(hello))", "Exec(${DO})").notes[-1].endswith("Exec(NoOp(hello))")
        leg = self.run("Set(DO=System(true))", "TryExec(${DO})", "Set(T=${TRYSTATUS}<${SYSTEMSTATUS}>)")
        assert leg.variables["T"] == "FAILED<>"

    def test_the_database_is_cleared(self) -> None:
        leg = call("Set(DB(a/b)=1)", "Set(DB(a/c)=2)", "Set(DB(d/e)=3)", "DBdel(a/b)", "Set(T=${DB_KEYS(a)})")
        assert leg.variables["T"] == "c"
        leg = call("Set(DB(a/b/c)=1)", "Set(DB(ab/c)=2)", "DBdeltree(a)", "Set(T=${DB_KEYS()})")
        assert leg.variables["T"] == "ab"
        assert "wants a family" in ending(call("DBdeltree(/)")).evidence


class TestNotes:
    def test_what_is_known_of_a_leg_is_noted(self) -> None:
        assert "SIP/6001-1 (account 6001, unknown): ringing, at office,100,2" in call("DumpChan()").notes
        assert "event Alarm,Door: back" in call("UserEvent(Alarm,Door: back)").notes

    def test_a_record_begins_anew(self) -> None:
        steps = ["Set(CDR(x)=1)", "ResetCDR(v)", "Set(T=${CDR(x)})", "ResetCDR()", "Set(T=${T}<${CDR(x)}>)"]
        assert call(*steps).variables["T"] == "1<>"

    def test_letters_are_said_by_their_words(self) -> None:
        assert call("SayPhonetic(a1)").heard == ["phonetic/a_p", "say 1"]

    def test_an_exception_is_raised(self) -> None:
        text = "[office]\nexten => 100,1,RaiseException(FIRE)\nexten => e,1,Set(T=${EXCEPTION(reason)})"
        assert asyncio.run(Office(text).call("100")).variables["T"] == "FIRE"
        assert "no extension e" in ending(call("RaiseException(FIRE)")).evidence


class TestMusic:
    def test_music_lasts_as_long_as_it_is_told_and_is_of_the_leg_s_class(self) -> None:
        leg = call("Answer()", "Set(CHANNEL(musicclass)=sales)", "MusicOnHold(,5)", "MusicOnHold(opera,1)")
        assert leg.heard == ["music sales", "(stopped)", "music opera", "(stopped)"]
        assert leg.waited == 6.0

    def test_music_without_an_end_lasts_until_the_caller_has_enough(self) -> None:
        leg = call("MusicOnHold()", "NoOp(never)")
        assert leg.told == ["early media"]
        assert leg.heard == ["music default"]

    def test_music_goes_on_beside_the_script(self) -> None:
        leg = call("Answer()", "StartMusicOnHold(opera)", "Wait(2)", "StopMusicOnHold()")
        assert leg.heard == ["music opera", "(stopped)"]
