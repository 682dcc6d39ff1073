"""Levels of ports in the configuration, measured at the telephone, at the exchange and at a SIP telephone."""

from __future__ import annotations

import pytest

from gateway.media.level import level
from gateway.testing.sounds import strength, tone
from tests.scenario.conftest import Build


def test_what_is_said_and_heard_is_as_loud_as_the_ports_are_set(build: Build) -> None:
    quieter = 'port = 1\nreceive_gain = -6\ntransmit_gain = 3.5\necho_canceller = "off"'
    office = build(("port = 1", quieter))
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.run(0.5)
    desk.say(tone(1004, 2.0, level=-10))
    office.run(1.5)
    assert strength(ada.heard[-4000:], 1004) == pytest.approx(-16.0, abs=0.3)
    office.run(1.0)
    ada.say(tone(1500, 2.0, level=-20))
    office.run(1.5)
    assert strength(desk.recording[-4000:], 1500) == pytest.approx(-16.5, abs=0.3)
    assert level(desk.recording[-4000:]) == pytest.approx(-16.5, abs=0.5)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)
    office.run(2)
