"""`copperline check CONFIG`: every fault at once, or every setting with its effective value."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from dialplan.model import Dialplan
from gateway.cli import show
from gateway.config import Config, dialplan_doubts, load_office, setting_doubts, ways_out
from gateway.config.permission import helpless, numbering
from gateway.config.settings import settings
from gateway.config.ways import each_way

__all__ = ["command"]


def command(
    config: Annotated[Path, typer.Argument(help="The configuration file.", metavar="CONFIG")],
    defaults: Annotated[bool, typer.Option("--defaults", help="Print every setting; defaults are marked.")] = False,
) -> None:
    """Tell every fault and doubt of a configuration and its dialplan as `file:line: what; mend`, or every setting.

    Doubts fail nothing: an option letter that does nothing here, a jump to an extension that is not there, a
    certificate that ends soon. Every way that leads from a caller outside to an outside line is listed, with what
    the toll rules make of it.
    """
    loaded, dialplan = load_office(config)
    if not defaults:
        for doubt in [*setting_doubts(config, loaded, dialplan), *dialplan_doubts(loaded, dialplan)]:
            show.line(f"{doubt} (a doubt, no fault)")
        extensions = sum(len(context.extensions) for context in dialplan.contexts.values())
        _tell_ways_out(loaded, dialplan)
        show.line(f"{config}: no faults; {extensions} extensions in {len(dialplan.contexts)} contexts.")
        return
    for setting in settings(loaded):
        show.line(f"{setting.path} = {setting.value}{'    # default' if setting.default else ''}")


def _tell_ways_out(config: Config, dialplan: Dialplan) -> None:
    if any(each_way(config)) or config.trunks:
        for context in asyncio.run(helpless(config, dialplan, partial(datetime.now, UTC))):
            known = ", ".join(numbering(config).emergency)
            what = f"from context {context} no emergency number ({known}) gets to an outside line"
            show.line(f"{what} (a doubt, no fault)")
    found_ways = ways_out(config, dialplan)
    if not found_ways:
        show.line("No way leads from a caller outside to an outside line.")
    for found in found_ways:
        allowed = found.standings & set(config.tolls.onward)
        rule = f"[tolls] onward allows it in {', '.join(sorted(allowed))}" if allowed else "[tolls] refuses it"
        show.line(f"{found.entry.who} {'reaches' if found.sure else 'may reach'} {found.target}; {rule}:")
        for step in found.way:
            show.line(f"    {step}")
