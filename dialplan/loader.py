"""A dialplan file loaded whole or not at all: read, parsed and checked, with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dialplan.apps import APPLICATIONS
from dialplan.check import check
from dialplan.functions import FUNCTIONS
from dialplan.model import Dialplan
from dialplan.parser import parse
from dialplan.reader import Read
from dialplan.script import Application, Function
from gateway.core.errors import ConfigError, Fault

__all__ = ["load"]


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace")


def load(
    path: str,
    *,
    read: Read = _read,
    applications: Mapping[str, Application] = APPLICATIONS,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> Dialplan:
    """Load `extensions.conf`.

    Args:
        path: of the file; the files it includes are looked for beside it.
        read: gives the text of a file by its path, raising OSError.
        applications, functions: what its steps may name.

    Raises:
        ConfigError: it cannot be used; all faults, with file, line and the nearest correct name.
    """
    try:
        dialplan, faults = parse(path, read)
    except OSError as fault:
        what = f"cannot read the dialplan: {fault.strerror or fault}"
        raise ConfigError([Fault(path, 0, what, "mend the path or the permissions")]) from fault
    faults += check(dialplan, applications, functions)
    if faults:
        raise ConfigError(faults)
    return dialplan
