"""The exchange at the far end of an FXO port as a test works it: somebody who calls, answers, speaks and hangs up.

Whom the office calls is answered as in `hardware.world.directory`: 5550100 by a tone, 5550101 is busy, 5550102
rings for ever, 5550106 echoes, 5550109 answers and is silent. Calls in are the test's own.
"""

from __future__ import annotations

from gateway.core.audio import Samples
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import Heard, compare
from hardware.analog.copper import fault_of
from hardware.world.office_call import CallState

__all__ = ["FxoExchange"]


class FxoExchange:
    """The exchange's end of one line.

    Args:
        office: whose line.
        name: the line's name.

    Raises:
        LocalError: the office has no emulated line of that name.
    """

    def __init__(self, office: EmulatedOffice, name: str) -> None:
        self.name = name
        self.line = office.exchange(name)
        self._office = office

    # The far party, and the exchange's craftsman.

    def call(self, number: str = "", caller: str = "") -> None:
        """Ring the line, with caller ID where `number` or `caller` is given.

        Raises:
            LocalError: the line is not free.
        """
        self._office.do(lambda: self._office.call_in(self.name, number, caller))

    def hang_up(self) -> None:
        """The far party hangs up: battery goes for a moment (CPC), then busy tone.

        Raises:
            LocalError: there is no call.
        """
        self._office.do(self.line.hang_up)

    def say(self, samples: Samples) -> None:
        """The far party begins to speak."""
        self._office.do(lambda: self.line.say(samples))

    def key(self, digits: str) -> None:
        """The far party keys DTMF, and that time passes."""
        self._office.do(lambda: self.line.key(digits))
        self._office.run(0.2 * len(digits) + 0.2)

    def unplug(self) -> None:
        """Cut the line: red alarm."""
        self._office.do(self.line.unplug)

    def plug_in(self) -> None:
        """Mend it."""
        self._office.do(self.line.plug_in)

    def fault(self, **numbers: float) -> None:
        """From now on this is wrong with its copper: noise=-45, echo=10, … (`hardware.analog.copper.fault_of`).

        Raises:
            LocalError: there is no such fault.
        """
        fault = fault_of(numbers)
        self._office.do(lambda: self.line.suffer(fault))

    # What is seen and heard there.

    def expect_seized(self, within: float = 10.0) -> float:
        """Be seized by the office. The seconds it took."""
        __tracebackhide__ = True
        return self._expect((CallState.DIAL_TONE, CallState.COLLECTING), "seized", within)

    def expect_dialled(self, number: str, within: float = 15.0) -> None:
        """Be dialled on, exactly `number`."""
        __tracebackhide__ = True
        try:
            self._office.until(lambda: self.line.dialled == number, within)
        except AssertionError:
            dialled = self._office.do(lambda: self.line.dialled) or "nothing"
        else:
            return
        raise AssertionError(f"line {self.name}: {number} was to be dialled within {within:g} s, it was {dialled}")

    def expect_answered(self, within: float = 10.0) -> float:
        """Have a call that is answered, whoever placed it."""
        __tracebackhide__ = True
        return self._expect((CallState.TALKING,), "in a call", within)

    def expect_idle(self, within: float = 10.0) -> float:
        """Be free."""
        __tracebackhide__ = True
        return self._expect((CallState.IDLE,), "idle", within)

    def expect_digits(self, digits: str, within: float = 10.0) -> None:
        """The far party hears DTMF, all of `digits` and nothing else since the answer."""
        __tracebackhide__ = True
        try:
            self._office.until(lambda: self.line.digits == digits, within)
        except AssertionError:
            heard = self._office.do(lambda: self.line.digits) or "none"
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
        return self._office.do(lambda: self.line.recording)

    def _expect(self, states: tuple[CallState, ...], wanted: str, within: float) -> float:
        __tracebackhide__ = True
        try:
            return self._office.until(lambda: self.line.state in states, within)
        except AssertionError:
            state = self._office.do(lambda: self.line.state)
        raise AssertionError(f"line {self.name} was to be {wanted} within {within:g} s; it is {state.value}")
