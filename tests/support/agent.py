"""A calling user agent made of our own carrier and outgoing session: the other end of a `Pair`."""

from __future__ import annotations

from itertools import count
from random import Random

from gateway.core.cause import Cause
from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.messages import Event
from gateway.core.trace import Recorder
from gateway.sdp.negotiate import Agreement, Negotiation
from gateway.sip.carrier import SipCarrier
from gateway.sip.credentials import Credentials
from gateway.sip.dialog import DialogId
from gateway.sip.digest import Secret
from gateway.sip.headers import NameAddr
from gateway.sip.journal import Journal
from gateway.sip.message import Request, Response
from gateway.sip.names import ServerNames
from gateway.sip.newcomers import Garbled
from gateway.sip.outgoing import OutgoingSession
from gateway.sip.points import ListeningPoints
from gateway.sip.resolve import Resolver
from gateway.sip.session import Reply, Setting, Talk
from gateway.sip.transaction.base import ServerTransaction
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Datagram, Flow
from gateway.sip.uri import SipUri
from tests.support.sip import SERVER

__all__ = ["Agent"]

HERE = ("192.0.2.70", 5070)
DONE = Ending(Cause.NORMAL_CLEARING, "the test", Act.HUNG_UP, "its end")


class Agent:
    """Calls the office as 6001 and writes down what it is told."""

    def __init__(self, transport: str = "udp") -> None:
        self.flow = Flow(transport, HERE, SERVER)
        self.told: list[str] = []
        self.wanted: tuple[Codec, ...] = ()
        tokens = count(1)
        self.carrier = SipCarrier(
            timers=TimerConfig(),
            token=lambda: f"a{next(tokens):07x}",
            journal=Journal(Recorder()),
        )
        self.carrier.newcomers = self
        self.session: OutgoingSession | Talk | None = None

    def call(self, called: str, now: float) -> None:
        """Call `called`, with credentials for the challenge."""
        invite = Request("INVITE", SipUri.of(called, SERVER[0]))
        invite.headers.set("From", "<sip:6001@192.0.2.1>;tag=agent")
        invite.headers.set("To", f"<sip:{called}@192.0.2.1>")
        invite.headers.set("Call-ID", "agents-call")
        self.session = session = OutgoingSession(
            Setting(self.carrier, TimerConfig(), Random(3), Resolver(ListeningPoints(), ServerNames(), Random(3))),
            self,
            self,
            invite,
            self.flow,
            NameAddr(SipUri.of("6001", *HERE)),
            Negotiation(address=HERE[0], port=30000, session_id=1),
            peer="the office",
            number=1,
            credentials=Credentials("6001", Secret("secret-6001")),
        )
        session.start(now)

    def hang_up(self, now: float) -> None:
        """Give the call up, or end it."""
        if self.session is not None:
            self.session.hang_up(DONE, now)

    def screened(self, transaction: ServerTransaction, refusal: Response, now: float) -> None:
        """The office asks what is not understood."""
        raise AssertionError(refusal.summary)

    def garbled(self, garbled: Garbled) -> None:
        self.told.append(garbled.fault)

    # The engine's face.

    def receive(self, data: bytes, source: Flow, now: float) -> None:
        self.carrier.receive(data, source, now)

    def outgoing(self) -> list[Datagram]:
        return self.carrier.outgoing()

    def deadline(self) -> float | None:
        return self.carrier.deadline()

    def expire(self, now: float) -> None:
        self.carrier.expire(now)

    # What the session tells.

    name = "SIP/agent"

    def declined(self, now: float) -> None:
        self.told.append("declined")

    def missed(self, text: str, now: float) -> None:
        self.told.append(text)

    def said(self, event: Event, now: float) -> None:
        self.told.append(type(event).__name__)

    def progressed(self, status: int, media: bool, now: float) -> None:
        self.told.append(str(status))

    def agreed(self, agreement: Agreement, now: float) -> None:
        self.told.append(f"audio {agreement.port}")

    def established(self, session: Talk, now: float) -> None:
        self.told.append("established")

    def answered(self, how: str, session: Talk, now: float) -> None:
        self.session = session
        self.told.append("answered")

    def keyed(self, digit: str, seconds: float, now: float) -> None:
        self.told.append(digit)

    def ended(self, ending: Ending, now: float) -> None:
        self.told.append(ending.evidence)

    # Newcomers: nobody calls the agent.

    def arrived(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        reply(transaction.request.reply(480), now)

    def early(self, dialog: DialogId) -> None:
        return None

    def tag(self, invite: ServerTransaction) -> str | None:
        return None

    def cancelled(self, invite: ServerTransaction, cancel: Request, now: float) -> None:
        self.told.append("cancelled")

    def settled(self, transaction: ServerTransaction) -> None:
        pass
