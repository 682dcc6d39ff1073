"""Structures of the DAHDI ABI (dahdi-linux include/dahdi/user.h) as construct declarations, little-endian.

Each is a plain C structure whose members are naturally aligned; gaps that this leaves are written as Padding.
`spaninfo` alone is declared packed there. Those of the TDM400 driver (drivers/dahdi/wctdm.c) follow at the end.
Texts are NUL-padded char arrays; what a device writes into them need not be ASCII.
"""

from __future__ import annotations

from typing import Any, Final

from construct import Array, Bytes, Int8ul, Int16ul, Int32sl, Int32ul, Int64sl, Int64ul, Padding, Struct

__all__ = [
    "ATTACH_ECHOCAN",
    "BUFFERINFO",
    "CHANCONFIG",
    "CONFINFO",
    "DIALOPERATION",
    "DIALPARAMS",
    "DYNAMIC_SPAN",
    "ECHOCANPARAM",
    "ECHOCANPARAMS",
    "GAINS",
    "HWGAIN",
    "INDIRECT_DATA",
    "INT",
    "LINECONFIG",
    "MAINTINFO",
    "PARAMS",
    "RING_CADENCE",
    "SFCONFIG",
    "SPANINFO",
    "SPANINFO_V1",
    "TONE_DEF",
    "TONE_DEF_HEADER",
    "VERSIONINFO",
    "VMWI_INFO",
    "WCTDM_REGOP",
    "WCTDM_REGS",
    "WCTDM_STATS",
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


SPANINFO_V1: Final[Any] = Struct(
    *(field for field in SPANINFO.subcons if field.name not in ("fecount", "cvcount", "becount", "prbs", "errsec")),
    Padding(2),
)
"""struct dahdi_spaninfo_v1, not packed: before the counters were added."""

MAINTINFO: Final[Any] = Struct(
    "spanno" / INT,
    "command" / INT,
)
"""struct dahdi_maintinfo."""

CONFINFO: Final[Any] = Struct(
    "chan" / INT,
    "confno" / INT,
    "confmode" / INT,
)
"""struct dahdi_confinfo."""

GAINS: Final[Any] = Struct(
    "chan" / INT,
    "rxgain" / Array(256, Int8ul),
    "txgain" / Array(256, Int8ul),
)
"""struct dahdi_gains."""

LINECONFIG: Final[Any] = Struct(
    "span" / INT,
    "name" / Bytes(20),
    "lbo" / INT,
    "lineconfig" / INT,
    "sync" / INT,
)
"""struct dahdi_lineconfig."""

CHANCONFIG: Final[Any] = Struct(
    "chan" / INT,
    "name" / Bytes(40),
    "sigtype" / INT,
    "deflaw" / INT,
    "master" / INT,
    "idlebits" / INT,
    "netdev_name" / Bytes(16),
)
"""struct dahdi_chanconfig."""

TONE_DEF: Final[Any] = Struct(
    "tone" / INT,
    "next" / INT,
    "samples" / INT,
    "shift" / INT,
    "fac1" / INT,
    "init_v2_1" / INT,
    "init_v3_1" / INT,
    "fac2" / INT,
    "init_v2_2" / INT,
    "init_v3_2" / INT,
    "modulate" / INT,
)
"""struct dahdi_tone_def."""

TONE_DEF_HEADER: Final[Any] = Struct(
    "count" / INT,
    "zone" / INT,
    "ringcadence" / Array(16, INT),
    "name" / Bytes(40),
)
"""struct dahdi_tone_def_header."""

DIALPARAMS: Final[Any] = Struct(
    "mfv1_tonelen" / INT,
    "dtmf_tonelen" / INT,
    "mfr2_tonelen" / INT,
    "reserved" / Array(3, INT),
)
"""struct dahdi_dialparams."""

ECHOCANPARAM: Final[Any] = Struct(
    "name" / Bytes(16),
    "value" / INT,
)
"""struct dahdi_echocanparam."""

ECHOCANPARAMS: Final[Any] = Struct(
    "tap_length" / Int32ul,
    "param_count" / Int32ul,
)
"""struct dahdi_echocanparams."""

SFCONFIG: Final[Any] = Struct(
    "chan" / INT,
    "name" / Bytes(40),
    Padding(4),
    "rxp1" / Int64sl,
    "rxp2" / Int64sl,
    "rxp3" / Int64sl,
    "txtone" / INT,
    "tx_v2" / INT,
    "tx_v3" / INT,
    "toneflag" / INT,
)
"""struct dahdi_sfconfig."""

INDIRECT_DATA: Final[Any] = Struct(
    "chan" / INT,
    "op" / INT,
    "data" / Int64ul,
)
"""struct dahdi_indirect_data."""

ATTACH_ECHOCAN: Final[Any] = Struct(
    "chan" / INT,
    "echocan" / Bytes(16),
)
"""struct dahdi_attach_echocan."""

DYNAMIC_SPAN: Final[Any] = Struct(
    "driver" / Bytes(20),
    "addr" / Bytes(40),
    "numchans" / INT,
    "timing" / INT,
    "spanno" / INT,
)
"""struct dahdi_dynamic_span."""

HWGAIN: Final[Any] = Struct(
    "newgain" / INT,
    "tx" / INT,
)
"""struct dahdi_hwgain; newgain in tenths of dB, tx in bit 0."""

VMWI_INFO: Final[Any] = Struct(
    "vmwi_type" / Int32ul,
)
"""struct dahdi_vmwi_info."""

WCTDM_STATS: Final[Any] = Struct(
    "tipvolt" / INT,
    "ringvolt" / INT,
    "batvolt" / INT,
)
"""struct wctdm_stats."""

WCTDM_REGS: Final[Any] = Struct(
    "direct" / Array(109, Int8ul),
    Padding(1),
    "indirect" / Array(105, Int16ul),
)
"""struct wctdm_regs."""

WCTDM_REGOP: Final[Any] = Struct(
    "indirect" / INT,
    "reg" / Int8ul,
    Padding(1),
    "val" / Int16ul,
)
"""struct wctdm_regop."""


def text(field: bytes) -> str:
    """A char array as text, up to its first NUL; bytes that are not ASCII become replacement characters."""
    return field.split(b"\0", 1)[0].decode("ascii", "replace")
