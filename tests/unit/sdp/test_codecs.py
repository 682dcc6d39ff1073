"""Codecs in offer and answer: names and clocks, numbers that differ by direction, and the choice among them."""

from __future__ import annotations

import pytest

from gateway.core.codec import CODECS, Codec, Encoding, dearest_first
from gateway.sdp.description import SessionDescription, attribute
from gateway.sdp.negotiate import Medium, Negotiation, NotAcceptable

ALL = tuple(CODECS.values())
ULAW, ALAW, G722, WIDE = CODECS["ulaw"], CODECS["alaw"], CODECS["g722"], CODECS["slin16"]


def leg(*codecs: Codec) -> Negotiation:
    return Negotiation(address="192.0.2.1", port=20000, session_id=7, codecs=codecs or ALL)


def sdp(*lines: str) -> SessionDescription:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"]
    return SessionDescription.parse("\r\n".join([*head, *lines, ""]).encode())


def values(description: SessionDescription, name: str) -> list[str]:
    return [line.value or "" for line in description.media[0].attributes if line.name == name]


@pytest.mark.parametrize("name", list(CODECS))
def test_two_of_us_agree_on_each_codec_alone(name: str) -> None:
    codec = CODECS[name]
    alice, bob = leg(codec), leg(codec)
    agreed = alice.accept(bob.answer(alice.offer()))
    assert (agreed.codec.encoding, agreed.codec.rate) == (codec.encoding, codec.rate)
    assert (agreed.codec.payload_type, agreed.codec.sampling) == (codec.payload_type, codec.sampling)
    assert (agreed.codec.frame, agreed.codec.packet) == (codec.frame, codec.packet)
    assert agreed.event_payload_type is not None


@pytest.mark.parametrize(
    ("theirs", "frame"), [("a=fmtp:97 mode=20", 20), ("a=fmtp:97 mode=30", 30), ("a=sendrecv", 30)]
)
def test_frames_of_ilbc_are_the_longer_ones_unless_both_want_the_others(theirs: str, frame: int) -> None:
    """RFC 3952 5: what says nothing means 30 ms."""
    lines = ("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 iLBC/8000", theirs)
    callee, caller = leg(), leg(CODECS["ilbc"])
    answer = callee.answer(sdp(*lines))
    assert callee.agreement is not None
    assert callee.agreement.codec.frame == frame
    assert values(answer, "fmtp")[0] == f"97 mode={frame}"
    assert values(answer, "ptime") == [str(callee.agreement.codec.packet)]
    assert values(caller.offer(), "fmtp")[0] == "97 mode=20"
    assert caller.accept(sdp(*lines)).codec.frame == frame


def test_g729_is_asked_for_without_pauses() -> None:  # RFC 4856 2.1.9
    offer = leg(CODECS["g729"]).offer()
    assert offer.media[0].formats[0] == "18"
    assert values(offer, "fmtp")[0] == "18 annexb=no"


def test_g722_has_the_clock_of_8000_and_its_static_number() -> None:  # RFC 3551 4.5.2
    assert values(leg(G722).offer(), "rtpmap")[0] == "9 G722/8000"
    callee = leg()
    callee.answer(sdp("m=audio 4000 RTP/AVP 9"))
    assert callee.agreement is not None
    assert (callee.agreement.codec.encoding, callee.agreement.codec.sampling) == (Encoding.G722, 16000)


def test_names_are_read_in_any_case() -> None:  # RFC 8866 6.6, RFC 4855 3
    callee = leg()
    callee.answer(sdp("m=audio 4000 RTP/AVP 111", "a=rtpmap:111 g726-32/8000"))
    assert callee.agreement is not None
    assert callee.agreement.codec.encoding is Encoding.G726


def test_events_are_offered_at_each_clock_and_agreed_at_that_of_the_codec() -> None:  # RFC 4733 2.1
    offer = leg(ULAW, WIDE).offer()
    assert [line for line in values(offer, "rtpmap") if "event" in line] == [
        "101 telephone-event/8000",
        "113 telephone-event/16000",
    ]
    callee = leg()
    answer = callee.answer(
        sdp(
            "m=audio 4000 RTP/AVP 97 101",
            "a=rtpmap:97 L16/16000",
            "a=rtpmap:101 telephone-event/8000",
        )
    )
    assert callee.agreement is not None
    assert callee.agreement.event_payload_type is None
    assert answer.media[0].formats == ("97",)


