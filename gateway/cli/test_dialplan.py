"""`copperline test-dialplan FILE`: expected routes, held against the dialplan without a call."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dialplan.expect import Origin, Outcome, read_expectations, try_expectations
from gateway.cli import show
from gateway.cli.config_option import ConfigFile, office_at
from gateway.config import Config
from gateway.config.load import read
from gateway.config.parking import parking_lots
from gateway.config.permission import permission
from gateway.config.ways import each_way

__all__ = ["command"]


def command(
    table: Annotated[Path, typer.Argument(help="The expected routes, one a line.", metavar="FILE")],
    config: ConfigFile = None,
    steps: Annotated[bool, typer.Option("--steps", help="Print every step of what is not as expected.")] = False,
) -> None:
    """Hold a table of expected routes against the dialplan and its tolls; exit 1 where one is not as expected."""
    settings, dialplan = office_at(config)
    expectations = read_expectations(str(table), read(table), _origins(settings))
    zone = ZoneInfo(settings.office.timezone) if settings.office.timezone else None
    clock = partial(datetime.now, zone)
    outcomes = asyncio.run(
        try_expectations(
            dialplan,
            expectations,
            clock=clock,
            permit=permission(settings, clock),
            lots=parking_lots(settings.parking),
        )
    )
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in wrong:
        _tell(outcome, steps)
    if wrong:
        show.failure(f"{table}: {len(wrong)} of {len(outcomes)} routes are not as expected.")
        raise typer.Exit(1)
    show.line(f"{table}: all {len(outcomes)} routes are as expected.")


def _origins(config: Config) -> dict[str, Origin]:
    """Who may call."""
    known = {name: Origin(trunk.context, "SIP", "", trunk.variables) for name, trunk in config.trunks.items()}
    known |= {name: Origin(way.context, kind, "", way.variables) for kind, name, way in each_way(config)}
    for name, account in config.accounts.items():
        known[name] = Origin(account.context, "SIP", name, account.variables)
    for number, phone in config.phones.items():
        known[number] = Origin(phone.context, "FXS", number, phone.variables)
    return known


def _tell(outcome: Outcome, steps: bool) -> None:
    show.line(f"{outcome.expectation.place}: {outcome.wrong}")
    for ruling in outcome.route.rulings:
        show.line(f"    tolls: {ruling}")
    for step in outcome.route.steps if steps else ():
        show.line(f"    {step}")
