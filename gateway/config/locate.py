"""Where in a TOML text each key stands, so that a fault can name its line.

A TOML text goes in that `tomllib` has already accepted; a mapping from key paths to line numbers comes out.
`tomllib` itself forgets where it read a thing, so this walks the same text once more by the grammar of TOML 1.0
(toml.io/en/v1.0.0), in linear time, and keeps no value. It never judges: on a text that is not TOML its answers
are meaningless, though it ends and does not raise.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

__all__ = ["KeyPath", "Locator"]

KeyPath = tuple[str | int, ...]
"""A path into the document: table keys and, inside arrays, indices from 0."""

_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")
_ESCAPE: Final = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|["\\bfnrte])')
_ESCAPED: Final = {'"': '"', "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "e": "\x1b"}

_STRINGS: Final = (
    # Multi-line strings first, since their opening holds that of the plain ones. Up to two quotes may stand
    # directly before the closing three.
    ('"""', re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{1,2}(?!"))?', re.DOTALL)),
    ("'''", re.compile(r"'''.*?'''(?:'{1,2}(?!'))?", re.DOTALL)),
    ('"', re.compile(r'"(?:[^"\\\n]|\\.)*"')),
    ("'", re.compile(r"'[^'\n]*'")),
)


class Locator:
    """The lines of every key, table and array element of one TOML text.

    Args:
        text: TOML that `tomllib.loads` accepts.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}
        self._walk()

    def line(self, path: KeyPath) -> int:
        """The line, from 1, of `path` or else of what is nearest around it; 0 where that is the whole file."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return 0

    def _walk(self) -> None:
        table: KeyPath = ()
        at = self._skip(_BLANK, 0)
        while at < len(self._text):
            begun = at
            if self._text.startswith("[[", at):
                keys, at = self._key(at + 2)
                table = self._append_table(keys, begun)
                at += 2
            elif self._text.startswith("[", at):
                keys, at = self._key(at + 1)
                table = self._resolve(keys, begun)
                at += 1
            else:
                at = self._pair(table, at)
            at = self._skip(_BLANK, max(at, begun + 1))

    def _append_table(self, keys: tuple[str, ...], at: int) -> KeyPath:
        array = (*self._resolve(keys[:-1], at), *keys[-1:])
        index = self._lengths.get(array, 0)
        self._lengths[array] = index + 1
        self._mark(array, at)
        self._mark((*array, index), at)
        return (*array, index)

    def _resolve(self, keys: tuple[str, ...], at: int) -> KeyPath:
        """The path that a header at `at` means: an array of tables stands for its latest element."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            self._mark(path, at)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, table: KeyPath, at: int) -> int:
        keys, after = self._key(at)
        path = table
        for key in keys:
            path = (*path, key)
            self._mark(path, at)
        after = self._skip(_SPACE, after)
        if self._text.startswith("=", after):
            after += 1
        return self._value(path, self._skip(_SPACE, after))

    def _key(self, at: int) -> tuple[tuple[str, ...], int]:
        keys: list[str] = []
        while True:
            at = self._skip(_SPACE, at)
            if self._text.startswith(('"', "'"), at):
                end = self._string(at)
                raw = self._text[at + 1 : end - 1]
                keys.append(_ESCAPE.sub(_unescape, raw) if self._text[at] == '"' else raw)
            else:
                found = _BARE_KEY.match(self._text, at)
                end = found.end() if found else at
                keys.append(self._text[at:end])
            at = self._skip(_SPACE, end)
            if not self._text.startswith(".", at):
                return tuple(keys), at
            at += 1

    def _value(self, path: KeyPath, at: int) -> int:
        if self._text.startswith("[", at):
            return self._array(path, at + 1)
        if self._text.startswith("{", at):
            return self._inline_table(path, at + 1)
        if self._text.startswith(('"', "'"), at):
            return self._string(at)
        return self._skip(_SCALAR, at)

    def _array(self, path: KeyPath, at: int) -> int:
        index = 0
        at = self._skip(_BLANK, at)
        while at < len(self._text) and self._text[at] != "]":
            self._mark((*path, index), at)
            begun = at
            at = self._skip(_BLANK, self._value((*path, index), at))
            if self._text.startswith(",", at):
                at += 1
            at = self._skip(_BLANK, max(at, begun + 1))
            index += 1
        return at + 1

    def _inline_table(self, path: KeyPath, at: int) -> int:
        at = self._skip(_BLANK, at)
        while at < len(self._text) and self._text[at] != "}":
            begun = at
            at = self._skip(_BLANK, self._pair(path, at))
            if self._text.startswith(",", at):
                at += 1
            at = self._skip(_BLANK, max(at, begun + 1))
        return at + 1

    def _string(self, at: int) -> int:
        for opening, whole in _STRINGS:
            if self._text.startswith(opening, at):
                found = whole.match(self._text, at)
                return found.end() if found else len(self._text)
        return at

    def _skip(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self._text, at)
        return found.end() if found else at

    def _mark(self, path: KeyPath, at: int) -> None:
        self._lines.setdefault(path, bisect_right(self._starts, at))


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    return _ESCAPED[code] if code in _ESCAPED else chr(int(code[1:], 16))
