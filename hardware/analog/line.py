"""What an analogue line says and what it can be told, in the words of the copper.

Events come up from a port (`AnalogPort.events`), commands go down to it (`AnalogPort.perform`); both are frozen
and compare by value. A line machine is written against these alone: it never sees an ioctl, a descriptor or a
sample. Names are those of the DAHDI events (dahdi/user.h, DAHDI_EVENT_*), because they are the names that
people who debug lines know. Milliseconds are used where the line itself counts in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "CancelDial",
    "DialDigits",
    "EchoCancel",
    "Hook",
    "LampSignal",
    "LightLamp",
    "LineCommand",
    "LineEvent",
    "LineEventKind",
    "MeasureVoltage",
    "OnHookTransmit",
    "PortKind",
    "Ring",
    "SetHook",
    "SetLevels",
    "SetPolarity",
    "StopRing",
]


class PortKind(Enum):
    """What a port is there for."""

    FXS = "FXS"
    """It feeds a telephone."""
    FXO = "FXO"
    """It is plugged into an exchange line."""


class Hook(Enum):
    """What `SetHook` can ask of the loop."""

    ONHOOK = "on-hook"
    """FXO: open the loop. FXS: the call is over, remove battery for a moment (kewl start), then idle."""
    OFFHOOK = "off-hook"
    """FXO: close the loop (answer). FXS: the telephone was answered: stop ringing, open the speech path."""
    WINK = "wink"
    FLASH = "flash"
    """FXO: open the loop for the flash time; HOOKCOMPLETE follows."""
    START = "start"
    """FXO: seize the line; HOOKCOMPLETE follows when it may be dialled on."""


class LampSignal(Enum):
    """What a line carries, on-hook, to light a message lamp."""

    NEON = "neon"
    """Alternating voltage for a glow lamp."""
    HIGH_VOLTAGE = "hvdc"
    """Direct voltage above that of the line."""
    REVERSAL = "reversal"
    """The line's own voltage, the other way round."""


class LineEventKind(Enum):
    """What happened on a line. FXS: the telephone did it; FXO: the exchange did."""

    ONHOOK = "on-hook"
    """FXS: the telephone hung up. FXO: battery was removed (forward disconnect)."""
    RINGOFFHOOK = "off-hook"
    """FXS: the telephone was lifted. FXO: a burst of ringing has ended."""
    WINKFLASH = "flash"
    ALARM = "alarm"
    """FXO: no battery, the line is unplugged or dead."""
    NOALARM = "alarm over"
    DIALCOMPLETE = "dialling complete"
    RINGERON = "ringer on"
    """FXS: a further burst of ringing begins (not told of the first one)."""
    RINGEROFF = "ringer off"
    """FXS: a burst of ringing has ended; caller ID goes into the silence."""
    HOOKCOMPLETE = "hook complete"
    PULSE_START = "pulse start"
    """FXS: the first break of a dialled digit."""
    PULSE_DIGIT = "pulse digit"
    POLARITY = "polarity reversal"
    """FXO: tip and ring changed places."""
    RINGBEGIN = "ring begin"
    """FXO: a burst of ringing begins."""
    REMOVED = "removed"
    """The device has gone; close the port."""
    EC_DISABLED = "echo canceller disabled"
    EC_NLP_DISABLED = "echo canceller non-linear processor disabled"
    EC_NLP_ENABLED = "echo canceller non-linear processor enabled"
    TX_CED = "fax answer tone sent"
    RX_CED = "fax answer tone heard"
    TX_CNG = "fax calling tone sent"
    RX_CNG = "fax calling tone heard"
    VOLTAGE = "voltage"
    """What `MeasureVoltage` has found."""
    NEON_ON = "message lamp voltage on"
    NEON_OFF = "message lamp voltage off"
    READ_OVERRUN = "receive overrun"
    WRITE_UNDERRUN = "transmit underrun"
    UNKNOWN = "unknown event"
    """The device reported a number that this system has no name for; it is told so that it can be logged."""
    FAILED = "command failed"


@dataclass(frozen=True, slots=True)
class SetHook:
    """Work the hook switch (FXO) or follow the telephone's (FXS)."""

    hook: Hook


@dataclass(frozen=True, slots=True)
class Ring:
    """FXS: ring the telephone until it answers or `StopRing`.

    Attributes:
        cadence: milliseconds on, off, on, off … (at most 16 values); a negative "on" marks where the repeat
            starts from. None is the zone's own cadence.
    """

    cadence: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class StopRing:
    """FXS: stop ringing and go back to idle."""


@dataclass(frozen=True, slots=True)
class DialDigits:
    """Let the device dial: "T5550100" by DTMF, "P123" by pulses, "W" a pause of half a second.

    DIALCOMPLETE follows. Any audio written to the port cuts it off.
    """

    digits: str


@dataclass(frozen=True, slots=True)
class CancelDial:
    """Stop dialling and forget what has not been dialled yet."""


@dataclass(frozen=True, slots=True)
class SetPolarity:
    """FXS: normal or reversed battery (answer supervision toward a PBX)."""

    reversed: bool


@dataclass(frozen=True, slots=True)
class OnHookTransmit:
    """FXS: open the speech path to the on-hook telephone for `ms` milliseconds (caller ID)."""

    ms: int


@dataclass(frozen=True, slots=True)
class LightLamp:
    """FXS: light the telephone's message lamp for so many messages; 0 puts it out.

    Attributes:
        by: what lights it.
    """

    messages: int
    by: LampSignal = LampSignal.NEON


@dataclass(frozen=True, slots=True)
class EchoCancel:
    """Switch the port's echo canceller: number of taps, 0 for off."""

    taps: int


@dataclass(frozen=True, slots=True)
class MeasureVoltage:
    """Tell the voltage between tip and ring: VOLTAGE follows, or FAILED where the device has no meter."""


@dataclass(frozen=True, slots=True)
class SetLevels:
    """Make what comes from the line, and what goes to it, louder by so many dB; a call goes on meanwhile."""

    receive: float
    transmit: float


LineCommand = (
    SetHook
    | Ring
    | StopRing
    | DialDigits
    | CancelDial
    | SetLevels
    | SetPolarity
    | OnHookTransmit
    | LightLamp
    | EchoCancel
    | MeasureVoltage
)


@dataclass(frozen=True, slots=True)
class LineEvent:
    """One thing that happened on a line.

    Attributes:
        kind: what.
        digit: the digit of PULSE_DIGIT, else "".
        errno: the device's error of FAILED, the number of UNKNOWN, else 0.
        command: what FAILED, else None.
        volts: of VOLTAGE, whatever its polarity; else 0.
    """

    kind: LineEventKind
    digit: str = ""
    errno: int = 0
    command: LineCommand | None = None
    volts: float = 0.0
