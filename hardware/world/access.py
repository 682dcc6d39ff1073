"""A basic access of an emulated ISDN exchange: one subscriber's numbers, one terminal, one call at a time.

Whom the terminal calls is in `hardware.world.directory`, as for an exchange's copper lines. A call is
`hardware.world.exchange_call`, as on a span; here what it tells is put into the words of `hardware.isdn.access`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.errors import LocalError
from gateway.media.tone import Zone
from gateway.q931 import primitive
from hardware.agenda import Agenda
from hardware.isdn.access import (
    SPEECH,
    AccessEvent,
    CallAlerting,
    CallConnected,
    CallOffered,
    CallProceeding,
    CallReleased,
)
from hardware.world.directory import MAX_DIGITS
from hardware.world.exchange_call import ExchangeCall
from hardware.world.exchange_states import ExchangeInput, ExchangeState
from hardware.world.far_party import FarParty

__all__ = ["IDLE", "IsdnAccess"]

IDLE: Final = frozenset({ExchangeState.NEW, ExchangeState.OVER})
"""States of an access that nobody uses: there has been no call yet, or the latest is over."""

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
        zone, agenda: as given.
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
        self.zone = zone
        self.agenda = agenda
        self._call = ExchangeCall(self, number)
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
        if self._cut or self.state not in IDLE:
            raise LocalError(f"access {self.number} is not free: {'cut' if self._cut else self.state.value}")
        self._begin().feed(ExchangeInput.FAR_CALLS)
        wanted = called or self.number
        if not self.terminal(CallOffered(number, wanted, service)):
            self._begin()
            raise LocalError(f"no terminal at access {self.number} takes a call to {wanted}")

    def hang_up(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """The far party ends the call, or gives up.

        Raises:
            LocalError: there is none.
        """
        self._call.hang_up(cause)

    def say(self, samples: Samples) -> None:
        """The far party speaks (8000 Hz, int16)."""
        self.party.say(samples)

    def key(self, digits: str) -> None:
        """The far party keys DTMF."""
        self.party.key(digits)

    def unplug(self) -> None:
        """Cut the access: a call ends, none can be placed."""
        self._cut = True
        if self.state not in IDLE:
            self._call.feed(ExchangeInput.RELEASED)
            self.terminal(CallReleased(Cause.DESTINATION_OUT_OF_ORDER, LOCAL))

    def plug_in(self) -> None:
        """Mend it."""
        self._cut = False

    @property
    def party(self) -> FarParty:
        """Who is at the far end of the latest call."""
        return self._call.party

    @property
    def state(self) -> ExchangeState:
        """What the exchange is doing for it; one of `IDLE` where that is nothing."""
        return self._call.state

    @property
    def digits(self) -> str:
        """DTMF digits that the far party has heard since the answer."""
        return self._call.digits

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the answer, at most the last minute."""
        return self._call.recording

    # What the terminal does.

    def place(self, called: str, calling: str) -> bool:
        """SETUP."""
        if self._cut or self.state not in IDLE:
            return False
        self.dialled, self.shown = called[:MAX_DIGITS], calling or self.number
        self._begin().place(self.dialled, self.shown)
        return True

    def accept(self) -> None:
        """CONNECT."""
        if self.state is ExchangeState.PRESENT:
            self._call.feed(ExchangeInput.CONNECT)
            self.terminal(CallConnected())

    def release(self, cause: Cause) -> None:
        """DISCONNECT."""
        if self.state not in IDLE:
            self.released = cause
            self._call.feed(ExchangeInput.RELEASED)

    def frame(self) -> Samples | None:
        """What the far party says."""
        return self.party.frame() if self.state is ExchangeState.TALKING else None

    def hear(self, frame: Samples | None) -> None:
        """What the terminal says."""
        if self.state is ExchangeState.TALKING:
            self.party.hear(frame)

    # What its call does (`hardware.world.exchange_call.Bureau`).

    def command(self, call: ExchangeCall, command: primitive.Command) -> None:
        """Tell the terminal what a call has come to."""
        match command:
            case primitive.Proceed():
                self.terminal(CallProceeding())
            case primitive.Alert():
                self.terminal(CallAlerting())
            case primitive.Connect():
                self.terminal(CallConnected())
            case primitive.Clear(cause):
                is_ours = call.refused and cause is not Cause.USER_BUSY
                self.terminal(CallReleased(cause, LOCAL if is_ours else FAR))

    def _begin(self) -> ExchangeCall:
        """Another call, in place of one that is over."""
        self.released = None
        self._call = ExchangeCall(self, self.number)
        return self._call
