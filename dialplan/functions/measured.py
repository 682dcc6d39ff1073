"""What CHANNEL() tells of a leg's audio and signalling: `rtcp`, `rtpqos`, `pjsip` and the formats in use.

Asterisk channels/pjsip/dialplan_functions.c, funcs/func_channel.c. What a leg has none of is told as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.script import Script
from dialplan.substitution import ScriptError
from gateway.core.audio import AudioStats
from gateway.core.codec import Encoding
from gateway.core.switch import HungUp

__all__ = ["measured"]

_FORMATS: Final[Mapping[Encoding, str]] = {
    Encoding.PCMU: "ulaw",
    Encoding.PCMA: "alaw",
    Encoding.G722: "g722",
}
_COUNTED: Final[Mapping[str, Callable[[AudioStats], str]]] = {
    "rtt": lambda stats: "" if stats.round_trip is None else f"{stats.round_trip:f}",
    "rxcount": lambda stats: str(stats.received),
    "rxjitter": lambda stats: f"{stats.jitter:f}",
    "rxploss": lambda stats: str(stats.lost),
    "txcount": lambda stats: str(stats.sent),
    "txjitter": lambda stats: f"{stats.far_jitter:f}",
    "txploss": lambda stats: str(stats.far_lost),
}
_HEADERS: Final[Mapping[str, str]] = {
    "call-id": "Call-ID",
    "local_uri": "To",
    "remote_uri": "From",
    "user_agent": "User-Agent",
}


def measured(script: Script, words: list[str]) -> str | None:
    """One item, by the words in CHANNEL's parentheses; None where it is none of these.

    Raises:
        ScriptError: there is no such item.
    """
    kind = words[0]
    if kind in ("audioreadformat", "audiowriteformat", "audionativeformat"):
        encoding = _stats(script).encoding
        return "" if encoding is None else _FORMATS.get(encoding, encoding.name.lower())
    if kind in ("rtcp", "rtpqos"):
        item = words[-1] if kind == "rtpqos" else next((word for word in words[1:] if word), "all")
        return _count(item)(_stats(script))
    if kind == "pjsip":
        return _header(script, words[1] if len(words) > 1 else "")
    return None


def _stats(script: Script) -> AudioStats:
    try:
        return script.leg.audio.stats()
    except (HungUp, RuntimeError):
        return AudioStats()


def _count(item: str) -> Callable[[AudioStats], str]:
    if item == "all":
        return lambda stats: ";".join(f"{name}={tell(stats)}" for name, tell in _COUNTED.items())
    found = _COUNTED.get(item.removeprefix("local_").removeprefix("remote_"))
    if found is None:
        raise ScriptError(f"CHANNEL counts no {item[:40]!r}: all {' '.join(_COUNTED)}")
    return found


def _header(script: Script, item: str) -> str:
    name = _HEADERS.get(item)
    if name is None:
        raise ScriptError(f"CHANNEL(pjsip,…) knows no {item[:40]!r}: {' '.join(_HEADERS)}")
    return next((value for given, value in script.leg.headers if given.lower() == name.lower()), "")
