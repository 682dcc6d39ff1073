"""The registrar (RFC 3261 10.3): REGISTER requests of authenticated accounts change and show their bindings.

A REGISTER is obeyed whole or not at all. Bindings end by themselves when nobody renews them, or when the
connection that carried them is gone and no other way is known. Every change is told to `Bindings` and as an
event. Who sends the request has been proved before it comes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.account import Account
from gateway.sip.binding import Binding, Bindings, Registration, RegistrationChanged
from gateway.sip.grammar import number
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.outbound import INSTANCE, Outbound, OutboundRefused, acknowledge, asked
from gateway.sip.parameters import Parameters
from gateway.sip.path import path_of, tell_routes
from gateway.sip.preferences import features_of
from gateway.sip.refusals import NOT_YOURS, SIPS_NEEDS_SIPS, SIPS_NEEDS_TLS
from gateway.sip.schedule import Alarm
from gateway.sip.source import source_of
from gateway.sip.transport import PORTS, Address, Flow, is_address
from gateway.sip.uri import SipUri

__all__ = ["Registrar", "RegistrarConfig"]

Key = TypeVar("Key")

UNREADABLE_EXPIRES: Final = 3600
"""What an expires parameter that cannot be read counts as (RFC 3261 20.10)."""
LONGEST_EXPIRES: Final = 2**32 - 1
"""RFC 3261 20.19."""
MAX_USER_AGENT: Final = 128
"""Characters of a User-Agent that are kept, for lists."""


@frozen
class RegistrarConfig:
    """Bounds of registrations.

    Attributes:
        min_expires, max_expires: seconds; less is refused with 423, more is cut.
        contacts: bindings that one account may have at a time.
        service_route: proxies through which telephones are to send their calls (RFC 3608).
    """

    min_expires: int = 60
    max_expires: int = 3600
    contacts: int = 10
    service_route: Sequence[NameAddr] = ()


class Refused(Exception):
    """A REGISTER that changes nothing; carries its response."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.summary)


