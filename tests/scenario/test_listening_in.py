"""A supervisor listens to a call, whispers to one side of it, barges in, and goes on to the next."""

from __future__ import annotations

import pytest

from gateway.core.audio import Samples
from gateway.testing.sip_phone import SipPhone
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare, speak

DIALPLAN = """
[office]
exten => _600X,1,Dial(SIP/${EXTEN})
exten => _10X,1,Dial(FXS/${EXTEN})
exten => 71,1,ChanSpy(SIP/6001,q)
exten => 72,1,ChanSpy(SIP/6001,qw)
exten => 73,1,ChanSpy(SIP/6001,qBE)
 same => n,Hangup()
exten => 74,1,ChanSpy(SIP/6001,qd)
exten => 75,1,ExtenSpy(6002,qS)
 same => n,Hangup()
exten => 76,1,ChanSpy(SIP/6001,qSe(9999))
 same => n,Hangup()
[from-pstn]
exten => s,1,Hangup()
"""


@pytest.fixture(scope="module")
def hint() -> Samples:
    """What the supervisor says."""
    return speak("Offer them another discount before they hang up on you again.")


class Talk:
    """Ada (6001) talks with Grace (6002), and Eve (6003) has called a number that spies."""

    def __init__(self, office: OfficeUnderTest, spy: str) -> None:
        self.office = office
        self.ada, self.grace, self.eve = (office.sip(number) for number in ("6001", "6002", "6003"))
        self.ada.call("6002")
        office.until(lambda: self.grace.state == "offered", within=1)
        self.grace.answer()
        office.until(lambda: self.ada.state == "up", within=1)
        self.eve.call(spy)
        office.until(lambda: self.eve.state in ("up", "idle"), within=2)
        office.run(0.5)

    def all_say(self, of_ada: Samples, of_grace: Samples, of_eve: Samples) -> None:
        """One after the other, so that each can be found in what the others heard."""
        for phone, samples in ((self.ada, of_ada), (self.grace, of_grace), (self.eve, of_eve)):
            phone.say(samples)
            self.office.run(len(samples) / 8000 + 0.3)

    def end(self) -> None:
        for phone in (self.ada, self.grace, self.eve):
            if phone.state == "up":
                phone.hang_up()
                self.office.run(0.5)


def hears(phone: SipPhone, samples: Samples) -> bool:
    heard = phone.heard
    return len(heard) > len(samples) and compare(heard, samples).correlation > 0.95


def test_who_listens_hears_both_and_is_heard_by_nobody(
    build: Build, sentence: Samples, other_sentence: Samples, hint: Samples
) -> None:
    talk = Talk(build(dialplan=DIALPLAN), "71")
    talk.all_say(sentence, other_sentence, hint)
    assert hears(talk.eve, sentence) and hears(talk.eve, other_sentence)
    assert hears(talk.grace, sentence) and hears(talk.ada, other_sentence)
    assert not hears(talk.ada, hint) and not hears(talk.grace, hint) and not hears(talk.eve, hint)
    talk.end()


def test_a_whisper_reaches_one_side(
    build: Build, sentence: Samples, other_sentence: Samples, hint: Samples
) -> None:
    talk = Talk(build(dialplan=DIALPLAN), "72")
    talk.all_say(sentence, other_sentence, hint)
    assert hears(talk.eve, sentence) and hears(talk.eve, other_sentence)
    assert hears(talk.grace, sentence) and hears(talk.ada, other_sentence)
    assert hears(talk.ada, hint)
    assert not hears(talk.grace, hint) and not hears(talk.eve, hint)
    talk.end()


def test_who_barges_in_is_heard_by_both_and_leaves_with_the_call(
    build: Build, sentence: Samples, other_sentence: Samples, hint: Samples
) -> None:
    office = build(dialplan=DIALPLAN)
    talk = Talk(office, "73")
    talk.all_say(sentence, other_sentence, hint)
    assert hears(talk.eve, sentence) and hears(talk.eve, other_sentence)
    assert hears(talk.grace, sentence) and hears(talk.ada, other_sentence)
    assert hears(talk.ada, hint) and hears(talk.grace, hint) and not hears(talk.eve, hint)
    talk.ada.hang_up()
    office.until(lambda: talk.eve.state == "idle", within=2)
    talk.end()


def test_keys_change_how_it_takes_part(build: Build, hint: Samples) -> None:
    office = build(dialplan=DIALPLAN)
    talk = Talk(office, "74")
    for key, ada_hears, grace_hears in (("5", True, False), ("6", True, True), ("4", False, False)):
        talk.eve.key(key)
        office.run(0.5)
        marks = len(talk.ada.heard), len(talk.grace.heard)
        talk.eve.say(hint)
        office.run(len(hint) / 8000 + 0.3)
        for phone, mark, wanted in ((talk.ada, marks[0], ada_hears), (talk.grace, marks[1], grace_hears)):
            heard = phone.heard[mark:]
            found = len(heard) > len(hint) and compare(heard, hint).worst > 0.85  # a pause may be cut by a frame
            assert found is wanted, (key, phone)
    talk.end()


def test_an_extension_is_listened_to_and_the_end_of_all_calls_ends_it(build: Build, sentence: Samples) -> None:
    office = build(dialplan=DIALPLAN)
    talk = Talk(office, "75")
    talk.ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.3)
    assert hears(talk.eve, sentence)
    talk.grace.hang_up()
    office.until(lambda: talk.eve.state == "idle", within=2)
    talk.end()


def test_who_is_not_on_the_list_is_not_heard(build: Build) -> None:
    talk = Talk(build(dialplan=DIALPLAN), "76")
    assert talk.eve.state == "idle"
    talk.end()


def test_a_telephone_of_a_line_is_listened_to(build: Build, sentence: Samples, other_sentence: Samples) -> None:
    office = build(dialplan=DIALPLAN)
    ada, eve, desk = office.sip("6001"), office.sip("6003"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing, within=3)
    desk.lift()
    office.until(lambda: ada.state == "up", within=3)
    eve.call("71")
    office.until(lambda: eve.state == "up", within=2)
    office.run(0.5)
    for phone, samples in ((ada, sentence), (desk, other_sentence)):
        phone.say(samples)
        office.run(len(samples) / 8000 + 0.5)
    assert hears(eve, sentence) and hears(eve, other_sentence)
    assert compare(desk.recording, sentence).correlation > 0.95
    assert hears(ada, other_sentence)
    ada.hang_up()
    eve.hang_up()
    desk.hang_up()
    office.run(2)
