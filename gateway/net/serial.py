"""The shell between serial ports and the engine of their adapters: octets both ways, rows lent, ports that go.

Each port has a row of the media plane behind a socket pair, into which the engine puts the adapter's frames and out
of which it takes what the row says. A port that is not there leaves its adapter out of service and every other
alone; `retry` looks for it again. No rule about adapters is in here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.isdn.base import PortOrder
from drivers.isdn.lines import IsdnLines
from gateway.core.audio import Audio
from gateway.core.errors import Exhausted, HardwareError
from gateway.net.audio import AudioDesk
from hardware.isdn.port import SerialPort

__all__ = ["SerialShell"]

_log = logging.getLogger("copperline.net")

BACKLOG: Final = 16384
"""Octets (two seconds of audio) that wait for a port; one that takes no more has died."""
_FRAME: Final = 160


class _Frames:
    """Our end of a row's socket pair (`drivers.isdn.voice.Frames`)."""

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours

    def say(self, frame: bytes) -> None:
        """Give the row a frame; lost where it takes none."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._ours.send(frame)

    def hear(self) -> bytes | None:
        """The next frame that the row has given."""
        try:
            frame = self._ours.recv(_FRAME)
        except (BlockingIOError, ConnectionError):
            return None
        return frame if len(frame) == _FRAME else None

    def close(self) -> None:
        self._ours.close()


@dataclass(slots=True, eq=False)
class _Opened:
    port: SerialPort
    row: Audio
    frames: _Frames
    waiting: bytearray = field(default_factory=bytearray)


class SerialShell:
    """Drives an `IsdnLines` with opened ports.

    Args:
        lines: the engine. In the runner it goes with `send` of this shell.
        open_port: opens the port of the adapter of that name.
        audio: where rows come from.
        clock: the engines' clock.
    """

    def __init__(
        self,
        *,
        lines: IsdnLines,
        open_port: Callable[[str], SerialPort],
        audio: AudioDesk,
        clock: Callable[[], float],
    ) -> None:
        self._lines = lines
        self._open_port = open_port
        self._audio = audio
        self._clock = clock
        self._opened: dict[str, _Opened] = {}
        self._missing: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._after: Callable[[], None] = lambda: None

    @property
    def missing(self) -> Mapping[str, str]:
        """The adapters whose ports are not there, each with a sentence that says why and what to do."""
        return dict(self._missing)

    def start(self) -> None:
        """Open every port; see `missing` for those that could not be."""
        for name in self._lines.adapters:
            self._open(name)

    def watch(self, loop: asyncio.AbstractEventLoop, after: Callable[[], None]) -> None:
        """Poll each port whenever it has something, and call `after` (the runner's `step`) each time."""
        self._loop, self._after = loop, after
        for name, opened in self._opened.items():
            self._listen(name, opened)

    def unwatch(self) -> None:
        """Leave the loop; harmless where there was none."""
        if self._loop is not None:
            for opened in self._opened.values():
                self._loop.remove_reader(opened.port.fileno())
                self._loop.remove_writer(opened.port.fileno())
        self._loop = None

    def poll(self) -> bool:
        """Move what the ports have into the engine, and what waits for them out, now; whether they had anything."""
        busy = False
        for name in list(self._opened):
            busy = self._read(name) or busy
            if name in self._opened:
                self._write(name)
        return busy

    def send(self, orders: Iterable[tuple[str, PortOrder]]) -> None:
        """Carry out the engine's orders, in order; those for a port that is not there are dropped."""
        for name, order in orders:
            opened = self._opened.get(name)
            if opened is None:
                continue
            if isinstance(order, bool):
                opened.port.set_dtr(order)
            else:
                opened.waiting += order
                self._write(name)

    def retry(self) -> None:
        """Look again for ports that are not there, or whose audio failed; to be called every few seconds."""
        for name in [name for name in self._opened if not self._lines.attached(name)]:
            self._let_go(name)
            self._missing[name] = f"the media plane could not read or write the audio of ISDN adapter {name}"
        for name in list(self._missing):
            self._open(name)

    def close(self) -> None:
        """Give all ports back."""
        self.unwatch()
        for name in list(self._opened):
            self._let_go(name)

    # Ports.

    def _open(self, name: str) -> None:
        try:
            port = self._open_port(name)
        except HardwareError as error:
            self._lack(name, error)
            return
        try:
            row, ours = self._audio.pair(self._lines.adapters[name].coding)
        except Exhausted as error:
            port.close()
            self._lack(name, error)
            return
        if self._missing.pop(name, None) is not None:
            _log.info("the port of ISDN adapter %s is there", name)
        opened = self._opened[name] = _Opened(port, row, _Frames(ours))
        self._listen(name, opened)
        self._lines.attach(name, row, opened.frames, self._clock())

    def _listen(self, name: str, opened: _Opened) -> None:
        if self._loop is not None:
            self._loop.add_reader(opened.port.fileno(), self._ready, name)

    def _ready(self, name: str) -> None:
        if self._read(name):
            self._after()

    def _read(self, name: str) -> bool:
        """Whether the port had anything to tell, be it that it has gone."""
        try:
            data = self._opened[name].port.read()
        except HardwareError as error:
            self._lost(name, error)
            return True
        if data:
            self._lines.receive(data, name, self._clock())
        return bool(data)

    def _write(self, name: str) -> None:
        opened = self._opened[name]
        if not opened.waiting:
            return
        try:
            del opened.waiting[: opened.port.write(bytes(opened.waiting))]
        except HardwareError as error:
            self._lost(name, error)
            return
        if len(opened.waiting) > BACKLOG:
            self._lost(name, HardwareError(f"ISDN adapter {name} takes nothing any more; look at its flow control"))
        elif self._loop is not None and opened.waiting:
            self._loop.add_writer(opened.port.fileno(), self._write, name)
        elif self._loop is not None:
            self._loop.remove_writer(opened.port.fileno())

    def _lack(self, name: str, error: Exception) -> None:
        sentence = str(error)
        if self._missing.get(name) == sentence:
            return
        self._missing[name] = sentence
        _log.error("ISDN adapter %s is out of service: %s", name, sentence)
        self._lines.detach(name, sentence, self._clock())

    def _lost(self, name: str, error: HardwareError) -> None:
        self._let_go(name)
        self._lack(name, error)

    def _let_go(self, name: str) -> None:
        opened = self._opened.pop(name)
        if self._loop is not None:
            self._loop.remove_reader(opened.port.fileno())
            self._loop.remove_writer(opened.port.fileno())
        opened.row.close()
        opened.frames.close()
        opened.port.close()
