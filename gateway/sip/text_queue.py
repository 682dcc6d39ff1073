"""Texts for accounts that are away (RFC 3428 section 7), kept in their order until a telephone of theirs is there.

Texts enter and leave by account; the queue is bounded for each and in all, and forgets what has become too old. Who
keeps them over a restart is told of each that comes and goes. Nothing is sent here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Protocol

from gateway.core.frozen import frozen

__all__ = ["LIFE", "Text", "TextKeeper", "TextQueue"]

LIFE: Final = 7 * 86_400
"""Seconds for which a text is kept that names no shorter time itself: a week's leave."""
MOST: Final = 10_000
"""Texts that are kept in all, in less than 20 MB."""
PER_ACCOUNT: Final = 100
"""Texts that are kept for one account."""


@frozen
class Text:
    """One text on its way.

    Attributes:
        recipient: the account for which it is.
        sender, sender_name: from whom it is.
        headers: those that belong to it and go with it: Content-Type, Date, …
        body: as it came.
        expires_at: engine clock, seconds, after which it is of no use.
        serial: its place in the order of all.
    """

    recipient: str
    sender: str
    sender_name: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    expires_at: float
    serial: int = 0


class TextKeeper(Protocol):
    """Who keeps texts over a restart; called for each change, must not wait."""

    def saved(self, text: Text) -> None:
        """A text is kept from now on."""
        ...

    def removed(self, text: Text) -> None:
        """A text was delivered, or is too old."""
        ...


class TextQueue:
    """The texts that wait.

    Args:
        keeper: who keeps them over a restart, if anybody.
    """

    def __init__(self, keeper: TextKeeper | None = None) -> None:
        self._keeper = keeper
        self._waiting: dict[str, deque[Text]] = {}
        self._serial = 0
        self._count = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._count

    def restore(self, texts: Iterable[Text]) -> None:
        """Take over the texts of an earlier run."""
        for text in sorted(texts, key=lambda text: text.serial):
            self._append(text)
            self._serial = max(self._serial, text.serial)

    def keep(self, text: Text, now: float) -> Text | None:
        """Put `text` behind those that wait already; None where there is no room, or it is too old."""
        held = self._fresh(text.recipient, now)
        if text.expires_at <= now or len(held) >= PER_ACCOUNT or self._count >= MOST:
            return None
        self._serial += 1
        kept = replace(text, serial=self._serial)
        self._append(kept)
        if self._keeper is not None:
            self._keeper.saved(kept)
        return kept

    def first(self, recipient: str, now: float) -> Text | None:
        """The text whose turn it is; None where none waits."""
        held = self._fresh(recipient, now)
        return held[0] if held else None

    def drop(self, text: Text) -> None:
        """A text was delivered, or is refused for good; harmless where it is not kept."""
        held = self._waiting.get(text.recipient, deque())
        if text in held:
            held.remove(text)
            self._gone(text)
        if not held:
            self._waiting.pop(text.recipient, None)

    def _append(self, text: Text) -> None:
        self._waiting.setdefault(text.recipient, deque()).append(text)
        self._count += 1

    def _fresh(self, recipient: str, now: float) -> deque[Text]:
        """Those that wait for `recipient` and are not too old."""
        held = self._waiting.get(recipient, deque())
        for text in [text for text in held if text.expires_at <= now]:
            self.drop(text)
        return held

    def _gone(self, text: Text) -> None:
        self._count -= 1
        if self._keeper is not None:
            self._keeper.removed(text)
