"""AMR in RTP (RFC 4867): modes asked for, payloads that are none; and what a Speex packet holds (RFC 5574)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Codec, Encoding
from gateway.media.codec.amr import amr_frames as count_amr
from gateway.media.codec.speex import speex_frames
from gateway.plane.rtp_row import RtpRow
from tests.bench.recoding import through_two_rows
from tests.support.framed import SpeexEncoder, amr_encoder, amr_frames, amr_payload
from tests.support.reference import voice
from tests.support.rtp import RtpEndpoint
from tests.support.speech import speak
from tests.unit.plane.conftest import Studio
from tests.unit.plane.test_framed import say, telephone

NARROW, WIDE = Encoding.AMR, Encoding.AMR_WB
NOTHING = bytes([15 << 3 | 4])


def codec(encoding: Encoding, parameters: str = "") -> Codec:
    return Codec(encoding, 98, 16000 if encoding is WIDE else 8000, parameters=parameters)


def modes_of(endpoint: RtpEndpoint, encoding: Encoding, aligned: bool) -> list[int]:
    """In which mode each frame has come since the last look."""
    endpoint.hear()
    packets, endpoint.received[:] = list(endpoint.received), []
    frames = itertools.chain(*(amr_frames(encoding, packet.payload, aligned) for packet in packets))
    return [frame[0] >> 3 for frame in frames]


def asks(studio: Studio, endpoint: RtpEndpoint, payload: bytes, ticks: int) -> None:
    endpoint.send_raw(endpoint.next.serialise() + payload)
    endpoint.skip(ticks)
    studio.tick()


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize(("encoding", "best"), [(NARROW, 7), (WIDE, 8)])
def test_4_3_1_the_mode_that_the_peer_asks_for_is_sent(
    studio: Studio, encoding: Encoding, best: int, aligned: bool
) -> None:
    wished = codec(encoding, "octet-align=1" if aligned else "")
    (a, alice), (b, bob) = studio.telephone(), telephone(studio, wished)
    a.join(b)
    said = speak("The line to the workshop is free again.")
    say(studio, alice, said[:1600])
    assert set(modes_of(bob, encoding, aligned)) == {best}
    for asked, sent in ((2, 2), (15, 2), (0, 0), (best + 1, 0), (best, best)):
        asks(studio, bob, amr_payload(encoding, [NOTHING], aligned, asked), wished.rate // 50)
        modes_of(bob, encoding, aligned)
        say(studio, alice, said[:800])
        assert set(modes_of(bob, encoding, aligned)) == {sent}


def test_8_1_modes_outside_of_the_mode_set_are_never_sent(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), telephone(studio, codec(NARROW, "mode-set=0,2,5"))
    a.join(b)
    for asked in (15, 7, 4):
        asks(studio, bob, amr_payload(NARROW, [NOTHING], False, asked), 160)
        say(studio, alice, speak("The line is free.")[:800])
    assert set(modes_of(bob, NARROW, False)) == {5}


def coded(wished: Codec, said: Samples) -> list[bytes]:
    """The payloads that the plane makes of linear sound."""
    size = wished.sampling // 50
    packets = [said[start : start + size].astype(">i2").tobytes() for start in range(0, len(said), size)]
    return through_two_rows(Codec(Encoding.L16, 100, wished.sampling), wished, packets)[1]


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("encoding", [NARROW, WIDE])
def test_frames_are_bit_for_bit_what_the_library_makes(encoding: Encoding, aligned: bool) -> None:
    wished = codec(encoding, "octet-align=1" if aligned else "")
    said = voice(wished.sampling)[: wished.sampling]
    frames = [frame for payload in coded(wished, said) for frame in amr_frames(encoding, payload, aligned)]
    assert len(frames) == 50 and frames == amr_encoder(wished)(said)


@pytest.mark.parametrize(("rate", "quality"), [(8000, 3), (16000, 8)])
def test_rfc_5574_4_1_1_a_peer_that_wishes_nothing_gets_modes_3_and_8(rate: int, quality: int) -> None:
    said = voice(rate)[:rate]
    library = SpeexEncoder(rate == 16000, quality)
    wished = [library.encode(frame) for frame in said.reshape(50, -1)]
    assert coded(Codec(Encoding.SPEEX, 97, rate), said) == wished


def hears(studio: Studio, row: RtpRow, endpoint: RtpEndpoint, payload: bytes) -> bool:
    """Whether a payload is taken."""
    before = row.stats().received
    asks(studio, endpoint, payload, 160)
    return row.stats().received > before


def test_4_3_2_and_4_4_2_payloads_whose_table_does_not_fit_are_refused(studio: Studio) -> None:
    (row, alice), (listener, _) = telephone(studio, codec(NARROW)), studio.telephone()
    row.join(listener)
    frame = bytes([7 << 3 | 4]) + bytes(31)
    whole = amr_payload(NARROW, [frame, frame], False)
    assert hears(studio, row, alice, whole)
    assert hears(studio, row, alice, amr_payload(NARROW, [NOTHING], False))
    assert hears(studio, row, alice, amr_payload(NARROW, [bytes([7 << 3]) + bytes(31)], False))  # damaged: Q is 0
    for wrong in (whole[:-1], whole + b"\0", whole[:1], b"\xff" * 40, amr_payload(NARROW, [frame] * 4, False)):
        assert not hears(studio, row, alice, wrong)
    for reserved in (9, 11, 14):
        assert not hears(studio, row, alice, bytes([0xF0 | reserved >> 1, (reserved & 1) << 7 | 0x40]))


@pytest.mark.parametrize("aligned", [False, True])
def test_what_is_cut_off_anywhere_is_no_payload(aligned: bool) -> None:
    frames = [bytes([kind << 3 | 4]) + bytes(61) for kind in (8, 0, 9)]
    sizes = (477, 132, 40)
    frames = [frame[: 1 + -(-size // 8)] for frame, size in zip(frames, sizes, strict=True)]
    whole = np.frombuffer(amr_payload(WIDE, frames, aligned), np.uint8)
    assert count_amr(whole, 0, len(whole), True, aligned) == 3
    assert all(count_amr(whole, 0, size, True, aligned) == -1 for size in range(len(whole)))
    assert count_amr(np.append(np.zeros(7, np.uint8), whole), 7, len(whole), True, aligned) == 3


def bits(*fields: str) -> np.ndarray:
    """With the padding that Speex has: a zero, then ones (RFC 5574 3.3)."""
    text = "".join(fields)
    text += "01111111"[: -len(text) % 8]
    return np.array([int(text[k : k + 8], 2) for k in range(0, len(text), 8)], np.uint8)


NARROW_FRAME = "0" + f"{3:04b}" + "0" * 155
HIGH_BAND = "1" + f"{1:03b}" + "0" * 32


@pytest.mark.parametrize(
    ("payload", "frames"),
    [
        (bits(NARROW_FRAME), 1),
        (bits(NARROW_FRAME, NARROW_FRAME, "01111"), 2),
        (bits(NARROW_FRAME, HIGH_BAND, NARROW_FRAME, HIGH_BAND), 2),
        (bits("0", "1110", "0010", "0000", NARROW_FRAME), 1),  # a message of four bits
        (bits("0", "1101", "0001", "0" * 13, NARROW_FRAME), 1),  # one of the user's
        (bits(NARROW_FRAME)[:-1], -1),  # cut off
        (bits("0", "1010", "0" * 60), -1),  # a mode that there is not
        (bits(HIGH_BAND, NARROW_FRAME), -1),  # a high band of nothing
        (bits("01111"), -1),
        (bits(NARROW_FRAME, HIGH_BAND, HIGH_BAND), 1),
        (bits(NARROW_FRAME, "1000", "0"), 1),  # an empty one
        (bits(NARROW_FRAME, HIGH_BAND, "1000", "0"), -1),
        (bits(NARROW_FRAME, HIGH_BAND, HIGH_BAND, HIGH_BAND), -1),
        (bits("0", f"{7:04b}", "0" * 487, "1111"), -1),  # no padding
        (bits(NARROW_FRAME, "1", "111", "0" * 40), -1),
    ],
)
def test_rfc_5574_3_frames_of_speex_are_counted_before_they_are_decoded(payload: np.ndarray, frames: int) -> None:
    assert speex_frames(payload, 0, len(payload), True) == frames
