"""A span as a line: its D channel with Q.931, the calls on it, and its place among others of its kind.

Frames and notices of the D channel and times go in; frames go out, and by the shelf the events of the legs. The
states of the span are the table SPAN in drivers/span/states.py; what a message means is known in `gateway.q931`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from drivers.channel import LineChannel
from drivers.registry import Address
from drivers.shelf import Shelf
from drivers.span.call import SpanCall
from drivers.span.config import SpanConfig
from drivers.span.conversation import Conversation
from drivers.span.placed import PlacedCall
from drivers.span.states import SPAN, SpanInput, SpanState
from drivers.span.taken import TakenCall
from drivers.status import LineStatus
from gateway.core.audio import Audio
from gateway.core.cause import Cause
from gateway.core.engine import earliest
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.machine import Machine
from gateway.core.number import NumberPlan, Party
from gateway.core.trace import Kind
from gateway.q931 import primitive
from gateway.q931.interface import Interface

__all__ = ["Bearers", "Span"]


class Bearers(Protocol):
    """Where rows on B channels come from."""

    def open(self, span: str, slot: int) -> Audio:
        """Open the B channel of a time slot; closing the row closes it.

        Raises:
            Exhausted: no row is free.
            HardwareError: the channel would not open.
        """
        ...

    def cancel_echo(self, span: str, slot: int, taps: int) -> bool:
        """Have the card take away the echo on an open B channel; whether it has a canceller.

        Args:
            taps: of the canceller, eight for a millisecond; 0 ends it.
        """
        ...


class Span:
    """One span.

    Args:
        config: what it is told.
        plan: what its callers may call.
        bearers: where rows come from.
        shelf: its surroundings.

    Attributes:
        trouble: why it is out of service, and what to look at; "" where it is in service.
        carried: calls that it has carried, in and out.
        distrusted_until: engine clock; until then it is taken only when no other is free.
        last_caller: who called last on it.
        since: when it came into its state, engine clock.
        bad_frames: of the D channel, since the start.
    """

    def __init__(self, config: SpanConfig, *, plan: NumberPlan, bearers: Bearers, shelf: Shelf) -> None:
        self.config = config
        self.trouble = ""
        self.carried = 0
        self.distrusted_until = 0.0
        self.last_caller: Party | None = None
        self.since = 0.0
        self.bad_frames = 0
        self.name: Final = config.name
        self.peer: Final = f"span {config.name}"
        self.device: Final = config.device
        self.label: Final = f"SPAN/{config.name}"
        self._plan = plan
        self._bearers = bearers
        self._shelf = shelf
        self._machine = Machine(SPAN, SpanState.OUT)
        self._interface = Interface(config.interface, journal=True, due=shelf.due)
        self._conversation = Conversation(shelf.recorder, self.label)
        self._calls: dict[int, SpanCall] = {}
        self._numbers: dict[SpanCall, int] = {}
        self._reserved: list[SpanCall] = []
        self._settling = False
        self._actions: Final[dict[str, Callable[[str, float], None]]] = {
            "establish": self._establish,
            "deactivate": self._deactivate,
            "lose": self._lose,
        }

    # Seen by those who dial.

    @property
    def state(self) -> SpanState:
        """The state of the span."""
        return self._machine.state

    @property
    def in_service(self) -> bool:
        """Whether calls can be placed on it."""
        return self.state is SpanState.UP

    @property
    def free(self) -> bool:
        """Whether it has a channel for one more call."""
        return self.in_service and len(self._interface.channels.free()) > len(self._reserved)

    @property
    def at_rest(self) -> bool:
        """Whether it can be called: a span is in use when all of it is."""
        return self.free

    def take(self, wanted: Address, now: float, again: str = "") -> LineChannel:
        """Reserve a leg to call `wanted.number`.

        Args:
            again: the address by which another span may be had where this one fails; "" for none.

        Raises:
            RemoteError: no channel is free, the span is out of service, or the number cannot be called.
        """
        if not self.in_service:
            why = self.trouble or self.state.value
            raise RemoteError(f"{self.peer} is out of service: {why}", Cause.DESTINATION_OUT_OF_ORDER)
        if not self.free:
            raise RemoteError(
                f"all channels of {self.peer} are in use or out of service",
                Cause.NO_CIRCUIT_AVAILABLE,
                advice="Call again later, or give the group more spans.",
            )
        slot = self.config.words.get(wanted.line)
        if slot is not None and not self._interface.channels.is_free(slot):
            raise RemoteError(
                f"channel {wanted.line} of {self.peer} is in use or out of service",
                Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE,
            )
        call = PlacedCall(self, self._shelf, wanted, slot=slot, again=again)
        self._reserved.append(call)
        self.carried += 1
        return call.reserve(now)

    # The device.

    def attach(self, now: float) -> None:
        """The D channel is open."""
        self._feed(SpanInput.RETURNED, "its D channel is open", now)

    def detach(self, reason: str, now: float) -> None:
        """The card has gone, or was not there; calls end."""
        self.trouble = reason
        self.since = self.since or now
        if self._machine.takes(SpanInput.LOST):
            self._feed(SpanInput.LOST, reason, now)
        else:
            self._note(now, reason)

    def alarm(self, text: str, now: float) -> None:
        """The span is in alarm, of another kind perhaps than before; "" once it is over."""
        given = SpanInput.ALARM if text else SpanInput.NO_ALARM
        if self._machine.takes(given):
            self.trouble = text
            self._feed(given, text or "the alarm is over", now)

    def receive(self, frame: bytes, now: float) -> None:
        """A frame of the D channel; in an alarm one end does not hear the other, and no link is to be had."""
        if self.state not in (SpanState.UP, SpanState.DOWN):
            return
        self._interface.receive(frame, None, now)
        self.settle(now)

    def bad_frame(self, text: str, now: float) -> None:
        """A frame came over wrong; Q.921 has it sent again."""
        self.bad_frames += 1
        self._note(now, text)

    def outgoing(self) -> list[bytes]:
        """Frames for the D channel, once, in order."""
        return self._interface.outgoing()

    def deadline(self) -> float | None:
        """When the next timer is due."""
        return earliest(self._interface.deadline(), *[call.deadline() for call in self._every_call()])

    def expire(self, now: float) -> None:
        """Act on every timer that is due."""
        self._interface.expire(now)
        self.settle(now)
        for call in self._every_call():
            call.expire(now)
        self.settle(now)

    # For its calls.

    def place(self, call: SpanCall, order: primitive.Order, now: float) -> None:
        """Place a call; raises as `Interface.place` does."""
        self._reserved.remove(call)
        number = self._interface.place(order, now)
        self._calls[number] = call
        self._numbers[call] = number
        self._conversation.begin(number, call.story)

    def say(self, call: SpanCall, command: primitive.Command, now: float) -> None:
        """Command call control; nothing where it knows no such call."""
        number = self._numbers.get(call)
        if number is None:
            return
        try:
            self._interface.command(number, command, now)
        except IllegalInput as error:
            self._note(now, f"{type(command).__name__} came at the wrong time: {error}")

    def open_row(self, slot: int) -> Audio:
        """A row on a B channel; raises as `Bearers.open` does."""
        return self._bearers.open(self.name, slot)

    def settle(self, now: float) -> None:
        """Tell the calls what call control has to say, once a command to it has been carried out."""
        if self._settling:
            return
        self._settling = True
        try:
            while True:
                entries, events = self._interface.journal(), self._interface.events()
                if not entries and not events:
                    break
                self._conversation.note(filter(self._conversation.knows, entries), now)
                begun = [entry for entry in entries if not self._conversation.knows(entry)]
                for event in events:
                    self._dispatch(event, now)
                self._conversation.note(begun, now)
                for event in events:
                    if isinstance(event, primitive.Released):
                        self._conversation.end(event.call)
        finally:
            self._settling = False

    def cancel_echo(self, slot: int, taps: int) -> bool:
        """Have the card take away the echo on a B channel; whether it has a canceller."""
        return self._bearers.cancel_echo(self.name, slot, taps)

    def forget(self, call: SpanCall) -> None:
        """The leg has ended; what call control still says of it is nobody's."""
        number = self._numbers.pop(call, None)
        if number is not None:
            self._calls.pop(number, None)
        if call in self._reserved:
            self._reserved.remove(call)

    # What is shown.

    def status(self) -> LineStatus:
        """The span as a line."""
        channels = self._interface.channels
        state = self.state.value
        if self.in_service:
            state = f"{self.held} of {len(channels.numbers)} in use"
            state += f", {len(channels.out())} out of service" if channels.out() else ""
        return LineStatus(
            name=self.name,
            technology="SPAN",
            port=0,
            state=state,
            in_service=self.in_service,
            number=self.config.number,
            since=self.since,
            last_caller=self.last_caller,
            channel="",
            trouble=self.trouble,
            device=self.config.device,
        )

    @property
    def held(self) -> int:
        """B channels that a call has at the far end still; none that could be released where there is no link."""
        channels = self._interface.channels
        if not self.in_service:
            return 0
        return sum(channels.holder(channel) is not None for channel in channels.numbers)

    @property
    def leaving(self) -> bool:
        """Whether the far end has a call still, or has not acknowledged its release; no where there is no link."""
        return self.in_service and (self.held > 0 or not self._interface.is_quiet)

    def usage(self) -> int:
        """How many things its calls hold: 0 when there is none."""
        return sum(call.usage() for call in self._every_call())

    # Inside.

    def _every_call(self) -> list[SpanCall]:
        return [*self._calls.values(), *self._reserved]

    def _dispatch(self, event: primitive.Event, now: float) -> None:
        match event:
            case primitive.LinkUp():
                self.trouble = ""
                self._feed(SpanInput.LINK_UP, "the data link is up", now)
            case primitive.LinkDown():
                if self._machine.takes(SpanInput.LINK_DOWN):
                    self.trouble = self.trouble or "the far end's data link (Q.921) is lost"
                    self._feed(SpanInput.LINK_DOWN, "the data link is lost", now)
            case primitive.Restarted(channels):
                self._note(now, f"channels restarted: {_ranges(channels)}")
            case primitive.ChannelsOut(channels, why):
                self._note(now, f"channels out of service: {_ranges(channels)} ({why})")
                self._shelf.changed(self.label)
            case primitive.ChannelsBack(channels):
                self._note(now, f"channels back in service: {_ranges(channels)}")
                self._shelf.changed(self.label)
            case primitive.Setup(call=number):
                call = TakenCall(self, self._shelf, self._plan)
                self._calls[number] = call
                self._numbers[call] = number
                self.carried += 1
                call.told(event, now)
                self._conversation.begin(number, call.story)
                self.last_caller = call.caller
                self._shelf.changed(self.label)
            case _:
                told = self._calls.get(event.call)
                if told is not None:
                    told.told(event, now)
                if isinstance(event, primitive.Released):
                    self._shelf.changed(self.label)

    def _feed(self, given: SpanInput, evidence: str, now: float) -> None:
        before = self.state
        action = self._machine.feed(given)
        self._note(now, evidence)
        if self.state is not before:
            self.since = now
        if action:
            self._actions[action](evidence, now)
        if self.state is not before:
            self._shelf.changed(self.label)

    def _establish(self, evidence: str, now: float) -> None:
        self.trouble = f"{self.peer} hears nothing of the far end's Q.921; see whether it is configured for ISDN"
        self._interface.start(now)
        self.settle(now)

    def _deactivate(self, evidence: str, now: float) -> None:
        """Layer 1 is gone: calls that talk go on for T309, others end (Q.931 5.8.9)."""
        self._interface.stop(now)
        self.settle(now)

    def _lose(self, evidence: str, now: float) -> None:
        self._interface.stop(now)
        for call in self._every_call():
            call.detach(evidence, now)
        self.settle(now)

    def _note(self, now: float, text: str) -> None:
        self._shelf.recorder.note(now, Kind.LINE, self.label, text)


def _ranges(channels: tuple[int, ...]) -> str:
    """Channels as people write them: "1-15, 17-31"."""
    runs: list[list[int]] = []
    for channel in sorted(channels):
        if runs and channel == runs[-1][1] + 1:
            runs[-1][1] = channel
        else:
            runs.append([channel, channel])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
