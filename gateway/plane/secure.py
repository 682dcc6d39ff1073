"""Encrypted audio (SRTP, RFC 3711): packets covered on their way out, and uncovered before anything looks at them.

The work is done by libsrtp, whose functions are called by their addresses (protection.py): keys derived, sequence
numbers extended past their wraps, a window of 128 packets against replays. A packet whose tag is wrong or that has
been seen is counted and refused, and a stranger cannot become the peer of a row. Rows without keys pay for one
comparison a packet.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.media.compiled import stage
from gateway.media.pointers import call_c
from gateway.plane.access import row_at
from gateway.plane.libc import memmove
from gateway.plane.octets import get_word
from gateway.plane.table import PACKET, Shared
from gateway.plane.words import PROTECT, UNPROTECT

__all__ = ["REPORT", "SPEECH", "cover", "set_keys", "uncover"]

SPEECH: Final = 0
REPORT: Final = 1
"""What a packet is: RTP, or RTCP, which has functions of its own."""
_SOURCES: Final = 64
"""SSRCs that a peer may use under one key: libsrtp keeps a context for each that proved itself, for good."""
_SHORTEST: Final = (12, 8)
"""Octets of a header, which stays readable."""
_REPLAYED: Final = 9
_REPLAYED_OLD: Final = 10
"""libsrtp's err_status of a packet that was seen, and of one too old to know."""


@stage
def _work(function: int, session: int, packet: int, t: Shared) -> int:
    """The status of a function of libsrtp; the octets of the packet are in `t["octets"]`, before and after."""
    return int(call_c(function, session, packet, t["octets"].ctypes.data, 0, 0, 0, 0))


@stage
def set_keys(t: Shared, command: np.void, i: int) -> None:
    """Cover and uncover what row `i` sends and takes by other sessions of libsrtp; 0 for none."""
    row = row_at(t, i)
    arguments = command["arguments"]
    if row["session_in"] != arguments[0]:
        for kind in range(2):
            row["keyed_ssrc"][kind] = -1
            row["keyed_sources"][kind] = 0
    row["session_in"] = arguments[0]
    row["session_out"] = arguments[1]
    row["tag"][SPEECH] = arguments[2]
    row["tag"][REPORT] = arguments[3]
    row["key_identifier"] = arguments[4]


@stage
def cover(t: Shared, i: int, octets: int, kind: int) -> int:
    """Encrypt the packet of `octets` in `t["out"]`; its octets now, or -1 where it must not be sent.

    That is so for a sequence number that has been used: a second packet under it would give away both.
    """
    t["octets"][0] = octets
    status = _work(t["control"][PROTECT + kind], row_at(t, i)["session_out"], t["out"].ctypes.data, t)
    return int(t["octets"][0]) if status == 0 else -1


@stage
def uncover(t: Shared, i: int, octets: int, kind: int) -> int:
    """Check and decrypt the packet of `octets` in `t["packet"]`; its octets now, or -1 where it is refused."""
    row = row_at(t, i)
    packet = t["packet"]
    identifier = row["key_identifier"]
    tag = row["tag"][kind]
    if octets > PACKET or octets < _SHORTEST[kind] + identifier + tag:
        return -1
    ssrc = get_word(packet, 8 - 4 * kind)
    is_new = ssrc != row["keyed_ssrc"][kind]
    if is_new and row["keyed_sources"][kind] >= _SOURCES:
        return -1
    if identifier > 0:
        # There is one key, so that the tag says all; what names the key lies before it (RFC 3711 3.1, 3.4).
        octets -= identifier
        tail = packet.ctypes.data + octets - tag
        memmove(tail, tail + identifier, tag)
    t["octets"][0] = octets
    status = _work(t["control"][UNPROTECT + kind], row["session_in"], packet.ctypes.data, t)
    if status != 0:
        if status == _REPLAYED or status == _REPLAYED_OLD:
            row["replayed"] += 1
        else:
            row["forged"] += 1
        return -1
    if is_new:
        row["keyed_ssrc"][kind] = ssrc
        row["keyed_sources"][kind] += 1
    return int(t["octets"][0])
