"""`copperline warm [CONFIG]`: what a first start would do once and for all, done ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.config import load
from gateway.media.places import SPOKEN
from gateway.media.speech import synthesise, voiced
from gateway.plane.warm import warm

__all__ = ["command"]


def command(
    config: Annotated[Path | None, typer.Argument(help="The configuration file.", metavar="CONFIG")] = None,
) -> None:
    """Compile ahead what the media plane runs, and, for a configuration, have its prompts spoken."""
    settings = load(config) if config is not None else None
    warm()
    show.line("The media plane is compiled.")
    if settings is not None:
        folder = settings.media.prompts / SPOKEN
        made = synthesise(folder, voiced(settings.office.language))
        show.line(f"{len(made)} prompts were spoken into {folder}; all others are there.")
