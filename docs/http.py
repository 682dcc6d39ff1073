"""`python -m docs.http`: writes what can be asked of an office by HTTP into docs/http.md, from the rows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast, get_args, get_origin

from docs.block import fill
from gateway.web.application import endpoints
from gateway.web.endpoint import FILES, WAV, Endpoint
from gateway.web.office import Office

__all__ = ["PAGE", "current", "main", "rows"]

PAGE: Final = Path(__file__).parent / "http.md"
COMMAND: Final = "docs.http"
_NOBODY: Final = SimpleNamespace(
    simulator=SimpleNamespace(), database=None, admission=None, rooms=None, records_between=None
)
"""An office of which nothing is asked."""


def rows() -> Iterator[str]:
    """A line for each thing that can be asked."""
    for row in endpoints(cast(Office, _NOBODY), most_records=200):
        path = row.path.replace(":path}", "}")
        what = " ".join([row.summary, *_takes(row)])
        yield f"| `{row.method} {path}` | {what} | {_gives(row.answer)} |".replace("  ", " ")


def _takes(row: Endpoint) -> Iterator[str]:
    if row.query:
        yield "After the question mark: " + "; ".join(f"`{name}`, {text}" for name, text in row.query.items()) + "."
    if row.body == WAV:
        yield "Takes a WAV file."
    elif isinstance(row.body, Mapping) and row.body.get("properties"):
        yield "Takes " + " ".join(f"`{name}`" for name in row.body["properties"]) + "."


def _gives(answer: Any) -> str:
    if answer is None:
        return "nothing (204)"
    if isinstance(answer, str):
        return FILES[answer][0].lower() + FILES[answer][1:].rstrip(".")
    if get_origin(answer) is Sequence:
        return f"a list: {_gives(get_args(answer)[0])}"
    if is_dataclass(answer):
        return " ".join(f"`{field.name}`" for field in fields(answer))
    return "values by their names"


def current() -> str:
    """What the page must hold."""
    table = "\n".join(["| request | what it does | what it gives |", "|---" * 3 + "|", *rows()])
    return fill(PAGE.read_text(encoding="utf-8"), COMMAND, table)


def main() -> None:
    """Write the page."""
    PAGE.write_text(current(), encoding="utf-8")


if __name__ == "__main__":
    main()
