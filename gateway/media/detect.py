"""DTMF heard in audio: a compiled stage for the media plane, and the same stage behind a class.

In go int16 samples at 8000 Hz in pieces of any size; out come digits as they begin and end. All state is one record
that the caller owns, so the stage allocates nothing and runs without the interpreter lock.

How: every 34 samples (4.25 ms) the last 102 are looked at, at the eight frequencies of ITU-T Q.23, by Goertzel sums
over the 34 that are turned and added. Such a window is a hit when one row and one column tone stand out, differ in
level by no more than Q.24 allows, and hold most of the energy. Seven hits in a row of one pair, during which the
phase of both tones drifts no faster than 2.5 % off-frequency allows, are a digit; six misses end it.
What follows from those counts (ITU-T Q.24 table A-1): 40 ms is enough (it fills six windows wholly and two or three
nearly), 23 ms is not (it reaches five), a pause of 30 ms is seen and an interruption of 10 ms is not.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.compiled import entry, stage

__all__ = ["DTMF_STATE", "DtmfReceiver", "detect_dtmf"]

_RATE: Final = 8000
_HOP: Final = 34
"""Samples between looks."""
_WINDOW: Final = 3 * _HOP
"""Samples looked at: 78 Hz between the zeros of a bin, narrow enough for the 73 Hz between the lowest rows."""
_HITS: Final = 7
"""Hits that make a digit."""
_MISSES: Final = 6
"""Misses (windows without the digit) that end one."""
_EDGES: Final = 48
"""Samples that a tone is longer than the way from its first to its last hit, less a hop: hits begin and end when
about three quarters of the window are filled."""

_FLOOR: Final = (226 * _WINDOW / 2) ** 2
"""Power of the weakest tone taken, -40 dBm0: Q.24 wants -25 accepted and (AT&T) -55 refused."""
_TWIST: Final = 10 ** (11 / 10)
"""Most that one group may seem to exceed the other: 8 dB, and what bins lose 1.5 % off their frequencies."""
_STANDS_OUT: Final = 10 ** (7.0 / 10)
"""Least by which a tone exceeds the others of its group."""
_SHARE: Final = 0.63
"""Least part of the window's energy that the two tones hold. Synthetic speech reaches 0.6 for 35 ms now and then;
0.65 would lose digits 8 dB twisted and 1.5 % off their frequencies."""
_OFF_FREQUENCY: Final = 0.025
"""Between the 1.5 % (NTT 1.8) that Q.24 wants accepted and the 3.5 % (3.0) that it wants refused."""

_FREQUENCIES: Final = np.array([697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0])
_STEP: Final = 2 * np.pi * _FREQUENCIES / _RATE
_COEFFICIENT: Final = 2 * np.cos(_STEP)
_COS: Final = np.cos(_STEP)
_SIN: Final = np.sin(_STEP)
_TURN_COS: Final = np.cos(_STEP * _HOP)
_TURN_SIN: Final = np.sin(_STEP * _HOP)
_DRIFT: Final = _OFF_FREQUENCY * _STEP * _HOP
"""Radians by which the phase of each tone may drift from look to look."""
_DIGITS: Final = np.frombuffer(b"123A456B789C*0#D", np.uint8).astype(np.int64)

DTMF_STATE: Final = np.dtype(
    [
        ("s1", np.float64, 8),  # Goertzel sums of the hop under way
        ("s2", np.float64, 8),
        ("re", np.float64, (2, 8)),  # the tones in the last two hops, seen from the beginning of the last one
        ("im", np.float64, (2, 8)),
        ("energy", np.float64, 3),  # of the last two hops and the one under way
        ("last_re", np.float64, 2),  # row and column tone of the last hit
        ("last_im", np.float64, 2),
        ("drift", np.float64, 2),  # radians that they have drifted since the first hit
        ("filled", np.int32),  # samples in the hop under way
        ("candidate", np.int32),  # pair of the last hit, 1..16, or 0
        ("hits", np.int32),  # in a row, of the candidate
        ("misses", np.int32),  # in a row, of the digit
        ("digit", np.int32),  # ASCII of the digit under way, or 0
        ("pair", np.int32),  # the pair that it is
        ("length", np.int32),  # samples from the first hit of the digit to this look
        ("duration", np.int32),  # samples that the last digit lasted
    ],
    align=True,
)
"""State of one receiver; zeros are a fresh one. `duration` is for readers, the rest is the stage's own."""


