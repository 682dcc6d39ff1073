"""The refresh of an established session (RFC 4028 section 10): by UPDATE, or re-INVITE where the peer lacks that.

The session timer says when, or somebody who has something to tell the peer by it (RFC 4916). The UPDATE goes out
here; a re-INVITE is asked of the session, as is its end where the peer knows of no dialog any more.
"""

from __future__ import annotations

from typing import Final, Protocol

from gateway.core.errors import Exhausted
from gateway.sip.dialog import Dialog
from gateway.sip.message import Request, Response
from gateway.sip.session import Setting, Timer, announce
from gateway.sip.session_timer import SessionTimer
from gateway.sip.usage import ends_call
from gateway.sip.within import send_within

__all__ = ["SessionRefresh"]

UNKNOWN_METHOD: Final = frozenset({405, 501})
"""Responses by which a peer that announced UPDATE shows that it does not know it after all."""
GLARE: Final = 491
"""The peer has a request of its own under way: ours is tried again, whatever it was for (RFC 3311 section 5.3)."""
TRY_AGAIN: Final = 10.0
"""Seconds until a refresh of the session is tried again."""


class Refreshed(Protocol):
    """The session that is refreshed.

    Attributes:
        updates: whether the peer knows UPDATE.
    """

    updates: bool

    def written(self, method: str) -> Request:
        """A request of its dialog, without offer and session timer."""
        ...

    def invite_again(self, now: float) -> None:
        """Refresh it by a re-INVITE."""
        ...

    def gone(self, why: str, now: float) -> None:
        """The peer knows no such dialog, or is silent."""
        ...


class SessionRefresh:
    """How one session is refreshed.

    Args:
        setting: the stack's services.
        dialog: its dialog.
        timer: its session timer.
        session: what is asked and told.
    """

    __slots__ = (
        "_again",
        "_dialog",
        "_is_due",
        "_session",
        "_setting",
        "_timer",
    )

    def __init__(self, setting: Setting, dialog: Dialog, timer: SessionTimer, session: Refreshed) -> None:
        self._setting = setting
        self._dialog = dialog
        self._timer = timer
        self._session: Refreshed | None = session
        self._is_due = False
        self._again: Timer | None = None

    def due(self, now: float) -> None:
        """Refresh the session: its time says so."""
        self._is_due = True
        self.renew(now)

    def renew(self, now: float) -> None:
        """Refresh the session now, once: for what the peer is told by it."""
        session = self._session
        if session is None:
            return
        self._stop_waiting()
        if not session.updates:
            session.invite_again(now)
            return
        update = session.written("UPDATE")
        announce(update)
        self._timer.ask(update)
        try:
            send_within(
                self._setting,
                self._dialog,
                update,
                now,
                answered=self._answered,
                failed=self._lost,
            )
        except Exhausted:
            self._later(now)

    def close(self) -> None:
        """The session is over."""
        self._session = None
        self._stop_waiting()

    def _answered(self, response: Response, now: float) -> None:
        if self._session is None or not response.is_final:
            return
        if response.status < 300:
            self._is_due = False
            self._dialog.refresh(response, "UPDATE")
            self._timer.granted(response, now)
        elif ends_call(response):
            self._lost(f"our UPDATE was refused with {response.summary}", now)
        elif response.status == 422 and self._timer.raise_minimum(response):
            self.renew(now)
        elif response.status in UNKNOWN_METHOD:
            self._session.updates = False
            self._session.invite_again(now)
        elif self._is_due or response.status == GLARE:
            self._later(now)

    def _lost(self, why: str, now: float) -> None:
        if self._session is not None:
            self._session.gone(why, now)

    def _later(self, now: float) -> None:
        """What was refused, or had no room, is tried again; a refresh until the session counts as dead."""
        self._stop_waiting()
        self._again = self._setting.carrier.after(TRY_AGAIN, now, self.renew)

    def _stop_waiting(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
