"""What an FXS line is told by the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from drivers.echo import UNTOUCHED, EchoConfig
from gateway.media.delivery import Delivery
from hardware.analog.pulse import PulseOrder

__all__ = ["FlashUse", "FxsConfig", "MessageLamp"]


class MessageLamp(Enum):
    """How a telephone is told, on-hook, that messages wait. The value is its name in configuration."""

    NONE = "none"
    FSK = "fsk"
    """A message by the modem of its caller ID (GR-30 visual message waiting indicator)."""
    NEON = "neon"
    """Voltage that lights a glow lamp."""
    HIGH_VOLTAGE = "hvdc"
    REVERSAL = "reversal"
    """The line's polarity reversed while messages wait."""


class FlashUse(Enum):
    """What a hook flash in a call does. The value is its name in configuration."""

    SERVICES = "services"
    """It holds the call for a second one, answers a call that waits, confers."""
    PASS = "pass"
    """It is told to whom the telephone talks with."""


@dataclass(frozen=True, slots=True)
class FxsConfig:
    """A telephone on an FXS port.

    Attributes:
        port: DAHDI channel number.
        number: the telephone's extension, by which it is dialled and which it shows as calling.
        name: display name shown as calling; may be empty.
        context: the dialplan context in which it dials.
        zone: the country whose tones it hears and whose cadence it rings with ("us", "de", …).
        caller_id: how caller ID is sent to it; None sends none.
        pulse_order: of its dial.
        short_flash: a break of a dial pulse's length in a call is a flash.
        hotline: the number that is called when it is lifted and nothing is dialled; "" for none.
        hotline_after: seconds of dial tone before that; 0 calls at once.
        lamp: how it is told that messages wait.
        answer_polarity: reverse the polarity while a call that it placed is answered (payphones).
        release_battery: take the battery away for 500 ms when the far side has gone.
        ground_start: its port seizes and releases by ground: the tip opens, without a tone, when the far side has
            gone.
        cadence: milliseconds on, off, on, off …; None for the zone's own.
        echo: what is done about its echo.
        flash: what a hook flash in a call does.
        call_waiting: a second caller is told it by a tone in the talk, and hears ringback; else busy.
        three_way: a flash after a consultation makes a conference; else it goes to the other call.
        transfer: put down in a consultation or conference, the two others stay connected; else the telephone rings
            for the call on hold, and a conference ends.
    """

    port: int
    number: str
    name: str = ""
    context: str = "default"
    zone: str = "us"
    caller_id: Delivery | None = Delivery.BELL_202
    pulse_order: PulseOrder = PulseOrder.USUAL
    short_flash: bool = False
    hotline: str = ""
    hotline_after: float = 0.0
    lamp: MessageLamp = MessageLamp.FSK
    answer_polarity: bool = False
    release_battery: bool = False
    ground_start: bool = False
    cadence: tuple[int, ...] | None = None
    echo: EchoConfig = UNTOUCHED
    flash: FlashUse = FlashUse.SERVICES
    call_waiting: bool = True
    three_way: bool = True
    transfer: bool = True
