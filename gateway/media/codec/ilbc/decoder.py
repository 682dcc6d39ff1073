"""The decoder of iLBC (clause 4), without the enhancer of its clause 4.6, which is the listener's choice.

A frame that is none (its last bit is set, or it tells of a block that is not there) is silence here: what conceals
a loss is the jitter buffer, which knows of all of them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.codec.ilbc.excitation import put_state, put_the_rest, rows_as_searched
from gateway.media.codec.ilbc.parts import (
    BLOCK,
    ORDER,
    STATE,
    Floats,
    copy,
    filters_of,
    keep_apart,
    short_of,
)
from gateway.media.codec.ilbc.tables import LSF_CODEBOOKS, POST_POLES, POST_ZEROS
from gateway.media.compiled import stage

__all__ = ["DECODER_STATE", "decode"]

_FIRST_LSF, _MIDDLE_LSF, _LAST_LSF = LSF_CODEBOOKS

_LOUDEST: Final = 262144.0
"""Beyond it the frames of an encoder never come; a filter that hostile ones make may."""

DECODER_STATE: Final = [
    ("synthesis", np.float64, ORDER),  # syntMem
    ("post", np.float64, 4),  # hpomem
]


@stage
def _unpack(data: NDArray[np.uint8], bits: NDArray[np.int64], fields: NDArray[np.int64]) -> None:
    """Read the bits of every field (clause 3.8)."""
    at = 0
    for importance in range(3):
        for k in range(len(fields)):
            for _ in range(bits[k, importance]):
                fields[k] = (fields[k] << 1) | ((int(data[at >> 3]) >> (7 - (at & 7))) & 1)
                at += 1


@stage
def _spectrum_said(fields: NDArray[np.int64], at: int, said: Floats) -> None:
    copy(_FIRST_LSF[fields[at]], 0, said, 0, 3, False)
    copy(_MIDDLE_LSF[fields[at + 1]], 0, said, 3, 3, False)
    copy(_LAST_LSF[fields[at + 2]], 0, said, 6, 4, False)
    keep_apart(said)


@stage
def _synthesis(state: Any, work: Any, blocks: int) -> None:
    """Write the filter of every block (clause 4.1)."""
    analyses = 2 if blocks == 6 else 1
    said = work["said"]
    copy(state["said_spectrum"], 0, said[0], 0, ORDER, False)
    for k in range(analyses):
        _spectrum_said(work["fields"], 3 * k, said[k + 1])
    copy(said[analyses], 0, state["said_spectrum"], 0, ORDER, False)
    filters_of(said, blocks, work["halves"], work["synthesis"])


@stage
def _sound(state: Any, heard: Floats, synthesis: Floats, out: Samples) -> None:
    """Excite the filters, and take out what lies below speech (clauses 4.7, 4.8)."""
    memory, post = state["synthesis"], state["post"]
    for n in range(len(heard)):
        y = heard[n]
        for i in range(1, ORDER + 1):
            y -= synthesis[n // BLOCK, i] * (heard[n - i] if i <= n else memory[ORDER + n - i])
        if not -_LOUDEST < y < _LOUDEST:
            y = 0.0
        heard[n] = y
        z = POST_ZEROS[0] * y + POST_ZEROS[1] * post[0] + POST_ZEROS[2] * post[1]
        z -= POST_POLES[1] * post[2] + POST_POLES[2] * post[3]
        post[1], post[0] = post[0], y
        post[3], post[2] = post[2], z
        out[n] = np.int16(min(max(np.floor(z + 0.5), -32768.0), 32767.0))
    copy(heard, len(heard) - ORDER, memory, 0, ORDER, False)


@stage
def decode(
    state: Any, work: Any, data: NDArray[np.uint8], octets: int, bits: NDArray[np.int64], out: Samples
) -> None:
    """Decode a frame of 38 or 50 `octets` into the 160 or 240 samples of `out`.

    Args:
        work: An ILBC_SCRATCH.
    """
    blocks = len(out) // BLOCK
    short = short_of(blocks)
    fields = work["fields"][: len(bits)]
    fields[:] = 0
    _unpack(data, bits, fields)
    at = 6 if blocks == 6 else 3
    place = fields[at] - 1
    heard = work["heard"][: len(out)]
    if data[octets - 1] & 1 or not 0 <= place < blocks - 1:
        for n in range(len(out)):
            out[n] = 0
        return
    is_early = fields[at + 1] != 0
    _synthesis(state, work, blocks)
    synthesis = work["synthesis"]
    start = place * BLOCK if is_early else place * BLOCK + STATE - short
    rows_as_searched(fields, at + 3 + short)
    put_state(work, at + 2, short, synthesis[place], start)
    put_the_rest(work, heard, at + 3 + short, place, is_early, False)
    _sound(state, heard, synthesis, out)
