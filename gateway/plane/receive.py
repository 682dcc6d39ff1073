"""RTP from a peer: checked, counted, and sent on its way at once.

A packet that is short, long, of another version, of a payload type that was not agreed, or from somewhere else than
the peer (peer.py) is counted as refused and touches nothing.
"""

from __future__ import annotations

import math
from typing import Final

from gateway.plane.access import queue_at, row_at, stages_of
from gateway.plane.compiled import stage
from gateway.plane.convert import hush, to_linear, width
from gateway.plane.dtmf import digit_under_way, receive_event
from gateway.plane.frames import disarm
from gateway.plane.jitter import put, signed
from gateway.plane.libc import EPOLLERR, EPOLLHUP, MSG_DONTWAIT, MSG_TRUNC, errno, recvfrom
from gateway.plane.listen import listen
from gateway.plane.octets import get_word
from gateway.plane.peer import from_host, from_peer, hold_on
from gateway.plane.plan import DECODE, ECHO, FORWARD, MUTE, QUEUE, SOUND
from gateway.plane.reports import is_report, take_report
from gateway.plane.rows import lose
from gateway.plane.send import may_send, relay
from gateway.plane.table import MAX_PAYLOAD, PACKET, Shared

__all__ = ["packet_ready"]

COMFORT_NOISE: Final = 13
"""Payload type of comfort noise at 8000 Hz (RFC 3389 5): taken from whoever sends it, never passed on, since a peer
that did not ask for it has its own way with a pause."""
_OVERLOAD: Final = 32767.0
_SAMPLE_NS: Final = 125_000
_TIMESTAMP_JUMP: Final = 8000
"""A step of transit time (1 s) that is a new beginning, not jitter."""
_REFUSED: Final = 0
_AUDIO: Final = 1
_EVENT: Final = 2
_NOISE: Final = 3
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
        if row["rtcp_mux"] and is_report(t, octets):
            taken = from_host(t, i, True) and take_report(t, i, octets, now)
        else:
            taken = _take(t, i, octets, now)
        if not taken:
            row["refused"] += 1
        return
    error = errno()
    if error == _EBADF or error == _ENODEV or error == _ENOTSOCK:
        lose(t, i, error, now)
    elif error == _EAGAIN and (flags & EPOLLHUP or (flags & EPOLLERR and row["connected"] == 0)):
        disarm(t, i)  # something that asking again would not change: not before the next tick
    # Anything else is an ICMP answer to what we sent, now read (here or, connected, by a packet sent since epoll
    # spoke): the network's state, not the socket's.


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
    kind = _kind(t, i, payload_type, length)
    ssrc = get_word(packet, 8)
    if kind == _REFUSED or not from_peer(t, i, ssrc, now):
        return False
    hold_on(t, i, now)
    row["received"] += 1
    row["heard_at"] = now
    row["silent"] = 0
    sequence = (int(packet[2]) << 8) | int(packet[3])
    timestamp = get_word(packet, 4)
    _count(t, i, sequence)
    if kind == _EVENT:
        receive_event(t, i, start, timestamp, now)
    elif kind == _NOISE:
        queue_at(t, i)["noise"] = _noise_peak(int(packet[start] & 0x7F))
    else:
        _measure_jitter(t, i, timestamp, now)
        marker = packet[1] & 0x80 != 0
        _audio(t, i, start, length // width(row["encoding"]), ssrc, sequence, timestamp, marker, now)
    return True


@stage
def _kind(t: Shared, i: int, payload_type: int, length: int) -> int:
    """What a packet of `length` octets of payload is to row `i`."""
    row = row_at(t, i)
    if payload_type == row["event_type"]:
        return _EVENT if length >= 4 else _REFUSED
    if payload_type == row["payload_type"]:
        octets_each = width(row["encoding"])
        fits = 0 < length <= MAX_PAYLOAD * octets_each and length % octets_each == 0
        return _AUDIO if fits else _REFUSED
    if payload_type == COMFORT_NOISE and row["payload_type"] >= 0:
        return _NOISE if 0 < length <= MAX_PAYLOAD else _REFUSED
    return _REFUSED


@stage
def _noise_peak(level: int) -> int:
    """The peak of white noise `level` dB below overload (RFC 3389 3: -dBov, a full-scale square wave being 0)."""
    return int(min(_OVERLOAD * math.sqrt(3.0) * 10.0 ** (-level / 20.0), _OVERLOAD))


@stage
def _measure_jitter(t: Shared, i: int, timestamp: int, now: int) -> None:
    """RFC 3550 A.8, in sixteenths of a sample."""
    row = row_at(t, i)
    transit = (now // _SAMPLE_NS - timestamp) & 0xFFFFFFFF
    apart = abs(signed(transit - row["transit"]))
    if row["transit"] >= 0 and apart < _TIMESTAMP_JUMP:
        row["jitter"] += apart - ((row["jitter"] + 8) >> 4)
    row["transit"] = transit


@stage
def _count(t: Shared, i: int, sequence: int) -> None:
    """Count a packet and the gap before it (RFC 3550 A.1, A.3)."""
    row = row_at(t, i)
    highest = row["source_sequence"]
    step = ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
    row["source_received"] += 1
    if highest < 0 or abs(step) > _GAP_LIMIT:
        row["source_sequence"] = sequence
        row["source_first"] = sequence
        row["source_cycles"] = 0
        row["source_received"] = 1
        row["reported_expected"] = 0
        row["reported_received"] = 0
    elif step > 0:
        row["lost"] += step - 1
        row["source_sequence"] = sequence
        if sequence < highest:
            row["source_cycles"] += 0x10000
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
    if stages & (FORWARD | ECHO):
        target = i if stages & ECHO else row_at(t, i)["peer"]
        if stages & MUTE and row_at(t, i)["tone"]:
            hush(t["packet"], start, row_at(t, i)["encoding"], samples)
        if may_send(t, target) and not (stages_of(t)[target] & SOUND) and not digit_under_way(t, target):
            relay(t, i, target, ssrc, sequence, timestamp, marker, start, samples, now)
