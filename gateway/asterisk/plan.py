"""The dialplan of an Asterisk directory: its files copied, and what Asterisk does without one added to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.asterisk.draft import Draft
from gateway.core.errors import Fault, LocalError

__all__ = ["DIALPLAN", "access_digits", "additions", "dialplan_files", "parks"]

DIALPLAN: Final = "extensions.conf"
_INCLUDES: Final = re.compile(r'^[ \t]*#(?:try)?include\s*["<]?([^">\s]+)', re.MULTILINE)
_HEADER: Final = re.compile(r"^[ \t]*\[([^\]\n]+)\]", re.MULTILINE)
_IGNORED: Final = re.compile(r"^[ \t]*ignorepat\s*=>?\s*_?([0-9]{1,3})\s*(?:;.*)?$", re.MULTILINE)
_PARKS: Final = re.compile(r"^[^;\n]*(?:include\s*=>?\s*parkedcalls|\bPark\()", re.MULTILINE | re.IGNORECASE)
_CODE: Final = re.compile(r"[0-9*#A-D]{1,11}")
_NAME: Final = re.compile(r"[\w+*#-]{1,32}")
_PICKUP: Final = "imported-pickup"


def dialplan_files(read: Callable[[str], str], find: Callable[[str], list[str]]) -> dict[str, str]:
    """extensions.conf and what it includes, as far as that lies in the directory.

    Args:
        read: gives a file's text, raising OSError.
        find: gives the files that match a pattern.

    Raises:
        LocalError: extensions.conf is there and cannot be read.
    """
    files: dict[str, str] = {}
    waiting = [DIALPLAN]
    while waiting:
        name = waiting.pop()
        if name in files or Path(name).is_absolute() or ".." in Path(name).parts:
            continue
        try:
            files[name] = read(name)
        except OSError as error:
            if name == DIALPLAN and not isinstance(error, FileNotFoundError):
                raise LocalError(f"{DIALPLAN} cannot be read: {error.strerror or error}") from error
            continue  # told when the dialplan is loaded
        for wanted in filter(str.isprintable, _INCLUDES.findall(files[name])):
            path = str(Path(name).parent / wanted)
            try:
                waiting += find(path) if set(path) & set("*?[") else [path]
            except ValueError:
                continue  # no pattern, which is told as well
    files.setdefault(DIALPLAN, "")
    return files


def access_digits(files: dict[str, str]) -> list[str]:
    """What is dialled for an outside line, as far as `ignorepat` tells: dial tone goes on after it."""
    return sorted({digits for text in files.values() for digits in _IGNORED.findall(text)})


def parks(files: dict[str, str]) -> bool:
    """Whether the dialplan parks calls."""
    return any(_PARKS.search(text) for text in files.values())


def additions(files: dict[str, str], draft: Draft) -> str:
    """What is added to extensions.conf: contexts that were not there, hints, and the code that picks up a call."""
    text = _missing_contexts(files, draft) + _hints(draft) + _pickup(draft)
    return f"\n; Added by copperline import.\n{text}" if text else ""


def _missing_contexts(files: dict[str, str], draft: Draft) -> str:
    """Contexts that lines and accounts name and the dialplan does not have, empty."""
    known = set(_HEADER.findall("\n".join(files.values())))
    users = [
        user for kind in ("phones", "lines", "accounts", "trunks") for user in draft.tables.get(kind, {}).values()
    ]
    wanted = sorted({user["context"] for user in users} - known)
    for name in wanted:
        what = f"context {name} is named by telephones or lines and was not there; it is empty"
        draft.left.append(Fault(DIALPLAN, 0, what, "write what may be dialled in it"))
    return "".join(f"\n[{name}]\n" for name in wanted if name.isprintable() and "]" not in name)


def _hints(draft: Draft) -> str:
    good = [hint for hint in draft.hints if all(map(_NAME.fullmatch, hint[:2]))]
    return "".join(f"\n[{context}]\nexten => {number},hint,{devices}\n" for context, number, devices in good)


def _pickup(draft: Draft) -> str:
    """Asterisk takes the code before it looks into the dialplan; here it is the last that counts."""
    users = [user for kind in ("phones", "accounts") for user in draft.tables.get(kind, {}).values()]
    if not users or not _CODE.fullmatch(draft.pickup):
        return ""
    contexts = sorted({user["context"] for user in users if _NAME.fullmatch(user["context"])})
    included = "".join(f"\n[{context}]\ninclude => {_PICKUP}\n" for context in contexts)
    return f"{included}\n[{_PICKUP}]\nexten => {draft.pickup},1,Pickup()\n"
