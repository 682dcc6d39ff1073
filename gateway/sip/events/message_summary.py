"""The message-summary package (RFC 3842): how many messages wait, as text that message lamps understand."""

from __future__ import annotations

from gateway.core.watch import MailboxStatus, Watchable
from gateway.sip.account import Account
from gateway.sip.events.package import Document, Resource, View

__all__ = ["MessageSummaryPackage"]


class MessageSummaryPackage:
    """See `Package`.

    Args:
        office: who knows the mailboxes.
    """

    name = "message-summary"
    type = "application/simple-message-summary"
    interval = 1.0  # section 3.10

    def __init__(self, office: Watchable) -> None:
        self._office = office

    def allows(self, resource: Resource, watcher: Account) -> int:
        """An account may watch its own mailbox (section 3.6)."""
        if resource.user not in (watcher.user, watcher.mailbox):
            return 403
        return 200 if self._office.mailbox(watcher.mailbox or watcher.user) is not None else 404

    def document(self, view: View) -> Document | None:
        """The counts of the watcher's mailbox (section 5.2)."""
        status = self._office.mailbox(view.watcher.mailbox or view.watcher.user)
        return None if status is None else self.summary(status, view.resource.uri)

    def summary(self, status: MailboxStatus, account: str) -> Document:
        """`status` as a document for the lamp of `account`."""
        waiting = "yes" if status.new or status.urgent_new else "no"
        text = (
            f"Messages-Waiting: {waiting}\r\n"
            f"Message-Account: {account}\r\n"
            f"Voice-Message: {status.new}/{status.old} ({status.urgent_new}/{status.urgent_old})\r\n"
        )
        return Document(self.type, text.encode())

    def begin(self, resource: Resource) -> None:
        """Nothing is to be done: a mailbox tells of itself."""

    def end(self, resource: Resource) -> None:
        """Nothing is to be done."""
