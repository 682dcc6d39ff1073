"""`copperline learn LINE`: measures an exchange line and proposes what to write about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.app.learning import learn
from gateway.cli import show
from gateway.config import load

__all__ = ["command"]


def command(
    line: Annotated[str, typer.Argument(help="The line: copper1.", metavar="LINE")],
    config: Annotated[Path, typer.Argument(help="The configuration file.", metavar="CONFIG")],
    busy: Annotated[str, typer.Option(help="A number that is busy; the line's own where left out.")] = "",
    ring: Annotated[str, typer.Option(help="A number that rings and is not answered, to learn ringback.")] = "",
    save: Annotated[Path | None, typer.Option(help="Write the proposal to this file as well.")] = None,
) -> None:
    """Measure a line's tones, echo and noise by calling on it, and propose its configuration."""
    proposal = learn(load(config), line, busy=busy, ring=ring).toml(line)
    show.line(proposal.rstrip())
    if save is not None:
        save.write_text(proposal, encoding="utf-8")
        show.line(f"Written to {save}; add it to {config} if you agree.")
