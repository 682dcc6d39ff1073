"""What calls on a span have in common, whoever placed them: a leg, a B channel with a row, and an end.

Its row is opened when its B channel is known, and closed when the leg ends; the B channel itself is free once call
control says so, which may be later. Nothing here waits, reads a clock or touches a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.echo import EchoControl
from drivers.line import Cue, Dialect, Line
from drivers.shelf import Shelf
from drivers.span.config import SpanConfig
from drivers.span.endings import ending_of, reroutes
from drivers.span.states import CallInput, CallState
from gateway.core.audio import Audio, AudioEvent
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, HardwareError
from gateway.core.messages import INFO, CarrySpeech, Command, Digit, Hangup, Rerouted
from gateway.core.number import Party
from gateway.core.trace import Kind
from gateway.q931 import primitive
from gateway.q931.mapping import party_of
from gateway.q931.number import ShownNumber
from hardware.analog.line import EchoCancel, LineCommand

__all__ = ["KEY_TIME", "SpanCall", "Told", "Trunk"]

KEY_TIME: Final = 0.1
"""Seconds of a key, and of the silence after it."""
DISTRUST: Final = 60.0
"""Seconds for which a span that could not take a call is taken only when no other is free."""


@dataclass(frozen=True, slots=True)
class Told(Cue):
    """What call control tells of a call.

    Attributes:
        event: the same in its words.
    """

    event: primitive.Event | None = None


class Trunk(Protocol):
    """The span of a call, as the call knows it.

    Attributes:
        config: what the span was told.
        distrusted_until: engine clock; until then it is taken only when no other is free.
    """

    config: SpanConfig
    distrusted_until: float

    def place(self, call: SpanCall, order: primitive.Order, now: float) -> None:
        """Place a call; what is told of it comes to `call`.

        Raises:
            Exhausted: no B channel is free.
            Unavailable: there is no data link.
        """
        ...

    def say(self, call: SpanCall, command: primitive.Command, now: float) -> None:
        """Command call control; nothing where it knows no such call."""
        ...

    def open_row(self, slot: int) -> Audio:
        """A row on a B channel.

        Raises:
            Exhausted: no row is free.
            HardwareError: the channel would not open.
        """
        ...

    def cancel_echo(self, slot: int, taps: int) -> bool:
        """Have the card take away the echo on a B channel, 0 taps to end that; whether it has a canceller."""
        ...

    def settle(self, now: float) -> None:
        """Tell the calls what call control has to say."""
        ...

    def forget(self, call: SpanCall) -> None:
        """The leg has ended."""
        ...


class SpanCall(Line[CallState, CallInput]):
    """One call.

    Args:
        dialect: placed or taken.
        trunk: its span.
        shelf: the span's surroundings.

    Attributes:
        slot: its B channel; 0 before it is known.
    """

    def __init__(self, dialect: Dialect[CallState, CallInput], trunk: Trunk, shelf: Shelf) -> None:
        name = trunk.config.name
        super().__init__(dialect, device=f"span {name}", name=name, peer=f"span {name}", shelf=shelf)
        self.slot = 0
        self._trunk = trunk
        self._far_end: Final = f"the far end of span {name}"
        self._talked = False
        self._again = ""
        self._echo: Final = EchoControl(
            trunk.config.echo,
            order=self._order,
            note=lambda now, text: self.note(now, text, kind=Kind.MEDIA),
        )

    # From the span.

    def told(self, event: primitive.Event, now: float) -> None:
        """Call control tells something about the call."""
        match event:
            case primitive.Allotted(_, channel):
                self._open_row(channel, now)
            case primitive.Keys(_, keys):
                for key in keys:
                    self._tell(Digit(key, KEY_TIME, INFO))
            case primitive.Notified(_, description):
                self.note(now, f"is notified: {description:#x}")
            case primitive.Disconnecting(audio=False):
                pass  # Released follows by itself
            case _:
                given = _INPUTS[type(event)]
                self._hear(given, Told(now, given.value, event=event))

    def carry_out(self, command: Command, now: float) -> None:
        """Carry out a command of the leg."""
        super().carry_out(command, now)
        self._trunk.settle(now)

    def heard(self, event: AudioEvent, now: float) -> None:
        """Take in what the row heard."""
        super().heard(event, now)
        self._trunk.settle(now)

    def _open_channel(self) -> None:
        self.channel = self._channel_on(self._row, self.carry_out)  # whose row goes with it

    def _open_row(self, slot: int, now: float) -> bool:
        """Have audio on B channel `slot`; where that cannot be had, the call ends."""
        self.slot = slot
        try:
            row = self._trunk.open_row(slot)
        except (Exhausted, HardwareError) as error:
            self._trunk.say(self, primitive.Clear(Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE), now)
            self._hear(CallInput.LOST, Cue(now, f"channel {slot}: {error}"))
            return False
        self.note(now, f"has channel {slot} of {self.device}")
        if self.channel is not None:
            self.channel.lend(row)
        self.attach(row, now)
        return True

    def detach(self, reason: str, now: float) -> None:
        """The row has failed, or the span has gone: the call ends."""
        self._trunk.say(self, primitive.Clear(Cause.TEMPORARY_FAILURE), now)
        self._hear(CallInput.LOST, Cue(now, reason))

    def _order(self, command: LineCommand, now: float) -> None:
        assert isinstance(command, EchoCancel)  # a span has no other
        if not self._trunk.cancel_echo(self.slot, command.taps):
            self._echo.refused(now)

    def _carry(self, command: Command, now: float) -> None:
        if isinstance(command, CarrySpeech):
            self._echo.take_up(now)
        else:
            self._echo.leave(now)
        super()._carry(command, now)

    def _converse(self, now: float) -> None:
        """Both sides hear each other from now on."""
        self._talked = True
        self._detect(True)
        if self._row is not None:
            self._echo.begin(self._row, now)

    # Actions that both kinds have.

    def _key_on(self, cue: Cue) -> None:
        """More is to be keyed after a pause; calls that we take have nothing of the kind."""

    def _clear(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Hangup)
        self._trunk.say(self, primitive.Clear(cue.subject.ending.cause), cue.now)
        self._rest(None, cue)

    def _released(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Released)
        if self._again and reroutes(cue.event, noticed=bool(self.slot)):
            self._trunk.distrusted_until = cue.now + DISTRUST
            self._tell(Rerouted(self._again))
        act = Act.HUNG_UP if self._talked else self._unanswered(cue.event.cause)
        self._rest(ending_of(cue.event, self._far_end, act), cue)

    def _unanswered(self, cause: Cause) -> Act:
        """What a far end does that ends a call before an answer."""
        return Act.CANCELLED

    def _lose(self, cue: Cue) -> None:
        if self._again:
            self._tell(Rerouted(self._again))
        advice = f"`copperline lines` tells what is wrong with {self.device}."
        self._rest(Ending(Cause.TEMPORARY_FAILURE, self.peer, Act.FAILED, cue.evidence, advice), cue)

    def _rest(self, ending: Ending | None, cue: Cue) -> None:
        row = self._row
        if self.channel is None and ending is not None:
            self.note(cue.now, str(ending))  # nobody was offered the call
        self._echo.end(cue.now)
        self._close_channel(cue.now, ending)
        if row is not None:
            row.listener = None
            row.close()
            self._row = None
        self._trunk.forget(self)

    def _party(self, number: ShownNumber | None, name: str) -> Party:
        config = self._trunk.config
        return party_of(number, name, national=config.national_prefix, international=config.international_prefix)


_INPUTS: Final[Mapping[type[primitive.Event], CallInput]] = {
    primitive.Setup: CallInput.SETUP,
    primitive.MoreDigits: CallInput.MORE_DIGITS,
    primitive.MoreWanted: CallInput.MORE_WANTED,
    primitive.Proceeding: CallInput.PROCEEDING,
    primitive.Alerting: CallInput.ALERTING,
    primitive.Progress: CallInput.PROGRESS,
    primitive.Connected: CallInput.CONNECTED,
    primitive.Disconnecting: CallInput.REFUSAL,
    primitive.Released: CallInput.RELEASED,
}
