"""`copperline database get/put/del/show`: what scripts of a running office keep (DB() of the dialplan)."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment
from gateway.core.errors import LocalError

__all__ = ["command"]

command = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_PATH = "/api/v1/database"
_Path = Annotated[str, typer.Argument(help="family/key", metavar="PATH")]


@command.command("get")
def _get(path: _Path, url: Url = DEFAULT_URL) -> None:
    """Print one value."""
    values = OfficeClient(url).get(f"{_PATH}?prefix={segment(path)}")
    if path not in values:
        raise LocalError(f"Nothing is kept at {path}.")
    show.line(values[path])


@command.command("put")
def _put(path: _Path, value: Annotated[str, typer.Argument(metavar="VALUE")], url: Url = DEFAULT_URL) -> None:
    """Keep a value; scripts see it at once."""
    OfficeClient(url).act(_PATH, {"path": path, "value": value})


@command.command("del")
def _delete(path: _Path, url: Url = DEFAULT_URL) -> None:
    """Forget a value."""
    OfficeClient(url).act(_PATH, {"path": path, "value": None})


@command.command("show")
def _show(
    prefix: Annotated[str, typer.Argument(help="A family, or a path in it.", metavar="FAMILY")] = "",
    url: Url = DEFAULT_URL,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show all values, or those of one family."""
    values = OfficeClient(url).get(f"{_PATH}?prefix={segment(prefix)}")
    if json:
        show.as_json(values)
    else:
        show.table(["PATH", "VALUE"], list(values.items()), "Nothing is kept.")
