"""The DAHDI user-space ABI as declared in dahdi-linux include/dahdi/user.h: request numbers and constants.

The numbers are computed by the kernel's _IOC rule (asm-generic/ioctl.h) from direction, ordinal and size of the
structure passed; the structures stand in `hardware.analog.structs`. Equal on x86-64 and aarch64. Only what this
system uses, or what its emulated card answers, is listed. Names are those of user.h without the DAHDI_ prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import Final

from hardware.analog import structs

__all__ = [
    "BUFFER_IMMEDIATE",
    "CHANNEL_NODE",
    "CTL_NODE",
    "DEFAULT_TIMING",
    "ELAST",
    "EVENT_QUEUE",
    "MAX_CHANNELS",
    "MAX_SPANS",
    "PULSE_DIGIT",
    "VMWI_NEON",
    "ZONES",
    "Alarm",
    "DialOp",
    "Event",
    "Flush",
    "HookCommand",
    "Ioctl",
    "Law",
    "SigType",
]

CTL_NODE: Final = "/dev/dahdi/ctl"
CHANNEL_NODE: Final = "/dev/dahdi/channel"

MAX_SPANS: Final = 128
MAX_CHANNELS: Final = 1024

EVENT_QUEUE: Final = 63
"""Events kept for an opened channel (a ring of 64); further ones are dropped without a word."""

ELAST: Final = 500
"""errno of read() and write() while an event waits. Linux has no name for it (dahdi-base.c)."""

_MAGIC: Final = 0xDA
_NONE, _WRITE, _READ = 0, 1, 2
_INT: Final = 4


def _ioc(direction: int, ordinal: int, size: int) -> int:
    return direction << 30 | size << 16 | _MAGIC << 8 | ordinal


class Ioctl(IntEnum):
    """Request numbers."""

    GET_BLOCKSIZE = _ioc(_READ, 1, _INT)
    SET_BLOCKSIZE = _ioc(_WRITE, 1, _INT)
    FLUSH = _ioc(_WRITE, 3, _INT)
    GET_PARAMS = _ioc(_READ | _WRITE, 5, structs.PARAMS.sizeof())
    SET_PARAMS = _ioc(_WRITE, 5, structs.PARAMS.sizeof())
    HOOK = _ioc(_WRITE, 7, _INT)
    GETEVENT = _ioc(_READ, 8, _INT)
    SPANSTAT = _ioc(_READ | _WRITE, 10, structs.SPANINFO.sizeof())
    SENDTONE = _ioc(_WRITE, 21, _INT)
    GETTONEZONE = _ioc(_READ, 22, _INT)
    SETTONEZONE = _ioc(_WRITE, 22, _INT)
    GET_BUFINFO = _ioc(_READ, 27, structs.BUFFERINFO.sizeof())
    SET_BUFINFO = _ioc(_WRITE, 27, structs.BUFFERINFO.sizeof())
    DIAL = _ioc(_WRITE, 31, structs.DIALOPERATION.sizeof())
    ECHOCANCEL = _ioc(_WRITE, 33, _INT)
    CHANNO = _ioc(_READ, 34, _INT)
    DIALING = _ioc(_READ, 35, _INT)
    SPECIFY = _ioc(_WRITE, 38, _INT)
    SETLAW = _ioc(_WRITE, 39, _INT)
    SETCADENCE = _ioc(_WRITE, 42, structs.RING_CADENCE.sizeof())
    ONHOOKTRANSFER = _ioc(_WRITE, 51, _INT)
    GETVERSION = _ioc(_READ, 57, structs.VERSIONINFO.sizeof())
    SETPOLARITY = _ioc(_WRITE, 92, _INT)
    VMWI = _ioc(_READ | _WRITE, 94, _INT)
    VMWI_CONFIG = _ioc(_WRITE, 95, _INT)


class HookCommand(IntEnum):
    """Argument of HOOK."""

    ONHOOK = 0
    OFFHOOK = 1
    WINK = 2
    FLASH = 3
    START = 4
    RING = 5
    RINGOFF = 6


class Event(IntEnum):
    """What GETEVENT gives."""

    NONE = 0
    ONHOOK = 1
    RINGOFFHOOK = 2
    WINKFLASH = 3
    ALARM = 4
    NOALARM = 5
    ABORT = 6
    OVERRUN = 7
    BADFCS = 8
    DIALCOMPLETE = 9
    RINGERON = 10
    RINGEROFF = 11
    HOOKCOMPLETE = 12
    BITSCHANGED = 13
    PULSE_START = 14
    TIMER_EXPIRED = 15
    TIMER_PING = 16
    POLARITY = 17
    RINGBEGIN = 18
    EC_DISABLED = 19
    REMOVED = 20
    NEONMWI_ACTIVE = 21
    NEONMWI_INACTIVE = 22
    TX_CED_DETECTED = 23
    RX_CED_DETECTED = 24
    TX_CNG_DETECTED = 25
    RX_CNG_DETECTED = 26
    EC_NLP_DISABLED = 27
    EC_NLP_ENABLED = 28
    READ_OVERRUN = 29
    WRITE_UNDERRUN = 30


PULSE_DIGIT: Final = 0x10000
"""Or'd with the digit's ASCII code in an event: a digit was dialled by pulses."""


class SigType(IntEnum):
    """Signalling of a channel. FXO signalling is spoken by an FXS port, and the other way round."""

    NONE = 0
    FXSLS = 0x2001
    FXSGS = 0x2002
    FXSKS = 0x2004
    FXOLS = 0x1008
    FXOGS = 0x1010
    FXOKS = 0x1020


FXO_CLASS: Final = 0x1000
"""Class bit of signalling types spoken by FXS ports."""
FXS_CLASS: Final = 0x2000
"""Class bit of signalling types spoken by FXO ports."""


class Law(IntEnum):
    """Companding."""

    DEFAULT = 0
    MULAW = 1
    ALAW = 2


class Alarm(IntFlag):
    """chan_alarms of GET_PARAMS."""

    NONE = 0
    RECOVER = 1
    LOOPBACK = 2
    YELLOW = 4
    RED = 8
    BLUE = 0x10
    NOTOPEN = 0x20


class DialOp(IntEnum):
    """op of DIAL."""

    APPEND = 1
    REPLACE = 2
    CANCEL = 3


class Flush(IntFlag):
    """Argument of FLUSH."""

    READ = 1
    WRITE = 2
    EVENT = 4
    ALL = 7


VMWI_NEON: Final = 4
"""VMWI_CONFIG: show messages by the ringing generator's voltage on a neon lamp."""

BUFFER_IMMEDIATE: Final = 0
"""Transmit policy: the first buffer written goes out at once."""

DEFAULT_TIMING: Final[Mapping[str, int]] = {
    "prewinktime": 50,
    "preflashtime": 50,
    "winktime": 150,
    "flashtime": 750,
    "starttime": 1500,
    "rxwinktime": 300,
    "rxflashtime": 1250,
    "debouncetime": 600,
    "pulsebreaktime": 50,
    "pulsemaketime": 50,
    "pulseaftertime": 750,
}
"""The timing fields of PARAMS that every open restores, in milliseconds."""

ZONES: Final[Mapping[str, int]] = {
    name: number
    for number, name in (
        *enumerate("us au fr nl uk fi es jp no at nz it".split()),
        *enumerate("gr tw cl se be sg il br hu lt pl za pt ee mx in de ch dk cz cn ar my th bg".split(), 13),
        *enumerate("ve ph ru tr pa mo cr ae".split(), 38),
    )
}
"""Tone zone numbers (dahdi-tools zonedata.c)."""
