"""Answers to INVITEs that were given up long ago (RFC 3261 13.2.2.4): whether they are ours, and their release.

Branches of INVITEs that are over enter; for a 2xx to one of them leaves the dialog in which it is to be
acknowledged and ended. A 2xx to a branch that is not remembered gets nothing, or anybody could have us send
requests wherever a forged one points.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.dialog import Dialog
from gateway.sip.headers import NameAddr
from gateway.sip.message import Response
from gateway.sip.reach import OURSELVES
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["FORKS", "Strays"]

REMEMBERED: Final = 10_000
"""INVITEs that are remembered: some minutes of a busy gateway, in about 2 MB."""
FORKS: Final = 8
"""Answers to one INVITE that are released; a proxy that forks further is left to its own timers."""


class Strays:
    """INVITEs of ours that are over."""

    def __init__(self) -> None:
        self._released: OrderedDict[str, frozenset[str]] = OrderedDict()

    def remember(self, branch: str) -> None:
        """The transaction of the INVITE of that branch is over, and nobody waits for more of it."""
        self._released[branch] = frozenset()
        if len(self._released) > REMEMBERED:
            self._released.popitem(last=False)

    def dialog(self, response: Response, flow: Flow) -> Dialog | None:
        """The dialog that a stray 2xx has made; None where it is not to be believed or names no Contact."""
        if response.via.branch not in self._released:
            return None
        contact = NameAddr(SipUri.of(OURSELVES, *flow.local))
        try:
            return Dialog.of_response(response, flow=flow, contact=contact)
        except MalformedError:
            return None

    def release(self, response: Response) -> bool:
        """Whether that fork is to be sent a BYE now: once each."""
        branch, tag = response.via.branch or "", response.to.tag or ""
        released = self._released.get(branch, frozenset())
        if tag in released or len(released) >= FORKS:
            return False
        self._released[branch] = released | {tag}
        return True
