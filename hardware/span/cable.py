"""What lies between the two ends of a span: octets of time slots both ways, the state of the signal, and faults.

Each end first sends, then both receive, 20 ms at a time. Nobody at one end knows who is at the other.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["CUT", "Cable", "LineSignal"]

SLOT: Final = 160
"""Octets of a time slot in 20 ms."""


@dataclass(frozen=True, slots=True)
class LineSignal:
    """20 ms of a direction.

    Attributes:
        present: there is a signal; without one the receiver is in red alarm.
        ais: it is all ones, unframed: whoever repeats it has lost it (blue alarm).
        rai: the sender says that it receives nothing (remote alarm indication, yellow alarm).
        slots: octets by time slot; a slot that is not listed is idle.
        errors: how many of its bits came over wrong.
    """

    present: bool = True
    ais: bool = False
    rai: bool = False
    slots: Mapping[int, bytes] = field(default_factory=dict)
    errors: int = 0


CUT: Final = LineSignal(present=False)
"""No signal."""


class _Direction:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._signal = CUT
        self.cut = self.ais = False
        self.bit_errors = 0.0

    def send(self, signal: LineSignal) -> None:
        self._signal = signal

    def receive(self) -> LineSignal:
        if self.cut or not self._signal.present:
            return CUT
        if self.ais:
            return LineSignal(ais=True)
        return self._spoilt(self._signal) if self.bit_errors else self._signal

    def _spoilt(self, signal: LineSignal) -> LineSignal:
        """Bits turned over at random; which ones is the same in every run."""
        slots: dict[int, bytes] = {}
        count = 0
        for slot, octets in signal.slots.items():
            wrong = bytearray(octets)
            for place in range(len(wrong) * 8):
                if self._random.random() < self.bit_errors:
                    wrong[place // 8] ^= 0x80 >> place % 8
                    count += 1
            slots[slot] = bytes(wrong)
        return LineSignal(rai=signal.rai, slots=slots, errors=count)


class Cable:
    """Both directions between a card and what it is plugged into."""

    def __init__(self) -> None:
        self._to_card, self._to_far = _Direction(1), _Direction(2)

    # Whoever works on it.

    def cut(self, *, to_card: bool = True, to_far: bool = True) -> None:
        """Pull the plug, or break the pair of one direction."""
        self._to_card.cut, self._to_far.cut = to_card, to_far

    def mend(self) -> None:
        """All is well again."""
        for way in (self._to_card, self._to_far):
            way.cut = way.ais = False
            way.bit_errors = 0.0

    def lose_upstream(self, on: bool = True) -> None:
        """A repeater or multiplexer on the way to the card has lost its signal and sends all ones (AIS)."""
        self._to_card.ais = on

    def spoil(self, bit_errors: float) -> None:
        """Turn over so many of all bits, both ways: 1e-6 is a poor line."""
        for way in (self._to_card, self._to_far):
            way.bit_errors = bit_errors

    # Its ends.

    def send_to_far(self, signal: LineSignal) -> None:
        """The card's 20 ms."""
        self._to_far.send(signal)

    def send_to_card(self, signal: LineSignal) -> None:
        """The far end's 20 ms."""
        self._to_card.send(signal)

    def heard_by_card(self) -> LineSignal:
        """What comes out at the card."""
        return self._to_card.receive()

    def heard_by_far(self) -> LineSignal:
        """What comes out at the far end."""
        return self._to_far.receive()
