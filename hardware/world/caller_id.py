"""Caller ID as an exchange of a country sends it: which modem, and after which pause of the cadence."""

from __future__ import annotations

from typing import Final

from gateway.media.fsk import Standard
from gateway.media.tone import Zone

__all__ = ["AFTER_BURST", "NEEDED_PAUSE", "standard"]

AFTER_BURST: Final = 500
"""Milliseconds from the end of a burst to the signal (GR-30, EN 300 659-1)."""

NEEDED_PAUSE: Final = 1500
"""Milliseconds of pause that it needs; shorter ones, as within Britain's double ring, are passed over."""


def standard(zone: Zone) -> Standard:
    """Bell 202 in North America (GR-30), V.23 elsewhere (EN 300 659-1)."""
    return Standard.BELL_202 if zone.name == "us" else Standard.V23
