"""Telephones of G.722: heard at 16000 Hz by one another, in recordings, by who listens in, in prompts and music.

What lies above 4000 Hz shows it: nothing that is brought to 8000 Hz on its way keeps that.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media.wavefile import SoundWriter
from gateway.testing.sip_phone import SipPhone
from tests.support.office import OfficeUnderTest

OFFICE = """
[sip]
listen = ["udp:127.0.0.1:0"]
[accounts.6001]
secret = "one"
[accounts.6002]
secret = "two"
[accounts.6003]
secret = "three"
[music.high]
folder = "high"
[media]
prompts = "prompts"
[web]
listen = "127.0.0.1:0"
"""
DIALPLAN = """
[office]
exten => _600X,1,MixMonitor(both.wav,D)
 same => n,Dial(SIP/${EXTEN})
exten => 7,1,Answer()
 same => n,Playback(high)
exten => 8,1,Answer()
 same => n,MusicOnHold(high)
exten => 71,1,ChanSpy(SIP/6001,q)
exten => 73,1,ChanSpy(SIP/6001,qB)
"""


def tone(*frequencies: float, rate: int = 16000, seconds: float = 2.0) -> Samples:
    time = np.arange(round(rate * seconds)) / rate
    return np.round(sum(3000 * np.sin(2 * np.pi * frequency * time) for frequency in frequencies)).astype(np.int16)


def strength(samples: Samples, frequency: float, rate: int) -> float:
    """The peak of one frequency in the last half second but a quarter."""
    part = samples[-rate * 3 // 4 :][: rate // 2] * np.hanning(rate // 2)
    return float(4 * abs(part @ np.exp(-2j * np.pi * frequency * np.arange(rate // 2) / rate)) / (rate // 2))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeUnderTest]:
    for path in (tmp_path / "prompts" / "en" / "high.wav", tmp_path / "high" / "a.wav"):
        writer = SoundWriter(path, rate=16000)
        writer.write(tone(1000, 6000))
        writer.close()
    with OfficeUnderTest(tmp_path, OFFICE, DIALPLAN) as office:
        yield office


def talking(office: OfficeUnderTest) -> tuple[SipPhone, SipPhone]:
    """Ada (6001) and Grace (6002), in a call."""
    ada, grace = (office.sip(number, encoding=Encoding.G722) for number in ("6001", "6002"))
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.answer()
    office.until(lambda: ada.state == "up", within=1)
    return ada, grace


def end(office: OfficeUnderTest, *phones: SipPhone) -> None:
    for phone in phones:
        if phone.state == "up":
            phone.hang_up()
            office.run(0.1)
    office.until(lambda: not office.app.usage()["recordings"], within=10)


def test_a_call_is_wide_and_so_is_its_recording_with_both_sides(office: OfficeUnderTest) -> None:
    ada, grace = talking(office)
    ada.say(tone(6000))
    grace.say(tone(7000))
    office.run(1.9)
    assert strength(grace.heard, 6000, 16000) == pytest.approx(3000, rel=0.1)
    assert strength(ada.heard, 7000, 16000) == pytest.approx(3000, rel=0.3)
    end(office, ada, grace)
    with wave.open(str(office.config.media.recordings / "both.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 2)
        both = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    assert strength(both[:-1600, 0], 6000, 16000) == pytest.approx(3000, rel=0.1)
    assert strength(both[:-1600, 1], 7000, 16000) == pytest.approx(3000, rel=0.3)
    assert strength(both[:-1600, 0], 7000, 16000) < 100


@pytest.mark.parametrize("encoding", [Encoding.G722, Encoding.PCMU])
def test_who_listens_in_on_a_wide_call_hears_all_that_he_can(office: OfficeUnderTest, encoding: Encoding) -> None:
    ada, grace = talking(office)
    eve = office.sip("6003", encoding=encoding)
    eve.call("71")
    office.until(lambda: eve.state == "up", within=2)
    office.run(0.5)
    ada.say(tone(1000, 6000))
    grace.say(tone(5000))
    office.run(1.9)
    assert strength(eve.heard, 1000, eve.voice.sampling) == pytest.approx(3000, rel=0.1)
    if encoding is Encoding.G722:
        assert strength(eve.heard, 6000, 16000) == pytest.approx(3000, rel=0.2)
        assert strength(eve.heard, 5000, 16000) == pytest.approx(3000, rel=0.2)
    else:
        assert strength(eve.heard, 2000, 8000) < 30, "6000 Hz are not folded"
        assert strength(eve.heard, 3000, 8000) < 30, "nor 5000"
    assert strength(ada.heard, 5000, 16000) == pytest.approx(3000, rel=0.1)
    end(office, ada, grace, eve)


def test_who_barges_in_on_a_wide_call_is_heard_wide_by_both(office: OfficeUnderTest) -> None:
    ada, grace = talking(office)
    eve = office.sip("6003", encoding=Encoding.G722)
    eve.call("73")
    office.until(lambda: eve.state == "up", within=2)
    office.run(0.5)
    eve.say(tone(6000))
    grace.say(tone(5000))
    office.run(1.9)
    for phone in (ada, grace):
        assert strength(phone.heard, 6000, 16000) == pytest.approx(3000, rel=0.2)
    assert strength(ada.heard, 5000, 16000) == pytest.approx(3000, rel=0.2)
    end(office, ada, grace, eve)


@pytest.mark.parametrize("number", ["7", "8"])
@pytest.mark.parametrize("encoding", [Encoding.G722, Encoding.PCMU])
def test_prompts_and_music_are_heard_as_wide_as_the_telephone_is(
    office: OfficeUnderTest, number: str, encoding: Encoding
) -> None:
    ada = office.sip("6001", encoding=encoding)
    ada.call(number)
    office.until(lambda: ada.state == "up", within=2)
    office.run(1.6)
    assert strength(ada.heard, 1000, ada.voice.sampling) == pytest.approx(3000, rel=0.1)
    if encoding is Encoding.G722:
        assert strength(ada.heard, 6000, 16000) == pytest.approx(3000, rel=0.1)
    else:
        assert strength(ada.heard, 2000, 8000) < 30
    end(office, ada)
