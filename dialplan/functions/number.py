"""Functions on numbers: MATH INC DEC MIN MAX ABS RAND (Asterisk funcs/func_math.c, func_rand.c)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]

_LEADING: Final = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)")
_WHOLE: Final = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_WORD_BITS: Final = 32
"""Bits of the numbers on which bits are counted and remainders taken."""

_CALCULATIONS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "*": lambda a, b: a * b,
    # No division by zero, and none by a negative number either: Asterisk gives 0 for both.
    "/": lambda a, b: a / b if b > 0 else 0.0,
    "%": lambda a, b: math.fmod(_word(a), _word(b)) if _word(b) else 0.0,
    "^": lambda a, b: math.pow(a, b),
    "AND": lambda a, b: _word(a) & _word(b),
    "XOR": lambda a, b: _word(a) ^ _word(b),
    "OR": lambda a, b: _word(a) | _word(b),
    ">>": lambda a, b: _word(a) >> (_word(b) % _WORD_BITS),
    "<<": lambda a, b: _wrapped(_word(a) << (_word(b) % _WORD_BITS)),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
}
_OPERATORS: Final = ("*", "/", "%", "^", "AND", "XOR", "OR", ">=", ">>", ">", "<=", "<<", "<", "==", "+", "-")
"""In the order in which they are looked for; the minus comes last, since the second number may have one."""
_FORMS: Final[Mapping[str, Callable[[float], str]]] = {
    "f": lambda value: f"{value:f}",
    "float": lambda value: f"{value:f}",
    "i": lambda value: str(_word(value)),
    "int": lambda value: str(_word(value)),
    "h": lambda value: f"{_unsigned(value):x}",
    "hex": lambda value: f"{_unsigned(value):x}",
    "o": lambda value: f"{_unsigned(value):o}",
    "octal": lambda value: f"{_unsigned(value):o}",
    "c": lambda value: chr(int(value) & 0xFF),
    "char": lambda value: chr(int(value) & 0xFF),
}


def _word(value: float) -> int:
    """A number as a C int: its whole part; the least int of all where that has no room for it."""
    most = 1 << (_WORD_BITS - 1)
    return int(value) if -most - 1 < value < most else -most


def _wrapped(value: int) -> int:
    """The lowest 32 bits of a number, as a C int."""
    half = 1 << (_WORD_BITS - 1)
    return (value + half) % (2 * half) - half


def _unsigned(value: float) -> int:
    """A number as a C unsigned int, wrapped to 32 bits."""
    return int(value) % (1 << _WORD_BITS)


def _number(text: str, name: str) -> float:
    """The number with which a text begins, as `sscanf("%lf")` reads it."""
    found = _LEADING.match(text)
    if found is None:
        raise ScriptError(f"{name}: {text[:40]!r} is no number")
    return float(found[1])


def _math(script: Script, arguments: str) -> str:
    text, kind, *_ = [*split(arguments, limit=2), ""]
    form = _FORMS.get(kind.strip().lower() or "float")
    if form is None:
        raise ScriptError(f"MATH knows no form {kind!r}: int, hex, octal, char or float")
    text = text.strip()
    sign = text[:1] if text[:1] == "-" else ""
    body = text[len(sign) :]
    operator = next((found for found in _OPERATORS if found in body), None)
    if operator is None:
        raise ScriptError(f"MATH cannot read {text[:60]!r}: write a number, an operator and a number")
    first, _, second = body.partition(operator)
    left, right = _number(sign + first.lstrip(), "MATH"), _number(second, "MATH")
    compare = _COMPARISONS.get(operator)
    if compare is not None:
        return "TRUE" if compare(left, right) else "FALSE"
    try:
        return form(_CALCULATIONS[operator](left, right))
    except (ValueError, ArithmeticError) as fault:
        raise ScriptError(f"MATH cannot work out {text[:60]!r}: {fault}") from fault


def _step(by: int) -> Callable[[Script, str], str]:
    def read(script: Script, name: str) -> str:
        value = script.variable(name)
        if not _WHOLE.fullmatch(value):
            raise ScriptError(f"{name} holds {value[:40]!r}, which is no whole number")
        number = _wrapped(int(value) + by)
        script.assign(name, str(number))
        return str(number)

    return read


def _choice(name: str, choose: Callable[[float, float], float]) -> Callable[[Script, str], str]:
    def read(script: Script, arguments: str) -> str:
        given = [_number(text, name) for text in split(arguments, limit=2) if text.strip()]
        if not given:
            raise ScriptError(f"{name} wants two numbers")
        return _short(choose(given[0], given[-1]))

    return read


def _short(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else f"{value:f}"


def _random(script: Script, arguments: str) -> str:
    low, high = ([*split(arguments), "", ""])[:2]
    try:
        first, last = int(low or 0), int(high or 2**31 - 1)
    except ValueError as fault:
        raise ScriptError("RAND wants two whole numbers") from fault
    return str(random.randint(min(first, last), max(first, last)))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "ABS": Function(lambda script, arguments: _short(abs(_number(arguments, "ABS")))),
    "DEC": Function(_step(-1), acts=True),
    "INC": Function(_step(1), acts=True),
    "MATH": Function(_math),
    "MAX": Function(_choice("MAX", max)),
    "MIN": Function(_choice("MIN", min)),
    "RAND": Function(_random),
}
