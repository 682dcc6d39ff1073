"""`copperline lines`: the analogue ports of a running office and their states."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url

__all__ = ["command"]


def command(
    url: Url = DEFAULT_URL, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show the analogue lines of a running office."""
    lines = OfficeClient(url).get("/api/v1/lines")
    if json:
        show.as_json(lines)
        return
    show.table(
        ["LINE", "KIND", "PORT", "NUMBER", "STATE", "FOR", "LAST CALLER"],
        [
            [
                line["name"],
                line["kind"],
                f"{line['card']} {line['port']}",
                line["number"],
                line["state"] if line["in_service"] else f"{line['state']} (out of service)",
                show.duration(line["seconds"]),
                line["last_caller"],
            ]
            for line in lines
        ],
        "This office has no analogue lines.",
    )
