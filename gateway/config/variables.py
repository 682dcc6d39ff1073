"""Channel variables that accounts, telephones, lines and trunks bring with their calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.config.model import Config
from gateway.config.ways import each_way

__all__ = ["given_variables"]

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def given_variables(config: Config) -> Callable[[str], Mapping[str, str]]:
    """Tells what a leg brings, by its name "SIP/6001-0000002a"; nothing where nobody has it."""
    known = {f"SIP/{name}": trunk.variables for name, trunk in config.trunks.items()}
    known |= {f"SIP/{name}": account.variables for name, account in config.accounts.items()}
    known |= {f"FXS/{name}": phone.variables for name, phone in config.phones.items()}
    known |= {f"{technology}/{name}": way.variables for technology, name, way in each_way(config)}

    def given(leg: str) -> Mapping[str, str]:
        return known.get(leg.rpartition("-")[0], _NONE)

    return given
