"""Who the peer of an RTP row is: found by its packets, kept, and let go.

Behind NAT a peer sends from elsewhere than its SDP names (symmetric RTP, RFC 4961), so the source of its packets is
learned; and whoever guesses our port must not be learned in its place (RFC 7362 4). A source has a rank by what
signalling said of it:

    3  the very address and port that were signalled
    2  the same host, or the host from which the signalling itself came, with another port
    1  anybody else

The first valid source is the peer, at once. A higher rank takes its place at any time: it is whom signalling named.
An equal rank may do so within the learn window alone, and only where the first has fallen silent; then the source
is locked. From there on another one needs a new SDP, but for the same host with another port after 5 s of silence
(a NAT that forgot its mapping). Another SSRC at the peer's address is taken after 100 ms, or at once where the
first one said goodbye. A row that is `strict` learns nothing: rank 3 alone is heard.

While a locked peer speaks, and nobody better can come, the socket is connected to it: the kernel then sends without
looking for a route, and drops what strangers send before it costs us anything (or is counted).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import row_at
from gateway.plane.libc import connect
from gateway.plane.table import Shared

__all__ = ["RELATCH_SILENCE", "forget_peer", "from_host", "from_peer", "hold_on", "let_go"]

LEARNING: Final = 1_500_000_000
"""ns after the first packet within which another source of equal rank may be the peer."""
LEARN_SILENCE: Final = 200_000_000
"""ns of silence after which it may: a stray packet, or a probe of every port, is followed by no other."""
RELATCH_SILENCE: Final = 5_000_000_000
"""ns of silence after which the same host may go on from another port: longer than a pause of voice activity
detection."""
SSRC_SILENCE: Final = 100_000_000
"""ns of silence after which the peer's address may go on with another SSRC (a transfer behind it)."""

_NAMED: Final = 3
_HOST: Final = 2
_STRANGER: Final = 1
_SOCKADDR_IN: Final = 16
"""Octets of a struct sockaddr_in; sockaddr_in6 has 28."""
_REFUSED: Final = 2
"""Value of `connected` where the kernel would not."""


@stage
def _same(address: NDArray[np.uint8], other: NDArray[np.uint8], length: int, with_port: bool) -> bool:
    """Whether two socket addresses of `length` octets have one host (and port)."""
    # Family, port, address; for IPv6 the flow label that lies between does not count.
    last = 8 if length == _SOCKADDR_IN else 24
    for k in range(last):
        is_port = 2 <= k < 4
        is_flow = last == 24 and 4 <= k < 8
        if address[k] != other[k] and not is_flow and (with_port or not is_port):
            return False
    return True


@stage
def from_host(t: Shared, i: int, with_port: bool) -> bool:
    """Whether the sender in `t["address"]` has the address of the peer of row `i` (and its port)."""
    row = row_at(t, i)
    return row["remote_length"] != 0 and _same(row["remote"], t["address"], row["remote_length"], with_port)


@stage
def _rank(t: Shared, i: int) -> int:
    """What signalling said of the sender in `t["address"]`."""
    row = row_at(t, i)
    length = row["remote_length"]
    if length == 0:
        return _STRANGER
    if _same(row["signalled"], t["address"], length, True):
        return _NAMED
    if _same(row["signalled"], t["address"], length, False) or _same(row["via"], t["address"], length, False):
        return _HOST
    return _STRANGER


@stage
def from_peer(t: Shared, i: int, ssrc: int, now: int) -> bool:
    """Whether the sender in `t["address"]` is the peer of row `i`; makes it so where it may be."""
    row = row_at(t, i)
    same = from_host(t, i, True)
    if row["latched"] and same and ssrc == row["source_ssrc"]:
        return True
    rank = row["rank"] if row["latched"] and same else _rank(t, i)
    if row["strict"] and rank < _NAMED:
        return False
    if row["latched"] and not _may_follow(t, i, same, rank, now - row["heard_at"], now):
        return False
    if not row["latched"] or rank > row["rank"]:
        row["learned_by"] = now + LEARNING
    if not same:
        let_go(t, i)
        length = min(int(t["address_length"][0]), 28)
        for k in range(length):
            row["remote"][k] = t["address"][k]
        row["remote_length"] = length
    row["latched"] = 1
    row["rank"] = rank
    row["left"] = 0
    row["source_ssrc"] = ssrc
    row["source_sequence"] = -1
    row["transit"] = -1
    row["jitter"] = 0
    row["far_ntp"] = 0
    return True


@stage
def _may_follow(t: Shared, i: int, same: bool, rank: int, quiet: int, now: int) -> bool:
    """Whether another source may take the place of the peer of row `i`, from which nothing came for `quiet` ns."""
    row = row_at(t, i)
    if same:
        return quiet > SSRC_SILENCE or row["left"] != 0
    if rank > row["rank"]:
        return True
    if rank == row["rank"] and now < row["learned_by"] and quiet > LEARN_SILENCE:
        return True
    return quiet > RELATCH_SILENCE and from_host(t, i, False)


@stage
def forget_peer(t: Shared, i: int) -> None:
    """Another address was signalled: learn anew."""
    row_at(t, i)["latched"] = 0
    let_go(t, i)


@stage
def hold_on(t: Shared, i: int, now: int) -> None:
    """Connect the socket of row `i` to its peer, once no better one can come."""
    row = row_at(t, i)
    if row["connected"] != 0 or (row["rank"] < _NAMED and (row["rank"] < _HOST or now < row["learned_by"])):
        return
    # `t["address"]` holds the peer's: its packet has just been taken.
    done = connect(row["descriptor"], t["address"].ctypes.data, row["remote_length"])
    row["connected"] = 1 if done == 0 else _REFUSED


@stage
def let_go(t: Shared, i: int) -> None:
    """Let the socket of row `i` hear anybody again."""
    row = row_at(t, i)
    if row["connected"] == 1:
        nobody = t["out"]  # t["address"] may be in use
        for k in range(_SOCKADDR_IN):
            nobody[k] = 0  # AF_UNSPEC (connect(2))
        connect(row["descriptor"], nobody.ctypes.data, _SOCKADDR_IN)
    row["connected"] = 0
