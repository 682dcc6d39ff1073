"""A basic access of an emulated ISDN exchange: one subscriber's numbers, one terminal, one call at a time.

Whom the terminal calls is in `hardware.world.directory`, as for an exchange's copper lines; what is said goes by
Q.931's messages (`hardware.isdn.access`). Its states are the table in `hardware.world.access_call`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.errors import LocalError
from gateway.core.machine import Machine
from gateway.media.tone import Zone
from hardware.agenda import Agenda, Appointment
from hardware.isdn.access import (
    SPEECH,
    AccessEvent,
    CallAlerting,
    CallConnected,
    CallOffered,
    CallProceeding,
    CallReleased,
)
from hardware.world.access_call import ACCESS_CALL, AccessInput, AccessState
from hardware.world.directory import MAX_DIGITS, Called, Speech, called_by
from hardware.world.far_party import FarParty

__all__ = ["AccessState", "IsdnAccess"]

ROUTING: Final = 200
"""Milliseconds in which the network finds the called party, or does not."""
ANSWER_AFTER: Final = 1000
"""Milliseconds of ringing before somebody called answers."""

LOCAL, FAR = 2, 4
"""Who refuses: our exchange, that of the called party (ITU-T Q.850 table 2)."""


def _nobody(event: AccessEvent) -> bool:
    """No terminal has been plugged in."""
    return False


class IsdnAccess:
    """One access (`hardware.isdn.access.Access`).

    Args:
        number: the subscriber's number.
        agenda: the world's agenda.
        zone: the country.

    Attributes:
        terminal: what is plugged in.
        dialled: the number of the latest call out.
        shown: the number that its called party saw.
        released: why the latest call ended, as the terminal said; None where the far party ended it.
    """

    def __init__(self, *, number: str, agenda: Agenda, zone: Zone) -> None:
        self.number = number
        self.terminal: Callable[[AccessEvent], bool] = _nobody
        self.dialled = ""
        self.shown = ""
        self.released: Cause | None = None
        self.party = FarParty(zone)
        self._agenda = agenda
        self._machine = Machine(ACCESS_CALL, AccessState.NULL)
        self._far = Called()
        self._cause = Cause.NORMAL_CLEARING
        self._timer: Appointment | None = None
        self._cut = False

    # What the far party, or somebody at the exchange, does.

    def call(self, number: str = "", called: str = "", *, service: int = SPEECH) -> None:
        """Call the subscriber.

        Args:
            number: who calls; "" for one who withholds it.
            called: which of the subscriber's numbers; "" for the first.
            service: what is to be carried.

        Raises:
            LocalError: the access is in use or cut, or its terminal takes no such call.
        """
        if self._cut or not self._machine.takes(AccessInput.FAR_CALLS):
            raise LocalError(f"access {self.number} is not free: {'cut' if self._cut else self.state.value}")
        self._feed(AccessInput.FAR_CALLS)
        wanted = called or self.number
        if not self.terminal(CallOffered(number, wanted, service)):
            self._machine = Machine(ACCESS_CALL, AccessState.NULL)
            raise LocalError(f"no terminal at access {self.number} takes a call to {wanted}")

    def hang_up(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """The far party ends the call, or gives up.

        Raises:
            LocalError: there is none.
        """
        if not self._machine.takes(AccessInput.FAR_HANGS_UP):
            raise LocalError(f"access {self.number} has no call to end: {self.state.value}")
        self._cause = cause
        self._feed(AccessInput.FAR_HANGS_UP)

    def say(self, samples: Samples) -> None:
        """The far party speaks (8000 Hz, int16)."""
        self.party.say(samples)

    def key(self, digits: str) -> None:
        """The far party keys DTMF."""
        self.party.key(digits)

    def unplug(self) -> None:
        """Cut the access: a call ends, none can be placed."""
        self._cut = True
        if self.state is not AccessState.NULL:
            self._end()
            self._machine = Machine(ACCESS_CALL, AccessState.NULL)
            self.terminal(CallReleased(Cause.DESTINATION_OUT_OF_ORDER, LOCAL))

    def plug_in(self) -> None:
        """Mend it."""
        self._cut = False

    @property
    def state(self) -> AccessState:
        """What the exchange is doing for it."""
        return self._machine.state

    @property
    def digits(self) -> str:
        """DTMF digits that the far party has heard since the answer."""
        return self.party.ear.digits

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the answer, at most the last minute."""
        return self.party.ear.recording

    # What the terminal does.

    def place(self, called: str, calling: str) -> bool:
        """SETUP."""
        if self._cut or not self._machine.takes(AccessInput.SETUP):
            return False
        self.dialled, self.shown = called[:MAX_DIGITS], calling or self.number
        self._feed(AccessInput.SETUP)
        return True

    def accept(self) -> None:
        """CONNECT."""
        if self._machine.takes(AccessInput.CONNECT):
            self._feed(AccessInput.CONNECT)

    def release(self, cause: Cause) -> None:
        """DISCONNECT."""
        if self._machine.takes(AccessInput.DISCONNECT):
            self.released = cause
            self._feed(AccessInput.DISCONNECT)

    def frame(self) -> Samples | None:
        """What the far party says."""
        return self.party.frame() if self.state is AccessState.ACTIVE else None

    def hear(self, frame: Samples | None) -> None:
        """What the terminal says."""
        if self.state is AccessState.ACTIVE:
            self.party.hear(frame)

    # The table's actions.

    def _feed(self, given: AccessInput) -> None:
        action = self._machine.feed(given)
        getattr(self, f"_{action}")()

    def _wait(self, ms: int, given: AccessInput) -> None:
        self._timer = self._agenda.after(ms, lambda: self._feed(given))

    def _route(self) -> None:
        self.released = None
        self._far = called_by(self.dialled, self.number)
        self.terminal(CallProceeding())
        self._wait(ROUTING, AccessInput.REFUSED if self._far.cause is not None else AccessInput.ROUTED)

    def _refuse(self) -> None:
        cause = self._far.cause or Cause.UNALLOCATED_NUMBER
        self.terminal(CallReleased(cause, FAR if cause is Cause.USER_BUSY else LOCAL))

    def _alert(self) -> None:
        self.terminal(CallAlerting())
        if self._far.answers:
            self._wait(ANSWER_AFTER, AccessInput.FAR_ANSWERS)

    def _connect(self) -> None:
        self.party.begin(self._far, self.shown)
        if self._far.stays is not None:
            self._cause = Cause.NORMAL_CLEARING
            self._wait(self._far.stays, AccessInput.FAR_HANGS_UP)
        self.terminal(CallConnected())

    def _present(self) -> None:
        self.released = None
        self._far = Called(speech=Speech.SILENCE)

    def _put_through(self) -> None:
        self.party.begin(self._far, "")
        self.terminal(CallConnected())

    def _release(self) -> None:
        self._end()
        self.terminal(CallReleased(self._cause, FAR))

    def _clear(self) -> None:
        self._end()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.party.rest()
