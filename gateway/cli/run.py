"""`copperline run CONFIG`: an office in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.app import run

__all__ = ["command"]


def command(
    config: Annotated[Path, typer.Argument(help="The configuration file.", metavar="CONFIG")],
) -> None:
    """Run an office in the foreground.

    SIGTERM (or Ctrl-C) lets calls in progress end, a second one stops at once. SIGHUP reads the dialplan, accounts,
    trunks, toll rules and certificates anew.
    """
    raise typer.Exit(run(config))
