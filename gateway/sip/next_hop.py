"""Which way the requests of a dialog go: by their route (RFC 3261 8.1.2, 12.2.1.1), or where the peer was heard.

A message that made or moved the dialog enters with its flow; the host leaves by which whoever sends there can be
reached, or "" where it cannot be but by the flow itself: behind a NAT, what it calls itself means nothing here.
From that, and the topmost Route or the remote target, comes the URI whose servers are to be asked (RFC 3263), or
None where the flow is all there is. A connection stands for the host at its end (RFC 5923); a browser has nothing
else.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from gateway.core.literal import literal
from gateway.sip.message import Request
from gateway.sip.source import Network
from gateway.sip.transport import DEFAULT_PORT, PORTS, Flow, is_address
from gateway.sip.uri import SipUri, Uri

__all__ = ["BROWSERS", "called", "is_at", "next_hop", "sender"]

BROWSERS: Final = frozenset({"ws", "wss"})
"""Transports over which nobody but the one who has connected can be reached (RFC 7118 section 5)."""
APART: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
"""Networks whose addresses mean something to who is in them (RFC 1918, 6598, 3927, 4193, 4291). Who is heard from
one and names an address in another is in a container, or on two networks, and is reached where it is heard."""
NOWHERE: Final = ".invalid"
"""Names of hosts that have none (RFC 6761 section 6.4)."""


def sender(request: Request, flow: Flow) -> str:
    """The host that `request`, stamped, calls its own in its topmost Via; "" where it is behind a NAT.

    So it is where it came from another address than it names, or, asking for answers to where it is seen (rport,
    RFC 3581), from another port.
    """
    via = request.via
    if is_address(via.host) and not _same(via.host, flow.remote[0]):
        return ""
    moved = flow.transport == "udp" and via.rport not in (None, via.port or DEFAULT_PORT)
    return "" if moved else via.host.lower()


def called(request: Request, flow: Flow) -> str:
    """The host that `request` of ours has gone to by `flow`; "" where it names one and was sent to another."""
    routes = request.route
    hop = routes[0].uri if routes else request.uri
    if not isinstance(hop, SipUri):
        return ""
    host = _host(hop)
    return host if not is_address(host) or is_at(hop, flow) else ""


def next_hop(uri: Uri, flow: Flow, peer: str) -> SipUri | None:
    """Where the next request is to be looked for, when not, or not only, by `flow`; None where that is all.

    Args:
        uri: of the topmost Route, or else the remote target.
        flow: by which the peer was last heard.
        peer: who it is there, by `sender` or `called`.
    """
    if not peer or not isinstance(uri, SipUri) or flow.transport in BROWSERS:
        return None
    host = _host(uri)
    if not is_address(host):
        return None if host.endswith(NOWHERE) else uri
    return uri if not is_at(uri, flow) and _can_be_reached(host, flow.remote[0]) else None


def is_at(uri: SipUri, flow: Flow) -> bool:
    """Whether `uri` has the address at the other end of `flow`, and no name; of a connection, its host alone."""
    host = _host(uri)
    if not is_address(host) or not _same(host, flow.remote[0]):
        return False
    return flow.is_reliable or (uri.port or PORTS[flow.transport]) == flow.remote[1]


def _host(uri: SipUri) -> str:
    return (uri.parameters.get("maddr") or uri.host).strip("[]").rstrip(".").lower()


def _same(one: str, other: str) -> bool:
    return one == other or literal(one) == literal(other)


def _can_be_reached(host: str, beside: str) -> bool:
    """Whether `host` can be an address of somebody who was heard from `beside`."""
    address = literal(host)
    if address.is_unspecified or address.is_multicast:
        return False
    network = _network(host)
    return network is None or network is _network(beside)


def _network(host: str) -> Network | None:
    address = literal(host)
    return next((one for one in APART if one.version == address.version and address in one), None)
