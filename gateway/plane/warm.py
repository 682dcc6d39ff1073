"""Compiles the loop ahead of time, at install, so that no start waits for it: `warm()`."""

from __future__ import annotations

from importlib import import_module

from gateway.plane.plane import Plane, PlaneConfig

__all__ = ["warm"]


def warm() -> None:
    """Compile everything that the plane runs, unless it is on disk already (half a minute, else half a second)."""
    import_module("gateway.media.codec.ilbc.coder")  # compiled as it is imported
    plane = Plane(PlaneConfig(rows=1, arena=1.0))
    plane.step(0.0)
    plane.pump(0.0)
    plane.close()
