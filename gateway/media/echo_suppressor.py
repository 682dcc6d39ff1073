"""What an echo canceller's filter leaves, replaced by comfort noise while the far side talks alone (G.168 3.13, 8).

In go a frame of 160 samples of residue with what the filter knows of it, out comes the frame that is to be heard.
A frame is residue where it is no louder than the filter has left of such an echo before; before anything is known
of the line, where it is as weak as an echo behind a hybrid's 6 dB at least. The noise has the level of the line
behind it, so that nobody hears the line go dead.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.media.level import peak

__all__ = ["SUPPRESSOR_STATE", "suppress"]

FRAME: Final = 160
_ACTIVE: Final = float(FRAME * peak(-46.0) ** 2 / 2)
"""Energy of a frame of far speech that can be heard as an echo."""
_LOUDEST_NOISE: Final = float(FRAME * peak(-40.0) ** 2 / 2)
_FADE: Final = 40
"""Samples (5 ms) in which the near side is let through; it is silenced over a whole frame."""
_HOLD: Final = 5
"""Frames (100 ms) for which the near side is let through after it was heard: ends of words are weak."""
_MARGIN: Final = 4.0
"""How much louder than usual (6 dB) the residue of an echo may be."""
_WORST_LEAK: Final = 0.25
_KNOWN_LEAK: Final = 0.06
_LINGERS: Final = 0.7
"""What is left of an echo estimate from frame to frame: an echo's tail is not always in the estimate."""
_LINE_FADES: Final = 0.6
"""What counts of the far side from frame to frame: from loud speech to nothing in 300 ms, longer than any tail."""
_HYBRID: Final = 0.25
"""Least loss of a hybrid, 6 dB (G.168 6.2)."""

SUPPRESSOR_STATE: Final = np.dtype(
    [
        ("off", np.int64),
        ("far", np.float64),  # energies of a frame: far side's of late, the estimated echo's, the line's noise
        ("echo", np.float64),
        ("noise", np.float64),
        ("leak", np.float64),  # part of an echo that the filter leaves; 0: not known yet
        ("held", np.int64),  # frames for which the near side is still let through
        ("gain", np.float64),  # how far it was closed at the end of the last frame: 0 open, 1 closed
        ("random", np.int64),
    ],
    align=True,
)
"""State of one suppressor; zeros are a fresh one."""


@njit(nogil=True)
def _is_residue(state: Any, left: float) -> bool:
    if state["far"] < _ACTIVE:
        return False
    if state["leak"] == 0.0 or state["leak"] > _KNOWN_LEAK:
        return bool(left < _HYBRID * state["far"])
    return bool(left < _MARGIN * state["leak"] * state["echo"] + 2.0 * state["noise"])


@njit(nogil=True)
def _follow(state: Any, far: float, echo: float, left: float) -> None:
    """Learn the noise of the line and what the filter usually leaves."""
    state["far"] = max(far, _LINE_FADES * state["far"])
    state["echo"] = max(echo, _LINGERS * state["echo"])
    if state["noise"] == 0.0 or left < state["noise"]:
        state["noise"] = 0.7 * state["noise"] + 0.3 * min(left, _LOUDEST_NOISE) + 1e-3
    else:
        state["noise"] = min(1.01 * state["noise"], _LOUDEST_NOISE)
    if echo > _ACTIVE:
        leak = min(_WORST_LEAK, max(left / echo, 1e-6))
        if state["leak"] == 0.0:
            state["leak"] = _WORST_LEAK
        # Quick to believe that the filter has become better; that it has become worse may be double talk.
        state["leak"] = (
            0.8 * state["leak"] + 0.2 * leak if leak < state["leak"] else min(1.01 * state["leak"], leak)
        )


@njit(nogil=True)
def suppress(state: Any, residue: NDArray[np.float32], far: float, echo: float, left: float, allowed: bool) -> None:
    """Suppress a frame, in place, if it is nothing but residue.

    Args:
        state: a record of SUPPRESSOR_STATE.
        residue: what the filter has left.
        far, echo, left: energies of what was sent, of the echo that the filter took out, of the residue.
        allowed: whether it may act at all.
    """
    _follow(state, far, echo, left)
    closing = allowed and state["off"] == 0 and _is_residue(state, left)
    if not closing and state["far"] >= _ACTIVE:
        state["held"] = _HOLD
    elif closing and state["held"] > 0:
        state["held"] -= 1
        closing = False
    target = 1.0 if closing else 0.0
    shut = state["gain"]
    if shut == 0.0 and target == 0.0:
        return
    step = (target - shut) / (FRAME if closing else _FADE)
    amplitude = math.sqrt(3.0 * state["noise"] / FRAME)
    random = state["random"]
    for k in range(FRAME):
        shut = min(1.0, max(0.0, shut + step))
        random = (random * 1103515245 + 12345) & 0x7FFFFFFF
        noise = amplitude * (random / 1073741824.0 - 1.0)
        residue[k] = np.float32((1.0 - shut) * residue[k] + shut * noise)
    state["random"] = random
    state["gain"] = target
