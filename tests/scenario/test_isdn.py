"""Whole calls through serial ISDN adapters: emulated ones on pseudo-terminals, with an exchange behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.core.cause import Cause
from gateway.core.number import Party
from gateway.testing.clock import WallClock
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import compare, strength, utterance
from hardware.world.access import IDLE
from hardware.world.exchange_states import ExchangeState
from tests.support.office import OfficeUnderTest

TOML = """
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs"]
[phones.101]
port = 1
[phones.102]
port = 2
[isdn.adapter1]
backend = "emulated"
numbers = ["2565551100", "2565551101", "2565551102", "2565551103"]
[isdn.adapter2]
backend = "emulated"
numbers = ["2565551200"]
coding = "alaw"
[isdn.modem]
backend = "emulated"
profile = "v253"
numbers = ["2565551300"]
group = 2
did = "2565551100"
[accounts.6001]
secret = "copper-6001"
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
"""

PLAN = """
[office]
exten => _8X.,1,Dial(ISDN/g1/${EXTEN:1},30)
exten => _7X.,1,Dial(ISDN/adapter2/${EXTEN:1},30)
exten => _4X.,1,Dial(ISDN/g2/${EXTEN:1},30)
exten => 6001,1,Dial(SIP/6001)
[from-pstn]
exten => 2565551100,1,Dial(FXS/101,30)
exten => 2565551101,1,Answer()
 same => n,Read(WISH,,2,,1,5)
 same => n,Dial(FXS/1${WISH})
exten => 2565551200,1,Dial(FXS/102,30)
exten => 2565551102,1,Dial(ISDN/adapter2/9005550100)
exten => 2565551103,1,Answer()
 same => n,Echo()
