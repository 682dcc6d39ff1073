"""Where a leg calls: a telephone that is registered, one that is redirected to, a server of a provider."""

from __future__ import annotations

from gateway.core.frozen import frozen
from gateway.sip.binding import Binding
from gateway.sip.parameters import NO_PARAMETERS, Parameters
from gateway.sip.path import Path
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["Target", "Turns"]


@frozen
class Target:
    """Where to call.

    Attributes:
        uri: the Request-URI.
        flow: the way there.
        q: preference in thousandths; equals ring together.
        diverted_by: the user whose telephone sent us here by a redirection; empty where none did.
        routes: the proxies before it (RFC 3327).
        features: what the telephone there can (RFC 3840).
        spares: the ways to other servers of the same URI (RFC 3263 section 4.3), of which the next has its turn
            where one is silent or takes no calls.
    """

    uri: SipUri
    flow: Flow
    q: int = 1000
    diverted_by: str = ""
    routes: Path = ()
    features: Parameters = NO_PARAMETERS
    spares: tuple[Flow, ...] = ()

    @classmethod
    def of(cls, binding: Binding) -> Target:
        """The telephone that has registered there."""
        return cls(binding.contact, binding.flow, binding.q, routes=binding.path, features=binding.features)


Turns = list[list[Target]]
"""Where to call, most preferred first; those in one list together."""
