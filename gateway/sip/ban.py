"""Sources that are not heard for a while, because they failed too often to prove who they are.

Failures enter with their time; bans come out, each with its end. Where telephones are registered, others may have
their secrets wrong without harm to these: such a source is given many more attempts. Both tables are
bounded: the oldest entry goes first.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final, Protocol

from gateway.core.frozen import frozen
from gateway.sip.source import source_of

__all__ = ["SOURCES", "Ban", "BanConfig", "BanKeeper", "Bans"]

SOURCES: Final = 10_000
"""Sources whose failures, and bans, are remembered."""
NEIGHBOURS: Final = 10
"""How many times as often telephones may fail that share an address with registered ones."""


@frozen
class BanConfig:
    """When sources are banned.

    Attributes:
        after: failures within `window` seconds; 0 bans nobody.
        window: seconds in which they are counted.
        seconds: how long a ban lasts.
    """

    after: int = 0
    window: float = 600.0
    seconds: float = 1800.0


@frozen
class Ban:
    """One source that is not heard.

    Attributes:
        source: an address, or an IPv6 network.
        until: engine clock, seconds.
        why: a clause for the operator.
    """

    source: str
    until: float
    why: str


class BanKeeper(Protocol):
    """Who keeps bans over a restart; called for each change, must not wait."""

    def saved(self, ban: Ban) -> None:
        """A source is banned from now on."""
        ...

    def removed(self, source: str) -> None:
        """A ban has ended, or was lifted."""
        ...


class Bans:
    """All bans.

    Args:
        config: when sources are banned.
        keeper: who keeps them over a restart, if anybody.

    Attributes:
        standing: the bans by source, those that have ended among them of which nobody has asked since.
    """

    def __init__(self, config: BanConfig, keeper: BanKeeper | None = None) -> None:
        self._config = config
        self._keeper = keeper
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self.standing: Final[OrderedDict[str, Ban]] = OrderedDict()

    def __len__(self) -> int:
        """How many sources are banned, as `standing` has them."""
        return len(self.standing)

    def holds(self, host: str, now: float) -> bool:
        """Whether packets from `host` are not to be heard."""
        source = source_of(host)
        ban = self.standing.get(source)
        if ban is None:
            return False
        if ban.until > now:
            return True
        self._end(source)
        return False

    def failed(self, host: str, now: float, *, neighbours: bool) -> Ban | None:
        """Count a failed attempt; the ban that it earns, if any.

        Args:
            neighbours: telephones are registered from that source.
        """
        config = self._config
        if not config.after:
            return None
        source = source_of(host)
        enough = config.after * (NEIGHBOURS if neighbours else 1)
        times = self._failures.setdefault(source, deque(maxlen=config.after * NEIGHBOURS))
        self._failures.move_to_end(source)
        if len(self._failures) > SOURCES:
            self._failures.popitem(last=False)
        times.append(now)
        while times[0] <= now - config.window:
            times.popleft()
        if len(times) < enough:
            return None
        del self._failures[source]
        ban = Ban(source, now + config.seconds, f"{enough} failed attempts within {config.window:g} s")
        self.restore([ban])
        if self._keeper is not None:
            self._keeper.saved(ban)
        return ban

    def restore(self, bans: Iterable[Ban]) -> None:
        """Take over bans, of an earlier run or of now."""
        for ban in bans:
            self.standing[ban.source] = ban
            self.standing.move_to_end(ban.source)
            if len(self.standing) > SOURCES:
                self._end(next(iter(self.standing)))

    def _end(self, source: str) -> Ban | None:
        ban = self.standing.pop(source, None)
        if ban is not None and self._keeper is not None:
            self._keeper.removed(source)
        return ban

    def lift(self, host: str) -> bool:
        """Hear a source again; whether it was banned."""
        source = host if host in self.standing else source_of(host)
        self._failures.pop(source, None)
        return self._end(source) is not None

    def all(self, now: float) -> list[Ban]:
        """Every ban in force, the latest first."""
        return [ban for ban in reversed(self.standing.values()) if ban.until > now]
