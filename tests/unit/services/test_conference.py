"""Conferences among scripted legs: who hears whom, who may what, what keys do, and what is left at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from gateway.app.rooms import OperatedRooms
from gateway.call.tolls import Tolls
from gateway.core.cause import Cause
from gateway.core.conference import Departure
from gateway.core.conference_profile import Profiles, RoomProfile, UserProfile, actions_of
from gateway.core.errors import Exhausted, LocalError
from gateway.core.messages import (
    Answer,
    Answered,
    Dial,
    Digit,
    Hangup,
    Held,
    Released,
    Resumed,
    TransferAsked,
    TransferTold,
)
from gateway.core.recording import Media, Recording, RecordingPlan
from gateway.core.room import TALK, Talking
from gateway.services.conferences import OfficeConferences
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import BUSY, BYE, Exchange, ScriptedRoom, Tones, tolls_of

PROFILES = Profiles(
    rooms={"small": RoomProfile(members=2), "kept": RoomProfile(record=True, file="board")},
    users={
        "plain": UserProfile(),
        "admin": UserProfile(admin=True),
        "host": UserProfile(invites=True),
        "music": UserProfile(music="jazz"),
        "muted": UserProfile(muted=True),
        "waits": UserProfile(wait_marked=True, music="jazz"),
        "follows": UserProfile(wait_marked=True, end_marked=True),
        "leads": UserProfile(marked=True),
        "pin": UserProfile(pin="4711"),
        "brief": UserProfile(timeout=60),
        "counted": UserProfile(count=True, count_all=3),
        "quiet": UserProfile(quiet=True),
        "passes": UserProfile(pass_digits=True),
    },
    menus={
        "keys": {
            keys: actions_of(actions)
            for keys, actions in {
                "*": "playback_and_continue(conf-usermenu)",
                "*1": "toggle_mute",
                "*2": "admin_toggle_conference_lock",
                "*3": "admin_kick_last",
                "*5": "admin_toggle_mute_participants",
                "*6": "increase_listening_volume",
                "*8": "leave_conference",
                "*9": "increase_talking_volume,increase_talking_volume",
                "0": "dialplan_exec(office,aside,1)",
                "*4": "dialplan_exec(office,asks,1)",
                "*7": "dialplan_exec(office,deeper,1)",
                "*0": "dialplan_exec(office,broken,1)",
                "#": "playback(one),participant_count",
            }.items()
        }
    },
)
PLAN = """
[office]
exten => _[a-z].,1,ConfBridge(board,${ROOM},${EXTEN},keys)
 same => n,Answer()
 same => n,Wait(600)
exten => 101,1,Dial(FXS/101)
exten => aside,1,Wait(10)
 same => n,Return()
exten => asks,1,Read(GIVEN,,2,,,30)
 same => n,Return()
exten => broken,1,Set(STEPS=${STEPS}x)
 same => n,Goto(${NOTHING}label)
 same => n,Wait(600)
exten => visit,1,Gosub(office,meet,1)
 same => n,Read(GIVEN,,2,,,30)
 same => n,Wait(600)
exten => meet,1,ConfBridge(board,,plain,keys)
 same => n,Set(LEFT=${LEFT}x)
 same => n,Return()
exten => deeper,1,ConfBridge(${INNER},,plain,keys)
 same => n,Return()
exten => survey,1,ConfBridge(board,,plain,keys)
 same => n,Read(GIVEN,,2,,,30)
 same => n,Wait(600)
exten => 1,1,Set(CONFBRIDGE(user,template)=admin)
 same => n,Set(CONFBRIDGE(user,startmuted)=yes)
 same => n,Set(CONFBRIDGE(user,music_on_hold_class)=blues)
 same => n,Set(CONFBRIDGE(user,music_on_hold_when_empty)=yes)
 same => n,Set(CONFBRIDGE(bridge,max_members)=7)
 same => n,Set(CONFBRIDGE(bridge,sound_join)=gong)
 same => n,Set(CONFBRIDGE(bridge,max_members)=many)
 same => n,Set(CONFBRIDGE(user,colour)=red)
 same => n,Set(CONFBRIDGE(menu,4)=toggle_mute)
 same => n,Set(CONFBRIDGE(menu,5)=fly)
 same => n,ConfBridge(own)
