"""`copperline calls`: who talks now, and how the latest calls ended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url
from gateway.cli.part import Most, part, tell_rest

__all__ = ["command"]

BAD: Final = 3.6
"""Mean opinion score below which many are not satisfied (ITU-T G.107 annex B)."""


def command(
    search: Annotated[
        str,
        typer.Argument(
            help="Only calls with this in an id, a number, a name or the name of a leg.", metavar="TEXT"
        ),
    ] = "",
    url: Url = DEFAULT_URL,
    most: Most = None,
    ended: Annotated[int, typer.Option(help="How many calls that are over to show.", min=0, max=200)] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the calls of a running office, and how the latest ended."""
    office = OfficeClient(url)
    calls = part(office, "/api/v1/calls", search, most, whole=json)
    latest = f"/api/v1/records?limit={ended}"
    if json:
        show.as_json({"calls": calls, "records": office.get(latest) if ended else []})
        return
    itself = office.get("/api/v1/office")
    for worry in itself["worries"]:
        show.failure(worry)
    show.table(
        ["CALL", "FROM", "TO", "STATE", "FOR"],
        [
            [
                call["id"],
                _party(call),
                call["called"],
                call["state"],
                show.duration(call["duration"]),
            ]
            for call in calls
        ],
        f'No call in progress has "{search}".' if search else "No calls in progress.",
    )
    tell_rest(calls, most, itself["calls"])
    for call in calls:
        show.line(f"\n{call['id']}")
        for leg in call["legs"]:
            show.line(f"  {leg['name']}: {leg['audio'] or leg['state']}")
            if leg["trouble"]:
                show.line(f"  {leg['name']}: {leg['trouble']}")
    records = office.get(latest) if ended else []  # last: a database that is gone takes nothing else along
    if records:
        show.line("\nThe latest that are over:")
        for record in records:
            show.line(_ended(record))


def _party(call: dict[str, Any]) -> str:
    number, name = call["caller"], call["caller_name"]
    return f"{name} <{number}>" if name and number else name or number or "unknown"


def _ended(record: dict[str, Any]) -> str:
    talked = f"talked {show.duration(record['billed'])}" if record["answered"] else record["disposition"].lower()
    started = datetime.fromisoformat(record["started"]).astimezone()
    who = f"{_party(record)} to {record['called']}"
    heard = "".join(
        f" {leg['leg']} was heard badly (MOS {leg['score']:.1f}): {leg['lost']} of "
        f"{leg['lost'] + leg['received']} packets lost, jitter {1000 * leg['jitter']:.0f} ms."
        for leg in record["quality"]
        if leg["score"] < BAD
    )
    # Where nobody answered at last, the sentence tells of the only attempt.
    vain = record["tried"] if record["answered"] or len(record["tried"]) > 1 else []
    tried = "".join(f" In vain: {attempt}" for attempt in vain)
    return f"{started:%Y-%m-%d %H:%M:%S}  {record['id']}  {who}, {talked}: {record['sentence']}{tried}{heard}"
