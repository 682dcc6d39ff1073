"""`frozen`: what a frozen dataclass with slots promises, and how fast it is made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from timeit import repeat

import pytest

from gateway.core.frozen import frozen


@frozen
class Place:
    host: str
    port: int = 5060
    seen: tuple[str, ...] = field(default=(), repr=False)


@frozen
class Other:
    host: str
    port: int = 5060
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guarded:
    host: str
    port: int = 5060
    seen: tuple[str, ...] = ()


def test_instances_compare_and_hash_by_their_fields() -> None:
    assert Place("a", 1) == Place("a", 1) != Place("a", 2)
    assert len({Place("a"), Place("a", 5060), Place("b")}) == 2


def test_those_of_another_class_are_never_equal() -> None:
    assert Place("a") != Other("a")


def test_they_are_read_as_dataclasses_are() -> None:
    assert replace(Place("a"), port=7) == Place("a", 7)
    assert repr(Place("a", seen=("x",))) == "Place(host='a', port=5060)"
    match Place("a", 9):
        case Place(host, port):
            assert (host, port) == ("a", 9)


def test_nothing_can_be_added_to_them() -> None:
    with pytest.raises(AttributeError):
        Place("a").another = 1  # type: ignore[attr-defined]


def test_a_hash_of_their_own_is_refused() -> None:
    with pytest.raises(TypeError, match="__hash__"):

        @frozen
        class Stubborn:
            host: str

            def __hash__(self) -> int:
                return 0


def test_they_are_made_quicker_than_guarded_ones() -> None:
    quick = min(repeat(lambda: Place("a", 1), number=2000, repeat=5))
    assert quick < min(repeat(lambda: Guarded("a", 1), number=2000, repeat=5))
