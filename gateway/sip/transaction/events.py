"""What the transaction layer tells its user (the stack)."""

from __future__ import annotations

from gateway.core.frozen import frozen
from gateway.sip.message import Request, Response
from gateway.sip.transaction.base import ClientTransaction, ServerTransaction, Transaction
from gateway.sip.transaction.invite_server import InviteServer
from gateway.sip.transport import Flow

__all__ = [
    "AckArrived",
    "RequestArrived",
    "ResponseArrived",
    "Settled",
    "StrayResponse",
    "TimedOut",
    "TransactionEvent",
    "TransportFailed",
]


@frozen
class RequestArrived:
    """A new request, which waits for `TransactionLayer.respond`.

    Attributes:
        transaction: its server transaction.
        request: the request, Via stamped.
        cancels: for a CANCEL, the INVITE that it is for; None where there is none (answer 481).
        merged: whether the same request is here already by another way (RFC 3261 section 8.2.2.2: answer 482).
    """

    transaction: ServerTransaction
    request: Request
    cancels: InviteServer | None = None
    merged: bool = False


@frozen
class AckArrived:
    """An ACK that acknowledges a 2xx, or nothing that we know of; an ACK to a refusal is not told.

    Attributes:
        request: the ACK.
        flow: how it came.
    """

    request: Request
    flow: Flow


@frozen
class ResponseArrived:
    """A response to a request of ours; each 2xx to an INVITE is told as often as it comes."""

    transaction: ClientTransaction
    response: Response


@frozen
class Settled:
    """An INVITE of ours that was answered: its transaction is over, and no more 2xx can come in it."""

    transaction: ClientTransaction


@frozen
class StrayResponse:
    """A 2xx to an INVITE whose transaction is over: a late repetition or fork, to be acknowledged (13.2.2.4)."""

    response: Response
    flow: Flow


@frozen
class TimedOut:
    """The peer was silent; the transaction is over.

    Attributes:
        transaction: a client transaction without a final response, or an INVITE server one without an ACK.
        evidence: which timer, for people: "timer B after 32 s".
    """

    transaction: Transaction
    evidence: str


@frozen
class TransportFailed:
    """The transaction's flow is gone, and but for an accepted INVITE the transaction is over with it."""

    transaction: Transaction


TransactionEvent = (
    RequestArrived | AckArrived | ResponseArrived | Settled | StrayResponse | TimedOut | TransportFailed
)
