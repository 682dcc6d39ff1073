"""A primary rate interface: call control above its data link, one engine for whoever has the D channel.

    interface = Interface(InterfaceConfig(Side.USER))
    interface.start(now)                        the line is there: set the link up, and again whenever it is lost
    interface.receive(frame, None, now)         a frame of the D channel, without flags and check sequence
    interface.outgoing()                        frames to be sent
    interface.events()                          words of `gateway.q931.primitive`, in order
    call = interface.place(Order(...), now)     a call to be placed
    interface.command(call, Alert(), now)       everything else about a call

The first link after the start restarts all channels, where `config.restart` says so. B channels are told by their
time slots; who carries their audio is another's affair.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.core.cause import Cause
from gateway.core.engine import earliest
from gateway.core.timers import Due
from gateway.q931.channels import Channels
from gateway.q931.config import InterfaceConfig, Side
from gateway.q931.control import CallControl
from gateway.q931.journal import Entry
from gateway.q931.lapd import Data, Down, Lapd, LapdConfig, Reset, Up
from gateway.q931.primitive import Command, Event, LinkDown, LinkUp, Order

__all__ = ["Interface"]

_RETRY: Final = 1.0
"""Seconds after which a link that could not be set up is tried again."""


class Interface:
    """One interface.

    Args:
        config: its side, channels, habits and timers.
        link: parameters of its data link.
        journal: every message is written down, and `journal` has to be asked for it.
        due: told of every timer that is set; for whoever has many interfaces, and would not ask each of them.
    """

    def __init__(
        self,
        config: InterfaceConfig,
        link: LapdConfig | None = None,
        *,
        journal: bool = False,
        due: Due | None = None,
    ) -> None:
        self.config = config
        self._due = due or Due()
        self._link = Lapd(network=config.side is Side.NETWORK, config=link, due=self._due)
        self._control = CallControl(config, journal=journal, due=self._due)
        self._retry: float | None = None
        self._is_started = False
        self._was_restarted = False

    # The face of an engine.

    def receive(self, data: bytes, source: None, now: float) -> None:
        """A frame has come in on the D channel; not heard before `start` and after `stop`."""
        if not self._is_started:
            return
        self._link.receive(data, source, now)
        self._settle(now)

    def outgoing(self) -> list[bytes]:
        """Frames for the D channel."""
        return self._link.outgoing()

    def events(self) -> list[Event]:
        """What happened."""
        return self._control.events()

    def journal(self) -> list[Entry]:
        """Every message of Q.931 since this was asked last, in its order, with the call to which it belongs."""
        return self._control.journal()

    def deadline(self) -> float | None:
        """When a timer runs out."""
        return earliest(self._retry, self._link.deadline(), self._control.deadline())

    def expire(self, now: float) -> None:
        """Let timers run out."""
        self._link.expire(now)
        self._control.expire(now)
        if self._retry is not None and self._retry <= now:
            self._retry = None
            self._link.establish(now)
        self._settle(now)

    # The line.

    def start(self, now: float) -> None:
        """The line is there (again): set the link up and keep it up, or let the far side do so."""
        self._is_started = True
        self._link.establish(now)

    def stop(self, now: float) -> None:
        """The line is gone, or is not to be used any more: the link is lost without a word."""
        self._is_started = False
        self._retry = None
        self._link.deactivate(now)
        self._settle(now)

    @property
    def is_up(self) -> bool:
        """Whether there is a link, and calls can be placed."""
        return self._control.is_up

    @property
    def is_quiet(self) -> bool:
        """Whether the far side's data link has acknowledged all that was said."""
        return self._link.is_quiet

    # Calls.

    def place(self, order: Order, now: float) -> int:
        """Place a call; its number, by which events and commands name it.

        Raises:
            Unavailable: there is no link.
            Exhausted: the channel asked for, or every one, is in use or out of service.
            ValueError: what is ordered does not fit into a SETUP.
        """
        number = self._control.place(order, now)
        self._settle(now)
        return number

    def command(self, call: int, command: Command, now: float) -> None:
        """Do something about a call; nothing where it is over.

        Raises:
            IllegalInput: it makes no sense with this call, as it is.
            ValueError: what is to be told does not fit into a message.
        """
        self._control.command(call, command, now)
        self._settle(now)

    def channel_of(self, call: int) -> int | None:
        """The B channel of a call; None where it has none at the moment, or is over."""
        return self._control.channel_of(call)

    # Channels.

    @property
    def channels(self) -> Channels:
        """Which B channels are free, in use, out of service; to be read."""
        return self._control.channels

    def restart(self, now: float, channels: Iterable[int] | None = None) -> None:
        """Agree with the far side that nobody uses these channels (by default all) that no call has here."""
        self._control.restart(now, channels)
        self._settle(now)

    def block(
        self, channels: Iterable[int], why: str, now: float, *, cause: Cause = Cause.TEMPORARY_FAILURE
    ) -> None:
        """Use these channels no more until `unblock` with the same reason; calls that have one are cleared."""
        self._control.block(channels, why, now, cause=cause)
        self._settle(now)

    def unblock(self, channels: Iterable[int], why: str) -> None:
        """A reason not to use these channels is gone."""
        self._control.unblock(channels, why)

    def _settle(self, now: float) -> None:
        """Carry what the two layers have for one another until neither has anything."""
        while True:
            happened, said = self._link.events(), self._control.outgoing()
            if not happened and not said:
                return
            for message in said:
                self._link.send(message, now)
            for event in happened:
                self._link_event(event, now)

    def _link_event(self, event: Up | Reset | Down | Data, now: float) -> None:
        control = self._control
        if isinstance(event, Data):
            control.receive(event.octets, None, now)
        elif isinstance(event, Reset):
            control.link_reset(now)
        elif isinstance(event, Up):
            control.tell(LinkUp())
            control.link_up(now)
            if self.config.restart and not self._was_restarted:
                self._was_restarted = True
                control.restart(now)
        else:
            if control.is_up:
                control.tell(LinkDown())
                control.link_down(now)
            if self._is_started:
                self._retry = self._due.by(now + _RETRY)
