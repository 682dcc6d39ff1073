"""Telling many, where what one of them makes of it is no affair of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["tell_all"]


def tell_all(told: Iterable[Callable[[], object]]) -> None:
    """Call all of them, whatever some raise.

    Raises:
        ExceptionGroup: what was raised, once all have been called.
    """
    faults: list[Exception] = []
    for tell in told:
        try:
            tell()
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("some of those who were told failed; the others were told", faults)
