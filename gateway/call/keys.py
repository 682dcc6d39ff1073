"""The keys of features, picked out of the digits that a leg sends during a talk.

Digits and time in, digits to pass on and features out. A key that may begin a code is held back until the code is
whole, another key shows that it is none, or its time is up: what was no code is then passed on, late but complete.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.feature import Feature, FeatureCodes
from gateway.core.messages import Digit

__all__ = ["FeatureKeys"]


class FeatureKeys:
    """The keys of one leg.

    Args:
        codes: the codes that there are.
        allowed: the features that the leg may have.
    """

    def __init__(self, codes: FeatureCodes, allowed: Iterable[Feature]) -> None:
        self._codes = {codes.codes[feature]: feature for feature in allowed if codes.codes.get(feature)}
        self._time = codes.digit_time
        self._held: list[Digit] = []
        self.deadline: float | None = None

    def press(self, digit: Digit, now: float) -> tuple[list[Digit], Feature | None]:
        """Take a key in; what is to be passed on, and the feature that it completes.

        A code that is the beginning of a longer one waits for `expire`.
        """
        self._held.append(digit)
        keyed = "".join(held.digit for held in self._held)
        longer = any(code.startswith(keyed) and code != keyed for code in self._codes)
        if longer:
            self.deadline = now + self._time
            return [], None
        if keyed in self._codes:
            return [], self._take(keyed)
        return self._give_up(digit, now)

    def expire(self, now: float) -> tuple[list[Digit], Feature | None]:
        """The time for another key is up: a code that is whole counts, anything else is passed on."""
        if self.deadline is None or now < self.deadline:
            return [], None
        keyed = "".join(held.digit for held in self._held)
        if keyed in self._codes:
            return [], self._take(keyed)
        return self._flush(), None

    def _give_up(self, digit: Digit, now: float) -> tuple[list[Digit], Feature | None]:
        """The latest key fits no code: what was held before it may be one, and it may begin one itself."""
        before, self._held = self._held[:-1], [digit]
        keyed = "".join(held.digit for held in before)
        if keyed in self._codes:
            return [digit], self._take(keyed)
        if before and any(code.startswith(digit.digit) for code in self._codes):
            self._held = []
            passed, feature = self.press(digit, now)
            return [*before, *passed], feature
        return [*before, *self._flush()], None

    def _take(self, keyed: str) -> Feature:
        self._flush()
        return self._codes[keyed]

    def _flush(self) -> list[Digit]:
        held, self._held = self._held, []
        self.deadline = None
        return held
