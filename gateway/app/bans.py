"""Bans between the SIP stack and the store: engine time there, wall clock here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.sip.ban import Ban
from gateway.store.ban import StoredBan
from gateway.store.store import Store

__all__ = ["KeptBans"]


class KeptBans:
    """Keeps the doorman's bans in the store (`gateway.sip.ban.BanKeeper`): a restart lets nobody in again.

    Args:
        store: where they are kept.
        clock: the engine clock, seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def saved(self, ban: Ban) -> None:
        """A source is banned from now on."""
        until = datetime.now(UTC) + timedelta(seconds=ban.until - self._clock())
        self._store.save_ban(StoredBan(ban.source, until, ban.why))

    def removed(self, source: str) -> None:
        """A ban has ended, or was lifted."""
        self._store.remove_ban(source)

    async def load(self) -> list[Ban]:
        """Those of an earlier run that still hold."""
        now, wall = self._clock(), datetime.now(UTC)
        return [
            Ban(stored.source, now + (stored.until - wall).total_seconds(), stored.why)
            for stored in await self._store.load_bans(wall)
        ]
