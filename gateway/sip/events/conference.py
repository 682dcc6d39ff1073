"""The conference package (RFC 4575): who is in a conference room."""

from __future__ import annotations

from gateway.core.number import Presentation
from gateway.core.watch import ConferenceShown, ParticipantShown, Watchable, Watched
from gateway.sip.account import Account
from gateway.sip.events.markup import Element, add, element, write
from gateway.sip.events.package import Document, Resource, View

__all__ = ["ConferencePackage"]


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
        """Any account may watch the rooms that its context reaches."""
        return 200 if self._room(resource) is not None else 404

    def document(self, view: View) -> Document | None:
        """The room of this moment (section 5)."""
        room = self._room(view.resource)
        if room is None:
            return None
        root = element(
            "conference-info",
            xmlns="urn:ietf:params:xml:ns:conference-info",
            entity=view.resource.uri,
            state="full",
            version=str(view.version + 1),  # section 5.2: it begins with 1
        )
        description = add(root, "conference-description")
        add(description, "subject", room.subject or view.resource.user)
        if room.most:
            add(description, "maximum-user-count", str(room.most))
        state = add(root, "conference-state")
        add(state, "user-count", str(len(room.participants)))
        add(state, "active", "true" if room.participants else "false")
        add(state, "locked", "true" if room.locked else "false")
        users = add(root, "users", state="full")
        for participant in room.participants:
            _show(users, view.resource, participant)
        return Document(self.type, write(root))

    def begin(self, resource: Resource) -> None:
        """Nothing is to be done: a room tells of itself."""

    def end(self, resource: Resource) -> None:
        """Nothing is to be done."""

    def _room(self, resource: Resource) -> ConferenceShown | None:
        return self._office.conference(Watched(resource.user, resource.context))


def _show(users: Element, resource: Resource, participant: ParticipantShown) -> None:
    party = participant.party
    shown = party.presentation is Presentation.ALLOWED and bool(party.number)
    address = resource.address(party.number) if shown else f"sip:{participant.id}@anonymous.invalid"
    user = add(users, "user", entity=address, state="full")
    if shown and party.name:
        add(user, "display-text", party.name)
    endpoint = add(user, "endpoint", entity=f"{address};leg={participant.id}")
    add(endpoint, "status", "on-hold" if participant.held else "connected")
    media = add(endpoint, "media", id="1")
    add(media, "type", "audio")
    add(media, "status", "recvonly" if participant.muted else "sendrecv")
