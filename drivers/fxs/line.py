"""A telephone line: an FXS port with a telephone on it, made a Channel.

Lift, dial tone, digits, the call (`drivers.fxs.calling`); caller ID, ringing, the answer (`drivers.fxs.called`);
a second caller (`drivers.fxs.waiting`), a second call and what can be done with two (`drivers.fxs.services`); the
end and its tone (`drivers.fxs.base`). Each method there is an action of the table in drivers/fxs/states.py, which
says when. Nothing here waits, reads a clock or touches a device.
"""

from __future__ import annotations

from typing import Final

from drivers.channel import LineChannel
from drivers.fxs.called import DISTINCTIVE
from drivers.fxs.states import Input, State
from drivers.fxs.waiting import WaitingTelephone
from drivers.line import Cue
from drivers.registry import Address
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError

__all__ = ["FxsLine"]


class FxsLine(WaitingTelephone):
    """One telephone line; arguments and errors are those of `TelephoneLine`."""

    @property
    def at_rest(self) -> bool:
        """Whether nobody uses it."""
        return self.state is State.IDLE

    def take(self, wanted: Address, now: float, again: str = "") -> LineChannel:
        """Make an outgoing leg: the telephone will ring at `Dial`, with the cadence that `wanted` may name.

        Raises:
            RemoteError: it is in use or out of service.
        """
        if self.state is State.OUT:
            raise RemoteError(
                f"{self.peer} is out of service: port {self.port} is not there or in alarm",
                Cause.DESTINATION_OUT_OF_ORDER,
            )
        talking = self.state is State.UP
        if not self._machine.takes(Input.RESERVE) or (talking and not self.config.call_waiting):
            raise RemoteError(
                f"{self.peer} is busy: it {_DOING[self.state]}", Cause.USER_BUSY, advice="Call again later."
            )
        self._pattern = DISTINCTIVE[wanted.ring - 1] if wanted.ring else self._cadence
        self._feed(Input.RESERVE, Cue(now))
        leg = self.other if talking else self.channel
        assert leg is not None
        return leg


_DOING: Final = {
    State.DIALTONE: "is off-hook and about to dial",
    State.COLLECT: "is dialling",
    State.OFFERED: "is calling somebody",
    State.RESERVED: "is about to ring for another call",
    State.ANNOUNCING: "is about to ring for another call",
    State.RINGING: "rings for another call",
    State.UP: "is talking",
    State.BOOKED: "is talking, and another call waits",
    State.WAITED_FOR: "is talking, and another call waits",
    State.LEFT_WAITING: "is off-hook, and another call waits",
    State.HOLDING: "has two calls",
    State.RECALL: "is about to dial with a call on hold",
    State.RECALL_COLLECT: "is dialling with a call on hold",
    State.CONSULTED: "has two calls",
    State.LEFT_HOLDING: "has a call on hold",
    State.CONSULTING: "has two calls",
    State.THREE_WAY: "has two calls",
    State.TRANSFERRING: "is transferring a call",
    State.RINGING_BACK: "rings for a call on hold",
    State.CONGESTION: "has not been put down after its last call",
    State.HOWLING: "was left off-hook",
    State.LOCKED_OUT: "was left off-hook",
}
