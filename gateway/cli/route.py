"""`copperline route NUMBER --from WHO`: what a number would do, with nobody called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from dialplan.model import Dialplan
from dialplan.route import Route, dry_run
from gateway.cli import show
from gateway.cli.config_option import ConfigFile, office_at
from gateway.config import Config
from gateway.config.faults import nearest
from gateway.config.parking import parking_lots
from gateway.config.permission import help_routes, permission
from gateway.config.variables import given_variables
from gateway.config.ways import each_way
from gateway.core.errors import LocalError
from gateway.core.number import Party

__all__ = ["command"]

_LONGEST_LOOP: Final = 50
"""Steps of a loop that is told once."""
_ROUNDS: Final = 3
"""As often a loop must have gone round to be one."""


def command(
    number: Annotated[str, typer.Argument(help="The number that is dialled.", metavar="NUMBER")] = "",
    who: Annotated[
        str, typer.Option("--from", help="Who dials: a phone's or account's number, or a line's or trunk's name.")
    ] = "",
    config: ConfigFile = None,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="Try every emergency number from wherever people dial.")
    ] = False,
    answered: Annotated[bool, typer.Option("--answered", help="Suppose that the first Dial is answered.")] = False,
    keys: Annotated[str, typer.Option(help="Digits that the caller keys when asked.")] = "",
    at: Annotated[datetime | None, typer.Option(help="Suppose this time; now where left out.")] = None,
    caller: Annotated[str, typer.Option(help="The calling number, for a call that comes in on a line.")] = "",
) -> None:
    """Tell every dialplan step that a number would take and what would be called, without calling.

    With --emergency: where each emergency number leads from every context in which telephones or accounts dial;
    exit 1 where from one of them none gets to an outside line.
    """
    if emergency == bool(number) or (number and not who):
        raise typer.BadParameter("name a NUMBER and who dials (--from WHO), or --emergency alone")
    settings, dialplan = office_at(config)
    zone = ZoneInfo(settings.office.timezone) if settings.office.timezone else None
    clock = partial(datetime.now, zone) if at is None else partial(at.replace, tzinfo=zone)
    if emergency:
        _emergency(settings, dialplan, clock)
        return
    context, technology, party = _origin(settings, who, caller)
    route = asyncio.run(
        dry_run(
            dialplan,
            context,
            number,
            caller=party,
            clock=clock,
            technology=technology,
            origin=who,
            lots=parking_lots(settings.parking),
            permit=permission(settings, clock),
            answered=answered,
            keys=keys,
            variables=given_variables(settings)(f"{technology}/{who}-0"),
        )
    )
    _tell(route)


def _emergency(config: Config, dialplan: Dialplan, clock: Callable[[], datetime]) -> None:
    """Where each emergency number leads."""
    routes = asyncio.run(help_routes(config, dialplan, clock))
    show.table(
        ["CONTEXT", "BY", "NUMBER", "WOULD CALL", ""],
        [
            [
                route.context,
                route.caller,
                route.number,
                ", ".join(route.targets) or "nobody",
                "passes every cap" if route.outside else f"no outside line: {route.ending}",
            ]
            for route in routes
        ],
        "There is no telephone and no account that could call for help.",
    )
    safe = {route.context for route in routes if route.outside}
    lost = sorted({route.context for route in routes} - safe)
    if lost:
        raise LocalError(f"From {', '.join(lost)} no emergency number gets to an outside line.")


def _origin(config: Config, who: str, caller: str) -> tuple[str, str, Party]:
    """The context, technology and party of a caller.

    Raises:
        LocalError: nobody has that name.
    """
    if who in config.phones:
        return config.phones[who].context, "FXS", Party(who, config.phones[who].name)
    if who in config.accounts:
        return config.accounts[who].context, "SIP", Party(who, config.accounts[who].name)
    for technology, name, way in each_way(config):
        if name == who:
            return way.context, technology, Party(caller)
    if who in config.trunks:
        return config.trunks[who].context, "SIP", Party(caller)
    mend = nearest(
        who, [*config.phones, *config.accounts, *(name for _, name, _ in each_way(config)), *config.trunks]
    )
    raise LocalError(f'No phone, account, line or trunk is called "{who}"; {mend}')


def _tell(route: Route) -> None:
    show.line(route.assumption)
    for step in _folded(route.steps):
        show.line(f"  {step}")
    for ruling in route.rulings:
        show.line(f"tolls: {ruling}")
    for attempt in route.attempts:
        targets = " and ".join(str(target) for target in attempt.targets)
        show.line(f"would call {targets}" + (f" for {attempt.timeout:g} s" if attempt.timeout else ""))
    if not route.attempts:
        show.line("would call nobody")
    if route.ending is not None:
        show.line(f"would end: {route.ending}")


def _folded(steps: Sequence[str]) -> Iterator[str]:
    """The steps, those of a loop that goes round and round told once."""
    at = 0
    while at < len(steps):
        length, rounds = _loop(steps, at)
        yield from steps[at : at + length]
        if rounds > 1:
            several = f"these {length} steps" if length > 1 else "this step"
            yield f"… {several} {rounds - 1} times more"
        at += length * rounds


def _loop(steps: Sequence[str], at: int) -> tuple[int, int]:
    """How many steps from `at` on come again and again, and how often; twice is no loop."""
    for length in range(1, min(_LONGEST_LOOP, (len(steps) - at) // _ROUNDS) + 1):
        once, rounds = steps[at : at + length], 1
        while steps[at + rounds * length : at + (rounds + 1) * length] == once:
            rounds += 1
        if rounds >= _ROUNDS:
            return length, rounds
    return 1, 1
