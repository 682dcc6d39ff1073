"""indications.conf: the country, and tones that differ from those known here.

Asterisk docs: indications.conf.sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from phonenumbers import SUPPORTED_REGIONS

from dialplan.reader import Section
from gateway.asterisk.draft import Draft, last
from gateway.config.tones import TONE_NAMES
from gateway.config.values import tone_country
from gateway.core.errors import LocalError
from gateway.media.cadence import render
from gateway.media.tone import ZONES, Zone

__all__ = ["read_indications"]

_KNOWN: Final = frozenset({"description", "alias", "ringcadence", "ringcadance"})
_FIGURES: Final = str.maketrans("", "", " \t")
_SHORTEST: Final = 50
_LONGEST: Final = 30_000
"""Milliseconds of one part of a ring cadence."""


def read_indications(sections: Iterable[Section], draft: Draft) -> None:
    """Add the country and tones of one's own to `draft`."""
    sections = list(sections)
    country = "us"
    for section in sections:
        if section.name.lower() == "general":
            country = tone_country(last(section).get("country", "us"))
            if country in ZONES:
                draft.table("office")["country"] = country
                continue
            if numbered := country.upper() in SUPPORTED_REGIONS:
                draft.table("office")["numbers"] = country
            if any(other.name == country for other in sections):
                draft.table("office")["tones"] = country
                what = "lines" if numbered else "numbers and lines"
                what += f" of country {country} are not known here; its tones are carried over"
                draft.leave(section.place, what, "take the country that is most alike in [office]")
            else:
                what = f"the tones of country {country} are not known here"
                draft.leave(section.place, what, "take a country with the same tones in [office]")
    for section in sections:
        if section.name == country or (section.name.lower() != "general" and section.name not in ZONES):
            _zone(section, draft)


def _zone(section: Section, draft: Draft) -> None:
    """The tones of a section, where they are not those that are known."""
    known = ZONES.get(section.name)
    written: dict[str, Any] = {}
    others: dict[str, str] = {}
    for entry in section.entries:
        key, text = entry.key.lower(), entry.value.translate(_FIGURES)
        if key in ("ringcadence", "ringcadance"):
            ringing = _cadence(text)
            if ringing is None:
                draft.leave_entry(entry, f"[{section.name}]", "write ringing in milliseconds, on and off in turn")
            elif known is None or tuple(ringing) != known.ring:
                written["ringing"] = ringing
            continue
        if key in _KNOWN or not text:
            continue
        try:
            render("", text)
        except LocalError:
            draft.leave_entry(entry, f"[{section.name}]", "write it like 425/480,0/480")
            continue
        if not _alike(text, known, key):
            (written if key in TONE_NAMES else others)[key] = text
    if others:
        written["others"] = others
    if written or known is None:
        draft.table("tones")[section.name] = written


def _alike(text: str, known: Zone | None, name: str) -> bool:
    return known is not None and known.tones.get(name, "").translate(_FIGURES) == text


def _cadence(text: str) -> Sequence[int] | None:
    """Milliseconds on and off in turn."""
    words = text.split(",")
    if not all(word.isascii() and word.isdecimal() and len(word) < 6 for word in words) or len(words) > 16:
        return None
    times = [int(word) for word in words]
    return times if all(_SHORTEST <= time <= _LONGEST for time in times) else None
