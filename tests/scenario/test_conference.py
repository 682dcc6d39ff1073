"""Conferences: many hear one another, are told of one another, work the room by keys, and leave nothing behind."""

from __future__ import annotations

import wave
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.conference import Member
from gateway.testing.sip_phone import SipPhone
from hardware.world.office_call import CallState
from tests.scenario.conftest import Build
from tests.scenario.test_star_codes import dialled
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare

PLAN = """
[office]
exten => 8500,1,ConfBridge(board)
 same => n,Hangup()
exten => 8501,1,ConfBridge(board,,pin)
 same => n,Playback(vm-goodbye)
 same => n,Hangup()
exten => 8502,1,ConfBridge(board,,waits)
 same => n,Playback(vm-goodbye)
 same => n,Hangup()
exten => 8503,1,ConfBridge(board,,leads)
 same => n,Hangup()
exten => 8505,1,ConfBridge(board,recorded)
exten => 8506,1,ConfBridge(board,,announced)
exten => 8507,1,ConfBridge(board,,host)
exten => 6002,1,Dial(SIP/6002)
exten => 8500,hint,Confbridge:board
[from-pstn]
exten => _X.,1,ConfBridge(board,,plain)
"""
PROFILES = """
[conferences.rooms.recorded]
record = true
[conferences.users.plain]
[conferences.users.pin]
pin = "4711"
[conferences.users.waits]
wait_marked = true
end_marked = true
music = "default"
[conferences.users.leads]
marked = true
quiet = true
[conferences.users.host]
invites = true
[conferences.users.announced]
announce = true
# What the office tells a newcomer"""


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    return build(("\n# What the office tells a newcomer", PROFILES), dialplan=PLAN)


def members(office: OfficeUnderTest, name: str = "board") -> list[Member]:
    room = office.app.conferences.find(name)
    return [] if room is None else list(room.members)


def enters(office: OfficeUnderTest, phone: SipPhone, number: str = "8500", room: str = "board") -> None:
    """It calls the number, has heard what it is told, and is in the room."""
    before = len(members(office, room))
    phone.call(number)
    office.until(lambda: len(members(office, room)) == before + 1, within=3)
    office.until(lambda: members(office, room)[-1].settled, within=8)
    office.run(0.6)


def prompted(office: OfficeUnderTest, name: str, heard: Samples) -> bool:
    """Whether a prompt was heard."""
    sound = office.app.media.sounds.prompt(name)
    assert sound is not None
    return compare(heard, sound.samples).correlation > 0.9


@pytest.fixture
def three(office: OfficeUnderTest) -> Iterator[list[SipPhone]]:
    """Three of different codecs and rates are in the room."""
    encodings = (Encoding.PCMU, Encoding.PCMA, Encoding.G722)
    phones = [office.sip(f"600{at}", encoding=coding) for at, coding in enumerate(encodings, 1)]
    for phone in phones:
        enters(office, phone)
    office.run(3)
    yield phones
    for phone in phones:
        if phone.state == "up":
            phone.hang_up()
    office.run(1)
    assert not office.app.conferences.rooms and office.app.usage()["rooms"] == 0


