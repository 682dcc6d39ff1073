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
from gateway.core.timers import Due
from gateway.q931.call import Call
from gateway.q931.call_states import Input
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.channels import Channels
from gateway.q931.coding import Location, MessageType
from gateway.q931.config import NETWORK_TIMERS, USER_TIMERS, InterfaceConfig, Side
from gateway.q931.element import CallStateElement, CauseElement
from gateway.q931.journal import Entry
from gateway.q931.message import GLOBAL, MAX_REFERENCE, Element, Message
from gateway.q931.placed import PlacedCall
from gateway.q931.primitive import Audit, Clear, Command, Event, Order
from gateway.q931.restart import Maintenance
from gateway.q931.rules import fault_of
from gateway.q931.taken import TakenCall
from gateway.q931.why import Why

__all__ = ["CallControl"]

_CLEARS: Final = frozenset({MessageType.DISCONNECT, MessageType.RELEASE, MessageType.RELEASE_COMPLETE})
_SILENT: Final = frozenset({MessageType.FACILITY})
"""Messages for services that we do not offer, and that nobody waits for an answer to."""


class CallControl:
    """The calls of one interface.

    Args:
        config: the interface.
        journal: every message is written down, for `journal` to hand over.
        due: told of every timer that is set.
    """

    def __init__(self, config: InterfaceConfig, *, journal: bool = False, due: Due | None = None) -> None:
        self.config = config
        self.due = due or Due()
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
        self._maintenance = Maintenance(self, self._location)
        self._is_up = False
        self._outgoing: list[bytes] = []
        self._journal: list[Entry] | None = [] if journal else None
        self._events: list[Event] = []

    # The face of an engine.

    def receive(self, data: bytes, source: None, now: float) -> None:
        """A message has come."""
        try:
            message = Message.parse(data)
        except MalformedError:
            self.ignored += 1
            return
        call = self._references.get((message.reference, message.to_originator))
        place = self._write_down(Entry(call.number if call else None, False, message, data))
        if message.reference == GLOBAL:
            self._maintenance.receive(message, fault_of(message, self._far), now)
        elif call is None:
            self._without_call(message, now)
            if self._journal and (begun := self._references.get((message.reference, message.to_originator))):
                self._journal[place] = Entry(begun.number, False, message, data)
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

    def journal(self) -> list[Entry]:
        """Every message since this was asked last, in its order."""
        written = self._journal or []
        if self._journal:
            self._journal = []
        return written

    def deadline(self) -> float | None:
        """When a timer runs out."""
        return earliest(self._maintenance.deadline, *(call.deadline() for call in self._calls.values()))

    def expire(self, now: float) -> None:
        """Let timers run out."""
        for call in list(self._calls.values()):
            call.expire(now)
        self._maintenance.expire(now)

    # What the user of call control wants.

    def place(self, order: Order, now: float) -> int:
        """Place a call; its number.

        Raises:
            Unavailable: there is no link.
            Exhausted: the channel asked for, or every one, is in use or out of service.
            ValueError: what is ordered does not fit into a SETUP.
        """
        if not self._is_up:
            raise Unavailable(
                "the D channel has no link to the far side; look at its alarms and at the far side's switch"
            )
        free = self.channels.free()
        channel = order.channel or next(iter(free), None)
        if channel not in free:
            wanted = "all B channels are" if order.channel is None else f"B channel {order.channel} is"
            raise Exhausted(f"{wanted} in use or out of service; try another span or wait until a call ends")
        call = PlacedCall(self._numbers + 1, self._new_reference(), self, order, channel)
        self.channels.take(channel, call.number)
        self._keep(call)
        call.begin(now)
        return call.number

    def command(self, number: int, command: Command, now: float) -> None:
        """Do something about a call; nothing where it is over.

        Raises:
            IllegalInput: it makes no sense with this call, as it is.
            ValueError: what is to be told does not fit into a message.
        """
        call = self._calls.get(number)
        if call is None:
            return
        if isinstance(command, Audit):
            call.audit(now)
        elif isinstance(command, Clear) and not self._is_up:
            # nobody could answer; the far side asks when the link is back
            call.feed(Input.GONE, now, Why(command.cause, "we hung up", by_far=False))
        else:
            call.command(command, now)

    def channel_of(self, number: int) -> int | None:
        """The B channel of a call; None where it has none at the moment, or is over."""
        call = self._calls.get(number)
        return call.channel if call else None

    def restart(self, now: float, channels: Iterable[int] | None = None) -> None:
        """Agree with the far side that nobody uses these channels (by default all) that no call has here."""
        self._maintenance.restart(now, channels)

    def block(
        self, channels: Iterable[int], why: str, now: float, *, cause: Cause = Cause.TEMPORARY_FAILURE
    ) -> None:
        """Use these channels no more until `unblock` with the same reason; calls that have one are cleared."""
        channels = tuple(channels)
        self._maintenance.put_out(channels, why)
        for call in self.calls_on(channels):
            if not call.is_clearing:
                call.feed(Input.CLEAR if self._is_up else Input.GONE, now, Why(cause, why, by_far=False))

    def unblock(self, channels: Iterable[int], why: str) -> None:
        """A reason not to use these channels is gone."""
        self._maintenance.put_back(channels, why)

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
        self._maintenance.link_up(now)

    def link_down(self, now: float) -> None:
        """The link is gone (5.8.9)."""
        self._is_up = False
        self._maintenance.link_down()
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
            octets = message.serialise()
            self._outgoing.append(octets)
            call = self._references.get((message.reference, not message.to_originator))
            self._write_down(Entry(call.number if call else None, True, message, octets))

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
            self._maintenance.condemn(call.channel, now)

    # What maintenance wants (see `restart.Surroundings`).

    def answer(self, message: Message, kind: MessageType, *elements: Element) -> None:
        """Answer a message that belongs to no call."""
        self.send(Message(kind, message.reference, not message.to_originator, elements))

    def calls_on(self, channels: Iterable[int]) -> list[Call]:
        """The calls that have one of these channels."""
        wanted = frozenset(channels)
        return [call for call in self._calls.values() if call.channel in wanted]

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
            self.answer(
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
        self._maintenance.heal((wanted,))
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

    # Means.

    def _write_down(self, entry: Entry) -> int:
        """Put down a message, where that is wanted; its place in the journal."""
        if self._journal is None:
            return 0
        self._journal.append(entry)
        return len(self._journal) - 1

    def _refuse(self, message: Message, cause: Cause, diagnostics: bytes = b"") -> None:
        self.answer(message, MessageType.RELEASE_COMPLETE, CauseElement(cause, self._location, diagnostics))

    def _keep(self, call: Call) -> None:
        self._numbers = call.number
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
