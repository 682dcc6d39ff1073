"""Connections to AudioSocket servers: TCP on one side, RTP to a row of the media plane on the other.

Audio of the server is passed on at the pace at which it is heard: what comes faster waits in the connection, so
that a server may send a whole sentence at once. What the server does not take in time, or a connection that is not
made within its time, ends the leg.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable
from typing import Final

import numpy as np

from drivers.audiosocket.channel import LOOPBACK, AudioSocketChannel
from drivers.audiosocket.protocol import Address, Decoder, Kind, Message
from gateway.core.audio import RtpAudio
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import MalformedError
from gateway.plane.rtp import RtpPacket

__all__ = ["AudioSocketConnection", "AudioSocketNetwork"]

CONNECT: Final = 5.0
"""Seconds for a connection to be made."""
BACKLOG: Final = 160_000
"""Octets (10 s of audio) that may wait for a server that does not read."""
SYSTEM_BUFFER: Final = 65_536
"""Octets that the system may keep for it beside those: more would be old news when they are read."""
LEAD: Final = 0.06
"""Seconds of audio that the row may have before its time: what the server's and our clock differ by."""
GOODBYE: Final = 1.0
"""Seconds for the last message to be taken."""
_FRAME: Final = 320
"""Octets of 20 ms."""
_TIME: Final = 0.02
_STEP: Final = 160
_READ: Final = 4096
_PACKET: Final = 2048
_AT_ONCE: Final = 50
"""Packets taken before others get their turn."""
_CODEC: Final = Codec(Encoding.L16, 97)
_EVENTS: Final = 101
"""RTP payload types between the row and us; any would do."""


class AudioSocketNetwork:
    """Makes connections on a loop, and closes what is left of them in the end."""

    def __init__(self) -> None:
        self._connections: set[AudioSocketConnection] = set()

    def connect(self, address: Address, leg: AudioSocketChannel, row: RtpAudio) -> AudioSocketConnection:
        """Begin to connect a leg."""
        connection = AudioSocketConnection(address, leg, row, self._connections.discard)
        self._connections.add(connection)
        return connection

    @property
    def usage(self) -> int:
        """Connections there are."""
        return len(self._connections)

    async def close(self) -> None:
        """End all of them, and wait for that."""
        for connection in list(self._connections):
            connection.close()
        await asyncio.gather(*(connection.task for connection in list(self._connections)), return_exceptions=True)


class AudioSocketConnection:
    """One connection; see `drivers.audiosocket.channel.Connection`.

    Args:
        address: of the server.
        leg: told what comes of it.
        row: its audio.
        over: told once nothing is left of it.

    Attributes:
        task: ends with it.
    """

    def __init__(
        self,
        address: Address,
        leg: AudioSocketChannel,
        row: RtpAudio,
        over: Callable[[AudioSocketConnection], None],
    ) -> None:
        self._address = address
        self._leg = leg
        self._row = row
        self._writer: asyncio.StreamWriter | None = None
        self._closed = False
        self._due = 0.0
        self._held = b""
        self._sequence, self._timestamp = secrets.randbits(15), secrets.randbits(31)
        self._source = secrets.randbits(32)
        self._loop = asyncio.get_running_loop()
        self._packets: socket.socket | None = None
        self.task = self._loop.create_task(self._run())
        self.task.add_done_callback(lambda _: over(self))

    def say(self, message: Message) -> None:
        """Send a message, once there is a connection."""
        if self._writer is None or self._closed:
            return
        self._writer.write(message.serialise())
        if self._writer.transport.get_write_buffer_size() > BACKLOG:
            self._leg.lost("it does not take what the call says", "See whether the server reads.")

    def close(self) -> None:
        """End it; the last message is still sent."""
        if self._closed:
            return
        self._closed = True
        if asyncio.current_task(self._loop) is not self.task:
            self.task.cancel()

    async def _run(self) -> None:
        try:
            reader = await self._connected()
            if reader is not None:
                await self._serve(reader)
        finally:
            self._closed = True
            if self._packets is not None:
                self._loop.remove_reader(self._packets.fileno())
                self._packets.close()
            if self._writer is not None:
                await self._leave(self._writer)

    async def _connected(self) -> asyncio.StreamReader | None:
        """The connection, with the row's audio led to it; None where there is none to be had."""
        try:
            async with asyncio.timeout(CONNECT):
                reader, self._writer = await asyncio.open_connection(self._address.host, self._address.port)
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SYSTEM_BUFFER)
            self._packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._packets.setblocking(False)
            self._packets.bind((LOOPBACK, 0))
        except (OSError, TimeoutError) as fault:
            what = f"no connection within {CONNECT:g} s" if isinstance(fault, TimeoutError) else str(fault)
            self._leg.lost(what, "See whether the server runs and listens there.")
            return None
        self._row.set_remote(LOOPBACK, self._packets.getsockname()[1], _CODEC, _EVENTS)
        self._loop.add_reader(self._packets.fileno(), self._packets_wait, self._packets)
        self._leg.connected()
        return reader

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        while True:
            try:
                data = await reader.read(_READ)
            except OSError as fault:
                self._leg.lost(str(fault))
                return
            if not data:
                self._leg.lost("the connection was closed")
                return
            for message in decoder.receive(data):
                if not await self._take(message):
                    return

    async def _take(self, message: Message) -> bool:
        """A message of the server: audio is let out frame by frame as its time comes; whether there may be more."""
        if message.kind != Kind.AUDIO:
            self._leg.heard(message)
            return not self._closed
        samples = self._held + message.payload
        whole = len(samples) - len(samples) % _FRAME
        self._held = samples[whole:]
        for start in range(0, whole, _FRAME):
            now = self._loop.time()
            self._due = max(self._due + _TIME, now)
            if self._due > now + LEAD:
                await asyncio.sleep(self._due - LEAD - now)
            self._play(samples[start : start + _FRAME])
        return not self._closed

    def _play(self, frame: bytes) -> None:
        self._sequence = (self._sequence + 1) % 0x10000
        self._timestamp = (self._timestamp + _STEP) % 0x100000000
        packet = RtpPacket(_CODEC.payload_type, self._sequence, self._timestamp, self._source, _swapped(frame))
        with contextlib.suppress(OSError):
            if self._packets is not None:
                self._packets.sendto(packet.serialise(), (LOOPBACK, self._row.port))

    def _packets_wait(self, packets: socket.socket) -> None:
        """What the call says."""
        for _ in range(_AT_ONCE):
            try:
                data, (_, port) = packets.recvfrom(_PACKET)
                packet = RtpPacket.parse(data)
            except OSError:
                return
            except MalformedError:
                continue
            if port == self._row.port and packet.payload_type == _CODEC.payload_type and not self._closed:
                self.say(Message(Kind.AUDIO, _swapped(packet.payload)))

    async def _leave(self, writer: asyncio.StreamWriter) -> None:
        """Close in good order; at once where the server does not take the rest."""
        writer.close()
        try:
            async with asyncio.timeout(GOODBYE):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()


def _swapped(samples: bytes) -> bytes:
    """The other order of octets: RTP has the high one first (RFC 3551 4.5.11), AudioSocket the low one."""
    return np.frombuffer(samples[: len(samples) & ~1], ">i2").astype("<i2").tobytes()
