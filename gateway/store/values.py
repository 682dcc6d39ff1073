"""The dialplan's database on the disk (`dialplan.database.Database`).

All values are in memory, so scripts read and write at once. What changed is written behind, one batch at a time: of
a value that changes faster than the disk turns, the latest is kept. A kill loses what was not committed yet, some
milliseconds' worth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Self

from dialplan.database import MemoryDatabase
from gateway.core.errors import Exhausted
from gateway.store.store import Store
from gateway.store.writer import storable

__all__ = ["StoredDatabase"]

_LONGEST: Final = 65536
"""Characters of a value."""


class StoredDatabase:
    """Values that outlive the process. Make one by `StoredDatabase.open`."""

    def __init__(self, store: Store, memory: MemoryDatabase) -> None:
        self._store = store
        self._memory = memory
        self._changed: dict[str, str | None] = {}
        self._writing: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, store: Store) -> Self:
        """The database with all that was kept."""
        memory = MemoryDatabase()
        for path, value in (await store.load_values()).items():
            memory.put(path, value)
        return cls(store, memory)

    def get(self, path: str) -> str | None:
        """The value at `path`, or None."""
        return self._memory.get(path)

    def put(self, path: str, value: str) -> None:
        """Keep `value` at `path`.

        Raises:
            Exhausted: it holds no more, or the value is too long.
        """
        if len(value) > _LONGEST:
            raise Exhausted(f"a value of {len(value)} characters is too long for the database; {_LONGEST} may be")
        written = storable(value)
        if self._memory.get(path) != written:
            self._memory.put(path, written)
            self._change(path, written)

    def delete(self, path: str) -> None:
        """Forget the value at `path`, if there is one."""
        if self._memory.get(path) is not None:
            self._memory.delete(path)
            self._change(path, None)

    def paths(self, prefix: str) -> Sequence[str]:
        """Every path that is `prefix` or lies below it, sorted."""
        return self._memory.paths(prefix)

    def _change(self, path: str, value: str | None) -> None:
        self._changed[path] = value
        if self._writing is None:
            self._write()

    def _write(self) -> None:
        changed, self._changed = self._changed, {}
        self._writing = self._store.save_values(changed)
        self._writing.add_done_callback(self._written)

    def _written(self, _: asyncio.Future[None]) -> None:
        self._writing = None
        if self._changed:
            self._write()

    def close(self) -> None:
        """Hand on what waits; closing the store writes it."""
        if self._changed:
            self._write()
