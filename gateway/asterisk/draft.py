"""What an import has made so far: the tables of our configuration, and a list of what was left behind.

Each file's reader adds to a Draft. Whatever it does not carry over it leaves behind with a clause that says why and
one that says what to do; a secret is carried and never told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dialplan.model import Place
from dialplan.reader import Entry, Section
from gateway.core.errors import Fault

__all__ = ["NO_MEND", "Draft", "as_toml", "caller", "is_yes", "last", "number"]

_TOLD: Final = re.compile(
    r"(?!.*(?:pass|pwd|secret|cred|pin$|auth|key|token))[0-9_-]*[a-z][a-z0-9_-]*", re.IGNORECASE
)
"""Keys whose values are told: words of which no secret is the value, and not the number of somebody with one."""
NO_MEND: Final = "see whether it is missed"
"""What to do about a setting of which nobody knows what it was for."""
_UNQUOTED: Final = re.compile("[\x7f-\x9f\u2028\u2029]")
_BARE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(slots=True)
class Draft:
    """An office in the making.

    Attributes:
        address: at which SIP is to listen.
        tables: as in TOML.
        left: what was left behind.
        sounds: where Asterisk keeps its data: relative folders of music are in there.
        hints: what lamps watch, beside the dialplan's own: context, extension, devices.
        wiring: what DAHDI's system.conf says, where it was found.
        pickup: what is dialled to pick up a call of one's group; "" for nothing.
    """

    address: str = "127.0.0.1"
    tables: dict[str, Any] = field(default_factory=dict)
    left: list[Fault] = field(default_factory=list)
    sounds: Path = Path("/var/lib/asterisk")
    hints: list[tuple[str, str, str]] = field(default_factory=list)
    wiring: str = ""
    pickup: str = "*8"
    _told: set[tuple[str, int]] = field(default_factory=set)

    def table(self, *path: str) -> dict[str, Any]:
        """The table at a path, made where it is not there."""
        at = self.tables
        for name in path:
            at = at.setdefault(name, {})
        return at

    def leave(self, place: Place, what: str, mend: str = "") -> None:
        """Leave something behind."""
        self._told.add((place.file, place.line))
        self.left.append(Fault(place.file, place.line, what, mend))

    def speak(self, entry: Entry, whose: str) -> None:
        """Take over a language: it is the office's where none is yet, and else left behind."""
        language = entry.value.strip()
        office = self.table("office")
        if office.setdefault("language", language) != language:
            self.leave_entry(entry, whose, "set CHANNEL(language) where its calls come in")

    def leave_entry(self, entry: Entry, whose: str, mend: str = NO_MEND) -> None:
        """Leave a setting behind for which there is none here; a line of a template is told once."""
        if (entry.place.file, entry.place.line) in self._told:
            return
        shown = entry.value[:60] if _TOLD.fullmatch(entry.key) else "…"
        self.leave(entry.place, f"{entry.key} = {shown} of {whose} has no setting here", mend)


def last(section: Section) -> dict[str, str]:
    """What a section sets: the last value of each key, the keys in small letters."""
    return {entry.key.lower(): entry.value.strip() for entry in section.entries}


def number(text: str, least: int, most: int) -> int | None:
    """A whole number, brought within bounds; None where there is none."""
    text = text.strip()
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        return None
    return min(most, max(least, int(text)))


def is_yes(text: str) -> bool:
    """Whether a value says yes."""
    return text.strip().lower() in ("yes", "true", "on", "1", "y", "t")


def caller(text: str) -> tuple[str, str]:
    """Name and number of `"Name" <number>`; either may be empty, and both are of `asreceived`."""
    if text.strip().lower() == "asreceived":
        return "", ""
    name, angle, rest = text.partition("<")
    if angle:
        return name.strip().strip('"'), rest.partition(">")[0].strip()
    text = text.strip().strip('"')
    return ("", text) if text.lstrip("+").isdecimal() else (text, "")


def as_toml(tables: Mapping[str, Any]) -> str:
    """The tables as the text of a TOML file."""
    return "\n".join(_table(tables, ())).strip() + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if path and (plain or not table):
        yield f"[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    if plain or (path and not table):
        yield ""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table(value, (*path, key))


def _key(text: str) -> str:
    return text if text and _BARE.issuperset(text) else _text(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    """A text of TOML on one line: whatever would begin another, and DEL, is escaped."""
    return _UNQUOTED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
