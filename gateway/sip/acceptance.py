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

    __slots__ = ("_again", "_give_up", "_interval", "_late", "_reply", "_response", "_setting", "number")

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
        self._interval = setting.timers.t1
        self._give_up: Timer = setting.carrier.at(now + setting.timers.patience, silent)
        self._late: Timer = setting.carrier.at(now + LATE, late)
        self._again = self._send(now)

    def stop(self) -> None:
        """The ACK is here, or nobody waits for it any more."""
        self._again.cancel()
        self._give_up.cancel()
        self._late.cancel()

    def _send(self, now: float) -> Timer:
        self._reply(self._response, now)
        return self._setting.carrier.at(now + self._interval, self._repeat)

    def _repeat(self, now: float) -> None:
        self._interval = min(2 * self._interval, self._setting.timers.t2)
        self._again = self._send(now)
