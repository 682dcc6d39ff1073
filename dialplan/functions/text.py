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
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_KEYPAD: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def _of_value(work: Callable[[str], str]) -> Function:
    return Function(lambda script, arguments: work(arguments))


def _fields(script: Script, name: str, delimiter: str) -> list[str]:
    value = script.named(name)
    separator = unescaped(delimiter)[:1] or "-"
    return value.split(separator) if value else []


def unescaped(text: str) -> str:
    """Take `\\n`, `\\x2d` and a backslash before any other character for what they stand for."""
    found: list[str] = []
    at = 0
    while at < len(text):
        character, following = text[at], text[at + 1 : at + 2]
        if character != "\\" or not following:
            found.append(character)
            at += 1
        elif following == "x" and re.fullmatch("[0-9a-fA-F]{2}", text[at + 2 : at + 4]):
            found.append(chr(int(text[at + 2 : at + 4], 16)))
            at += 4
        else:
            found.append(_ESCAPES.get(following, following))
            at += 2
    return "".join(found)


def _cut(script: Script, arguments: str) -> str:
    parts = split(arguments, limit=3)
    if len(parts) < 3:
        raise ScriptError("CUT wants a variable, a delimiter and fields")
    delimiter = unescaped(parts[1])[:1]
    value = script.named(parts[0])
    fields = value.split(delimiter) if delimiter else [value]
    chosen: list[str] = []
    for part in parts[2].split("&"):
        first, dash, last = part.strip().partition("-")
        start = int(first) if first.isdecimal() else 1
        end = (int(last) if last.isdecimal() else len(fields)) if dash else start
        chosen.extend(fields[max(0, start - 1) : end])
    return delimiter.join(chosen)


def _field_count(script: Script, arguments: str) -> str:
    name, _, delimiter = arguments.partition(",")
    return str(len(_fields(script, name, delimiter)))


def _field_number(script: Script, arguments: str) -> str:
    parts = split(arguments, limit=3)
    if len(parts) < 3:
        raise ScriptError("FIELDNUM wants a variable, a delimiter and a value")
    fields = _fields(script, parts[0], parts[1])
    return str(fields.index(parts[2]) + 1 if parts[2] in fields else 0)


def _filter(script: Script, arguments: str) -> str:
    allowed, comma, value = arguments.partition(",")
    if not comma:
        raise ScriptError("FILTER wants the characters allowed and a text")
    return "".join(character for character in value if character in _allowed(allowed))


def _allowed(text: str) -> frozenset[str]:
    """The characters of `0-9a-f\\-`: ranges, escapes, plain characters."""
    tokens: list[tuple[str, bool]] = []
    for piece in re.findall(r"\\x[0-9a-fA-F]{2}|\\.|.", text, re.DOTALL):
        tokens.append((unescaped(piece), piece == "-"))
    found: set[str] = set()
    at = 0
    while at < len(tokens):
        first = tokens[at][0]
        if at + 2 < len(tokens) and tokens[at + 1][1] and ord(tokens[at + 2][0]) - ord(first) < 0x100:
            found.update(map(chr, range(ord(first), ord(tokens[at + 2][0]) + 1)))
            at += 3
        else:
            found.add(first)
            at += 1
    return frozenset(found)


def _replace(script: Script, arguments: str) -> str:
    name, find, replacement, *_ = [*split(arguments, limit=3), "", ""]
    if not find:
        raise ScriptError("REPLACE wants a variable and the characters to find")
    characters = unescaped(find)
    to = unescaped(replacement)[:1]
    return "".join(to if character in characters else character for character in script.named(name))


def _string_replace(script: Script, arguments: str) -> str:
    name, find, to, most, *_ = [*split(arguments, limit=4), "", "", ""]
    if not find:
        raise ScriptError("STRREPLACE wants a variable and a text to find")
    return script.named(name).replace(find, to, int(most[:9]) or -1 if most.isdecimal() else -1)


def _regex(script: Script, arguments: str) -> str:
    found = re.fullmatch(r'\s*"((?:[^"\\]|\\.)*)"\s?(.*)', arguments, re.DOTALL)
    if found is None:
        raise ScriptError('REGEX wants "expression" text')
    try:
        return str(int(search(found[1], found[2]) is not None))
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
            try:
                return form % float(value)
            except ValueError as fault:
                raise ScriptError(f"SPRINTF: {value[:40]!r} is no number for {form}") from fault
        raise ScriptError(f"SPRINTF knows no {form}")

    return _FORMAT.sub(one, pattern)


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
    pairs = [pair.partition(":") for pair in split(arguments) if ":" in pair]
    return ",".join(pair[0] for pair in sorted(pairs, key=lambda pair: _sort_value(pair[2])))


def _sort_value(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if value == value else 0.0


def _between(script: Script, arguments: str) -> str:
    name, filling, *_ = [*split(arguments, limit=2), ""]
    return filling.join(script.named(name))


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
