"""`copperline tolls`: who has called outside, how much, and for how much money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient, Url

__all__ = ["command"]


def command(
    url: Url = DEFAULT_URL, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show what every caller and trunk of a running office used in the last hour and day."""
    tolls = OfficeClient(url).get("/api/v1/tolls")
    if json:
        show.as_json(tolls)
        return
    show.table(
        ["WHO", "CALLS NOW", "MINUTES: HOUR", "DAY", "SPENT: HOUR", "DAY"],
        [
            [
                _who(account["payer"], tolls["groups"]),
                str(account["calls"]),
                *(f"{account[f'minutes_{span}']:.1f}" for span in ("hour", "day")),
                *(f"{account[f'spent_{span}']:.2f}" for span in ("hour", "day")),
            ]
            for account in tolls["accounts"]
        ],
        "Nobody has called outside within a day.",
    )
    if tolls["notices"]:
        show.line("\nWhat there was to tell, the latest last:")
        for notice in tolls["notices"]:
            show.line(f"  {notice}")


def _who(payer: str, groups: Mapping[str, str]) -> str:
    """A payer, and of a hunt group those who are in it: "lines copper1, copper2 (g1)"."""
    members = groups.get(payer)
    return payer if members is None else f"{members} ({payer.removeprefix('trunk ')})"
