"""Exchange lines on emulated copper: dial tone, pulses, what shows an answer and what a release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from drivers.fxo.config import AnswerSignal, FxoConfig
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answer, Answered, Hangup, Offered, Progress, Released, Rerouted
from gateway.core.number import Party
from hardware.analog.copper import Fault
from hardware.analog.pulse import PulseOrder
from hardware.world.office_config import OfficeConfig
from tests.support.copper import Copper

LINE = FxoConfig(3, "copper1", did="2565551100", dial_tone_wait=5.0)
TONES_ONLY = OfficeConfig(disconnect=0)
HANGUP = Hangup(Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE"))

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(line: FxoConfig = LINE, exchange: OfficeConfig = TONES_ONLY, **how: Any) -> Copper:
        made.append(Copper(line=line, exchange=exchange, **how))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def dial(copper: Copper, number: str = "5550100", seconds: float = 6.0) -> None:
    copper.call("FXO", f"g1/{number}", Party("101"))
    copper.run(seconds)


def ending(copper: Copper) -> Ending:
    released = copper.said()[-1]
    assert isinstance(released, Released)
    return released.ending


# Dial tone.


@pytest.mark.parametrize("zone", ["us", "uk", "de", "fr", "jp", "au"])
def test_the_number_is_dialled_when_dial_tone_has_come(build: Build, zone: str) -> None:
    copper = build(exchange=replace(TONES_ONLY, dial_tone_after=4000), zone=zone)
    dial(copper, seconds=3.8)
    assert copper.state(3) == "waiting for dial tone" and copper.exchange.dialled == ""
    copper.run(5.0)
    assert copper.exchange.dialled == "5550100"
    assert copper.said()[0] == Progress()


def test_an_exchange_without_dial_tone_fails_the_call_and_says_what_to_do(build: Build) -> None:
    copper = build(exchange=replace(TONES_ONLY, dial_tone_after=None))
    dial(copper, seconds=7.5)
    why = ending(copper)
    assert (why.cause, why.evidence) == (Cause.NETWORK_OUT_OF_ORDER, "no dial tone within 5 s")
    assert "dial_tone_wait = 0" in why.advice
    copper.run(3.0)
    assert copper.state(3) == "idle" and copper.lines.usage() == 0


def test_without_a_wait_the_number_is_dialled_into_silence(build: Build) -> None:
    copper = build(replace(LINE, dial_tone_wait=0), replace(TONES_ONLY, dial_tone_after=None))
    dial(copper)
    assert copper.exchange.dialled == "5550100"


def test_a_line_that_is_only_seized_waits_for_nothing_and_keeps_its_dial_tone(build: Build) -> None:
    copper = build()
    leg = copper.call("FXO", "g1", Party("101"))
    copper.run(10.0)
    assert copper.said() == [Progress(), Answered("dialled; this line gives no answer signal")]
    assert copper.state(3) == "talking", "its own dial tone does not release it"
    leg.command(HANGUP, copper.clock())


# Pulses.


@pytest.mark.parametrize("order", PulseOrder)
def test_a_number_is_dialled_by_pulses_of_the_exchange_s_order(build: Build, order: PulseOrder) -> None:
    copper = build(replace(LINE, pulses=order), replace(TONES_ONLY, pulse_order=order))
    dial(copper, "2565550108", seconds=3.5)
    assert copper.state(3) == "dialling"
    copper.run(18.0)
    assert copper.exchange.dialled == "2565550108"
    assert copper.said()[0] == Progress()


def test_keys_that_no_dial_has_go_by_tone(build: Build) -> None:
    copper = build(replace(LINE, pulses=PulseOrder.USUAL), replace(TONES_ONLY))
    dial(copper, "12*34", seconds=8.0)
    assert copper.exchange.dialled == "12*34"


def test_a_call_given_up_while_it_is_pulsed_lets_the_line_go(build: Build) -> None:
    copper = build(replace(LINE, pulses=PulseOrder.USUAL))
    leg = copper.call("FXO", "g1/5550100", Party("101"))
    copper.run(5.0)
    leg.command(HANGUP, copper.clock())
    copper.run(3.0)
    assert copper.state(3) == "idle" and copper.exchange.state.name == "IDLE"


# Answers.


def test_ringback_and_a_voice_are_an_answer(build: Build) -> None:
    copper = build(replace(LINE, answer=AnswerSignal.VOICE), replace(TONES_ONLY, answer_after=7000))
    dial(copper, "5550109", seconds=9.0)
    assert copper.said() == [Progress(), Alerting(audio=True)]
    copper.run(3.0)
    assert copper.said() == [] and copper.state(3) == "calling"
    copper.exchange.say(np.random.default_rng(1).normal(0, 2000, 8000).astype(np.int16))
    copper.run(1.5)
    [answered] = copper.said()
    assert isinstance(answered, Answered) and answered.how == "a voice after ringback, 90% sure"


def test_ringback_that_stops_is_an_answer(build: Build) -> None:
    copper = build(replace(LINE, answer=AnswerSignal.VOICE), replace(TONES_ONLY, answer_after=7000))
    dial(copper, "5550109", seconds=11.0)
    copper.said()
    copper.run(7.0)
    [answered] = copper.said()
    assert isinstance(answered, Answered) and answered.how == "ringback overdue for 2 s, 70% sure"


def test_nobody_answers_and_none_is_made_up(build: Build) -> None:
    copper = build(replace(LINE, answer=AnswerSignal.VOICE))
    dial(copper, "5550102", seconds=60.0)
    assert copper.said() == [Progress(), Alerting(audio=True)]


def test_a_timer_answers_where_nothing_else_can(build: Build) -> None:
    copper = build(replace(LINE, answer=AnswerSignal.TIMER, answer_after=10))
    dial(copper, "5550102", seconds=13.0)
    assert copper.said() == [Progress(), Alerting(audio=True)]
    copper.run(3.0)
    assert copper.said() == [Answered("10 s after dialling, by timer")]


def test_polarity_answers_and_polarity_releases(build: Build) -> None:
    line = replace(LINE, answer=AnswerSignal.POLARITY, hangup_on_polarity=True)
    copper = build(line, replace(TONES_ONLY, answer_reversal=True, hangup_reversal=True, answer_after=3000))
    dial(copper, "5550105", seconds=7.0)
    assert copper.said()[-1] == Answered("polarity reversal on port 3")
    copper.run(3.0)
    assert ending(copper).evidence == "POLARITY event on port 3"


# Refusals and releases by tone.


@pytest.mark.parametrize(
    ("number", "cause"),
    [("5550101", Cause.USER_BUSY), ("5550104", Cause.SWITCHING_EQUIPMENT_CONGESTION)],
)
@pytest.mark.parametrize("answer", [AnswerSignal.DIALLING, AnswerSignal.VOICE])
@pytest.mark.parametrize("zone", ["us", "uk", "de", "fr", "au"])
def test_a_tone_in_place_of_ringback_is_a_refusal(
    build: Build, zone: str, answer: AnswerSignal, number: str, cause: Cause
) -> None:
    copper = build(replace(LINE, answer=answer), zone=zone)
    dial(copper, number, seconds=14.0)
    why = ending(copper)
    assert (why.cause, why.act, why.by) == (cause, Act.REFUSED, "the exchange on line copper1")
    assert "3 bursts" in why.evidence and why.evidence.endswith("% sure")


@pytest.mark.parametrize(
    ("number", "tones", "goes_on"),
    [
        ("5550104", {}, True),
        ("5550100", {"dial": "480+620/250,0/250"}, True),
        ("5550101", {}, False),
    ],
    ids=["congestion behind the number", "congestion in place of dial tone", "a busy subscriber"],
)
def test_congestion_hands_the_call_to_the_next_line_and_a_busy_subscriber_does_not(
    build: Build, number: str, tones: dict[str, str], goes_on: bool
) -> None:
    line = replace(LINE, answer=AnswerSignal.VOICE)
    copper = build(line, replace(TONES_ONLY, tones=tones))
    dial(copper, number, seconds=12.0)
    said = copper.said()
    assert isinstance(said[-1], Released)
    assert ("in place of dial tone" in said[-1].ending.evidence) is bool(tones)
    assert (said[-2:-1] == [Rerouted(f"g1/{number}")]) is goes_on


def test_busy_tone_after_a_conversation_is_a_release(build: Build) -> None:
    copper = build()
    dial(copper, "5550105", seconds=16.0)
    why = ending(copper)
    assert (why.cause, why.act) == (Cause.NORMAL_CLEARING, Act.HUNG_UP)
    assert why.evidence.startswith("busy tone 480+620/500,0/500, 3 bursts, ")
    copper.run(4.0)
    assert copper.state(3) == "idle" and copper.exchange.state.name == "IDLE" and copper.lines.usage() == 0


@pytest.mark.parametrize(
    ("released", "evidence"), [("congestion", "congestion tone 480"), ("dial", "dial tone 350")]
)
def test_exchanges_that_release_by_another_tone_are_heard_too(build: Build, released: str, evidence: str) -> None:
    copper = build(exchange=replace(TONES_ONLY, released=released))
    dial(copper, "5550105", seconds=16.0)
    why = ending(copper)
    assert (why.cause, why.act) == (Cause.NORMAL_CLEARING, Act.HUNG_UP)
    assert why.evidence.startswith(evidence) and why.evidence.endswith("% sure")
    copper.run(4.0)
    assert copper.state(3) == "idle" and copper.lines.usage() == 0


def test_a_caller_from_outside_who_hangs_up_is_noticed_by_tone(build: Build) -> None:
    copper = build(fault=Fault(loss=12.0))
    copper.world.office.call(3, "2565557777")
    copper.run(5.5)
    [(leg, offered)] = copper.events()
    assert isinstance(offered, Offered)
    leg.command(Answer(), copper.clock())
    copper.run(2.0)
    copper.exchange.hang_up()
    copper.run(4.0)
    assert ending(copper).cause is Cause.NORMAL_CLEARING


@pytest.mark.parametrize("waiting", [False, True], ids=["nothing listens", "second callers are listened for"])
def test_where_tones_do_not_count_a_busy_tone_is_only_heard(build: Build, waiting: bool) -> None:
    copper = build(replace(LINE, hangup_on_tone=0, waiting_caller_id=waiting))
    dial(copper, "5550101", seconds=30.0)
    assert copper.state(3) == "talking"


def test_the_evidence_is_in_the_story(build: Build) -> None:
    copper = build()
    leg = copper.call("FXO", "g1/5550101", Party("101"))
    copper.run(10.0)
    story = [note.text for note in copper.recorder.story(leg.name)]
    assert any(text.startswith("the exchange on line copper1: dial tone 350+440") for text in story)
    assert any(text.startswith("the exchange on line copper1: busy tone 480+620") for text in story)
