"""ENUMLOOKUP ENUMQUERY ENUMRESULT: telephone numbers looked up in the DNS (RFC 6116; Asterisk funcs/func_enum.c).

A number's digits, reversed, are a name below a zone; its NAPTR records say by which URIs the number is reached.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import regex
from dns.asyncresolver import Resolver

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError, unshield

__all__ = ["FUNCTIONS", "Naptr", "choose", "zone_name"]

_ZONE: Final = "e164.arpa"
_PATIENCE: Final = 4.0
"""Seconds for an answer; the caller hears nothing meanwhile."""
_MOST: Final = 30
"""Records of one number that are looked at."""
_LED_ON: Final = 5
"""Names to which records of one number may lead on."""
_FURTHER: Final = 1.5
"""Seconds for an answer about such a name: its servers are others, and there may be other records."""
_TURN: Final = 0.05
"""Seconds for one expression: it comes from somebody else's DNS."""
_QUERY: Final = "ENUM:"
_QUERIES: Final = 20
"""Queries of one call that are kept."""
_SERVICE: Final = re.compile(r"E2U\+(?P<services>[a-z0-9:+-]+)", re.IGNORECASE)
"""RFC 6116 section 3.4.3; the older order `sip+E2U` is read, too."""

Naptr = tuple[int, int, str, str]
"""Order, preference, service and expression of a record."""


def zone_name(number: str, zone: str = _ZONE) -> str:
    """The name of a number (RFC 6116 section 3.2): +1 256 is 6.5.2.1.e164.arpa.

    Raises:
        ScriptError: no number.
    """
    digits = [character for character in number if character in "0123456789"]
    if not digits or len(digits) > 32:
        raise ScriptError(f"{number[:40]!r} is no telephone number")
    return ".".join([*reversed(digits), (zone.strip() or _ZONE).strip(".")])


def choose(number: str, records: Sequence[Naptr], method: str) -> list[tuple[str, str]]:
    """The services and URIs of a number by that method (`ALL` for any), the dearest first."""
    found: list[tuple[str, str]] = []
    wanted = method.strip().lower() or "sip"
    for _, _, service, expression in sorted(records, key=lambda record: record[:2])[:_MOST]:
        services = _services(service)
        if wanted != "all" and wanted not in services:
            continue
        uri = _rewritten(number, expression)
        if uri is not None and services:
            found.append((services[0], uri))
    return found


def _services(text: str) -> list[str]:
    match = _SERVICE.fullmatch(text.strip())
    if match is not None:
        names = match["services"].lower().split("+")
    elif text.lower().endswith("+e2u"):
        names = text.lower().removesuffix("+e2u").split("+")
    else:
        return []
    return [*names, *(name.partition(":")[0] for name in names if ":" in name)]


def _rewritten(number: str, expression: str) -> str | None:
    """Apply the expression of a record, `!expression!replacement![i]`, to a number (RFC 3402 section 3.2)."""
    mark = expression[:1]
    parts = expression[1:].split(mark) if mark else []
    if len(parts) != 3 or mark.isalnum() or mark == "\\" or parts[2].lower() not in ("", "i"):
        return None
    try:
        pattern = regex.compile(parts[0], regex.IGNORECASE if parts[2] else 0)
        match = pattern.search(number, timeout=_TURN)
        if match is None:
            return None
        uri = regex.sub(r"\\([1-9])", lambda group: match[int(group[1])] or "", parts[1])
    except (regex.error, IndexError, TimeoutError):
        return None
    return uri if len(uri) <= 256 and uri.isprintable() else None


async def _ask(script: Script, number: str, zone: str) -> list[Naptr]:
    if not script.shared.permissions.network:
        raise ScriptError("nobody on the network is asked in a dry run")
    name = zone_name(number, zone)
    try:
        resolver = (script.shared.resolver or dns.asyncresolver.Resolver)()
        async with asyncio.timeout(_PATIENCE):
            return await _records(resolver, name, {name})
    except (dns.exception.DNSException, OSError, ValueError) as fault:
        why = f"not within {_PATIENCE:g} s" if isinstance(fault, TimeoutError) else fault
        raise ScriptError(f"the DNS does not answer for {number}: {why}") from fault


