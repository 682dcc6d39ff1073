"""A whole directory: its files read in turn, the dialplan copied and mended until all of it loads.

In goes the path of an Asterisk configuration directory; out come our files as texts, and the list of what was left
behind. A step of the dialplan that cannot be carried out here becomes a NoOp in its place, so that lines keep their
numbers and the extension around it still works; it is on the list.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from dialplan.check import doubts
from dialplan.reader import Section, Sources, read_sections
from gateway.asterisk.dahdi import read_dahdi
from gateway.asterisk.draft import Draft, as_toml
from gateway.asterisk.pjsip import read_pjsip
from gateway.asterisk.services import SERVICES, read_indications
from gateway.asterisk.sip import read_sip
from gateway.config import load_office
from gateway.config.consistency import easily_guessed
from gateway.core.errors import ConfigError, Fault, LocalError

__all__ = ["Imported", "read_directory"]

_READERS: Final[dict[str, Callable[[Iterable[Section], Draft], None]]] = {
    "indications.conf": read_indications,
    "pjsip.conf": read_pjsip,
    "sip.conf": read_sip,
    "chan_dahdi.conf": read_dahdi,
}
_DIALPLAN: Final = "extensions.conf"
_SECRET_BYTES: Final = 12
_ROUNDS: Final = 20
"""Times that the dialplan is mended: a line that is mended can bring out the next."""
_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one file."""
_OFFICE: Final = "office.toml"
_NEEDED: Final = frozenset({"secret", "servers", "port", "backend"})
"""Settings without which a table cannot be."""
_HEADER_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_-]+')
_STEP: Final = re.compile(r"(\s*(?:exten\s*=>?\s*[^,]+,|same\s*=>?\s*)\s*[^,]+,)\s*.*", re.DOTALL)
_INCLUDES: Final = re.compile(r'^\s*#(?:try)?include\s*["<]?([^">\s]+)', re.MULTILINE)
_HEAD: Final = "# Made from {folder} by copperline import. What was left behind is in import-report.txt.\n\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a directory.

    Attributes:
        files: our files by name: office.toml, extensions.conf and what that includes.
        left: what was left behind, in the order of files and lines.
    """

    files: dict[str, str]
    left: list[Fault]


def read_directory(folder: Path, address: str = "") -> Imported:
    """Read an Asterisk configuration directory.

    Args:
        address: of this machine, at which SIP is to listen; "" for 127.0.0.1, where there is no trunk.

    Raises:
        LocalError: it is none, or has trunks and no address was given, or what came of it does not load.
    """
    if not any((folder / name).is_file() for name in (*_READERS, _DIALPLAN)):
        raise LocalError(f"{folder} holds no Asterisk configuration: none of {', '.join((*_READERS, _DIALPLAN))}")
    draft = Draft(address or "127.0.0.1", {"dialplan": _DIALPLAN, "office": {"name": "Office"}})
    for name, reader in _READERS.items():
        reader(_sections(folder, name, draft), draft)
    for name, words in SERVICES.items():
        for section in _sections(folder, name, draft):
            words(section, draft)
    if draft.tables.get("trunks") and not address:
        names = ", ".join(draft.tables["trunks"])
        raise LocalError(f"{names} are reached over a network: say this machine's own address with --address")
    _renew_weak_secrets(draft)
    files = _dialplan_files(folder, draft)
    files[_DIALPLAN] += _missing_contexts(files, draft)
    _mend(files, draft, _HEAD.format(folder=folder.name))
    return Imported(files, sorted(set(draft.left)))


def _sections(folder: Path, name: str, draft: Draft) -> list[Section]:
    if not (folder / name).is_file():
        return []
    try:
        sections, faults = read_sections(name, Sources(lambda path: _read(folder / path), _finder(folder)))
    except OSError as error:
        raise LocalError(f"{folder / name} cannot be read: {error.strerror or error}") from error
    draft.left.extend(faults)
    return sections


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise OSError(f"it is larger than {_LIMIT} bytes")
    return data.decode("utf-8", "replace")


def _finder(folder: Path) -> Callable[[str], list[str]]:
    return lambda pattern: [str(path.relative_to(folder)) for path in folder.glob(pattern) if path.is_file()]


def _dialplan_files(folder: Path, draft: Draft) -> dict[str, str]:
    """extensions.conf and what it includes, as far as that lies in the directory."""
    if not (folder / _DIALPLAN).is_file():
        return {_DIALPLAN: ""}
    files: dict[str, str] = {}
    waiting = [_DIALPLAN]
    while waiting:
        name = waiting.pop()
        if name in files or Path(name).is_absolute() or ".." in Path(name).parts:
            continue
        try:
            files[name] = _read(folder / name)
        except OSError:
            continue  # told when the dialplan is loaded
        for wanted in _INCLUDES.findall(files[name]):
            path = str(Path(name).parent / wanted)
            waiting += _finder(folder)(path) if set(path) & set("*?[") else [path]
    return files


def _renew_weak_secrets(draft: Draft) -> None:
    """On a network, an account with a secret that is easily guessed gets a new one."""
    accounts = draft.tables.get("accounts", {})
    for name, account in accounts.items() if draft.address != "127.0.0.1" else ():
        if easily_guessed(account["secret"], name):
            account["secret"] = token_urlsafe(_SECRET_BYTES)
            what = f"the secret of account {name} was easily guessed; a new one stands in office.toml"
            draft.left.append(Fault(_OFFICE, 0, what, "write it into the telephone"))


def _missing_contexts(files: dict[str, str], draft: Draft) -> str:
    """Contexts that lines and accounts name and the dialplan does not have, empty."""
    known = set(re.findall(r"^\s*\[([^\]]+)\]", "\n".join(files.values()), re.MULTILINE))
    users = [
        user for kind in ("phones", "lines", "accounts", "trunks") for user in draft.tables.get(kind, {}).values()
    ]
    wanted = sorted({user["context"] for user in users} - known)
    for name in wanted:
        what = f"context {name} is named by telephones or lines and was not there; it is empty"
        draft.left.append(Fault(_DIALPLAN, 0, what, "write what may be dialled in it"))
    return "".join(f"\n[{name}]\n" for name in wanted)


def _mend(files: dict[str, str], draft: Draft, head: str) -> None:
    """Make the files load: what does not is taken out of the configuration, or made harmless in the dialplan."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for _ in range(_ROUNDS):
            files[_OFFICE] = head + as_toml(draft.tables)
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            try:
                _, dialplan = load_office(folder / _OFFICE)
            except ConfigError as error:
                faults = error.faults
            else:
                draft.left += [replace(doubt, file=_inside(doubt.file, folder)) for doubt in doubts(dialplan)]
                return
            found = {(_inside(fault.file, folder), fault.line) for fault in faults}
            if not all(file in files and line for file, line in found):
                raise LocalError(f"what came of it does not load: {'; '.join(map(str, faults))}")
            for fault in faults:
                _tell(fault, _inside(fault.file, folder), draft)
            lines = files[_OFFICE].splitlines()
            for file, line in sorted(found):
                if file == _OFFICE:
                    _take_out(lines, line, draft)
                else:
                    files[file] = _without(files[file], line)
    raise LocalError("it could not be mended so that it loads; start from fewer files")


