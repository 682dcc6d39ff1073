"""What name servers say, asked for without a socket: questions go out, replies come in and are kept a while.

Each Question is handed, once, to somebody who asks it; every one must come back to `receive` as a Reply, with
records or with the reason why there is none. Who waits for a question that is being asked already waits for the
same reply. Where nobody can tell any more, what was said last holds on for a day (RFC 8767): a name server that is
down takes no trunk along. What is kept, and what is asked at a time, is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from typing import Final

from gateway.core.frozen import frozen

__all__ = ["AddressRecord", "Kind", "Naptr", "Question", "Reply", "ServerNames", "Srv"]

KEPT: Final = 2000
"""Replies that are kept: more names than an office calls."""
ASKED: Final = 500
"""Questions that may be out at a time; beyond them a question fails at once."""
LONGEST: Final = 3600.0
"""Seconds for which a reply is kept at most: a change at the other side is seen within an hour."""
SHORTEST: Final = 5.0
"""Seconds for which it is kept at least, so that a call's questions are asked once."""

STALE: Final = 86400.0
"""Seconds for which a reply whose time is over is taken where nobody can tell (RFC 8767 section 5: 1 to 3 days)."""
AGAIN: Final = 30.0
"""Seconds after which somebody is asked again, then (RFC 8767 section 4)."""


class Kind(Enum):
    """Record types that SIP asks for (RFC 3263)."""

    NAPTR = "NAPTR"
    SRV = "SRV"
    A = "A"
    AAAA = "AAAA"


@frozen
class Question:
    """A name, absolute and without its last dot, and what is asked of it."""

    name: str
    kind: Kind


@frozen
class Naptr:
    """A NAPTR record (RFC 3403): `service` and `flags` in upper case."""

    order: int
    preference: int
    flags: str
    service: str
    regexp: str
    replacement: str


@frozen
class Srv:
    """An SRV record (RFC 2782); a `target` that is empty says that there is no such service."""

    priority: int
    weight: int
    port: int
    target: str


@frozen
class AddressRecord:
    """An A or AAAA record."""

    address: str


Record = Naptr | Srv | AddressRecord


@frozen
class Reply:
    """What became of a question.

    Attributes:
        question: it.
        records: what there is; none where the name, or a record of that kind, does not exist.
        ttl: seconds for which that holds.
        fault: why nobody could tell, as a clause; empty where a name server has spoken.
    """

    question: Question
    records: tuple[Record, ...] = ()
    ttl: float = 0.0
    fault: str = ""


Waiting = Callable[[Reply, float], None]


class ServerNames:
    """All questions of the office.

    Args:
        put: has a question asked, and its reply come to `receive` some time later; None where nobody can.

    """

    def __init__(self, put: Callable[[Question], object] | None = None) -> None:
        self._put = put or (lambda question: None)
        self._kept: OrderedDict[Question, tuple[float, float, Reply]] = OrderedDict()
        self._asked: dict[Question, list[Waiting]] = {}
        self._doubts: OrderedDict[Question, tuple[float, str]] = OrderedDict()

    @property
    def doubt(self) -> str:
        """Which name is taken as it was, since nobody can tell, and why: the latest; "" while there is none."""
        return next(reversed(self._doubts.values()))[1] if self._doubts else ""

    def __len__(self) -> int:
        """Questions that are out."""
        return len(self._asked)

    def ask(self, question: Question, then: Waiting, now: float) -> None:
        """Have `then` called with the reply: at once where it is known."""
        kept = self._kept.get(question)
        if kept is not None and kept[0] > now:
            then(kept[2], now)
        elif question in self._asked:
            self._asked[question].append(then)
        elif len(self._asked) >= ASKED:
            then(Reply(question, fault=f"{ASKED} questions to name servers are open already"), now)
        else:
            self._asked[question] = [then]
            self._put(question)

    def receive(self, data: Reply, source: object, now: float) -> None:
        """Take in what became of a question; `source` is nobody."""
        if data.fault:
            data = self._as_it_was(data, now)
        else:
            self._doubts.pop(data.question, None)
            until = now + min(max(data.ttl, SHORTEST), LONGEST)
            self._kept[data.question] = (until, until + STALE, data)
            self._kept.move_to_end(data.question)
            if len(self._kept) > KEPT:
                forgotten, _ = self._kept.popitem(last=False)
                self._doubts.pop(forgotten, None)
        for question in [question for question, (end, _) in self._doubts.items() if end <= now]:
            del self._doubts[question]
        for then in self._asked.pop(data.question, ()):
            then(data, now)

    def _as_it_was(self, unknown: Reply, now: float) -> Reply:
        """What was said last of something that nobody can tell now; `unknown` where that was long ago."""
        known = self._kept.get(unknown.question)
        if known is None or known[1] <= now:
            return unknown
        _, end, last = known
        self._kept[unknown.question] = (min(now + AGAIN, end), end, last)
        name, why = unknown.question.name, unknown.fault
        told = f"The name {name} is taken as it was last known, since it cannot be looked up: {why}."
        self._doubts[unknown.question] = end, told
        self._doubts.move_to_end(unknown.question)
        return last
