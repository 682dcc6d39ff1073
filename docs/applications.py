"""`python -m docs.applications`: writes the dialplan's applications and functions into docs/dialplan.md.

From the registries that the engine runs on: an application's line is its docstring, a function stands under the
family (the module) that reads or writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from inspect import getdoc
from pathlib import Path
from typing import Final

from dialplan.applications import APPLICATIONS, NAMES
from dialplan.functions import FUNCTIONS
from dialplan.letters import LETTERS
from docs.block import fill

__all__ = ["PAGE", "applications", "current", "functions", "main"]

PAGE: Final = Path(__file__).parent / "dialplan.md"
COMMAND: Final = "docs.applications"
_SIGNATURE: Final = re.compile(r"`(?P<call>(?P<name>\w+)[^`]*)`(?P<rest>.*)")


def current() -> str:
    """What the page must hold."""
    parts = ["### Applications", "\n".join(applications()), "### Functions", "\n".join(functions())]
    return fill(PAGE.read_text(encoding="utf-8"), COMMAND, "\n\n".join(parts))


def applications() -> Iterator[str]:
    """A line for each application: how it is called and what it does."""
    for name in NAMES:
        text = " ".join((getdoc(APPLICATIONS[name.lower()]) or "").split())
        found = _SIGNATURE.match(text)
        if found is None:
            yield f"- `{name}`. {text}".removesuffix(". ")
        elif found["name"].lower() == name.lower():
            yield f"- `{found['call']}`{found['rest']}{_idle(name)}"
        else:
            yield f"- `{name}` is another name of `{found['name']}`."


def _idle(name: str) -> str:
    """What is said of options that do nothing, those of one reason together."""
    letters = LETTERS.get(name.lower())
    reasons: dict[str, list[str]] = {}
    for letter, reason in letters.idle.items() if letters is not None else ():
        reasons.setdefault(reason, []).append(letter)
    said = "; ".join(f"`{' '.join(sorted(each, key=str.lower))}` ({reason})" for reason, each in reasons.items())
    return f" **Does nothing here:** {said}." if said else ""


def functions() -> Iterator[str]:
    """A line for each family of functions: those that can be read, those that can be set, those for both."""
    families: dict[str, dict[str, list[str]]] = {}
    for name, function in sorted(FUNCTIONS.items()):
        ways = {field.name: way for field in fields(function) if callable(way := getattr(function, field.name))}
        family = next(iter(ways.values())).__module__.rpartition(".")[2]
        kind = "set" if set(ways) == {"write"} else "read and set" if "write" in ways else "read"
        families.setdefault(family, {}).setdefault(kind, []).append(f"`{name}`")
    for family, by_kind in sorted(families.items()):
        parts = [f"{' '.join(names)} ({kind})" for kind, names in sorted(by_kind.items())]
        yield f"- {family}: {'; '.join(parts)}"


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(current(), encoding="utf-8")


if __name__ == "__main__":
    main()
