"""`$[...]`: an expression compiled once, with holes where values of variables go.

In goes the text between the brackets as the file has it, taken apart into pieces of text and holes; out comes, for
given values of the holes, the text of the result. Grammar and precedence: Asterisk main/ast_expr2.y and .fl.

What a hole holds is an operand as a whole (or a part of one, next to other characters): its characters are never
read as operators, quotes or function names, so a caller's name cannot change what an expression asks. An operand
that turns out empty is not there at all, as in Asterisk. A wrong expression gives what Asterisk gives: the part
before the error where that stands alone, else 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dialplan.arithmetic import BUILT_IN, OPERATORS, Value, complement, leading, negate, show, truth

__all__ = ["Expression"]

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<operator>\|\||&&|==|=~|~~|>=|<=|!=|::|[|&=><+,\-*/%?!:()])
      | (?P<operand>(?:[a-zA-Z0-9.';\\_^#@]|[^\x00-\x7f]|\$[^{])+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_UNARY: Final = {"-": negate, "!": complement}
_UNARY_BINDS: Final = 6
_CHOICE_BINDS: Final = 0
"""`?` and `::` bind loosest, and group to the left as all do."""
_ANYTHING: Final = -1
_FUNCTION: Final = re.compile(r"[A-Z0-9_]+")
_COUNTS_AS_NUMBER: Final = frozenset("-0123456789. \t")
"""What a function gives is a number where it is made of these alone, be it "" or "256-555"."""
_NESTING: Final = 100
"""Brackets within brackets; beyond this an expression is a mistake, or meant to exhaust the stack."""
_SHAPES: Final = 64
"""Parsed shapes kept for one expression: each set of holes that are empty together is one."""

Call = Callable[[str, str], str]
"""Read a dialplan function: name, arguments -> value."""
_Node = Callable[[Sequence[str], Call], Value]
_Step = Callable[[Value, Sequence[str], Call], Value]
"""What an operator, with all to its right, makes of what stands to its left."""


class _SyntaxError(Exception):
    """The tokens make no expression."""


@dataclass(slots=True)
class _Operand:
    """Text and holes (by index) that make one operand."""

    parts: list[str | int]
    quoted: bool

    @property
    def may_vanish(self) -> bool:
        return not self.quoted and not any(isinstance(part, str) for part in self.parts)

    def node(self) -> _Node:
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            text = self.parts[0]
            return lambda values, call: text
        parts = tuple(self.parts)
        if len(parts) == 1 and not self.quoted:
            hole = parts[0]
            assert isinstance(hole, int)
            return lambda values, call: values[hole].strip()

        def joined(values: Sequence[str], call: Call) -> Value:
            text = "".join([part if isinstance(part, str) else values[part] for part in parts])
            return text if quoted else text.strip()

        quoted = self.quoted
        return joined


class Expression:
    """One expression.

    Args:
        pieces: what stands between the brackets: text, or None for a hole.
    """

    __slots__ = ("_shapes", "_tokens", "_vanishing", "_vanishing_holes")

    def __init__(self, pieces: Sequence[str | None]) -> None:
        self._tokens = _tokens(pieces)
        self._vanishing = tuple(token for token in self._tokens if isinstance(token, _Operand) and token.may_vanish)
        self._vanishing_holes = tuple(
            tuple(part for part in operand.parts if isinstance(part, int)) for operand in self._vanishing
        )
        self._shapes: dict[tuple[bool, ...], _Node] = {}

    def evaluate(self, values: Sequence[str], call: Call) -> str:
        """The result, as text, with `values` in the holes; `call` reads dialplan functions named in the text."""
        shape = tuple([any([values[hole].strip() for hole in holes]) for holes in self._vanishing_holes])
        node = self._shapes.get(shape)
        if node is None:
            node = self._parse(shape)
            if len(self._shapes) < _SHAPES:
                self._shapes[shape] = node
        return show(node(values, call))

    @property
    def is_whole(self) -> bool:
        """Whether all of it is an expression where no hole is empty."""
        parser = _Parser(self._tokens)
        try:
            parser.expression(_ANYTHING, 0)
        except _SyntaxError:
            return False
        return parser.is_done

    def _parse(self, shape: tuple[bool, ...]) -> _Node:
        gone = {id(operand) for operand, there in zip(self._vanishing, shape, strict=True) if not there}
        tokens = [token for token in self._tokens if id(token) not in gone]
        if not tokens or not (isinstance(tokens[0], _Operand) or tokens[0] in _UNARY or tokens[0] == "("):
            return lambda values, call: ""
        try:
            return _Parser(tokens).expression(_ANYTHING, 0)
        except _SyntaxError:
            return lambda values, call: 0


def _tokens(pieces: Sequence[str | None]) -> list[_Operand | str]:
    tokens: list[_Operand | str] = []
    growing: _Operand | None = None
    quote: _Operand | None = None
    hole = 0
    for index, piece in enumerate(pieces):
        if piece is None:
            if quote is not None:
                quote.parts.append(hole)
            else:
                growing = _grow(tokens, growing, hole)
            hole += 1
            continue
        at = 0
        while at < len(piece):
            if quote is not None:
                end = piece.find('"', at)
                quote.parts.append(piece[at:] if end < 0 else piece[at : end + 1])
                if end < 0:
                    break
                at, quote = end + 1, None
                continue
            if piece[at] == '"' and ('"' in piece[at + 1 :] or any(p and '"' in p for p in pieces[index + 1 :])):
                quote = _Operand(['"'], quoted=True)
                tokens.append(quote)
                growing = None
                at += 1
                continue
            found = _TOKEN.match(piece, at)
            if found is None:
                break
            at = found.end()
            if found["operand"]:
                growing = _grow(tokens, growing, found["operand"])
            else:
                growing = None
                if found["operator"]:
                    tokens.append(found["operator"])
    return tokens


def _grow(tokens: list[_Operand | str], growing: _Operand | None, part: str | int) -> _Operand:
    if growing is None:
        growing = _Operand([], quoted=False)
        tokens.append(growing)
    growing.parts.append(part)
    return growing


class _Parser:
    """Precedence climbing over one shape of an expression."""

    def __init__(self, tokens: Sequence[_Operand | str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def is_done(self) -> bool:
        """Whether no token is left."""
        return self._at >= len(self._tokens)

    def _peek(self) -> _Operand | str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted:
            raise _SyntaxError
        self._at += 1

    def expression(self, binds: int, depth: int) -> _Node:
        """Parse as far as operators bind tighter than `binds`; what follows is left standing."""
        first = self._unary(depth)
        steps: list[_Step] = []
        while isinstance(operator := self._peek(), str):
            if operator == "?" and binds < _CHOICE_BINDS:
                self._at += 1
                steps.append(self._choice(depth))
                continue
            known = OPERATORS.get(operator)
            if known is None or known[0] <= binds:
                break
            self._at += 1
            steps.append(_binary(known[1], self.expression(known[0], depth + 1)))
        return _chain(first, steps)

    def _choice(self, depth: int) -> _Step:
        yes = self.expression(_ANYTHING, depth + 1)
        self._take("::")
        no = self.expression(_CHOICE_BINDS, depth + 1)
        return lambda condition, values, call: yes(values, call) if truth(condition) else no(values, call)

    def _unary(self, depth: int) -> _Node:
        if depth > _NESTING:
            raise _SyntaxError
        token = self._peek()
        self._at += 1
        if isinstance(token, _Operand):
            if self._peek() == "(":
                return self._function(token, depth)
            return token.node()
        if token == "(":
            inner = self.expression(_ANYTHING, depth + 1)
            self._take(")")
            return inner
        operation = _UNARY.get(token or "")
        if operation is None:
            raise _SyntaxError
        operand = self.expression(_UNARY_BINDS, depth + 1)
        return lambda values, call: operation(operand(values, call))

    def _function(self, name: _Operand, depth: int) -> _Node:
        self._take("(")
        arguments = [self.expression(_ANYTHING, depth + 1)]
        while self._peek() == ",":
            self._at += 1
            left_out = self._peek() in (",", ")")
            arguments.append(_nothing if left_out else self.expression(_ANYTHING, depth + 1))
        self._take(")")
        word = "".join(str(part) for part in name.parts)
        if not (all(isinstance(part, str) for part in name.parts) and _FUNCTION.fullmatch(word)):
            # Values never name a function.
            return lambda values, call: 0
        built_in = BUILT_IN.get(word)
        if built_in is not None:
            return lambda values, call: built_in([argument(values, call) for argument in arguments])

        def read(values: Sequence[str], call: Call) -> Value:
            told = call(word, ",".join([show(argument(values, call)) for argument in arguments]))
            return leading(told) if _COUNTS_AS_NUMBER.issuperset(told) else told

        return read


def _nothing(values: Sequence[str], call: Call) -> Value:
    """An argument that is left out."""
    return ""


def _binary(work: Callable[[Value, Value], Value], right: _Node) -> _Step:
    return lambda left, values, call: work(left, right(values, call))


def _chain(first: _Node, steps: Sequence[_Step]) -> _Node:
    """Operators that follow one another are carried out one after another: a long sum is not a deep one."""
    if not steps:
        return first
    if len(steps) == 1:
        (only,) = steps
        return lambda values, call: only(first(values, call), values, call)

    def evaluate(values: Sequence[str], call: Call) -> Value:
        result = first(values, call)
        for step in steps:
            result = step(result, values, call)
        return result

    return evaluate
