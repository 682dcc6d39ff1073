"""What an office emulates, as the web works it: telephones, exchange lines, cards.

Implemented where everything is built; each deed takes effect in the hardware's own time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.audio import Samples

__all__ = ["HeardView", "SimCard", "SimLine", "SimPhone", "Simulator"]


@dataclass(frozen=True, slots=True)
class HeardView:
    """What is heard and seen at an emulated telephone.

    Attributes:
        number: the telephone's.
        off_hook: whether its handset is lifted.
        ringing: whether its bell rings just now; rings: bursts since it was last on hook and idle.
        tone: the call progress tone heard now: "dial", "busy", … or None.
        digits: DTMF digits heard since it was lifted.
        caller_number, caller_name: the caller ID received last; may be empty.
        level: of what is heard now, dBm0; None for silence.
    """

    number: str
    off_hook: bool
    ringing: bool
    rings: int
    tone: str | None
    digits: str
    caller_number: str = ""
    caller_name: str = ""
    level: float | None = None


class SimPhone(Protocol):
    """An emulated telephone, as a hand would work it. Each takes effect in the line's own time."""

    def lift(self) -> None:
        """Lift the handset."""
        ...

    def suffer(self, fault: Mapping[str, float]) -> None:
        """As for a line; beside it, "bounce" of its contacts and "early-flash", milliseconds."""
        ...

    def echo(self, response: Samples) -> None:
        """As for a line."""
        ...

    def unplug(self) -> None:
        """Pull its plug."""
        ...

    def plug_in(self) -> None:
        """Put it back."""
        ...

    def hang_up(self) -> None:
        """Put the handset back."""
        ...

    def flash(self, ms: int) -> None:
        """Press the hook for so many milliseconds (register recall)."""
        ...

    def dial(self, digits: str) -> None:
        """Press keys: DTMF in the line's audio."""
        ...

    def pulse(self, digits: str) -> None:
        """Turn a rotary dial: pulses of the loop."""
        ...

    def say(self, samples: Samples) -> None:
        """Speak into the handset (8000 Hz)."""
        ...

    def heard(self) -> HeardView:
        """What is heard and seen at it now."""
        ...

    def recording(self) -> Samples:
        """What was heard lately (8000 Hz)."""
        ...


class SimLine(Protocol):
    """A line of the emulated central office."""

    def call(self, number: str, name: str) -> None:
        """Call in on it, from `number` and `name` (either may be empty).

        Raises:
            CopperlineError: the line is in use.
        """
        ...

    def suffer(self, fault: Mapping[str, float]) -> None:
        """Something is wrong with its copper from now on; nothing where `fault` is empty.

        Raises:
            CopperlineError: there is no such fault.
        """
        ...

    def echo(self, response: Samples) -> None:
        """Give its copper an echo path beside its other faults: the impulse response at 8000 Hz.

        Raises:
            CopperlineError: it is too long.
        """
        ...

    def unplug(self) -> None:
        """Cut it: no battery."""
        ...

    def plug_in(self) -> None:
        """Mend the cut."""
        ...

    def hang_up(self) -> None:
        """End the central office's call."""
        ...


class SimCard(Protocol):
    """An emulated card."""

    def remove(self) -> None:
        """Pull it out of the machine."""
        ...

    def insert(self) -> None:
        """Put it back, with the same lines plugged in."""
        ...


class Simulator(Protocol):
    """The emulated world behind the cards of an office."""

    def phone(self, number: str) -> SimPhone | None:
        """The telephone 101, or None where there is no emulated one."""
        ...

    def line(self, name: str) -> SimLine | None:
        """The line copper1, or None where there is no emulated one."""
        ...

    def card(self, name: str) -> SimCard | None:
        """The card main, or None where there is no emulated one."""
        ...

    def names(self) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """All telephones, all lines and all cards that are emulated."""
        ...
