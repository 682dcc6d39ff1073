"""T.38 in offer and answer (RFC 3362, RFC 3264 8.3.3, ITU-T T.38 Annex D), as conversations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.codec import Codec, Encoding
from gateway.core.fax import T38, Correction
from gateway.core.srtp import Encryption
from gateway.sdp.description import SessionDescription, attribute
from gateway.sdp.image import image_stream
from gateway.sdp.negotiate import Direction, ImageRefused, Medium, Negotiation, NotAcceptable
from tests.unit.sdp.test_negotiate import sdp

WIDE = (Codec(Encoding.OPUS, 107, 48000), Codec(Encoding.G722, 9), Codec(Encoding.PCMA, 8))
CISCO = (
    "m=image 16500 udptl t38",
    "a=T38FaxVersion:0",
    "a=T38MaxBitRate:9600",
    "a=T38FaxFillBitRemoval:0",
    "a=T38FaxTranscodingMMR:0",
    "a=T38FaxTranscodingJBIG:0",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxMaxBuffer:200",
    "a=T38FaxMaxDatagram:72",
    "a=T38FaxUdpEC:t38UDPRedundancy",
)


def leg(port: int = 20000, *, image: int | None = None, **settings: object) -> Negotiation:
    taken = None if image is None else (lambda: image)
    return Negotiation(address="192.0.2.1", port=port, session_id=7, image=taken, **settings)  # type: ignore[arg-type]


def talking(*, codecs: tuple[Codec, ...] = (), **settings: object) -> tuple[Negotiation, Negotiation]:
    """Two who have agreed on audio."""
    chosen = {"codecs": codecs} if codecs else {}
    alice, bob = leg(image=20500, **chosen, **settings), leg(30000, image=30500, **chosen, **settings)
    alice.accept(bob.answer(alice.offer()))
    return alice, bob


def test_fax_takes_the_place_of_audio_in_its_slot() -> None:
    alice, bob = talking()
    offer = alice.offer(medium=Medium.IMAGE)
    (stream,) = offer.media
    assert (stream.kind, stream.port, stream.protocol, stream.formats) == ("image", 20500, "udptl", ("t38",))
    answer = bob.answer(offer)
    assert answer.media[0].port == 30500
    agreed = alice.accept(answer)
    assert agreed.image is not None and (agreed.image.address, agreed.image.port) == ("192.0.2.1", 30500)
    assert bob.agreement is not None and bob.agreement.image is not None and bob.agreement.image.port == 20500
    assert alice.medium is bob.medium is Medium.IMAGE
    assert offer.origin.version == 8 and answer.origin.version == 8


def test_what_a_gateway_wants_is_what_it_gets() -> None:
    office = leg(image=20500)
    office.answer(sdp("m=audio 4000 RTP/AVP 0"))
    answer = office.answer(sdp("m=audio 0 RTP/AVP 0", *CISCO))
    audio, image = answer.media
    assert (audio.port, image.port) == (0, 20500)
    said = {line.name: line.value for line in image.attributes}
    assert said["T38MaxBitRate"] == "9600"
    assert said["T38FaxRateManagement"] == "transferredTCF"
    assert said["T38FaxUdpEC"] == "t38UDPRedundancy"
    agreed = office.agreement
    assert agreed is not None and agreed.image is not None
    assert agreed.image.theirs == T38(0, 9600, False, 200, 72, Correction.REDUNDANCY)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("t38UDPFEC", Correction.FEC), ("T38UDPREDUNDANCY", Correction.REDUNDANCY), ("", Correction.NONE)],
)
def test_correction_is_the_offerers(written: str, meant: Correction) -> None:
    office = leg(image=20500)
    office.answer(sdp("m=audio 4000 RTP/AVP 0"))
    lines = [f"a=T38FaxUdpEC:{written}"] if written else []
    answer = office.answer(sdp("m=image 4002 UDPTL T38", *lines))
    assert attribute(answer.media[0].attributes, "T38FaxUdpEC") == (meant.value or None)
    assert office.agreement is not None and office.agreement.image is not None
    assert office.agreement.image.theirs.correction is meant


def test_sizes_out_of_bounds_are_brought_within() -> None:
    stream = image_stream(
        sdp("m=image 4002 udptl t38", "a=T38FaxMaxDatagram:999999999999", "a=T38MaxBitRate:x", "a=T38FaxVersion"),
        "IP4",
    )
    assert stream is not None
    assert (stream.theirs.datagram, stream.theirs.bit_rate, stream.theirs.version) == (1400, 14400, 0)
    small = image_stream(sdp("m=image 4002 udptl t38", "a=T38FaxMaxDatagram:0"), "IP4")
    assert small is not None and small.theirs.datagram == 32


@pytest.mark.parametrize(
    "line",
    [
        "m=image 0 udptl t38",
        "m=image 4000 tcp t38",
        "m=image 4000 udptl x",
        "m=image 4000 RTP/AVP 96",
    ],
)
def test_what_is_no_udptl_is_no_stream(line: str) -> None:
    assert image_stream(sdp(line), "IP4") is None
    office = leg(image=20500)
    with pytest.raises(NotAcceptable):
        office.answer(sdp(line))
    assert office.agreement is None


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "fax.example.com"])
def test_an_address_to_which_nothing_can_go_is_none(address: str) -> None:
    assert image_stream(sdp("m=image 4000 udptl t38", address=address), "IP4") is None


def test_a_call_that_begins_begins_with_audio_where_it_can() -> None:
    office = leg(image=20500)
    answer = office.answer(sdp("m=audio 4000 RTP/AVP 0", *CISCO))
    assert [media.port for media in answer.media] == [20000, 0]
    assert office.agreement is not None and office.agreement.image is None
    # In a call under way the same offer is a fax.
    again = office.answer(sdp("m=audio 4000 RTP/AVP 0", *CISCO))
    assert [media.port for media in again.media] == [0, 20500]


def test_a_call_may_be_a_fax_from_its_beginning() -> None:
    office = leg(image=20500)
    office.answer(sdp(*CISCO))
    assert office.agreement is not None and office.agreement.image is not None
    assert office.agreement.direction is Direction.INACTIVE


def test_a_refused_offer_leaves_audio() -> None:
    alice, _ = talking()
    alice.offer(medium=Medium.IMAGE)
    alice.withdraw()
    assert alice.medium is Medium.AUDIO
    assert alice.offer().media[0].kind == "audio"


def test_an_answer_without_the_stream_leaves_nothing_and_says_so() -> None:
    alice, _ = talking()
    alice.offer(medium=Medium.IMAGE)
    with pytest.raises(ImageRefused):
        alice.accept(sdp("m=image 0 udptl t38"))
    assert alice.offer(medium=Medium.PLAIN).media[0].kind == "audio"


def test_a_refresh_offers_what_is_carried() -> None:
    alice, bob = talking()
    alice.accept(bob.answer(alice.offer(medium=Medium.IMAGE)))
    offer = alice.offer()
    assert offer.media[0].kind == "image" and offer.origin.version == 8


def test_the_way_back_to_audio() -> None:
    alice, bob = talking()
    alice.accept(bob.answer(alice.offer(medium=Medium.IMAGE)))
    agreed = alice.accept(bob.answer(alice.offer(medium=Medium.AUDIO)))
    assert agreed.image is None and agreed.codec.encoding is Encoding.PCMU
    assert alice.medium is bob.medium is Medium.AUDIO


def test_modems_get_g711_in_the_place_of_any_other_codec() -> None:
    alice, bob = talking(codecs=WIDE)
    assert alice.agreement is not None and alice.agreement.codec.encoding is Encoding.OPUS
    agreed = alice.accept(bob.answer(alice.offer(medium=Medium.PLAIN)))
    assert agreed.codec.encoding is Encoding.PCMA
    assert alice.offer(medium=Medium.PLAIN).media[0].formats[:1] == ("8",)


def test_where_no_g711_was_wanted_it_is_offered_all_the_same() -> None:
    alice, _ = talking(codecs=WIDE[:2])
    assert alice.offer(medium=Medium.PLAIN).media[0].formats[:2] == ("0", "8")
    agreed = alice.accept(sdp("m=audio 4000 RTP/AVP 8"))
    assert agreed.codec.encoding is Encoding.PCMA


def test_a_leg_without_t38_refuses_it() -> None:
    office = leg()
    office.answer(sdp("m=audio 4000 RTP/AVP 0"))
    with pytest.raises(NotAcceptable, match=r"T\.38") as refused:
        office.answer(sdp(*CISCO))
    assert refused.value.warning == 304
    with pytest.raises(NotAcceptable):
        office.offer(medium=Medium.IMAGE)


def test_nothing_that_was_encrypted_goes_on_in_clear() -> None:
    alice, bob = talking(encryption=Encryption.REQUIRED)
    with pytest.raises(NotAcceptable):
        alice.offer(medium=Medium.IMAGE)
    with pytest.raises(NotAcceptable):
        bob.answer(sdp(*CISCO))
    alice, bob = talking(encryption=Encryption.OPTIONAL)
    with pytest.raises(NotAcceptable):
        bob.answer(sdp(*CISCO))


@given(
    st.text(max_size=60), st.sampled_from(["T38FaxVersion", "T38MaxBitRate", "T38FaxMaxDatagram", "T38FaxUdpEC"])
)
def test_no_value_does_harm(value: str, name: str) -> None:
    line = f"a={name}:{value}".replace("\r", "").replace("\n", "").replace("\0", "")
    description = SessionDescription.parse(
        f"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.9\r\nm=image 4000 udptl t38\r\n{line}\r\n".encode()
    )
    assert image_stream(description, "IP4") is not None
