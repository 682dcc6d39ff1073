"""The conference package (RFC 4575): who is in the conference room that an extension stands for.

A room is there for as long as an extension has it as its hint; while nobody is in it, it is not active. The first
document of a subscription tells all, later ones what is different (section 4.1: users are known by their entity).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.number import Presentation
from gateway.core.watch import ConferenceShown, ParticipantShown, Watchable, Watched
from gateway.sip.account import Account
from gateway.sip.events.markup import Element, add, element, write
from gateway.sip.events.package import Document, Resource, View

__all__ = ["ConferencePackage"]

_NAMESPACE: Final = "urn:ietf:params:xml:ns:conference-info"

_Users = Mapping[str, tuple[ParticipantShown, ...]]
"""The legs of each user in a room, by entity: who calls twice is one user with two endpoints (section 5.6)."""


class ConferencePackage:
    """See `Package`.

    Args:
        office: who knows the rooms.
    """

    name = "conference"
    type = "application/conference-info+xml"
    interval = 5.0  # section 3.10

    def __init__(self, office: Watchable) -> None:
        self._office = office

    def allows(self, resource: Resource, watcher: Account) -> int:
        """Any account may watch the rooms that are hints of its context."""
        return 200 if self._room(resource) is not None else 404

    def document(self, view: View) -> Document | None:
        """The room of this moment (section 5)."""
        resource, room = view.resource, self._room(view.resource)
        before = view.before if isinstance(view.before, ConferenceShown) else None
        if room is None:
            return Document(self.type, write(_root(view, "deleted")), last=True)
        root = _root(view, "full" if before is None else "partial")
        if before is None:
            _describe(root, resource, room)
        users, known = _users(resource, room), None if before is None else _users(resource, before)
        now = _state(room, users)
        if before is None or known is None or _state(before, known) != now:
            state = add(root, "conference-state")
            for name, value in now:
                add(state, name, value)
        _show_users(root, users, known)
        return Document(self.type, write(root), room)

    def begin(self, resource: Resource) -> None:
        """Somebody watches."""
        self._office.watch(Watched(resource.user, resource.context))

    def end(self, resource: Resource) -> None:
        """One watches no longer."""
        self._office.unwatch(Watched(resource.user, resource.context))

    def _room(self, resource: Resource) -> ConferenceShown | None:
        return self._office.conference(Watched(resource.user, resource.context))


def _root(view: View, state: str) -> Element:
    return element(
        "conference-info",
        xmlns=_NAMESPACE,
        entity=view.resource.uri,
        state=state,
        version=str(view.version + 1),  # section 5.2: it begins with 1
    )


def _describe(root: Element, resource: Resource, room: ConferenceShown) -> None:
    """What a room is (section 5.3)."""
    description = add(root, "conference-description")
    add(description, "subject", room.subject or resource.user)
    address = add(add(description, "conf-uris"), "entry")
    add(address, "uri", resource.uri)
    add(address, "purpose", "participation")
    if room.most:
        add(description, "maximum-user-count", str(room.most))


def _state(room: ConferenceShown, users: _Users) -> list[tuple[str, str]]:
    """What a room does (section 5.5)."""
    return [
        ("user-count", str(len(users))),
        ("active", "true" if room.participants else "false"),
        ("locked", "true" if room.locked else "false"),
    ]


def _users(resource: Resource, room: ConferenceShown) -> _Users:
    found: dict[str, tuple[ParticipantShown, ...]] = {}
    for participant in room.participants:
        address = _address(resource, participant)
        found[address] = (*found.get(address, ()), participant)
    return found


def _address(resource: Resource, participant: ParticipantShown) -> str:
    party = participant.party
    if party.presentation is Presentation.ALLOWED and party.number:
        return resource.address(party.number)
    return f"sip:{participant.id}@anonymous.invalid"


def _show_users(root: Element, users: _Users, before: _Users | None) -> None:
    """All users or, where some were told before, those who are different by now, and who has gone."""
    known = before or {}
    gone = [address for address in known if address not in users]
    changed = [address for address, legs in users.items() if known.get(address) != legs]
    if before is not None and not gone and not changed:
        return
    shown = add(root, "users", state="full" if before is None else "partial")
    for address in changed:
        _show(shown, address, users[address])
    for address in gone:
        add(shown, "user", entity=address, state="deleted")


def _show(users: Element, address: str, legs: tuple[ParticipantShown, ...]) -> None:
    user = add(users, "user", entity=address, state="full")
    party = legs[0].party
    if party.presentation is Presentation.ALLOWED and party.number and party.name:
        add(user, "display-text", party.name)
    for leg in legs:
        endpoint = add(user, "endpoint", entity=f"{address};leg={leg.id}")
        # Section 5.7.3; the media's status is as the user sees it (section 5.8.5).
        muted = "muted-via-focus" if leg.muted else "connected"
        add(endpoint, "status", "on-hold" if leg.held else muted)
        media = add(endpoint, "media", id="1")
        add(media, "type", "audio")
        add(media, "status", "inactive" if leg.held else "recvonly" if leg.muted else "sendrecv")
