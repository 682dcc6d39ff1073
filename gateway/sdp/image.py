"""m=image: T.38 over UDPTL in session descriptions (RFC 3362, ITU-T T.38 Annex D 2.3), read and written.

A description enters and the stream of a peer leaves, or there is none that we can use; nothing here raises. What a
peer writes is taken as it is meant: names in any case, flags with ":0" behind them, sizes out of all bounds.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Final

from gateway.core.fax import T38, Correction
from gateway.core.frozen import frozen
from gateway.sdp.description import Attribute, Media, SessionDescription

__all__ = ["OURS", "PeerImage", "answer_to", "image_media", "image_stream"]

KIND: Final = "image"
PROTOCOL: Final = "udptl"
FORMAT: Final = "t38"
OURS: Final = T38(buffer=2000, datagram=1400)
"""What we offer."""
USUAL: Final = 400
"""Octets of a datagram of a peer that does not say."""
LARGEST: Final = 1400
SMALLEST: Final = 32
"""Octets of a datagram: what fits in a packet, and what holds at least one line of an image."""
BIT_RATES: Final = (2400, 14400)
LOCAL_TCF: Final = "localTCF"
TRANSFERRED_TCF: Final = "transferredTCF"


@frozen
class PeerImage:
    """A peer's T.38 stream.

    Attributes:
        slot: which stream of its description.
        address, port: where it listens.
        theirs: what it can.
    """

    slot: int
    address: str
    port: int
    theirs: T38


def image_stream(description: SessionDescription, family: str) -> PeerImage | None:
    """The first T.38 stream of `description` that is not refused; None where there is none that we can use.

    Args:
        family: "IP4" or "IP6", as our own address.
    """
    for slot, media in enumerate(description.media):
        if media.kind != KIND or media.port == 0 or media.protocol.lower() != PROTOCOL:
            continue
        if FORMAT not in map(str.lower, media.formats):
            continue
        connection = media.connections[0] if media.connections else description.connection
        address = None if connection is None else _literal(connection.address, family)
        if address is not None:
            return PeerImage(slot, address, media.port, _read(media))
    return None


def image_media(port: int, ours: T38) -> Media:
    """The m= section of a stream of ours."""
    lines = [
        Attribute("T38FaxVersion", str(ours.version)),
        Attribute("T38MaxBitRate", str(ours.bit_rate)),
        Attribute("T38FaxRateManagement", LOCAL_TCF if ours.local_tcf else TRANSFERRED_TCF),
        Attribute("T38FaxMaxBuffer", str(ours.buffer)),
        Attribute("T38FaxMaxDatagram", str(ours.datagram)),
    ]
    if ours.correction is not Correction.NONE:
        lines.append(Attribute("T38FaxUdpEC", ours.correction.value))
    return Media(KIND, port, PROTOCOL, (FORMAT,), attributes=tuple(lines))


def answer_to(theirs: T38) -> T38:
    """What we say in answer to an offer: its kind of correction and of training, and no more than it can."""
    return replace(
        OURS,
        version=min(theirs.version, OURS.version),
        bit_rate=min(theirs.bit_rate, OURS.bit_rate),
        local_tcf=theirs.local_tcf,
        correction=theirs.correction,
    )


def _read(media: Media) -> T38:
    said = {line.name.lower(): (line.value or "").strip() for line in reversed(media.attributes)}
    return T38(
        version=_number(said.get("t38faxversion"), 0, 0, 9),
        bit_rate=_number(said.get("t38maxbitrate"), BIT_RATES[1], *BIT_RATES),
        local_tcf=said.get("t38faxratemanagement", "").lower() == LOCAL_TCF.lower(),
        buffer=_number(said.get("t38faxmaxbuffer"), OURS.buffer, 0, 65535),
        datagram=_number(said.get("t38faxmaxdatagram"), USUAL, SMALLEST, LARGEST),
        correction=_CORRECTIONS.get(said.get("t38faxudpec", "").lower(), Correction.NONE),
    )


_CORRECTIONS: Final = {correction.value.lower(): correction for correction in Correction}


def _number(text: str | None, otherwise: int, least: int, most: int) -> int:
    """A number, brought within bounds."""
    if text is None or not (text.isascii() and text.isdigit()):
        return otherwise
    return min(max(int(text[:9]), least), most)


def _literal(text: str, family: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None
    usable = f"IP{address.version}" == family and not address.is_multicast and not address.is_unspecified
    return str(address) if usable else None
