"""Call control of one D channel: many calls, by their references, and what belongs to none of them (Q.931 5).

Messages, commands and times come in; messages and events go out. Messages for no call, or for one that does not
expect them, and elements in error are answered as 5.8 has it; no message makes call control raise. Whether there
is a link is told by `link_up`, `link_down` and `link_reset`: what is sent without one is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.core.cause import Cause
from gateway.core.engine import earliest
from gateway.core.errors import Exhausted, MalformedError, Unavailable
from gateway.q931.call import Call, Why
from gateway.q931.call_states import Input
from gateway.q931.channels import Channels
from gateway.q931.coding import ElementCode, Location, MessageType, RestartClass
from gateway.q931.config import NETWORK_TIMERS, USER_TIMERS, InterfaceConfig, Side
from gateway.q931.element import CallStateElement, CauseElement, ChannelIdentification, RestartIndicator
from gateway.q931.message import GLOBAL, MAX_REFERENCE, Message
from gateway.q931.placed import PlacedCall
from gateway.q931.primitive import Audit, ChannelsBack, ChannelsOut, Clear, Command, Event, Order, Restarted
from gateway.q931.restart import Restarts
from gateway.q931.rules import fault_of
from gateway.q931.taken import TakenCall

__all__ = ["CallControl"]

_CLEARS: Final = frozenset({MessageType.DISCONNECT, MessageType.RELEASE, MessageType.RELEASE_COMPLETE})
_SILENT: Final = frozenset({MessageType.FACILITY})
"""Messages for services that we do not offer, and that nobody waits for an answer to."""
_RESTART_STATE: Final = 61
"""REST 1: we wait for RESTART ACKNOWLEDGE (4.5.7)."""
_UNACKNOWLEDGED: Final = "RESTART is not acknowledged"
_UNRELEASED: Final = "RELEASE was not answered"


class CallControl:
    """The calls of one interface.

    Args:
        config: the interface.
    """

    def __init__(self, config: InterfaceConfig) -> None:
        self.config = config
        self.timers = config.timers or (USER_TIMERS if config.side is Side.USER else NETWORK_TIMERS)
        self.channels = Channels(config.channels, config.hunt)
        self.ignored = 0
        """Messages that were none of Q.931."""
        self._far = Side.NETWORK if config.side is Side.USER else Side.USER
        self._location = Location.USER if config.side is Side.USER else Location.PUBLIC_LOCAL
        self._calls: dict[int, Call] = {}
        self._references: dict[tuple[int, bool], Call] = {}
        self._numbers = 0
        self._last_reference = 0
        self._restarts = Restarts(self.timers.t316)
        self._is_up = False
        self._outgoing: list[bytes] = []
        self._events: list[Event] = []

    # The face of an engine.

    def receive(self, data: bytes, source: None, now: float) -> None:
        """A message has come."""
        try:
            message = Message.parse(data)
        except MalformedError:
            self.ignored += 1
            return
        if message.reference == GLOBAL:
            self._global(message, now)
            return
        call = self._references.get((message.reference, message.to_originator))
        if call is None:
            self._without_call(message, now)
        elif message.kind != MessageType.SETUP:  # 5.8.3.2 e
            self._for_call(call, message, now)

    def outgoing(self) -> list[bytes]:
        """Messages to be sent."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def events(self) -> list[Event]:
        """What happened."""
        events, self._events = self._events, []
        return events

    def deadline(self) -> float | None:
        """When a timer runs out."""
        return earliest(self._restarts.deadline, *(call.deadline() for call in self._calls.values()))

    def expire(self, now: float) -> None:
        """Let timers run out."""
        for call in list(self._calls.values()):
            call.expire(now)
        if self._restarts.deadline is not None and self._restarts.deadline <= now:
            if (again := self._restarts.expire(now)) is not None:
                self.send(again)
            else:
                self._put_out(self._restarts.acknowledged(), _UNACKNOWLEDGED)
                self._restart_next(now)

    # What the user of call control wants.

    def place(self, order: Order, now: float) -> int:
        """Place a call; its number.

        Raises:
            Unavailable: there is no link.
            Exhausted: the channel asked for, or every one, is in use or out of service.
            ValueError: an element is longer than a message takes.
        """
        if not self._is_up:
            raise Unavailable(
                "the D channel has no link to the far side; look at its alarms and at the far side's switch"
            )
        number = self._numbers + 1
        channel = order.channel
        if channel is None:
            channel = self.channels.find(number)
        elif not self.channels.take(channel, number):
            channel = None
        if channel is None:
            wanted = "all B channels are" if order.channel is None else f"B channel {order.channel} is"
            raise Exhausted(f"{wanted} in use or out of service; try another span or wait until a call ends")
        self._numbers = number
        call = PlacedCall(number, self._new_reference(), self, order, channel)
        self._keep(call)
        call.begin(now)
        return number

    def command(self, number: int, command: Command, now: float) -> None:
        """Do something about a call; nothing where it is over.

        Raises:
            IllegalInput: it makes no sense with this call, as it is.
        """
        call = self._calls.get(number)
        if call is None:
            return
        if isinstance(command, Audit):
            call.audit(now)
        elif (
            isinstance(command, Clear) and not self._is_up
        ):  # nobody could answer; the far side asks when it is back
            call.feed(Input.GONE, now, Why(command.cause, "we hung up", by_far=False))
        else:
            call.command(command, now)

    def channel_of(self, number: int) -> int | None:
        """The B channel of a call; None where it has none at the moment, or is over."""
        call = self._calls.get(number)
        return call.channel if call else None

    def restart(self, now: float, channels: Iterable[int] | None = None) -> None:
        """Agree with the far side that nobody uses these channels (by default all) that no call has here."""
        wanted = self.channels.numbers if channels is None else tuple(sorted(set(channels)))
        wanted = tuple(channel for channel in wanted if channel in self.channels)
        each = self.config.dialect.restart_each or wanted != self.channels.numbers
        self._restarts.order([(channel,) for channel in wanted] if each else [wanted])
        self._restart_next(now)

    def block(
        self, channels: Iterable[int], why: str, now: float, *, cause: Cause = Cause.TEMPORARY_FAILURE
    ) -> None:
        """Use these channels no more until `unblock` with the same reason; calls that have one are cleared."""
        channels = tuple(channels)
        self._put_out(channels, why)
        for call in list(self._calls.values()):
            if call.channel in channels and not call.is_clearing:
                call.feed(Input.CLEAR if self._is_up else Input.GONE, now, Why(cause, why, by_far=False))

    def unblock(self, channels: Iterable[int], why: str) -> None:
        """A reason not to use these channels is gone."""
        self._put_back(channels, why)

    # What the link says.

    @property
    def is_up(self) -> bool:
        """Whether there is a link."""
        return self._is_up

    def link_up(self, now: float) -> None:
        """The link is there."""
        self._is_up = True
        for call in list(self._calls.values()):
            call.feed(Input.LINK_UP, now)

    def link_down(self, now: float) -> None:
        """The link is gone (5.8.9)."""
        self._is_up = False
        self._restarts.forget()
        for call in list(self._calls.values()):
            call.feed(Input.LINK_DOWN, now, Why(Cause.DESTINATION_OUT_OF_ORDER, "the D channel's link is gone"))
        self._outgoing.clear()

    def link_reset(self, now: float) -> None:
        """Messages may have been lost (5.8.8)."""
        for call in list(self._calls.values()):
            call.feed(Input.LINK_RESET, now, Why(Cause.TEMPORARY_FAILURE, "the D channel's link was reset"))

    # What calls want (see `call.Desk`).

    def send(self, message: Message) -> None:
        """Send a message."""
        if self._is_up:
            self._outgoing.append(message.serialise())

    def tell(self, event: Event) -> None:
        """Tell what happened."""
        self._events.append(event)

    def over(self, call: Call, now: float, *, condemned: bool) -> None:
        """A call is over; where RELEASE was not answered its channel is restarted first (5.3.3)."""
        del self._calls[call.number]
        del self._references[call.reference, call.PLACED]
        if call.channel is None:
            return
        self.channels.give_back(call.channel, call.number)
        if condemned:
            self._put_out((call.channel,), _UNRELEASED)
            self.restart(now, (call.channel,))

    # Messages for calls.

    def _for_call(self, call: Call, message: Message, now: float) -> None:
        kind = message.kind
        if kind in _SILENT:
            return
        if kind not in _IMPLEMENTED:
            call.tell_state(Cause.MESSAGE_TYPE_NON_EXISTENT, bytes([kind]))
            return
        first = kind in (MessageType.RELEASE, MessageType.RELEASE_COMPLETE) and not call.is_clearing
        fault = fault_of(message, self._far, needs_cause=first)
        if kind == MessageType.STATUS_ENQUIRY:
            call.tell_state(Cause.RESPONSE_TO_STATUS_ENQUIRY)
        elif kind in _CLEARS:
            call.receive(message, now, wrong=fault)
        elif fault is not None and fault.fatal:
            call.tell_state(fault.cause, fault.codes)
        elif kind == MessageType.STATUS:
            self._compare(call, message, now)
        elif not call.receive(message, now):
            call.tell_state(Cause.MESSAGE_NOT_COMPATIBLE, bytes([kind]))
        elif fault is not None and call.number in self._calls:
            call.tell_state(fault.cause, fault.codes)

    def _compare(self, call: Call, message: Message, now: float) -> None:
        cause, state = message.first(CauseElement), message.first(CallStateElement)
        if cause is not None and state is not None:
            call.compare(cause, state, now)

    def _without_call(self, message: Message, now: float) -> None:
        """A message with a call reference that nobody has (5.8.3.2)."""
        kind = message.kind
        if kind == MessageType.SETUP:
            if not message.to_originator:
                self._take(message, now)
        elif kind == MessageType.STATUS_ENQUIRY:
            self._answer(
                message,
                MessageType.STATUS,
                CauseElement(Cause.RESPONSE_TO_STATUS_ENQUIRY, self._location),
                CallStateElement(0),
            )
        elif kind == MessageType.STATUS:
            state = message.first(CallStateElement)
            if state is not None and state.value != 0:
                self._refuse(message, Cause.MESSAGE_NOT_COMPATIBLE)
        elif kind != MessageType.RELEASE_COMPLETE:
            self._refuse(message, Cause.INVALID_CALL_REFERENCE)

    def _take(self, message: Message, now: float) -> None:
        """A call comes in."""
        fault = fault_of(message, self._far)
        if fault is not None and fault.fatal:
            self._refuse(message, fault.cause, fault.codes)
            return
        number = self._numbers + 1
        channel = self._choose(message.first(ChannelIdentification), number)
        if isinstance(channel, Cause):
            self._refuse(message, channel)
            return
        self._numbers = number
        call = TakenCall(number, message.reference, self, channel)
        self._keep(call)
        call.begin(message, now)
        if fault is not None:
            call.tell_state(fault.cause, fault.codes)

    def _choose(self, told: ChannelIdentification | None, number: int) -> int | Cause:
        """The B channel for a call that comes in, taken for it, or why there is none (5.1.2, 5.2.3.1, 5.7)."""
        if told is None or told.any_channel:
            return self.channels.find(number) or Cause.NO_CIRCUIT_AVAILABLE
        if told.d_channel or len(told.channels) > 1:
            return Cause.CHANNEL_TYPE_NOT_IMPLEMENTED
        if not told.channels:
            return Cause.NO_CIRCUIT_AVAILABLE
        wanted = told.channels[0]
        if told.basic or wanted not in self.channels:
            return Cause.IDENTIFIED_CHANNEL_DOES_NOT_EXIST
        if self.config.side is Side.USER:
            self._give_way(wanted)
        if self.channels.take(wanted, number):
            return wanted
        if told.exclusive:
            return Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
        return self.channels.find(number) or Cause.NO_CIRCUIT_AVAILABLE

    def _give_way(self, channel: int) -> None:
        """5.7: where two calls meet on a channel, the network's has it."""
        holder = self._calls.get(self.channels.holder(channel) or 0)
        if isinstance(holder, PlacedCall) and holder.is_contested:
            holder.yield_channel()

    # Messages for the interface.

    def _global(self, message: Message, now: float) -> None:
        """A message with the global call reference (5.5, 5.8.3.2 f)."""
        fault = fault_of(message, self._far)
        if message.kind not in (MessageType.RESTART, MessageType.RESTART_ACKNOWLEDGE, MessageType.STATUS):
            self._global_status(message, Cause.INVALID_CALL_REFERENCE)
        elif fault is not None and fault.fatal:
            if message.kind != MessageType.STATUS:
                self._global_status(message, fault.cause, fault.codes)
        elif message.kind == MessageType.RESTART:
            self._restarted_by_far(message, now)
        elif message.kind == MessageType.RESTART_ACKNOWLEDGE:
            self._restarted(now)
        elif self._restarts.under_way:  # a far side that knows no RESTART says so; the channels are as they were
            self._restarts.forget()

    def _global_status(self, message: Message, cause: Cause, diagnostics: bytes = b"") -> None:
        state = _RESTART_STATE if self._restarts.under_way else 0
        self._answer(
            message, MessageType.STATUS, CauseElement(cause, self._location, diagnostics), CallStateElement(state)
        )

    def _restarted_by_far(self, message: Message, now: float) -> None:
        """RESTART (5.5.2): calls on these channels end at once, without a word to the far side."""
        indicator, told = message.first(RestartIndicator), message.first(ChannelIdentification)
        assert indicator is not None
        channels = self.channels.numbers
        if indicator.what is RestartClass.CHANNELS:
            if told is None:
                self._global_status(
                    message, Cause.MANDATORY_INFORMATION_MISSING, bytes([ElementCode.CHANNEL_IDENTIFICATION])
                )
                return
            channels = tuple(channel for channel in told.channels if channel in self.channels)
            if not channels:
                self._global_status(message, Cause.IDENTIFIED_CHANNEL_DOES_NOT_EXIST)
                return
        for call in list(self._calls.values()):
            if call.channel in channels:
                call.feed(Input.GONE, now, Why(Cause.TEMPORARY_FAILURE, "RESTART"))
        self._heal(channels)
        self._answer(message, MessageType.RESTART_ACKNOWLEDGE, *filter(None, [told, indicator]))
        self.tell(Restarted(channels, True))

    def _restarted(self, now: float) -> None:
        if channels := self._restarts.acknowledged():
            self._heal(channels)
            self.tell(Restarted(channels, False))
            self._restart_next(now)

    def _restart_next(self, now: float) -> None:
        if not self._is_up:
            return
        busy = frozenset(call.channel for call in self._calls.values() if call.channel is not None)
        if (message := self._restarts.next(now, busy, len(self.channels.numbers))) is not None:
            self.send(message)

    def _heal(self, channels: Iterable[int]) -> None:
        """Both sides are agreed about these channels again."""
        channels = tuple(channels)
        for why in (_UNRELEASED, _UNACKNOWLEDGED):
            self._put_back(channels, why)

    def _put_out(self, channels: Iterable[int], why: str) -> None:
        if went := self.channels.put_out(channels, why):
            self.tell(ChannelsOut(went, why))

    def _put_back(self, channels: Iterable[int], why: str) -> None:
        if came := self.channels.put_back(channels, why):
            self.tell(ChannelsBack(came))

    # Means.

    def _answer(self, message: Message, kind: MessageType, *elements: object) -> None:
        """Answer a message that belongs to no call."""
        self.send(Message(kind, message.reference, not message.to_originator, elements))  # type: ignore[arg-type]

    def _refuse(self, message: Message, cause: Cause, diagnostics: bytes = b"") -> None:
        self._answer(message, MessageType.RELEASE_COMPLETE, CauseElement(cause, self._location, diagnostics))

    def _keep(self, call: Call) -> None:
        self._calls[call.number] = call
        self._references[call.reference, call.PLACED] = call

    def _new_reference(self) -> int:
        """A call reference that no call of ours has: there are a thousand times as many as channels."""
        while True:
            self._last_reference = self._last_reference % MAX_REFERENCE + 1
            if (self._last_reference, True) not in self._references:
                return self._last_reference


_IMPLEMENTED: Final = frozenset(
    {
        MessageType.SETUP,
        MessageType.SETUP_ACKNOWLEDGE,
        MessageType.CALL_PROCEEDING,
        MessageType.ALERTING,
        MessageType.PROGRESS,
        MessageType.CONNECT,
        MessageType.CONNECT_ACKNOWLEDGE,
        MessageType.INFORMATION,
        MessageType.NOTIFY,
        MessageType.DISCONNECT,
        MessageType.RELEASE,
        MessageType.RELEASE_COMPLETE,
        MessageType.STATUS,
        MessageType.STATUS_ENQUIRY,
    }
)
