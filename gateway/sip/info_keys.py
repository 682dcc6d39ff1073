"""Keys that go to the far side as INFO, one after the other, for equipment that takes them in no other way.

Digits enter; each leaves in an INFO of its own when the one before was answered and its time is over, so that they
arrive in their order over UDP as well. The bodies are those that `info` reads.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from gateway.core.errors import Exhausted
from gateway.core.messages import SendDigits
from gateway.sip.dialog import Dialog
from gateway.sip.info import KEY_TYPE
from gateway.sip.message import Response
from gateway.sip.session import SessionUser, Setting, Timer
from gateway.sip.within import send_within

__all__ = ["InfoKeys"]

MOST: Final = 100
"""Keys that may wait; nobody keys more ahead."""
UNKNOWN: Final = frozenset({405, 415, 469, 501})
"""Refusals that mean: not in this way, whatever the key."""


class InfoKeys:
    """The keys of one session.

    Args:
        setting: the stack's services.
        user: who is told where the far side takes no such INFO.
        dialog: the session's.
    """

    __slots__ = ("_asked", "_dialog", "_pause", "_setting", "_told", "_user", "_waiting")

    def __init__(self, setting: Setting, user: SessionUser, dialog: Dialog) -> None:
        self._setting = setting
        self._user = user
        self._dialog = dialog
        self._waiting: deque[tuple[str, float, float]] = deque(maxlen=MOST)
        self._asked = False
        self._pause: Timer | None = None
        self._told = False

    def send(self, command: SendDigits, now: float) -> None:
        """Send keys, after those that wait already."""
        self._waiting.extend((key, command.duration, command.gap) for key in command.digits)
        self._next(now)

    def close(self) -> None:
        """The session is over."""
        self._waiting.clear()
        if self._pause is not None:
            self._pause.cancel()

    def _next(self, now: float) -> None:
        if self._asked or self._pause is not None or not self._waiting:
            return
        key, duration, gap = self._waiting.popleft()
        info = self._dialog.request("INFO")
        info.headers.set("Content-Type", KEY_TYPE)
        info.body = f"Signal={key.upper()}\r\nDuration={round(duration * 1000)}\r\n".encode()
        self._asked = True
        self._pause = self._setting.carrier.at(now + duration + gap, self._rested)
        try:
            send_within(self._setting, self._dialog, info, now, answered=self._answered, failed=self._over)
        except Exhausted as fault:
            self._over(str(fault), now)

    def _rested(self, now: float) -> None:
        self._pause = None
        self._next(now)

    def _answered(self, response: Response, now: float) -> None:
        if not response.is_final:
            return
        if response.status in UNKNOWN and not self._told:
            self._told = True
            self._user.missed(f"keys as INFO are refused with {response.summary}; set its dtmf to auto", now)
        self._over(response.summary, now)

    def _over(self, _: str, now: float) -> None:
        """That key is dealt with, whatever came of it: the next is not to wait for ever."""
        self._asked = False
        self._next(now)
