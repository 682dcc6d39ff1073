"""Levels of ports in the configuration, measured at the telephone, at the exchange and at a SIP telephone."""

from __future__ import annotations

import pytest

from gateway.config.office import load_office
from gateway.media.level import level
from gateway.testing.sounds import strength, tone
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest


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


def test_a_reload_changes_levels_while_people_talk(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.run(0.5)
    file = office.folder / "office.toml"
    text = file.read_text()
    for gain in (0.0, -9.0, 3.0):
        changed = f"port = 1\nreceive_gain = {gain}\ntransmit_gain = {-gain}" if gain else "port = 1"
        file.write_text(text.replace("port = 1", changed, 1))
        config, plan = load_office(file)
        assert office.app.reload(config, plan), "no restart is wanted"
        desk.say(tone(1004, 1.0, level=-10))
        ada.say(tone(1500, 1.0, level=-15))
        office.run(0.9)
        assert strength(ada.heard[-3200:], 1004) == pytest.approx(-10 + gain, abs=0.5)
        assert strength(desk.recording[-3200:], 1500) == pytest.approx(-15 - gain, abs=0.5)
        office.run(0.6)
    office.pull_out_card()
    office.until(lambda: ada.state == "idle", within=2)
    desk.hang_up()
    office.put_card_back()
    office.until(lambda: all(view.in_service for view in office.app.console.lines()), within=15)
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.run(0.5)
    desk.say(tone(1004, 1.0, level=-10))
    office.run(0.9)
    assert strength(ada.heard[-3200:], 1004) == pytest.approx(-7, abs=0.5), (
        "a port that is opened anew has them, too"
    )
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)
    office.run(2)


def test_a_reload_with_another_port_wants_a_restart(office: OfficeUnderTest) -> None:
    file = office.folder / "office.toml"
    file.write_text(file.read_text().replace("port = 1", 'port = 1\nmessage_lamp = "neon"\nreceive_gain = 1', 1))
    config, plan = load_office(file)
    assert not office.app.reload(config, plan)
