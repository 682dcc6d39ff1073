"""Rows of the benchmark table."""

from __future__ import annotations

__all__ = ["print_row"]


def print_row(name: str, figures: str, to_reach: str = "") -> None:
    """One row, at once: what was measured, how it came out, what it should reach."""
    print(f"{name:44} {figures:58} {to_reach}", flush=True)
