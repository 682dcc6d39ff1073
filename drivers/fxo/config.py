"""What an FXO line is told by the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from drivers.echo import UNTOUCHED, EchoConfig
from drivers.fxo.rings import DistinctiveRing
from gateway.media.delivery import Delivery
from hardware.analog.pulse import PulseOrder

__all__ = ["AnswerSignal", "FxoConfig"]


class AnswerSignal(Enum):
    """What shows that the called party has answered. The value is its name in configuration."""

    DIALLING = "dialling"
    """Nothing does: the call counts as answered once it has been dialled."""
    POLARITY = "polarity"
    """The exchange reverses polarity."""
    VOICE = "voice"
    """Ringback gives way to a voice, or stops."""
    TIMER = "timer"
    """Some seconds have passed since it was dialled."""


@dataclass(frozen=True, slots=True)
class FxoConfig:
    """An exchange line on an FXO port.

    Attributes:
        port: DAHDI channel number.
        name: the line's name, by which it is dialled ("copper1").
        group: the hunt group that it belongs to; `FXO/g1` takes an idle line of group 1.
        context: the dialplan context in which its calls come in.
        did: the number that its callers are taken to have dialled; "" makes it "s".
        number: its own number in the exchange, for display; may be empty.
        dial_tone_wait: seconds for which dial tone is waited for before dialling; 0 dials without.
        pulses: dial by pulses of this order; None dials by tones.
        answer: what shows an answer.
        answer_after: seconds after dialling, for `AnswerSignal.TIMER`.
        hangup_on_polarity: it reverses polarity when the far side hangs up.
        hangup_on_tone: bursts of busy, congestion or dial tone that show that the far side has gone; 0 never.
        caller_id: how the exchange tells who calls; None where it does not.
        echo: what is done about its echo.
        waiting_caller_id: the exchange tells a second caller in a call, by an alert and FSK.
        shared: other telephones hang on it: it is not taken while one of them is off-hook, where the card tells.
        rings: cadences that mean something of their own.
        tones: texts of its exchange's tones that differ from the country's, by name ("busy"), as `learn` measures.
        zone: the country of the exchange ("us", "de", …).
    """

    port: int
    name: str
    group: int = 1
    context: str = "default"
    did: str = ""
    number: str = ""
    dial_tone_wait: float = 0.0
    pulses: PulseOrder | None = None
    answer: AnswerSignal = AnswerSignal.DIALLING
    answer_after: float = 20.0
    hangup_on_polarity: bool = False
    hangup_on_tone: int = 3
    caller_id: Delivery | None = Delivery.BELL_202
    zone: str = "us"
    echo: EchoConfig = UNTOUCHED
    waiting_caller_id: bool = False
    shared: bool = False
    rings: tuple[DistinctiveRing, ...] = ()
    tones: Mapping[str, str] = field(default_factory=dict)
