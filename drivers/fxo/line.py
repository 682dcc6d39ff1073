"""An exchange line: an FXO port plugged into a central office, made a Channel.

Ringing, caller ID, the answer (`drivers.fxo.incoming`); seizure, dialling, what shows an answer
(`drivers.fxo.outgoing`); a second caller (`drivers.fxo.second`), other telephones on the
line (`drivers.fxo.shared`); what shows a release, guard time
(`drivers.fxo.base`). Each method there is an action of the table in drivers/fxo/states.py, which says when. Nothing
here waits, reads a clock or touches a device.
"""

from __future__ import annotations

from drivers.channel import LineChannel
from drivers.fxo.incoming import IncomingCalls
from drivers.fxo.outgoing import OutgoingCalls
from drivers.fxo.second import SecondCaller
from drivers.fxo.shared import SharedLine
from drivers.fxo.states import Input, State
from drivers.line import Cue
from drivers.registry import Address
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError

__all__ = ["FxoLine"]


class FxoLine(SharedLine, SecondCaller, IncomingCalls, OutgoingCalls):
    """One exchange line; arguments and errors are those of `ExchangeLine`.

    Attributes:
        carried: calls that it has carried, in and out.
        distrusted_until: engine clock; until then it is taken only when no other line is free.
    """

    @property
    def free(self) -> bool:
        """Whether it can be taken for an outgoing call."""
        return self._machine.takes(Input.RESERVE)

    @property
    def at_rest(self) -> bool:
        """Whether nobody uses it."""
        return self.state in (State.IDLE, State.GUARD)

    def take(self, wanted: Address, now: float, again: str = "") -> LineChannel:
        """Make an outgoing leg that will dial the number of `wanted`; without one it only seizes the line.

        Args:
            again: the address by which another line may be had where this one fails; "" for none.

        Raises:
            RemoteError: it is in use or out of service.
        """
        if self.state is State.OUT:
            raise RemoteError(
                f"{self.peer} is out of service: port {self.port} is not there or its exchange gives no battery",
                Cause.DESTINATION_OUT_OF_ORDER,
            )
        if not self.free:
            raise RemoteError(f"{self.peer} is in use ({self.state.value})", Cause.NO_CIRCUIT_AVAILABLE)
        self._number, self._then, self._again = wanted.number, wanted.then, again
        self._feed(Input.RESERVE, Cue(now))
        assert self.channel is not None
        return self.channel
