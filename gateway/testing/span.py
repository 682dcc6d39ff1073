"""The exchange at the far end of an emulated E1 or T1 as a test works it: people, and the cable.

Whom the office calls is answered as in `hardware.world.directory`: 5550100 by a tone, 5550101 is busy (17), 5550102
rings for ever, 5550106 echoes, 5550109 answers and is silent. Calls in are the test's own, many at a time.
"""

from __future__ import annotations

from gateway.core.cause import Cause
from gateway.core.number import Presentation
from gateway.testing.far_end import FarTalker
from gateway.testing.office import EmulatedOffice
from hardware.world.exchange_call import ExchangeCall
from hardware.world.exchange_states import ExchangeState

__all__ = ["SpanCaller", "SpanExchange"]


class SpanExchange:
    """The far end of one span.

    Args:
        office: whose span.
        name: the span's name.

    Raises:
        LocalError: the office has no emulated span of that name.
    """

    def __init__(self, office: EmulatedOffice, name: str) -> None:
        self.name = name
        self.world = office.span(name)
        self._office = office

    def call(
        self,
        number: str = "",
        caller: str = "",
        called: str = "",
        *,
        presentation: Presentation = Presentation.ALLOWED,
        digit_by_digit: bool = False,
    ) -> SpanCaller:
        """Call the office.

        Args:
            number, caller: who calls, by number and name.
            called: which of the office's numbers; "" for that of the span.
            presentation: whether the number may be shown.
            digit_by_digit: the number comes one digit after the other (overlap).

        Raises:
            LocalError: the span is down, or all its channels are in use.
        """
        exchange = self.world.exchange
        call = self._office.do(
            lambda: exchange.call(number, caller, called, presentation=presentation, digit_by_digit=digit_by_digit)
        )
        return SpanCaller(self._office, self.name, call)

    def expect_call(self, number: str, within: float = 15.0) -> SpanCaller:
        """Be called by the office, with exactly `number` dialled: the call that is there, or comes."""
        __tracebackhide__ = True
        exchange = self.world.exchange

        def found() -> ExchangeCall | None:
            return next((call for call in reversed(exchange.calls) if call.dialled == number), None)

        try:
            self._office.until(found, within)
        except AssertionError:
            dialled = self._office.do(lambda: [call.dialled for call in exchange.calls]) or "nobody"
            raise AssertionError(
                f"span {self.name}: {number} was to be called within {within:g} s; called were {dialled}"
            ) from None
        call = self._office.do(found)
        assert call is not None
        return SpanCaller(self._office, self.name, call)

    # The cable, and the exchange itself.

    def cut(self) -> None:
        """Pull the plug: red alarm after 2.5 s."""
        self._office.do(self.world.span.cable.cut)

    def mend(self) -> None:
        """All is well with the cable again; alarms take 5 s to settle."""
        self._office.do(self.world.span.cable.mend)

    def spoil(self, bit_errors: float) -> None:
        """From now on so many of all bits arrive wrong: 1e-6 is a poor line."""
        self._office.do(lambda: self.world.span.cable.spoil(bit_errors))

    def fall_silent(self) -> None:
        """The exchange says nothing on the D channel any more, as while it restarts."""
        self._office.do(self.world.exchange.stop)

    def come_back(self) -> None:
        """It does again."""
        self._office.do(self.world.exchange.start)

    def expect_in_service(self, within: float = 15.0) -> float:
        """Be in service in the office. The seconds it took."""
        __tracebackhide__ = True
        return self._service(True, within)

    def expect_out_of_service(self, within: float = 15.0) -> float:
        """Be out of service there."""
        __tracebackhide__ = True
        return self._service(False, within)

    def _service(self, wanted: bool, within: float) -> float:
        __tracebackhide__ = True
        span = self._office.app.hardware.spans[self.name]
        state = "in service" if wanted else "out of service"
        return self._office.until(lambda: span.in_service is wanted, within, f"span {self.name} {state}")


class SpanCaller(FarTalker):
    """Somebody in the public network, in one call with the office."""

    def __init__(self, office: EmulatedOffice, span: str, call: ExchangeCall) -> None:
        super().__init__(office, f"span {span}, channel {call.slot}" if call.slot else f"span {span}", call)
        self.party = call

    def hang_up(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """End the call, or give up.

        Raises:
            LocalError: it is over.
        """
        self._office.do(lambda: self.party.hang_up(cause))

    def expect_ringing(self, within: float = 10.0) -> float:
        """Be told that it rings at the office. The seconds it took."""
        __tracebackhide__ = True
        return self._expect((ExchangeState.ALERTED,), "told that it rings", within)

    def expect_answered(self, within: float = 10.0) -> float:
        """Talk, whoever called."""
        __tracebackhide__ = True
        return self._expect((ExchangeState.TALKING,), "talking", within)

    def expect_released(self, cause: Cause | None = None, within: float = 10.0) -> Cause:
        """Be hung up on, with `cause` where one is given. The cause."""
        __tracebackhide__ = True
        self._expect((ExchangeState.OVER,), "over", within)
        found = self._office.do(lambda: self.party.cause)
        assert found is not None
        assert cause in (None, found), f"{self._where}: the call was to end with {cause!s}, it ended with {found}"
        return found

    def _state(self) -> str:
        ended = f", {self.party.cause}" if self.party.cause is not None else ""
        return super()._state() + ended
