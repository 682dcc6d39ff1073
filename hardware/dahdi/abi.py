"""The DAHDI user-space ABI as declared in dahdi-linux include/dahdi/user.h: request numbers and constants.

The numbers are computed by the kernel's _IOC rule (asm-generic/ioctl.h) from direction, ordinal and size of the
structure passed; the structures stand in `hardware.dahdi.structs`. Equal on x86-64 and aarch64. All requests are
listed; of the constants those that somebody here uses. Names are those of user.h without the DAHDI_ prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import Final

from hardware.dahdi import structs

__all__ = [
    "CHANNEL_NODE",
    "CTL_NODE",
    "DEFAULT_ECHO_TAPS",
    "DEFAULT_TIMING",
    "DIGIT_MS",
    "ECHO_TAPS",
    "ELAST",
    "EVENT_QUEUE",
    "MAX_CHANNELS",
    "MAX_ECHO_PARAMETERS",
    "MAX_SPANS",
    "PULSE_DIGIT",
    "ZONES",
    "Alarm",
    "BufferPolicy",
    "DialOp",
    "Event",
    "Flush",
    "HookCommand",
    "IoMux",
    "Ioctl",
    "Law",
    "LineConfig",
    "SigType",
    "Vmwi",
]

CTL_NODE: Final = "/dev/dahdi/ctl"
CHANNEL_NODE: Final = "/dev/dahdi/channel"

MAX_SPANS: Final = 128
MAX_CHANNELS: Final = 1024

EVENT_QUEUE: Final = 63
"""Events kept for an opened channel (a ring of 64); further ones are dropped without a word."""

DIGIT_MS: Final = 100
"""Milliseconds of a dialled DTMF digit, and of the gap after it (dahdi_config.h)."""

ELAST: Final = 500
"""errno of read() and write() while an event waits. Linux has no name for it (dahdi-base.c)."""

_MAGIC: Final = 0xDA
_TRANSCODER: Final = ord("T")
_NONE, _WRITE, _READ = 0, 1, 2
_INT: Final = 4


def _ioc(direction: int, ordinal: int, size: int, magic: int = _MAGIC) -> int:
    return direction << 30 | size << 16 | magic << 8 | ordinal


class Ioctl(IntEnum):
    """Request numbers. Structures of transcoders, radios and echo tuning are known by their sizes alone."""

    GET_BLOCKSIZE = _ioc(_READ, 1, _INT)
    SET_BLOCKSIZE = _ioc(_WRITE, 1, _INT)
    FLUSH = _ioc(_WRITE, 3, _INT)
    SYNC = _ioc(_NONE, 4, 0)
    GET_PARAMS_V1 = _ioc(_READ, 5, structs.PARAMS.sizeof())
    GET_PARAMS = _ioc(_READ | _WRITE, 5, structs.PARAMS.sizeof())
    SET_PARAMS = _ioc(_WRITE, 5, structs.PARAMS.sizeof())
    HOOK = _ioc(_WRITE, 7, _INT)
    GETEVENT = _ioc(_READ, 8, _INT)
    IOMUX = _ioc(_READ | _WRITE, 9, _INT)
    SPANSTAT = _ioc(_READ | _WRITE, 10, structs.SPANINFO.sizeof())
    SPANSTAT_V1 = _ioc(_READ | _WRITE, 10, structs.SPANINFO_V1.sizeof())
    MAINT = _ioc(_WRITE, 11, structs.MAINTINFO.sizeof())
    GETCONF_V1 = _ioc(_READ, 12, structs.CONFINFO.sizeof())
    GETCONF = _ioc(_READ | _WRITE, 12, structs.CONFINFO.sizeof())
    SETCONF_V1 = _ioc(_WRITE, 12, structs.CONFINFO.sizeof())
    SETCONF = _ioc(_READ | _WRITE, 13, structs.CONFINFO.sizeof())
    CONFLINK = _ioc(_WRITE, 14, structs.CONFINFO.sizeof())
    CONFDIAG_V1 = _ioc(_READ, 15, _INT)
    CONFDIAG = _ioc(_WRITE, 15, _INT)
    GETGAINS_V1 = _ioc(_READ, 16, structs.GAINS.sizeof())
    GETGAINS = _ioc(_READ | _WRITE, 16, structs.GAINS.sizeof())
    SETGAINS = _ioc(_WRITE, 16, structs.GAINS.sizeof())
    SPANCONFIG = _ioc(_WRITE, 18, structs.LINECONFIG.sizeof())
    CHANCONFIG = _ioc(_WRITE, 19, structs.CHANCONFIG.sizeof())
    CONFMUTE = _ioc(_WRITE, 20, _INT)
    SENDTONE = _ioc(_WRITE, 21, _INT)
    GETTONEZONE = _ioc(_READ, 22, _INT)
    SETTONEZONE = _ioc(_WRITE, 22, _INT)
    DEFAULTZONE = _ioc(_WRITE, 24, _INT)
    LOADZONE = _ioc(_WRITE, 25, structs.TONE_DEF_HEADER.sizeof())
    FREEZONE = _ioc(_WRITE, 26, _INT)
    GET_BUFINFO = _ioc(_READ, 27, structs.BUFFERINFO.sizeof())
    SET_BUFINFO = _ioc(_WRITE, 27, structs.BUFFERINFO.sizeof())
    GET_DIALPARAMS = _ioc(_READ, 29, structs.DIALPARAMS.sizeof())
    SET_DIALPARAMS = _ioc(_WRITE, 29, structs.DIALPARAMS.sizeof())
    DIAL = _ioc(_WRITE, 31, structs.DIALOPERATION.sizeof())
    AUDIOMODE = _ioc(_WRITE, 32, _INT)
    ECHOCANCEL = _ioc(_WRITE, 33, _INT)
    ECHOCANCEL_PARAMS = _ioc(_WRITE, 33, structs.ECHOCANPARAMS.sizeof())
    CHANNO = _ioc(_READ, 34, _INT)
    DIALING = _ioc(_READ, 35, _INT)
    HDLCRAWMODE = _ioc(_WRITE, 36, _INT)
    HDLCFCSMODE = _ioc(_WRITE, 37, _INT)
    SPECIFY = _ioc(_WRITE, 38, _INT)
    SETLAW = _ioc(_WRITE, 39, _INT)
    SETLINEAR = _ioc(_WRITE, 40, _INT)
    HDLCPPP = _ioc(_WRITE, 41, _INT)
    SETCADENCE = _ioc(_WRITE, 42, structs.RING_CADENCE.sizeof())
    GETRXBITS = _ioc(_READ, 43, _INT)
    SETTXBITS = _ioc(_WRITE, 43, _INT)
    CHANDIAG_V1 = _ioc(_READ, 44, _INT)
    CHANDIAG = _ioc(_WRITE, 44, _INT)
    SFCONFIG = _ioc(_WRITE, 46, structs.SFCONFIG.sizeof())
    TIMERCONFIG = _ioc(_WRITE, 47, _INT)
    TIMERACK = _ioc(_WRITE, 48, _INT)
    GETCONFMUTE = _ioc(_READ, 49, _INT)
    ECHOTRAIN = _ioc(_WRITE, 50, _INT)
    ONHOOKTRANSFER = _ioc(_WRITE, 51, _INT)
    TIMERPING = _ioc(_NONE, 52, 0)
    TIMERPONG = _ioc(_NONE, 53, 0)
    GETSIGFREEZE = _ioc(_READ, 54, _INT)
    SETSIGFREEZE = _ioc(_WRITE, 54, _INT)
    INDIRECT = _ioc(_READ | _WRITE, 56, structs.INDIRECT_DATA.sizeof())
    GETVERSION = _ioc(_READ, 57, structs.VERSIONINFO.sizeof())
    LOOPBACK = _ioc(_WRITE, 58, _INT)
    ATTACH_ECHOCAN = _ioc(_WRITE, 59, structs.ATTACH_ECHOCAN.sizeof())
    DYNAMIC_CREATE = _ioc(_READ | _WRITE, 80, structs.DYNAMIC_SPAN.sizeof())
    DYNAMIC_DESTROY = _ioc(_WRITE, 81, structs.DYNAMIC_SPAN.sizeof())
    SET_HWGAIN = _ioc(_WRITE, 86, structs.HWGAIN.sizeof())
    TONEDETECT = _ioc(_WRITE, 91, _INT)
    SETPOLARITY = _ioc(_WRITE, 92, _INT)
    TRANSCODE_OP = _ioc(_READ | _WRITE, 93, _INT)
    TC_ALLOCATE = _ioc(_WRITE, 1, 8, _TRANSCODER)
    TC_GETINFO = _ioc(_READ | _WRITE, 2, 96, _TRANSCODER)
    VMWI = _ioc(_READ | _WRITE, 94, _INT)
    VMWI_CONFIG = _ioc(_WRITE, 95, structs.VMWI_INFO.sizeof())
    STARTUP = _ioc(_WRITE, 99, _INT)
    SHUTDOWN = _ioc(_WRITE, 100, _INT)
    HDLC_RATE = _ioc(_WRITE, 101, _INT)
    ECHOCANCEL_FAX_MODE = _ioc(_WRITE, 102, _INT)
    RXMIRROR = _ioc(_WRITE, 103, _INT)
    TXMIRROR = _ioc(_WRITE, 104, _INT)
    BUFFER_EVENTS = _ioc(_WRITE, 105, _INT)
    RADIO_GETSTAT = _ioc(_READ, 57, 8)
    RADIO_GETPARAM = _ioc(_READ, 58, 140)
    RADIO_SETPARAM = _ioc(_WRITE, 58, 140)
    WCTDM_GET_STATS = _ioc(_READ, 60, structs.WCTDM_STATS.sizeof())
    WCTDM_GET_REGS = _ioc(_READ, 61, structs.WCTDM_REGS.sizeof())
    WCTDM_SET_REG = _ioc(_WRITE, 62, structs.WCTDM_REGOP.sizeof())
    WCTDM_SET_ECHOTUNE = _ioc(_WRITE, 63, 9)


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
    EM = 0x40
    CLEAR = 0x80
    HDLCRAW = 0x180
    HDLCFCS = 0x380
    HDLCNET = 0x780
    SLAVE = 0x800
    FXOLS = 0x1008
    FXOGS = 0x1010
    FXOKS = 0x1020
    FXSLS = 0x2001
    FXSGS = 0x2002
    FXSKS = 0x2004
    SF = 0x4000
    CAS = 0x8000
    DACS = 0x10080
    EM_E1 = 0x20000
    DACS_RBS = 0x50000
    HARDHDLC = 0x80080
    MTP2 = 0x100380
    BROKEN = 0x80000000


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
    """chan_alarms of GET_PARAMS, alarms of SPANSTAT."""

    NONE = 0
    RECOVER = 1
    LOOPBACK = 2
    YELLOW = 4
    RED = 8
    BLUE = 0x10
    NOTOPEN = 0x20
    LOS = 0x100
    LFA = 0x200
    LMFA = 0x400


class LineConfig(IntFlag):
    """lineconfig and linecompat of SPANSTAT and SPANCONFIG, without the transmit level in the low bits."""

    NONE = 0
    D4 = 0x10
    ESF = 0x20
    AMI = 0x40
    B8ZS = 0x80
    CCS = 0x100
    HDB3 = 0x200
    CRC4 = 0x400
    NTTE = 0x800
    TERM = 0x1000
    NOTOPEN = 0x10000


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


class BufferPolicy(IntEnum):
    """txbufpolicy of BUFFERINFO: how much must have been written before any of it is sent."""

    IMMEDIATE = 0
    WHEN_FULL = 1
    HALF_FULL = 2


class IoMux(IntFlag):
    """Argument of IOMUX."""

    READ = 1
    WRITE = 2
    WRITEEMPTY = 4
    SIGEVENT = 8
    NOWAIT = 0x100


class Vmwi(IntFlag):
    """Argument of VMWI_CONFIG: how messages are shown on the line."""

    LREV = 1
    HVDC = 2
    HVAC = 4


ECHO_TAPS: Final = frozenset({32, 64, 128, 256, 512, 1024})
"""Lengths of an echo canceller; any other means that of the module."""
DEFAULT_ECHO_TAPS: Final = 128
MAX_ECHO_PARAMETERS: Final = 8

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
