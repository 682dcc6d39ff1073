"""The answer tone of modems and fax machines, 2100 Hz, and its phase reversals, as a compiled stage.

ITU-T V.25 answer tone (CED) with or without reversals every 450 ms, V.8 ANSam. What hears it must get out of the
way: reversals disable an echo canceller (G.168 7), the plain tone its non-linear processor. In go frames of 160
samples at 8000 Hz; the state is one record that the caller owns.

How: the tone's amplitude and phase over every 5 ms. It is there while it holds most of the energy. Between pieces
10 ms apart it turns by whole periods, and by the same small angle again and again where it is off its frequency; a
reversal is a turn against that.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.media.level import peak

__all__ = ["ANSWER_TONE_STATE", "NONE", "PLAIN", "REVERSING", "answer_tone"]

NONE: Final = 0
PLAIN: Final = 1
"""The tone has been heard for long enough."""
REVERSING: Final = 2
"""It reverses its phase as a modem's does."""

_PIECE: Final = 40
_PIECES: Final = 4
"""Pieces in a frame of 20 ms."""
_TURN: Final = 2 * np.pi * 2100 * np.arange(_PIECE) / 8000
_COS: Final = np.cos(_TURN)
_SIN: Final = np.sin(_TURN)
_FLOOR: Final = float(_PIECE * peak(-33.0) ** 2 / 2)
"""Energy of a piece of the weakest tone taken: G.168 7.2 wants -31 dBm0 recognised."""
_SHARE: Final = 0.75
"""Least part of the energy that the tone holds; ANSam's 15 Hz sidebands and a noisy line leave it 0.9."""
_SURE: Final = 65
"""Pieces of tone (325 ms) that are no speech: V.25 has 400 ms at least between its beginning and a reversal."""
_APART: Final = 80
"""Pieces (400 ms) between two reversals; V.25: 450 ms, 25 more or less."""
_MISSES: Final = 3
"""Pieces without tone that end it; a reversal spoils one or two."""

ANSWER_TONE_STATE: Final = np.dtype(
    [
        ("re", np.float64, 4),  # the tone in the last four pieces, the newest first
        ("im", np.float64, 4),
        ("held", np.int64),  # pieces for which it has held
        ("misses", np.int64),
        ("since_reversal", np.int64),  # pieces
        ("heard", np.int64),  # NONE, PLAIN or REVERSING
    ],
    align=True,
)
"""State of one listener; zeros are a fresh one."""


@njit(nogil=True)
def _piece(state: Any, re: float, im: float, there: bool) -> None:
    for k in range(3, 0, -1):
        state["re"][k], state["im"][k] = state["re"][k - 1], state["im"][k - 1]
    state["re"][0], state["im"][0] = re, im
    state["since_reversal"] += 1
    if not there:
        state["misses"] += 1
        if state["misses"] >= _MISSES:
            state["held"] = 0
            state["heard"] = NONE
        return
    state["misses"] = 0
    state["held"] += 1
    if state["held"] < _SURE:
        return
    state["heard"] = max(state["heard"], PLAIN)
    # How the tone has turned within 10 ms now, against how it turned within the 10 ms before.
    now_re = re * state["re"][2] + im * state["im"][2]
    now_im = im * state["re"][2] - re * state["im"][2]
    before_re = state["re"][1] * state["re"][3] + state["im"][1] * state["im"][3]
    before_im = state["im"][1] * state["re"][3] - state["re"][1] * state["im"][3]
    if now_re * before_re + now_im * before_im < 0.0 and state["since_reversal"] >= _APART:
        state["since_reversal"] = 0
        state["heard"] = REVERSING


@njit(nogil=True)
def answer_tone(state: Any, samples: NDArray[Any]) -> int:
    """Feed a frame of 160 samples.

    Args:
        state: a record of ANSWER_TONE_STATE.
        samples: of any type of number, on the int16 scale.

    Returns:
        NONE, PLAIN or REVERSING: what is heard at its end. REVERSING is told until the tone ends.
    """
    for piece in range(_PIECES):
        re = im = energy = 0.0
        for k in range(_PIECE):
            sample = float(samples[piece * _PIECE + k])
            energy += sample * sample
            re += sample * _COS[k]
            im += sample * _SIN[k]
        if piece % 2:  # ten and a half periods in a piece
            re, im = -re, -im
        tone = (re * re + im * im) * 2.0 / _PIECE
        _piece(state, re, im, energy > _FLOOR and tone > _SHARE * energy)
    return int(state["heard"])
