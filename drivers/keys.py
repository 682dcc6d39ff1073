"""Numbers with pauses in them: what is keyed before the first pause, how long that is, and what follows it."""

from __future__ import annotations

from typing import Final

__all__ = ["PAUSES", "until_pause"]

PAUSES: Final = {"W": 0.5, "P": 2.0}
"""Seconds of pauses in a number: W as in dahdi/user.h, P as the comma of modems (V.250 S8) and the p of mobiles."""


def until_pause(number: str) -> tuple[str, float, str]:
    """The digits before the first pause, its seconds (0 for none), and what follows it."""
    place = next((place for place, key in enumerate(number) if key in PAUSES), None)
    if place is None:
        return number, 0.0, ""
    return number[:place], PAUSES[number[place]], number[place + 1 :]
