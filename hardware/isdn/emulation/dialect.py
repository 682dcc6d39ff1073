"""The families of terminal adapters that are emulated, as data: how each speaks, where they differ.

"i4l" is the modem emulator of isdn4linux (isdn_tty.c), "v253" an adapter with the voice commands of ITU-T V.253 and
the caller's number as modems show it (+VCID).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.core.codec import Encoding

__all__ = ["DIALECTS", "Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One family.

    Attributes:
        identity: what it calls itself.
        codings: values of +VSM; what has no coding can be chosen, and no audio be begun with it.
        reversed: codings whose octets have their bits the other way round.
        coding, line: values of +VSM and +VLS that +VIP sets.
        lines: values of +VLS, 0 for no audio.
        numbered: it has numbers of its own (&E, &L), needs one to dial, and takes calls to these alone.
        connected: the result that tells that both sides are connected, and that audio has ended.
        ring_every: milliseconds between two RINGs.
        commands: those that the others do not have.
    """

    identity: str
    codings: Mapping[int, Encoding | None]
    reversed: frozenset[Encoding] = frozenset()
    coding: int
    line: int
    lines: tuple[int, ...]
    numbered: bool
    connected: str
    ring_every: int
    commands: frozenset[str]


DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {
        "i4l": Dialect(
            identity="Linux ISDN",
            codings={2: None, 3: None, 4: None, 5: Encoding.PCMA, 6: Encoding.PCMU},
            reversed=frozenset({Encoding.PCMA}),
            coding=2,
            line=2,
            lines=(0, 2),
            numbered=True,
            connected="VCON",
            ring_every=1000,
            commands=frozenset({"&E", "&L", "+VDD", "+VNH"}),
        ),
        "v253": Dialect(
            identity="V.253",
            codings={0: None, 1: None, 4: Encoding.PCMU, 5: Encoding.PCMA},
            coding=1,
            line=0,
            lines=(0, 1),
            numbered=False,
            connected="OK",
            ring_every=5000,
            commands=frozenset({"+VCID", "+VIT", "+VTR"}),
        ),
    }
)
