"""Slots that are filled when they are first read."""

from __future__ import annotations

import pytest

from gateway.core.late import Late


class Notes(Late, kept=dict):
    __slots__ = ("kept", "name")
    kept: dict[str, str]
    name: str


def test_what_was_made_stays_and_is_its_own() -> None:
    one, other = Notes(), Notes()
    one.kept["a"] = "1"
    assert one.kept == {"a": "1"}
    assert other.kept == {}


def test_what_was_set_is_not_made() -> None:
    notes = Notes()
    notes.kept = {"b": "2"}
    assert notes.kept == {"b": "2"}


def test_who_inherits_has_both() -> None:
    class More(Notes, heard=list):
        __slots__ = ("heard",)
        heard: list[str]

    more = More()
    assert (more.kept, more.heard) == ({}, [])


def test_no_other_attribute_is_made_up() -> None:
    with pytest.raises(AttributeError, match="'Notes' object has no attribute 'name'"):
        _ = Notes().name