def test_the_answerer_may_use_other_numbers_than_the_offer() -> None:  # RFC 3264 5.1, 6.1
    caller = leg(WIDE)
    caller.offer()
    answer = ["m=audio 4000 RTP/AVP 97 98", "a=rtpmap:97 L16/16000", "a=rtpmap:98 telephone-event/16000"]
    agreed = caller.accept(sdp(*answer))
    assert (agreed.codec.payload_type, agreed.event_payload_type, agreed.accepts) == (97, 98, (118, 113))
    again = caller.offer()
    assert again.media[0].formats == ("118", "113")


def test_the_answer_falls_on_what_the_other_side_of_the_call_uses() -> None:
    callee = leg(ULAW, ALAW, G722)
    first = callee.answer(sdp("m=audio 4000 RTP/AVP 9 0 8 101", "a=rtpmap:101 telephone-event/8000"))
    assert first.media[0].formats == ("9", "101")
    assert callee.answer_again((ALAW, G722))
    assert callee.local is not None
    assert callee.local.media[0].formats == ("8", "101")
    assert callee.local.origin.version == first.origin.version
    assert callee.agreement is not None and callee.agreement.codec.encoding is Encoding.PCMA
    assert not callee.answer_again((ALAW,))


def test_a_wish_that_the_offer_does_not_have_changes_nothing() -> None:
    callee = leg(ULAW, ALAW, G722)
    callee.answer(sdp("m=audio 4000 RTP/AVP 0"))
    assert not callee.answer_again((G722, ALAW))
    assert not leg().answer_again((G722,))


def test_codecs_stand_in_the_order_of_the_other_side() -> None:
    theirs = (Codec(Encoding.G722, 9), Codec(Encoding.L16, 99, 16000), Codec(Encoding.PCMA, 8))
    assert dearest_first((ULAW, ALAW, WIDE, G722), theirs) == (G722, WIDE, ALAW, ULAW)
    assert dearest_first((ULAW, ALAW), ()) == (ULAW, ALAW)


def test_all_that_both_have_is_known_with_the_one_in_use_first() -> None:
    callee = leg(ULAW, ALAW, G722)
    callee.answer(sdp("m=audio 4000 RTP/AVP 9 18 8 0"), wanted=(ALAW,))
    assert callee.agreement is not None
    assert [codec.encoding for codec in callee.agreement.common] == [Encoding.PCMA, Encoding.G722, Encoding.PCMU]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=rtcp:53020", ("192.0.2.9", 53020)),
        ("a=rtcp:53020 IN IP4 192.0.2.77", ("192.0.2.77", 53020)),
        ("a=rtcp:53020 IN IP6 2001:db8::1", None),
        ("a=rtcp:0", None),
        ("a=rtcp:99999", None),
        ("a=rtcp:53020 IN IP4 phone.example.com", None),
        ("a=rtcp:", None),
        ("a=sendrecv", None),
    ],
)
def test_reports_go_where_the_peer_says(line: str, expected: tuple[str, int] | None) -> None:  # RFC 3605 2.1
    callee = leg()
    callee.answer(sdp("m=audio 4000 RTP/AVP 0", line))
    assert callee.agreement is not None
    assert callee.agreement.rtcp == expected


def test_one_port_for_audio_and_reports_is_agreed_where_offered() -> None:  # RFC 5761 5.1.1
    callee = leg()
    answer = callee.answer(sdp("m=audio 4000 RTP/AVP 0", "a=rtcp-mux"))
    assert attribute(answer.media[0].attributes, "rtcp-mux") == ""
    assert callee.agreement is not None and callee.agreement.rtcp_mux
    plain = leg()
    answer = plain.answer(sdp("m=audio 4000 RTP/AVP 0"))
    assert attribute(answer.media[0].attributes, "rtcp-mux") is None
    assert plain.agreement is not None and not plain.agreement.rtcp_mux


def test_a_number_that_looks_like_rtcp_keeps_its_own_port() -> None:  # RFC 5761 4
    callee = leg()
    callee.answer(sdp("m=audio 4000 RTP/AVP 72", "a=rtpmap:72 PCMU/8000", "a=rtcp-mux"))
    assert callee.agreement is not None and not callee.agreement.rtcp_mux


