"""What offer and answer have come to, in the words of gateway.core.audio."""

from __future__ import annotations

from gateway.core.codec import Codec
from gateway.core.frozen import frozen
from gateway.core.srtp import Protection
from gateway.core.word import Word
from gateway.sdp.image import PeerImage
from gateway.sdp.stream import Direction

__all__ = ["Agreement", "Medium"]


class Medium(Word):
    """What a session carries."""

    AUDIO = "audio"
    PLAIN = "audio that modems can cross: G.711"
    IMAGE = "T.38"


@frozen
class Agreement:
    """What offer and answer have come to.

    Attributes:
        address, port: where the peer listens for RTP.
        codec: what both use.
        event_payload_type: RFC 4733 payload type of the peer, or None.
        direction: ours: what we may send and receive.
        held: the peer has put us on hold: it wants to hear nothing from us.
        accepts: payload types of what comes in, audio and events: the numbers in our own description.
        noise: payload types of comfort noise, the peer's and that in our own description; None without it.
        common: all codecs that both have, the one in use first.
        rtcp: where the peer wants reports (RFC 3605), or None for the port after the audio's.
        rtcp_mux: reports share the port of the audio (RFC 5761).
        via: the IP address from which the peer's signalling comes.
        strict: audio is taken from `address` and `port` alone, and sent nowhere else.
        protection: keys of both ways, or None for audio in clear.
        flashes: the peer takes the event of a hook flash.
        image: the peer's T.38 stream, which is then used in the place of the audio; None while audio is.
        origin: the address at which the peer says that its description was made (o=).
    """

    address: str
    port: int
    codec: Codec
    event_payload_type: int | None
    direction: Direction
    held: bool
    accepts: tuple[int, int | None]
    noise: tuple[int, int] | None = None
    common: tuple[Codec, ...] = ()
    rtcp: tuple[str, int] | None = None
    rtcp_mux: bool = False
    via: str | None = None
    strict: bool = False
    protection: Protection | None = None
    flashes: bool = False
    image: PeerImage | None = None
    origin: str = ""

    def __str__(self) -> str:
        """What was agreed on about the audio, for the story of a leg."""
        digits = f"digits as events {self.event_payload_type}" if self.event_payload_type else "digits as tones"
        secrecy = "" if self.protection is None else f", encrypted by {self.protection.suite.value}"
        return (
            f"audio {self.direction.value} with {self.address}:{self.port}, "
            f"{self.codec.encoding.value} {self.codec.ptime} ms, {digits}{secrecy}"
        )
