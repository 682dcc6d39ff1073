"""One connection that carries SIP, on the loop: TCP, TLS, WebSocket or secure WebSocket.

Octets go through a framer, whole messages come out; before that a TLS handshake where the transport asks for one.
A peer that dribbles a message, sends what is no message, says nothing at all or does not take what we send is
disconnected with one logged reason; the others notice nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from dataclasses import dataclass
from typing import Final, Protocol, cast

from gateway.core.log import QuietLog
from gateway.net.udp import Address
from gateway.sip.framing import Answer, Broken, Framer, KeepAlive
from gateway.sip.transport import Flow

__all__ = ["HANDSHAKE", "PATIENCE", "PING_EVERY", "SILENCE", "StreamConnection", "StreamOwner"]

_log = logging.getLogger("copperline.net")

PATIENCE: Final = 10.0
"""Seconds within which a message that has begun must be complete, and a WebSocket's handshake."""

HANDSHAKE: Final = 10.0
"""Seconds for a TLS handshake."""

GOODBYE: Final = 1.0
"""Seconds for TLS to say goodbye in."""

SILENCE: Final = 30.0
"""Seconds within which whoever connects must have said something."""

PING_EVERY: Final = 45.0
"""Seconds of silence after which a WebSocket's peer is pinged; as many again, and it is gone."""

BACKLOG: Final = 256 * 1024
"""Octets that may wait for a peer that does not read."""

_ALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
)
"""How the system finds out that a peer has vanished: after two silent minutes, or 30 s with octets under way."""


class StreamOwner(Protocol):
    """Who holds connections.

    Attributes:
        idle: seconds after which a connection that nobody uses is closed.
        quiet: where misuse is logged.
    """

    idle: float
    quiet: QuietLog

    def admit(self, connection: StreamConnection) -> bool:
        """Whether a connection that somebody makes to us is let in."""
        ...

    def opened(self, connection: StreamConnection) -> None:
        """A connection can be used."""
        ...

    def heard(self, data: bytes, flow: Flow) -> None:
        """A message has come, or b"\\r\\n" where a peer answered a ping (RFC 5626 4.4.1)."""
        ...

    def lost(self, connection: StreamConnection) -> None:
        """A connection is gone, which may never have been open; said once or more."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a connection that we make is to be: its flow, and the check of who answers."""

    flow: Flow
    proves: TlsCheck | None


class TlsCheck(Protocol):
    """Looks at the certificate that a peer has shown."""

    def __call__(self, tls: ssl.SSLObject, name: str) -> str:
        """What is wrong with it, as a clause; empty where nothing is."""
        ...


