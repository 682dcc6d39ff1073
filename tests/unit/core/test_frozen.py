"""`frozen`: what a frozen dataclass with slots promises, and how fast it is made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from timeit import repeat

import pytest

from gateway.core.frozen import frozen, record


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


@frozen
class Plain:
    """As most are: in C."""

    host: str
    port: int = 5060
    seen: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, host: str) -> Plain:
        return cls(host)

    @property
    def whole(self) -> str:
        return f"{self.host}:{self.port}"


class Named:
    """What two kinds have in common."""

    __slots__ = ()

    host: str

    @property
    def shout(self) -> str:
        return self.host.upper()


@record
class Kept(Named):
    host: str
    seen: list[str] = field(default_factory=list)


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


def test_most_are_made_compared_and_shown_as_dataclasses_are_and_cannot_be_changed() -> None:
    plain = Plain.of("a")
    assert plain == Plain("a", 5060, []) != Plain("a", 1)
    assert plain.seen is not Plain("a").seen
    assert (plain.whole, repr(replace(plain, port=7))) == ("a:5060", "Plain(host='a', port=7, seen=[])")
    assert [each.name for each in fields(Plain)] == ["host", "port", "seen"]  # type: ignore[arg-type]
    assert (Plain.__doc__, Plain.__module__) == ("As most are: in C.", __name__)
    match plain:
        case Plain(host, port):
            assert (host, port) == ("a", 5060)
    assert hash(Other("a")) == hash(Other("a", 5060))
    with pytest.raises(AttributeError):
        plain.port = 1  # type: ignore[misc]


def test_what_is_not_compared_or_not_shown_is_neither() -> None:
    @frozen
    class Told:
        what: str
        aside: str = field(default="", compare=False, repr=False)

    assert Told("a", "x") == Told("a", "y")
    assert hash(Told("a", "x")) == hash(Told("a", "y"))
    assert "x" not in repr(Told("a", "x"))


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


def test_a_record_can_be_changed_and_has_what_its_base_does() -> None:
    kept = Kept("a")
    kept.host = "b"
    kept.seen.append("x")
    assert kept == Kept("b", ["x"]) != Kept("b")
    assert (kept.shout, repr(kept)) == ("B", "Kept(host='b', seen=['x'])")
    assert isinstance(kept, Named)
    with pytest.raises(TypeError, match="unhashable"):
        hash(kept)
    with pytest.raises(AttributeError):
        kept.another = 1  # type: ignore[attr-defined]


def test_they_are_made_quicker_than_guarded_ones() -> None:
    quick = min(repeat(lambda: Other("a", 1), number=2000, repeat=5))
    assert quick < min(repeat(lambda: Guarded("a", 1), number=2000, repeat=5))
