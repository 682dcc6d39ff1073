"""Networks and the NATs between them, by RFC 4787's words: UDP packets enter with the time, and come out elsewhere.

Nothing here has a socket or a clock. `Network.route` carries a packet from member to member, through as many NATs
as lie between, to a `Node`; what is filtered on the way is dropped and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final, Protocol

__all__ = [
    "ADDRESS_RESTRICTED",
    "FULL_CONE",
    "PORT_RESTRICTED",
    "SYMMETRIC",
    "Depends",
    "Endpoint",
    "Habits",
    "Nat",
    "Network",
    "Node",
    "Packet",
]

Endpoint = tuple[str, int]
"""IPv4 address and UDP port."""

FIRST_PORT: Final = 40000
"""Where a NAT begins to give out ports; none is given twice."""


@dataclass(frozen=True)
class Packet:
    """One UDP packet."""

    source: Endpoint
    target: Endpoint
    data: bytes


class Depends(IntEnum):
    """On how much of the far end a mapping or a filter depends (RFC 4787 4.1 and 5): its parts that count."""

    NOTHING = 0
    ADDRESS = 1
    ADDRESS_AND_PORT = 2


@dataclass(frozen=True)
class Habits:
    """How a NAT behaves.

    Attributes:
        mapping: whether an inside endpoint has one public port for everybody.
        filtering: from whom packets are let in: from anybody, or whom a packet has been sent to.
        lifetime: seconds after which a mapping that nothing went out through is forgotten.
        hairpins: whether an inside endpoint reaches another one by its public address (section 6).
    """

    mapping: Depends
    filtering: Depends
    lifetime: float = 300.0
    hairpins: bool = True


FULL_CONE: Final = Habits(Depends.NOTHING, Depends.NOTHING)
ADDRESS_RESTRICTED: Final = Habits(Depends.NOTHING, Depends.ADDRESS)
PORT_RESTRICTED: Final = Habits(Depends.NOTHING, Depends.ADDRESS_AND_PORT)
SYMMETRIC: Final = Habits(Depends.ADDRESS_AND_PORT, Depends.ADDRESS_AND_PORT)


class Node(Protocol):
    """Who packets are for."""

    def deliver(self, packet: Packet) -> None:
        """One has come."""
        ...


class Network:
    """Members that reach each other by their addresses, and perhaps a NAT that leads out.

    Attributes:
        dropped: packets that nobody took.
    """

    def __init__(self) -> None:
        self._members: dict[str, Node | Nat] = {}
        self.gateway: Nat | None = None
        self.dropped: list[Packet] = []

    def join(self, address: str, member: Node | Nat) -> None:
        """Give `member` an address here."""
        assert address not in self._members, f"{address} is taken"
        self._members[address] = member

    def leave(self, address: str) -> None:
        """Give an address back."""
        del self._members[address]

    def route(self, packet: Packet, now: float) -> None:
        """Carry a packet that is on this network to whom it is for."""
        member = self._members.get(packet.target[0])
        if isinstance(member, Nat):
            inside = member.let_in(packet, now)
            if inside is None:
                self.dropped.append(packet)
            else:
                member.inner.route(inside, now)
        elif member is not None:
            member.deliver(packet)
        elif self.gateway is not None:
            outside = self.gateway.let_out(packet, now)
            if outside is None:
                self.dropped.append(packet)
            else:
                self.gateway.outer.route(outside, now)
        else:
            self.dropped.append(packet)


@dataclass
class _Mapping:
    inside: Endpoint
    port: int
    used: float = 0.0
    sent_to: dict[Endpoint, float] = field(default_factory=dict)


class Nat:
    """One NAT between two networks.

    Args:
        address: its own on the outer network.
        outer, inner: the networks.
        habits: how it behaves.
        forwards: its public ports that lead to an inside endpoint for everybody, as a container's mapped ports.
        hides_callers: whether what comes in by a forward looks as if the NAT itself had sent it, as by a proxy.
        gateway: its own address on the inner network, for those.
        alters: changes the data of packets on their way out (True) or in, as a SIP ALG does, or drops them (None).
    """

    def __init__(
        self,
        address: str,
        outer: Network,
        inner: Network,
        habits: Habits = FULL_CONE,
        *,
        forwards: Mapping[int, Endpoint] | None = None,
        hides_callers: bool = False,
        gateway: str = "",
        alters: Callable[[Packet, Nat, bool], bytes | None] | None = None,
    ) -> None:
        self.address = address
        self.outer = outer
        self.inner = inner
        self.habits = habits
        self._forwards = dict(forwards or {})
        self._back = {inside: port for port, inside in self._forwards.items()}
        self._hides = hides_callers
        self._gateway = gateway
        self._alters = alters
        self.clock = 0.0
        self._mappings: dict[tuple[Endpoint, Endpoint | None], _Mapping] = {}
        self._ports: dict[int, tuple[Endpoint, Endpoint | None]] = {}
        self._callers: dict[int, Endpoint] = {}
        self._next = FIRST_PORT
        outer.join(address, self)
        inner.gateway = self

    def reboot(self) -> None:
        """Forget every mapping; ports are given out from where they were."""
        self._mappings.clear()
        self._ports.clear()

    def renumber(self, address: str) -> None:
        """Be given another public address, as by a provider that reconnects its lines at night."""
        self.reboot()
        self.outer.leave(self.address)
        self.address = address
        self.outer.join(address, self)

    def public(self, inside: Endpoint, far: Endpoint, now: float) -> Endpoint:
        """Where `inside` is seen by `far`, a mapping being made if need be."""
        if inside in self._back:
            return self.address, self._back[inside]
        self.clock = now
        key = inside, _part(far, self.habits.mapping)
        mapping = self._mappings.get(key)
        if mapping is None or now - mapping.used > self.habits.lifetime:
            mapping = self._mappings[key] = _Mapping(inside, self._next, now)
            self._ports[mapping.port] = key
            self._next += 2
        mapping.used = now
        mapping.sent_to[_part(far, self.habits.filtering) or far] = now
        return self.address, mapping.port

    def let_out(self, packet: Packet, now: float) -> Packet | None:
        """A packet of the inner network, as the outer one sees it; None where it is dropped."""
        hidden = self._callers.get(packet.target[1]) if packet.target[0] == self._gateway else None
        target = hidden or packet.target
        out = Packet(self.public(packet.source, target, now), target, packet.data)
        return self._altered(out, True, packet)

    def let_in(self, packet: Packet, now: float) -> Packet | None:
        """A packet of the outer network as the inner one sees it; None where it is filtered."""
        if packet.source[0] == self.address and not self.habits.hairpins:
            return None
        inside = self._inside(packet, now)
        if inside is None:
            return None
        source = packet.source
        if self._hides and packet.target[1] in self._forwards:
            port = next(
                (port for port, far in self._callers.items() if far == source), FIRST_PORT + len(self._callers)
            )
            self._callers[port] = source
            source = self._gateway, port
        found = Packet(source, inside, packet.data)
        return self._altered(found, False, found)

    def _altered(self, packet: Packet, outwards: bool, inside: Packet) -> Packet | None:
        """`packet`, which is `inside` on the inner network, with what is made of its data."""
        if self._alters is None:
            return packet
        data = self._alters(inside, self, outwards)
        return None if data is None else replace(packet, data=data)

    def _inside(self, packet: Packet, now: float) -> Endpoint | None:
        port = packet.target[1]
        if port in self._forwards:
            return self._forwards[port]
        key = self._ports.get(port)
        mapping = self._mappings.get(key) if key is not None else None
        if mapping is None or mapping.port != port or now - mapping.used > self.habits.lifetime:
            return None
        wanted = _part(packet.source, self.habits.filtering)
        if wanted is not None and now - mapping.sent_to.get(wanted, -1e9) > self.habits.lifetime:
            return None
        return mapping.inside


def _part(far: Endpoint, depends: Depends) -> Endpoint | None:
    """The part of `far` that counts."""
    if depends is Depends.NOTHING:
        return None
    return far if depends is Depends.ADDRESS_AND_PORT else (far[0], 0)
