"""The store behind DB(): values by family and key, as Asterisk's astdb (funcs/func_db.c).

`Database` is what the functions ask for; whoever keeps values over a restart implements it. It answers at once and
never blocks: a store on disk holds its values in memory and writes behind. `MemoryDatabase` keeps nothing over a
restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from gateway.core.errors import Exhausted

__all__ = ["Database", "MemoryDatabase"]

_MOST: Final = 100_000
"""Entries: a script that stores a new key at each call for ever is stopped before it eats the memory."""


class Database(Protocol):
    """Values by path, a path being `family/key`, the key maybe with further slashes."""

    def get(self, path: str) -> str | None:
        """The value at `path`, or None."""
        ...

    def put(self, path: str, value: str) -> None:
        """Keep `value` at `path`.

        Raises:
            Exhausted: it holds no more.
        """
        ...

    def delete(self, path: str) -> None:
        """Forget the value at `path`, if there is one."""
        ...

    def paths(self, prefix: str) -> Sequence[str]:
        """Every path that is `prefix` or lies below it, sorted; all paths where `prefix` is empty."""
        ...


class MemoryDatabase:
    """A Database that lives as long as the process.

    Args:
        most: entries that it holds.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._values: dict[str, str] = {}

    def get(self, path: str) -> str | None:
        """The value at `path`, or None."""
        return self._values.get(path)

    def put(self, path: str, value: str) -> None:
        """Keep `value` at `path`.

        Raises:
            Exhausted: it is full.
        """
        if path not in self._values and len(self._values) >= self._most:
            raise Exhausted(f"the dialplan's database holds {self._most} entries and takes no more")
        self._values[path] = value

    def delete(self, path: str) -> None:
        """Forget the value at `path`, if there is one."""
        self._values.pop(path, None)

    def paths(self, prefix: str) -> Sequence[str]:
        """Every path that is `prefix` or lies below it, sorted."""
        below = prefix.rstrip("/") + "/" if prefix else ""
        return sorted(path for path in self._values if path == prefix or path.startswith(below))
