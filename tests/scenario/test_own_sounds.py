"""Tones of one's own and music by class, as they sound in a whole office."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.media import places
from gateway.media.wavefile import SoundWriter
from tests.support.office import OfficeUnderTest

MOON = """
[office]
tones = "moon"
[tones.moon]
like = "de"
ringing = [250, 250]
dial = "600/200,0/200"
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs"]
[phones.101]
port = 1
[phones.102]
port = 2
[music.jazz]
folder = "jazz"
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
"""
DIALPLAN = """\
[office]
exten => 7,1,Answer()
 same => n,MusicOnHold(jazz)
exten => 8,1,Answer()
 same => n(again),Playback(hello)
 same => n,Goto(again)
exten => 102,1,Dial(FXS/102)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeUnderTest]:
    whistle(tmp_path / "jazz" / "a.wav", 1200)
    with contextlib.closing(OfficeUnderTest(tmp_path, MOON, DIALPLAN)) as office:
        yield office


def whistle(path: Path, frequency: float) -> None:
    """Write two seconds of a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = SoundWriter(path)
    writer.write(np.round(5000 * np.sin(2 * np.pi * frequency * np.arange(16000) / 8000)).astype(np.int16))
    writer.close()


def loudest(samples: Samples) -> float:
    """Hz of the strongest frequency."""
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(np.fft.rfftfreq(len(samples), 1 / 8000)[spectrum.argmax()])


def sounding(samples: Samples) -> float:
    """The share of the time in which there is sound, by hundredths of a second."""
    return float((np.abs(samples.reshape(-1, 80).astype(float)).max(axis=1) > 300).mean())


def test_dial_tone_and_bell_are_the_office_s_own(office: OfficeUnderTest) -> None:
    desk, other = office.phone("101"), office.phone("102")
    desk.lift()
    office.run(4)
    heard = desk.recording[-16000:]
    assert loudest(heard) == pytest.approx(600, abs=5)
    assert sounding(heard) == pytest.approx(0.5, abs=0.06)
    desk.dial("102")
    office.until(lambda: other.ringing, within=5)
    other.forget()
    office.run(3)
    assert len(other.rings) in range(5, 8), "twice a second"


def test_music_of_a_class_is_the_files_of_its_folder(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    desk.lift()
    office.run(1)
    desk.dial("7")
    office.run(6)
    heard = desk.recording[-16000:]
    assert loudest(heard) == pytest.approx(1200, abs=5)


@pytest.mark.parametrize(("own", "frequency"), [(False, 900), (True, 500)])
def test_recordings_of_asterisk_packages_go_before_what_is_spoken_and_after_the_office_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool, frequency: int
) -> None:
    packages, prompts = tmp_path / "packages", tmp_path / "var" / "prompts"
    monkeypatch.setattr(places, "ASTERISK_SOUNDS", packages)
    whistle(packages / "en" / "hello.wav", 900)
    coded = ["sox", str(packages / "en" / "hello.wav"), str(packages / "en" / "hello.gsm")]
    subprocess.run(coded, check=True, timeout=20)
    (packages / "en" / "hello.wav").unlink()
    whistle(prompts / places.SPOKEN / "en" / "hello.wav", 1500)
    if own:
        whistle(prompts / "en" / "hello.wav", 500)
    office = OfficeUnderTest(tmp_path, MOON.replace('[music.jazz]\nfolder = "jazz"\n', ""), DIALPLAN)
    try:
        desk = office.phone("101")
        desk.lift()
        office.run(1)
        desk.dial("8")
        office.run(6)
        assert loudest(desk.recording[-8000:]) == pytest.approx(frequency, abs=5)
    finally:
        office.close()
