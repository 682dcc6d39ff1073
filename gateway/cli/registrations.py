"""`copperline registrations`: telephones that are registered, and who was refused and what was wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url
from gateway.cli.part import Most, part, tell_rest

__all__ = ["command"]


def command(
    search: Annotated[
        str, typer.Argument(help="Only telephones that show this in one of their columns.", metavar="TEXT")
    ] = "",
    url: Url = DEFAULT_URL,
    most: Most = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the telephones registered with a running office, and who was refused and why."""
    office = OfficeClient(url)
    registered = part(office, "/api/v1/registrations", search, most, whole=json)
    refused = office.get("/api/v1/refusals")
    if json:
        show.as_json({"registrations": registered, "refusals": refused})
        return
    show.table(
        ["ACCOUNT", "FROM", "BY", "EXPIRES IN", "TELEPHONE"],
        [
            [
                entry["account"],
                entry["remote"],
                entry["transport"],
                show.duration(entry["expires"]),
                entry["user_agent"],
            ]
            for entry in registered
        ],
        f'No telephone that is registered has "{search}".' if search else "No telephone is registered.",
    )
    tell_rest(registered, most, office.get("/api/v1/office")["registrations"])
    for entry in registered:
        if entry["trouble"]:
            show.line(entry["trouble"])
    if refused:
        show.line("\nRefused, the latest first:")
        for entry in refused:
            who = f" as {entry['user']!r}" if entry["user"] else ""
            times = "" if entry["count"] == 1 else f", {entry['count']} times"
            show.line(
                f"  {show.duration(entry['seconds'])} ago{times}: {entry['method']}{who} from "
                f"{entry['remote']} by {entry['transport']}: {entry['why']}"
            )
