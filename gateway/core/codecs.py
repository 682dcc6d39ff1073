"""The codecs by the names that a configuration uses, which are those of Asterisk: what is offered, and how.

A codec's payload type is the static one where RFC 3551 gives one, else the number under which we offer it. Which of
them a leg uses is its negotiation's to say (gateway.sdp.negotiate), how they are coded the media plane's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.core.codec import Codec, Encoding

__all__ = ["CODECS", "dearest_first"]

CODECS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        "ulaw": Codec(Encoding.PCMU, 0),
        "alaw": Codec(Encoding.PCMA, 8),
        "g722": Codec(Encoding.G722, 9),
        "slin": Codec(Encoding.L16, 96),
        "slin16": Codec(Encoding.L16, 118, 16000),
        "slin32": Codec(Encoding.L16, 102, 32000),
        "slin44": Codec(Encoding.L16, 11, 44100),
        "slin48": Codec(Encoding.L16, 103, 48000),
        "g726": Codec(Encoding.G726, 111),
        "g726aal2": Codec(Encoding.AAL2_G726, 112),
        "g726-16": Codec(Encoding.G726_16, 104),
        "g726-24": Codec(Encoding.G726_24, 105),
        "g726-40": Codec(Encoding.G726_40, 106),
        "g726aal2-16": Codec(Encoding.AAL2_G726_16, 120),
        "g726aal2-24": Codec(Encoding.AAL2_G726_24, 121),
        "g726aal2-40": Codec(Encoding.AAL2_G726_40, 122),
        "dvi4": Codec(Encoding.DVI4, 5),
        "dvi4wb": Codec(Encoding.DVI4, 6, 16000),
        "gsm": Codec(Encoding.GSM, 3),
        "g723": Codec(Encoding.G723, 4),
        "g729": Codec(Encoding.G729, 18),
        "ilbc": Codec(Encoding.ILBC, 97, parameters="mode=20"),
        "speex": Codec(Encoding.SPEEX, 110),
        "speex16": Codec(Encoding.SPEEX, 117, 16000),
        "amr": Codec(Encoding.AMR, 98),
        "amrwb": Codec(Encoding.AMR_WB, 99, 16000),
        "opus": Codec(Encoding.OPUS, 107, 48000),
    }
)

KEPT: Final = 256
"""Orders that are kept: most offices have one for each pair of accounts and trunks that talk."""


def dearest_first(codecs: Sequence[Codec], wanted: Sequence[Codec]) -> tuple[Codec, ...]:
    """`codecs` in the order in which their encoding and rate stand in `wanted`; the others follow as they were."""
    return _ordered(tuple(codecs), tuple(wanted)) if wanted else tuple(codecs)


@lru_cache(KEPT)
def _ordered(codecs: tuple[Codec, ...], wanted: tuple[Codec, ...]) -> tuple[Codec, ...]:
    order = {(codec.encoding, codec.rate): place for place, codec in reversed(list(enumerate(wanted)))}
    return tuple(sorted(codecs, key=lambda codec: order.get((codec.encoding, codec.rate), len(wanted))))