@pytest.mark.parametrize(
    ("lines", "ptime"),
    [
        (["a=ptime:30"], 30),
        (["a=maxptime:10"], 10),
        (["a=ptime:40", "a=maxptime:30"], 30),
        (["a=ptime:20", "a=maxptime:240"], 20),
        (["a=ptime:15"], 20),
        (["a=ptime:-1", "a=maxptime:0"], 20),
    ],
)
def test_packets_are_as_long_as_the_peer_wants_them(lines: list[str], ptime: int) -> None:  # RFC 8866 6.4, 6.5
    callee = leg()
    callee.answer(sdp("m=audio 4000 RTP/AVP 0", *lines))
    assert callee.agreement is not None
    assert callee.agreement.codec.ptime == ptime


def test_two_channels_are_taken_of_nobody() -> None:
    with pytest.raises(NotAcceptable, match="L16/16000"):
        leg(WIDE).answer(sdp("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 L16/16000/2"))


@pytest.mark.parametrize(
    ("wish", "answered"),
    [
        ("", []),
        ("octet-align=1", ["octet-align=1"]),
        ("octet-align=1; mode-set=0,2,4,7; mode-change-period=2", ["octet-align=1;mode-set=0,2,4,7"]),
        ("crc=0; robust-sorting=0", []),
    ],
)
def test_rfc_4867_8_3_1_how_amr_is_laid_out_is_the_same_both_ways(wish: str, answered: list[str]) -> None:
    fmtp = [f"a=fmtp:104 {wish}"] if wish else []
    callee = leg(CODECS["amr"], ALAW)
    answer = callee.answer(sdp("m=audio 4000 RTP/AVP 104 8", "a=rtpmap:104 AMR/8000/1", *fmtp))
    assert callee.agreement is not None and callee.agreement.codec.encoding is Encoding.AMR
    assert [line for line in values(answer, "fmtp") if line.startswith("104")] == [f"104 {s}" for s in answered]
    again = [line for line in values(callee.offer(), "fmtp") if line.startswith("104")]
    assert again == [f"104 {s}" for s in answered]


@pytest.mark.parametrize("wish", ["octet-align=1; crc=1", "octet-align=1;robust-sorting=1", "interleaving=30"])
def test_rfc_4867_8_1_amr_laid_out_in_ways_that_are_not_built_is_left_out(wish: str) -> None:
    callee = leg(CODECS["amr"], ALAW)
    callee.answer(sdp("m=audio 4000 RTP/AVP 104 8", "a=rtpmap:104 AMR/8000", f"a=fmtp:104 {wish}"))
    assert callee.agreement is not None and callee.agreement.codec.encoding is Encoding.PCMA


def test_amr_of_two_channels_is_none_of_ours() -> None:
    with pytest.raises(NotAcceptable):
        leg().answer(sdp("m=audio 4000 RTP/AVP 104", "a=rtpmap:104 AMR/8000/2"))


def test_rfc_5574_speex_has_a_clock_for_each_rate() -> None:
    callee = leg(CODECS["speex16"], CODECS["speex"])
    lines = ("a=rtpmap:97 speex/8000", "a=rtpmap:98 speex/16000", 'a=fmtp:98 mode="9,any";vbr=on')
    answer = callee.answer(sdp("m=audio 4000 RTP/AVP 98 97", *lines))
    assert callee.agreement is not None
    assert callee.agreement.codec.rate == 16000 and callee.agreement.codec.parameter("mode") == '"9,any"'
    assert values(answer, "fmtp")[0] == '98 mode="6,any"'


def test_g723_is_asked_for_without_pauses_and_needs_no_rtpmap() -> None:  # RFC 3551 4.5.3, RFC 4856 2.1.8
    offer = leg(CODECS["g723"]).offer()
    assert offer.media[0].formats[0] == "4"
    assert (values(offer, "fmtp")[0], values(offer, "ptime")) == ("4 annexa=no", ["30"])
    callee = leg()
    callee.answer(sdp("m=audio 4000 RTP/AVP 4"))
    assert callee.agreement is not None
    assert (callee.agreement.codec.encoding, callee.agreement.codec.packet) == (Encoding.G723, 30)


