"""Who the peer of an RTP row is: found by its packets, kept, and let go.

The peer is the first valid source after its address was set (symmetric RTP, RFC 4961: behind NAT its SDP names
another one) and stays so: another address takes over after 5 s of silence, another SSRC at the same address after
100 ms, or at once where the first one said goodbye. While it speaks the socket is connected to it: the kernel then
sends without looking for a route, and drops what strangers send before it costs us anything (or is counted).
"""

from __future__ import annotations

from typing import Final

from gateway.plane.access import row_at
from gateway.plane.compiled import stage
from gateway.plane.libc import connect
from gateway.plane.table import Shared

__all__ = ["RELATCH_SILENCE", "from_host", "from_peer", "hold_on", "let_go"]

RELATCH_SILENCE: Final = 5_000_000_000
"""ns of silence after which another address may be the peer: longer than a pause of voice activity detection."""
SSRC_SILENCE: Final = 100_000_000
"""ns of silence after which the peer's address may go on with another SSRC (a transfer behind it)."""

_SOCKADDR_IN: Final = 16
"""Octets of a struct sockaddr_in; sockaddr_in6 has 28."""
_REFUSED: Final = 2
"""Value of `connected` where the kernel would not."""


@stage
def from_host(t: Shared, i: int, with_port: bool) -> bool:
    """Whether the sender in `t["address"]` has the address of the peer of row `i` (and its port)."""
    row = row_at(t, i)
    length = row["remote_length"]
    if length == 0:
        return False
    # Family, port, address; for IPv6 the flow label that lies between does not count.
    last = 8 if length == _SOCKADDR_IN else 24
    for k in range(last):
        apart = row["remote"][k] != t["address"][k]
        is_port = 2 <= k < 4
        is_flow = last == 24 and 4 <= k < 8
        if apart and not is_flow and (with_port or not is_port):
            return False
    return True


@stage
def from_peer(t: Shared, i: int, ssrc: int, now: int) -> bool:
    """Whether the sender in `t["address"]` is the peer of row `i`; makes it so where it may be."""
    row = row_at(t, i)
    same = from_host(t, i, True)
    quiet = now - row["heard_at"]
    if row["latched"] and same and ssrc == row["source_ssrc"]:
        return True
    if row["latched"] and quiet <= (SSRC_SILENCE if same else RELATCH_SILENCE) and not (same and row["left"]):
        return False
    if not same:
        length = min(int(t["address_length"][0]), 28)
        for k in range(length):
            row["remote"][k] = t["address"][k]
        row["remote_length"] = length
    row["latched"] = 1
    row["left"] = 0
    row["source_ssrc"] = ssrc
    row["source_sequence"] = -1
    row["transit"] = -1
    row["jitter"] = 0
    row["far_ntp"] = 0
    return True


@stage
def hold_on(t: Shared, i: int) -> None:
    """Connect the socket of row `i` to its peer."""
    row = row_at(t, i)
    if row["connected"] != 0:
        return
    for k in range(row["remote_length"]):
        t["address"][k] = row["remote"][k]
    done = connect(row["descriptor"], t["address"].ctypes.data, row["remote_length"])
    row["connected"] = 1 if done == 0 else _REFUSED


@stage
def let_go(t: Shared, i: int) -> None:
    """Let the socket of row `i` hear anybody again."""
    row = row_at(t, i)
    if row["connected"] == 1:
        t["address"][0] = 0  # AF_UNSPEC (connect(2))
        t["address"][1] = 0
        connect(row["descriptor"], t["address"].ctypes.data, _SOCKADDR_IN)
    row["connected"] = 0
