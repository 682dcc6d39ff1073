"""Transfers by keys, Local channels, calls out of nothing, on emulated hardware: who is left, hears."""

from __future__ import annotations

import pytest

from gateway.core.audio import Samples
from gateway.core.messages import TransferAsked
from gateway.core.switch import Place, Target
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare

DIALPLAN = """
[from-pstn]
exten => s,1,Hangup()
[office]
exten => _60XX,1,Dial(SIP/${EXTEN},30,tT)
exten => _1XX,1,Dial(FXS/${EXTEN},30,tT)
exten => 600,1,Answer()
 same => n,Echo()
exten => 700,1,Dial(Local/6002@office/n,30)
exten => 701,1,Dial(Local/6002@office,30)
exten => 702,1,Originate(SIP/6003,exten,office,6002,1,30)
"""


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    return build(dialplan=DIALPLAN)


def talk(office: OfficeUnderTest, number: str = "6002") -> None:
    """6001 and 6002 are connected."""
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call(number)
    office.until(lambda: grace.state == "offered", within=2)
    grace.ring()
    office.run(0.2)
    grace.answer()
    office.until(lambda: ada.state == "up", within=2)
    office.run(0.3)


def both_hear(office: OfficeUnderTest, one: object, other: object, sentence: Samples) -> None:
    """Speech goes both ways between two SIP telephones."""
    for speaker, listener in ((one, other), (other, one)):
        before = len(listener.heard)  # type: ignore[attr-defined]
        speaker.say(sentence)  # type: ignore[attr-defined]
        office.run(len(sentence) / 8000 + 0.4)
        assert compare(listener.heard[before:], sentence).correlation > 0.97  # type: ignore[attr-defined]


def test_the_called_side_transfers_by_keys(office: OfficeUnderTest, sentence: Samples) -> None:
    talk(office)
    ada, grace = office._sip_phones
    alan = office.sip("6003")
    grace.key("#")
    office.run(2.5)
    grace.key("6003")
    office.until(lambda: alan.state == "offered", within=4)
    assert grace.state == "idle"
    alan.answer()
    office.run(0.3)
    both_hear(office, ada, alan, sentence)
    ada.hang_up()
    office.until(lambda: alan.state == "idle", within=1)
    (record,) = office.records()
    assert [talk.other.partition("-")[0] for talk in record.talks] == ["SIP/6002", "SIP/6003"]


def test_an_attended_transfer_by_keys_to_an_analogue_telephone(office: OfficeUnderTest, sentence: Samples) -> None:
    talk(office)
    ada, grace = office._sip_phones
    desk = office.phone("101")
    ada.key("*2")
    office.run(1.5)
    ada.key("101")
    office.until(lambda: desk.ringing, within=8)
    desk.lift()
    office.run(1)
    assert ada.state == "up" and grace.state == "up"
    ada.hang_up()
    office.run(0.5)
    before = len(desk.recording)
    grace.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    assert compare(desk.recording[before:], sentence).correlation > 0.97
    grace.hang_up()
    office.until(lambda: desk.hears in ("congestion", "busy", "dial"), within=5)
    desk.hang_up()
    office.run(2)


def test_a_telephone_asks_for_a_blind_transfer(office: OfficeUnderTest, sentence: Samples) -> None:
    talk(office)
    ada, grace = office._sip_phones
    leg = office.app.manager.operator.find("SIP/6001")
    assert leg is not None
    asks = TransferAsked("600")
    office.loop.call_soon(office.app.manager.deliver, leg.channel, asks)  # type: ignore[attr-defined]
    office.until(lambda: ada.state == "idle", within=2)
    before = len(grace.heard)
    grace.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    assert compare(grace.heard[before:], sentence).correlation > 0.97, "it is with the echo now"
    grace.hang_up()


@pytest.mark.parametrize("number", ["700", "701"])
def test_speech_passes_local_channels_and_the_short_way(
    office: OfficeUnderTest, sentence: Samples, number: str
) -> None:
    talk(office, number)
    ada, grace = office._sip_phones
    names = [leg.name for leg in office.app.manager.operator.legs()]
    assert any(name.startswith("Local/") for name in names) is (number == "700")
    both_hear(office, ada, grace, sentence)
    ada.key("7")
    office.run(0.6)
    assert grace.digits == "7"
    grace.hang_up()
    office.until(lambda: ada.state == "idle", within=1)


def test_two_are_called_and_connected(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    operator = office.app.manager.operator

    async def call() -> None:
        operator.originate(Target("SIP", "6001"), Place("office", "6002"))

    office.loop.run_until_complete(call())
    office.until(lambda: ada.state == "offered", within=1)
    ada.answer()
    office.until(lambda: grace.state == "offered", within=1)
    grace.answer()
    office.run(0.3)
    both_hear(office, ada, grace, sentence)
    ada.hang_up()
    office.until(lambda: grace.state == "idle", within=1)


def test_click_to_dial(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    console, desk = office.app.console, office.phone("101")

    def place(caller: str, called: str) -> str:
        """Ask for a call by the console; why it cannot be."""
        task = office.loop.create_task(console.call(caller, called))
        office.until(task.done, within=1)
        return str(task.exception() or "")

    assert place("101", "6002") == ""
    office.until(lambda: desk.ringing, within=3)
    desk.lift()
    office.until(lambda: grace.state == "offered", within=2)
    grace.answer()
    office.run(0.5)
    before = len(grace.heard)
    desk.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    assert compare(grace.heard[before:], sentence).correlation > 0.97
    grace.hang_up()
    office.run(1)
    assert "telephone 101 is busy" in place("101", "6002")
    desk.hang_up()
    office.run(2)
    assert place("999", "6002") == 'No account or telephone is called "999".'
    assert place("6001", "5") == "There is no extension 5 in office, where 6001 dials."
    assert ada.state == "idle"
