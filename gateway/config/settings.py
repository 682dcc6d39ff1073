"""Every setting with the value that holds, and whether the file or the default gave it.

A `Config` goes in, rows for `copperline check --defaults` come out. Secrets are never among the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from gateway.config.model import Config

__all__ = ["Setting", "settings"]

_HIDDEN: Final = frozenset({"secret", "pin"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        path: as in TOML: "sip.timers.t1".
        value: as in TOML; "(none)" where nothing is set and nothing holds.
        default: True where the file does not say it.
    """

    path: str
    value: str
    default: bool


def settings(config: Config) -> list[Setting]:
    """All settings of `config`, in the order of the model."""
    return list(_table(config, "", written=True))


def _table(table: BaseModel, prefix: str, *, written: bool) -> Iterator[Setting]:
    for name in type(table).model_fields:
        path = f"{prefix}{name}"
        value = getattr(table, name)
        said = written and name in table.model_fields_set
        if isinstance(value, BaseModel):
            yield from _table(value, f"{path}.", written=said)
        elif isinstance(value, Mapping):
            for key, entry in value.items():
                if isinstance(entry, BaseModel):
                    yield from _table(entry, f"{path}.{key}.", written=said)
                else:
                    yield Setting(f"{path}.{_show(key)}", _show(entry), not said)
        else:
            shown = '"***"' if name in _HIDDEN else _mask_url(_show(value)) if name == "url" else _show(value)
            yield Setting(path, shown, not said)


def _show(value: object) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, BaseModel):
        said = ", ".join(f"{name} = {_show(getattr(value, name))}" for name in type(value).model_fields)
        return f"{{ {said} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(_show(item) for item in value)}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mask_url(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    login, at, host = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}{mark}{user}{colon}***{at}{host}" if colon and at else url
