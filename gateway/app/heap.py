"""When memory that nothing needs any more is given back to the system.

The C library keeps the pages of what was freed between what was not, to use them again. A flood of two thousand TLS
handshakes, each with buffers of a quarter of a megabyte, leaves half a gigabyte so with nothing in it: on a small
machine, others would need that. Giving it back takes some milliseconds, in which the loop stands still.

No page goes back while it is locked, as all are where the media plane may lock them. So for that moment none is;
then those that are there are locked again, and those that come later as they come.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["HeapWatch", "give_back", "resident"]

SWOLLEN: Final = 64 << 20
"""Octets more than there were at least that are worth it while nobody calls."""

FAR_TOO_MANY: Final = 512 << 20
"""Octets more that are worth it whatever goes on."""

REST: Final = 6
"""Looks from one time to the next: what was in use at the first may be free by then."""

LONGEST_REST: Final = 64 * REST
"""What it becomes, by and by, where nothing was free: an office that has come to need more than at its start."""

_STATM: Final = Path("/proc/self/statm")
_STATUS: Final = Path("/proc/self/status")
_CURRENT: Final = 1
"""MCL_CURRENT."""
_FUTURE: Final = 2
"""MCL_FUTURE."""
_ON_FAULT: Final = 4
"""MCL_ONFAULT: leave out what is not there, such as what was just given back."""


def resident() -> int:
    """Octets of memory that this process has now; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


def give_back() -> None:
    """Give free pages back to the system, where the C library has a way to (that of GNU has)."""
    libc = ctypes.CDLL(None)
    trim = getattr(libc, "malloc_trim", None)
    if trim is None:
        return
    locked = _is_locked()
    if locked:
        libc.munlockall()
    trim(0)
    if locked:
        libc.mlockall(_CURRENT | _ON_FAULT)
        libc.mlockall(_FUTURE)


def _is_locked() -> bool:
    """Whether pages of this process are kept from being paged out."""
    try:
        locked = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmLck:"))
    except (OSError, StopIteration):
        return False
    return int(locked.split()[1]) > 0


class HeapWatch:
    """Looks, now and then, whether the process has grown, and gives back what it can.

    Args:
        calls: how many calls there are, which would be kept waiting.
        resident: octets of memory that the process has now.
        give_back: gives free ones back.
    """

    def __init__(
        self,
        calls: Callable[[], int],
        resident: Callable[[], int] = resident,
        give_back: Callable[[], None] = give_back,
    ) -> None:
        self._calls = calls
        self._resident = resident
        self._give_back = give_back
        self._least = resident()
        self._rest = 0
        self._in_vain = 0

    def look(self) -> None:
        """Give back what is free, if it is time."""
        now = self._resident()
        self._least = min(self._least, now)
        self._rest = max(0, self._rest - 1)
        if not self._rest and now - self._least >= (FAR_TOO_MANY if self._calls() else SWOLLEN):
            self._give_back()
            came_back = now - self._resident() >= SWOLLEN // 2
            self._in_vain = 0 if came_back else self._in_vain + 1
            self._rest = min(REST << max(self._in_vain - 1, 0), LONGEST_REST)
