"""CALLERID: who calls, as this leg shows it; read and written (Asterisk funcs/func_callerid.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.carried import DIVERTED_BY
from gateway.core.number import Party, Presentation

__all__ = ["FUNCTIONS", "PRESENTATIONS"]

_BOTH: Final = re.compile(r'\s*"?(?P<name>[^"<]*?)"?\s*<(?P<number>[^>]*)>\s*')
PRESENTATIONS: Final = {
    "allowed": Presentation.ALLOWED,
    "prohib": Presentation.RESTRICTED,
    "unavailable": Presentation.UNAVAILABLE,
}
"""The first word of Asterisk's presentation names decides: allowed_passed_screen, prohib_not_screened, …"""
_NAMES: Final = {
    Presentation.ALLOWED: "allowed_not_screened",
    Presentation.RESTRICTED: "prohib_not_screened",
    Presentation.UNAVAILABLE: "unavailable",
}


def _all(party: Party) -> str:
    return f'"{party.name}" <{party.number}>'


def _presentation(script: Script) -> str:
    return script.identity.get("pres", _NAMES[script.leg.party.presentation])


_READ: Final[Mapping[str, Callable[[Script], str]]] = {
    "all": lambda script: _all(script.leg.party),
    "dnid": lambda script: script.identity.get("dnid", script.leg.called),
    "name": lambda script: script.leg.party.name,
    "name-pres": _presentation,
    "name-valid": lambda script: str(int(bool(script.leg.party.name))),
    "num": lambda script: script.leg.party.number,
    "num-pres": _presentation,
    "num-valid": lambda script: str(int(bool(script.leg.party.number))),
    "number": lambda script: script.leg.party.number,
    "pres": _presentation,
    "rdnis": lambda script: script.leg.variables.get(DIVERTED_BY, ""),
}


def _set_name(script: Script, value: str) -> None:
    script.leg.party = replace(script.leg.party, name=value.strip().strip('"'))


def _set_number(script: Script, value: str) -> None:
    script.leg.party = replace(script.leg.party, number=value.strip())


def _set_all(script: Script, value: str) -> None:
    found = _BOTH.fullmatch(value)
    if found is not None:
        script.leg.party = replace(script.leg.party, name=found["name"].strip(), number=found["number"].strip())
    elif value.strip().lstrip("+").isdecimal():
        script.leg.party = replace(script.leg.party, name="", number=value.strip())
    else:
        script.leg.party = replace(script.leg.party, name=value.strip().strip('"'), number="")


def _set_presentation(script: Script, value: str) -> None:
    presentation = PRESENTATIONS.get(value.strip().lower().partition("_")[0])
    if presentation is None:
        raise ScriptError(f"{value[:40]!r} is no presentation: allowed, prohib or unavailable")
    script.identity["pres"] = value.strip()
    script.leg.party = replace(script.leg.party, presentation=presentation)


def _set_diverter(script: Script, value: str) -> None:
    """The same as REDIRECTING(from-num)."""
    script.assign("REDIRECTING(from-num)", value)


def _set_identity(key: str) -> Callable[[Script, str], None]:
    def write(script: Script, value: str) -> None:
        script.identity[key] = value

    return write


_WRITE: Final[Mapping[str, Callable[[Script, str], None]]] = {
    "all": _set_all,
    "dnid": _set_identity("dnid"),
    "name": _set_name,
    "name-pres": _set_presentation,
    "num": _set_number,
    "num-pres": _set_presentation,
    "number": _set_number,
    "pres": _set_presentation,
    "rdnis": _set_diverter,
}


_KEPT: Final[Mapping[str, str]] = {
    "ani": "",
    "ani2": "0",
    "name-charset": "iso8859-1",
    "num-plan": "0",
    "subaddr": "",
    "tag": "",
}
"""What is kept for the script to read again, with what it is before it is set."""


def _read(script: Script, arguments: str) -> str:
    datum = arguments.split(",")[0].strip().lower()
    if datum in _KEPT:
        return script.identity.get(datum, _KEPT[datum])
    reader = _READ.get(datum)
    if reader is None:
        raise ScriptError(f"CALLERID knows no {arguments[:40]!r}: {' '.join(_READ)}")
    return reader(script)


def _write(script: Script, arguments: str, value: str) -> None:
    datum = arguments.split(",")[0].strip().lower()
    if datum in _KEPT:
        script.identity[datum] = value
        return
    writer = _WRITE.get(datum)
    if writer is None:
        raise ScriptError(f"CALLERID cannot set {arguments[:40]!r}: {' '.join(_WRITE)}")
    writer(script, value)


FUNCTIONS: Final[Mapping[str, Function]] = {"CALLERID": Function(_read, _write)}
