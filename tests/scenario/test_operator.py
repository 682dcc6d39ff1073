"""Whoever watches over the office ends a call, or one leg of it, and everybody learns it was he."""

from __future__ import annotations

import pytest

from gateway.core.errors import LocalError
from tests.support.office import OfficeUnderTest

SENTENCE = "the operator hung up (asked on the console): normal clearing (16)."


def test_a_talk_is_ended_for_both(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.answer()
    office.until(lambda: ada.state == "up", within=1)
    (call,) = office.calls()
    seen = [office.app.console.call_in_progress(name) for name in (call.id, *(leg.name for leg in call.legs))]
    assert [one.id for one in seen if one] == [call.id] * 3 and office.app.console.states() == ["up"]
    office.do(lambda: office.app.console.hang_up(call.id))
    office.until(lambda: ada.state == grace.state == "idle", within=1)
    assert office.app.console.call_in_progress(call.id) is None and not office.app.console.states()
    assert ada.ended_by == grace.ended_by == 'BYE Q.850;cause=16;text="normal clearing"'
    (record,) = office.records()
    assert (str(record.ending), record.disposition) == (SENTENCE, "ANSWERED")
    assert office.calls() == []


def test_a_call_that_rings_is_ended_for_both(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: len(desk.rings) == 1, within=4)
    (call,) = office.calls()
    office.do(lambda: office.app.console.hang_up(call.id))
    office.until(lambda: ada.state == "idle", within=1)
    office.run(7)
    assert len(desk.rings) == 1, "and the bell is still"
    (record,) = office.records()
    assert str(record.ending) == SENTENCE


def test_one_leg_is_ended_and_the_dialplan_goes_on_with_the_other(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.answer()
    office.until(lambda: ada.state == "up", within=1)
    leg = next(leg.name for leg in office.calls()[0].legs if "6002" in leg.name)
    office.do(lambda: office.app.console.hang_up(leg))
    office.until(lambda: grace.state == "idle", within=1)
    office.until(lambda: ada.state == "idle", within=1)
    (record,) = office.records()
    assert str(record.ending) == SENTENCE


def test_a_call_that_is_over_cannot_be_ended(office: OfficeUnderTest) -> None:
    with pytest.raises(LocalError, match='No call or leg "20260101-000000-1" is in progress'):
        office.app.console.hang_up("20260101-000000-1")
