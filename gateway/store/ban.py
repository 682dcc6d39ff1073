"""A ban as it is kept over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["StoredBan"]


@dataclass(frozen=True, slots=True)
class StoredBan:
    """One source that is not heard.

    Attributes:
        source: an address, or an IPv6 network.
        until: when the ban ends, with zone.
        why: a clause for the operator.
    """

    source: str
    until: datetime
    why: str
