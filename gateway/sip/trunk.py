"""A trunk: a SIP provider or another exchange, to which we place calls and from which calls come.

It joins the servers (`servers`), our registration with them (`register`) and the rules for numbers. Calls out get
their targets here; a request that came in is recognised as the trunk's by the mark in our registered Contact, by
the address of one of its servers, or by an address that the configuration lists. It is up while it is registered,
where that is wanted, and one of its servers answers; each change is told once, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import MalformedError, RemoteError
from gateway.core.switch import DeviceState
from gateway.sip.dialog import MAX_FORWARDS
from gateway.sip.headers import CSeq, NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Request
from gateway.sip.number_rules import rewrite
from gateway.sip.reach import OURSELVES
from gateway.sip.register import Registrant, RegistrantConfig
from gateway.sip.register_answers import LINE
from gateway.sip.servers import Servers, Way
from gateway.sip.session import Setting
from gateway.sip.source import REMEMBERED, covers, covers_source
from gateway.sip.target import Target
from gateway.sip.transport import Flow
from gateway.sip.trunk_watch import TrunkWatch
from gateway.sip.trunk_words import ExtensionTold, MailboxTold, Outbound, TrunkChanged, TrunkConfig, TrunkStatus
from gateway.sip.uri import SipUri, loose

__all__ = ["Trunk"]


class Trunk:
    """One trunk of a stack.

    Args:
        config: what it is like.
        setting: the stack's services.
        token: makes tags and Call-IDs that nobody can guess.
        contact: our Contact on a flow, for a user.
        told: takes its changes, and what it tells of our mailbox there.

    Attributes:
        config: what it is like.
        account: who it is to us.
    """

    def __init__(
        self,
        config: TrunkConfig,
        setting: Setting,
        *,
        token: Callable[[], str],
        contact: Callable[[Flow, str], NameAddr],
        told: Callable[[TrunkChanged | MailboxTold | ExtensionTold], None],
    ) -> None:
        self.config: Final = config
        self.account: Final = config.account
        self._token = token
        self._contact = contact
        self._told = told
        self._up: bool | None = None
        self._text = "starting"
        self._since = 0.0
        self._resolver = setting.resolver
        # Asked of every packet.
        self._calls_from = lru_cache(REMEMBERED)(lambda source: covers_source(config.sources, source))
        self._servers = Servers(
            config.servers, setting, question=self._options, changed=self._servers_changed, answered=self._look
        )
        self._registrant: Registrant | None = None
        if config.register:
            self._registrant = Registrant(
                RegistrantConfig(
                    user=config.user,
                    domain=self._domain(),
                    credentials=config.credentials,
                    expires=config.expires,
                    keep_alive=config.keep_alive,
                    route=config.servers.proxy and loose(config.servers.proxy),
                    instance=config.instance,
                ),
                setting,
                token=token,
                contact=lambda way: contact(way.flow, config.user),
                ways=self._servers.ways,
                told=self._registration_changed,
            )

        proxy = config.servers.proxy
        self._proxy = () if proxy is None else (NameAddr(loose(proxy)),)
        self._outbound = Outbound(
            domain=self._domain(),
            from_domain=config.from_domain or self._domain(),
            from_user=config.from_user,
            credentials=config.credentials,
            routes=self._proxy,
            contact=self._own_contact,
        )
        self._watch = TrunkWatch(config, setting, asks=self._subscription, told=told)

    @property
    def is_over(self) -> bool:
        """Whether its registration and its subscription have ended."""
        return (self._registrant is None or self._registrant.is_over) and self._watch.is_over

    @property
    def up(self) -> bool:
        """Whether calls can be made on it, as far as is known."""
        return self._up is True

    def start(self, now: float) -> None:
        """Find its servers, register, watch."""
        self._since = now
        self._servers.start(now)

    def stop(self, now: float) -> None:
        """Unregister, and watch no more."""
        self._servers.stop()
        self._watch.stop(now)
        if self._registrant is not None:
            self._registrant.stop(now)

    def status(self, calls: int) -> TrunkStatus:
        """For lists; `calls` are on it now."""
        ways = self._ways()
        return TrunkStatus(
            name=self.config.name,
            up=self.up,
            text=self._text,
            server=str(ways[0]) if ways else "",
            user=self.config.user,
            calls=calls,
            round_trip=self._servers.round_trip(),
            since=self._since,
        )

    # Calls.

    def targets(self, number: str, now: float) -> list[Target]:
        """Where to call `number`, the first server first, but those last that have failed a call lately.

        Raises:
            RemoteError: it is down.
        """
        if self._up is False:
            raise RemoteError(f"trunk {self.config.name} is down: {self._text}", Cause.NETWORK_OUT_OF_ORDER)
        alive = [way for way in self._ways() if not self._servers.is_down(way)]
        ways = sorted(alive, key=lambda way: self._resolver.is_dead(way.flow, now))  # RFC 3263 section 4.3
        if not ways:
            raise RemoteError(
                f"trunk {self.config.name} has no server yet: {self._servers.fault or 'it is looked for'}",
                Cause.NETWORK_OUT_OF_ORDER,
            )
        called = rewrite(number, self.account.rules.called_out)
        return [
            Target(
                SipUri.of(called, self.config.domain or way.server.host, way.server.port),
                way.flow,
                q=1000 - place,
            )
            for place, way in enumerate(ways)
        ]

    def outbound(self) -> Outbound:
        """How its calls are written."""
        routes = (self._registrant.routes if self._registrant is not None else ()) or self._proxy
        if routes != self._outbound.routes:
            self._outbound = replace(self._outbound, routes=routes)
        return self._outbound

    def _own_contact(self, flow: Flow) -> NameAddr:
        """Our Contact in its calls, to be reached by the same flow where the registrar keeps it (RFC 5626 4.3)."""
        contact = self._contact(flow, self.config.user or OURSELVES)
        if self._registrant is None or not self._registrant.keeps_flow or not isinstance(contact.uri, SipUri):
            return contact
        return replace(contact, uri=replace(contact.uri, parameters=contact.uri.parameters.having("ob")))

    def recognises(self, request: Request, flow: Flow) -> bool:
        """Whether `request` comes from it, by the mark in our Contact or by its address.

        An address is believed by transports as good as those of its servers alone: anybody can write it into a
        datagram, and nobody else holds a connection from there.
        """
        uri = request.uri
        line = uri.parameters.get(LINE) if isinstance(uri, SipUri) else None
        if line is not None and self._registrant is not None:
            return line == self._registrant.line
        if not self._servers.may_come_by(flow):
            return False
        return flow.remote in self._servers.remotes or covers(self.config.sources, flow.remote[0])

    def lives_at(self, source: str) -> bool:
        """Whether one of its servers, or a network from which its calls may come, is at `source`."""
        return source in self._servers.sources or self._calls_from(source)

    def called(self, request: Request) -> str:
        """The number that a call of its is for, as the office writes it.

        Where the Request-URI is just our own Contact, the number stands in P-Called-Party-ID (RFC 7315 4.2) or To.
        """
        number = number_of(request.uri)
        if number in (self.config.user, OURSELVES, ""):
            number = number_of(_called_party(request).uri) or number
        return rewrite(number, self.account.rules.called_in)

    def notified(self, request: Request, now: float) -> None:
        """Take a NOTIFY outside of dialogs: what providers tell of our mailbox unasked."""
        self._watch.notified(request, now)

    def extension(self, number: str) -> DeviceState | None:
        """The state of an extension of the office there; None where it is not watched."""
        return self._watch.state(number)

    # Its state.

    def _look(self, now: float) -> None:
        """A server has answered: it may see us elsewhere than before."""
        if self._registrant is not None:
            self._registrant.look(now)

    def _servers_changed(self, now: float) -> None:
        if self._registrant is not None and self._servers.ways():
            self._registrant.start(now)
        self._weigh(now)

    def _registration_changed(self, now: float) -> None:
        if self._registrant is not None:
            self._servers.vouch(self._registrant.held)
        self._weigh(now)

    def _weigh(self, now: float) -> None:
        """Whether it is up, and why; told where that has changed."""
        up, text = self._verdict()
        if up is None or (up, text) == (self._up, self._text):
            return
        if up is not self._up:
            self._since = now
        self._up, self._text = up, text
        if up:
            self._watch.start(now)
        self._told(TrunkChanged(self.config.name, up, text))

    def _verdict(self) -> tuple[bool | None, str]:
        trouble = self._servers.trouble()
        refused = self._registrant is not None and self._registrant.refused and not self._servers.ever_answered()
        if trouble and not refused:
            return False, trouble
        if self._registrant is not None:
            return self._registered(self._registrant)
        ways = self._servers.ways()
        if not ways or (self.config.servers.qualify and not self._servers.answered()):
            return None, "starting"
        return True, f"{ways[0]} answers" if self.config.servers.qualify else f"{ways[0]}, not asked"

    @staticmethod
    def _registered(registrant: Registrant) -> tuple[bool | None, str]:
        if registrant.held is None:
            return (False, f"not registered: {registrant.trouble}") if registrant.trouble else (None, "registering")
        text = f"registered with {registrant.held}"
        return True, f"{text} ({registrant.remark})" if registrant.remark else text

    def _ways(self) -> list[Way]:
        """The ways, that to the registrar that has our registration first."""
        ways = self._servers.ways()
        held = self._registrant.held if self._registrant is not None else None
        return sorted(ways, key=lambda way: way != held) if held is not None else ways

    def _domain(self) -> str:
        return self.config.domain or self.config.servers.uris[0].host

    def _options(self, way: Way) -> Request:
        request = self._written("OPTIONS", SipUri(self._domain()), way)
        request.headers.set("Accept", "application/sdp")
        return request

    def _subscription(self, user: str) -> tuple[Request, Flow] | None:
        ways = [way for way in self._ways() if not self._servers.is_down(way)]
        if not ways:
            return None
        request = self._written("SUBSCRIBE", SipUri.of(user, self._domain()), ways[0])
        if self._registrant is not None and self._registrant.routes:
            request.headers.set_all("Route", self._registrant.routes)
        return request, ways[0].flow

    def _written(self, method: str, uri: SipUri, way: Way) -> Request:
        """A request outside of dialogs to `uri`, over a way."""
        request = Request(method, uri)
        headers = request.headers
        user = self.config.user or OURSELVES
        headers.set("Max-Forwards", MAX_FORWARDS)
        headers.set("From", NameAddr(SipUri.of(user, self._domain())).tagged(self._token()))
        headers.set("To", NameAddr(uri))
        headers.set("Call-ID", self._token())
        headers.set("CSeq", CSeq(1, method))
        headers.set("Contact", self._contact(way.flow, user))
        if self.config.servers.proxy is not None:
            headers.set("Route", NameAddr(loose(self.config.servers.proxy)))
        return request


def _called_party(request: Request) -> NameAddr:
    said = request.headers.get("P-Called-Party-ID")
    try:
        return NameAddr.parse(said) if said else request.to
    except MalformedError:
        return request.to
