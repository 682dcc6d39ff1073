"""Calls that we place on a span: the number whole or digit by digit, what is heard on the way, who answers.

Each method is an action of the table PLACED in drivers/span/states.py, which says when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from drivers.channel import LineChannel
from drivers.keys import PAUSES, until_pause
from drivers.line import Cue
from drivers.registry import Address
from drivers.shelf import Shelf
from drivers.span.call import KEY_TIME, SpanCall, Told, Trunk
from drivers.span.endings import refusal
from drivers.span.states import PLACED_CALLS, CallInput
from gateway.core.cause import Cause
from gateway.core.diversion import diversions_of
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, RemoteError, Unavailable
from gateway.core.messages import (
    Alerting,
    Answered,
    Dial,
    Identified,
    Proceeding,
    Progress,
    Rerouted,
    SendDigits,
)
from gateway.core.number import Party, Presentation
from gateway.q931 import primitive
from gateway.q931.coding import NumberType
from gateway.q931.config import Side
from gateway.q931.mapping import called_of, calling_of, redirecting_of
from gateway.q931.number import CalledNumber, CallingNumber, RedirectingNumber

__all__ = ["PlacedCall"]

_KEYS: Final = frozenset("0123456789*#")
"""What a called number may hold."""


class PlacedCall(SpanCall):
    """An outgoing call; arguments are those of `SpanCall`.

    Args:
        wanted: whom to call.
        slot: the time slot to use; None for any.
        again: the address by which another span may be had where this one fails; "" for none.

    Raises:
        RemoteError: the number cannot be called on a span.
    """

    def __init__(self, trunk: Trunk, shelf: Shelf, wanted: Address, *, slot: int | None, again: str) -> None:
        super().__init__(PLACED_CALLS, trunk, shelf)
        self._number = "".join(key for key in wanted.number if key not in PAUSES)
        if not set(self._number) <= _KEYS:
            raise RemoteError(
                f"{wanted.number!r} cannot be called on {self.peer}: digits, * and # can",
                Cause.INVALID_NUMBER_FORMAT,
            )
        self._then = wanted.then
        self._slot = slot
        self._again = again
        self._left = ""

    def reserve(self, now: float) -> LineChannel:
        """Make the leg, which has no row before its B channel is known."""
        self._feed(CallInput.RESERVE, Cue(now))
        self.channel = self._channel_on(None, self.carry_out)
        return self.channel

    def _unreserve(self, cue: Cue) -> None:
        self._rest(None, cue)

    def _place(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Dial)
        config = self._trunk.config
        at_once = not config.overlap and bool(self._number)
        self._left = "" if at_once else self._number
        order = primitive.Order(
            called=_called(self._number if at_once else "", config.called_type),
            calling=self._calling(cue.subject.caller),
            complete=at_once,
            display=_display(cue.subject.caller) if config.interface.side is Side.NETWORK else "",
            redirecting=_redirecting(cue.subject.variables),
            channel=self._slot,
        )
        self.note(cue.now, f"calls {self._number or 'without a number'} on {self.device}")
        try:
            self._trunk.place(self, order, cue.now)
        except (Exhausted, Unavailable) as error:  # it was free when the leg was made
            if self._again:
                self._tell(Rerouted(self._again))
            self._rest(Ending(Cause.NO_CIRCUIT_AVAILABLE, self.peer, Act.FAILED, str(error)), cue)

    def _calling(self, caller: Party) -> CallingNumber | None:
        """Whom we show: the caller's number where it is one, else the span's own."""
        config = self._trunk.config
        is_number = bool(caller.number) and set(caller.number.removeprefix("+")) <= _KEYS
        shown = calling_of(replace(caller, number=caller.number if is_number else config.number))
        if shown is None or shown.type != NumberType.UNKNOWN or not shown.digits:
            return shown
        return replace(shown, type=config.calling_type)

    def _more_wanted(self, cue: Cue) -> None:
        """The exchange waits for digits: those that are left go one by one (5.1.3); without any, the caller's."""
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.MoreWanted)
        left, self._left = self._left, ""
        for place, key in enumerate(left):
            self._trunk.say(self, primitive.SendDigits(key, complete=place == len(left) - 1), cue.now)
        if cue.event.audio and not left:
            self._tell(Progress())

    def _dial_on(self, cue: Cue) -> None:
        assert isinstance(cue.subject, SendDigits)
        keys = "".join(key for key in cue.subject.digits if key in _KEYS)
        if keys:
            self._trunk.say(self, primitive.SendDigits(keys), cue.now)

    def _tell_proceeding(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Proceeding)
        self._tell(Proceeding())
        if cue.event.audio:
            self._hears_something()

    def _tell_alerting(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Alerting)
        self._again = ""
        self._tell(Alerting(cue.event.audio))

    def _tell_progress(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Progress)
        if cue.event.audio:
            self._hears_something()

    def _hears_something(self) -> None:
        self._again = ""
        self._tell(Progress())

    def _answered(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Connected)
        self._again = ""
        self._converse(cue.now)
        if cue.event.party is not None:
            self._tell(Identified(self._party(cue.event.party, cue.event.display)))
        self._tell(Answered(cue.evidence))
        self._key_on(cue)

    def _key_on(self, cue: Cue) -> None:
        """Key what was left for the one who answered, with its pauses."""
        keys, pause, self._then = until_pause(self._then)
        if keys:
            self._send(keys, KEY_TIME, KEY_TIME, cue.now)
        if pause:
            self._timers[CallInput.KEY_TIME] = cue.now + len(keys) * 2 * KEY_TIME + pause

    def _unanswered(self, cause: Cause) -> Act:
        return refusal(cause)

    def _hear_refusal(self, cue: Cue) -> None:
        """The network says why it refuses (5.4): the caller hears that, or the call goes on at once."""
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Disconnecting)
        if self._trunk.config.announcements:
            self._hears_something()
        else:
            self._trunk.say(self, primitive.Clear(cue.event.cause), cue.now)


def _called(number: str, kind: NumberType) -> CalledNumber:
    called = called_of(number)
    return replace(called, type=kind) if number else called


def _display(caller: Party) -> str:
    return caller.name if caller.presentation is Presentation.ALLOWED and caller.name.isascii() else ""


def _redirecting(variables: Mapping[str, str]) -> tuple[RedirectingNumber, ...]:
    """Who diverted the call: the first and the last, for more than these two are not told (Q.952.7)."""
    told = diversions_of(variables)
    ends = [*told[1:][-1:], *told[:1]]
    return tuple(redirecting_of(one.number, one.reason, hidden=one.hidden) for one in ends)
