"""Long lists on the event loop: some entries at a time, and in between calls go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

__all__ = ["first", "handfuls", "unhurried"]

T = TypeVar("T")

AT_ONCE: Final = 50
"""Entries that are looked at before others have their turn: a millisecond's work for calls."""


async def unhurried(entries: Sequence[T]) -> AsyncIterator[T]:
    """The entries of a list that nobody changes meanwhile."""
    for at, entry in enumerate(entries, 1):
        yield entry
        if at % AT_ONCE == 0:
            await asyncio.sleep(0)


async def first(entries: AsyncIterator[T], limit: int) -> AsyncIterator[T]:
    """The first of what comes, `limit` at most; no more is asked for."""
    left = limit
    async for entry in entries:
        yield entry
        left -= 1
        if left == 0:
            return


async def handfuls(entries: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    """What comes, some entries together."""
    hand: list[T] = []
    async for entry in entries:
        hand.append(entry)
        if len(hand) == AT_ONCE:
            yield hand
            hand = []
    if hand:
        yield hand
