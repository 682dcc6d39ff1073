"""Calls that are recorded: both sides in a file, on whatever line, and what the dialplan says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.audio import Samples
from gateway.media.soundfile import read
from gateway.testing.sip_phone import SipPhone
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare

DIALPLAN = """
[office]
exten => _10X,1,MixMonitor(${EXTEN}.wav,ai(ID)r(says-${EXTEN}.wav))
 same => n,Dial(FXS/${EXTEN})
exten => _600X,1,Set(TOUCH_MIXMONITOR=../${CALLERID(num)})
 same => n,Dial(SIP/${EXTEN},,W)
exten => _5.,1,Dial(SIP/6002,,${EXTEN:1})
exten => 7,1,Answer()
 same => n,Monitor(wav,taped)
 same => n,Wait(1)
 same => n,PauseMonitor()
 same => n,Wait(2)
 same => n,UnpauseMonitor()
 same => n,Wait(1)
 same => n,StopMonitor()
 same => n,Wait(1)
 same => n,Hangup()
exten => 8,1,Answer()
 same => n,MixMonitor(${CALLERID(name)}.wav,,touch ${CALLERID(name)})
 same => n,Set(RESULT=${MIXMONITOR_FILENAME})
 same => n,Wait(1)
 same => n,StopMixMonitor()
 same => n,Wait(1)
 same => n,Hangup()
exten => _9.,1,Answer()
 same => n,Monitor(wav,sides,${EXTEN:1})
 same => n,Wait(1)
 same => n,Hangup()
[from-pstn]
exten => _[s0-9].,1,Goto(s,1)
exten => s,1,Answer()
 same => n,MixMonitor(line.wav)
 same => n,Wait(1)
 same => n,Hangup()