def says(office: OfficeUnderTest, phone: SipPhone, words: Samples, hearers: list[SipPhone]) -> list[Samples]:
    """What each of the hearers has heard while one spoke, at 8000 Hz."""
    before = [len(each.heard) for each in hearers]
    phone.say(np.repeat(words, phone.voice.sampling // 8000))
    office.run(len(words) / 8000 + 0.5)
    return [each.heard[at :: each.voice.sampling // 8000] for each, at in zip(hearers, before, strict=True)]


def loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def test_three_of_mixed_codecs_hear_one_another_and_not_themselves(
    office: OfficeUnderTest, three: list[SipPhone], sentence: Samples
) -> None:
    words = sentence[:12000]
    for speaker in three:
        for hearer, heard in zip(three, says(office, speaker, words, three), strict=True):
            if hearer is speaker:
                assert loudness(heard) < 20, "nobody hears himself"
            else:
                assert compare(heard, words).correlation > 0.97


def test_who_is_alone_is_told_so_and_those_there_hear_somebody_come_and_go(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    enters(office, ada)
    assert prompted(office, "conf-onlyperson", ada.heard)
    before = len(ada.heard)
    enters(office, grace)
    office.run(0.6)
    assert prompted(office, "confbridge-join", ada.heard[before:])
    before = len(ada.heard)
    grace.hang_up()
    office.run(1)
    assert prompted(office, "confbridge-leave", ada.heard[before:])
    ada.hang_up()
    office.run(1)


def test_a_telephone_a_sip_phone_and_somebody_outside_confer(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, desk, line = office.sip("6001"), office.phone("101"), office.exchange("copper1")
    enters(office, ada)
    dialled(office, desk, "8500")
    office.until(lambda: len(members(office)) == 2, within=12)
    office.call_in("copper1", "5551212", "Outside")
    office.until(lambda: len(members(office)) == 3, within=15)
    office.until(lambda: members(office)[-1].settled, within=5)
    office.run(1)
    words = sentence[:12000]
    before = len(desk.recording)
    ada.say(words)
    office.run(2.2)
    assert compare(desk.recording[before:], words).correlation > 0.95
    before = len(ada.heard)
    desk.say(words)
    office.run(2.2)
    assert compare(ada.heard[before:], words).correlation > 0.95
    line.hang_up()
    desk.hang_up()
    ada.hang_up()
    office.run(12)
    assert not office.app.conferences.rooms


def test_rfc_4575_a_telephone_is_told_who_comes_speaks_muted_holds_and_goes(office: OfficeUnderTest) -> None:
    watcher, ada, grace = office.sip("6003"), office.sip("6001"), office.sip("6002")
    watcher.watch("8500", "conference")
    watcher.watch("8500", "dialog")
    office.until(lambda: len(watcher.told) == 2, within=2)
    assert any("active>false<" in body for body in watcher.told), "nobody is there; section 5.5.2"

    def told(words: str) -> str:
        office.until(lambda: any(words in body for body in watcher.told), within=8)
        return next(body for body in reversed(watcher.told) if words in body)

    enters(office, ada)
    (answer,) = [message for message in ada.log if message.status == 200 and message.method == "INVITE"]
    assert "sip:8500@" in answer["contact"] and answer["contact"].endswith(";isfocus"), "RFC 4579 section 5.1"
    assert "<state>confirmed" in told("<dialog "), "the busy lamp of the room is lit"
    assert "display-text>Ada<" in told("sip:6001@")
    enters(office, grace)
    assert 'state="partial"' in told("sip:6002@") and "sip:6001@" not in told("sip:6002@")
    grace.key("*1")
    assert "recvonly" in told("muted-via-focus")
    ada.hang_up()
    assert 'state="deleted"' in told('state="deleted"')
    grace.hang_up()
    told("active>false<")
    watcher.watch("board", "conference")
    office.until(lambda: watcher.status == 200, within=2, wanted="the room's own name")
    watcher.watch("9999", "conference")
    office.until(lambda: watcher.status == 404, within=2)


@pytest.mark.parametrize("room", ["", "8507"])
def test_rfc_4579_section_5_5_a_telephone_has_another_called_into_its_room(
    office: OfficeUnderTest, room: str
) -> None:
    """By a REFER within its call, or to the room itself."""
    ada, grace = office.sip("6001"), office.sip("6002")
    grace.register()
    office.until(lambda: grace.status == 200, within=2)
    enters(office, ada, "8507")
    ada.refer("6002", room=room)
    office.until(lambda: grace.state == "offered", within=3)
    grace.answer()
    office.until(lambda: [member.settled for member in members(office)] == [True, True], within=8)
    office.until(lambda: any("SIP/2.0 200 OK" in body for body in ada.told), within=3)
    tone = office.app.media.sounds.tone("dial").samples[:8000]
    (heard,) = says(office, ada, tone, [grace])
    assert np.abs(heard).max() > 1000, "she is heard"
    for phone in (ada, grace):
        phone.hang_up()
    office.until(lambda: not office.app.conferences.rooms, within=3)
    office.until(lambda: office.app.usage()["calls"] == 0, within=3)


def test_whose_pin_is_wrong_three_times_is_not_let_in(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("8501")
    office.until(lambda: ada.state == "up", within=3)
    for attempt in range(3):
        office.run(1)
        ada.key(f"481{attempt}#")
        office.run(4)
    assert prompted(office, "conf-invalidpin", ada.heard) and not office.app.conferences.rooms
    office.until(lambda: ada.state == "idle", within=8)
    assert prompted(office, "vm-goodbye", ada.heard)


def test_keys_mute_and_are_told_of(office: OfficeUnderTest, three: list[SipPhone], sentence: Samples) -> None:
    ada, grace, _ = three
    before = len(ada.heard)
    ada.key("*1")
    office.run(2.5)
    assert prompted(office, "conf-muted", ada.heard[before:])
    (heard,) = says(office, ada, sentence[:8000], [grace])
    assert loudness(heard) < 20
    ada.key("*1")
    office.run(3)
    (heard,) = says(office, ada, sentence[:8000], [grace])
    assert compare(heard, sentence[:8000]).correlation > 0.97


def test_keys_make_louder_and_leave(office: OfficeUnderTest, three: list[SipPhone], sentence: Samples) -> None:
    ada, grace, _ = three
    (plain,) = says(office, ada, sentence[:8000], [grace])
    ada.key("*7")
    office.run(2)
    (fainter,) = says(office, ada, sentence[:8000], [grace])
    grace.key("*6*6")
    office.run(3)
    (louder,) = says(office, ada, sentence[:8000], [grace])
    assert compare(fainter, sentence[:8000]).gain == pytest.approx(
        compare(plain, sentence[:8000]).gain - 6, abs=0.5
    )
    assert compare(louder, sentence[:8000]).gain == pytest.approx(compare(plain, sentence[:8000]).gain + 6, abs=0.8)
    ada.key("*8")
    office.until(lambda: ada.state == "idle", within=4)
    assert len(members(office)) == 2


def test_who_waits_hears_music_until_the_leader_comes_and_leaves_with_the_leader(
    office: OfficeUnderTest, sentence: Samples
) -> None:
    ada, grace, boss = office.sip("6001"), office.sip("6002"), office.sip("6003")
    for phone in (ada, grace):
        phone.call("8502")
    office.until(lambda: len(members(office)) == 2, within=3)
    office.run(5)
    assert prompted(office, "conf-waitforleader", ada.heard)
    music = office.app.media.sounds.music("default").samples
    before = len(ada.heard)
    (heard,) = says(office, grace, sentence[:8000], [ada])
    assert compare(music, ada.heard[before : before + 8000]).correlation > 0.9, "and nobody else"
    boss.call("8503")
    office.until(lambda: len(members(office)) == 3, within=3)
    office.run(4)
    assert prompted(office, "conf-placeintoconf", ada.heard)
    (heard,) = says(office, grace, sentence[:8000], [ada])
    assert compare(heard, sentence[:8000]).correlation > 0.97
    boss.hang_up()
    office.until(lambda: ada.state == "idle" and grace.state == "idle", within=10)
    assert prompted(office, "conf-leaderhasleft", ada.heard) and prompted(office, "vm-goodbye", grace.heard)
    assert not office.app.conferences.rooms


def test_a_room_is_recorded(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    for phone in (ada, grace):
        enters(office, phone, "8505")
    office.run(2)
    ada.say(sentence)
    office.run(len(sentence) / 8000 + 0.5)
    for phone in (ada, grace):
        phone.hang_up()
    office.run(1)
    (file,) = office.folder.rglob("confbridge-board-*.wav")
    with wave.open(str(file)) as kept:
        samples = np.frombuffer(kept.readframes(kept.getnframes()), np.int16)
    assert compare(samples, sentence).correlation > 0.97


def test_who_comes_says_a_name_that_all_hear(office: OfficeUnderTest, sentence: Samples) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    enters(office, ada)
    office.run(2)
    grace.call("8506")
    office.until(lambda: grace.state == "up", within=2)
    office.run(4)
    name = sentence[:10000]
    grace.say(name)
    office.run(1.6)
    grace.key("#")
    office.until(lambda: len(members(office)) == 2, within=3)
    before = len(ada.heard)
    office.run(8)
    assert compare(ada.heard[before:], name[:8000]).correlation > 0.9
    assert prompted(office, "conf-hasjoin", ada.heard[before:])
    for phone in (ada, grace):
        phone.hang_up()
    office.run(1)


def test_a_member_who_vanishes_is_found_out_and_leaves(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    enters(office, ada, "8503")
    ada.vanish()
    office.loop.advance(1000, 10, office._tick)  # its session is refreshed after half of 1800 s (RFC 4028)
    assert not office.app.conferences.rooms


def test_an_office_that_stops_ends_the_room(office: OfficeUnderTest, three: list[SipPhone]) -> None:
    office.loop.run_until_complete(office.app.manager.end_all("the office stops"))
    office.run(1)
    assert not office.app.conferences.rooms and all(phone.state == "idle" for phone in three)


def test_the_demo_office_lets_callers_from_outside_in_by_the_attendant_and_a_pin(build: Build) -> None:
    office = build()
    ada, line = office.sip("6001"), office.exchange("copper1")
    enters(office, ada, room="8500")
    office.call_in("copper1", "5551212", "Outside")
    office.until(lambda: line.state is CallState.TALKING, within=12)
    office.run(2)
    line.key("8500")
    office.run(8)
    line.key("85008#")
    office.until(lambda: len(members(office, "8500")) == 2, within=8)
    line.hang_up()
    ada.hang_up()
    office.run(12)
    assert not office.app.conferences.rooms
