"""The option by which a command is told the office's configuration, for commands that need no running office."""

from __future__ import annotations

from os.path import isfile
from pathlib import Path
from typing import Annotated, Final

import typer

from dialplan.model import Dialplan
from gateway.config import Config, load_office
from gateway.core.errors import LocalError

__all__ = ["ConfigFile", "office_at"]

_HERE: Final = Path("office.toml")
_INSTALLED: Final = Path("/etc/copperline/office.toml")

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help=f"The configuration file; {_HERE} in this folder, or else {_INSTALLED}, where left out.",
        envvar="COPPERLINE_CONFIG",
        show_default=False,
    ),
]
"""The option."""


def office_at(file: Path | None) -> tuple[Config, Dialplan]:
    """The office of a configuration file, or of the usual one.

    Raises:
        LocalError: no file was named, and there is none in the usual places.
        ConfigError: it has faults.
    """
    if file is not None:
        return load_office(file)
    found = next((place for place in (_HERE, _INSTALLED) if isfile(place)), None)
    if found is None:
        raise LocalError(f"There is no {_HERE} in this folder and no {_INSTALLED}; name yours with --config FILE.")
    return load_office(found)
