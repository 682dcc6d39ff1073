"""Answers to INVITEs that were given up long ago (RFC 3261 13.2.2.4): whether they are ours, and their release.

Branches of INVITEs that are over enter; for a 2xx to one of them leaves the dialog in which it is to be
acknowledged and ended. A 2xx to a branch that is not remembered gets nothing, or anybody could have us send
requests wherever a forged one points.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.dialog import Dialog
from gateway.sip.headers import NameAddr
from gateway.sip.message import Response
from gateway.sip.reach import OURSELVES
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["FORKS", "Strays"]

REMEMBERED: Final = 5_000
"""The latest INVITEs, which are remembered, and as many before them: minutes of a busy gateway, in about 1 MB."""
FORKS: Final = 8
"""Answers to one INVITE that are released; a proxy that forks further is left to its own timers."""


class Strays:
    """INVITEs of ours that are over."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[str, ...]] = {}  # the tags of the forks that were released
        self._before: dict[str, tuple[str, ...]] = {}

    def remember(self, branch: str) -> None:
        """The transaction of the INVITE of that branch is over, and nobody waits for more of it."""
        if len(self._latest) >= REMEMBERED:
            self._latest, self._before = {}, self._latest
        self._latest[branch] = ()

    def dialog(self, response: Response, flow: Flow) -> Dialog | None:
        """The dialog that a stray 2xx has made; None where it is not to be believed or names no Contact."""
        if self._released(response) is None:
            return None
        contact = NameAddr(SipUri.of(OURSELVES, *flow.local))
        try:
            return Dialog.of_response(response, flow=flow, contact=contact)
        except MalformedError:
            return None

    def release(self, response: Response) -> bool:
        """Whether that fork is to be sent a BYE now: once each."""
        tag = response.to.tag or ""
        released = self._released(response)
        if released is None or tag in released or len(released) >= FORKS:
            return False
        branch = response.via.branch or ""
        (self._latest if branch in self._latest else self._before)[branch] = (*released, tag)
        return True

    def _released(self, response: Response) -> tuple[str, ...] | None:
        branch = response.via.branch or ""
        return self._latest.get(branch, self._before.get(branch))
