"""`frozen`: a class whose instances are made once and never changed, and made quickly.

For the type checker it is a frozen dataclass with slots: fields cannot be assigned, and instances compare and hash
by their fields; `dataclasses.replace` and `fields` work on it. At run time it is a `msgspec.Struct`: instances are
made, compared and hashed in C, since a telephone call makes some hundred and fifty of them, and Python takes twice
as long for each, and more. Who asks for more of a field than a default gets a dataclass with plain slots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Final, TypeVar, cast, dataclass_transform

import msgspec

__all__ = ["frozen"]

_T = TypeVar("_T")

_made: Callable[[type], type] = dataclass(slots=True, unsafe_hash=True)
_read: Callable[[type], type] = dataclass(init=False, repr=False, eq=False)
_OF_CLASSES: Final = frozenset({"__annotations__", "__dict__", "__match_args__", "__weakref__"})
_OF_STRUCTS: Final = frozenset({"__eq__", "__hash__", "__init__", "__post_init__", "__repr__"})
"""A class that writes one of these itself is no Struct."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(described: type[_T]) -> type[_T]:
    """The class that `described` describes by its annotated fields, as `dataclasses.dataclass` reads them.

    Raises:
        TypeError: it defines a hash of its own.
    """
    own = vars(described)
    asked = [value for value in own.values() if isinstance(value, Field)]
    plain = all(each.init and each.repr and each.compare for each in asked)
    if not plain or described.__bases__ != (object,) or not _OF_STRUCTS.isdisjoint(own):
        return _made(described)
    known = fields(_read(described))
    names = {each.name for each in known} | _OF_CLASSES
    struct: Any = msgspec.defstruct(
        described.__name__,
        [_field(each) for each in known],
        namespace={name: value for name, value in vars(described).items() if name not in names},
        module=described.__module__,
        frozen=True,
    )
    return cast(type[_T], struct)


def _field(known: Field[Any]) -> Any:
    if known.default is not MISSING:
        return known.name, Any, known.default
    if known.default_factory is not MISSING:
        return known.name, Any, msgspec.field(default_factory=known.default_factory)
    return known.name, Any
