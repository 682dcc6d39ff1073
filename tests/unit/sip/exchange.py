"""Two transaction layers joined by a wire that loses what it is told to lose, on a clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from gateway.core.engine import ManualClock
from gateway.sip.fields import Headers
from gateway.sip.message import Request, Response
from gateway.sip.parser import parse
from gateway.sip.transaction.base import ClientTransaction
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from tests.unit.sip.transaction_user import Layer, RequestArrived, Told

CALLER = ("192.0.2.1", 5060)
CALLEE = ("192.0.2.2", 5060)


@dataclass(frozen=True)
class Sent:
    """What one side has sent: when, who and the start of it ("INVITE", "180")."""

    at: float
    by: str
    what: str


def request(method: str = "INVITE", *, number: int = 1, tag: str = "1") -> Request:
    """A request as a user agent hands it to its layer: no Via yet."""
    fields = [
        ("Max-Forwards", "70"),
        ("From", f"<sip:ann@x>;tag={tag}"),
        ("To", "<sip:bob@x>"),
        ("Call-ID", "call"),
        ("CSeq", f"{number} {method}"),
        ("Route", "<sip:proxy;lr>"),
    ]
    return Request(method, SipUri("x", "bob"), headers=Headers(fields))


class Exchange:
    """A caller and a callee.

    Attributes:
        sent: everything put on the wire, lost or not.
        told: what each layer has told its user, by side.
    """

    def __init__(self, transport: str = "udp") -> None:
        self.clock = ManualClock()
        self.flows = {"caller": Flow(transport, CALLER, CALLEE), "callee": Flow(transport, CALLEE, CALLER)}
        numbers = count(1)
        self.layers = {
            side: Layer(token=lambda side=side: f"{side}{next(numbers)}")  # type: ignore[misc]
            for side in self.flows
        }
        self.caller, self.callee = self.layers.values()
        self.sent: list[Sent] = []
        self.told: dict[str, list[Told]] = {side: [] for side in self.flows}
        self._losing: list[str] = []

    def lose(self, *what: str) -> None:
        """Lose the next message of each of these names; "*" loses all from now on."""
        self._losing += what

    def send(self, message: Request) -> ClientTransaction:
        """The caller sends a request."""
        transaction = self.caller.request(message, self.flows["caller"], self.clock.now)
        self.carry()
        return transaction

    def answer(self, status: int) -> Response:
        """The callee responds to the first request that it was told of, with what its user then holds."""
        arrived = next(event for event in self.told["callee"] if isinstance(event, RequestArrived))
        response = arrived.request.reply(status, to_tag="2")
        arrived.transaction.respond(response, self.clock.now)
        self.carry()
        return response

    def carry(self) -> None:
        """Bring across what both have to send, until both are silent; then take what they tell."""
        moving = True
        while moving:
            moving = False
            for side, other in (("caller", "callee"), ("callee", "caller")):
                for datagram in self.layers[side].outgoing():
                    moving = True
                    message = parse(datagram.data)
                    what = str(message.status) if isinstance(message, Response) else message.method
                    self.sent.append(Sent(round(self.clock.now, 6), side, what))
                    if what in self._losing:
                        self._losing.remove(what)
                    elif "*" not in self._losing:
                        self.layers[other].receive(message, self.flows[other], self.clock.now)
        for side, layer in self.layers.items():
            self.told[side] += layer.events()

    def wait(self, seconds: float) -> None:
        """Let time pass, from timer to timer."""
        end = self.clock.now + seconds
        while True:
            deadlines = [due for layer in self.layers.values() if (due := layer.deadline()) is not None]
            if not deadlines or min(deadlines) > end:
                break
            self.clock.now = max(self.clock.now, min(deadlines))
            for layer in self.layers.values():
                layer.expire(self.clock.now)
            self.carry()
        self.clock.now = end

    def times(self, what: str) -> list[float]:
        """When messages of that name were sent."""
        return [sent.at for sent in self.sent if sent.what == what]

    def heard(self, side: str, kind: type[Told]) -> list[Told]:
        """What a side was told of that kind."""
        return [event for event in self.told[side] if isinstance(event, kind)]

    def statuses(self) -> list[int]:
        """The responses that the caller was told of."""
        return [event.response.status for event in self.told["caller"] if hasattr(event, "response")]
