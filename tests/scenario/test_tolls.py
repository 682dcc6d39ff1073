"""Toll fraud against a whole office, and calls for help through it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gateway.config import load_office, ways_out
from gateway.core.cause import Cause
from tests.scenario.conftest import EXAMPLE, Build
from tests.support.office import OfficeUnderTest

OUTBOUND = "[outbound]\n"
ABROAD = (OUTBOUND, f"{OUTBOUND}exten => _9011X.,1,Dial(FXO/g1/${{EXTEN:1}},60)\n")


def dialplan(*exchanges: tuple[str, str]) -> str:
    text = (EXAMPLE / "extensions.conf").read_text()
    for old, new in exchanges:
        assert old in text
        text = text.replace(old, new)
    return text


def give_up(office: OfficeUnderTest, name: str) -> None:
    """Who called in on a line hangs up."""
    simulator = office.app.console.simulator
    line = simulator.line(name) if simulator is not None else None
    assert line is not None
    line.hang_up()
    office.run(5)


def test_a_stolen_account_cannot_call_abroad_and_the_record_says_what_would_let_it(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    office = build(dialplan=dialplan(ABROAD))
    thief = office.sip("6001")
    with caplog.at_level(logging.WARNING, "copperline"):
        for _ in range(5):
            thief.call("9011447911123456")
            office.until(lambda: thief.state == "idle", within=5)
            assert thief.ended_by.endswith('Q.850;cause=21;text="call rejected"')
    lines = [line for line in office.app.console.lines() if line.card == "main"]
    assert [line.name for line in lines if line.state not in ("idle", "on-hook")] == []
    record = office.records()[-1]
    assert "6001 may not call +447911123456 (international, GG)" in str(record.ending)
    assert 'add "gg" to countries in [tolls.callers.6001]' in str(record.ending)
    assert len([message for message in caplog.messages if "may not call" in message]) == 1


def test_calls_all_night_end_at_the_cap_and_the_cap_lives_through_a_restart(build: Build) -> None:
    office = build(("[sip]\n", "[tolls]\nminutes_per_day = 1\n[sip]\n"))
    thief = office.sip("6001")
    thief.call("95550100")
    office.until(lambda: thief.state == "up", within=10)
    for _ in range(7):
        office.run(10)
        office.loop.call_soon(office.app.tolls.tick)
    office.until(lambda: thief.state == "idle", within=5)
    assert thief.ended_by.startswith("BYE Q.850;cause=21")
    office.run(5)
    thief.call("95550100")
    office.until(lambda: thief.state == "idle", within=5)
    assert "minutes_per_day" in office.records()[-1].ending.advice


def test_a_record_says_what_its_call_cost(build: Build, tmp_path: Path) -> None:
    rates = tmp_path / "prices.csv"
    rates.write_text("+1, 0.60, 0.05\n")
    office = build(("[sip]\n", f'[tolls]\nrates = "{rates}"\n[sip]\n'))
    ada = office.sip("6001")
    ada.call("95550100")
    office.until(lambda: ada.state == "up", within=10)
    office.run(30)
    office.loop.call_soon(office.app.tolls.tick)  # counted on the way, too, and once
    office.run(30)
    ada.hang_up()
    office.run(5)
    ada.call("600")
    office.until(lambda: ada.state == "up", within=10)
    ada.hang_up()
    office.run(1)
    inside, outside = sorted(office.records(), key=lambda record: record.cost)
    assert outside.cost == pytest.approx(0.05 + 0.60 * outside.billed / 60, abs=0.02) and outside.billed > 55
    assert (inside.called, inside.cost) == ("600", 0)


def test_a_caller_from_outside_is_not_let_out_again_though_the_dialplan_would(build: Build) -> None:
    careless = ("exten => 2565551100,1,Goto(attendant,s,1)", "exten => 2565551100,1,Dial(FXO/g1/5550100)")
    office = build(dialplan=dialplan(careless))
    office.call_in("copper1", "2565550199")
    office.run(10)
    (record,) = office.records()
    assert record.ending.cause is Cause.CALL_REJECTED
    assert "a call from outside (copper1) may not go out again to 5550100 (local) on g1" in record.ending.evidence
    give_up(office, "copper1")


def test_a_rule_lets_a_caller_from_outside_go_on(build: Build) -> None:
    onward = ("exten => 2565551100,1,Goto(attendant,s,1)", "exten => 2565551100,1,Dial(FXO/g1/5550100)")
    office = build(("[sip]\n", '[tolls]\nonward = ["from-pstn"]\n[sip]\n'), dialplan=dialplan(onward))
    office.call_in("copper1", "2565550199")
    office.until(lambda: len(office.app.tolls.running) == 1, within=10)
    office.run(5)
    give_up(office, "copper1")
    office.until(lambda: not office.app.manager.calls, within=60)
    office.run(5)


def emergency(office: OfficeUnderTest) -> list[str]:
    return [str(grant.destination) for grant in office.app.tolls.running if grant.emergency]


def test_a_call_for_help_passes_the_limit_of_calls(build: Build) -> None:
    office = build(("[sip]\n", "[limits]\ncalls = 1\n[sip]\n"))
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("600")
    office.until(lambda: ada.state == "up", within=5)
    grace.call("602")
    office.until(lambda: grace.state == "idle", within=5)
    grace.call("911")
    office.until(lambda: emergency(office), within=5)
    grace.hang_up()
    ada.hang_up()
    office.run(5)


def test_a_call_for_help_takes_a_line_that_is_busy_where_the_office_wants_that(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    office = build(("[sip]\n", "[tolls]\npreempt = true\n[sip]\n"))
    ada, grace, edith = (office.sip(user) for user in ("6001", "6002", "6003"))
    for phone in (ada, grace):
        phone.call("95550100")
        office.until(lambda phone=phone: phone.state == "up", within=10)
    edith.call("9911")
    office.until(lambda: emergency(office) and edith.state == "up", within=15)
    assert (ada.state, grace.state) == ("up", "idle")
    assert grace.ended_by.startswith("BYE Q.850;cause=8")
    assert "tolls: emergency call to 911 by 6003 on g1" in caplog.messages
    edith.hang_up()
    ada.hang_up()
    office.run(5)


def test_a_reload_brings_other_rules_at_once_and_keeps_what_was_used(build: Build) -> None:
    office = build(dialplan=dialplan(ABROAD))
    ada = office.sip("6001")
    ada.call("9011442079460000")
    office.until(lambda: ada.state == "idle", within=5)
    file = office.folder / "office.toml"
    file.write_text(file.read_text() + '[tolls]\ncountries = ["gb"]\n')
    config, plan = load_office(file)
    office.loop.call_soon(office.app.reload, config, plan)
    office.run(0.1)
    ada.call("9011442079460000")
    office.until(lambda: office.app.tolls.running, within=5)
    ada.hang_up()
    office.run(5)


CORNER = "[corner]\nexten => _.,1,Answer()\n same => n,Playback(unknown-telephone)\n same => n,Dial(FXO/g1/911)\n"


def test_a_telephone_that_is_not_known_reaches_a_talking_corner_and_no_line(build: Build) -> None:
    corner = ("[sip]\n", '[sip]\nstrangers = "corner"\n')
    office = build(corner, dialplan=dialplan() + CORNER)
    thief = office.sip("6001", register=False)
    thief.secret = "guess"
    thief.register()
    office.until(lambda: thief.status not in (0, 401), within=1)
    assert thief.status == 403, "nobody registers without an account"
    thief.call("95550100")
    office.until(lambda: thief.state == "up", within=5)
    office.until(lambda: thief.state == "idle", within=15)
    assert len(thief.heard) > 3 * 8000, "it was told so"
    (record,) = office.records()
    assert (record.caller, record.called, record.source[:12]) == ("*unknown", "95550100", "SIP/*unknown")
    assert "may not go out again to 911 (emergency)" in str(office.app.recorder.story(record.id))
    thief.secret = office.config.accounts["6001"].secret


def test_check_lists_the_ways_out_of_the_corner(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text('dialplan = "extensions.conf"\n' + OFFICE)
    (tmp_path / "extensions.conf").write_text(CORNER + "[from-pstn]\n")
    (way,) = ways_out(*load_office(tmp_path / "office.toml"))
    assert (way.entry.who, way.target) == ("an unknown telephone", "FXO/g1/911")


OFFICE = """
[sip]
strangers = "corner"
[cards.main]
backend = "emulated"
modules = ["fxo"]
[lines.copper1]
port = 1
"""
