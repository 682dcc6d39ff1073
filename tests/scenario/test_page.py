"""Paging: one speaks to many telephones at once, by SIP and analogue; what it begins ends with it."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.switch import Place
from gateway.testing.sip_phone import SipPhone
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare

PLAN = r"""
[office]
exten => 80,1,Page(SIP/6002&FXS/101&SIP/6003,b(loud^1^1(answer-after=0)))
 same => n,Hangup()
exten => 81,1,Page(SIP/6002,dqs)
exten => 82,1,Page(SIP/6002&SIP/6003,A(hello-world)n,5)
exten => 83,1,Page(Local/90@nowhere&SIP/6002,q)
exten => 84,1,Page(SIP/6002,b(broken^1^1))
exten => 85,1,Wait(60)
exten => 6002,1,Dial(SIP/6002)
[loud]
exten => 1,1,Set(PJSIP_HEADER(add,Call-Info)=<sip:page>\;${ARG1})
 same => n,Return()
[broken]
exten => 1,1,Playback()
 same => n,ChannelRedirect(nobody)
 same => n,Return()
[nowhere]
exten => 1,1,Hangup()
[from-pstn]
exten => _X.,1,Hangup()
"""


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    return build(dialplan=PLAN)


def offered(office: OfficeUnderTest, *phones: SipPhone) -> None:
    office.until(lambda: all(phone.state == "offered" for phone in phones), within=5)


def in_room(office: OfficeUnderTest, count: int) -> None:
    office.until(
        lambda: (
            sum(len(room.members) for room in office.app.conferences.rooms) == count
            and all(member.settled for room in office.app.conferences.rooms for member in room.members)
        ),
        within=5,
    )
    office.run(0.5)


def heard_of(office: OfficeUnderTest, speaker: SipPhone, words: Samples, hearer: SipPhone) -> float:
    before = len(hearer.heard)
    speaker.say(words)
    office.run(len(words) / 8000 + 0.5)
    heard = hearer.heard[before:]
    return compare(heard, words).correlation if np.abs(heard).max() > 100 else 0.0


def test_all_who_answer_hear_the_caller_who_hears_none_of_them(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace, edith = (office.sip(f"600{each}") for each in (1, 2, 3))
    desk = office.phone("101")
    ada.call("80")
    offered(office, grace, edith)
    office.until(lambda: len(desk.rings) > 0, within=5)
    edith.ring()
    grace.answer()
    desk.lift()
    in_room(office, 3)
    invite = next(message for message in grace.log if message.method == "INVITE")
    assert invite["call-info"] == "<sip:page>;answer-after=0" and "6001" in grace.caller
    words = sentence[:12000]
    assert heard_of(office, ada, words, grace) > 0.9
    assert heard_of(office, grace, words, ada) == 0.0, "who is paged is not heard"
    assert edith.state == "offered"
    ada.hang_up()
    office.until(lambda: grace.state == edith.state == "idle", within=3)
    assert edith.ended_by.startswith("CANCEL") and grace.ended_by.startswith("BYE")
    assert not office.app.conferences.rooms
    desk.hang_up()
    office.run(1.5)


def test_with_d_both_are_heard_and_one_who_leaves_ends_no_page(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("81")
    offered(office, grace)
    grace.answer()
    in_room(office, 2)
    assert heard_of(office, grace, sentence[:12000], ada) > 0.9
    grace.hang_up()
    in_room(office, 1)
    assert ada.state == "up"
    ada.hang_up()
    office.run(1)


def test_who_is_sent_elsewhere_from_a_page_stays_there_when_it_is_over(office: OfficeUnderTest) -> None:
    ada, grace, edith = (office.sip(f"600{each}") for each in (1, 2, 3))
    ada.call("82")
    offered(office, grace, edith)
    grace.answer()
    edith.answer()
    in_room(office, 3)
    operator = office.app.manager.operator
    leg = operator.find("SIP/6002")
    assert leg is not None and operator.send(leg, Place("office", "85"))
    in_room(office, 2)
    ada.hang_up()
    office.until(lambda: edith.state == "idle", within=3)
    office.run(1)
    assert grace.state == "up"
    grace.hang_up()
    office.run(1)


def test_who_talks_is_not_called_with_s(office: OfficeUnderTest) -> None:
    ada, grace, edith = (office.sip(f"600{each}") for each in (1, 2, 3))
    edith.call("6002")
    offered(office, grace)
    grace.answer()
    office.run(1)
    ada.call("81")
    in_room(office, 1)
    leg = next(member.leg for room in office.app.conferences.rooms for member in room.members)
    assert "Page: SIP/6002 is in use, and is not called" in [
        note.text for note in office.app.recorder.story(leg.name)
    ]
    ada.hang_up()
    edith.hang_up()
    office.run(1)


def test_an_announcement_goes_first_and_nobody_rings_for_longer_than_was_written(office: OfficeUnderTest) -> None:
    ada, grace, edith = (office.sip(f"600{each}") for each in (1, 2, 3))
    ada.call("82")
    offered(office, grace, edith)
    edith.ring()
    grace.answer()
    office.until(lambda: edith.state == "idle", within=7)
    in_room(office, 2)
    sound = office.app.media.sounds.prompt("hello-world")
    assert sound is not None and compare(grace.heard, sound.samples).correlation > 0.9
    ada.hang_up()
    office.run(1)


def test_somebody_who_cannot_be_called_spoils_no_page(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("83")
    offered(office, grace)
    grace.answer()
    in_room(office, 2)
    ada.hang_up()
    office.run(1)


def test_a_fault_in_the_subroutine_ends_that_leg_alone(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("84")
    in_room(office, 1)
    office.run(1)
    assert grace.state == "idle" and not [each for each in grace.log if each.method == "INVITE"]
    ada.hang_up()
    office.run(1)
