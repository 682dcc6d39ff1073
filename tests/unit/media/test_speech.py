"""Our own prompts: spoken once, at the level of a telephone, and never over somebody's recording."""

import shutil
import wave
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gateway.core.errors import LocalError, Unavailable
from gateway.media.english import ENGLISH
from gateway.media.level import active_level
from gateway.media.prompt import SoundLibrary
from gateway.media.soundfile import read
from gateway.media.speech import synthesise, voiced
from gateway.media.wording import clock, number, spelling

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

TONES = ["beep", "confbridge-join", "confbridge-leave"]
TEXTS = {"digits/1": "one", "greeting": "Thank you for calling the office."}


@needs_espeak
def test_prompts_are_spoken_at_the_level_of_a_telephone(tmp_path: Path) -> None:
    assert synthesise(tmp_path, texts=TEXTS) == ["digits/1", "greeting", *TONES]
    library = SoundLibrary([tmp_path])
    for name in TEXTS:
        sound = library.prompt(name)
        assert sound is not None
        assert active_level(sound.samples) == pytest.approx(-18, abs=0.5)
        assert sound.wide is not None
        spectrum = np.abs(np.fft.rfft(sound.wide.astype(float))) ** 2
        assert spectrum[len(spectrum) // 2 :].sum() > spectrum.sum() / 10000, "there is speech above 4000 Hz"
    with wave.open(str(tmp_path / "en" / "greeting.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
    assert 1 < len(read(tmp_path / "en" / "greeting.wav")) / 8000 < 4
    beep = library.prompt("beep")
    assert beep is not None
    assert beep.duration == 0.25


@needs_espeak
def test_only_what_is_missing_or_changed_is_spoken_again(tmp_path: Path) -> None:
    synthesise(tmp_path, texts=TEXTS)
    assert synthesise(tmp_path, texts=TEXTS) == []
    (tmp_path / "en" / "digits" / "1.wav").unlink()
    assert synthesise(tmp_path, texts={**TEXTS, "greeting": "Good morning."}) == ["digits/1", "greeting"]
    assert not list(tmp_path.rglob("*.part"))


@needs_espeak
def test_a_recording_of_the_office_s_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    own = tmp_path / "en" / "greeting.wav"
    own.write_bytes(b"ours")
    assert synthesise(tmp_path, texts=TEXTS) == ["digits/1", *TONES]
    assert own.read_bytes() == b"ours"
    (tmp_path / "en" / "spoken.json").write_bytes(b"{damaged")
    assert synthesise(tmp_path, texts=TEXTS) == [], "a damaged list makes every file somebody's own"


def test_a_missing_synthesiser_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="install the package espeak-ng"):
        synthesise(tmp_path, texts=TEXTS, program="/nonexistent/espeak-ng")


def test_a_synthesiser_that_fails_or_makes_no_sound_is_told(tmp_path: Path) -> None:
    for program, why in (
        ("/bin/false", "it ended with status 1"),
        ("/bin/true", "No such file"),
        ("/bin/ls", "ls: "),
    ):
        with pytest.raises(Unavailable, match=f"did not speak 'one' in voice [a-z-]+: .*{why}"):
            synthesise(tmp_path, texts=TEXTS, program=program)
    assert not list(tmp_path.rglob("*.wav"))


def test_a_language_without_a_voice_and_a_folder_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="'tlh'"):
        synthesise(tmp_path, "tlh", TEXTS)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalError, match="name another folder"):
        synthesise(tmp_path / "file", texts={})


def test_an_office_of_another_language_has_its_prompts_spoken_in_english() -> None:
    assert [voiced(language) for language in ("en", "en_GB", "de", "tlh")] == ["en", "en_GB", "en", "en"]


def test_every_word_that_numbers_spelling_and_the_clock_need_has_a_text() -> None:
    needed = set(spelling("abcdefghijklmnopqrstuvwxyz0123456789*#+.-/@=!$ "))
    for value in (*range(1000), 10**3, 10**6, 10**9, -1):
        needed |= set(number(value))
    midnight = datetime(2024, 1, 1)
    for minutes in range(24 * 60):
        needed |= set(clock(midnight + timedelta(minutes=minutes, seconds=minutes % 60)))
    assert needed <= set(ENGLISH)
