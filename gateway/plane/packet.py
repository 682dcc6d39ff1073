"""One RTP packet on its way to a peer: header, encryption, socket; and the stream's clock.

What goes into packets, and which comes after which, is decided in send.py. Times of a stream are in ticks of its
RTP clock.
"""

from __future__ import annotations

from errno import EAGAIN, EBADF, ECONNREFUSED, ENODEV, ENOTSOCK
from typing import Final

from gateway.media.compiled import stage
from gateway.plane.access import row_at
from gateway.plane.libc import MSG_DONTWAIT, MSG_NOSIGNAL, errno, sendto
from gateway.plane.octets import put_word
from gateway.plane.rows import lose
from gateway.plane.secure import SPEECH, cover
from gateway.plane.table import ACTIVE, Shared

__all__ = ["HEADER", "advance", "is_gone", "may_send", "send_packet", "ticks_of"]

HEADER: Final = 12
"""Octets of an RTP header without CSRCs, the only kind that we send."""


@stage
def may_send(t: Shared, i: int) -> bool:
    """Whether row `i` has somewhere to send to and is wanted to."""
    row = row_at(t, i)
    return bool(row["state"] == ACTIVE and row["sending"] != 0 and row["remote_length"] > 0)


@stage
def ticks_of(ns: int, clock: int) -> int:
    """Whole ticks in `ns`; in two steps, lest years of uptime overflow."""
    return (ns // 1000) * clock // 1_000_000


@stage
def advance(t: Shared, i: int, now: int) -> int:
    """The timestamp that goes with `now` in the stream of row `i`: after all that was sent, and by the clock."""
    row = row_at(t, i)
    half = 500_000_000 // row["clock"]
    elapsed = ticks_of(now - row["sent_at"] + half, row["clock"])
    return int((row["timestamp"] + max(row["span"], elapsed)) & 0xFFFFFFFF)


@stage
def send_packet(
    t: Shared, i: int, payload_type: int, marker: bool, sequence: int, timestamp: int, octets: int, now: int
) -> None:
    """Send `t["out"]` (payload of `octets` from HEADER on) to the peer of row `i`; a full socket loses it."""
    row = row_at(t, i)
    out = t["out"]
    out[0] = 0x80
    out[1] = payload_type | (0x80 if marker else 0)
    out[2] = (sequence >> 8) & 0xFF
    out[3] = sequence & 0xFF
    put_word(out, 4, timestamp)
    put_word(out, 8, row["ssrc"])
    length = HEADER + octets
    if row["session_out"] != 0:
        length = cover(t, i, length, SPEECH)
        if length < 0:
            return
    done = _hand_over(t, i, length)
    if done < 0 and errno() == ECONNREFUSED:
        # Told of an earlier packet, which takes the place of sending this one: the peer may be there again.
        row["rejected_at"] = now
        done = _hand_over(t, i, length)
    if done >= 0:
        row["sent"] += 1
        row["octets_sent"] += octets
        return
    error = errno()
    if is_gone(error):
        lose(t, i, error, now)
    elif error != EAGAIN and error != ECONNREFUSED:
        row["unsent"] += 1
        row["unsent_for"] = error


@stage
def is_gone(error: int) -> bool:
    """Whether an errno says that the descriptor is no socket any more.

    Anything else is a state of the network (unreachable, refused, filtered, full) and may pass.
    """
    return bool(error == EBADF or error == ENODEV or error == ENOTSOCK)


@stage
def _hand_over(t: Shared, i: int, octets: int) -> int:
    row = row_at(t, i)
    out = t["out"].ctypes.data
    if row["connected"] == 1:
        return int(sendto(row["descriptor"], out, octets, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0))
    length = row["remote_length"]
    address = t["address"]
    for k in range(length):
        address[k] = row["remote"][k]
    return int(sendto(row["descriptor"], out, octets, MSG_DONTWAIT | MSG_NOSIGNAL, address.ctypes.data, length))
