"""When the interpreter looks for objects that refer to each other and to which nothing else does.

Calls leave none, nor does what strangers send (`tests/unit/app/test_cost.py`, `tests/unit/sip/test_garbage.py`):
all goes as soon as nobody holds it. So the interpreter's own looks, one after every few hundred objects, would find
nothing and take a sixth of the CPU of a busy office. Here they are rare: in a quiet moment, or after a great many.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final

__all__ = ["PERIOD", "GarbageWatch"]

PERIOD: Final = 10.0
"""Seconds between two times that `look` is to be called."""

WORTH_IT: Final = 50_000
"""Objects more than at the last look that are worth one while nobody calls: a fraction of a second."""

TOO_MANY: Final = 2_000_000
"""Objects more, beside those of calls, that ask for one whatever goes on: transactions of past calls, at 200 calls
a second, are 1.5 million."""

OF_A_CALL: Final = 250
"""Objects that a call holds while it stands."""


class GarbageWatch:
    """Takes the looks for garbage over from the interpreter; one for the process.

    Args:
        calls: how many calls there are, which would be kept waiting.
    """

    def __init__(self, calls: Callable[[], int]) -> None:
        self._calls = calls

    def start(self) -> None:
        """Look once, and leave what there is then out of all further looks: the start has made it, and it stays."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def look(self) -> None:
        """Look for garbage if it is time, by what has come since the last look."""
        # The count grows by an object that is made and falls by one that goes, of whatever age.
        more = gc.get_count()[0]
        calls = self._calls()
        if more < (TOO_MANY + OF_A_CALL * calls if calls else WORTH_IT):
            return
        gc.collect()

    def stop(self) -> None:
        """Leave it to the interpreter again."""
        gc.enable()
        gc.unfreeze()
