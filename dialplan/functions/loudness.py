"""VOLUME JITTERBUFFER: how a leg sounds (Asterisk funcs/func_volume.c, func_jitterbuffer.c)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]

_FACTOR: Final = re.compile(r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,3})?)\s*")
_MOST: Final = 24.0
"""dB: past that speech is noise."""
_JITTER: Final = frozenset({"adaptive", "disabled", "fixed"})


def _set_volume(script: Script, arguments: str, value: str) -> None:
    """`VOLUME(TX|RX[,options])=factor`: what the leg hears, or says, so many times as loud; -2 is half as loud.

    The keys of option `p` are not there.
    """
    direction, options, *_ = [*split(arguments), ""]
    found = _FACTOR.fullmatch(value)
    if direction.strip().upper() not in ("TX", "RX") or found is None:
        raise ScriptError("VOLUME wants VOLUME(TX)=factor or VOLUME(RX)=factor")
    if "p" in options:
        script.note("VOLUME: option p is not built in: keys do not change the volume")
    factor = float(found[1])
    gain = math.copysign(20 * math.log10(max(abs(factor), 1.0)), factor)
    gain = max(-_MOST, min(_MOST, gain))
    said, heard = script.leg.gains
    script.leg.tune(*((gain, heard) if direction.strip().upper() == "RX" else (said, gain)))


def _set_jitter(script: Script, arguments: str, value: str) -> None:
    """`JITTERBUFFER(kind)=...`: every leg of packets has an adaptive one of its own."""
    kind = arguments.strip().lower()
    if kind not in _JITTER:
        raise ScriptError(f"JITTERBUFFER knows no {kind[:20]!r}: {' '.join(sorted(_JITTER))}")
    if kind != "adaptive":
        script.note(f"JITTERBUFFER({kind}): the jitter buffer stays as it is, which is adaptive")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "JITTERBUFFER": Function(write=_set_jitter),
    "VOLUME": Function(write=_set_volume),
}
