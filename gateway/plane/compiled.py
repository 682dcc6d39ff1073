"""How functions of this room are compiled, and how the compiled form is found again by the next process.

`stage` marks a function that is compiled into those that call it; `entry` one that Python calls, whose machine
code (with every stage in it) is kept on disk. Numba notices a change of the entry's own file only, so
`FINGERPRINT`, a checksum of all files that may take part, is a closure value of every entry: it is part of numba's
cache key, and a change to any stage compiles anew instead of running old code. Both release the interpreter lock
while they run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit, types

import gateway.media.codec.g722
import gateway.media.codec.g726
import gateway.media.detect
import gateway.media.fax_tone
from gateway.media.compiled import checksum
from gateway.media.echo_canceller import SOURCES

__all__ = ["FINGERPRINT", "entry", "stage"]

_without_value: Final[Any] = types.unliteral
Function = TypeVar("Function", bound=Callable[..., Any])


_CONTROL: Final = frozenset(
    f"{name}.py"
    for name in "__init__ arena capture conference control plane protection row rtcp rtp thread warm".split()
)
"""Files of which nothing is compiled. One that is missing here costs a needless compilation, never old code."""


def _fingerprint() -> int:
    room = sorted(file for file in Path(__file__).parent.glob("*.py") if file.name not in _CONTROL)
    modules = (
        gateway.media.detect,
        gateway.media.fax_tone,
        gateway.media.codec.g722,
        gateway.media.codec.g726,
    )
    return checksum([*room, *(Path(module.__file__) for module in modules if module.__file__), *SOURCES])


FINGERPRINT: Final = _fingerprint()
"""Checksum of the sources that make up the loop; never negative."""


def stage(function: Function) -> Function:
    """Compile `function` as part of its callers; `function.py_func` stays the readable plain form.

    It is compiled once, with every whole number taken as int64. Numba would else make a copy for each constant and
    each width that it is called with, thirteen of `emit` alone, and take half as long again.
    """
    compiled: Any = njit(nogil=True)(function)
    template = compiled.get_call_template

    def general(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        widened = {name: _widened(kind) for name, kind in keywords.items()}
        return template(tuple(_widened(kind) for kind in arguments), widened)

    compiled.get_call_template = general
    return cast(Function, compiled)


def _widened(kind: Any) -> Any:
    kind = _without_value(kind)
    return types.int64 if isinstance(kind, types.Integer) else kind


def entry(function: Function) -> Function:
    """Compile `function`, which uses FINGERPRINT through a closure, and keep it on disk."""
    return cast(Function, njit(nogil=True, cache=True)(function))
