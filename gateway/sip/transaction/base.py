"""What every transaction is: a request, a flow, a machine and its timers.

A message, a due timer or a failed flow enters; through its Outlet leave messages to send, and its user hears what
comes of it. A machine's table names the methods that carry out its actions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar, Final, Protocol

from gateway.core.machine import Acting
from gateway.sip.message import Request, Response
from gateway.sip.schedule import Alarm
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Flow

__all__ = ["ClientTransaction", "Key", "Outlet", "ServerTransaction", "Transaction", "TransactionUser"]

Key = tuple[str | int | None, ...]
"""What a message must bring along to belong to a transaction."""

UNIQUE: Final = 4
"""Parts of the key of a request that came: branch, host and port of sent-by, and method (section 17.2.3)."""


class TransactionUser(Protocol):
    """The transaction user (RFC 3261 section 6): hears what happens, at once, and may answer and send at once."""

    def request_arrived(self, transaction: ServerTransaction, now: float, *, merged: bool) -> None:
        """A new request, but for ACK and CANCEL, which waits for `ServerTransaction.respond`; its Via is stamped.

        Args:
            merged: the same request is here already by another way (RFC 3261 section 8.2.2.2: answer 482).
        """
        ...

    def stray_refused(self, request: Request, flow: Flow) -> Response | None:
        """The answer to a new request with a To tag, whose Via is stamped, of which no transaction is to be kept.

        Whoever invents a dialog is answered as if nothing were remembered of it (RFC 3261 8.2.7, 12.2.2: 481), as
        often as it asks. None where the request is to be told by `request_arrived` or `cancel_arrived`.
        """
        ...

    def cancel_arrived(self, transaction: ServerTransaction, invite: ServerTransaction | None, now: float) -> None:
        """A CANCEL for `invite`; for None it is for nothing that is here (answer 481)."""
        ...

    def ack_arrived(self, ack: Request, flow: Flow, now: float) -> None:
        """An ACK that acknowledges a 2xx, or nothing that we know of; an ACK to a refusal is not told."""
        ...

    def response_arrived(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """A response to a request of ours but CANCEL; each 2xx to an INVITE is told as often as it comes."""
        ...

    def stray_arrived(self, response: Response, flow: Flow, now: float) -> None:
        """A 2xx to an INVITE whose transaction is over, late or of a fork, to be acknowledged (13.2.2.4)."""
        ...

    def settled(self, transaction: ClientTransaction, now: float) -> None:
        """An INVITE of ours was answered, and its transaction is over: no more 2xx can come in it."""
        ...

    def timed_out(self, transaction: Transaction, evidence: str, now: float) -> None:
        """The peer was silent; the transaction is over.

        Args:
            transaction: a client transaction without a final response, or an INVITE server one without an ACK.
            evidence: which timer, for people: "timer B after 32 s".
        """
        ...

    def transport_failed(self, transaction: Transaction, now: float) -> None:
        """The transaction's flow is gone, and but for an accepted INVITE the transaction is over with it."""
        ...


