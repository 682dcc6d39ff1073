"""`copperline trace CALL`: all that a call met, on one clock."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment

__all__ = ["command"]


def command(
    call: Annotated[str, typer.Argument(help="A call's id, or the name of one of its legs.", metavar="CALL")],
    url: Url = DEFAULT_URL,
    detail: Annotated[bool, typer.Option("--detail", help="Also print whole messages.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell all that a call met: messages, line events, dialplan steps, media events."""
    notes = OfficeClient(url).get(f"/api/v1/calls/{segment(call)}/trace")
    if json:
        show.as_json(notes)
        return
    for note in notes:
        show.line(f"{note['at']:10.4f}  {note['kind']:8}  {note['leg']:24}  {note['text']}")
        if detail and note["detail"]:
            show.line("\n".join(f"            | {text}" for text in note["detail"].splitlines()))
