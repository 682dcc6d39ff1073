"""Every subscription that others have with us (RFC 6665 section 4.2): SUBSCRIBE outside of dialogs, and changes.

An authenticated SUBSCRIBE enters; a subscription with a dialog of its own comes of it, or a refusal. Whoever keeps
a state says `changed`, and each subscription to it sends its NOTIFY in its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.account import Account
from gateway.sip.body import media_type
from gateway.sip.dialog import Dialog
from gateway.sip.events.header import EventType, Reason
from gateway.sip.events.package import Document, Package, Resource, View
from gateway.sip.events.subscription import Subscription, Terms, granted_seconds
from gateway.sip.headers import NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Request, Response
from gateway.sip.parameters import Parameters
from gateway.sip.session import Reply, Setting
from gateway.sip.source import is_certain
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["Notifier", "NotifierConfig"]

FIRST_NUMBERS: Final = 2**16
"""A dialog's CSeq begins at random below this (RFC 3261 8.1.1.5)."""
REFER: Final = "refer"
"""The package of which every subscription is made by a REFER, within the dialog of its call."""
RETRY_AFTER: Final = 30
"""Seconds that a subscriber is asked to wait where there is no room, or while we start anew."""


@frozen
class NotifierConfig:
    """Bounds of subscriptions.

    Attributes:
        shortest, longest: seconds of one.
        per_account: that one account may have at a time.
        most: in all.
    """

    shortest: int = 60
    longest: int = 3600
    per_account: int = 200
    most: int = 20_000


