"""An extension of another office, as its dialog package tells of it (RFC 4235): a lamp of ours for it.

Documents of the notifier enter, in their order; the state of a device leaves. Those that tell but a part are put
upon what was known; where one is missing, what it told is not known until the next full one. Where an office tells
presence alone (RFC 3856), that makes the state.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.switch import DeviceState
from gateway.core.watch import aggregate
from gateway.sip.events.markup import Element, local_name, read
from gateway.sip.events.pidf import parse_presence
from gateway.sip.grammar import number

__all__ = ["DIALOG", "DIALOG_TYPE", "PRESENCE", "RemoteExtension"]

DIALOG: Final = "dialog"
DIALOG_TYPE: Final = "application/dialog-info+xml"
PRESENCE: Final = "presence"
TALKING: Final = "on-the-phone"
"""The activity of RFC 4480 that is a call."""
MOST: Final = 50
"""Calls of one extension that are kept."""
LONGEST: Final = 256
"""Characters of what a dialog is known by."""
LARGEST: Final = 2**32 - 1


class RemoteExtension:
    """One extension.

    Attributes:
        state: of its devices together; UNKNOWN until it was told, and once it is told no more.
    """

    def __init__(self) -> None:
        self.state = DeviceState.UNKNOWN
        self._dialogs: dict[str, DeviceState] = {}
        self._version = -1

    def take(self, body: bytes) -> bool:
        """Take in a document; whether the state is another one now. What cannot be read changes nothing."""
        try:
            root = read(body)
            version = number(root.get("version") or "", "version", LARGEST)
        except MalformedError:
            return False
        if local_name(root) != "dialog-info":
            return False
        full = root.get("state") == "full"
        if full:
            self._dialogs.clear()
        elif version <= self._version:
            return False  # section 4.3: it has been overtaken
        self._version = version
        for found in root:
            if local_name(found) == "dialog":
                self._keep(found)
        states = list(self._dialogs.values())
        return self._become(aggregate(states) if states else DeviceState.NOT_INUSE)

    def see(self, body: bytes) -> bool:
        """Take in a presence document (RFC 3863); whether the state is another one now."""
        try:
            presence = parse_presence(body)
        except MalformedError:
            return False
        if TALKING in presence.activities:
            return self._become(DeviceState.INUSE)
        if presence.open is None:
            return self._become(DeviceState.UNKNOWN)
        return self._become(DeviceState.NOT_INUSE if presence.open else DeviceState.UNAVAILABLE)

    def lose(self) -> bool:
        """Nothing is told of it any more; whether the state is another one now."""
        self._dialogs.clear()
        self._version = -1
        return self._become(DeviceState.UNKNOWN)

    def _keep(self, dialog: Element) -> None:
        key = (dialog.get("id") or "")[:LONGEST]
        state = _state_of(dialog)
        if state is None:
            self._dialogs.pop(key, None)
        elif key in self._dialogs or len(self._dialogs) < MOST:
            self._dialogs[key] = state

    def _become(self, state: DeviceState) -> bool:
        before, self.state = self.state, state
        return state is not before


def _state_of(dialog: Element) -> DeviceState | None:
    """What one dialog makes of its extension (section 3.7.1); None for one that is over."""
    stage = next(((found.text or "").strip().lower() for found in dialog if local_name(found) == "state"), "")
    if stage == "confirmed":
        held = any(
            local_name(found) == "param" and found.get("pname") == "+sip.rendering" and found.get("pvalue") == "no"
            for side in dialog
            if local_name(side) == "local"
            for found in side.iter()
        )
        return DeviceState.ONHOLD if held else DeviceState.INUSE
    if stage in ("early", "proceeding", "trying"):
        return DeviceState.RINGING if dialog.get("direction") == "recipient" else DeviceState.INUSE
    return None
