"""The far end of a line to the public network as a test works it, whatever the line is made of.

Whom the office calls is answered as in `hardware.world.directory`: 5550100 by a tone, 5550101 is busy, 5550102
rings for ever, 5550106 echoes, 5550109 answers and is silent. Calls in are the test's own.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Protocol

from gateway.core.audio import Samples
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import Heard, compare

__all__ = ["FarEnd"]


class _Line(Protocol):
    """A line at its exchange."""

    dialled: str

    @property
    def state(self) -> Enum: ...

    @property
    def digits(self) -> str: ...

    @property
    def recording(self) -> Samples: ...

    def say(self, samples: Samples) -> None: ...

    def key(self, digits: str) -> None: ...

    def unplug(self) -> None: ...

    def plug_in(self) -> None: ...


class FarEnd:
    """The exchange's end of one line.

    Args:
        office: whose line.
        name: the line's name.
        line: the line at its exchange.
    """

    def __init__(self, office: EmulatedOffice, name: str, line: _Line) -> None:
        self.name = name
        self._office = office
        self._end = line

    # The far party, and the exchange's craftsman.

    def say(self, samples: Samples) -> None:
        """The far party begins to speak."""
        self._office.do(lambda: self._end.say(samples))

    def key(self, digits: str) -> None:
        """The far party keys DTMF, and that time passes."""
        self._office.do(lambda: self._end.key(digits))
        self._office.run(0.2 * len(digits) + 0.2)

    def unplug(self) -> None:
        """Cut the line."""
        self._office.do(self._end.unplug)

    def plug_in(self) -> None:
        """Mend it."""
        self._office.do(self._end.plug_in)

    # What is seen and heard there.

    def expect_dialled(self, number: str, within: float = 15.0) -> None:
        """Be dialled on, exactly `number`."""
        __tracebackhide__ = True
        try:
            self._office.until(lambda: self._end.dialled == number, within)
        except AssertionError:
            dialled = self._office.do(lambda: self._end.dialled) or "nothing"
        else:
            return
        raise AssertionError(f"line {self.name}: {number} was to be dialled within {within:g} s, it was {dialled}")

    def expect_digits(self, digits: str, within: float = 10.0) -> None:
        """The far party hears DTMF, all of `digits` and nothing else since the answer."""
        __tracebackhide__ = True
        try:
            self._office.until(lambda: self._end.digits == digits, within)
        except AssertionError:
            heard = self._office.do(lambda: self._end.digits) or "none"
        else:
            return
        raise AssertionError(f"line {self.name}: the far party was to hear the digits {digits}, it heard {heard}")

    def expect_sound(self, said: Samples, *, alike: float = 0.9, within: float = 2.0) -> Heard:
        """The far party hears `said`, which somebody begins to say now; see `FxsTelephone.expect_sound`."""
        __tracebackhide__ = True
        self._office.run(len(said) / 8000 + within)
        heard = compare(self.recording, said)
        assert heard.correlation >= alike, (
            f"line {self.name}: the far party did not hear what was said: correlation {heard.correlation:.2f}, "
            f"{alike:.2f} wanted"
        )
        return heard

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the answer, at most the last minute."""
        return self._office.do(lambda: self._end.recording)

    def _expect(self, states: Collection[Enum], wanted: str, within: float) -> float:
        __tracebackhide__ = True
        try:
            return self._office.until(lambda: self._end.state in states, within)
        except AssertionError:
            state = self._office.do(lambda: self._end.state)
        raise AssertionError(f"line {self.name} was to be {wanted} within {within:g} s; it is {state.value}")
