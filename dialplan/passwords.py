"""Passwords that stand in a dialplan: what the steps of a call say of them is for no story and no record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dialplan.arguments import split

__all__ = ["TELLING", "passwords_in"]

_ASKING: Final = frozenset({"authenticate", "disa"})
"""Applications whose first argument is a password."""
TELLING: Final = _ASKING | {"exec", "execif", "mset", "set", "tryexec"}
"""Those whose arguments may hold one."""
_OPEN: Final = "no-password"
_WITHIN: Final = re.compile(
    r"\b(?:authenticate|disa)\(\s*+([^,()]++)|\bconfbridge\(\s*+user\s*+,\s*+pin\s*+\)\s*+=\s*+([^,()\s]++)",
    re.IGNORECASE,
)


def passwords_in(application: str, arguments: str) -> Iterator[str]:
    """The passwords in the arguments of an application of `TELLING`, its name in lower case.

    A path leads to some, and is none.
    """
    found = (
        [split(arguments)[0]]
        if application in _ASKING
        else [one[1] or one[2] for one in _WITHIN.finditer(arguments)]
    )
    for word in map(str.strip, found):
        if word != _OPEN and not word.startswith("/"):
            yield word
