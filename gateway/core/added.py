"""Header fields that a dialplan adds to a call that it places, for technologies that have such things.

They travel as channel variables `SIPADDHEADER01`, … of the leg, each `Name: value`, as in Asterisk: what a leg
inherits it says, too. What would change how a message is routed, whom it is from or where it ends is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.core.errors import LocalError

__all__ = ["PREFIX", "added", "header", "slots"]

PREFIX: Final = "SIPADDHEADER"
_MOST: Final = 50
"""Fields that one leg may add."""
_LONGEST: Final = 1024
"""Characters of one value: a request of a few of them still fits a UDP packet."""
_NAME: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
"""A token (RFC 3261 section 25.1)."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN: Final = frozenset(
    "accept allow authorization call-id contact content-encoding content-length content-type cseq expires from "
    "max-forwards min-se proxy-authorization proxy-require record-route require route session-expires supported to "
    "via www-authenticate b c e f i j k l m o r s t v x".split()
)
"""Fields that the gateway itself writes, and the compact names."""


def header(name: str, value: str) -> str:
    """A field as a variable holds it.

    Raises:
        LocalError: it is no field, or not one that a dialplan may write.
    """
    name, value = name.strip(), value.strip()
    if not _NAME.fullmatch(name):
        raise LocalError(f"{name[:40]!r} is no name of a header")
    if name.lower() in _OWN:
        raise LocalError(f"the header {name} is written by the gateway itself; add one of another name")
    if len(value) > _LONGEST or _CONTROL.search(value):
        raise LocalError(f"the value of header {name} has a line break, or more than {_LONGEST} characters")
    return f"{name}: {value}"


def slots(variables: Mapping[str, str]) -> Iterator[str]:
    """The names of the variables that hold fields, in their order."""
    found = [key for key in variables if PREFIX in key and key.lstrip("_").startswith(PREFIX)]
    return iter(sorted(found, key=lambda key: key.lstrip("_")))


def added(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fields that a leg adds, by name and value; what is none, since a script wrote it, is left out."""
    found: list[tuple[str, str]] = []
    if PREFIX not in " ".join(variables):
        return found
    for key in slots(variables):
        name, _, value = variables[key].partition(":")
        try:
            name, _, value = header(name, value).partition(": ")
        except LocalError:
            continue
        found.append((name, value))
    return found[:_MOST]
