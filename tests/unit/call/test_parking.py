"""Parking lots: which place a call gets, who may take it back, and what lamps are told."""

from __future__ import annotations

from gateway.call.devices import Devices
from gateway.core.parking import Lot, Parked, ParkingLots
from gateway.core.switch import DeviceState, Place
from tests.unit.dialplan.office import FakeLeg

LOT = Lot(places=range(701, 704))
STEP = Place("parkedcalls", "700")


def parked(lots: ParkingLots, lot: Lot = LOT, *, wanted: str = "", by_chance: bool = False) -> Parked | None:
    return lots.park(FakeLeg("SIP/1-1"), lot, parker="FXS/101-1", step=STEP, wanted=wanted, by_chance=by_chance)


def numbers(lots: ParkingLots, lot: Lot, count: int) -> list[int | None]:
    got = [parked(lots, lot) for _ in range(count)]
    return [None if each is None else each.number for each in got]


def test_the_first_free_place_is_taken_and_a_full_lot_has_none() -> None:
    lots = ParkingLots({"default": LOT})
    assert numbers(lots, LOT, 4) == [701, 702, 703, None]
    second = lots.find(LOT, "702")
    assert second is not None
    lots.leave(second)
    lots.leave(second)
    assert len(lots) == 2 and numbers(lots, LOT, 1) == [702]


def test_places_in_turn() -> None:
    lot = Lot(places=range(701, 704), in_turn=True)
    lots = ParkingLots({"default": lot})
    for number in (701, 702, 703, 701):
        one = parked(lots, lot)
        assert one is not None and one.number == number
        lots.leave(one)


def test_a_wanted_place_is_had_if_it_is_free_and_nonsense_is_passed_over() -> None:
    lots = ParkingLots({"default": LOT})
    got = [parked(lots, wanted=wanted) for wanted in ("703", "703", "9" * 5000)]
    assert [each and each.number for each in got] == [703, 701, 702]


def test_by_chance_takes_a_free_place() -> None:
    lots = ParkingLots({"default": LOT})
    got = [parked(lots, by_chance=True) for _ in range(3)]
    assert sorted(each.number for each in got if each is not None) == [701, 702, 703]


def test_who_is_about_to_be_taken_back_is_not_found_by_another() -> None:
    lots = ParkingLots({"default": LOT})
    numbers(lots, LOT, 2)
    first = lots.find(LOT, "")
    assert first is not None and first.number == 701
    first.claimed = True
    assert lots.find(LOT, "701") is None
    after = lots.find(LOT, "")
    assert after is not None and after.number == 702
    assert lots.find(LOT, "0701") is None and lots.find(LOT, "x") is None


def test_a_place_is_a_device_that_lamps_can_watch() -> None:
    lots = ParkingLots({"default": LOT})
    devices, told = Devices(dict, lots), []
    devices.on_change = told.append
    assert devices.state("park:701@parkedcalls") is DeviceState.NOT_INUSE
    one = parked(lots)
    assert one is not None
    assert devices.state("Park:701@parkedcalls") is DeviceState.INUSE
    lots.leave(one)
    assert told == ["park:701@parkedcalls"] * 2
    for nowhere in ("park:704@parkedcalls", "park:701@office", "park:", "park:x@parkedcalls"):
        assert devices.state(nowhere) is DeviceState.INVALID
