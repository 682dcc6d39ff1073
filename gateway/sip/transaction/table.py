"""The transaction layer: finds the transaction of each message (RFC 3261 sections 17.1.3 and 17.2.3) and drives it.

Parsed messages and times enter; datagrams leave by `outgoing`, and its user is told at once what happens. It never
raises for what a peer sent, and holds a bounded number of transactions: beyond it new requests get 503.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.core.errors import Exhausted
from gateway.core.frozen import frozen
from gateway.core.repeated import FEW
from gateway.sip.headers import MAGIC_COOKIE, is_unique
from gateway.sip.message import Request, Response
from gateway.sip.points import ListeningPoints
from gateway.sip.schedule import Schedule
from gateway.sip.token import Tokens
from gateway.sip.transaction.base import ClientTransaction, Key, ServerTransaction, Transaction, TransactionUser
from gateway.sip.transaction.invite_client import InviteClient
from gateway.sip.transaction.invite_server import InviteServer
from gateway.sip.transaction.plain_client import PlainClient
from gateway.sip.transaction.plain_server import PlainServer
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import WRITTEN, Address, Datagram, Flow, response_flow, response_flow_anew, stamp
from gateway.sip.uri import host_text

__all__ = ["MAX_DATAGRAM", "MAX_TRANSACTIONS", "Stranded", "TransactionLayer"]

MAX_TRANSACTIONS: Final = 60_000
"""A transaction lives 32 s after its end, and a call through us has four: some 450 calls a second, in 200 MB."""

MAX_DATAGRAM: Final = 1300
"""Section 18.1.1, where the path's MTU is not known: 1500 of Ethernet less 200 for what the network adds."""

NOWHERE: Final[Mapping[str, Flow]] = MappingProxyType({})
"""Nobody is reached elsewhere."""

_RETRY_AFTER: Final = 5
"""Seconds that a peer is asked to wait when we are full."""


@frozen
class Stranded:
    """What becomes of those whose flow is gone.

    Attributes:
        anew: by which new connections INVITEs that came on it are answered from now on, by their Call-IDs.
        failed: those that go by no other; whoever told of the flow has each of them `fail`.
    """

    anew: Mapping[str, Flow]
    failed: Sequence[Transaction]


