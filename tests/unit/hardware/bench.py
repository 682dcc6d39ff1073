"""A workbench: an emulated card with its ports opened, and fingers on the copper behind them."""

from __future__ import annotations

import os
import select
from typing import Any

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import LineEvent, LineEventKind, PortKind
from hardware.analog.pair import Change, Pair


class Bench:
    """One port of `kind`, opened, with nobody at the other end of its pair but the test.

    Args:
        options: of the card.
        receive_gain, transmit_gain: dB of the port.
    """

    def __init__(
        self,
        kind: PortKind,
        zone: str = "us",
        *,
        receive_gain: float = 0.0,
        transmit_gain: float = 0.0,
        **options: Any,
    ) -> None:
        self.card = EmulatedCard(ports=[kind], zone=zone, **options)
        self.port = AnalogPort(self.card, 1, receive_gain=receive_gain, transmit_gain=transmit_gain)
        self.pair: Pair = self.card.pair(1)
        self.changes: list[tuple[int, Change]] = []
        if kind is PortKind.FXS:
            self.pair.terminal = self._see
        else:
            self.pair.feeder = self._see
            self.pair.set_battery(True)
            self.hears_events()

    def _see(self, change: Change) -> None:
        self.changes.append((self.card.agenda.now, change))

    def run(self, ms: int) -> None:
        """Let time pass without any audio."""
        self.card.agenda.run_until(self.card.agenda.now + ms)

    def hears_events(self) -> list[LineEventKind]:
        """The kinds of all events since last asked."""
        return [event.kind for event in self.events()]

    def events(self) -> list[LineEvent]:
        return self.port.events()

    def event_waits(self) -> bool:
        """Whether the attention descriptor says so."""
        descriptor, mask = self.port.attention()
        poll = select.epoll()
        try:
            poll.register(descriptor, mask)
            return bool(poll.poll(0))
        finally:
            poll.close()

    def open_loop_for(self, ms: int, then: int = 40) -> None:
        """Open the loop, close it after `ms`, and let `then` more pass."""
        self.pair.open_loop()
        self.run(ms)
        self.pair.close_loop()
        self.run(then)

    def frame(self, said: Samples | None = None) -> tuple[Samples | None, Samples | None]:
        """One frame of audio: what is said at our end of the pair; (what we hear there, what the port reads)."""
        self.run(20)
        self.card.send()
        fxs = self.port.kind is PortKind.FXS
        (self.pair.send_to_feeder if fxs else self.pair.send_to_terminal)(said)
        self.card.receive()
        heard = self.pair.heard_by_terminal() if fxs else self.pair.heard_by_feeder()
        return heard, self.read()

    def write(self, samples: Samples, encoding: Encoding = Encoding.PCMU) -> None:
        os.write(self.port.descriptor, g711.encode(samples, encoding))

    def read(self) -> Samples | None:
        try:
            return g711.decode(os.read(self.port.descriptor, 4096), self.port.encoding)
        except BlockingIOError:
            return None