async def _records(resolver: Resolver, name: str, asked: set[str], patience: float = _PATIENCE) -> list[Naptr]:
    """The records of a name, and of those to which they lead on (RFC 3403 4.1), each in its record's place."""
    try:
        answer = await resolver.resolve(name, dns.rdatatype.NAPTR, lifetime=patience)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    found: list[Naptr] = []
    for record in sorted(answer, key=lambda record: (record.order, record.preference))[:_MOST]:
        if record.flags.lower() == b"u":
            service, rule = record.service.decode("ascii", "replace"), record.regexp.decode("utf-8", "replace")
            found.append((record.order, record.preference, service, rule))
        elif not record.flags and not record.regexp:
            further = record.replacement.to_text().lower()
            if further not in asked and len(asked) <= _LED_ON:
                asked.add(further)
                try:
                    led = await _records(resolver, further, asked, _FURTHER)
                except dns.exception.DNSException:
                    continue
                found += [(record.order, record.preference, kind, rule) for _, _, kind, rule in led]
    return found


def _told(method: str, service: str, uri: str) -> str:
    """A URI as dialplans want it: without its scheme, where one method was asked for."""
    return f"{service}:{uri}" if method.strip().lower() == "all" else uri.partition(":")[2] or uri


async def _lookup(script: Script, text: str, values: Sequence[str]) -> str:
    """`ENUMLOOKUP(number[,method[,options[,record[,zone]]]])`; option `c` counts."""
    words = [*(unshield(word, values).strip() for word in split(text)), *[""] * 5]
    number, method, chosen, record, zone = words[:5]
    found = choose(_dialled(number), await _ask(script, number, zone), method)
    if "c" in chosen.lower():
        return str(len(found))
    at = int(record[:4]) if record.isascii() and record.isdecimal() else 1
    return _told(method, *found[at - 1]) if 0 < at <= len(found) else ""


def _dialled(number: str) -> str:
    """A number as expressions see it: `+` and digits (RFC 6116 section 3.2 step 1)."""
    return "+" + "".join(character for character in number if character in "0123456789")


async def _query(script: Script, text: str, values: Sequence[str]) -> str:
    """`ENUMQUERY(number[,method[,zone]])`: an id for ENUMRESULT."""
    words = [*(unshield(word, values).strip() for word in split(text)), *[""] * 3]
    number, method, zone = words[:3]
    kept = sum(key.startswith(_QUERY) for key in script.identity)
    if kept >= _QUERIES:
        raise ScriptError(f"more than {_QUERIES} ENUM queries in one call")
    found = choose(_dialled(number), await _ask(script, number, zone), method)
    script.identity[f"{_QUERY}{kept + 1}"] = "\n".join(_told(method, *each) for each in found)
    return str(kept + 1)


def _result(script: Script, arguments: str) -> str:
    """`ENUMRESULT(id,number)`; `getnum` in the place of the number counts."""
    query, which, *_ = [*(word.strip() for word in split(arguments)), ""]
    if _QUERY + query not in script.identity:
        raise ScriptError(f"ENUMRESULT: there was no query {query[:20]!r}")
    found = script.identity[_QUERY + query].split("\n") if script.identity[_QUERY + query] else []
    if which.lower() == "getnum":
        return str(len(found))
    at = int(which[:4]) if which.isascii() and which.isdecimal() else 0
    return found[at - 1] if 0 < at <= len(found) else ""


FUNCTIONS: Final[Mapping[str, Function]] = {
    "ENUMLOOKUP": Function(later=_lookup),
    "ENUMQUERY": Function(later=_query, acts=True),
    "ENUMRESULT": Function(_result),
}
