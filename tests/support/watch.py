"""An office of which a test says what can be watched."""

from __future__ import annotations

from gateway.core.switch import DeviceState
from gateway.core.watch import ConferenceShown, ConferenceStatus, ExtensionStatus, MailboxStatus, Watched

__all__ = ["ScriptedWatchable", "at"]


def at(number: str) -> Watched:
    """An extension of the telephones' context."""
    return Watched(number, "office")


class ScriptedWatchable:
    """See `Watchable`.

    Attributes:
        watched: how many watch each extension.
    """

    def __init__(self) -> None:
        self.extensions: dict[Watched, ExtensionStatus] = {at("101"): ExtensionStatus(DeviceState.NOT_INUSE)}
        self.mailboxes: dict[str, MailboxStatus] = {"6001": MailboxStatus(), "8004": MailboxStatus()}
        self.rooms: dict[Watched, ConferenceShown] = {}
        self.watched: dict[Watched, int] = {}

    def extension(self, watched: Watched) -> ExtensionStatus | None:
        return self.extensions.get(watched)

    def mailbox(self, number: str) -> MailboxStatus | None:
        return self.mailboxes.get(number)

    def conference(self, watched: Watched) -> ConferenceStatus:
        return self.rooms.get(watched)

    def watch(self, watched: Watched) -> None:
        self.watched[watched] = self.watched.get(watched, 0) + 1

    def unwatch(self, watched: Watched) -> None:
        self.watched[watched] -= 1
        if not self.watched[watched]:
            del self.watched[watched]
