"""Where legs get their rows: opens an RTP socket from a range of ports and hands it to the media plane.

In go a local address or a device's descriptor, out comes a row. A socket is closed only once the plane has let go
of it, and its port is free again only then. Ports are even; the odd one after each is its RTCP (RFC 3550 11).
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.core.literal import literal
from gateway.core.repeated import repeated
from gateway.plane.conference import PlaneRoom
from gateway.plane.plane import Plane
from gateway.plane.row import PlaneRow
from gateway.plane.rtp_row import RtpRow

__all__ = ["AudioDesk"]

_EXPEDITED: Final = 46 << 2
"""EF (RFC 3246): what carries speech asks the network for its place in the queue."""
_Kind = tuple[socket.AddressFamily, tuple[tuple[int, int, int], ...]]
"""Family and options of a socket for RTP or RTCP."""
_IPV4: Final[_Kind] = socket.AF_INET, ((socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED),)
_IPV6: Final[_Kind] = (
    socket.AF_INET6,
    ((socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1), (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED)),
)


class AudioDesk:
    """Implements `gateway.core.audio.AudioFactory` over `plane`.

    Args:
        ports: RTP ports, both ends included; odd ones are not used.

    Raises:
        LocalError: the range holds no even port.
    """

    def __init__(self, *, plane: Plane, ports: tuple[int, int] = (20000, 29999)) -> None:
        first = ports[0] + ports[0] % 2
        if not 0 < first <= ports[1] <= 65535:
            raise LocalError(f"the RTP ports {ports[0]}-{ports[1]} hold no even port to use")
        self._plane = plane
        self._range = range(first, ports[1] + 1, 2)
        self._turn = 0
        self._open = 0

    @property
    def open_sockets(self) -> int:
        """RTP ports open now, each with the RTCP port after it."""
        return self._open

    def rtp(self, local_address: str) -> RtpRow:
        """Open an RTP socket on `local_address` (an IPv4 or IPv6 literal) and give it a row.

        Raises:
            Exhausted: no port, no file descriptor or no row is free.
            LocalError: the address is none of this machine's, or no literal.
        """
        audio, reports, port = self._sockets(local_address)
        self._open += 1
        sockets = _Sockets(self, audio.detach(), reports.detach())
        try:
            return self._plane.add_rtp(sockets.audio, local_address, port, sockets, sockets.reports)
        except Exhausted:
            sockets()
            raise

    def closed(self) -> None:
        """The sockets of a row are closed."""
        self._open -= 1

    def room(self) -> PlaneRoom:
        """Open an empty room.

        Raises:
            Exhausted: no room is free.
        """
        return self._plane.room()

    def frames(
        self,
        descriptor: int,
        encoding: Encoding,
        owner: Any = None,
        on_removed: Callable[[], None] | None = None,
    ) -> PlaneRow:
        """Give a row to a descriptor that carries 20 ms frames.

        Args:
            owner: kept alive as long as the row.
            on_removed: told once the plane does not use the descriptor any more.

        Raises:
            Exhausted: no row is free.
        """
        kept = [owner]

        def removed() -> None:
            kept.clear()
            if on_removed is not None:
                on_removed()

        return self._plane.add_frames(descriptor, encoding, on_removed=removed)

    def pair(self, encoding: Encoding = Encoding.L16) -> tuple[PlaneRow, socket.socket]:
        """A row for a device that is a program of ours, and the end of the socket pair with its frames.

        Raises:
            Exhausted: no row is free.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            return self._plane.add_frames(theirs.fileno(), encoding, on_removed=theirs.close), ours
        except Exhausted:
            ours.close()
            theirs.close()
            raise

    def _sockets(self, address: str) -> tuple[socket.SocketType, socket.SocketType, int]:
        """Sockets for RTP and RTCP on two ports in a row, and the first port."""
        try:
            kind = _kind(address)
        except ValueError as error:
            raise LocalError(f"{address!r} is no IP address to open RTP on; give a literal one") from error
        pair: list[socket.SocketType] = []
        try:
            for port in self.ports():
                # One that found its port taken can be bound to another; one that was bound cannot.
                if not pair:
                    pair.append(_open(kind))
                if not _bind(pair[0], address, port):
                    continue
                pair.append(_open(kind))
                if _bind(pair[1], address, port + 1):
                    return pair[0], pair[1], port
                while pair:
                    pair.pop().close()
        except OSError as error:
            while pair:
                pair.pop().close()
            raise _explained(error, address) from error
        while pair:
            pair.pop().close()
        raise Exhausted(
            f"all RTP ports from {self._range[0]} to {self._range[-1]} are in use; make [sip] rtp_ports wider"
        )

    def ports(self) -> Iterator[int]:
        """Every port once, beginning after the one given last, so that a port just closed rests."""
        count = len(self._range)
        for _ in range(count):
            place, self._turn = self._turn, (self._turn + 1) % count
            yield self._range[place]


class _Sockets:
    """The sockets of a row, by number: a call stands for long, and a socket's object would do nothing meanwhile.

    To be called once the plane has let go of them.
    """

    __slots__ = ("_desk", "audio", "reports")

    def __init__(self, desk: AudioDesk, audio: int, reports: int) -> None:
        self._desk = desk
        self.audio = audio
        self.reports = reports

    def __call__(self) -> None:
        os.close(self.audio)
        os.close(self.reports)
        self._desk.closed()


@repeated
def _kind(address: str) -> _Kind:
    """The kind of socket that RTP at an IP address takes."""
    return _IPV6 if literal(address).version == 6 else _IPV4


def _open(kind: _Kind) -> socket.SocketType:
    family, options = kind
    # The interpreter's own type: the wrapper of `socket` would only be taken off again.
    opened = socket.SocketType(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    for option in options:
        opened.setsockopt(*option)
    return opened


def _bind(opened: socket.SocketType, address: str, port: int) -> bool:
    """Whether the port was free."""
    try:
        opened.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise
    return True


def _explained(error: OSError, address: str) -> LocalError:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Exhausted(
            "no file descriptor is free for RTP; raise the limit of open files (LimitNOFILE, ulimit -n)"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return LocalError("the RTP ports may not be opened; take ports above 1023")
    return LocalError(f"RTP cannot be received on {address}: {error.strerror}")
