"""Work that waits for its turn, so that whatever else the loop has to do comes between.

What costs a processor a millisecond, as a TLS handshake does, makes everybody wait half a second where five hundred
ask for it at once. Who waits here goes on when so many turns of the loop have passed.
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Turns"]


class Turns:
    """Lets a few go on at each turn of the loop, in the order in which they came.

    Args:
        loop: the loop.
        few: how many.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, few: int) -> None:
        self._loop = loop
        self._few = few
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._serving = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def wait(self) -> None:
        """Wait for one's turn; who is cancelled meanwhile holds nobody up."""
        turn = self._loop.create_future()
        self._waiting.append(turn)
        if not self._serving:
            self._serving = True
            self._loop.call_soon(self._serve)
        await turn

    def _serve(self) -> None:
        served = 0
        while self._waiting and served < self._few:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                served += 1
        self._serving = bool(served)
        if served:
            self._loop.call_soon(self._serve)