"""


def recordings(office: OfficeUnderTest) -> Path:
    return office.config.media.recordings


def finish(office: OfficeUnderTest, phone: SipPhone) -> None:
    """Hang up, and let the files be closed."""
    if phone.state == "up":
        phone.hang_up()
    office.until(lambda: phone.state == "idle", within=10)
    office.until(lambda: not office.app.usage()["recordings"], within=10)


def test_both_sides_of_a_call_are_in_its_file(build: Build, sentence: Samples, other_sentence: Samples) -> None:
    office = build(dialplan=DIALPLAN)
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing, within=3)
    office.run(1)
    desk.lift()
    office.until(lambda: ada.state == "up", within=3)
    office.run(0.5)
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    desk.say(other_sentence)
    office.run(len(other_sentence) / 8000 + 0.5)
    assert compare(ada.heard, other_sentence).correlation > 0.97
    assert compare(desk.recording, sentence).correlation > 0.97
    finish(office, ada)
    desk.hang_up()
    both, says = read(recordings(office) / "101.wav"), read(recordings(office) / "says-101.wav")
    for said in (sentence, other_sentence):
        assert compare(both, said).correlation > 0.97
        assert compare(both, said).slip == 0
    assert compare(says, sentence).correlation > 0.97
    assert compare(says, other_sentence).correlation < 0.3
    assert len(both) == len(says)


def test_a_pause_is_not_in_the_file(build: Build) -> None:
    office = build(dialplan=DIALPLAN)
    ada = office.sip("6001")
    ada.call("7")
    office.until(lambda: ada.state == "up", within=1)
    office.until(lambda: ada.state == "idle", within=10)
    finish(office, ada)
    for side in ("in", "out"):
        assert 1.8 <= len(read(recordings(office) / f"taped-{side}.wav")) / 8000 <= 2.5


@pytest.mark.parametrize(
    ("letters", "files"),
    [
        ("b", ["sides-in.wav", "sides-out.wav"]),
        ("i", ["sides-out.wav"]),
        ("o", ["sides-in.wav"]),
        ("io", []),
        ("m", ["sides.wav"]),
    ],
)
def test_which_sides_monitor_writes(build: Build, letters: str, files: list[str]) -> None:
    office = build(dialplan=DIALPLAN)
    ada = office.sip("6001")
    ada.call(f"9{letters}")
    office.until(lambda: ada.state == "up", within=1)
    office.until(lambda: ada.state == "idle", within=5)
    finish(office, ada)
    assert sorted(path.name for path in recordings(office).glob("sides*")) == files


def test_what_a_caller_is_called_cannot_leave_the_folder_nor_run(build: Build) -> None:
    office = build(('name = "Ada"', 'name = "../../$(id)"'), dialplan=DIALPLAN)
    ada = office.sip("6001")
    ada.call("8")
    office.until(lambda: ada.state == "up", within=1)
    office.until(lambda: ada.state == "idle", within=10)
    finish(office, ada)
    assert not recordings(office).exists()
    (record,) = office.records()
    told = [note.text for note in office.app.recorder.story(record.id)]
    assert any("no recording" in text and "must lie in" in text for text in told)


def test_the_caller_s_keys_begin_a_recording_and_end_it(
    build: Build, sentence: Samples, other_sentence: Samples
) -> None:
    office = build(dialplan=DIALPLAN)
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.answer()
    office.until(lambda: ada.state == "up", within=1)
    for said in (sentence, other_sentence):
        ada.key("*3")
        office.run(2)
        grace.say(said)
        office.run(len(said) / 8000 + 0.5)
    assert grace.digits == ""
    (path,) = recordings(office).iterdir()
    assert path.name == "auto-..-6001.wav"
    finish(office, ada)
    kept = read(path)
    assert compare(kept, sentence).worst > 0.9
    assert compare(kept, other_sentence).correlation < 0.5


@pytest.mark.parametrize(("letter", "by_caller"), [("W", True), ("X", True), ("w", False), ("x", False)])
def test_each_letter_of_dial_lets_its_side_record(
    build: Build, sentence: Samples, letter: str, by_caller: bool
) -> None:
    office = build(dialplan=DIALPLAN)
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call(f"5{letter}")
    office.until(lambda: grace.state == "offered", within=1)
    grace.answer()
    office.until(lambda: ada.state == "up", within=1)
    for phone in (ada, grace) if by_caller else (grace, ada):
        phone.key("*3")
        office.run(2)
    assert office.app.usage()["recordings"] == 1, "the other side's keys are digits and do not end it"
    grace.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    (path,) = recordings(office).iterdir()
    finish(office, ada)
    assert compare(read(path), sentence).worst > 0.9


@pytest.mark.parametrize("line", ["copper1", "adapter1", "e1"])
def test_what_is_recorded_of_a_line_ends_with_its_call(build: Build, line: str) -> None:
    """The row of a line outlives its calls: the recording of one has nothing of the next, and does not go on."""
    office = build(dialplan=DIALPLAN)
    office.run(2)
    for _ in range(2):
        office.call_in(line, "2125550123")
        office.until(lambda: office.app.usage()["recordings"], within=10)
        office.until(lambda: not office.app.manager.calls, within=10)
        office.until(lambda: not office.app.usage()["recordings"], within=1)
        assert 0.9 < len(read(recordings(office) / "line.wav")) / 8000 < 1.5
        office.run(4)  # until the network is ready for another


def test_what_is_recorded_of_a_telephone_ends_with_its_call(build: Build) -> None:
    office = build(dialplan=DIALPLAN.replace("exten => 7,1,Answer()", "exten => 7,1,Goto(from-pstn,s,1)"))
    desk = office.phone("101")
    for _ in range(2):
        desk.lift()
        office.until(lambda: desk.hears == "dial")
        desk.dial("7")
        office.until(lambda: office.app.usage()["recordings"], within=10)
        office.run(0.5)
        desk.hang_up()
        office.until(lambda: not office.app.manager.calls, within=10)
        office.until(lambda: not office.app.usage()["recordings"], within=1)
        office.run(2)
