"""What fax machines and modems give themselves away by, heard by a compiled stage: CNG, CED and the V.21 preamble.

ITU-T T.30: a calling machine sends 1100 Hz for half a second every three (CNG); an answering one 2100 Hz (CED,
V.25, with phase reversals where it is a modem), then flags at 300 bit/s (V.21 channel 2, 1650 and 1850 Hz) before
its first frame. In go samples at 8000 Hz in pieces of any size; the state is one record that
the caller owns.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import entry, stage
from gateway.media.level import peak

__all__ = ["ANSWER", "CALLING", "FAX_STATE", "PREAMBLE", "detect_fax"]

CALLING: Final = 1
ANSWER: Final = 2
PREAMBLE: Final = 3

_PIECE: Final = 40
"""Samples (5 ms) that are judged as tone or none."""
_TIME: Final = 2 * np.pi * np.arange(_PIECE) / 8000
_COS: Final = np.cos(np.outer([1100.0, 2100.0], _TIME))
_SIN: Final = np.sin(np.outer([1100.0, 2100.0], _TIME))
_FLOOR: Final = float(peak(-40.0) ** 2 / 2)
"""Power of the weakest sound that is looked at; T.30 sends at -9 to -15 dBm, lines lose 20 dB at most."""
_SHARE: Final = 0.8
_LONG_ENOUGH: Final = (70, 60)
"""Pieces of CNG (350 of its 425 ms) and of CED (300 ms of 2.6 s) that are no speech and no other tone."""
_GAP: Final = 3
"""Pieces of something else that end a tone; a phase reversal spoils one or two."""

_BIT: Final = 27
"""Samples of a bit (26.7)."""
_CYCLE: Final = 160
"""Samples after which both frequencies of V.21 have made whole periods."""
_V21: Final = 2 * np.pi * np.outer([1650.0, 1850.0], np.arange(_CYCLE)) / 8000
_V21_COS: Final = np.cos(_V21)
_V21_SIN: Final = np.sin(_V21)
_CARRIER: Final = 0.5
"""Least part of a bit's energy in the stronger of the two frequencies."""
_ONES: Final = (132, 190)
"""Samples of the six ones of a flag."""
_ZEROS: Final = (12, 75)
"""Samples of the one or two zeros between the ones of two flags."""
_FLAGS: Final = 7
"""Flags in a row that are a preamble (190 ms of a second)."""

FAX_STATE: Final = np.dtype(
    [
        ("re", np.float64, 2),  # of the two tones in the piece under way
        ("im", np.float64, 2),
        ("energy", np.float64),
        ("filled", np.int64),
        ("held", np.int64, 2),  # pieces for which each tone has held
        ("missed", np.int64, 2),
        ("phase", np.int64),  # of the oscillators of V.21
        ("place", np.int64),  # in the rings of a bit's length
        ("ring_re", np.float64, (2, _BIT)),
        ("ring_im", np.float64, (2, _BIT)),
        ("ring_power", np.float64, _BIT),
        ("sum_re", np.float64, 2),
        ("sum_im", np.float64, 2),
        ("sum_power", np.float64),
        ("bit", np.int64),  # 0, 1, or -1 where there is no carrier
        ("run", np.int64),  # samples for which it has been so
        ("flags", np.int64),
    ],
    align=True,
)
"""State of one listener; zeros are a fresh one."""


@stage
def _close_piece(state: Any) -> int:
    """Judge 5 ms: CALLING or ANSWER where that tone has just been heard for long enough, else 0."""
    told = 0
    for tone in range(2):
        power = (state["re"][tone] ** 2 + state["im"][tone] ** 2) * 2.0 / _PIECE
        if state["energy"] > _FLOOR * _PIECE and power > _SHARE * state["energy"]:
            state["held"][tone] += 1
            state["missed"][tone] = 0
            if state["held"][tone] == _LONG_ENOUGH[tone]:
                told = tone + 1
        else:
            state["missed"][tone] += 1
            if state["missed"][tone] >= _GAP:
                state["held"][tone] = 0
        state["re"][tone] = 0.0
        state["im"][tone] = 0.0
    state["energy"] = 0.0
    state["filled"] = 0
    return told


@stage
def _next_bit(state: Any, sample: float) -> int:
    """Follow the 300 bit/s carrier by a sample; the bit that is heard, or -1."""
    phase = state["phase"]
    place = state["place"]
    state["phase"] = (phase + 1) % _CYCLE
    state["place"] = (place + 1) % _BIT
    state["sum_power"] += sample * sample - state["ring_power"][place]
    state["ring_power"][place] = sample * sample
    for tone in range(2):
        re, im = sample * _V21_COS[tone, phase], sample * _V21_SIN[tone, phase]
        state["sum_re"][tone] += re - state["ring_re"][tone][place]
        state["sum_im"][tone] += im - state["ring_im"][tone][place]
        state["ring_re"][tone][place] = re
        state["ring_im"][tone][place] = im
    mark = state["sum_re"][0] ** 2 + state["sum_im"][0] ** 2
    space = state["sum_re"][1] ** 2 + state["sum_im"][1] ** 2
    carrier = max(mark, space) * 2.0 / _BIT
    if state["sum_power"] < _FLOOR * _BIT or carrier < _CARRIER * state["sum_power"]:
        return -1
    return 1 if mark > space else 0


@stage
def _follow_bits(state: Any, sample: float) -> int:
    """PREAMBLE where enough flags have just been heard in a row, else 0."""
    bit = _next_bit(state, sample)
    if bit == state["bit"]:
        state["run"] += 1
        return 0
    ended, length = state["bit"], state["run"]
    state["bit"], state["run"] = bit, 1
    if bit < 0 and length > 0 and state["flags"] > 0:
        return 0  # within a transition the carrier is weak for a few samples
    if ended < 0:
        if length > _BIT:
            state["flags"] = 0
        return 0
    if ended == 1 and _ONES[0] <= length <= _ONES[1]:
        state["flags"] += 1
        return PREAMBLE if state["flags"] == _FLAGS else 0
    if not (ended == 0 and _ZEROS[0] <= length <= _ZEROS[1]):
        state["flags"] = 0
    return 0


@entry
def detect_fax(state: Any, samples: NDArray[np.int16], count: int) -> int:
    """Feed `count` samples.

    Returns:
        CALLING, ANSWER or PREAMBLE when that has just been recognised, once a tone or preamble; else 0.
    """
    told = 0
    for k in range(count):
        sample = float(samples[k])
        at = state["filled"]
        for tone in range(2):
            state["re"][tone] += sample * _COS[tone, at]
            state["im"][tone] += sample * _SIN[tone, at]
        state["energy"] += sample * sample
        state["filled"] = at + 1
        told = max(told, _follow_bits(state, sample))
        if state["filled"] == _PIECE:
            told = max(told, _close_piece(state))
    return told
