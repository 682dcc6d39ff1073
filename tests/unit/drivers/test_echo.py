"""Who cancels the echo of a line: the card where it can, the media plane where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from drivers.echo import EchoConfig, Remover
from drivers.fxs.config import FxsConfig
from gateway.core.audio import Sound
from gateway.core.messages import Answer, CarryFax, CarryModem, CarrySpeech, FaxCarried
from gateway.core.number import Party
from gateway.media.level import level
from hardware.analog.copper import Fault, hybrid
from tests.support.composite import composite
from tests.support.copper import LINE, Copper

PHONE = FxsConfig(1, "101")
HYBRIDS = Fault(feeder_echo=hybrid(8.0, delay=4.0), terminal_echo=hybrid(7.0, delay=20.0, seed=2))
AUTO, HARDWARE, SOFTWARE, OFF = (EchoConfig(remover) for remover in Remover)

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(echo: EchoConfig, **how: Any) -> Copper:
        phone, line = replace(PHONE, echo=echo), replace(LINE, echo=echo)
        made.append(Copper(phone=phone, line=line, fault=HYBRIDS, **how))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def answered_telephone(copper: Copper) -> Any:
    """A leg to telephone 101, just answered."""
    leg = copper.call("FXS", "101", Party("6001"))
    copper.run(3.0)
    copper.first.lift()
    copper.run(1.0)
    return leg


def echo_of(copper: Copper, leg: Any) -> float:
    """dBm0 of what comes back while a composite signal is played to the leg, once it has been for 1.5 s."""
    leg.audio.play(Sound("composite", composite(7.0), loop_from=0))
    copper.run(1.5)
    capture = leg.audio.capture(3.0)
    copper.run(2.0)
    heard = level(capture.read())
    capture.stop()
    return heard


def story(copper: Copper, leg: Any) -> str:
    return "\n".join(note.text for note in copper.recorder.story(leg.name))


def test_without_a_canceller_the_echo_of_a_telephone_is_heard(build: Build) -> None:
    copper = build(OFF)
    assert echo_of(copper, answered_telephone(copper)) > -24


@pytest.mark.parametrize("echo", [AUTO, SOFTWARE])
def test_the_media_plane_cancels_where_the_card_cannot(build: Build, echo: EchoConfig) -> None:
    copper = build(echo)
    leg = answered_telephone(copper)
    assert echo_of(copper, leg) < -50
    copper.first.hang_up()
    copper.run(2.0)
    assert len(copper.plane.cancellers) == 128, "given back"
    assert "echo came back" in story(copper, leg)


def test_the_card_cancels_where_it_can(build: Build) -> None:
    copper = build(AUTO, echo_cancellers=True)
    assert echo_of(copper, answered_telephone(copper)) < -50
    assert copper.card.channels[1].cancelling_echo and len(copper.plane.cancellers) == 128
    copper.first.hang_up()
    copper.run(2.0)
    assert not copper.card.channels[1].cancelling_echo


def test_a_card_leaves_their_echo_to_modems(build: Build) -> None:
    """G.168: while voiceband data pass, no canceller is in their way."""
    copper = build(AUTO, echo_cancellers=True)
    leg = answered_telephone(copper)
    assert {CarryFax, CarryModem, CarrySpeech} <= set(leg.takes)
    card = copper.card.channels[1]
    for command in (CarryModem(), CarryFax()):
        leg.command(command, copper.clock())
        copper.run(0.1)
        assert not card.cancelling_echo
    assert copper.said()[-1] == FaxCarried(None)
    leg.command(CarrySpeech(), copper.clock())
    copper.run(0.1)
    assert card.cancelling_echo


def test_a_card_is_asked_once_whether_it_has_one(build: Build) -> None:
    copper = build(AUTO)
    asked = []
    for _ in range(2):
        leg = answered_telephone(copper)
        copper.first.hang_up()
        copper.run(2.0)
        asked.append("is told to cancel echo with 512 taps" in story(copper, leg))
        assert "echo of up to 64 ms is cancelled by the media plane" in story(copper, leg)
    assert asked == [True, False]


def test_where_only_hardware_may_and_there_is_none_the_story_says_what_to_do(build: Build) -> None:
    copper = build(HARDWARE)
    leg = answered_telephone(copper)
    assert echo_of(copper, leg) > -24
    assert 'set echo_canceller = "auto"' in story(copper, leg)


def test_an_exchange_line_does_not_send_its_hybrids_echo_to_the_caller(build: Build) -> None:
    copper = build(AUTO)
    copper.world.office.call(3, "2565557777")
    copper.run(6.0)
    leg = copper.heard[-1][0]
    leg.command(Answer(), copper.clock())
    copper.run(0.5)
    assert echo_of(copper, leg) < -50


def test_a_call_out_is_cancelled_from_its_dialling_on(build: Build) -> None:
    copper = build(AUTO)
    leg = copper.call("FXO", "g1/5550102", Party("101"))
    copper.run(8.0)
    assert len(copper.plane.cancellers) == 127
    assert leg.audio is not None
