"""UDPTL: the packets in which T.38 crosses a network that loses some (ITU-T T.38 section 9, RFC 3362).

Each datagram has a sequence number, one IFP packet, and what makes good the loss of those before it: the last few
of them once more (redundancy), or their parity (forward error correction). Octets are the aligned PER of T.38 Annex
A. Octets come in and IFP packets go out in order, each once, and back; what does not parse is counted and dropped.
Memory is bounded by the window that redundancy can reach, and nothing waits: an IFP packet that came too late is
of no use to a modem. What comes in the place of an IFP packet and is none is passed over.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.fax import Correction
from gateway.fax.ifp import whole

__all__ = ["Parity", "UdptlPacket", "UdptlReceiver", "UdptlSender"]

WINDOW: Final = 64
"""Packets received that are kept for parity; the most that a parity packet may span is less."""
MAX_ENTRIES: Final = 20
"""Secondary or parity packets in a datagram: more is no line's loss, but an attack on our time."""
MAX_SPAN: Final = 20
"""Packets that one parity packet covers."""
MAX_IFP: Final = 0x3FFF
"""Octets of an IFP packet whose length takes two octets; longer ones are cut in PER, and fit in no datagram."""
FAR: Final = 0x4000
"""Sequence numbers further apart than this are of a sender that has begun anew."""
STALE: Final = 10
"""Datagrams in a row from before the last one: so many copies nobody sends, so their sender has begun anew."""
REDUNDANT: Final = 3
"""Packets said once more in each datagram: a burst of three may be lost (T.38 9.1.4.1)."""
SPAN: Final = 3
"""Packets that each parity packet of ours covers, every third one, so that a burst of three may be lost."""
_HEADER: Final = 8
"""Octets of a datagram beside its IFP packets: sequence number, lengths, kind and count."""

_SECONDARY: Final = 0x00
_PARITY: Final = 0x80


@dataclass(frozen=True, slots=True)
class Parity:
    """Forward error correction in a datagram.

    Attributes:
        span: how many packets each of `packets` is the parity of.
        packets: of n of them the k-th (from 0) covers every n-th packet up to the one n - k before the datagram's.
    """

    span: int
    packets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class UdptlPacket:
    """One datagram (UDPTLPacket of T.38 Annex A).

    Attributes:
        sequence: of its primary packet, 0..65535.
        primary: the IFP packet.
        secondary: the ones before it, the latest first.
        parity: in the place of those.
    """

    sequence: int
    primary: bytes
    secondary: tuple[bytes, ...] = ()
    parity: Parity | None = None

    @classmethod
    def parse(cls, data: bytes) -> UdptlPacket:
        """Read a datagram.

        Raises:
            MalformedError: it is none, or breaks a bound.
        """
        reader = _Reader(data)
        sequence = int.from_bytes(reader.octets(2))
        primary = reader.field()
        if not primary:
            raise MalformedError("UDPTL: an empty IFP packet")
        kind = reader.octets(1)[0]
        if not kind & _PARITY:
            return cls(sequence, primary, reader.fields())
        if reader.octets(1) != b"\x01":
            raise MalformedError("UDPTL: a parity packet spans more packets than a byte can say")
        span = reader.octets(1)[0]
        packets = reader.fields()
        if not (0 < span <= MAX_SPAN and packets and span * len(packets) < WINDOW):
            raise MalformedError(f"UDPTL: parity over {span} times {len(packets)} packets")
        return cls(sequence, primary, parity=Parity(span, packets))

    def serialise(self) -> bytes:
        """Write the datagram."""
        head = self.sequence.to_bytes(2) + _field(self.primary)
        if self.parity is not None:
            return head + bytes((_PARITY, 1, self.parity.span)) + _fields(self.parity.packets)
        return head + bytes((_SECONDARY,)) + _fields(self.secondary)


