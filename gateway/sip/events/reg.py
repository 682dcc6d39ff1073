"""The reg package (RFC 3680): the registrations of an account, for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from gateway.sip.account import Account
from gateway.sip.binding import Binding, Registration
from gateway.sip.events.markup import Element, add, element, write
from gateway.sip.events.package import Document, Resource, View

__all__ = ["RegPackage"]

_EVENTS: Final = {
    Registration.REGISTERED: "registered",
    Registration.RENEWED: "refreshed",
    Registration.UNREGISTERED: "unregistered",
    Registration.EXPIRED: "expired",
    Registration.LOST: "deactivated",
}
"""What happened to a contact, in the words of section 5.2."""
REMEMBERED: Final = 1000
"""Contacts of watched accounts of which it is remembered what happened to them last."""
ENDED: Final = frozenset({Registration.UNREGISTERED, Registration.EXPIRED, Registration.LOST})


class RegPackage:
    """See `Package`.

    Args:
        contacts: an account's bindings.
    """

    name = "reg"
    type = "application/reginfo+xml"
    interval = 5.0  # section 4.10

    def __init__(self, contacts: Callable[[str, float], Sequence[Binding]]) -> None:
        self._contacts = contacts
        self._watchers: dict[str, int] = {}
        self._latest: dict[tuple[str, str], tuple[Binding, Registration]] = {}

    def happened(self, binding: Binding, what: Registration) -> None:
        """A binding of an account that is watched has changed; documents tell how."""
        if binding.account in self._watchers:
            self._latest.pop((binding.account, binding.place), None)
            self._latest[binding.account, binding.place] = (binding, what)
            if len(self._latest) > REMEMBERED:
                del self._latest[next(iter(self._latest))]

    def allows(self, resource: Resource, watcher: Account) -> int:
        """An account may watch its own registrations (section 4.6)."""
        return 200 if resource.user == watcher.user else 403

    def document(self, view: View) -> Document | None:
        """The account's contacts: those it has, and those that it has lost since they were first watched."""
        user = view.resource.user
        held = self._contacts(user, view.now)
        root = element("reginfo", xmlns="urn:ietf:params:xml:ns:reginfo", version=str(view.version), state="full")
        registration = add(
            root, "registration", aor=view.resource.uri, id=user, state="active" if held else "terminated"
        )
        for binding in held:
            _, what = self._latest.get((user, binding.place), (binding, Registration.REGISTERED))
            _contact(registration, binding, Registration.REGISTERED if what in ENDED else what, view.now)
        for (account, _), (binding, what) in self._latest.items():
            if account == user and what in ENDED:
                _contact(registration, binding, what, view.now)
        return Document(self.type, write(root))

    def begin(self, resource: Resource) -> None:
        """Somebody watches the account."""
        self._watchers[resource.user] = self._watchers.get(resource.user, 0) + 1

    def end(self, resource: Resource) -> None:
        """One watches it no longer; what happened to it is of no interest when nobody does."""
        user = resource.user
        self._watchers[user] -= 1
        if not self._watchers[user]:
            del self._watchers[user]
            self._latest = {key: kept for key, kept in self._latest.items() if key[0] != user}


def _contact(registration: Element, binding: Binding, what: Registration, now: float) -> None:
    over = what in ENDED
    contact = add(
        registration,
        "contact",
        id=sha256(binding.place.encode("utf-8", "surrogateescape")).hexdigest()[:16],  # section 5.3: it stays
        state="terminated" if over else "active",
        event=_EVENTS[what],
        q=f"{binding.q / 1000:g}",
        callid=binding.call_id,
        cseq=str(binding.number),
        **({} if over else {"expires": str(max(0, round(binding.expires_at - now)))}),
    )
    add(contact, "uri", str(binding.contact))
