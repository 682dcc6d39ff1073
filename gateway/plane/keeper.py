"""What codings keep of their streams: made new when it is first used, for most rows keep nothing."""

from __future__ import annotations

from typing import Any

from gateway.media.codec.dvi4 import reset_dvi4
from gateway.media.codec.g722 import reset_g722
from gateway.media.codec.g726 import reset_g726
from gateway.media.compiled import stage
from gateway.plane.access import coding_at
from gateway.plane.reclock import forget_clock
from gateway.plane.table import HISTORY, Shared

__all__ = ["forget_codings", "keeper_of"]


@stage
def forget_codings(t: Shared, i: int) -> None:
    """Row `i` begins anew, both ways."""
    for k in range(2):
        coding = coding_at(t, i + k * t["row_count"])
        if coding["begun"] != 0:
            coding["begun"] = 0


@stage
def keeper_of(t: Shared, index: int) -> Any:
    """What coding `index` keeps of its stream; most rows keep nothing."""
    coding = coding_at(t, index)
    if coding["begun"] == 0:
        coding["begun"] = 1
        reset_g722(coding["g722"])
        reset_g726(coding["g726"])
        reset_dvi4(coding["dvi4"])
        forget_clock(coding)
        for n in range(HISTORY):
            coding["history"][n] = 0
    return coding
