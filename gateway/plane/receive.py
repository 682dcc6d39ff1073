"""RTP from a peer: checked, counted, and sent on its way at once.

A packet that is short, long, of another version, of a payload type that was not agreed, or from somewhere else than
the peer is counted as refused and touches nothing. The peer is the first valid source after its address was set
(symmetric RTP, RFC 4961: behind NAT its SDP names another one) and stays so: another address takes over after
5 s of silence, another SSRC at the same address after 100 ms.
"""

from __future__ import annotations

from typing import Final

from gateway.plane.access import row_at, stages_of
from gateway.plane.compiled import stage
from gateway.plane.convert import to_linear, width
from gateway.plane.dtmf import digit_under_way, receive_event
from gateway.plane.frames import disarm
from gateway.plane.jitter import put
from gateway.plane.libc import EPOLLERR, EPOLLHUP, MSG_DONTWAIT, MSG_TRUNC, errno, recvfrom
from gateway.plane.listen import listen
from gateway.plane.plan import DECODE, ECHO, FORWARD, QUEUE, SOUND
from gateway.plane.rows import lose
from gateway.plane.send import may_send, relay
from gateway.plane.table import MAX_PAYLOAD, PACKET, Shared

__all__ = ["packet_ready"]

RELATCH_SILENCE: Final = 5_000_000_000
"""ns of silence after which another address may be the peer: longer than a pause of voice activity detection."""
SSRC_SILENCE: Final = 100_000_000
"""ns of silence after which the peer's address may go on with another SSRC (a transfer behind it)."""

_GAP_LIMIT: Final = 1000
"""A step of the sequence number that counts as a new beginning, not as loss."""
_EBADF: Final = 9
_EAGAIN: Final = 11
_ENODEV: Final = 19
_ENOTSOCK: Final = 88


@stage
def packet_ready(t: Shared, i: int, flags: int, now: int) -> None:
    """Take a packet that waits on row `i`; `flags` is what epoll said.

    One at a time: where more wait epoll says so again, and to ask for a second one that is not there would cost as
    much as all other work on the first.
    """
    row = row_at(t, i)
    t["address_length"][0] = len(t["address"])
    octets = recvfrom(
        row["descriptor"],
        t["packet"].ctypes.data,
        PACKET,
        MSG_DONTWAIT | MSG_TRUNC,
        t["address"].ctypes.data,
        t["address_length"].ctypes.data,
    )
    if octets >= 0:
        if not _take(t, i, octets, now):
            row["refused"] += 1
        return
    error = errno()
    if error == _EBADF or error == _ENODEV or error == _ENOTSOCK:
        lose(t, i, error, now)
    elif error == _EAGAIN and flags & (EPOLLERR | EPOLLHUP):
        disarm(t, i)  # something that asking again would not change: not before the next tick
    # Anything else is an ICMP answer to what we sent, now read: the network's state, not the socket's.


@stage
def _take(t: Shared, i: int, octets: int, now: int) -> bool:
    """Take in one packet; False where it is refused. RFC 3550 5.1, appendix A.1."""
    packet = t["packet"]
    row = row_at(t, i)
    if octets < 12 or octets > PACKET or packet[0] >> 6 != 2:
        return False
    start = 12 + 4 * int(packet[0] & 0x0F)
    if packet[0] & 0x10:
        if octets < start + 4:
            return False
        start += 4 + 4 * ((int(packet[start + 2]) << 8) | int(packet[start + 3]))
    end = octets
    if packet[0] & 0x20:
        padding = int(packet[octets - 1])
        if padding == 0:
            return False
        end -= padding
    length = end - start
    payload_type = int(packet[1] & 0x7F)
    is_event = payload_type == row["event_type"]
    if is_event:
        if length < 4:
            return False
    elif payload_type == row["payload_type"]:
        octets_each = width(row["encoding"])
        if length <= 0 or length % octets_each != 0 or length > MAX_PAYLOAD * octets_each:
            return False
    else:
        return False
    ssrc = _word(t, 8)
    if not _from_peer(t, i, ssrc, now):
        return False
    row["received"] += 1
    row["heard_at"] = now
    row["silent"] = 0
    sequence = (int(packet[2]) << 8) | int(packet[3])
    timestamp = _word(t, 4)
    _count_loss(t, i, sequence)
    if is_event:
        receive_event(t, i, start, timestamp, now)
    else:
        marker = packet[1] & 0x80 != 0
        _audio(t, i, start, length // width(row["encoding"]), ssrc, sequence, timestamp, marker, now)
    return True


@stage
def _word(t: Shared, at: int) -> int:
    packet = t["packet"]
    high = (int(packet[at]) << 8) | int(packet[at + 1])
    return (high << 16) | (int(packet[at + 2]) << 8) | int(packet[at + 3])


@stage
def _from_peer(t: Shared, i: int, ssrc: int, now: int) -> bool:
    """Whether the sender in `t["address"]` is the peer of row `i`; makes it so where it may be."""
    row = row_at(t, i)
    same = row["remote_length"] > 0
    # Family, port and address; for IPv6 what lies between (flow label) does not count.
    last = 8 if row["remote_length"] == 16 else 24
    for k in range(last):
        if row["remote"][k] != t["address"][k] and not (last == 24 and 4 <= k < 8):
            same = False
    quiet = now - row["heard_at"]
    if row["latched"] and same and ssrc == row["source_ssrc"]:
        return True
    if row["latched"] and quiet <= (SSRC_SILENCE if same else RELATCH_SILENCE):
        return False
    if not same:
        length = min(int(t["address_length"][0]), 28)
        for k in range(length):
            row["remote"][k] = t["address"][k]
        row["remote_length"] = length
    row["latched"] = 1
    row["source_ssrc"] = ssrc
    row["source_sequence"] = -1
    return True


@stage
def _count_loss(t: Shared, i: int, sequence: int) -> None:
    row = row_at(t, i)
    highest = row["source_sequence"]
    step = ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
    if highest < 0 or abs(step) > _GAP_LIMIT:
        row["source_sequence"] = sequence
    elif step > 0:
        row["lost"] += step - 1
        row["source_sequence"] = sequence
    elif step < 0 and row["lost"] > 0:
        row["lost"] -= 1  # it came after all


@stage
def _audio(
    t: Shared, i: int, start: int, samples: int, ssrc: int, sequence: int, timestamp: int, marker: bool, now: int
) -> None:
    stages = stages_of(t)[i]
    if stages & DECODE:
        to_linear(t, t["packet"], start, row_at(t, i)["encoding"], t["linear"], samples)
        listen(t, i, samples, now)
    if stages & QUEUE:
        put(t, i, t["linear"], samples, timestamp, marker)
    elif stages & (FORWARD | ECHO):
        target = i if stages & ECHO else row_at(t, i)["peer"]
        if may_send(t, target) and not (stages_of(t)[target] & SOUND) and not digit_under_way(t, target):
            relay(t, i, target, ssrc, sequence, timestamp, marker, start, samples, now)
