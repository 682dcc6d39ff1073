"""`copperline warm`: what a first start would do once and for all, done ahead."""

from __future__ import annotations

from gateway.cli import show
from gateway.plane.warm import warm

__all__ = ["command"]


def command() -> None:
    """Compile ahead what the media plane runs, so that no start waits for it."""
    warm()
    show.line("The media plane is compiled.")
