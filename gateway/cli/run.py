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
    """Run an office in the foreground until SIGTERM drains it; a second one stops it at once."""
    raise typer.Exit(run(config))
