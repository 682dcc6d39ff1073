"""A copper pair: one end feeds it (exchange, FXS port), at the other hangs a terminal (telephone, FXO port).

What crosses it is what crosses copper: the loop that the terminal opens and closes; battery, its polarity and
ringing voltage from the feeder; and a frame of 160 samples each way. A change is told to the other end at once,
with no time of its own. Nobody behind a pair knows who is at its other end.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from gateway.core.audio import Samples
from hardware.analog.copper import SOUND, Copper, Fault

__all__ = ["Change", "Pair"]

FRAME: Final = 160
"""Samples of a frame: 20 ms at 8000 Hz."""


class Change(Enum):
    """What can change on a pair."""

    LOOP_CLOSED = "loop closed"
    LOOP_OPEN = "loop open"
    GROUNDED = "ring grounded"
    UNGROUNDED = "ring free"
    BATTERY_ON = "battery on"
    BATTERY_OFF = "battery off"
    REVERSED = "polarity reversed"
    NORMAL = "polarity normal"
    RING_ON = "ringing on"
    RING_OFF = "ringing off"


IDLE_VOLTS: Final = 48
IN_USE_VOLTS: Final = 8
"""Volts between the wires: nobody draws current; somebody does."""


def _nobody(change: Change) -> None:
    """The end of a pair at which nothing has been connected."""


class Pair:
    """Two wires.

    Args:
        fault: what is wrong with its copper; `suffer` changes it.

    Attributes:
        closed: a terminal draws loop current.
        battery: the feeder feeds.
        reversed: tip and ring have changed places.
        ringing: ringing voltage is on.
        grounded: a terminal has put its ring wire to ground, which seizes a ground start line.
        shared: another telephone on the same wires is off-hook.
        neon: voltage that lights a message lamp is on.
        fault: what is wrong with the copper now.
        feeder, terminal: who is told what the other end does.
    """

    def __init__(self, *, fault: Fault = SOUND) -> None:
        self.closed = False
        self.battery = False
        self.reversed = False
        self.ringing = False
        self.grounded = False
        self.shared = False
        self.neon = False
        self.feeder: Callable[[Change], None] = _nobody
        self.terminal: Callable[[Change], None] = _nobody
        self._to_terminal: Samples | None = None
        self._to_feeder: Samples | None = None
        self.suffer(fault)

    @property
    def volts(self) -> int:
        """Between the wires, at a terminal: little is left where somebody draws current."""
        feed = IN_USE_VOLTS if self.closed or self.shared else IDLE_VOLTS
        return 0 if not self.battery else -feed if self.reversed else feed

    def let_go(self, of_feeder: bool) -> None:
        """Disconnect the feeder or the terminal: it is told no more, and nothing of it is heard any more."""
        if of_feeder:
            self.feeder = _nobody
            self._to_terminal = None
        else:
            self.terminal = _nobody
            self._to_feeder = None

    # What the terminal does.

    def close_loop(self) -> None:
        """Go off-hook."""
        if not self.closed:
            self.closed = True
            self.feeder(Change.LOOP_CLOSED)

    def open_loop(self) -> None:
        """Go on-hook."""
        if self.closed:
            self.closed = False
            self.feeder(Change.LOOP_OPEN)

    def ground(self, on: bool) -> None:
        """Put the ring wire to ground, or take it off."""
        if self.grounded is not on:
            self.grounded = on
            self.feeder(Change.GROUNDED if on else Change.UNGROUNDED)

    # What the feeder does.

    def set_battery(self, on: bool) -> None:
        """Feed the pair, or take the feed away."""
        if self.battery is not on:
            self.battery = on
            self.terminal(Change.BATTERY_ON if on else Change.BATTERY_OFF)

    def set_reversed(self, on: bool) -> None:
        """Choose the polarity of the feed."""
        if self.reversed is not on:
            self.reversed = on
            self.terminal(Change.REVERSED if on else Change.NORMAL)

    def set_ringing(self, on: bool) -> None:
        """Put ringing voltage on the pair, or take it off."""
        if self.ringing is not on:
            self.ringing = on
            self.terminal(Change.RING_ON if on else Change.RING_OFF)

    # Speech, a frame at a time: both ends first send, then both receive.

    def send_to_terminal(self, frame: Samples | None) -> None:
        """Put the feeder's frame on the pair; None is silence."""
        self._to_terminal = frame if self.battery and not self.ringing else None

    def send_to_feeder(self, frame: Samples | None) -> None:
        """Put the terminal's frame on the pair; without loop current it goes nowhere."""
        self._to_feeder = frame if self.battery and self.closed else None

    def heard_by_terminal(self) -> Samples | None:
        """What comes out at the terminal's end in this frame, or None for silence."""
        return self._heard(self._at_terminal, self._to_terminal, self._to_feeder)

    def heard_by_feeder(self) -> Samples | None:
        """What comes out at the feeder's end in this frame, or None for silence."""
        return self._heard(self._at_feeder, self._to_feeder, self._to_terminal)

    def suffer(self, fault: Fault) -> None:
        """From now on this is wrong with the copper, and nothing else."""
        self.fault = fault
        self._at_terminal = Copper(fault, fault.terminal_echo, 0)
        self._at_feeder = Copper(fault, fault.feeder_echo, 1)

    def _heard(self, copper: Copper, frame: Samples | None, own: Samples | None) -> Samples | None:
        if copper.perfect or not self.battery:
            return frame
        return copper.carry(frame, own)
