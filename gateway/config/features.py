"""What people in a talk ask for by keys, in the configuration: [features]."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.config.values import Settings, refuse
from gateway.core.feature import DEFAULT_CODES, Feature, FeatureCodes

__all__ = ["CODE_NAMES", "FeatureSettings"]

CODE_NAMES: Final[Mapping[str, Feature]] = {
    "blind_transfer": Feature.BLIND_TRANSFER,
    "attended_transfer": Feature.ATTENDED_TRANSFER,
    "hang_up": Feature.HANG_UP,
    "park": Feature.PARK,
    "record": Feature.RECORD,
}
"""The settings that are codes."""


_KEYS: Final = frozenset("0123456789*#ABCD")
_MOST: Final = 11
"""Keys of one code, as in Asterisk."""


def _code(keys: str) -> str:
    if len(keys) > _MOST or not set(keys) <= _KEYS:
        raise refuse(f'"{keys[:40]}" cannot be keyed as a code', f"use up to {_MOST} digits, * # and A to D")
    return keys


_Code = Annotated[str, AfterValidator(_code)]
_Seconds = Annotated[float, Field(ge=0.1, le=60)]


class FeatureSettings(Settings):
    """[features]: what people in a talk ask for by keys, where Dial's options let them.

    Attributes:
        blind_transfer: send whom one talks with to another number (`t`, `T`).
        attended_transfer: the same after a talk with that other one (`t`, `T`).
        hang_up: end the talk (`h`, `H`).
        park: park whom one talks with (`k`, `K`).
        record: begin and end a recording (`w`, `W`, `x`, `X`). Empty keys take a feature away.
        digit_time: seconds between two keys of a code.
        transfer_time: seconds for the next digit of the number to transfer to.
        answer_time: seconds that the target of an attended transfer has to answer.
    """

    blind_transfer: _Code = DEFAULT_CODES[Feature.BLIND_TRANSFER]
    attended_transfer: _Code = DEFAULT_CODES[Feature.ATTENDED_TRANSFER]
    hang_up: _Code = DEFAULT_CODES[Feature.HANG_UP]
    park: _Code = DEFAULT_CODES[Feature.PARK]
    record: _Code = DEFAULT_CODES[Feature.RECORD]
    digit_time: _Seconds = 1.0
    transfer_time: _Seconds = 3.0
    answer_time: Annotated[float, Field(ge=1, le=600)] = 15.0

    def codes(self) -> FeatureCodes:
        """As calls take them."""
        keys = {feature: getattr(self, name) for name, feature in CODE_NAMES.items()}
        return FeatureCodes(MappingProxyType(keys), self.digit_time, self.transfer_time, self.answer_time)
