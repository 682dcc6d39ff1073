"""`copperline call FROM TO`: call a telephone of a running office, and a number for it once it is answered."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url

__all__ = ["command"]


def command(
    caller: Annotated[str, typer.Argument(help="An account or telephone of the office.", metavar="FROM")],
    called: Annotated[str, typer.Argument(help="The number that it calls.", metavar="TO")],
    url: Url = DEFAULT_URL,
) -> None:
    """Call a telephone of the office; once it is answered, it calls a number."""
    OfficeClient(url).act("/api/v1/calls", {"from": caller, "to": called})
    show.line(f"{caller} is being called; once it is answered, it calls {called}.")
