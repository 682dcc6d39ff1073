"""Recordings of a hand-stepped plane on a real disk: files, names, pauses, full disks, and what is left."""

from __future__ import annotations

import resource
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples, Side
from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.core.recording import RecordingPlan, RecordingState
from gateway.media.soundfile import read
from gateway.net.recordings import FileRecording, MediaDesk
from gateway.plane.plane import PlaneUsage
from gateway.plane.rtp_row import RtpRow
from gateway.testing.loop import ManualLoop
from tests.support.limits import limited
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Studio, delay_and_likeness, speech


class Booth:
    """Alice talks with Bob in a studio, and a desk records."""

    def __init__(self, folder: Path, rate: int = 8000) -> None:
        self.rate = rate
        self.studio = Studio()
        self.loop = ManualLoop()
        self.folder = folder
        self.desk = MediaDesk(loop=self.loop, folder=folder, open_room=self.studio.plane.room, limit=4)
        self.row, self.alice = self.leg()
        self.other, self.bob = self.leg()
        self.row.join(self.other)
        self.studio.settle()
        self.faults: list[str] = []

    def leg(self) -> tuple[RtpRow, RtpEndpoint]:
        return self.studio.telephone(Encoding.L16, 97, rate=self.rate)

    def record(self, name: str, **plan: object) -> FileRecording:
        return self.desk.record(self.row, RecordingPlan(name, **plan), self.faults.append)  # type: ignore[arg-type]

    def talk(self, samples: Samples, answer: Samples | None = None) -> None:
        size = self.rate // 50
        for at in range(0, len(samples), size):
            self.alice.say(samples[at : at + size], ptime=size)
            if answer is not None:
                self.bob.say(answer[at : at + size], ptime=size)
            self.studio.tick()
            self.loop.advance(0.02)

    def until(self, condition: Callable[[], object]) -> None:
        """Give the thread that writes the time that it needs."""
        patience = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < patience
            self.loop.advance(0.2, 0.2)

    def close(self) -> None:
        self.desk.close()
        self.loop.settle()
        assert self.desk.usage == 0
        self.loop.close()
        self.studio.close()


@pytest.fixture
def booth(tmp_path: Path) -> Iterator[Booth]:
    made = Booth(tmp_path)
    yield made
    made.close()


@pytest.fixture
def wide_booth(tmp_path: Path) -> Iterator[Booth]:
    made = Booth(tmp_path, 16000)
    yield made
    made.close()


def test_a_call_is_recorded_until_its_leg_is_gone(booth: Booth) -> None:
    recording = booth.record("2026/call.wav")
    booth.studio.settle()
    said, answered = speech(2.0, 1), speech(2.0, 2)
    booth.talk(said, answered)
    assert recording.state is RecordingState.RUNNING
    booth.row.close()
    booth.until(lambda: recording.state is RecordingState.DONE)
    kept = read(booth.folder / "2026" / "call.wav")
    assert len(kept) / 8000 == pytest.approx(recording.seconds)
    assert recording.seconds == pytest.approx(2.0, abs=0.05)
    for voice in (said, answered):
        assert delay_and_likeness(voice, kept)[1] > 0.6  # two voices at once
    booth.studio.tick(2)
    assert booth.studio.plane.usage() == PlaneUsage(rows=1)


def test_the_file_plays_while_the_call_goes_on(booth: Booth) -> None:
    booth.record("call.wav", side=Side.IN)
    booth.talk(speech(1.0))
    path = booth.folder / "call.wav"
    booth.until(lambda: path.exists() and len(read(path)) > 6000)


def test_both_sides_in_stereo_and_alone(booth: Booth) -> None:
    made = [booth.record(f"{side.name}.wav", side=side) for side in (Side.STEREO, Side.IN, Side.OUT)]
    booth.studio.settle()
    said, answered = speech(1.0, 1), speech(1.0, 2)
    booth.talk(said, answered)
    for recording in made:
        recording.stop()
    booth.until(lambda: all(recording.state is RecordingState.DONE for recording in made))
    with wave.open(str(booth.folder / "STEREO.wav"), "rb") as file:
        assert file.getnchannels() == 2
        both = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    assert delay_and_likeness(said, both[:, 0])[1] > 0.99
    assert delay_and_likeness(answered, both[:, 1])[1] > 0.99
    assert np.array_equal(read(booth.folder / "IN.wav"), both[:, 0])
    assert np.array_equal(read(booth.folder / "OUT.wav"), both[:, 1])


