"""AMD, DISA, and applications that make a signal."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from dialplan.apps.amd import Greeting, Listener, Verdict
from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.number import Party
from tests.unit.dialplan.office import FakeLeg, Office

VOICE = (np.sin(np.arange(160) / 160 * 2 * np.pi * 8) * 8000).astype(np.int16)
QUIET = np.zeros(160, np.int16)


def sound(*pieces: tuple[int, Samples]) -> Samples:
    """Frames of 20 ms: how many milliseconds of which."""
    return np.concatenate([np.tile(frame, milliseconds // 20) for milliseconds, frame in pieces])


def judged(*pieces: tuple[int, Samples], by: Greeting | None = None) -> Verdict | None:
    listener = Listener(by or Greeting())
    for frame in sound(*pieces).reshape(-1, 160):
        verdict = listener.hear(frame)
        if verdict is not None:
            return verdict
    return None


@pytest.mark.parametrize(
    ("pieces", "verdict"),
    [
        ([(300, QUIET), (500, VOICE), (2000, QUIET)], Verdict("HUMAN", "HUMAN-800-800")),
        ([(3000, QUIET)], Verdict("MACHINE", "INITIALSILENCE-2500-2500")),
        ([(200, QUIET), (3000, VOICE)], Verdict("MACHINE", "LONGGREETING-1500-1500")),
        ([(300, VOICE), (200, QUIET)] * 5, Verdict("MACHINE", "MAXWORDS-3-2")),
        ([(60, VOICE), (200, QUIET)] * 30, Verdict("NOTSURE", "TOOLONG-5000")),
        ([(400, VOICE), (40, QUIET), (400, VOICE), (900, QUIET)], Verdict("HUMAN", "HUMAN-800-800")),
    ],
)
def test_a_person_says_a_word_and_waits(pieces: list[tuple[int, Samples]], verdict: Verdict) -> None:
    assert judged(*pieces) == verdict


def test_one_long_word_is_a_machine_s() -> None:
    assert judged((2000, VOICE), by=Greeting(greeting=9000, longest_word=1000)) == Verdict(
        "MACHINE", "MAXWORDLENGTH-1000"
    )


def call(*steps: str, keys: str = "", incoming: Samples | None = None, text: str = "", number: str = "") -> FakeLeg:
    office = Office("[office]\nexten => 100,1," + "\n same => n,".join(steps) + f"\n{text}")
    leg = FakeLeg(called="100", keys=keys, incoming=incoming)
    leg.party = Party(number)
    return asyncio.run(office.call("100", leg))


@pytest.mark.parametrize(
    ("arguments", "incoming", "status"),
    [
        ("", sound((400, VOICE), (1500, QUIET)), "HUMAN"),
        ("", sound((4000, VOICE)), "MACHINE"),
        ("1000", sound((1500, QUIET)), "MACHINE"),
        ("", np.zeros(0, np.int16), "NOTSURE"),
    ],
)
def test_what_the_script_is_told(arguments: str, incoming: Samples, status: str) -> None:
    leg = call("Answer()", f"AMD({arguments})", incoming=incoming)
    assert leg.variables["AMDSTATUS"] == status and leg.variables["AMDCAUSE"]


@pytest.mark.parametrize(("arguments", "said"), [("x", "is no number"), ("", "before an answer")])
def test_what_cannot_be_listened_to(arguments: str, said: str) -> None:
    assert said in str(call(f"AMD({arguments})").ending)


class TestDisa:
    TEXT = "[inside]\nexten => _1XX,1,Set(T=${EXTEN} ${CALLERID(num)})\n"

    def test_dial_tone_behind_a_password(self) -> None:
        leg = call("DISA(4711,inside,Office <100>)", keys="4711#102", text=self.TEXT)
        assert leg.heard == ["tone dial", "(stopped)", "tone dial", "(stopped)"]
        assert leg.variables["T"] == "102 100" and leg.told == ["answer"]

    def test_the_hash_key_may_end_the_number(self) -> None:
        text = "[inside]\nexten => _1XX,1,Set(T=${EXTEN})\nexten => _1XXX,1,Set(T=${EXTEN})\n"
        leg = call("DISA(no-password,inside,,,p)", keys="102#7", text=text)
        assert leg.variables["T"] == "102" and leg.patience[-1] == 5.0

    def test_dial_tone_for_everybody(self) -> None:
        assert call("DISA(no-password,inside)", keys="102", text=self.TEXT).variables["T"] == "102 "

    @pytest.mark.parametrize(
        ("keys", "cause"),
        [
            ("4712#102", Cause.CALL_REJECTED),
            ("-", Cause.CALL_REJECTED),
            ("4711#999", Cause.UNALLOCATED_NUMBER),
            ("4711#-", Cause.UNALLOCATED_NUMBER),
        ],
    )
    def test_nobody_else_gets_in(self, keys: str, cause: Cause) -> None:
        leg = call("DISA(4711,inside)", keys=keys, text=self.TEXT)
        assert "T" not in leg.variables
        assert leg.ending is not None and leg.ending.cause is cause and leg.heard[-1] == "invalid"

    def test_a_password_is_wanted(self) -> None:
        assert "wants a password" in str(call("DISA(,inside)", text=self.TEXT).ending)


def test_morse_code() -> None:
    assert call("Morsecode(SOS)").heard == ["Morse code SOS"]
    assert call("Morsecode(°)").heard == []


@pytest.mark.parametrize(
    ("arguments", "number", "status"),
    [("nocallerid", "6001", "NOTHING"), ("nocallerid", "", "ZAPPED"), ("answer", "6001", "ZAPPED")],
)
def test_machines_that_call_hear_that_the_number_is_out_of_order(arguments: str, number: str, status: str) -> None:
    leg = call(f"Zapateller({arguments})", number=number)
    assert leg.variables["ZAPATELLERSTATUS"] == status
    assert leg.heard == (["special information tone"] if status == "ZAPPED" else [])


def test_which_of_some_is_free() -> None:
    leg = call("ChanIsAvail(FXS/999&FXS/101)")
    assert (leg.variables["AVAILCHAN"], leg.variables["AVAILSTATUS"]) == ("FXS/101", "2")
    assert call("ChanIsAvail(FXS/101,s)").variables["AVAILCHAN"] == ""
    assert "names nobody" in str(call("ChanIsAvail(101)").ending)


def test_records_by_the_older_applications() -> None:
    leg = call(
        "Set(CDR(mine)=1)", "ForkCDR()", "SetAMAFlags(BILLING)", "NoCDR()", "Set(T=${CDR(mine)}${CDR(amaflags)})"
    )
    assert leg.variables["T"] == "1BILLING"
