"""Telephones with two calls: waiting, consultation, changing, conference, transfer; speech proven on each way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.testing.sip_phone import SipPhone
from gateway.testing.sounds import strength
from hardware.world.telephone import Telephone
from tests.scenario.test_first_call import assert_understood, talk
from tests.scenario.test_transfer import answered, desk_ends, lifted, sip_ends, talk_both_ways, up
from tests.support.office import OfficeUnderTest

Mouth = Callable[[Samples], None]
Ear = Callable[[], Samples]


def state(office: OfficeUnderTest, number: str = "101") -> str:
    """What `copperline lines` shows of the telephone."""
    return next(status.state for status in office.app.hardware.lines.status() if status.name == number)


def in_a_talk(office: OfficeUnderTest) -> tuple[Telephone, SipPhone]:
    """Telephone 101, called by 6001, talks with it."""
    desk, ada = office.phone("101"), office.sip("6001")
    ada.call("101")
    lifted(office, desk)
    up(office, ada)
    return desk, ada


@pytest.fixture(scope="module")
def words(sentence: Samples) -> Samples:
    """The beginning of the sentence: a telephone's ear keeps a minute."""
    return sentence[:16000]


@pytest.fixture(scope="module")
def other_words(other_sentence: Samples) -> Samples:
    """The same of the other one."""
    return other_sentence[:16000]


def flash(office: OfficeUnderTest, desk: Telephone) -> None:
    desk.flash()
    office.run(1.5)


def hears_nothing_of(office: OfficeUnderTest, speaker: Mouth, listener: Ear, sentence: Samples) -> None:
    """What is said here is not heard there."""
    office.run(1.0)
    before = len(listener())
    speaker(sentence)
    office.run(len(sentence) / 8000 + 1)
    heard = listener()[before:]
    power = max(1.0, float(np.linalg.norm(heard.astype(np.float64))))
    size = len(heard) + len(sentence)
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sentence, size))
    likeness = np.abs(np.fft.irfft(product, size)).max() / (power * np.linalg.norm(sentence.astype(np.float64)))
    level = power / max(1, len(heard)) ** 0.5
    assert likeness < 0.2 or level < 10, f"{likeness:.2f} alike at {level:.0f}"


def test_a_waiting_call_is_heard_shown_answered_and_changed_with(
    office: OfficeUnderTest, words: Samples, other_words: Samples
) -> None:
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    bert.call("101")
    office.until(lambda: desk.waiting_caller is not None, within=5)
    assert desk.waiting_caller is not None and desk.waiting_caller.number == "6002"
    assert bert.state == "ringing" and state(office) == "talking; another call waits"
    office.run(0.5)
    assert_understood(talk(office, ada.say, lambda: desk.recording, words))
    flash(office, desk)
    up(office, bert)
    assert state(office) == "talking; another call is on hold"
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), other_words)
    hears_nothing_of(office, desk.say, lambda: ada.heard, words)
    hears_nothing_of(office, ada.say, lambda: desk.recording, words)
    flash(office, desk)
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), words)
    hears_nothing_of(office, bert.say, lambda: desk.recording, other_words)
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)
    office.until(lambda: desk.ringing, within=5)
    desk.lift()
    office.run(2.0)
    assert_understood(talk(office, desk.say, lambda: bert.heard, words))
    assert_understood(talk(office, bert.say, lambda: desk.recording, words))
    bert.hang_up()
    office.until(lambda: desk.hears == "congestion", within=3)
    desk.hang_up()


def bursts(heard: Samples) -> list[float]:
    """When call waiting tone of the United States (440 Hz for 300 ms) is heard: seconds of each burst's begin."""
    loud = [strength(heard[at : at + 800], 440) > -30 for at in range(0, len(heard), 800)]
    return [place / 10 for place in range(len(loud)) if loud[place] and (place == 0 or not loud[place - 1])]


def test_the_tone_of_a_waiting_call_comes_again_and_the_far_side_hears_none(office: OfficeUnderTest) -> None:
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    office.run(1.0)
    here, there = len(desk.recording), len(ada.heard)
    bert.call("101")
    office.run(23.0)
    begun = bursts(desk.recording[here:])
    assert len(begun) == 3 and np.diff(begun) == pytest.approx([10.3, 10.3], abs=0.3), begun
    assert bursts(ada.heard[there:]) == []
    bert.hang_up()
    office.run(12.0)
    assert len(bursts(desk.recording[here:])) == 3, "nobody waits any more"
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)


