"""Exchange lines that hear of a second caller in a call (type II caller ID), on emulated copper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from drivers.channel import LineChannel
from drivers.fxo.config import FxoConfig
from gateway.core.appearance import Appearance
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import AnotherCalls, Answer, Hangup, Offered
from gateway.core.number import Party, Presentation
from gateway.media.caller_id import CallerId
from hardware.analog.copper import Fault
from tests.support.copper import Copper
from tests.support.speech import speak

LINE = FxoConfig(3, "copper1", did="2565551100", waiting_caller_id=True)
ANN = CallerId("2565557777", "ANN", Presentation.ALLOWED, datetime(2026, 1, 2, 15, 30))
HANGUP = Hangup(Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE"))

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(line: FxoConfig = LINE, **how: Any) -> Copper:
        made.append(Copper(line=line, **how))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def in_a_call(copper: Copper) -> LineChannel:
    copper.world.office.call(3)
    copper.run(7.0)
    [(leg, offer)] = copper.events()
    assert isinstance(offer, Offered)
    leg.command(Answer(), copper.clock())
    copper.settle()
    copper.run(1.0)
    return leg


@pytest.mark.parametrize("fault", [Fault(), Fault(loss=6.0, noise=-50.0)])
@pytest.mark.parametrize("zone", ["us", "de"])
def test_the_alert_is_answered_and_who_calls_is_told(build: Build, zone: str, fault: Fault) -> None:
    copper = build(zone=zone, fault=fault)
    leg = in_a_call(copper)
    copper.exchange.another_calls(ANN)
    copper.run(2.0)
    assert copper.exchange.told
    assert copper.said() == [AnotherCalls(Party("2565557777", "ANN"))]
    assert any(note.text == "a second caller: ANN <2565557777>" for note in copper.recorder.story(leg.name))
    copper.exchange.another_calls(CallerId(presentation=Presentation.RESTRICTED))
    copper.run(2.0)
    assert copper.said() == [AnotherCalls(Party(presentation=Presentation.RESTRICTED))]
    assert copper.state(3) == "talking"
    leg.command(HANGUP, copper.clock())
    copper.settle()
    copper.run(3.0)
    assert copper.lines.usage() == 0


def test_whom_the_line_talks_with_is_out_of_the_talk_meanwhile_and_back_after_it(build: Build) -> None:
    copper = build()
    leg = in_a_call(copper)
    audio = leg.audio
    assert isinstance(audio, Appearance) and audio.present
    copper.exchange.another_calls(ANN)
    copper.run(0.56)
    assert not audio.present
    copper.run(1.4)
    assert audio.present
    leg.command(HANGUP, copper.clock())
    copper.settle()
    copper.run(3.0)


def test_an_alert_without_a_message_is_forgotten(build: Build) -> None:
    copper = build()
    leg = in_a_call(copper)
    copper.exchange.another_calls(ANN)
    copper.exchange._waiting = None
    copper.run(3.0)
    assert copper.said() == [] and not copper.exchange.told
    copper.exchange.another_calls(ANN)
    copper.run(2.0)
    assert copper.said() == [AnotherCalls(Party("2565557777", "ANN"))]
    leg.command(HANGUP, copper.clock())
    copper.settle()
    copper.run(3.0)


def test_where_it_is_not_configured_the_alert_is_for_the_telephone(build: Build) -> None:
    copper = build(FxoConfig(3, "copper1"))
    leg = in_a_call(copper)
    copper.exchange.another_calls(ANN)
    copper.run(2.0)
    assert copper.said() == [] and not copper.exchange.told
    leg.command(HANGUP, copper.clock())
    copper.settle()
    copper.run(3.0)


def test_speech_is_no_alert_and_busy_tone_still_releases(build: Build) -> None:
    copper = build()
    leg = in_a_call(copper)
    copper.exchange.say(speak("I was just about to tell you that the parcel has come, and a letter too.", -12.0))
    copper.run(5.0)
    assert copper.said() == [] and copper.state(3) == "talking"
    assert not np.any([note.text.endswith("can be shown") for note in copper.recorder.story(leg.name)])
    copper.exchange.hang_up()
    copper.run(6.0)
    assert copper.state(3) in ("idle", "resting after a call")
