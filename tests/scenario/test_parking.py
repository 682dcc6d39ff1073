"""Calls are parked, hear music, are taken back by another telephone or ring where they were parked."""

from __future__ import annotations

import pytest

from gateway.core.audio import Samples
from gateway.core.switch import DeviceState
from gateway.testing.sip_phone import SipPhone
from hardware.world.telephone import Telephone
from tests.scenario.conftest import Build
from tests.scenario.test_flash import flash, in_a_talk
from tests.scenario.test_star_codes import dialled
from tests.scenario.test_transfer import answered, desk_ends, lifted, sip_ends, talk_both_ways, up
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare

KEYS = """
[from-pstn]
exten => s,1,Hangup()
[office]
include => parkedcalls
exten => _60XX,1,Dial(SIP/${EXTEN},30,kK)
"""


def place(office: OfficeUnderTest, number: int = 701) -> DeviceState:
    return office.app.manager.device_state(f"park:{number}@parkedcalls")


def taken(office: OfficeUnderTest) -> None:
    office.until(lambda: place(office) is DeviceState.INUSE, within=12)


def music_is_heard(office: OfficeUnderTest, ada: SipPhone) -> None:
    """She hears the office's music, whatever part of it."""
    office.run(1.0)
    before = len(ada.heard)
    office.run(1.5)
    music = office.app.media.sounds.music("default").samples
    assert compare(music, ada.heard[before + 800 : before + 8800]).correlation > 0.9


def parked_by_flash(office: OfficeUnderTest, code: str) -> tuple[Telephone, SipPhone]:
    """101 talks with Ada, flashes, dials the code, hears the place said and hangs up."""
    desk, ada = in_a_talk(office)
    flash(office, desk)
    desk.dial(code)
    taken(office)
    office.run(4)
    desk.hang_up()
    office.run(3)
    assert place(office) is DeviceState.INUSE and ada.state == "up"
    return desk, ada


@pytest.mark.parametrize("code", ["700", "*5"])
def test_a_telephone_parks_by_flash_and_another_takes_the_call_back(
    office: OfficeUnderTest, sentence: Samples, code: str
) -> None:
    _, ada = parked_by_flash(office, code)
    music_is_heard(office, ada)
    workshop = office.phone("102")
    dialled(office, workshop, "701")
    office.until(lambda: place(office) is DeviceState.NOT_INUSE, within=8)
    office.run(0.5)
    talk_both_ways(office, desk_ends(workshop), sip_ends(ada), sentence[:16000])
    ada.hang_up()
    workshop.hang_up()
    office.run(3)
    assert office.app.usage()["parked"] == 0


def test_rfc_5589_section_6_who_is_referred_to_700_is_parked_and_the_lamp_shows_it(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, bert, clerk = office.sip("6001"), office.sip("6002"), office.sip("6003")
    clerk.watch("701", "dialog")
    ada.call("6002")
    answered(office, bert)
    up(office, ada)
    bert.refer("700")
    taken(office)
    office.until(lambda: bert.state == "idle", within=3)
    office.until(lambda: "confirmed" in clerk.told[-1], within=3)
    clerk.call("701")
    up(office, clerk)
    office.until(lambda: "<dialog " not in clerk.told[-1], within=3)
    office.run(0.5)
    talk_both_ways(office, sip_ends(clerk), sip_ends(ada), sentence[:16000])
    clerk.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


def test_a_call_that_nobody_takes_rings_where_it_was_parked(office: OfficeUnderTest, sentence: Samples) -> None:
    desk, ada = parked_by_flash(office, "700")
    assert not desk.ringing
    office.run(38)
    lifted(office, desk)
    assert place(office) is DeviceState.NOT_INUSE
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), sentence[:16000])
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)


def test_who_hangs_up_while_parked_leaves_the_place(office: OfficeUnderTest) -> None:
    _, ada = parked_by_flash(office, "700")
    ada.hang_up()
    office.until(lambda: place(office) is DeviceState.NOT_INUSE, within=2)


def test_a_place_with_nobody_in_it_says_so(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("705")
    up(office, ada)
    office.until(lambda: ada.state == "idle", within=8)
    prompt = office.app.media.sounds.prompt("pbx-parkingfailed")
    assert prompt is not None and compare(ada.heard, prompt.samples).correlation > 0.97


def test_a_transfer_to_a_full_lot_fails_and_the_transferor_has_the_call_again(build: Build) -> None:
    office = build(("hints = true", 'hints = true\nplaces = "701-701"'))
    desk, _ = parked_by_flash(office, "700")
    bert, clerk = office.sip("6002"), office.sip("6003")
    bert.call("6003")
    answered(office, clerk)
    up(office, bert)
    bert.refer("700")
    office.run(3)
    assert bert.state == "up" and clerk.state == "up"
    assert not desk.ringing
    bert.hang_up()
    office.until(lambda: clerk.state == "idle", within=2)


def test_the_parking_key_of_k_and_k(build: Build) -> None:
    office = build(dialplan=KEYS)
    ada, bert = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    answered(office, bert)
    up(office, ada)
    ada.key("#72")
    taken(office)
    office.until(lambda: ada.state == "idle", within=6)
    music_is_heard(office, bert)
    ada.call("701")
    up(office, ada)
    ada.hang_up()
    office.until(lambda: bert.state == "idle", within=2)
