"""G.711 against a computation of its own: segments walked one by one, as tables 1 and 2 are printed."""

import numpy as np
import pytest

from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.level import active_level, level, peak


def ulaw_by_the_table(sample: int) -> int:
    """Find the interval of G.711 table 2 by walking outward from zero: decision values 0, 1, 3, 5 … 31, 35 …"""
    negative = sample < 0
    magnitude = (~sample if negative else sample) // 4
    bound, step, number = 1, 2, 0
    while number < 127 and magnitude >= bound:
        number += 1
        bound += step
        if number % 16 == 15:
            step *= 2
    return (0x7F if negative else 0xFF) - number


def alaw_by_the_table(sample: int) -> int:
    """The same for table 1: decision values 0, 2, 4 … 64, 68 … on a scale of 4096."""
    negative = sample < 0
    magnitude = (~sample if negative else sample) // 8
    bound, step, number = 2, 2, 0
    while number < 127 and magnitude >= bound:
        number += 1
        if number % 16 == 0 and number >= 32:
            step *= 2
        bound += step
    return (number | (0 if negative else 0x80)) ^ 0x55


def test_every_sample_is_coded_as_the_tables_say() -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    ulaw = g711.encode(samples, Encoding.PCMU)
    alaw = g711.encode(samples, Encoding.PCMA)
    assert ulaw == bytes(ulaw_by_the_table(int(sample)) for sample in samples)
    assert alaw == bytes(alaw_by_the_table(int(sample)) for sample in samples)


def test_every_code_decodes_to_the_middle_of_its_interval() -> None:
    samples = np.arange(-32768, 32768)
    for encoding, overload in ((Encoding.PCMU, 32636), (Encoding.PCMA, 32768)):
        codes = np.frombuffer(g711.encode(samples.astype(np.int16), encoding), np.uint8)
        for code, value in enumerate(g711.decode(bytes(range(256)), encoding)):
            interval = samples[(codes == code) & (np.abs(samples) <= overload)]
            if value:  # mu-law's two zeros are the ends of one interval
                assert abs((interval[0] + interval[-1]) / 2 - value) <= 1, (encoding, code)


def test_codes_survive_linear_and_back() -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert g711.encode(g711.decode(codes, Encoding.PCMA), Encoding.PCMA) == codes.tobytes()
    ulaw = bytearray(g711.encode(g711.decode(codes, Encoding.PCMU), Encoding.PCMU))
    assert ulaw[0x7F] == 0xFF, "mu-law has two zeros and linear one"
    ulaw[0x7F] = 0x7F
    assert bytes(ulaw) == codes.tobytes()


@pytest.mark.parametrize(
    ("ulaw", "alaw"),
    # Sign and value number of tables 3 and 4, picked at the ends of their regular runs.
    [
        (0xFF, 0xD5),
        (0xF0, 0xD2),
        (0xDF, 0xCD),
        (0xCF, 0xF8),
        (0xBF, 0xEA),
        (0xAF, 0x9A),
        (0x80, 0xAA),
        (0x00, 0x2A),
    ],
)
def test_law_to_law_at_the_ends_of_the_runs(ulaw: int, alaw: int) -> None:
    assert g711.ULAW_TO_ALAW[ulaw] == alaw


def test_law_to_law_keeps_value_sign_and_order() -> None:
    for table, source, target in (
        (g711.ULAW_TO_ALAW, g711.ULAW_TO_LINEAR, g711.ALAW_TO_LINEAR),
        (g711.ALAW_TO_ULAW, g711.ALAW_TO_LINEAR, g711.ULAW_TO_LINEAR),
    ):
        before, after = source.astype(int), target[table].astype(int)
        order = np.argsort(before, kind="stable")
        assert np.all(np.diff(after[order]) >= 0)
        assert np.all(np.abs(after - before) <= np.maximum(16, np.abs(before) // 24))


def test_law_to_law_and_back_loses_no_more_than_the_lowest_bit() -> None:
    codes = np.arange(256, dtype=np.uint8)
    there_and_back = g711.ALAW_TO_ULAW[g711.ULAW_TO_ALAW[codes]]
    assert np.all((there_and_back ^ codes) <= 2)
    assert np.count_nonzero(there_and_back != codes) == 16, "only the finest mu-law steps are shared"


def test_the_digital_milliwatts_of_tables_5_and_6_are_0_dbm0() -> None:
    ulaw = g711.decode(bytes.fromhex("1e0b0b1e9e8b8b9e"), Encoding.PCMU)
    alaw = g711.decode(bytes.fromhex("34212134b4a1a1b4"), Encoding.PCMA)
    assert level(ulaw) == pytest.approx(0, abs=0.01)
    assert level(alaw) == pytest.approx(0, abs=0.1)


def test_l16_is_in_network_order_and_drops_half_a_sample() -> None:
    samples = np.array([1, -2, 32767], np.int16)
    assert g711.encode(samples, Encoding.L16) == bytes.fromhex("0001fffe7fff")
    assert g711.decode(bytes.fromhex("0001fffe7fff80"), Encoding.L16).tolist() == [1, -2, 32767]


def test_strided_and_empty_input() -> None:
    samples = np.arange(0, 3200, dtype=np.int16)[::2]
    assert g711.encode(samples, Encoding.PCMU) == g711.encode(samples.copy(), Encoding.PCMU)
    assert g711.encode(samples, Encoding.PCMA) == g711.encode(samples.copy(), Encoding.PCMA)
    for encoding in Encoding:
        assert g711.encode(np.zeros(0, np.int16), encoding) == b""
        assert len(g711.decode(b"", encoding)) == 0


def test_tables_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        g711.ULAW_TO_LINEAR[0] = 1


def test_levels() -> None:
    time = np.arange(8000)
    tone = np.round(peak(-10) * np.sin(2 * np.pi * 1004 * time / 8000)).astype(np.int16)
    assert level(tone) == pytest.approx(-10, abs=0.01)
    assert level(np.zeros(80, np.int16)) == level(np.zeros(0, np.int16)) == -96
    paused = np.concatenate([tone, np.zeros(40000, np.int16)])
    assert level(paused) == pytest.approx(-17.8, abs=0.1)
    assert active_level(paused) == pytest.approx(-10, abs=0.1)
    assert active_level(tone[:100]) == pytest.approx(level(tone[:100]))
    assert active_level(np.zeros(800, np.int16)) == -96
