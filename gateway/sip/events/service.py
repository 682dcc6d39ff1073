"""Everything of a stack that is watched and published, joined: packages, notifier, publications, message lamps.

Authenticated SUBSCRIBE and PUBLISH requests enter here, and changes of what the office knows; NOTIFYs leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from gateway.core.frozen import frozen
from gateway.core.watch import ConferenceStatus, ExtensionStatus, MailboxStatus, Watchable, Watched
from gateway.sip.account import Account
from gateway.sip.binding import Binding, Registration, RegistrationChanged
from gateway.sip.events.conference import ConferencePackage
from gateway.sip.events.dialog_info import DialogPackage, Seal
from gateway.sip.events.message_summary import MessageSummaryPackage
from gateway.sip.events.notifier import Notifier, NotifierConfig
from gateway.sip.events.presence import PresencePackage
from gateway.sip.events.publish import Publications
from gateway.sip.events.reg import RegPackage
from gateway.sip.events.subscription import Terms
from gateway.sip.events.unsolicited import Unsolicited
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request
from gateway.sip.session import Reply, Setting
from gateway.sip.transport import Flow

__all__ = ["EventService", "Neighbours", "NothingWatched"]


class NothingWatched:
    """A `Watchable` in which there is nothing to watch."""

    def extension(self, watched: Watched) -> ExtensionStatus | None:
        """None: no extension has a hint."""
        return None

    def mailbox(self, number: str) -> MailboxStatus | None:
        """None: there are no mailboxes."""
        return None

    def conference(self, watched: Watched) -> ConferenceStatus:
        """None: there are no rooms."""
        return None

    def watch(self, watched: Watched) -> None:
        """Nothing ever changes."""

    def unwatch(self, watched: Watched) -> None:
        """Nothing ever changes."""


@frozen
class Neighbours:
    """What the service asks of the rest of the stack.

    Attributes:
        account: finds an account.
        accounts: all of them.
        contacts: where an account is reached at a time.
        contact: our Contact, over a flow.
        token: makes tags that nobody can guess.
        office: who knows extensions, mailboxes and rooms.
    """

    account: Callable[[str], Account | None]
    accounts: Callable[[], Sequence[Account]]
    contacts: Callable[[str, float], Sequence[Binding]]
    contact: Callable[[Flow], NameAddr]
    token: Callable[[], str]
    office: Watchable = field(default_factory=NothingWatched)


class EventService:
    """SIP events of one stack.

    Args:
        config: bounds of subscriptions and publications.
        setting: the stack's services.
        around: the rest of the stack.
        seal: marks what the dialog package shows.
    """

    def __init__(self, config: NotifierConfig, setting: Setting, around: Neighbours, seal: Seal) -> None:
        self._around = around
        self._summary = MessageSummaryPackage(around.office)
        self._reg = RegPackage(around.contacts)
        self._lamps = Unsolicited(setting, token=around.token, contact=around.contact)
        self.publications = Publications(
            setting,
            terms=Terms(config.shortest, config.longest, 0.0),
            token=around.token,
            changed=lambda user, now: self.notifier.changed("presence", user, now),
        )
        presence = PresencePackage(
            around.office,
            published=self.publications.presence,
            account=around.account,
            registered=lambda user, now: bool(around.contacts(user, now)),
        )
        self.notifier = Notifier(
            config=config,
            setting=setting,
            packages=(
                DialogPackage(around.office, seal),
                presence,
                self._summary,
                self._reg,
                ConferencePackage(around.office),
            ),
            token=around.token,
            contact=around.contact,
        )

    # What peers ask for.

    def subscribe(self, request: Request, watcher: Account, flow: Flow, reply: Reply, now: float) -> None:
        """Take a SUBSCRIBE outside of a dialog."""
        self.notifier.subscribe(request, watcher, flow, reply, now)

    # What has changed.

    def registered(self, change: RegistrationChanged, now: float) -> None:
        """A registration has begun, gone on or ended."""
        binding = change.binding
        self._reg.happened(binding, change.what)
        self.notifier.changed("reg", binding.account, now)
        if change.what is Registration.RENEWED:
            return
        self.notifier.changed("presence", binding.account, now)
        account = self._around.account(binding.account)
        if change.what is Registration.REGISTERED and account is not None and account.mailbox:
            self._light(account, [binding], now)

    def extension_changed(self, watched: Watched, now: float) -> None:
        """The state of an extension is another one, as seen from that context."""
        self.notifier.changed("dialog", watched.number, now, watched.context)
        self.notifier.changed("presence", watched.number, now, watched.context)

    def mailbox_changed(self, number: str, now: float) -> None:
        """The counts of a mailbox have changed."""
        for account in self._around.accounts():
            if number not in (account.mailbox, account.user):
                continue
            for user in {account.user, account.mailbox or account.user}:
                self.notifier.changed("message-summary", user, now)
            if account.mailbox == number:
                self._light(account, self._around.contacts(account.user, now), now)

    def conference_changed(self, watched: Watched, now: float) -> None:
        """Somebody has come to the room that an extension stands for, or gone, or is heard no more."""
        self.notifier.changed("conference", watched.number, now, watched.context)

    def close(self, now: float) -> None:
        """End every subscription, as before a restart."""
        self.notifier.close(now)

    def usage(self) -> dict[str, int]:
        """Counts of what is held."""
        return {"subscriptions": len(self.notifier), "publications": len(self.publications)}

    def _light(self, account: Account, bindings: Sequence[Binding], now: float) -> None:
        """Tell telephones that have not subscribed; those that have are told by the notifier."""
        status = self._around.office.mailbox(account.mailbox)
        watched = (account.user, account.mailbox)
        if status is None or self.notifier.watches(self._summary.name, watched, account.user):
            return
        for binding in bindings:
            host = binding.flow.local[0]
            document = self._summary.summary(status, f"sip:{account.user}@{host}")
            self._lamps.send(self._summary.name, document, binding, now)
