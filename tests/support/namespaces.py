"""Machines of their own in one process: Linux network namespaces, joined by TUN devices and `tests.support.nat`.

Whoever works inside a machine opens sockets there, and starts processes there; they stay there. All packets between
machines pass through `World.carry`, one by one, on the test's own clock.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from tests.support.nat import Network, Packet

__all__ = ["Machine", "World", "refusal"]

P = ParamSpec("P")
T = TypeVar("T")

_NEWNET: Final = 0x40000000
"""CLONE_NEWNET."""
_OWN: Final = Path("/proc/thread-self/ns/net")
_TUNSETIFF: Final = 0x400454CA
_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000
"""IFF_TUN | IFF_NO_PI."""
_MTU: Final = 16000
"""Octets: no message of a test is cut."""
_UDP: Final = 17
_libc = ctypes.CDLL(None, use_errno=True)


def refusal() -> str:
    """Why this system makes no network namespaces; empty where it does."""
    try:
        with World() as world:
            world.machine("10.0.0.1", world.internet)
    except (OSError, subprocess.CalledProcessError) as error:
        return str(error)
    return ""


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _enter(descriptor: int) -> None:
    _check(_libc.setns(descriptor, _NEWNET))


class Machine:
    """A namespace with one interface or more.

    Args:
        address: its own.
        network: where that is.
    """

    def __init__(self, address: str, network: Network) -> None:
        self.address = address
        self._tuns: list[tuple[int, Network]] = []
        with open(_OWN) as home:
            _check(_libc.unshare(_NEWNET))
            try:
                self._namespace = os.open(_OWN, os.O_RDONLY)
                _ip("link set lo up")
            finally:
                _enter(home.fileno())
        self.plug(address, network, "default")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Work there."""
        with open(_OWN) as home:
            _enter(self._namespace)
            try:
                yield
            finally:
                _enter(home.fileno())

    def at_home(self, deed: Callable[P, T]) -> Callable[P, T]:
        """`deed`, done there."""

        def done(*arguments: P.args, **more: P.kwargs) -> T:
            with self.inside():
                return deed(*arguments, **more)

        return done

    def plug(self, address: str, network: Network, route: str) -> None:
        """One more interface, and what is sent by it."""
        name = f"tun{len(self._tuns)}"
        with self.inside():
            tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            self._tuns.append((tun, network))
            fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TUN_WITHOUT_HEADER))
            _ip(f"addr add {address}/32 dev {name}")
            _ip(f"link set {name} mtu {_MTU} up")
            _ip(f"route add {route} dev {name} src {address}")
        network.join(address, _Interface(tun))

    def carry(self, now: float) -> bool:
        """Put what it has sent on its networks; whether there was anything."""
        found = False
        for tun, network in self._tuns:
            while (raw := _read(tun)) is not None:
                found = True
                packet = _parse(raw)
                if packet is not None:
                    network.route(packet, now)
        return found

    @property
    def descriptors(self) -> int:
        """How many are open for it."""
        return 1 + len(self._tuns)

    def close(self) -> None:
        """Switch it off."""
        for tun, _ in self._tuns:
            os.close(tun)
        os.close(self._namespace)


class _Interface:
    """Where packets for a machine go in."""

    def __init__(self, tun: int) -> None:
        self._tun = tun

    def deliver(self, packet: Packet) -> None:
        """One has come; an interface that is down takes none."""
        with suppress(OSError):
            os.write(self._tun, _serialise(packet))


class World:
    """All machines of a test, and the network that is open to everybody."""

    def __init__(self) -> None:
        self.internet = Network()
        self._machines: list[Machine] = []

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        for machine in self._machines:
            machine.close()

    def machine(self, address: str, network: Network) -> Machine:
        """A new one."""
        self._machines.append(Machine(address, network))
        return self._machines[-1]

    @property
    def descriptors(self) -> int:
        """How many are open for it."""
        return sum(machine.descriptors for machine in self._machines)

    def carry(self, now: float) -> None:
        """Carry all packets that are under way, and what the systems answer to them."""
        while any([machine.carry(now) for machine in self._machines]):
            pass


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, timeout=10, capture_output=True)


def _read(tun: int) -> bytes | None:
    try:
        return os.read(tun, _MTU)
    except OSError:  # nothing waits, or the interface is down
        return None


def _parse(raw: bytes) -> Packet | None:
    """A UDP packet of IPv4; None for anything else that a system sends by itself."""
    start = 4 * (raw[0] & 0x0F)
    if raw[0] >> 4 != 4 or raw[9] != _UDP:
        return None
    source, target, length = struct.unpack("!HHH", raw[start : start + 6])
    hosts = [".".join(map(str, raw[at : at + 4])) for at in (12, 16)]
    return Packet((hosts[0], source), (hosts[1], target), raw[start + 8 : start + length])


def _serialise(packet: Packet) -> bytes:
    """The same with its headers (RFC 791 3.1, RFC 768); UDP goes without a checksum."""
    length = 8 + len(packet.data)
    hosts = b"".join(bytes(map(int, host.split("."))) for host, _ in (packet.source, packet.target))
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, _UDP, 0) + hosts
    total = sum(struct.unpack("!10H", head))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack("!H", total ^ 0xFFFF) + head[12:]
    return head + struct.pack("!HHHH", packet.source[1], packet.target[1], length, 0) + packet.data
