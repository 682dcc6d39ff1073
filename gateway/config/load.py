"""From a configuration file to a `Config`, or to every fault in it at once.

Faults carry the file as the user named it and the line. After faults in single settings the rest is still looked
at: what is wrong is taken out, and the other tables are checked for what they tell together, so that one run
shows all there is to mend.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gateway.config.consistency import findings
from gateway.config.faults import Finding, explain
from gateway.config.locate import KeyPath, Locator
from gateway.config.model import Config
from gateway.core.errors import ConfigError, Fault

__all__ = ["load", "parse", "read"]

FILE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes: an office of ten thousand accounts needs about one million; more is the wrong file."""

_DEPTH: Final = 8
"""Rounds of taking out what is wrong; each goes one level up, and no key lies deeper than this."""

_PLACE: Final = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_TWICE: Final = re.compile(r"Cannot (?:declare \((?P<names>.*)\) twice|overwrite a value)")
_NAME: Final = re.compile(r"'([^']*)'")
"""What tomllib says of a table or setting that is there already."""


def load(path: Path) -> Config:
    """Read and check the configuration file at `path`.

    Raises:
        ConfigError: with every fault found.
    """
    return parse(read(path), str(path), path.parent)


def read(path: Path) -> str:
    """The text of the file at `path`.

    Raises:
        ConfigError: it cannot be read, or is no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError([Fault(str(path), 0, f"cannot be read: {reason}", "name a file that can")]) from error
    if len(data) > FILE_LIMIT:
        raise ConfigError([Fault(str(path), 0, f"is larger than {FILE_LIMIT} bytes", "is it the right file?")])
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([Fault(str(path), line, "is not UTF-8 text", "save it as UTF-8")]) from error


def parse(text: str, file: str, folder: Path) -> Config:
    """Check the text of a configuration file.

    Args:
        text: TOML, its lines ended by LF.
        file: its name, for the faults.
        folder: from which the paths in it are taken.

    Raises:
        ConfigError: with every fault found.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError([_syntax(error, text, file)]) from error
    locator = Locator(text)
    config, found = _validate(document, folder.absolute())
    if found:
        raise ConfigError([Fault(file, locator.line(each.path), each.what, each.mend) for each in found])
    return config


def _syntax(error: Exception, text: str, file: str) -> Fault:
    said = str(error)
    place = _PLACE.search(said)
    line = 0
    if place is not None:
        said = said[: place.start()]
        line = int(place["line"]) if place["line"] else text.rstrip().count("\n") + 1
    twice = _TWICE.fullmatch(said)
    if twice is not None:
        what = f"[{'.'.join(_NAME.findall(twice['names']))}]" if twice["names"] else "this setting"
        return Fault(file, line, f"{what} stands here again", "make one of the two, or give it another name")
    what = said[:1].lower() + said[1:] if isinstance(error, tomllib.TOMLDecodeError) else "it is nested too deeply"
    return Fault(file, line, f"this is not TOML: {what}", "texts stand in quotes, table names in [ ]")


def _validate(document: dict[str, Any], folder: Path) -> tuple[Config, list[Finding]]:
    found: list[Finding] = []
    removed: set[KeyPath] = set()
    for level in range(_DEPTH):
        try:
            config = Config.model_validate(document, context={"folder": folder})
        except ValidationError as error:
            for details in error.errors(include_url=False):
                finding = explain(details)
                if level == 0:
                    found.append(finding)
                removed.add(_remove(document, finding.path))
        else:
            return config, [*found, *(each for each in findings(config) if not _follows(each, removed))]
    return Config(), found


def _remove(document: dict[str, Any], path: KeyPath) -> KeyPath:
    """Take out what stands at `path`, or nearest around it; say what that was."""
    table: Any = document
    reached: list[str | int] = []
    for part in path[:-1]:
        inner = table.get(part) if isinstance(table, dict) else None
        if not isinstance(inner, dict):
            break
        table = inner
        reached.append(part)
    key = path[len(reached)] if len(reached) < len(path) else None
    if isinstance(table, dict) and key in table:
        del table[key]
        return (*reached, key) if key is not None else tuple(reached)
    if reached:
        return _remove(document, tuple(reached))
    return ()


def _follows(finding: Finding, removed: set[KeyPath]) -> bool:
    """Whether a finding may only be there because something that it rests on was taken out."""
    about = str(finding.path[0])
    rests_on = {about, *(("cards",) if about in ("phones", "lines") else ())}
    return any(
        not path or path[0] in rests_on - {about} or path[: len(finding.path)] == finding.path for path in removed
    )
