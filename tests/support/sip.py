"""A SIP telephone played by the test: it writes its messages by hand, one by one, and shows what comes back.

It has no transactions, no timers and no opinions, so a test can lose, repeat and garble whatever it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random

from gateway.core.codec import Codec
from gateway.core.engine import ManualClock
from gateway.core.errors import Exhausted
from gateway.core.fax import T38
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.core.srtp import Encryption, Protection
from gateway.core.trace import Recorder
from gateway.core.watch import Watchable
from gateway.sip.account import Account
from gateway.sip.binding import Bindings
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.digest import Challenge, Secret
from gateway.sip.message import Request, Response
from gateway.sip.names import AddressRecord, Kind, Question, Reply, ServerNames, Srv
from gateway.sip.parser import parse
from gateway.sip.points import ListeningPoints
from gateway.sip.stack import SipStack
from gateway.sip.stun import is_stun
from gateway.sip.text_queue import TextKeeper
from gateway.sip.transport import Datagram, Flow
from tests.support.channel import ScriptedAudio

__all__ = ["SERVER", "Office", "Phone", "ScriptedDesk", "ScriptedImage", "ScriptedRow", "session_description"]

SERVER = ("192.0.2.1", 5060)
WALL = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


class ScriptedRow(ScriptedAudio):
    """An RTP row that writes down what it is told."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__(digits_as_events=True)
        self.address = address
        self.port = port
        self.remotes: list[tuple[str, int, Codec, int | None, bool]] = []
        self.remote: tuple[str, int] | None = None
        self.protection: Protection | None = None
        self.noise: tuple[int, int] | None = None
        self.strict = False
        self.detecting = False
        self.closings = 0

    def send_flash(self) -> None:
        self.heard.append("flash")

    def set_remote(
        self,
        address: str,
        port: int,
        codec: Codec,
        event_payload_type: int | None,
        send: bool = True,
        *,
        rtcp: tuple[str, int] | None = None,
        rtcp_mux: bool = False,
        via: str | None = None,
        strict: bool = False,
        accepts: tuple[int, int | None] | None = None,
        noise: tuple[int, int] | None = None,
        protection: Protection | None = None,
    ) -> None:
        self.remotes.append((address, port, codec, event_payload_type, send))
        self.remote = (address, port)
        self.protection = protection
        self.noise = noise
        self.strict = strict

    def detect_digits(self, on: bool) -> None:
        self.detecting = on

    def close(self) -> None:
        super().close()
        self.closings += 1


