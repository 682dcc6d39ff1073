"""The servers of a trunk: where they are, and which of them answer.

Their URIs enter; Ways come out, in the order in which they are to be tried: those that answer before those that do
not. Names are looked up again and again, so that a provider may move; servers are asked by OPTIONS where that is
wanted (RFC 3261 11), each in its own time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.core.errors import Exhausted
from gateway.core.frozen import frozen
from gateway.sip.message import Request, Response
from gateway.sip.resolve import Located
from gateway.sip.session import Setting, Timer
from gateway.sip.source import source_of
from gateway.sip.transport import Address, Flow
from gateway.sip.uri import SipUri

__all__ = ["Servers", "ServersConfig", "Way"]

LOOK_AGAIN: Final = 60.0
"""Seconds until names are looked up again; a name server's own time to live is kept by who asks it."""
LOOK_SOON: Final = 5.0
"""The same where nothing was found."""
PATIENCE: Final = 5.0
"""Seconds for an answer to OPTIONS: networks that take longer are not fit for calls."""
SECURE_ALONE: Final = frozenset({"tls"})
"""The transports of a trunk that is reached by TLS and by nothing else."""
MISSES: Final = 2
"""Answers in a row that may fail to come before a server counts as down: one datagram may be lost."""
BUSY: Final = frozenset({503})
"""Answers to OPTIONS by which a server says that it takes no calls; any other shows that it is there."""


@frozen
class Way:
    """A server and how it is reached.

    Attributes:
        server: as configured.
        flow: the way there, through the outbound proxy where there is one.
    """

    server: SipUri
    flow: Flow

    def __str__(self) -> str:
        host, port = self.flow.remote
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        via = "" if self.server.host == host else f"{self.server.host} at "
        return f"{via}{place} by {self.flow.transport}"


@frozen
class ServersConfig:
    """Which servers, and how they are watched.

    Attributes:
        uris: in the order of preference.
        proxy: through which all of them are reached; None for none.
        qualify: seconds between two OPTIONS; 0 sends none.
    """

    uris: Sequence[SipUri]
    proxy: SipUri | None = None
    qualify: float = 30.0


@dataclass(slots=True)
class _Health:
    """What is known of a way.

    Attributes:
        misses: questions in a row that had no answer.
        answered: it has answered one, ever.
        vouched: it has taken our registration, which stands: where it never answers a question, that says nothing.
        busy: its last answer was that it takes no calls.
    """

    misses: int = 0
    answered: bool = False
    vouched: bool = False
    busy: bool = False
    asked: int = 0
    asked_at: float = 0.0
    round_trip: float | None = None
    fault: str = ""

    @property
    def is_down(self) -> bool:
        return self.busy or (self.misses >= MISSES and (self.answered or not self.vouched))


