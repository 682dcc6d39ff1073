"""The way back to a telephone behind proxies (RFC 3327), and the way that it is to take itself (RFC 3608).

A REGISTER enters whose Path its proxies have written; the route set of requests to that telephone leaves. Nothing
is kept here: a Path is part of its Binding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.uri import SipUri

__all__ = ["PATH", "Path", "path_of", "tell_routes"]

PATH: Final = "path"
"""The option tag (RFC 3327 section 5.1)."""
MOST: Final = 10
"""Proxies that may lie between a telephone and us; a call has 70 hops in all."""

Path = tuple[NameAddr, ...]
"""Proxies on the way to a telephone, the one nearest to us first."""


def path_of(request: Request) -> Path:
    """The Path of a REGISTER, as the Route of requests to its contacts (RFC 3327 section 5.3).

    Raises:
        MalformedError: it cannot be read, has a URI that is no loose router's, or too many of them.
    """
    if "Path" not in request.headers:
        return ()
    path = tuple(NameAddr.parse(value) for value in request.headers.values("Path"))
    if len(path) > MOST:
        raise MalformedError(f"more than {MOST} proxies in Path")
    if not all(isinstance(proxy.uri, SipUri) and proxy.uri.is_loose_router for proxy in path):
        raise MalformedError("a Path needs SIP URIs with lr")
    return path


def tell_routes(response: Response, path: Path, service: Sequence[NameAddr]) -> None:
    """Write into the 200 to a REGISTER which way requests come, and which calls are to take (RFC 3608 6.3)."""
    if path:
        response.headers.set_all("Path", path)
    if service:
        response.headers.set_all("Service-Route", service)
