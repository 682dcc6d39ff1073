"""Where messages come from and go to, without a socket (RFC 3261 section 18, RFC 3581).

A request that has arrived is stamped with where it came from, and from that stamp its responses find their way
back.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.literal import literal
from gateway.core.repeated import repeated
from gateway.sip.headers import Via
from gateway.sip.message import Request, Response
from gateway.sip.parameters import LOWER, Parameters
from gateway.sip.uri import host_text

__all__ = [
    "DEFAULT_PORT",
    "PORTS",
    "SECURE",
    "WRITTEN",
    "Address",
    "Datagram",
    "Flow",
    "Loss",
    "is_address",
    "is_loopback",
    "is_private",
    "response_flow",
    "response_flow_anew",
    "stamp",
]

Address = tuple[str, int]
"""IP address (IPv6 without brackets) and port."""

PORTS: Final[Mapping[str, int]] = MappingProxyType({"udp": 5060, "tcp": 5060, "tls": 5061, "ws": 80, "wss": 443})
"""Every transport that is spoken, with the port that is meant where none is named (RFC 3261 18.1.1, RFC 7118)."""

WRITTEN: Final[Mapping[str, str]] = MappingProxyType({transport: transport.upper() for transport in PORTS})
"""How a Via names each of them."""

DEFAULT_PORT: Final = PORTS["udp"]

KEEP: Final = 30
"""Seconds between keep-alives that we ask for where a peer offers some (RFC 6223): many NATs forget UDP then."""

KEPT_BY: Final = frozenset({"REGISTER", "INVITE"})
"""Requests whose flow is worth keeping (RFC 6223 section 4)."""

SECURE: Final = frozenset({"tls", "wss"})
"""Transports that are TLS inside."""


class Flow(NamedTuple):
    """A way between us and a peer: a pair of UDP addresses, or one connection.

    Attributes:
        transport: "udp", "tcp", "tls", "ws" or "wss".
        local: our address; of a connection that we made, the one on which we listen for the same transport.
        remote: the peer's.
        name: of a secure connection that we made, the domain that the peer proved to be (RFC 5922); else empty.
    """

    transport: str
    local: Address
    remote: Address
    name: str = ""

    @property
    def is_reliable(self) -> bool:
        """Whether the transport repeats what is lost, so that transactions need not."""
        return self.transport != "udp"

    @property
    def is_secure(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.transport in SECURE

    def __str__(self) -> str:
        return f"{self.transport}:{host_text(self.remote[0])}:{self.remote[1]}"


@frozen
class Loss:
    """A flow that can be used no longer: a connection has closed, or could not be made.

    Attributes:
        flow: which.
        why: what was wrong with it, as a clause; empty where nothing is known to be.
        again: whether another connection can be made to the same place, as this one was.
    """

    flow: Flow
    why: str = ""
    again: bool = False


@frozen
class Datagram:
    """Octets to be sent on a flow; on a stream, one whole message.

    Attributes:
        data: the octets.
        flow: where they go.
        call_id: of the message that they are, where whoever sends it knows.
    """

    data: bytes
    flow: Flow
    call_id: str = ""


def stamp(request: Request, flow: Flow) -> Flow:
    """Note in the topmost Via where `request` really came from (RFC 3261 section 18.2.1, RFC 3581 section 4).

    What the sender wrote into `received` itself is dropped: believed, it would send our responses to others.

    Returns:
        The flow on which its responses go back; see `response_flow`.

    Raises:
        MalformedError: the Via of a request that did not parse cannot be read.
    """
    via = request.via
    host, port = flow.remote
    received = None if via.host == host or _same_address(via.host, host) else host
    asked = False
    stamped: list[tuple[str, str | None]] = []
    for pair in via.parameters.pairs:
        name = LOWER[pair[0]]
        if name == "rport":
            received, asked = host, True
            pair = (name, str(port))
        elif name == "keep" and request.method in KEPT_BY:
            pair = (name, str(KEEP))
        if name != "received":
            stamped.append(pair)
    if received is not None:
        stamped.append(("received", received))
    parameters = tuple(stamped)
    if parameters != via.parameters.pairs:
        request.set_top_via(Via(via.transport, via.host, via.port, Parameters(parameters)))
    return flow if asked or flow.is_reliable else _way_back(via.host, via.port, received, flow)


def response_flow(message: Request | Response, flow: Flow) -> Flow:
    """The flow on which the response to a request that came on `flow` goes back (section 18.2.2).

    The request tells it once it is stamped, and so does its response, which repeats its Vias.

    A stream carries it back itself; over UDP the stamped topmost Via tells. One that cannot be read, that names no
    address, or a private one from which the request has not come, sends it to where the request came from: the port
    that stands beside an address behind NAT means nothing here, whether or not the sender has asked for rport. A
    maddr is not followed: it is for multicast, which is not listened to here, and would let a sender point our
    responses at anybody.
    """
    if flow.is_reliable:
        return flow
    try:
        via = message.via
    except MalformedError:
        return flow
    received, rport = via.received, via.rport
    if rport is not None and received is not None:
        return Flow(flow.transport, flow.local, (received, rport))
    return _way_back(via.host, via.port, received, flow)


def response_flow_anew(host: str, port: int | None, lost: Flow) -> Flow | None:
    """The flow of a new connection for the responses to a request whose own is lost (section 18.2.2).

    It leads to the host that the request came from, and to no other: nobody can have us connect to somebody else.
    Of TLS, a name in sent-by is what that host has to prove. None over UDP, and where nobody can be connected to: a
    browser, and whoever names another address than the one that it came from, behind a NAT.

    Args:
        host, port: of the topmost Via's sent-by.
        lost: the connection that has closed.
    """
    if lost.transport not in ("tcp", "tls") or host.lower().endswith(".invalid"):
        return None
    named = not is_address(host)
    if not named and not _same_address(host, lost.remote[0]):
        return None
    name = host.lower() if named and lost.is_secure else ""
    return Flow(lost.transport, lost.local, (lost.remote[0], port or PORTS[lost.transport]), name)


def _way_back(host: str, port: int | None, received: str | None, flow: Flow) -> Flow:
    """Where a request of UDP wants its responses that has not asked for them to be sent where it came from."""
    if received is not None and is_private(host) and _plain(host) != _plain(received):
        return flow
    target = received or host
    if flow.remote == (target, port or DEFAULT_PORT):
        return flow
    return Flow(flow.transport, flow.local, (target, port or DEFAULT_PORT)) if is_address(target) else flow


@repeated
def is_address(text: str) -> bool:
    """Whether `text` is an IP address, and no name to be looked up."""
    try:
        literal(text)
    except ValueError:
        return False
    return True


@repeated
def is_private(text: str) -> bool:
    """Whether `text` is an IP address that has no meaning in the public network."""
    return is_address(text) and literal(text).is_private


@repeated
def is_loopback(text: str) -> bool:
    """Whether `text` is an IP address of which each machine has its own."""
    return is_address(text) and literal(text).is_loopback


def _same_address(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return literal(one) == literal(other)
    except ValueError:
        return False


def _plain(text: str) -> IPv4Address | IPv6Address:
    """An address; one of IPv4 that is written as of IPv6 (RFC 4291 2.5.5.2) is of IPv4."""
    address = literal(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
