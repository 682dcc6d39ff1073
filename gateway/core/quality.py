"""How good a leg's audio is, by what was counted: the E-model's rating and the opinion score that goes with it.

Packet loss, delay and the coding's own loss go in (ITU-T G.107, with the values of G.113 appendix I and all else at
its default); a rating R of 0 to 93 comes out, and the mean opinion score of G.107 annex B: above 4.0 people are
satisfied, below 3.6 many are not, below 2.6 nearly all complain. Nothing is listened to.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.audio import AudioStats
from gateway.core.codec import Encoding
from gateway.core.frozen import frozen

__all__ = ["Quality", "measured", "opinion", "rated", "rating", "sentence"]

_BEST: Final = 93.2
"""R of an ideal narrow-band connection (G.107 7.1)."""
_KNEE: Final = 0.1773
"""Seconds of delay from which people interrupt each other (G.107 annex B.2 as simplified by most)."""
_IMPAIRMENT: Final[Mapping[Encoding, tuple[float, float]]] = MappingProxyType(
    {
        Encoding.G726: (7.0, 10.0),
        Encoding.G726_16: (50.0, 10.0),
        Encoding.G726_24: (25.0, 10.0),
        Encoding.G726_40: (2.0, 10.0),
        Encoding.AAL2_G726: (7.0, 10.0),
        Encoding.AAL2_G726_16: (50.0, 10.0),
        Encoding.AAL2_G726_24: (25.0, 10.0),
        Encoding.AAL2_G726_40: (2.0, 10.0),
        Encoding.DVI4: (7.0, 10.0),
        Encoding.GSM: (20.0, 10.0),
        Encoding.G723: (15.0, 16.1),
        Encoding.G729: (11.0, 19.0),
        Encoding.AMR: (5.0, 10.0),
    }
)
"""Ie and Bpl, the coding's own impairment and how it stands loss (G.113 tables I.1, I.3)."""
_WAVEFORM: Final = (0.0, 25.1)
"""G.711 with concealment; taken for all that codes the waveform and for Opus."""
_BUFFER: Final = 0.06
"""Seconds that packets and jitter buffers add to half of the round trip."""


def rating(encoding: Encoding | None, loss: float, delay: float) -> float:
    """The rating R.

    Args:
        encoding: how it is coded; None counts as G.711.
        loss: packets lost, as a fraction of those sent.
        delay: seconds from mouth to ear.
    """
    own, robustness = _IMPAIRMENT.get(encoding, _WAVEFORM) if encoding is not None else _WAVEFORM
    percent = 100.0 * min(max(loss, 0.0), 1.0)
    by_loss = own + (95.0 - own) * percent / (percent + robustness)
    by_delay = 24.0 * delay + (110.0 * (delay - _KNEE) if delay > _KNEE else 0.0)
    return min(max(_BEST - by_loss - by_delay, 0.0), _BEST)


def opinion(rated: float) -> float:
    """The mean opinion score of a rating (G.107 B.4)."""
    if rated <= 0.0:
        return 1.0
    return max(1.0, 1.0 + 0.035 * rated + rated * (rated - 60.0) * (100.0 - rated) * 7e-6)


def rated(stats: AudioStats) -> float:
    """The rating of what came in on a row."""
    return rating(stats.encoding, stats.loss, (stats.round_trip or 0.0) / 2 + stats.jitter + _BUFFER)


@frozen
class Quality:
    """How one leg of a call was heard, for the record of the call.

    Attributes:
        leg: its name.
        coding: of what came in, "G722".
        received, sent: packets; lost: that never came; late: that came too late to be heard.
        jitter: seconds; round_trip: seconds, or None where the far side did not report.
        far_lost: packets of ours that the far side reported as lost.
        score: mean opinion score, 1.0 to 4.4, of what came in.
    """

    leg: str
    coding: str
    received: int
    sent: int
    lost: int
    late: int
    jitter: float
    round_trip: float | None
    far_lost: int
    score: float


def measured(leg: str, stats: AudioStats) -> Quality | None:
    """The quality of a leg by its row's counters; None for a device's, or where nothing came in."""
    if stats.encoding is None or not stats.received:
        return None
    return Quality(
        leg,
        stats.encoding.value,
        stats.received,
        stats.sent,
        max(stats.lost, 0),
        stats.late,
        round(stats.jitter, 4),
        None if stats.round_trip is None else round(stats.round_trip, 4),
        max(stats.far_lost, 0),
        round(opinion(rated(stats)), 1),
    )


def sentence(stats: AudioStats) -> str:
    """A row's audio in a line: "G722, 1500 packets in, 3 lost (0.2 %), jitter 2 ms, round trip 34 ms, MOS 4.3"."""
    coding = f"{stats.encoding.value}, " if stats.encoding is not None else ""
    if stats.suite is not None:
        coding += f"encrypted by {stats.suite.value}, "
    if not stats.received:
        return f"{coding}nothing came in, {stats.sent} packets out"
    trip = f", round trip {stats.round_trip * 1000:.0f} ms" if stats.round_trip is not None else ""
    far = f", {stats.far_lost} of {stats.sent} out lost" if stats.far_lost > 0 else ""
    late = f", {stats.late} too late" if stats.late else ""
    refused = f", {stats.refused} refused" if stats.refused else ""
    if stats.forged or stats.replayed:
        refused += f" ({stats.forged} of another key, {stats.replayed} replayed)"
    return (
        f"{coding}{stats.received} packets in, {stats.lost} lost ({100 * stats.loss:.1f} %){late}{refused}, "
        f"jitter {stats.jitter * 1000:.0f} ms{trip}{far}, MOS {opinion(rated(stats)):.1f}"
    )
