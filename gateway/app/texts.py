"""Texts: those that wait, between the SIP stack and the store, and those that scripts send."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.core.number import Party
from gateway.sip.stack import SipStack
from gateway.sip.text_queue import Text
from gateway.store.store import Store
from gateway.store.text import StoredText

__all__ = ["KeptTexts", "SipPostman"]


class KeptTexts:
    """Keeps the texts that wait in the store (`gateway.sip.text_queue.TextKeeper`).

    Engine time there, wall clock here.

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


class SipPostman:
    """Sends the texts of scripts to SIP accounts (`gateway.core.postman.Postman`).

    Args:
        sip: gives the stack, once there is one.
        clock: the engine clock, seconds.
        wake: asks the runner to drain the engines soon.
    """

    def __init__(self, sip: Callable[[], SipStack], clock: Callable[[], float], wake: Callable[[], None]) -> None:
        self._sip = sip
        self._clock = clock
        self._wake = wake

    def post(self, recipient: str, sender: Party, text: str) -> bool:
        """Send `text` to account `recipient`, at once or when it is there."""
        sent = self._sip().messages.send(recipient, sender.number, sender.name, text, self._clock())
        self._wake()
        return sent
