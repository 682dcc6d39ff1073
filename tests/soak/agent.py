"""A SIP user agent whose calls are coroutines: what it does in them is written in `tests.soak.scripts`.

It owes nothing to the stack that it tests, answers what every telephone answers by itself, repeats requests until
they are answered (RFC 3261 17.1), and does as its script says where that is wrong.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from random import Random
from typing import Final

from gateway.testing.sip_message import SipMessage, proof
from gateway.testing.sip_wire import StreamWire, Wire, bound_socket
from tests.soak.wires import BadWire

__all__ = ["Agent", "Talk"]

POLL: Final = 0.02
T1: Final = 0.1
"""Seconds, as in the office's configuration."""
TURNS: Final = 7
"""Times that a request is sent at most."""
_SERIAL = count(1)


class Agent:
    """One end of SIP.

    Args:
        user, secret: its account.
        server: where the office listens.
        connect: gives a wire there.
        random: decides what it does.
        answers: the script of calls that come in.
    """

    def __init__(
        self,
        user: str,
        secret: str,
        server: tuple[str, int],
        connect: Callable[[], Wire],
        random: Random,
        answers: Callable[[Talk, SipMessage], Awaitable[None]],
    ) -> None:
        self.user, self.secret, self.server, self.random = user, secret, server, random
        self._connect = connect
        self.bad = BadWire(connect(), random)
        self._answers = answers
        self._talks: dict[str, Talk] = {}
        self._ghosts: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.faults: list[str] = []

    @property
    def transport(self) -> str:
        """As in a Via."""
        return self.bad.wire.transport

    @property
    def contact(self) -> str:
        """Where it wants to be called."""
        if self.transport in ("WS", "WSS"):
            return f"sip:{self.user}@soak.invalid;transport=ws"
        host, port = self.bad.wire.address
        return f"sip:{self.user}@{host}:{port};transport={self.transport.lower()}"

    async def live(self) -> None:
        """Take in what comes, for ever; a connection that has ended is made anew."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                if self._is_cut():
                    self.reconnect()
                for data in self.bad.take(loop.time()):
                    self._take(data)
            except OSError:
                with suppress(OSError):  # nobody is there at present
                    self.reconnect()
            await asyncio.sleep(POLL)

    def _is_cut(self) -> bool:
        wire = self.bad.wire
        return isinstance(wire, StreamWire) and wire.ended

    def reconnect(self) -> None:
        """Drop its connection, and have another; it is registered by the old one."""
        if isinstance(self.bad.wire, StreamWire):
            self.bad.wire.close()
            self.bad.wire = self._connect()

    def start(self, work: Awaitable[None]) -> None:
        """Do something beside all else."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, OSError):  # whom it cannot reach, the audit hears of
            self.faults.append(f"{self.user}: {type(error).__name__}: {error}")

    @property
    def busy(self) -> int:
        """Scripts that go on."""
        return len(self._tasks)

    async def close(self) -> None:
        """Be gone."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.bad.wire.close()

    def send(self, text: str) -> None:
        """Send a message as it is."""
        try:
            self.bad.send(text.encode(), asyncio.get_running_loop().time())
        except OSError:
            return

    def talk(self, uri: str) -> Talk:
        """A dialog of its own, or what may become one."""
        serial = next(_SERIAL)
        own = f"<sip:{self.user}@{self.server[0]}>"
        other = own if uri == self.registrar else f"<{uri}>"
        return self._keep(Talk(self, f"soak-{serial}@{self.user}", f"{own};tag=s{serial}", other, uri))

    def _keep(self, talk: Talk) -> Talk:
        self._talks[talk.call_id] = talk
        return talk

    def forget(self, talk: Talk) -> None:
        """It is over; who has vanished from it stays silent."""
        self._talks.pop(talk.call_id, None)
        if not talk.responds:
            self._ghosts.add(talk.call_id)

    def uri(self, number: str) -> str:
        """A number at the office."""
        return f"sip:{number}@{self.server[0]}:{self.server[1]}"

    @property
    def registrar(self) -> str:
        """Where it registers."""
        return f"sip:{self.server[0]}:{self.server[1]}"

    def via(self, branch: str) -> str:
        """The Via of a request."""
        host, port = self.bad.wire.address
        return f"Via: SIP/2.0/{self.transport} {host}:{port};branch={branch};rport\r\n"

    def _take(self, data: bytes) -> None:
        if not data.strip():
            return
        message = SipMessage.parse(data)
        talk = self._talks.get(message["call-id"])
        if talk is not None:
            talk.take(message)
        elif message.status or message["call-id"] in self._ghosts:
            return
        elif message.method == "INVITE":
            target = re.search(r"<([^>]+)>", message["contact"])
            if target is None:
                return
            own = f"{message['to']};tag=s{next(_SERIAL)}"
            talk = self._keep(Talk(self, message["call-id"], own, message["from"], target[1]))
            talk.invite = message
            self.start(talk.play(self._answers(talk, message)))
        elif message.method in ("BYE", "CANCEL", "REFER"):
            self.reply(message, "481 Call/Transaction Does Not Exist")
        elif message.method != "ACK":
            self.reply(message, "200 OK")

    def reply(self, request: SipMessage, status: str, body: str = "", *, to: str = "", more: str = "") -> None:
        """Answer a request."""
        vias = "".join(f"Via: {via}\r\n" for via in request.all("via"))
        routes = "".join(f"Record-Route: {route}\r\n" for route in request.all("record-route"))
        content = "Content-Type: application/sdp\r\n" if body else ""
        self.send(
            f"SIP/2.0 {status}\r\n{vias}{routes}From: {request['from']}\r\nTo: {to or request['to']}\r\n"
            f"Call-ID: {request['call-id']}\r\nCSeq: {request['cseq']}\r\nContact: <{self.contact}>\r\n"
            f"{more}{content}Content-Length: {len(body)}\r\n\r\n{body}"
        )


class Talk:
    """One dialog of an agent.

    Args:
        agent: whose.
        call_id: its own.
        local, remote: From and To of what is sent in it.
        target: where that goes.

    Attributes:
        invite: the INVITE that came in.
        over, cancelled: set once it is.
        acknowledges: whether it sends ACK; not sending it is a fault that peers have.
        responds: whether it answers requests within it.
    """

    def __init__(self, agent: Agent, call_id: str, local: str, remote: str, target: str) -> None:
        self.agent, self.call_id, self.local, self.remote, self.target = agent, call_id, local, remote, target
        self.numbers = count(1)
        self.invite: SipMessage | None = None
        self.over, self.cancelled = asyncio.Event(), asyncio.Event()
        self.acknowledges = self.responds = True
        self.heard: asyncio.Queue[SipMessage] = asyncio.Queue()
        self._voice = bound_socket(agent.server[0], agent.bad.wire.address[0])
        self._version = count(1)
        self._audio: tuple[str, int] | None = None
        self._codec = 0
        self._last = ""
        self._branches: dict[int, str] = {}

    async def play(self, script: Awaitable[None]) -> None:
        """Do as the script says, and be over."""
        try:
            await script
        finally:
            self.agent.forget(self)
            self._voice.close()

    def sdp(self, *, mode: str = "sendrecv", codec: int = 0, port: int | None = None) -> str:
        """A session description."""
        host, own = self._voice.getsockname()[:2]
        name = {0: "PCMU", 8: "PCMA", 9: "G722"}[codec]
        return (
            f"v=0\r\no=- 7 {next(self._version)} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {own if port is None else port} RTP/AVP {codec} 101\r\na=rtpmap:{codec} {name}/8000\r\n"
            f"a=rtpmap:101 telephone-event/8000\r\na={mode}\r\n"
        )

    # What comes.

    def take(self, message: SipMessage) -> None:
        """Something of this dialog has come."""
        if found := re.search(r"c=IN IP4 (\S+).*m=audio (\d+) RTP/AVP (\d+)", message.body, re.DOTALL):
            self._audio, self._codec = (found[1], int(found[2])), int(found[3])
        if message.status:
            if message.method == "INVITE" and message.status >= 200 and self.acknowledges:
                self._acknowledge(message)
            self.heard.put_nowait(message)
            return
        if not self.responds:
            return
        if message.method == "CANCEL":
            self.agent.reply(message, "200 OK", to=self.local)
            self.cancelled.set()
        elif message.method == "BYE":
            self.agent.reply(message, "200 OK")
            self.over.set()
        elif message.method == "INVITE":
            self._invited(message)
        elif message.method != "ACK":
            self.agent.reply(message, "200 OK")
        self.heard.put_nowait(message)

    def _invited(self, message: SipMessage) -> None:
        if self.invite is not None and message["via"] == self.invite["via"]:
            if self._last:
                self.answer(self._last)  # it was repeated, and so is what was answered
            return
        status = self.agent.random.choice(["200 OK"] * 5 + ["491 Request Pending", "488 Not Acceptable Here"])
        self.agent.reply(message, status, self.sdp() if status.startswith("2") else "")

    def _acknowledge(self, response: SipMessage) -> None:
        number = response["cseq"].split()[0]
        if response.status < 300:
            self.remote = response["to"]
            if found := re.search(r"<([^>]+)>", response["contact"]):
                self.target = found[1]
            branch = f"z9hG4bKa{next(_SERIAL)}"
        else:
            branch = self._branches.get(int(number), "z9hG4bKlost")
        self.send("ACK", int(number), branch=branch, to=response["to"])

    # What goes.

    def send(
        self, method: str, number: int, more: str = "", body: str = "", *, branch: str = "", to: str = ""
    ) -> str:
        """Send a request once; its branch."""
        agent = self.agent
        branch = branch or f"z9hG4bKs{next(_SERIAL)}"
        self._branches[number] = branch
        content = "Content-Type: application/sdp\r\n" if body and "Content-Type" not in more else ""
        agent.send(
            f"{method} {self.target} SIP/2.0\r\n{agent.via(branch)}Max-Forwards: 70\r\nFrom: {self.local}\r\n"
            f"To: {to or self.remote}\r\nCall-ID: {self.call_id}\r\nCSeq: {number} {method}\r\n"
            f"Contact: <{agent.contact}>\r\n{more}{content}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        return branch

    async def ask(self, method: str, more: str = "", body: str = "", *, patience: float = 12.0) -> int:
        """Send a request until it is answered, with credentials where they are asked for; its status, 0 for none.

        An INVITE comes back at its first 180 or 183, too.
        """
        number = next(self.numbers)
        answer = await self._asked(method, number, more, body, patience)
        if answer is not None and answer.status in (401, 407):
            proved = proof(answer, method, self.target, self.agent.user, self.agent.secret)
            answer = await self._asked(method, next(self.numbers), more + proved, body, patience)
        return 0 if answer is None else answer.status

    async def _asked(self, method: str, number: int, more: str, body: str, patience: float) -> SipMessage | None:
        branch = self.send(method, number, more, body)
        ends = asyncio.get_running_loop().time() + patience
        wait, turns = 5 * T1, 1
        heard = False
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            answer = await self.hear(min(wait, left), method, number)
            if answer is not None:
                heard = True
                if answer.status > 100:
                    return answer
            elif not heard and turns < TURNS:
                self.send(method, number, more, body, branch=branch)
                wait, turns = 2 * wait, turns + 1
        return None

    async def hear(self, patience: float, method: str, number: int = 0) -> SipMessage | None:
        """The next response to such a request; None where none comes."""
        try:
            async with asyncio.timeout(patience):
                while True:
                    message = await self.heard.get()
                    if (
                        message.status
                        and message.method == method
                        and number in (0, int(message["cseq"].split()[0]))
                    ):
                        return message
        except TimeoutError:
            return None

    async def final(self, patience: float) -> int:
        """The final status of the INVITE that was sent; 0 where none comes."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + patience
        while (left := ends - loop.time()) > 0:
            answer = await self.hear(left, "INVITE")
            if answer is not None and answer.status >= 200:
                return answer.status
        return 0

    def cancel(self) -> None:
        """Give up the INVITE that was sent last."""
        number = max(self._branches, default=0)
        if number:
            self.send("CANCEL", number, branch=self._branches[number])

    def answer(self, status: str, more: str = "") -> None:
        """Answer the INVITE that came in."""
        assert self.invite is not None
        self._last = status
        self.agent.reply(
            self.invite, status, self.sdp() if status.startswith("2") else "", to=self.local, more=more
        )

    async def speak(self, seconds: float, *, gap: float = 0.02, keys: bool = False) -> None:
        """Send audio; packets are lost, doubled and out of order as on a bad day."""
        for index in range(round(seconds / max(gap, 0.02))):
            if self.over.is_set():
                return
            for _ in range(1 if gap >= 0.02 else round(0.02 / gap)):
                self._packet(index, keys)
            await asyncio.sleep(0.02)

    def _packet(self, index: int, keys: bool) -> None:
        random = self.agent.random
        if self._audio is None or random.random() < 0.05:
            return
        place = max(0, index - random.choice((0, 0, 0, 0, 0, 1, 3)))
        head = (place & 0xFFFF).to_bytes(2, "big") + (160 * place & 0xFFFFFFFF).to_bytes(4, "big") + b"soak"
        if keys and index % 20 < 8:
            event = bytes([0x80, 101]) + head + bytes([index // 20 % 12, 0x80 | 10 if index % 20 > 4 else 10])
            data = event + (160 * (index % 20)).to_bytes(2, "big")
        else:
            data = bytes([0x80, self._codec]) + head + bytes(random.choices(range(256), k=4)) * 40
        for _ in range(1 + (random.random() < 0.05)):
            try:
                self._voice.sendto(data, self._audio)
            except OSError:
                return
