"""How audio is coded: codings, codecs as two sides agree on them, and by the names that a configuration uses.

Those names are Asterisk's. A codec's payload type is the static one where RFC 3551 gives one, else the number under
which we offer it. Which of them a leg uses is its negotiation's to say (gateway.sdp.negotiate), how they are coded
the media plane's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.core.word import Word

__all__ = ["CODECS", "Codec", "Encoding", "dearest_first"]


class Encoding(Word):
    """How samples are coded in a row. The value is the RTP encoding name (RFC 3551 table 4, or of its own)."""

    PCMU = "PCMU"
    PCMA = "PCMA"
    L16 = "L16"
    G722 = "G722"
    G726 = "G726-32"
    G726_16 = "G726-16"
    G726_24 = "G726-24"
    G726_40 = "G726-40"
    AAL2_G726 = "AAL2-G726-32"
    AAL2_G726_16 = "AAL2-G726-16"
    AAL2_G726_24 = "AAL2-G726-24"
    AAL2_G726_40 = "AAL2-G726-40"
    DVI4 = "DVI4"
    GSM = "GSM"
    G723 = "G723"
    OPUS = "opus"
    ILBC = "iLBC"
    G729 = "G729"
    SPEEX = "speex"
    AMR = "AMR"
    AMR_WB = "AMR-WB"


_FRAMES: Mapping[Encoding, int] = MappingProxyType(
    {
        Encoding.GSM: 20,
        Encoding.G723: 30,
        Encoding.G729: 10,
        Encoding.OPUS: 20,
        Encoding.SPEEX: 20,
        Encoding.AMR: 20,
        Encoding.AMR_WB: 20,
    }
)
"""Milliseconds of a coder's frame; what is not here is coded sample by sample."""
_WITH_PAUSES = frozenset(
    {Encoding.G723, Encoding.G729, Encoding.OPUS, Encoding.SPEEX, Encoding.AMR, Encoding.AMR_WB}
)
_LONGEST_LINEAR = 1400
"""Octets of linear samples in a packet: with headers, tags and tunnels it crosses an Ethernet in one piece."""


class Codec(NamedTuple):
    """A negotiated codec of an RTP row.

    Attributes:
        encoding: the coding.
        payload_type: RTP payload type sent and expected, 0..127.
        rate: RTP clock rate in Hz; that of G.722 is 8000 although it carries 16000 samples (RFC 3551 4.5.2).
        ptime: milliseconds of audio in a packet that we send.
        parameters: what the one who receives wishes of the coding, as its SDP has it in a=fmtp (RFC 8866 6.15).
    """

    encoding: Encoding
    payload_type: int
    rate: int = 8000
    ptime: int = 20
    parameters: str = ""

    @property
    def sampling(self) -> int:
        """Samples a second of what it carries, as far as the media plane keeps them: 8000 or 16000."""
        return 16000 if self.rate > 8000 or self.encoding is Encoding.G722 else 8000

    @property
    def tells_pauses(self) -> bool:
        """Whether it has a frame of its own for a pause, so that no comfort noise of RFC 3389 goes with it."""
        return self.encoding in _WITH_PAUSES

    @property
    def frame(self) -> int:
        """Milliseconds of the frames that it codes; 10 where a packet may hold any number of samples."""
        if self.encoding is Encoding.ILBC:
            return 20 if self.parameter("mode") == "20" else 30  # RFC 3952 5: 30 unless both say 20
        return _FRAMES.get(self.encoding, 10)

    @property
    def packet(self) -> int:
        """Milliseconds of a packet that we send: `ptime`, or the next whole number of frames.

        Of linear samples fewer where so many would not fit in a packet.
        """
        whole = -(-self.ptime // self.frame) * self.frame
        if self.encoding is Encoding.L16:
            return min(whole, _LONGEST_LINEAR * 1000 // (2 * self.rate) // self.frame * self.frame)
        return whole

    def parameter(self, name: str) -> str:
        """One of `parameters`, which are like "mode=20; annexb=no"; empty where it is not there."""
        for part in self.parameters.split(";"):
            key, _, value = part.partition("=")
            if key.strip().lower() == name:
                return value.strip()
        return ""


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