def consulting(office: OfficeUnderTest, desk: Telephone, number: str = "6002") -> None:
    """The telephone holds its call and dials a second number."""
    desk.flash()
    office.until(lambda: state(office) == "hears recall dial tone; a call is on hold", within=3)
    office.run(0.5)
    desk.dial(number)


def test_a_consultation_conference_and_the_one_added_sent_away(
    office: OfficeUnderTest, words: Samples, other_words: Samples
) -> None:
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    consulting(office, desk)
    answered(office, bert)
    assert state(office) == "consulting; a call is on hold"
    talk_both_ways(office, desk_ends(desk), sip_ends(bert), words)
    hears_nothing_of(office, bert.say, lambda: ada.heard, words)
    flash(office, desk)
    assert state(office) == "talking with two"
    ends = {"desk": desk_ends(desk), "ada": sip_ends(ada), "bert": sip_ends(bert)}
    for speaker, said in (("desk", words), ("ada", other_words), ("bert", words)):
        for listener in ends.keys() - {speaker}:
            assert_understood(talk(office, ends[speaker][0], ends[listener][1], said))
    for sip in (ada, bert):
        hears_nothing_of(office, sip.say, lambda sip=sip: sip.heard, words)  # type: ignore[misc]
    flash(office, desk)
    office.until(lambda: bert.state == "idle", within=2)
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), words)
    ada.hang_up()
    office.run(1)
    desk.hang_up()


@pytest.mark.parametrize("when", ["ringing", "answered", "conference"])
def test_put_down_in_a_consultation_the_two_others_talk(
    office: OfficeUnderTest, sentence: Samples, when: str
) -> None:
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    consulting(office, desk)
    if when == "ringing":
        office.until(lambda: bert.state == "offered", within=5)
        bert.ring()
        office.run(0.5)
    else:
        answered(office, bert)
    if when == "conference":
        flash(office, desk)
    desk.hang_up()
    office.run(2.0)
    assert state(office) == "on-hook"
    if when == "ringing":
        answered(office, bert)
    talk_both_ways(office, sip_ends(ada), sip_ends(bert), sentence)
    assert ada.state == bert.state == "up"
    bert.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


def test_a_busy_second_number_is_heard_and_a_flash_goes_back(office: OfficeUnderTest, sentence: Samples) -> None:
    desk, ada = in_a_talk(office)
    other = office.phone("102")
    other.lift()
    office.run(1)
    consulting(office, desk, "102")
    office.until(lambda: desk.hears == "busy", within=5)
    flash(office, desk)
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), sentence)
    other.hang_up()
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=2)


def test_the_second_hangs_up_and_the_call_on_hold_is_back(office: OfficeUnderTest, sentence: Samples) -> None:
    desk, ada = in_a_talk(office)
    bert = office.sip("6002")
    consulting(office, desk)
    answered(office, bert)
    bert.hang_up()
    office.run(0.5)
    assert state(office) == "talking"
    talk_both_ways(office, desk_ends(desk), sip_ends(ada), sentence)
    ada.hang_up()
    office.run(1)
    desk.hang_up()


def test_both_telephones_are_analogue_and_each_has_another_call(
    office: OfficeUnderTest, sentence: Samples, other_sentence: Samples
) -> None:
    one, two, ada = office.phone("101"), office.phone("102"), office.sip("6001")
    one.lift()
    office.run(0.5)
    one.dial("102")
    lifted(office, two)
    ada.call("102")
    office.until(lambda: two.waiting_caller is not None, within=5)
    office.run(0.5)
    flash(office, two)
    up(office, ada)
    consulting(office, one, "6002")
    bert = office.sip("6002")
    one.hang_up()
    office.run(1.0)
    assert not np.any(np.abs(bert.heard) > 3000)
    talk_both_ways(office, desk_ends(two), sip_ends(ada), sentence)
    two.hang_up()
    office.run(2.0)
    for phone in (one, two):
        if phone.ringing:
            phone.lift()
    office.run(1.0)
    ada.hang_up()
    office.run(1.0)
    one.hang_up()
    two.hang_up()
    office.run(1.0)
