"""A line learned: an emulated office with tones of its own, through a hybrid; and what was learned is used."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from drivers.fxo.learner import LineLearner
from drivers.fxo.profile import LineProfile, Release
from gateway.core.audio import Samples
from gateway.core.errors import RemoteError
from gateway.core.number import Party
from gateway.media import g711
from hardware.analog.copper import SOUND, Fault, hybrid
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import LineEvent, LineEventKind, PortKind
from hardware.world.office_config import OfficeConfig
from hardware.world.world import World
from tests.support.copper import LINE, Copper

ODD = {"dial": "437@-12", "busy": "433@-13/350,0/370", "ring": "433@-13/1200,0/3500"}
"""Tones of no country."""


def learned(
    office: OfficeConfig, fault: Fault = SOUND, zone: str = "us", ring: str = "5550102", ends: str = ""
) -> LineProfile:
    card = EmulatedCard(ports=[PortKind.FXO], zone=zone, fault=fault)
    world = World(card, office=office)
    port = AnalogPort(card, 1)
    learner = LineLearner(busy="5550101", ring=ring, ends=ends)
    world.step(0.0)
    for step in range(1, 110 * 50):
        world.step(step * 0.02)
        for event in port.events():
            learner.receive(event)
        heard: Samples = np.zeros(160, np.int16)
        try:
            heard = g711.decode(os.read(port.descriptor, 160), port.encoding)
        except BlockingIOError:
            continue
        os.write(port.descriptor, g711.encode(learner.frame(heard), port.encoding))
        for command in learner.outgoing():
            port.perform(command)
        if learner.profile is not None:
            break
    port.close()
    assert learner.profile is not None
    return learner.profile


def test_an_exchange_with_tones_of_its_own_is_learned() -> None:
    profile = learned(OfficeConfig(tones=ODD), Fault(loss=5.0, noise=-58.0, terminal_echo=hybrid(14.0, delay=3.0)))
    texts = {name: tone.text for name, tone in profile.tones.items()}
    assert texts == {"dial": "437@-17", "busy": "433@-18/350,0/370", "ring": "433@-18/1200,0/3500"}
    assert profile.return_loss == pytest.approx(14.0, abs=1.5)
    assert profile.noise == pytest.approx(-58.0, abs=2.0)
    assert profile.fit in ("well", "fairly") and not profile.answer_reverses


@pytest.mark.parametrize(
    "country", ["us", "de", "uk", "fr", "it", "au", "jp", "br", "in", "za", "cn", "gr", "sg", "cz", "th"]
)
def test_a_usual_exchange_is_known_by_its_country(country: str) -> None:
    profile = learned(OfficeConfig(), Fault(loss=4.0, noise=-60.0), zone=country)
    assert set(profile.tones) == {"dial", "busy", "ring"}
    likeliest = [name for name, share in profile.countries if share == 1.0]
    assert country in likeliest


@pytest.mark.parametrize(
    ("office", "releases", "settings"),
    [
        (OfficeConfig(), (Release.LOOP_BREAK, Release.TONE), {}),
        (
            OfficeConfig(disconnect=0, answer_reversal=True, hangup_reversal=True),
            (Release.POLARITY, Release.TONE),
            {"answer": "polarity", "hangup_on_polarity": True},
        ),
        (OfficeConfig(disconnect=0), (Release.TONE,), {}),
    ],
)
def test_how_a_release_shows_is_learned(
    office: OfficeConfig, releases: tuple[Release, ...], settings: dict[str, object]
) -> None:
    profile = learned(office, ring="", ends="5550105")
    assert profile.releases == releases
    assert {name: value for name, value in profile.settings.items() if name != "tones"} == settings
    assert f"It shows {releases[0].value}, that the far end has hung up." in profile.toml("copper1")


def test_a_tone_at_the_end_that_is_no_other_is_learned_too() -> None:
    """As of exchanges whose busy tone and whose tone after a call differ."""
    office = OfficeConfig(tones={**ODD, "congestion": "433@-13/150,0/170"}, disconnect=0, released="congestion")
    profile = learned(office, ring="", ends="5550105")
    assert profile.tones["congestion"].text == "433@-13/150,0/170"


def test_an_exchange_that_shows_no_release_is_told_of() -> None:
    profile = learned(OfficeConfig(disconnect=0, released=""), ring="", ends="5550105")
    assert profile.releases == (Release.NOTHING,)


def test_somebody_who_calls_meanwhile_ends_it() -> None:
    learner = LineLearner(busy="1")
    with pytest.raises(RemoteError, match="somebody calls on it"):
        learner.receive(LineEvent(LineEventKind.RINGBEGIN))


def test_a_bad_hybrid_and_reversals_are_told() -> None:
    fault = Fault(terminal_echo=hybrid(5.0, delay=1.0))
    profile = learned(OfficeConfig(answer_reversal=True), fault, ring="5550100")
    assert profile.fit == "badly" and profile.answer_reverses
    assert 'answer = "polarity"' in profile.toml("copper1")


def test_what_is_written_is_configuration() -> None:
    profile = learned(OfficeConfig(tones=ODD), ring="")
    written = tomllib.loads(profile.toml("copper1"))
    assert written["lines"]["copper1"]["tones"] == {"dial": "437@-12", "busy": "433@-13/350,0/370"}


def test_a_dead_line_says_so() -> None:
    learner = LineLearner(busy="1")
    with pytest.raises(RemoteError, match="could not be seized within 5 s"):
        for _ in range(400):
            learner.frame(np.zeros(160, np.int16))


@pytest.mark.parametrize("knows", [False, True])
def test_a_learned_busy_tone_refuses_a_call(knows: bool) -> None:
    tones = {"dial": "437@-12", "busy": "433@-13/350,0/370"} if knows else {}
    copper = Copper(line=replace(LINE, tones=tones), exchange=OfficeConfig(tones=ODD))
    copper.call("FXO", "g1/5550101", Party("101"))
    copper.run(12.0)
    refused = [str(event) for _, event in copper.events() if "busy tone 433@-13/350,0/370" in str(event)]
    assert bool(refused) is knows
    if knows:
        assert "% sure" in refused[-1]
    copper.close()
