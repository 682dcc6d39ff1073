"""A dialog (RFC 3261 section 12): the peer-to-peer relation that the requests of a call share.

A Dialog is made from the messages that create it, checks the order of the requests that come in on it, and writes
those that go out, with the route set and remote target of the moment. It neither sends nor waits, and knows
nothing of calls: what an INVITE or a BYE means is for the session.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.fields import Headers
from gateway.sip.headers import NameAddr
from gateway.sip.identity import number_of
from gateway.sip.message import Message, Request, Response
from gateway.sip.next_hop import BROWSERS, called, is_at, next_hop, sender
from gateway.sip.parameters import Parameters
from gateway.sip.reading import Rows
from gateway.sip.transport import PORTS, Flow, is_address
from gateway.sip.uri import OtherUri, SipUri, Uri

__all__ = ["Dialog", "DialogId", "dialog_id"]

MAX_FORWARDS: Final = 70
"""RFC 3261 8.1.1.6."""
TARGET_REFRESH: Final = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})
"""Requests whose Contact replaces the remote target (RFC 3261 12.2, RFC 3311 5.1, RFC 6665 4.4.1, RFC 3515 2.2)."""
UNTELLING: Final = frozenset({"ACK", "BYE"})
"""Requests after which none of ours needs a way that it did not need before."""


@frozen
class DialogId:
    """What identifies a dialog at our side (RFC 3261 section 12)."""

    call_id: str
    local_tag: str
    remote_tag: str


def dialog_id(request: Request) -> DialogId:
    """The dialog of a request that came in. A missing tag reads as "" (an RFC 2543 peer, section 12.1.1)."""
    typed = request.headers.typed
    return DialogId(typed["call-id"], typed["to"].tag or "", typed["from"].tag or "")


class Dialog:
    """One dialog, from its first tag to its end.

    Attributes:
        id: Call-ID and tags.
        local, remote: the From and To of our requests, tags included.
        target: where the peer wants to be reached (its Contact).
        routes: the route set in the order in which our requests visit it.
        flow: the path on which the peer was last heard; our requests go over it where `next_hop` says nothing else.
        contact: what our requests and answers show as ours.
        local_number: CSeq number of our latest request.
    """

    __slots__ = (
        "_peer",
        "_remote_number",
        "contact",
        "flow",
        "id",
        "local",
        "local_number",
        "remote",
        "routes",
        "target",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        target: Uri,
        routes: tuple[NameAddr, ...],
        flow: Flow,
        contact: NameAddr,
        local_number: int,
        remote_number: int | None,
    ) -> None:
        self.id = DialogId(call_id, local.tag or "", remote.tag or "")
        self.local = local
        self.remote = remote
        self.target = target
        self.routes = routes
        self.flow = flow
        self.local_number = local_number
        self.contact = contact
        self._remote_number = remote_number
        self._peer = flow.remote[0]

    def confer(self, number: str) -> None:
        """Be seen as the focus of a conference that is called and watched at `number`, or, with "", as none.

        RFC 4579 section 5.1, with the feature tag of RFC 3840 section 18.
        """
        uri, parameters = self.contact.uri, self.contact.parameters.without("isfocus")
        if number and isinstance(uri, SipUri):
            uri = replace(uri, user=SipUri.of(number, uri.host).user)
            parameters = parameters.having("isfocus")
        self.contact = NameAddr(uri, self.contact.display, parameters)

    @property
    def conference(self) -> str:
        """The number at which we are seen as the focus of a conference; "" where we are not."""
        return number_of(self.contact.uri) if "isfocus" in self.contact.parameters else ""

    def readdress(self, host: str, port: int) -> None:
        """We are reached at another address."""
        uri = self.contact.uri
        if isinstance(uri, SipUri):
            self.contact = replace(self.contact, uri=replace(uri, host=host, port=port))

    @classmethod
    def as_server(cls, request: Request, *, tag: str, flow: Flow, contact: NameAddr, number: int) -> Dialog:
        """The dialog that our answer to `request` makes (section 12.1.1).

        Args:
            tag: our tag.
            flow: how the request came.
            contact: what our own requests and answers will show.
            number: the CSeq number before our first request.

        Raises:
            MalformedError: the request has no usable Contact.
        """
        typed = request.headers.typed
        dialog = cls(
            call_id=typed["call-id"],
            local=typed["to"].tagged(tag),
            remote=typed["from"],
            target=_contact(request),
            routes=typed["record-route"] if "record-route" in request.headers.rows else (),
            flow=flow,
            contact=contact,
            local_number=number,
            remote_number=typed["cseq"].number,
        )
        if dialog.next_hop() is not None:
            dialog._peer = sender(request, flow)
        return dialog

    @classmethod
    def as_client(cls, request: Request, response: Response, *, flow: Flow, contact: NameAddr) -> Dialog:
        """The dialog that `response` to our `request` makes (section 12.1.2).

        Where the response has no usable Contact, which breaks section 12.1.1, the peer stays where the request
        found it: a call that is up should not end for that.
        """
        try:
            target = _contact(response)
        except MalformedError:
            target = request.uri
        asked, told = request.headers.typed, response.headers.typed
        dialog = cls(
            call_id=asked["call-id"],
            local=asked["from"],
            remote=told["to"],
            target=target,
            routes=told["record-route"][::-1] if "record-route" in response.headers.rows else (),
            flow=flow,
            contact=contact,
            local_number=asked["cseq"].number,
            remote_number=None,
        )
        if dialog.next_hop() is not None:
            # A proxy that was set beforehand and has recorded no route carries the whole call all the same.
            dialog._peer = "" if request.route and not dialog.routes else called(request, flow)
        return dialog

    @classmethod
    def of_response(cls, response: Response, *, flow: Flow, contact: NameAddr) -> Dialog:
        """The dialog that a 2xx to a request of ours makes, known from the response alone.

        Raises:
            MalformedError: it names no Contact to reach the peer at.
        """
        return cls(
            call_id=response.call_id,
            local=response.from_,
            remote=response.to,
            target=_contact(response),
            routes=response.record_route[::-1],
            flow=flow,
            contact=contact,
            local_number=response.cseq.number,
            remote_number=None,
        )

    def confirm(self, response: Response) -> None:
        """A 2xx confirms this early dialog: its route set and target are the ones that count (13.2.2.4)."""
        self.routes = response.record_route[::-1]
        self.refresh(response, "INVITE")

    def takes(self, request: Request) -> bool:
        """Whether `request` is in order: one that is not is answered with 500 (section 12.2.2).

        A request that is taken moves the count on. ACK and CANCEL repeat a number and are not to be asked about.
        """
        number = request.cseq.number
        if self._remote_number is not None and number <= self._remote_number:
            return False
        self._remote_number = number
        return True

    def refresh(self, message: Message, method: str) -> None:
        """Take over the remote target from a target refresh request that was accepted, or from its 2xx."""
        if method in TARGET_REFRESH and message.contacts and not isinstance(message.contacts[0].uri, OtherUri):
            self.target = _requested(message.contacts[0].uri)
            if isinstance(message, Request) and self.next_hop() is not None:
                self._peer = sender(message, self.flow)

    def heard(self, request: Request, flow: Flow) -> None:
        """A request of the peer has come by `flow`."""
        self.flow = flow
        if request.method not in UNTELLING and (not self._peer or self.next_hop() is not None):
            self._peer = sender(request, flow)

    def moved(self, before: Flow, after: Flow) -> bool:
        """Whoever was reached by one flow is reached by another; whether that is the peer."""
        if self.flow != before:
            return False
        was_there = self.next_hop() is None
        self.flow = after
        if was_there and self.next_hop() is not None:
            self.keep_to_flow()  # its Contact names the place that it has left
        return True

    def next_hop(self) -> SipUri | None:
        """Whose servers our next request is for, when not, or not only, by `flow` (section 8.1.2)."""
        hop = self.routes[0].uri if self.routes else self.target
        host, port = self.flow.remote
        if isinstance(hop, SipUri) and hop.host == host and hop.port == port and not hop.parameters.pairs:
            return None
        return next_hop(hop, self.flow, self._peer)

    def is_with(self, hop: SipUri) -> bool:
        """Whether the peer, where it was heard, is `hop` by name."""
        return hop.host.lower() == self._peer and not is_address(hop.host)

    def keep_to_flow(self) -> None:
        """What the peer calls itself leads nowhere: it is reached where it is heard, until it is heard anew."""
        self._peer = ""

    def lives_on(self, flow: Flow) -> bool:
        """Whether the peer can be reached by `flow` alone."""
        return flow == self.flow and self.next_hop() is None

    def way_anew(self) -> Flow | None:
        """By which new connection the peer can be reached, where it names the host at the end of the one it had."""
        hop, flow = self.routes[0].uri if self.routes else self.target, self.flow
        if not flow.is_reliable or flow.transport in BROWSERS:
            return None
        if not self._peer or not isinstance(hop, SipUri) or not is_at(hop, flow):
            return None
        return flow._replace(remote=(flow.remote[0], hop.port or PORTS[flow.transport]))

    def request(self, method: str) -> Request:
        """A new request in the dialog (section 12.2.1.1), still without Via, which its transaction adds."""
        return self._write(method, self.count())

    def count(self) -> int:
        """The CSeq number of our next request."""
        self.local_number += 1
        return self.local_number

    def ack(self, number: int) -> Request:
        """The ACK for the 2xx to our INVITE of CSeq `number` (section 13.2.2.4)."""
        return self._write("ACK", number)

    def _write(self, method: str, number: int) -> Request:
        uri, routes = self._path() if self.routes else (self.target, ())
        # All of it has been through the parser, or is ours.
        rows: dict[str, Rows] = {"max-forwards": (str(MAX_FORWARDS),)}
        if routes:
            rows["route"] = tuple([str(route) for route in routes])
        rows["from"] = (str(self.local),)
        rows["to"] = (str(self.remote),)
        rows["call-id"] = (self.id.call_id,)
        rows["cseq"] = (f"{number} {method}",)
        if method in TARGET_REFRESH:
            rows["contact"] = (str(self.contact),)
        headers = Headers(rows=rows)
        headers.typed["call-id"] = self.id.call_id
        return Request(method, uri, headers)

    def _path(self) -> tuple[Uri, tuple[NameAddr, ...]]:
        """Request-URI and Route of a request that has routes (12.2.1.1), for loose and for strict first hops."""
        first = self.routes[0].uri
        if not isinstance(first, SipUri) or first.is_loose_router:
            return self.target, self.routes
        # A strict router wants itself in the Request-URI and the target as the last Route.
        return first.requested(), (*self.routes[1:], NameAddr(self.target, "", Parameters()))


def _contact(message: Message) -> Uri:
    contacts: tuple[NameAddr, ...] = message.headers.typed["contact"]
    if len(contacts) != 1 or isinstance(contacts[0].uri, OtherUri):
        # Section 8.1.1.8: exactly one, in everything that can make a dialog.
        raise MalformedError("one Contact with a SIP URI is needed to make a dialog")
    uri = contacts[0].uri
    return uri.requested() if isinstance(uri, SipUri) else uri


def _requested(uri: Uri) -> Uri:
    return uri.requested() if isinstance(uri, SipUri) else uri
