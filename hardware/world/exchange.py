"""An emulated exchange at the far end of a span: the network's side of Q.931, with the called and calling public.

Whom the subscriber calls is in `hardware.world.directory`, as behind every other line; digits may come one by one.
20 ms at a time it takes what its end of the cable gives and puts on it what the D channel and the far parties say.
The states of a call are the table in `hardware.world.exchange_call`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from gateway.core.audio import Encoding, Samples
from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, LocalError, Unavailable
from gateway.core.machine import Machine
from gateway.core.number import Party, Presentation
from gateway.media import g711
from gateway.media.tone import Zone
from gateway.q931 import primitive
from gateway.q931.config import ETSI, Dialect, Hunt, InterfaceConfig, Side
from gateway.q931.interface import Interface
from gateway.q931.mapping import called_of, calling_of
from gateway.q931.number import CalledNumber
from hardware.agenda import Agenda, Appointment
from hardware.dahdi.abi import Law
from hardware.pace import FRAME_MS
from hardware.span.alarms import AlarmReceiver
from hardware.span.cable import Cable, LineSignal
from hardware.span.hdlc import Deframer, FrameFault, Framer
from hardware.span.kinds import SpanKind
from hardware.world.directory import MAX_DIGITS, Called, Speech, called_by, is_complete
from hardware.world.exchange_call import EXCHANGE_CALL, ExchangeInput, ExchangeState
from hardware.world.far_party import FarParty

__all__ = ["Exchange", "ExchangeCall", "ExchangeState"]

ROUTING: Final = 200
"""Milliseconds in which the network finds the called party, or does not."""
ANSWER_AFTER: Final = 1000
"""Milliseconds of ringing before somebody called answers."""
LONGEST_FRAME: Final = 300
"""Octets of a frame and its check sequence (Q.921 N201: 260 of a message, and the head)."""
MOST_REMEMBERED: Final = 50
"""Calls that are over and can still be looked at."""

_ENCODINGS: Final = {Law.MULAW: Encoding.PCMU, Law.ALAW: Encoding.PCMA}
_SILENCE: Final = np.zeros(160, np.int16)


class Exchange:
    """The exchange's end of one span.

    Args:
        cable: what it is plugged into.
        kind: E1 or T1.
        number: the subscriber's number, called where a caller does not say which.
        agenda: the world's agenda.
        zone: the country.
        signalling: time slot of the D channel; None for the kind's usual one.
        dialect: the network's habits.
        side: which end of Q.931 it plays; "user" makes it a PBX behind us.

    Attributes:
        calls: those there are, and the latest that are over, the oldest first.
        bad_frames: frames of the D channel that came over wrong.
    """

    def __init__(
        self,
        cable: Cable,
        *,
        kind: SpanKind,
        number: str,
        agenda: Agenda,
        zone: Zone,
        signalling: int | None = None,
        dialect: Dialect = ETSI,
        side: Side = Side.NETWORK,
    ) -> None:
        self.number = number
        self.calls: list[ExchangeCall] = []
        self.bad_frames = 0
        self.zone = zone
        self.agenda = agenda
        self._cable = cable
        self._slot = signalling or kind.signalling
        self._encoding = _ENCODINGS[kind.law]
        channels = tuple(slot for slot in range(1, kind.channels + 1) if slot != self._slot)
        # From the other end than the subscriber: the two seldom want the same channel (Q.931 5.7).
        config = InterfaceConfig(side, channels=channels, dialect=dialect, hunt=Hunt.DESCENDING, restart=False)
        self.interface = Interface(config)
        self._framer = Framer(checked=True)
        self._deframer = Deframer(checked=True, longest=LONGEST_FRAME)
        self._alarms = AlarmReceiver()
        self._live: dict[int, ExchangeCall] = {}
        self._silent = False
        self.interface.start(self._now)

    # What somebody in the public network, or at the exchange, does.

    def call(
        self,
        number: str = "",
        name: str = "",
        called: str = "",
        *,
        presentation: Presentation = Presentation.ALLOWED,
        digit_by_digit: bool = False,
    ) -> ExchangeCall:
        """Call the subscriber.

        Args:
            number, name: who calls.
            called: which of the subscriber's numbers; "" for the first.
            presentation: whether the number may be shown.
            digit_by_digit: send the number in one message a digit (overlap sending).

        Raises:
            LocalError: the span is down, or no channel is free.
        """
        call = ExchangeCall(self)
        digits = called or self.number
        call.dialled, call.caller = digits, number
        party = Party(number, name, presentation if number else Presentation.UNAVAILABLE)
        order = primitive.Order(
            called=CalledNumber("") if digit_by_digit else called_of(digits),
            calling=calling_of(party),
            complete=not digit_by_digit,
            display=name,
        )
        call.left = digits if digit_by_digit else ""
        try:
            number_of_call = self.interface.place(order, self._now)
        except (Exhausted, Unavailable) as error:
            raise LocalError(f"the exchange cannot call {digits}: {error}") from error
        self._add(number_of_call, call)
        call.feed(ExchangeInput.FAR_CALLS)
        self._settle()
        return call

    def stop(self) -> None:
        """Fall silent on the D channel, as an exchange that restarts does; bits go on."""
        self._silent = True
        self.interface.stop(self._now)
        self._settle()

    def start(self) -> None:
        """Come back."""
        self._silent = False
        self.interface.start(self._now)

    @property
    def live(self) -> list[ExchangeCall]:
        """Calls that are not over."""
        return [call for call in self.calls if call.state is not ExchangeState.OVER]

    @property
    def latest(self) -> ExchangeCall:
        """The call that began last.

        Raises:
            LocalError: there has been none.
        """
        if not self.calls:
            raise LocalError("the exchange has had no call yet")
        return self.calls[-1]

    # The line, driven by the world.

    def send(self) -> None:
        """Put 20 ms on the cable."""
        self.interface.expire(self._now)
        self._settle()
        for frame in self.interface.outgoing():
            self._framer.put(frame)
        slots = {call.slot: self._coded(call) for call in self._live.values() if call.speaks}
        signalling = self._framer.take()
        if signalling is not None:
            slots[self._slot] = signalling
        self._cable.send_to_card(LineSignal(rai=self._alarms.sends_remote_alarm, slots=slots))

    def receive(self) -> None:
        """Take 20 ms from the cable."""
        signal = self._cable.heard_by_far()
        if self._alarms.feed(signal, FRAME_MS) and not self._silent:
            if self._alarms.alarms:
                self.interface.stop(self._now)
            else:
                self.interface.start(self._now)
            self._settle()
        if signal.present and not signal.ais and not self._silent:
            self._take_frames(signal.slots.get(self._slot))
        for call in self._live.values():
            if call.state is ExchangeState.TALKING:
                octets = signal.slots.get(call.slot)
                call.party.hear(None if octets is None else g711.decode(octets, self._encoding))

    def _take_frames(self, octets: bytes | None) -> None:
        for found in self._deframer.feed(octets):
            if isinstance(found, FrameFault):
                self.bad_frames += 1
            else:
                self.interface.receive(found, None, self._now)
        self._settle()

    def _coded(self, call: ExchangeCall) -> bytes:
        frame = call.party.frame()
        return g711.encode(_SILENCE if frame is None else frame, self._encoding)

    # Calls.

    @property
    def _now(self) -> float:
        return self.agenda.now / 1000

    def command(self, call: ExchangeCall, command: primitive.Command) -> None:
        """Say something about a call, from within it or from an appointment."""
        self.interface.command(call.number, command, self._now)

    def _add(self, number: int, call: ExchangeCall) -> None:
        call.number = number
        self._live[number] = call
        self.calls.append(call)
        over = [call for call in self.calls if call.state is ExchangeState.OVER]
        for one in over[: max(0, len(over) - MOST_REMEMBERED)]:
            self.calls.remove(one)

    def _settle(self) -> None:
        """Tell the calls what call control has to say."""
        while events := self.interface.events():
            for event in events:
                self._dispatch(event)

    def _dispatch(self, event: primitive.Event) -> None:
        if isinstance(event, primitive.Setup):
            self._add(event.call, ExchangeCall(self))
        call = self._live.get(getattr(event, "call", 0))
        if call is not None:
            call.told(event)
        if isinstance(event, primitive.Released):
            self._live.pop(event.call, None)


class ExchangeCall:
    """One call on the span, with whoever is at its far end.

    Args:
        exchange: whose it is.

    Attributes:
        number: by which call control knows it.
        slot: its B channel; 0 before it is known.
        dialled: the number that was called.
        caller: the number that was shown as calling; "" for none.
        caller_is_restricted: it may not be shown.
        name: the name that was shown.
        left: digits of a call to the subscriber that are to be sent still.
        answered_as: the number that the subscriber answered as, where it told.
        cause: why the call ended; None before it has.
        party: who is at its far end.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.number = self.slot = 0
        self.dialled = self.caller = self.name = self.left = self.answered_as = ""
        self.caller_is_restricted = False
        self.cause: Cause | None = None
        self.party = FarParty(exchange.zone)
        self._exchange = exchange
        self._machine = Machine(EXCHANGE_CALL, ExchangeState.NEW)
        self._far = Called(speech=Speech.SILENCE)
        self._is_whole = False
        self._asks = False
        self._timer: Appointment | None = None

    @property
    def state(self) -> ExchangeState:
        """What the exchange is doing for it."""
        return self._machine.state

    @property
    def speaks(self) -> bool:
        """Whether something goes to the subscriber on its B channel: a tone, or the far party."""
        return bool(self.slot) and self.state in (ExchangeState.RINGING, ExchangeState.TALKING)

    # What the far party does.

    def hang_up(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """End the call, or give up.

        Raises:
            LocalError: it is over.
        """
        if not self._machine.takes(ExchangeInput.FAR_HANGS_UP):
            raise LocalError(f"the call to {self.dialled} cannot be ended: {self.state.value}")
        self.cause = cause
        self.feed(ExchangeInput.FAR_HANGS_UP)

    def say(self, samples: Samples) -> None:
        """Speak (8000 Hz, int16)."""
        self.party.say(samples)

    def key(self, digits: str) -> None:
        """Key DTMF."""
        self.party.key(digits)

    @property
    def digits(self) -> str:
        """DTMF digits that the far party has heard since the answer."""
        return self.party.ear.digits

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the answer, at most the last minute."""
        return self.party.ear.recording

    # What call control tells.

    def told(self, event: primitive.Event) -> None:
        """Take in an event of call control."""
        match event:
            case primitive.Setup():
                self._set_up(event)
            case primitive.Allotted(_, channel):
                self.slot = channel
            case primitive.MoreWanted():
                left, self.left = self.left, ""
                for place, key in enumerate(left):
                    self._say(primitive.SendDigits(key, complete=place == len(left) - 1))
            case primitive.MoreDigits(_, digits, complete):
                self.dialled = (self.dialled + digits)[:MAX_DIGITS]
                self._is_whole = self._is_whole or complete
                self.feed(ExchangeInput.DIGITS)
            case primitive.Alerting():
                self.feed(ExchangeInput.ALERTING)
            case primitive.Connected(_, party):
                self.answered_as = party.digits if party is not None else ""
                self.feed(ExchangeInput.CONNECT)
            case primitive.Disconnecting(_, cause):
                self.cause = cause
            case primitive.Released(_, cause):
                self.cause = self.cause or cause
                self.feed(ExchangeInput.RELEASED)

    def _set_up(self, setup: primitive.Setup) -> None:
        self.slot = setup.channel
        self.dialled = setup.called.digits[:MAX_DIGITS] if setup.called is not None else ""
        self.name = setup.display
        if setup.calling is not None:
            self.caller = setup.calling.digits
            self.caller_is_restricted = bool(setup.calling.presented)
        self._is_whole = setup.complete
        self.feed(ExchangeInput.SETUP)

    def feed(self, given: ExchangeInput) -> None:
        """Something has happened; what the state does not expect changes nothing."""
        if not self._machine.takes(given):
            return
        action = self._machine.feed(given)
        if action:
            if self._timer is not None:
                self._timer.cancel()
            getattr(self, f"_{action}")()

    def _say(self, command: primitive.Command) -> None:
        self._exchange.command(self, command)

    def _after(self, ms: int, action: Callable[[], None]) -> None:
        self._timer = self._exchange.agenda.after(ms, action)

    # The table's actions.

    def _collect(self) -> None:
        """Take digits until they are a number; T302 of call control ends a number that never gets one."""
        if self._is_whole or is_complete(self.dialled):
            self._say(primitive.Proceed())
            self.feed(ExchangeInput.COMPLETE)
        elif self.state is ExchangeState.COLLECTING and not self._asks:
            self._asks = True
            self._say(primitive.AskMore())

    def _route(self) -> None:
        self._far = called_by(self.dialled)
        outcome = ExchangeInput.ROUTED if self._far.cause is None else ExchangeInput.REFUSED
        self._after(ROUTING, lambda: self.feed(outcome))

    def _refuse(self) -> None:
        assert self._far.cause is not None
        self.cause = self._far.cause
        self._say(primitive.Clear(self._far.cause))

    def _ring(self) -> None:
        self.party.mouth.play(self._exchange.zone.tone("ring"))
        self._say(primitive.Alert(audio=True))
        if self._far.answers:
            self._after(ANSWER_AFTER, lambda: self.feed(ExchangeInput.FAR_ANSWERS))

    def _connect(self) -> None:
        self._say(primitive.Connect())
        self._begin()

    def _put_through(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.party.begin(self._far, self.caller)
        if self._far.stays is not None:
            self._after(self._far.stays, self.hang_up)

    def _hang_up(self) -> None:
        self.party.rest()
        self._say(primitive.Clear(self.cause or Cause.NORMAL_CLEARING))

    def _rest(self) -> None:
        self.party.rest()
