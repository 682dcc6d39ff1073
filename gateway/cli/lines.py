"""`copperline lines`: the lines and SIP trunks of a running office, and their states."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url

__all__ = ["command"]


def command(
    url: Url = DEFAULT_URL, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show the lines and the SIP trunks of a running office."""
    office = OfficeClient(url)
    lines, trunks = office.get("/api/v1/lines"), office.get("/api/v1/trunks")
    if json:
        show.as_json({"lines": lines, "trunks": trunks})
        return
    show.table(
        ["LINE", "KIND", "PORT", "NUMBER", "STATE", "FOR", "LAST CALLER"],
        [
            [
                line["name"],
                line["kind"],
                f"{line['card']} {line['port']}" if line["port"] else line["card"],
                line["number"],
                line["state"] if line["in_service"] or line["trouble"] else f"{line['state']} (out of service)",
                show.duration(line["seconds"]),
                line["last_caller"],
            ]
            for line in lines
        ],
        "This office has no lines.",
    )
    for line in lines:
        if line["trouble"]:
            show.line(f"  {line['name']}: {line['trouble']}")
    if trunks:
        show.line("")
        show.table(
            ["TRUNK", "STATE", "FOR", "CALLS", "USER", "SERVER", "ANSWERS IN"],
            [
                [
                    trunk["name"],
                    "up" if trunk["up"] else "down",
                    show.duration(trunk["seconds"]),
                    str(trunk["calls"]),
                    trunk["user"],
                    trunk["server"],
                    "" if trunk["round_trip"] is None else f"{trunk['round_trip']:g} ms",
                ]
                for trunk in trunks
            ],
            "",
        )
    for trunk in trunks:
        show.line(f"  {trunk['name']}: {trunk['state']}")
