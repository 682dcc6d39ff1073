"""The header fields of a message: names without case, values in order, each read into something typed once.

Text enters and text leaves; what it means is for `message` to say. A line break never gets in, since what is
written after it would be headers of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Final

from gateway.core.errors import LocalError, MalformedError
from gateway.sip.grammar import BLANKS, is_token, split_list
from gateway.sip.reading import SINGLE, TYPED, Rows, Typed
from gateway.sip.spelling import KEYS, LABELS, NAMES, WRITTEN

__all__ = ["MAX_LINE", "MAX_ROWS", "Headers", "safe_text"]

MAX_LINE: Final = 8192
"""Characters of one unfolded header value, as common servers allow; a Record-Route of 60 hops fits."""

MAX_ROWS: Final = 256
"""Header rows of a message; the longest of RFC 4475 has 44."""

ONCE: Final = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type")
"""Headers that may stand once only (RFC 3261 section 7.3.1); RFC 4475 section 3.3.8 asks to refuse more."""

_FOLD: Final = re.compile(r"\r\n[ \t]+")
_COLON: Final = repeat(":")
_ONE: Final = repeat(1)


class Headers:
    """Header fields: names without case, compact names read as long ones, several values a name, in order.

    The order among values of one name is kept, as RFC 3261 section 7.3.1 requires; fields of one name stand
    together when written. Rows are never changed in place, so that messages share those that they have in common.

    Args:
        fields: rows to begin with; the value is written by `str`.
        rows: the same by key, as other headers have them.

    Attributes:
        rows: the rows of each name in lower case (not compact), for looking at: others change them by the methods.
        typed: what the fields mean, by name in lower case, as `reading.READERS` reads it; kept until they change.
            What does not parse raises MalformedError.
        came_as: the text that they were read of; "" where they were not.
    """

    __slots__ = ("came_as", "rows", "typed")

    def __init__(self, fields: Iterable[tuple[str, object]] = (), *, rows: dict[str, Rows] | None = None) -> None:
        self.rows = {} if rows is None else rows
        self.came_as = ""
        self.typed: Final = Typed()
        self.typed.rows = self.rows
        for name, value in fields:
            text = value if type(value) is str else str(value)
            if "\r" in text or "\n" in text:
                raise _broken(name, text)
            key = KEYS[name]
            if key in self.rows:
                self.rows[key] += (text,)
                continue
            self.rows[key] = (text,)
            if key in SINGLE and type(value) in TYPED:
                self.typed[key] = value  # which would be read of the row

    @classmethod
    def read(cls, text: str) -> tuple[Headers, str]:
        """The header rows of `text`, as on the wire, and the first fault in them; "" where there is none.

        Where a fault is, the rows that can be read are there all the same, so that a request can be refused; of
        those that may stand once only, the first.
        """
        lines = text.split("\r\n")
        bare = "".join(lines)
        if len(lines) <= MAX_ROWS and len(bare) <= MAX_LINE and "\r" not in bare and "\n" not in bare:
            try:
                rows: dict[str, Rows] = {
                    NAMES[name]: (value.strip(BLANKS),) for name, value in map(str.split, lines, _COLON, _ONE)
                }
            except (MalformedError, ValueError):
                pass  # also a name with a blank before its colon, a row without a colon, and one that is folded
            else:
                if len(rows) == len(lines):  # or a name stands there twice
                    headers = cls(rows=rows)
                    headers.came_as = text
                    return headers, ""
        headers = cls()
        headers.came_as = text
        return headers, headers.read_one_by_one(text)

    def read_one_by_one(self, text: str) -> str:
        """Add the rows of `text`, whatever they look like; returns as `read`."""
        lines = _FOLD.sub(" ", text).split("\r\n") if text else []
        rows = self.rows
        fault = f"{len(lines)} header rows; at most {MAX_ROWS} are read" if len(lines) > MAX_ROWS else ""
        for line in lines[:MAX_ROWS]:
            name, colon, value = line.partition(":")
            name = name.rstrip(BLANKS)
            if not colon or not is_token(name):
                fault = fault or f"{line[:80]!r} is not a header"
            elif len(value) > MAX_LINE:
                fault = fault or f"header {name} has {len(value)} characters; at most {MAX_LINE} are read"
            elif "\r" in value or "\n" in value:  # which some peer would take for the end of the line
                fault = fault or f"a bare line break in header {name}"
            else:
                key = KEYS[name]
                rows[key] = (*rows.get(key, ()), value.strip(BLANKS))
        for name in ONCE:
            if name in rows and len(rows[name]) > 1:
                fault = fault or f"{name.title()} is there twice"
                rows[name] = rows[name][:1]
        return fault

    def get(self, name: str) -> str | None:
        """The first value of `name` as received, or None."""
        key = KEYS[name]
        return self.rows[key][0] if key in self.rows else None

    def all(self, name: str) -> tuple[str, ...]:
        """All rows of `name` as received; a row may hold several comma-separated values."""
        key = KEYS[name]
        return self.rows[key] if key in self.rows else ()

    def values(self, name: str) -> list[str]:
        """All comma-separated values of `name`, one an element, empty ones left out.

        Raises:
            MalformedError: a quote or bracket in them is not closed.
        """
        return [value for row in self.rows.get(KEYS[name], ()) for value in split_list(row) if value]

    def add(self, name: str, value: object) -> None:
        """Add a row after those of the same name.

        Raises:
            LocalError: `value` holds a line break, with which it would become headers of its own.
        """
        text = safe_text(name, value)
        key = KEYS[name]
        self.rows[key] = (*self.rows.get(key, ()), text)
        self.typed.pop(key, None)

    def count(self, name: str) -> int:
        """How many rows `name` has."""
        return len(self.rows.get(KEYS[name], ()))

    def insert(self, name: str, value: object) -> None:
        """Add a row before those of the same name (a Via, a Route). Raises as `add`."""
        text = safe_text(name, value)
        key = KEYS[name]
        self.rows[key] = (text, *self.rows.get(key, ()))
        self.typed.pop(key, None)

    def set(self, name: str, value: object) -> None:
        """Make `value` the one row of `name`. Raises as `add`."""
        key = KEYS[name]
        text = value if type(value) is str else str(value)
        if "\r" in text or "\n" in text:
            raise _broken(name, text)
        self.rows[key] = (text,)
        if key in SINGLE and type(value) in TYPED:
            self.typed[key] = value  # which would be read of the row
        elif key in self.typed:
            del self.typed[key]

    def put(self, key: str, row: Rows) -> None:
        """Make `row` the rows of `key` (a name in lower case, not compact): ours, and sound."""
        self.rows[key] = row
        if key in self.typed:
            del self.typed[key]

    def led_by(self, key: str, row: Rows) -> Headers:
        """A copy that begins with `row` as the rows of `key`, as `put` has it: what proxies need goes first."""
        rows = {key: row} | self.rows
        other = Headers(rows=rows)
        other.typed.update(self.typed)
        if rows[key] is not row:
            other.put(key, row)
        return other

    def set_all(self, name: str, values: Iterable[object]) -> None:
        """Make `values` the rows of `name`; none removes it. Raises as `add`."""
        rows = tuple([safe_text(name, value) for value in values])
        self.remove(name)
        if rows:
            self.rows[KEYS[name]] = rows

    def take(self, other: Headers, name: str) -> None:
        """Make the rows of `name` in `other` ours, with what was read of them.

        They have been through `add` or the parser there, so that they are not looked at again.
        """
        key = KEYS[name]
        rows = other.rows.get(key)
        self.typed.pop(key, None)
        if not rows:
            self.rows.pop(key, None)
            return
        self.rows[key] = rows
        if key in other.typed:
            self.typed[key] = other.typed[key]

    def update(self, other: Headers) -> None:
        """Make the rows of each name in `other` ours, in place of those that we have."""
        self.rows.update(other.rows)
        for key in other.rows:
            if key in self.typed:
                del self.typed[key]

    def excerpt(self, names: Iterable[str]) -> Headers:
        """New headers with what there is of some names (in lower case, not compact), and what was read of it."""
        part = Headers()
        rows, typed, own, read = self.rows, self.typed, part.rows, part.typed
        for key in names:
            if key in rows:
                own[key] = rows[key]
                if key in typed:
                    read[key] = typed[key]
        return part

    def remove(self, name: str) -> None:
        """Take `name` out, if it is there."""
        key = KEYS[name]
        self.rows.pop(key, None)
        self.typed.pop(key, None)

    def copy(self) -> Headers:
        """An independent copy."""
        other = Headers(rows=self.rows.copy())
        other.typed.update(self.typed)
        return other

    def __len__(self) -> int:
        """How many names there are."""
        return len(self.rows)

    def __contains__(self, name: str) -> bool:
        return KEYS[name] in self.rows

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Each row with its name as it is usually spelled."""
        return iter([(WRITTEN[key], value) for key, values in self.rows.items() for value in values])

    def written(self, length: int) -> str:
        """The lines of the wire and the empty one behind; Content-Length is `length`, whatever stands there."""
        rows = self.rows
        if "content-length" in rows:
            rows = {key: values for key, values in rows.items() if key != "content-length"}
        lines = "".join([f"{LABELS[key]}{value}\r\n" for key, values in rows.items() for value in values])
        return f"{lines}Content-Length: {length}\r\n\r\n"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]  # mutable, as the language has it

    def __repr__(self) -> str:
        return f"Headers({list(self)!r})"


def safe_text(name: str, value: object) -> str:
    """`value` as text for the wire.

    Raises:
        LocalError: it holds a line break; the text names `name`.
    """
    text = value if type(value) is str else str(value)
    if "\r" in text or "\n" in text:
        raise _broken(name, text)
    return text


def _broken(name: str, text: str) -> LocalError:
    return LocalError(f"a line break in the value of header {name}: {text[:80]!r}")
