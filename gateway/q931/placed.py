"""A call that we place: SETUP goes out, digits after it, and the far side's answers come in (Q.931 5.1, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from gateway.core.cause import Cause
from gateway.core.errors import IllegalInput
from gateway.q931 import setup
from gateway.q931.call import Call, Cue, Desk, in_band
from gateway.q931.call_states import Input, State
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import Location, MessageType
from gateway.q931.config import Side
from gateway.q931.element import Display, SendingComplete
from gateway.q931.message import Element, Message
from gateway.q931.number import CalledNumber, ConnectedNumber
from gateway.q931.primitive import (
    Alerting,
    Allotted,
    Command,
    Connected,
    MoreWanted,
    Order,
    Proceeding,
    SendDigits,
)
from gateway.q931.rules import ElementFault
from gateway.q931.why import Why

__all__ = ["PlacedCall"]

_LONGEST_DIGITS: Final = 60
"""Digits kept until they are wanted: more than any number has."""


class PlacedCall(Call):
    """One call that we place.

    Args:
        number: its name among all that ever were.
        reference: its call reference on the link.
        desk: its surroundings.
        order: what is wanted.
        channel: the B channel to be used.

    Raises:
        ValueError: what is wanted does not fit into a SETUP.
    """

    PLACED = True
    COMMANDS: ClassVar[Mapping[type[Command], Input]] = MappingProxyType({SendDigits: Input.SEND_DIGITS})

    def __init__(self, number: int, reference: int, desk: Desk, order: Order, channel: int) -> None:
        super().__init__(number, reference, desk)
        self.channel = channel
        self._order = order
        self._exclusive = desk.config.exclusive or order.channel is not None
        self._kept: list[SendDigits] = []
        location = Location.USER if desk.config.side is Side.USER else Location.PUBLIC_LOCAL
        self._setup = setup.compose(
            order, reference, self._channel_element(exclusive=self._exclusive), location, desk.config.dialect
        )
        self._setup.serialise()

    def begin(self, now: float) -> None:
        """Send SETUP."""
        self.feed(Input.PLACE, now)

    @property
    def is_contested(self) -> bool:
        """Whether a call of the far side's may still ask for the same B channel (5.7)."""
        return self.state is State.CALL_INITIATED and self.channel is not None

    def yield_channel(self) -> None:
        """A call of the far side's has our B channel: another one must come with the answer, or none (5.7)."""
        if self.channel is not None:
            self._desk.channels.give_back(self.channel, self.number)
            self.channel = None

    def receive(self, message: Message, now: float, *, wrong: ElementFault | None = None) -> bool:
        """A message has come; the first answer settles the B channel (5.1.2, 5.2.3)."""
        answers = message.kind in _ANSWERS and self.state is State.CALL_INITIATED
        if answers and not self._settle(message):
            evidence = f"{message.kind!s} with a channel that cannot be had"
            self.feed(Input.CHANNEL_REFUSED, now, Why(Cause.CHANNEL_UNACCEPTABLE, evidence))
            return True
        return super().receive(message, now, wrong=wrong)

    def _settle(self, message: Message) -> bool:
        """Take the B channel that the first answer names; False where it cannot be had."""
        told = message.first(ChannelIdentification)
        channel = told.channels[0] if told is not None and len(told.channels) == 1 else self.channel
        if channel is None or (told is not None and len(told.channels) > 1):
            return False
        if channel != self.channel:
            if self._exclusive or not self._desk.channels.take(channel, self.number):
                return False
            self.yield_channel()
            self.channel = channel
        self._tell(Allotted(self.number, channel))
        return True

    def _set_up(self, now: float, _: Cue) -> None:
        self._desk.send(self._setup)
        self._start(Input.T303, now)

    def _set_up_again(self, now: float, _: Cue) -> None:
        self._set_up(now, None)

    def _give_up(self, now: float, why: Why) -> None:
        self._refuse(now, why)

    def _more_wanted(self, now: float, message: Message) -> None:
        self._stop(Input.T303)
        self._start(Input.T304, now)
        self._tell(MoreWanted(self.number, in_band(message)))
        kept, self._kept = self._kept, []
        for digits in kept:
            self._send_digits(now, digits)

    def _keep_digits(self, now: float, command: SendDigits) -> None:
        """The far side has not said that it takes more (5.1.3)."""
        if sum(len(kept.digits) for kept in self._kept) + len(command.digits) <= _LONGEST_DIGITS:
            self._kept.append(command)

    def _send_digits(self, now: float, command: SendDigits) -> None:
        elements: list[Element] = []
        if command.digits:
            elements.append(CalledNumber(command.digits, self._order.called.type, self._order.called.plan))
        if command.complete and self._dialect.sending_complete:
            elements.append(SendingComplete())
        if elements:
            self._send(MessageType.INFORMATION, *elements)
            self._start(Input.T304, now)

    def _proceeding(self, now: float, message: Message) -> None:
        self._stop(Input.T303, Input.T304)
        self._start(Input.T310, now)
        self._tell(Proceeding(self.number, in_band(message)))

    def _progress_first(self, now: float, message: Message) -> None:
        self._stop(Input.T303)
        self._tell(Proceeding(self.number))
        self._progress(now, message)

    def _alerting(self, now: float, message: Message) -> None:
        self._stop(Input.T303, Input.T304, Input.T310)
        self._start(Input.T301, now)
        self._tell(Alerting(self.number, in_band(message)))

    def _connected(self, now: float, message: Message) -> None:
        self._stop_all()
        self._send(MessageType.CONNECT_ACKNOWLEDGE)
        display = message.first(Display)
        self._tell(Connected(self.number, message.first(ConnectedNumber), display.text if display else ""))

    def _refuse_command(self, command: Command) -> None:
        raise IllegalInput(
            f"{type(command).__name__} is for calls that come in; call {self.number} was placed by us"
        )


_ANSWERS: Final = frozenset(
    {
        MessageType.SETUP_ACKNOWLEDGE,
        MessageType.CALL_PROCEEDING,
        MessageType.PROGRESS,
        MessageType.ALERTING,
        MessageType.CONNECT,
    }
)
"""Messages that may be the first answer to a SETUP and name a B channel."""
