"""Functions on text: LEN, CUT, FILTER, REPLACE and their like (Asterisk funcs/func_strings.c, func_cut.c)."""

from __future__ import annotations

import base64
import hashlib
import re
import string
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from dialplan.arguments import split
from dialplan.regular import RegularError, search
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS", "unescaped"]

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_FORMAT: Final = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>\d{0,3})(?P<precision>(?:\.\d{0,3})?)[hlLqjzt]{0,2}(?P<kind>[a-zA-Z%])"
)
_WHOLE: Final = re.compile(r"\s*([+-]?[0-9]{1,18})")
_NUMBER: Final = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)")
_ESCAPED: Final = re.compile(r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|0(?P<octal>[0-7]{0,3})|(?P<plain>.))", re.DOTALL)
_PIECES: Final = re.compile(r"\\(?:x[0-9a-fA-F]{1,2}|0[0-7]{0,3}|.)|.", re.DOTALL)
_RANGE: Final = re.compile(r"([0-9]{0,9})(-?)([0-9]{0,9})")
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_KEYPAD: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def _of_value(work: Callable[[str], str]) -> Function:
    return Function(lambda script, arguments: work(arguments))


def _fields(script: Script, name: str, delimiter: str) -> list[str]:
    value = script.named(name)
    if not value:
        return []
    separator = unescaped(delimiter)[:1]
    return value.split(separator) if separator else [value]


def unescaped(text: str) -> str:
    """Take `\\n`, `\\x2d`, `\\055` and a backslash before any other character for what they stand for."""
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    plain = found["plain"]
    if plain is not None:
        return _ESCAPES.get(plain, plain)
    return chr(int(found["hex"], 16) if found["hex"] else int(found["octal"] or "0", 8) & 0xFF)


def _cut(script: Script, arguments: str) -> str:
    """Fields come in the order of the value: one that lies before another already taken is not gone back to."""
    parts = split(arguments, limit=3)
    if len(parts) < 3:
        raise ScriptError("CUT wants a variable, a delimiter and fields")
    delimiter = unescaped(parts[1])[:1] or "-"
    value = script.named(parts[0])
    fields = value.split(delimiter) if value else []
    chosen: list[str] = []
    taken = 0
    for part in parts[2].split("&"):
        found = _RANGE.match(part.strip())
        start, dash, end = found.groups() if found is not None else ("", "", "")
        if not (start or end):
            raise ScriptError(f"CUT: {part[:40]!r} is no field: write 2, 2-4, -4 or 2-")
        first = int(start or 1)
        last = int(end) if end else len(fields) if dash else first
        taken = max(taken, first - 1)
        chosen.extend(fields[taken:last])
        taken = max(taken, last)
    return delimiter.join(chosen)


def _field_count(script: Script, arguments: str) -> str:
    name, *delimiter = split(arguments, limit=2)
    return str(len(_fields(script, name, delimiter[0])) if delimiter else 1)


def _field_number(script: Script, arguments: str) -> str:
    parts = split(arguments, limit=3)
    if len(parts) < 3:
        raise ScriptError("FIELDNUM wants a variable, a delimiter and a value")
    fields = [field.lower() for field in _fields(script, parts[0], parts[1])] if parts[1] else []
    wanted = parts[2].lower()
    return str(fields.index(wanted) + 1 if wanted in fields else 0)


def _filter(script: Script, arguments: str) -> str:
    allowed, *value = split(arguments, limit=2, raw=True)
    if not value:
        raise ScriptError("FILTER wants the characters allowed and a text")
    kept = _allowed(allowed)
    return bytes(byte for byte in value[0].encode() if byte in kept).decode(errors="replace")


def _allowed(text: str) -> frozenset[int]:
    """The bytes of `0-9a-f\\-`: ranges, escapes, plain characters; a range that runs backwards goes round."""
    tokens: list[tuple[int, bool]] = []
    for piece in _PIECES.findall(text):
        coding = "latin-1" if piece[1:2] in ("x", "0") else "utf-8"
        tokens.extend((byte, piece == "-") for byte in unescaped(piece).encode(coding))
    found: set[int] = set()
    at = 0
    while at < len(tokens):
        first = last = tokens[at][0]
        at += 1
        if at < len(tokens) and tokens[at][1]:
            last = tokens[at + 1][0] if at + 1 < len(tokens) else first
            at += 2
        found.update((first + step) % 256 for step in range((last - first) % 256 + 1))
    return frozenset(found)


def _replace(script: Script, arguments: str) -> str:
    name, find, replacement, *_ = [*split(arguments, limit=3), "", ""]
    if not find:
        raise ScriptError("REPLACE wants a variable and the characters to find")
    characters = unescaped(find)
    to = unescaped(replacement)[:1]
    return "".join(to if character in characters else character for character in script.named(name))


