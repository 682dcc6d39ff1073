"""A context's extensions compiled into a trie, so that a number meets its candidates in Asterisk's order.

Extensions go in once; then `candidates` gives those that match a number, most specific first, and `more` says
whether further digits could make another one. Literal names come first (a dictionary), then patterns by the order
of `Pattern`: at each place smaller sets before larger ones, `.` after sets, `!` after `.`, the end last. A walk in
that order over the trie meets the patterns as a sorted list would, without meeting those that cannot match.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dialplan.pattern import Pattern, Position, plain

__all__ = ["Matcher", "matches"]

Value = TypeVar("Value")


@dataclass(slots=True)
class _Node(Generic[Value]):
    """One place of the trie. `edges` is kept sorted; `by_character` is filled as characters are met."""

    edges: list[tuple[Position, _Node[Value]]] = field(default_factory=list)
    by_character: dict[str, tuple[_Node[Value], ...]] = field(default_factory=dict)
    here: list[Value] = field(default_factory=list)
    any_more: list[Value] = field(default_factory=list)
    """Patterns that end here with `.`."""
    at_once: list[Value] = field(default_factory=list)
    """Patterns that end here with `!`."""

    def child(self, position: Position) -> _Node[Value]:
        for known, child in self.edges:
            if known.characters == position.characters:
                return child
        node: _Node[Value] = _Node()
        insort(self.edges, (position, node), key=lambda edge: edge[0].order)
        self.by_character.clear()
        return node

    def next(self, character: str) -> tuple[_Node[Value], ...]:
        found = self.by_character.get(character)
        if found is None:
            found = tuple(node for position, node in self.edges if character in position.characters)
            if found:
                # What leads nowhere is not kept: a stranger's characters must not fill the memory.
                self.by_character[character] = found
        return found


class Matcher(Generic[Value]):
    """The extensions of one context, by number. Of equal patterns, values come in the order added."""

    def __init__(self) -> None:
        self._names: dict[str, list[Value]] = {}
        self._sorted_names: list[str] = []
        self._root: _Node[Value] = _Node()

    def add(self, pattern: Pattern, value: Value) -> None:
        """Put `value` where numbers that match `pattern` find it."""
        if pattern.positions is None:
            name = plain(pattern.text)
            if name not in self._names:
                insort(self._sorted_names, name)
            self._names.setdefault(name, []).append(value)
            return
        node = self._root
        for position in pattern.positions:
            if position.wildcard == ".":
                node.any_more.append(value)
                return
            if position.wildcard == "!":
                node.at_once.append(value)
                return
            node = node.child(position)
        node.here.append(value)

    def candidates(self, number: str) -> Iterator[Value]:
        """Every value whose pattern matches the whole of `number`, most specific first."""
        number = plain(number)
        yield from self._names.get(number, ())
        yield from _walk(self._root, number)

    def more(self, number: str, eligible: Callable[[Value], bool]) -> bool | None:
        """Whether digits after `number` could make a match of an eligible value.

        Returns:
            True or False; None where a pattern ending in `!` decides that `number` waits for no more.
        """
        number = plain(number)
        at = bisect_left(self._sorted_names, number)
        for name in self._sorted_names[at:]:
            if not name.startswith(number):
                break
            if name != number and any(map(eligible, self._names[name])):
                return True
        return _more(self._root, number, 0, eligible)


def _walk(root: _Node[Value], number: str) -> Iterator[Value]:
    """Depth first, most specific first; a place of -1 on the stack means: now this node's wildcards."""
    end = len(number)
    stack = [(root, 0)]
    while stack:
        node, at = stack.pop()
        if at < 0:
            yield from node.any_more
            yield from node.at_once
        elif at == end:
            yield from node.at_once
            yield from node.here
        else:
            if node.any_more or node.at_once:
                stack.append((node, -1))
            children = node.by_character.get(number[at])
            if children is None:
                children = node.next(number[at])
            for child in reversed(children):
                stack.append((child, at + 1))


def _more(node: _Node[Value], number: str, at: int, eligible: Callable[[Value], bool]) -> bool | None:
    if at == len(number):
        if any(_leads_on(child, eligible) for _, child in node.edges) or any(map(eligible, node.any_more)):
            return True
    else:
        for child in node.next(number[at]):
            answer = _more(child, number, at + 1, eligible)
            if answer is not False:
                return answer
        if any(map(eligible, node.any_more)):
            return True
    return None if any(map(eligible, node.at_once)) else False


def _leads_on(node: _Node[Value], eligible: Callable[[Value], bool]) -> bool:
    return (
        any(map(eligible, node.here))
        or any(map(eligible, node.any_more))
        or any(map(eligible, node.at_once))
        or any(_leads_on(child, eligible) for _, child in node.edges)
    )


def matches(pattern: Pattern, number: str) -> bool:
    """Whether `number` matches `pattern` as a whole."""
    number = plain(number)
    if pattern.positions is None:
        return plain(pattern.text) == number
    at = 0
    for position in pattern.positions:
        if position.wildcard:
            return position.wildcard == "!" or at < len(number)
        if at >= len(number) or number[at] not in position.characters:
            return False
        at += 1
    return at == len(number)
