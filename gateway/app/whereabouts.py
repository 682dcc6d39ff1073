"""Whether this machine still has the addresses on which SIP listens.

A lease that ends, or a cable that is pulled, takes them away, and nobody reaches the office any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from gateway.config.address import Listener
from gateway.net.interface import address_of, is_ours

__all__ = ["INTERVAL", "Whereabouts"]

_log = logging.getLogger("copperline.sip")

INTERVAL: Final = 5.0
"""Seconds between two looks."""


class Whereabouts:
    """The addresses of one office.

    Args:
        listeners: where it was to listen, each with its address of then.
        ours: whether this machine has an address.
        address: that of an interface and a version of IP; raises ValueError where it has none.

    Attributes:
        fault: which of them is gone, and what to do, as a sentence; else "".
    """

    def __init__(
        self,
        listeners: Iterable[Listener],
        *,
        ours: Callable[[str], bool] = is_ours,
        address: Callable[[str, int], str] = address_of,
    ) -> None:
        self._places = dict.fromkeys((each.address.host, each.interface) for each in listeners)
        self._ours = ours
        self._address = address
        self.fault = ""

    def look(self, now: float) -> None:
        """See whether they are all there; a change is in the log."""
        fault = next((self._gone(*place) for place in self._places if not self._ours(place[0])), "")
        if fault != self.fault:
            _log.warning("%s", fault or "This machine has the addresses again on which SIP listens.")
            self.fault = fault

    def _gone(self, host: str, interface: str) -> str:
        lost = f"This machine has lost {host}, on which SIP listens: nobody reaches it there"
        if not interface:
            return f"{lost}; give it back, or write another address in [sip] listen and start anew."
        try:
            there = self._address(interface, 6 if ":" in host else 4)
        except ValueError:
            return f"{lost}; see why {interface} has no address."
        return f"{lost}. {interface} has {there} now: start anew."
