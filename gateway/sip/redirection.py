"""Where a redirection leads (RFC 3261 8.1.3.4): its Contacts as targets of the same leg, as far as policy goes.

A 3xx enters, targets leave; none where it is not followed. What is named may be an account of the office, whose
telephones are then called, or any address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from gateway.sip.binding import Binding
from gateway.sip.fork import Target
from gateway.sip.message import Response
from gateway.sip.resolve import Resolver
from gateway.sip.transport import Flow, is_address
from gateway.sip.uri import SipUri

__all__ = ["Redirections", "Redirects"]

MAX_CONTACTS: Final = 10
"""Contacts of a redirection that are looked at."""


class Redirects(Enum):
    """Which redirections (3xx) are followed; what is not followed ends the attempt."""

    REFUSED = "refused"
    OFFICE = "to accounts of the office"
    ANYWHERE = "to accounts of the office and to any address"


class Redirections:
    """Follows redirections.

    Args:
        policy: which are followed.
        contacts: where an account is reached, most preferred first.
        realm: the office's domain name.
        host: our address, over a flow.
        resolver: finds the servers of an address.
    """

    def __init__(
        self,
        policy: Redirects,
        *,
        contacts: Callable[[str, float], Sequence[Binding]],
        realm: str,
        host: Callable[[Flow], str],
        resolver: Resolver,
    ) -> None:
        self._policy = policy
        self._contacts = contacts
        self._realm = realm
        self._host = host
        self._resolver = resolver

    def targets(self, response: Response, target: Target, now: float) -> list[Target]:
        """The targets that a 3xx of `target` names."""
        found: list[Target] = []
        for contact in response.contacts[:MAX_CONTACTS]:
            if isinstance(contact.uri, SipUri) and self._policy is not Redirects.REFUSED:
                found += self._targets_of(contact.uri, target.flow, now)
        user = target.diverted_by or str(response.to.uri)
        return [replace(wanted, q=target.q, diverted_by=user) for wanted in found]

    def _targets_of(self, uri: SipUri, flow: Flow, now: float) -> list[Target]:
        if uri.host in (self._host(flow), flow.local[0], self._realm):
            return [Target.of(binding) for binding in self._contacts(uri.username, now)]
        if self._policy is not Redirects.ANYWHERE or not is_address(uri.host):
            return []
        flows: list[Flow] = []  # of an address, which are told at once
        self._resolver.locate(uri, lambda located, _: flows.extend(located.flows), now)
        return [Target(uri, way) for way in flows]
