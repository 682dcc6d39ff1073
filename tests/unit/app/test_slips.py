"""Who was meant by a name that nobody has."""

from __future__ import annotations

import pytest

from gateway.app.slips import LONGEST, Names

NAMES = Names(["6001", "6402", "ada", "front-desk"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("6OO1", "6001"),
        ("600l", "6001"),
        ("601", "6001"),
        ("60011", "6001"),
        ("0601", "6001"),
        ("6420", "6402"),
        ("6042", "6402"),
        ("Ada", "ada"),
        ("fromt-desk", "front-desk"),
        ("frontdesk", "front-desk"),
        ("1006", ""),
        ("scanner", ""),
        ("", ""),
        ("6" * (LONGEST + 1), ""),
    ],
)
def test_one_slip_away(typed: str, meant: str) -> None:
    assert NAMES.meant(typed) == meant


def test_of_no_names_none_is_meant() -> None:
    assert Names([]).meant("6001") == ""


def test_thousands_of_names_cost_no_more_than_few() -> None:
    looked: list[str] = []

    class Counted(dict[str, str]):
        def __contains__(self, key: object) -> bool:
            looked.append(str(key))
            return super().__contains__(key)

    names = Names(str(number) for number in range(10_000, 20_000))
    names._names = Counted(names._names)
    assert names.meant("scanner1") == ""
    assert len(looked) < 300
