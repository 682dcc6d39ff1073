"""Who is busy: the state of extensions, worked out from their hints' devices and told when it changes.

Devices at which something changes are told to it; only extensions that somebody watches are looked at then, found
by their devices. Nothing is polled. It is a `gateway.core.watch.Watchable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.call.devices import Devices
from gateway.call.leg import CallLeg
from gateway.core.conference import DEVICE as ROOM
from gateway.core.number import Party
from gateway.core.watch import (
    CallShown,
    ConferenceStatus,
    ExtensionStatus,
    MailboxStatus,
    Stage,
    Watched,
    aggregate,
)
from gateway.services.mailboxes import Mailboxes

__all__ = ["Presence"]


@dataclass(slots=True)
class _Lamp:
    """An extension that is watched."""

    watchers: int
    devices: list[str]
    status: ExtensionStatus | None


class Presence:
    """The states of extensions.

    Args:
        hints: the devices of an extension in a context; none where it has no hint.
        devices: their states and calls.
        changed: told of each watched extension whose state has changed.
        mailboxes: who counts messages.
        room: the state of a conference room, by its name.
        room_changed: told of each extension that is watched and stands for a room at which something has changed.
    """

    def __init__(
        self,
        *,
        hints: Callable[[str, str], Iterable[str]],
        devices: Devices,
        changed: Callable[[Watched], None],
        mailboxes: Mailboxes,
        room: Callable[[str], ConferenceStatus] = lambda name: None,
        room_changed: Callable[[Watched], None] = lambda watched: None,
    ) -> None:
        self._hints = hints
        self._devices = devices
        self._changed = changed
        self._mailboxes = mailboxes
        self._room = room
        self._room_changed = room_changed
        self._lamps: dict[Watched, _Lamp] = {}
        self._by_device: dict[str, set[Watched]] = {}
        devices.on_change = self._device_changed

    # What can be watched; see `Watchable`.

    def extension(self, watched: Watched) -> ExtensionStatus | None:
        """The state of an extension; None where it has no hint."""
        devices = self._named(watched)
        return self._status(devices) if devices else None

    def mailbox(self, number: str) -> MailboxStatus | None:
        """The state of a mailbox; None where there is none."""
        return self._mailboxes.status(number)

    def conference(self, watched: Watched) -> ConferenceStatus:
        """The state of the conference room that an extension stands for; None where it stands for none."""
        rooms = (name.removeprefix(ROOM) for name in self._named(watched) if name.startswith(ROOM))
        name = next(rooms, None)
        return None if name is None else self._room(name)

    def watch(self, watched: Watched) -> None:
        """Somebody wants to be told of changes of this extension."""
        lamp = self._lamps.get(watched)
        if lamp is None:
            lamp = self._lamps[watched] = _Lamp(0, [], None)
            self._wire(watched, lamp)
        lamp.watchers += 1

    def unwatch(self, watched: Watched) -> None:
        """One less wants to be told of this extension."""
        lamp = self._lamps[watched]
        lamp.watchers -= 1
        if not lamp.watchers:
            self._cut(watched, lamp)
            del self._lamps[watched]

    # What changes.

    def hints_changed(self) -> None:
        """The dialplan is another one."""
        for watched, lamp in list(self._lamps.items()):
            self._cut(watched, lamp)
            before, devices = lamp.status, lamp.devices
            self._wire(watched, lamp)
            if lamp.status != before:
                self._changed(watched)
            if lamp.devices != devices and any(name.startswith(ROOM) for name in (*devices, *lamp.devices)):
                self._room_changed(watched)

    def conference_changed(self, room: str) -> None:
        """Something has changed at a conference room."""
        device = self._devices.name(ROOM + room)
        self._devices.on_change(device)
        for watched in list(self._by_device.get(device, ())):
            self._room_changed(watched)

    def usage(self) -> int:
        """Extensions that are watched."""
        return len(self._lamps)

    # Inside.

    def _device_changed(self, name: str) -> None:
        if name in self._by_device:
            for watched in list(self._by_device[name]):
                self._look(watched)

    def _named(self, watched: Watched) -> list[str]:
        return [self._devices.name(device) for device in self._hints(watched.context, watched.number)]

    def _wire(self, watched: Watched, lamp: _Lamp) -> None:
        lamp.devices = self._named(watched)
        lamp.status = self._status(lamp.devices) if lamp.devices else None
        for device in lamp.devices:
            self._by_device.setdefault(device, set()).add(watched)

    def _cut(self, watched: Watched, lamp: _Lamp) -> None:
        for device in lamp.devices:
            lit = self._by_device.get(device, set())
            lit.discard(watched)
            if not lit:
                self._by_device.pop(device, None)

    def _look(self, watched: Watched) -> None:
        lamp = self._lamps[watched]
        status = self._status(lamp.devices)
        if status != lamp.status:
            lamp.status = status
            self._changed(watched)

    def _status(self, devices: list[str]) -> ExtensionStatus:
        legs = [leg for device in devices for leg in self._devices.legs(device)]
        states = [self._devices.state(device) for device in devices]
        return ExtensionStatus(aggregate(states), tuple(_shown(leg) for leg in legs))


def _shown(leg: CallLeg) -> CallShown:
    if leg.answered:
        stage = Stage.CONFIRMED
    else:
        stage = Stage.TRYING if leg.incoming else Stage.EARLY
    return CallShown(leg.name, stage, not leg.incoming, leg.held, _remote(leg))


def _remote(leg: CallLeg) -> Party:
    """Whom the telephone of `leg` talks with, or is called by, or calls."""
    if leg.bridge is not None:
        return leg.bridge.partner(leg).party
    if leg.incoming:
        return Party(leg.called)
    return leg.dialing.caller.party if leg.dialing is not None else Party()
