"""The applications that a step may run: its own, and those in the arguments of ExecIf, Exec and their like.

In goes a step; out come pairs of name and arguments, the arguments as the file has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dialplan.arguments import split
from dialplan.model import Step

__all__ = ["branches", "calls"]

_CONDITIONAL: Final = frozenset({"execif", "execiftime"})
_PLAIN: Final = frozenset({"exec", "tryexec"})


def calls(step: Step) -> Iterator[tuple[str, str]]:
    """Name and arguments of every application that a step spells out, its own first."""
    yield step.application, step.arguments.text
    texts = (
        branches(step.arguments.text)
        if step.key in _CONDITIONAL
        else [step.arguments.text]
        if step.key in _PLAIN
        else []
    )
    for text in texts:
        name, parenthesis, arguments = text.partition("(")
        if name.strip() and "$" not in name:
            yield name.strip(), arguments.removesuffix(")") if parenthesis else ""


def branches(text: str) -> list[str]:
    """What stands behind the question mark of `condition?this:that`."""
    parts = split(text, "?", 2, raw=True)
    return [part.strip() for part in split(parts[1], ":", 2, raw=True)] if len(parts) > 1 else []
