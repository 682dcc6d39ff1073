"""Looks at octets before anything reads them: who is banned, scans or floods is not heard, and gets no answer.

It costs a dictionary or two for each packet, and never reads what a stranger sent beyond a few fixed places. What
belongs to a call in progress (a request with a To tag, a response) passes the limits of new requests, at the pace
of a conversation. What has proved an account counts for that account, and no longer for its address, which a
thousand telephones may share that all begin at once when the power comes back. Each source that is turned away is
told of: for the operator, and to have its connection closed.

Where an address is banned, telephones that are registered from it are heard on, each by its own port or connection,
until they fail themselves: one of a whole office behind one NAT does not silence the others.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Final

from gateway.core.frozen import frozen
from gateway.sip.ban import SOURCES, Ban, BanConfig, BanKeeper, Bans
from gateway.sip.flood import Buckets
from gateway.sip.source import REMEMBERED, Network, covers, source_of
from gateway.sip.transport import Address, Flow

__all__ = ["Doorman", "DoormanConfig", "TurnedAway"]

WITHIN: Final = re.compile(rb"\r\n(?:To|t)[ \t]*:[^\r\n]*;[ \t]*tag=", re.IGNORECASE)
BANNED: Final = "its address is banned"
"""Why a peer's connection is not kept that was open before its ban."""
PROOF: Final = 2
"""Requests that a proof is worth: itself, and the one that was challenged."""
KNOWN: Final = 10
"""How many times as much the sources of telephones and trunks may ask for, and those that hold conversations."""


@frozen
class DoormanConfig:
    """Whom the doorman turns away.

    Attributes:
        rate: new requests a second from one source; 0 sets no bound.
        burst: how many of them at once.
        bans: when sources are banned.
        scanners: beginnings of User-Agents that are not heard, from strangers.
        allow: networks that are neither limited nor banned.
    """

    rate: float = 0.0
    burst: float = 1.0
    bans: BanConfig = field(default_factory=BanConfig)
    scanners: Sequence[str] = ()
    allow: Sequence[Network] = ()


@frozen
class TurnedAway:
    """A source is not heard; for logs, and for whoever holds its connection.

    Attributes:
        flow: from where.
        why: a clause.
    """

    flow: Flow
    why: str


class Doorman:
    """Decides whether octets are read at all.

    Args:
        config: whom to turn away.
        homes: sources from where telephones are registered, as of now.
        ways: the transports, addresses and ports by which they are.
        lives_at: whether a trunk is at a source.
        told: takes those who are turned away, once for each flood and scan.
        keeper: who keeps bans over a restart, if anybody.
    """

    def __init__(
        self,
        config: DoormanConfig,
        homes: Container[str],
        ways: Container[tuple[str, Address]],
        lives_at: Callable[[str], bool],
        told: Callable[[TurnedAway], None],
        keeper: BanKeeper | None = None,
    ) -> None:
        self._config = config
        self._homes = homes
        self._ways = ways
        self._lives_at = lives_at
        self._failed: OrderedDict[tuple[str, Address], float] = OrderedDict()
        self._told = told
        self._allowed = lru_cache(REMEMBERED)(lambda host: covers(config.allow, host))
        self._strangers = Buckets(config.rate, config.burst)
        # Apart, so that a flood in somebody's name does not keep their calls from ending.
        self._partners = Buckets(KNOWN * config.rate, KNOWN * config.burst)
        self._callers = Buckets(config.rate, config.burst)
        self._members = Buckets(config.rate, config.burst)  # by account
        self.bans = Bans(config.bans, keeper)
        names = b"|".join(re.escape(name.encode()) for name in config.scanners)
        scanner = re.compile(rb"\r\nUser-Agent[ \t]*:[ \t]*(?:" + names + rb")", re.IGNORECASE)
        self._scanner = scanner if names else None
        self.turned_away = 0
        """Packets that were not heard."""

    def lets_in(self, data: bytes, flow: Flow, now: float) -> bool:
        """Whether `data`, which came on `flow`, is to be read."""
        host = flow.remote[0]
        if self.bans.standing and self.bans.holds(host, now) and not self._is_honest(flow, now):
            return self._refuse(flow, BANNED) if flow.is_reliable else self._ignore()
        if self._allowed(host):
            return True
        source = source_of(host)
        known = source in self._homes or self._lives_at(source)
        is_response = data[:8] == b"SIP/2.0 "
        if known and is_response:
            return True  # as many as we have asked for
        if self._scanner is not None and not known and self._scanner.search(data):
            return self._refuse(flow, "its User-Agent is that of a scanner")
        if not self._config.rate:
            return True
        is_partner = known or is_response or WITHIN.search(data) is not None
        if not (self._partners if is_partner else self._strangers).takes(source, now):
            most = self._config.rate * (KNOWN if is_partner else 1)
            return self._refuse(flow, f"more than {most:g} requests a second")
        return True

    def lets_connect(self, flow: Flow, now: float) -> bool:
        """Whether who connects by `flow` is let in: a handshake of TLS costs more than a request."""
        host = flow.remote[0]
        if self.bans.holds(host, now):
            return self._ignore()
        source = source_of(host)
        if self._allowed(host) or self._known(source) or self._callers.takes(source, now):
            return True
        return self._refuse(flow, f"more than {self._config.rate:g} connections a second")

    def restore(self, bans: Iterable[Ban]) -> None:
        """Take over the bans of an earlier run, as far as the settings of now would make them."""
        if not self._config.bans.after:
            return
        allowed = self._config.allow
        self.bans.restore(ban for ban in bans if not covers(allowed, ban.source.partition("/")[0]))

    def proved(self, user: str, flow: Flow, now: float) -> None:
        """Account `user` has sent a request by `flow`, and proved it."""
        if self._members.takes(user, now):
            source = source_of(flow.remote[0])
            (self._partners if self._known(source) else self._strangers).gives_back(source, PROOF)

    def failed(self, host: str, flow: Flow, now: float) -> None:
        """Somebody failed to prove who they are.

        Args:
            host: to whose address the challenge was sent.
            flow: by which the answer came; that address may be forged.
        """
        if self._allowed(host):
            return
        self._failed[flow.transport, flow.remote] = now
        self._failed.move_to_end((flow.transport, flow.remote))
        if len(self._failed) > SOURCES:
            self._failed.popitem(last=False)
        ban = self.bans.failed(host, now, neighbours=self._known(source_of(host)))
        if ban is not None:
            seconds = self._config.bans.seconds
            self._told(TurnedAway(flow, f"{ban.source} is banned for {seconds:g} s after {ban.why}"))

    def _known(self, source: str) -> bool:
        return source in self._homes or self._lives_at(source)

    def _is_honest(self, flow: Flow, now: float) -> bool:
        """Whether a telephone is registered by `flow`, and nobody has failed by it of late."""
        way = flow.transport, flow.remote
        return way in self._ways and self._failed.get(way, -math.inf) <= now - self._config.bans.window

    def _ignore(self) -> bool:
        self.turned_away += 1
        return False

    def _refuse(self, flow: Flow, why: str) -> bool:
        self.turned_away += 1
        self._told(TurnedAway(flow, why))
        return False
