"""Stand-ins for what lines stand on: a row that writes down what it is told, tones that are only names, a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gateway.core.audio import Audio, AudioEvent, AudioStats, DigitHeard, Samples, Sound, SoundEnd
from gateway.core.codec import Codec
from gateway.core.errors import Exhausted, LocalError
from gateway.core.number import Match
from gateway.core.room import Room
from tests.support.tones import NoPrompts

TONES = "dial busy ring congestion callwaiting dialrecall record info stutter howler milliwatt".split()


class RecordedCapture:
    """A capture that gives what a test puts in."""

    def __init__(self) -> None:
        self.waiting: list[Samples] = []
        self.stopped = False

    def read(self) -> Samples:
        taken, self.waiting = self.waiting, []
        return np.concatenate(taken) if taken else np.zeros(0, np.int16)

    def stop(self) -> None:
        self.stopped = True


class RecordedRow:
    """An `Audio` that keeps what it is told. `playing` is the sound that the line hears now."""

    def __init__(self, *, room: bool = True) -> None:
        self.listener: Callable[[AudioEvent, float], None] | None = None
        self.codecs: Sequence[Codec] = ()
        self.wanted: Sequence[Codec] = ()
        self.room = room
        self.playing: Sound | None = None
        self.played: list[str] = []
        self.sent_digits: list[tuple[str, float, float]] = []
        self.detecting = False
        self.tails: list[int] = []
        self.faxing = False
        self.voiceband = False
        self.joined: Audio | None = None
        self.captures: list[RecordedCapture] = []
        self.closed = False
        self._on_end: Callable[[SoundEnd], None] | None = None

    @property
    def digits_as_events(self) -> bool:
        return False

    @property
    def hears(self) -> str:
        """The name of what plays toward the line, "" for silence."""
        return self.playing.name if self.playing is not None else ""

    def join(self, other: Audio) -> None:
        self.joined = other

    def part(self) -> None:
        self.joined = None

    def echo(self) -> None:
        raise AssertionError("no line echoes")

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        if not self.room:
            raise Exhausted("the sound store is full")
        self._end(SoundEnd.STOPPED)
        self.playing, self._on_end = sound, on_end
        self.played.append(sound.name)

    def stop(self) -> None:
        self._end(SoundEnd.STOPPED)

    def reach_end(self) -> None:
        """The sound has been played to its end."""
        self._end(SoundEnd.PLAYED)

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        if not self.room:
            raise Exhausted("the sound store is full")
        self.sent_digits.append((digits, duration, gap))

    def detect_digits(self, on: bool) -> None:
        self.detecting = on

    def detect_fax(self, on: bool) -> None:
        self.faxing = on

    def carry_voiceband(self, on: bool) -> None:
        self.voiceband = on

    def cancel_echo(self, tail: int) -> None:
        self.tails.append(tail)

    def capture(self, seconds: float) -> RecordedCapture:
        if not self.room:
            raise Exhausted("the capture store is full")
        self.captures.append(RecordedCapture())
        return self.captures[-1]

    def stats(self) -> AudioStats:
        return AudioStats()

    def close(self) -> None:
        self.closed = True

    def hear(self, digit: str, now: float) -> None:
        """A key was pressed on the line and let go."""
        if self.listener is not None and self.detecting:
            self.listener(DigitHeard(digit, 0.08, False), now)

    def _end(self, how: SoundEnd) -> None:
        ended, self.playing, self._on_end = self._on_end, None, None
        if ended is not None:
            ended(how)


class NoRooms:
    """A place without a room."""

    def room(self) -> Room:
        raise Exhausted("no room is free")


class NamedTones(NoPrompts):
    """Tones that are silent but have names: "dial us"."""

    def tone(self, name: str, zone: str | None = None) -> Sound:
        if name not in TONES or zone not in ("us", "de", "uk"):
            raise LocalError(f"no tone {name} of zone {zone}")
        return Sound(f"{name} {zone}", np.zeros(160, np.int16), 0)


class ListedNumbers:
    """A `NumberPlan` of the numbers given; `ignored` digits keep dial tone."""

    def __init__(self, *numbers: str, ignored: str = "") -> None:
        self.numbers = numbers
        self.ignored = ignored

    def match(self, context: str, digits: str, caller: str = "") -> Match:
        longer = any(number.startswith(digits) and number != digits for number in self.numbers)
        if digits in self.numbers:
            return Match.EXTENDABLE if longer else Match.COMPLETE
        return Match.PARTIAL if longer else Match.IMPOSSIBLE

    def has_special(self, context: str, name: str, caller: str = "") -> bool:
        return False

    def keeps_dial_tone(self, context: str, digits: str) -> bool:
        return bool(self.ignored) and digits == self.ignored
