"""Sound files as they grow: valid after each write, gone on with, ended by a full disk or a kill."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.g711 import decode, encode
from gateway.media.soundfile import load, read
from gateway.media.wavefile import SoundWriter
from tests.support.limits import limited

RAMP = np.arange(-8000, 8000, 10, dtype=np.int16)


def test_a_file_is_whole_after_every_write(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "call.wav"
    writer = SoundWriter(path)
    for part in np.split(RAMP, 4):
        writer.write(part)
        with wave.open(str(path), "rb") as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
            frames = file.readframes(file.getnframes())
        assert np.frombuffer(frames, "<i2")[-1] == part[-1]
    writer.close()
    assert np.array_equal(read(path), RAMP)


@pytest.mark.parametrize("encoding", [Encoding.PCMU, Encoding.PCMA])
def test_wav_carries_g711_as_other_players_read_it(tmp_path: Path, encoding: Encoding) -> None:
    path = tmp_path / "call.wav"
    writer = SoundWriter(path, encoding)
    writer.write(RAMP)
    writer.close()
    told = subprocess.run(["sox", "--i", str(path)], check=True, capture_output=True, text=True, timeout=20).stdout
    assert "u-law" in told if encoding is Encoding.PCMU else "A-law" in told
    raw = subprocess.run(
        ["sox", str(path), "-t", "raw", "-e", "signed", "-b", "16", "-"],
        check=True,
        capture_output=True,
        timeout=20,
    ).stdout
    assert np.array_equal(np.frombuffer(raw, "<i2"), decode(encode(RAMP, encoding), encoding))
    assert np.array_equal(read(path), decode(encode(RAMP, encoding), encoding))


@pytest.mark.parametrize("suffix", [".sln", ".ulaw", ".alaw"])
def test_raw_files_read_back_as_what_they_are(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"call{suffix}"
    writer = SoundWriter(path, append=True)
    writer.write(RAMP)
    writer.close()
    assert np.abs(read(path).astype(int) - RAMP).max() <= (0 if suffix == ".sln" else 300)


def test_stereo_keeps_its_sides_apart(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    writer = SoundWriter(path, channels=2)
    writer.write(np.stack([RAMP, -RAMP], axis=1).ravel())
    writer.close()
    with wave.open(str(path), "rb") as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert np.array_equal(frames[:, 0], RAMP)
    assert np.array_equal(frames[:, 1], -RAMP)


def test_a_file_is_gone_on_with_where_its_samples_end_whatever_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    for _ in range(2):
        writer = SoundWriter(path, append=True)
        writer.write(RAMP)
        writer.close()
    assert np.array_equal(read(path), np.r_[RAMP, RAMP])
    data = bytearray(path.read_bytes())
    data[40:44] = bytes(4)  # as by a machine that lost its power between data and header
    path.write_bytes(bytes(data) + b"\x01")  # half a sample
    SoundWriter(path, append=True).close()
    assert np.array_equal(read(path), np.r_[RAMP, RAMP])


def test_another_kind_of_file_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    SoundWriter(path, channels=2).close()
    with pytest.raises(LocalError, match="another kind"):
        SoundWriter(path, append=True)
    with pytest.raises(LocalError, match="format"):
        SoundWriter(tmp_path / "call.mp3")


def frames(path: Path) -> tuple[int, Samples]:
    """The rate and the samples of a WAV file, one row a frame."""
    with wave.open(str(path), "rb") as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return file.getframerate(), data.reshape(-1, file.getnchannels())


@pytest.mark.parametrize(
    ("suffix", "rate"), [(".wav", 16000), (".wav16", 8000), (".wav16", 16000), (".sln16", 8000)]
)
def test_a_file_of_16000_hz_is_one_whatever_comes_in(tmp_path: Path, suffix: str, rate: int) -> None:
    path = tmp_path / f"call{suffix}"
    tone = np.round(8000 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)).astype(np.int16)
    writer = SoundWriter(path, rate=rate)
    for part in np.array_split(tone, 9):
        writer.write(part)
    writer.close()
    loaded = load(path)
    assert loaded.wide is not None
    assert len(loaded.wide) == 16000
    again = np.round(8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000))
    assert np.abs(loaded.wide[200:-200] - again[200:-200]).max() < 30


def test_a_file_is_gone_on_with_at_its_own_rate_on_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    for rate in (16000, 8000):
        sides = [np.round(8000 * np.sin(2 * np.pi * pitch * np.arange(rate) / rate)) for pitch in (500, 900)]
        writer = SoundWriter(path, channels=2, rate=rate, append=True)
        writer.write(np.stack(sides, axis=1).astype(np.int16).ravel())
        writer.close()
    rate, both = frames(path)
    assert (rate, both.shape) == (16000, (32000, 2))
    for side in both.T:
        assert np.abs(side[200:15800].astype(int) - side[16200:31800]).max() < 30


def test_a_file_whose_rate_makes_no_sense_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    SoundWriter(path).close()
    data = bytearray(path.read_bytes())
    data[24:28] = bytes(4)
    path.write_bytes(data)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(LocalError, match="0 Hz"):
        SoundWriter(path, append=True)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def small_disk() -> Iterator[int]:
    """No file may be longer than that."""
    with limited(resource.RLIMIT_FSIZE, 10_001):
        yield 10_001


def test_a_full_disk_leaves_what_fitted(tmp_path: Path, small_disk: int) -> None:
    path = tmp_path / "call.wav"
    writer = SoundWriter(path)
    with pytest.raises(OSError):
        for _ in range(100):
            writer.write(RAMP)
    writer.close()
    assert len(read(path)) == (small_disk - 44) // 2


def test_a_full_disk_leaves_what_fitted_of_a_resampled_recording(tmp_path: Path, small_disk: int) -> None:
    """Also where the change of rate still holds samples when the file is closed."""
    path = tmp_path / "call.wav16"
    writer = SoundWriter(path, channels=2, rate=8000)
    with pytest.raises(OSError):
        for _ in range(100):
            writer.write(np.repeat(RAMP, 2))
    writer.write(RAMP[:0])
    writer.close()
    data = path.read_bytes()
    frames = (small_disk - 44) // 4
    assert int.from_bytes(data[40:44], "little") == 4 * frames and int.from_bytes(data[24:28], "little") == 16000
    assert len(read(path)) == (frames + 1) // 2


def test_a_file_whose_writer_was_killed_plays_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    program = (
        "import os, sys, numpy as np; from pathlib import Path; from gateway.media.wavefile import SoundWriter\n"
        "writer = SoundWriter(Path(sys.argv[1]))\n"
        "for k in range(5): writer.write(np.full(1600, k, np.int16))\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert np.array_equal(read(path), np.repeat(np.arange(5, dtype=np.int16), 1600))
