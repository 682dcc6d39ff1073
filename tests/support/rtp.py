"""An RTP endpoint in plain Python: a telephone's half of a call on a loopback socket, packet by packet.

It sends what it is told, when it is told, and keeps all that came; nothing is hidden, so tests can lose, repeat and
reorder at will. Time is the plane's: nothing here waits.
"""

from __future__ import annotations

import socket
from dataclasses import replace

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Codec, Encoding
from gateway.media import g711
from gateway.media.codec.g722 import G722Decoder, G722Encoder
from gateway.plane.dtmf import FLASH, NAMES
from gateway.plane.rtcp import RtcpReport
from gateway.plane.rtp import RtpPacket
from gateway.plane.telephone_event import TelephoneEvent
from tests.support.coders import G726Decoder, G726Encoder
from tests.support.spandsp import G726_BITS, SpandspDvi4

__all__ = ["Coder", "RtcpEndpoint", "RtpEndpoint", "coded", "linear"]

_FRAME = 160


class Coder:
    """One end of a coded stream: encodes what it says and decodes what it hears, packet after packet."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._encoder: G722Encoder | G726Encoder | SpandspDvi4 | None = None
        self._decoder: G722Decoder | G726Decoder | SpandspDvi4 | None = None
        if encoding is Encoding.G722:
            self._encoder, self._decoder = G722Encoder(), G722Decoder()
        elif encoding in G726_BITS:
            bits, high_first = G726_BITS[encoding], encoding.value.startswith("AAL2")
            self._encoder = G726Encoder(bits, high_first=high_first)
            self._decoder = G726Decoder(bits, high_first=high_first)
        elif encoding is Encoding.DVI4:
            self._encoder, self._decoder = SpandspDvi4(), SpandspDvi4()

    def encode(self, samples: Samples) -> bytes:
        """The next packet's payload."""
        if self._encoder is None:
            return coded(samples, self.encoding)
        return self._encoder.encode(samples)

    def decode(self, payload: bytes) -> Samples:
        """The samples of the next packet's payload."""
        if self._decoder is None:
            return linear(payload, self.encoding)
        return self._decoder.decode(payload)


def coded(samples: Samples, encoding: Encoding) -> bytes:
    """Samples as an RTP payload, of a coding that keeps nothing from packet to packet."""
    return samples.astype(">i2").tobytes() if encoding is Encoding.L16 else g711.encode(samples, encoding)


def linear(payload: bytes, encoding: Encoding) -> Samples:
    """The reverse."""
    if encoding is Encoding.L16:
        return np.frombuffer(payload, ">i2").astype(np.int16)
    return g711.decode(payload, encoding)


