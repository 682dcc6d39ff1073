"""HDLC in a time slot (Q.921 2): what a framer sends a deframer finds, and what is spoilt is told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.span.hdlc import Deframer, FrameFault, Framer, check_sequence

SABME = bytes.fromhex("00017f")


def bits(octets: bytes) -> str:
    return f"{int.from_bytes(octets, 'big'):0{len(octets) * 8}b}"


def octets(text: str) -> bytes:
    """Bits in the order of their sending, flags after them to fill the slot."""
    filled = (text + "01111110" * 200)[:1280]
    return int(filled, 2).to_bytes(160, "big")


@pytest.mark.parametrize(
    ("data", "check"),
    [
        ("00017f", "6454"),
        ("313233343536373839", "6e90"),
        ("ffff00", "ffff"),
        ("ffff0100", "27e6"),
        ("ffff0103", "bcd4"),
    ],
)
def test_check_sequences_are_those_of_x25(data: str, check: str) -> None:
    assert check_sequence(bytes.fromhex(data)).hex() == check


def test_a_frame_lies_between_flags_low_bits_first_with_zeros_inserted() -> None:
    framer = Framer(checked=True)
    framer.put(SABME)
    sent = framer.take()
    assert sent is not None
    # Q.921 2.6: a zero after five ones; 7f is 1111111 0, low bit first.
    body = "00000000" + "10000000" + "111110110" + "00100110" + "00101010"
    assert bits(sent).startswith("01111110" + body + "01111110")


def test_an_idle_slot_costs_nothing() -> None:
    framer = Framer(checked=True)
    assert framer.take() is None
    framer.put(SABME)
    framer.take()
    framer.clear()
    assert framer.backlog == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.binary(min_size=1, max_size=260) | st.just(b"\xff" * 100) | st.just(b"~" * 9)
        ),
        max_size=12,
    )
)
def test_whatever_is_framed_is_found_again_whenever_it_is_put(frames: list[tuple[int, bytes]]) -> None:
    framer, deframer = Framer(checked=True), Deframer(checked=True, longest=1024)
    found: list[bytes | FrameFault] = []
    for pause, frame in frames:
        for _ in range(pause):
            found += deframer.feed(framer.take())
        framer.put(frame)
    while framer.backlog:
        found += deframer.feed(framer.take())
    found += deframer.feed(framer.take())
    assert found == [frame for _, frame in frames]


@pytest.mark.parametrize("ones", range(8))
def test_a_frame_may_end_anywhere_before_the_end_of_the_slot(ones: int) -> None:
    """With flags that share a zero behind it, the last of them with that of the frame in the next slot."""
    for length in range(140, 160):
        framer, deframer = Framer(checked=True), Deframer(checked=True, longest=1024)
        frame = b"\x1f" * ones + bytes(length - ones)
        framer.put(frame)
        sent = framer.take()
        assert sent is not None and len(sent) == 160
        found = [*deframer.feed(sent)]
        framer.put(SABME)
        while framer.backlog:
            found += deframer.feed(framer.take())
        assert [*found, *deframer.feed(framer.take())] == [frame, SABME]


def test_a_wrong_bit_is_a_wrong_check_sequence_and_the_next_frame_is_found() -> None:
    framer, deframer = Framer(checked=True), Deframer(checked=True, longest=64)
    framer.put(b"abcdef")
    framer.put(SABME)
    sent = bytearray(framer.take() or b"")
    sent[3] ^= 0x10
    assert list(deframer.feed(bytes(sent))) == [FrameFault.BAD_FCS, SABME]


def test_iso_13239_section_4_2_5_flags_share_a_zero_between_frames() -> None:
    framer, deframer = Framer(checked=True), Deframer(checked=True, longest=64)
    framer.put(SABME)
    body = bits(framer.take() or b"").split("01111110")[1]
    text = "0111111" * 3 + "01111110" + body + "0111111" + "01111110" + body + "01111110"
    assert list(deframer.feed(octets(text))) == [SABME, SABME]


def test_seven_ones_within_a_frame_abort_it() -> None:
    deframer = Deframer(checked=True, longest=64)
    flag, begun = "01111110", "0010011001010101" * 2
    assert list(deframer.feed(octets(flag + begun + "11111111" + flag))) == [FrameFault.ABORT]


def test_a_line_of_ones_is_idle_and_no_abort() -> None:
    deframer = Deframer(checked=True, longest=64)
    assert not deframer.feed(b"\xff" * 160)
    framer = Framer(checked=True)
    framer.put(SABME)
    assert list(deframer.feed(framer.take())) == [SABME]


def test_a_frame_longer_than_the_buffer_is_told_once() -> None:
    framer, deframer = Framer(checked=True), Deframer(checked=True, longest=64)
    framer.put(bytes(range(200)) * 3)
    framer.put(SABME)
    found: list[bytes | FrameFault] = []
    while framer.backlog:
        found += deframer.feed(framer.take())
    assert found == [FrameFault.TOO_LONG, SABME]


def test_a_frame_that_is_taken_back_under_way_is_aborted() -> None:
    framer, deframer = Framer(checked=True), Deframer(checked=True, longest=1024)
    framer.put(b"x" * 500)
    found = list(deframer.feed(framer.take()))
    framer.clear()
    framer.put(SABME)
    found += deframer.feed(framer.take())
    assert found == [FrameFault.ABORT, SABME]


def test_noise_gives_nothing_that_was_not_sent_and_no_memory_is_kept() -> None:
    noise = random.Random(7)
    deframer = Deframer(checked=True, longest=260)
    for _ in range(300):
        assert all(isinstance(found, FrameFault) for found in deframer.feed(noise.randbytes(160)))
    assert len(deframer._open or "") < 2800
