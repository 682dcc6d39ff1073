"""Calls to the network: which number is shown, how the call goes on, and why it does not.

Each method is an action of the table in drivers/isdn/states.py, which says when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.isdn.base import REST_TIME, AdapterLine
from drivers.isdn.incoming import IncomingCalls
from drivers.isdn.results import Result, cause_of, result_of
from drivers.isdn.states import Input
from drivers.keys import until_pause
from drivers.line import Cue
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answered, Dial, Proceeding
from gateway.core.number import Presentation

__all__ = ["OutgoingCalls"]

DIAL_TIME: Final = 300.0
"""Seconds for which a call may ring; an adapter itself gives up after 255."""
DIAL_PAUSE: Final = 0.5
"""Seconds from the answer to what is keyed then."""
KEY_TIME: Final = 0.1
"""Seconds of each key, and of the silence after it."""

_OURS: Final = (Result.NO_DIALTONE, Result.NO_NUMBER, Result.ERROR)
_NO_CHANNEL: Final = (
    Cause.NO_CIRCUIT_AVAILABLE,
    Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE,
    Cause.RESOURCE_UNAVAILABLE,
)
"""What another adapter may do better."""

_ADVICE: Final[Mapping[Result | None, str]] = {
    Result.NO_DIALTONE: "Look at the cable to the network, and whether its channels are in use.",
    Result.NO_NUMBER: "Give the adapter one of its own numbers (numbers = …).",
    Result.ERROR: "Look at profile and the number that was dialled.",
}


class OutgoingCalls(IncomingCalls, AdapterLine):
    """The part of an adapter's line that places calls."""

    _number = ""
    _then = ""

    def _reserve(self, cue: Cue) -> None:
        self._open_channel()

    def _unreserve(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)
        self._watch(cue)

    def _dial(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Dial)
        caller, numbers = cue.subject.caller, self.config.numbers
        own = caller.number if caller.number in numbers else numbers[0] if numbers else ""
        prefix = self.config.withhold if caller.presentation is Presentation.RESTRICTED else ""
        if caller.presentation is Presentation.RESTRICTED and not prefix:
            self.note(cue.now, "the number of this access is shown: nothing is configured that withholds it")
        self._tell_adapter(self.profile.dial.format(own=own, number=prefix + self._number), cue.now, DIAL_TIME)

    def _tell_proceeding(self, cue: Cue) -> None:
        self._tell(Proceeding())

    def _tell_alerting(self, cue: Cue) -> None:
        self._tell(Alerting())

    def _judge(self, cue: Cue) -> None:
        """Whether the network refuses, or the adapter has no way to it."""
        ours = result_of(cue.evidence)[0] in _OURS or cause_of(cue.evidence) in _NO_CHANNEL
        self._feed(Input.FAILURE if ours else Input.REFUSAL, cue)

    def _tell_refusal(self, cue: Cue) -> None:
        cause = cause_of(cue.evidence)
        silent = cause in (Cause.NO_ANSWER, Cause.NO_USER_RESPONDING)
        act = Act.DID_NOT_ANSWER if silent else Act.REFUSED
        self._close_channel(cue.now, Ending(cause, self._network, act, cue.evidence))
        self._watch(cue)

    def _tell_failure(self, cue: Cue) -> None:
        advice = _ADVICE.get(result_of(cue.evidence)[0], "Call again later, or give the group more adapters.")
        self._distrust(cue)
        self._close_channel(cue.now, Ending(cause_of(cue.evidence), self.peer, Act.FAILED, cue.evidence, advice))
        self._timers[Input.REST_TIME] = cue.now + REST_TIME

    def _give_way(self, cue: Cue) -> None:
        evidence = f"{cue.evidence} while it was being taken for an outgoing call"
        advice = "Calls that come in meet calls that go out here; dial out by another adapter, or again."
        self._distrust(cue)
        self._close_channel(
            cue.now, Ending(Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, self._network, Act.REFUSED, evidence, advice)
        )
        self._ring(cue)

    def _far_answer(self, cue: Cue) -> None:
        self._again = ""
        self._tell(Answered(cue.evidence))
        self._start_audio(cue)

    def _converse(self, cue: Cue) -> None:
        super()._converse(cue)
        if self._then:
            self._timers[Input.PAUSE_TIME] = cue.now + DIAL_PAUSE

    def _dial_on(self, cue: Cue) -> None:
        """Key what was left for the far side, with its pauses."""
        digits, pause, self._then = until_pause(self._then)
        if digits:
            self.note(cue.now, f"keys {digits}")
            self._send(digits, KEY_TIME, KEY_TIME, cue.now)
        if pause:
            self._timers[Input.PAUSE_TIME] = cue.now + len(digits) * 2 * KEY_TIME + pause
