"""`copperline hang-up CALL`: end a call of a running office, or one leg of it."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment
from gateway.cli.completion import calls_in_progress

__all__ = ["command"]


def command(
    call: Annotated[
        str,
        typer.Argument(
            help="A call's id, as `copperline calls` shows it, or the name of one leg.",
            metavar="CALL",
            autocompletion=calls_in_progress,
        ),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Hang up every call.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """End a call of a running office, or one of its legs; whoever talks with that leg goes on in the dialplan."""
    if bool(call) == everything:
        raise typer.BadParameter("name a call or a leg, or say --all; `copperline calls` shows them")
    office = OfficeClient(url)
    if call:
        office.delete(_at(call))
        show.line(f"{call} is hung up.")
        return
    calls = [each["id"] for each in office.get("/api/v1/calls")]
    for each in calls:
        if office.end(_at(each)):  # or it has ended by itself meanwhile
            show.line(f"{each} is hung up.")
    if not calls:
        show.line("No calls in progress.")


def _at(call: str) -> str:
    return f"/api/v1/calls/{segment(call)}"
