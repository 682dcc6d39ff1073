"""Families of terminal adapters as data: what each is told, and by what it shows what it does.

Settings are command lines without AT, sent one after the other, each once the one before has been answered by OK.
In them {own} is the first number, {numbers} all of them, {coding} the number of the coding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.core.codec import Encoding
from hardware.isdn.shielding import DLE, END, STOP

__all__ = ["PROFILES", "Profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One family.

    Attributes:
        settings: see above.
        codings: value of +VSM by coding.
        reversed: codings whose octets have their bits the other way round.
        dial: with {own} and {number}.
        answer: the command that takes a call.
        stream: the command that begins audio both ways.
        stop: octets that end it.
        ok_connects: OK, and no word of its own, tells that both sides are connected.
        codes_tell_digits: keys of the far side are told by codes; otherwise they are heard in the audio.
        ring_gap: seconds without RING after which the caller has given up; None where RUNG tells that.
    """

    settings: tuple[str, ...]
    codings: Mapping[Encoding, str]
    reversed: frozenset[Encoding] = frozenset()
    dial: str
    answer: str = "A"
    stream: str
    stop: bytes
    ok_connects: bool = False
    codes_tell_digits: bool = False
    ring_gap: float | None = None


PROFILES: Final[Mapping[str, Profile]] = {
    # isdn4linux (Documentation/isdn/README, README.audio): S13 has the bits for causes, for the caller's number
    # after the first RING alone, and for RUNG; S23 those for the called number in RING, for RINGING and PROCEEDING.
    # S18 is set to speech alone after +FCLASS, which asks for data, too. S7 has no more than 255 s.
    "i4l": Profile(
        settings=(
            "&FE0V1Q0",
            "+FCLASS=8",
            "+VIP",
            "+VLS=2",
            "+VSM={coding}",
            "S7=255S13=88S18=1S23=25",
            "&E{own}",
            "&L{numbers}",
        ),
        codings={Encoding.PCMU: "6", Encoding.PCMA: "5"},
        reversed=frozenset({Encoding.PCMA}),
        dial="&E{own}D{number}",
        stream="+VTX+VRX",
        stop=STOP + END,
    ),
    # ITU-T V.253: one command for audio both ways, DLE ^ ends it; +VCID shows the caller as modems do.
    "v253": Profile(
        settings=("&FE0V1Q0", "+FCLASS=8", "+VCID=1", "+VIT=0", "+VSM={coding},8000", "+VLS=1"),
        codings={Encoding.PCMU: "4", Encoding.PCMA: "5"},
        dial="DT{number}",
        stream="+VTR",
        stop=DLE + b"^",
        ok_connects=True,
        codes_tell_digits=True,
        ring_gap=8.0,
    ),
}
"""The families by the name that a configuration gives them."""
