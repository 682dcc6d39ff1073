"""`frozen`: a class whose instances are made once, never changed, and made quickly; `record`: of those that change.

For the type checker it is a frozen dataclass with slots: fields cannot be assigned, and instances compare and hash
by their fields; `dataclasses.replace` and `fields` work on it. At run time it is a `msgspec.Struct`: instances are
made, compared and hashed in C, since a telephone call makes some hundred and fifty of them, and Python takes twice
as long for each, and more. Who asks for more of a field than a default gets a dataclass with plain slots.
`record` is the same of a dataclass that is not frozen: its instances can be changed, and not be hashed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Final, TypeVar, cast, dataclass_transform

import msgspec

__all__ = ["frozen", "record"]

_T = TypeVar("_T")

_made: Callable[[type], type] = dataclass(slots=True, unsafe_hash=True)
_made_to_change: Callable[[type], type] = dataclass(slots=True)
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
    return _described(described, frozen=True)


@dataclass_transform(field_specifiers=(field,))
def record(described: type[_T]) -> type[_T]:
    """The class that `described` describes, as `frozen` does; its instances can be changed.

    Its bases, if it has any, have slots that are none: what they annotate is annotated here once more.
    """
    return _described(described, frozen=False)


def _described(described: type[_T], *, frozen: bool) -> type[_T]:
    own = vars(described)
    asked = [value for value in own.values() if isinstance(value, Field)]
    plain = all(each.init and each.repr and each.compare for each in asked)
    bases = tuple([base for base in described.__bases__ if base is not object])
    plain = plain and all(vars(base).get("__slots__") == () for base in bases)
    if not plain or not _OF_STRUCTS.isdisjoint(own):
        return _made(described) if frozen else _made_to_change(described)
    known = fields(_read(described))
    names = {each.name for each in known} | _OF_CLASSES
    struct: Any = msgspec.defstruct(
        described.__name__,
        [_field(each) for each in known],
        namespace={name: value for name, value in vars(described).items() if name not in names},
        module=described.__module__,
        bases=(*bases, msgspec.Struct),
        frozen=frozen,
    )
    return cast(type[_T], struct)


def _field(known: Field[Any]) -> Any:
    if known.default is not MISSING:
        return known.name, Any, known.default
    if known.default_factory is not MISSING:
        return known.name, Any, msgspec.field(default_factory=known.default_factory)
    return known.name, Any
