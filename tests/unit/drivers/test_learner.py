"""A line learned: an emulated office with tones of its own, through a hybrid; and what was learned is used."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from drivers.fxo.learner import LineLearner, LineProfile
from gateway.core.audio import Samples
from gateway.core.errors import RemoteError
from gateway.core.number import Party
from gateway.media import g711
from hardware.analog.copper import SOUND, Fault, hybrid
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.world.office_line import OfficeConfig
from hardware.world.world import World
from tests.support.copper import LINE, Copper

ODD = {"dial": "437@-12", "busy": "433@-13/350,0/370", "ring": "433@-13/1200,0/3500"}
"""Tones of no country."""


def learned(office: OfficeConfig, fault: Fault = SOUND, zone: str = "us", ring: str = "5550102") -> LineProfile:
    card = EmulatedCard(ports=[PortKind.FXO], zone=zone, fault=fault)
    world = World(card, office=office)
    port = AnalogPort(card, 1)
    learner = LineLearner(busy="5550101", ring=ring)
    world.step(0.0)
    for step in range(1, 60 * 50):
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
    assert profile.fit in ("well", "fairly") and not profile.reverses


@pytest.mark.parametrize("country", ["us", "de", "uk"])
def test_a_usual_exchange_is_known_by_its_country(country: str) -> None:
    profile = learned(OfficeConfig(), zone=country)
    likeliest = [name for name, share in profile.countries if share == 1.0]
    assert country in likeliest


def test_a_bad_hybrid_and_reversals_are_told() -> None:
    fault = Fault(terminal_echo=hybrid(5.0, delay=1.0))
    profile = learned(OfficeConfig(answer_reversal=True), fault, ring="5550100")
    assert profile.fit == "badly" and profile.reverses
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