"""

Build = Callable[..., OfficeUnderTest]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    def make(*exchanges: tuple[str, str]) -> OfficeUnderTest:
        text = TOML
        for old, new in exchanges:
            assert old in text
            text = text.replace(old, new)
        office = offices.enter_context(OfficeUnderTest(tmp_path, text, PLAN))
        office.until(lambda: all(line.in_service for line in office.app.hardware.isdn.status()))
        return office

    with contextlib.ExitStack() as offices:
        yield make


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    return build()


def state(office: EmulatedOffice, name: str = "adapter1") -> str:
    return next(line.state for line in office.app.console.lines() if line.name == name)


def dial(office: OfficeUnderTest, number: str, phone: str = "101") -> None:
    telephone = office.phone(phone)
    telephone.lift()
    office.until(lambda: telephone.hears == "dial")
    telephone.dial(number)


# Calls out.


@pytest.mark.parametrize(("outside", "adapter"), [("8", "adapter1"), ("7", "adapter2"), ("4", "modem")])
def test_a_telephone_calls_out_and_both_hear_each_other(
    office: OfficeUnderTest, outside: str, adapter: str
) -> None:
    """Mu-law on one adapter's port, A-law with its bits reversed on the other's; a third one speaks V.253."""
    phone, access = office.phone("101"), office.app.hardware.adapters.accesses[adapter]
    dial(office, f"{outside}5550109")
    office.until(lambda: access.state is ExchangeState.TALKING)
    office.run(0.5)
    said, answer = utterance(3.0), utterance(3.0, seed=7)
    phone.forget()
    phone.say(said)
    office.run(4.0)
    assert compare(access.recording, said).worst > 0.98
    access.say(answer)
    phone.forget()
    office.run(4.0)
    heard = compare(phone.recording, answer)
    assert heard.worst > 0.98 and heard.slip == 0
    assert heard.delay < 0.25
    phone.hang_up()
    office.until(lambda: state(office, adapter) == "idle")
    assert access.state in IDLE
    (record,) = office.records()
    assert (record.disposition, record.answer_signal, record.destination[:14]) == (
        "ANSWERED", "OK" if adapter == "modem" else "VCON", f"ISDN/{adapter}-00000001"[:14],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "tone", "cause"),
    [
        ("5550101", "busy", Cause.USER_BUSY),
        ("5550103", "info", Cause.UNALLOCATED_NUMBER),
        ("5550104", "congestion", Cause.SWITCHING_EQUIPMENT_CONGESTION),
    ],
)
def test_who_cannot_be_reached_is_told_by_tones_and_causes(
    office: OfficeUnderTest, number: str, tone: str, cause: Cause
) -> None:
    dial(office, f"8{number}")
    office.until(lambda: office.phone("101").hears == tone)
    office.phone("101").hang_up()
    office.run(1)
    assert office.records()[0].ending.cause is cause


@pytest.mark.parametrize(
    ("number", "status"), [("5550101", 486), ("5550103", 404), ("5550104", 503), ("2125559999", 404)]
)
def test_a_sip_telephone_gets_the_status_of_the_cause(office: OfficeUnderTest, number: str, status: int) -> None:
    """RFC 3398 7.2.4.1: causes to statuses."""
    ada = office.sip("6001")
    ada.call(f"8{number}")
    office.until(lambda: ada.status >= 300)
    assert ada.status == status


def test_it_rings_until_the_caller_gives_up(office: OfficeUnderTest) -> None:
    dial(office, "85550102")
    office.until(lambda: office.phone("101").hears == "ring")
    office.run(10)
    assert office.app.hardware.adapters.accesses["adapter1"].state is ExchangeState.RINGING
    office.phone("101").hang_up()
    office.until(lambda: state(office) == "idle")
    assert office.app.hardware.adapters.accesses["adapter1"].state in IDLE


def test_who_hangs_up_out_there_ends_the_call(office: OfficeUnderTest) -> None:
    dial(office, "85550105")
    office.until(lambda: state(office) == "talking")
    office.until(lambda: office.phone("101").hears == "congestion")
    office.phone("101").hang_up()
    office.run(1)
    (record,) = office.records()
    assert record.disposition == "ANSWERED" and record.ending.cause is Cause.NORMAL_CLEARING


def test_the_called_party_sees_our_number_and_keys_pass_both_ways(office: OfficeUnderTest) -> None:
    dial(office, "85550107")
    office.until(lambda: office.phone("101").digits == "2565551100", within=20)
    office.phone("101").dial("147*#")
    office.until(lambda: office.app.hardware.adapters.accesses["adapter1"].digits == "147*#")
    office.phone("101").hang_up()


def test_the_milliwatt_is_one(office: OfficeUnderTest) -> None:
    dial(office, "85550100")
    office.until(lambda: state(office) == "talking")
    office.run(1)
    assert strength(office.phone("101").recording[-4000:], 1004) == pytest.approx(0, abs=1.0)
    office.phone("101").hang_up()


# Calls in.


def test_a_call_in_rings_with_the_callers_number(office: OfficeUnderTest) -> None:
    access, phone = office.app.hardware.adapters.accesses["adapter1"], office.phone("101")
    access.call("2125550123")
    office.until(lambda: phone.ringing)
    office.run(4)
    assert phone.caller_id is not None and phone.caller_id.number == "2125550123"
    phone.lift()
    office.until(lambda: access.state is ExchangeState.TALKING)
    office.run(0.2)
    said = utterance(2.0)
    access.say(said)
    phone.forget()
    office.run(3)
    assert compare(phone.recording, said).worst > 0.98
    access.hang_up()
    office.until(lambda: state(office) == "idle")
    phone.hang_up()
    office.run(1)
    (line,) = (line for line in office.app.console.lines() if line.name == "adapter1")
    assert line.last_caller == str(Party("2125550123"))


def test_a_caller_keys_whom_it_wants(office: OfficeUnderTest) -> None:
    """The second number of the access has an extension of its own, and keys are heard in the audio."""
    access = office.app.hardware.adapters.accesses["adapter1"]
    access.call("2125550123", "2565551101")
    office.until(lambda: state(office) == "talking")
    office.run(0.5)
    access.key("02")
    office.until(lambda: office.phone("102").ringing)
    office.phone("102").lift()
    office.run(1)
    access.hang_up()
    office.phone("102").hang_up()


def test_a_caller_who_gives_up_leaves_a_telephone_that_rings_no_more(office: OfficeUnderTest) -> None:
    access = office.app.hardware.adapters.accesses["adapter1"]
    access.call("2125550123")
    office.until(lambda: office.phone("101").ringing)
    access.hang_up()
    office.run(7)
    assert not office.phone("101").ringing and state(office) == "idle"


def test_a_number_of_ours_that_the_dialplan_has_not_is_refused(build: Build) -> None:
    office = build(('"2565551200"]', '"2565551299"]'))
    access = office.app.hardware.adapters.accesses["adapter2"]
    access.call("2125550123")
    office.until(lambda: access.state in IDLE)
    assert access.released is Cause.CALL_REJECTED


# Adapters that go, and come back.


def test_an_adapter_pulled_out_in_a_call_ends_it_and_the_next_call_goes_by_another(
    office: OfficeUnderTest,
) -> None:
    dial(office, "85550106")
    office.until(lambda: state(office) == "talking")
    adapter = office.app.hardware.adapters.emulated["adapter1"]
    adapter.remove()
    office.until(lambda: office.phone("101").hears == "congestion")
    office.phone("101").hang_up()
    office.run(6)
    assert office.records()[0].ending.cause is Cause.DESTINATION_OUT_OF_ORDER
    (gone,) = (line for line in office.app.console.lines() if line.name == "adapter1")
    assert not gone.in_service and "pulled out" in gone.trouble
    assert "pulled out" in office.app.console.trouble()
    dial(office, "85550106")
    office.until(lambda: state(office, "adapter2") == "talking")
    office.phone("101").hang_up()
    adapter.insert()
    office.until(lambda: state(office) == "idle")
    assert office.app.console.trouble() == ""
    office.run(60)  # for which it is taken last
    dial(office, "85550106")
    office.until(lambda: state(office) == "talking")
    office.phone("101").hang_up()


def test_an_adapter_without_a_network_is_passed_over_in_the_same_call(office: OfficeUnderTest) -> None:
    office.app.hardware.adapters.accesses["adapter1"].unplug()
    dial(office, "85550106")
    office.until(lambda: state(office, "adapter2") == "talking")
    assert state(office) == "resting after a failure" or state(office) == "idle"
    office.phone("101").hang_up()
    office.app.hardware.adapters.accesses["adapter1"].plug_in()


def test_an_adapter_that_dies_in_a_call_is_found_out_and_comes_back(office: OfficeUnderTest) -> None:
    dial(office, "85550106")
    office.until(lambda: state(office) == "talking")
    adapter = office.app.hardware.adapters.emulated["adapter1"]
    adapter.mute = True
    office.until(lambda: office.phone("101").hears == "congestion")
    office.phone("101").hang_up()
    office.until(lambda: state(office) == "out of order")
    adapter.mute = False
    office.until(lambda: state(office) == "idle", within=40)


def test_garbage_on_the_port_hurts_nobody(office: OfficeUnderTest) -> None:
    adapter = office.app.hardware.adapters.emulated["adapter1"]
    for _ in range(20):
        adapter.garble(bytes(range(256)) * 8)
        office.run(0.1)
    assert state(office) == "idle"
    dial(office, "85550106")
    office.until(lambda: state(office) == "talking")
    office.phone("101").hang_up()


def test_nobody_reaches_an_outside_line_from_outside(office: OfficeUnderTest) -> None:
    """Who calls in is refused an adapter by the toll rules, whatever the dialplan says."""
    office.app.hardware.adapters.accesses["adapter1"].call("2125550123", "2565551102")
    office.until(lambda: office.app.hardware.adapters.accesses["adapter1"].state in IDLE)
    assert office.app.hardware.adapters.accesses["adapter2"].dialled == ""
    assert "tolls" in office.story()


# By the clock on the wall.


def test_a_call_in_real_time(tmp_path: Path) -> None:
    """By the loop's own readers and the media thread: what a caller says comes back by an echo."""
    office = EmulatedOffice(tmp_path, TOML, PLAN, clock=WallClock())
    try:
        access = office.access("adapter1")
        office.until(lambda: all(line.in_service for line in office.app.hardware.isdn.status()))
        office.do(lambda: access.call("2125550123", "2565551103"))
        office.until(lambda: access.state is ExchangeState.TALKING)
        office.run(0.5)
        said = utterance(1.5)
        office.do(access.party.ear.forget)
        office.do(lambda: access.say(said))
        office.run(2.2)
        heard = compare(office.do(lambda: access.recording), said)
        assert heard.typical > 0.98 and heard.delay < 1.0, heard
        office.do(access.hang_up)
        office.until(lambda: state(office) == "idle")
    finally:
        office.close()
