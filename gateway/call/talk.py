"""Who talked with whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Talk"]


@dataclass(slots=True)
class Talk:
    """Two legs, by name, that talked with one another, from when to when; `ended` is None while they do."""

    one: str
    other: str
    began: datetime
    ended: datetime | None = None

    def so_far(self) -> Talk:
        """It as it stands, for a record: it may go on by itself, its legs in another call."""
        return Talk(self.one, self.other, self.began, self.ended)
