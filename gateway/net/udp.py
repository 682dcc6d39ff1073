"""A UDP socket on the loop: what comes in is handed on, what goes out is sent or, when the kernel's buffer is full,
dropped, as UDP may (SIP repeats what matters)."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Final

__all__ = ["Address", "UdpSocket", "source_address"]

_log = logging.getLogger("copperline.net")

Address = tuple[str, int]
"""IP address as text, and port."""

BATCH: Final = 16
"""Datagrams taken in one turn of the loop, so that a flood on one socket leaves turns for all others, and the first
of them is answered in some milliseconds."""

DISCARD: Final = 9
"""A port to name where none is used."""

BUFFER: Final = 4 * 1024 * 1024
"""Octets of a receive buffer, as far as the system allows: some seconds of what can be served."""

_SO_RCVBUFFORCE: Final = 33
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=2I")
"""Its beginning: octets allocated for what waits to be read, and how many may be (linux/sock_diag.h)."""

LARGEST: Final = 65_535
"""Bytes: no UDP datagram is larger."""


def source_address(remote: str) -> str | None:
    """The address of this machine from which the system would send to `remote` (an IP address), or None.

    Nothing is sent for that: the system only chooses a route.
    """
    with socket.socket(_family(remote), socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((remote, DISCARD))
        except OSError:
            return None
        return str(asked.getsockname()[0])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _enlarge(opened: socket.socket) -> None:
    """Give a socket a large receive buffer: beyond the system's usual limit where we may, else up to that."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)


class UdpSocket:
    """One bound UDP socket.

    Args:
        loop: the loop that watches it.
        address: where to bind; port 0 takes a free one (see `address`).
        on_datagrams: takes those that waited, in their order, each with its sender.
        on_drained: told whenever no more of them wait.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: Address,
        on_datagrams: Callable[[Sequence[tuple[bytes, Address]]], None],
        on_drained: Callable[[], None] | None = None,
    ) -> None:
        self._socket = socket.socket(_family(address[0]), socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            _enlarge(self._socket)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self.address: Address = self._socket.getsockname()[:2]
        self._loop = loop
        self._on_datagrams = on_datagrams
        self._on_drained = on_drained
        loop.add_reader(self._socket.fileno(), self._readable)

    def send(self, data: bytes, to: Address) -> OSError | None:
        """Send a datagram; what the kernel refused it for, or None."""
        try:
            self._socket.sendto(data, to)
        except BlockingIOError:
            _log.warning("UDP %s:%d: the kernel's send buffer is full; a datagram was dropped", *self.address)
        except OSError as error:
            return error
        return None

    def filled(self) -> float:
        """The share of the kernel's receive buffer that is filled, 0..1; beyond that datagrams are dropped."""
        waiting, most = _MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))
        return min(1.0, float(waiting / most))

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _readable(self) -> None:
        came = []
        drained = False
        for _ in range(BATCH):
            try:
                data, source = self._socket.recvfrom(LARGEST)
            except (BlockingIOError, InterruptedError):
                drained = True
                break
            except OSError as error:
                # An ICMP error for something that we sent; the transaction's timers deal with it.
                _log.debug("UDP %s:%d: %s", *self.address, error)
                continue
            came.append((data, source[:2]))
        if came:
            self._on_datagrams(came)
        if drained and self._on_drained is not None:
            self._on_drained()
