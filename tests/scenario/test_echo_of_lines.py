"""Echo on whole calls: who takes it away, and how much of it is left at the far side."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.app.simulator import EmulatedWorld
from gateway.core.audio import Samples
from gateway.media.level import active_level, level
from hardware.analog.copper import hybrid
from tests.scenario.conftest import Build


@pytest.mark.parametrize(
    ("card", "phone", "who"),
    [
        ("echo_cancellers = true", "", "the card"),
        ("echo_cancellers = false", "", "the media plane"),
        ("echo_cancellers = true", '\necho_canceller = "software"', "the media plane"),
        ("echo_cancellers = true", '\necho_canceller = "off"', "nobody"),
    ],
)
def test_an_echo_path_that_is_given_is_cancelled(
    build: Build, card: str, phone: str, who: str, sentence: Samples
) -> None:
    office = build(("[cards.main]", f"[cards.main]\n{card}"), ("port = 1", f"port = 1{phone}"))
    ada, desk = office.sip("6001"), office.phone("101")
    simulator = office.app.console.simulator
    assert isinstance(simulator, EmulatedWorld)
    hand = simulator.phone("101")
    assert hand is not None
    hand.echo(np.rint(np.array(hybrid(9.0, delay=12.0)) * 32768).astype(np.int16))
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.run(0.5)
    for _ in range(2):
        before = len(ada.heard)
        ada.say(sentence)
        office.run(len(sentence) / 8000 + 0.3)
    back = level(ada.heard[before:]) - active_level(sentence)
    assert back > -16.0 if who == "nobody" else back < -35.0
    desk.hang_up()
    hand.suffer({})
    office.until(lambda: ada.state == "idle", within=4)
    story = office.story()
    assert ("cancel echo with 512 taps" in story) is ("echo_canceller" not in phone)
    assert ("cancelled by the media plane" in story) is (who == "the media plane")
    office.run(2)
