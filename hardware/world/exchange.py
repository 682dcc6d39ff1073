"""An emulated exchange at the far end of a span: the network's side of Q.931, with the called and calling public.

Whom the subscriber calls is in `hardware.world.directory`, as behind every other line; digits may come one by one.
20 ms at a time it takes what its end of the cable gives and puts on it what the D channel and the far parties say.
A call is `hardware.world.exchange_call`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, LocalError, Unavailable
from gateway.core.number import Party, Presentation
from gateway.media import g711
from gateway.media.tone import Zone
from gateway.q931 import primitive
from gateway.q931.config import ETSI, Dialect, Hunt, InterfaceConfig, Side
from gateway.q931.interface import Interface
from gateway.q931.mapping import called_of, calling_of
from gateway.q931.number import CalledNumber
from hardware.agenda import Agenda
from hardware.dahdi.abi import Law
from hardware.pace import FRAME_MS
from hardware.span.alarms import AlarmReceiver
from hardware.span.cable import Cable, LineSignal
from hardware.span.hdlc import Deframer, FrameFault, Framer
from hardware.span.kinds import SpanKind
from hardware.world.exchange_call import ExchangeCall
from hardware.world.exchange_states import ExchangeInput, ExchangeState

__all__ = ["Exchange"]

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
