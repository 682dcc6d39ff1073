"""What adapters say in lines of text: results, numbers, and causes (V.250, isdn4linux, V.253).

Octets come in as they come, lines go out, each as a result and its detail. What is no result is given back as such:
whoever reads decides what noise means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from gateway.core.cause import Cause

__all__ = ["LineReader", "Result", "cause_of", "result_of", "told_cause"]

LONGEST: Final = 256
"""Characters of a line; what is longer is no answer of an adapter, and is dropped."""


class Result(Enum):
    """What a line says. The value is how it begins."""

    OK = "OK"
    ERROR = "ERROR"
    CONNECT = "CONNECT"
    VOICE = "VCON"
    RING = "RING"
    RUNG = "RUNG"
    CALLER = "CALLER NUMBER"
    CALLED = "CALLED NUMBER"
    PROCEEDING = "PROCEEDING"
    RINGBACK = "RINGING"
    BUSY = "BUSY"
    NO_ANSWER = "NO ANSWER"
    NO_CARRIER = "NO CARRIER"
    NO_DIALTONE = "NO DIALTONE"
    NO_NUMBER = "NO MSN/EAZ"


_EXACT: Final[Mapping[str, Result]] = {
    **{result.value: result for result in Result},
    "NO DIAL TONE": Result.NO_DIALTONE,
}
_NUMBERS: Final = re.compile(r"(CALLER NUMBER|CALLED NUMBER|NMBR) ?[:=] ?([0-9*#+]*|[PO])")
_DETAILED: Final = re.compile(r"(RING|BUSY|NO ANSWER|NO CARRIER|NO DIALTONE)/(\w*)")
_CAUSE: Final = re.compile(r"E?[0-9A-F]{2}([0-9A-F]{2})")

CAUSES: Final[Mapping[Result | None, Cause]] = {
    Result.BUSY: Cause.USER_BUSY,
    Result.NO_ANSWER: Cause.NO_ANSWER,
    Result.NO_CARRIER: Cause.NO_USER_RESPONDING,
    Result.NO_DIALTONE: Cause.NO_CIRCUIT_AVAILABLE,
    Result.NO_NUMBER: Cause.TEMPORARY_FAILURE,
    Result.ERROR: Cause.TEMPORARY_FAILURE,
    None: Cause.TEMPORARY_FAILURE,
}
"""What the end of an attempt to call means where the adapter tells no cause of its own."""


class LineReader:
    """Takes lines out of octets."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> tuple[str | None, bytes]:
        """Read up to the end of a line.

        Returns:
            The line, without what cannot be printed; None where it has not ended; and what follows it.
        """
        head, end, rest = data.partition(b"\n")
        self._held += head[: LONGEST + 1 - len(self._held)]
        if not end:
            return None, b""
        line, self._held = bytes(self._held), bytearray()
        if len(line) > LONGEST:
            return "", rest
        return bytes(octet for octet in line if 0x20 <= octet < 0x7F).decode().strip(), rest

    def forget(self) -> None:
        """Drop the beginning of a line."""
        self._held.clear()


def result_of(line: str) -> tuple[Result | None, str]:
    """What a line says, None where that is no result, and its detail: a number, or the text of a cause."""
    exact = _EXACT.get(line)
    if exact is not None:
        return exact, ""
    found = _NUMBERS.fullmatch(line)
    if found is not None:
        word = Result.CALLED if found[1] == "CALLED NUMBER" else Result.CALLER
        return word, "" if found[2] in ("0", "P", "O") else found[2]
    found = _DETAILED.fullmatch(line)
    if found is not None:
        return Result(found[1]), found[2]
    return (Result.CONNECT, line) if line.startswith("CONNECT ") else (None, line)


def told_cause(detail: str) -> Cause | None:
    """The cause that the network gave; None where the adapter tells none.

    isdn4linux tells causes as E, the location and the cause, two hexadecimal digits each (isdn_cause(7)).
    """
    told = _CAUSE.fullmatch(detail)
    try:
        return Cause(int(told[1], 16)) if told is not None else None
    except ValueError:
        return None


def cause_of(line: str) -> Cause:
    """Why an attempt to call failed: the cause that the network gave, or what the result means."""
    result, detail = result_of(line)
    return told_cause(detail) or CAUSES[result]
