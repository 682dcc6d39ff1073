"""Functions on numbers: MATH, INC, DEC, RAND (Asterisk funcs/func_math.c, func_rand.c)."""

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

_OPERATION: Final = re.compile(
    r"\s*(?P<left>-?[0-9.]+)\s*(?P<operator>\*\*|<<|>>|<=|>=|==|<|>|\+|-|\*|/|%|\^|AND|XOR|OR)\s*(?P<right>-?[0-9.]+)\s*",
    re.IGNORECASE,
)
_SHIFT: Final = 63
"""Bits; a shift by more would only cost memory."""

_CALCULATIONS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: float(int(math.fmod(int(a), int(b)))),
    "^": lambda a, b: a**b if a >= 0 or b == int(b) else 0.0,
    "**": lambda a, b: a**b if a >= 0 or b == int(b) else 0.0,
    "AND": lambda a, b: int(a) & int(b),
    "OR": lambda a, b: int(a) | int(b),
    "XOR": lambda a, b: int(a) ^ int(b),
    "<<": lambda a, b: int(a) << min(max(int(b), 0), _SHIFT),
    ">>": lambda a, b: int(a) >> min(max(int(b), 0), _SHIFT),
}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}
_FORMS: Final[Mapping[str, Callable[[float], str]]] = {
    "f": lambda value: f"{value:f}",
    "float": lambda value: f"{value:f}",
    "i": lambda value: str(int(value)),
    "int": lambda value: str(int(value)),
    "h": lambda value: f"{int(value):x}",
    "hex": lambda value: f"{int(value):x}",
    "o": lambda value: f"{int(value):o}",
    "octal": lambda value: f"{int(value):o}",
    "c": lambda value: chr(int(value) & 0xFF),
    "char": lambda value: chr(int(value) & 0xFF),
}


def _math(script: Script, arguments: str) -> str:
    sum_text, *rest = split(arguments)
    found = _OPERATION.fullmatch(sum_text)
    if found is None:
        raise ScriptError(f"MATH cannot read {sum_text[:60]!r}: write a number, an operator and a number")
    form = _FORMS.get(rest[0].strip().lower() if rest else "float")
    if form is None:
        raise ScriptError(f"MATH knows no form {rest[0]!r}: int, hex, octal, char or float")
    try:
        left, right = float(found["left"]), float(found["right"])
        compare = _COMPARISONS.get(found["operator"])
        if compare is not None:
            return "TRUE" if compare(left, right) else "FALSE"
        return form(_CALCULATIONS[found["operator"].upper()](left, right))
    except (ValueError, ArithmeticError) as fault:
        raise ScriptError(f"MATH cannot work out {sum_text[:60]!r}: {fault}") from fault


def _step(by: int) -> Callable[[Script, str], str]:
    def read(script: Script, name: str) -> str:
        value = script.variable(name).strip() or "0"
        try:
            number = int(value)
        except ValueError as fault:
            raise ScriptError(f"{name} holds {value[:40]!r}, which is no whole number") from fault
        script.assign(name, str(number + by))
        return str(number + by)

    return read


def _random(script: Script, arguments: str) -> str:
    low, high = ([*split(arguments), "", ""])[:2]
    try:
        first, last = int(low or 0), int(high or 2**31 - 1)
    except ValueError as fault:
        raise ScriptError("RAND wants two whole numbers") from fault
    return str(random.randint(min(first, last), max(first, last)))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "DEC": Function(_step(-1)),
    "INC": Function(_step(1)),
    "MATH": Function(_math),
    "RAND": Function(_random),
}
