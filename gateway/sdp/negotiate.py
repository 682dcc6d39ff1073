"""Offer and answer (RFC 3264) for the one stream of a call leg: audio, or T.38 in its place.

Descriptions enter and leave; what is agreed comes out as an Agreement, in the words of gateway.core.audio. One
Negotiation lives as long as its dialog: it remembers every stream slot, the payload types in use and the version
of its own description. Streams other than that one are answered with port 0; T.38 takes the slot of the audio, as
RFC 3264 8.3.3 has it for fax. It never resolves names or knows which message carries a description.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from gateway.core.codec import Codec, Encoding, dearest_first
from gateway.core.errors import Exhausted
from gateway.core.frozen import frozen
from gateway.core.srtp import Encryption, Protection
from gateway.sdp.agreement import Agreement, Medium
from gateway.sdp.crypto import Crypto
from gateway.sdp.description import Connection, Media, Origin, SessionDescription
from gateway.sdp.image import OURS, PeerImage, answer_to, image_media, image_stream
from gateway.sdp.keying import Keying
from gateway.sdp.numbers import Numbers, at_rate, event_numbers, noise_numbers, number_at
from gateway.sdp.refusal import WARNING_MEDIA_TYPE, ImageRefused, NotAcceptable
from gateway.sdp.stream import Direction, PeerStream, audio_stream
from gateway.sdp.wording import refused, worded

__all__ = ["Agreement", "Direction", "ImageRefused", "Medium", "Negotiation", "NotAcceptable"]

USERNAME: Final = "copperline"
"""Of o=: whose description it is, without telling more of us."""
RTCP_TYPES: Final = range(64, 96)
"""Payload types that cannot be told from RTCP on a port that both share (RFC 5761 4)."""
DEFAULT_CODECS: Final = (Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8), Codec(Encoding.L16, 96))
PLAIN_CODECS: Final = (Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8))
"""Those that the signals of modems cross as they are."""
KEPT: Final = 64
"""Addresses of ours of which the c= line is kept."""


@frozen
class _Before:
    """What stood before an answer was written, should it be written anew.

    Attributes:
        version, slots: of our description.
        offer, direction: what was answered, and what we were willing to do.
        codecs: those that both have, in the order of the offer.
    """

    version: int
    slots: tuple[Media, ...]
    offer: SessionDescription
    direction: Direction
    codecs: tuple[Codec, ...]


class Negotiation:
    """Our side of one dialog's offer/answer exchanges.

    Args:
        address, port: our RTP address (an IP literal) and port.
        session_id: for o=; unique in its time (RFC 8866 5.2 suggests a clock or a random number).
        codecs: what we can use, most wanted first; the payload types are those that we offer.
        via: the IP address from which the peer's signalling comes; goes into each Agreement.
        strict: the peer's audio comes from where its description says alone; likewise.
        encryption: whether audio may or must be encrypted.
        events: whether telephone events (RFC 4733) are offered and taken.
        noise: whether comfort noise (RFC 3389) is.
        image: opens where T.38 is taken, when that is first wanted, and gives its port; None where it never is.
        random: where keys come from: as many octets as it is asked for.

    Attributes:
        medium: what the session carries.
    """

    __slots__ = (
        "_asked",
        "_before",
        "_codecs",
        "_connection",
        "_described",
        "_events",
        "_keying",
        "_local",
        "_noises",
        "_offered",
        "_open_image",
        "_port",
        "_session_id",
        "_slot",
        "_slots",
        "_strict",
        "_takes_events",
        "_takes_noise",
        "_version",
        "_via",
        "agreement",
        "has_moved",
        "medium",
    )

    def __init__(
        self,
        *,
        address: str,
        port: int,
        session_id: int,
        codecs: Sequence[Codec] = DEFAULT_CODECS,
        via: str | None = None,
        strict: bool = False,
        encryption: Encryption = Encryption.OFF,
        events: bool = True,
        noise: bool = False,
        image: Callable[[], int] | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._connection = _connection_to(address)
        self._port = port
        self._codecs = tuple(codecs)
        self._via = via
        self._strict = strict
        self._keying = Keying(encryption, random)
        self._takes_events = events
        self._takes_noise = noise
        self._open_image = None if encryption is Encryption.REQUIRED else image
        self.medium = self._asked = Medium.AUDIO
        self._session_id = self._version = session_id
        self._slots: tuple[Media, ...] = ()
        self._slot = 0
        self._local: SessionDescription | None = None
        self._offered: Direction | None = None
        self._described: tuple[Codec, ...] = ()
        self._events: Numbers = ()
        self._noises: Numbers = ()
        self._before: _Before | None = None
        self.has_moved = False
        """Whether the peer has yet to be told of another address of ours."""
        self.agreement: Agreement | None = None
        """What is in force; None until the first exchange is complete."""

    @property
    def local(self) -> SessionDescription | None:
        """Our latest description; None before the first."""
        if self._local is None and self._slots:
            ours = self._connection
            origin = Origin(USERNAME, self._session_id, self._version, ours.address, ours.address_type)
            self._local = SessionDescription(origin, connection=ours, media=self._slots)
        return self._local

    def move(self, address: str) -> bool:
        """Audio is to come to another address of ours from now on; whether it is another."""
        connection = _connection_to(address)
        if connection == self._connection or connection.address_type != self._connection.address_type:
            return False
        self._connection, self.has_moved = connection, True
        return True

    @property
    def _protection(self) -> Protection | None:
        return None if self.agreement is None else self.agreement.protection

    def offer(self, direction: Direction = Direction.SENDRECV, medium: Medium | None = None) -> SessionDescription:
        """Write an offer: everything we can do, what is in use first. Use SENDONLY to hold, SENDRECV to resume.

        Args:
            medium: what the session is to carry; None for what it carries.

        Raises:
            NotAcceptable: T.38 is wanted, and is not to be had.
        """
        self._asked = medium or self.medium
        self._offered = direction
        self._before = None
        stream = self._image_offer() if self._asked is Medium.IMAGE else self._audio_offer(direction)
        before, after = self._slots[: self._slot], self._slots[self._slot + 1 :]  # which are refused
        return self._publish((*before, stream, *after))

    def answer(
        self,
        offer: SessionDescription,
        direction: Direction = Direction.SENDRECV,
        wanted: Sequence[Codec] = (),
    ) -> SessionDescription:
        """Take an offer and write its answer; `agreement` is then in force.

        Args:
            direction: what we are willing to do (SENDONLY while we hold the peer).
            wanted: codecs that are dearer to us than the order of the offer is.

        Raises:
            NotAcceptable: no session can come of it; nothing has changed (RFC 3264 section 8, RFC 3261 14.2).
        """
        image = self._image_in(offer)
        if image is not None:
            return self._answer_image(offer, image)
        offered = audio_stream(offer, self._codecs, self._connection.address_type, self._keying)
        stream = offered.dearest(wanted) if wanted else offered
        self._before = _Before(self._version, self._slots, offer, direction, offered.codecs)
        codec = stream.codecs[0]
        ours = direction.meeting(stream.direction)
        self._described = (codec,)
        self._events = at_rate(stream.formats.events, codec.rate) if self._takes_events else ()
        takes_noise = self._takes_noise and not codec.tells_pauses
        self._noises = at_rate(stream.formats.noises, codec.rate) if takes_noise else ()
        mux = stream.formats.mux and _can_share(codec, self._events + self._noises)
        key, protection = self._keying.answer(stream.protocol, stream.cryptos, self._protection)
        chosen = self._media((codec,), ours, () if key is None else (key,), mux=mux)
        self._offered = None
        self.medium = Medium.AUDIO
        self.agreement = self._agree(stream, ours, protection, mux=mux)
        return self._answer_with(offer, stream.slot, chosen)

    def answer_again(self, wanted: Sequence[Codec]) -> bool:
        """Write the answer to the last offer anew, by the codecs that `wanted` now says; for one not sent yet.

        Returns:
            Whether it has become another.
        """
        before = self._before
        if before is None or self.agreement is None:
            return False
        codec, common = self.agreement.codec, self.agreement.common
        if dearest_first(before.codecs, wanted) == common:
            return False
        self._version, self._slots = before.version, before.slots
        self.answer(before.offer, before.direction, wanted)
        return self.agreement.codec != codec

    def accept(self, answer: SessionDescription) -> Agreement:
        """Take the answer to our latest offer.

        Raises:
            NotAcceptable: it leaves no session; nothing has changed.
            ImageRefused: likewise, since we offered T.38; audio is to be offered again.
        """
        if self._asked is Medium.IMAGE:
            image = image_stream(answer, self._connection.address_type)
            if image is None:
                raise ImageRefused
            return self._agree_on_image(image)
        stream = audio_stream(answer, self._described, self._connection.address_type, self._keying)
        protection = self._keying.accept(stream.cryptos)
        ours = (self._offered or Direction.SENDRECV).meeting(stream.direction)
        self._offered = self._local = None
        self.medium = self._asked
        self.agreement = self._agree(stream, ours, protection, mux=False)
        return self.agreement

    def insist(self) -> bool:
        """Offer encrypted audio alone, after an offer of both was refused; False where that is nothing new."""
        return self.agreement is None and self._keying.insist()

    def heard_from(self, via: str) -> bool:
        """The peer's signalling comes from `via` from now on; whether that changes what was agreed."""
        self._via = via
        if self.agreement is None or self.agreement.via == via:
            return False
        self.agreement = replace(self.agreement, via=via)
        return True

    def settle(self) -> None:
        """The answer has gone out: it is written anew no more."""
        self._before = self._local = None

    def withdraw(self) -> None:
        """Our latest offer was refused: what was agreed before stays in force (RFC 3261 14.1)."""
        self._offered = None
        self._asked = self.medium

    # T.38.

    def _image_in(self, offer: SessionDescription) -> PeerImage | None:
        """The T.38 stream of an offer, where it is to be taken: audio is dearer to a call that just begins.

        Raises:
            NotAcceptable: the offer has nothing else, and no T.38 is to be had with this peer.
        """
        image = image_stream(offer, self._connection.address_type)
        if image is None:
            return None
        has_audio = any(media.kind == "audio" and media.port for media in offer.media)
        if has_audio and self.agreement is None:
            return None
        if self._open_image is not None and self._protection is None:
            return image
        if not has_audio:
            raise NotAcceptable("the peer wants T.38, which is not to be had with it", WARNING_MEDIA_TYPE)
        return None

    def _image_offer(self) -> Media:
        if self._open_image is None or self._protection is not None:
            raise NotAcceptable("T.38 is not to be had with this peer", WARNING_MEDIA_TYPE)
        return image_media(self._image_port(), OURS)

    def _image_port(self) -> int:
        assert self._open_image is not None  # the caller has looked
        try:
            return self._open_image()
        except Exhausted as fault:
            raise NotAcceptable(f"no T.38: {fault}", WARNING_MEDIA_TYPE) from fault

    def _answer_image(self, offer: SessionDescription, image: PeerImage) -> SessionDescription:
        ours = image_media(self._image_port(), answer_to(image.theirs))
        self._before = self._offered = None
        self._agree_on_image(image)
        return self._answer_with(offer, image.slot, ours)

    def _agree_on_image(self, image: PeerImage) -> Agreement:
        """The audio stays agreed on as it was, for a return to it; a session that had none has a silent one."""
        self.medium = self._asked = Medium.IMAGE
        audio = self.agreement or Agreement(
            image.address,
            image.port,
            self._codecs[0],
            None,
            Direction.INACTIVE,
            held=False,
            accepts=(self._codecs[0].payload_type, None),
            via=self._via,
            strict=self._strict,
        )
        self.agreement = replace(audio, image=image)
        return self.agreement

    # Audio.

    def _audio_offer(self, direction: Direction) -> Media:
        codecs = self._offerable()
        if self._asked is Medium.PLAIN:
            plain = {codec.encoding for codec in PLAIN_CODECS}
            codecs = tuple(codec for codec in codecs if codec.encoding in plain) or PLAIN_CODECS
        self._described = codecs
        self._events = event_numbers(codecs, self._events) if self._takes_events else ()
        hushes = self._takes_noise and self._asked is not Medium.PLAIN  # to modems noise is noise
        self._noises = noise_numbers(codecs, self._noises, self._events) if hushes else ()
        keys = self._keying.offer(self._protection, is_first=self.agreement is None)
        return self._media(codecs, direction, keys, mux=False)

    def _answer_with(self, offer: SessionDescription, slot: int, chosen: Media) -> SessionDescription:
        self._slot = slot
        return self._publish(
            tuple([chosen if number == slot else refused(media) for number, media in enumerate(offer.media)])
        )

    def _agree(self, stream: PeerStream, ours: Direction, protection: Protection | None, *, mux: bool) -> Agreement:
        codec = stream.codecs[0]
        kind = codec.encoding, codec.rate
        numbers = [own.payload_type for own in self._described if (own.encoding, own.rate) == kind]
        events = number_at(stream.formats.events, codec.rate) if self._takes_events else None
        return Agreement(
            stream.address,
            stream.port,
            codec,
            events,
            ours,
            held=stream.on_hold,
            accepts=(
                numbers[0] if numbers else codec.payload_type,
                None if events is None else number_at(self._events, codec.rate) or events,
            ),
            noise=self._noise(stream, codec) if self._noises else None,
            common=stream.codecs,
            rtcp=stream.rtcp,
            rtcp_mux=mux,
            via=self._via,
            strict=self._strict,
            protection=protection,
            flashes=events in stream.formats.flashes,
            origin=stream.origin,
        )

    def _noise(self, stream: PeerStream, codec: Codec) -> tuple[int, int] | None:
        theirs, ours = number_at(stream.formats.noises, codec.rate), number_at(self._noises, codec.rate)
        return None if theirs is None or ours is None or codec.tells_pauses else (theirs, ours)

    def _offerable(self) -> tuple[Codec, ...]:
        """Our codecs with the one in use first, at the number it has in this dialog (RFC 3264 8.3.2)."""
        if self.agreement is None:
            return self._codecs
        used = self.agreement.codec._replace(payload_type=self.agreement.accepts[0])
        others = (codec for codec in self._codecs if (codec.encoding, codec.rate) != (used.encoding, used.rate))
        return (used, *(codec for codec in others if codec.payload_type != used.payload_type))

    def _media(
        self,
        codecs: tuple[Codec, ...],
        direction: Direction,
        keys: Sequence[Crypto],
        *,
        mux: bool,
    ) -> Media:
        formats, attributes = worded(codecs, self._events, self._noises, direction, mux)
        if keys:
            attributes = (*[crypto.attribute() for crypto in keys], *attributes)
        return Media("audio", self._port, self._keying.protocol, formats, attributes=attributes)

    def _publish(self, slots: tuple[Media, ...]) -> SessionDescription:
        """Give out our description; its version grows exactly when it has changed (RFC 3264 section 8)."""
        if self._slots and (self._slots != slots or self.has_moved):
            self._version += 1
        self._slots, self.has_moved = slots, False
        self._local = None
        description = self.local
        assert description is not None  # it has a stream
        return description


def _can_share(codec: Codec, beside: Numbers) -> bool:
    """Whether reports can be told from audio by `codec` on one port."""
    return not any(number in RTCP_TYPES for number in (codec.payload_type, *[number for _, number in beside]))


@lru_cache(KEPT)
def _connection_to(address: str) -> Connection:
    return Connection(address, "IP6" if ":" in address else "IP4")
