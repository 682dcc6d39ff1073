"""What a SIP telephone says and hears: RTP from a socket of its own, in G.711 or G.722, and digits as events."""

from __future__ import annotations

import re
import struct
from collections import deque
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.codec.g722 import G722Decoder, G722Encoder
from gateway.testing.sip_wire import bound_socket

__all__ = ["SipVoice"]

FRAME: Final = 160
"""Ticks of an RTP clock of 8000 Hz in 20 ms."""
EVENTS: Final = 101
"""Payload type of digits."""
_KEYS: Final = "0123456789*#ABCD"
_PAYLOAD_TYPES: Final = {Encoding.PCMU: 0, Encoding.PCMA: 8, Encoding.G722: 9}
_ENCODINGS: Final = {number: encoding for encoding, number in _PAYLOAD_TYPES.items()}


class SipVoice:
    """Mouth and ear of one telephone.

    Args:
        server: the host of the office.
        encoding: what is offered and spoken.
        own: the address at which it wants its audio; loopback where empty.

    Attributes:
        sampling: samples a second that are said and heard.
        peer: where the office wants its audio; None before it has said so.
        digits: what was heard by RFC 4733.
    """

    def __init__(self, server: str, encoding: Encoding, own: str = "") -> None:
        self.encoding = encoding
        self.sampling = 16000 if encoding is Encoding.G722 else 8000
        self.peer: tuple[str, int] | None = None
        self.digits = ""
        self._rtp = bound_socket(server, own)
        self._mouth: deque[Samples] = deque()
        self._ear: list[Samples] = []
        self._frame = self.sampling // 50
        self._coder, self._decoder = G722Encoder(), G722Decoder()
        self._events: deque[tuple[int, int, bool, int]] = deque()
        self._seen_event = -1
        self._sequence, self._timestamp = 100, 1000
        self._next_frame: float | None = None

    def close(self) -> None:
        """Give the socket back."""
        self._rtp.close()

    def sdp(self, media: str = "") -> str:
        """A session description; `media` stands in place of its own media lines."""
        host, port = self._rtp.getsockname()[:2]
        kind = "IP6" if ":" in host else "IP4"
        number = _PAYLOAD_TYPES[self.encoding]
        head = f"v=0\r\no=- 1 1 IN {kind} {host}\r\ns=-\r\nc=IN {kind} {host}\r\nt=0 0\r\n"
        return head + (
            media
            or f"m=audio {port} RTP/AVP {number} {EVENTS}\r\na=rtpmap:{number} {self.encoding.value}/8000\r\n"
            f"a=rtpmap:{EVENTS} telephone-event/8000\r\na=fmtp:{EVENTS} 0-15\r\n"
        )

    def take_sdp(self, body: str) -> None:
        """The office's session description."""
        host, port = re.search(r"c=IN IP[46] (\S+)", body), re.search(r"m=audio (\d+)", body)
        if host and port:
            self.peer = (host[1], int(port[1]))

    def forget(self) -> None:
        """Another call begins: nothing was heard in it yet."""
        self._ear, self.digits = [], ""

    def say(self, samples: Samples) -> None:
        """Speak: 20 ms go out at each tick."""
        whole = np.concatenate([samples, np.zeros(-len(samples) % self._frame, np.int16)])
        self._mouth.extend(whole.reshape(-1, self._frame))

    def key(self, digits: str) -> None:
        """Send digits as events of 100 ms with 60 ms between."""
        for digit in digits:
            code = _KEYS.index(digit)
            for step in range(1, 6):
                self._events.append((code, step * FRAME, False, step))
            self._events.extend([(code, 5 * FRAME, True, 0)] * 3)
            self._events.extend([(-1, 0, False, 0)] * 3)

    @property
    def heard(self) -> Samples:
        """Everything heard in this call."""
        return np.concatenate(self._ear) if self._ear else np.zeros(0, np.int16)

    def tick(self, now: float, *, talks: bool) -> None:
        """Take in what has arrived and, where it talks, send what is due."""
        while (data := self._take()) is not None:
            self.hear(data)
        if not talks or self.peer is None:
            self._next_frame = None
            return
        self._next_frame = now if self._next_frame is None else self._next_frame
        while self._next_frame <= now + 1e-9:
            self.speak()
            self._next_frame += 0.02

    def speak(self) -> None:
        """Send 20 ms: what is to be keyed or said, else silence."""
        if self._events:
            code, duration, end, step = self._events.popleft()
            if code >= 0:
                marker = 0x80 if step == 1 else 0
                payload = struct.pack("!BBH", code, (0x80 if end else 0) | 10, duration)
                self._send(EVENTS | marker, payload, self._timestamp)
                if end and (not self._events or not self._events[0][2]):
                    self._timestamp += duration
                return
        samples = self._mouth.popleft() if self._mouth else np.zeros(self._frame, np.int16)
        wide = self.encoding is Encoding.G722
        payload = self._coder.encode(samples) if wide else g711.encode(samples, self.encoding)
        self._send(_PAYLOAD_TYPES[self.encoding], payload, self._timestamp)
        self._timestamp += FRAME

    def hear(self, data: bytes) -> None:
        """Take in a packet."""
        _, second, _, timestamp, _ = struct.unpack("!BBHII", data[:12])
        number = second & 0x7F
        if number == EVENTS:
            code, flags, _ = struct.unpack("!BBH", data[12:16])
            if flags & 0x80 and timestamp != self._seen_event:
                self._seen_event = timestamp
                self.digits += _KEYS[code]
        elif number in _ENCODINGS:
            encoding = _ENCODINGS[number]
            wide = encoding is Encoding.G722
            self._ear.append(self._decoder.decode(data[12:]) if wide else g711.decode(data[12:], encoding))

    def _send(self, second: int, payload: bytes, timestamp: int) -> None:
        assert self.peer is not None
        self._sequence = (self._sequence + 1) & 0xFFFF
        header = struct.pack("!BBHII", 0x80, second, self._sequence, timestamp & 0xFFFFFFFF, 0x1234)
        self._rtp.sendto(header + payload, self.peer)

    def _take(self) -> bytes | None:
        try:
            return self._rtp.recv(65535)
        except BlockingIOError:
            return None
