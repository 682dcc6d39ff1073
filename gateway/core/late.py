"""Attributes that hardly any instance ever needs: made when they are first asked for, no memory before.

    class Notes(Late, kept=dict):
        __slots__ = ("kept", "name")
        kept: dict[str, str]

What every instance is asked for is better an empty tuple or None: to ask is to make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

__all__ = ["Late"]


class Late:
    """A class some of whose slots are filled when they are first read; its keywords say by what."""

    __slots__ = ()
    _made_late: ClassVar[Mapping[str, Callable[[], object]]] = {}

    def __init_subclass__(cls, **made_late: Callable[[], object]) -> None:
        cls._made_late = {**cls._made_late, **made_late}

    if not TYPE_CHECKING:  # the checker would believe that there is every attribute

        def __getattr__(self, name: str) -> object:
            """The value of a slot that has none yet.

            Raises:
                AttributeError: there is no such slot.
            """
            make = self._made_late.get(name)
            if make is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            value = make()
            setattr(self, name, value)
            return value
