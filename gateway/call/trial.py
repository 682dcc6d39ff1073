"""A blind transfer that has been accepted and has not come to anything yet.

The transferee is on its way through the dialplan; the transferor, where it has not hung up, waits to be told. As
soon as the transferee is connected, answered by an application or spoken to, the transfer has succeeded and the
transferor's leg ends. Where its script would hang the transferee up before that, the transfer has failed: the
transferor is told why, and gets the transferee back.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.call.leg import CallLeg
from gateway.call.letters import Letter
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Released, TransferTold
from gateway.core.switch import BridgeEnd

__all__ = ["Trial", "transferred"]


class Trial:
    """What becomes of one blind transfer.

    Args:
        transferee: who was sent away; its `trial` is this one until it is decided.
        transferor: who sent it.
        number: where to.
        left_alone: told where the transferee has gone by itself.

    Attributes:
        refusal: why the latest dial for the transferee reached nobody; says more than how its script ended.
        failure: why the transfer has failed; None until it has.
    """

    def __init__(
        self,
        transferee: CallLeg,
        transferor: CallLeg,
        number: str,
        left_alone: Callable[[CallLeg, BridgeEnd], None],
    ) -> None:
        self._transferee = transferee
        self.transferor = transferor
        self.failure: Ending | None = None
        self.refusal: Ending | None = None
        self._number = number
        self._left_alone = left_alone
        self._rings = False
        transferee.trial = self
        transferor.write_to(self)

    def post(self, letter: tuple[CallLeg, Letter]) -> None:
        """The transferor says something: only that it hangs up is of interest now."""
        _, event = letter
        if isinstance(event, Released):
            self.transferor.write_to(None)

    def ring(self) -> None:
        """Whoever is called for the transferee rings."""
        if not self._rings and self.transferor.ending is None:
            self._rings = True
            self.transferor.command(TransferTold(None, final=False))

    def succeed(self) -> None:
        """The transferee has arrived."""
        if self._transferee.trial is not self:
            return
        self._transferee.trial = None
        if self.transferor.ending is None:
            self.transferor.write_to(None)
            self.transferor.command(TransferTold(None))
            transferred(self.transferor, f"{self._transferee.peer} to {self._number}")

    def fail(self, ending: Ending) -> Ending | None:
        """The transferee would be hung up; with what it is, or None where it goes back instead.

        With nobody there to go back to it is told why it has reached nobody, unless its script says otherwise.
        """
        if self.transferor.ending is None:
            if self.failure is None:
                self.failure = self.refusal or ending
                self.transferor.command(TransferTold(self.failure.cause))
            return None
        self._transferee.trial = None
        return self.refusal if self.refusal is not None and ending.cause is Cause.NORMAL_CLEARING else ending

    def gone(self, ending: Ending) -> None:
        """The transferee has ended by itself."""
        self._transferee.trial = None
        if self.transferor.ending is None:
            self.transferor.write_to(None)
            self.transferor.command(TransferTold(ending.cause))
            self._left_alone(self.transferor, BridgeEnd(self._transferee, ending))


def transferred(transferor: CallLeg, what: str) -> None:
    """End the leg of one who has sent others elsewhere."""
    transferor.end(Ending(Cause.NORMAL_CLEARING, transferor.peer, Act.TRANSFERRED, what))
