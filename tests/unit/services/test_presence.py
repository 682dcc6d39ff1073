"""Who is busy: extensions as their telephones' calls and registrations make them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.core.messages import Answered, Held, Released, Resumed
from gateway.core.number import Party
from gateway.core.switch import DeviceState
from gateway.core.watch import CallShown, ConferenceShown, ExtensionStatus, MailboxStatus, Stage, Watched, aggregate
from gateway.services.mailboxes import Mailboxes
from gateway.services.presence import Presence
from tests.support.channel import ScriptedTechnology
from tests.unit.call.exchange import BYE, FXS_101, ON_HOOK, Exchange, dial_and_bridge

S = DeviceState
LAMP = Watched("101", "office")


class Watching:
    """Presence over an exchange of scripted legs.

    Attributes:
        hints: the devices of each extension.
        idle: the states of telephones without a call.
        accounts: those of accounts.
        told: what has changed, with the state it then had.
    """

    def __init__(self) -> None:
        self.exchange = Exchange()
        self.hints = {"101": ["fxs/101"], "200": ["FXS/101", "PJSIP/6001"]}
        sip = ScriptedTechnology("SIP")
        self.exchange.manager.technologies = {**self.exchange.manager.technologies, "SIP": sip, "PJSIP": sip}
        self.idle, self.accounts = self.exchange.fxs.states, sip.states
        self.accounts["6001"] = S.UNAVAILABLE
        self.told: list[tuple[Watched, DeviceState | None]] = []
        self.presence = Presence(
            hints=lambda context, number: self.hints.get(number, []) if context == "office" else [],
            devices=self.exchange.manager.devices,
            changed=self._changed,
            mailboxes=Mailboxes(["101"], lambda *_: None),
            room=lambda name: self.rooms.get(name),
            room_changed=lambda watched: self.room_told.append(watched),
        )

        self.rooms: dict[str, ConferenceShown] = {}
        self.room_told: list[Watched] = []

    def _changed(self, watched: Watched) -> None:
        status = self.presence.extension(watched)
        self.told.append((watched, status.state if status else None))

    def changes(self, device: str) -> None:
        self.exchange.manager.devices.on_change(device)

    @property
    def states(self) -> list[DeviceState | None]:
        """The states told since the last look."""
        told, self.told = self.told, []
        return [state for _, state in told]


@pytest.fixture
def watching() -> Iterator[Watching]:
    made = Watching()
    yield made
    made.exchange.loop.close()


def test_a_lamp_follows_a_call_through_its_life(watching: Watching) -> None:
    exchange = watching.exchange
    dial_and_bridge(exchange, FXS_101)
    watching.presence.watch(LAMP)
    exchange.offer()
    phone = exchange.phone
    assert watching.states == [S.RINGING]
    assert watching.presence.extension(LAMP) == ExtensionStatus(
        S.RINGING, (CallShown(phone.name, Stage.EARLY, True, remote=Party("6001", "Ann")),)
    )
    exchange.says(phone, Answered("off-hook"))
    assert watching.states[-1] is S.INUSE
    assert watching.presence.extension(LAMP) == ExtensionStatus(
        S.INUSE, (CallShown(phone.name, Stage.CONFIRMED, True, remote=Party("6001", "Ann")),)
    )
    exchange.says(phone, Held())
    assert watching.states == [S.ONHOLD]
    exchange.says(phone, Resumed())
    assert watching.states == [S.INUSE]
    exchange.says(phone, Released(ON_HOOK))
    assert watching.states == [S.NOT_INUSE]


def test_who_calls_is_in_use_at_once(watching: Watching) -> None:
    watching.accounts.clear()
    lamp = Watched("200", "office")
    watching.presence.watch(lamp)
    dial_and_bridge(watching.exchange, FXS_101)
    caller = watching.exchange.offer()
    assert watching.states[0] is S.INUSE
    shown = watching.presence.extension(lamp)
    assert shown is not None
    assert CallShown(caller.name, Stage.TRYING, False, remote=Party("101")) in shown.calls
    watching.exchange.says(caller, Released(BYE))
    assert watching.states[-1] is S.NOT_INUSE


def test_registrations_light_the_lamps_of_their_account(watching: Watching) -> None:
    watching.presence.watch(Watched("200", "office"))
    watching.idle["101"] = S.UNAVAILABLE
    watching.changes("FXS/101")
    assert watching.states == [S.UNAVAILABLE]
    watching.accounts["6001"] = S.NOT_INUSE
    watching.changes("SIP/6001")
    assert watching.states == [S.NOT_INUSE]


def test_only_what_is_watched_and_has_changed_is_told(watching: Watching) -> None:
    watching.presence.watch(LAMP)
    watching.presence.watch(LAMP)
    watching.changes("FXS/101")
    watching.changes("FXS/102")
    watching.presence.unwatch(LAMP)
    watching.idle["101"] = S.UNAVAILABLE
    watching.changes("FXS/101")
    assert watching.states == [S.UNAVAILABLE]
    watching.presence.unwatch(LAMP)
    watching.idle["101"] = S.NOT_INUSE
    watching.changes("FXS/101")
    assert watching.states == [] and watching.presence.usage() == 0


def test_another_dialplan_has_other_hints(watching: Watching) -> None:
    watching.presence.watch(LAMP)
    watching.hints["101"] = ["SIP/6001"]
    watching.presence.hints_changed()
    assert watching.states == [S.UNAVAILABLE]
    watching.accounts["6001"] = S.NOT_INUSE
    watching.changes("SIP/6001")
    assert watching.states == [S.NOT_INUSE]
    del watching.hints["101"]
    watching.presence.hints_changed()
    assert watching.states == [None]


def test_what_has_no_hint_is_not_there(watching: Watching) -> None:
    assert watching.presence.extension(Watched("102", "office")) is None
    assert watching.presence.extension(Watched("101", "pstn")) is None
    assert watching.presence.conference(LAMP) is None


def test_an_extension_that_stands_for_a_room_shows_it_and_is_told_of_its_changes(watching: Watching) -> None:
    room = Watched("8500", "office")
    watching.hints["8500"] = ["Confbridge:Board"]
    watching.rooms["board"] = ConferenceShown("Board")
    assert watching.presence.conference(room) == ConferenceShown("Board")
    assert watching.presence.extension(room) == ExtensionStatus(S.NOT_INUSE)
    watching.presence.watch(room)
    watching.exchange.manager.devices.conferring = lambda name: name == "board"
    watching.presence.conference_changed("Board")
    assert watching.states == [S.INUSE] and watching.room_told == [room]
    watching.presence.conference_changed("other")
    assert watching.room_told == [room]
    watching.hints["8500"] = ["Confbridge:other"]
    watching.presence.hints_changed()
    assert watching.room_told == [room, room] and watching.presence.conference(room) is None
    watching.presence.unwatch(room)


def test_mailboxes_tell_their_lamps_once_for_each_change() -> None:
    told: list[tuple[str, MailboxStatus]] = []
    mailboxes = Mailboxes(["101"], lambda number, status: told.append((number, status)))
    mailboxes.update("101", MailboxStatus(1))
    mailboxes.update("101", MailboxStatus(1))
    mailboxes.know(["101", "102"])
    assert told == [("101", MailboxStatus(1))]
    assert (mailboxes.status("101"), mailboxes.status("102")) == (MailboxStatus(1), MailboxStatus())
    mailboxes.know(["102"])
    assert mailboxes.status("101") is None


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], S.UNAVAILABLE),
        ([S.NOT_INUSE], S.NOT_INUSE),
        ([S.INUSE, S.NOT_INUSE], S.INUSE),
        ([S.RINGING, S.NOT_INUSE], S.RINGING),
        ([S.RINGING, S.INUSE], S.RINGINUSE),
        ([S.ONHOLD, S.ONHOLD], S.ONHOLD),
        ([S.ONHOLD, S.NOT_INUSE], S.INUSE),
        ([S.BUSY, S.BUSY], S.BUSY),
        ([S.UNAVAILABLE, S.NOT_INUSE], S.NOT_INUSE),
        ([S.UNAVAILABLE, S.INVALID], S.UNAVAILABLE),
        ([S.INVALID], S.UNAVAILABLE),
    ],
)
def test_several_devices_make_one_state(states: list[DeviceState], whole: DeviceState) -> None:
    assert aggregate(states) is whole


def test_a_lamp_of_the_dialplans_own_making_follows_what_scripts_set(watching: Watching) -> None:
    watching.hints["300"] = ["custom:night"]
    night = Watched("300", "office")
    watching.presence.watch(night)
    assert watching.presence.extension(night) == ExtensionStatus(S.UNKNOWN)
    watching.exchange.manager.set_custom_state("night", S.INUSE)
    assert watching.states == [S.INUSE]
    watching.exchange.manager.set_custom_state("night", S.INUSE)
    assert watching.states == []