class Servers:
    """The servers of one trunk.

    Args:
        config: which.
        setting: the stack's services.
        question: makes the OPTIONS for a way.
        changed: told when a server was found, went down or came back.
        answered: told when one has answered.

    Attributes:
        remotes: the addresses of all that were found.
        sources: the sources (`gateway.sip.source`) at which they are.
    """

    def __init__(
        self,
        config: ServersConfig,
        setting: Setting,
        *,
        question: Callable[[Way], Request],
        changed: Callable[[float], None],
        answered: Callable[[float], None],
    ) -> None:
        self._told_answered = answered
        self._config = config
        self._setting = setting
        self._question = question
        self._changed = changed
        self._found: dict[SipUri, tuple[Way, ...]] = {}
        self._faults: dict[SipUri, str] = {}
        self._health: dict[Way, _Health] = {}
        self._timers: dict[object, Timer] = {}
        self._open = False
        self._ways: tuple[Way, ...] | None = None  # until something is found or a server's health changes
        self.remotes: frozenset[Address] = frozenset()
        self.sources: frozenset[str] = frozenset()
        self._transports = frozenset(
            "tls" if uri.scheme == "sips" else uri.transport or "udp" for uri in config.uris
        )

    @property
    def fault(self) -> str:
        """Why servers are not found, as a clause; empty where all are."""
        return next(iter(self._faults.values()), "")

    def start(self, now: float) -> None:
        """Look for the servers and watch them."""
        self._open = True
        self._look(now)

    def stop(self) -> None:
        """Watch them no longer."""
        self._open = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def ways(self) -> list[Way]:
        """All ways, those to servers that answer first."""
        if self._ways is None:
            ways = [way for uri in self._config.uris for way in self._found.get(uri, ())]
            self._ways = tuple(sorted(dict.fromkeys(ways), key=self.is_down))
        return list(self._ways)

    def is_down(self, way: Way) -> bool:
        """Whether nobody answers there; never where nobody is asked."""
        health = self._health.get(way) if self._health else None
        return health is not None and health.is_down

    def vouch(self, way: Way | None) -> None:
        """Who is at `way` has taken our registration; nobody has where None."""
        self._ways = None
        for each, health in self._health.items():
            health.vouched = each == way

    def all_down(self) -> bool:
        """Whether there is no server that may answer."""
        return all(self.is_down(way) for way in self.ways())

    def may_come_by(self, flow: Flow) -> bool:
        """Whether what comes by `flow` can be theirs: by TLS where that is the only way there, by no datagram where
        no server has any."""
        if "udp" in self._transports:
            return True
        return flow.is_secure if self._transports == SECURE_ALONE else flow.is_reliable

    def answered(self) -> bool:
        """Whether one of those that are asked has answered, and not gone down since."""
        return any(health.answered and not health.is_down for health in self._health.values())

    def ever_answered(self) -> bool:
        """Whether one of those that are asked has answered, ever."""
        return any(health.answered for health in self._health.values())

    def round_trip(self) -> float | None:
        """Seconds that the preferred server took for its last answer, or None."""
        return next((self._health[way].round_trip for way in self.ways() if way in self._health), None)

    def trouble(self) -> str:
        """Why no server can be called, as a clause; empty where one can."""
        ways = self.ways()
        if not ways:
            return self.fault
        if not self.all_down():
            return ""
        if any(self._health[way].busy for way in ways):
            return f"{ways[0]} answers that it takes no calls"
        fault = self._setting.resolver.fault(ways[0].flow)
        if fault:
            return f"{ways[0]}: {fault}"
        mend = "look at the address, port, transport and firewall, or write qualify = 0 where it answers none"
        return f"{ways[0]} does not answer OPTIONS: {mend}"

    def _look(self, now: float) -> None:
        for uri in self._config.uris:
            self._setting.resolver.locate(self._config.proxy or uri, partial(self._located, uri), now)
        found = len(self._found) == len(self._config.uris)
        self._again("look", now + (LOOK_AGAIN if found else LOOK_SOON), self._look)

    def _located(self, uri: SipUri, located: Located, now: float) -> None:
        if not self._open:
            return
        before = self.fault, self.ways()
        if not located.flows:
            self._faults[uri] = located.fault  # what was found before is still tried: name servers fail, too
        else:
            self._faults.pop(uri, None)
            self._found[uri] = tuple(Way(uri, flow) for flow in located.flows)
        self._ways = None
        ways = self.ways()
        self.remotes = frozenset(way.flow.remote for way in ways)
        self.sources = frozenset(source_of(host) for host, _ in self.remotes)
        self._transports = frozenset(way.flow.transport for way in ways) or self._transports
        for gone in [way for way in self._health if way not in ways]:
            del self._health[gone]
            self._drop(gone)
        for way in ways:
            if self._config.qualify and way not in self._health:
                self._health[way] = _Health()
                self._ask(way, now)
        if before != (self.fault, ways):
            self._changed(now)

    def _ask(self, way: Way, now: float) -> None:
        health = self._health.get(way)
        if health is None or not self._open:
            return
        health.asked += 1
        health.asked_at = now
        asked = health.asked
        self._again(way, now + self._config.qualify, lambda at: self._ask(way, at))
        late = self._setting.carrier.after(PATIENCE, now, lambda at: self._missed(way, asked, at))
        try:
            self._setting.carrier.send(
                self._question(way),
                way.flow,
                now,
                answered=lambda response, at: self._answered(way, response, late, at),
                failed=lambda _, at: self._failed(way, asked, late, at),
            )
        except Exhausted:
            late.cancel()  # the shortage is ours, and says nothing of the server

    def _answered(self, way: Way, response: Response, late: Timer, now: float) -> None:
        if not response.is_final:
            return
        late.cancel()
        health = self._health.get(way)
        if health is None:
            return
        before = health.is_down, health.answered
        self._ways = None
        health.misses, health.answered, health.busy = 0, True, response.status in BUSY
        health.round_trip = now - health.asked_at
        if before != (health.is_down, True) and self._open:
            self._changed(now)
        self._told_answered(now)

    def _failed(self, way: Way, asked: int, late: Timer, now: float) -> None:
        """Where nobody listens at all, or is who it should be, there is nothing to wait for."""
        late.cancel()
        health = self._health.get(way)
        if health is None or health.asked != asked:
            return
        before, health.fault = health.fault, self._setting.resolver.fault(way.flow)
        if not health.is_down:
            health.misses = MISSES - 1
            self._missed(way, asked, now)
        elif before != health.fault and self._open:
            self._changed(now)

    def _missed(self, way: Way, asked: int, now: float) -> None:
        health = self._health.get(way)
        if health is None or health.asked != asked or not self._open:
            return
        self._ways = None
        health.misses += 1
        health.busy = False
        if health.misses < MISSES:
            self._ask(way, now)
        elif health.misses == MISSES:
            self._changed(now)

    def _again(self, what: object, when: float, action: Callable[[float], None]) -> None:
        self._drop(what)
        self._timers[what] = self._setting.carrier.at(when, action)

    def _drop(self, what: object) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()
