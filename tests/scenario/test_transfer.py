"""Transfer by SIP: blind, attended, early and by Replaces, with every kind of telephone as any of the three."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.core.audio import Samples
from gateway.testing.sip_phone import SipPhone
from hardware.world.telephone import Telephone
from tests.scenario.test_first_call import assert_understood, talk
from tests.support.office import OfficeUnderTest


def lifted(office: OfficeUnderTest, phone: Telephone) -> None:
    """The telephone rings and is lifted."""
    office.until(lambda: phone.ringing)
    phone.lift()
    office.run(0.5)


def answered(office: OfficeUnderTest, phone: SipPhone) -> None:
    """The telephone is called and answers."""
    office.until(lambda: phone.state == "offered", within=12)
    phone.answer()
    office.run(0.5)


def up(office: OfficeUnderTest, phone: SipPhone) -> None:
    office.until(lambda: phone.state == "up")


def talk_both_ways(
    office: OfficeUnderTest,
    one: tuple[Callable[[Samples], None], Callable[[], Samples]],
    other: tuple[Callable[[Samples], None], Callable[[], Samples]],
    sentence: Samples,
) -> None:
    """Two who are connected understand each other."""
    for speaker, listener in ((one, other), (other, one)):
        assert_understood(talk(office, speaker[0], listener[1], sentence))


def desk_ends(phone: Telephone) -> tuple[Callable[[Samples], None], Callable[[], Samples]]:
    return phone.say, lambda: phone.recording


def sip_ends(phone: SipPhone) -> tuple[Callable[[Samples], None], Callable[[], Samples]]:
    return phone.say, lambda: phone.heard


def test_rfc_5589_section_6_a_sip_phone_sends_a_telephone_to_another_sip_phone(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, bert, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    ada.refer("6002")
    office.until(lambda: bert.state == "offered")
    assert ada.told == ["SIP/2.0 100 Trying\r\n"]
    bert.ring()
    answered(office, bert)
    office.until(lambda: ada.state == "idle", within=2)
    assert ada.told[-1] == "SIP/2.0 200 OK\r\n"
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    bert.hang_up()
    office.until(lambda: desk.hears == "congestion", within=3)
    desk.hang_up()


def test_a_sip_phone_that_was_called_sends_its_caller_to_a_telephone(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, bert, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    ada.call("6002")
    answered(office, bert)
    up(office, ada)
    bert.refer("101")
    lifted(office, desk)
    office.until(lambda: bert.state == "idle", within=2)
    assert bert.told[-1] == "SIP/2.0 200 OK\r\n"
    talk_both_ways(office, sip_ends(ada), desk_ends(desk), sentence)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


@pytest.mark.parametrize(("refusal", "told"), [("486 Busy Here", "486"), ("603 Decline", "603")])
def test_a_transfer_that_fails_gives_the_caller_back(
    office: OfficeUnderTest, sentence: Samples, refusal: str, told: str
) -> None:
    ada, bert, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    ada.refer("6002")
    office.until(lambda: bert.state == "offered")
    bert.refuse(refusal)
    office.until(lambda: told in ada.told[-1], within=3)
    assert ada.state == "up"
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), sentence)
    ada.hang_up()
    office.run(1)
    desk.hang_up()


def test_a_transfer_to_nobody_is_refused_and_the_call_goes_on(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    ada.refer("4711")
    office.until(lambda: "404" in ada.told[-1] if ada.told else False, within=3)
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), sentence)
    ada.hang_up()
    office.run(1)
    desk.hang_up()


def test_rfc_5589_section_7_an_attended_transfer_joins_the_two_others(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, second_line = office.sip("6001"), office.sip("6001")
    bert, desk = office.sip("6002"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    second_line.call("6002")
    answered(office, bert)
    up(office, second_line)
    ada.refer("6002", replaces=second_line.dialog)
    office.until(lambda: ada.state == "idle" and second_line.state == "idle", within=3)
    assert ada.told[-1] == "SIP/2.0 200 OK\r\n"
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    bert.hang_up()
    office.run(1)
    desk.hang_up()


def test_an_attended_transfer_while_the_other_still_rings(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, second_line = office.sip("6001"), office.sip("6001")
    bert, desk = office.sip("6002"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    second_line.call("6002")
    office.until(lambda: bert.state == "offered")
    bert.ring()
    office.until(lambda: second_line.status == 180)
    ada.refer("6002", replaces=second_line.dialog)
    office.until(lambda: ada.state == "idle", within=3)
    answered(office, bert)
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    bert.hang_up()
    office.run(1)
    desk.hang_up()


@pytest.mark.parametrize("ringing", [True, False])
def test_a_sip_phone_is_sent_to_a_telephone_that_rings_or_has_answered(
    office: OfficeUnderTest, sentence: Samples, ringing: bool
) -> None:
    """The same with SIP telephones on the two other sides: as the one who is sent, by the one who was called."""
    clerk, ada, second_line = office.sip("6003"), office.sip("6001"), office.sip("6002")
    desk = office.phone("101")
    clerk.call("6001")
    answered(office, ada)
    up(office, clerk)
    second_line.call("101")
    office.until(lambda: desk.ringing and second_line.status == 180)
    if not ringing:
        desk.lift()
        up(office, second_line)
    ada.refer("101", replaces=second_line.dialog)
    office.until(lambda: ada.state == "idle", within=3)
    if ringing:
        desk.lift()
    office.run(0.5)
    assert second_line.state == "idle"
    talk_both_ways(office, sip_ends(clerk), desk_ends(desk), sentence)
    desk.hang_up()
    office.until(lambda: clerk.state == "idle", within=3)


def test_rfc_3891_another_telephone_takes_the_place_of_one_that_talks(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, bert, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    bert.call("6001", replaces=ada.dialog)
    up(office, bert)
    office.until(lambda: ada.state == "idle", within=3)
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    bert.hang_up()
    office.run(1)
    desk.hang_up()


def test_rfc_3911_a_third_joins_a_talk_and_all_three_hear_one_another(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, bert, desk = office.sip("6001"), office.sip("6002"), office.phone("101")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    bert.call("6001", joins=ada.dialog)
    up(office, bert)
    office.run(0.5)
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    talk_both_ways(office, sip_ends(ada), sip_ends(bert), sentence)
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), sentence)
    ada.hang_up()
    office.run(1)
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), sentence)
    bert.hang_up()
    office.run(1)
    desk.hang_up()
