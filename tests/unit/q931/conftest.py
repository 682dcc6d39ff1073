"""Two primary rate interfaces face to face over a D channel, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from gateway.core.errors import MalformedError
from gateway.core.timers import Due
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import Capability, MessageType
from gateway.q931.config import Hunt, InterfaceConfig, Side
from gateway.q931.control import CallControl
from gateway.q931.element import BearerCapability, CauseElement
from gateway.q931.interface import Interface
from gateway.q931.lapd_frame import Frame, FrameKind
from gateway.q931.message import GLOBAL, Element, Message
from gateway.q931.number import CalledNumber
from gateway.q931.primitive import Command, Event, Order, Setup
from gateway.sip.transport import Datagram, Flow
from tests.support.due import in_time
from tests.support.pair import Pair

D_CHANNEL = Flow("udp", ("user", 16), ("network", 16))
Kind = TypeVar("Kind", bound=Event)


class End:
    """One end of the span: an interface as a peer of a `Pair`, and what it has told so far."""

    def __init__(self, config: InterfaceConfig, clock: Callable[[], float]) -> None:
        self.due = Due()
        self.interface = Interface(config, due=self.due)
        self.told: list[Event] = []
        self._now = clock

    def receive(self, data: bytes, source: Flow, now: float) -> None:
        self.interface.receive(data, None, now)
        self._listen()

    def outgoing(self) -> list[Datagram]:
        return [Datagram(frame, D_CHANNEL) for frame in self.interface.outgoing()]

    def deadline(self) -> float | None:
        return in_time(self.due, self.interface)

    def expire(self, now: float) -> None:
        self.interface.expire(now)
        self._listen()

    def start(self) -> None:
        self.interface.start(self._now())

    def stop(self) -> None:
        self.interface.stop(self._now())
        self._listen()

    def calls(self, digits: str = "5550100", **ordered: object) -> int:
        """Place a call."""
        number = self.interface.place(Order(CalledNumber(digits), **ordered), self._now())  # type: ignore[arg-type]
        self._listen()
        return number

    def says(self, call: int, *commands: Command) -> None:
        for command in commands:
            self.interface.command(call, command, self._now())
        self._listen()

    def hears(self) -> list[Event]:
        """What was told since this was asked last."""
        told, self.told = self.told, []
        return told

    def _listen(self) -> None:
        in_time(self.due, self.interface)
        self.told += self.interface.events()


class Span:
    """A user and a network, the D channel between them, and what was said on it."""

    def __init__(self, user: InterfaceConfig, network: InterfaceConfig) -> None:
        self.pair = Pair(None, None)  # type: ignore[arg-type]
        self.clock = self.pair.clock
        self.user = self.pair.a = End(user, self.clock)
        self.network = self.pair.b = End(network, self.clock)

    def begins(self) -> Span:
        """Both ends see the line; what they say to get going is forgotten."""
        self.user.start()
        self.network.start()
        self.pair.exchange()
        self.forget()
        return self

    def forget(self) -> None:
        self.user.hears()
        self.network.hears()
        self.pair.wire.clear()

    def settle(self) -> None:
        self.pair.exchange()

    def passes(self, seconds: float) -> None:
        self.pair.advance(seconds)

    def ring(self, digits: str = "5550100", **ordered: object) -> tuple[int, int]:
        """The user calls; the numbers of the call at both ends."""
        placed = self.user.calls(digits, **ordered)
        self.settle()
        (setup,) = [event for event in self.network.hears() if isinstance(event, Setup)]
        return placed, setup.call

    @property
    def said(self) -> list[str]:
        """The messages on the D channel so far, each with its cause, as a ladder has them."""
        return [line for datagram in self.pair.wire if (line := _line(datagram.data))]

    def loses(self, *kinds: MessageType) -> None:
        """Lose messages of these kinds from now on as if they had never been sent: their frames come, empty."""
        self.pair.lose = lambda datagram: (message := carried(datagram.data)) and message.kind in kinds


def carried(frame: bytes) -> Message | None:
    """The message in a frame, whoever sent it."""
    for from_network in (False, True):
        try:
            found = Frame.parse(frame, from_network)
        except MalformedError:
            continue
        if found.kind is FrameKind.I:
            return Message.parse(found.information)
    return None


def _line(frame: bytes) -> str:
    message = carried(frame)
    if message is None:
        return ""
    cause = message.first(CauseElement)
    name = str(message.kind) if isinstance(message.kind, MessageType) else f"{message.kind:#x}"
    who = "global " if message.reference == GLOBAL else ""
    return who + name + (f" {cause.value}" if cause else "")


USER = InterfaceConfig(Side.USER, restart=False)
NETWORK = InterfaceConfig(Side.NETWORK, hunt=Hunt.DESCENDING, restart=False)


@pytest.fixture
def span() -> Span:
    return Span(USER, NETWORK).begins()


class Solo:
    """Call control of one side, spoken to by hand, message for message."""

    def __init__(self, config: InterfaceConfig) -> None:
        self.due = Due()
        self.control = CallControl(config, due=self.due)
        self.now = 0.0
        self.reference = 0
        self.control.link_up(0.0)

    def hears(
        self, kind: MessageType | int, *elements: Element, reference: int | None = None, answer: bool = False
    ) -> None:
        """A message comes; `answer`: about a call that it has placed, the last one by default."""
        reference = (self.reference if answer else 1) if reference is None else reference
        self.control.receive(Message(kind, reference, answer, elements).serialise(), None, self.now)

    def says(self) -> list[Message]:
        """What it has said since this was asked last."""
        in_time(self.due, self.control)
        return [Message.parse(data) for data in self.control.outgoing()]

    def tells(self) -> list[Event]:
        return self.control.events()

    def passes(self, seconds: float) -> None:
        """Let time pass, stopping at every deadline on the way."""
        end = self.now + seconds
        while (due := in_time(self.due, self.control)) is not None and due <= end:
            self.now = due
            self.control.expire(due)
        self.now = end

    def takes(self, *commands: Command, channel: int = 1, reference: int = 1) -> int:
        """A call comes in and is told so much; its number. What was said and told about it is forgotten."""
        self.hears(MessageType.SETUP, SPEECH, ChannelIdentification((channel,)), reference=reference)
        (setup,) = [event for event in self.tells() if isinstance(event, Setup)]
        for command in commands:
            self.control.command(setup.call, command, self.now)
        self.says()
        return setup.call

    def places(self, *answers: MessageType, **ordered: object) -> int:
        """A call is placed and answered so far; its number. What was said and told about it is forgotten."""
        call = self.control.place(replace(ORDER, **ordered), self.now)  # type: ignore[arg-type]
        self.reference = self.says()[-1].reference
        for answer in answers:
            self.hears(answer, answer=True)
        self.says()
        self.tells()
        return call


SPEECH = BearerCapability(Capability.SPEECH)
ORDER = Order(CalledNumber("100"))


@pytest.fixture
def user() -> Solo:
    return Solo(USER)


@pytest.fixture
def network() -> Solo:
    return Solo(NETWORK)
