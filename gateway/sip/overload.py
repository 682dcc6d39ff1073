"""More requests than we can serve: new ones get 503 with Retry-After, so that calls in progress go on (RFC 7339).

Octets enter before anything has parsed them, and the refusal is cut from them by a few fixed patterns: it costs a
small part of what a call does, or ten times our capacity would leave nothing for calls. What belongs to a dialog
passes always, what repeats a request that was let in passes as well, and so do calls to emergency numbers. How much
is let in follows from a configured rate and from the pressure that we are under: how late our loop is, and how full
the buffers are from which it reads. It begins with what was served lately, falls while the pressure is above its
mark and rises while it is below, so that there is always something to do and never much that waits. Whenever all
that waited has been read, a few more are let in at once: capacity that nobody uses would be lost.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from itertools import cycle
from math import inf
from random import Random
from typing import Final

from gateway.core.frozen import frozen
from gateway.sip.transport import Datagram, Flow

__all__ = ["Overload", "OverloadConfig"]

LATE: Final = 0.05
"""Seconds by which the loop may be late: below T1 by far, so that nobody repeats what waits."""
FULL: Final = 0.25
"""Share of a receive buffer that may be filled: far below what makes the kernel drop messages, of calls as well."""
GAIN: Final = 0.1
"""By how much of itself the rate rises with each look while there is no pressure; it falls by as much at twice the
mark, and by more above that."""
DAMPING: Final = 0.2
"""By how much it falls for each mark by which the pressure has risen since the look before, or rises as it falls:
without that it would swing about what can be served."""
STEEPEST: Final = 0.8
"""The lowest factor of the rate for one look: a pause of the loop for another reason must not cost much."""
WEIGHT: Final = 0.2
"""Of the latest look in what counts as served lately: looks are too short to be believed one by one."""
FREE: Final = 100
"""Times what was served lately that may be let in, at which nothing is limited any more."""
LEAST: Final = 20.0
"""Requests a second that are let in whatever happens: a loop may be late for reasons that are not calls."""
AT_ONCE: Final = 6.0
"""How many may come at once: one telephone that is switched on and dials sends four. Many more would make the loop
late by themselves, and then so many again come at once."""
BRANCHES: Final = 10_000
"""Requests let in last that are known again when they are repeated."""
RETRY_AFTER: Final = (3, 16)
"""Seconds that callers are asked to wait, from and below; another for each, so that they come back one by one."""
TAG: Final = b";tag=overload"
"""The To tag of a refusal, by which its ACK is known and goes no further."""

REFUSED: Final = b"SIP/2.0 503 Service Unavailable"
NEW: Final = re.compile(rb"(?:INVITE|REGISTER|SUBSCRIBE|MESSAGE|PUBLISH|OPTIONS) ")
BRANCH: Final = re.compile(rb";[ \t]*branch[ \t]*=[ \t]*([^;,\s]{1,128})", re.IGNORECASE)
COPIED: Final = re.compile(
    rb"\r\n((?:Via|v|From|f|To|t|Call-ID|i|CSeq)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE
)
RPORT: Final = re.compile(rb";[ \t]*rport(?=[;,\s]|$)", re.IGNORECASE)


@frozen
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
        random: of the order of times after which callers may come again.
    """

    def __init__(self, config: OverloadConfig, random: Random) -> None:
        self._config = config
        ends = [b"Retry-After: %d\r\nContent-Length: 0\r\n\r\n" % seconds for seconds in range(*RETRY_AFTER)]
        random.shuffle(ends)
        self._ends = cycle(ends)
        self._most = config.rate or inf
        self._rate = self._most
        self._left = self._burst
        self._at = 0.0
        self._let_in = 0
        self._looked: float | None = None
        self._served = 0.0
        self._latest = 0.0
        self._pressure = 0.0
        self._branches: OrderedDict[bytes, None] = OrderedDict()
        numbers = b"|".join(re.escape(number.encode()) for number in config.priority) or b"(?!)"
        self._priority = re.compile(
            rb"INVITE (?:(?:sips?|tel):(?:" + numbers + rb")[@; ]|(?i:urn:service:sos)[. ])"
        )
        self.refused = 0
        """Requests that were refused."""

    @property
    def rate(self) -> float:
        """New requests a second that are let in now; infinite where nothing limits them."""
        return self._rate

    @property
    def _burst(self) -> float:
        """Requests that may come at once."""
        return AT_ONCE if self._rate >= AT_ONCE else 1.0

    def look(self, late: float, filled: float, now: float) -> None:
        """Say how the office does; several times a second.

        Args:
            late: seconds by which the loop is late.
            filled: share of the fullest receive buffer that is filled, 0..1.
        """
        lasted = 0.0 if self._looked is None else now - self._looked
        served = self._let_in / lasted if lasted > 0 else 0.0
        self._served += (WEIGHT if self._served else 1.0) * (served - self._served)
        self._let_in, self._looked = 0, now
        # What has gone by the next look was a pause, not more than can be served (as CoDel has it, RFC 8289 3.1).
        latest = max(late / LATE, filled / FULL)
        before, self._pressure, self._latest = self._pressure, min(latest, self._latest), latest
        if self._rate == inf:
            if self._pressure > 1.0:
                self._rate = max(LEAST, self._served)
            return
        factor = 1.0 + GAIN * (1.0 - self._pressure) - DAMPING * (self._pressure - before)
        self._rate = max(LEAST, self._rate * max(STEEPEST, min(1.0 + GAIN, factor)))
        if self._rate > self._most or self._rate > FREE * max(self._served, LEAST):
            self._rate = self._most

    def idle(self) -> None:
        """A receive buffer has been read to its end: there is time for some more, whatever the rate says.

        What is let in then keeps nobody waiting; a rate that was configured stays the limit.
        """
        if self._rate != inf and not self._config.rate:
            self._left = self._burst

    def refusal(self, data: bytes, flow: Flow, now: float) -> Datagram | bool:
        """What becomes of `data`: False to serve it, True to drop it, or the refusal to send."""
        if self._rate == inf:
            if NEW.match(data):
                self._let_in += 1
            return False
        if not NEW.match(data):
            return data.startswith(b"ACK ") and TAG in data
        end = data.find(b"\r\n\r\n")
        rows = COPIED.findall(data, 0, end if end >= 0 else len(data))
        letters = bytes([row[0] for row in rows]).lower()
        via, to = letters.find(b"v"), letters.find(b"t")
        branch = None if via < 0 or to < 0 else BRANCH.search(rows[via])
        if branch is None or branch[1] in self._branches or b"tag=" in rows[to].lower():
            return False  # to be refused by those who parse, in a dialog, or let in already
        if self._takes(now) or self._priority.match(data):
            self._let_in += 1
            self._branches[branch[1]] = None
            if len(self._branches) > BRANCHES:
                self._branches.popitem(last=False)
            return False
        self.refused += 1
        # The 503 is cut from the request (RFC 3261 8.2.6), its Via stamped (18.2.1, RFC 3581 section 4).
        host, port = flow.remote
        rows[via] = RPORT.sub(b";received=%s;rport=%d" % (host.encode(), port), rows[via], count=1)
        rows[to] += TAG
        return Datagram(b"\r\n".join((REFUSED, *rows, next(self._ends))), flow)

    def _takes(self, now: float) -> bool:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
