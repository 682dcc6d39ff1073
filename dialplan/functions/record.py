"""CDR and CDR_PROP: what the call's record will say, as far as the script knows (Asterisk funcs/func_cdr.c)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from dialplan.arguments import options, split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS", "answer"]

_FIELDS: Final = 100
"""Fields that one script may add."""
_READ_ONLY: Final = frozenset(
    "clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition "
    "uniqueid linkedid sequence".split()
)


def answer(script: Script) -> datetime | None:
    """When the leg was answered, or the record begun where that was later; None where it was not."""
    record, up = script.record, script.leg.up
    if record.answer is not None or up is None:
        return record.answer
    return max(record.start, script.switch.now() - timedelta(seconds=up))


def _time(when: datetime | None, chosen: Mapping[str, str]) -> str:
    if "u" in chosen:
        return f"{when.timestamp():.6f}" if when is not None else "0.000000"
    return f"{when:%Y-%m-%d %H:%M:%S}" if when is not None else ""


def _since(script: Script, when: datetime | None, chosen: Mapping[str, str]) -> str:
    passed = 0.0 if when is None else max(0.0, (script.switch.now() - when).total_seconds())
    return f"{passed:f}" if "f" in chosen else str(int(passed))


_READ: Final[Mapping[str, Callable[[Script, Mapping[str, str]], str]]] = {
    "amaflags": lambda script, chosen: script.record.fields.get("amaflags", "DOCUMENTATION"),
    "answer": lambda script, chosen: _time(answer(script), chosen),
    "billsec": lambda script, chosen: _since(script, answer(script), chosen),
    "channel": lambda script, chosen: script.leg.name,
    "clid": lambda script, chosen: f'"{script.leg.party.name}" <{script.leg.party.number}>',
    "dcontext": lambda script, chosen: script.record.first.context,
    "disposition": lambda script, chosen: "ANSWERED" if script.leg.answered else script.record.status,
    "dst": lambda script, chosen: script.record.first.extension,
    "dstchannel": lambda script, chosen: script.record.other,
    "duration": lambda script, chosen: _since(script, script.record.start, chosen),
    "end": lambda script, chosen: "",
    "lastapp": lambda script, chosen: script.record.application,
    "lastdata": lambda script, chosen: script.record.arguments,
    "linkedid": lambda script, chosen: script.leg.name,
    "sequence": lambda script, chosen: "0",
    "src": lambda script, chosen: script.leg.party.number,
    "start": lambda script, chosen: _time(script.record.start, chosen),
    "uniqueid": lambda script, chosen: script.leg.name,
}


def _read(script: Script, arguments: str) -> str:
    name, chosen, *_ = [*split(arguments, limit=2), ""]
    reader = _READ.get(name.strip().lower())
    if reader is None:
        return script.record.fields.get(name.strip().lower(), "")
    return reader(script, options(chosen))


def _write(script: Script, arguments: str, value: str) -> None:
    name = split(arguments)[0].strip().lower()
    if not name or name in _READ_ONLY:
        raise ScriptError(f"CDR({name[:40]}) cannot be set")
    fields = script.record.fields
    if name not in fields and len(fields) >= _FIELDS:
        raise ScriptError(f"more than {_FIELDS} fields in one record")
    fields[name] = value


def _set_property(script: Script, arguments: str, value: str) -> None:
    name = arguments.strip().lower()
    if name not in ("disable", "party_a"):
        raise ScriptError(f"CDR_PROP knows no {name[:40]!r}: disable party_a")
    if value.strip().lower() in ("1", "yes", "true", "on", "y", "t"):
        script.record.properties.add(name)
    else:
        script.record.properties.discard(name)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CDR": Function(_read, _write),
    "CDR_PROP": Function(write=_set_property),
}
