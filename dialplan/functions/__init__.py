"""Dialplan functions, one file a family; `FUNCTIONS` is the whole table, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.functions import caller, channel, clock, logic, number, place, text
from dialplan.script import Function

__all__ = ["FUNCTIONS"]

FUNCTIONS: Final[Mapping[str, Function]] = {
    **caller.FUNCTIONS,
    **channel.FUNCTIONS,
    **clock.FUNCTIONS,
    **logic.FUNCTIONS,
    **number.FUNCTIONS,
    **place.FUNCTIONS,
    **text.FUNCTIONS,
}
