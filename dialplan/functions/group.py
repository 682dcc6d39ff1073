"""Groups of legs, for limits on calls at once: GROUP GROUP_COUNT GROUP_MATCH_COUNT GROUP_LIST.

A leg has at most one group in each category and leaves them all when it ends. Asterisk funcs/func_groupcount.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.regular import RegularError, group_count, search
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]

_CATEGORIES: Final = 100
"""Groups of one leg."""


def _own(script: Script, category: str) -> tuple[str, str] | None:
    """The category and group of this leg: of the category named, or the first where none is."""
    for known, group in script.share.groups.items():
        if not category or known.lower() == category.lower():
            return known, group
    return None


def _group(script: Script, category: str) -> str:
    own = _own(script, category.strip())
    return own[1] if own is not None else ""


def _set_group(script: Script, category: str, value: str) -> None:
    group, _, named = value.partition("@")
    category = category.strip() or named
    own = _own(script, category) if category else None
    groups = script.share.groups
    groups.pop(own[0] if own is not None else category, None)
    if not group:
        return
    if len(groups) >= _CATEGORIES:
        raise ScriptError(f"more than {_CATEGORIES} groups on one leg")
    groups[category] = group


def _count(script: Script, arguments: str) -> str:
    group, _, category = arguments.partition("@")
    if not group:
        own = _own(script, category)
        if own is None:
            return "0"
        category, group = own
    found = sum(
        joined.lower() == group.lower() and (not category or known.lower() == category.lower())
        for leg in script.shared.legs.values()
        for known, joined in leg.groups.items()
    )
    return str(found)


def _match_count(script: Script, arguments: str) -> str:
    group, _, category = arguments.partition("@")
    if not group:
        raise ScriptError("GROUP_MATCH_COUNT wants a pattern")
    try:
        for pattern in (group, category):
            group_count(pattern)  # also where there is nothing to search, a wrong one is told
        found = sum(
            search(group, joined) is not None and search(category, known) is not None
            for leg in script.shared.legs.values()
            for known, joined in leg.groups.items()
        )
    except RegularError as fault:
        raise ScriptError(str(fault)) from fault
    return str(found)


def _all(script: Script, arguments: str) -> str:
    return " ".join(f"{group}@{category}" if category else group for category, group in script.share.groups.items())


FUNCTIONS: Final[Mapping[str, Function]] = {
    "GROUP": Function(_group, _set_group),
    "GROUP_COUNT": Function(_count),
    "GROUP_LIST": Function(_all),
    "GROUP_MATCH_COUNT": Function(_match_count),
}
