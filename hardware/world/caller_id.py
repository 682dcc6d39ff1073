"""Caller ID as an exchange sends it into ringing: after which pause of the cadence."""

from __future__ import annotations

from typing import Final

__all__ = ["NEEDED_PAUSE"]

NEEDED_PAUSE: Final = 1500
"""Milliseconds of pause that it needs; shorter ones, as within Britain's double ring, are passed over."""
