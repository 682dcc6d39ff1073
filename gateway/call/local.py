"""Local channels: `Local/extension@context`, two legs that are each other's far side.

Dialled, the first half makes the second one come in at that extension of the dialplan; what is said to one half
happens at the other. Their audio runs between two rows on the loopback address, so whatever a leg can do, each
half can. Once both halves talk, whom they talk with is joined directly and the halves go away, unless the address
ends in `/n` (`gateway.call.floor`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from typing import Final

from gateway.core.audio import AudioEvent, AudioFactory, AudioLost, DigitHeard, RtpAudio
from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.codec import Codec, Encoding
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, RemoteError
from gateway.core.messages import (
    IN_BAND,
    RFC_4733,
    Alert,
    Alerting,
    Answer,
    Answered,
    Command,
    Dial,
    Digit,
    EarlyMedia,
    Event,
    Flash,
    Hangup,
    Held,
    Hold,
    Identified,
    Identify,
    Offered,
    Proceed,
    Proceeding,
    Progress,
    Released,
    Resume,
    Resumed,
    SendDigits,
    SendFlash,
    SendText,
    TextReceived,
)
from gateway.core.number import Match, NumberPlan
from gateway.core.switch import DeviceState

__all__ = ["LocalHalf", "LocalTechnology"]

LOOPBACK: Final = "127.0.0.1"
CODEC: Final = Codec(Encoding.L16, 97)
DIGIT_EVENTS: Final = 101
"""RTP payload types between the two halves; any would do."""
MOST: Final = 200
"""Pairs at once: an extension that dials itself by way of Local is stopped here."""

_BOTH: Final[frozenset[type[Command]]] = frozenset(
    {Hangup, SendDigits, SendFlash, Hold, Resume, Identify, SendText}
)
_FIRST: Final[frozenset[type[Command]]] = _BOTH | {Dial}
_SECOND: Final[frozenset[type[Command]]] = _BOTH | {Proceed, Alert, EarlyMedia, Answer}


class LocalHalf:
    """One half of a pair; see `gateway.core.channel.Channel`.

    Args:
        name: "Local/102@office-00000001;1".
        takes: the commands that it knows.
        shortens: whether the pair goes away once both halves talk.
        audio: its row, owned by it.
        emit: takes its events; must deliver them later, not at once.
    """

    def __init__(
        self,
        name: str,
        *,
        takes: Collection[type[Command]],
        shortens: bool,
        audio: RtpAudio,
        emit: Callable[[Channel, Event], object],
    ) -> None:
        self.name: Final = name
        self.peer: Final = name.rpartition("-")[0]
        self.takes: Final = takes
        self.shortens: Final = shortens
        self.other: LocalHalf | None = None
        self._row: RtpAudio | None = audio
        self._emit = emit
        audio.listener = self._heard

    @property
    def audio(self) -> RtpAudio | None:
        """Its row; None once it has ended."""
        return self._row

    @property
    def reached(self) -> bool:
        """Always: its row is here."""
        return True

    def command(self, command: Command, now: float) -> None:
        """Carry out a command: mostly, let it happen to the other half."""
        other = self.other
        if self._row is None or other is None:
            return
        match command:
            case Dial(called, caller, variables):
                number, _, context = called.partition("/")[0].partition("@")
                other.tell(Offered(number, caller, context, variables=dict(variables)))
            case Hangup(ending):
                self.finish()
                other.tell(Released(ending))
                other.finish()
            case SendDigits(digits, duration, gap):
                self._row.send_digits(digits, duration, gap)
            case Alert(audio):
                other.tell(Alerting(audio))
            case Answer():
                other.tell(Answered("Local"))
            case Identify(party):
                other.tell(Identified(party))
            case SendText(text):
                other.tell(TextReceived(text))
            case _:
                other.tell(_HAPPENS[type(command)])

    def tell(self, event: Event) -> None:
        """Tell its call something."""
        if self._row is not None:
            self._emit(self, event)

    def finish(self) -> None:
        """It has ended."""
        row, self._row = self._row, None
        if row is not None:
            row.listener = None
            row.close()

    def _heard(self, event: AudioEvent, now: float) -> None:
        match event:
            case DigitHeard(digit, duration, as_event):
                self.tell(Digit(digit, duration, RFC_4733 if as_event else IN_BAND))
            case AudioLost(reason):
                ending = Ending(Cause.TEMPORARY_FAILURE, "Copperline", Act.FAILED, f"its audio: {reason}")
                self.tell(Released(ending))
                self.command(Hangup(ending), now)
            case _:
                pass

    def __repr__(self) -> str:
        return f"<{self.name}>"


_HAPPENS: Final[dict[type[Command], Event]] = {
    Proceed: Proceeding(),
    EarlyMedia: Progress(),
    Hold: Held(),
    Resume: Resumed(),
    SendFlash: Flash(),
}
"""What happens at one half when the other is commanded something."""


class LocalTechnology:
    """Makes pairs (`gateway.core.channel.Technology`).

    Args:
        audio: where rows come from.
        emit: takes the events of all halves; must deliver them later, not at once.
        plan: tells which extensions there are.
    """

    def __init__(self, audio: AudioFactory, emit: Callable[[Channel, Event], object], plan: NumberPlan) -> None:
        self._audio = audio
        self._plan = plan
        self._emit = emit
        self._serial = count(1)
        self._firsts: list[LocalHalf] = []

    def channel(self, address: str, now: float) -> LocalHalf:
        """Make a pair for `extension@context[/n]` and give its first half.

        Raises:
            RemoteError: the address names no context, or there is no room.
        """
        wanted, _, options = address.partition("/")
        number, _, context = wanted.partition("@")
        if not (number and context):
            raise RemoteError(
                f"Local/{address} names no extension: write Local/extension@context", Cause.INVALID_NUMBER_FORMAT
            )
        self._firsts = [half for half in self._firsts if half.audio is not None]
        if len(self._firsts) >= MOST:
            raise RemoteError(
                f"{MOST} Local channels are in use",
                Cause.SWITCHING_EQUIPMENT_CONGESTION,
                advice="See whether an extension dials itself.",
            )
        first, second = self._rows()
        name, shortens = f"Local/{wanted}-{next(self._serial):08x}", "n" not in options
        one = LocalHalf(f"{name};1", takes=_FIRST, shortens=shortens, audio=first, emit=self._emit)
        two = LocalHalf(f"{name};2", takes=_SECOND, shortens=shortens, audio=second, emit=self._emit)
        one.other, two.other = two, one
        self._firsts.append(one)
        return one

    def device(self, address: str) -> str:
        """`Local/extension@context`."""
        return f"Local/{address.partition('/')[0]}"

    def state(self, address: str) -> DeviceState:
        """Whether there is such an extension."""
        number, _, context = address.partition("/")[0].partition("@")
        found = self._plan.match(context, number, "") in (Match.COMPLETE, Match.EXTENDABLE)
        return DeviceState.NOT_INUSE if found else DeviceState.INVALID

    def _rows(self) -> tuple[RtpAudio, RtpAudio]:
        rows: list[RtpAudio] = []
        try:
            for _ in range(2):
                rows.append(self._audio.rtp(LOOPBACK))
        except Exhausted as fault:
            for row in rows:
                row.close()
            raise RemoteError(str(fault), Cause.RESOURCE_UNAVAILABLE) from fault
        first, second = rows
        first.set_remote(second.address, second.port, CODEC, DIGIT_EVENTS)
        second.set_remote(first.address, first.port, CODEC, DIGIT_EVENTS)
        return first, second
