"""The m= sections of our descriptions, as they are written."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from gateway.core.codec import Codec, Encoding
from gateway.sdp.description import Attribute, Media
from gateway.sdp.stream import EVENT_NAME, KEPT, NOISE_NAME, TWO_CHANNELS, Direction

__all__ = ["refused", "worded"]

EVENT_RANGE: Final = "0-16"
"""DTMF 0-15 and hook flash 16 (RFC 4733 section 3.2)."""
OUR_PARAMETERS: Final = {
    Encoding.OPUS: "useinbandfec=1;usedtx=0",
    Encoding.G723: "annexa=no",
    Encoding.G729: "annexb=no",
    Encoding.SPEEX: 'mode="6,any"',
}
"""What we wish of those who send to us (RFC 7587 6.1, RFC 4856 2.1.8 and 2.1.9, RFC 5574 4.1.1)."""


def refused(media: Media) -> Media:
    """The slot of a stream that we do not take: same kind and formats, port 0 (RFC 3264 section 6)."""
    return Media(media.kind, 0, media.protocol, media.formats)


def _wishes(codec: Codec) -> str:
    """What a=fmtp says of a codec in our description; that which must be the same both ways is repeated."""
    if codec.encoding is Encoding.ILBC:
        return f"mode={codec.frame}"  # one length both ways, that of whoever wants the longer ones (RFC 3952 5)
    if codec.encoding in (Encoding.AMR, Encoding.AMR_WB):
        both = ((name, codec.parameter(name)) for name in ("octet-align", "mode-set"))  # RFC 4867 8.3.1
        return ";".join(f"{name}={value}" for name, value in both if value)
    return OUR_PARAMETERS.get(codec.encoding, "")


@lru_cache(maxsize=KEPT)
def worded(
    codecs: tuple[Codec, ...],
    events: tuple[tuple[int, int], ...],
    noises: tuple[tuple[int, int], ...],
    direction: Direction,
    mux: bool,
) -> tuple[tuple[str, ...], tuple[Attribute, ...]]:
    """The formats and attributes of our stream; every call writes the same few."""
    formats = [str(codec.payload_type) for codec in codecs]
    lines = []
    for codec in codecs:
        channels = "/2" if codec.encoding in TWO_CHANNELS else ""
        mapping = f"{codec.payload_type} {codec.encoding.value}/{codec.rate}{channels}"
        lines.append(Attribute("rtpmap", mapping))
        wishes = _wishes(codec)
        if wishes:
            lines.append(Attribute("fmtp", f"{codec.payload_type} {wishes}"))
    for rate, number in events:
        formats.append(str(number))
        lines.append(Attribute("rtpmap", f"{number} {EVENT_NAME}/{rate}"))
        lines.append(Attribute("fmtp", f"{number} {EVENT_RANGE}"))
    for rate, number in noises:
        formats.append(str(number))
        lines.append(Attribute("rtpmap", f"{number} {NOISE_NAME}/{rate}"))
    if mux:
        lines.append(Attribute("rtcp-mux"))
    lines += [Attribute("ptime", str(codecs[0].packet)), Attribute(direction.value)]
    return tuple(formats), tuple(lines)
