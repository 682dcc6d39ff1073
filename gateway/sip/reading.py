"""What the header fields that every transaction and dialog needs mean: rows of text enter, typed things leave.

`Headers.typed` reads by this table what somebody asks for, once. A reader raises MalformedError for rows that do
not parse; one of a name that may be missing takes no rows as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from gateway.core.errors import MalformedError
from gateway.core.repeated import Kept
from gateway.sip.grammar import number, split_list
from gateway.sip.headers import ADDRESSES, CSEQS, VIAS, CSeq, NameAddr, Via

__all__ = ["READERS", "SINGLE", "TYPED", "Rows", "Typed", "read_essential"]

Rows = tuple[str, ...]
"""All rows of one name, as received."""

SECONDS_LIMIT: Final = 2**32 - 1
"""RFC 3261 section 20.19."""
MALFORMED_EXPIRES: Final = 3600
"""What an Expires that cannot be read counts as (RFC 3261 section 20.10)."""


MANDATORY: Final = ("via", "from", "to", "call-id", "cseq")
"""RFC 3261 section 8.1.1; Max-Forwards is left out for the sake of RFC 2543 peers."""
_WHERE_THERE: Final = ("max-forwards", "contact", "route", "record-route")
"""What else is read of every message that has it, since its users count on it."""


class Typed(dict[str, Any]):
    """What was read of the rows of a message, by name in lower case; what was not is read when it is asked for.

    Attributes:
        rows: the rows.
    """

    __slots__ = ("rows",)
    rows: dict[str, Rows]

    def __missing__(self, name: str) -> Any:
        value = self[name] = READERS[name](self.rows[name] if name in self.rows else ())
        return value


def read_essential(typed: Typed, *, answer: bool) -> None:
    """Read what the headers mean that every transaction and dialog needs, which must not fail later.

    Args:
        answer: they are a response's: what it says of the way to its sender counts as missing where it does not
            parse, or it would be sent again until the call is given up, though it ends the INVITE by itself. Of its
            Contacts those that do are kept: of a redirection the others may be reached.

    Raises:
        MalformedError: one of those that must be there is not, or does not parse.
    """
    rows = typed.rows
    try:
        vias = rows["via"]
        typed["via"] = (VIAS[vias[0]],) if len(vias) == 1 and "," not in vias[0] else _vias(vias)
        typed["from"] = ADDRESSES[rows["from"][0]]
        typed["to"] = ADDRESSES[rows["to"][0]]
        typed["call-id"] = rows["call-id"][0]
        typed["cseq"] = CSEQS[rows["cseq"][0]]
    except (KeyError, MalformedError):
        for name in MANDATORY:
            _there(rows.get(name, ()), name.title())
        raise
    if not typed["call-id"]:
        raise MalformedError("there is no Call-ID")
    for name in _WHERE_THERE:
        if name in rows:
            try:
                typed[name] = READERS[name](rows[name])
            except MalformedError:
                if not answer or name == "record-route":
                    raise
                typed[name] = _those_that_parse(rows[name]) if name == "contact" else READERS[name](())


def _vias(rows: Rows) -> tuple[Via, ...]:
    if len(rows) == 1 and "," not in rows[0]:
        return (VIAS[rows[0]],)
    vias = tuple([VIAS[text] for row in rows for text in split_list(row)])
    if not vias:
        raise MalformedError("there is no Via")
    return vias


def _from(rows: Rows) -> NameAddr:
    return ADDRESSES[_there(rows, "From")]


def _to(rows: Rows) -> NameAddr:
    return ADDRESSES[_there(rows, "To")]


def _addresses(rows: Rows) -> tuple[NameAddr, ...]:
    if not rows:
        return ()
    if len(rows) == 1 and "," not in rows[0]:
        return (ADDRESSES[rows[0]],)
    return tuple([ADDRESSES[text] for row in rows for text in split_list(row)])


def _contacts(rows: Rows) -> tuple[NameAddr, ...]:
    if len(rows) == 1 and "," not in rows[0]:
        return () if rows[0] == "*" else (ADDRESSES[rows[0]],)
    return _addresses(rows)


def _those_that_parse(rows: Rows) -> tuple[NameAddr, ...]:
    found = []
    for row in rows:
        with suppress(MalformedError):
            for text in split_list(row):
                with suppress(MalformedError):
                    found.append(ADDRESSES[text])
    return tuple(found)


def _expires(rows: Rows) -> int | None:
    if not rows:
        return None
    try:
        return number(rows[0], "Expires", SECONDS_LIMIT)
    except MalformedError:
        return MALFORMED_EXPIRES


def _max_forwards(rows: Rows) -> int | None:
    return _HOPS[rows[0]] if rows else None


# The grammar sets no limit and the text says 0-255; "300" (RFC 4475 3.1.2.4) does no harm.
_HOPS: Final = Kept(lambda text: number(text, "Max-Forwards", SECONDS_LIMIT))


def _there(rows: Rows, name: str) -> str:
    """The first row, of a name that must be there."""
    if not rows or not rows[0]:
        raise MalformedError(f"there is no {name}")
    return rows[0]


def _call_id(rows: Rows) -> str:
    return rows[0] if rows and rows[0] else _there((), "Call-ID")


READERS: Final[Mapping[str, Callable[[Rows], Any]]] = MappingProxyType(
    {
        "via": _vias,
        "from": _from,
        "to": _to,
        "call-id": _call_id,
        "cseq": lambda rows: CSEQS[_there(rows, "CSeq")],
        "max-forwards": _max_forwards,
        "contact": _contacts,
        "route": _addresses,
        "record-route": _addresses,
        "expires": _expires,
    }
)
"""What reads each name; keys as in `Headers`."""
SINGLE: Final = frozenset({"from", "to", "cseq"})
"""Those of them that give one thing of a class of its own; the others of which give several."""
TYPED: Final = frozenset({Via, NameAddr, CSeq})
"""Those classes."""
