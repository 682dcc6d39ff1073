"""Telephones with two calls of which one goes by an exchange line; and what telephones do that may do less."""

from __future__ import annotations

import pytest

from gateway.core.audio import Samples
from gateway.testing.sip_phone import SipPhone
from hardware.world.office_line import OfficeLine
from hardware.world.telephone import Telephone
from tests.scenario.conftest import Build
from tests.scenario.test_first_call import assert_understood, talk
from tests.scenario.test_flash import consulting, flash, in_a_talk, state
from tests.scenario.test_transfer import answered, desk_ends, sip_ends, talk_both_ways
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare


def talks_outside(office: OfficeUnderTest, number: str = "5550109") -> tuple[Telephone, OfficeLine]:
    """Telephone 101 has called somebody outside, who has answered."""
    desk, exchange = office.phone("101"), office.exchange("copper1")
    desk.lift()
    office.until(lambda: desk.hears == "dial", within=2)
    office.run(0.5)
    desk.dial(f"9{number}")
    office.until(lambda: exchange.state.name == "TALKING", within=20)
    office.run(1.0)
    return desk, exchange


def hear_each_other(office: OfficeUnderTest, exchange: OfficeLine, phone: SipPhone, said: Samples) -> None:
    """Across a line with its echo canceller a sentence keeps its shape, if not every bit of it."""
    for speaker, listener in (
        (exchange.say, lambda: phone.heard),
        (phone.say, lambda: exchange.recording),
    ):
        before = len(listener())
        speaker(said)
        office.run(len(said) / 8000 + 1)
        assert compare(listener()[before:], said).correlation > 0.9


@pytest.mark.parametrize("when", ["dialled", "ringing", "answered"])
def test_somebody_outside_is_transferred_by_a_flash(office: OfficeUnderTest, sentence: Samples, when: str) -> None:
    desk, exchange = talks_outside(office)
    bert = office.sip("6002")
    consulting(office, desk)
    office.until(lambda: bert.state == "offered", within=12)
    if when == "ringing":
        bert.ring()
        office.run(0.5)
    elif when == "answered":
        answered(office, bert)
    desk.hang_up()
    office.run(2.0)
    assert state(office) == "on-hook"
    if when != "answered":
        answered(office, bert)
    hear_each_other(office, exchange, bert, sentence[:16000])
    bert.hang_up()
    office.until(lambda: exchange.state.name == "IDLE", within=5)
    office.run(3)


def test_three_talk_of_whom_one_is_outside(
    office: OfficeUnderTest, sentence: Samples, other_sentence: Samples
) -> None:
    desk, exchange = talks_outside(office)
    bert = office.sip("6002")
    consulting(office, desk)
    answered(office, bert)
    flash(office, desk)
    assert state(office) == "talking with two"
    hear_each_other(office, exchange, bert, sentence[:16000])
    for said, hears in ((desk.say, lambda: exchange.recording), (desk.say, lambda: bert.heard)):
        before = len(hears())
        said(other_sentence[:16000])
        office.run(3)
        assert compare(hears()[before:], other_sentence[:16000]).correlation > 0.9
    exchange.hang_up()
    office.until(lambda: state(office) == "talking", within=5)
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    bert.hang_up()
    office.run(1)
    desk.hang_up()
    office.run(3)


def with_101(build: Build, setting: str) -> OfficeUnderTest:
    return build(('name = "Front desk"', f'name = "Front desk"\n{setting}'))


def test_a_telephone_without_call_waiting_is_busy(build: Build) -> None:
    office = with_101(build, "call_waiting = false")
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    bert.call("101")
    office.until(lambda: bert.status == 486)
    office.run(1)
    assert state(office) == "talking" and desk.hears is None
    ada.hang_up()
    office.run(1)
    desk.hang_up()


def test_a_telephone_without_conferences_changes_to_the_other_call(build: Build, sentence: Samples) -> None:
    office = with_101(build, "three_way = false")
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    consulting(office, desk)
    answered(office, bert)
    flash(office, desk)
    assert state(office) == "consulting; a call is on hold"
    assert_understood(talk(office, desk.say, lambda: ada.heard, sentence[:16000]))
    flash(office, desk)
    assert_understood(talk(office, desk.say, lambda: bert.heard, sentence[:16000]))
    bert.hang_up()
    office.run(1)
    ada.hang_up()
    office.run(1)
    desk.hang_up()


@pytest.mark.parametrize("conference", [False, True])
def test_a_telephone_that_may_not_transfer_rings_for_its_call_on_hold_or_ends_both(
    build: Build, sentence: Samples, conference: bool
) -> None:
    office = with_101(build, "transfer = false")
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    consulting(office, desk)
    answered(office, bert)
    if conference:
        flash(office, desk)
    desk.hang_up()
    office.until(lambda: bert.state == "idle", within=3)
    if conference:
        office.until(lambda: ada.state == "idle", within=3)
        return
    office.until(lambda: desk.ringing, within=5)
    assert ada.state == "up"
    desk.lift()
    office.run(1)
    assert_understood(talk(office, ada.say, lambda: desk.recording, sentence[:16000]))
    ada.hang_up()
    office.run(1)
    desk.hang_up()


def test_a_telephone_whose_flash_is_passed_on_presses_the_hook_of_the_exchange_and_tells_sip(build: Build) -> None:
    office = with_101(build, 'flash = "pass"')
    desk, exchange = talks_outside(office)
    desk.flash()
    office.until(lambda: exchange.flashes == 1, within=3)
    office.run(2)
    assert state(office) == "talking" and exchange.state.name == "TALKING"
    desk.hang_up()
    office.run(4)
    desk, ada = in_a_talk(office)
    desk.flash()
    office.until(lambda: any(each.method == "INFO" for each in ada.log), within=3)
    assert [each["content-type"] for each in ada.log if each.method == "INFO"] == ["application/hook-flash"]
    assert state(office) == "talking"
    ada.hang_up()
    office.run(1)
    desk.hang_up()
