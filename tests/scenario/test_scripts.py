"""Applications and functions of the dialplan in whole calls, with speech: AMD DISA Authenticate PERIODIC_HOOK."""

from __future__ import annotations

from time import sleep

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media.soundfile import load
from gateway.testing.sip_phone import SipPhone
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare, speak

DIALPLAN = """
[office]
exten => 1,1,Answer()
 same => n,AMD()
 same => n,Set(GLOBAL(was)=${AMDSTATUS} ${AMDCAUSE})
 same => n,Hangup()
exten => 2,1,DISA(4711,way-in,"From far" <2565550199>)
exten => 3,1,Authenticate(1234)
 same => n,Dial(FXS/101)
exten => 4,1,Set(ID=${PERIODIC_HOOK(hooks,beep,3)})
 same => n,Set(GLOBAL(hook)=${ID})
 same => n,Dial(FXS/101)
exten => 5,1,Set(ID=${PERIODIC_HOOK(hooks,beep,3)})
 same => n,Set(PERIODIC_HOOK(${ID})=off)
 same => n,Dial(FXS/101)
exten => 6,1,Set(VOLUME(TX)=2)
 same => n,Set(VOLUME(RX)=-2)
 same => n,Dial(FXS/101)
exten => 7,1,Set(VOLUME(TX)=2)
 same => n,Playback(demo-thanks)
 same => n,Playback(demo-thanks)
exten => 8,1,Record(custom/day%d.wav,,20,k)
 same => n,Set(GLOBAL(was)=${RECORD_STATUS} ${RECORDED_FILE})
 same => n,Hangup()
exten => 9,1,Playback(/var/lib/asterisk/sounds/custom/day${GLOBAL(day)})
[way-in]
exten => _1XX,1,Set(GLOBAL(was)=${CALLERID(all)})
 same => n,Dial(FXS/${EXTEN})
[hooks]
exten => beep,1,Answer()
 same => n,Set(GLOBAL(heard)=${HOOK_CHANNEL} ${HOOK_ID})
 same => n,Playback(beep)
[from-pstn]
exten => s,1,Hangup()
"""


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    return build(dialplan=DIALPLAN)


def value(office: OfficeUnderTest, name: str) -> str:
    return office.app.engine._shared.globals.get(name, "")


def up(office: OfficeUnderTest, number: str) -> SipPhone:
    ada = office.sip("6001")
    ada.call(number)
    office.until(lambda: ada.state == "up", within=3)
    return ada


LONG = (
    "Hello. You have reached the offices of Copper and Sons. Nobody can take your call at the moment. Please leave "
    "your name and your number after the tone, and we will call you back as soon as we can."
)


@pytest.mark.parametrize(
    ("words", "status"),
    [("Hello?", "HUMAN"), ("Hello, Ada here.", "HUMAN"), (LONG, "MACHINE"), ("", "MACHINE INITIALSILENCE")],
    ids=["a person", "a name", "an answering machine", "silence"],
)
def test_amd_tells_people_from_machines_by_what_is_said(office: OfficeUnderTest, words: str, status: str) -> None:
    ada = up(office, "1")
    office.run(0.4)
    if words:
        ada.say(speak(words))
    office.until(lambda: ada.state == "idle", within=10)
    assert value(office, "was").startswith(status)


def talk(office: OfficeUnderTest, ada: SipPhone, said: Samples) -> None:
    """101 rings, is lifted, and the two hear one another."""
    desk = office.phone("101")
    office.until(lambda: desk.ringing, within=4)
    office.run(1)
    desk.lift()
    office.run(1)
    desk.forget()
    ada.say(said)
    office.run(len(said) / 8000 + 0.5)
    assert compare(desk.recording, said).correlation > 0.97
    ada.hang_up()
    office.until(lambda: ada.state == "idle", within=2)
    desk.hang_up()
    office.run(1)


def test_disa_lets_who_knows_the_password_dial_on(office: OfficeUnderTest, sentence: Samples) -> None:
    ada = up(office, "2")
    office.run(1)
    assert np.abs(ada.heard[-4000:].astype(int)).mean() > 500, "dial tone"
    ada.key("4711#")
    office.run(3)
    ada.key("101")
    talk(office, ada, sentence)
    assert value(office, "was") == '"From far" <2565550199>'


@pytest.mark.parametrize("number", ["2", "3"])
def test_a_wrong_password_leads_nowhere(office: OfficeUnderTest, number: str) -> None:
    ada = up(office, number)
    for _ in range(3):
        office.run(4)
        if ada.state == "up":
            ada.key("9999#")
    office.until(lambda: ada.state == "idle", within=20)
    assert not office.phone("101").ringing


def test_authenticate_lets_who_knows_the_password_through(office: OfficeUnderTest, sentence: Samples) -> None:
    ada = up(office, "3")
    office.run(1)
    ada.key("1234#")
    office.run(4)
    talk(office, ada, sentence)


