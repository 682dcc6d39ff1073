"""Record and AGI's RECORD FILE: what ends them, what is kept, and under which name."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from gateway.core.audio import Samples
from tests.unit.dialplan.office import FakeLeg, FakeSounds, Office

SPEECH = np.full(16000, 5000, np.int16)
SILENCE = np.zeros(80000, np.int16)


def record(
    arguments: str, keys: str = "---#", incoming: Samples = SPEECH, sounds: FakeSounds | None = None, *more: str
) -> tuple[FakeLeg, FakeSounds]:
    lines = (f"Record({arguments})", "NoOp(${RECORD_STATUS} ${RECORDED_FILE})", *(more or ("Playback(message)",)))
    office = Office(
        "[office]\nexten => 100,1,NoOp()\n"
        + "".join(f" same => n,{line}\n" for line in lines)
        + "exten => h,1,NoOp(gone ${RECORD_STATUS})\n"
    )
    office.sounds = kept = sounds or FakeSounds()
    return asyncio.run(office.call("100", FakeLeg(keys=keys, incoming=incoming))), kept


def status(leg: FakeLeg) -> str:
    return next(note for note in leg.notes if "NoOp(" in note and "NoOp()" not in note).partition("NoOp(")[2][:-1]


def test_what_was_said_until_the_hash_key_is_kept_and_played_back() -> None:
    leg, sounds = record("message.wav,5,60")
    assert leg.heard == ["beep", "recording message"]
    assert status(leg) == "DTMF message"
    assert sounds.kept["message"].tolist() == SPEECH[:6400].tolist()


@pytest.mark.parametrize(
    ("arguments", "keys", "incoming", "told"),
    [
        ("message:wav,2,60,q", "", SILENCE, "SILENCE message"),
        ("message.wav,,1", "", np.full(80000, 5000, np.int16), "TIMEOUT message"),
        ("message.wav,0,3", "", SILENCE[:0], "TIMEOUT message"),
        ("message.wav,0,3,t", "-*", SPEECH, "DTMF message"),
        ("message.wav,0,3,t", "-#", SPEECH, "TIMEOUT message"),
        ("message.wav,0,3,y", "-7", SPEECH, "DTMF message"),
        ("message.wav,0,3,x", "-#*7", SPEECH, "TIMEOUT message"),
        ("message.wav,0,3,o", "-0", SPEECH, "OPERATOR message"),
        ("message.wav,0,3,o", "-#", SPEECH, "DTMF message"),
        ("message.wav,0,3", "-0", SPEECH, "TIMEOUT message"),
        ("message.wav,0,3,s", "-#", SPEECH, "SKIP message"),
        ("/var/lib/asterisk/sounds/custom/day.gsm", "-#", SPEECH, "DTMF custom/day"),
        ("/tmp/day.gsm", "-#", SPEECH, "DTMF tmp/day"),
    ],
)
def test_what_ends_it(arguments: str, keys: str, incoming: Samples, told: str) -> None:
    leg, sounds = record(arguments, keys, incoming)
    assert status(leg) == told
    assert list(sounds.kept) == ([] if told.startswith("SKIP") else [told.partition(" ")[2]])


@pytest.mark.parametrize(("letters", "length"), [("", 8 * 1600), ("u", 13 * 1600)])
def test_of_the_silence_that_ended_it_a_second_stays(letters: str, length: int) -> None:
    said = np.concatenate((np.full(3 * 1600, 5000, np.int16), SILENCE))
    leg, sounds = record(f"message.wav,2,60,{letters}", "", said)
    assert status(leg) == "SILENCE message"
    assert len(sounds.kept["message"]) == length


def test_neither_an_answer_nor_a_beep_where_none_is_wanted() -> None:
    leg, _ = record("message.wav,0,3,nq", "-#", SPEECH, None, "NoOp()")
    assert leg.heard == []
    assert "answer" not in leg.told


def test_a_number_in_the_name_is_the_first_that_is_free() -> None:
    sounds = FakeSounds()
    sounds.kept["no-0"] = sounds.kept["no-1"] = SPEECH
    leg, sounds = record("no-%d.wav", "-#", SPEECH, sounds)
    assert status(leg) == "DTMF no-2"
    assert list(sounds.kept) == ["no-0", "no-1", "no-2"]


def test_more_is_said_after_what_is_there() -> None:
    sounds = FakeSounds()
    sounds.kept["message"] = np.full(100, 7, np.int16)
    record("message.wav,,,a", "-#", SPEECH, sounds)
    assert sounds.kept["message"].tolist() == [7] * 100 + [5000] * 3200
    record("message.wav", "-#", SPEECH, sounds)
    assert sounds.kept["message"].tolist() == [5000] * 3200


@pytest.mark.parametrize(("letters", "kept"), [("", []), ("k", ["message"])])
def test_who_hangs_up_while_speaking_leaves_it_where_told_so(letters: str, kept: list[str]) -> None:
    leg, sounds = record(f"message.wav,,,{letters}", "--h")
    assert list(sounds.kept) == kept
    assert status(leg) == "gone HANGUP"
    if kept:
        assert len(sounds.kept["message"]) == 4800, "what came in before the end is in it"


def test_a_full_disk_is_told_and_the_recording_heard_in_this_call() -> None:
    leg, _ = record("full-disk.wav", "-#", SPEECH, None, "Playback(full-disk)")
    assert status(leg) == "ERROR full-disk"
    assert "Record: the disk is full" in leg.notes
    assert leg.heard == ["beep", "recording full-disk"]


def test_a_call_cannot_fill_the_memory() -> None:
    office = Office(
        "[office]\nexten => 100,1,Set(N=0)\n same => n,While(1)\n same => n,Record(r${INC(N)}.wav,0,0.2)\n"
        " same => n,EndWhile()\n"
    )
    leg = asyncio.run(office.call("100"))
    assert leg.ending is not None
    assert "more than 10 recordings" in leg.ending.evidence


def test_a_name_is_wanted() -> None:
    leg, sounds = record(".wav")
    assert leg.ending is not None
    assert "wants a name" in leg.ending.evidence
    assert not sounds.kept


def test_what_a_wide_leg_says_is_kept_wide() -> None:
    leg = FakeLeg(keys="---#", incoming=np.arange(32000).astype(np.int16))
    leg.audio.rate = 16000
    office = Office("[office]\nexten => 100,1,Record(message.gsm,5,60)\n same => n,NoOp(${RECORD_STATUS})\n")
    office.sounds = sounds = FakeSounds()
    asyncio.run(office.call("100", leg))
    assert sounds.kept["message"].tolist() == list(range(4 * 3200))


def test_a_wide_leg_is_heard_no_longer_than_was_said() -> None:
    leg = FakeLeg(keys="", incoming=np.full(64000, 5000, np.int16))
    leg.audio.rate = 16000
    office = Office("[office]\nexten => 100,1,Record(message.wav,,1.1)\n")
    office.sounds = sounds = FakeSounds()
    asyncio.run(office.call("100", leg))
    assert len(sounds.kept["message"]) == 17600
