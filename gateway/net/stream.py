"""One connection that carries SIP, on the loop: TCP, TLS, WebSocket or secure WebSocket.

Octets go through a framer, whole messages come out. TLS, where there is any, is below: a connection begins when its
handshake is done. A peer that dribbles a message, sends what is no message, says nothing at all or does not take
what we send is disconnected with one logged reason; the others notice nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Final, Protocol, cast

from gateway.core.log import QuietLog
from gateway.net.handshake import handshake_fault
from gateway.sip.framing import Answer, Broken, Framer, KeepAlive
from gateway.sip.misled import Misled, misled
from gateway.sip.transport import Flow

__all__ = ["HANDSHAKE", "PATIENCE", "PING_EVERY", "SILENCE", "StreamConnection", "StreamOwner", "TlsCheck"]

_log = logging.getLogger("copperline.net")

PATIENCE: Final = 10.0
"""Seconds within which a message that has begun must be complete, and a WebSocket's handshake."""

HANDSHAKE: Final = 10.0
"""Seconds for a TLS handshake."""

GOODBYE: Final = 1.0
"""Seconds for TLS to say goodbye in."""

SILENCE: Final = 30.0
"""Seconds within which whoever connects must have sent a message."""

PING_EVERY: Final = 45.0
"""Seconds of silence after which a WebSocket's peer is pinged; as many again, and it is gone."""

KEEP_ALIVES: Final = 40
"""Keep-alives in a row that a peer may send within `PATIENCE`, each line of a ping counted: telephones send one in
half a minute or more."""

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
        misled: takes who speaks another protocol than the port is for.
    """

    idle: float
    quiet: QuietLog
    misled: Callable[[Misled], None]

    def opened(self, connection: StreamConnection) -> None:
        """A connection can be used."""
        ...

    def heard(self, data: bytes, flow: Flow) -> None:
        """A message has come, or b"\\r\\n" for an answered ping (RFC 5626 4.4.1); it may close the connection."""
        ...

    def lost(self, connection: StreamConnection) -> None:
        """A connection is gone, which may never have been open; said once or more."""
        ...


class TlsCheck(Protocol):
    """Looks at the certificate that a peer has shown."""

    def __call__(self, tls: ssl.SSLObject, name: str) -> str:
        """What is wrong with it, as a clause; empty where nothing is."""
        ...


class StreamConnection(asyncio.Protocol):
    """One connection.

    Attributes:
        flow, is_ours: see below.
        is_open: whether it can be used.
        fault: why there is none by TLS, or no longer, as a clause; empty where nothing is known to be wrong.

    Args:
        loop: the loop.
        owner: who holds it.
        flow: which it is.
        framer: cuts its octets into messages.
        is_ours: whether we make it.
        proves: looks at the certificate of whom we connect to; None without TLS.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        owner: StreamOwner,
        flow: Flow,
        framer: Framer,
        *,
        is_ours: bool,
        proves: TlsCheck | None = None,
    ) -> None:
        self.flow = flow
        self.is_ours = is_ours
        self.is_open = False
        self.fault = ""
        self._loop = loop
        self._owner = owner
        self._framer = framer
        self._proves = proves
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._allowed = owner.idle if is_ours else SILENCE
        self._used = loop.time()
        self._pinged = False
        self._keep_alives = 0
        self._keeps_since = 0.0
        self._pending: list[bytes] = []
        self._gone = False
        self._is_new = not is_ours

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS of an open connection, with the certificate that its peer has shown; None without TLS."""
        return self._transport.get_extra_info("ssl_object") if self._transport is not None else None

    @property
    def is_made(self) -> bool:
        """Whether it has a socket, and `connection_lost` is still to come."""
        return self._transport is not None and not self._gone

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there, its TLS handshake done."""
        stream = cast(asyncio.Transport, transport)  # not by class: uvloop's transports have other ancestors
        self._transport = stream
        for level, option, value in _ALIVE:
            stream.get_extra_info("socket").setsockopt(level, option, value)
        tls = stream.get_extra_info("ssl_object")
        wrong = self._proves(tls, self.flow.name) if self._proves is not None and tls is not None else ""
        if wrong:
            self.fault = wrong
            self._owner.quiet.warning(f"proof {self.flow}", "%s is not who it should be: %s", self.flow, wrong)
            stream.abort()
            return
        self.is_open = True
        self._owner.opened(self)
        self._look()
        self._be_patient()
        for message in self._pending:
            self.send(message)
        self._pending.clear()

    def data_received(self, data: bytes) -> None:
        """Octets came in."""
        if self._allowed != SILENCE:  # until its first message it has said nothing, whatever it pings
            self._used = self._loop.time()
        self._pinged = False
        if self._is_new:
            self._is_new = False
            wrong = misled(self.flow, data)
            if wrong is not None:
                self._owner.misled(wrong)
                self.close()
                return
        for framed in self._framer.feed(data):
            if isinstance(framed, bytes):
                self._allowed = self._owner.idle
                self._used = self._loop.time()
                self._keep_alives = 0
                self._owner.heard(framed, self.flow)
            else:
                self._take(framed)
            if not self.is_open:
                return
        self._be_patient()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        for timer in (self._patience, self._watch):
            if timer is not None:
                timer.cancel()
        self.is_open = False
        self._gone = True
        self.fault = self.fault or handshake_fault(error)
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
        """Disconnect; what a peer has not read by now it never will, and what it says no longer counts."""
        self.is_open = False
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

    def _take(self, framed: KeepAlive | Answer | Broken) -> None:
        """Take what is no message."""
        if isinstance(framed, Broken):
            self.drop(framed.reason)
        elif self._is_flooded():
            self.drop(f"it floods: more than {KEEP_ALIVES} keep-alives within {PATIENCE:g} s")
        elif isinstance(framed, Answer):
            self._write(framed.data)
        elif framed is KeepAlive.PING:
            self._write(self._framer.frame(KeepAlive.PONG.value.encode()))
        elif self.is_ours:
            self._owner.heard(KeepAlive.PONG.value.encode(), self.flow)

    def _is_flooded(self) -> bool:
        """Count a keep-alive; whether there were too many of them, and no message, in too short a time."""
        now = self._loop.time()
        if now - self._keeps_since > PATIENCE:
            self._keep_alives, self._keeps_since = 0, now
        self._keep_alives += 1
        return self._keep_alives > KEEP_ALIVES

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
            self.drop(f"no message came for {SILENCE:g} s" if self._allowed == SILENCE else "")
            return
        ping = self._framer.ping()
        if ping and silent >= PING_EVERY:
            if self._pinged:
                self.drop("it does not answer pings")
                return
            self._pinged = True
            self._used = self._loop.time()
            self._write(ping)
        due = self._used + (min(self._allowed, PING_EVERY) if ping else self._allowed)
        self._watch = self._loop.call_at(max(due, self._loop.time() + 1.0), self._look)
