"""The 1200 baud FSK modem of caller ID: messages to samples, samples to messages that verify.

Sending: channel seizure, mark, the message in asynchronous characters, mark; phase-continuous.
Receiving: two complex matched filters of one bit, their difference of magnitudes as the soft bit, characters timed
by the edge of each start bit. In go samples at 8000 Hz in pieces of any size; noise and speech give nothing.
Sources: GR-30-CORE (Bell 202), ETSI EN 300 659-1 (V.23). What the messages say is in `gateway.media.caller_id`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.errors import LocalError, MalformedError
from gateway.media.caller_id import verify
from gateway.media.level import peak

__all__ = ["Demodulator", "Receiver", "Standard", "modulate"]

_RATE: Final = 8000
_BAUD: Final = 1200
_BIT: Final = _RATE / _BAUD

_LEVEL: Final = -13.5
"""dBm0 sent: GR-30's typical level; ETSI's -13.5 dBV is about that on 600 ohms."""
_SEIZURE: Final = 300
"""Bits of alternating 0 and 1, from 0."""
_MARK_BEFORE: Final = 180
"""Bits of mark between the seizure and the message."""
_MARK_OFF_HOOK: Final = 80
"""The same for a waiting call, which has no seizure (GR-30: 80, 25 more or less)."""
_MARK_AFTER: Final = 60
"""Bits (50 ms) of mark after the message: receivers need the last stop bit to be followed by something."""
_MAX_MESSAGE: Final = 258
"""Octets: type, length, 255 of data, checksum."""

_HUNT: Final = 30
"""Bits of unbroken mark before the first character: BT sends 55, and no message holds more than 9 in a row."""
_MARK_BETWEEN: Final = 25
"""Bits of mark allowed between characters; GR-30 allows 10."""
_TYPES: Final = frozenset((0x04, 0x06, 0x80, 0x81, 0x82, 0x86, 0x89))
"""Message types in use; a first character that is none of them is noise."""
_WEAKEST: Final = peak(-47.0)
"""Amplitude under which there is no carrier: 7 dB below the weakest spill to be read, -40 dBm0."""
_PIECE: Final = 512
"""Samples looked at together: soft bits are searched from their beginning at every edge, so they are kept few."""
_PREFILTER: Final = 33
"""Taps of the band-pass that keeps hum and the end of ringing out."""


@dataclass(frozen=True, slots=True)
class _Modem:
    name: str
    mark: int
    space: int


class Standard(Enum):
    """A modem: frequencies in Hz of mark (1) and space (0)."""

    BELL_202 = _Modem("Bell 202", 1200, 2200)
    V23 = _Modem("V.23", 1300, 2100)


def modulate(message: bytes, standard: Standard, level: float = _LEVEL, *, off_hook: bool = False) -> Samples:
    """The spill that carries a message.

    Args:
        message: from its type to its checksum.
        level: dBm0.
        off_hook: for a telephone that is in use: without channel seizure, which only wakes one that is not.

    Raises:
        LocalError: the message is longer than any can be.
    """
    if len(message) > _MAX_MESSAGE:
        raise LocalError(f"a caller ID message of {len(message)} octets is longer than {_MAX_MESSAGE}")
    octets = np.unpackbits(np.frombuffer(message, np.uint8)[:, None], axis=1, bitorder="little")
    characters = np.pad(octets, ((0, 0), (1, 1)))
    characters[:, -1] = 1
    bits = np.concatenate(
        [
            np.arange(0 if off_hook else _SEIZURE) & 1,
            np.ones(_MARK_OFF_HOOK if off_hook else _MARK_BEFORE, np.int64),
            characters.ravel(),
            np.ones(_MARK_AFTER, np.int64),
        ]
    )
    turns = np.where(bits, standard.value.mark, standard.value.space) / _BAUD
    at_edges = np.concatenate([[0.0], np.cumsum(turns)])
    time = np.arange(int(len(bits) * _BIT))
    # Between edges the phase runs straight, so a bit edge between two samples is kept exactly.
    phase: NDArray[np.float64] = np.interp(time / _BIT, np.arange(len(at_edges)), at_edges)
    return np.round(peak(level) * np.sin(2 * np.pi * phase)).astype(np.int16)


class Demodulator:
    """Turns samples into soft bits: above zero where mark is stronger, below where space is, zero without carrier.

    Args:
        standard: the modem.

    Attributes:
        delay: samples by which a soft bit comes later than the middle of what it was made of.
    """

    def __init__(self, standard: Standard) -> None:
        self._mark = _matched(standard.value.mark)
        self._space = _matched(standard.value.space)
        self.delay: Final = (len(self._mark) - 1) // 2
        self._tail: NDArray[np.float64] = np.zeros(len(self._mark) - 1)

    def feed(self, samples: Samples) -> NDArray[np.float64]:
        """One soft bit for each sample."""
        signal = np.concatenate([self._tail, samples])
        self._tail = signal[len(signal) - len(self._mark) + 1 :]
        mark = np.abs(np.convolve(signal, self._mark, mode="valid"))
        space = np.abs(np.convolve(signal, self._space, mode="valid"))
        return np.where(np.maximum(mark, space) > _WEAKEST, mark - space, 0.0)


class Receiver:
    """Finds messages in samples.

    Args:
        standard: the modem that sends them.
    """

    def __init__(self, standard: Standard) -> None:
        self._demodulator = Demodulator(standard)
        self._soft: NDArray[np.float64] = np.zeros(0)
        self._message = bytearray()
        self._marked = 0

    def feed(self, samples: Samples) -> list[bytes]:
        """Take samples and return the messages that were completed in them and verify."""
        messages: list[bytes] = []
        for start in range(0, len(samples), _PIECE):
            messages += self._feed(samples[start : start + _PIECE])
        return messages

    def _feed(self, samples: Samples) -> list[bytes]:
        self._soft = np.concatenate([self._soft, self._demodulator.feed(samples)])
        return self._read()

    def _read(self) -> list[bytes]:
        """Take whole characters off the soft bits; what may belong to the next one stays."""
        messages: list[bytes] = []
        while True:
            start = self._next_start()
            if start is None:
                return messages
            # From the edge that begins the start bit to the middle of the stop bit, and one sample to interpolate.
            if start + int(9.5 * _BIT) + 2 > len(self._soft):
                self._drop_mark(int(start))
                return messages
            octet = self._character(start)
            self._soft = self._soft[int(start + 9.5 * _BIT) :]
            self._marked = 0
            if octet is None:
                self._message.clear()
                continue
            message = self._collect(octet)
            if message is not None:
                messages.append(message)

    def _next_start(self) -> float | None:
        """Where the next start bit's edge lies in the soft bits, a fraction of a sample exact; None if not yet.

        Drops what cannot matter any more, so that silence and mark are not looked at twice.
        """
        while len(self._soft):
            mark = self._soft > 0
            if mark.all():
                self._drop_mark(len(mark) - 1)
                return None
            end = int(np.argmin(mark))
            if self._marked + end > _MARK_BETWEEN * _BIT:
                self._message.clear()
            hunted = bool(self._message) or self._marked + end >= _HUNT * _BIT
            if end and hunted and self._soft[end] < 0:
                before, after = self._soft[end - 1], self._soft[end]
                return float(end - 1 + before / (before - after))
            # Silence, or a space that begins no character: go to where mark begins again.
            self._message.clear()
            self._marked = 0
            marks = np.flatnonzero(mark[end:])
            self._soft = self._soft[end + int(marks[0]) :] if len(marks) else self._soft[:0]
        return None

    def _drop_mark(self, count: int) -> None:
        """Let go of samples that are all mark, and remember that."""
        self._soft = self._soft[count:]
        self._marked += count

    def _character(self, start: float) -> int | None:
        """The octet whose start bit begins at `start`, or None where start or stop bit do not hold."""
        middles = start + (np.arange(10) + 0.5) * _BIT
        bits = np.interp(middles, np.arange(len(self._soft)), self._soft)
        if bits[0] >= 0 or bits[9] <= 0:
            return None
        return int(np.packbits(bits[1:9] > 0, bitorder="little")[0])

    def _collect(self, octet: int) -> bytes | None:
        """Add a character to the message under way; the message where it is now whole and verifies."""
        if not self._message and octet not in _TYPES:
            return None
        self._message.append(octet)
        if len(self._message) < 2 or len(self._message) < self._message[1] + 3:
            return None
        message = bytes(self._message)
        self._message.clear()
        try:
            verify(message)
        except MalformedError:
            return None
        return message


def _matched(frequency: int) -> NDArray[np.complex128]:
    """A filter whose output's magnitude is the amplitude of a bit of `frequency`, hum kept out."""
    place = np.arange(_PREFILTER) - _PREFILTER // 2
    band = 2 * 2700 / _RATE * np.sinc(2 * 2700 / _RATE * place) - 2 * 700 / _RATE * np.sinc(2 * 700 / _RATE * place)
    # One bit is 6.67 samples: seven, the outer ones counted for five sixths.
    weight = np.array([5 / 6, 1, 1, 1, 1, 1, 5 / 6]) / _BIT * 2
    bit = weight * np.exp(2j * np.pi * frequency * np.arange(7) / _RATE)
    return np.convolve(band * np.hamming(_PREFILTER), bit)
