"""Long lists of an office: the part of one that is wanted, and what is said of the rest."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from gateway.cli import show
from gateway.cli.client import OfficeClient

__all__ = ["TO_READ", "Most", "part", "tell_rest"]

TO_READ: Final = 100
"""Entries of a table, where nobody asked for another number: as many as somebody reads."""

Most = Annotated[
    int | None,
    typer.Option(
        min=1, max=1_000_000, help=f"How many to show at most; {TO_READ} where left out, all with --json."
    ),
]
"""The option that says how much of a list is wanted."""


def part(office: OfficeClient, path: str, search: str, most: int | None, *, whole: bool) -> list[dict[str, Any]]:
    """What an office lists at `path`.

    Args:
        search: a text that the entries have; "" for any.
        most: how many; None for as many as somebody reads, or all where they are wanted `whole`.
    """
    limit = most if most or whole else TO_READ
    query = {name: value for name, value in (("search", search), ("limit", limit)) if value}
    entries: list[dict[str, Any]] = office.get(f"{path}?{urlencode(query)}" if query else path)
    return entries


def tell_rest(entries: list[dict[str, Any]], most: int | None, every: int) -> None:
    """Say where a table may not show all of `every` that there are."""
    if len(entries) == (most or TO_READ) and len(entries) < every:
        show.line(
            f"These are the first {len(entries)}, of {every} in all: look for a TEXT, or show more by --most."
        )
