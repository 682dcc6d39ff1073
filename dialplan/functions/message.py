"""MESSAGE and MESSAGE_DATA: the text that MessageSend sends, as the script puts it together (main/message.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS", "message_of"]

_FIELDS: Final = ("to", "from", "custom_data", "body")
_PREFIX: Final = "MESSAGE:"
_DATA: Final = "MESSAGE_DATA:"


def message_of(script: Script) -> Mapping[str, str]:
    """What the script has put together so far, by field."""
    kept = script.identity
    return {field: kept[_PREFIX + field] for field in _FIELDS if _PREFIX + field in kept}


def _field(argument: str) -> str:
    field = argument.strip().lower()
    if field not in _FIELDS:
        raise ScriptError(f"MESSAGE knows no {argument[:40]!r}: {' '.join(_FIELDS)}")
    return _PREFIX + field


def _read(script: Script, argument: str) -> str:
    return script.identity.get(_field(argument), "")


def _write(script: Script, argument: str, value: str) -> None:
    script.identity[_field(argument)] = value


def _read_data(script: Script, argument: str) -> str:
    return script.identity.get(_DATA + argument.strip(), "")


def _write_data(script: Script, argument: str, value: str) -> None:
    script.identity[_DATA + argument.strip()] = value


FUNCTIONS: Final[Mapping[str, Function]] = {
    "MESSAGE": Function(_read, _write),
    "MESSAGE_DATA": Function(_read_data, _write_data),
}
