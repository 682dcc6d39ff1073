"""The values of `$[...]` and what its operators do with them.

A value is a number (int where exact, else extended precision as Asterisk's long double) or a text; a text that
reads as a plain decimal counts as a number where one is wanted, any other as 0. Quotes belong to a text: `"1"` is
no number. Semantics: Asterisk main/ast_expr2.y, to the letter where offices' files depend on it (`1 / 0` is
2147483647, `"a" & "b"` is `"a"`). Nothing here raises for a value.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from dialplan.regular import RegularError, group_count, search

__all__ = ["BUILT_IN", "OPERATORS", "Number", "Value", "complement", "leading", "negate", "show", "truth"]

Number = int | np.longdouble
Value = int | np.longdouble | str

_NUMERIC: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LEADING: Final = re.compile(r"\s*([+-]?[0-9]+)")
_FLOAT: Final = re.compile(r"\s*(-?[0-9]+(?:\.[0-9]*)?|-?\.[0-9]+)")
_EXACT: Final = 10**18
"""Integers below this print with all their digits under the 18 significant digits of `%.18Lg`."""
_LONGEST: Final = np.finfo(np.longdouble).maxexp * 30103 // 100000
"""Digits before the point of the greatest `long double`; a number with more of them is infinite, as in C."""
_NEGATIVE_ZERO: Final = np.longdouble("-0.0")
_DIVISION_BY_ZERO: Final = 2147483647
"""INT_MAX, Asterisk's answer."""


def _number(value: Value) -> Number | None:
    if not isinstance(value, str):
        return value
    if value.isdecimal() and len(value) < 18 and value.isascii():
        return int(value)
    if not _NUMERIC.fullmatch(value):
        return None
    if len(value) < 18 and "." not in value:
        return int(value)
    if len(value.partition(".")[0]) > _LONGEST:
        return np.longdouble("-inf" if value[0] == "-" else "inf")
    return np.longdouble(value)


def _exact(value: Number) -> Number:
    return value if isinstance(value, np.longdouble) or abs(value) < _EXACT else np.longdouble(value)


def leading(text: str) -> Number:
    """The number that a text begins with, as C's `strtold` reads it; 0 where there is none."""
    found = _FLOAT.match(text)
    if found is None:
        return 0
    number = _number(found[1])
    return np.longdouble(found[1]) if number is None else number


