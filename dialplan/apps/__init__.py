"""Dialplan applications, one file a family; `APPLICATIONS` is the whole table, by small-letter name.

An application is one coroutine that reads like the thing it does; it ends when that is done, and HungUp passes
through it when the leg is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps import answer, block, dial, digits, flow, notes, play, record, say, subroutine, variable
from dialplan.script import Application

__all__ = ["APPLICATIONS", "NAMES", "STRUCTURED"]

_FAMILIES: Final = (
    answer.APPLICATIONS,
    block.APPLICATIONS,
    dial.APPLICATIONS,
    digits.APPLICATIONS,
    flow.APPLICATIONS,
    notes.APPLICATIONS,
    play.APPLICATIONS,
    record.APPLICATIONS,
    say.APPLICATIONS,
    subroutine.APPLICATIONS,
    variable.APPLICATIONS,
)

NAMES: Final[tuple[str, ...]] = tuple(sorted(name for family in _FAMILIES for name in family))
"""As they are written in files."""

APPLICATIONS: Final[Mapping[str, Application]] = {
    name.lower(): application for family in _FAMILIES for name, application in family.items()
}

STRUCTURED: Final = frozenset({"execif", "execiftime", "gosubif", "gotoif", "gotoiftime"})
"""Applications whose arguments are taken apart before values come in.

What a caller is called must not close a parenthesis of `ExecIf(...?Set(NAME=${CALLERID(name)}))` and go on with an
application of its own.
"""
