"""A dialplan file loaded whole or not at all: read, parsed and checked, with every fault at once."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path

from dialplan.applications import APPLICATIONS
from dialplan.check import check
from dialplan.functions import FUNCTIONS
from dialplan.model import Dialplan
from dialplan.parser import parse
from dialplan.reader import Execute, Find, Read, Sources, as_text
from dialplan.script import Application, Function
from gateway.core.errors import ConfigError, Fault

__all__ = ["examine", "load"]


def _read(path: str) -> str:
    return as_text(Path(path).read_bytes())


def _find(pattern: str) -> list[str]:
    return glob.glob(pattern)


def examine(
    path: str,
    *,
    read: Read = _read,
    find: Find | None = _find,
    execute: Execute | None = None,
    applications: Mapping[str, Application] = APPLICATIONS,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> tuple[Dialplan, list[Fault]]:
    """Read `extensions.conf`: what could be read of it, and all its faults, each with the nearest correct name.

    Args:
        path: of the file; the files it includes are looked for beside it.
        read: gives the text of a file by its path, raising OSError.
        find: gives the files of an `#include` with `*`; give it together with `read`.
        execute: gives what the command of an `#exec` prints, raising OSError; None refuses them.
        applications, functions: what its steps may name.

    Raises:
        ConfigError: the file cannot be read at all.
    """
    try:
        dialplan, faults = parse(path, Sources(read, find if read is _read or find is not _find else None, execute))
    except OSError as fault:
        what = f"cannot read the dialplan: {fault.strerror or fault}"
        raise ConfigError([Fault(path, 0, what, "mend the path or the permissions")]) from fault
    return dialplan, [*faults, *check(dialplan, applications, functions)]


def load(
    path: str,
    *,
    read: Read = _read,
    find: Find | None = _find,
    execute: Execute | None = None,
    applications: Mapping[str, Application] = APPLICATIONS,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> Dialplan:
    """Load `extensions.conf`; arguments as for `examine`.

    Raises:
        ConfigError: it cannot be used; all its faults.
    """
    dialplan, faults = examine(
        path, read=read, find=find, execute=execute, applications=applications, functions=functions
    )
    if faults:
        raise ConfigError(faults)
    return dialplan
