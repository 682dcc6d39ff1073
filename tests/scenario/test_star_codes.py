"""Star codes of the example office, as whole calls of analogue and SIP telephones."""

from __future__ import annotations

import pytest

from gateway.core.switch import DeviceState
from gateway.testing.sip_phone import SipPhone
from hardware.world.telephone import Telephone
from tests.scenario.conftest import Build
from tests.scenario.test_flash import state
from tests.scenario.test_transfer import answered, up
from tests.support.office import OfficeUnderTest


def keyed(office: OfficeUnderTest, desk: Telephone, code: str) -> None:
    """The code is dialled, its announcement listened to, the receiver put down."""
    desk.lift()
    office.until(lambda: desk.hears in ("dial", "stutter"), within=3)
    office.run(0.5)
    desk.dial(code)
    office.until(lambda: state(office) == "hears why its call ended", within=15)
    desk.hang_up()
    office.run(1.5)


def asked(office: OfficeUnderTest, phone: SipPhone, code: str) -> None:
    """A SIP telephone calls the code and waits until it is done."""
    phone.call(code)
    office.until(lambda: phone.state == "up")
    office.until(lambda: phone.state == "idle", within=10)


def dialled(office: OfficeUnderTest, desk: Telephone, number: str) -> None:
    desk.lift()
    office.until(lambda: desk.hears in ("dial", "stutter"), within=3)
    office.run(0.5)
    desk.dial(number)


def diversion(phone: SipPhone) -> str:
    """Who diverted the call that came last to it, as it is told (RFC 5806)."""
    return next(each["diversion"] for each in reversed(phone.log) if each.method == "INVITE")


def last_dial_tone(office: OfficeUnderTest, desk: Telephone) -> str:
    """What the line plays to the telephone when it is lifted."""
    desk.lift()
    office.run(1.0)
    leg = next(status.channel for status in office.app.hardware.lines.status() if status.name == "101")
    tone = [note.text for note in office.app.recorder.story(leg) if note.text.startswith("plays ")][-1]
    desk.hang_up()
    office.run(1.5)
    return tone


def test_not_to_be_disturbed_is_busy_shown_and_heard_in_the_dial_tone(office: OfficeUnderTest) -> None:
    desk, ada, clerk = office.phone("101"), office.sip("6001"), office.sip("6002")
    clerk.watch("101", "dialog")
    assert last_dial_tone(office, desk) == "plays dial tone us"
    keyed(office, desk, "*78")
    assert office.app.manager.device_state("Custom:DND101") is DeviceState.INUSE
    office.until(lambda: "confirmed" in clerk.told[-1], within=3)
    ada.call("101")
    office.until(lambda: ada.state == "idle")
    assert ada.status == 486 and not desk.rings
    assert last_dial_tone(office, desk) == "plays stutter tone us"
    keyed(office, desk, "*79")
    assert last_dial_tone(office, desk) == "plays dial tone us"
    ada.call("101")
    office.until(lambda: desk.ringing)
    ada.hang_up()
    office.run(1)


def test_all_calls_are_forwarded_and_who_takes_them_is_told_by_whom(office: OfficeUnderTest) -> None:
    desk, ada, bert = office.phone("101"), office.sip("6001"), office.sip("6002")
    keyed(office, desk, "*726002#")
    assert last_dial_tone(office, desk) == "plays stutter tone us"
    ada.call("101")
    answered(office, bert)
    up(office, ada)
    assert not desk.rings
    assert "sip:101@" in diversion(bert) and "reason=unconditional" in diversion(bert)
    ada.hang_up()
    office.until(lambda: bert.state == "idle")
    bert.call("101")
    office.until(lambda: desk.ringing, wanted="whoever calls are forwarded to gets through")
    bert.hang_up()
    office.run(1)
    keyed(office, desk, "*73")
    ada.call("101")
    office.until(lambda: desk.ringing, within=8)
    ada.hang_up()
    office.run(1)


def test_a_busy_telephone_s_calls_go_on_and_so_do_those_that_nobody_answers(office: OfficeUnderTest) -> None:
    ada, bert, clerk = office.sip("6001"), office.sip("6002"), office.sip("6003")
    asked(office, ada, "*906003")
    asked(office, ada, "*92102")
    bert.call("6001")
    office.until(lambda: ada.state == "offered")
    ada.refuse("486 Busy Here")
    office.until(lambda: clerk.state == "offered")
    assert "reason=user-busy" in diversion(clerk)
    clerk.answer()
    up(office, bert)
    bert.hang_up()
    office.until(lambda: clerk.state == "idle")
    bert.call("6001")
    office.until(lambda: ada.state == "offered")
    ada.ring()
    desk = office.phone("102")
    office.until(lambda: desk.ringing, within=35)
    desk.lift()
    up(office, bert)
    bert.hang_up()
    office.run(1)
    desk.hang_up()
    office.run(1)
    for code in ("*91", "*93"):
        asked(office, ada, code)
    bert.call("6001")
    office.until(lambda: ada.state == "offered")
    ada.refuse("486 Busy Here")
    office.until(lambda: bert.status == 486)


