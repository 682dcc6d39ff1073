"""The message-summary package (RFC 3842): how many messages wait, as text that message lamps understand."""

from __future__ import annotations

import re
from typing import Final

from gateway.core.watch import MailboxStatus, Watchable
from gateway.sip.account import Account
from gateway.sip.events.package import Document, Resource, View

__all__ = ["SUMMARY", "SUMMARY_TYPE", "MessageSummaryPackage", "read_summary"]

SUMMARY: Final = "message-summary"
SUMMARY_TYPE: Final = "application/simple-message-summary"

_COUNTS: Final = re.compile(
    r"^voice-message[ \t]*:[ \t]*([0-9]{1,6})[ \t]*/[ \t]*([0-9]{1,6})"
    r"(?:[ \t]*\([ \t]*([0-9]{1,6})[ \t]*/[ \t]*([0-9]{1,6})[ \t]*\))?",
    re.IGNORECASE | re.MULTILINE,
)
_WAITING: Final = re.compile(r"^messages-waiting[ \t]*:[ \t]*(yes|no)\b", re.IGNORECASE | re.MULTILINE)


def read_summary(body: bytes) -> MailboxStatus | None:
    """The counts in a document of somebody else's (section 5.2); None where it is none.

    A peer that counts nothing, and just says that messages wait, counts as one new message.
    """
    text = body.decode("utf-8", "replace")
    waiting = _WAITING.search(text)
    if waiting is None:
        return None
    counts = _COUNTS.search(text)
    if counts is None:
        return MailboxStatus(new=int(waiting[1].lower() == "yes"))
    return MailboxStatus(*(int(count or 0) for count in counts.groups()))


class MessageSummaryPackage:
    """See `Package`.

    Args:
        office: who knows the mailboxes.
    """

    name = SUMMARY
    type = SUMMARY_TYPE
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