def test_a_pause_leaves_out_what_is_said_in_it(booth: Booth) -> None:
    recording = booth.record("call.wav", side=Side.IN)
    booth.studio.settle()
    booth.talk(np.full(8000, 1000, np.int16))
    booth.loop.advance(0.2)
    recording.pause()
    assert recording.state is RecordingState.PAUSED
    booth.talk(np.full(8000, 2000, np.int16))
    recording.resume()
    booth.talk(np.full(8000, 3000, np.int16))
    recording.stop()
    booth.until(lambda: recording.state is RecordingState.DONE)
    kept = read(booth.folder / "call.wav")
    assert np.count_nonzero(kept == 1000) > 7000
    assert np.count_nonzero(kept == 3000) > 7000
    assert np.count_nonzero(kept == 2000) < 800


def test_a_recording_goes_on_where_another_ended(booth: Booth) -> None:
    for _ in range(2):
        recording = booth.record("call.wav", side=Side.IN, append=True)
        booth.studio.settle()
        booth.talk(np.full(8000, 1000, np.int16))
        recording.stop()
        booth.until(lambda done=recording: done.state is RecordingState.DONE)
    assert np.count_nonzero(read(booth.folder / "call.wav") == 1000) > 14000
    booth.record("call.wav", side=Side.IN)
    with pytest.raises(LocalError, match="already"):
        booth.record("call.wav")


def test_a_whole_room_is_recorded(booth: Booth) -> None:
    room = booth.desk.room()
    booth.row.part()
    for row in (booth.row, booth.other):
        room.sit(row)
    recording = booth.desk.record(room, RecordingPlan("room.wav"))
    booth.studio.settle()
    booth.talk(np.full(8000, 1000, np.int16), np.full(8000, 2000, np.int16))
    room.close()
    booth.until(lambda: recording.state is RecordingState.DONE)
    assert np.count_nonzero(read(booth.folder / "room.wav") == 3000) > 7000


def test_a_full_disk_ends_the_recording_and_not_the_call(booth: Booth) -> None:
    with limited(resource.RLIMIT_FSIZE, 12_000):
        recording = booth.record("call.wav", side=Side.IN)
        booth.talk(speech(2.0))
        booth.until(lambda: recording.state is RecordingState.FAILED)
    assert booth.faults == [f"{booth.folder}/call.wav cannot be recorded on: File too large"]
    assert booth.desk.faults == 1
    assert len(read(booth.folder / "call.wav")) == (12_000 - 44) // 2
    booth.bob.hear()
    booth.bob.received.clear()
    booth.talk(speech(0.2))
    assert len(booth.bob.hear()) == 10
    again = booth.record("again.wav")
    assert again.state is RecordingState.RUNNING


def test_a_full_disk_ends_a_resampled_recording_too(booth: Booth) -> None:
    with limited(resource.RLIMIT_FSIZE, 12_000):
        recording = booth.record("call.wav16", side=Side.STEREO)
        booth.talk(speech(2.0))
        booth.until(lambda: recording.state is RecordingState.FAILED)
    assert booth.faults == [f"{booth.folder}/call.wav16 cannot be recorded on: File too large"]
    data = (booth.folder / "call.wav16").read_bytes()
    assert len(data) <= 12_000 and int.from_bytes(data[40:44], "little") == (12_000 - 44) // 4 * 4
    booth.bob.hear()
    booth.bob.received.clear()
    booth.talk(speech(0.2))
    assert len(booth.bob.hear()) == 10


def test_a_folder_that_cannot_be_made_is_told_once(booth: Booth) -> None:
    (booth.folder / "file").write_text("no folder")
    recording = booth.record("file/call.wav")
    booth.talk(speech(0.5))
    booth.until(lambda: recording.state is RecordingState.FAILED)
    assert len(booth.faults) == 1
    assert booth.faults[0].startswith(f"{booth.folder}/file/call.wav cannot be recorded on: ")


@pytest.mark.parametrize(
    "name",
    [
        "../call.wav",
        "/etc/call.wav",
        "a/../../call.wav",
        "",
        ".",
        "call",
        "call.exe",
        "a\nb.wav",
        "x" * 300 + ".wav",
    ],
)
def test_no_name_leaves_the_folder(booth: Booth, name: str) -> None:
    with pytest.raises(LocalError):
        booth.record(name)
    assert booth.record(f"{booth.folder}/inside.wav").path == booth.folder / "inside.wav"


