"""The presence package (RFC 3856): whether somebody can be reached, and what he does.

It is put together of what his telephones publish and of what the office sees of them: who talks is on the phone,
whatever else he says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.core.switch import DeviceState
from gateway.core.watch import ExtensionStatus, Watchable, Watched
from gateway.sip.account import Account
from gateway.sip.events.package import Document, Resource, View
from gateway.sip.events.pidf import PIDF_TYPE, Presence, write_presence

__all__ = ["PresencePackage"]

_ABSENT: Final = frozenset({DeviceState.UNAVAILABLE, DeviceState.INVALID, DeviceState.UNKNOWN})
_TALKING: Final = frozenset({DeviceState.INUSE, DeviceState.BUSY, DeviceState.ONHOLD, DeviceState.RINGINUSE})


class PresencePackage:
    """See `Package`.

    Args:
        office: who knows the extensions.
        published: what an account's telephones tell of it.
        account: finds an account.
        registered: whether an account can be reached.
    """

    name = "presence"
    type = PIDF_TYPE
    interval = 1.0
    """Section 6.10 proposes five seconds, for networks between strangers; a lamp in an office should not lag so."""

    def __init__(
        self,
        office: Watchable,
        *,
        published: Callable[[str], Presence | None],
        account: Callable[[str], Account | None],
        registered: Callable[[str, float], bool],
    ) -> None:
        self._office = office
        self._published = published
        self._account = account
        self._registered = registered

    def allows(self, resource: Resource, watcher: Account) -> int:
        """Any account may watch the hints of its context, and the accounts of it."""
        if self._office.extension(_watched(resource)) is not None:
            return 200
        account = self._account(resource.user)
        return 200 if account is not None and account.context == watcher.context else 404

    def document(self, view: View) -> Document | None:
        """The presence of this moment."""
        resource = view.resource
        status = self._office.extension(_watched(resource))
        if status is None and self._account(resource.user) is None:
            return None
        seen = self._seen(resource.user, status, view.now)
        told = self._published(resource.user) or Presence()
        presence = Presence(
            # A telephone that is off cannot say so itself.
            open=told.open if told.open is not None and seen.open else seen.open,
            activities=tuple(dict.fromkeys((*seen.activities, *told.activities))),
            note=told.note or ("On the phone" if seen.activities else ""),
        )
        return Document(self.type, write_presence(presence, resource.uri))

    def begin(self, resource: Resource) -> None:
        """Somebody watches."""
        self._office.watch(_watched(resource))

    def end(self, resource: Resource) -> None:
        """One watches no longer."""
        self._office.unwatch(_watched(resource))

    def _seen(self, user: str, status: ExtensionStatus | None, now: float) -> Presence:
        if status is None:
            return Presence(open=self._registered(user, now))
        talks = status.state in _TALKING
        return Presence(status.state not in _ABSENT, ("on-the-phone",) if talks else ())


def _watched(resource: Resource) -> Watched:
    return Watched(resource.user, resource.context)