@pytest.mark.parametrize("number", ["4", "5"])
def test_a_hook_is_heard_by_both_every_so_often_until_it_is_off(
    build: Build, office: OfficeUnderTest, number: str
) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call(number)
    office.until(lambda: desk.ringing, within=3)
    office.run(1)
    desk.lift()
    office.until(lambda: ada.state == "up", within=3)
    desk.forget()
    before = len(ada.heard)
    office.run(10)
    beep = office.app.media.sounds.prompt("beep")
    assert beep is not None
    for heard in (ada.heard[before:], desk.recording):
        assert (compare(heard, beep.samples).correlation > 0.7) is (number == "4")
    if number == "4":
        assert value(office, "heard").startswith("SIP/6001-") and value(office, "heard").endswith(" 1")
    ada.hang_up()
    office.until(lambda: ada.state == "idle", within=2)
    desk.hang_up()


def test_volumes_of_a_talk(office: OfficeUnderTest, sentence: Samples, other_sentence: Samples) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("6")
    office.until(lambda: desk.ringing, within=3)
    office.run(1)
    desk.lift()
    office.until(lambda: ada.state == "up", within=3)
    desk.forget()
    ada.say(sentence // 4)
    office.run(len(sentence) / 8000 + 0.5)
    said = compare(desk.recording, sentence // 4)
    assert said.correlation > 0.97 and said.slip == 0
    assert said.gain == pytest.approx(-6.0, abs=0.7)
    before = len(ada.heard)
    desk.say(other_sentence // 4)
    office.run(len(other_sentence) / 8000 + 0.5)
    heard = compare(ada.heard[before:], other_sentence // 4)
    assert heard.correlation > 0.97 and heard.slip == 0
    assert heard.gain == pytest.approx(6.0, abs=0.7)
    ada.hang_up()
    office.until(lambda: ada.state == "idle", within=2)
    desk.hang_up()


def test_what_a_wide_telephone_records_is_kept_and_heard_wide(office: OfficeUnderTest) -> None:
    """A tone of 6 kHz by G.722: whole in the file and to a wide telephone, not there to a narrow one."""
    ada = office.sip("6001", encoding=Encoding.G722)
    ada.call("8")
    office.until(lambda: ada.state == "up", within=3)
    office.run(1.5)
    ada.say(np.asarray(6000 * np.sin(2 * np.pi * 6000 / 16000 * np.arange(32000)), np.int16))
    office.run(2.5)
    ada.key("#")
    written(office, "custom/day0.wav")
    ended(office, ada, 30)
    kept = load(office.config.media.recordings / "sounds" / "custom" / "day0.wav")
    assert kept.wide is not None
    assert float(np.std(kept.wide[24000:48000].astype(float))) > 3500
    office.app.engine._shared.globals["day"] = "0"
    for encoding, least, most in ((Encoding.G722, 3500, 5000), (Encoding.PCMU, 0, 60)):
        bert = office.sip("6002", encoding=encoding)
        bert.call("9")
        ended(office, bert, 12)
        middle = bert.heard[len(bert.heard) // 3 : len(bert.heard) * 2 // 3].astype(float)
        assert least <= float(np.std(middle)) <= most


def test_the_volume_of_prompts(office: OfficeUnderTest) -> None:
    prompt = office.app.media.sounds.prompt("demo-thanks")
    assert prompt is not None
    ada = up(office, "7")
    office.run(prompt.duration + 1)
    assert compare(ada.heard, prompt.samples).gain == pytest.approx(6.0, abs=1.5)
    ada.hang_up()


def ended(office: OfficeUnderTest, phone: SipPhone, within: float) -> None:
    office.until(lambda: phone.state == "idle", within=within)


def written(office: OfficeUnderTest, name: str) -> None:
    """Wait for a file: a thread writes it, and the time of the office runs faster than that of the disk."""
    path = office.config.media.recordings / "sounds" / name
    for _ in range(1000):
        office.run(0.02)
        if path.exists():
            return
        sleep(0.02)
    raise AssertionError(f"{path} is not there")


@pytest.mark.parametrize("ends", ["a key", "hanging up"])
def test_what_is_recorded_in_one_call_is_heard_in_the_next(
    office: OfficeUnderTest, sentence: Samples, other_sentence: Samples, ends: str
) -> None:
    for day, said in (("0", sentence), ("1", other_sentence)):
        ada = up(office, "8")
        office.run(1.5)
        ada.say(said)
        office.run(len(said) / 8000 + 0.5)
        if ends == "a key":
            ada.key("#")
            written(office, f"custom/day{day}.wav")
            ended(office, ada, 30)
            assert value(office, "was") == f"DTMF custom/day{day}"
        else:
            ada.hang_up()
            ended(office, ada, 2)
            written(office, f"custom/day{day}.wav")
    for day, said in (("0", sentence), ("1", other_sentence)):
        office.app.engine._shared.globals["day"] = day
        ada = up(office, "9")
        ended(office, ada, len(said) / 8000 + 6)
        heard = compare(ada.heard, said)
        assert heard.correlation > 0.97 and heard.slip == 0 and heard.gain == pytest.approx(0, abs=0.5)