exten => 2,1,ConfKick(board,participants)
 same => n,Set(ASKED=${CONFKICKSTATUS} ${CONFBRIDGE_INFO(parties,BOARD)} ${CONFBRIDGE_INFO(locked,board)})
 same => n,Wait(600)
exten => 3,1,Set(ASKED=${CONFBRIDGE_CHANNELS(admins,board)} ${CONFBRIDGE_INFO(waiting,board)})
 same => n,Wait(600)
exten => 4,1,ConfBridge(board,nothing)
 same => n,Wait(600)
"""


class Conferring(Exchange):
    """An exchange with conference rooms.

    Attributes:
        recorded: the recordings that were begun.
        full: whether the media plane has no room left.
    """

    def __init__(self, profiles: Profiles = PROFILES, tolls: Tolls | None = None) -> None:
        super().__init__(tolls, limit=200)
        self.recorded: list[RecordingPlan] = []
        self.full = False
        self.changed: list[str] = []
        self.conferences = OfficeConferences(
            media=cast(Media, self), sounds=Tones(), clock=self.loop.time, wall=self.wall
        )
        self.conferences.profiles = profiles
        self.conferences.on_change = self.changed.append
        self.manager.operator.conferences = self.conferences
        self.manager.conferees = self.conferences.members
        self.dialplan(PLAN)

    def room(self) -> ScriptedRoom:
        if self.full:
            raise Exhausted("all 0 rooms of the media plane are in use")
        return super().room()

    def record(self, source: object, plan: RecordingPlan, on_fault: object = None) -> Recording:
        self.recorded.append(plan)
        return cast(Recording, _Tape())

    def enters(self, user: str, number: int, hears: bool = True, **variables: str) -> ScriptedChannel:
        """Somebody enters as `user` and, where it `hears` all, has been told what there is to tell."""
        channel = self.offer(f"SIP/{number}-{number:08}", user, variables=variables)
        if hears:
            self.hears_out(channel)
        return channel

    def hears_out(self, channel: ScriptedChannel) -> None:
        """It hears whatever it is told to the end, but for music."""
        while channel.audio is not None and (sound := channel.audio.playing) and sound.loop_from is None:
            channel.audio.finish()
            self.loop.settle()

    def keys(self, channel: ScriptedChannel, digits: str) -> None:
        for digit in digits:
            self.says(channel, Digit(digit, 0.1, "RFC 4733"))
        self.hears_out(channel)

    def manner(self, channel: ScriptedChannel) -> tuple[bool, bool]:
        """Whether it is heard in the room, and hears."""
        (room,) = [room for room in self.rooms if not room.closed]
        found = room.seats.get(channel.audio) if channel.audio is not None else None
        return (False, False) if found is None else (found.talks == TALK, found.hears == TALK)

    def variable(self, channel: ScriptedChannel, name: str) -> str:
        leg = self.manager.floor.find(channel.name)
        assert leg is not None
        return leg.variables.get(name, "")


class _Tape:
    stopped = False

    def stop(self) -> None:
        self.stopped = True


def heard(channel: ScriptedChannel) -> list[str]:
    """What it has heard but for the room, and that fax machines were listened for."""
    assert channel.audio is not None
    return [name for name in channel.audio.heard if name != "fax"]


@pytest.fixture
def office() -> Iterator[Conferring]:
    with conferring() as office:
        yield office


@contextmanager
def conferring(tolls: Tolls | None = None) -> Iterator[Conferring]:
    """For the time of a test, after which nobody and nothing is left."""
    office = Conferring(tolls=tolls)
    asyncio.set_event_loop(office.loop)
    yield office
    for leg in list(office.manager.floor.legs.values()):
        office.says(leg.channel, Released(BYE))  # type: ignore[arg-type]
    assert not office.conferences.rooms and not office.conferences.members
    assert all(room.closed and not room.seats for room in office.rooms)
    assert office.manager.usage() == {"calls": 0, "legs": 0}
    office.loop.close()


def test_members_hear_one_another_and_the_room_ends_with_the_last(office: Conferring) -> None:
    one, two = office.enters("plain", 1), office.enters("plain", 2)
    assert Answer() in one.commands and heard(one) == ["conf-onlyperson"] and heard(two) == []
    assert office.manner(one) == office.manner(two) == (True, True)
    assert office.rooms[0].said == ["confbridge-join"], "the second; the first was told alone"
    office.says(one, Released(BYE))
    assert office.rooms[0].seats.keys() == {two.audio}
    office.rooms[0].finish()
    assert office.rooms[0].said[1:] == ["confbridge-leave"]
    office.says(two, Released(BYE))
    assert office.rooms[0].closed and not office.conferences.rooms


def test_music_is_heard_while_alone_and_not_over_who_has_left(office: Conferring) -> None:
    one = office.enters("music", 1)
    office.rooms[0].finish()
    office.loop.settle()
    assert heard(one)[-1] == "jazz music"
    two = office.enters("plain", 2)
    assert one.audio is not None and one.audio.playing is None
    office.rooms[0].finish()
    office.says(two, Released(BYE))
    assert one.audio.playing is None, "it hears who leaves"
    office.rooms[0].finish()
    office.loop.settle()
    assert heard(one)[-1] == "jazz music"


def test_who_begins_muted_hears_and_is_heard_once_keys_say_so(office: Conferring) -> None:
    office.enters("plain", 1)
    two = office.enters("muted", 2)
    assert office.manner(two) == (False, True)
    office.keys(two, "*1")
    assert office.manner(two) == (True, True) and heard(two)[-1] == "conf-unmuted"


def test_who_is_on_hold_is_not_heard(office: Conferring) -> None:
    one, two = office.enters("plain", 1), office.enters("plain", 2)
    office.says(two, Held())
    assert office.manner(two) == (False, True) and office.manner(one) == (True, True)
    shown = office.conferences.shown("board")
    assert [each.held for each in shown.participants] == [False, True]
    office.says(two, Resumed())
    assert office.manner(two) == (True, True)


def test_who_was_on_hold_before_is_not_heard(office: Conferring) -> None:
    two = office.enters("pin", 2, hears=False)
    office.says(two, Held())
    office.keys(two, "4711#")
    assert office.manner(two) == (False, True), "its music is not for the room"
    office.says(two, Resumed())
    assert office.manner(two) == (True, True)


def test_who_is_put_on_hold_beside_a_room_is_not_heard_in_it_after_that(office: Conferring) -> None:
    two = office.enters("plain", 2, INNER="other")
    office.keys(two, "*7")
    office.hears_out(two)
    office.says(two, Held())
    office.keys(two, "*8")
    assert [member.held for room in office.conferences.rooms for member in room.members] == [True]
    office.says(two, Resumed())
    assert office.manner(two) == (True, True)


def test_who_waits_is_not_seated_until_the_leader_comes_and_waits_again_without(office: Conferring) -> None:
    one, two = office.enters("waits", 1), office.enters("follows", 2)
    assert office.manner(one) == office.manner(two) == (False, False)
    assert heard(one)[:2] == ["conf-waitforleader", "jazz music"]
    boss = office.enters("leads", 3)
    office.hears_out(one)
    office.hears_out(two)
    assert office.manner(one) == office.manner(two) == office.manner(boss) == (True, True)
    assert heard(one)[-1] == heard(two)[-1] == "conf-placeintoconf"
    office.says(boss, Released(BYE))
    office.hears_out(one)
    office.hears_out(two)
    assert office.manner(one) == (False, False) and heard(one)[-2:] == ["conf-waitforleader", "jazz music"]
    assert heard(two)[-1] == "conf-leaderhasleft" and office.variable(two, "CONFBRIDGE_RESULT") == "ENDMARKED"


def test_a_second_leader_keeps_the_room_going(office: Conferring) -> None:
    one, boss, deputy = office.enters("waits", 1), office.enters("leads", 2), office.enters("leads", 3)
    office.hears_out(one)
    office.says(boss, Released(BYE))
    assert office.manner(one) == office.manner(deputy) == (True, True)


def test_three_wrong_pins_and_the_right_one(office: Conferring) -> None:
    one = office.enters("pin", 1)
    for digits in ("1#", "47111#", "#"):
        office.keys(one, digits)
    assert heard(one).count("conf-invalidpin") == 3 and office.variable(one, "CONFBRIDGE_RESULT") == "FAILED"
    assert office.story_has(one, "the PIN was wrong 3 times") and not office.conferences.rooms
    two = office.enters("pin", 2)
    office.keys(two, "4711#")
    assert len(office.conferences.rooms[0].members) == 1


def test_a_locked_or_full_room_takes_admins_alone(office: Conferring) -> None:
    boss = office.enters("admin", 1, ROOM="small")
    office.keys(boss, "*2")
    assert heard(boss)[-1] == "conf-lockednow"
    late = office.enters("plain", 2)
    assert heard(late) == ["conf-locked"] and office.variable(late, "CONFBRIDGE_RESULT") == "FAILED"
    office.keys(boss, "*2")
    office.enters("plain", 3)
    too_many = office.enters("plain", 4)
    assert office.story_has(too_many, "it is full") and not office.story_has(late, "it is full")
    office.enters("admin", 5)
    assert len(office.conferences.rooms[0].members) == 3


def test_an_admin_mutes_all_others_and_those_who_come(office: Conferring) -> None:
    boss, one = office.enters("admin", 1), office.enters("plain", 2)
    office.rooms[0].finish()
    office.keys(boss, "*5")
    assert office.manner(one) == (False, True) and office.manner(boss) == (True, True)
    assert office.rooms[0].said[-1] == "conf-now-muted"
    late = office.enters("plain", 3)
    assert office.manner(late) == (False, True)
    office.keys(boss, "*5")
    assert office.manner(one) == office.manner(late) == (True, True)


def test_an_admin_sends_out_the_last_to_come_but_no_admin(office: Conferring) -> None:
    boss, one = office.enters("admin", 1), office.enters("plain", 2)
    office.keys(boss, "*3")
    office.hears_out(one)
    assert heard(one)[-1] == "conf-kicked" and office.variable(one, "CONFBRIDGE_RESULT") == "KICKED"
    office.keys(boss, "*3")
    assert heard(boss)[-1] == "conf-errormenu", "the last is an admin"


def test_keys_for_admins_are_refused_to_others(office: Conferring) -> None:
    one = office.enters("plain", 1)
    for keys in ("*2", "*3", "*5"):
        office.keys(one, keys)
        assert heard(one)[-1] == "conf-errormenu"
    (room,) = office.conferences.rooms
    assert not room.locked and not room.participants_muted and len(room.members) == 1


def test_a_menu_is_heard_after_a_moment_and_keyed_into(office: Conferring) -> None:
    one = office.enters("plain", 1)
    office.says(one, Digit("*", 0.1, "RFC 4733"))
    assert heard(one)[-1] == "conf-onlyperson", "another key may follow"
    office.wait(1.6)
    assert heard(one)[-1] == "conf-usermenu"
    office.keys(one, "1")
    assert heard(one)[-1] == "conf-muted", "1 in the menu of * is *1"


def test_a_nudge_between_two_keys_does_not_part_them(office: Conferring) -> None:
    one = office.enters("music", 1)
    office.says(one, Digit("*", 0.1, "RFC 4733"))
    office.wait(1.0)
    office.enters("plain", 2)
    office.keys(one, "1")
    assert heard(one)[-1] == "conf-muted"


def test_volumes(office: Conferring) -> None:
    one, two = office.enters("plain", 1), office.enters("plain", 2)
    office.keys(one, "*9")
    office.keys(two, "*6*6*6*6*6*6")
    seats = office.rooms[0].seats
    assert one.audio is not None and two.audio is not None
    assert seats[one.audio].gain_in == 12.0 and seats[two.audio].gain_out == 24.0, "24 dB is the most"


def test_leaving_by_a_key_goes_on_in_the_dialplan(office: Conferring) -> None:
    one = office.enters("plain", 1)
    office.keys(one, "*8")
    assert office.variable(one, "CONFBRIDGE_RESULT") == "DTMF" and not office.conferences.rooms


def test_what_is_asked_after_a_room_waits_for_its_keys(office: Conferring) -> None:
    one = office.enters("survey", 1)
    office.keys(one, "*8")
    office.wait(5)
    office.keys(one, "42")
    assert office.variable(one, "GIVEN") == "42"


def test_what_is_asked_beside_a_room_waits_for_its_keys_whatever_happens_there(office: Conferring) -> None:
    one = office.enters("music", 1)
    office.keys(one, "*4")
    for number in (2, 3):
        office.says(office.enters("plain", number), Released(BYE))
    office.keys(one, "42")
    assert office.variable(one, "GIVEN") == "42"


def test_what_fails_beside_a_room_does_no_more_harm(office: Conferring) -> None:
    one = office.enters("visit", 1)
    office.keys(one, "*0*0")
    assert office.manner(one) == (True, True)
    office.keys(one, "*8")
    office.keys(one, "42")
    assert [office.variable(one, name) for name in ("STEPS", "LEFT", "GIVEN")] == ["xx", "x", "42"]


@pytest.mark.parametrize("inner", ["board", "other"])
def test_a_room_within_a_room(office: Conferring, inner: str) -> None:
    one = office.enters("plain", 1, INNER=inner)
    leg = "SIP/1-00000001"
    outer = office.conferences.members[leg]
    office.keys(one, "*7")
    office.hears_out(one)
    assert office.conferences.members[leg] is not outer, "who is held or moved is so where it talks"
    office.keys(one, "*8")
    assert office.conferences.members[leg] is outer
    assert [room.name for room in office.conferences.rooms] == ["board"]
    office.keys(one, "*8")
    assert not office.conferences.rooms and not office.conferences.members


def test_who_hangs_up_in_a_room_within_a_room_is_gone_from_both(office: Conferring) -> None:
    one = office.enters("plain", 1, INNER="other")
    office.keys(one, "*7")
    office.hears_out(one)
    office.says(one, Released(BYE))
    assert not office.conferences.rooms and not office.conferences.members


def test_whom_a_member_brings_need_not_know_the_pin_however_the_room_is_written(office: Conferring) -> None:
    office.enters("plain", 1)
    two = office.enters("pin", 2, CONFBRIDGE_VOUCHED="BOARD")
    assert office.manner(two) == (True, True)
    three = office.enters("pin", 3, hears=False, CONFBRIDGE_VOUCHED="staff")
    assert heard(three) == ["conf-getpin"]


def test_a_room_in_which_all_wait_is_not_recorded_yet(office: Conferring) -> None:
    office.dialplan(PLAN.replace("ConfBridge(board,${ROOM}", "ConfBridge(board,kept"))
    office.enters("waits", 1)
    assert not office.recorded, "nobody is heard, and how wide they will carry is not known"
    office.enters("leads", 2)
    assert [plan.name for plan in office.recorded] == ["board.wav"]


def test_where_nothing_can_be_told_people_come_and_go_all_the_same(office: Conferring) -> None:
    one = office.enters("plain", 1)
    office.rooms[0].speechless = True
    two = office.enters("plain", 2)
    assert office.manner(one) == office.manner(two) == (True, True)
    office.says(two, Released(BYE))
    assert [member.number for member in office.conferences.rooms[0].members] == [1]
    office.rooms[0].speechless = False
    office.enters("plain", 3)
    assert office.rooms[0].said == ["confbridge-join"], "it speaks again"


def test_words_that_cannot_follow_others_are_left_out(office: Conferring) -> None:
    office.enters("counted", 1)
    office.enters("counted", 2)
    office.enters("counted", 3)
    office.rooms[0].speechless = True
    office.rooms[0].finish()
    assert not office.conferences.rooms[0].tells


def test_a_stay_is_bounded(office: Conferring) -> None:
    one = office.enters("brief", 1)
    office.wait(59)
    assert office.conferences.rooms
    office.wait(2)
    assert office.variable(one, "CONFBRIDGE_RESULT") == "TIMEOUT"


def test_counts_are_told_to_who_comes_and_to_all_once_there_are_so_many(office: Conferring) -> None:
    office.enters("counted", 1)
    two = office.enters("counted", 2)
    assert heard(two) == ["conf-onlyone"]
    office.rooms[0].finish()
    three = office.enters("counted", 3)
    assert heard(three) == ["conf-thereare", "2", "conf-otherinparty"]
    office.rooms[0].finish()
    assert office.rooms[0].said[-4:] == ["confbridge-join", "conf-thereare", "2", "conf-otherinparty"]
    office.keys(three, "#")
    assert heard(three)[-4:] == ["one", "conf-thereare", "2", "conf-otherinparty"]


def test_who_is_quiet_comes_and_goes_unheard_of(office: Conferring) -> None:
    office.enters("plain", 1)
    office.rooms[0].finish()
    before = list(office.rooms[0].said)
    two = office.enters("quiet", 2)
    office.says(two, Released(BYE))
    assert heard(two) == [] and office.rooms[0].said == before


def test_keys_that_mean_nothing_are_heard_by_others_where_the_profile_has_it(office: Conferring) -> None:
    one, two, three = office.enters("passes", 1), office.enters("plain", 2), office.enters("plain", 3)
    office.keys(one, "7")
    office.keys(two, "7")
    sent = [[command for command in each.commands if "SendDigits" in repr(command)] for each in (one, two, three)]
    assert [len(each) for each in sent] == [0, 1, 1]


def test_keys_run_the_dialplan_while_the_room_goes_on_without_it(office: Conferring) -> None:
    one, two = office.enters("plain", 1), office.enters("plain", 2)
    office.keys(one, "0")
    assert office.manner(one) == (False, False) and office.manner(two) == (True, True)
    office.wait(11)
    assert office.manner(one) == (True, True)


def test_who_is_sent_out_while_in_the_dialplan_leaves_afterwards(office: Conferring) -> None:
    one = office.enters("plain", 1)
    office.enters("plain", 2)
    office.keys(one, "0")
    office.conferences.rooms[0].members[0].kick()
    office.wait(11)
    office.hears_out(one)
    assert office.variable(one, "CONFBRIDGE_RESULT") == "KICKED" and office.manner(one) == (False, False)


def test_a_room_is_recorded_once_under_its_name(office: Conferring) -> None:
    office.enters("plain", 1, ROOM="kept")
    office.enters("plain", 2, ROOM="kept")
    assert office.recorded == [RecordingPlan("board.wav", append=True)]


def test_who_talks_is_known(office: Conferring) -> None:
    one = office.enters("plain", 1)
    (member,) = office.conferences.rooms[0].members
    assert office.rooms[0].listener is not None and member.seat is not None
    office.rooms[0].listener(Talking(member.seat, True), 1.0)
    assert member.talking
    office.keys(one, "0")
    assert not member.talking, "it is elsewhere"


def test_profiles_that_a_script_builds(office: Conferring) -> None:
    one = office.enters("1", 1)
    (room,) = office.conferences.rooms
    (member,) = room.members
    assert room.name == "own" and room.profile == RoomProfile(members=7, sounds={"join": "gong"})
    assert member.profile == UserProfile(admin=True, muted=True, music="blues")
    office.keys(one, "4")
    assert not member.muted
    for words in ("takes a number up to 10000, not 'many'", "no option 'colour' here", 'cannot "fly"'):
        assert office.story_has(one, words)


def test_scripts_ask_who_is_there_and_send_out(office: Conferring) -> None:
    boss, one = office.enters("admin", 1), office.enters("plain", 2)
    asks = office.enters("3", 3)
    assert office.variable(asks, "ASKED") == "SIP/1-00000001 0"
    kicks = office.enters("2", 4)
    office.hears_out(one)
    assert office.variable(kicks, "ASKED") == "SUCCESS 2 0" and heard(one)[-1] == "conf-kicked"
    again = office.enters("2", 5)
    assert office.variable(again, "ASKED") == "FAILURE 1 0" and boss.audio is not None


def test_a_profile_that_is_not_there_and_a_media_plane_without_room(office: Conferring) -> None:
    one = office.enters("4", 1)
    assert office.variable(one, "CONFBRIDGE_RESULT") == "FAILED"
    assert office.story_has(one, "there is no conference bridge profile 'nothing'; known are kept, small")
    office.full = True
    two = office.enters("plain", 2)
    assert office.variable(two, "CONFBRIDGE_RESULT") == "FAILED" and heard(two) == ["all-circuits-busy-now"]


def test_who_hangs_up_while_being_told_things_was_there_and_is_gone(office: Conferring) -> None:
    one = office.enters("plain", 1, hears=False)
    assert office.manner(one) == (False, False) and len(office.conferences.members) == 1
    office.says(one, Released(BYE))
    assert not office.conferences.members


def test_a_hundred_come_at_once_and_go_and_leave_nothing(office: Conferring) -> None:
    channels = [office.enters("music", number) for number in range(1, 101)]
    (room,) = office.conferences.rooms
    assert len(room.members) == room.seated == 100
    office.rooms[0].finish()
    assert len(office.rooms) == 1 and len(office.rooms[0].said) == 13, "what waits to be told is bounded"
    for channel in channels:
        office.says(channel, Released(BYE))


def test_an_office_that_stops_ends_the_room(office: Conferring) -> None:
    office.enters("plain", 1)
    office.enters("plain", 2)
    office.loop.run_until_complete(office.manager.end_all("Copperline was stopped"))
    assert not office.conferences.rooms and office.rooms[0].closed


def test_who_is_transferred_to_somebody_in_a_room_takes_his_place_without_the_pin(office: Conferring) -> None:
    second = office.enters("pin", 1)
    office.keys(second, "4711#")
    caller = office.offer("SIP/1-2", "101")
    office.says(office.phone, Answered("off-hook"))
    floor = office.manager.floor
    own, other = floor.find(caller.name), floor.find(second.name)
    assert own is not None and other is not None
    office.loop.call_soon(office.manager.operator.attended_transfer, own, other)
    office.loop.settle()
    office.hears_out(office.phone)
    assert [member.leg.name for member in office.conferences.rooms[0].members] == [office.phone.name]
    assert "conf-getpin" not in heard(office.phone) and office.manner(office.phone) == (True, True)


@pytest.mark.parametrize("company", ["", "FXO/copper1-00000003", "SIP/6001-00000003"])
def test_nobody_from_outside_is_transferred_to_those_from_outside_alone(company: str) -> None:
    """As in every transfer, `onward` of `[tolls]` says where that may be."""
    with conferring(tolls=tolls_of()) as office:
        second = office.offer("SIP/6002-00000002", "plain")
        office.hears_out(second)
        if company:
            office.hears_out(office.offer(company, "plain"))
        caller = office.offer("FXO/copper1-00000001", "101")
        office.says(office.phone, Answered("off-hook"))
        office.says(office.phone, TransferAsked(other=second.name))
        assert [command.cause is None for command in told(office.phone)] == [company != "FXO/copper1-00000003"]
        inside = [member.leg.name for member in office.conferences.rooms[0].members]
        assert (caller.name in inside) is (company != "FXO/copper1-00000003")


def told(channel: ScriptedChannel) -> list[TransferTold]:
    return [command for command in channel.commands if isinstance(command, TransferTold)]


def test_rfc_4579_section_5_5_whom_a_member_names_is_called_and_is_in_the_room_with_the_answer(
    office: Conferring,
) -> None:
    host = office.enters("host", 1)
    office.says(host, TransferAsked("101"))
    assert told(host) == [] and isinstance(office.phone.last, Dial)
    office.says(office.phone, Answered("off-hook"))
    assert told(host) == [TransferTold(None)]
    for leg in list(office.manager.floor.legs.values()):
        office.hears_out(leg.channel)  # type: ignore[arg-type]
    (room,) = office.conferences.rooms
    assert [member.leg.party.number for member in room.members] == ["1", "101"]
    office.says(office.phone, Released(BYE))
    assert [member.leg.name for member in room.members] == [host.name]


@pytest.mark.parametrize(
    ("user", "called", "cause"),
    [
        ("plain", "101", Cause.CALL_REJECTED),
        ("admin", "101", Cause.CALL_REJECTED),
        ("host", "199", Cause.UNALLOCATED_NUMBER),
    ],
)
def test_rfc_4579_section_5_5_nobody_is_called_for_whom_that_is_not_set(
    office: Conferring, user: str, called: str, cause: Cause
) -> None:
    channel = office.enters(user, 1)
    office.says(channel, TransferAsked(called))
    assert told(channel) == [TransferTold(cause)] and not office.fxs.made


def test_rfc_4579_section_5_5_who_is_busy_is_told_and_who_comes_too_late_finds_nobody(office: Conferring) -> None:
    host = office.enters("host", 1)
    office.says(host, TransferAsked("101"))
    office.says(office.phone, Released(BUSY))
    assert told(host) == [TransferTold(Cause.USER_BUSY)]
    office.says(host, TransferAsked("101"))
    office.says(host, Released(BYE))
    office.says(office.phone, Answered("off-hook"))
    assert isinstance(office.phone.last, Hangup) and not office.conferences.rooms


def test_rfc_4579_section_5_11_an_admin_sends_out_whom_it_names(office: Conferring) -> None:
    boss, two = office.enters("admin", 1), office.enters("plain", 2)
    office.says(two, TransferAsked("1", removes=True))
    office.says(boss, TransferAsked("9", removes=True))
    assert told(two) == [TransferTold(Cause.CALL_REJECTED)]
    assert told(boss) == [TransferTold(Cause.UNALLOCATED_NUMBER)]
    office.says(boss, TransferAsked("2", removes=True))
    assert told(boss)[1:] == [TransferTold(None)]
    assert [member.leg.name for member in office.conferences.rooms[0].members] == [boss.name]
    office.says(two, TransferAsked("1", removes=True))
    assert told(two)[1:] == [TransferTold(Cause.INVALID_CALL_REFERENCE)], "and is no transfer"


def test_each_change_is_told_of(office: Conferring) -> None:
    boss = office.enters("admin", 1)
    office.changed.clear()
    office.keys(boss, "*2")
    assert office.changed == ["board"]
    office.keys(boss, "*1")
    assert len(office.changed) == 2
    office.keys(boss, "*8")
    assert office.changed[2:] == ["board"] and office.conferences.shown("board").participants == ()


def test_an_operator_sees_mutes_and_sends_out(office: Conferring) -> None:
    rooms = OperatedRooms(office.conferences, office.loop.time)
    assert rooms.rooms() == []
    one, two, three = office.enters("plain", 1), office.enters("waits", 2), office.enters("counted", 3, hears=False)
    office.wait(5)
    (shown,) = rooms.rooms()
    assert [member.state for member in shown.members] == ["heard", "waits for the leader", "comes in"]
    assert [(member.number, member.caller) for member in shown.members] == [(1, "1"), (2, "2"), (3, "3")]
    assert shown.members[0].seconds == pytest.approx(5) and not shown.members[2].admin
    rooms.act("Board", "mute", "1")
    office.loop.settle()
    office.hears_out(one)
    assert heard(one)[-1] == "conf-muted" and rooms.rooms()[0].members[0].state == "muted"
    rooms.act("board", "lock", "")
    rooms.act("board", "kick", "SIP/3-00000003")
    office.loop.settle()
    assert [member.number for member in rooms.rooms()[0].members] == [1, 2] and rooms.rooms()[0].locked
    for room, act, who, why in (
        ("attic", "lock", "", "Nobody is in a conference room attic"),
        ("board", "mute", "9", "9 is not in the conference room board"),
        ("board", "lock", "1", "A room is locked"),
    ):
        with pytest.raises(LocalError, match=why):
            rooms.act(room, act, who)
    rooms.act("board", "kick", "")
    office.loop.settle()
    for channel in (one, two, three):
        office.hears_out(channel)
    assert rooms.rooms() == [] and office.variable(two, "CONFBRIDGE_RESULT") == "KICKED"


def test_departures_have_the_words_of_asterisk() -> None:
    assert {each.value for each in Departure} == {"FAILED", "HANGUP", "KICKED", "ENDMARKED", "DTMF", "TIMEOUT"}