class Registrar:
    """All bindings of all accounts.

    Attributes:
        sources: from where telephones are registered (`gateway.sip.source`), and how many bindings.
        ways: by which ones, transport and address with port, and how many.

    Args:
        config: bounds.
        emit: takes the changes, for logs.
        at: has a function called when a binding expires.
        bindings: who keeps them over restarts, if anybody.
    """

    def __init__(
        self,
        *,
        config: RegistrarConfig,
        emit: Callable[[RegistrationChanged], None],
        at: Callable[[float, Callable[[float], None]], Alarm],
        bindings: Bindings | None = None,
    ) -> None:
        self._config = config
        self._emit = emit
        self._log = bindings
        self._held: dict[str, list[Binding]] = {}
        self._alarms: dict[Binding, Alarm] = {}
        self.sources: Counter[str] = Counter()
        self.ways: Counter[tuple[str, Address]] = Counter()
        self._at = at

    def __len__(self) -> int:
        """Bindings held, each with its alarm."""
        return len(self._alarms)

    def restore(self, bindings: Iterable[Binding]) -> None:
        """Take over bindings kept from an earlier run; those of accounts no longer there are not to be given."""
        for binding in bindings:
            self._add(binding)

    def contacts(self, user: str, now: float) -> list[Binding]:
        """Where the account is reached, most preferred first and among equals the latest first.

        A telephone that has several flows is reached over the latest alone (RFC 5626 section 5.1); when that is
        lost, over the one before.
        """
        found: list[Binding] = []
        telephones: set[str] = set()
        for binding in self._alive(user, now):
            instance = binding.outbound.instance if binding.outbound is not None else ""
            if not instance or instance not in telephones:
                found.append(binding)
                telephones.add(instance)
        return found

    def _alive(self, user: str, now: float) -> list[Binding]:
        alive = [binding for binding in self._held.get(user, ()) if binding.expires_at > now]
        return sorted(alive, key=lambda binding: (-binding.q, -binding.since))

    def has(self, user: str) -> bool:
        """Whether the account has any binding."""
        return user in self._held

    def all(self) -> list[Binding]:
        """Every binding."""
        return [binding for held in self._held.values() for binding in held]

    def register(self, request: Request, account: Account, flow: Flow, now: float) -> Response:
        """Carry out a REGISTER that `account` has sent; the response is to be sent."""
        to = request.to.uri
        if not isinstance(to, SipUri) or to.username != account.user:
            return request.reply(403, NOT_YOURS)
        try:
            path = path_of(request)
            if request.contact_is_wildcard:
                self._remove_all(request, account)
            else:
                self._change(request, account, flow, now)
        except Refused as refused:
            return refused.response
        except MalformedError as fault:
            return request.reply(400, str(fault)[:80])
        response = request.reply(200)
        tell_routes(response, path, self._config.service_route)
        for binding in self._alive(account.user, now):
            seconds = str(round(binding.expires_at - now))
            shown = Parameters((("expires", seconds), ("q", f"{binding.q / 1000:g}"), *binding.features))
            if binding.outbound is not None:
                shown = Parameters((*binding.outbound.parameters, *shown.without(INSTANCE)))
                if binding.flow == flow:
                    acknowledge(response, flow)
            response.headers.add("Contact", NameAddr(binding.contact, "", shown))
        return response

    def _remove_all(self, request: Request, account: Account) -> None:
        """Contact "*" (step 6): with Expires 0 only."""
        if request.expires != 0:
            raise Refused(request.reply(400, "Contact * Needs Expires 0"))
        held = self._held.get(account.user, [])
        self._check_order(request, held)
        for binding in list(held):
            self._end(binding, Registration.UNREGISTERED)

    def _change(self, request: Request, account: Account, flow: Flow, now: float) -> None:
        """Work out every change first, then make them all (step 7)."""
        held = self._held.get(account.user, [])
        changes = [self._wanted(request, contact, account, flow, now) for contact in request.contacts]
        olds = [next((old for old in held if old.same_as(new)), None) for new in changes]
        self._check_order(request, [old for old in olds if old is not None])
        added = sum(old is None and new.expires_at > now for old, new in zip(olds, changes, strict=True))
        most = account.contacts or self._config.contacts
        if len(held) + added > most:
            raise Refused(request.reply(403, f"More Than {most} Contacts"))
        left = [old for old, new in zip(olds, changes, strict=True) if old is not None and new.expires_at <= now]
        # A telephone whose NAT has another address writes that into its Contact, and takes the one before back.
        moved = left[0] if len(left) == 1 and left[0].call_id == request.call_id else None
        for old, new in zip(olds, changes, strict=True):
            if new.expires_at <= now:
                if old is not None:
                    self._end(old, Registration.UNREGISTERED)
            else:
                self._keep(old, new, moved)

    def _wanted(self, request: Request, contact: NameAddr, account: Account, flow: Flow, now: float) -> Binding:
        if not isinstance(contact.uri, SipUri):
            raise Refused(request.reply(400, "A Contact That Is No SIP URI"))
        if contact.uri.scheme == "sips" and not flow.is_secure:
            raise Refused(request.reply(403, SIPS_NEEDS_TLS))  # RFC 5630 section 5.2: it could not be called there
        path = path_of(request)
        if contact.uri.scheme == "sips" and not all(
            uri.scheme == "sips" for uri in (request.uri, *(hop.uri for hop in path))
        ):
            raise Refused(request.reply(400, SIPS_NEEDS_SIPS))  # RFC 5630 section 5.2
        expires = self._expires(request, contact)
        if 0 < expires < self._config.min_expires:
            response = request.reply(423)
            response.headers.set("Min-Expires", self._config.min_expires)
            raise Refused(response)
        return Binding(
            account=account.user,
            contact=contact.uri,
            flow=flow,
            call_id=request.call_id,
            number=request.cseq.number,
            expires_at=now + min(expires, self._config.max_expires),
            q=contact.q,
            user_agent=(request.headers.get("User-Agent") or "")[:MAX_USER_AGENT],
            since=now,
            outbound=self._outbound(request, contact),
            path=path,
            features=features_of(contact),
        )

    def _outbound(self, request: Request, contact: NameAddr) -> Outbound | None:
        try:
            return asked(request, contact)
        except OutboundRefused as why:
            raise Refused(request.reply(why.status, str(why))) from why

    def _expires(self, request: Request, contact: NameAddr) -> int:
        """Step 7: the contact's own parameter, else the header, else what we like best."""
        own = contact.parameters.get("expires")
        if own is None:
            return self._config.max_expires if request.expires is None else request.expires
        try:
            return number(own, "expires", LONGEST_EXPIRES)
        except MalformedError:
            return UNREADABLE_EXPIRES

    def _check_order(self, request: Request, touched: Iterable[Binding]) -> None:
        """A REGISTER older than what it would change fails as a whole (steps 6 and 7)."""
        for binding in touched:
            if binding.call_id == request.call_id and request.cseq.number <= binding.number:
                raise Refused(request.reply(500, "Request Out Of Order"))

    def _keep(self, old: Binding | None, new: Binding, moved: Binding | None) -> None:
        # Also where two contacts of one REGISTER are equivalent: the later one stands.
        for replaced in [found for found in self._held.get(new.account, ()) if found.same_as(new)]:
            self._drop(replaced)
            if self._log is not None and (replaced.contact, replaced.outbound) != (new.contact, new.outbound):
                self._log.removed(replaced)
        self._add(new)
        if self._log is not None:
            self._log.saved(new)
        what = Registration.REGISTERED if old is None else Registration.RENEWED
        self._emit(RegistrationChanged(new, what, old or moved))

    def _end(self, binding: Binding, what: Registration) -> None:
        if binding in self._alarms:
            self._drop(binding)
            if self._log is not None:
                self._log.removed(binding)
            self._emit(RegistrationChanged(binding, what))

    def _add(self, binding: Binding) -> None:
        self._held.setdefault(binding.account, []).append(binding)
        self.sources[source_of(binding.flow.remote[0])] += 1
        self.ways[binding.flow.transport, binding.flow.remote] += 1
        self._alarms[binding] = self._at(binding.expires_at, lambda _: self._end(binding, Registration.EXPIRED))

    def _drop(self, binding: Binding) -> None:
        self._alarms.pop(binding).cancel()
        _count_down(self.sources, source_of(binding.flow.remote[0]))
        _count_down(self.ways, (binding.flow.transport, binding.flow.remote))
        held = self._held[binding.account]
        held.remove(binding)
        if not held:
            del self._held[binding.account]

    def lost(self, flow: Flow) -> None:
        """A connection is gone: its bindings are reached at their Contact's own address, where that is another."""
        if (flow.transport, flow.remote) not in self.ways:
            return
        for binding in [found for found in self.all() if found.flow == flow]:
            direct = _direct(binding, flow)
            if direct is None or direct == flow:
                self._end(binding, Registration.LOST)
            else:
                self._drop(binding)
                self._add(replace(binding, flow=direct))

    def drop(self, gone: Callable[[str], bool]) -> None:
        """End all bindings of the accounts that are gone."""
        for binding in [found for found in self.all() if gone(found.account)]:
            self._end(binding, Registration.UNREGISTERED)


def _count_down(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def _direct(binding: Binding, flow: Flow) -> Flow | None:
    """The flow to a contact's own address, or None where it names no address or wants no flow but its own.

    A contact behind proxies is reached through the first of them (RFC 3327 section 5.3).
    """
    first = binding.path[0].uri if binding.path else binding.contact
    contact = first if isinstance(first, SipUri) else binding.contact
    if not is_address(contact.host) or binding.outbound is not None or flow.transport in ("ws", "wss"):
        return None
    return flow._replace(remote=(contact.host, contact.port or PORTS[flow.transport]))