class ScriptedImage:
    """A T.38 stream that writes down what it is told."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.theirs = T38()
        self.received = self.lost = self.recovered = 0
        self.listener: Callable[[int, bytes], None] | None = None
        self.remotes: list[tuple[str, int, T38]] = []
        self.strict = False
        self.sent: list[bytes] = []
        self.closings = 0

    def set_remote(
        self, address: str, port: int, theirs: T38, via: str | None = None, strict: bool = False
    ) -> None:
        self.remotes.append((address, port, theirs))
        self.theirs = theirs
        self.strict = strict

    def send(self, packet: bytes, times: int = 1) -> None:
        self.sent.append(packet)

    def close(self) -> None:
        self.closings += 1


class ScriptedDesk:
    """Gives rows and T.38 streams, up to `limit` of each, and knows which of them were closed."""

    def __init__(self, limit: int = 100) -> None:
        self.limit = limit
        self.rows: list[ScriptedRow] = []
        self.images: list[ScriptedImage] = []

    def image(self, address: str) -> ScriptedImage:
        if len(self.images) >= self.limit:
            raise Exhausted(f"all {self.limit} ports are in use")
        image = ScriptedImage(address, 21000 + 2 * len(self.images))
        self.images.append(image)
        return image

    def rtp(self, local_address: str) -> ScriptedRow:
        if self.open >= self.limit:
            raise Exhausted(f"all {self.limit} rows are in use")
        row = ScriptedRow(local_address, 20000 + 2 * len(self.rows))
        self.rows.append(row)
        return row

    def frames(self, descriptor: int, encoding: object, owner: object = None) -> ScriptedAudio:
        raise AssertionError("SIP legs have no frames")

    @property
    def open(self) -> int:
        """Rows that are not closed."""
        return sum(row.closings == 0 for row in self.rows)


def session_description(
    port: int = 40000, *, address: str = "192.0.2.60", formats: str = "0 101", lines: tuple[str, ...] = ()
) -> bytes:
    """A telephone's session description."""
    rows = ["v=0", f"o=phone 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    rows += [f"m=audio {port} RTP/AVP {formats}", "a=rtpmap:101 telephone-event/8000", *lines, ""]
    return "\r\n".join(rows).encode()


class Office:
    """A SipStack, its clock, and the wire to its telephones.

    It listens for UDP, TCP and the transports in `listening`. It has the accounts 6001 to 6004, the last with a
    mailbox and without encrypted audio, and a trusted trunk.
    """

    def __init__(
        self,
        config: SipConfig | None = None,
        *,
        rows: int = 100,
        bindings: Bindings | None = None,
        watchable: Watchable | None = None,
        texts: TextKeeper | None = None,
        encryption: Encryption = Encryption.OFF,
        info_keys: bool = False,
        comfort_noise: bool = False,
        symmetric: bool = True,
        listening: Sequence[str] = (),
        t38: bool = False,
        codecs: Sequence[Codec] = (),
        plan: NumberPlan | None = None,
    ) -> None:
        self.clock = ManualClock(1000.0)
        self.desk = ScriptedDesk(rows)
        self.recorder = Recorder()
        self.asked: list[Question] = []
        self.names = ServerNames(self.asked.append)
        tokens = count(1)
        self.stack = SipStack(
            config=config or SipConfig(),
            accounts=[
                *(
                    Account(
                        user,
                        Secret(f"secret-{user}"),
                        f"Name {user}",
                        encryption=encryption,
                        info_keys=info_keys,
                        comfort_noise=comfort_noise,
                        symmetric=symmetric,
                        t38=t38,
                        codecs=codecs,
                    )
                    for user in ("6001", "6002", "6003")
                ),
                Account("6004", Secret("secret-6004"), "Name 6004", mailbox="8004"),
                Account("trunk", Secret("secret-trunk"), context="pstn", trusted=True),
            ],
            audio=self.desk,
            images=self.desk,
            recorder=self.recorder,
            points=ListeningPoints([(transport, SERVER) for transport in ("udp", "tcp", *listening)]),
            names=self.names,
            bindings=bindings,
            random=Random(7),
            token=lambda: f"t{next(tokens):07x}",
            key=b"k" * 32,
            wall=lambda: WALL,
            office=watchable,
            texts=texts,
            plan=plan,
        )
        self.sent: list[Datagram] = []
        self.happened: list[object] = []

    def named(self, name: str, *addresses: str, **services: tuple[str, ...]) -> None:
        """The name servers tell where `name` is: its addresses, or the hosts of its services (`udp`), as SRV."""
        hosts = {host: (f"192.0.2.{host.partition('.')[0]}",) for found in services.values() for host in found}
        told = [
            Reply(Question(name, Kind.NAPTR), ttl=60),
            *(
                Reply(
                    Question(f"_sip._{transport}.{name}", Kind.SRV),
                    tuple(Srv(place, 0, 5060, host) for place, host in enumerate(services.get(transport, ()))),
                    60,
                )
                for transport in ("udp", "tcp")
            ),
            *(
                Reply(Question(host, Kind.A), tuple(AddressRecord(one) for one in found), 60)
                for host, found in (hosts | {name: addresses}).items()
            ),
        ]
        for reply in told:
            self.names.receive(reply, None, self.clock.now)
        self.drain()

    def unnamed(self) -> None:
        """The name servers know nothing of what they have been asked."""
        while self.asked:
            self.names.receive(Reply(self.asked.pop(), fault="no such name"), None, self.clock.now)
        self.drain()

    def receive(self, data: bytes, flow: Flow) -> None:
        """Something arrives at the office."""
        self.stack.receive(data, flow, self.clock.now)
        self.drain()

    def drain(self) -> None:
        """Collect what the stack sends and says."""
        self.sent += self.stack.outgoing()
        self.happened += self.stack.events()

    def wait(self, seconds: float) -> None:
        """Let time pass, deadline by deadline."""
        end = self.clock.now + seconds
        while (due := self.stack.deadline()) is not None and due <= end:
            self.clock.advance(max(0.0, due - self.clock.now))
            self.stack.expire(self.clock.now)
            self.drain()
        self.clock.advance(end - self.clock.now)

    def command(self, channel: SipChannel, command: object) -> None:
        """The call commands a leg."""
        channel.command(command, self.clock.now)  # type: ignore[arg-type]  # tests also command nonsense
        self.drain()

    def heard(self) -> list[tuple[SipChannel, Event]]:
        """The legs' events since the last look."""
        happened, self.happened = self.happened, []
        return [item for item in happened if isinstance(item, tuple)]

    def changes(self) -> list[object]:
        """The registrations' events since the last look."""
        happened, self.happened = self.happened, []
        return [item for item in happened if not isinstance(item, tuple)]

    def events(self) -> list[Event]:
        """The legs' events since the last look, without the legs."""
        return [event for _, event in self.heard()]

    def quiet(self) -> None:
        """Assert that after all timers nothing is left behind."""
        self.wait(200)
        assert self.stack.usage() == dict.fromkeys(self.stack.usage(), 0)
        assert self.desk.open == 0
        assert all(row.closings == 1 for row in self.desk.rows)
        assert all(image.closings == 1 for image in self.desk.images)


class Phone:
    """One telephone at an office.

    Args:
        office: where it belongs.
        user: its account.
        host, port: its own address.
        transport: "udp" or "tcp".
    """

    def __init__(
        self,
        office: Office,
        user: str = "6001",
        *,
        host: str = "192.0.2.60",
        port: int = 5070,
        transport: str = "udp",
    ) -> None:
        self.office = office
        self.user = user
        self.flow = Flow(transport, SERVER, (host, port))
        self.host, self.port, self.transport = host, port, transport
        self._serial = count(1)
        self._seen = 0

    # What it sends.

    def request(
        self,
        method: str,
        uri: str | None = None,
        *,
        to: str | None = None,
        tag: str = "phone",
        call_id: str | None = None,
        number: int = 1,
        branch: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> Request:
        """A request, ready to be sent or changed."""
        text = [
            f"{method} {uri or f'sip:{self.user}@{SERVER[0]}'} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.host}:{self.port}"
            f";branch={branch or f'z9hG4bK{self.user}x{next(self._serial)}'};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self.user}@{SERVER[0]}>;tag={tag}",
            f"To: {to or f'<sip:{self.user}@{SERVER[0]}>'}",
            f"Call-ID: {call_id or f'call@{self.host}'}",
            f"CSeq: {number} {method}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        if method in ("INVITE", "REGISTER", "SUBSCRIBE", "REFER") and not any(
            name == "Contact" for name, _ in headers
        ):
            text.append(f"Contact: <sip:{self.user}@{self.host}:{self.port}>")
        if body and not any(name == "Content-Type" for name, _ in headers):
            text.append("Content-Type: application/sdp")
        text += [f"Content-Length: {len(body)}", "", ""]
        request = parse("\r\n".join(text).encode(errors="surrogateescape") + body)  # what came in goes out
        assert isinstance(request, Request)
        return request

    def send(self, message: Request | Response | bytes) -> None:
        """Put a message on the wire to the office."""
        self.office.receive(message if isinstance(message, bytes) else message.serialise(), self.flow)

    def invite(
        self, called: str, *, number: int = 1, body: bytes | None = None, call_id: str | None = None, **more: object
    ) -> Request:
        """Call `called`, answering the challenge; the INVITE that was let in."""
        invite = self.request(
            "INVITE",
            f"sip:{called}@{SERVER[0]}",
            to=f"<sip:{called}@{SERVER[0]}>",
            number=number,
            body=session_description() if body is None else body,
            call_id=call_id,
            **more,  # type: ignore[arg-type]  # passed on as they are
        )
        return self.proved(invite)

    def proved(self, request: Request) -> Request:
        """Send `request`; when it is challenged, acknowledge and send it again with credentials."""
        self.send(request)
        refusal = self.response()
        assert refusal.status == 401, refusal.summary
        if request.method == "INVITE":
            self.send(self.ack(request, refusal))
        again = self.with_proof(request, refusal)
        self.send(again)
        return again

    def with_proof(self, request: Request, refusal: Response, password: str | None = None) -> Request:
        """The request again: next number, new branch, credentials."""
        challenge = Challenge.best(refusal.headers.all("WWW-Authenticate"))
        assert challenge is not None
        secret = Secret(password or f"secret-{self.user}")
        proof = challenge.answer(self.user, secret, request.method, str(request.uri), cnonce="c")
        again = Request(request.method, request.uri, headers=request.headers.copy(), body=request.body)
        again.headers.set("CSeq", f"{request.cseq.number + 1} {request.method}")
        again.headers.set("Via", str(request.via).replace("z9hG4bK", f"z9hG4bKp{next(self._serial)}"))
        again.headers.set("Authorization", proof)
        return again

    def ack(self, invite: Request, response: Response, body: bytes = b"") -> Request:
        """The ACK to a response to `invite`."""
        refused = response.status >= 300
        ack = self.request(
            "ACK",
            str(invite.uri) if refused else str(response.contacts[0].uri),
            to=str(response.to),
            call_id=invite.call_id,
            number=invite.cseq.number,
            branch=invite.via.branch if refused else None,
            body=body,
        )
        ack.headers.set("From", invite.from_)
        return ack

    def within(
        self, invite: Request, response: Response, method: str, number: int, body: bytes = b"", **more: object
    ) -> Request:
        """A request in the dialog that `response` to our `invite` made."""
        request = self.request(
            method,
            str(response.contacts[0].uri),
            to=str(response.to),
            call_id=invite.call_id,
            number=number,
            body=body,
            **more,  # type: ignore[arg-type]  # passed on as they are
        )
        request.headers.set("From", invite.from_)
        return request

    def from_below(self, invite: Request, tag: str, method: str, number: int = 1, body: bytes = b"") -> Request:
        """A request of the called telephone in the dialog of an INVITE that came to it."""
        request = self.request(
            method,
            str(invite.contacts[0].uri),
            to=str(invite.from_),
            call_id=invite.call_id,
            number=number,
            body=body,
        )
        request.headers.set("From", invite.to.tagged(tag))
        return request

    def reply(
        self, request: Request, status: int, *, tag: str = "below", body: bytes = b"", contact: bool = True
    ) -> Response:
        """Answer a request of the office."""
        response = request.reply(status, to_tag=None if status == 100 else tag)
        if contact and 100 < status < 300:
            response.headers.set("Contact", f"<sip:{self.user}@{self.host}:{self.port}>")
        if body:
            response.headers.set("Content-Type", "application/sdp")
            response.body = body
        self.send(response)
        return response

    def register(self, *, expires: int = 600, number: int = 1, **more: object) -> Response:
        """Register, answering the challenge."""
        headers = (("Expires", str(expires)),)
        self.proved(self.request("REGISTER", f"sip:{SERVER[0]}", number=number, headers=headers, **more))  # type: ignore[arg-type]  # passed on
        return self.response()

    # What it gets.

    def messages(self) -> list[Request | Response]:
        """What has come for this telephone since the last look, but keep-alives."""
        new = self.office.sent[self._seen :]
        self._seen = len(self.office.sent)
        mine = (datagram.data for datagram in new if datagram.flow.remote == self.flow.remote)
        return [parse(data) for data in mine if not is_stun(data)]

    def message(self) -> Request | Response:
        """The only message that has come since the last look."""
        messages = self.messages()
        assert len(messages) == 1, [message.summary for message in messages]
        return messages[0]

    def response(self) -> Response:
        """The only message that has come, a response."""
        message = self.message()
        assert isinstance(message, Response), message.summary
        return message

    def arrived(self) -> Request:
        """The only message that has come, a request."""
        message = self.message()
        assert isinstance(message, Request), message.summary
        return message

    def statuses(self) -> list[int]:
        """The statuses of the responses that have come."""
        return [message.status for message in self.messages() if isinstance(message, Response)]
