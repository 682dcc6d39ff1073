"""`copperline check CONFIG`: every fault at once, or every setting with its effective value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.config import dialplan_doubts, load_office, setting_doubts
from gateway.config.settings import settings

__all__ = ["command"]


def command(
    config: Annotated[Path, typer.Argument(help="The configuration file.", metavar="CONFIG")],
    defaults: Annotated[bool, typer.Option("--defaults", help="Print every setting; defaults are marked.")] = False,
) -> None:
    """Tell every fault and doubt of a configuration and its dialplan as `file:line: what; mend`, or every setting.

    Doubts fail nothing: an option letter that does nothing here, a jump to an extension that is not there, a
    certificate that ends soon.
    """
    loaded, dialplan = load_office(config)
    if not defaults:
        for doubt in [*setting_doubts(config, loaded), *dialplan_doubts(loaded, dialplan)]:
            show.line(f"{doubt} (a doubt, no fault)")
        extensions = sum(len(context.extensions) for context in dialplan.contexts.values())
        show.line(f"{config}: no faults; {extensions} extensions in {len(dialplan.contexts)} contexts.")
        return
    for setting in settings(loaded):
        show.line(f"{setting.path} = {setting.value}{'    # default' if setting.default else ''}")
