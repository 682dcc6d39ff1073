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
