"""iLBC as other code uses it: one function of C for both ways, and the state of either."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numba import types
from numba.np.numpy_support import carray

from gateway.media.codec.ilbc.decoder import DECODER_STATE, decode
from gateway.media.codec.ilbc.encoder import ENCODER_STATE, encode
from gateway.media.codec.ilbc.parts import ORDER
from gateway.media.codec.ilbc.scratch import ILBC_SCRATCH
from gateway.media.codec.ilbc.tables import BITS_20_MS, BITS_30_MS, MEAN_LSF
from gateway.media.compiled import callback, checksum
from gateway.media.pointers import int16_at, record_of, uint8_at

__all__ = ["IlbcState", "ilbc"]

_STATE: Final = np.dtype(
    [("is_decoder", np.int64), ("said_spectrum", np.float64, ORDER), *ENCODER_STATE, *DECODER_STATE], align=True
)
_state_at: Final = record_of(_STATE)
_scratch_at: Final = record_of(ILBC_SCRATCH)
_SHORT: Final = 38
_LONG: Final = 50


def _callback(fingerprint: int) -> Any:
    word = types.int64

    @callback(types.int32(word, word, word, word, word, word, word))
    def ilbc(state: int, source: int, count: int, out: int, work: int, sixth: int, seventh: int) -> int:
        """Code one frame.

        Args:
            state: Address of an `IlbcState`, which says which way.
            source, count: Samples and their number (160 or 240), or octets and theirs (38 or 50).
            out: Where octets or samples go.
            work: Address of an ILBC_SCRATCH, which no other coder uses meanwhile.
            sixth, seventh: Nothing; functions of other codecs have them.

        Returns:
            Octets or samples written; -1 for another number of them.
        """
        coder = _state_at(state, 0)
        is_long = count == 240 or count == _LONG
        if not is_long and count != 160 and count != _SHORT:
            return fingerprint if fingerprint < 0 else -1
        bits = BITS_30_MS if is_long else BITS_20_MS
        samples = 240 if is_long else 160
        octets = _LONG if is_long else _SHORT
        scratch = _scratch_at(work, 0)
        if coder["is_decoder"] != 0:
            coded, heard = carray(uint8_at(source), (octets,)), carray(int16_at(out), (samples,))
            decode(coder, scratch, coded, octets, bits, heard)
            return samples
        encode(coder, scratch, carray(int16_at(source), (samples,)), bits, carray(uint8_at(out), (octets,)), octets)
        return octets

    return ilbc


ilbc: Final = _callback(checksum(sorted(Path(__file__).parent.glob("*.py"))))


class IlbcState:
    """What one direction of a stream keeps from frame to frame.

    Attributes:
        address: of it, for compiled code; good as long as this object lives.
    """

    def __init__(self, *, is_decoder: bool) -> None:
        self._record = np.zeros(1, _STATE)
        self._record["is_decoder"] = is_decoder
        self._record["spectrum"] = self._record["said_spectrum"] = MEAN_LSF
        self.address = int(self._record.ctypes.data)
