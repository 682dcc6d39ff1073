"""Where frames of iLBC are worked out: one record, for one coder after the other; nothing else is allocated."""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.media.codec.ilbc.parts import BLOCK, ORDER, STATE

__all__ = ["ILBC_SCRATCH", "LONGEST", "MEMORY", "ROWS"]

LONGEST: Final = 240
"""Samples of a frame."""
MEMORY: Final = 147
"""Samples of which the pieces of a block are taken."""
ROWS: Final = 256
"""Most rows of a codebook."""
_BLOCKS: Final = LONGEST // BLOCK
_FIELDS: Final = 97
"""Of a frame of 30 ms; one of 20 ms has 81."""

ILBC_SCRATCH: Final = np.dtype(
    [
        ("fields", np.int64, _FIELDS),
        ("data", np.float64, LONGEST),  # a frame that came in, without what lies below speech
        ("windowed", np.float64, LONGEST),
        ("correlation", np.float64, ORDER + 1),
        ("predictor", np.float64, ORDER + 1),
        ("shorter", np.float64, ORDER + 1),  # the predictor of one order less
        ("halves", np.float64, (2, ORDER + 1)),
        ("true", np.float64, (3, ORDER)),  # spectra of the last frame and of this one
        ("said", np.float64, (3, ORDER)),
        ("synthesis", np.float64, (_BLOCKS, ORDER + 1)),
        ("weighting", np.float64, (_BLOCKS, ORDER + 1)),
        ("residual", np.float64, LONGEST),
        ("heard", np.float64, LONGEST),
        ("state", np.float64, STATE),
        ("flat", np.float64, 2 * STATE),
        ("memory", np.float64, MEMORY),
        ("filtered", np.float64, MEMORY),
        ("line", np.float64, MEMORY + BLOCK),
        ("target", np.float64, BLOCK),
        ("told", np.float64, BLOCK),
        ("piece", np.float64, BLOCK),
        ("book", np.float64, (ROWS, BLOCK)),
    ],
    align=True,
)
