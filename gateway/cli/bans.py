"""`copperline bans` and `copperline bans lift SOURCE`: sources that SIP does not hear."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url

__all__ = ["command"]

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

command = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@command.callback()
def _bans(context: typer.Context, url: Url = DEFAULT_URL, json: _Json = False) -> None:
    """Show whom SIP does not hear, and hear one again."""
    if context.invoked_subcommand is None:
        _show(url, json)


@command.command("show")
def _show(url: Url = DEFAULT_URL, json: _Json = False) -> None:
    """Show who is banned, and why."""
    bans = OfficeClient(url).get("/api/v1/bans")
    if json:
        show.as_json(bans)
        return
    show.table(
        ["SOURCE", "FOR", "WHY"],
        [[ban["source"], show.duration(ban["seconds"]), ban["why"]] for ban in bans],
        "Nobody is banned.",
    )


@command.command("lift")
def _lift(
    source: Annotated[str, typer.Argument(help="An address, or a network as `show` has it.", metavar="SOURCE")],
    url: Url = DEFAULT_URL,
) -> None:
    """Hear a source again."""
    OfficeClient(url).act("/api/v1/bans/lift", {"source": source})
    show.line(f"{source} is heard again.")