def _tell(fault: Fault, file: str, draft: Draft) -> None:
    if file == _OFFICE:
        draft.left.append(Fault(file, 0, f"{fault.what}, and is left out", fault.mend))
    else:
        draft.left.append(Fault(file, fault.line, f"{fault.what}, and its line does nothing now", fault.mend))


def _take_out(lines: list[str], number: int, draft: Draft) -> None:
    """Take the setting on a line of our configuration out of the draft, or its whole table where it needs it."""
    above = next((line for line in reversed(lines[:number]) if line.startswith("[")), "")
    path = [part.strip('"') for part in _HEADER_PART.findall(above)]
    table = draft.tables
    for name in path[:-1]:
        table = table.get(name, {})
    key = lines[number - 1].partition(" = ")[0].strip('"')
    own = table.get(path[-1], {}) if path else table
    if path and (key not in own or key in _NEEDED):
        table.pop(path[-1], None)
    else:
        own.pop(key, None)


def _inside(file: str, folder: Path) -> str:
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file


def _without(text: str, number: int) -> str:
    """A text with one line made harmless: a step does nothing, anything else is a comment."""
    lines = text.splitlines()
    line = lines[number - 1]
    step = _STEP.fullmatch(line)
    if step is not None and "NoOp(not carried" not in line:
        lines[number - 1] = f"{step[1]}NoOp(not carried over) ; {line.strip()}"
    else:
        lines[number - 1] = f"; not carried over: {line}"
    return "\n".join(lines) + "\n"
