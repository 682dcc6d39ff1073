"""Flows kept open from our side, and watched where the peer plays along (RFC 5626 4.4, RFC 6223).

Over a connection the ping is a double CRLF, over UDP a STUN binding request, where the peer has said that it
answers such; else CRLF, which keeps a NAT's mapping and asks for nothing. A flow whose pings are not answered, or
that comes out of the NAT elsewhere than before, has failed: whoever keeps it is told once. Times come in by
argument, octets leave through the function that was given.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.schedule import Alarm, Schedule
from gateway.sip.stun import Kind, Stun, is_stun
from gateway.sip.transport import Address, Flow

__all__ = ["KeepAlives", "Kept"]

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"
PATIENCE: Final = 10.0
"""Seconds for a pong over a connection (RFC 5626 4.4.1)."""
FIRST_WAIT: Final = 0.5
"""Seconds until a binding request is said again for the first time, doubled each time (RFC 5389 7.2.1)."""
ATTEMPTS: Final = 5
"""Times that a binding request is said: together they take 15.5 s."""
EARLY: Final = 0.2
"""Part of the interval by which a ping may come early, so that the pings of a restart spread (RFC 5626 4.4)."""


class Kept:
    """One flow that somebody keeps; a `Timer`.

    Attributes:
        flow: it.
        mapped: where the peer sees us; None where it has not said.
    """

    def __init__(
        self,
        flow: Flow,
        every: float,
        answers: bool,
        failed: Callable[[str, float], None],
        released: Callable[[Kept], None],
    ) -> None:
        self._released = released
        self.flow = flow
        self.mapped: Address | None = None
        self.every = every
        self.answers = answers
        self.failed = failed
        self.alarm: Alarm | None = None
        self.waiting: bytes | None = None
        self.attempts = 0

    def cancel(self) -> None:
        """It is to be kept no longer; harmless when that has been said."""
        if self.alarm is not None:
            self.alarm.cancel()
        self._released(self)


class KeepAlives:
    """All flows that are kept.

    Args:
        send: puts octets on a flow.
        random: the moments of pings and what STUN requests are known by.
        schedule: where its alarms run.
    """

    def __init__(self, *, send: Callable[[bytes, Flow], None], random: Random, schedule: Schedule) -> None:
        self._send = send
        self._random = random
        self._schedule = schedule
        self._kept: dict[Flow, list[Kept]] = {}

    def __len__(self) -> int:
        """How often flows are kept."""
        return sum(map(len, self._kept.values()))

    def keep(
        self,
        flow: Flow,
        every: float,
        now: float,
        *,
        answers: bool,
        failed: Callable[[str, float], None],
        at_once: bool = False,
    ) -> Kept:
        """Ping on `flow` until the result is cancelled.

        Args:
            every: seconds between pings, at most.
            answers: whether the peer has said that it answers pings.
            failed: called once, with the evidence, where it does not.
            at_once: ping now, and not only in a while.
        """
        kept = Kept(flow, every, answers, failed, self._release)
        self._kept.setdefault(flow, []).append(kept)
        if at_once:
            self._arm(kept, now, self._ping)
        else:
            self._wait(kept, now)
        return kept

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """Take in what may answer a ping; whether it was such a thing."""
        if flow.is_reliable:
            if data != PONG:
                return False
            for kept in self._kept.get(flow, ()):
                if kept.waiting is not None:
                    self._wait(kept, now)
            return True
        return is_stun(data) and self._bound(data, flow, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, and what was kept there with it."""
        for kept in list(self._kept.get(flow, ())):
            self._end(kept, "the connection was lost", now)

    def _release(self, kept: Kept) -> None:
        held = self._kept.get(kept.flow, [])
        if kept in held:
            held.remove(kept)
            if not held:
                del self._kept[kept.flow]

    def _wait(self, kept: Kept, now: float) -> None:
        """The next ping, in a while."""
        kept.waiting = None
        kept.attempts = 0
        self._arm(kept, now + kept.every * (1 - EARLY * self._random.random()), self._ping)

    def _arm(self, kept: Kept, when: float, action: Callable[[Kept, float], None]) -> None:
        if kept.alarm is not None:
            kept.alarm.cancel()
        kept.alarm = self._schedule.at(when, lambda now: action(kept, now))

    def _ping(self, kept: Kept, now: float) -> None:
        if not kept.answers:
            self._send(PING, kept.flow)
            self._wait(kept, now)
        elif kept.flow.is_reliable:
            kept.waiting = PONG
            self._send(PING, kept.flow)
            self._arm(kept, now + PATIENCE, self._fail)
        else:
            kept.waiting = self._random.randbytes(12)
            self._ask(kept, now)

    def _ask(self, kept: Kept, now: float) -> None:
        assert kept.waiting is not None  # it is being asked
        if kept.attempts == ATTEMPTS:
            self._fail(kept, now)
            return
        self._send(Stun(Kind.REQUEST, kept.waiting).serialise(), kept.flow)
        self._arm(kept, now + FIRST_WAIT * 2**kept.attempts, self._ask)
        kept.attempts += 1

    def _bound(self, data: bytes, flow: Flow, now: float) -> bool:
        """Take in an answer to a binding request."""
        try:
            answer = Stun.parse(data)
        except MalformedError:
            return False
        kept = next((kept for kept in self._kept.get(flow, ()) if kept.waiting == answer.transaction), None)
        if kept is None or answer.kind not in (Kind.SUCCESS, Kind.ERROR):
            return False
        before, kept.mapped = kept.mapped, answer.mapped or kept.mapped
        if before is not None and kept.mapped != before:
            self._end(kept, f"the NAT's mapping has changed from {_shown(before)} to {_shown(kept.mapped)}", now)
        else:
            self._wait(kept, now)
        return True

    def _fail(self, kept: Kept, now: float) -> None:
        self._end(kept, f"{kept.flow} does not answer keep-alives", now)

    def _end(self, kept: Kept, evidence: str, now: float) -> None:
        kept.cancel()
        kept.failed(evidence, now)


def _shown(address: Address | None) -> str:
    return f"{address[0]}:{address[1]}" if address is not None else "nowhere"
