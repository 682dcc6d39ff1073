"""Who has come to the wrong port, or by the wrong transport, seen by the first octets; for the operator.

A telephone whose transport and port do not belong together says TLS where nobody understands it, or SIP in clear
where TLS is wanted, and hears nothing back; it knows no more than that. What it said tells the rest. Octets enter,
a clause leaves; what stands in them is shown as far as it is short and plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gateway.core.frozen import frozen
from gateway.sip.points import Point
from gateway.sip.transport import Flow
from gateway.sip.uri import host_text

__all__ = ["NOT_TLS", "Misled", "misled", "nobody_here", "user_of"]

LONGEST: Final = 2048
"""Octets that are looked at."""
_TLS: Final = re.compile(rb"\x16\x03[\x00-\x04]")
_HTTP: Final = re.compile(rb"[A-Z]{3,7} \S{1,200} HTTP/1\.[01]\r")
_SIP: Final = re.compile(rb"[A-Z]{3,9} sips?:[^\r\n]{1,300} SIP/2\.0\r|SIP/2\.0 \d{3} ", re.IGNORECASE)
_TO: Final = re.compile(rb"\r\n(?:To|t)[ \t]*:[^\r\n]{0,200}?sips?:([!-9;-?A-~]{1,64})@", re.IGNORECASE)
_SPOKEN: Final = {"tcp": "SIP over TCP", "tls": "SIP over TLS", "ws": "WebSockets", "wss": "secure WebSockets"}
_MEND: Final = "its transport or its port is wrong"
NOT_TLS: Final = f"it does not speak TLS, and this port is for nothing else: {_MEND}"
"""What is wrong with whoever fails in a TLS handshake at its first octets."""


@frozen
class Misled:
    """Somebody came to the wrong port, or by the wrong transport.

    Attributes:
        flow: how.
        user: whose telephone it says to be; may be empty.
        why: a clause.
    """

    flow: Flow
    user: str
    why: str


def misled(flow: Flow, first: bytes) -> Misled | None:
    """What is wrong with a connection accepted for `flow` that begins with `first`; None where nothing is."""
    first = first[:LONGEST]
    wanted = _HTTP if flow.transport in ("ws", "wss") else _SIP
    if wanted.match(first):
        return None
    for form, said in ((_TLS, "TLS"), (_HTTP, "HTTP, as browsers do"), (_SIP, "SIP with no WebSocket around it")):
        if form.match(first):
            why = f"it speaks {said}, and this port is for {_SPOKEN[flow.transport]}: {_MEND}"
            return Misled(flow, user_of(first), why)
    return None


def nobody_here(flow: Flow, first: bytes, points: Iterable[Point]) -> Misled | None:
    """What is wrong with whoever comes to where nobody listens.

    Args:
        flow: where it came to; of a connection, as if it were TCP.
        first: its first octets.
        points: where SIP is listened to.

    Returns:
        None for what is neither SIP nor TLS.
    """
    is_tls = _TLS.match(first) is not None
    if not is_tls and not _SIP.match(first[:LONGEST]):
        return None
    transport = "tls" if is_tls else flow.transport
    heard = sorted({f"{kind}:{host_text(host)}:{port}" for kind, (host, port) in points if host == flow.local[0]})
    served = any(kind == transport for kind, (host, _) in points if host == flow.local[0])
    wrong = "port" if served else "transport"
    where = f"it comes by {transport} to port {flow.local[1]}, where nobody listens for that"
    why = f"{where}: its {wrong} is wrong; SIP is at {', '.join(heard) or 'other addresses'}"
    return Misled(flow, user_of(first), why)


def user_of(message: bytes) -> str:
    """Whose message it is, by its To; empty where that cannot be told."""
    found = _TO.search(message[:LONGEST])
    return found[1].decode("ascii") if found else ""
