"""Structures of the DAHDI ABI (dahdi-linux include/dahdi/user.h) as construct declarations, little-endian.

Each is a plain C structure whose members are naturally aligned, so that no padding arises; `spaninfo` alone is
declared packed there. Texts are NUL-padded char arrays; what a device writes into them need not be ASCII.
"""

from __future__ import annotations

from typing import Any, Final

from construct import Array, Bytes, Int32sl, Int32ul, Struct

__all__ = [
    "BUFFERINFO",
    "DIALOPERATION",
    "INT",
    "PARAMS",
    "RING_CADENCE",
    "SPANINFO",
    "VERSIONINFO",
    "text",
]

INT: Final[Any] = Int32sl

PARAMS: Final[Any] = Struct(
    "channo" / INT,
    "spanno" / INT,
    "chanpos" / INT,
    "sigtype" / INT,
    "sigcap" / INT,
    "rxisoffhook" / INT,
    "rxbits" / INT,
    "txbits" / INT,
    "txhooksig" / INT,
    "rxhooksig" / INT,
    "curlaw" / INT,
    "idlebits" / INT,
    "name" / Bytes(40),
    "prewinktime" / INT,
    "preflashtime" / INT,
    "winktime" / INT,
    "flashtime" / INT,
    "starttime" / INT,
    "rxwinktime" / INT,
    "rxflashtime" / INT,
    "debouncetime" / INT,
    "pulsebreaktime" / INT,
    "pulsemaketime" / INT,
    "pulseaftertime" / INT,
    "chan_alarms" / Int32ul,
)
"""struct dahdi_params; times in milliseconds."""

SPANINFO: Final[Any] = Struct(
    "spanno" / INT,
    "name" / Bytes(20),
    "desc" / Bytes(40),
    "alarms" / INT,
    "txlevel" / INT,
    "rxlevel" / INT,
    "bpvcount" / INT,
    "crc4count" / INT,
    "ebitcount" / INT,
    "fascount" / INT,
    "fecount" / Int32ul,
    "cvcount" / Int32ul,
    "becount" / Int32ul,
    "prbs" / Int32ul,
    "errsec" / Int32ul,
    "irqmisses" / INT,
    "syncsrc" / INT,
    "numchans" / INT,
    "totalchans" / INT,
    "totalspans" / INT,
    "lbo" / INT,
    "lineconfig" / INT,
    "lboname" / Bytes(40),
    "location" / Bytes(40),
    "manufacturer" / Bytes(40),
    "devicetype" / Bytes(40),
    "irq" / INT,
    "linecompat" / INT,
    "spantype" / Bytes(6),
)
"""struct dahdi_spaninfo, packed."""

BUFFERINFO: Final[Any] = Struct(
    "txbufpolicy" / INT,
    "rxbufpolicy" / INT,
    "numbufs" / INT,
    "bufsize" / INT,
    "readbufs" / INT,
    "writebufs" / INT,
)
"""struct dahdi_bufferinfo."""

DIALOPERATION: Final[Any] = Struct("op" / INT, "dialstr" / Bytes(256))
"""struct dahdi_dialoperation; dialstr is NUL-terminated."""

RING_CADENCE: Final[Any] = Struct("ringcadence" / Array(16, INT))
"""struct dahdi_ring_cadence; milliseconds on, off, …; 0 ends it, a negative "on" marks the loop point."""

VERSIONINFO: Final[Any] = Struct("version" / Bytes(80), "echo_canceller" / Bytes(80))
"""struct dahdi_versioninfo."""


def text(field: bytes) -> str:
    """A char array as text, up to its first NUL; bytes that are not ASCII become replacement characters."""
    return field.split(b"\0", 1)[0].decode("ascii", "replace")
