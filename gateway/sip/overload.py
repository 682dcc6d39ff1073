"""More requests than we can serve: new ones get 503 with Retry-After, so that calls in progress go on (RFC 7339).

Octets enter before anything has parsed them, and the refusal is cut from them by a few fixed patterns: it costs a
small part of what a call does, or ten times our capacity would leave nothing for calls. What belongs to a dialog
passes always, what repeats a request that was let in passes as well, and so do calls to emergency numbers. How much
is let in follows from a configured rate and from how late our loop is: late, the rate falls to what was
served at good times lately; in time, it rises again.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from gateway.sip.transport import Datagram, Flow

__all__ = ["Overload", "OverloadConfig"]

LATE: Final = 0.05
"""Seconds by which the loop may be late: below T1 by far, so that nobody repeats what waits."""
SHARE: Final = 0.97
DEEPEST: Final = 0.7
"""How much of what was served at good times lately is let in while the loop is late: less with every look that
finds it still late, down to the lower figure, so that what waits is worked off."""
RISE: Final = 1.06
"""Factor of the rate for each look that finds the loop in time."""
LOOKS: Final = 100
"""Looks that count as lately: a rest in one of them, when nobody was let in, says nothing of what can be served."""
LEAST: Final = 20.0
"""Requests a second that are let in whatever happens, all at once if they come so: a loop may be late for reasons
that are not calls, and one telephone that is switched on and dials sends four."""
BURST: Final = 0.1
"""Seconds of a higher rate that may come at once."""
BRANCHES: Final = 10_000
"""Requests let in last that are known again when they are repeated."""
RETRY_AFTER: Final = (3, 15)
"""Seconds that callers are asked to wait, drawn anew for each, so that they do not come back together."""
TAG: Final = b";tag=overload"
"""The To tag of a refusal, by which its ACK is known and goes no further."""

NEW: Final = re.compile(rb"(?:INVITE|REGISTER|SUBSCRIBE|MESSAGE|PUBLISH|OPTIONS) ")
TO: Final = re.compile(rb"\r\n(?:To|t)[ \t]*:[^\r\n]*", re.IGNORECASE)
BRANCH: Final = re.compile(rb";[ \t]*branch[ \t]*=[ \t]*([^;,\s]{1,128})", re.IGNORECASE)
COPIED: Final = re.compile(
    rb"\r\n((?:Via|v|From|f|To|t|Call-ID|i|CSeq)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE
)
RPORT: Final = re.compile(rb";[ \t]*rport(?=[;,\s]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OverloadConfig:
    """When new requests are refused.

    Attributes:
        rate: new requests a second that are let in at most; 0 leaves that to the loop's lateness alone.
        priority: numbers that are always let in: emergency numbers.
    """

    rate: float = 0.0
    priority: Sequence[str] = ()


class Overload:
    """Lets in what can be served.

    Args:
        config: when requests are refused.
        random: of the times after which callers may come again.
    """

    def __init__(self, config: OverloadConfig, random: Random) -> None:
        self._config = config
        self._random = random
        self._most = config.rate or float("inf")
        self._rate = self._most
        self._left = self._burst
        self._at = 0.0
        self._let_in = 0
        self._looked = 0.0
        self._late_looks = 0
        self._served: deque[float] = deque(maxlen=LOOKS)
        self._branches: OrderedDict[bytes, None] = OrderedDict()
        numbers = b"|".join(re.escape(number.encode()) for number in config.priority) or b"(?!)"
        self._priority = re.compile(rb"INVITE (?:sips?|tel):(?:" + numbers + rb")[@; ]")
        self.refused = 0
        """Requests that were refused."""

    @property
    def rate(self) -> float:
        """New requests a second that are let in now; infinite where nothing limits them."""
        return self._rate

    @property
    def _burst(self) -> float:
        """Requests that may come at once."""
        return max(LEAST if self._rate >= LEAST else 1.0, BURST * self._rate)

    def late(self, seconds: float, now: float) -> None:
        """Say by how much the loop is late; several times a second."""
        lasted = now - self._looked
        self._served.append(self._let_in / lasted if lasted > 0 else 0.0)
        self._let_in, self._looked = 0, now
        best = sorted(self._served)[len(self._served) * 9 // 10]  # single looks are too short to be believed
        if seconds > LATE:
            self._late_looks += 1
            share = max(DEEPEST, SHARE**self._late_looks)
            self._rate = min(self._most, max(LEAST, share * best))
            return
        self._late_looks = 0
        if self._rate < self._most:
            self._rate *= RISE
            if self._rate > self._most or self._rate > 100 * max(best, LEAST):
                self._rate = self._most

    def refusal(self, data: bytes, flow: Flow, now: float) -> Datagram | bool:
        """What becomes of `data`: False to serve it, True to drop it, or the refusal to send."""
        if self._rate == float("inf"):
            if NEW.match(data):
                self._let_in += 1
            return False
        if not NEW.match(data):
            return data.startswith(b"ACK ") and TAG in data
        to = TO.search(data)
        branch = BRANCH.search(data)
        if to is None or b"tag=" in to[0].lower() or branch is None or branch[1] in self._branches:
            return False  # in a dialog, to be refused by those who parse, or let in already
        if self._takes(now) or self._priority.match(data):
            self._let_in += 1
            self._branches[branch[1]] = None
            if len(self._branches) > BRANCHES:
                self._branches.popitem(last=False)
            return False
        self.refused += 1
        return Datagram(self._answer(data, flow), flow)

    def _takes(self, now: float) -> bool:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def _answer(self, data: bytes, flow: Flow) -> bytes:
        """The 503, cut from the request (RFC 3261 8.2.6), its Via stamped (18.2.1, RFC 3581 section 4)."""
        head = data.partition(b"\r\n\r\n")[0]
        rows = COPIED.findall(head)
        host, port = flow.remote
        stamp = b";received=%s;rport=%d" % (host.encode(), port)
        answer = [b"SIP/2.0 503 Service Unavailable"]
        stamped = False
        for row in rows:
            kind = row[:1].lower()
            if kind == b"v" and not stamped:
                row, stamped = RPORT.sub(stamp, row, count=1), True
            elif kind == b"t":
                row += TAG
            answer.append(row)
        answer.append(b"Retry-After: %d" % self._random.randint(*RETRY_AFTER))
        answer.append(b"Content-Length: 0\r\n\r\n")
        return b"\r\n".join(answer)
