"""`copperline trace CALL`: all that a call met, on one clock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment
from gateway.cli.completion import calls_in_progress
from gateway.core.errors import LocalError

__all__ = ["command"]


def command(
    call: Annotated[
        str,
        typer.Argument(
            help="A call's id, or the name of one of its legs; the latest where left out.",
            metavar="CALL",
            autocompletion=calls_in_progress,
        ),
    ] = "",
    url: Url = DEFAULT_URL,
    detail: Annotated[bool, typer.Option("--detail", help="Also print whole messages.")] = False,
    save: Annotated[
        Path | None, typer.Option(help="Write its SIP and ISDN messages to this file, for Wireshark: call.pcapng.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell all that a call met: messages, line events, dialplan steps, media events."""
    office = OfficeClient(url)
    latest = "" if call else _latest(office)
    if save is not None:
        _keep(save, office.download(f"/api/v1/calls/{segment(call or latest)}/capture"))
        show.line(f"The messages of {call or latest} are in {save}; secrets in them are starred out.")
        return
    notes = office.get(f"/api/v1/calls/{segment(call or latest)}/trace")
    if json:
        show.as_json(notes)
        return
    if latest:
        show.line(f"The latest call, {latest}:")
    for note in notes:
        show.line(f"{note['at']:10.4f}  {note['kind']:8}  {note['leg']:24}  {note['text']}")
        if detail and note["detail"]:
            show.line("\n".join(f"            | {text}" for text in note["detail"].splitlines()))


def _keep(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise LocalError(f"{file} cannot be written: {error.strerror}") from error


def _latest(office: OfficeClient) -> str:
    """The id of the call that began last, of those in progress if there are any."""
    calls = office.get("/api/v1/calls") or office.get("/api/v1/records?limit=1")
    if not calls:
        raise LocalError("There has been no call yet.")
    latest: str = calls[-1]["id"]
    return latest
