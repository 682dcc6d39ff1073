"""Requests of a dialog on their way: by the flow, or to the servers of its route, one after the other.

Where the next hop is the one that was heard, a request is sent there and nowhere else. Else its servers are looked
for (RFC 3263); one that is silent, out of reach or says 503 is passed over for the next (section 4.3), and the flow
over which the peer was heard is the last, or, where it leads to one of them, the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.errors import Exhausted
from gateway.core.frozen import frozen
from gateway.sip.dialog import Dialog
from gateway.sip.message import Request, Response
from gateway.sip.resolve import Located
from gateway.sip.session import Setting
from gateway.sip.transaction.base import ClientTransaction
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri

__all__ = ["Acknowledgement", "Errand", "ack_within", "ack_within_again", "send_within"]

MAX_TRIES: Final = 4
"""Servers that one request is sent to: each may take 32 s to be given up."""


def send_within(
    setting: Setting,
    dialog: Dialog,
    request: Request,
    now: float,
    *,
    answered: Callable[[Response, float], None],
    failed: Callable[[str, float], None],
) -> ClientTransaction | Errand:
    """Send a request of `dialog`; what comes of it is told as by `Carrier.send`.

    Raises:
        Exhausted: there is no room for one more transaction.
    """
    hop = dialog.next_hop()
    if hop is None:
        return setting.carrier.send(request, dialog.flow, now, answered=answered, failed=failed)
    errand = Errand(setting, dialog, request, answered, failed)
    errand.start(hop, now)
    return errand


@frozen
class Acknowledgement:
    """An ACK that was sent.

    Attributes:
        data: its octets.
        flow: by which it went.
        dialog: its dialog, where it went elsewhere than the 2xx came from; else None.
    """

    data: bytes
    flow: Flow
    dialog: Dialog | None


def ack_within(setting: Setting, dialog: Dialog, ack: Request, now: float) -> Acknowledgement:
    """Send the ACK for a 2xx.

    It cannot wait for name servers: where they have not answered yet it goes to where the 2xx came from.
    """
    flow = dialog.flow
    hop = dialog.next_hop()
    if hop is not None:
        found: list[Flow] = []
        setting.resolver.locate(hop, lambda located, _: found.extend(located.flows), now)
        flow = next(iter(_ways(setting, dialog, hop, found, now)), flow)
    return Acknowledgement(setting.carrier.send_ack(ack, flow, now), flow, None if flow is dialog.flow else dialog)


def ack_within_again(setting: Setting, sent: Acknowledgement, now: float) -> None:
    """Send an ACK again, for a 2xx that has come again.

    One that went elsewhere than the 2xx came from may never have arrived: it goes there as well, and so does what
    follows.
    """
    setting.carrier.resend(sent.data, sent.flow, now)
    if sent.dialog is not None:
        sent.dialog.keep_to_flow()
        setting.carrier.resend(sent.data, sent.dialog.flow, now)


class Errand:
    """One request on its way; see `send_within`."""

    __slots__ = (
        "_answered",
        "_dialog",
        "_failed",
        "_is_over",
        "_left",
        "_request",
        "_setting",
        "_transaction",
        "_way",
    )

    def __init__(
        self,
        setting: Setting,
        dialog: Dialog,
        request: Request,
        answered: Callable[[Response, float], None],
        failed: Callable[[str, float], None],
    ) -> None:
        self._setting = setting
        self._dialog = dialog
        self._request = request
        self._answered = answered
        self._failed = failed
        self._left: list[Flow] = []
        self._way = dialog.flow
        self._transaction: ClientTransaction | None = None
        self._is_over = False

    def start(self, hop: SipUri, now: float) -> None:
        """Look for the servers of `hop` and send it to the first.

        Raises:
            Exhausted: there is no room for one more transaction.
        """
        refused: list[Exhausted] = []

        def located(found: Located, at: float) -> None:
            if self._is_over:
                return
            self._left = _ways(self._setting, self._dialog, hop, found.flows, at)
            try:
                self._send(at)
            except Exhausted as fault:
                refused.append(fault)
                if begun:
                    self._fail(str(fault), at)

        begun = False
        self._setting.resolver.locate(hop, located, now)
        begun = True
        if refused:
            raise refused[0]

    def cancel(self, now: float) -> None:
        """It is not wanted any more: cancel an INVITE that is under way, look for no other server."""
        self._left = []
        if self._transaction is not None:
            self._setting.carrier.cancel(self._transaction, now, "")
        else:
            self._fail("it was given up", now)

    def _send(self, now: float) -> None:
        self._way = self._left.pop(0)
        self._transaction = self._setting.carrier.send(
            self._request, self._way, now, answered=self._heard, failed=self._silent
        )

    def _heard(self, response: Response, now: float) -> None:
        if response.status != 503 or not self._goes_on(now):
            self._is_over = self._is_over or response.is_final
            self._answered(response, now)

    def _silent(self, evidence: str, now: float) -> None:
        if not self._goes_on(now):
            self._fail(evidence, now)

    def _goes_on(self, now: float) -> bool:
        """Whether it was sent to another server (RFC 3263 4.3): the same request, by a Via of its own."""
        if not self._left:
            return False
        try:
            self._send(now)
        except Exhausted:
            return False
        if self._way == self._dialog.flow:
            self._dialog.keep_to_flow()  # nobody was where it says that it is
        return True

    def _fail(self, evidence: str, now: float) -> None:
        if not self._is_over:
            self._is_over = True
            self._failed(evidence, now)


def _ways(setting: Setting, dialog: Dialog, hop: SipUri, found: Sequence[Flow], now: float) -> list[Flow]:
    """In which order the servers of `hop` are tried.

    Whoever was heard holds the dialog, and comes first where it is one of them and has not failed lately, or where
    nobody knows any; else it is the last.
    """
    heard = dialog.flow
    others = [_beside(heard, flow) for flow in found if not _leads_to(heard, flow)]
    is_one = len(others) < len(found) or dialog.is_with(hop)
    first = [heard] if (is_one or not found) and not setting.resolver.is_dead(heard, now) else []
    ways = [*first, *others[: MAX_TRIES - 1]]
    return ways if first else [*ways, heard]


def _leads_to(heard: Flow, found: Flow) -> bool:
    return heard.transport == found.transport and (
        heard.remote == found.remote or (heard.is_reliable and heard.remote[0] == found.remote[0])
    )


def _beside(heard: Flow, found: Flow) -> Flow:
    """A datagram leaves from the address that the peer knows."""
    if heard.transport == found.transport == "udp":
        return Flow("udp", heard.local, found.remote)
    return found
