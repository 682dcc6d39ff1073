"""Locks that scripts take against each other: LOCK TRYLOCK UNLOCK (Asterisk funcs/func_lock.c).

A lock belongs to a leg, which may take it several times; those who wait get it in the order of their coming, and no
one waits longer than a few seconds, so that two legs that wait for each other both go on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Locks"]

_PATIENCE: Final = 3.0
"""Seconds that LOCK waits, as in Asterisk."""
_MOST: Final = 1000
"""Locks held at once; their names may come from anywhere."""


@dataclass(slots=True)
class _Lock:
    owner: str
    depth: int = 1
    waiting: deque[tuple[str, asyncio.Future[None]]] = field(default_factory=deque)


class Locks:
    """All locks of an office, by name; owners are names of legs."""

    def __init__(self) -> None:
        self._locks: dict[str, _Lock] = {}

    def attempt(self, name: str, owner: str) -> bool:
        """Take a lock if it is free or `owner` has it already."""
        lock = self._locks.get(name)
        if lock is None:
            if len(self._locks) >= _MOST:
                return False
            self._locks[name] = _Lock(owner)
            return True
        if lock.owner != owner:
            return False
        lock.depth += 1
        return True

    async def take(self, name: str, owner: str) -> bool:
        """Take a lock, waiting for it a few seconds; whether that came about."""
        if self.attempt(name, owner):
            return True
        lock = self._locks.get(name)
        if lock is None:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (owner, turn)
        lock.waiting.append(place)
        try:
            async with asyncio.timeout(_PATIENCE):
                await turn
        except TimeoutError:
            # It may have been handed over in the very moment in which patience ended.
            return turn.done() and not turn.cancelled()
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(name, owner)
            raise
        finally:
            if place in lock.waiting:
                lock.waiting.remove(place)
        return True

    def release(self, name: str, owner: str) -> bool:
        """Give a lock back; False where `owner` does not have it."""
        lock = self._locks.get(name)
        if lock is None or lock.owner != owner:
            return False
        lock.depth -= 1
        if not lock.depth:
            self._pass_on(name, lock)
        return True

    def release_all(self, owner: str) -> None:
        """Give back all that `owner` has."""
        for name, lock in list(self._locks.items()):
            if lock.owner == owner:
                self._pass_on(name, lock)

    def _pass_on(self, name: str, lock: _Lock) -> None:
        while lock.waiting:
            owner, turn = lock.waiting.popleft()
            if not turn.done():
                lock.owner, lock.depth = owner, 1
                turn.set_result(None)
                return
        del self._locks[name]
