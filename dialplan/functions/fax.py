"""FAXOPT: how this leg's faxes are to go, and how the last one went (Asterisk res/res_fax.c)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dialplan.fax_notes import FaxNotes
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.fax import MODEMS, RATES, FaxOptions

__all__ = ["FUNCTIONS"]

_KEPT: Final[Mapping[str, str]] = {
    "faxdetect": "no",
    "gateway": "yes",
    "minrate": "2400",
    "negotiate_both": "no",
    "t38timeout": "5000",
}
"""What is kept to be read again, with what it is before it is set: gateways stand wherever one is needed."""
_YES: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_NO: Final = frozenset({"no", "false", "n", "f", "0", "off"})

_READ: Final[Mapping[str, Callable[[FaxNotes], str]]] = {
    "ecm": lambda notes: "yes" if notes.options.ecm else "no",
    "error": lambda notes: notes.report.fault,
    "filename": lambda notes: notes.files[0] if notes.files else "",
    "filenames": lambda notes: "&".join(notes.files),
    "headerinfo": lambda notes: notes.options.header,
    "localstationid": lambda notes: notes.options.station,
    "maxrate": lambda notes: str(notes.options.highest),
    "modem": lambda notes: ",".join(notes.options.modems),
    "modems": lambda notes: ",".join(notes.options.modems),
    "pages": lambda notes: str(notes.report.pages),
    "rate": lambda notes: str(notes.report.bit_rate or ""),
    "remotestationid": lambda notes: notes.report.remote,
    "resolution": lambda notes: notes.report.resolution,
    "status": lambda notes: notes.status,
    "statusstr": lambda notes: notes.sentence,
}


def _modems(value: str) -> tuple[str, ...]:
    names = tuple(word.strip().upper() for word in value.split(",") if word.strip())
    wrong = [name for name in names if name not in MODEMS]
    if wrong or not names:
        raise ScriptError(f"FAXOPT(modem): {(wrong or [value])[0][:40]!r} is none of {','.join(MODEMS)}")
    return tuple(dict.fromkeys(names))


def _rate(value: str) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) in RATES):
        raise ScriptError(f"FAXOPT: {value[:40]!r} is no rate; those are {' '.join(map(str, RATES))}")
    return int(text)


def _flag(value: str) -> bool:
    word = value.strip().lower()
    if word not in _YES | _NO:
        raise ScriptError(f"FAXOPT: {value[:40]!r} is neither yes nor no")
    return word in _YES


_WRITE: Final[Mapping[str, Callable[[FaxOptions, str], FaxOptions]]] = {
    "ecm": lambda options, value: replace(options, ecm=_flag(value)),
    "headerinfo": lambda options, value: replace(options, header=value.strip()[:50]),
    "localstationid": lambda options, value: replace(options, station=value.strip()[:20]),
    "maxrate": lambda options, value: replace(options, highest=_rate(value)),
    "modem": lambda options, value: replace(options, modems=_modems(value)),
    "modems": lambda options, value: replace(options, modems=_modems(value)),
}


def _read(script: Script, arguments: str) -> str:
    item = arguments.strip().lower()
    notes = script.share.fax
    if item in _READ:
        return _READ[item](notes)
    if item in _KEPT:
        return notes.kept.get(item, _KEPT[item])
    raise ScriptError(f"FAXOPT knows no {arguments[:40]!r}: {' '.join(sorted({*_READ, *_KEPT}))}")


def _write(script: Script, arguments: str, value: str) -> None:
    item = arguments.strip().lower()
    notes = script.share.fax
    if item in _WRITE:
        notes.options = _WRITE[item](notes.options, value)
    elif item == "minrate":
        notes.kept[item] = str(_rate(value))
    elif item in _KEPT:
        notes.kept[item] = value.strip()[:40]
    else:
        raise ScriptError(f"FAXOPT cannot set {arguments[:40]!r}: {' '.join(sorted({*_WRITE, *_KEPT}))}")


FUNCTIONS: Final[Mapping[str, Function]] = {"FAXOPT": Function(_read, _write)}
