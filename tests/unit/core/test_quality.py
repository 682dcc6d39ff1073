"""The rating of a leg's audio: the E-model's figures, and the line that people read."""

from __future__ import annotations

import pytest

from gateway.core.audio import AudioStats
from gateway.core.codec import Encoding
from gateway.core.quality import Quality, measured, opinion, rating, sentence
from gateway.core.srtp import Suite


@pytest.mark.parametrize(
    ("rated", "score"),
    [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0)],  # G.107 table B.1
)
def test_scores_are_those_of_the_table(rated: float, score: float) -> None:
    assert opinion(rated) == pytest.approx(score, abs=0.01)


def test_a_perfect_leg_has_the_best_rating() -> None:
    assert rating(Encoding.PCMU, 0.0, 0.0) == 93.2


@pytest.mark.parametrize(("loss", "least", "most"), [(0.01, 88, 91), (0.05, 75, 80), (0.2, 45, 55), (1.0, 0, 20)])
def test_loss_takes_from_the_rating(loss: float, least: float, most: float) -> None:
    assert least < rating(Encoding.PCMA, loss, 0.0) < most


def test_delay_hurts_most_beyond_the_knee() -> None:
    at = [rating(None, 0.0, delay) for delay in (0.0, 0.15, 0.177, 0.3)]
    assert at[0] - at[1] < 4 < at[2] - at[3]
    assert at == sorted(at, reverse=True)


def test_a_coding_that_loses_by_itself_is_rated_lower() -> None:
    assert rating(Encoding.G726, 0.0, 0.0) == pytest.approx(86.2)


def test_what_a_record_keeps_of_a_leg() -> None:
    stats = AudioStats(90, 100, 0, 10, 0.0123456, far_lost=-2, round_trip=0.04, encoding=Encoding.GSM, late=3)
    assert measured("SIP/6001-1", stats) == Quality("SIP/6001-1", "GSM", 90, 100, 10, 3, 0.0123, 0.04, 0, 1.8)
    unreported = measured("SIP/6001-1", AudioStats(90, 100, encoding=Encoding.GSM))
    assert unreported is not None and unreported.round_trip is None
    assert measured("SIP/6001-1", AudioStats(encoding=Encoding.GSM)) is None, "nothing came in"
    assert measured("FXS/101-1", AudioStats(received=90)) is None, "a device's frames"


def test_the_line_tells_what_was_counted() -> None:
    stats = AudioStats(
        received=1497, sent=1500, lost=3, jitter=0.002, round_trip=0.034, far_lost=7, late=1, encoding=Encoding.G722
    )
    assert sentence(stats) == (
        "G722, 1497 packets in, 3 lost (0.2 %), 1 too late, jitter 2 ms, round trip 34 ms, "
        "7 of 1500 out lost, MOS 4.4"
    )


def test_silence_is_said_to_be_silence() -> None:
    assert sentence(AudioStats(sent=50, encoding=Encoding.PCMU)) == "PCMU, nothing came in, 50 packets out"


def test_what_encrypts_and_what_it_refused_is_told() -> None:
    stats = AudioStats(received=10, refused=5, forged=3, replayed=2, suite=Suite.AEAD_AES_128_GCM)
    told = sentence(stats)
    assert told.startswith("encrypted by AEAD_AES_128_GCM, 10 packets in, ")
    assert "5 refused (3 of another key, 2 replayed)" in told
