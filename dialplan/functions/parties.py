"""CONNECTEDLINE and REDIRECTING: the other identities of a call, as the script sets and reads them.

Asterisk funcs/func_callerid.c. They are kept with the script. A connected line that is set during a call is shown
to the caller at once, unless `i` follows the name of what is set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from dialplan.functions.caller import PRESENTATIONS
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.carried import DIVERTED_BY, DIVERTED_FOR
from gateway.core.number import Party, Presentation

__all__ = ["FUNCTIONS"]

_PARTY: Final = ("all", "name", "num", "pres", "name-pres", "num-pres", "name-valid", "num-valid", "tag")
_CONNECTED: Final = frozenset([*_PARTY, "source"])
_REDIRECTING: Final = frozenset(
    ["count", "reason", "orig-reason", *(f"{who}-{what}" for who in ("from", "to", "orig") for what in _PARTY)]
)
_REASONS: Final[Mapping[str, str]] = {
    "cfb": "user-busy",
    "cfnr": "no-answer",
    "cfu": "unconditional",
    "cf_dte": "deflection",
    "dnd": "do-not-disturb",
    "out_of_order": "out-of-service",
    "time_of_day": "time-of-day",
    "follow_me": "follow-me",
}
"""What a script calls a reason -> its name in RFC 5806 section 4; others have the same in both."""
_WORDS: Final[Mapping[str, str]] = {name: word for word, name in _REASONS.items()}
_CAME: Final[Mapping[str, str]] = {
    "REDIRECTING:from-num": DIVERTED_BY,
    "REDIRECTING:reason": DIVERTED_FOR,
}
"""What is known of a call that came in diverted, as long as the script has not set it."""
_BOTH: Final = re.compile(r'\s*"?(?P<name>[^"<]*?)"?\s*<(?P<number>[^>]*)>\s*')


def _function(function: str, known: frozenset[str], show: Callable[[Script, str], None]) -> Function:
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
        if datum in _CAME and datum not in identity:
            came = script.leg.variables.get(_CAME[datum], "")
            return _WORDS.get(came, came) if datum.endswith("reason") else came
        if datum.endswith("-valid"):
            return str(int(bool(identity.get(datum.removesuffix("-valid")))))
        return identity.get(datum, "")

    def write(script: Script, arguments: str, value: str) -> None:
        datum = key(arguments)
        if not datum.endswith("all"):
            script.identity[datum] = value.strip()
            show(script, arguments)
            return
        stem, found = datum.removesuffix("all"), _BOTH.fullmatch(value)
        name, number = (found["name"], found["number"]) if found is not None else ("", value)
        script.identity[stem + "name"] = name.strip()
        script.identity[stem + "num"] = number.strip()
        show(script, arguments)

    return Function(read, write)


def _show_connected(script: Script, arguments: str) -> None:
    if "i" in arguments.partition(",")[2] or not script.leg.answered:
        return
    number, name = (script.identity.get(f"CONNECTEDLINE:{what}", "") for what in ("num", "name"))
    word = script.identity.get("CONNECTEDLINE:num-pres", script.identity.get("CONNECTEDLINE:pres", "allowed"))
    presentation = PRESENTATIONS.get(word.lower().partition("_")[0], Presentation.ALLOWED)
    script.leg.identify(Party(number, name, presentation))


def _show_diversion(script: Script, arguments: str) -> None:
    """Who diverted the call, and why, is told with every leg that is called for it from now on."""
    for datum, variable in _CAME.items():
        value = script.identity.get(datum)
        if value is not None:
            script.leg.variables[variable] = _REASONS.get(value, value) if datum.endswith("reason") else value


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CONNECTEDLINE": _function("CONNECTEDLINE", _CONNECTED, _show_connected),
    "REDIRECTING": _function("REDIRECTING", _REDIRECTING, _show_diversion),
}
