"""The shell between analogue ports and the engine of their lines: events up, commands down, rows lent.

It opens the ports that the lines want, gives each a row of the media plane, and waits on one descriptor for all of
them: an epoll of their attention descriptors, itself readable while one of them wants to be asked (a loop's readers
cannot wait for EPOLLPRI, which is how DAHDI tells of events). A port that is not there leaves its line out of
service and every other line alone; `retry` looks for it again. No rule about lines is in here.
"""

from __future__ import annotations

import asyncio
import logging
import select
from collections.abc import Callable, Iterable
from typing import Final

from drivers.lines import AnalogLines
from gateway.core.audio import Audio, AudioFactory
from gateway.core.errors import HardwareError, LocalError, OpenFailed
from gateway.core.log import QuietLog
from hardware.analog.dahdi import AnalogPort
from hardware.analog.line import LineCommand, LineEvent, LineEventKind, PortKind

__all__ = ["DeviceShell"]

_log = logging.getLogger("copperline.net")


class DeviceShell:
    """Drives an `AnalogLines` with opened ports.

    Args:
        lines: the engine. In the runner it goes with `send` of this shell.
        open_port: opens the port of a number, in the tone zone of a country. The port may know itself by
            another number: that of its channel on its card.
        audio: where rows come from.
        clock: the engines' clock.
    """

    def __init__(
        self,
        *,
        lines: AnalogLines,
        open_port: Callable[[int, str], AnalogPort],
        audio: AudioFactory,
        clock: Callable[[], float],
    ) -> None:
        self._lines = lines
        self._open_port = open_port
        self._audio = audio
        self._clock = clock
        self._quiet = QuietLog(_log, clock)
        self._attention: Final = select.epoll()
        self._ports: dict[int, AnalogPort] = {}
        self._rows: dict[int, Audio] = {}
        self._asked: dict[int, int] = {}
        self._gone: list[tuple[int, AnalogPort]] = []
        self._closing: list[tuple[int, AnalogPort]] = []
        self._missing: dict[int, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def missing(self) -> dict[int, str]:
        """The ports that are wanted and not there, each with a sentence that says why and what to do."""
        return dict(self._missing)

    def fileno(self) -> int:
        """A descriptor that is readable while `poll` has something to do."""
        return self._attention.fileno()

    def start(self) -> None:
        """Open every port that the lines want; see `missing` for those that could not be."""
        for number in self._lines.ports:
            self._open(number)

    def watch(self, loop: asyncio.AbstractEventLoop, after: Callable[[], None]) -> None:
        """Poll whenever a port wants it, and call `after` (the runner's `step`) each time."""

        def ready() -> None:
            self.poll()
            after()

        self._loop = loop
        loop.add_reader(self.fileno(), ready)

    def unwatch(self) -> None:
        """Leave the loop; harmless where there was none."""
        if self._loop is not None:
            self._loop.remove_reader(self.fileno())
            self._loop = None

    def poll(self) -> None:
        """Move what the ports have to tell into the engine, now and without waiting."""
        for descriptor, _ in self._attention.poll(0):
            number = self._asked.get(descriptor)
            if number is not None:
                self._ask(number)

    def send(self, commands: Iterable[tuple[int, LineCommand]]) -> None:
        """Carry out the engine's commands, in order; a failure goes back into the engine.

        A command for a port that is not there is dropped: its line knows.
        """
        for number, command in commands:
            port = self._ports.get(number)
            answer = port.perform(command) if port is not None else None
            if answer is not None:
                self._tell(number, answer)

    def retry(self) -> None:
        """Look again for ports that are not there, or whose audio failed; to be called every few seconds.

        A port that went is closed at the second call after it went: the media plane lets go of its descriptor in
        its next ticks, and a descriptor closed before that could be somebody else's by then.
        """
        self._close(self._closing)
        self._closing, self._gone = self._gone, []
        for number in [number for number in self._ports if not self._lines.attached(number)]:
            self._let_go(number)
            self._missing[number] = "the media plane could not read or write its audio"
            _log.error("port %d is out of service: %s", number, self._missing[number])
        held = {number for number, _ in [*self._closing, *self._gone]}
        for number in [number for number in self._missing if number not in held]:
            self._open(number)

    def close(self) -> None:
        """Give all ports back. The media plane must have been stopped, or have let go of the rows."""
        self.unwatch()
        for number in list(self._ports):
            self._let_go(number)
        self._close([*self._closing, *self._gone])
        self._closing, self._gone = [], []
        self._attention.close()

    def _open(self, number: int) -> None:
        try:
            port = self._open_port(number, self._lines.zone(number))
        except (HardwareError, LocalError) as error:
            self._lack(number, error)
            return
        try:
            self._check_kind(number, port)
            row = self._audio.frames(port.descriptor, port.encoding, owner=port)
        except (HardwareError, LocalError) as error:
            port.close()
            self._lack(number, error)
            return
        if self._missing.pop(number, None) is not None:
            _log.info("port %d is there", number)
        self._ports[number], self._rows[number] = port, row
        descriptor, mask = port.attention()
        self._asked[descriptor] = number
        self._attention.register(descriptor, mask)
        self._lines.attach(number, row, self._clock())
        if not port.in_service():
            self._tell(number, LineEvent(LineEventKind.ALARM))
        elif port.kind is PortKind.FXS and port.off_hook():
            self._tell(number, LineEvent(LineEventKind.RINGOFFHOOK))  # lifted before we were there

    def _check_kind(self, number: int, port: AnalogPort) -> None:
        wanted = self._lines.ports[number]
        if port.kind is not wanted:
            raise OpenFailed(
                f"port {number} is an {port.kind.value} port, and what is configured on it needs an "
                f"{wanted.value} port; change the port in the configuration or the module in the card"
            )

    def _lack(self, number: int, error: Exception) -> None:
        sentence = str(error)
        if self._missing.get(number) == sentence:
            return
        self._missing[number] = sentence
        _log.error("port %d is out of service: %s", number, sentence)
        self._lines.detach(number, sentence, self._clock())

    def _ask(self, number: int) -> None:
        try:
            events = self._ports[number].events()
        except HardwareError as error:
            self._let_go(number)
            self._lack(number, error)
            return
        for event in events:
            self._tell(number, event)

    def _tell(self, number: int, event: LineEvent) -> None:
        self._lines.receive(event, number, self._clock())
        if event.kind in (LineEventKind.ALARM, LineEventKind.NOALARM):
            self._alarm(number, event.kind is LineEventKind.ALARM)
        if event.kind is LineEventKind.REMOVED and number in self._ports:
            self._let_go(number)
            self._missing[number] = "the card has been removed"
            _log.error("port %d is out of service: the card has been removed", number)

    def _alarm(self, number: int, on: bool) -> None:
        who = self._lines.peer(number)
        if on:
            self._quiet.warning(f"alarm {number}", "port %d is in alarm: %s is out of service", number, who)
        else:
            _log.info("port %d is out of alarm: %s is in service", number, who)

    def _let_go(self, number: int) -> None:
        port = self._ports.pop(number)
        descriptor, _ = port.attention()
        del self._asked[descriptor]
        self._attention.unregister(descriptor)
        self._rows.pop(number).close()
        self._gone.append((number, port))

    @staticmethod
    def _close(ports: Iterable[tuple[int, AnalogPort]]) -> None:
        for _, port in ports:
            port.close()
