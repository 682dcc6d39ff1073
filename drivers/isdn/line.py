"""A basic access behind a terminal adapter, made a Channel.

What keeps the adapter well (`drivers.isdn.base`); calls in (`drivers.isdn.incoming`) and out
(`drivers.isdn.outgoing`); its audio (`drivers.isdn.voice`). Each method there is an action of the table in
drivers/isdn/states.py, which says when. Nothing here waits, reads a clock or touches a device.
"""

from __future__ import annotations

from drivers.channel import LineChannel
from drivers.isdn.outgoing import OutgoingCalls
from drivers.isdn.states import Input, State
from drivers.line import Cue
from drivers.registry import Address
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError

__all__ = ["IsdnLine"]


class IsdnLine(OutgoingCalls):
    """One adapter's line; arguments are those of `AdapterLine`."""

    @property
    def free(self) -> bool:
        """Whether it can be taken for an outgoing call."""
        return self._machine.takes(Input.RESERVE)

    @property
    def at_rest(self) -> bool:
        """Whether nobody uses it."""
        return self.state in (State.IDLE, State.CHECKED, State.RESTING)

    def take(self, wanted: Address, now: float, again: str = "") -> LineChannel:
        """Make an outgoing leg that will dial the number of `wanted`; pauses in it mean nothing to a network.

        Raises:
            RemoteError: it is in use or out of service, or that is no number for a digital network.
        """
        number = "".join(key for key in wanted.number if key not in "WP")
        if not number or any(key in "ABCD" for key in number):
            raise RemoteError(
                f"{self.peer} needs a number to dial, of digits, * and #: ISDN/{self.name}/NUMBER",
                Cause.INVALID_NUMBER_FORMAT,
            )
        if not self.in_service:
            why = f": {self.trouble}" if self.trouble else ""
            raise RemoteError(
                f"{self.peer} is {self.state.value}{why}",
                Cause.DESTINATION_OUT_OF_ORDER,
            )
        if not self.free:
            raise RemoteError(f"{self.peer} is in use ({self.state.value})", Cause.NO_CIRCUIT_AVAILABLE)
        self._number, self._then, self._again = number, wanted.then, again
        self._owes_ok = self.state is State.CHECKED
        self._feed(Input.RESERVE, Cue(now))
        assert self.channel is not None
        return self.channel