def show(value: Value) -> str:
    """The text of a value, numbers as C's `%.18Lg` prints them."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if not np.isfinite(value) or value == 0:
        return "-" * bool(np.signbit(value)) + ("nan" if np.isnan(value) else "inf" if value else "0")
    exponent = int(np.format_float_scientific(value, precision=17, unique=False).partition("e")[2])
    if -4 <= exponent < 18:
        return np.format_float_positional(value, precision=18, unique=False, fractional=False, trim="-")
    return np.format_float_scientific(value, precision=17, unique=False, trim="-", exp_digits=2)


def truth(value: Value) -> bool:
    """Whether `value` counts as true before `?`."""
    number = _number(value)
    return number != 0 if number is not None else value not in ("", '""')


def negate(value: Value) -> Value:
    """Unary minus; of 0 it is a negative zero, as in C."""
    number = _number(value)
    return _NEGATIVE_ZERO if isinstance(number, int) and not number else -(number or 0)


def complement(value: Value) -> Value:
    """Unary `!`: of a text, by the number that it begins with."""
    if not isinstance(value, str):
        return int(value == 0)
    leading = _LEADING.match(value)
    return int(not leading or int(leading[1]) == 0)


def _null(value: Value) -> bool:
    return value == "" or _number(value) == 0


def _or(left: Value, right: Value) -> Value:
    return right if _null(left) else left


def _and(left: Value, right: Value) -> Value:
    return 0 if _null(left) or _null(right) else left


def _compare(left: Value, right: Value) -> int:
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return int(a > b) - int(a < b)
    shown, other = show(left), show(right)
    return (shown > other) - (shown < other)


def _reckon(work: Callable[[Any, Any], Number], left: Value, right: Value) -> Value:
    a, b = _number(left) or 0, _number(right) or 0
    if isinstance(a, int) and isinstance(b, int):
        return _exact(work(a, b))
    with np.errstate(all="ignore"):
        return work(a, b)


def _multiply(left: Value, right: Value) -> Value:
    product = _reckon(operator.mul, left, right)
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return 0
    return _NEGATIVE_ZERO if not product and np.signbit(a) != np.signbit(b) else product


def _divide(left: Value, right: Value) -> Value:
    dividend, divisor = _number(left), _number(right)
    if dividend is None:
        return 0
    if not divisor:
        return _DIVISION_BY_ZERO
    if isinstance(dividend, int) and isinstance(divisor, int) and dividend and dividend % divisor == 0:
        return dividend // divisor
    with np.errstate(all="ignore"):
        return _whole(np.longdouble(dividend) / np.longdouble(divisor))


def _remainder(left: Value, right: Value) -> Value:
    dividend, divisor = _number(left), _number(right)
    if dividend is None or not divisor:
        return 0
    with np.errstate(all="ignore"):
        return _whole(np.fmod(np.longdouble(dividend), np.longdouble(divisor)))


def _whole(value: np.longdouble) -> Number:
    """A number as an int where that loses nothing."""
    exact = np.isfinite(value) and value == np.rint(value) and abs(value) < _EXACT
    return value if not exact or (value == 0 and np.signbit(value)) else int(value)


def _unquoted(value: Value) -> str:
    text = show(value)
    return text.replace('"', "") if len(text) > 1 and text[0] == text[-1] == '"' else text


def _matched(left: Value, right: Value, anchored: bool) -> Value:
    pattern = _unquoted(right)
    try:
        groups, found = group_count(pattern), search(pattern, _unquoted(left))
    except RegularError:
        return ""
    if found is None or (anchored and found.start() != 0):
        return "" if groups else 0
    if groups and found[1] is not None:
        return str(found[1])
    return int(found.end() - found.start())


def _join(left: Value, right: Value) -> Value:
    return _unquoted(left) + _unquoted(right)


OPERATORS: Final[Mapping[str, tuple[int, Callable[[Value, Value], Value]]]] = {
    "|": (1, _or),
    "||": (1, _or),
    "&": (2, _and),
    "&&": (2, _and),
    "=": (3, lambda a, b: int(_compare(a, b) == 0)),
    "==": (3, lambda a, b: int(_compare(a, b) == 0)),
    "!=": (3, lambda a, b: int(_compare(a, b) != 0)),
    ">": (3, lambda a, b: int(_compare(a, b) > 0)),
    "<": (3, lambda a, b: int(_compare(a, b) < 0)),
    ">=": (3, lambda a, b: int(_compare(a, b) >= 0)),
    "<=": (3, lambda a, b: int(_compare(a, b) <= 0)),
    "+": (4, partial(_reckon, operator.add)),
    "-": (4, partial(_reckon, operator.sub)),
    "*": (5, _multiply),
    "/": (5, _divide),
    "%": (5, _remainder),
    # 6 is the place of the unary operators.
    ":": (7, lambda a, b: _matched(a, b, True)),
    "=~": (7, lambda a, b: _matched(a, b, False)),
    "~~": (7, _join),
}
"""Binary operators: how tightly each binds (all group to the left) and what it does."""


def _function(arity: int, work: Callable[..., np.longdouble]) -> Callable[[list[Value]], Value]:
    def call(arguments: list[Value]) -> Value:
        if len(arguments) != arity:
            return 0
        with np.errstate(all="ignore"):
            return _whole(work(*(np.longdouble(_number(argument) or 0) for argument in arguments)))

    return call


def _round_half_away(value: np.longdouble) -> np.longdouble:
    away: np.longdouble = np.copysign(np.floor(np.abs(value) + np.longdouble("0.5")), value)
    return away


BUILT_IN: Final[Mapping[str, Callable[[list[Value]], Value]]] = {
    "ABS": _function(1, np.abs),
    "ACOS": _function(1, np.arccos),
    "ASIN": _function(1, np.arcsin),
    "ATAN": _function(1, np.arctan),
    "ATAN2": _function(2, np.arctan2),
    "CEIL": _function(1, np.ceil),
    "COS": _function(1, np.cos),
    "EXP": _function(1, np.exp),
    "EXP10": _function(1, lambda value: np.power(np.longdouble(10), value)),
    "EXP2": _function(1, np.exp2),
    "FLOOR": _function(1, np.floor),
    "LOG": _function(1, np.log),
    "LOG10": _function(1, np.log10),
    "LOG2": _function(1, np.log2),
    "POW": _function(2, np.power),
    "REMAINDER": _function(2, lambda a, b: a - b * np.rint(a / b)),
    "RINT": _function(1, np.rint),
    "ROUND": _function(1, _round_half_away),
    "SIN": _function(1, np.sin),
    "SQRT": _function(1, np.sqrt),
    "TAN": _function(1, np.tan),
    "TRUNC": _function(1, np.trunc),
}
"""Functions known inside `$[...]` alone."""
