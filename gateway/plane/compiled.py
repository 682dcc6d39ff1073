"""`FINGERPRINT`: a checksum of all files that the loop is compiled of, for its entries to use (media/compiled)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import gateway.media.codec.amr
import gateway.media.codec.bits
import gateway.media.codec.dvi4
import gateway.media.codec.g722
import gateway.media.codec.g723
import gateway.media.codec.g726
import gateway.media.codec.speex
import gateway.media.detect
import gateway.media.fax_tone
import gateway.media.pointers
from gateway.media.compiled import checksum
from gateway.media.echo_canceller import SOURCES

__all__ = ["FINGERPRINT"]

_CONTROL: Final = frozenset(
    f"{name}.py"
    for name in (
        "__init__ arena capture conference control crew heard ledger memory plane plays protection row rtcp rtp "
        "rtp_row thread warm"
    ).split()
)
"""Files of which nothing is compiled. One that is missing here costs a needless compilation, never old code."""


def _fingerprint() -> int:
    room = sorted(file for file in Path(__file__).parent.glob("*.py") if file.name not in _CONTROL)
    modules = (
        gateway.media.detect,
        gateway.media.fax_tone,
        gateway.media.pointers,
        gateway.media.codec.amr,
        gateway.media.codec.bits,
        gateway.media.codec.dvi4,
        gateway.media.codec.g722,
        gateway.media.codec.g723,
        gateway.media.codec.g726,
        gateway.media.codec.speex,
    )
    return checksum([*room, *(Path(module.__file__) for module in modules if module.__file__), *SOURCES])


FINGERPRINT: Final = _fingerprint()
"""Checksum of the sources that make up the loop; never negative."""
