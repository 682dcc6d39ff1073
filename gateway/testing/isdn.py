"""The ISDN behind an emulated serial adapter as a test works it: calls to and from the numbers of an access."""

from __future__ import annotations

from typing import Final

from drivers.status import LineStatus
from gateway.core.cause import Cause
from gateway.testing.far_end import FarEnd
from gateway.testing.office import EmulatedOffice
from hardware.world.access import IDLE
from hardware.world.exchange_states import ExchangeState

__all__ = ["IsdnExchange"]

READY: Final = 10.0
"""Seconds in which an adapter is set up; it takes less than one."""


class IsdnExchange(FarEnd):
    """The exchange's end of one access, with the adapter between it and the office.

    Args:
        office: whose adapter.
        name: the adapter's name.

    Raises:
        LocalError: the office has no emulated adapter of that name.
        AssertionError: it does not come into service.
    """

    def __init__(self, office: EmulatedOffice, name: str) -> None:
        self.access = office.access(name)
        self.adapter = office.adapter(name)
        super().__init__(office, name, self.access)
        if self.adapter.path:
            self.expect_ready()

    # The far party, and whoever has the adapter in hand.

    def call(self, number: str = "", called: str = "") -> None:
        """Call one of its numbers, the first where none is named; without `number` the caller withholds it.

        Raises:
            LocalError: it is in use, or takes no call to that number.
        """
        self._office.do(lambda: self.access.call(number, called))

    def hang_up(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """The far party hangs up, or gives up.

        Raises:
            LocalError: there is no call.
        """
        self._office.do(lambda: self.access.hang_up(cause))

    def remove(self) -> None:
        """Pull the adapter out of the machine."""
        self._office.do(self.adapter.remove)

    def insert(self) -> None:
        """Put it back."""
        self._office.do(self.adapter.insert)

    # What is seen there.

    def expect_ready(self, within: float = READY) -> float:
        """Be in service at the office. The seconds it took."""
        __tracebackhide__ = True
        office = self._office
        try:
            return office.until(lambda: self._status().in_service, within)
        except AssertionError:
            status = office.do(self._status)
        why = f" ({status.trouble})" if status.trouble else ""
        raise AssertionError(
            f"line {self.name} was to be in service within {within:g} s; it is {status.state}{why}"
        )

    def expect_shown(self, number: str) -> None:
        """The latest called party saw `number` calling."""
        __tracebackhide__ = True
        shown = self._office.do(lambda: self.access.shown)
        seen = f"it saw {shown or 'nothing'}"
        assert shown == number, f"line {self.name}: the called party was to see {number}, {seen}"

    def expect_answered(self, within: float = 10.0) -> float:
        """Have a call that is answered, whoever placed it."""
        __tracebackhide__ = True
        return self._expect((ExchangeState.TALKING,), "in a call", within)

    def expect_idle(self, within: float = 10.0) -> float:
        """Be free."""
        __tracebackhide__ = True
        return self._expect(IDLE, "idle", within)

    def expect_refused(self, cause: Cause = Cause.CALL_REJECTED, within: float = 10.0) -> None:
        """The office has ended the call in, with `cause`."""
        __tracebackhide__ = True
        self.expect_idle(within)
        told = self._office.do(lambda: self.access.released)
        assert told is cause, f"line {self.name}: the caller was to be refused with {cause}, it was told {told}"

    def _status(self) -> LineStatus:
        return next(status for status in self._office.app.hardware.isdn.status() if status.name == self.name)
