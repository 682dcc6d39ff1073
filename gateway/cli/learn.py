"""`copperline learn LINE`: measures an exchange line and proposes what to write about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.app.learning import learn
from gateway.cli import show
from gateway.config import load
from gateway.config.amend import amend
from gateway.core.errors import LocalError

__all__ = ["command"]


def command(
    line: Annotated[str, typer.Argument(help="The line: copper1.", metavar="LINE")],
    config: Annotated[Path, typer.Argument(help="The configuration file.", metavar="CONFIG")],
    busy: Annotated[str, typer.Option(help="A number that is busy; the line's own where left out.")] = "",
    ring: Annotated[str, typer.Option(help="A number that rings and is not answered, to learn ringback.")] = "",
    ends: Annotated[
        str, typer.Option(help="A number that answers and hangs up by itself, to learn how that shows.")
    ] = "",
    save: Annotated[Path | None, typer.Option(help="Write the proposal to this file as well.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Write what is proposed into CONFIG.")] = False,
) -> None:
    """Measure a line's tones, levels, echo, noise and polarity by calling on it, and propose its configuration.

    The office must not be running with the same card.
    """
    profile = learn(load(config), line, busy=busy, ring=ring, ends=ends)
    proposal = profile.toml(line)
    show.line(proposal.rstrip())
    if save is not None:
        _write(save, proposal)
        show.line(f"Written to {save}; add it to {config} if you agree.")
    if accept:
        amend(config, ("lines", line), profile.settings)
        show.line(f"Written into [lines.{line}] of {config}; it holds from the next start.")
    elif save is None:
        show.line(f"With --accept this is written into [lines.{line}] of {config}.")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}.") from error
