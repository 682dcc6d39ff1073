"""The dialog package (RFC 4235): the calls of an extension, for busy lamps and for picking up what rings there.

Every document is a full one. The identifiers of a call in it are ours: a Call-ID that is the leg's name and tags
that only we can make, by which an INVITE with Replaces shows that its sender was told of the call.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from gateway.core.number import Party, Presentation
from gateway.core.switch import DeviceState
from gateway.core.watch import CallShown, ExtensionStatus, Stage, Watchable, Watched
from gateway.sip.account import Account
from gateway.sip.events.markup import Element, add, element, write
from gateway.sip.events.package import Document, Resource, View
from gateway.sip.parameters import Parameters

__all__ = ["DialogPackage", "Seal"]

_SIGNS: Final = {
    DeviceState.RINGING: (Stage.EARLY, True),
    DeviceState.RINGINUSE: (Stage.EARLY, True),
    DeviceState.INUSE: (Stage.CONFIRMED, False),
    DeviceState.BUSY: (Stage.CONFIRMED, False),
    DeviceState.ONHOLD: (Stage.CONFIRMED, False),
}
"""What stands for the calls of a device that tells a state and no calls: stage, and whether it was called."""


_NAMING: Final = frozenset({"call-id", "to-tag", "from-tag"})
"""Parameters of Event that name a dialog, from the far end's side: its to-tag is our local one (section 3.2)."""


class Seal:
    """Tags by which we know again what we have told.

    Args:
        key: 32 random octets.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def tags(self, channel: str) -> tuple[str, str]:
        """Local and remote tag shown for the leg `channel`."""
        digest = hmac.digest(self._key, b"dialog " + channel.encode(), sha256).hex()
        return digest[:16], digest[16:32]

    def vouches(self, channel: str, local: str, remote: str) -> bool:
        """Whether these are the tags that we have shown for `channel`."""
        return hmac.compare_digest("".join(self.tags(channel)).encode(), (local + remote).encode())


class DialogPackage:
    """See `Package`.

    Args:
        office: who knows the extensions.
        seal: makes the tags.
    """

    name = "dialog"
    type = "application/dialog-info+xml"
    interval = 1.0  # section 3.10

    def __init__(self, office: Watchable, seal: Seal) -> None:
        self._office = office
        self._seal = seal

    def allows(self, resource: Resource, watcher: Account) -> int:
        """Any account may watch the hints of its context."""
        return 200 if self._office.extension(_watched(resource)) is not None else 404

    def document(self, view: View) -> Document | None:
        """The extension's calls (section 4), or the one that the subscription names, with which it is over."""
        status = self._office.extension(_watched(view.resource))
        if status is None:
            return None
        calls = status.calls or _sign(view.resource, status)
        if not _NAMING.isdisjoint(name.lower() for name, _ in view.parameters):
            calls = tuple(call for call in calls if self._is_named(call, view.parameters))
            if not calls:
                return None
        root = element(
            "dialog-info",
            xmlns="urn:ietf:params:xml:ns:dialog-info",
            version=str(view.version),
            state="full",
            entity=view.resource.uri,
        )
        for call in calls:
            self._show(root, view.resource, call)
        return Document(self.type, write(root))

    def begin(self, resource: Resource) -> None:
        """A lamp is lit by it from now on."""
        self._office.watch(_watched(resource))

    def end(self, resource: Resource) -> None:
        """The lamp is gone."""
        self._office.unwatch(_watched(resource))

    def _is_named(self, call: CallShown, parameters: Parameters) -> bool:
        """Whether all that a subscription names of a dialog is this call's (section 3.2)."""
        local, remote = self._seal.tags(call.id)
        own = {"call-id": call.id, "to-tag": local, "from-tag": remote}
        return all(parameters.get(name) in (None, value) for name, value in own.items())

    def _show(self, root: Element, resource: Resource, call: CallShown) -> None:
        local, remote = self._seal.tags(call.id)
        dialog = add(
            root,
            "dialog",
            id=call.id,
            call_id=call.id,
            local_tag=local,
            remote_tag=remote,
            direction="recipient" if call.incoming else "initiator",
        )
        add(dialog, "state", call.stage.value)
        own = add(dialog, "local")
        add(own, "identity", resource.uri)
        target = add(own, "target", uri=resource.uri)
        if call.held:
            add(target, "param", pname="+sip.rendering", pvalue="no")  # RFC 4235 section 4.1.6.2, RFC 4353
        far = add(dialog, "remote")
        address = _address(resource, call.remote)
        named = bool(call.remote.name) and _shown(call.remote)
        add(far, "identity", address, **({"display": call.remote.name} if named else {}))
        add(far, "target", uri=address)


def _sign(resource: Resource, status: ExtensionStatus) -> tuple[CallShown, ...]:
    found = _SIGNS.get(status.state)
    if found is None:
        return ()
    held = status.state is DeviceState.ONHOLD
    return (CallShown(f"{resource.user}-state", found[0], found[1], held),)


def _address(resource: Resource, party: Party) -> str:
    return resource.address(party.number) if _shown(party) else "sip:anonymous@anonymous.invalid"


def _shown(party: Party) -> bool:
    return party.presentation is Presentation.ALLOWED and bool(party.number)


def _watched(resource: Resource) -> Watched:
    return Watched(resource.user, resource.context)
