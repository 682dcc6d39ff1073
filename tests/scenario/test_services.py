"""Numbers of the demo office other than people: echo, milliwatt, clock, recorder, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.media.progress import ToneRecogniser
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare


def test_two_sip_phones_talk_through_the_office(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.ring()
    office.until(lambda: ada.status == 180, within=1)
    grace.answer()
    office.until(lambda: ada.state == "up", within=1)
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.3)
    heard = compare(grace.heard, sentence)
    assert heard.correlation > 0.99 and heard.slip == 0
    grace.key("9")
    office.run(0.5)
    assert ada.digits == "9"
    grace.hang_up()
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.ended_by.startswith("BYE Q.850;cause=16")


def test_an_account_that_is_not_registered_is_told_as_absent(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("6003")
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.ended_by.startswith("480 Q.850;cause=20")
    (record,) = office.records()
    assert "6003 is not registered" in str(record.ending)
    assert record.ending.advice.startswith("See whether its telephone is on")


def test_a_busy_sip_phone_is_busy_for_the_caller(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.refuse("486 Busy Here")
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.status == 486
    (record,) = office.records()
    assert record.disposition == "BUSY"
    assert str(record.ending) == "account 6002 refused the call (486 Busy Here): user busy (17)."


def test_a_telephone_in_use_is_busy(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    ada.call("101")
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.status == 486
    (record,) = office.records()
    assert record.disposition == "BUSY" and "telephone 101" in str(record.ending)
    desk.hang_up()
    office.run(2)


@pytest.mark.parametrize(("number", "status"), [("7999", 404), ("12", 404), ("103", 501), ("8000", 501)])
def test_what_is_not_there_is_refused_with_its_cause(office: OfficeUnderTest, number: str, status: int) -> None:
    ada = office.sip("6001")
    ada.call(number)
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.status == status


def test_a_telephone_that_dials_an_unknown_number_is_told_so(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.dial("5")
    office.until(lambda: desk.hears == "congestion", within=3)
    desk.hang_up()
    office.run(2)


def test_a_telephone_that_dials_what_is_not_built_in_hears_an_announcement(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.dial("8000")
    office.run(3)
    prompt = office.app.media.sounds.prompt("not-built-in")
    assert prompt is not None
    office.run(prompt.duration)
    assert compare(desk.recording, prompt.samples).correlation > 0.97
    office.until(lambda: desk.hears == "congestion", within=5)
    desk.hang_up()
    office.run(2)


def test_600_gives_everything_back(office: OfficeUnderTest, sentence: Samples) -> None:
    ada = office.sip("6001")
    ada.call("600")
    office.until(lambda: ada.state == "up", within=1)
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    heard = compare(ada.heard, sentence)
    assert heard.correlation > 0.99 and heard.delay < 0.1
    ada.hang_up()


def test_601_is_the_milliwatt(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("601")
    office.until(lambda: ada.state == "up", within=1)
    office.run(2)
    recogniser = ToneRecogniser("us")
    recogniser.feed(ada.heard)
    assert recogniser.tone == "milliwatt"
    steady = ada.heard[-8000:].astype(float)
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(8000)))
    assert int(spectrum.argmax()) == 1004
    ada.hang_up()


def test_602_tells_the_time_again_and_again(office: OfficeUnderTest) -> None:
    desk = office.phone("102")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.dial("602")
    office.run(14)
    for name in ("at-tone-time-exactly", "beep"):
        prompt = office.app.media.sounds.prompt(name)
        assert prompt is not None
        assert compare(desk.recording, prompt.samples).correlation > 0.95, name
    desk.hang_up()
    office.run(2)


def test_603_records_and_plays_back(office: OfficeUnderTest, sentence: Samples) -> None:
    ada = office.sip("6001")
    ada.call("603")
    office.until(lambda: ada.state == "up", within=1)
    office.run(1.5)
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.2)
    ada.key("#")
    before = len(ada.heard)
    office.run(len(sentence) / 8000 + 3)
    assert compare(ada.heard[before:], sentence).correlation > 0.97
    office.until(lambda: ada.state == "idle", within=15)


def test_a_first_office_has_an_echo_and_tells_who_calls(tmp_path: Path, prompts: Path, sentence: Samples) -> None:
    """By the built-in dialplan: what a newcomer with one telephone can try."""
    text = '[accounts.6001]\nsecret = "copper-6001"\n[sip]\nlisten = ["udp:127.0.0.1:0"]\n'
    text += f'[web]\nlisten = "127.0.0.1:0"\n[media]\nprompts = "{prompts}"\n'
    with OfficeUnderTest(tmp_path, text) as office:
        ada = office.sip("6001")
        said = {name: office.app.media.sounds.prompt(name) for name in ("demo-echotest", "digits/6", "digits/1")}
        ada.call("*65")
        office.run(5)
        for digit in ("digits/6", "digits/1"):
            assert compare(ada.heard, said[digit].samples).correlation > 0.95, digit
        assert ada.state == "idle", "the office hung up"
        ada.call("*43")
        office.until(lambda: ada.state == "up", within=1)
        office.run(len(said["demo-echotest"].samples) / 8000 + 0.5)
        before = len(ada.heard)
        ada.say(sentence)
        office.run(len(sentence) / 8000 + 0.3)
        assert compare(ada.heard[before:], sentence).correlation > 0.98
        ada.key("#")
        office.until(lambda: ada.state == "idle", within=1)
