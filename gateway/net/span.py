"""Spans on an asyncio loop: their D channels opened, watched and asked; their B channels opened as calls need them.

A span that is not there is out of service and leaves every other alone; `retry` looks for it again. A B channel is
open while a row is on it, and is closed once the media plane has let go of its descriptor; a call that gets it
before that has the same descriptor. No rule about calls is in here.
"""

from __future__ import annotations

import asyncio
import logging
import select
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.span.spans import Spans
from gateway.core.audio import Audio
from gateway.core.codec import Encoding
from gateway.core.errors import HardwareError, OpenFailed
from gateway.core.log import QuietLog
from hardware.port import Backend
from hardware.span.dahdi import BearerPort, Frame, Notice, NoticeKind, SignallingPort, alarm_words
from hardware.span.discovery import find_span

__all__ = ["SpanPlace", "SpanShell"]

_log = logging.getLogger("copperline.net")


@dataclass(frozen=True, slots=True)
class SpanPlace:
    """Where a span is found.

    Attributes:
        backend: the kernel or an emulated span.
        number: of the span there.
        kind: "E1" or "T1".
        signalling: time slot of the D channel.
    """

    backend: Backend
    number: int
    kind: str
    signalling: int


class Rows(Protocol):
    """Where rows come from."""

    def frames(self, descriptor: int, encoding: Encoding, *, on_removed: Callable[[], None]) -> Audio:
        """Give a row to a descriptor; `on_removed` is told once it is not used any more.

        Raises:
            Exhausted: no row is free.
        """
        ...


class _Bearer:
    """An opened B channel, and how many rows are on it still."""

    def __init__(self, port: BearerPort) -> None:
        self.port = port
        self.rows = 0