class Outlet(Protocol):
    """Where a transaction's effects go; the layer is one.

    Attributes:
        user: who hears what happens.
    """

    user: TransactionUser

    def send(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Put a message on the wire."""
        ...

    def after(self, seconds: float, now: float, action: Callable[[float], None]) -> Alarm:
        """Have `action` called at `now + seconds`."""
        ...

    def at(self, when: float, action: Callable[[float], None]) -> Alarm:
        """The same at `when`."""
        ...

    def cancel_wanted(self, transaction: ClientTransaction, cancel: Request, now: float) -> None:
        """Send `cancel`, the CANCEL for the transaction's request."""
        ...

    def ended(self, transaction: Transaction) -> None:
        """Forget the transaction."""
        ...


class Transaction(Acting, ABC):
    """A transaction of any kind.

    Attributes:
        START: the state in which it begins.
        BROKEN: the input that says that its flow is gone.
        key: what it is found by.
        request: the request that began it; but for an INVITE of ours, until it has its final response.
        method, call_id: of that request.
        flow: the way to the peer.
        timer: the one that runs, or None: no state needs two.
    """

    __slots__ = (
        "_alarm", "_config", "_outlet", "_until", "call_id", "flow", "key", "method", "request", "timer"
    )  # fmt: skip

    START: ClassVar[Enum]
    BROKEN: ClassVar[Enum]

    def __init__(self, key: Key, request: Request, flow: Flow, outlet: Outlet, config: TimerConfig) -> None:
        self.state = self.START
        self.key = key
        self.request = request
        self.method = request.method
        self.call_id: str = request.headers.typed["call-id"]
        self.flow = flow
        self.timer: Enum | None = None
        self._alarm: Alarm | None = None
        self._until = 0.0  # for how long it waits for the peer
        self._outlet = outlet
        self._config = config

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._STEPS = {
            state: {given: (then, act if cls.TABLE[then] else _last(act)) for given, (then, act) in row.items()}
            for state, row in cls._STEPS.items()
        }

    @property
    def is_over(self) -> bool:
        """Whether it has reached Terminated, which takes no input."""
        return not self._STEPS[self.state]

    def fail(self, now: float) -> None:
        """Its flow does not carry what it sends."""
        if not self.is_over:
            self._act(self.BROKEN, now, None)

    def _expire(self, now: float) -> None:
        timer, self.timer, self._alarm = self.timer, None, None
        assert timer is not None  # whose alarm it is
        self._act(timer, now, None)

    def _start(self, timer: Enum, now: float, seconds: float) -> None:
        """Have `timer` run, and the one that did run no more."""
        if self._alarm is not None:
            self._alarm.cancel()
        self.timer = timer
        self._alarm = self._outlet.after(seconds, now, self._expire)

    def _repeat(self, again: Enum, give_up: Enum, now: float, seconds: float) -> None:
        """The same of `again`, over UDP and while there is time for it; else of `give_up`, when time is up."""
        if now + seconds < self._until and not self.flow.is_reliable:
            self._start(again, now, seconds)
            return
        self._stop()
        self.timer = give_up
        self._alarm = self._outlet.at(self._until, self._expire)

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = self.timer = None

    def _tell_time_out(self, timer: Enum, now: float) -> None:
        self._outlet.user.timed_out(self, f"{timer.value} after {self._config.patience:g} s", now)

    def _fail(self, now: float, _: None) -> None:
        self._outlet.user.transport_failed(self, now)

    def _linger(self, seconds: float) -> float:
        """`seconds` over UDP; nothing over a transport that repeats what is lost."""
        return 0.0 if self.flow.is_reliable else seconds


def _last(act: Callable[..., None] | None) -> Callable[[Transaction, float, Any], None]:
    """What carries out the last action of a transaction, which ends it whatever becomes of who is told."""

    def act_and_end(transaction: Transaction, now: float, message: Any) -> None:
        try:
            if act is not None:
                act(transaction, now, message)
        finally:
            transaction._stop()
            transaction._outlet.ended(transaction)

    return act_and_end


class ClientTransaction(Transaction):
    """A transaction that we began. What happens to a CANCEL is not told: the end of its INVITE tells.

    Attributes:
        AGAIN, GIVE_UP: the timers at which the request is repeated, and no longer waited for.
        asker: whoever waits for its responses, as its user has it; None where nobody does, or does any more.
    """

    __slots__ = ("_data", "_interval", "asker")

    AGAIN: ClassVar[Enum]
    GIVE_UP: ClassVar[Enum]

    def __init__(
        self, key: Key, request: Request, data: bytes, flow: Flow, outlet: Outlet, config: TimerConfig, now: float
    ) -> None:
        super().__init__(key, request, flow, outlet, config)
        self.asker: Any = None
        self._data = data
        self._interval = config.t1
        self._until = now + config.patience
        outlet.send(data, flow, self.call_id)
        self._wait(now)

    @abstractmethod
    def receive(self, response: Response, now: float) -> None:
        """A response to its request has come in."""

    @property
    @abstractmethod
    def is_unheard(self) -> bool:
        """Whether nothing at all has come back yet."""

    @property
    @abstractmethod
    def is_asking(self) -> bool:
        """Whether a final response is still to come."""

    def reroute(self, data: bytes, flow: Flow, now: float) -> None:
        """Send the request another way, as `data`; only while it is asking."""
        self._data = data
        self.flow = flow
        self._outlet.send(data, flow, self.call_id)
        if self._alarm is not None:
            self._wait(now)

    def _wait(self, now: float) -> None:
        """Wait for a response."""
        self._repeat(self.AGAIN, self.GIVE_UP, now, self._interval)

    def _pass_up(self, now: float, response: Response) -> None:
        if self.method != "CANCEL":
            self._outlet.user.response_arrived(self, response, now)

    def _time_out(self, now: float, _: None) -> None:
        if self.method != "CANCEL":
            self._tell_time_out(self.GIVE_UP, now)

    def _fail(self, now: float, _: None) -> None:
        if self.method != "CANCEL":
            self._outlet.user.transport_failed(self, now)


class ServerTransaction(Transaction):
    """A transaction that the peer began.

    Attributes:
        merge_key: what the same request has in common that came by another way (RFC 3261 section 8.2.2.2).

    Args:
        way_back: the flow on which responses go.
    """

    __slots__ = ("_latest", "_way_back", "merge_key")

    def __init__(
        self, key: Key, request: Request, flow: Flow, way_back: Flow, outlet: Outlet, config: TimerConfig
    ) -> None:
        super().__init__(key, request, flow, outlet, config)
        self.merge_key: Key | None = None
        self._latest = b""
        self._way_back = way_back

    @property
    @abstractmethod
    def owes_response(self) -> bool:
        """Whether its user may have a response to send still."""

    @property
    def sent_by(self) -> tuple[str, int | None] | None:
        """Host and port of its Via, of which its key has been made; None where that was made of other headers."""
        host, port = self.key[1:3]
        if len(self.key) != UNIQUE or not isinstance(host, str) or isinstance(port, str):
            return None
        return host, port

    def follow(self, way: Flow) -> None:
        """Send all that is to come by another connection than the request came by."""
        self.flow = self._way_back = way

    def answer_by(self, way: Flow) -> None:
        """Its connection is lost: send what it has said last, and all that is to come, by another (18.2.2)."""
        self.follow(way)
        self._say_again()

    def answer_once(self, response: Response) -> None:
        """Send a response and be over at once: the same request, again, is another one (RFC 3261 8.2.7)."""
        self._say(response)
        self._stop()
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
        """Send a response to its request; ignored where the transaction's state has no use for it.

        A 2xx to an INVITE is repeated by the user until the ACK comes (section 13.3.1.4), again by this.
        """
