"""Tones of one's own in the configuration: [tones.NAME], and the zones that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.config.values import Items, Settings, refuse
from gateway.core.errors import LocalError
from gateway.media.cadence import render
from gateway.media.tone import ZONES, Zone

__all__ = ["TONE_NAMES", "ToneSettings", "tone_zones"]

TONE_NAMES: Final = (
    "dial",
    "busy",
    "ring",
    "congestion",
    "callwaiting",
    "dialrecall",
    "record",
    "info",
    "stutter",
)
"""Tones that have settings of their own."""
_USUAL: Final = "us"
_MOST: Final = 50
"""Tones of one zone beside these."""


def _tone(text: str) -> str:
    try:
        if text:
            render("", text)
    except LocalError as error:
        raise refuse(str(error), 'write it as "425/480,0/480"') from error
    return text


def _others(tones: Mapping[str, str]) -> Mapping[str, str]:
    if len(tones) > _MOST:
        raise refuse(f"{len(tones)} tones are more than {_MOST}", "leave some out")
    return MappingProxyType(dict(tones))


def _country(name: str) -> str:
    if name and name not in ZONES:
        raise refuse(f'the tones of "{name}" are not known here', f"known here: {', '.join(sorted(ZONES))}")
    return name


_Tone = Annotated[str, AfterValidator(_tone)]


class ToneSettings(Settings):
    """[tones.NAME]: tones of a country that has none here, or that differ from those of country NAME.

    Each tone is written as in Asterisk's indications.conf: "425/480,0/480", Hz joined by + (* modulates), a slash
    and milliseconds, ! for what is heard once, 0 for silence.

    Attributes:
        like: the country whose tones hold where nothing is written; where empty, NAME, or us where NAME is none.
        ringing: milliseconds of the bell of telephones, on and off in turn.
        dial, busy, ring, congestion, callwaiting, dialrecall, record, info, stutter: these tones; where empty, as
            in the other country.
        others: further ones by name, for Playtones.
    """

    like: Annotated[str, AfterValidator(_country)] = ""
    ringing: Annotated[Items[Annotated[int, Field(ge=50, le=30_000)]], Field(max_length=16)] = ()
    dial: _Tone = ""
    busy: _Tone = ""
    ring: _Tone = ""
    congestion: _Tone = ""
    callwaiting: _Tone = ""
    dialrecall: _Tone = ""
    record: _Tone = ""
    info: _Tone = ""
    stutter: _Tone = ""
    others: Annotated[Mapping[str, _Tone], AfterValidator(_others)] = {}

    @property
    def written(self) -> dict[str, str]:
        """The texts that are written, by the names of their tones."""
        named = {name: text for name in TONE_NAMES if (text := getattr(self, name))}
        return {**self.others, **named}


def tone_zones(settings: Mapping[str, ToneSettings]) -> dict[str, Zone]:
    """The zones that [tones.NAME] makes, by name."""
    found = {}
    for name, own in settings.items():
        base = ZONES[own.like or (name if name in ZONES else _USUAL)]
        tones = MappingProxyType({**base.tones, **own.written})
        found[name] = replace(base, name=name, ring=own.ringing or base.ring, tones=tones, source="[tones]")
    return found