@stage
def _look(state: Any) -> int:
    """Close a hop and judge the window that it completes: the pair that is heard, 1..16, or 0 for a miss.

    Leaves the two tones' phase in `last_re`, `last_im` and adds to `drift` if the pair is the candidate.
    """
    total = state["energy"][0] + state["energy"][1] + state["energy"][2]
    row = 0
    row_power = row_re = row_im = row_next = 0.0
    column = 4
    column_power = column_re = column_im = column_next = 0.0
    for tone in range(8):
        s1 = state["s1"][tone]
        s2 = state["s2"][tone]
        state["s1"][tone] = 0.0
        state["s2"][tone] = 0.0
        # The sum over the hop as seen from its last sample; the older hops are turned to be seen from there too.
        re = s1 - s2 * _COS[tone]
        im = s2 * _SIN[tone]
        cos = _TURN_COS[tone]
        sin = _TURN_SIN[tone]
        old_re = state["re"][1][tone] * cos - state["im"][1][tone] * sin
        old_im = state["re"][1][tone] * sin + state["im"][1][tone] * cos
        oldest_re = state["re"][0][tone] * cos - state["im"][0][tone] * sin
        oldest_im = state["re"][0][tone] * sin + state["im"][0][tone] * cos
        state["re"][0][tone] = old_re
        state["im"][0][tone] = old_im
        state["re"][1][tone] = re
        state["im"][1][tone] = im
        re += old_re + oldest_re
        im += old_im + oldest_im
        power = re * re + im * im
        if tone < 4:
            if power > row_power:
                row_next = row_power
                row, row_power, row_re, row_im = tone, power, re, im
            elif power > row_next:
                row_next = power
        elif power > column_power:
            column_next = column_power
            column, column_power, column_re, column_im = tone, power, re, im
        elif power > column_next:
            column_next = power
    state["energy"][0] = state["energy"][1]
    state["energy"][1] = state["energy"][2]
    state["energy"][2] = 0.0
    if (
        row_power < _FLOOR
        or column_power < _FLOOR
        or row_power > column_power * _TWIST
        or column_power > row_power * _TWIST
        or row_power < row_next * _STANDS_OUT
        or column_power < column_next * _STANDS_OUT
        or 2.0 * (row_power + column_power) < _SHARE * _WINDOW * total
    ):
        return 0
    pair = row * 4 + column - 4 + 1
    if pair == state["candidate"]:
        state["drift"][0] += _turned(state["last_re"][0], state["last_im"][0], row_re, row_im, row)
        state["drift"][1] += _turned(state["last_re"][1], state["last_im"][1], column_re, column_im, column)
    state["last_re"][0] = row_re
    state["last_im"][0] = row_im
    state["last_re"][1] = column_re
    state["last_im"][1] = column_im
    return pair


@stage
def _turned(last_re: float, last_im: float, re: float, im: float, tone: int) -> float:
    """Radians by which a tone has turned since the last look beyond what its frequency explains."""
    cos = _TURN_COS[tone]
    sin = _TURN_SIN[tone]
    expected_re = last_re * cos - last_im * sin
    expected_im = last_re * sin + last_im * cos
    return math.atan2(im * expected_re - re * expected_im, re * expected_re + im * expected_im)


@stage
def _judge(state: Any, pair: int, may_change: bool) -> int:
    """Count a look's result; what `detect_dtmf` returns comes from here. A change waits for `may_change`."""
    if pair != 0 and pair == state["candidate"]:
        state["hits"] += 1
    else:
        state["candidate"] = pair
        state["hits"] = 1 if pair != 0 else 0
        state["drift"][0] = 0.0
        state["drift"][1] = 0.0
    if state["digit"] != 0:
        state["length"] += _HOP
        if pair == state["pair"]:
            state["misses"] = 0
            return 0
        state["misses"] += 1
        if state["misses"] < _MISSES or not may_change:
            return 0
        digit = state["digit"]
        state["digit"] = 0
        state["duration"] = state["length"] - state["misses"] * _HOP + _EDGES
        return -int(digit)
    if state["hits"] < _HITS or not may_change:
        return 0
    steps = state["hits"] - 1
    row = (pair - 1) // 4
    column = (pair - 1) % 4 + 4
    if abs(state["drift"][0]) > steps * _DRIFT[row] or abs(state["drift"][1]) > steps * _DRIFT[column]:
        return 0
    state["digit"] = _DIGITS[pair - 1]
    state["pair"] = pair
    state["misses"] = 0
    state["length"] = state["hits"] * _HOP
    return int(state["digit"])


@entry
def detect_dtmf(state: Any, samples: NDArray[np.int16], count: int) -> int:
    """Feed `count` samples and say what has changed.

    At most one change is told a call; one that falls due after it in the same samples waits for the next call. No
    signal has two in a frame of 20 ms.

    Args:
        state: a record of DTMF_STATE.
        samples: int16 at 8000 Hz; the first `count` are taken.

    Returns:
        0 for nothing, the ASCII code of a digit that began, or minus that of the digit that ended; then
        `state["duration"]` is its length in samples.
    """
    result = 0
    s1 = state["s1"]
    s2 = state["s2"]
    position = 0
    while position < count:
        take = min(_HOP - state["filled"], count - position)
        energy = 0.0
        for index in range(position, position + take):
            sample = float(samples[index])
            energy += sample * sample
            for tone in range(8):
                s0 = sample + _COEFFICIENT[tone] * s1[tone] - s2[tone]
                s2[tone] = s1[tone]
                s1[tone] = s0
        state["energy"][2] += energy
        state["filled"] += take
        position += take
        if state["filled"] == _HOP:
            state["filled"] = 0
            change = _judge(state, _look(state), result == 0)
            if change != 0:
                result = change
    return result


class DtmfReceiver:
    """Hears digits in samples, for callers outside the media plane."""

    def __init__(self) -> None:
        self._state: NDArray[np.void] = np.zeros(1, DTMF_STATE)

    @property
    def digit(self) -> str:
        """The digit being heard now, or ""."""
        code = int(self._state[0]["digit"])
        return chr(code) if code else ""

    def feed(self, samples: Samples) -> list[tuple[str, float]]:
        """Take samples (8000 Hz) and return the digits that ended in them, each with its length in seconds."""
        ended = []
        for start in range(0, len(samples), _WINDOW):
            piece = np.ascontiguousarray(samples[start : start + _WINDOW], np.int16)
            change = detect_dtmf(self._state[0], piece, len(piece))
            if change < 0:
                ended.append((chr(-change), int(self._state[0]["duration"]) / _RATE))
        return ended
