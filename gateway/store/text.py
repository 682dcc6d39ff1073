"""A text as it is kept while its recipient is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["StoredText"]


@dataclass(frozen=True, slots=True)
class StoredText:
    """One text for one account (RFC 3428 section 7).

    Attributes:
        serial: its place in the order of all.
        recipient: the account for which it is.
        sender, sender_name: from whom it is.
        headers: those that belong to it, as a JSON list of names and values.
        body: as it came.
        expires: when it is of no use any more, with zone.
    """

    serial: int
    recipient: str
    sender: str
    sender_name: str
    headers: str
    body: bytes
    expires: datetime
