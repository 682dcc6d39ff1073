"""A leg's audio as its owner holds it: a row of the plane behind `gateway.core.audio.Audio`.

Calls become commands, in order; what comes of them is heard from the plane's event pump. A row that is closed or
lost takes every call and does nothing, except that an `on_end` is still called. Samples never pass through here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from struct import Struct
from typing import Final, Protocol

import numpy as np

from gateway.core.appearance import Appearance
from gateway.core.audio import Audio, AudioEvent, AudioStats, Side, Sound, SoundEnd
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.core.srtp import Suite
from gateway.media.echo_canceller import partitions, return_loss
from gateway.media.tone import dtmf
from gateway.plane import commands
from gateway.plane.arena import Arena
from gateway.plane.capture import RowCapture
from gateway.plane.conference import Hall, PlaneSeat
from gateway.plane.control import Command
from gateway.plane.dtmf import NAMES
from gateway.plane.ledger import Answer
from gateway.plane.row_table import DIGITS, ROW
from gateway.plane.table import Tables

__all__ = ["Host", "PlaneRow", "check"]

OnEnd = Callable[[SoundEnd], None]

_WRITTEN_AT: Final = ROW.fields["capture_written"][1] if ROW.fields is not None else 0
_SOUND: Final = 0
_TONES: Final = 1
_RATE: Final = 8000
_LONGEST_DIGIT: Final = 8.0
"""Seconds: what fits in one segment of an event (RFC 4733 2.5.1.3)."""


def _reader(*names: str) -> Struct:
    """What reads these numbers of a row out of its octets, in this order, in which they lie there.

    It takes a tenth of the time of asking numpy for each.
    """
    layout, end = "=", 0
    for name in names:
        kind, at = ROW.fields[name][:2] if ROW.fields is not None else (ROW, 0)
        assert at >= end and kind.itemsize == 8, name
        layout += f"{at - end}xq"
        end = at + 8
    return Struct(layout)


_SIZE: Final = ROW.itemsize
_COUNTERS: Final = _reader(
    *"generation clock received lost jitter sent refused".split(),
    *"far_lost far_jitter far_told far_heard round_trip forged replayed".split(),
)


@cache
def _silence(encoding: Encoding | None, suite: Suite | None) -> AudioStats:
    """The counters of a row on which nothing has passed."""
    return AudioStats(encoding=encoding, suite=suite)


class Host(Protocol):
    """What a row needs of its plane."""

    tables: Tables
    row_octets: memoryview
    arena: Arena
    cancellers: deque[int]
    hall: Hall

    def own(self, audio: Audio) -> PlaneRow | None:
        """`audio` as the row of this plane that it is, or None."""
        ...

    def post(self, command: Command, answer: Answer | None = None) -> int:
        """Have the loop carry out a command; see `Crew.post`."""
        ...

    def play(self, row: PlaneRow, player: int, sound: Sound, on_end: OnEnd | None) -> None:
        """Have the loop play; `on_end` is called once, from the pump."""
        ...

    def soon(self, call: Callable[[], None]) -> None:
        """Call from the next pump."""
        ...


class PlaneRow:
    """A row of any kind; made by `Plane`.

    Attributes:
        index, generation: its handle.
        closed: it was closed, or never came to be.
        on_removed: called from the pump once the plane has let go of it.
    """

    __slots__ = (
        "listener codecs wanted index generation closed on_removed __weakref__ "
        "_encoding _host _capture _taps _seats _tones _final _canceller _suite _detects"
    ).split()

    def __init__(self, host: Host, index: int, generation: int) -> None:
        self.listener: Callable[[AudioEvent, float], None] | None = None
        self.codecs: Sequence[Codec] = ()
        self.wanted: Sequence[Codec] = ()
        self._encoding: Encoding | None = None
        self.index = index
        self.generation = generation
        self.closed = False
        self.on_removed: Callable[[], None] | None = None
        self._host = host
        self._capture: RowCapture | None = None
        # Most rows never have one of these.
        self._taps: tuple[RowCapture, ...] = ()
        self._seats: tuple[PlaneSeat, ...] = ()
        self._tones: tuple[Sound, ...] = ()
        self._final: AudioStats | None = None
        self._canceller = 0
        self._suite: Suite | None = None
        self._detects = False

    @property
    def digits_as_events(self) -> bool:
        """Whether digits go to this leg as RFC 4733 events; otherwise they go as tones in its audio."""
        return False

    @property
    def rate(self) -> int:
        """Samples a second that it carries."""
        return _RATE

    def of(self, host: Host) -> bool:
        """Whether it is a row of `host`."""
        return self._host is host

    def join(self, other: Audio) -> None:
        """Connect both ways with `other`, a row of the same plane or a call's part in one.

        Raises:
            LocalError: it is no row, or this row itself.
        """
        if isinstance(other, Appearance):
            other.join(self)
            return
        row = self._host.own(other)
        if row is None or row is self:
            raise LocalError("a row can be joined to another row of its own plane only")
        self._post(commands.JOIN, (row.index, row.generation))

    def part(self) -> None:
        """End a join or echo; both rows fall silent."""
        self._post(commands.PART)

    def echo(self) -> None:
        """Send back what comes in."""
        self._post(commands.ECHO)

    def play(self, sound: Sound, on_end: OnEnd | None = None) -> None:
        """Play toward the leg, replacing what played before.

        Raises:
            Exhausted: the arena has no room for the sound; nothing has changed.
            LocalError: the sound's samples or loop make no sense.
        """
        check(sound)
        self._play(_SOUND, sound, on_end)

    def stop(self) -> None:
        """Stop playing."""
        self._post(commands.STOP_PLAY, (_SOUND,))

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        """Send DTMF toward the leg; digits after digits already being sent wait for them.

        Raises:
            LocalError: a character that is no digit, or a duration or gap out of range.
        """
        codes = _codes(digits, duration, gap)
        if not codes or self.closed:
            return
        if self.digits_as_events:
            arguments = (round(duration * _RATE), round(gap * _RATE))
            for start in range(0, len(codes), DIGITS // 4):
                part = codes[start : start + DIGITS // 4]
                self._post(commands.SEND_DIGITS, (len(part), *arguments), part)
            return
        self._tones += (Sound(f"DTMF {digits.upper()}", dtmf(digits.upper(), duration, gap)),)
        if len(self._tones) == 1:
            self._next_tones()

    def detect_digits(self, on: bool) -> None:
        """Look for DTMF tones in what comes in."""
        if on != self._detects:
            self._detects = on
            self._post(commands.DETECT, (int(on),))

    def detect_fax(self, on: bool) -> None:
        """Look for the tones of fax machines in what comes in."""
        self._post(commands.DETECT, (int(on), 1))

    def carry_voiceband(self, on: bool) -> None:
        """Carry the signals of modems, or speech again."""
        self._post(commands.VOICEBAND, (int(on),))

    def cancel_echo(self, tail: int) -> None:
        """Take the echo of what is sent to the device out of what comes in.

        Args:
            tail: milliseconds of the longest echo path, up to 128; 0 ends it.

        Raises:
            Exhausted: all cancellers are in use.
        """
        if tail and not self.closed:
            if not self._canceller:
                if not self._host.cancellers:
                    raise Exhausted("all echo cancellers of the media plane are in use; give it more of them")
                self._canceller = self._host.cancellers.popleft()
            self._post(commands.CANCEL_ECHO, (self._canceller, partitions(tail)))
        elif self._canceller:
            slot, self._canceller = self._canceller, 0
            free = self._host.cancellers.append
            self._post(commands.CANCEL_ECHO, (0, 0), answer=lambda _: free(slot))

    def capture(self, seconds: float) -> RowCapture:
        """Start to keep what comes in; ends a capture that this row had before.

        Raises:
            Exhausted: the arena has no room for so many seconds.
        """
        block = self._host.arena.reserve(max(1, round(seconds * _RATE)))
        if self._capture is not None:
            self._capture.stop()
        tables = self._host.tables
        written = int(tables.rows.ctypes.data) + self.index * _SIZE + _WRITTEN_AT
        capture = RowCapture(tables.arena, written, block, self._end_capture)
        self._capture = capture
        self._post(
            commands.CAPTURE,
            (block.base, block.length),
            answer=lambda accepted: capture.begin() if accepted else capture.stop(),
        )
        return capture

    def tap(
        self,
        side: Side,
        seconds: float,
        *,
        rate: int = 8000,
        joined: bool = False,
        gain_in: float = 0.0,
        gain_out: float = 0.0,
    ) -> RowCapture:
        """Start to keep both sides or one by the plane's clock; see `Audio.tap`."""
        capture = self._host.hall.tap(self, -1, side, seconds, rate, joined, (gain_in, gain_out), self._untapped)
        self._taps += (capture,)
        return capture

    def _untapped(self, capture: RowCapture) -> None:
        self._taps = tuple(tap for tap in self._taps if tap is not capture)

    def sat_down(self, seat: PlaneSeat) -> None:
        """It has taken a seat in a room."""
        self._seats += (seat,)

    def got_up(self, seat: PlaneSeat) -> None:
        """It has left a seat."""
        self._seats = tuple(one for one in self._seats if one is not seat)

    def stats(self) -> AudioStats:
        """The row's counters."""
        if self._final is not None:
            return self._final
        tables = self._host.tables
        # fmt: off
        (
            generation, clock, received, lost, jitter, sent, refused,
            far_lost, far_jitter, far_told, far_heard, round_trip, forged, replayed,
        ) = _COUNTERS.unpack_from(self._host.row_octets, self.index * _SIZE)
        # fmt: on
        if generation != self.generation:
            return _silence(None, None)
        if not (received or sent or refused or forged or self._canceller) and round_trip < 0:
            return _silence(self._encoding, self._suite)
        queue = tables.queues[self.index]
        echo = return_loss(tables.cancellers[self._canceller - 1]["echo"]) if self._canceller else None
        return AudioStats(
            received=received,
            sent=sent,
            refused=refused,
            lost=lost,
            jitter=jitter / 16 / max(clock, 1),
            far_lost=far_lost,
            far_jitter=far_jitter / max(clock, 1),
            far_told=far_told,
            far_heard=far_heard,
            round_trip=round_trip / 1e9 if round_trip >= 0 else None,
            encoding=self._encoding,
            late=int(queue["late"]),
            concealed=int(queue["concealed"]),
            return_loss=echo[0] if echo is not None else None,
            echo_lowered=echo[1] if echo is not None else None,
            suite=self._suite,
            forged=forged,
            replayed=replayed,
        )

    def close(self) -> None:
        """Take the row out of the plane."""
        if self.closed:
            return
        if self._capture is not None:
            self._capture.stop()
        for capture in self._taps:
            capture.stop()
        for seat in self._seats:
            seat.leave()
        self._tones = ()
        self._final = self.stats()
        if self._canceller:
            self.cancel_echo(0)
        self._post(commands.REMOVE)
        self.closed = True

    def _post(
        self,
        op: int,
        arguments: Sequence[int] = (),
        data: bytes = b"",
        answer: Answer | None = None,
    ) -> None:
        if not self.closed:
            self._host.post((op, self.index, self.generation, arguments, data), answer)
        elif answer is not None:
            self._host.soon(lambda: answer(False))

    def _play(self, player: int, sound: Sound, on_end: OnEnd | None) -> None:
        if not self.closed and len(sound.samples):
            self._host.play(self, player, sound, on_end)
        elif on_end is not None:
            end = SoundEnd.LOST if self.closed else SoundEnd.PLAYED
            self._host.soon(lambda: on_end(end))

    def _next_tones(self) -> None:
        self._play(_TONES, self._tones[0], self._tones_ended)

    def _tones_ended(self, how: SoundEnd) -> None:
        if how is SoundEnd.LOST:
            self._tones = ()
        self._tones = self._tones[1:]
        if self._tones:
            self._next_tones()

    def _end_capture(self, capture: RowCapture) -> None:
        if self._capture is capture:
            self._capture = None
        release = self._host.arena.release
        self._post(commands.CAPTURE, (0, 0), answer=lambda _: release(capture.block))


