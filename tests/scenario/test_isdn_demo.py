"""ISDN in the demo office: 8 and a number outward, calls in at the attendant and at extensions."""

from __future__ import annotations

from hardware.world.exchange_states import ExchangeState
from tests.support.office import OfficeUnderTest


def dial(office: OfficeUnderTest, number: str) -> None:
    phone = office.phone("101")
    phone.lift()
    office.until(lambda: phone.hears == "dial")
    phone.dial(number)


def test_an_eight_goes_out_by_isdn_and_the_far_side_reads_our_number_back(office: OfficeUnderTest) -> None:
    office.run(2)
    dial(office, "85550107")
    office.until(lambda: office.phone("101").digits == "2565551100", within=20)
    assert [line.state for line in office.app.console.lines() if line.kind == "ISDN"] == ["talking"]
    office.phone("101").hang_up()
    office.run(3)
    assert office.records()[0].destination.startswith("ISDN/adapter1-")


def test_who_is_busy_out_there_gives_busy_tone(office: OfficeUnderTest) -> None:
    office.run(2)
    dial(office, "85550101")
    office.until(lambda: office.phone("101").hears == "busy", within=20)
    office.phone("101").hang_up()


def test_a_call_in_is_answered_by_the_attendant_and_put_through(office: OfficeUnderTest) -> None:
    office.run(2)
    access = office.app.hardware.adapters.accesses["adapter1"]
    access.call("2125550123")
    office.until(lambda: access.state is ExchangeState.TALKING)
    office.run(1)
    assert abs(access.recording).max() > 1000, "the greeting"
    access.key("102")
    office.until(lambda: office.phone("102").ringing)
    office.phone("102").lift()
    office.run(1)
    access.hang_up()
    office.phone("102").hang_up()
