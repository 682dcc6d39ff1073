"""From a SIP URI to the servers that may be tried for it, in their order (RFC 3263 section 4).

A URI enters, ways to its servers come out, by call-back: at once for an address or for names that are known, else
when the replies of name servers have come. A server that failed is put behind the others for a while (4.3). The
transport that a URI asks for is kept to: sips goes over TLS or not at all (RFC 5630 section 4).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from itertools import groupby
from random import Random
from typing import Final

from gateway.core.cause import Cause
from gateway.core.frozen import frozen
from gateway.sip.message import Response
from gateway.sip.names import AddressRecord, Kind, Naptr, Question, Reply, ServerNames, Srv
from gateway.sip.points import ListeningPoints
from gateway.sip.retry_after import retry_after
from gateway.sip.transport import PORTS, Address, Flow, is_address
from gateway.sip.uri import SipUri

__all__ = ["Located", "Resolver"]

MAX_SERVERS: Final = 16
"""Servers that one URI leads to: more is a mistake, or an attack."""
MAX_RECORDS: Final = 64
"""SRV records that are looked at, the first by their priority: an answer has room for a thousand."""
MAX_DEAD: Final = 1000
"""Servers that are remembered as dead."""
DEAD: Final = 30.0
"""Seconds for which a server that failed is tried last."""
LONGEST_PAUSE: Final = 300.0
"""Seconds of a server's Retry-After (RFC 3261 21.5.4) that are heeded at most: it is for overload, which passes."""

_SERVICES: Final = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
"""NAPTR services (4.1) that can be called."""
_LABELS: Final = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
_KINDS: Final = {4: Kind.A, 6: Kind.AAAA}


@frozen
class Located:
    """What a URI led to.

    Attributes:
        flows: ways to its servers, the first to be tried first; none where there is no way.
        fault: why there is none, as a clause that names what was looked for.
        cause: with which a call ends for that.
    """

    flows: tuple[Flow, ...]
    fault: str = ""
    cause: Cause = Cause.NORMAL_CLEARING


class Unlocated(Exception):
    """There is no way; carries what `Located` shall say."""

    def __init__(self, fault: str, cause: Cause = Cause.NO_ROUTE_TO_DESTINATION) -> None:
        self.cause = cause
        super().__init__(fault)


_Replies = list[Reply]
_Asking = Generator[Sequence[Question], _Replies, tuple[Flow, ...]]