class UdptlSender:
    """IFP packets in, datagrams out.

    Args:
        correction: what makes good their loss.
        largest: octets of a datagram that the peer takes; what does not fit of the correction is left out.
    """

    def __init__(self, correction: Correction, largest: int) -> None:
        self._correction = correction
        self._largest = largest
        self._sequence = 0
        self._sent: deque[bytes] = deque(maxlen=SPAN * SPAN)

    def renew(self, correction: Correction, largest: int) -> None:
        """Go on with another correction, or for a peer that takes other datagrams; numbers go on."""
        self._correction, self._largest = correction, largest

    def send(self, packet: bytes) -> bytes:
        """The datagram for the next IFP packet.

        Raises:
            ValueError: it is empty, or too long for any datagram.
        """
        if not 0 < len(packet) <= MAX_IFP:
            raise ValueError(f"an IFP packet has 1 to {MAX_IFP} octets, not {len(packet)}")
        sequence, self._sequence = self._sequence, (self._sequence + 1) & 0xFFFF
        datagram = UdptlPacket(sequence, packet)
        if self._correction is Correction.REDUNDANCY:
            datagram = UdptlPacket(sequence, packet, self._secondary(self._largest - len(packet) - _HEADER))
        elif self._correction is Correction.FEC:
            datagram = self._with_parity(datagram)
        self._sent.appendleft(packet)
        return datagram.serialise()

    def _secondary(self, room: int) -> tuple[bytes, ...]:
        chosen: list[bytes] = []
        for packet in self._sent:
            room -= len(packet) + 2
            if room < 0 or len(chosen) == REDUNDANT:
                break
            chosen.append(packet)
        return tuple(chosen)

    def _with_parity(self, bare: UdptlPacket) -> UdptlPacket:
        """With a parity for every third packet before it; fewer at the beginning, when there are not so many."""
        count = min(SPAN, len(self._sent))
        if not count:
            return bare
        span = min(SPAN, len(self._sent) // count)
        places = [range(count - 1 - m, span * count, count) for m in range(count)]
        packets = tuple(_xor([self._sent[place] for place in covered]) for covered in places)
        datagram = UdptlPacket(bare.sequence, bare.primary, parity=Parity(span, packets))
        return datagram if len(datagram.serialise()) <= self._largest else bare


class UdptlReceiver:
    """Datagrams in, IFP packets out.

    Attributes:
        refused: datagrams that did not parse.
        lost: IFP packets that nothing has made good.
        recovered: IFP packets that were lost and made good.
    """

    def __init__(self) -> None:
        self.refused = 0
        self.lost = 0
        self.recovered = 0
        self._expected: int | None = None
        self._stale = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def receive(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take a datagram: the IFP packets that it brings, or makes good, with their numbers and in order."""
        try:
            packet = UdptlPacket.parse(data)
        except MalformedError:
            self.refused += 1
            return []
        ahead = self._ahead(packet)
        if ahead < 0:
            return []  # it came before, or too late
        self._stale = 0
        self._keep(packet.sequence, packet.primary)
        brought: list[tuple[int, bytes]] = []
        for back in range(min(ahead, WINDOW), 0, -1):
            number = (packet.sequence - back) & 0xFFFF
            found = self._made_good(packet, back, number)
            if found is not None:
                self._keep(number, found)
                brought.append((number, found))
        self.recovered += len(brought)
        self.lost += ahead - len(brought)
        self._expected = (packet.sequence + 1) & 0xFFFF
        return [
            (number, ifp)
            for number, found in (*brought, (packet.sequence, packet.primary))
            if (ifp := whole(found))
        ]

    def _ahead(self, packet: UdptlPacket) -> int:
        """How many packets lie between the last one and this; negative for one that was told of already."""
        if self._expected is None:
            # T.38 9.1: numbers begin at 0; what came before the first datagram may be in it.
            reach = (
                len(packet.secondary) if packet.parity is None else packet.parity.span * len(packet.parity.packets)
            )
            return min(packet.sequence, reach)
        ahead = (packet.sequence - self._expected) & 0xFFFF
        if ahead >= 0x8000:
            ahead -= 0x10000
        self._stale += ahead < 0
        if abs(ahead) < FAR and self._stale < STALE:
            return ahead
        self._kept.clear()
        return 0

    def _keep(self, number: int, packet: bytes) -> None:
        self._kept[number] = packet
        while len(self._kept) > WINDOW:
            self._kept.popitem(last=False)

    def _made_good(self, packet: UdptlPacket, back: int, number: int) -> bytes | None:
        """The packet `back` before that of the datagram, as far as the datagram can tell."""
        if packet.parity is None:
            return packet.secondary[back - 1] if back <= len(packet.secondary) else None
        parity = packet.parity
        count = len(parity.packets)
        for m, parities in enumerate(parity.packets):
            covered = [(packet.sequence + m - count * k) & 0xFFFF for k in range(1, parity.span + 1)]
            if number not in covered:
                continue
            others = [self._kept.get(other) for other in covered if other != number]
            known = [other for other in others if other is not None]
            if len(known) == len(others):
                return _xor([parities, *known]) or None
        return None


class _Reader:
    """Octets taken from the front, with the bounds of PER lengths."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def octets(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise MalformedError("UDPTL: a datagram ends too early")
        taken, self._at = self._data[self._at : end], end
        return taken

    def length(self) -> int:
        """A length determinant (X.691 10.9): one octet, or two; cut fields have no place in a datagram."""
        first = self.octets(1)[0]
        if first < 0x80:
            return first
        if first & 0x40:
            raise MalformedError("UDPTL: a field is cut into pieces")
        return (first & 0x3F) << 8 | self.octets(1)[0]

    def field(self) -> bytes:
        return self.octets(self.length())

    def fields(self) -> tuple[bytes, ...]:
        count = self.length()
        if count > MAX_ENTRIES:
            raise MalformedError(f"UDPTL: {count} packets in the place of at most {MAX_ENTRIES}")
        return tuple(self.field() for _ in range(count))


def _field(data: bytes) -> bytes:
    return _length(len(data)) + data


def _fields(packets: tuple[bytes, ...]) -> bytes:
    return _length(len(packets)) + b"".join(_field(packet) for packet in packets)


def _length(count: int) -> bytes:
    return bytes((count,)) if count < 0x80 else (0x8000 | count).to_bytes(2)


def _xor(packets: list[bytes]) -> bytes:
    """The parity of packets, as long as the longest."""
    length = max(map(len, packets))
    total = 0
    for packet in packets:
        total ^= int.from_bytes(packet.ljust(length, b"\0"))
    return total.to_bytes(length)
