"""Levels of a port in dB, as the tables that DAHDI wants: each G.711 octet and what it becomes (SETGAINS)."""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.core.codec import Encoding
from gateway.media import g711

__all__ = ["UNCHANGED", "gain_table"]

UNCHANGED: Final = bytes(range(256))
"""The table of 0 dB, which every open restores."""


def gain_table(encoding: Encoding, gain: float) -> bytes:
    """What each of the 256 octets of a law becomes when it is made louder by `gain` dB.

    What would be louder than the law can say is said as loudly as it can.

    Args:
        encoding: mu-law or A-law.
        gain: dB; 0 changes nothing at all.
    """
    if not gain:
        return UNCHANGED
    louder = g711.decode(UNCHANGED, encoding) * 10 ** (gain / 20)
    return g711.encode(np.clip(np.rint(louder), -32768, 32767).astype(np.int16), encoding)
