"""CURL and CURLOPT: what a web server answers (Asterisk funcs/func_curl.c).

Asked only where the configuration allows it, for a bounded time, and for a bounded answer. A value in an address
is a value: encode it with URIENCODE.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError, unshield

__all__ = ["FUNCTIONS"]

_LONGEST: Final = 30.0
"""Seconds that a caller waits for an answer, whatever CURLOPT says."""
_DRIPPING: Final = 1.0
"""Seconds more for a server that answers bit by bit, each of them in time."""
_MOST: Final = 65536
"""Bytes of an answer that are kept."""
_REDIRECTIONS: Final = 5
_DEFAULTS: Final[Mapping[str, str]] = {
    "conntimeout": "5",
    "failurecodes": "",
    "followlocation": "0",
    "hashcompat": "no",
    "httpheader": "",
    "httptimeout": "10",
    "maxredirs": str(_REDIRECTIONS),
    "referer": "",
    "ssl_verifypeer": "1",
    "useragent": "Copperline",
    "userpwd": "",
}
_KEY: Final = "CURLOPT:"


def _option(script: Script, name: str) -> str:
    known = name.strip().lower()
    if known not in _DEFAULTS:
        raise ScriptError(f"CURLOPT knows no {name[:40]!r}: {' '.join(_DEFAULTS)}")
    return script.identity.get(_KEY + known, _DEFAULTS[known])


def _set_option(script: Script, name: str, value: str) -> None:
    _option(script, name)
    if "\r" in value or "\n" in value:
        raise ScriptError(f"CURLOPT({name.strip()}) has a line break")
    key = _KEY + name.strip().lower()
    if name.strip().lower() == "httpheader":
        value = "\n".join(filter(None, (script.identity.get(key, ""), value)))
    script.identity[key] = value


def _seconds(script: Script, name: str) -> float:
    try:
        return max(0.1, min(float(_option(script, name)), _LONGEST))
    except ValueError as fault:
        raise ScriptError(f"CURLOPT({name}) is no number of seconds") from fault


def _yes(script: Script, name: str) -> bool:
    return _option(script, name).strip().lower() in ("1", "yes", "true", "on")


async def _curl(script: Script, text: str, values: Sequence[str]) -> str:
    """`CURL(address[,body])`: what is there; with a body that is posted."""
    if not script.shared.permissions.http:
        raise ScriptError("web servers are not asked here: [permissions] http = true would allow it")
    address, *body = [unshield(word, values) for word in split(text, limit=2)]
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError, TypeError) as fault:
        raise ScriptError(f"{address[:80]!r} is no address") from fault
    if url.scheme not in ("http", "https") or not url.host:
        raise ScriptError(f"{address[:80]!r} is no address: write https://host/path")
    try:
        async with asyncio.timeout(_seconds(script, "httptimeout") + _DRIPPING):
            status, answer = await _ask(script, url, body[0] if body else None)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as fault:
        raise ScriptError(f"{url.host}: {fault or 'no answer in time'}") from fault
    if str(status) in (code.strip() for code in _option(script, "failurecodes").split(",")):
        raise ScriptError(f"{url.host} answered {status}")
    compat = _option(script, "hashcompat").strip().lower()
    if compat in ("yes", "1", "true", "on", "legacy"):
        return _as_hash(script, answer, plus=compat == "legacy")
    return answer.rstrip("\r\n")


async def _ask(script: Script, url: httpx.URL, body: str | None) -> tuple[int, str]:
    headers = {"User-Agent": _option(script, "useragent")}
    if referer := _option(script, "referer"):
        headers["Referer"] = referer
    for line in filter(None, _option(script, "httpheader").split("\n")):
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    if body is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    user, _, password = _option(script, "userpwd").partition(":")
    redirections = _option(script, "maxredirs")
    async with (
        httpx.AsyncClient(
            verify=_yes(script, "ssl_verifypeer"),
            timeout=httpx.Timeout(_seconds(script, "httptimeout"), connect=_seconds(script, "conntimeout")),
            follow_redirects=_yes(script, "followlocation"),
            max_redirects=min(int(redirections), _REDIRECTIONS) if redirections.isdecimal() else _REDIRECTIONS,
            auth=(user, password) if user else None,
            trust_env=False,
        ) as client,
        client.stream("GET" if body is None else "POST", url, content=body, headers=headers) as response,
    ):
        taken = bytearray()
        async for part in response.aiter_bytes():
            taken += part
            if len(taken) >= _MOST:
                break
        return response.status_code, bytes(taken[:_MOST]).decode(response.encoding or "utf-8", "replace")


def _as_hash(script: Script, answer: str, *, plus: bool) -> str:
    """Values of a form answer, with their names in ~ODBCFIELDS~, which HASH() takes them from."""
    pairs = httpx.QueryParams(answer.strip().replace("+", "%2B") if not plus else answer.strip()).multi_items()
    script.assign("~ODBCFIELDS~", ",".join(name.replace(",", "") for name, _ in pairs))
    return ",".join(value.replace(",", "\\,") for _, value in pairs)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CURL": Function(later=_curl, acts=True),
    "CURLOPT": Function(_option, _set_option),
}