class Notifier:
    """All subscriptions with us.

    Args:
        config: bounds.
        setting: the stack's services.
        packages: what can be watched.
        token: makes tags that nobody can guess.
        contact: our Contact, over a flow.
    """

    def __init__(
        self,
        *,
        config: NotifierConfig,
        setting: Setting,
        packages: Iterable[Package],
        token: Callable[[], str],
        contact: Callable[[Flow], NameAddr],
    ) -> None:
        self._config = config
        self._setting = setting
        self._packages = {package.name: package for package in packages}
        self._token = token
        self._contact = contact
        self._held: dict[Subscription, _Watch] = {}
        self._by_subject: dict[tuple[str, str], dict[Subscription, _Watch]] = {}
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._held)

    @property
    def allow_events(self) -> str:
        """The value of Allow-Events."""
        return ", ".join(sorted((*self._packages, REFER)))

    def subscribe(self, request: Request, watcher: Account, flow: Flow, reply: Reply, now: float) -> None:
        """Take a SUBSCRIBE outside of a dialog, which `watcher` has sent."""
        made = self._made(request, watcher, flow, now)
        if isinstance(made, Response):
            reply(made, now)
            return
        subscription, expires = made
        reply(subscription.accepted(request, expires), now)
        if expires == 0:
            subscription.end(Reason.TIMEOUT, now)  # a fetch (section 4.4.3): the state once, and no more
        else:
            subscription.begin(now)

    def changed(self, package: str, user: str, now: float, context: str | None = None) -> None:
        """The state of `user` in `package` has changed; `context` where it is another one in each."""
        for subscription, watch in list(self._by_subject.get((package, user), {}).items()):
            if context is None or watch.resource.context == context:
                subscription.changed(now)

    def watches(self, package: str, users: Iterable[str], watcher: str) -> bool:
        """Whether the account `watcher` has a subscription to one of `users` in `package`."""
        return any(
            watch.watcher.user == watcher
            for user in users
            for watch in self._by_subject.get((package, user), {}).values()
        )

    def close(self, now: float) -> None:
        """End every subscription, as before a restart: subscribers come again soon."""
        for subscription in list(self._held):
            subscription.end(Reason.PROBATION, now, retry_after=RETRY_AFTER)

    # Inside.

    def _made(
        self, request: Request, watcher: Account, flow: Flow, now: float
    ) -> tuple[Subscription, int] | Response:
        try:
            event = EventType.parse(request.headers.get("Event") or "")
        except MalformedError:
            return self._bad_event(request)
        if event.package == REFER:
            return request.reply(403, "A REFER Makes That Subscription")  # RFC 3515 section 2.4.4
        package = self._packages.get(event.package)
        if package is None:
            return self._bad_event(request)
        if not _accepts(request, package.type):
            return request.reply(406)
        terms = Terms(self._config.shortest, self._config.longest, package.interval)
        expires = granted_seconds(request, terms)
        if isinstance(expires, Response):
            return expires
        host = request.uri.host if isinstance(request.uri, SipUri) else flow.local[0]
        resource = Resource(number_of(request.uri), watcher.context, host)
        status = package.allows(resource, watcher)
        if status != 200:
            return request.reply(status)
        full = self._full(request, watcher)
        if full is not None:
            return full
        try:
            dialog = Dialog.as_server(
                request,
                tag=self._token(),
                flow=flow,
                contact=self._contact(flow),
                number=self._setting.random.randrange(1, FIRST_NUMBERS),
            )
        except MalformedError as fault:
            return request.reply(400, str(fault))
        if not is_certain(request, flow):
            dialog.keep_to_flow()  # nobody else is told, whoever its Contact names
        watch = _Watch(package, resource, watcher, event.parameters)
        subscription = Subscription(
            self._setting,
            dialog,
            event,
            watch,
            terms=terms,
            expires=expires,
            account=watcher.user,
            over=self._over,
            now=now,
        )
        self._keep(subscription, watch)
        return subscription, expires

    def _full(self, request: Request, watcher: Account) -> Response | None:
        if self._counts.get(watcher.user, 0) >= self._config.per_account:
            return request.reply(403, f"More Than {self._config.per_account} Subscriptions")
        if len(self._held) < self._config.most:
            return None
        response = request.reply(503)
        response.headers.set("Retry-After", RETRY_AFTER)
        return response

    def _bad_event(self, request: Request) -> Response:
        response = request.reply(489)
        response.headers.set("Allow-Events", self.allow_events)
        return response

    def _keep(self, subscription: Subscription, watch: _Watch) -> None:
        self._held[subscription] = watch
        self._by_subject.setdefault(watch.subject, {})[subscription] = watch
        self._counts[watch.watcher.user] = self._counts.get(watch.watcher.user, 0) + 1
        self._setting.carrier.enter(subscription.dialog.id, subscription)
        watch.package.begin(watch.resource)

    def _over(self, subscription: Subscription) -> None:
        watch = self._held.pop(subscription)
        alike = self._by_subject[watch.subject]
        del alike[subscription]
        if not alike:
            del self._by_subject[watch.subject]
        user = watch.watcher.user
        self._counts[user] -= 1
        if not self._counts[user]:
            del self._counts[user]
        self._setting.carrier.leave(subscription.dialog.id)
        watch.package.end(watch.resource)


class _Watch:
    """What one subscription tells; see `Subject`."""

    def __init__(self, package: Package, resource: Resource, watcher: Account, parameters: Parameters) -> None:
        self.package = package
        self.resource = resource
        self.watcher = watcher
        self.parameters = parameters
        self._before: object = None

    @property
    def subject(self) -> tuple[str, str]:
        return self.package.name, self.resource.user

    def document(self, version: int, now: float, *, whole: bool) -> Document | None:
        before = None if whole else self._before
        document = self.package.document(View(self.resource, self.watcher, version, now, self.parameters, before))
        self._before = None if document is None else document.made_of
        return document


def _accepts(request: Request, wanted: str) -> bool:
    """Whether a SUBSCRIBE takes documents of type `wanted`; one without Accept takes the package's (4.2.1)."""
    try:
        ranges = [media_type(value)[0] for value in request.headers.values("Accept")]
    except MalformedError:
        return False
    major = wanted.partition("/")[0]
    return not ranges or not {wanted, f"{major}/*", "*/*"}.isdisjoint(ranges)