def _string_replace(script: Script, arguments: str) -> str:
    name, find, to, most, *_ = [*split(arguments), "", "", ""]
    if not find:
        raise ScriptError("STRREPLACE wants a variable and a text to find")
    times = _WHOLE.match(most)
    return script.named(name).replace(find, to, max(0, int(times[1])) or -1 if times else -1)


def _regex(script: Script, arguments: str) -> str:
    _, *given = split(arguments, '"', 3)
    if len(given) < 2:
        raise ScriptError('REGEX wants "expression" text')
    expression, text = given
    try:
        return str(int(search(expression, text[1:] if text[:1] in (" ", "\t") else text) is not None))
    except RegularError as fault:
        raise ScriptError(str(fault)) from fault


def _sprintf(script: Script, arguments: str) -> str:
    pattern, *values = split(arguments)
    waiting = iter(values)

    def one(found: re.Match[str]) -> str:
        kind = found["kind"]
        if kind == "%":
            return "%"
        form, value = f"%{found['flags']}{found['width']}{found['precision']}{kind}", next(waiting, None)
        if kind == "s":
            return form % (value or "")
        if value is None:
            raise ScriptError("SPRINTF has more formats than values")
        if kind in "diouxXc":
            return _integer(form, kind, value)
        if kind in "eEfFgG":
            return form % _float(form, value)
        raise ScriptError(f"SPRINTF knows no {form}")

    return _FORMAT.sub(one, pattern)


def _float(form: str, value: str) -> float:
    """A value as the C double that it begins with."""
    found = _NUMBER.match(value)
    if found is None:
        raise ScriptError(f"SPRINTF: {value[:40]!r} is no number for {form}")
    return float(found[1])


def _integer(form: str, kind: str, value: str) -> str:
    """A value as the C int that it begins with."""
    found = _WHOLE.match(value)
    if found is None:
        raise ScriptError(f"SPRINTF: {value[:40]!r} is no whole number for {form}")
    number = int(found[1])
    if kind == "c":
        return chr(number & 0xFF)
    return form % (number & 0xFFFFFFFF if kind in "ouxX" else number)


def _sort(script: Script, arguments: str) -> str:
    pairs = [pair.partition(":") for pair in arguments.split(",") if ":" in pair]
    return ",".join(pair[0] for pair in sorted(pairs, key=lambda pair: _sort_value(pair[2])))


def _sort_value(text: str) -> float:
    found = _NUMBER.match(text)
    return float(found[1]) if found is not None else 0.0


def _between(script: Script, arguments: str) -> str:
    name, *filling = split(arguments)
    if len(filling) != 1:
        raise ScriptError("STRBETWEEN wants a variable and a text to put between its characters")
    return filling[0].join(script.named(name))


def _base64_decode(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except ValueError as fault:
        raise ScriptError("BASE64_DECODE was given no base64") from fault


FUNCTIONS: Final[Mapping[str, Function]] = {
    "BASE64_DECODE": _of_value(_base64_decode),
    "BASE64_ENCODE": _of_value(lambda value: base64.b64encode(value.encode()).decode()),
    "BASENAME": _of_value(lambda value: value.rstrip("/").rpartition("/")[2]),
    "CSV_QUOTE": _of_value(lambda value: '"' + value.replace('"', '""') + '"'),
    "CUT": Function(_cut),
    "DIRNAME": _of_value(lambda value: value.rstrip("/").rpartition("/")[0] or "."),
    "FIELDNUM": Function(_field_number),
    "FIELDQTY": Function(_field_count),
    "FILTER": Function(_filter),
    "KEYPADHASH": _of_value(
        lambda value: "".join(c for c in value.upper().translate(_KEYPAD) if c in "0123456789")
    ),
    "LEN": _of_value(lambda value: str(len(value))),
    "LTRIM": _of_value(str.lstrip),
    "MD5": _of_value(lambda value: hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()),
    "PASSTHRU": _of_value(str),
    "QUOTE": _of_value(lambda value: '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    "REGEX": Function(_regex),
    "REPLACE": Function(_replace),
    "RTRIM": _of_value(str.rstrip),
    "SHA1": _of_value(lambda value: hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest()),
    "SORT": Function(_sort),
    "SPRINTF": Function(_sprintf),
    "STRBETWEEN": Function(_between),
    "STRREPLACE": Function(_string_replace),
    "TOLOWER": _of_value(lambda value: value.translate(_LOWER)),
    "TOUPPER": _of_value(lambda value: value.translate(_UPPER)),
    "TRIM": _of_value(str.strip),
    "URIDECODE": _of_value(lambda value: unquote_to_bytes(value).decode("utf-8", "replace")),
    "URIENCODE": _of_value(lambda value: quote(value, safe="!*'()")),
}
