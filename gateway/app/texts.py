"""Texts that wait, between the SIP stack and the store: engine time there, wall clock here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.sip.text_queue import Text
from gateway.store.store import Store
from gateway.store.text import StoredText

__all__ = ["KeptTexts"]


class KeptTexts:
    """Keeps the texts that wait in the store (`gateway.sip.text_queue.TextKeeper`).

    Args:
        store: where they are kept.
        clock: the engine clock, seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def saved(self, text: Text) -> None:
        """A text is kept from now on."""
        stored = StoredText(
            serial=text.serial,
            recipient=text.recipient,
            sender=text.sender,
            sender_name=text.sender_name,
            headers=json.dumps(text.headers),
            body=text.body,
            expires=datetime.now(UTC) + timedelta(seconds=text.expires_at - self._clock()),
        )
        self._store.save_text(stored)

    def removed(self, text: Text) -> None:
        """A text was delivered, or is too old."""
        self._store.remove_text(text.serial)

    async def load(self) -> list[Text]:
        """Those of an earlier run that still wait."""
        now, wall = self._clock(), datetime.now(UTC)
        return [
            Text(
                recipient=stored.recipient,
                sender=stored.sender,
                sender_name=stored.sender_name,
                headers=tuple((name, value) for name, value in json.loads(stored.headers)),
                body=stored.body,
                expires_at=now + (stored.expires - wall).total_seconds(),
                serial=stored.serial,
            )
            for stored in await self._store.load_texts(wall)
        ]
