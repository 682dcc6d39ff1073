"""The public network through an exchange line, both ways."""

from __future__ import annotations

import pytest

from gateway.core.audio import Samples
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare


def test_a_telephone_dials_out_and_hears_the_tone_that_answers(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.dial("9")
    office.run(1)
    assert desk.hears == "dial", "dial tone goes on after the 9"
    desk.dial("5550100")
    office.until(lambda: desk.hears == "milliwatt", within=15)
    states = {line.name: line.state for line in office.app.console.lines()}
    assert states["copper1"] != "idle" and states["copper2"] == "idle"
    desk.hang_up()
    office.run(3)
    (record,) = office.records()
    assert (record.caller, record.called, record.disposition) == ("101", "95550100", "ANSWERED")
    assert record.destination.startswith("FXO/copper1-")


@pytest.mark.parametrize(("number", "tone"), [("5550101", "busy"), ("5550103", "info"), ("5550104", "congestion")])
def test_what_the_exchange_says_is_heard(office: OfficeUnderTest, number: str, tone: str) -> None:
    desk = office.phone("101")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    desk.dial(f"9{number}")
    office.until(lambda: desk.hears == tone, within=20)
    desk.hang_up()
    office.run(3)


def test_both_lines_are_used_and_the_third_caller_is_told(office: OfficeUnderTest) -> None:
    ada, grace, edith = (office.sip(user) for user in ("6001", "6002", "6003"))
    for phone in (ada, grace):
        phone.call("95550100")
        office.until(lambda phone=phone: phone.state == "up", within=10)
    edith.call("95550100")
    office.until(lambda: edith.state == "idle", within=2)
    assert edith.ended_by == '503 Q.850;cause=34;text="no circuit available"'
    ada.hang_up()
    grace.hang_up()
    office.run(5)
    edith.call("95550100")
    office.until(lambda: edith.state == "up", within=10)
    edith.hang_up()
    office.run(3)


def test_the_far_end_hangs_up_and_the_line_frees_itself(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("95550105")
    office.until(lambda: ada.state == "up", within=10)
    office.until(lambda: ada.state == "idle", within=15)
    assert ada.ended_by.startswith("BYE Q.850;cause=16")
    (record,) = office.records()
    assert str(record.ending).startswith("the exchange on line copper1 hung up (ONHOOK event on port 3)")
    office.run(4)
    lines = [line for line in office.app.console.lines() if line.card == "main"]
    assert {line.state for line in lines} <= {"idle", "on-hook"}


def test_what_answered_a_call_and_what_ended_it_is_in_its_record_with_how_sure_it_is(
    build: Build, sentence: Samples
) -> None:
    office = build(("[lines.copper1]\nport = 3", '[lines.copper1]\nport = 3\nanswer = "voice"'))
    ada, exchange = office.sip("6001"), office.exchange("copper1")
    ada.call("95550109")
    office.until(lambda: exchange.state.name == "TALKING", within=15)
    exchange.say(sentence)
    office.until(lambda: ada.state == "up", within=10)
    exchange.hang_up()
    office.until(lambda: ada.state == "idle", within=15)
    (record,) = office.records()
    assert record.answer_signal.startswith("a voice after ringback, ") and record.answer_signal.endswith("% sure")
    assert record.ending.evidence == "ONHOOK event on port 3"
    office.run(4)
    ada.call("95550101")
    office.until(lambda: ada.state == "idle", within=25)
    busy = office.records()[-1]
    assert busy.answer_signal == "" and busy.ending.evidence.endswith("% sure"), "refused by three bursts of tone"
    office.run(4)


def test_speech_crosses_the_exchange_and_comes_back(office: OfficeUnderTest, sentence: Samples) -> None:
    ada = office.sip("6001")
    ada.call("95550106")
    office.until(lambda: ada.state == "up", within=10)
    office.run(5)
    before = len(ada.heard)
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 1)
    echo = compare(ada.heard[before:], sentence)
    assert echo.correlation > 0.97 and 0.2 < echo.delay < 0.5
    ada.hang_up()
    office.run(3)


def test_a_caller_from_outside_reaches_a_telephone_by_its_own_line(build: Build, sentence: Samples) -> None:
    office = build(("[lines.copper2]\nport = 4", '[lines.copper2]\nport = 4\ndid = "2565551101"'))
    desk, exchange = office.phone("101"), office.exchange("copper2")
    office.call_in("copper2", "2565550199", "ANN CALLER")
    office.until(lambda: desk.caller_id is not None, within=15)
    assert desk.caller_id is not None
    assert (desk.caller_id.number, desk.caller_id.name) == ("2565550199", "ANN CALLER")
    desk.lift()
    office.run(1.5)
    before = len(desk.recording)
    exchange.say(sentence)
    office.run(len(sentence) / 8000 + 1)
    assert compare(desk.recording[before:], sentence).correlation > 0.97
    desk.hang_up()
    office.run(3)
    (record,) = office.records()
    assert (record.caller, record.caller_name, record.called) == ("2565550199", "ANN CALLER", "2565551101")


def test_the_attendant_answers_and_puts_a_caller_through(office: OfficeUnderTest) -> None:
    desk, exchange = office.phone("101"), office.exchange("copper1")
    office.call_in("copper1", "2565550199", "ANN CALLER")
    office.until(lambda: exchange.state.name not in ("IDLE", "RINGING"), within=15)
    office.run(3)
    exchange.key("101")
    office.until(lambda: desk.ringing, within=5)
    office.until(lambda: exchange.hears == "ring", within=5)
    office.until(lambda: desk.caller_id is not None, within=8)
    assert desk.caller_id is not None and desk.caller_id.number == "2565550199"
    desk.lift()
    office.until(lambda: exchange.hears is None, within=6)  # ringback is told over after more than its pause
    exchange.hang_up()
    office.until(lambda: desk.hears == "congestion", within=5)
    desk.hang_up()
    office.run(3)


def test_the_attendant_lets_nobody_from_outside_dial_out(office: OfficeUnderTest) -> None:
    exchange = office.exchange("copper1")
    office.call_in("copper1", "2565550199")
    office.until(lambda: exchange.state.name not in ("IDLE", "RINGING"), within=15)
    office.run(3)
    exchange.key("95550100")
    office.run(10)
    assert {line.state for line in office.app.console.lines() if line.name == "copper2"} == {"idle"}
    exchange.hang_up()
    office.run(5)


def test_a_caller_who_gives_up_before_an_answer_stops_the_ringing(build: Build) -> None:
    office = build(("[lines.copper2]\nport = 4", '[lines.copper2]\nport = 4\ndid = "2565551101"'))
    desk = office.phone("101")
    office.call_in("copper2", "2565550199")
    office.until(lambda: desk.ringing, within=15)
    office.exchange("copper2").hang_up()
    office.run(20)
    rung = len(desk.rings)
    office.run(8)
    assert len(desk.rings) == rung and not desk.ringing
    (record,) = office.records()
    assert record.disposition == "NO ANSWER"
    assert "the exchange on line copper2 gave up before an answer" in str(record.ending)
