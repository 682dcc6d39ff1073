"""The far end of a line to the public network as a test works it, and who talks there, whatever it is made of.

Whom the office calls is answered as in `hardware.world.directory`: 5550100 by a tone, 5550101 is busy, 5550102
rings for ever, 5550106 echoes, 5550109 answers and is silent. Calls in are the test's own.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Protocol

from gateway.core.audio import Samples
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import Heard, Said, compare, samples_of

__all__ = ["FarEnd", "FarTalker"]


class _Talker(Protocol):
    """Somebody in the public network, in one call or at one line."""

    @property
    def state(self) -> Enum: ...

    @property
    def digits(self) -> str: ...

    @property
    def recording(self) -> Samples: ...

    def say(self, samples: Samples) -> None: ...

    def key(self, digits: str) -> None: ...


class _Line(_Talker, Protocol):
    """A line at its exchange."""

    dialled: str

    def unplug(self) -> None: ...

    def plug_in(self) -> None: ...


class FarTalker:
    """Somebody in the public network, who talks with the office.

    Args:
        office: with whom.
        where: how they are called in a sentence: "line copper1".
        talker: they themselves.
    """

    def __init__(self, office: EmulatedOffice, where: str, talker: _Talker) -> None:
        self._office = office
        self._where = where
        self._talker = talker

    def say(self, said: Said) -> None:
        """The far party begins to speak: samples, or a sound file; raises LocalError where it cannot be read."""
        samples = samples_of(said)
        self._office.do(lambda: self._talker.say(samples))

    def key(self, digits: str) -> None:
        """The far party keys DTMF, and that time passes."""
        self._office.do(lambda: self._talker.key(digits))
        self._office.run(0.2 * len(digits) + 0.2)

    def expect_digits(self, digits: str, within: float = 10.0) -> None:
        """The far party hears DTMF, all of `digits` and nothing else since the answer."""
        __tracebackhide__ = True
        try:
            self._office.until(lambda: self._talker.digits == digits, within)
        except AssertionError:
            heard = self._office.do(lambda: self._talker.digits) or "none"
        else:
            return
        raise AssertionError(f"{self._where}: the far party was to hear the digits {digits}, it heard {heard}")

    def expect_sound(self, said: Said, *, alike: float = 0.9, within: float = 2.0) -> Heard:
        """The far party hears `said`, which somebody begins to say now; see `FxsTelephone.expect_sound`."""
        __tracebackhide__ = True
        samples = samples_of(said)
        self._office.run(len(samples) / 8000 + within)
        heard = compare(self.recording, samples)
        assert heard.correlation >= alike, (
            f"{self._where}: the far party did not hear what was said: correlation {heard.correlation:.2f}, "
            f"{alike:.2f} wanted"
        )
        return heard

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the answer, at most the last minute."""
        return self._office.do(lambda: self._talker.recording)

    def _expect(self, states: Collection[Enum], wanted: str, within: float) -> float:
        __tracebackhide__ = True
        try:
            return self._office.until(lambda: self._talker.state in states, within)
        except AssertionError:
            state = self._office.do(self._state)
        raise AssertionError(f"{self._where} was to be {wanted} within {within:g} s; it is {state}")

    def _state(self) -> str:
        value: str = self._talker.state.value
        return value


class FarEnd(FarTalker):
    """The exchange's end of one line.

    Args:
        office: whose line.
        name: the line's name.
        line: the line at its exchange.
    """

    def __init__(self, office: EmulatedOffice, name: str, line: _Line) -> None:
        super().__init__(office, f"line {name}", line)
        self.name = name
        self._end = line

    def unplug(self) -> None:
        """Cut the line."""
        self._office.do(self._end.unplug)

    def plug_in(self) -> None:
        """Mend it."""
        self._office.do(self._end.plug_in)

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
