"""Who cancels the echo of a line: the card where it can, the media plane where it cannot.

A line says when a conversation begins and ends; out come the order to the card and the wish to the row. Whether a
card has a canceller shows only when it is asked to switch it on; the answer is remembered. No state of a call is
kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.audio import Audio
from gateway.core.errors import Exhausted
from hardware.analog.line import EchoCancel, LineCommand

__all__ = ["UNTOUCHED", "EchoConfig", "EchoControl", "Remover"]

_TAPS: Final = 8
"""Taps of a canceller per millisecond of its tail."""
_TOLD: Final = 3.0
"""dB of lowering below which a figure says nothing: too little was said."""


class Remover(Enum):
    """Who takes the echo away. The value is its name in configuration."""

    AUTO = "auto"
    """The card; the media plane where the card has no canceller."""
    HARDWARE = "hardware"
    SOFTWARE = "software"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class EchoConfig:
    """What is done about the echo of a line.

    Attributes:
        remover: who takes it away.
        tail: milliseconds of the longest echo path: 16, 32, 64 or 128.
    """

    remover: Remover = Remover.OFF
    tail: int = 64


UNTOUCHED: Final = EchoConfig()
"""Echo is left as it is."""


class EchoControl:
    """The echo of one line.

    Args:
        config: what is done about it.
        order: gives the port a command, at a time.
        note: notes something in the story of the line.
    """

    def __init__(
        self,
        config: EchoConfig,
        *,
        order: Callable[[LineCommand, float], None],
        note: Callable[[float, str], None],
    ) -> None:
        self._config = config
        self._order = order
        self._note = note
        self._row: Audio | None = None
        self._left = False
        self._hardware = config.remover in (Remover.AUTO, Remover.HARDWARE)

    def begin(self, row: Audio, now: float) -> None:
        """Both sides can hear each other from now on; again, harmlessly, while they do."""
        if self._config.remover is Remover.OFF or self._row is not None:
            return
        self._row = row
        if self._hardware:
            self._order(EchoCancel(self._config.tail * _TAPS), now)
        elif self._config.remover is not Remover.HARDWARE:
            self._begin_software(now)

    def refused(self, now: float) -> None:
        """The card has no canceller."""
        self._hardware = False
        if self._row is None:
            return
        if self._config.remover is Remover.AUTO:
            self._begin_software(now)
        else:
            self._note(now, 'the card has no echo canceller; set echo_canceller = "auto" to cancel without it')

    def leave(self, now: float) -> None:
        """Modems talk, who cancel their own echo (G.168); the media plane's canceller is told by the row."""
        if self._row is not None and self._hardware and not self._left:
            self._left = True
            self._order(EchoCancel(0), now)

    def take_up(self, now: float) -> None:
        """People talk again."""
        if self._row is not None and self._left:
            self._left = False
            self._order(EchoCancel(self._config.tail * _TAPS), now)

    def end(self, now: float) -> None:
        """The conversation is over."""
        row, self._row = self._row, None
        self._left = False
        if row is None:
            return
        if self._hardware:
            self._order(EchoCancel(0), now)
            return
        stats = row.stats()
        if stats.return_loss is not None and stats.echo_lowered is not None and stats.echo_lowered >= _TOLD:
            self._note(
                now,
                f"echo came back {stats.return_loss:.0f} dB weaker than what was sent; "
                f"the canceller lowered it by {stats.echo_lowered:.0f} dB more",
            )
        row.cancel_echo(0)

    def _begin_software(self, now: float) -> None:
        assert self._row is not None
        try:
            self._row.cancel_echo(self._config.tail)
        except Exhausted as error:
            self._note(now, f"its echo is not cancelled: {error}")
        else:
            self._note(now, f"echo of up to {self._config.tail} ms is cancelled by the media plane")
