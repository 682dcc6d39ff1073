"""What calls have in common whoever placed them: the table, its timers, and how a call ends (Q.931 5.3, 5.4, 5.8).

Messages, commands and times go in; messages and events go out by the desk. Actions are methods, found by the names
in `call_states`; those of calls that we place are in `placed`, those of calls that come in in `taken`. The first
reason to end that a call meets is the one that `Released` tells.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Protocol

from gateway.core.cause import Cause
from gateway.core.engine import earliest
from gateway.core.machine import Machine
from gateway.core.timers import Due, RunningTimers
from gateway.q931.call_states import CALL, CLEARING, Input, State, number_of
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.channels import Channels
from gateway.q931.coding import Location, MessageType, ProgressDescription
from gateway.q931.config import Dialect, InterfaceConfig, Side, Timers
from gateway.q931.element import (
    CallStateElement,
    CauseElement,
    KeypadFacility,
    NotificationIndicator,
    ProgressIndicator,
)
from gateway.q931.mapping import cause_of
from gateway.q931.message import Element, Message
from gateway.q931.number import CalledNumber
from gateway.q931.primitive import (
    Clear,
    Command,
    Disconnecting,
    Event,
    Keys,
    Notified,
    Notify,
    Progress,
    Released,
)
from gateway.q931.rules import ElementFault
from gateway.q931.why import EXPIRED, Why, why_of

__all__ = ["Call", "Cue", "Desk", "in_band", "pressed"]

_MESSAGE_INPUTS: Final[Mapping[int, Input]] = MappingProxyType(
    {
        MessageType.SETUP_ACKNOWLEDGE: Input.SETUP_ACKNOWLEDGE,
        MessageType.CALL_PROCEEDING: Input.CALL_PROCEEDING,
        MessageType.ALERTING: Input.ALERTING,
        MessageType.PROGRESS: Input.PROGRESS,
        MessageType.CONNECT: Input.CONNECT,
        MessageType.CONNECT_ACKNOWLEDGE: Input.CONNECT_ACKNOWLEDGE,
        MessageType.INFORMATION: Input.INFORMATION,
        MessageType.NOTIFY: Input.NOTIFY,
        MessageType.DISCONNECT: Input.DISCONNECT,
        MessageType.RELEASE: Input.RELEASE,
        MessageType.RELEASE_COMPLETE: Input.RELEASE_COMPLETE,
    }
)

_TWICE: Final[Mapping[Input, Input]] = MappingProxyType(
    {Input.T303: Input.T303_AGAIN, Input.T308: Input.T308_AGAIN}
)
"""Timers that bring about a repetition the first time."""


Cue = Message | Command | Why | None
"""What an action acts on."""


class Desk(Protocol):
    """What a call has around it: call control."""

    config: InterfaceConfig
    timers: Timers
    channels: Channels
    due: Due

    def send(self, message: Message) -> None:
        """Send a message."""
        ...

    def tell(self, event: Event) -> None:
        """Tell the user of call control."""
        ...

    def over(self, call: Call, now: float, *, condemned: bool) -> None:
        """The call is over; `condemned`: nobody knows whether its channel is free at the far side."""
        ...


def in_band(message: Message) -> bool:
    """Whether something can be heard: progress description 8, and 1 where it is not ISDN all the way (RFC 4497)."""
    told = [indicator.description for indicator in message.all(ProgressIndicator)]
    return ProgressDescription.IN_BAND in told or ProgressDescription.NOT_END_TO_END_ISDN in told


class Call(ABC):
    """One call.

    Args:
        number: its name among all that ever were.
        reference: its call reference on the link.
        desk: its surroundings.
    """

    PLACED: ClassVar[bool]
    COMMANDS: ClassVar[Mapping[type[Command], Input]]

    def __init__(self, number: int, reference: int, desk: Desk) -> None:
        self.number = number
        self.reference = reference
        self.channel: int | None = None
        self._desk = desk
        self._machine = Machine(CALL, State.NULL)
        self._timers: RunningTimers[Input] = RunningTimers(desk.due)
        self._ran_out: set[Input] = set()
        self._why: Why | None = None
        self._wrong: ElementFault | None = None
        self._enquiry: float | None = None
        self._enquiries = 0
        self._undisturbed = False

    @property
    def state(self) -> State:
        """Where the call stands."""
        return self._machine.state

    @property
    def is_clearing(self) -> bool:
        """Whether its end has begun."""
        return self.state in CLEARING

    def receive(self, message: Message, now: float, *, wrong: ElementFault | None = None) -> bool:
        """A message has come; False where the present state does not expect it (5.8.4).

        Args:
            wrong: what is wrong with it, where it is one that clears the call all the same (5.8.6).
        """
        given = _MESSAGE_INPUTS.get(message.kind)
        if given is None or not self._machine.takes(given):
            return False
        if given in (Input.DISCONNECT, Input.RELEASE, Input.RELEASE_COMPLETE):
            self._wrong = wrong
            self._ends(why_of(message))
        self.feed(given, now, message)
        return True

    def command(self, command: Command, now: float) -> None:
        """Do as the user of call control says.

        Raises:
            IllegalInput: that makes no sense with this call.
        """
        if isinstance(command, Clear):
            self.feed(Input.CLEAR, now, self._why_we_clear(command))
        elif isinstance(command, Notify):
            self.feed(Input.NOTIFY_FAR, now, command)
        elif (given := self.COMMANDS.get(type(command))) is not None:
            if given is Input.CONNECT_US and self._desk.config.side is Side.NETWORK:
                given = Input.CONNECT_AT_ONCE
            self.feed(given, now, command)
        else:
            self._refuse_command(command)

    def feed(self, given: Input, now: float, cue: Cue = None) -> None:
        """Something has happened."""
        if action := self._machine.feed(given):
            getattr(self, f"_{action}")(now, cue)

    def deadline(self) -> float | None:
        """When a timer runs out."""
        return earliest(self._enquiry, *self._timers.values())

    def expire(self, now: float) -> None:
        """Let the timers run out that are due."""
        for timer in [timer for timer, at in self._timers.items() if at <= now]:
            if self._timers.pop(timer, None) is None:
                continue
            given = _TWICE[timer] if timer in self._ran_out else timer
            if timer in _TWICE:
                self._ran_out.add(timer)
            self.feed(given, now, EXPIRED.get(given))
        if self._enquiry is not None and self._enquiry <= now:
            self._enquire_again(now)

    # State of the far side (5.8.10, 5.8.11).

    def audit(self, now: float) -> None:
        """Ask the far side for its state; harmless while that is done or the call is being cleared."""
        if self._enquiry is None and not self.is_clearing and self.state is not State.NULL:
            self._enquiries = 0
            self._ask(now)

    def tell_state(self, cause: Cause, diagnostics: bytes = b"") -> None:
        """Send a STATUS."""
        config = self._desk.config
        self._send(
            MessageType.STATUS,
            CauseElement(cause, _location(config.side), diagnostics),
            CallStateElement(number_of(self.state, config.side)),
        )

    def compare(self, cause: CauseElement, state: CallStateElement, now: float) -> None:
        """A STATUS has come.

        The answer to our enquiry, where we have said nothing since, must tell of our own state, or of a CONNECT
        that is not acknowledged yet. The report of an error ends nothing by itself; state 0 always ends the call.
        """
        answer, undisturbed = cause.value == Cause.RESPONSE_TO_STATUS_ENQUIRY, self._undisturbed
        if state.value == 0:
            why = cause_of(cause.value) if not answer else Cause.MESSAGE_NOT_COMPATIBLE
            self.feed(Input.GONE, now, Why(why, f"STATUS, cause {cause.value}, state 0", location=cause.location))
        elif self._enquiry is not None:
            self._enquiry = None
            ours = number_of(self.state, self._desk.config.side)
            if answer and undisturbed and ours != state.value and {ours, state.value} != {8, 10}:
                evidence = f"STATUS, state {state.value}, where ours is {ours}"
                self.feed(Input.DISAGREEING, now, Why(Cause.MESSAGE_NOT_COMPATIBLE, evidence))

    def _ask(self, now: float) -> None:
        self._enquiries += 1
        self._enquiry = self._desk.due.by(now + self._desk.timers.t322)
        self._send(MessageType.STATUS_ENQUIRY)
        self._undisturbed = True

    def _enquire_again(self, now: float) -> None:
        self._enquiry = None
        if self._enquiries < 2:
            self._ask(now)
        else:
            self.feed(Input.DISAGREEING, now, Why(Cause.TEMPORARY_FAILURE, "T322, twice"))

    # Ending (5.3, 5.4).

    def _disconnect(self, now: float, why: Why) -> None:
        self._ends(why)
        self._stop_all()
        tone = (ProgressIndicator(ProgressDescription.IN_BAND, self._location),) if why.audio else ()
        self._send(MessageType.DISCONNECT, self._cause_element(why), *tone)
        self._start(Input.T306 if why.audio else Input.T305, now)

    def _disconnected(self, now: float, message: Message) -> None:
        assert self._why is not None
        self._stop_all()
        described = (indicator.description for indicator in message.all(ProgressIndicator))
        cause, audio = self._why.cause, ProgressDescription.IN_BAND in described
        self._tell(Disconnecting(self.number, cause, self._why.location or Location.USER, audio))
        if audio:
            self._start(Input.T306, now)
        else:
            self.feed(Input.CLEAR, now)

    def _release(self, now: float, cue: Cue) -> None:
        self._ends(cue)
        self._stop_all()
        self._release_again(now, None)

    def _release_again(self, now: float, _: Cue) -> None:
        self._send(MessageType.RELEASE, *map(self._cause_element, filter(None, [self._why])))
        self._start(Input.T308, now)

    def _complete_release(self, now: float, _: Cue) -> None:
        """The answer to RELEASE; it has a cause where that one was in error (5.8.6.1)."""
        cause = (self._cause_element(self._why),) if self._why is not None and self._wrong is not None else ()
        self._send(MessageType.RELEASE_COMPLETE, *cause)
        self._over(now)

    def _refuse(self, now: float, why: Why) -> None:
        self._ends(why)
        self._send(MessageType.RELEASE_COMPLETE, self._cause_element(why))
        self._over(now)

    def _released(self, now: float, _: Cue) -> None:
        self._over(now)

    def _vanish(self, now: float, why: Why) -> None:
        self._ends(why)
        self._over(now)

    def _condemn(self, now: float, why: Why) -> None:
        self._ends(why)
        self._over(now, condemned=True)

    def _over(self, now: float, *, condemned: bool = False) -> None:
        self._stop_all()
        why = self._why or Why(Cause.NORMAL_UNSPECIFIED, "no reason given")
        location = self._location if why.location is None else why.location
        self._desk.over(self, now, condemned=condemned)
        self._tell(Released(self.number, why.cause, location, why.by_far, why.evidence))

    def _ends(self, cue: Cue) -> None:
        if self._why is None and isinstance(cue, Why):
            self._why = cue

    def _why_we_clear(self, command: Clear) -> Why:
        return Why(
            command.cause,
            "we hung up",
            location=self._location if command.location is None else command.location,
            by_far=False,
            audio=command.audio and not self.PLACED and self._desk.config.side is Side.NETWORK,
        )

    def _cause_element(self, why: Why) -> CauseElement:
        """What the far side is told: what was wrong with its message, before why the call ends."""
        if self._wrong is not None:
            return CauseElement(self._wrong.cause, self._location, self._wrong.codes)
        location = self._location if why.by_far or why.location is None else why.location
        return CauseElement(why.cause if why.to_far is None else why.to_far, location)

    # What may happen in many states.

    def _progress(self, now: float, message: Message) -> None:
        self._stop(Input.T304, Input.T310)
        cause = message.first(CauseElement)
        self._tell(
            Progress(
                self.number,
                in_band(message),
                tuple(indicator.description for indicator in message.all(ProgressIndicator)),
                cause_of(cause.value) if cause else None,
            )
        )

    def _notified(self, now: float, message: Message) -> None:
        for indicator in message.all(NotificationIndicator):
            self._tell(Notified(self.number, indicator.description))

    def _notify(self, now: float, command: Notify) -> None:
        self._send(MessageType.NOTIFY, NotificationIndicator(command.description))

    def _keys(self, now: float, message: Message) -> None:
        if keys := pressed(message):
            self._tell(Keys(self.number, keys))

    def _await_link(self, now: float, _: Why) -> None:
        """5.8.9: those who talk may go on for a while."""
        self._stop_all()
        self._start(Input.T309, now)

    def _go_on(self, now: float, _: Cue) -> None:
        self._stop(Input.T309)
        self.audit(now)

    # Means.

    @property
    def _location(self) -> int:
        return _location(self._desk.config.side)

    @property
    def _dialect(self) -> Dialect:
        return self._desk.config.dialect

    def _channel_element(self, *, exclusive: bool = True) -> ChannelIdentification:
        assert self.channel is not None
        return ChannelIdentification((self.channel,), exclusive)

    def _send(self, kind: MessageType, *elements: Element) -> None:
        self._undisturbed = False
        self._desk.send(Message(kind, self.reference, not self.PLACED, elements))

    def _tell(self, event: Event) -> None:
        self._desk.tell(event)

    def _start(self, timer: Input, now: float) -> None:
        self._timers[timer] = now + getattr(self._desk.timers, timer.name.lower())

    def _stop(self, *timers: Input) -> None:
        for timer in timers:
            self._timers.pop(timer, None)

    def _stop_all(self) -> None:
        self._timers.clear()
        self._enquiry = None

    @abstractmethod
    def _refuse_command(self, command: Command) -> None:
        """Raise IllegalInput: `command` is for calls of the other kind."""


def pressed(message: Message) -> str:
    """The digits that an INFORMATION or SETUP carries: called number, or else keypad (5.1.3)."""
    called, keypad = message.first(CalledNumber), message.first(KeypadFacility)
    return (called.digits if called else "") or (keypad.keys if keypad else "")


def _location(side: Side) -> int:
    """What we are, for Q.850: a user, or the public network that serves the local user."""
    return Location.USER if side is Side.USER else Location.PUBLIC_LOCAL