def test_recordings_run_out_with_a_sentence(booth: Booth) -> None:
    for k in range(4):
        booth.record(f"{k}.wav")
    with pytest.raises(Exhausted, match="recordings_at_once"):
        booth.record("5.wav")


def test_closing_the_desk_closes_every_file(booth: Booth) -> None:
    recording = booth.record("call.wav", side=Side.IN)
    booth.talk(np.full(8000, 1000, np.int16))
    booth.desk.close()
    booth.loop.settle()
    assert recording.state is RecordingState.DONE
    assert len(read(booth.folder / "call.wav")) == round(recording.seconds * 8000)


def tone(frequency: float, seconds: float = 1.0) -> Samples:
    return np.round(4000 * np.sin(2 * np.pi * frequency * np.arange(round(16000 * seconds)) / 16000)).astype(
        np.int16
    )


def strength(samples: Samples, frequency: float, rate: int) -> float:
    """The peak of a frequency in half a second from 0.3 s on."""
    part = samples[rate * 3 // 10 :][: rate // 2] * np.hanning(rate // 2)
    return float(4 * abs(part @ np.exp(-2j * np.pi * frequency * np.arange(rate // 2) / rate)) / (rate // 2))


def test_a_wide_band_call_is_a_file_of_16000_hz_with_both_sides(wide_booth: Booth) -> None:
    booth = wide_booth
    names = ("both.wav", "sides.wav", "narrow.sln")
    sides = (Side.BOTH, Side.STEREO, Side.IN)
    made = [booth.record(name, side=side) for name, side in zip(names, sides, strict=True)]
    booth.studio.settle()
    booth.talk(tone(6000), tone(7000))
    for recording in made:
        recording.stop()
    booth.until(lambda: all(recording.state is RecordingState.DONE for recording in made))
    assert [recording.seconds for recording in made] == [1.0] * 3
    with wave.open(str(booth.folder / "both.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 1)
        both = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    with wave.open(str(booth.folder / "sides.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 2)
        apart = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    for samples, expected in ((both, (4000, 4000)), (apart[:, 0], (4000, 0)), (apart[:, 1], (0, 4000))):
        found = [strength(samples, frequency, 16000) for frequency in (6000, 7000)]
        assert found == pytest.approx(expected, abs=60)
    narrow = read(booth.folder / "narrow.sln")
    assert len(narrow) == 8000
    assert np.abs(narrow[2400:6400]).max() < 4000 / 316, "6 kHz is not folded to 2"


def test_a_room_with_a_wide_leg_is_recorded_wide(wide_booth: Booth) -> None:
    booth = wide_booth
    room = booth.desk.room()
    booth.row.part()
    for row in (booth.row, booth.other):
        room.sit(row)
    recording = booth.desk.record(room, RecordingPlan("room.wav"))
    booth.studio.settle()
    booth.talk(tone(6000), tone(7000))
    room.close()
    booth.until(lambda: recording.state is RecordingState.DONE)
    with wave.open(str(booth.folder / "room.wav"), "rb") as file:
        assert file.getframerate() == 16000
        kept = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert [strength(kept, frequency, 16000) for frequency in (6000, 7000)] == pytest.approx([4000, 4000], abs=60)


def test_a_narrow_recording_goes_on_as_one_where_the_next_call_is_wide(wide_booth: Booth) -> None:
    booth = wide_booth
    first = booth.record("call.wav", side=Side.IN)
    booth.studio.settle()
    booth.talk(tone(1000))
    first.stop()
    booth.until(lambda: first.state is RecordingState.DONE)
    narrow, _ = booth.studio.telephone(Encoding.L16, 97)
    again = booth.desk.record(narrow, RecordingPlan("call.wav", append=True), booth.faults.append)
    booth.studio.settle()
    booth.talk(tone(1000))
    again.stop()
    booth.until(lambda: again.state is RecordingState.DONE)
    assert again.rate == 8000
    assert booth.faults == []
    with wave.open(str(booth.folder / "call.wav"), "rb") as file:
        assert (file.getframerate(), file.getnframes()) == (16000, 32000)
