"""PJSIP_HEADER PJSIP_HEADERS SIP_HEADER: what came with a call, and what goes with one that is placed.

Read from the INVITE that a leg came in with; added to the one that calls a leg, by a subroutine of Dial's option
`b`. Asterisk res/res_pjsip_header_funcs.c, channels/chan_sip.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.added import PREFIX, header, slots
from gateway.core.errors import LocalError

__all__ = ["FUNCTIONS", "add_header", "remove_headers"]

_SLOTS: Final = 50
"""Header fields that one leg may add."""


def add_header(script: Script, name: str, value: str, inherited: str = "") -> None:
    """Add a field to what the leg, or those that inherit from it, will be called with.

    Raises:
        ScriptError: it is no field that may be added, or there are too many.
    """
    variables = script.leg.variables
    try:
        written = header(name, value)
    except LocalError as fault:
        raise ScriptError(str(fault)) from fault
    taken = {key.lstrip("_") for key in slots(variables)}
    free = next((key for at in range(1, _SLOTS + 1) if (key := f"{PREFIX}{at:02d}") not in taken), None)
    if free is None:
        raise ScriptError(f"more than {_SLOTS} headers on one call")
    script.assign(inherited + free, written)


def remove_headers(script: Script, name: str) -> int:
    """Take out the fields added by that name, or beginning with it where it ends in `*`; how many they were."""
    variables, wanted = script.leg.variables, name.strip().lower()
    stem = wanted.removesuffix("*")
    found = 0
    for key in list(slots(variables)):
        given = variables[key].partition(":")[0].strip().lower()
        if given == wanted or (stem != wanted and given.startswith(stem)):
            del variables[key]
            found += 1
    return found


def _number(text: str) -> int:
    text = text.strip()
    if not text:
        return 1
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:4])):
        raise ScriptError(f"{text[:20]!r} is no number of a header: the first is 1")
    return int(text[:4])


def _received(script: Script, name: str, number: str) -> str:
    if not name.strip():
        raise ScriptError("the name of a header is wanted")
    values = [value for given, value in script.leg.headers if given.lower() == name.strip().lower()]
    at = _number(number)
    return values[at - 1] if at <= len(values) else ""


def _read(script: Script, arguments: str) -> str:
    """`PJSIP_HEADER(read,name[,number])`."""
    action, name, number, *_ = [*split(arguments), "", ""]
    if action.strip().lower() != "read":
        raise ScriptError(f"PJSIP_HEADER can read, not {action[:20]!r}; it is Set() that adds, updates and removes")
    return _received(script, name, number)


def _write(script: Script, arguments: str, value: str) -> None:
    """`PJSIP_HEADER(add|update|remove,name[,number])=value`."""
    action, name, number, *_ = [*split(arguments), "", ""]
    match action.strip().lower():
        case "add":
            _placed(script)
            add_header(script, name, value)
        case "update":
            _update(script, name, _number(number), value)
        case "remove":
            remove_headers(script, name)
        case unknown:
            raise ScriptError(f"PJSIP_HEADER knows no {unknown[:20]!r}: read add update remove")


def _placed(script: Script) -> None:
    """Note where a field goes nowhere: the leg is not one that is called."""
    if script.leg.headers:
        script.note(
            "PJSIP_HEADER: added to the leg of the caller, it goes to nobody: add it in a subroutine of Dial's b()"
        )


def _update(script: Script, name: str, number: int, value: str) -> None:
    variables, wanted = script.leg.variables, name.strip().lower()
    found = [key for key in slots(variables) if variables[key].partition(":")[0].strip().lower() == wanted]
    if number > len(found):
        raise ScriptError(f"no header {name[:40]!r} has been added that could be updated")
    try:
        variables[found[number - 1]] = header(name, value)
    except LocalError as fault:
        raise ScriptError(str(fault)) from fault


def _names(script: Script, arguments: str) -> str:
    """`PJSIP_HEADERS([beginning])`: the names of what came with the call, each once."""
    stem = split(arguments)[0].strip().lower()
    names = dict.fromkeys(name for name, _ in script.leg.headers if name.lower().startswith(stem))
    return ",".join(names)


def _sip_header(script: Script, arguments: str) -> str:
    """`SIP_HEADER(name[,number])`, as older offices have it."""
    name, number, *_ = [*split(arguments), ""]
    return _received(script, name, number)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "PJSIP_HEADER": Function(_read, _write),
    "PJSIP_HEADERS": Function(_names),
    "SIP_HEADER": Function(_sip_header),
}
