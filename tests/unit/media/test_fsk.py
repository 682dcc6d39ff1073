"""The caller ID modem: what is sent, and what is understood through a bad line."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.caller_id import CallerId, decode, encode_mdmf
from gateway.media.fsk import Receiver, Standard, modulate
from gateway.media.g711 import decode as from_law
from gateway.media.g711 import encode as to_law
from gateway.media.level import level, peak
from gateway.media.tone import ZONES, dtmf

VECTORS = [
    bytes.fromhex(text)
    for text in (
        "802201083031303231353330020a35353531323334353637070a534d495448204a4f484ecd",
        "8010010830313032313533300401500801502d",
        "0412303130323135333035353531323334353637 53",
        "82030b01ff70",
        "82030b01006f",
        "0603424242 31",
        "06036f6f6faa",
        "801a110101 01083031303231353330020b303230373934363030303085",
    )
]


def on_the_line(spill: Samples, lead: int = 400) -> Samples:
    return np.concatenate([np.zeros(lead, np.int16), spill, np.zeros(400, np.int16)])


def noisy(samples: Samples, dbm0: float, seed: int = 1) -> Samples:
    noise = np.random.default_rng(seed).normal(0, peak(dbm0) / math.sqrt(2), len(samples))
    return np.round(samples + noise).clip(-32768, 32767).astype(np.int16)


@pytest.mark.parametrize("standard", Standard)
@pytest.mark.parametrize("message", VECTORS, ids=lambda message: message.hex()[:8])
def test_every_vector_comes_through(standard: Standard, message: bytes) -> None:
    assert Receiver(standard).feed(on_the_line(modulate(message, standard))) == [message]


def test_a_spill_has_its_shape() -> None:
    spill = modulate(VECTORS[3], Standard.BELL_202)
    assert len(spill) == pytest.approx((300 + 180 + 60 + 60) * 8000 / 1200, abs=1)
    assert level(spill) == pytest.approx(-13.5, abs=0.1)
    mark = np.abs(np.fft.rfft(spill[2080:3120].astype(float)))
    assert np.argmax(mark) * 8000 / 1040 == pytest.approx(1200, abs=8)
    seizure = np.abs(np.fft.rfft(spill[:2000].astype(float)))
    lines = np.argsort(seizure)[-4:] * 4
    assert all(any(abs(line - (1700 + 600 * side)) < 9 for side in (-2, -1, 0, 1, 2)) for line in lines)


def test_the_phase_never_jumps() -> None:
    spill = modulate(VECTORS[0], Standard.BELL_202).astype(float) / peak(-13.5)
    # No step between samples is larger than the higher frequency explains.
    assert np.abs(np.diff(spill)).max() <= 2 * math.sin(math.pi * 2200 / 8000) + 0.01


@pytest.mark.parametrize("standard", Standard)
@pytest.mark.parametrize("law", [Encoding.PCMU, Encoding.PCMA])
@pytest.mark.parametrize("dbm0", [-3, -13.5, -30, -40])
def test_any_level_with_noise_20_db_below_through_either_law(
    standard: Standard, law: Encoding, dbm0: float
) -> None:
    for seed, message in enumerate(VECTORS):
        heard = noisy(on_the_line(modulate(message, standard, dbm0)), dbm0 - 20, seed)
        assert Receiver(standard).feed(from_law(to_law(heard, law), law)) == [message]


@pytest.mark.parametrize("stretch", [0.985, 1.015])
@pytest.mark.parametrize("standard", Standard)
def test_a_modem_whose_clock_is_1_5_percent_off(standard: Standard, stretch: float) -> None:
    for message in VECTORS:
        spill = modulate(message, standard)
        off = np.interp(np.arange(0, len(spill) - 1, stretch), np.arange(len(spill)), spill).astype(np.int16)
        assert Receiver(standard).feed(noisy(on_the_line(off), -33.5)) == [message]


def test_hum_a_loud_ring_tail_and_a_slanted_line_do_not_matter() -> None:
    clean = on_the_line(modulate(VECTORS[0], Standard.BELL_202))
    time = np.arange(len(clean)) / 8000
    hum = peak(-16) * np.sin(2 * np.pi * 50 * time) + 8000 * np.exp(-time * 30) * np.sin(2 * np.pi * 20 * time)
    assert Receiver(Standard.BELL_202).feed((clean + hum).astype(np.int16)) == [VECTORS[0]]
    slanted = np.convolve(clean, [0.5, 0.35, 0.15])[: len(clean)]
    assert Receiver(Standard.BELL_202).feed(slanted.astype(np.int16)) == [VECTORS[0]]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 1500), min_size=1, max_size=40), st.sampled_from(VECTORS))
def test_the_size_of_the_pieces_does_not_matter(sizes: list[int], message: bytes) -> None:
    heard = on_the_line(modulate(message, Standard.V23), lead=123)
    receiver, got, start = Receiver(Standard.V23), [], 0
    for size in [*sizes, len(heard)]:
        got += receiver.feed(heard[start : start + size])
        start += size
    assert got == [message]


def test_one_sample_at_a_time() -> None:
    receiver, got = Receiver(Standard.BELL_202), []
    for sample in on_the_line(modulate(VECTORS[5], Standard.BELL_202)):
        got += receiver.feed(np.array([sample], np.int16))
    assert got == [VECTORS[5]]


def test_two_spills_and_one_that_was_cut_off() -> None:
    first, second = (modulate(VECTORS[number], Standard.BELL_202) for number in (0, 2))
    line = on_the_line(np.concatenate([first, second[:4000], np.zeros(800, np.int16), second]))
    assert Receiver(Standard.BELL_202).feed(line) == [VECTORS[0], VECTORS[2]]


def test_a_spill_with_one_bit_wrong_is_not_told() -> None:
    wrong = VECTORS[0][:5] + bytes((VECTORS[0][5] ^ 1,)) + VECTORS[0][6:]
    assert Receiver(Standard.BELL_202).feed(on_the_line(modulate(wrong, Standard.BELL_202))) == []


def test_a_short_seizure_and_mark_as_bt_sends_them() -> None:
    spill = modulate(VECTORS[7], Standard.V23)
    short = np.concatenate([spill[1360:2000], spill[2000 + 1200 - 400 :]])
    assert Receiver(Standard.V23).feed(on_the_line(short)) == [VECTORS[7]]


@pytest.mark.parametrize("standard", Standard)
def test_noise_tones_and_digits_are_not_messages(standard: Standard) -> None:
    receiver = Receiver(standard)
    assert receiver.feed(noisy(np.zeros(80000, np.int16), -10)) == []
    assert receiver.feed(dtmf("0123456789*#")) == []
    for name in ("dial", "busy", "info", "milliwatt"):
        assert receiver.feed(ZONES["us"].tone(name).samples) == []
    mark = np.round(peak(-10) * np.sin(2 * np.pi * standard.value.mark * np.arange(80000) / 8000)).astype(np.int16)
    assert receiver.feed(mark) == []
    assert len(receiver._soft) < 100, "waiting costs no memory"
    assert receiver.feed(on_the_line(modulate(VECTORS[1], standard))) == [VECTORS[1]]


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=6000))
def test_any_samples_are_taken(data: bytes) -> None:
    assert Receiver(Standard.BELL_202).feed(np.frombuffer(data[: len(data) & ~1], np.int16)) == []


def test_from_party_to_party() -> None:
    caller = CallerId("2565550101", "ANN")
    [message] = Receiver(Standard.V23).feed(on_the_line(modulate(encode_mdmf(caller), Standard.V23)))
    assert decode(message) == caller


def test_a_message_too_long_is_refused() -> None:
    with pytest.raises(LocalError, match="258"):
        modulate(bytes(300), Standard.V23)


def test_a_piece_may_end_within_the_first_character() -> None:
    heard = on_the_line(modulate(VECTORS[0], Standard.BELL_202))
    for cut in range(400 + 3200, 400 + 3200 + 90, 7):
        receiver = Receiver(Standard.BELL_202)
        assert receiver.feed(heard[:cut]) + receiver.feed(heard[cut:]) == [VECTORS[0]]
