"""CONNECTEDLINE and REDIRECTING: the other identities of a call, as the script sets and reads them.

Asterisk funcs/func_callerid.c. They are kept with the script; legs are not told of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]

_PARTY: Final = ("all", "name", "num", "pres", "name-pres", "num-pres", "name-valid", "num-valid", "tag")
_CONNECTED: Final = frozenset([*_PARTY, "source"])
_REDIRECTING: Final = frozenset(
    ["count", "reason", "orig-reason", *(f"{who}-{what}" for who in ("from", "to", "orig") for what in _PARTY)]
)
_BOTH: Final = re.compile(r'\s*"?(?P<name>[^"<]*?)"?\s*<(?P<number>[^>]*)>\s*')


def _function(function: str, known: frozenset[str]) -> Function:
    def key(arguments: str) -> str:
        datum = arguments.split(",")[0].strip().lower()
        datum = datum.removesuffix("ber") if datum.endswith("number") else datum
        if datum not in known:
            raise ScriptError(f"{function} knows no {arguments[:40]!r}: {' '.join(sorted(known))}")
        return f"{function}:{datum}"

    def read(script: Script, arguments: str) -> str:
        datum, identity = key(arguments), script.identity
        if datum.endswith("all"):
            stem = datum.removesuffix("all")
            return f'"{identity.get(stem + "name", "")}" <{identity.get(stem + "num", "")}>'
        if datum.endswith("-valid"):
            return str(int(bool(identity.get(datum.removesuffix("-valid")))))
        return identity.get(datum, "")

    def write(script: Script, arguments: str, value: str) -> None:
        datum = key(arguments)
        if not datum.endswith("all"):
            script.identity[datum] = value.strip()
            return
        stem, found = datum.removesuffix("all"), _BOTH.fullmatch(value)
        name, number = (found["name"], found["number"]) if found is not None else ("", value)
        script.identity[stem + "name"] = name.strip()
        script.identity[stem + "num"] = number.strip()

    return Function(read, write)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CONNECTEDLINE": _function("CONNECTEDLINE", _CONNECTED),
    "REDIRECTING": _function("REDIRECTING", _REDIRECTING),
}
