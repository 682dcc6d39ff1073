"""Where a redirection leads (RFC 3261 8.1.3.4): its Contacts as targets of the same leg, as far as policy goes.

A 3xx enters, targets leave; none where it is not followed. What is named may be an account of the office, whose
telephones are then called, any address, or a number of the office, for the dialplan to follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from functools import partial
from itertools import groupby
from typing import Final

from gateway.core.messages import Diverted
from gateway.sip.account import Account
from gateway.sip.binding import Binding
from gateway.sip.diversions import reason_of
from gateway.sip.headers import NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Response
from gateway.sip.resolve import Resolver
from gateway.sip.target import Target, Turns
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri, TelUri, Uri

__all__ = ["Redirections", "Redirects"]

MAX_CONTACTS: Final = 10
"""Contacts of a redirection that are looked at."""

MAX_SERVERS: Final = 4
"""Servers of one Contact that are tried."""


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

    def follow(self, response: Response, target: Target, then: Callable[[Turns, float], None], now: float) -> None:
        """Have `then` called with the targets that a 3xx of `target` names, perhaps before this returns.

        The Contacts have their turns by their q-values (RFC 3261 8.1.3.4).
        """
        contacts = [] if self._policy is Redirects.REFUSED else response.contacts[:MAX_CONTACTS]
        by_preference = sorted(contacts, key=lambda contact: -contact.q)
        user = target.diverted_by or number_of(response.to.uri)
        found: dict[int, list[Target]] = {}

        def located(place: int, targets: list[Target], at: float) -> None:
            found[place] = [replace(wanted, diverted_by=user) for wanted in targets]
            if len(found) == len(by_preference):
                then(_turns(by_preference, found), at)

        if not by_preference:
            then([], now)
        for place, contact in enumerate(by_preference):
            self._locate(contact.uri, target.flow, partial(located, place), now)

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

    def _locate(self, uri: Uri, flow: Flow, then: Callable[[list[Target], float], None], now: float) -> None:
        if isinstance(uri, SipUri) and self._is_office(uri, flow):
            then([Target.of(binding) for binding in self._contacts(uri.username, now)], now)
        elif isinstance(uri, SipUri) and self._policy is Redirects.ANYWHERE:
            self._resolver.locate(
                uri, lambda located, at: then(_servers(uri, located.flows[:MAX_SERVERS]), at), now
            )
        else:
            then([], now)


def _servers(uri: SipUri, flows: Sequence[Flow]) -> list[Target]:
    """The one target that the servers of an address are, the others in reserve."""
    return [Target(uri, flows[0], spares=tuple(flows[1:]))] if flows else []


def _turns(contacts: Sequence[NameAddr], found: dict[int, list[Target]]) -> Turns:
    """The targets of equal preference together: of equal Contacts, and there of equal telephones."""
    turns: Turns = []
    for _, group in groupby(enumerate(contacts), lambda one: one[1].q):
        together = sorted((target for place, _ in group for target in found[place]), key=lambda target: -target.q)
        turns += [list(turn) for _, turn in groupby(together, lambda target: target.q)]
    return turns
