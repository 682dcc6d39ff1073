"""The exchange at the far end of an FXO port as a test works it: somebody who calls, answers, hangs up."""

from __future__ import annotations

from gateway.testing.far_end import FarEnd
from gateway.testing.office import EmulatedOffice
from hardware.analog.copper import fault_of
from hardware.world.office_call import CallState

__all__ = ["FxoExchange"]


class FxoExchange(FarEnd):
    """The exchange's end of one line.

    Args:
        office: whose line.
        name: the line's name.

    Raises:
        LocalError: the office has no emulated line of that name.
    """

    def __init__(self, office: EmulatedOffice, name: str) -> None:
        self.line = office.exchange(name)
        super().__init__(office, name, self.line)

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

    def fault(self, **numbers: float) -> None:
        """From now on this is wrong with its copper: noise=-45, echo=10, … (`hardware.analog.copper.fault_of`).

        Raises:
            LocalError: there is no such fault.
        """
        fault = fault_of(numbers)
        self._office.do(lambda: self.line.suffer(fault))

    def expect_seized(self, within: float = 10.0) -> float:
        """Be seized by the office. The seconds it took."""
        __tracebackhide__ = True
        return self._expect((CallState.DIAL_TONE, CallState.COLLECTING), "seized", within)

    def expect_answered(self, within: float = 10.0) -> float:
        """Have a call that is answered, whoever placed it."""
        __tracebackhide__ = True
        return self._expect((CallState.TALKING,), "in a call", within)

    def expect_idle(self, within: float = 10.0) -> float:
        """Be free."""
        __tracebackhide__ = True
        return self._expect((CallState.IDLE,), "idle", within)
