"""Caller ID toward a telephone: what is sent, and in which silence of the ringing.

A party and a time go in, the samples that tell it come out; `gateway.media.delivery` knows how. After the first
ring (GR-30-CORE, EN 300 659-1) the data must be over 200 ms before the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.core.audio import Sound
from gateway.core.number import Party, Presentation
from gateway.media.caller_id import CallerId
from gateway.media.delivery import Delivery
from gateway.media.latin import to_ascii

__all__ = ["pause_for", "shown", "spill"]

MARGIN: Final = 0.2
"""Seconds between the spill and the next burst (GR-30: 200 ms at least)."""
MAX_NUMBER: Final = 20
"""Digits that a display must take by ETS 300 659-3; US displays show 10."""
MAX_NAME: Final = 15
"""Characters of a name that US displays take (GR-1188)."""

_DIGITS: Final = frozenset("0123456789*#")


def spill(caller: Party, delivery: Delivery, when: datetime) -> Sound:
    """What shows `caller` on a telephone that is on-hook, with its leading silence."""
    return Sound(f"caller ID {caller}", delivery.signal(shown(caller, when)))


def shown(caller: Party, when: datetime) -> CallerId:
    """What a display can show of `caller`.

    A number that is no telephone number (a SIP user name) is shown as the name where there is none.
    """
    number = caller.number.removeprefix("+")
    name = to_ascii(caller.name)
    if not _DIGITS.issuperset(number):
        number, name = "", name or to_ascii(caller.number)
    presentation = caller.presentation
    if not number and presentation is Presentation.ALLOWED:
        presentation = Presentation.UNAVAILABLE if not name else presentation
    return CallerId(
        number=number[:MAX_NUMBER],
        name=name[:MAX_NAME],
        presentation=presentation,
        when=when,
    )


def pause_for(cadence: Sequence[int], seconds: float) -> int | None:
    """Which pause of `cadence` (from 1) is the first that holds a spill of `seconds`; None where none does.

    Args:
        cadence: milliseconds on, off, on, off …, as given to `Ring`.
        seconds: the length of the spill with its leading silence.
    """
    for number, pause in enumerate(cadence[1::2], start=1):
        if pause >= (seconds + MARGIN) * 1000:
            return number
    return None