class TransactionLayer:
    """All transactions of one stack.

    Attributes:
        user: who hears what happens.
        unsent: what `outgoing` will hand over.

    Args:
        user: the same.
        config: timer intervals.
        limit: how many transactions may live at a time.
        datagram: octets beyond which a request goes by TCP where UDP was asked for (section 18.1.1); 0 for none.
        points: where we listen, TCP among it or not.
        schedule: where timers run; one of its own where there is none.
        token: makes branches and tags that nobody can guess.
    """

    def __init__(
        self,
        user: TransactionUser,
        *,
        config: TimerConfig | None = None,
        limit: int = MAX_TRANSACTIONS,
        datagram: int = MAX_DATAGRAM,
        points: ListeningPoints | None = None,
        schedule: Schedule | None = None,
        token: Callable[[], str] | None = None,
    ) -> None:
        self.unasked = 0
        """Responses that belong to nothing of ours."""
        self.turned_away = 0
        """Requests that were refused for want of room."""
        self.user = user
        self._config = config or TimerConfig()
        self._limit = limit
        self._token = token or Tokens()
        self._clients: dict[Key, ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}
        self._by_flow: defaultdict[Flow, set[Transaction]] = defaultdict(set)
        self._datagram = datagram
        self._points = points if points is not None else ListeningPoints()
        self._too_long: dict[Transaction, Flow] = {}  # by TCP for their length: the flow that was asked for
        self._moved: set[Transaction] = set()  # by another connection than they began with
        self._merge_keys: dict[Key, ServerTransaction] = {}
        self._schedule = schedule if schedule is not None else Schedule()
        self.after: Final = self._schedule.after
        self.at: Final = self._schedule.at
        self.unsent: list[Datagram] = []

    def __len__(self) -> int:
        """How many transactions live: 0 once all is quiet, or something leaks."""
        return len(self._clients) + len(self._servers)

    # What arrives

    def receive(self, message: Request | Response, flow: Flow, now: float) -> None:
        """Take in a parsed message that came on `flow`."""
        if type(message) is Request:
            self._receive_request(message, flow, now)
            return
        typed = message.headers.typed
        method = typed["cseq"].method
        via, *further = typed["via"]
        # 17.1.3; our branches are unique, so sent-by adds nothing.
        transaction = self._clients.get((via.branch, method))
        # 8.1.3.3: a response with more Vias than ours was not meant for us.
        if further:
            self.unasked += 1
        elif transaction is not None:
            transaction.receive(message, now)
        elif method == "INVITE" and 200 <= message.status < 300:
            self.user.stray_arrived(message, flow, now)
        else:
            self.unasked += 1

    def flow_failed(
        self, flow: Flow, now: float, *, again: bool = False, elsewhere: Mapping[str, Flow] = NOWHERE
    ) -> Stranded:
        """A connection has closed, or the network says that the peer of `flow` cannot be reached.

        What is owed or asked goes by another connection where there can be one, once.

        Args:
            again: whether another connection can be made to the same place.
            elsewhere: by which connections peers are reached from now on, by the Call-IDs of their dialogs.
        """
        anew: dict[str, Flow] = {}
        failed: list[Transaction] = []
        for transaction in list(self._by_flow.get(flow, ())):
            if isinstance(transaction, ServerTransaction):
                way = self._answer_anew(transaction)
                if way is not None and transaction.method == "INVITE":
                    anew[transaction.call_id] = way
            else:
                assert isinstance(transaction, ClientTransaction)  # there are no others
                # An OPTIONS of a dialog asks whether its very way leads to the peer.
                there = None if transaction.method == "OPTIONS" else elsewhere.get(transaction.call_id)
                way = self._ask_anew(transaction, there or (flow if again else None), now)
            if way is None:
                failed.append(transaction)
        return Stranded(anew, failed)

    def _answer_anew(self, transaction: ServerTransaction) -> Flow | None:
        """18.2.2: what is still owed goes by another connection; which, or None where there can be none."""
        sent_by = transaction.sent_by
        if sent_by is None or not transaction.owes_response or transaction in self._moved:
            return None
        way = response_flow_anew(*sent_by, transaction.flow)
        if way is not None:
            self._moved.add(transaction)
            self._move(transaction, way)
            transaction.answer_by(way)
        return way

    def _ask_anew(self, transaction: ClientTransaction, way: Flow | None, now: float) -> Flow | None:
        """Ask the same again, by another connection, or by a datagram after all (18.1.1) where there can be none.

        By its branch the peer knows what it has had already, and says its answer again (17.2.3).
        """
        if not transaction.is_asking:
            return None
        if way is not None and transaction not in self._moved:
            self._moved.add(transaction)
        else:
            way = self._too_long.pop(transaction, None) if transaction.is_unheard else None
        if way is not None:
            self.reroute(transaction, way, now)
        return way

    def reroute(self, transaction: ClientTransaction, way: Flow, now: float) -> None:
        """Ask the same again by `way`; ignored once it is answered."""
        if not transaction.is_asking:
            return
        request = transaction.request
        request.headers.put("via", _via(way, str(transaction.key[0]), request.method))
        self._move(transaction, way)
        transaction.reroute(request.serialise(), way, now)

    def _move(self, transaction: Transaction, way: Flow) -> None:
        """Have it fail with `way`, which it is to be told of, and no longer with the flow that it has."""
        self._leave_flow(transaction)
        self._by_flow[way].add(transaction)

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        method = request.method
        key = _server_key(request, "INVITE" if method == "ACK" else method)
        transaction = self._servers.get(key)
        if transaction is not None:
            if flow != transaction.flow and flow.is_reliable and type(transaction) is PlainServer:
                # Its connection is lost, whether or not we know by now: it waits at this one (18.2.2).
                self._move(transaction, flow)
                transaction.follow(flow)
            transaction.receive(request, now)
            return
        if method == "ACK":
            self.user.ack_arrived(request, flow, now)
            return
        way_back = stamp(request, flow)
        within = request.headers.typed["to"].tag is not None
        if within and (refusal := self.user.stray_refused(request, flow)) is not None:
            self.send(refusal.serialise(), way_back, request.call_id)
        elif len(self._clients) + len(self._servers) >= (self._limit if within else self._limit - self._limit // 4):
            # The last quarter is for dialogs in progress: strangers must not keep calls from ending.
            self.turned_away += 1
            refusal = request.reply(503, to_tag=self._token())
            refusal.headers.set("Retry-After", _RETRY_AFTER)
            self.send_response(refusal, flow)
        elif method == "INVITE":
            invite = InviteServer(key, request, flow, way_back, self, self._config)
            self._tell_request(invite, now, within=within)
            invite.wait(now)
        else:
            self._tell_request(PlainServer(key, request, flow, way_back, self, self._config), now, within=within)

    def _tell_request(self, transaction: ServerTransaction, now: float, *, within: bool) -> None:
        request = transaction.request
        self._servers[transaction.key] = transaction
        self._by_flow[transaction.flow].add(transaction)
        if request.method == "CANCEL":
            self.user.cancel_arrived(transaction, self._servers.get(_server_key(request, "INVITE")), now)
            return
        merged = False
        if not within:
            transaction.merge_key = _merge_key(request)
            merged = self._merge_keys.setdefault(transaction.merge_key, transaction) is not transaction
        self.user.request_arrived(transaction, now, merged=merged)

    # What the user wants

    def request(self, request: Request, flow: Flow, now: float) -> ClientTransaction:
        """Send `request` (not an ACK or CANCEL) in a transaction of its own, under a Via made here.

        The request is copied: the caller may go on and send a changed one. There is always room for a BYE: it
        ends what holds the room.

        Raises:
            Exhausted: as many transactions live as may.
        """
        if len(self._clients) + len(self._servers) >= self._limit and request.method != "BYE":
            raise Exhausted(f"all {self._limit} SIP transactions are in use")
        branch = MAGIC_COOKIE + self._token()
        headers = request.headers.led_by("via", _via(flow, branch, request.method))
        own = Request(request.method, request.uri, headers, request.body)
        data = own.serialise()
        way = flow
        stream = None
        if self._datagram and len(data) > self._datagram and flow.transport == "udp":
            stream = self._points.flow("tcp", flow.remote, local=flow.local[0])
        if stream is not None:
            way = stream
            headers.put("via", _via(way, branch, own.method))
            data = own.serialise()
        kind = InviteClient if own.method == "INVITE" else PlainClient
        transaction = self._open_client(kind, branch, own, data, way, now)
        if way is not flow:
            self._too_long[transaction] = flow
        return transaction

    def cancel(self, transaction: ClientTransaction, now: float, reason: str = "") -> None:
        """Cancel an INVITE of ours (section 9.1): at once, or when the first provisional response comes.

        `reason` is the value of the CANCEL's Reason header, empty for none.

        Its end is told as ever: by a response (487, or a 2xx that was faster), or by TimedOut.
        """
        if isinstance(transaction, InviteClient):
            transaction.cancel(now, reason)

    def send_ack(self, ack: Request, flow: Flow) -> bytes:
        """Send the ACK to a 2xx under a Via made here; returns its octets, with which to repeat it."""
        ack.headers = ack.headers.led_by("via", _via(flow, MAGIC_COOKIE + self._token(), "ACK"))
        data = ack.serialise()
        self.send(data, flow, ack.call_id)
        return data

    def send_response(self, response: Response, flow: Flow) -> None:
        """Answer without a transaction a request that came on `flow`: one that did not parse, or one too many."""
        self.send(response.serialise(), response_flow(response, flow))

    # The engine's face

    def outgoing(self) -> list[Datagram]:
        """Hand over, once, what is to be sent."""
        outgoing, self.unsent = self.unsent, []
        return outgoing

    def deadline(self) -> float | None:
        """When `expire` is wanted, or None."""
        return self._schedule.deadline()

    def expire(self, now: float) -> None:
        """Fire every timer due at `now`."""
        self._schedule.expire(now)

    # The transactions' outlet

    def send(self, data: bytes, flow: Flow, call_id: str = "") -> None:
        """Put a message on the wire."""
        self.unsent.append(Datagram(data, flow, call_id))

    def cancel_wanted(self, transaction: ClientTransaction, cancel: Request, now: float) -> None:
        """Send a CANCEL; it is let through at the limit, since it is what makes room."""
        self._open_client(PlainClient, str(transaction.key[0]), cancel, cancel.serialise(), transaction.flow, now)

    def ended(self, transaction: Transaction) -> None:
        """Forget a transaction."""
        self._moved.discard(transaction)
        if isinstance(transaction, ServerTransaction):
            self._servers.pop(transaction.key, None)
            if transaction.merge_key is not None and self._merge_keys.get(transaction.merge_key) is transaction:
                del self._merge_keys[transaction.merge_key]
        else:
            self._clients.pop(transaction.key, None)
            self._too_long.pop(transaction, None)
        self._leave_flow(transaction)

    def _leave_flow(self, transaction: Transaction) -> None:
        siblings = self._by_flow.get(transaction.flow)
        if siblings is not None:
            siblings.discard(transaction)
            if not siblings:
                del self._by_flow[transaction.flow]

    def _open_client(
        self,
        kind: type[InviteClient] | type[PlainClient],
        branch: str,
        request: Request,
        data: bytes,
        flow: Flow,
        now: float,
    ) -> ClientTransaction:
        key = branch, request.method
        transaction = self._clients[key] = kind(key, request, data, flow, self, self._config, now)
        self._by_flow[flow].add(transaction)
        return transaction


def _via(flow: Flow, branch: str, method: str) -> tuple[str]:
    """The one row of Via of a request of ours.

    RFC 3581: rport asks the peer to answer to where it sees us, through whatever translates addresses. RFC 5923:
    alias lets requests to us come over the connection that we have made. RFC 6223: we would keep the flow of a
    registration.
    """
    alias = ";alias" if flow.name else ""
    keep = ";keep" if method == "REGISTER" else ""
    return (f"{_hop(flow.transport, flow.local)};branch={branch};rport{alias}{keep}",)


@lru_cache(FEW)
def _hop(transport: str, local: Address) -> str:
    """A Via of ours up to its parameters."""
    host, port = local
    sent_by = f"{host_text(host)}:{port}" if port else host_text(host)
    return f"SIP/2.0/{WRITTEN[transport]} {sent_by}"


def _server_key(request: Request, method: str) -> Key:
    """Section 17.2.3: branch and sent-by where the branch is unique, and RFC 2543's headers where it is not.

    The To tag is left out of the latter: an ACK has one that its INVITE had not, and From tag, Call-ID and CSeq
    number tell the transactions of a dialog apart without it. Of the Via only what stamping leaves alone counts: an
    INVITE is looked for by its CANCEL, which is stamped by then.
    """
    via = request.headers.typed["via"][0]
    branch = via.branch
    if branch is not None and is_unique(branch):
        return (branch, via.host.lower(), via.port, method)
    return (
        str(request.uri),
        request.from_.tag,
        request.call_id,
        request.cseq.number,
        branch,
        via.host.lower(),
        via.port,
        method,
    )


def _merge_key(request: Request) -> Key:
    """Section 8.2.2.2."""
    typed = request.headers.typed
    cseq = typed["cseq"]
    return (typed["from"].tag, typed["call-id"], cseq.number, cseq.method)
