"""Where a redirection leads (RFC 3261 8.1.3.4): its Contacts as targets of the same leg, as far as policy goes.

A 3xx enters, targets leave; none where it is not followed. What is named may be an account of the office, whose
telephones are then called, any address, or a number of the office, for the dialplan to follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from gateway.core.messages import Diverted
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.fork import Target
from gateway.sip.identity import number_of, reason_of
from gateway.sip.message import Response
from gateway.sip.resolve import Resolver
from gateway.sip.transport import Flow, is_address
from gateway.sip.uri import SipUri, TelUri

__all__ = ["Redirections", "Redirects"]

MAX_CONTACTS: Final = 10
"""Contacts of a redirection that are looked at."""


class Redirects(Enum):
    """Which redirections (3xx) are followed: none, to numbers of the office, or also out of it and to any address.

    What is not followed ends the attempt.
    """

    REFUSED = "refused"
    OFFICE = "office"
    ANYWHERE = "anywhere"


class Redirections:
    """Follows redirections.

    Args:
        policy: which are followed.
        contacts: where an account is reached, most preferred first.
        realm: the office's domain name.
        ours: whether a host is we, for the peer of a flow.
        resolver: finds the servers of an address.
    """

    def __init__(
        self,
        policy: Redirects,
        *,
        contacts: Callable[[str, float], Sequence[Binding]],
        realm: str,
        ours: Callable[[str, Flow], bool],
        resolver: Resolver,
    ) -> None:
        self._policy = policy
        self._contacts = contacts
        self._realm = realm
        self._ours = ours
        self._resolver = resolver

    def targets(self, response: Response, target: Target, now: float) -> list[Target]:
        """The targets that a 3xx of `target` names."""
        found: list[Target] = []
        for contact in response.contacts[:MAX_CONTACTS]:
            if isinstance(contact.uri, SipUri) and self._policy is not Redirects.REFUSED:
                found += self._targets_of(contact.uri, target.flow, now)
        user = target.diverted_by or str(response.to.uri)
        return [replace(wanted, q=target.q, diverted_by=user) for wanted in found]

    def diversion(self, response: Response, target: Target, account: Account) -> Diverted | None:
        """The number of the office that a 3xx of `target`, a telephone of `account`, names besides accounts."""
        if self._policy is Redirects.REFUSED:
            return None
        for contact in response.contacts[:MAX_CONTACTS]:
            here = isinstance(contact.uri, TelUri) or (
                isinstance(contact.uri, SipUri) and self._is_office(contact.uri, target.flow)
            )
            number = number_of(contact.uri) if here else ""
            if number:
                reason = reason_of(response)
                return Diverted(number, account.context, reason, outward=self._policy is Redirects.ANYWHERE)
        return None

    def _is_office(self, uri: SipUri, flow: Flow) -> bool:
        return uri.host == self._realm or self._ours(uri.host, flow)

    def _targets_of(self, uri: SipUri, flow: Flow, now: float) -> list[Target]:
        if self._is_office(uri, flow):
            return [Target.of(binding) for binding in self._contacts(uri.username, now)]
        if self._policy is not Redirects.ANYWHERE or not is_address(uri.host):
            return []
        flows: list[Flow] = []  # of an address, which are told at once
        self._resolver.locate(uri, lambda located, _: flows.extend(located.flows), now)
        return [Target(uri, way) for way in flows]
