"""The 2xx to an INVITE, sent again and again until its ACK comes (RFC 3261 13.3.1.4).

Transactions leave this to their user, because an ACK to a 2xx goes end to end and past them. It is done over
streams too, since a hop further on may be UDP.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.sip.message import Response
from gateway.sip.session import Reply, Setting, Timer

__all__ = ["LATE", "Acceptance"]

LATE: Final = 4.0
"""Seconds after which the operator is told: three repetitions have gone unanswered, and somebody still listens."""


class Acceptance:
    """One 2xx that waits for its ACK.

    Args:
        setting: carrier and timers.
        reply: sends a response to the INVITE.
        response: the 2xx; it is sent at once.
        silent: called when no ACK has come for 64*T1.
        late: called once when none has come for `LATE` seconds.
    """

    __slots__ = (
        "_alarm",
        "_give_up_at",
        "_interval",
        "_late",
        "_late_at",
        "_repeat_at",
        "_reply",
        "_response",
        "_setting",
        "_silent",
        "number",
    )

    def __init__(
        self,
        setting: Setting,
        reply: Reply,
        response: Response,
        now: float,
        silent: Callable[[float], None],
        late: Callable[[float], None],
    ) -> None:
        self.number = response.cseq.number
        """CSeq number that the ACK bears."""
        self._setting = setting
        self._reply = reply
        self._response = response
        self._silent = silent
        self._late = late
        self._interval = setting.timers.t1
        self._late_at = now + LATE
        self._give_up_at = now + setting.timers.patience
        self._send(now)
        self._alarm = self._wait()

    def stop(self) -> None:
        """The ACK is here, or nobody waits for it any more."""
        self._alarm.cancel()

    def _send(self, now: float) -> None:
        self._reply(self._response, now)
        self._repeat_at = now + self._interval

    def _wait(self) -> Timer:
        """Nearly always the ACK comes within a moment: one alarm at a time is enough."""
        return self._setting.carrier.at(min(self._repeat_at, self._late_at, self._give_up_at), self._wake)

    def _wake(self, now: float) -> None:
        if now >= self._give_up_at:
            self._silent(now)
            return
        if now >= self._repeat_at:
            self._interval = min(2 * self._interval, self._setting.timers.t2)
            self._send(now)
        late = now >= self._late_at
        if late:
            self._late_at = self._give_up_at
        self._alarm = self._wait()
        if late:
            self._late(now)
