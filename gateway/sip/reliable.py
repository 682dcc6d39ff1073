"""Reliable provisional responses (RFC 3262): ours, sent again until their PRACK comes, and the peer's, in order.

`ReliableResponses` numbers and repeats what we send, one at a time, the others waiting. `ReliableOrder` tells which
of the peer's responses are new, repeated or too early, and acknowledges them. Neither knows what they mean.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from gateway.core.errors import Exhausted, MalformedError
from gateway.sip.dialog import Dialog
from gateway.sip.grammar import number
from gateway.sip.message import Request, Response
from gateway.sip.session import Reply, Setting, Timer, lists, nothing_more
from gateway.sip.within import send_within

__all__ = ["ReliableOrder", "ReliableResponses", "Turn"]

LARGEST: Final = 2**31 - 1
"""The first RSeq is at most this (section 3); they are 32 bits wide (section 7.1)."""
LARGEST_RSEQ: Final = 2**32 - 1
MAX_WAITING: Final = 8
"""Provisional responses that wait their turn; a call has two or three."""


class ReliableResponses:
    """The reliable provisional responses of one INVITE that came in.

    Args:
        setting: carrier, timers and chance.
        reply: sends a response to the INVITE.
        silent: called when a response finds no PRACK for 64*T1.
    """

    __slots__ = ("_alarms", "_interval", "_number", "_reply", "_setting", "_silent", "_waiting")

    def __init__(self, setting: Setting, reply: Reply, silent: Callable[[float], None]) -> None:
        self._setting = setting
        self._reply = reply
        self._silent = silent
        self._number = 0  # until the first response
        self._waiting: list[Response] = []
        self._interval = 0.0
        self._alarms: tuple[Timer, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether a PRACK is due."""
        return bool(self._waiting)

    def send(self, response: Response, now: float) -> None:
        """Send a provisional response, as soon as those before it are acknowledged (section 3)."""
        if len(self._waiting) >= MAX_WAITING:
            return
        self._number = self._number + 1 if self._number else self._setting.random.randrange(1, LARGEST - 2**16)
        response.headers.set("Require", "100rel")
        response.headers.set("RSeq", self._number)
        self._waiting.append(response)
        if len(self._waiting) == 1:
            self._begin(now)

    def acknowledge(self, prack: Request) -> Response | None:
        """The response that `prack` acknowledges, which is repeated no longer; None where it fits none.

        The next one goes out by `go_on`, once the PRACK has its own response. What this one has described need not
        be described by those that waited for it: it would be an offer (section 5).
        """
        if not self._waiting:
            return None
        response = self._waiting[0]
        expected = [response.headers.get("RSeq"), *str(response.cseq).split()]
        if (prack.headers.get("RAck") or "").split() != expected:
            return None
        self.pause()
        del self._waiting[0]
        for later in self._waiting if response.body else ():
            later.body = b""
            later.headers.remove("Content-Type")
        return response

    def go_on(self, now: float) -> None:
        """Send the next response that waits, after one was acknowledged."""
        if self._waiting and not self._alarms:
            self._begin(now)

    def stop(self) -> None:
        """Nothing of this is sent any more, and nobody is told."""
        self.pause()
        self._waiting.clear()
        self._silent = nothing_more

    def pause(self) -> None:
        """Stop to repeat what waits for its PRACK."""
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms = ()

    def _begin(self, now: float) -> None:
        self._interval = self._setting.timers.t1
        give_up = self._setting.carrier.after(self._setting.timers.patience, now, self._given_up)
        self._say(give_up, now)

    def _say(self, give_up: Timer, now: float) -> None:
        self._reply(self._waiting[0], now)
        again = self._setting.carrier.at(now + self._interval, lambda at: self._say(give_up, at))
        self._interval *= 2  # section 3: doubled without end, unlike that of a 2xx
        self._alarms = (give_up, again)

    def _given_up(self, now: float) -> None:
        silent = self._silent
        self.stop()
        silent(now)


class Turn(Enum):
    """What a provisional response of the peer is."""

    PLAIN = "not reliable"
    NEXT = "the next in order"
    STALE = "repeated, or before its turn"


class ReliableOrder:
    """The order of the reliable provisional responses in one dialog of an INVITE of ours (section 4)."""

    __slots__ = ("_latest",)

    def __init__(self) -> None:
        self._latest: int | None = None

    def acknowledge(self, setting: Setting, dialog: Dialog, response: Response, now: float) -> Turn:
        """What `response` is; for one that is next the PRACK is sent in `dialog`, if there is room for that."""
        if response.status <= 100 or "100rel" not in lists(response, "require"):
            return Turn.PLAIN
        try:
            given = number(response.headers.get("RSeq") or "", "RSeq", LARGEST_RSEQ)
        except MalformedError:
            return Turn.STALE
        if self._latest is not None and given != self._latest + 1:
            return Turn.STALE
        prack = dialog.request("PRACK")
        prack.headers.set("RAck", f"{given} {response.cseq}")
        try:
            send_within(setting, dialog, prack, now, answered=lambda *_: None, failed=lambda *_: None)
        except Exhausted:
            return Turn.STALE  # the response comes again
        self._latest = given
        return Turn.NEXT
