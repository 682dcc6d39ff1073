"""How much audio a tick moves, and how the loop shares its ticks out."""

from __future__ import annotations

from typing import Final

__all__ = ["FRAME", "HISTORY", "PHASES", "TICK", "WIDE", "WIDE_FRAME"]

TICK: Final = 20_000_000
"""ns."""
PHASES: Final = 20
"""Rows and rooms are worked in so many parts of a tick, 1 ms apart: the last of a part waits for a twentieth of
what there is to do, and so does a packet that comes meanwhile. More of them would be closer together than the
kernel wakes a thread."""
FRAME: Final = 160
"""Samples in a tick at 8000 Hz."""
WIDE: Final = 16000
"""Samples a second on rows that carry more than 8000."""
WIDE_FRAME: Final = 2 * FRAME
"""Samples in a tick at 16000 Hz."""
HISTORY: Final = 58
"""Samples that a change of rate keeps from call to call (rates.py)."""
