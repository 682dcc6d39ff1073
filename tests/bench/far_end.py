"""The C programs of the bench, compiled when it runs: telephones, and the relay that is the limit.

    phones = Phones("talk", 400, 5.0)      its ports are open
    phones.point_at(ports)                 where each sends to
    phones.run() -> Heard                  blocks until the time is over

Each is a process of its own, so that its CPU time is told apart from the plane's.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["CRelay", "Heard", "Phones", "Programs", "cpu_seconds"]


def cpu_seconds(process: int | str, task: int | str | None = None) -> float:
    """CPU time used by a thread, to the nanosecond (proc(5), schedstat)."""
    path = f"/proc/{process}/task/{task or process}/schedstat"
    return int(Path(path).read_text(encoding="ascii").split()[0]) / 1e9


class Programs:
    """Compiles the C files beside this one with gcc into a folder that goes when it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="copperline-bench-")

    def __enter__(self) -> Self:
        for name in ("relay", "relay_uring", "phones"):
            source = Path(__file__).with_name(f"{name}.c")
            subprocess.run(["gcc", "-O2", "-o", self.path(name), source], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def path(self, name: str) -> str:
        """Where the program is."""
        return str(Path(self._folder.name) / name)


class _Program:
    def __init__(self, *command: object) -> None:
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    @property
    def process(self) -> int:
        return self._process.pid

    def tell(self, words: Sequence[object]) -> None:
        self._in.write("".join(f"{word}\n" for word in words))
        self._in.flush()

    def ports(self, count: int) -> list[int]:
        return [int(self._out.readline()) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the telephones met: packets, and seconds of delay (or lateness) at p50, p99 and the worst."""

    sent: int
    received: int
    p50: float
    p99: float
    worst: float


class Phones(_Program):
    """`count` telephones that `talk`, `listen` or `flood` for `seconds`."""

    def __init__(
        self, programs: Programs, what: str, count: int, seconds: float, types: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(programs.path("phones"), what, count, seconds, *types)
        self.own_ports = self.ports(count)

    def point_at(self, ports: Sequence[int]) -> None:
        """Say where each sends to."""
        self.tell(ports)

    def begin(self) -> None:
        """Start the time."""
        self.tell(["go"])

    def end(self) -> Heard:
        """Wait until the time is over."""
        sent, received, *times = (int(word) for word in self._out.readline().split())
        self._in.close()
        self._out.close()
        self._process.wait()
        return Heard(sent, received, *(value / 1e9 for value in times))

    def run(self) -> Heard:
        """Start, and wait until the time is over."""
        self.begin()
        return self.end()


class CRelay(_Program):
    """The limit: the same relaying in C; `name` is another program's than relay."""

    def __init__(self, programs: Programs, phones: Sequence[int], recode: bool, name: str = "relay") -> None:
        super().__init__(programs.path(name), len(phones), int(recode))
        self.tell(phones)
        self.own_ports = self.ports(len(phones))

    def close(self) -> None:
        """End it."""
        self._in.close()
        self._out.close()
        self._process.wait()
