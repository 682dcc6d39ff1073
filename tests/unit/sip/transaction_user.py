"""A transaction user that only writes down what it is told, and a layer with such a one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.sip.message import Request, Response
from gateway.sip.transaction.base import ClientTransaction, ServerTransaction, Transaction
from gateway.sip.transaction.table import TransactionLayer
from gateway.sip.transport import Flow


@dataclass(frozen=True)
class RequestArrived:
    transaction: ServerTransaction
    request: Request
    cancels: ServerTransaction | None = None
    merged: bool = False


@dataclass(frozen=True)
class AckArrived:
    request: Request
    flow: Flow


@dataclass(frozen=True)
class ResponseArrived:
    transaction: ClientTransaction
    response: Response


@dataclass(frozen=True)
class StrayResponse:
    response: Response
    flow: Flow


@dataclass(frozen=True)
class Settled:
    transaction: ClientTransaction


@dataclass(frozen=True)
class TimedOut:
    transaction: Transaction
    evidence: str


@dataclass(frozen=True)
class TransportFailed:
    transaction: Transaction


Told = RequestArrived | AckArrived | ResponseArrived | StrayResponse | Settled | TimedOut | TransportFailed


class Listener:
    """See `TransactionUser`."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def request_arrived(self, transaction: ServerTransaction, now: float, *, merged: bool) -> None:
        self.told.append(RequestArrived(transaction, transaction.request, merged=merged))

    def stray_refused(self, request: Request, flow: Flow) -> Response | None:
        return None

    def cancel_arrived(self, transaction: ServerTransaction, invite: ServerTransaction | None, now: float) -> None:
        self.told.append(RequestArrived(transaction, transaction.request, invite))

    def ack_arrived(self, ack: Request, flow: Flow, now: float) -> None:
        self.told.append(AckArrived(ack, flow))

    def response_arrived(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        self.told.append(ResponseArrived(transaction, response))

    def stray_arrived(self, response: Response, flow: Flow, now: float) -> None:
        self.told.append(StrayResponse(response, flow))

    def settled(self, transaction: ClientTransaction, now: float) -> None:
        self.told.append(Settled(transaction))

    def timed_out(self, transaction: Transaction, evidence: str, now: float) -> None:
        self.told.append(TimedOut(transaction, evidence))

    def transport_failed(self, transaction: Transaction, now: float) -> None:
        self.told.append(TransportFailed(transaction))


class Layer(TransactionLayer):
    """A transaction layer, and what its user was told."""

    def __init__(self, **given: Any) -> None:
        self._listener = Listener()
        super().__init__(self._listener, **given)

    def lose(self, flow: Flow, now: float = 0.0, **how: Any) -> Mapping[str, Flow]:
        """A flow is gone, and with it what goes by no other; by which INVITEs are answered."""
        stranded = self.flow_failed(flow, now, **how)
        for transaction in stranded.failed:
            transaction.fail(now)
        return stranded.anew

    def events(self) -> list[Told]:
        """What was told since this was asked last."""
        told, self._listener.told = self._listener.told, []
        return told
