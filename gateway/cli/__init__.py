"""The command line `copperline`."""

from gateway.cli.program import main

__all__ = ["main"]