def test_telephones_forwarded_to_each_other_send_no_call_round(office: OfficeUnderTest) -> None:
    ada, bert = office.sip("6001"), office.sip("6002")
    asked(office, ada, "*72101")
    asked(office, bert, "*726001")
    keyed(office, office.phone("101"), "*726002#")
    clerk = office.sip("6003")
    clerk.call("6001")
    office.until(lambda: clerk.state == "idle")
    assert clerk.status >= 400
    (record,) = (record for record in office.records() if record.caller == "6003")
    assert record.ending.cause.value == 25


@pytest.mark.parametrize("code", ["*7295550100", "*72101", "*729999"])
def test_nothing_is_forwarded_outside_to_itself_or_to_nobody(office: OfficeUnderTest, code: str) -> None:
    desk, ada = office.phone("101"), office.sip("6001")
    keyed(office, desk, f"{code}#")
    ada.call("101")
    office.until(lambda: desk.ringing)
    ada.hang_up()
    office.run(1)


def test_the_last_caller_is_called_back_and_the_last_number_again(office: OfficeUnderTest) -> None:
    desk, ada, bert = office.phone("101"), office.sip("6001"), office.sip("6002")
    keyed(office, desk, "*69")
    ada.call("101")
    office.until(lambda: desk.ringing)
    ada.hang_up()
    office.run(1)
    dialled(office, desk, "*69")
    answered(office, ada)
    desk.hang_up()
    office.until(lambda: ada.state == "idle")
    office.run(1)
    bert.call("*67101")
    office.until(lambda: desk.ringing)
    bert.hang_up()
    office.run(1)
    keyed(office, desk, "*69")
    assert bert.state == "idle", "who has withheld the number is not called back"
    dialled(office, desk, "##")
    answered(office, ada)
    desk.hang_up()
    office.until(lambda: ada.state == "idle")
    asked(office, bert, "*78")
    bert.call("*66")
    office.until(lambda: desk.ringing)
    bert.hang_up()
    office.run(1)


def test_a_caller_from_outside_is_called_back_by_the_outside_line(build: Build) -> None:
    office = build(("[lines.copper2]\nport = 4", '[lines.copper2]\nport = 4\ndid = "2565551101"'))
    desk = office.phone("101")
    office.call_in("copper2", "2565550106", "ANN CALLER")
    office.until(lambda: desk.ringing, within=15)
    office.exchange("copper2").hang_up()
    office.run(10)
    dialled(office, desk, "*69")
    office.until(lambda: office.exchange("copper1").dialled == "2565550106", within=12)
    desk.hang_up()
    office.run(3)


def test_a_call_for_which_no_other_is_to_wait(office: OfficeUnderTest) -> None:
    desk, ada, bert = office.phone("101"), office.sip("6001"), office.sip("6002")
    dialled(office, desk, "*706001#")
    answered(office, ada)
    bert.call("101")
    office.until(lambda: bert.status == 486)
    ada.hang_up()
    office.run(1)
    desk.hang_up()
    office.run(2)
    bert.call("101")
    office.until(lambda: desk.ringing)
    bert.hang_up()
    office.run(1)


@pytest.mark.parametrize(
    ("code", "shown", "pickup"),
    [("*67", "", "**102"), ("*82", "101", "*8")],
    ids=["withheld, picked up at 102", "shown, picked up where it rings longest"],
)
def test_a_number_is_withheld_or_shown_for_a_call_which_is_picked_up(
    office: OfficeUnderTest, code: str, shown: str, pickup: str
) -> None:
    one, two, ada = office.phone("101"), office.phone("102"), office.sip("6001")
    one.lift()
    office.run(0.5)
    one.dial(f"{code}102#")
    office.until(lambda: two.caller_id is not None, within=12)
    assert two.caller_id is not None and two.caller_id.number == shown
    ada.call(pickup)
    up(office, ada)
    office.run(2.0)
    assert not two.ringing and state(office) == "talking" and state(office, "102") == "on-hook"
    ada.hang_up()
    office.run(1.0)
    one.hang_up()
    office.run(1.0)
