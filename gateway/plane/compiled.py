"""How functions of this room are compiled, and how the compiled form is found again by the next process.

`stage` marks a function that is compiled into those that call it; `entry` one that Python calls, whose machine
code (with every stage in it) is kept on disk. Numba notices a change of the entry's own file only, so
`FINGERPRINT`, a checksum of all files that take part, is a closure value of every entry: it is part of numba's
cache key, and a change to any stage compiles anew instead of running old code. Both release the interpreter lock
while they run.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit

import gateway.media.detect

__all__ = ["FINGERPRINT", "entry", "stage"]

Function = TypeVar("Function", bound=Callable[..., Any])


def _fingerprint() -> int:
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(gateway.media.detect.__file__)]
    value = 0
    for file in files:
        value = zlib.crc32(file.read_bytes(), value)
    return value


FINGERPRINT: Final = _fingerprint()
"""Checksum of the sources that make up the loop; never negative."""


def stage(function: Function) -> Function:
    """Compile `function` as part of its callers; `function.py_func` stays the readable plain form."""
    return cast(Function, njit(nogil=True)(function))


def entry(function: Function) -> Function:
    """Compile `function`, which uses FINGERPRINT through a closure, and keep it on disk."""
    return cast(Function, njit(nogil=True, cache=True)(function))
