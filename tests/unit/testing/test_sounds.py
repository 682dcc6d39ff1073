"""What a test can have said, and what is told where it cannot be."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.core.errors import LocalError
from gateway.media.progress import _NAMES
from gateway.testing.sounds import samples_of, tone
from gateway.testing.telephone import TONES


def test_a_sound_file_is_said_as_its_samples(tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(tone(440).astype("<i2").tobytes())
    assert np.array_equal(samples_of(file), tone(440))
    assert np.array_equal(samples_of(str(file)), tone(440))
    assert samples_of(samples := tone(1000)) is samples


def test_what_is_no_sound_file_is_told_with_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    for said in ("hello", "hello.wav", tmp_path / "text.wav"):
        with pytest.raises(LocalError, match=r"say a file, tone\(440\) or utterance\(2\)"):
            samples_of(said)


def test_the_tones_that_can_be_expected_are_those_that_are_recognised() -> None:
    assert sorted(TONES) == sorted(_NAMES)