class StreamConnection(asyncio.Protocol):
    """One connection.

    Args:
        loop: the loop.
        owner: who holds it.
        transport: "tcp", "tls", "ws" or "wss".
        framer: cuts its octets into messages.
        context: of TLS, where somebody connects to us and the transport is secure.
        asked: where we connect, to whom.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        owner: StreamOwner,
        transport: str,
        framer: Framer,
        context: ssl.SSLContext | None = None,
        asked: Asked | None = None,
    ) -> None:
        self._owner = owner
        self._kind = transport
        self._framer = framer
        self._context = context
        self._asked = asked
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._allowed = SILENCE
        self._used = self._loop.time()
        self._pinged = False
        self._pending: list[bytes] = []
        self._early = b""
        self._gone = False
        self.is_open = False
        self.flow = asked.flow if asked is not None else Flow(transport, ("", 0), ("", 0))

    @property
    def is_ours(self) -> bool:
        """Whether we made it."""
        return self._asked is not None

    @property
    def is_made(self) -> bool:
        """Whether it has a socket, and `connection_lost` is still to come."""
        return self._transport is not None and not self._gone

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there; TLS may have to come first."""
        stream = cast(asyncio.Transport, transport)  # not by class: uvloop's transports have other ancestors
        self._transport = stream
        for level, option, value in _ALIVE:
            stream.get_extra_info("socket").setsockopt(level, option, value)
        if self._asked is not None:
            self._check(self._asked)
            return
        local: Address = stream.get_extra_info("sockname")[:2]
        remote: Address = stream.get_extra_info("peername")[:2]
        self.flow = Flow(self._kind, local, remote)
        if not self._owner.admit(self):
            self._owner.quiet.warning(f"crowd {remote[0]}", "%s refused: too many connections", self.flow)
            stream.abort()
        elif self._context is None:
            self._open()
        else:
            stream.pause_reading()  # the first octets are TLS's
            self._handshake = self._loop.create_task(self._shake_hands(stream, self._context))

    def data_received(self, data: bytes) -> None:
        """Octets came in."""
        if not self.is_open:
            self._early += data  # with the last of the handshake
            return
        self._used = self._loop.time()
        self._pinged = False
        for framed in self._framer.feed(data):
            match framed:
                case KeepAlive.PING:
                    self._write(self._framer.frame(KeepAlive.PONG.value.encode()))
                case KeepAlive.PONG if self.is_ours:
                    self._owner.heard(KeepAlive.PONG.value.encode(), self.flow)
                case Answer(octets):
                    self._write(octets)
                case Broken(reason):
                    self.drop(reason)
                    return
                case bytes():
                    self._allowed = self._owner.idle
                    self._owner.heard(framed, self.flow)
        self._be_patient()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        for timer in (self._patience, self._watch):
            if timer is not None:
                timer.cancel()
        if self._handshake is not None:
            self._handshake.cancel()
        self.is_open = False
        self._gone = True
        self._owner.lost(self)

    # What its owner asks for.

    def send(self, message: bytes) -> None:
        """Send a message, once the connection is open."""
        if not self.is_open:
            self._pending.append(message)
            return
        self._used = self._loop.time()
        self._write(self._framer.frame(message))

    def drop(self, reason: str) -> None:
        """Disconnect, and say why where there is a reason."""
        if reason:
            self._owner.quiet.warning(f"drop {self.flow.remote[0]}", "%s disconnected: %s", self.flow, reason)
        self.close()

    def close(self) -> None:
        """Disconnect; what a peer has not read by now it never will."""
        if self._transport is not None:
            if self._transport.get_write_buffer_size():
                self._transport.abort()
            else:
                self._transport.close()

    def abort(self) -> None:
        """Disconnect without a goodbye."""
        if self._transport is not None:
            self._transport.abort()

    # Inside.

    def _check(self, asked: Asked) -> None:
        assert self._transport is not None  # it has just been made
        tls = self._transport.get_extra_info("ssl_object")
        wrong = asked.proves(tls, asked.flow.name) if asked.proves is not None and tls is not None else ""
        if wrong:
            self._owner.quiet.warning(f"proof {self.flow}", "%s is not who it should be: %s", self.flow, wrong)
            self._transport.abort()
            return
        self._allowed = self._owner.idle
        self._open()

    async def _shake_hands(self, raw: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            self._transport = await self._loop.start_tls(
                raw, self, context, server_side=True,
                ssl_handshake_timeout=HANDSHAKE, ssl_shutdown_timeout=GOODBYE,
            )  # fmt: skip
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "reason", None) or str(error) or type(error).__name__
            self._owner.quiet.warning(f"tls {raw}", "%s: no TLS handshake: %s", self.flow, why)
            raw.abort()
            self.connection_lost(error)  # which asyncio tells of some failures only
            return
        finally:
            self._handshake = None
        self._open()

    def _open(self) -> None:
        self.is_open = True
        self._owner.opened(self)
        self._look()
        for message in self._pending:
            self.send(message)
        self._pending.clear()
        self._be_patient()
        if self._early:
            early, self._early = self._early, b""
            self.data_received(early)

    def _write(self, octets: bytes) -> None:
        if self._transport is None or not octets:
            return
        self._transport.write(octets)
        if self._transport.get_write_buffer_size() > BACKLOG:
            self.drop(f"it does not read: {BACKLOG} octets wait for it")

    def _be_patient(self) -> None:
        """Give a message that has begun a time to be completed in; more octets of it do not lengthen that."""
        if not self._framer.is_waiting:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None
        elif self._patience is None:
            self._patience = self._loop.call_later(
                PATIENCE, self.drop, f"a message was not complete within {PATIENCE:g} s"
            )

    def _look(self) -> None:
        """See whether the connection is still used, and again when that may have changed."""
        silent = self._loop.time() - self._used
        if silent >= self._allowed:
            self.drop(f"nothing was said for {SILENCE:g} s" if self._allowed == SILENCE else "")
            return
        if silent >= PING_EVERY and (ping := self._framer.ping()):
            if self._pinged:
                self.drop("it does not answer pings")
                return
            self._pinged = True
            self._used = self._loop.time()
            self._write(ping)
        due = min(self._allowed, PING_EVERY) if silent < PING_EVERY else self._allowed
        self._watch = self._loop.call_at(max(self._used + due, self._loop.time() + 1.0), self._look)
