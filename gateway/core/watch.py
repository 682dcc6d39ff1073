"""What can be watched of an office: extensions (busy lamps, presence), mailboxes and conference rooms.

The protocols that show it to telephones (SIP events, message lamps) ask a `Watchable` and are told when to ask
again. No word here belongs to one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from enum import Enum
from typing import Final, Protocol

from gateway.core.frozen import frozen
from gateway.core.number import Party
from gateway.core.switch import DeviceState

__all__ = [
    "CallShown",
    "ConferenceShown",
    "ConferenceStatus",
    "ExtensionStatus",
    "MailboxStatus",
    "ParticipantShown",
    "Stage",
    "Watchable",
    "Watched",
    "aggregate",
]


@frozen
class Watched:
    """An extension in the dialplan context of whoever watches it.

    Attributes:
        number: the extension.
        context: where it is looked for.
    """

    number: str
    context: str


class Stage(Enum):
    """How far a call has come."""

    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"


@frozen
class CallShown:
    """One call of a watched extension.

    Attributes:
        id: the leg's channel name.
        stage: how far it has come.
        incoming: whether the extension is called; False where it calls.
        held: whether it is on hold.
        remote: whom the extension talks with, as far as it may be shown.
    """

    id: str
    stage: Stage
    incoming: bool
    held: bool = False
    remote: Party = field(default_factory=Party)


@frozen
class ExtensionStatus:
    """The state of a watched extension.

    Attributes:
        state: of its devices together.
        calls: those in progress.
    """

    state: DeviceState
    calls: tuple[CallShown, ...] = ()


@frozen
class MailboxStatus:
    """How many messages wait in a mailbox."""

    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0


@frozen
class ParticipantShown:
    """One participant of a conference.

    Attributes:
        id: the leg's channel name.
        party: who it is.
        muted: whether it cannot be heard.
        held: whether it is on hold, or waits for somebody: it is in the room, and neither hears it nor is heard.
    """

    id: str
    party: Party
    muted: bool = False
    held: bool = False


@frozen
class ConferenceShown:
    """A conference room.

    Attributes:
        subject: its name for people.
        locked: whether nobody else is let in.
        most: participants that it takes; 0 where there is no bound.
        participants: who is in it.
    """

    subject: str = ""
    locked: bool = False
    most: int = 0
    participants: tuple[ParticipantShown, ...] = ()


ConferenceStatus = ConferenceShown | None
"""None where there is no such room."""


class Watchable(Protocol):
    """Who knows what can be watched; asked at any time, answers at once."""

    def extension(self, watched: Watched) -> ExtensionStatus | None:
        """The state of an extension; None where it has no hint, and thus cannot be watched."""
        ...

    def mailbox(self, number: str) -> MailboxStatus | None:
        """The state of a mailbox; None where there is none."""
        ...

    def conference(self, watched: Watched) -> ConferenceStatus:
        """The state of a conference room; None where there is none."""
        ...

    def watch(self, watched: Watched) -> None:
        """Somebody wants to be told of changes of this extension; counted, see `unwatch`."""
        ...

    def unwatch(self, watched: Watched) -> None:
        """One less wants to be told of this extension."""
        ...


_BUSY: Final = frozenset({DeviceState.INUSE, DeviceState.BUSY, DeviceState.ONHOLD, DeviceState.RINGINUSE})
_AWAY: Final = frozenset({DeviceState.UNAVAILABLE, DeviceState.INVALID, DeviceState.UNKNOWN})


def aggregate(states: Sequence[DeviceState]) -> DeviceState:
    """The one state of several devices, as Asterisk's main/devicestate.c makes it.

    A device that rings shows; a device in use shows; all of them must be busy, on hold or away for the whole to
    be so.
    """
    if not states:
        return DeviceState.UNAVAILABLE
    found = set(states)
    ringing = bool(found & {DeviceState.RINGING, DeviceState.RINGINUSE})
    busy = bool(found & _BUSY)
    if ringing:
        return DeviceState.RINGINUSE if busy else DeviceState.RINGING
    if len(found) == 1:
        only = found.pop()
        return DeviceState.UNAVAILABLE if only is DeviceState.INVALID else only
    if busy:
        return DeviceState.INUSE
    return DeviceState.UNAVAILABLE if found <= _AWAY else DeviceState.NOT_INUSE
