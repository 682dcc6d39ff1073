"""RESTART: both sides agree that nobody uses a channel, and which channels are out of service (Q.931 5.5).

One order of ours is under way at a time. A channel that the far side does not speak for (its RELEASE COMPLETE
or its RESTART ACKNOWLEDGE is missing) is out of service until it does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Protocol

from gateway.core.cause import Cause
from gateway.core.timers import Due
from gateway.q931.call import Call
from gateway.q931.call_states import Input
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.channels import Channels
from gateway.q931.coding import ElementCode, MessageType, RestartClass
from gateway.q931.config import InterfaceConfig, Timers
from gateway.q931.element import CallStateElement, CauseElement, RestartIndicator
from gateway.q931.message import GLOBAL, Element, Message
from gateway.q931.primitive import ChannelsBack, ChannelsOut, Event, Restarted
from gateway.q931.rules import ElementFault
from gateway.q931.why import Why

__all__ = ["Maintenance"]

_TRIES: Final = 2
"""How often a RESTART is sent (5.5.1.2)."""
_REST_1: Final = 61
"""The state of the global call reference while we wait for RESTART ACKNOWLEDGE (4.5.7)."""
_UNACKNOWLEDGED: Final = "RESTART is not acknowledged"
_UNRELEASED: Final = "RELEASE was not answered"


class Surroundings(Protocol):
    """What maintenance has around it: call control."""

    config: InterfaceConfig
    timers: Timers
    channels: Channels
    due: Due

    @property
    def is_up(self) -> bool:
        """Whether there is a link."""
        ...

    def calls_on(self, channels: Iterable[int]) -> list[Call]:
        """The calls that have one of these channels."""
        ...

    def answer(self, message: Message, kind: MessageType, *elements: Element) -> None:
        """Answer a message that belongs to no call."""
        ...

    def send(self, message: Message) -> None:
        """Send a message."""
        ...

    def tell(self, event: Event) -> None:
        """Tell the user of call control."""
        ...


class Maintenance:
    """The channels of one interface, apart from calls.

    Args:
        around: its surroundings.
        location: what we are, for causes.
    """

    def __init__(self, around: Surroundings, location: int) -> None:
        self._around = around
        self._location = location
        self._under_way: tuple[int, ...] = ()
        self._whole = False
        self._tries = 0
        self._queue: deque[tuple[int, ...]] = deque()
        self.deadline: float | None = None
        """When T316 runs out."""

    def restart(self, now: float, channels: Iterable[int] | None) -> None:
        """Restart these channels, or all, as far as no call has them when their turn comes."""
        every = self._around.channels.numbers
        wanted = every if channels is None else tuple(sorted(set(channels) & set(every)))
        together = not self._around.config.dialect.restart_each and wanted == every
        for group in [wanted] if together else [(channel,) for channel in wanted]:
            if group not in self._queue and group != self._under_way:
                self._queue.append(group)
        self._next(now)

    def receive(self, message: Message, fault: ElementFault | None, now: float) -> None:
        """A message with the global call reference has come (5.5, 5.8.3.2 f)."""
        kind = message.kind
        if kind not in (MessageType.RESTART, MessageType.RESTART_ACKNOWLEDGE, MessageType.STATUS):
            self._tell_state(message, Cause.INVALID_CALL_REFERENCE)
        elif kind == MessageType.STATUS:
            self._refused()
        elif fault is not None and fault.fatal:
            self._tell_state(message, fault.cause, fault.codes)
        elif kind == MessageType.RESTART:
            self._restarted_by_far(message, now)
        else:
            self._acknowledged(now)

    def expire(self, now: float) -> None:
        """T316 has run out: once more, or the channel is out of service (5.5.1.2).

        It is asked about for ever, as nobody else might. Channels with which nothing is known to be wrong are left
        alone from then on: where RESTART is never answered, one channel is lost to that, and not all of them.
        """
        if self.deadline is None or self.deadline > now:
            return
        if self._tries < _TRIES:
            self._send(now)
            return
        channels = self._done()
        self.put_out(channels, _UNACKNOWLEDGED)
        out = self._around.channels.out()
        self._queue = deque(group for group in (*self._queue, channels) if set(group) <= set(out))
        self._next(now)

    def link_down(self) -> None:
        """Nothing can be restarted."""
        self._queue.clear()
        self._done()

    def link_up(self, now: float) -> None:
        """What the far side does not speak for is asked about again."""
        out = self._around.channels.out()
        self.restart(now, [channel for channel in out if {_UNRELEASED, _UNACKNOWLEDGED} & set(out[channel])])

    def condemn(self, channel: int, now: float) -> None:
        """Nobody knows whether the far side has freed a channel: it is restarted first (5.3.3)."""
        self.put_out((channel,), _UNRELEASED)
        self.restart(now, (channel,))

    def put_out(self, channels: Iterable[int], why: str) -> None:
        """Take channels out of service."""
        if went := self._around.channels.put_out(channels, why):
            self._around.tell(ChannelsOut(went, why))

    def put_back(self, channels: Iterable[int], why: str) -> None:
        """A reason for which they are out of service is gone."""
        if came := self._around.channels.put_back(channels, why):
            self._around.tell(ChannelsBack(came))

    def heal(self, channels: Iterable[int]) -> None:
        """The far side has spoken for these channels: it restarts one, or calls on it."""
        channels = tuple(channels)
        for why in (_UNRELEASED, _UNACKNOWLEDGED):
            self.put_back(channels, why)

    def _next(self, now: float) -> None:
        while self._queue and not self._under_way and self._around.is_up:
            group = self._queue.popleft()
            if not self._around.calls_on(group):
                self._under_way, self._tries = group, 0
                self._send(now)

    def _send(self, now: float) -> None:
        self._tries += 1
        self.deadline = self._around.due.by(now + self._around.timers.t316)
        elements: tuple[Element, ...] = (RestartIndicator(RestartClass.ALL_INTERFACES),)
        if self._under_way != self._around.channels.numbers:
            elements = (
                RestartIndicator(RestartClass.CHANNELS),
                ChannelIdentification(self._under_way, exclusive=True),
            )
        self._around.send(Message(MessageType.RESTART, GLOBAL, False, elements))

    def _done(self) -> tuple[int, ...]:
        channels, self._under_way, self.deadline = self._under_way, (), None
        return channels

    def _refused(self) -> None:
        """A far side that knows no RESTART says so: the channels are used as if there were none."""
        channels = {channel for group in (self._under_way, *self._queue) for channel in group}
        self.link_down()
        self.heal(sorted(channels))

    def _acknowledged(self, now: float) -> None:
        """What came in on the channels before the far side had our RESTART is over there, and is here, too."""
        if channels := self._done():
            self._end([call for call in self._around.calls_on(channels) if not call.PLACED], now)
            self.heal(channels)
            self._around.tell(Restarted(channels, False))
            self._next(now)

    def _restarted_by_far(self, message: Message, now: float) -> None:
        """RESTART (5.5.2): calls on these channels end at once, without a word to the far side."""
        indicator, told = message.first(RestartIndicator), message.first(ChannelIdentification)
        assert indicator is not None
        channels = self._around.channels.numbers
        if indicator.what is RestartClass.CHANNELS:
            if told is None:
                missing = bytes([ElementCode.CHANNEL_IDENTIFICATION])
                self._tell_state(message, Cause.MANDATORY_INFORMATION_MISSING, missing)
                return
            channels = tuple(channel for channel in told.channels if channel in self._around.channels)
            if not channels:
                self._tell_state(message, Cause.IDENTIFIED_CHANNEL_DOES_NOT_EXIST)
                return
        self._end(self._around.calls_on(channels), now)
        self.heal(channels)
        elements: tuple[Element, ...] = (indicator,) if told is None else (told, indicator)
        self._around.answer(message, MessageType.RESTART_ACKNOWLEDGE, *elements)
        self._around.tell(Restarted(channels, True))

    @staticmethod
    def _end(calls: Iterable[Call], now: float) -> None:
        for call in calls:
            call.feed(Input.GONE, now, Why(Cause.TEMPORARY_FAILURE, "RESTART"))

    def _tell_state(self, message: Message, cause: Cause, diagnostics: bytes = b"") -> None:
        element = CauseElement(cause, self._location, diagnostics)
        state = CallStateElement(_REST_1 if self._under_way else 0)
        self._around.answer(message, MessageType.STATUS, element, state)
