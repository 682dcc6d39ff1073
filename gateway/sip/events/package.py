"""What an event package is to the notifier: its name, its bounds, and the document that a subscriber is sent.

A package keeps no subscriptions. It is asked for a document at the moment when a NOTIFY goes out, so that whatever
changed while one was held back is in the next.
"""

from __future__ import annotations

from typing import Final, Protocol

from gateway.core.frozen import frozen
from gateway.sip.account import Account
from gateway.sip.parameters import NO_PARAMETERS, Parameters
from gateway.sip.uri import SipUri

__all__ = ["DEFAULT_EXPIRES", "Document", "Package", "Resource", "View"]

DEFAULT_EXPIRES: Final = 3600
"""Seconds of a subscription that asks for no time (RFC 4235 3.4, RFC 3856 6.4, RFC 3842 3.4)."""


@frozen
class Resource:
    """What a subscription watches.

    Attributes:
        user: the user part of the Request-URI: an extension, an account.
        context: the dialplan context of whoever watches.
        host: of the Request-URI, under which the watcher knows the office.
    """

    user: str
    context: str
    host: str

    @property
    def uri(self) -> str:
        """Its address."""
        return self.address(self.user)

    def address(self, user: str) -> str:
        """The address of `user`, as the watcher may call it."""
        return str(SipUri.of(user, self.host))


@frozen
class View:
    """For whom a document is.

    Attributes:
        resource: what is watched.
        watcher: who watches.
        version: how many documents this subscription was sent before.
        now: engine clock, seconds.
        parameters: of the Event that was subscribed to.
        before: what the latest document was made of (`Document.made_of`), where this one may tell but what is
            different; None where it must tell all.
    """

    resource: Resource
    watcher: Account
    version: int
    now: float
    parameters: Parameters = NO_PARAMETERS
    before: object = None


@frozen
class Document:
    """The body of a NOTIFY.

    Attributes:
        type: "" for none.
        made_of: what a package wishes to know again when it makes the next one.
        last: what it tells of is no more, and the subscription ends with it.
    """

    type: str = ""
    body: bytes = b""
    made_of: object = None
    last: bool = False


class Package(Protocol):
    """One event package."""

    name: str
    """As it stands in Event."""
    type: str
    """The media type of its documents."""
    interval: float
    """Seconds that lie between two notifications of one subscription at least."""

    def allows(self, resource: Resource, watcher: Account) -> int:
        """200 where `watcher` may watch `resource`, or the status that refuses it: 403, 404."""
        ...

    def document(self, view: View) -> Document | None:
        """The present state; None where the resource is there no longer, which ends the subscription."""
        ...

    def begin(self, resource: Resource) -> None:
        """A subscription to `resource` has begun."""
        ...

    def end(self, resource: Resource) -> None:
        """A subscription to `resource` is over."""
        ...
