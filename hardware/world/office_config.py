"""How an emulated central office treats its lines: what exchanges of other kinds and countries do differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.media.delivery import Delivery
from hardware.analog.pulse import PulseOrder

__all__ = ["OfficeConfig"]


@dataclass(frozen=True, slots=True)
class OfficeConfig:
    """How an office treats its lines.

    Attributes:
        answer_after: milliseconds of ringback before somebody called answers.
        answer_reversal: reverse the polarity while the far end has answered (answer supervision).
        disconnect: milliseconds without battery when the far end has hung up; 0 for an office without that sign.
        hangup_reversal: restore the polarity when the far end has hung up (where an answer has reversed it).
        dial_tone_after: milliseconds from the seizure to dial tone; None for an office that gives none.
        pulse_order: of the dials of its subscribers.
        caller_id: how it tells who calls; None for the country's way.
        tones: texts of tones that differ from the country's, by name.
        ground_start: the tip is open while nobody calls; the ring wire put to ground seizes the line.
        announce_by_reversal: reverse the polarity for what is told before ringing.
        released: name of the tone that is given once the far end has hung up; "" for silence.
    """

    answer_after: int = 1000
    answer_reversal: bool = False
    disconnect: int = 500
    hangup_reversal: bool = False
    dial_tone_after: int | None = 0
    pulse_order: PulseOrder = PulseOrder.USUAL
    caller_id: Delivery | None = None
    announce_by_reversal: bool = True
    ground_start: bool = False
    tones: Mapping[str, str] = field(default_factory=dict)
    released: str = "busy"
