"""New requests, which belong to no dialog: who sent them, and to which room of the stack they go (RFC 3261 8.2).

A request enters once it is understood (`screening`); it is proved to be somebody's (`gatekeeper`) and given to the
handler of its method. INVITEs are remembered until they are answered, since a CANCEL may come for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from gateway.core.frozen import frozen
from gateway.sip.account import Account
from gateway.sip.dialog import DialogId
from gateway.sip.events.service import EventService
from gateway.sip.gatekeeper import Gatekeeper
from gateway.sip.identity import number_of
from gateway.sip.incoming import IncomingSession
from gateway.sip.legs import Legs
from gateway.sip.message import Request, Response
from gateway.sip.message_method import Messages
from gateway.sip.newcomers import Garbled
from gateway.sip.reach import Reach
from gateway.sip.refusals import AccessRefused, why_not_registered, why_not_taken
from gateway.sip.registrar import Registrar
from gateway.sip.session import Member, Reply, abilities
from gateway.sip.transaction.base import ServerTransaction
from gateway.sip.transport import Flow
from gateway.sip.trunks import Trunks
from gateway.sip.uri import OtherUri

__all__ = ["Reception", "Rooms"]

_Handler = Callable[[ServerTransaction, Account, Reply, float], None]


@frozen
class Rooms:
    """Where new requests go.

    Attributes:
        gatekeeper: tells who sent them.
        trunks: those who call without an account.
        legs: INVITE and REFER.
        registrar: REGISTER.
        messages: MESSAGE.
        watching: SUBSCRIBE and PUBLISH.
        reach: learns by which of our names we are called.
    """

    gatekeeper: Gatekeeper
    trunks: Trunks
    legs: Legs
    registrar: Registrar
    messages: Messages
    watching: EventService
    reach: Reach


class Reception:
    """Takes them; see `gateway.sip.carrier.Newcomers`.

    Args:
        rooms: where they go.
        refused: told of each that is turned away, with the time.
        garbled: told of octets that are no message.
        wall: the time of day, for the Date of registrations; None sends none.
        help: the number that calls for help (RFC 5031); "" where there is none.
    """

    def __init__(
        self,
        rooms: Rooms,
        *,
        refused: Callable[[AccessRefused, float], None],
        garbled: Callable[[Garbled], None],
        wall: Callable[[], datetime] | None,
        help: str = "",
    ) -> None:
        self._rooms = rooms
        self._refused = refused
        self.garbled = garbled
        self._wall = wall
        self._help = help
        self._invitations: dict[ServerTransaction, IncomingSession] = {}
        self._methods: Final[Mapping[str, _Handler]] = {
            "INVITE": self._invited,
            "REGISTER": self._register,
            "MESSAGE": self._message,
            "SUBSCRIBE": self._subscribe,
            "PUBLISH": self._publish,
            "REFER": self._refer,
        }

    def __len__(self) -> int:
        """INVITEs that wait for their answer."""
        return len(self._invitations)

    def arrived(self, transaction: ServerTransaction, reply: Reply, now: float) -> Response | None:
        """Take a new request; see `Newcomers`."""
        request, rooms = transaction.request, self._rooms
        if request.method == "OPTIONS":
            return self._options(request)
        if request.method == "NOTIFY" and (trunk := rooms.trunks.sender(request, transaction.flow)) is not None:
            reply(request.reply(200), now)  # what providers tell unasked
            trunk.notified(request, now)
            return None
        handler = self._methods.get(request.method)
        if handler is None:
            return request.reply(481)  # BYE, INFO, PRACK, UPDATE, NOTIFY without a dialog
        admitted = rooms.gatekeeper.admit(request, transaction.flow, now)
        if isinstance(admitted, Response):
            return admitted
        rooms.reach.asked(request, transaction.flow)
        handler(transaction, admitted, reply, now)
        return None

    def screened(self, transaction: ServerTransaction, refusal: Response, now: float) -> None:
        """Tell of a telephone that is not registered because it cannot be understood; see `Newcomers`."""
        request = transaction.request
        if request.method == "REGISTER":
            self._not_registered(number_of(request.to.uri), transaction.flow, refusal, now)

    def early(self, dialog: DialogId) -> Member | None:
        """Who takes requests in an early dialog; see `Newcomers`."""
        return self._rooms.legs.early(dialog)

    def tag(self, invite: ServerTransaction) -> str | None:
        """Our tag in the dialog of an INVITE; see `Newcomers`."""
        session = self._invitations.get(invite)
        return None if session is None else session.tag

    def cancelled(self, invite: ServerTransaction, cancel: Request, now: float) -> None:
        """Take a CANCEL; see `Newcomers`."""
        session = self._invitations.get(invite)
        if session is not None:
            session.cancelled(cancel, now)

    def settled(self, transaction: ServerTransaction) -> None:
        """An INVITE can be cancelled no longer; see `Newcomers`."""
        self._invitations.pop(transaction, None)

    # By method.

    def _invited(self, transaction: ServerTransaction, account: Account, reply: Reply, now: float) -> None:
        request, rooms = transaction.request, self._rooms
        if isinstance(request.uri, OtherUri):
            called = self._help
            if not called:
                reply(request.reply(416), now)
                return
        else:
            trunk = rooms.trunks.named(account.user) if account.trunk else None
            called = number_of(request.uri) if trunk is None else trunk.called(request)
        made = rooms.legs.accept(request, reply, account, called, transaction.flow, now)
        if isinstance(made, Response):
            if made.status == 488:
                self._refused(AccessRefused(account.user, "INVITE", transaction.flow, why_not_taken(made)), now)
            reply(made, now)
        else:
            self._invitations[transaction] = made

    def _register(self, transaction: ServerTransaction, account: Account, reply: Reply, now: float) -> None:
        response = self._rooms.registrar.register(transaction.request, account, transaction.flow, now)
        if response.status >= 300:
            self._not_registered(account.user, transaction.flow, response, now)
        if self._wall is not None and response.status == 200:
            # RFC 3261 10.3 step 8: telephones set their clock by it.
            response.headers.set("Date", format_datetime(self._wall().astimezone(UTC), usegmt=True))
        reply(response, now)

    def _not_registered(self, user: str, flow: Flow, response: Response, now: float) -> None:
        self._refused(AccessRefused(user, "REGISTER", flow, why_not_registered(response, flow)), now)

    def _message(self, transaction: ServerTransaction, account: Account, reply: Reply, now: float) -> None:
        self._rooms.messages.receive(transaction.request, account, transaction.flow, reply, now)

    def _subscribe(self, transaction: ServerTransaction, account: Account, reply: Reply, now: float) -> None:
        self._rooms.watching.subscribe(transaction.request, account, transaction.flow, reply, now)

    def _publish(self, transaction: ServerTransaction, account: Account, reply: Reply, now: float) -> None:
        reply(self._rooms.watching.publications.publish(transaction.request, account, now), now)

    def _refer(self, transaction: ServerTransaction, account: Account, reply: Reply, now: float) -> None:
        refusal = self._rooms.legs.refer(transaction.request, account, transaction.flow, reply, now)
        if refusal is not None:
            reply(refusal, now)

    def _options(self, request: Request) -> Response:
        response = abilities(request)
        response.headers.set("Allow-Events", self._rooms.watching.notifier.allow_events)
        return response
