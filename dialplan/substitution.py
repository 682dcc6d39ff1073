"""`${...}` and `$[...]` in a step's arguments: compiled when the file is read, filled in when the step runs.

In goes text of a file; out comes a Template that, given a Scope, gives text. The one pass goes over the file's text
alone: what a variable holds (a caller's name, digits, a header) is put in as it is and never looked at again.

    ${NAME} ${NAME:offset:length} ${FUNC(arguments):offset:length} $[expression], all nested at will
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from dialplan.expression import Expression
from gateway.core.errors import LocalError

__all__ = [
    "Calculation",
    "Reference",
    "Scope",
    "ScriptError",
    "Template",
    "TemplateError",
    "WaitingScope",
    "mark",
    "sliced",
    "substring",
    "unshield",
]

_NESTING: Final = 50
"""Templates within templates; no office writes ten."""
VALUE_LIMIT: Final = 65536
"""Characters of one substituted text: a file that doubles a variable in a loop must not eat the memory."""
_FIRST_MARK: Final = 0xF0000
"""Marks are private-use characters, which mean nothing in a file."""
_BOUNDS: Final = re.compile(r"\s*([+-]?[0-9]{1,9})(?::\s*([+-]?[0-9]{1,9}))?")
_CLOSING: Final = {"{": "}", "[": "]"}
_NO_NAMES: Final[frozenset[str]] = frozenset()


class TemplateError(ValueError):
    """Text that cannot be compiled; the message says why."""


class ScriptError(LocalError):
    """A step that cannot be carried out; the text is one sentence."""


class Scope(Protocol):
    """Where a template finds what it names."""

    def variable(self, name: str) -> str:
        """The value of a variable, "" where it is not set."""
        ...

    def read(self, function: str, arguments: str) -> str:
        """The value of a function."""
        ...


class WaitingScope(Scope, Protocol):
    """A Scope with functions that wait for something."""

    async def read_waiting(self, function: str, text: str, values: Sequence[str]) -> str:
        """The value of a function, given its arguments as `Template.fill_shielded` gives them."""
        ...


@dataclass(frozen=True, slots=True)
class Reference:
    """`${...}`: a variable, or a function where `arguments` is not None."""

    name: Template
    arguments: Template | None
    slice: Template | None

    def sliced(self, value: str) -> str:
        """What the slice takes of a value; the slice must be a constant."""
        return value if self.slice is None else sliced(value, self.slice.text)

    def fill(self, scope: Scope) -> str:
        name = self.name.fill(scope)
        if self.arguments is None:
            value = scope.variable(name)
        else:
            value = scope.read(name, self.arguments.fill(scope))
        return value if self.slice is None else sliced(value, self.slice.fill(scope))

    async def fill_waiting(self, scope: WaitingScope) -> str:
        name = await self.name.fill_waiting(scope)
        if self.arguments is None:
            value = scope.variable(name)
        else:
            value = await scope.read_waiting(name, *await self.arguments.fill_shielded_waiting(scope))
        return value if self.slice is None else sliced(value, await self.slice.fill_waiting(scope))


@dataclass(frozen=True, slots=True)
class Calculation:
    """`$[...]`: the expression and what fills its holes."""

    expression: Expression
    holes: tuple[Reference | Calculation, ...]

    def fill(self, scope: Scope) -> str:
        return self.expression.evaluate([hole.fill(scope) for hole in self.holes], scope.read)

    async def fill_waiting(self, scope: WaitingScope) -> str:
        return self.expression.evaluate([await hole.fill_waiting(scope) for hole in self.holes], scope.read)


class Template:
    """Text with places to fill in.

    Attributes:
        text: as the file has it.
        names: the functions that it reads, where the file spells them out.
        constant: whether it has no place to fill in.
    """

    __slots__ = ("_parts", "constant", "names", "text")

    def __init__(self, text: str, _depth: int = 0) -> None:
        """Compile `text`.

        Raises:
            TemplateError: a bracket is not closed, or they nest too deep.
        """
        self.text = text
        self._parts: tuple[str | Reference | Calculation, ...] = (text,)
        self.names = _NO_NAMES
        self.constant = "$" not in text
        if not self.constant:
            self._parts = tuple(_parts(text, _depth))
            self.constant = all([isinstance(part, str) for part in self._parts])
            self.names = frozenset(self._functions())

    def fill(self, scope: Scope) -> str:
        """The text with every place filled in.

        Raises:
            ScriptError: it grew too long, or a function refused its arguments.
        """
        parts = self._parts
        if len(parts) == 1:
            only = parts[0]
            return only if isinstance(only, str) else only.fill(scope)
        filled = "".join([part if isinstance(part, str) else part.fill(scope) for part in parts])
        if len(filled) > VALUE_LIMIT:
            raise ScriptError(f"a value of more than {VALUE_LIMIT} characters came of {self.text[:60]!r}")
        return filled

    async def fill_waiting(self, scope: WaitingScope) -> str:
        """As `fill`, where one of the functions may wait."""
        return unshield(*await self.fill_shielded_waiting(scope))

    def fill_shielded(self, scope: Scope) -> tuple[str, list[str]]:
        """As `fill`, with a mark of one character in place of each value, and the values; `unshield` puts them in.

        For applications whose arguments name other applications: they are taken apart before values come in.
        """
        values = [part.fill(scope) for part in self._parts if not isinstance(part, str)]
        return self._marked(), values

    async def fill_shielded_waiting(self, scope: WaitingScope) -> tuple[str, list[str]]:
        """As `fill_shielded`, where one of the functions may wait."""
        values = [await part.fill_waiting(scope) for part in self._parts if not isinstance(part, str)]
        return self._marked(), values

    def _marked(self) -> str:
        marks = map(chr, range(_FIRST_MARK, _FIRST_MARK + len(self._parts)))
        return "".join([part if isinstance(part, str) else next(marks) for part in self._parts])

    def _functions(self) -> Iterator[str]:
        for reference in self.references():
            if reference.arguments is not None and reference.name.constant:
                yield reference.name.text

    @property
    def parts(self) -> tuple[str | Reference | Calculation, ...]:
        """Plain text and places to fill in, in turn."""
        return self._parts

    def references(self) -> Iterator[Reference]:
        """Every `${...}` in it, inner ones included."""
        for part in self._parts:
            yield from _references(part)

    def calculations(self) -> Iterator[Calculation]:
        """Every `$[...]` in it, inner ones included."""
        for part in self._parts:
            yield from _calculations(part)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def mark(number: int) -> str:
    """The character that stands for a value in what `fill_shielded` gives."""
    return chr(_FIRST_MARK + number)


def unshield(text: str, values: Sequence[str]) -> str:
    """Put the values of `fill_shielded` in the place of their marks.

    Raises:
        ScriptError: the text grew too long.
    """
    filled = "".join(
        [values[at] if 0 <= (at := ord(character) - _FIRST_MARK) < len(values) else character for character in text]
    )
    if len(filled) > VALUE_LIMIT:
        raise ScriptError(f"a value of more than {VALUE_LIMIT} characters")
    return filled


def _references(part: str | Reference | Calculation) -> Iterator[Reference]:
    if isinstance(part, Reference):
        yield part
        for inner in (part.name, part.arguments, part.slice):
            if inner is not None:
                yield from inner.references()
    elif isinstance(part, Calculation):
        for hole in part.holes:
            yield from _references(hole)


def _calculations(part: str | Reference | Calculation) -> Iterator[Calculation]:
    if isinstance(part, Reference):
        for inner in (part.name, part.arguments, part.slice):
            if inner is not None:
                yield from inner.calculations()
    elif isinstance(part, Calculation):
        yield part
        for hole in part.holes:
            yield from _calculations(hole)


def substring(value: str, offset: int, length: int | None) -> str:
    """`${value:offset:length}`: negative offsets count from the end, negative lengths leave off from the end."""
    if offset < 0:
        offset = max(0, len(value) + offset)
    if length is None:
        return value[offset:]
    if length >= 0:
        return value[offset : offset + length]
    return value[offset : max(offset, len(value) + length)]


def sliced(value: str, bounds: str) -> str:
    """What `bounds` (`offset[:length]`) takes of a value; all of it where they are no numbers."""
    found = _BOUNDS.match(bounds)
    return value if found is None else substring(value, int(found[1]), int(found[2]) if found[2] else None)


def _parts(text: str, depth: int) -> Iterator[str | Reference | Calculation]:
    if depth > _NESTING:
        raise TemplateError(f"brackets nest deeper than {_NESTING}")
    at = 0
    while at < len(text):
        start = _opening(text, at)
        if start < 0:
            break
        if start > at:
            yield text[at:start]
        end = _closing(text, start + 1)
        inner = text[start + 2 : end]
        yield _reference(inner, depth + 1) if text[start + 1] == "{" else _calculation(inner, depth + 1)
        at = end + 1
    if at < len(text) or not text:
        yield text[at:]


def _opening(text: str, at: int) -> int:
    while (at := text.find("$", at)) >= 0:
        if text[at + 1 : at + 2] in ("{", "["):
            return at
        at += 1
    return -1


def _closing(text: str, opening: int) -> int:
    """Where the bracket at `opening` closes; only its own kind counts, as in Asterisk."""
    left, right = text[opening], _CLOSING[text[opening]]
    open_brackets = 0
    for at in range(opening, len(text)):
        if text[at] == left:
            open_brackets += 1
        elif text[at] == right:
            open_brackets -= 1
            if not open_brackets:
                return at
    raise TemplateError(f"'${left}' without '{right}' in {text[:80]!r}")


def _reference(inner: str, depth: int) -> Reference:
    parentheses = 0
    at = 0
    head, bounds = inner, None
    while at < len(inner):
        character = inner[at]
        if character == "$" and inner[at + 1 : at + 2] in ("{", "["):
            at = _closing(inner, at + 1)
        elif character == "(":
            parentheses += 1
        elif character == ")":
            parentheses -= 1
        elif character == ":" and parentheses == 0:
            head, bounds = inner[:at], inner[at + 1 :]
            break
        at += 1
    opening = _parenthesis(head)
    if opening < 0:
        name, arguments = head, None
    else:
        closing = head.rfind(")")
        name, arguments = head[:opening], head[opening + 1 : closing if closing > opening else len(head)]
    return Reference(
        Template(name, depth),
        None if arguments is None else Template(arguments, depth),
        None if bounds is None else Template(bounds, depth),
    )


def _parenthesis(head: str) -> int:
    at = 0
    while at < len(head):
        if head[at] == "(":
            return at
        if head[at] == "$" and head[at + 1 : at + 2] in ("{", "["):
            at = _closing(head, at + 1)
        at += 1
    return -1


def _calculation(inner: str, depth: int) -> Calculation:
    pieces: list[str | None] = []
    holes: list[Reference | Calculation] = []
    for part in _parts(inner, depth):
        if isinstance(part, str):
            pieces.append(part)
        else:
            pieces.append(None)
            holes.append(part)
    return Calculation(Expression(pieces), tuple(holes))