class RtpEndpoint:
    """One side of an RTP session, on a socket of its own.

    Attributes:
        address, port: where it listens.
        encoding, payload_type, event_type: what was agreed.
    """

    def __init__(
        self,
        encoding: Encoding = Encoding.PCMU,
        payload_type: int = 0,
        event_type: int = 101,
        ssrc: int = 0x1234_5678,
        sequence: int = 1000,
        timestamp: int = 50_000,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: int = 8000,
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.setblocking(False)
        self.address, self.port = self._socket.getsockname()[:2]
        codec = Codec(encoding, payload_type, rate)
        self.encoding = encoding
        self.sampling, self.rate = codec.sampling, rate
        self.coder = Coder(encoding)
        self.payload_type = payload_type
        self.event_type = event_type
        self.next = RtpPacket(payload_type, sequence, timestamp, ssrc, marker=True)
        self.received: list[RtpPacket] = []
        self._remote: tuple[str, int] | None = None

    def connect(self, address: str, port: int) -> None:
        """Send to that address from now on."""
        self._remote = (address, port)

    def packet(self, samples: Samples) -> RtpPacket:
        """The next packet of this stream, carrying `samples`; not sent."""
        packet = replace(self.next, payload=self.coder.encode(samples))
        self.skip(len(samples) * self.rate // self.sampling)
        return packet

    def skip(self, samples: int) -> None:
        """Let `samples` of the stream's time pass with one packet's number."""
        self.next = replace(
            self.next,
            sequence=(self.next.sequence + 1) & 0xFFFF,
            timestamp=(self.next.timestamp + samples) & 0xFFFFFFFF,
            marker=False,
        )

    def pause(self, samples: int) -> None:
        """Let `samples` of the stream's time pass without a packet."""
        self.next = replace(self.next, timestamp=(self.next.timestamp + samples) & 0xFFFFFFFF)

    def say(self, samples: Samples, ptime: int = _FRAME) -> None:
        """Send `samples` in packets of `ptime` samples, all at once."""
        for start in range(0, len(samples), ptime):
            self.send(self.packet(samples[start : start + ptime]))

    def event(self, digit: str, duration: int, end: bool = False, marker: bool = False) -> RtpPacket:
        """A packet of an event that began at this stream's present time; takes a sequence number."""
        event = TelephoneEvent(NAMES.index(ord(digit)), duration, end)
        packet = replace(self.next, payload_type=self.event_type, payload=event.serialise(), marker=marker)
        self.next = replace(self.next, sequence=(self.next.sequence + 1) & 0xFFFF, marker=False)
        return packet

    def flash(self) -> None:
        """Send the event of a hook flash."""
        for end in (False, True, True, True):
            flash = TelephoneEvent(FLASH, 800, end)
            packet = replace(self.next, payload_type=self.event_type, payload=flash.serialise(), marker=not end)
            self.next = replace(self.next, sequence=(self.next.sequence + 1) & 0xFFFF, marker=False)
            self.send(packet)
        self.pause(1200)

    def press(self, digit: str, duration: int = 800) -> None:
        """Send a whole event: a packet every 20 ms and three ends."""
        for length in range(_FRAME, duration, _FRAME):
            self.send(self.event(digit, length, marker=length == _FRAME))
        for _ in range(3):
            self.send(self.event(digit, duration, end=True))
        self.pause(duration + 400)

    def send(self, packet: RtpPacket) -> None:
        """Send one packet."""
        self.send_raw(packet.serialise())

    def send_raw(self, data: bytes) -> None:
        """Send any octets."""
        if self._remote is None:
            raise RuntimeError("connect the endpoint first")
        self._socket.sendto(data, self._remote)

    def hear(self) -> list[RtpPacket]:
        """Packets that have come since the last look."""
        fresh = []
        while True:
            try:
                fresh.append(RtpPacket.parse(self._socket.recv(4096)))
            except BlockingIOError:
                break
        self.received += fresh
        return fresh

    def hear_raw(self) -> list[bytes]:
        """Datagrams that have come since the last look, whatever they are."""
        fresh = []
        while True:
            try:
                fresh.append(self._socket.recv(4096))
            except BlockingIOError:
                return fresh

    def heard(self) -> Samples:
        """All audio received so far, in order of arrival, gaps ignored."""
        self.hear()
        audio = [self.coder.decode(p.payload) for p in self.received if p.payload_type == self.payload_type]
        return np.concatenate(audio) if audio else np.zeros(0, np.int16)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class RtcpEndpoint:
    """The reporting side of a telephone, on a socket of its own.

    Attributes:
        address, port: where it listens.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.address, self.port = self._socket.getsockname()[:2]

    def send(self, report: RtcpReport, address: str, port: int) -> None:
        """Send one report."""
        self.send_raw(report.serialise(), address, port)

    def send_raw(self, data: bytes, address: str, port: int) -> None:
        """Send any octets."""
        self._socket.sendto(data, (address, port))

    def hear(self) -> list[RtcpReport]:
        """Reports that have come since the last look."""
        fresh = []
        while True:
            try:
                fresh.append(RtcpReport.parse(self._socket.recv(4096)))
            except BlockingIOError:
                return fresh

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
