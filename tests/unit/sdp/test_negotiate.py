"""Offer and answer for one audio stream, as conversations between two Negotiations or against written SDP."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cause import Cause
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import MalformedError
from gateway.core.srtp import Encryption
from gateway.sdp.description import SessionDescription, attribute
from gateway.sdp.negotiate import Direction, Negotiation, NotAcceptable


def ours(**settings: object) -> Negotiation:
    return Negotiation(**{"address": "192.0.2.1", "port": 20000, "session_id": 7, **settings})  # type: ignore[arg-type]


def theirs() -> Negotiation:
    return Negotiation(address="192.0.2.2", port=30000, session_id=9)


def sdp(*lines: str, address: str = "192.0.2.9") -> SessionDescription:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    return SessionDescription.parse("\r\n".join([*head, *lines, ""]).encode())


def test_two_of_us_agree_on_the_first_codec_and_on_events() -> None:
    alice, bob = ours(), theirs()
    answer = bob.answer(alice.offer())
    agreed = alice.accept(answer)
    assert (agreed.address, agreed.port) == ("192.0.2.2", 30000)
    assert agreed.codec == Codec(Encoding.PCMU, 0)
    assert agreed.event_payload_type == 101
    assert agreed.direction is Direction.SENDRECV
    assert bob.agreement is not None and (bob.agreement.address, bob.agreement.port) == ("192.0.2.1", 20000)


def test_the_offerers_first_wish_wins_over_ours() -> None:
    leg = ours()
    answer = leg.answer(sdp("m=audio 4000 RTP/AVP 18 8 0 96", "a=rtpmap:96 telephone-event/8000"))
    assert leg.agreement is not None
    assert leg.agreement.codec == Codec(Encoding.PCMA, 8)
    assert leg.agreement.event_payload_type == 96
    assert answer.media[0].formats == ("8", "96")
    assert attribute(answer.media[0].attributes, "fmtp") == "96 0-16"


def test_a_peer_that_says_the_same_in_every_call_is_heard_anew_in_each() -> None:
    for port in (4000, 4002):
        leg = ours()
        leg.answer(sdp(f"m=audio {port} RTP/AVP 0 8"))
        assert leg.agreement is not None and leg.agreement.port == port
        assert leg.agreement.codec == Codec(Encoding.PCMU, 0)
    other = ours(codecs=(Codec(Encoding.PCMA, 8),))
    other.answer(sdp("m=audio 4000 RTP/AVP 0 8"))
    assert other.agreement is not None and other.agreement.codec == Codec(Encoding.PCMA, 8)
    with pytest.raises(NotAcceptable, match="no audio"):
        ours().answer(sdp("m=audio 0 RTP/AVP 0 8"))
    with pytest.raises(NotAcceptable, match="must be encrypted"):
        ours(encryption=Encryption.REQUIRED).answer(sdp("m=audio 4000 RTP/AVP 0 8"))


@pytest.mark.parametrize(
    ("wish", "takes"),
    [("", False), ("0-15", False), ("0-16", True), ("0-11, 16", True), ("16", True), ("-16,x-,99999999-", False)],
)
def test_a_peer_takes_flashes_where_its_list_of_events_has_them(wish: str, takes: bool) -> None:
    """RFC 4733 section 2.4.1; without a list it is 0-15."""
    lines = (f"a=fmtp:96 {wish}",) if wish else ()
    leg = ours()
    leg.answer(sdp("m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000", *lines))
    assert leg.agreement is not None and leg.agreement.flashes is takes


def test_linear_audio_takes_the_number_that_the_offer_gave_it() -> None:
    leg = ours()
    leg.answer(sdp("m=audio 4000 RTP/AVP 118", "a=rtpmap:118 L16/8000/1", "a=ptime:30"))
    assert leg.agreement is not None
    assert leg.agreement.codec == Codec(Encoding.L16, 118, ptime=30)
    assert leg.agreement.event_payload_type is None


@pytest.mark.parametrize("mapping", ["L16/44100", "L16/8000/2", "PCMU/16000", "opus/48000/2"])
def test_a_rate_or_channel_count_that_we_do_not_have_is_no_common_codec(mapping: str) -> None:
    with pytest.raises(NotAcceptable, match="no common codec") as refusal:
        ours().answer(sdp("m=audio 4000 RTP/AVP 118", f"a=rtpmap:118 {mapping}"))
    assert refusal.value.warning == 305
    assert refusal.value.cause is Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED


def test_a_dynamic_remap_of_payload_type_zero_is_obeyed() -> None:
    with pytest.raises(NotAcceptable):
        ours().answer(sdp("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 GSM/8000"))


@pytest.mark.parametrize(
    ("lines", "address", "warning"),
    [
        (["m=video 4000 RTP/AVP 31"], "192.0.2.9", 304),
        (["m=audio 0 RTP/AVP 0"], "192.0.2.9", 304),
        (["m=audio 4000 RTP/SAVP 0"], "192.0.2.9", 302),
        (["m=audio 4000 RTP/AVP 0"], "phone.example.com", 301),
        (["m=audio 4000 RTP/AVP 0"], "224.2.1.1/127", 301),
        (["m=audio 4000 RTP/AVP 0"], "2001:db8::9", 300),
    ],
)
def test_what_cannot_carry_audio_is_not_acceptable(lines: list[str], address: str, warning: int) -> None:
    with pytest.raises(NotAcceptable) as refusal:
        ours().answer(sdp(*lines, address=address))
    assert refusal.value.warning == warning


def test_other_streams_are_answered_with_port_zero_in_their_places() -> None:
    answer = ours().answer(
        sdp(
            "m=video 5000 RTP/AVP 31 32",
            "m=audio 4002 RTP/SAVP 0",
            "m=audio 4000 RTP/AVP 0",
            "m=image 6000 udptl t38",
        )
    )
    assert [media.port for media in answer.media] == [0, 0, 20000, 0]
    assert answer.media[0].formats == ("31", "32")


@pytest.mark.parametrize(
    ("offered", "answered", "held"),
    [
        ("sendrecv", Direction.SENDRECV, False),
        ("sendonly", Direction.RECVONLY, True),
        ("recvonly", Direction.SENDONLY, False),
        ("inactive", Direction.INACTIVE, True),
    ],
)
def test_each_direction_is_answered_by_its_counterpart(offered: str, answered: Direction, held: bool) -> None:
    leg = ours()
    answer = leg.answer(sdp("m=audio 4000 RTP/AVP 0", f"a={offered}"))
    assert leg.agreement is not None
    assert (leg.agreement.direction, leg.agreement.held) == (answered, held)
    assert attribute(answer.media[0].attributes, answered.value) == ""


def test_the_old_hold_with_a_zero_address_is_hold() -> None:
    leg = ours()
    leg.answer(sdp("m=audio 4000 RTP/AVP 0", address="0.0.0.0"))
    assert leg.agreement is not None and leg.agreement.held
    assert not leg.agreement.direction.sends


def test_a_session_wide_direction_counts_for_the_stream() -> None:
    leg = ours()
    leg.answer(sdp("a=sendonly", "m=audio 4000 RTP/AVP 0"))
    assert leg.agreement is not None and leg.agreement.held


def test_hold_and_resume_grow_the_version_by_one_each() -> None:
    alice, bob = ours(), theirs()
    first = alice.offer()
    alice.accept(bob.answer(first))
    hold = alice.offer(Direction.SENDONLY)
    assert hold.origin.version == first.origin.version + 1
    assert hold.origin.session_id == first.origin.session_id
    held = alice.accept(bob.answer(hold))
    assert bob.agreement is not None and bob.agreement.held
    assert held.direction is Direction.SENDONLY and not held.held
    resume = alice.offer()
    assert resume.origin.version == hold.origin.version + 1
    alice.accept(bob.answer(resume))
    assert bob.agreement.direction is Direction.SENDRECV and not bob.agreement.held


def test_a_session_refresh_keeps_the_version() -> None:
    alice, bob = ours(), theirs()
    offer = alice.offer()
    first = bob.answer(offer)
    assert bob.answer(offer) == first


def test_a_refused_reoffer_leaves_the_agreement_in_force() -> None:
    alice, bob = ours(), theirs()
    before = alice.accept(bob.answer(alice.offer()))
    alice.offer(Direction.SENDONLY)
    alice.withdraw()
    assert alice.agreement == before


def test_a_reoffer_that_cannot_be_taken_changes_nothing() -> None:
    leg = ours()
    leg.answer(sdp("m=audio 4000 RTP/AVP 0"))
    agreed, local = leg.agreement, leg.local
    with pytest.raises(NotAcceptable):
        leg.answer(sdp("m=audio 4000 RTP/AVP 3"))
    assert (leg.agreement, leg.local) == (agreed, local)


def test_our_reoffer_keeps_refused_slots_and_the_numbers_in_use() -> None:
    leg = ours()
    leg.answer(
        sdp("m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 101 96", "a=rtpmap:101 L16/8000",
            "a=rtpmap:96 telephone-event/8000")
    )  # fmt: skip
    offer = leg.offer()
    assert [media.port for media in offer.media] == [0, 20000]
    assert offer.media[1].formats == ("101", "0", "8", "96")


def test_offered_numbers_never_collide() -> None:
    leg = ours()
    leg.answer(sdp("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 L16/8000"))
    formats = leg.offer().media[0].formats
    assert len(set(formats)) == len(formats)


def test_we_hold_while_the_peer_renegotiates() -> None:
    leg = ours()
    leg.answer(sdp("m=audio 4000 RTP/AVP 0"))
    leg.answer(sdp("m=audio 4000 RTP/AVP 0"), Direction.SENDONLY)
    assert leg.agreement is not None and leg.agreement.direction is Direction.SENDONLY


def test_an_ipv6_leg_says_so() -> None:
    offer = ours(address="2001:db8::1").offer()
    assert offer.connection is not None and offer.connection.address_type == "IP6"


@given(st.lists(st.text(max_size=24), max_size=6))
@settings(max_examples=50)
def test_strange_attributes_and_formats_are_refused_or_taken_but_never_crash(parts: list[str]) -> None:
    lines = [f"m=audio 4000 RTP/AVP 0 {parts[0] if parts else ''}", *(f"a=rtpmap:{part}" for part in parts)]
    lines += [f"a=ptime:{part}" for part in parts]
    try:
        ours().answer(sdp(*lines))
    except (MalformedError, NotAcceptable):
        pass
