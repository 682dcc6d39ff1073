"""Where a script waits for what its legs say.

A leg posts every event of its channel to one mailbox. While a script runs alone that is the leg's own; while it
dials or bridges, the legs concerned share one, so that "whatever happens first" is a plain `await`.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

__all__ = ["Mailbox"]

Letter = TypeVar("Letter")


class Mailbox(Generic[Letter]):
    """A queue with one reader and a time limit on waiting."""

    __slots__ = (
        "_letters",
        "_reader",
    )

    def __init__(self) -> None:
        self._letters: list[Letter] | None = None  # few at a time, and mostly none: a deque would hold room for 64
        self._reader: asyncio.Future[None] | None = None

    def post(self, letter: Letter) -> None:
        """Put a letter in; the reader, if one waits, goes on in the loop's next turn."""
        if self._letters is None:
            self._letters = [letter]
        else:
            self._letters.append(letter)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def post_once(self, letter: Letter) -> None:
        """Put a letter in, unless the same waits to be read: who reads seldom is not buried in it."""
        if self._letters is None or letter not in self._letters:
            self.post(letter)

    def clear(self) -> None:
        """Throw away what nobody has read."""
        self._letters = None

    async def next(self, deadline: float | None = None) -> Letter | None:
        """The next letter, or None once the loop's clock has passed `deadline` (seconds)."""
        if not self._letters:
            await self._wait(deadline)
        if not self._letters:
            return None
        letter = self._letters.pop(0)
        if not self._letters:
            self._letters = None
        return letter

    async def _wait(self, deadline: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        timer = None if deadline is None else loop.call_at(deadline, self._time_up, self._reader)
        try:
            await self._reader
        finally:
            self._reader = None
            if timer is not None:
                timer.cancel()

    @staticmethod
    def _time_up(reader: asyncio.Future[None]) -> None:
        if not reader.done():
            reader.set_result(None)
