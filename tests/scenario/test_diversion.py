"""Telephones whose calls are diverted at the telephone itself: they answer with 302 (RFC 3261 8.1.3.4, 21.3.3)."""

from __future__ import annotations

from functools import partial

import pytest

from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest

CIRCLE = """
[office]
exten => _600X,1,Dial(SIP/${EXTEN},30)
exten => _7600X,1,Dial(SIP/${EXTEN:1},30)
[from-pstn]
exten => s,1,Hangup()
"""


def test_a_sip_telephone_sends_its_calls_to_a_telephone_on_a_line_card(office: OfficeUnderTest) -> None:
    ada, clerk, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    ada.call("6002")
    office.until(lambda: clerk.state == "offered")
    clerk.divert("101")
    office.until(lambda: desk.ringing, within=3)
    office.until(lambda: desk.caller_id is not None, within=5)
    assert desk.caller_id is not None and desk.caller_id.number == "6001"
    desk.lift()
    office.until(lambda: ada.state == "up", within=2)
    ada.hang_up()
    office.run(2)
    desk.hang_up()
    office.run(1)


def test_who_is_called_in_the_end_is_told_who_has_diverted_the_call(office: OfficeUnderTest) -> None:
    """By Diversion (RFC 5806), here to an extension whose dialplan then calls a SIP telephone."""
    ada, clerk, boss = office.sip("6001"), office.sip("6002"), office.sip("6003")
    desk = office.phone("101")
    desk.lift()
    office.run(1)
    desk.dial("6002")
    office.until(lambda: clerk.state == "offered", within=10)
    clerk.divert("6003")
    office.until(lambda: boss.state == "offered", within=3)
    boss.ring()
    invite = next(each for each in reversed(boss.log) if each.method == "INVITE")
    assert "6002@" in invite["diversion"]
    desk.hang_up()
    office.until(lambda: boss.state == "idle", within=3)
    assert ada.state == "idle"


@pytest.mark.parametrize("others", [1, 2])
def test_telephones_that_send_their_calls_in_a_circle_end_them(build: Build, others: int) -> None:
    """By numbers that are none of accounts: each goes round through the dialplan, and is counted."""
    office = build(dialplan=CIRCLE)
    ada = office.sip("6001")
    circle = [office.sip(f"600{2 + place}") for place in range(others)]
    ada.call("6002")

    def waits_for(place: int) -> bool:
        return circle[place].state == "offered" or ada.state == "idle"

    for turn in range(20):
        office.until(partial(waits_for, turn % others), within=3)
        if ada.state == "idle":
            break
        circle[turn % others].divert(f"7600{2 + (turn + 1) % others}")
    assert ada.state == "idle" and turn == 6, "diverted five times, the sixth is not followed"
    assert office.app.manager.floor.legs == {}
