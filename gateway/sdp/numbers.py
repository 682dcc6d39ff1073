"""Which payload types we offer what goes beside the audio under: telephone events and comfort noise.

Each has one for each clock rate of the codecs that are offered with it. A number that is in use in a dialog stays
(RFC 3264 8.3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.core.audio import Codec

__all__ = ["EVENT_PAYLOAD_TYPE", "NO_NUMBERS", "Numbers", "event_numbers", "noise_numbers", "numbered"]

Numbers = Mapping[int, int]
"""A payload type for each clock rate, in Hz."""
NO_NUMBERS: Final[Numbers] = MappingProxyType({})
EVENT_PAYLOAD_TYPE: Final = 101
"""No static type exists; 101 is what nearly everybody uses, so old telephones that hard-wire it work too."""
_EVENTS: Final = {8000: EVENT_PAYLOAD_TYPE, 16000: 113, 48000: 110}
"""Under which number events are offered at each clock rate, which is that of the audio (RFC 4733 2.1)."""
_NOISES: Final = {8000: 13, 16000: 119}
"""And comfort noise, which has 13 for its own at 8000 Hz (RFC 3551 table 4)."""
_DYNAMIC: Final = range(96, 128)


def event_numbers(codecs: Sequence[Codec], in_use: Numbers) -> Numbers:
    """Payload types of events beside `codecs`, by clock rate."""
    rates = dict.fromkeys(codec.rate for codec in codecs)
    return _numbered({rate: _EVENTS.get(rate, EVENT_PAYLOAD_TYPE) for rate in rates}, in_use, _taken(codecs))


def noise_numbers(codecs: Sequence[Codec], in_use: Numbers, events: Numbers) -> Numbers:
    """Payload types of comfort noise beside `codecs` and `events`, by clock rate; for codecs that want it alone."""
    rates = dict.fromkeys(codec.rate for codec in codecs if not codec.tells_pauses)
    wished = {rate: _NOISES[rate] for rate in rates if rate in _NOISES}
    return _numbered(wished, in_use, _taken(codecs) | set(events.values()))


def _taken(codecs: Iterable[Codec]) -> set[int]:
    return {codec.payload_type for codec in codecs}


def numbered(pairs: Iterable[tuple[int, int]]) -> Numbers:
    """Clock rates and payload types as numbers: the same ones for all calls that have the same."""
    return _shared(tuple(pairs))


@lru_cache(256)
def _shared(pairs: tuple[tuple[int, int], ...]) -> Numbers:
    return MappingProxyType(dict(pairs))


def _numbered(wished: Numbers, in_use: Numbers, taken: set[int]) -> Numbers:
    """The number in use for each rate, the wished one, or the first that is free."""
    numbers: dict[int, int] = {}
    for rate, wish in wished.items():
        choices = (in_use.get(rate, wish), wish, *_DYNAMIC)
        numbers[rate] = next(number for number in choices if number not in taken)
        taken.add(numbers[rate])
    return numbered(numbers.items())
