"""Which payload types we offer what goes beside the audio under: telephone events and comfort noise.

Each has one for each clock rate of the codecs that are offered with it. A number that is in use in a dialog stays
(RFC 3264 8.3.2). Calls offer the same few codecs again and again: what comes of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from gateway.core.codec import Codec

__all__ = ["EVENT_PAYLOAD_TYPE", "Numbers", "at_rate", "event_numbers", "noise_numbers", "number_at"]

Numbers = tuple[tuple[int, int], ...]
"""Clock rates in Hz, each with its payload type."""
EVENT_PAYLOAD_TYPE: Final = 101
"""No static type exists; 101 is what nearly everybody uses, so old telephones that hard-wire it work too."""
_EVENTS: Final = {8000: EVENT_PAYLOAD_TYPE, 16000: 113, 48000: 110}
"""Under which number events are offered at each clock rate, which is that of the audio (RFC 4733 2.1)."""
_NOISES: Final = {8000: 13, 16000: 119}
"""And comfort noise, which has 13 for its own at 8000 Hz (RFC 3551 table 4)."""
_DYNAMIC: Final = range(96, 128)
KEPT: Final = 256
"""Sets of codecs of which the numbers are kept."""


@lru_cache(KEPT)
def event_numbers(codecs: tuple[Codec, ...], in_use: Numbers) -> Numbers:
    """Payload types of events beside `codecs`, by clock rate."""
    rates = dict.fromkeys(codec.rate for codec in codecs)
    return _numbered({rate: _EVENTS.get(rate, EVENT_PAYLOAD_TYPE) for rate in rates}, in_use, _taken(codecs))


@lru_cache(KEPT)
def noise_numbers(codecs: tuple[Codec, ...], in_use: Numbers, events: Numbers) -> Numbers:
    """Payload types of comfort noise beside `codecs` and `events`, by clock rate; for codecs that want it alone."""
    rates = dict.fromkeys(codec.rate for codec in codecs if not codec.tells_pauses)
    wished = {rate: _NOISES[rate] for rate in rates if rate in _NOISES}
    return _numbered(wished, in_use, _taken(codecs) | {number for _, number in events})


@lru_cache(KEPT)
def at_rate(numbers: Numbers, rate: int) -> Numbers:
    """Those of `numbers` that belong to one clock rate."""
    return tuple(pair for pair in numbers if pair[0] == rate)


def number_at(numbers: Numbers, rate: int) -> int | None:
    """The payload type for a clock rate, or None."""
    for its_rate, number in numbers:
        if its_rate == rate:
            return number
    return None


def _taken(codecs: Iterable[Codec]) -> set[int]:
    return {codec.payload_type for codec in codecs}


def _numbered(wished: dict[int, int], in_use: Numbers, taken: set[int]) -> Numbers:
    """The number in use for each rate, the wished one, or the first that is free."""
    used = dict(in_use)
    numbers: dict[int, int] = {}
    for rate, wish in wished.items():
        choices = (used.get(rate, wish), wish, *_DYNAMIC)
        numbers[rate] = next(number for number in choices if number not in taken)
        taken.add(numbers[rate])
    return tuple(numbers.items())