@pytest.mark.parametrize(
    ("number", "encoding", "rate"), [(5, Encoding.DVI4, 8000), (6, Encoding.DVI4, 16000), (11, Encoding.L16, 44100)]
)
def test_other_static_numbers_are_known_without_rtpmap(number: int, encoding: Encoding, rate: int) -> None:
    callee = leg()
    callee.answer(sdp(f"m=audio 4000 RTP/AVP {number}"))
    assert callee.agreement is not None
    assert (callee.agreement.codec.encoding, callee.agreement.codec.rate) == (encoding, rate)


@pytest.mark.parametrize("lines", [["10"], ["96", "a=rtpmap:96 L16/44100/2"], ["96", "a=rtpmap:96 L16/22050"]])
def test_two_channels_and_other_clocks_of_linear_samples_are_refused(lines: list[str]) -> None:  # RFC 3551 table 4
    with pytest.raises(NotAcceptable, match="no common codec"):
        leg().answer(sdp(f"m=audio 4000 RTP/AVP {lines[0]}", *lines[1:]))


@pytest.mark.parametrize(("name", "packet"), [("slin16", 40), ("slin32", 20), ("slin44", 10), ("slin48", 10)])
def test_linear_samples_are_sent_in_packets_that_cross_an_ethernet(name: str, packet: int) -> None:
    codec = CODECS[name]
    callee = leg()
    mapping = f"a=rtpmap:97 L16/{codec.rate}"
    answer = callee.answer(sdp("m=audio 4000 RTP/AVP 97", mapping, "a=ptime:60"))
    assert callee.agreement is not None
    assert callee.agreement.codec.packet == packet
    assert values(answer, "ptime") == [str(packet)]


# Comfort noise (RFC 3389).


def hushed(*codecs: Codec) -> Negotiation:
    return Negotiation(address="192.0.2.1", port=20000, session_id=7, codecs=codecs or ALL, noise=True)


def test_comfort_noise_is_offered_at_the_clocks_that_have_it_and_agreed_at_that_of_the_codec() -> None:
    """RFC 3389 4: 13 at 8000 Hz, a dynamic number at any other."""
    caller, callee = hushed(ULAW, WIDE), hushed(WIDE)
    offer = caller.offer()
    assert offer.media[0].formats == ("0", "118", "101", "113", "13", "119")
    assert [line for line in values(offer, "rtpmap") if "CN" in line] == ["13 CN/8000", "119 CN/16000"]
    answer = callee.answer(offer)
    assert answer.media[0].formats == ("118", "113", "119")
    agreed = caller.accept(answer)
    assert callee.agreement is not None
    assert agreed.noise == callee.agreement.noise == (119, 119)
    again = caller.offer()
    assert "119 CN/16000" in values(again, "rtpmap")


def test_each_side_has_its_own_number_for_comfort_noise() -> None:
    caller = hushed(WIDE)
    caller.offer()
    agreed = caller.accept(sdp("m=audio 4000 RTP/AVP 118 97", "a=rtpmap:118 L16/16000", "a=rtpmap:97 cn/16000"))
    assert agreed.noise == (97, 119)


def test_comfort_noise_is_not_agreed_on_unless_both_want_it() -> None:
    offer = sdp("m=audio 4000 RTP/AVP 0 13")
    plain, willing = leg(), hushed()
    assert plain.answer(offer).media[0].formats == ("0",)
    assert willing.answer(offer).media[0].formats == ("0", "13")
    assert plain.agreement is not None and plain.agreement.noise is None
    assert willing.agreement is not None and willing.agreement.noise == (13, 13)
    willing.offer()
    assert willing.accept(sdp("m=audio 4000 RTP/AVP 0")).noise is None


def test_codecs_with_pauses_of_their_own_have_no_comfort_noise() -> None:
    """RFC 3389 1: it is for codecs that have nothing of the kind."""
    callee = hushed()
    assert callee.answer(sdp("m=audio 4000 RTP/AVP 18 13")).media[0].formats == ("18",)
    assert callee.agreement is not None and callee.agreement.noise is None
    assert hushed(CODECS["g723"]).offer().media[0].formats == ("4", "101")


def test_modems_are_offered_no_comfort_noise() -> None:
    caller = hushed(ULAW)
    caller.accept(leg(ULAW).answer(caller.offer()))
    assert caller.offer(medium=Medium.PLAIN).media[0].formats == ("0", "101")
