"""What every transaction is: a request, a flow, a machine and its timers.

A message, a due timer or a failed flow enters; through its Outlet leave messages to send and what its user should
hear. A machine's table names the methods that carry out its actions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, Protocol

from gateway.core.machine import Machine
from gateway.sip.message import Request, Response
from gateway.sip.schedule import Alarm
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Flow, response_flow

__all__ = ["ClientTransaction", "Key", "Outlet", "ServerTransaction", "Transaction"]

Key = tuple[str, ...]
"""What a message must bring along to belong to a transaction."""


class Outlet(Protocol):
    """Where a transaction's effects go; the layer is one."""

    def send(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Put a message on the wire."""
        ...

    def at(self, when: float, action: Callable[[float], None]) -> Alarm:
        """Have `action` called at `when`."""
        ...

    def response_arrived(self, transaction: ClientTransaction, response: Response) -> None:
        """Tell the user of a response."""
        ...

    def ack_arrived(self, transaction: ServerTransaction, ack: Request) -> None:
        """Tell the user of the ACK to its 2xx."""
        ...

    def cancel_wanted(self, transaction: ClientTransaction, cancel: Request, now: float) -> None:
        """Send `cancel`, the CANCEL for the transaction's request."""
        ...

    def timed_out(self, transaction: Transaction, evidence: str) -> None:
        """Tell the user that the peer was silent for too long: "timer B after 32 s"."""
        ...

    def transport_failed(self, transaction: Transaction) -> None:
        """Tell the user that the transaction's flow is gone."""
        ...

    def settled(self, transaction: ClientTransaction) -> None:
        """Tell the user that no more 2xx can come."""
        ...

    def ended(self, transaction: Transaction) -> None:
        """Forget the transaction."""
        ...


class Transaction(ABC):
    """A transaction of any kind.

    Attributes:
        key: what it is found by.
        request: the request that began it; but for an INVITE of ours, until it has its final response.
        method, call_id: of that request.
        flow: the way to the peer.
        timers: those that run.
    """

    __slots__ = ("_config", "_machine", "_outlet", "call_id", "flow", "key", "method", "request", "timers")

    def __init__(
        self,
        key: Key,
        request: Request,
        flow: Flow,
        outlet: Outlet,
        config: TimerConfig,
        machine: Machine[Any, Any],
    ) -> None:
        self.key = key
        self.request = request
        self.method = request.method
        self.call_id = request.call_id
        self.flow = flow
        self.timers: dict[Enum, Alarm] = {}
        self._outlet = outlet
        self._config = config
        self._machine = machine

    @property
    def state(self) -> Enum:
        """Where its machine stands."""
        state: Enum = self._machine.state
        return state

    @property
    def is_over(self) -> bool:
        """Whether it has reached Terminated, which takes no input."""
        return not self._machine.table[self._machine.state]

    @abstractmethod
    def fail(self, now: float) -> None:
        """Its flow does not carry what it sends."""

    def _expire(self, timer: Enum, now: float) -> None:
        del self.timers[timer]
        self._feed(timer, now)

    def _feed(self, given: Enum, now: float, message: Any = None) -> None:
        machine = self._machine
        action = machine.feed(given)
        if action:
            getattr(self, action)(now, message)
        if not machine.table[machine.state]:
            self._stop(*self.timers)
            self._outlet.ended(self)

    def _start(self, timer: Enum, at: float) -> None:
        if timer in self.timers:
            self.timers[timer].cancel()
        self.timers[timer] = self._outlet.at(at, partial(self._expire, timer))

    def _stop(self, *timers: Enum) -> None:
        for timer in timers:
            alarm = self.timers.pop(timer, None)
            if alarm is not None:
                alarm.cancel()

    def _tell_time_out(self, timer: Enum) -> None:
        self._outlet.timed_out(self, f"{timer.value} after {self._config.patience:g} s")

    def _linger(self, seconds: float) -> float:
        """`seconds` over UDP; nothing over a transport that repeats what is lost."""
        return 0.0 if self.flow.is_reliable else seconds


class ClientTransaction(Transaction):
    """A transaction that we began."""

    __slots__ = ()

    @abstractmethod
    def receive(self, response: Response, now: float) -> None:
        """A response to its request has come in."""

    @property
    @abstractmethod
    def is_unheard(self) -> bool:
        """Whether nothing at all has come back yet."""

    @abstractmethod
    def reroute(self, data: bytes, flow: Flow, now: float) -> None:
        """Send the request another way, as `data`; only while it is unheard."""

    def _pass_up(self, now: float, response: Response) -> None:
        self._outlet.response_arrived(self, response)


class ServerTransaction(Transaction):
    """A transaction that the peer began.

    Attributes:
        merge_key: what the same request has in common that came by another way (RFC 3261 section 8.2.2.2).
    """

    __slots__ = ("_latest", "_way_back", "merge_key")

    def __init__(
        self,
        key: Key,
        request: Request,
        flow: Flow,
        outlet: Outlet,
        config: TimerConfig,
        machine: Machine[Any, Any],
    ) -> None:
        super().__init__(key, request, flow, outlet, config, machine)
        self.merge_key: Key | None = None
        self._latest = b""
        self._way_back = response_flow(request, flow)

    def answer_once(self, response: Response) -> None:
        """Send a response and be over at once: the same request, again, is another one (RFC 3261 8.2.7)."""
        self._say(response)
        self._stop(*self.timers)
        self._outlet.ended(self)

    def _say(self, response: Response) -> None:
        """Send a response, and keep it for those who ask again."""
        self._latest = response.serialise()
        self._outlet.send(self._latest, self._way_back, self.call_id)

    def _say_finally(self, response: Response) -> None:
        """Send the first final response, after which the request is of no more use."""
        self._say(response)
        del self.request

    def _say_again(self) -> None:
        if self._latest:
            self._outlet.send(self._latest, self._way_back, self.call_id)

    @abstractmethod
    def receive(self, request: Request, now: float) -> None:
        """Its request has come in again, or for an INVITE the ACK."""

    @abstractmethod
    def respond(self, response: Response, now: float) -> None:
        """Send a response to its request; ignored where the transaction's state has no use for it."""
