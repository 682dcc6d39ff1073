"""Our public address behind a NAT, asked of STUN servers from the very sockets that speak SIP (RFC 5389, RFC 8489).

For each of our UDP points that a NAT may hide, a server is asked again and again, which keeps the mapping open too:
where it sees us is what peers outside are told. A server that is not found or does not answer is told of once, and
the next one is asked after a while.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from gateway.sip.keepalive import Kept
from gateway.sip.open_ways import WayTold
from gateway.sip.points import ListeningPoints
from gateway.sip.resolve import Located
from gateway.sip.session import Setting
from gateway.sip.transport import Address, Flow, is_loopback, is_private
from gateway.sip.uri import SipUri

__all__ = ["STUN_PORT", "Discovery"]

STUN_PORT: Final = 3478
"""RFC 5389 section 9."""
EVERY: Final = 25.0
"""Seconds between two questions: many a NAT forgets after 30 s."""
PAUSE: Final = 60.0
"""Seconds until a server that failed is asked again."""


class Discovery:
    """Where our sockets are seen from outside.

    Args:
        servers: STUN servers by name or address with their ports, the preferred first.
        setting: the stack's services.
        points: where we listen.
        told: takes which server does not answer.
    """

    def __init__(
        self,
        servers: Sequence[SipUri],
        setting: Setting,
        points: ListeningPoints,
        told: Callable[[WayTold], None],
    ) -> None:
        self._servers = servers
        self._setting = setting
        self._points = points
        self._told = told
        self._kept: dict[Address, Kept] = {}
        self._troubled: set[SipUri] = set()

    def __bool__(self) -> bool:
        """Whether there is anything to be known."""
        return bool(self._kept)

    def start(self, now: float) -> None:
        """Begin to ask, once the points are bound."""
        if self._servers and any(map(_may_be_hidden, self._points.hosts())):
            self._look(0, now)

    def address(self, local: Address) -> Address | None:
        """Where our UDP socket at `local` is seen from outside; None where that is not known."""
        kept = self._kept.get(local)
        return kept.mapped if kept is not None else None

    def _look(self, place: int, now: float) -> None:
        server = self._servers[place % len(self._servers)]
        self._setting.resolver.locate(server, partial(self._located, place), now)

    def _located(self, place: int, located: Located, now: float) -> None:
        flows = [flow for flow in located.flows if flow.transport == "udp" and _may_be_hidden(flow.local[0])]
        if not flows:
            self._failed(place, located.fault or "it has no address that we reach", now)
            return
        for local in self._points.of("udp", flows[0].remote[0]):
            if _may_be_hidden(local[0]) and local not in self._kept:
                self._keep(place, Flow("udp", local, flows[0].remote), now)

    def _keep(self, place: int, flow: Flow, now: float) -> None:
        def failed(evidence: str, at: float) -> None:
            self._kept.pop(flow.local, None)
            self._failed(place, evidence, at)

        kept = self._setting.carrier.keep(flow, EVERY, now, answers=True, failed=failed, at_once=True)
        self._kept[flow.local] = kept

    def _failed(self, place: int, why: str, now: float) -> None:
        server = self._servers[place % len(self._servers)]
        moved = "mapping has changed" in why
        if server not in self._troubled and not moved:
            self._troubled.add(server)
            shown = f"{server.host}:{server.port}"
            self._told(WayTold(f"the STUN server {shown} does not tell our public address: {why}", False))
        self._setting.carrier.at(now if moved else now + PAUSE, partial(self._look, place if moved else place + 1))


def _may_be_hidden(own: str) -> bool:
    return is_private(own) and not is_loopback(own)
