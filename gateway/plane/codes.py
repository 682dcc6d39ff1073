"""How encodings are written in a row, as numbers whose order says how they are worked."""

from __future__ import annotations

from typing import Final

from gateway.core.codec import Encoding

__all__ = [
    "AMR",
    "AMR_ALIGNED",
    "AMR_WIDE",
    "AMR_WIDE_ALIGNED",
    "CODES",
    "DVI4",
    "FRAMED",
    "G722",
    "G723",
    "G729",
    "GSM",
    "ILBC_20",
    "ILBC_30",
    "NATIVE",
    "OPUS",
    "SPEEX",
    "SPEEX_WIDE",
]

CODES: Final = {
    Encoding.PCMU: 0,
    Encoding.PCMA: 1,
    Encoding.L16: 2,
    Encoding.G722: 4,
    # The two lowest bits are two less than those of a code, the third says that the earlier is in the upper bits.
    Encoding.G726_16: 8,
    Encoding.G726_24: 9,
    Encoding.G726: 10,
    Encoding.G726_40: 11,
    Encoding.AAL2_G726_16: 12,
    Encoding.AAL2_G726_24: 13,
    Encoding.AAL2_G726: 14,
    Encoding.AAL2_G726_40: 15,
    Encoding.DVI4: 16,
    Encoding.GSM: 17,
    Encoding.G723: 18,
    Encoding.G729: 19,
    Encoding.OPUS: 20,
    Encoding.ILBC: 21,
    Encoding.SPEEX: 23,
    Encoding.AMR: 25,
    Encoding.AMR_WB: 27,
}
"""How an encoding is written in a row; 2 is L16 in network order."""
G722: Final = CODES[Encoding.G722]
FRAMED: Final = CODES[Encoding.G726_16]
"""From here on, codings of which a packet is coded as a whole (framed.py)."""
DVI4: Final = CODES[Encoding.DVI4]
GSM: Final = CODES[Encoding.GSM]
"""From here on, by coders outside the loop."""
G723: Final = CODES[Encoding.G723]
G729: Final = CODES[Encoding.G729]
OPUS: Final = CODES[Encoding.OPUS]
ILBC_30: Final = CODES[Encoding.ILBC]
ILBC_20: Final = 22
SPEEX: Final = CODES[Encoding.SPEEX]
SPEEX_WIDE: Final = 24
AMR: Final = CODES[Encoding.AMR]
AMR_ALIGNED: Final = 26
AMR_WIDE: Final = CODES[Encoding.AMR_WB]
AMR_WIDE_ALIGNED: Final = 28
NATIVE: Final = 3
"""L16 in the machine's own order, as frame descriptors carry it."""
