"""How a trunk's numbers are written on the wire, and how the office writes them: rules both ways.

A number enters, the number to use leaves. Of a list of rules the first whose pattern fits is applied; where none
fits, the number stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialplan.matcher import matches
from dialplan.pattern import Pattern
from gateway.core.frozen import frozen

__all__ = ["NumberRule", "NumberRules", "rewrite"]


@frozen
class NumberRule:
    """One rule.

    Attributes:
        pattern: in the dialplan's language: "_00X.", "_1XX", or a whole number.
        strip: characters that are taken off at the front.
        prepend: what is put there.
        replace: the number to use in place of it all; empty for none.
    """

    pattern: Pattern
    strip: int = 0
    prepend: str = ""
    replace: str = ""


@frozen
class NumberRules:
    """The rules of a trunk.

    Attributes:
        caller_out, called_out: for calls that we place.
        caller_in, called_in: for calls that come.
    """

    caller_out: Sequence[NumberRule] = ()
    called_out: Sequence[NumberRule] = ()
    caller_in: Sequence[NumberRule] = ()
    called_in: Sequence[NumberRule] = ()


def rewrite(number: str, rules: Sequence[NumberRule]) -> str:
    """`number` as the first of `rules` that fits has it."""
    for rule in rules:
        if matches(rule.pattern, number):
            return rule.replace or f"{rule.prepend}{number[rule.strip :]}"
    return number
