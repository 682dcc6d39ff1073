"""Every text that a step's arguments may become, as far as the files tell: the values behind a proof.

In goes a dialplan; out come, for a text with `${...}` in it, all its alternatives. A variable that is set by plain
texts of the files alone is one of them; a number dialled is a `NUMBER`; whatever else a call may bring (functions,
expressions, the database, what a caller keys) is `ANY`. More is thought possible than can happen, never less.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from dialplan.arguments import options, split
from dialplan.calls import branches, calls
from dialplan.jumps import OPTIONS_AT
from dialplan.model import Dialplan, Step
from dialplan.substitution import Calculation, Reference, Template, TemplateError

__all__ = ["ANY", "NUMBER", "Spread"]

ANY: Final = "\ue000"
"""Stands for any text at all."""
NUMBER: Final = "\ue001"
"""Stands for digits and letters of a number: no `@`, `/`, `&` or `,`, which the engine refuses in one."""

_MOST: Final = 64
"""Alternatives of one text; of more than these, any is thought possible."""
_ROUNDS: Final = 10
"""Values that are put together from values; what has not settled by then is any."""
_NUMBER_MARKS: Final = frozenset("*#+-._~!") | {NUMBER}
_OWN: Final = {"EXTEN": NUMBER, "INVALID_EXTEN": NUMBER, "PRIORITY": NUMBER}
_SCOPES: Final = frozenset({"GLOBAL", "LOCAL"})
_SETS: Final = frozenset({"set", "mset"})
_GOSUBS: Final = frozenset({"gosub", "gosubif"})
_HARMLESS: Final = frozenset(
    "noop verbose log playback background answer hangup dial goto gotoif gotoiftime gosub gosubif return "
    "waitexten wait set mset execif execiftime".split()
)
"""Applications that set no variable named in their first argument."""


class Spread:
    """What may be behind the variables of one dialplan."""

    def __init__(self, dialplan: Dialplan) -> None:
        self._texts: dict[str, set[str]] = {name: {value} for name, value in dialplan.globals.items()}
        self._unknown: set[str] = set()
        self._known: dict[str, frozenset[str]] = {}
        self._anything_is_set = False
        for context in dialplan.contexts.values():
            for extension in context.extensions:
                for step in extension.steps.values():
                    self._take_in(step)
        self._settle()

    def texts(self, text: str, context: str = ANY) -> frozenset[str]:
        """Every text that `text` may become in a step of `context`."""
        try:
            parts = Template(text).parts
        except TemplateError:
            return frozenset({ANY})
        spread: list[frozenset[str]] = [
            frozenset({part}) if isinstance(part, str) else self._part(part, context) for part in parts
        ]
        count = 1
        for alternatives in spread:
            count *= len(alternatives)
        return frozenset({ANY}) if count > _MOST else frozenset(map("".join, product(*spread)))

    def variable(self, name: str) -> frozenset[str]:
        """Every value of a variable; nothing where the files set none."""
        return self._known.get(name, frozenset()) if name not in self._unknown else frozenset({ANY})

    # Inside.

    def _part(self, part: Reference | Calculation, context: str) -> frozenset[str]:
        if isinstance(part, Calculation) or part.arguments is not None or not part.name.constant:
            return frozenset({ANY})
        name = part.name.text
        if name == "CONTEXT":
            values = frozenset({context})
        elif name in _OWN:
            values = frozenset({_OWN[name]})
        else:
            values = frozenset({ANY}) if self._anything_is_set else self.variable(name) or frozenset({ANY})
        if part.slice is None:
            return values
        if not part.slice.constant:
            return frozenset({ANY})
        return frozenset(_slice(part, value) for value in values)

    def _take_in(self, step: Step) -> None:
        for name, arguments in calls(step):
            key = name.lower()
            if key in _SETS:
                for assignment in split(arguments, raw=True) if key == "mset" else [arguments]:
                    self._assign(*assignment.partition("=")[::2])
            elif key == "read":
                self._texts.setdefault(_bare(split(arguments, raw=True)[0]), set()).add(NUMBER)
            elif key not in _HARMLESS and not arguments.startswith("$"):
                self._unknown.add(_bare(split(arguments, raw=True)[0]))
            for given in _given(key, arguments):
                for position, value in enumerate(given, 1):
                    self._texts.setdefault(f"ARG{position}", set()).add(value)

    def _assign(self, name: str, value: str) -> None:
        function, parenthesis, inner = name.strip().partition("(")
        if "$" in function or (parenthesis and function in _SCOPES and "$" in inner):
            self._anything_is_set = True
        elif not parenthesis or function in _SCOPES:
            self._texts.setdefault(_bare(inner.removesuffix(")") if parenthesis else name), set()).add(value)
        else:
            # ARRAY(a,b), PUSH(list), HASH(h): what they set is not followed.
            self._unknown.update(map(_bare, split(inner.removesuffix(")"), raw=True)))

    def _settle(self) -> None:
        """Work out what variables may hold that are put together from others."""
        for _ in range(_ROUNDS):
            known = {
                name: frozenset().union(*(self.texts(text) for text in texts))
                for name, texts in self._texts.items()
            }
            known = {name: values if len(values) <= _MOST else frozenset({ANY}) for name, values in known.items()}
            if known == self._known:
                return
            self._known = known
        self._known = dict.fromkeys(self._texts, frozenset({ANY}))


def _bare(name: str) -> str:
    return name.strip().lstrip("_")


def _given(key: str, arguments: str) -> Iterator[list[str]]:
    """The arguments that a step hands to subroutines."""
    if key in _GOSUBS:
        for place in [arguments] if key == "gosub" else branches(arguments):
            last = split(place, raw=True)[-1]
            if "(" in last:
                yield split(last.partition("(")[2].removesuffix(")"), raw=True)
    elif key in OPTIONS_AT:
        at = OPTIONS_AT[key]
        words = split(arguments, limit=at + 2, raw=True)
        for letter, value in options(words[at]).items() if len(words) > at else ():
            if letter == "U":
                yield value.split("^")[1:]
            elif letter in "bB":
                yield value.partition("(")[2].removesuffix(")").split("^")


def _slice(part: Reference, value: str) -> str:
    """A slice of what is known; of a number it is one, of anything anything."""
    if ANY in value:
        return ANY
    if NUMBER not in value:
        return part.sliced(value)
    return NUMBER if all(letter.isalnum() or letter in _NUMBER_MARKS for letter in value) else ANY
