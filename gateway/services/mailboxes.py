"""How many messages wait in each mailbox: told by whoever keeps them, shown by every kind of lamp."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.core.watch import MailboxStatus

__all__ = ["Mailboxes"]


class Mailboxes:
    """The counts of all mailboxes.

    Args:
        known: the mailboxes that there are.
        lamps: told of each mailbox whose counts have changed.
    """

    def __init__(self, known: Iterable[str], lamps: Callable[[str, MailboxStatus], None]) -> None:
        self._held = dict.fromkeys(known, MailboxStatus())
        self._lamps = lamps

    def know(self, known: Iterable[str]) -> None:
        """These are the mailboxes from now on; what is counted in those that stay is kept."""
        self._held = {number: self._held.get(number, MailboxStatus()) for number in known}

    def status(self, number: str) -> MailboxStatus | None:
        """The counts of mailbox `number`; None where there is no such."""
        return self._held.get(number)

    def update(self, number: str, status: MailboxStatus) -> None:
        """Messages have come to mailbox `number`, or were heard or deleted; a mailbox not known is from now on."""
        if self._held.get(number) != status:
            self._held[number] = status
            self._lamps(number, status)