def _codes(digits: str, duration: float, gap: float) -> bytes:
    """Event codes of `digits` (RFC 4733 table 3)."""
    wrong = [digit for digit in digits.upper() if not digit.isascii() or ord(digit) not in NAMES]
    if wrong:
        raise LocalError(f"{wrong[0]!r} is no DTMF digit; those are 0-9 * # A-D")
    if not 0 < duration <= _LONGEST_DIGIT or not 0 <= gap <= _LONGEST_DIGIT:
        raise LocalError(f"a DTMF digit cannot last {duration} s with a gap of {gap} s")
    return bytes(NAMES.index(ord(digit)) for digit in digits.upper())


def check(sound: Sound) -> None:
    """Make sure that a sound can be played.

    Raises:
        LocalError: its samples or its loop make no sense.
    """
    if sound.samples.dtype != np.int16 or sound.samples.ndim != 1:
        raise LocalError(f"the sound {sound.name!r} is not int16 mono")
    if sound.wide is not None and (sound.wide.dtype != np.int16 or sound.wide.shape != (2 * len(sound.samples),)):
        raise LocalError(f"the sound {sound.name!r} is not the same at 16000 Hz as at 8000")
    if sound.loop_from is not None and not 0 <= sound.loop_from < max(1, len(sound.samples)):
        raise LocalError(f"the sound {sound.name!r} loops from outside itself")
