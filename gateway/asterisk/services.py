"""The files of services that have no settings here: each entry is carried over in words, on the list.

Country and time zone are what an office has of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from dialplan.reader import Section
from gateway.asterisk.draft import Draft
from gateway.media.tone import ZONES

__all__ = ["SERVICES", "read_indications"]

Words = Callable[[Section, Draft], None]


def read_indications(sections: Iterable[Section], draft: Draft) -> None:
    """indications.conf: the country; tones of a country that is not known here are left behind."""
    for section in sections:
        if section.name.lower() == "general":
            country = next(
                (entry.value.strip() for entry in section.entries if entry.key.lower() == "country"), "us"
            )
            if country in ZONES:
                draft.table("office")["country"] = country
            else:
                what = f"the tones of country {country} are not known here"
                draft.leave(section.place, what, "take a country with the same tones in [office]")
        elif section.name not in ZONES:
            draft.leave(section.place, f"tones of [{section.name}] of its own", "the country's own tones are used")


def _voicemail(section: Section, draft: Draft) -> None:
    for entry in section.entries:
        if section.name in ("general", "zonemessages"):
            draft.leave(entry.place, f"{entry.key} of voicemail", "set it where voicemail is set up here")
        else:
            # The value holds the PIN, and is not told.
            draft.leave(entry.place, f"mailbox {entry.key}@{section.name} and its messages", "make it anew")


def _named(what: str, mend: str, plain: tuple[str, ...] = ("general",)) -> Words:
    """Tells each section of its own by name, and each setting of the sections in `plain`."""

    def words(section: Section, draft: Draft) -> None:
        if section.name.lower() in plain:
            for entry in section.entries:
                draft.leave(entry.place, f"{entry.key} = {entry.value[:60]} of all {what}s", mend)
            return
        draft.leave(section.place, f"{what} {section.name}", mend)
        for entry in section.entries:
            value = "…" if "pin" in entry.key.lower() else entry.value[:60]
            draft.leave(entry.place, f"{entry.key} = {value} of {what} {section.name}", mend)

    return words


SERVICES: Final[Mapping[str, Words]] = {
    "voicemail.conf": _voicemail,
    "queues.conf": _named("queue", "set it up where queues are set up here"),
    "confbridge.conf": _named("conference profile", "set it up where conferences are set up here"),
    "musiconhold.conf": _named("class of music", "put its files where music is looked for here"),
    "features.conf": _named("feature section", "feature codes here are those of Asterisk's own defaults"),
    "res_parking.conf": _named("parking lot", "set it up where parking is set up here"),
}
"""What is said of each section of a file."""
