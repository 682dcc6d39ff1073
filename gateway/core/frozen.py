"""`frozen`: a class whose instances are made once and never changed, and made quickly.

For the type checker it is a frozen dataclass with slots: fields cannot be assigned, and instances compare and hash
by their fields. At run time the fields are plain slots, because `dataclass(frozen=True)` fills each of them through
`object.__setattr__`, which costs five times as much, and a telephone call makes some hundred of such instances.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

__all__ = ["frozen"]

_T = TypeVar("_T")

_made: Callable[[type], type] = dataclass(slots=True, unsafe_hash=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(described: type[_T]) -> type[_T]:
    """The class that `described` describes by its annotated fields, as `dataclasses.dataclass` reads them.

    Raises:
        TypeError: it defines a hash of its own.
    """
    return _made(described)