class SpanShell:
    """Drives `Spans` with opened channels (`drivers.span.span.Bearers`).

    Args:
        places: where each span is, by name.
        audio: where rows come from.
        clock: the engines' clock.
    """

    def __init__(self, *, places: Mapping[str, SpanPlace], audio: Rows, clock: Callable[[], float]) -> None:
        self._places = places
        self._audio = audio
        self._clock = clock
        self._quiet = QuietLog(_log, clock)
        self._attention: Final = select.epoll()
        self._ports: dict[str, SignallingPort] = {}
        self._first: dict[str, int] = {}
        self._asked: dict[int, str] = {}
        self._bearers: dict[tuple[str, int], _Bearer] = {}
        self._missing: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.engine: Spans

    @property
    def missing(self) -> dict[str, str]:
        """The spans that are wanted and not there, each with a sentence that says why and what to do."""
        return dict(self._missing)

    def start(self, engine: Spans) -> None:
        """Open the D channel of every span for `engine`; see `missing` for those that could not be."""
        self.engine = engine
        for name in self._places:
            self._open(name)

    def watch(self, loop: asyncio.AbstractEventLoop, after: Callable[[], None]) -> None:
        """Poll whenever a span wants it, and call `after` (the runner's `step`) each time."""

        def ready() -> None:
            self.poll()
            after()

        self._loop = loop
        loop.add_reader(self._attention.fileno(), ready)

    def unwatch(self) -> None:
        """Leave the loop; harmless where there was none."""
        if self._loop is not None:
            self._loop.remove_reader(self._attention.fileno())
            self._loop = None

    def poll(self) -> None:
        """Move what the spans have to tell into the engine, now and without waiting."""
        for name in dict.fromkeys(self._asked[descriptor] for descriptor, _ in self._attention.poll(0)):
            self._ask(name)

    def send(self, frames: Iterable[tuple[str, bytes]]) -> None:
        """Send frames on D channels, in order; what a span has no room for, Q.921 sends again."""
        for name, frame in frames:
            port = self._ports.get(name)
            if port is None:
                continue
            try:
                port.send(frame)
            except HardwareError as error:
                self._lack(name, error)

    def retry(self) -> None:
        """Look again for spans that are not there; to be called every few seconds."""
        for name in list(self._missing):
            self._open(name)

    def close(self) -> None:
        """Give all channels back. The media plane must have been stopped, or have let go of the rows."""
        self.unwatch()
        for name in list(self._ports):
            self._let_go(name)
        for bearer in self._bearers.values():
            bearer.port.close()
        self._bearers.clear()
        self._attention.close()

    # B channels.

    def open(self, span: str, slot: int) -> Audio:
        """A row on the B channel of a time slot.

        Raises:
            Exhausted: no row is free.
            HardwareError: the channel would not open.
        """
        key = (span, slot)
        bearer = self._bearers.get(key)
        if bearer is None:
            if span not in self._ports:
                raise OpenFailed(f"span {span} is not there")
            port = BearerPort(self._places[span].backend, self._first[span] + slot - 1)
            bearer = self._bearers[key] = _Bearer(port)
        else:
            bearer.port.flush()
        try:
            row = self._audio.frames(
                bearer.port.descriptor, bearer.port.encoding, on_removed=lambda: self._removed(key, bearer)
            )
        except BaseException:
            self._close_unused(key, bearer)
            raise
        bearer.rows += 1
        return row

    def cancel_echo(self, span: str, slot: int, taps: int) -> bool:
        """Have the card take away the echo on an open B channel; whether it has a canceller."""
        bearer = self._bearers.get((span, slot))
        return bearer is not None and bearer.port.cancel_echo(taps)

    def _removed(self, key: tuple[str, int], bearer: _Bearer) -> None:
        bearer.rows -= 1
        self._close_unused(key, bearer)

    def _close_unused(self, key: tuple[str, int], bearer: _Bearer) -> None:
        if not bearer.rows and self._bearers.get(key) is bearer:
            del self._bearers[key]
            bearer.port.close()

    # D channels.

    def _open(self, name: str) -> None:
        place = self._places[name]
        try:
            found = find_span(place.backend, place.number)
            if found.kind != place.kind:
                raise OpenFailed(
                    f'span {place.number} is of kind {found.kind}; write kind = "{found.kind.lower()}" below '
                    f"[spans.{name}], or set the card up for {place.kind}"
                )
            port = SignallingPort(place.backend, found.first + place.signalling - 1)
        except HardwareError as error:
            self._lack(name, error)
            return
        if self._missing.pop(name, None) is not None:
            _log.info("span %s is there", name)
        self._ports[name], self._first[name] = port, found.first
        for descriptor, mask in port.watched():
            self._asked[descriptor] = name
            self._attention.register(descriptor, mask)
        self.engine.attach(name, self._clock())
        if alarms := port.alarms():
            self._tell(name, Notice(NoticeKind.ALARM, alarm_words(alarms)))

    def _lack(self, name: str, error: Exception) -> None:
        sentence = str(error)
        if name in self._ports:
            self._let_go(name)
        if self._missing.get(name) != sentence:
            self._missing[name] = sentence
            _log.error("span %s is out of service: %s", name, sentence)
            self.engine.detach(name, sentence, self._clock())

    def _ask(self, name: str) -> None:
        port = self._ports.get(name)
        if port is None:
            return
        try:
            words = port.receive()
        except HardwareError as error:
            self._lack(name, error)
            return
        for word in words:
            self._tell(name, word)

    def _tell(self, name: str, word: Frame | Notice) -> None:
        if isinstance(word, Notice) and word.kind is NoticeKind.REMOVED:
            self._lack(name, OpenFailed(word.text))
            return
        if isinstance(word, Notice) and word.kind is NoticeKind.ALARM:
            self._quiet.warning(f"span {name}", "span %s is in alarm: %s", name, word.text)
        elif isinstance(word, Notice) and word.kind is NoticeKind.NO_ALARM:
            _log.info("span %s is out of alarm", name)
        self.engine.receive(word, name, self._clock())

    def _let_go(self, name: str) -> None:
        port = self._ports.pop(name)
        for descriptor, _ in port.watched():
            del self._asked[descriptor]
            self._attention.unregister(descriptor)
        port.close()
