"""A call at the exchange of a span or of a basic access, with whoever is at its far end.

What call control tells goes in, what it is to do comes out (`Bureau.command`); what the caller or the called party
says is its `party`'s. Its states are the table in `hardware.world.exchange_states`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.errors import LocalError
from gateway.core.machine import Machine
from gateway.media.tone import Zone
from gateway.q931 import primitive
from hardware.agenda import Agenda, Appointment
from hardware.world.directory import MAX_DIGITS, Called, Speech, called_by, is_complete
from hardware.world.exchange_states import EXCHANGE_CALL, ExchangeInput, ExchangeState
from hardware.world.far_party import FarParty

__all__ = ["Bureau", "ExchangeCall"]

ROUTING = 200
"""Milliseconds in which the network finds the called party, or does not."""
ANSWER_AFTER = 1000
"""Milliseconds of ringing before somebody called answers."""


class Bureau(Protocol):
    """The exchange, as a call knows it.

    Attributes:
        zone: its country.
        agenda: the world's.
    """

    zone: Zone
    agenda: Agenda

    def command(self, call: ExchangeCall, command: primitive.Command) -> None:
        """Tell call control what to do about a call."""
        ...


class ExchangeCall:
    """One call, with whoever is at its far end.

    Args:
        exchange: whose it is.
        subscriber: who is busy while it lasts: the number of one who has a single channel, or "".

    Attributes:
        number: by which call control knows it.
        slot: its B channel; 0 before it is known.
        dialled: the number that was called.
        caller: the number that was shown as calling; "" for none.
        caller_is_restricted: it may not be shown.
        name: the name that was shown.
        left: digits of a call to the subscriber that are to be sent still.
        answered_as: the number that the subscriber answered as, where it told.
        cause: why the call ended; None before it has.
        party: who is at its far end.
    """

    def __init__(self, exchange: Bureau, subscriber: str = "") -> None:
        self.number = self.slot = 0
        self.dialled = self.caller = self.name = self.left = self.answered_as = ""
        self.caller_is_restricted = False
        self.cause: Cause | None = None
        self.party = FarParty(exchange.zone)
        self._exchange = exchange
        self._subscriber = subscriber
        self._machine = Machine(EXCHANGE_CALL, ExchangeState.NEW)
        self._far = Called(speech=Speech.SILENCE)
        self._is_whole = False
        self._asks = False
        self._timer: Appointment | None = None

    @property
    def state(self) -> ExchangeState:
        """What the exchange is doing for it."""
        return self._machine.state

    @property
    def speaks(self) -> bool:
        """Whether something goes to the subscriber on its B channel: a tone, or the far party."""
        return bool(self.slot) and self.state in (ExchangeState.RINGING, ExchangeState.TALKING)

    # What the far party does.

    def hang_up(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """End the call, or give up.

        Raises:
            LocalError: it is over.
        """
        if not self._machine.takes(ExchangeInput.FAR_HANGS_UP):
            raise LocalError(f"the call to {self.dialled} cannot be ended: {self.state.value}")
        self.cause = cause
        self.feed(ExchangeInput.FAR_HANGS_UP)

    def say(self, samples: Samples) -> None:
        """Speak (8000 Hz, int16)."""
        self.party.say(samples)

    def key(self, digits: str) -> None:
        """Key DTMF."""
        self.party.key(digits)

    @property
    def digits(self) -> str:
        """DTMF digits that the far party has heard since the answer."""
        return self.party.ear.digits

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the answer, at most the last minute."""
        return self.party.ear.recording

    # What call control tells.

    def told(self, event: primitive.Event) -> None:
        """Take in an event of call control."""
        match event:
            case primitive.Setup():
                self._set_up(event)
            case primitive.Allotted(_, channel):
                self.slot = channel
            case primitive.MoreWanted():
                left, self.left = self.left, ""
                for place, key in enumerate(left):
                    self._say(primitive.SendDigits(key, complete=place == len(left) - 1))
            case primitive.MoreDigits(_, digits, complete):
                self.dialled = (self.dialled + digits)[:MAX_DIGITS]
                self._is_whole = self._is_whole or complete
                self.feed(ExchangeInput.DIGITS)
            case primitive.Alerting():
                self.feed(ExchangeInput.ALERTING)
            case primitive.Connected(_, party):
                self.answered_as = party.digits if party is not None else ""
                self.feed(ExchangeInput.CONNECT)
            case primitive.Disconnecting(_, cause):
                self.cause = cause
            case primitive.Released(_, cause):
                self.cause = self.cause or cause
                self.feed(ExchangeInput.RELEASED)

    @property
    def refused(self) -> bool:
        """Whether the network refused it, and nobody was called."""
        return self._far.cause is not None

    def place(self, dialled: str, caller: str) -> None:
        """The subscriber calls, and dials the number whole."""
        self.dialled, self.caller, self._is_whole = dialled[:MAX_DIGITS], caller, True
        self.feed(ExchangeInput.SETUP)

    def _set_up(self, setup: primitive.Setup) -> None:
        self.slot = setup.channel
        self.dialled = setup.called.digits[:MAX_DIGITS] if setup.called is not None else ""
        self.name = setup.display
        if setup.calling is not None:
            self.caller = setup.calling.digits
            self.caller_is_restricted = bool(setup.calling.presented)
        self._is_whole = setup.complete
        self.feed(ExchangeInput.SETUP)

    def feed(self, given: ExchangeInput) -> None:
        """Something has happened; what the state does not expect changes nothing."""
        if not self._machine.takes(given):
            return
        action = self._machine.feed(given)
        if action:
            if self._timer is not None:
                self._timer.cancel()
            getattr(self, f"_{action}")()

    def _say(self, command: primitive.Command) -> None:
        self._exchange.command(self, command)

    def _after(self, ms: int, action: Callable[[], None]) -> None:
        self._timer = self._exchange.agenda.after(ms, action)

    # The table's actions.

    def _collect(self) -> None:
        """Take digits until they are a number; T302 of call control ends a number that never gets one."""
        if self._is_whole or is_complete(self.dialled):
            self._say(primitive.Proceed())
            self.feed(ExchangeInput.COMPLETE)
        elif self.state is ExchangeState.COLLECTING and not self._asks:
            self._asks = True
            self._say(primitive.AskMore())

    def _route(self) -> None:
        self._far = called_by(self.dialled, self._subscriber)
        outcome = ExchangeInput.ROUTED if self._far.cause is None else ExchangeInput.REFUSED
        self._after(ROUTING, lambda: self.feed(outcome))

    def _refuse(self) -> None:
        assert self._far.cause is not None
        self.cause = self._far.cause
        self._say(primitive.Clear(self._far.cause))

    def _ring(self) -> None:
        self.party.mouth.play(self._exchange.zone.tone("ring"))
        self._say(primitive.Alert(audio=True))
        if self._far.answers:
            self._after(ANSWER_AFTER, lambda: self.feed(ExchangeInput.FAR_ANSWERS))

    def _connect(self) -> None:
        self._say(primitive.Connect())
        self._begin()

    def _put_through(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.party.begin(self._far, self.caller)
        if self._far.stays is not None:
            self._after(self._far.stays, self.hang_up)

    def _hang_up(self) -> None:
        self.party.rest()
        self._say(primitive.Clear(self.cause or Cause.NORMAL_CLEARING))

    def _rest(self) -> None:
        self.party.rest()
