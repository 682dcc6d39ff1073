"""By which address of ours each peer reaches us, where a NAT or a container's mapped ports lie between.

Our own address means nothing to a peer on the other side of a NAT of ours. These tell which one does, and
are believed in this order: the address to which the peer itself has sent its request; the one that the operator has
written down; the one that the peer's server says it has seen us at (`received` and `rport`, RFC 3581); the one that
a STUN server of the operator's choice tells. What a peer says is used towards that peer alone: a false one harms
nobody else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Final

from gateway.core.literal import literal
from gateway.core.repeated import Kept
from gateway.sip.headers import NameAddr, Via
from gateway.sip.message import Request, Response
from gateway.sip.parameters import NO_PARAMETERS, Parameters
from gateway.sip.transport import PORTS, Address, Flow, is_address, is_loopback, is_private
from gateway.sip.uri import SipUri

__all__ = ["OURSELVES", "Reach"]

OURSELVES: Final = "copperline"
"""The user of our Contacts, where no trunk gives us another."""

NAMES: Final = 100
"""Names of ours that are remembered: a telephone calls us by the one that is written in it."""
CONTACTS: Final = 256
"""Contacts of ours that are kept: most offices have one for each trunk, address and transport."""
REMEMBERED: Final = 10_000
"""Peers of which it is remembered; the longest unheard is forgotten first."""


class _Memory(OrderedDict[Address, Address]):
    """Addresses of ours by peer."""

    def put(self, peer: Address, ours: Address) -> None:
        self[peer] = ours
        self.move_to_end(peer)
        if len(self) > REMEMBERED:
            self.popitem(last=False)


class Reach:
    """What is known of it.

    Args:
        advertised: our public IP address, as the operator has written it; may be empty.
        ours: all addresses that we listen on.
    """

    def __init__(self, advertised: str, ours: Callable[[], Collection[str]]) -> None:
        self._advertised: Mapping[int, str] = {literal(advertised).version: advertised} if advertised else {}
        self._ours = ours
        self.discovered: Callable[[Address], Address | None] | None = None
        """Tells where one of our UDP sockets is seen from outside, by STUN; None where nobody is asked."""
        self.moved: Callable[[float], None] = lambda now: None
        """Told, with the time, that peers reach us by another address than they did before."""
        # Whether there may be a NAT of ours before an address: not where it is public, nor within one machine.
        self._may_be_hidden = Kept(lambda own: is_private(own) and not is_loopback(own))
        self._names: OrderedDict[str, None] = OrderedDict()
        self._asked = _Memory()
        self._seen = _Memory()

    def address(self, flow: Flow) -> Address:
        """Our address and port as the peer of `flow` is to use them."""
        if not (self._asked or self._seen or self._advertised or self.discovered):
            return flow.local
        asked = self._asked.get(flow.remote)
        if asked is not None:
            return asked
        if self._advertised and not is_private(flow.remote[0]):
            public = self._advertised.get(literal(flow.local[0]).version)
            if public is not None:
                return public, flow.local[1]
        seen = self._seen.get(flow.remote)
        if seen is not None:
            return seen[0], flow.local[1] if flow.is_reliable else seen[1]
        found = self.discovered(flow.local) if self.discovered and not is_private(flow.remote[0]) else None
        return found or flow.local

    def advertise(self, addresses: Mapping[int, str], now: float) -> None:
        """Peers outside reach us by these from now on, by version of IP."""
        before, self._advertised = self._advertised, addresses
        if before:
            self.moved(now)

    def is_ours(self, host: str, flow: Flow) -> bool:
        """Whether `host` is we, for the peer of `flow`: an address of ours, or a name by which we are called."""
        return host in (self.address(flow)[0], flow.local[0]) or host.lower() in self._names

    def contact(self, flow: Flow, user: str = OURSELVES) -> NameAddr:
        """Our Contact for the peer of `flow`, for its requests to `user`."""
        host, port = self.address(flow)
        return _contact(user, host, port, flow.transport)

    def asked(self, request: Request, flow: Flow) -> None:
        """A peer that has proved who it is has sent `request`.

        Where a proxy lies between, it has found the proxy, whose address is not ours; the name of the office is.
        """
        uri = request.uri
        if isinstance(uri, SipUri) and not is_address(uri.host):
            self._names[uri.host.lower()] = None
            if len(self._names) > NAMES:
                self._names.popitem(last=False)
        if not self._may_be_hidden[flow.local[0]]:
            return
        if isinstance(uri, SipUri) and self._is_another(uri.host, flow) and len(request.vias) == 1:
            self._asked.put(flow.remote, (uri.host, uri.port or PORTS[flow.transport]))
        elif self._asked:
            self._asked.pop(flow.remote, None)

    def seen(self, response: Response, flow: Flow, now: float) -> None:
        """A request of ours was answered: our Via has come back."""
        if not self._may_be_hidden[flow.local[0]]:
            return
        back: Via = response.headers.typed["via"][0]
        host = back.received
        if host is not None and self._is_another(host, flow):
            before = self._seen.get(flow.remote)
            self._seen.put(flow.remote, (host, back.rport or flow.local[1]))
            if before is not None and before[0] != host:
                self.moved(now)
        elif self._seen:
            self._seen.pop(flow.remote, None)

    def _is_another(self, host: str, flow: Flow) -> bool:
        """Whether `host` is an address at which we do not listen ourselves, and somebody may be."""
        if host == flow.local[0] or not is_address(host) or host in self._ours():
            return False
        address = literal(host)
        same_version = address.version == literal(flow.local[0]).version
        return same_version and not (address.is_multicast or address.is_unspecified)


@lru_cache(CONTACTS)
def _contact(user: str, host: str, port: int, transport: str) -> NameAddr:
    parameters = Parameters((("transport", transport),)) if transport != "udp" else NO_PARAMETERS
    return NameAddr(SipUri.of(user, host, port or None, parameters))
