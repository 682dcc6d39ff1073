"""`copperline trace CALL`: all that a call met, on one clock."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url, segment
from gateway.cli.completion import calls_in_progress
from gateway.core.errors import LocalError

__all__ = ["command"]

PAUSE: Final = 0.5
"""Seconds between two looks at a call that is followed."""


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
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until the call is over; where there is none, wait for the next.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell all that a call met: messages, line events, dialplan steps, media events."""
    office = OfficeClient(url)
    if follow:
        with suppress(KeyboardInterrupt):
            _follow(office, call or _next(office), detail)
        return
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
        _tell(note, detail)


def _tell(note: dict[str, Any], detail: bool) -> None:
    show.line(f"{note['at']:10.4f}  {note['kind']:8}  {note['leg']:24}  {note['text']}")
    if detail and note["detail"]:
        show.line("\n".join(f"            | {text}" for text in note["detail"].splitlines()))


def _follow(office: OfficeClient, call: str, detail: bool) -> None:
    """Tell what a call meets as it meets it, until it is over."""
    told: set[tuple[float, str, str]] = set()
    goes_on = True
    while goes_on:
        goes_on = office.knows(f"/api/v1/calls/{segment(call)}")
        for note in office.get(f"/api/v1/calls/{segment(call)}/trace"):
            key = (note["at"], note["leg"], note["text"])
            if key not in told:
                told.add(key)
                _tell(note, detail)
        if goes_on:
            time.sleep(PAUSE)


def _next(office: OfficeClient) -> str:
    """The id of the call that began last of those in progress; of the next one where there are none."""
    while not (calls := _calls(office)):
        time.sleep(PAUSE)
    latest: str = calls[-1]["id"]
    return latest


def _calls(office: OfficeClient) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = office.get("/api/v1/calls")
    return calls


def _keep(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise LocalError(f"{file} cannot be written: {error.strerror}") from error


def _latest(office: OfficeClient) -> str:
    """The id of the call that began last, of those in progress if there are any."""
    calls = _calls(office) or office.get("/api/v1/records?limit=1")
    if not calls:
        raise LocalError("There has been no call yet.")
    latest: str = calls[-1]["id"]
    return latest
