"""Who calls while an exchange line is in a call: caller ID of a waiting call (type II, off-hook), as its telephone.

    exchange    tone, alert (CAS)                    FSK
    line                           DTMF D, muted             back in the talk

The exchange asks by an alert whether anybody here can show a second caller; whoever answers it within 160 ms is
told (GR-30-CORE, TR-NWT-000575, EN 300 659-2). So the line looks at what it hears every frame, where the
configuration says that its exchange does this; whom it talks with hears nothing of the answer and the message.
"""

from __future__ import annotations

from typing import Final

from drivers.fxo.base import ExchangeLine
from drivers.fxo.caller_id import party
from drivers.fxo.states import Input
from drivers.line import Cue
from gateway.core.errors import MalformedError
from gateway.core.messages import AnotherCalls
from gateway.media.call_waiting import ACKNOWLEDGEMENT, AlertReceiver
from gateway.media.caller_id import decode
from gateway.media.fsk import Receiver, Standard

__all__ = ["SecondCaller"]

MESSAGE_TIME: Final = 1.5
"""Seconds from the answer to an alert in which the message must be over: 0.5 s to its begin, 0.6 s of it."""


class SecondCaller(ExchangeLine):
    """The part of an exchange line that hears of a second caller."""

    _alerts: AlertReceiver | None = None
    _message: Receiver | None = None

    def _listen_for_release(self, cue: Cue) -> None:
        super()._listen_for_release(cue)
        self._message = None
        self._alerts = AlertReceiver() if self.config.waiting_caller_id and self._ear is not None else None

    def _hear_release(self, cue: Cue) -> None:
        super()._hear_release(cue)
        if self._ear is None or self._alerts is None:
            return
        if self._message is not None:
            self._read_message(self._message, cue)
        elif self._alerts.feed(self._ear.latest):
            self._answer_alert(cue)

    def _answer_alert(self, cue: Cue) -> None:
        self.note(cue.now, f"{self._exchange} asks whether a second caller can be shown")
        modem = self.config.caller_id.modem if self.config.caller_id is not None else None
        self._message = Receiver(modem or Standard.V23)
        self._lay_aside()
        self._send("D", ACKNOWLEDGEMENT.duration, 0.0, cue.now)
        self._timers[Input.MESSAGE_TIME] = cue.now + MESSAGE_TIME

    def _read_message(self, receiver: Receiver, cue: Cue) -> None:
        assert self._ear is not None
        for message in receiver.feed(self._ear.latest):
            try:
                caller = party(decode(message))
            except MalformedError:
                continue
            self.last_caller = caller
            self.note(cue.now, f"a second caller: {caller}")
            self._tell(AnotherCalls(caller))
            self._talk_on(cue)
            return

    def _talk_on(self, cue: Cue) -> None:
        self._timers.pop(Input.MESSAGE_TIME, None)
        self._message = None
        self._take_up()
