"""An office on a hand-moved clock, as our own tests want it: two of them on one clock, and looks for what was left.

with OfficeUnderTest(folder, TOML, DIALPLAN) as office:
    phone = office.phone("101"); ada = office.sip("6001")
    phone.lift(); office.until(lambda: phone.hears == "dial")
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from gateway.testing.clock import HandMovedClock
from gateway.testing.loop import ManualLoop
from gateway.testing.office import EmulatedOffice

__all__ = ["OfficeUnderTest"]

_LIVELY: Final = 5.0
"""Seconds, with all who live in the office, after the last telephone has gone: hooks, exchanges, the last words."""
_STILL: Final = 175.0
"""Seconds of timers alone after that, longer than any that a call leaves behind."""
_LEAP: Final = 10.0
"""Seconds by which they pass: of each leap an emulated world lives through one (`hardware.pace`)."""


class OfficeUnderTest(EmulatedOffice):
    """See `EmulatedOffice`. At the end of a `with` in which nothing failed it settles down, and it is closed.

    Args:
        folder: where its files go.
        configuration: the TOML; ports 0 are taken free.
        dialplan: extensions.conf, or None for the built-in one.
        beside: an office whose time is this one's, too; it is to be closed after this one.
    """

    def __init__(
        self,
        folder: Path,
        configuration: str,
        dialplan: str | None = None,
        *,
        beside: OfficeUnderTest | None = None,
    ) -> None:
        self._beside = beside
        clock: HandMovedClock = HandMovedClock() if beside is None else beside._hand
        self._hand: HandMovedClock = clock
        super().__init__(folder, configuration, dialplan, clock=clock)
        self.idle = self._held()

    @property
    def loop(self) -> ManualLoop:
        """The loop that the office lives in."""
        return self._hand.loop

    def pull_out_card(self) -> None:
        """The emulated card is gone, with everything on it."""
        for world in {id(world): world for world, _ in self.app.hardware.cards.exchange_lines.values()}.values():
            world.card.remove()

    def put_card_back(self) -> None:
        """It is there again, with the same lines."""
        for world in {id(world): world for world, _ in self.app.hardware.cards.exchange_lines.values()}.values():
            world.card.insert()

    def settle_down(self) -> None:
        """Log the telephones off, wait until every timer of past calls has run out, and look what was left."""
        for phone in self._sip_phones:
            phone.register(expires=0)
        self.run(1)
        for phone in self._sip_phones:
            phone.disconnect()
        self.loop.advance(_LIVELY, 1, self._tick)
        self.loop.advance(_STILL, _LEAP, self._tick)
        self.clock.complete(self.stored())
        left = {what: count for what, count in self._held().items() if count > self.idle[what]}
        assert not left, f"left behind: {left}; idle: {self.idle}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        try:
            if error is None:
                self.settle_down()
        finally:
            self.close()

    def close(self) -> None:
        """Stop the office; the clock goes with the one that it came with."""
        self._stop()
        if self._beside is None:
            self.clock.close()

    def _tick(self, now: float) -> None:
        if self._beside is not None:
            self._beside._tick(now)
        super()._tick(now)

    def _held(self) -> dict[str, int]:
        """What is in use: the office's own counts, and what the system and the loop count."""
        descriptors = len(list(_descriptors())) - sum(phone.sockets for phone in self._sip_phones)
        return {**self.app.usage(), "tasks": len(asyncio.all_tasks(self.loop)), "descriptors": descriptors}


def _descriptors() -> Iterator[str]:
    """What is open; connections to the database aside, of which a pool keeps as many as were wanted at once."""
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{number}")
            if "copperline.db" not in target:
                yield target
