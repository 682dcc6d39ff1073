"""How a country's exchanges tell a telephone who calls: with which signal, and before or after the first ring.

A caller and a way go in, the samples of everything that is sent come out; the digits of DTMF caller ID go in, the
caller comes out. Ways: GR-30-CORE and EN 300 659-1 (FSK in the first long pause of ringing), SIN 227 and
EN 300 659-1 (polarity reversal, dual tone alerting signal, FSK, then ringing), EN 300 659-1 annex B and national
practice (polarity reversal, DTMF, then ringing).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from gateway.core.audio import Samples, Sound
from gateway.core.number import Presentation
from gateway.media.cadence import dtmf, render
from gateway.media.caller_id import CallerId, encode_lamp, encode_mdmf, encode_sdmf
from gateway.media.fsk import Standard, modulate

__all__ = ["AFTER_SIGNAL", "Delivery", "read_digits"]

AFTER_SIGNAL: Final = 0.3
"""Seconds from the end of a signal before ringing to the first ring (EN 300 659-1: 200 to 500 ms)."""

_AFTER_RING: Final = 0.5
"""Seconds of silence between a burst of ringing and FSK (GR-30: 500 ms at least)."""
_AFTER_REVERSAL: Final = 0.25
"""Seconds of silence after a reversal (SIN 227: 100 ms at least; DTMF: 200 ms at least)."""
_AFTER_ALERT: Final = 0.15
"""Seconds between alerting signal and FSK (45 to 500 ms)."""
_ALERT: Final = "!2130@-15+2750@-15/100"
"""Dual tone alerting signal, DT-AS."""
_DIGIT: Final = 0.07
"""Seconds of a digit, and of the pause after it."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way. Attributes: modem of FSK; whether in a single data message; whether it goes before ringing;
    restricted, unavailable, end: of DTMF."""

    name: str
    modem: Standard | None
    single: bool = False
    before: bool = False
    restricted: str = ""
    unavailable: str = ""
    end: str = ""


class Delivery(Enum):
    """A way of telling the caller. `of` finds it by its name in configuration."""

    BELL_202 = _Way("bell202", Standard.BELL_202)
    V23 = _Way("v23", Standard.V23)
    BELL_202_SINGLE = _Way("bell202-sdmf", Standard.BELL_202, single=True)
    """Displays that know the older single data message (GR-30 SDMF) alone: time and number, no name."""
    V23_SINGLE = _Way("v23-sdmf", Standard.V23, single=True)
    V23_ALERT = _Way("v23-alert", Standard.V23, before=True)
    DTMF = _Way("dtmf", None, before=True, restricted="B10C", unavailable="B00C", end="C")
    """Sweden, the Netherlands, Brazil."""
    DTMF_DENMARK = _Way("dtmf-dk", None, before=True, restricted="D1#", unavailable="D2#", end="#")

    @classmethod
    def of(cls, name: str) -> Delivery:
        """The way that configuration calls `name`."""
        return next(way for way in cls if way.value.name == name)

    @classmethod
    def in_country(cls, country: str) -> Delivery:
        """What most exchanges of a country do; V.23 after the first ring where nothing else is known."""
        return _COUNTRIES.get(country, cls.V23)

    @property
    def modem(self) -> Standard | None:
        """The FSK modem; None where DTMF is sent."""
        return self.value.modem

    @property
    def before_ringing(self) -> bool:
        """Whether it goes before the first ring, announced by a polarity reversal."""
        return self.value.before

    def signal(self, caller: CallerId) -> Samples:
        """All that is sent, with the silence before it: after a burst of ringing, or after the reversal.

        Raises:
            LocalError: number or name cannot be carried, or a single data message has no time to tell.
        """
        if self.value.modem is None:
            digits = self.digits(caller)
            return np.concatenate([_silence(_AFTER_REVERSAL), dtmf(digits, _DIGIT, _DIGIT)])
        message = encode_sdmf(caller) if self.value.single else encode_mdmf(caller)
        spill = modulate(message, self.value.modem)
        if not self.value.before:
            return np.concatenate([_silence(_AFTER_RING), spill])
        alert = render("DT-AS", _ALERT).samples
        return np.concatenate([_silence(_AFTER_REVERSAL), alert, _silence(_AFTER_ALERT), spill])

    def lamp(self, on: bool) -> Sound:
        """What lights a telephone's message lamp on-hook, or puts it out: always FSK, DTMF has no sign for it."""
        spill = modulate(encode_lamp(on, single=self.value.single), self.value.modem or Standard.V23)
        return Sound(f"message lamp {'on' if on else 'off'}", np.concatenate([_silence(_AFTER_RING), spill]))

    def digits(self, caller: CallerId) -> str:
        """The DTMF digits that tell `caller`; a name has none."""
        number = "".join(digit for digit in caller.number if digit.isdigit())
        if caller.presentation is Presentation.RESTRICTED:
            return self.value.restricted
        if caller.presentation is not Presentation.ALLOWED or not number:
            return self.value.unavailable
        return f"A{number}{self.value.end}"


_COUNTRIES: Final = {
    **dict.fromkeys(("us", "au", "cn", "mx", "nz", "sg"), Delivery.BELL_202),
    **dict.fromkeys(("se", "nl", "br"), Delivery.DTMF),
    "uk": Delivery.V23_ALERT,
    "dk": Delivery.DTMF_DENMARK,
}

_NUMBER: Final = re.compile(r"[AD]?(\d{2,20})[C#]?")
"""A is the caller, D who forwarded the call; some exchanges leave the start or the end out."""
_REASONS: Final = {
    "B10C": Presentation.RESTRICTED,
    "B00C": Presentation.UNAVAILABLE,
    "D1#": Presentation.RESTRICTED,
    "D2#": Presentation.UNAVAILABLE,
    "D3#": Presentation.UNAVAILABLE,
}


def read_digits(digits: str) -> CallerId | None:
    """The caller told by the DTMF digits of an announcement, of any country; None where they tell nobody."""
    if digits in _REASONS:
        return CallerId(presentation=_REASONS[digits])
    # Where both are told, the caller comes first.
    told = _NUMBER.match(digits)
    return CallerId(told[1]) if told else None


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), np.int16)
