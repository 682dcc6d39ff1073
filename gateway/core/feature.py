"""What people in a talk can ask for by keys, and for how long they may talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from types import MappingProxyType
from typing import Final

from gateway.core.audio import Sound
from gateway.core.frozen import frozen

__all__ = ["DEFAULT_CODES", "Feature", "FeatureCodes", "TalkLimit"]


class Feature(Enum):
    """A service during a talk. The value is its name in Asterisk's features.conf."""

    BLIND_TRANSFER = "blindxfer"
    ATTENDED_TRANSFER = "atxfer"
    HANG_UP = "disconnect"
    PARK = "parkcall"
    RECORD = "automixmon"


DEFAULT_CODES: Final[Mapping[Feature, str]] = MappingProxyType(
    {
        Feature.BLIND_TRANSFER: "#",
        Feature.ATTENDED_TRANSFER: "*2",
        Feature.HANG_UP: "*",
        Feature.PARK: "#72",
        Feature.RECORD: "*3",
    }
)
"""As features.conf has them built in or, where it has none, in its example."""


@frozen
class FeatureCodes:
    """The keys for features, and the time between them.

    Attributes:
        codes: one to eleven keys for each feature that can be had.
        digit_time: seconds between two keys of a code (featuredigittimeout).
        transfer_time: seconds for the next digit of a number to transfer to (transferdigittimeout).
        answer_time: seconds that the target of an attended transfer has to answer (atxfernoanswertimeout).
    """

    codes: Mapping[Feature, str] = field(default_factory=lambda: DEFAULT_CODES)
    digit_time: float = 1.0
    transfer_time: float = 3.0
    answer_time: float = 15.0


@frozen
class TalkLimit:
    """How long a talk may last, and who is warned of its end.

    Attributes:
        seconds: the longest talk.
        warnings: seconds before the end at which something is to be heard, the largest first; `seconds` itself for
            what is heard as the talk begins, 0 for what is heard as it ends.
        to_leg, to_other: what the leg whose script waits for the talk, and the other one, hear as a warning of so
            many seconds left; nothing where there is none for that number.
    """

    seconds: float
    warnings: Sequence[float] = ()
    to_leg: Mapping[float, Sequence[Sound]] = field(default_factory=dict)
    to_other: Mapping[float, Sequence[Sound]] = field(default_factory=dict)
