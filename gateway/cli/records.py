"""`copperline records`: the records of calls as CSV, for books and bills."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url
from gateway.core.errors import LocalError

__all__ = ["command"]


def command(
    since: Annotated[
        str, typer.Option(help="Calls that began then or later: 2026-11-01, or 2026-11-01T08:00.", metavar="TIME")
    ] = "",
    until: Annotated[str, typer.Option(help="And before that; now where left out.", metavar="TIME")] = "",
    save: Annotated[Path | None, typer.Option(help="Write them to this file.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Print the records of calls that are over as CSV, the oldest first.

    Times are in UTC, durations in seconds; `billed` counts from the answer, `dialled` is the number as Dial was
    told it, with the trunk or group: 5550100@pstn, g1/5550100.
    """
    asked = urlencode({name: text for name, text in (("since", since), ("until", until)) if text})
    parts = OfficeClient(url).stream(f"/api/v1/records.csv?{asked}")
    parts = chain([next(parts, b"")], parts)  # before a file is touched: what cannot be had spoils none
    if save is None:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.flush()
        return
    try:
        with save.open("wb") as file:
            file.writelines(parts)
    except OSError as error:
        raise LocalError(f"{save} cannot be written: {error.strerror}") from error
    show.line(f"They are in {save}.")