class Resolver:
    """Finds servers.

    Args:
        points: where we listen: only what can be reached from there is found.
        names: who asks name servers.
        random: of SRV weights.
    """

    def __init__(self, points: ListeningPoints, names: ServerNames, random: Random) -> None:
        self._points = points
        self._names = names
        self._random = random
        self._dead: dict[tuple[str, Address], float] = {}
        self._asked_to_wait: set[tuple[str, Address]] = set()
        self._faults: OrderedDict[Flow, str] = OrderedDict()

    def locate(self, uri: SipUri, then: Callable[[Located, float], None], now: float) -> None:
        """Have `then` called with the servers of `uri`, perhaps before this returns.

        Args:
            uri: a Request-URI, or that of the topmost Route.
        """
        self._go_on(self._steps(uri), None, then, now)

    def failed(self, flow: Flow, now: float, seconds: float | None = None) -> None:
        """A server did not answer, could not be reached or said 503 (4.3): for some time it is tried last.

        Args:
            seconds: for which it has asked to be left alone (Retry-After); None where it has not.
        """
        server = flow.transport, flow.remote
        self._dead[server] = now + (DEAD if seconds is None else seconds)
        if seconds is not None:
            self._asked_to_wait.add(server)
        if len(self._dead) > MAX_DEAD:
            self._dead = {server: until for server, until in self._dead.items() if until > now}
            self._asked_to_wait &= self._dead.keys()
        while len(self._dead) > MAX_DEAD:
            self._forget(next(iter(self._dead)))

    def found_wrong(self, flow: Flow, why: str) -> None:
        """There is no connection with a server: its certificate is not good, say, or ours.

        Args:
            why: a clause; empty where nothing is known to be wrong, whatever was before.
        """
        if not why:
            self._faults.pop(flow, None)
            return
        self._faults[flow] = why
        self._faults.move_to_end(flow)
        if len(self._faults) > MAX_DEAD:
            self._faults.popitem(last=False)

    def fault(self, flow: Flow) -> str:
        """Why there was no connection with a server when one was tried last; empty where nobody knows."""
        return self._faults.get(flow, "")

    def heard(self, flow: Flow, response: Response | None, now: float) -> None:
        """Learn what came of a request to a server: a response, or none at all.

        One that answers has nothing held against it any more, but for a time that it has asked for itself.
        """
        if response is None or response.status == 503:
            self.failed(flow, now, None if response is None else retry_after(response, LONGEST_PAUSE))
            return
        if self._faults:
            self._faults.pop(flow, None)
        if not self._dead:
            return
        server = flow.transport, flow.remote
        if server in self._dead and (server not in self._asked_to_wait or self._dead[server] <= now):
            self._forget(server)

    def _forget(self, server: tuple[str, Address]) -> None:
        del self._dead[server]
        self._asked_to_wait.discard(server)

    # The driver of `_steps`.

    def _go_on(
        self, steps: _Asking, replies: _Replies | None, then: Callable[[Located, float], None], now: float
    ) -> None:
        try:
            questions = next(steps) if replies is None else steps.send(replies)
        except StopIteration as done:
            flows: tuple[Flow, ...] = done.value
            then(Located(tuple(sorted(flows, key=lambda flow: self.is_dead(flow, now)))), now)
            return
        except Unlocated as why:
            then(Located((), str(why), why.cause), now)
            return
        gathered: dict[Question, Reply] = {}

        def told(reply: Reply, at: float) -> None:
            gathered[reply.question] = reply
            if len(gathered) == len(set(questions)):
                self._go_on(steps, [gathered[question] for question in questions], then, at)

        for question in dict.fromkeys(questions):
            self._names.ask(question, told, now)

    def is_dead(self, flow: Flow, now: float) -> bool:
        """Whether a server has failed lately, and is to be tried last."""
        return self._dead.get((flow.transport, flow.remote), 0.0) > now

    # The procedure of section 4, which yields questions and is sent their replies.

    def _steps(self, uri: SipUri) -> _Asking:
        host = (uri.parameters.get("maddr") or uri.host).strip("[]").rstrip(".").lower()
        wanted = self._wanted(uri)
        transport = wanted or self._points.transports[0]
        if is_address(host):
            return self._flows(transport, [(host, uri.port or PORTS[transport])], host)
        if uri.port is not None:
            return (yield from self._addresses(transport, [(host, uri.port)], host))
        found = yield from self._services(host, wanted)
        if found is not None:
            return (yield from self._addresses(*found, host))
        return (yield from self._addresses(transport, [(host, PORTS[transport])], host))

    def _wanted(self, uri: SipUri) -> str | None:
        """The transport that the URI asks for, or None (4.1); TLS for sips, whatever lies below (RFC 5630 3.1)."""
        if not self._points.transports:
            raise Unlocated("SIP is not listened to yet", Cause.TEMPORARY_FAILURE)
        transport = uri.transport
        if uri.scheme == "sips":
            if transport not in (None, "tcp", "tls"):
                raise Unlocated(f"{uri.shown} asks for sips over {transport}", Cause.PROTOCOL_ERROR)
            transport = "tls"
        if transport is not None and transport not in self._points.transports:
            mend = "set sip.tls" if transport == "tls" else "add it to sip.listen"
            raise Unlocated(f"{uri.shown} wants {transport}, which cannot be had here ({mend})")
        return transport

    def _services(
        self, host: str, wanted: str | None
    ) -> Generator[Sequence[Question], _Replies, tuple[str, list[tuple[str, int]]] | None]:
        """A transport and its servers, by NAPTR and SRV; None where the domain has neither."""
        if wanted is None:
            (reply,) = yield [Question(host, Kind.NAPTR)]
            records = [record for record in reply.records if isinstance(record, Naptr)]
            for record in sorted(records, key=lambda record: (record.order, record.preference))[:MAX_SERVERS]:
                transport = _SERVICES.get(record.service)
                if transport in self._points.transports and record.flags == "S" and transport is not None:
                    (srv,) = yield [Question(record.replacement, Kind.SRV)]
                    if srv.records:
                        return transport, self._in_order(srv, host)
        transports = [wanted] if wanted is not None else list(self._points.transports)
        replies = yield [Question(f"{_LABELS[transport]}.{host}", Kind.SRV) for transport in transports]
        for transport, srv in zip(transports, replies, strict=True):
            if srv.records:
                return transport, self._in_order(srv, host)
        return None

    def _in_order(self, reply: Reply, host: str) -> list[tuple[str, int]]:
        """Servers by priority, those of one priority drawn by their weights (RFC 2782)."""
        records = [record for record in reply.records if isinstance(record, Srv) and record.target]
        if not records:
            raise Unlocated(f"{host} says that it has no SIP service", Cause.NO_ROUTE_TO_DESTINATION)
        ordered: list[Srv] = []
        records = sorted(records, key=lambda record: record.priority)[:MAX_RECORDS]
        for _, group in groupby(records, lambda record: record.priority):
            # Those without weight first, so that they have a small chance, too.
            left = sorted(group, key=lambda record: record.weight)
            while left:
                draw = self._random.randint(0, sum(record.weight for record in left))
                for record in left:
                    draw -= record.weight
                    if draw <= 0:
                        break
                ordered.append(record)
                left.remove(record)
        return [(record.target, record.port) for record in ordered[:MAX_SERVERS]]

    def _addresses(self, transport: str, servers: Sequence[tuple[str, int]], domain: str) -> _Asking:
        """The addresses of named servers, each one's IPv6 before its IPv4 where we have both."""
        kinds = [_KINDS[version] for version in self._points.versions]
        questions = [Question(name, kind) for name, _ in servers if not is_address(name) for kind in kinds]
        replies = (yield questions) if questions else []
        known = {reply.question: reply for reply in replies}
        addresses: list[Address] = []
        for name, port in servers:
            if is_address(name):
                addresses.append((name, port))
            for kind in kinds:
                reply = known.get(Question(name, kind))
                found = reply.records if reply is not None else ()
                addresses += [(record.address, port) for record in found if isinstance(record, AddressRecord)]
        if not addresses:
            fault = next((reply.fault for reply in replies if reply.fault), "")
            if fault:
                raise Unlocated(f"no name server tells where {domain} is: {fault}", Cause.TEMPORARY_FAILURE)
            raise Unlocated(f"there is no host {domain} in the DNS")
        return self._flows(transport, addresses, domain)

    def _flows(self, transport: str, addresses: Sequence[Address], domain: str) -> tuple[Flow, ...]:
        flows = [self._points.flow(transport, address, domain) for address in addresses[:MAX_SERVERS]]
        found = tuple(dict.fromkeys(flow for flow in flows if flow is not None))
        if not found:
            raise Unlocated(f"{domain} cannot be reached from any address in sip.listen over {transport}")
        return found
