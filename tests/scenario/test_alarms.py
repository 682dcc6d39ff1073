"""Lines that are cut and mended, cards that are pulled out and put back, in an office that goes on."""

from __future__ import annotations

import logging

import pytest

from gateway.web.office import LineView
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest


def line(office: OfficeUnderTest, name: str) -> LineView:
    return next(view for view in office.app.console.lines() if view.name == name)


def test_a_line_that_is_unplugged_is_shown_told_once_and_passed_over(
    office: OfficeUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "copperline")
    first, second, desk = office.exchange("copper1"), office.exchange("copper2"), office.phone("101")
    first.unplug()
    office.until(lambda: not line(office, "copper1").in_service, within=3)
    assert line(office, "copper1").trouble.startswith("red alarm: no battery; is the line plugged in")
    told = [record.getMessage() for record in caplog.records if "in alarm" in record.getMessage()]
    assert told == ["port 3 is in alarm: line copper1 is out of service"]

    desk.lift()
    office.until(lambda: desk.hears == "dial")
    desk.dial("95550100")
    office.until(lambda: second.dialled == "5550100", within=20)
    office.run(2)
    desk.hang_up()
    office.run(3)

    first.plug_in()
    office.until(lambda: line(office, "copper1").in_service, within=3)
    assert line(office, "copper1").trouble == ""
    assert "port 3 is out of alarm: line copper1 is in service" in caplog.text


def test_a_line_that_fails_while_it_is_dialled_on_hands_its_call_to_the_next(build: Build) -> None:
    office = build(("[sip]\n", "[tolls]\nparallel = 1\n[sip]\n"))  # it is one call still
    ada = office.sip("6001")
    ada.call("95550100")
    office.run(1.0)
    assert line(office, "copper1").state == "being seized"
    office.exchange("copper1").unplug()
    office.until(lambda: ada.state == "up", within=20)
    assert office.exchange("copper2").dialled == "5550100"
    ada.hang_up()
    office.run(4)
    office.exchange("copper1").plug_in()
    office.run(2)
    (record,) = office.records()
    assert record.disposition == "ANSWERED" and record.destination.startswith("FXO/copper2-")


def test_with_every_line_unplugged_the_caller_is_told(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    for name in ("copper1", "copper2"):
        office.exchange(name).unplug()
    office.run(3)
    desk.lift()
    office.until(lambda: desk.hears == "dial")
    desk.dial("95550100")
    office.until(lambda: desk.hears == "congestion", within=20)
    desk.hang_up()
    office.run(3)
    (record,) = office.records()
    assert record.ending is not None and int(record.ending.cause) in (27, 34)


def test_a_card_that_comes_back_serves_again_without_a_restart(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    office.pull_out_card()
    office.until(lambda: not line(office, "101").in_service, within=3)
    assert line(office, "101").trouble
    ada.call("101")
    office.until(lambda: ada.state == "idle" and ada.status >= 400, within=5)
    office.run(11)
    office.put_card_back()
    office.until(lambda: line(office, "101").in_service and line(office, "copper1").in_service, within=12)
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.exchange("copper1").call()
    office.until(lambda: line(office, "copper1").state != "idle", within=10)
    office.exchange("copper1").hang_up()
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)
    office.run(10)
