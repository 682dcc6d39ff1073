"""Our files made to load: what does not is taken out of the configuration, or made harmless in the dialplan."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from dialplan.check import doubts
from gateway.asterisk.draft import Draft, as_toml
from gateway.asterisk.steps import harmless, in_part
from gateway.config import load_office, setting_doubts
from gateway.core.errors import ConfigError, Fault, LocalError

__all__ = ["OFFICE", "mend"]

OFFICE: Final = "office.toml"
_OWNER_ONLY: Final = 0o600
_ROUNDS: Final = 20
"""Times that the files are mended: a line that is mended can bring out the next."""
_NEEDED: Final = frozenset({"secret", "servers", "port", "backend"})
"""Settings without which a table cannot be."""
_PASSWORD: Final = re.compile(r"(/(?!sips?:)[^:@/\s]+):[^@\s]+@")
"""In whom a Dial calls: SIP/user:password@host."""
_HEADER_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_-]+')


def mend(files: dict[str, str], draft: Draft, head: str) -> list[Fault]:
    """Make the files load: what does not is taken out of the configuration, or made harmless in the dialplan.

    Returns:
        What loads and does less than it says.

    Raises:
        LocalError: there is no end to what does not load.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for _ in range(_ROUNDS):
            files[OFFICE] = head + as_toml(draft.tables)
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).touch(_OWNER_ONLY)
                (folder / name).write_text(text, encoding="utf-8")
            try:
                config, dialplan = load_office(folder / OFFICE)
            except ConfigError as error:
                faults = error.faults
            else:
                found = [*setting_doubts(folder / OFFICE, config, dialplan), *doubts(dialplan)]
                return sorted({replace(doubt, file=_inside(doubt.file, folder)) for doubt in found})
            wrong: dict[tuple[str, int], list[Fault]] = {}
            for fault in faults:
                at = _inside(fault.file, folder), fault.line
                wrong.setdefault(at, []).append(replace(fault, file=at[0]))
            if not all(file in files and line for file, line in wrong):
                raise LocalError(f"what came of it does not load: {'; '.join(map(str, faults))}")
            lines = files[OFFICE].split("\n")
            for (file, line), found in sorted(wrong.items()):
                if file == OFFICE:
                    draft.left += [_left_out(fault, lines) for fault in found]
                    _take_out(lines, line, draft)
                else:
                    files[file] = _without(files[file], line, found, draft)
    raise LocalError("it could not be mended so that it loads; start from fewer files")


def _left_out(fault: Fault, lines: Sequence[str]) -> Fault:
    """A setting of ours is told by its name, since it stands in no file any more."""
    table, line = _table_of(lines, fault.line), lines[fault.line - 1]
    where = f"{_plain(line.partition(' = ')[0])} of {table}: " if table and not line.startswith("[") else ""
    return replace(fault, line=0, what=f"{where}{fault.what}, and is left out")


def _take_out(lines: list[str], number: int, draft: Draft) -> None:
    """Take the setting on a line of our configuration out of the draft, or its whole table where it needs it."""
    path = [_plain(part) for part in _HEADER_PART.findall(_table_of(lines, number))]
    table = draft.tables
    for name in path[:-1]:
        table = table.get(name, {})
    key = _plain(lines[number - 1].partition(" = ")[0])
    own = table.get(path[-1], {}) if path else table
    if path and (key not in own or key in _NEEDED):
        table.pop(path[-1], None)
    else:
        own.pop(key, None)


def _table_of(lines: Sequence[str], number: int) -> str:
    """The heading of the table in which a line stands; "" above the first."""
    return next((line for line in reversed(lines[:number]) if line.startswith("[")), "")


def _plain(key: str) -> str:
    """A key of TOML without its quotes."""
    return str(json.loads(key)) if key.startswith('"') else key


def _inside(file: str, folder: Path) -> str:
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file


def _without(text: str, number: int, faults: Sequence[Fault], draft: Draft) -> str:
    """A text of the dialplan without what is wrong in one of its lines, or with the whole line made harmless."""
    lines = text.splitlines()
    left: str | None = lines[number - 1]
    for fault in faults:
        left = in_part(left, fault.what) if left is not None else None
    told = "its line does nothing now" if left is None else "that is left out of its line"
    for fault in faults:
        what = _PASSWORD.sub(r"\1@", fault.what)
        draft.left.append(replace(fault, what=f"{what}, and {told}"))
    lines[number - 1] = harmless(lines[number - 1]) if left is None else left
    return "\n".join(lines) + "\n"
