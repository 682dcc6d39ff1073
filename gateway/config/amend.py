"""Settings written into a configuration file, all else of which stays as somebody wrote it, with its comments."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from gateway.config.load import parse, read
from gateway.core.errors import LocalError

__all__ = ["amend"]


def amend(file: Path, table: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Set `settings` in a table of the configuration in `file`: as a whole, or, where anything fails, not at all.

    Args:
        table: the names on the way to it: ("lines", "copper1"). It must be there.
        settings: what is set, by name; a mapping is a table within it, whose other settings stay.

    Raises:
        ConfigError: the file cannot be read, or has faults, or would have some.
        LocalError: there is no such table, or it is written so that it cannot be kept, or the file cannot be
            written.
    """
    text = read(file)
    parse(text, str(file), file.parent)
    wanted = tomllib.loads(text)
    _set(_inner(wanted, table, file), settings, dict)
    # Beneath dotted keys tomlkit puts a new table in the wrong place; one in a line it does not.
    for make in (tomlkit.table, tomlkit.inline_table):
        try:
            amended = _amended(text, table, settings, make, file)
        except TOMLKitError:
            continue
        if _means(amended, wanted):
            parse(amended, str(file), file.parent)
            _write(file, amended)
            return
    raise LocalError(f"{file}: [{'.'.join(table)}] cannot be amended as it is written; amend it by hand")


def _inner(document: Any, table: Sequence[str], file: Path) -> Any:
    for name in table:
        document = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping):
        raise LocalError(f"{file} has no table [{'.'.join(table)}]")
    return document


def _set(table: Any, settings: Mapping[str, Any], make: Callable[[], Any]) -> None:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            if not isinstance(table.get(name), Mapping):
                table[name] = make()
            _set(table[name], value, make)
        else:
            table[name] = value


def _amended(
    text: str, table: Sequence[str], settings: Mapping[str, Any], make: Callable[[], Any], file: Path
) -> str:
    document = tomlkit.parse(text)
    _set(_inner(document, table, file), settings, make)
    return tomlkit.dumps(document)


def _means(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _write(file: Path, text: str) -> None:
    """In one step, so that a machine that stops meanwhile has the old file or the new one."""
    file = file.resolve()
    name = ""
    try:
        mode = file.stat().st_mode & 0o7777
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", delete=False, encoding="utf-8") as new:
            name = new.name
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        os.chmod(name, mode)
        os.replace(name, file)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise LocalError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}.") from error
