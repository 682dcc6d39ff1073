"""Parking lots: which place a call gets, who may take it back, and what lamps are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway.call.devices import Devices
from gateway.core.feature import Feature
from gateway.core.messages import Answer, Answered, Dial, Hangup, Released
from gateway.core.parking import Lot, Parked, ParkingLots
from gateway.core.switch import DeviceState, Place
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import BYE, ON_HOOK, Exchange
from tests.unit.dialplan.office import FakeLeg

LOT = Lot(places=range(701, 704))
OFFICE = """
[office]
exten => 101,1,Dial(FXS/101,30,kK)
exten => 700,1,Park(${LOT},${OPTIONS})
 same => n,NoOp(not parked)
 same => n,Answer()
 same => n,Wait(600)
exten => _70X,1,ParkedCall(${EXTEN})
 same => n,Wait(600)
exten => 70,1,ParkedCall()
exten => elsewhere,1,Wait(600)
[comeback]
exten => FXS_101,1,Wait(600)
[night]
exten => s,1,Wait(600)
"""
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


@pytest.fixture
def office(exchange: Exchange) -> Iterator[Callable[..., Exchange]]:
    """Makes the office, with one lot; everybody hangs up at the end, and nobody is parked any more."""

    def make(lot: Lot = LOT) -> Exchange:
        exchange.dialplan(OFFICE)
        exchange.manager.parking.lots = {lot.name: lot}
        return exchange

    yield make
    for leg in list(exchange.manager.floor.legs.values()):
        leg.end(BYE)
    exchange.loop.settle()
    assert not len(exchange.manager.parking)


def parks(exchange: Exchange, number: int = 1, **variables: str) -> ScriptedChannel:
    """Somebody is parked, as by telephone 101, and hears music."""
    sent = {"BLINDTRANSFER": "FXS/101-00000009", **variables}
    return exchange.offer(f"SIP/600{number}-0000000{number}", "700", variables=sent)


def hears(channel: ScriptedChannel) -> str:
    assert channel.audio is not None
    return channel.audio.heard[-1]


def over(channel: ScriptedChannel) -> bool:
    return isinstance(channel.last, Hangup)


def listened(exchange: Exchange, channel: ScriptedChannel) -> None:
    """What it hears has come to its end."""
    assert channel.audio is not None
    channel.audio.finish()
    exchange.loop.settle()


def test_whoever_parks_itself_hears_the_place_and_then_the_music(
    office: Callable[..., Exchange],
) -> None:
    exchange = office(Lot(places=range(701, 704), music="jazz"))
    caller = exchange.offer(called="700")
    for said in ("7", "0", "1"):
        assert hears(caller) == said
        listened(exchange, caller)
    assert hears(caller) == "jazz music"


def test_the_time_is_over_and_who_parked_it_is_called_and_talks(office: Callable[..., Exchange]) -> None:
    exchange = office()
    caller = parks(exchange)
    exchange.wait(44)
    assert "101" not in exchange.fxs.made
    exchange.wait(2)
    assert isinstance(exchange.phone.commands[0], Dial) and not len(exchange.manager.parking)
    exchange.says(exchange.phone, Answered("off-hook"))
    assert exchange.talks(caller, exchange.phone)
    exchange.says(exchange.phone, Released(ON_HOOK))
    assert over(caller) and exchange.manager.usage() == {"calls": 0, "legs": 0}


def test_nobody_answers_there_either_and_the_call_is_over(office: Callable[..., Exchange]) -> None:
    exchange = office()
    caller = parks(exchange)
    exchange.wait(74)
    assert not over(caller)
    exchange.wait(2)
    assert over(caller) and exchange.records[0].ending.evidence == "the parked call is over"


@pytest.mark.parametrize(
    ("lot", "options", "after", "place"),
    [
        (Lot(ring=None, comeback="comeback"), "", 46, "comeback,FXS_101,1"),
        (Lot(ring=None, comeback="night"), "", 46, "night,s,1"),
        (Lot(), "t(5)c(elsewhere,1)", 6, "office,elsewhere,1"),
    ],
)
def test_where_it_goes_on(office: Callable[..., Exchange], lot: Lot, options: str, after: int, place: str) -> None:
    exchange = office(lot)
    caller = parks(exchange, OPTIONS=options)
    exchange.wait(after - 2)
    assert len(exchange.manager.parking) == 1
    exchange.wait(2)
    assert not len(exchange.manager.parking) and exchange.story_has(caller, place)


def test_it_is_taken_back_once_by_whoever_is_first(office: Callable[..., Exchange]) -> None:
    exchange = office()
    caller = parks(exchange)
    first, second = exchange.offer("SIP/6002-00000002", "701"), exchange.offer("SIP/6003-00000003", "701")
    assert exchange.talks(first, caller) and Answer() in first.commands
    assert hears(second) == "pbx-parkingfailed"
    exchange.wait(100)
    assert exchange.talks(first, caller), "its time is over no more"
    exchange.says(first, Released(BYE))
    assert over(caller)


def test_without_a_number_the_lowest_place_is_taken(office: Callable[..., Exchange]) -> None:
    exchange = office()
    ann, bob = parks(exchange, 1), parks(exchange, 2)
    assert exchange.talks(exchange.offer("SIP/6003-00000003", "70"), ann)
    assert not over(bob)


def test_who_takes_it_back_hears_the_tone_and_may_hang_up_meanwhile(office: Callable[..., Exchange]) -> None:
    exchange = office(Lot(tone="beep", tone_to="both"))
    caller = parks(exchange)
    taker = exchange.offer("SIP/6002-00000002", "701")
    assert hears(taker) == hears(caller) == "beep"
    late = exchange.offer("SIP/6003-00000003", "701")
    assert hears(late) == "pbx-parkingfailed", "somebody is about to take it"
    exchange.says(late, Released(BYE))
    exchange.wait(60)
    assert not exchange.fxs.made, "nor does it come back now"
    exchange.says(taker, Released(BYE))
    assert not over(caller)
    again = exchange.offer("SIP/6003-00000004", "701")
    listened(exchange, again)
    assert exchange.talks(again, caller)


@pytest.mark.parametrize("lot", [Lot(places=range(0)), Lot("other")])
def test_where_there_is_no_place_or_no_lot_the_script_goes_on(office: Callable[..., Exchange], lot: Lot) -> None:
    exchange = office(lot)
    caller = exchange.offer(called="700")
    assert hears(caller) == "pbx-parkingfailed"
    listened(exchange, caller)
    assert exchange.story_has(caller, "not parked") and not over(caller)


def test_what_people_may_do_by_keys_afterwards(office: Callable[..., Exchange]) -> None:
    exchange = office(Lot(caller_may=frozenset({Feature.HANG_UP})))
    parks(exchange)
    exchange.offer("SIP/6002-00000002", "701")
    leg, parked_leg = (exchange.manager.floor.find(f"SIP/600{n}-0000000{n}") for n in (2, 1))
    assert leg is not None and parked_leg is not None
    assert leg.features == {Feature.HANG_UP} and not parked_leg.features
