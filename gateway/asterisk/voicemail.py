"""voicemail.conf: mailboxes, with the settings of `[general]` spread over them.

`[general]` and `[zonemessages]` are what they are called; any other section is a context of mailboxes, whose lines
are `box => pin,name,email,pager,option=value|option=value`. Asterisk docs: voicemail.conf.sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, is_yes, number

__all__ = ["read_voicemail"]

_FORMATS: Final = ("wav", "wav49", "gsm")
_ON: Final[Mapping[str, str]] = {
    "attach": "attach",
    "delete": "delete",
    "saycid": "say_caller",
    "envelope": "say_time",
    "sayduration": "say_duration",
    "review": "review",
    "operator": "operator",
}
"""Settings that are on or off."""
_WORDS: Final[Mapping[str, str]] = {
    "callback": "callback",
    "dialout": "dial_out",
    "exitcontext": "exit_context",
    "language": "language",
}
_NUMBERS: Final[Mapping[str, tuple[str, int, int]]] = {
    "maxmsg": ("messages", 1, 9999),
    "maxsecs": ("longest", 0, 86_400),
    "minsecs": ("shortest", 0, 86_400),
    "maxgreet": ("greeting", 1, 600),
}
_ALWAYS: Final = frozenset("searchcontexts moveheard forcename forcegreetings nextaftercmd usedirectory".split())
"""What is left to the service."""
_THOUSAND: Final = 1000
_NAME: Final = re.compile(r"[\w.+-]{1,80}")


def read_voicemail(sections: Iterable[Section], draft: Draft) -> None:
    """Add the mailboxes to `draft`."""
    sections = list(sections)
    zones: dict[str, str] = {}
    general: dict[str, Any] = {}
    for section in sections:
        if section.name.lower() == "zonemessages":
            zones |= {entry.key: entry.value.partition("|")[0].strip() for entry in section.entries}
    for section in sections:
        if section.name.lower() == "general":
            for entry in section.entries:
                if not _setting(entry.key, entry.value, general, zones):
                    draft.leave_entry(entry, "voicemail", "set it where messages are kept and sent here")
    for section in sections:
        if section.name.lower() not in ("general", "zonemessages"):
            for entry in section.entries:
                _box(entry, section.name, general, zones, draft)


def _box(entry: Entry, context: str, general: Mapping[str, Any], zones: Mapping[str, str], draft: Draft) -> None:
    if entry.key.lower() == "alias":
        draft.leave(entry.place, f"alias of mailboxes in {context}", "write aliases in its mailbox")
        return
    name = entry.key if context == "default" else f"{entry.key}@{context}"
    pin, label, email, pager, options = (*(word.strip() for word in entry.value.split(",", 4)), *[""] * 5)[:5]
    box: dict[str, Any] = dict(general)
    # A PIN that begins with "-" cannot be changed by its owner.
    pin = pin.removeprefix("-")
    if pin.isascii() and pin.isdecimal() and len(pin) <= 32:
        box["pin"] = pin
    elif pin:
        draft.leave(entry.place, f"the PIN of mailbox {name} is no digits", "write pin = … for it")
    for key, text in (("name", label), ("email", email.replace("|", ",").partition(",")[0]), ("pager", pager)):
        if text:
            box[key] = text
    for option in filter(None, (part.strip() for part in options.split("|"))):
        key, _, value = option.partition("=")
        if not _setting(key.strip(), value.strip(), box, zones):
            draft.leave(
                entry.place, f"{key.strip()[:40]} of mailbox {name} has no setting here", "see whether it is missed"
            )
    draft.table("voicemail")[name] = box


def _setting(key: str, value: str, box: dict[str, Any], zones: Mapping[str, str]) -> bool:
    """Take a setting over; whether there is one."""
    key = key.lower()
    reader = _READERS.get(key)
    if key in _ON:
        box[_ON[key]] = is_yes(value)
    elif key in _WORDS:
        if not _NAME.fullmatch(value):
            return False
        box[_WORDS[key]] = value
    elif key in _NUMBERS:
        name, least, most = _NUMBERS[key]
        taken = number(value, least, most)
        if taken is None:
            return False
        box[name] = taken
    elif reader is not None:
        return reader(value, box, zones)
    return key in _ON or key in _WORDS or key in _NUMBERS or key in _ALWAYS


def _format(value: str, box: dict[str, Any], zones: Mapping[str, str]) -> bool:
    words = [word.strip().lower() for word in value.split("|")]
    known = [word for word in dict.fromkeys(words) if word in _FORMATS]
    if known:
        box["formats"] = known
    return len(known) == len(words)


def _zone(value: str, box: dict[str, Any], zones: Mapping[str, str]) -> bool:
    name = zones.get(value, value)
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    box["timezone"] = name
    return True


def _silence(value: str, box: dict[str, Any], zones: Mapping[str, str]) -> bool:
    """Seconds, or milliseconds as it once was."""
    taken = number(value, 0, 600 * _THOUSAND)
    if taken is not None:
        box["silence"] = taken if taken < _THOUSAND else taken // _THOUSAND
    return taken is not None


_READERS: Final[Mapping[str, Callable[[str, dict[str, Any], Mapping[str, str]], bool]]] = {
    "format": _format,
    "tz": _zone,
    "maxsilence": _silence,
}
