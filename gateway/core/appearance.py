"""Several calls of one line: each has an appearance, and one of them at a time has the line's row.

As the buttons of a key telephone: what is joined with, played to or asked of an appearance that is laid aside is
remembered, and holds again once it is taken up. A sound laid aside begins anew then, and whoever waits for its end
waits on. The other side of a call that was laid aside hears nothing of what is said meanwhile, and no recording of
that call has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.core.audio import Audio, AudioEvent, AudioStats, Capture, Samples, Side, Sound, SoundEnd
from gateway.core.codec import Codec
from gateway.core.room import NONE, TALK, WHISPER, Manner, Room, Seat

__all__ = ["Appearance"]

OnEnd = Callable[[SoundEnd], None]

_NOTHING: Final = np.zeros(0, np.int16)
_AWAY: Final = Manner(NONE, NONE)
_LINE: Final = Manner(talks=TALK, hears=WHISPER, tells=TALK, through=WHISPER)
_THIRD: Final = Manner(talks=WHISPER, hears=TALK)
"""A conference of three: the line stays joined with one, who hears the third through it; the third hears both."""


@dataclass(slots=True, eq=False)
class _Play:
    sound: Sound
    on_end: OnEnd | None
    round: int = 0

    def end(self, how: SoundEnd) -> None:
        if self.on_end is not None:
            self.on_end(how)


class _Muted:
    """A capture that is silent while its appearance is laid aside."""

    def __init__(self, capture: Capture, appearance: Appearance) -> None:
        self._capture = capture
        self._appearance = appearance
        self._rest = _NOTHING

    @property
    def lost(self) -> int:
        return self._capture.lost

    @property
    def rate(self) -> int:
        return self._capture.rate

    @property
    def ended(self) -> bool:
        return self._capture.ended

    def read(self) -> Samples:
        if len(self._rest):
            rest, self._rest = self._rest, _NOTHING
            return rest
        samples = self._capture.read()
        return samples if self._appearance.present else np.zeros_like(samples)

    def stop(self) -> None:
        if not self._capture.ended:
            self._capture.stop()
            self._rest = self.read()  # before its appearance is laid aside, or over


class Appearance:
    """A call's part in the row of a line; an `Audio`.

    Args:
        row: the line's row.
        present: whether it has the row now.
    """

    def __init__(self, row: Audio, present: bool = True) -> None:
        self.row: Final = row
        self.listener: Callable[[AudioEvent, float], None] | None = None
        self.codecs: Sequence[Codec] = ()
        self.wanted: Sequence[Codec] = ()
        self.present = present
        self._peer: Audio | None = None
        self._echoes = False
        self._playing: _Play | None = None
        self._seats: dict[Seat, Manner] = {}
        self._room: Room | None = None
        self._place: list[Seat] = []
        self._kept: list[_Muted] = []

    @property
    def digits_as_events(self) -> bool:
        """As its row."""
        return self.row.digits_as_events

    @property
    def rate(self) -> int:
        """As its row."""
        return self.row.rate

    # The line goes from one call to another.

    def lay_aside(self) -> None:
        """Give the row to another call, or to the line itself."""
        if not self.present:
            return
        self.present = False
        if self._playing is not None:
            self._playing.round += 1
        self.row.stop()
        self.row.part()
        for seat in self._seats:
            self._seats[seat] = seat.manner
            seat.change(_AWAY)

    def take_up(self) -> None:
        """Have the row again."""
        if self.present:
            return
        self.present = True
        self._connect()
        if self._echoes:
            self.row.echo()
        if self._playing is not None:
            self._begin(self._playing)
        for seat, manner in self._seats.items():
            seat.change(manner)

    def confer(self, room: Room) -> None:
        """Laid aside, let whom it is joined with take part in the row's present call, in an empty room.

        Raises:
            Exhausted: the room has no seats.
        """
        self._room = room
        self._connect()

    def leave_room(self) -> None:
        """End `confer`."""
        self._get_up()
        self._room = None

    def close(self) -> None:
        """The call is over, and what is kept of it; the row stays with its line."""
        for capture in self._kept:
            capture.stop()
        self._kept.clear()
        self.leave_room()
        if self.present:
            self.row.part()
            self.row.stop()
        elif self._playing is not None:
            self._playing.end(SoundEnd.LOST)
        self._forget_peer()
        self._playing = None
        self.present = False
        for seat in list(self._seats):
            seat.leave()
        self._seats.clear()

    # Audio.

    def join(self, other: Audio) -> None:
        """Connect both ways with `other`, as long as both have their rows."""
        self.part()
        if isinstance(other, Appearance):
            other.part()
            other._peer = self
        self._peer = other
        self._connect()

    def part(self) -> None:
        """End a join or echo."""
        self._echoes = False
        self._get_up()
        self._forget_peer()
        if self.present:
            self.row.part()

    def echo(self) -> None:
        """Send back what comes in."""
        self.part()
        self._echoes = True
        if self.present:
            self.row.echo()

    def play(self, sound: Sound, on_end: OnEnd | None = None) -> None:
        """Play toward the leg, once it has the row."""
        before, self._playing = self._playing, _Play(sound, on_end)
        if self.present:
            self._begin(self._playing)
        elif before is not None:
            before.end(SoundEnd.STOPPED)

    def stop(self) -> None:
        """Stop playing."""
        playing, self._playing = self._playing, None
        if self.present:
            self.row.stop()
        elif playing is not None:
            playing.end(SoundEnd.STOPPED)

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> None:
        """Send DTMF toward the leg; nobody hears it while it is laid aside."""
        if self.present:
            self.row.send_digits(digits, duration, gap)

    def detect_digits(self, on: bool) -> None:
        """Look for DTMF tones in what comes in."""
        if self.present:
            self.row.detect_digits(on)

    def detect_fax(self, on: bool) -> None:
        """Look for the tones of fax machines in what comes in."""
        if self.present:
            self.row.detect_fax(on)

    def carry_voiceband(self, on: bool) -> None:
        """Carry the signals of modems; a call that is laid aside has none."""
        if self.present:
            self.row.carry_voiceband(on)

    def cancel_echo(self, tail: int) -> None:
        """The echo is that of the line."""
        self.row.cancel_echo(tail)

    def capture(self, seconds: float) -> Capture:
        """Start to keep what comes in."""
        return self._muted(self.row.capture(seconds))

    def tap(
        self,
        side: Side,
        seconds: float,
        *,
        rate: int = 8000,
        joined: bool = False,
        gain_in: float = 0.0,
        gain_out: float = 0.0,
    ) -> Capture:
        """Start to keep both sides or one."""
        return self._muted(
            self.row.tap(side, seconds, rate=rate, joined=joined, gain_in=gain_in, gain_out=gain_out)
        )

    def stats(self) -> AudioStats:
        """The row's counters."""
        return self.row.stats()

    def seated(self, seat: Seat) -> None:
        """It was given a seat in a room, which it leaves empty while it is laid aside."""
        self._seats[seat] = seat.manner
        if not self.present:
            seat.change(_AWAY)

    def got_up(self, seat: Seat) -> None:
        """That seat is empty."""
        self._seats.pop(seat, None)

    # Inside.

    def _muted(self, capture: Capture) -> _Muted:
        """A capture of this call alone."""
        self._kept = [kept for kept in self._kept if not kept.ended]
        muted = _Muted(capture, self)
        self._kept.append(muted)
        return muted

    def _connect(self) -> None:
        peer = self._peer
        if peer is None:
            return
        if self._room is not None and not self.present:
            self._place = [self._room.sit(self.row, _LINE)]
            self._place.append(self._room.sit(peer, _THIRD))
        elif not self.present:
            return
        elif not isinstance(peer, Appearance):
            self.row.join(peer)
        elif peer.present:
            self.row.join(peer.row)

    def _get_up(self) -> None:
        for seat in self._place:
            seat.leave()
        self._place = []

    def _forget_peer(self) -> None:
        peer, self._peer = self._peer, None
        if isinstance(peer, Appearance):
            peer._get_up()
            peer._peer = None

    def _begin(self, playing: _Play) -> None:
        begun = playing.round

        def ended(how: SoundEnd) -> None:
            if playing.round != begun:
                return  # laid aside meanwhile: it begins anew
            if self._playing is playing:
                self._playing = None
            playing.end(how)

        self.row.play(playing.sound, ended)
