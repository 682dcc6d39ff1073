"""RTP from a peer: checked, counted, and sent on its way at once.

A packet that is short, long, of another version, of a payload type that was not agreed, or from somewhere else than
the peer (peer.py) is counted as refused and touches nothing.
"""

from __future__ import annotations

from errno import EAGAIN, ECONNREFUSED
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import fetch_pair, queue_at, row_at, stages_of
from gateway.plane.coding import decode, is_framed, is_streaming, payload_ticks
from gateway.plane.convert import hush
from gateway.plane.dtmf import digit_under_way, receive_event
from gateway.plane.framed import pauses_after, rests_after
from gateway.plane.frames import disarm
from gateway.plane.jitter import put
from gateway.plane.keeper import keeper_of
from gateway.plane.libc import EPOLLERR, EPOLLHUP, MSG_DONTWAIT, MSG_TRUNC, errno, recvfrom
from gateway.plane.listen import listen
from gateway.plane.noise import level_of, mean_square, noise_peak
from gateway.plane.octets import get_word, signed
from gateway.plane.packet import is_gone, may_send, ticks_of
from gateway.plane.peer import from_host, from_peer, hold_on
from gateway.plane.plan import CAPTURE, DECODE, DETECT, ECHO, FAX, FORWARD, MUTE, QUEUE, RECODE, SOUND
from gateway.plane.rates import narrow
from gateway.plane.reports import is_report, is_stun, take_report
from gateway.plane.rows import lose, replan
from gateway.plane.secure import SPEECH, uncover
from gateway.plane.send import relay, relay_noise, relay_samples, send_noise
from gateway.plane.table import LONGEST, PACKET, PAUSING, STOPPED, WIDE, Shared

__all__ = ["packet_ready"]

_RATE: Final = 8000
_REFUSED: Final = 0
_AUDIO: Final = 1
_EVENT: Final = 2
_NOISE: Final = 3
_LONGEST_NOISE: Final = 480
"""Octets of comfort noise: far more than any model of its spectrum has (RFC 3389 3)."""
_GAP_LIMIT: Final = 1000
"""A step of the sequence number that counts as a new beginning, not as loss."""


@stage
def packet_ready(t: Shared, i: int, flags: int, now: int) -> None:
    """Take a packet that waits on row `i`; `flags` is what epoll said.

    One at a time: where more wait epoll says so again, and to ask for a second one that is not there would cost as
    much as all other work on the first.
    """
    row = row_at(t, i)
    fetch_pair(t, i, row["peer"])
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
        if is_stun(t, octets):
            return
        if row["rtcp_mux"] and is_report(t, octets):
            taken = from_host(t, i, True) and take_report(t, i, octets, now)
        else:
            taken = _take(t, i, octets, now)
        if not taken:
            row["refused"] += 1
        return
    error = errno()
    if is_gone(error):
        lose(t, i, error, now)
    elif error == EAGAIN and (flags & EPOLLHUP or (flags & EPOLLERR and row["connected"] == 0)):
        disarm(t, i)  # something that asking again would not change: not before the next tick
    elif error == ECONNREFUSED:
        row["rejected_at"] = now
    # Anything else is an ICMP answer to what we sent, now read (here or, connected, by a packet sent since epoll
    # spoke): the network's state, not the socket's.


@stage
def _take(t: Shared, i: int, octets: int, now: int) -> bool:
    """Take in one packet; False where it is refused. RFC 3550 5.1, appendix A.1."""
    packet = t["packet"]
    row = row_at(t, i)
    if row["session_in"] != 0:
        octets = uncover(t, i, octets, SPEECH)
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
    kind = _kind(t, i, payload_type, start, length)
    ssrc = get_word(packet, 8)
    if kind == _REFUSED:
        _note_misfit(t, i, payload_type)
        return False
    if not from_peer(t, i, ssrc, now):
        row["strangers"] += 1
        _note_source(t, i)
        return False
    hold_on(t, i, now)
    row["received"] += 1
    row["heard_at"] = now
    pausing = row["silent"] == PAUSING
    row["silent"] = 0
    sequence = (int(packet[2]) << 8) | int(packet[3])
    timestamp = get_word(packet, 4)
    _count(t, i, sequence)
    if kind == _NOISE:
        _pause(t, i, noise_peak(int(packet[start] & 0x7F)), pausing)
        _pass_noise(t, i, start, length, sequence, timestamp, now)
        return True
    if pausing:
        replan(t, i)
    if kind == _EVENT:
        receive_event(t, i, start, timestamp, now)
    else:
        _measure_jitter(t, i, timestamp, now)
        marker = packet[1] & 0x80 != 0
        _audio(t, i, start, length, sequence, timestamp, marker, now)
    return True


@stage
def _kind(t: Shared, i: int, payload_type: int, start: int, length: int) -> int:
    """What a packet with `length` octets of payload at `t["packet"][start:]` is to row `i`."""
    row = row_at(t, i)
    if payload_type == row["event_in"]:
        return _EVENT if length >= 4 else _REFUSED
    if payload_type == row["payload_in"]:
        fits = length > 0 and 0 < payload_ticks(t, i, start, length) <= row["clock"] * LONGEST // 1000
        return _AUDIO if fits else _REFUSED
    if payload_type == row["noise_in"] and row["payload_in"] >= 0:
        return _NOISE if 0 < length <= _LONGEST_NOISE else _REFUSED
    return _REFUSED


@stage
def _note_misfit(t: Shared, i: int, payload_type: int) -> None:
    """Remember a packet that is refused, where it is for its payload type."""
    row = row_at(t, i)
    if payload_type != row["payload_in"] and payload_type != row["event_in"] and payload_type != row["noise_in"]:
        row["misfits"] += 1
        row["misfit_type"] = payload_type
        _note_source(t, i)


@stage
def _note_source(t: Shared, i: int) -> None:
    """Remember whence a packet has come that is refused."""
    row = row_at(t, i)
    length = min(int(t["address_length"][0]), 28)
    for k in range(length):
        row["refused_from"][k] = t["address"][k]


@stage
def _pause(t: Shared, i: int, peak: int, known: bool) -> None:
    """Who talks on row `i` has fallen silent, and noise is to be heard of him until he talks again."""
    queue_at(t, i)["noise"] = peak
    row_at(t, i)["silent"] = PAUSING
    if not known:
        replan(t, i)


@stage
def _pass_noise(t: Shared, i: int, start: int, octets: int, sequence: int, timestamp: int, now: int) -> None:
    """Let an RTP peer that takes comfort noise have what came in on row `i`."""
    peer = row_at(t, i)["peer"]
    passed = stages_of(t)[i] & (FORWARD | RECODE) and row_at(t, peer)["noise_type"] >= 0
    if passed and _is_heard(t, peer):
        relay_noise(t, i, peer, start, octets, sequence, timestamp, now)


@stage
def _measure_jitter(t: Shared, i: int, timestamp: int, now: int) -> None:
    """RFC 3550 A.8, in sixteenths of a tick; a step of transit time by a second is a new beginning, not jitter."""
    row = row_at(t, i)
    transit = (ticks_of(now, row["clock"]) - timestamp) & 0xFFFFFFFF
    apart = abs(signed(transit - row["transit"]))
    if row["transit"] >= 0 and apart < row["clock"]:
        row["jitter"] += apart - ((row["jitter"] + 8) >> 4)
    row["transit"] = transit


@stage
def _count(t: Shared, i: int, sequence: int) -> None:
    """Count a packet and the gap before it (RFC 3550 A.1, A.3)."""
    row = row_at(t, i)
    highest = row["source_sequence"]
    step = ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
    row["source_received"] += 1
    row["missed"] = 0
    if highest < 0 or abs(step) > _GAP_LIMIT:
        row["source_sequence"] = sequence
        row["source_first"] = sequence
        row["source_cycles"] = 0
        row["source_received"] = 1
        row["reported_expected"] = 0
        row["reported_received"] = 0
    elif step > 0:
        row["lost"] += step - 1
        row["missed"] = step - 1
        row["source_sequence"] = sequence
        if sequence < highest:
            row["source_cycles"] += 0x10000
    elif step < 0 and row["lost"] > 0:
        row["lost"] -= 1  # it came after all


@stage
def _audio(
    t: Shared, i: int, start: int, octets: int, sequence: int, timestamp: int, marker: bool, now: int
) -> None:
    row = row_at(t, i)
    stages = stages_of(t)[i]
    code = row["encoding"]
    ticks = payload_ticks(t, i, start, octets)
    if is_framed(code) and rests_after(code, t["packet"], start, octets):
        row["silent"] = STOPPED
    if stages & DECODE and (not is_streaming(code) or _in_order(t, i, timestamp, ticks)):
        count = decode(t, i, start, octets)
        _decoded(t, i, count, timestamp, marker, now)
        if is_framed(code) and pauses_after(code, t["packet"], start, octets):
            _fall_silent(t, i, count, now)
    if stages & (FORWARD | ECHO):
        target = i if stages & ECHO else row["peer"]
        if stages & MUTE and row["tone"]:
            hush(t["packet"], start, code, ticks)
        if _is_heard(t, target):
            relay(t, i, target, sequence, timestamp, marker, start, octets, ticks, now)


@stage
def _fall_silent(t: Shared, i: int, count: int, now: int) -> None:
    """What was decoded last, `count` samples of noise by the codec's own word, is to be heard until more comes."""
    row = row_at(t, i)
    samples: NDArray[np.int16] = t["wide"][:] if row["rate"] == WIDE else t["linear"][:]
    level = level_of(mean_square(samples, count // 2, count - count // 2))
    if stages_of(t)[i] & FORWARD:
        queue_at(t, i)["noise"] = noise_peak(level)  # the peer hears it by the codec's own means
        return
    _pause(t, i, noise_peak(level), False)
    peer = row["peer"]
    if stages_of(t)[i] & RECODE and row_at(t, peer)["noise_type"] >= 0 and _is_heard(t, peer):
        send_noise(t, peer, level, now)


@stage
def _is_heard(t: Shared, i: int) -> bool:
    """Whether row `i` is to be sent what comes in on another one just now."""
    return may_send(t, i) and not (stages_of(t)[i] & SOUND) and not digit_under_way(t, i)


@stage
def _in_order(t: Shared, i: int, timestamp: int, ticks: int) -> bool:
    """Whether a packet comes after all that were decoded: a decoder that keeps a state cannot go back."""
    row = row_at(t, i)
    late = -row["clock"] < signed(timestamp - row["decoded_to"]) < 0
    if row["decoded_to"] >= 0 and late:
        queue_at(t, i)["late"] += 1
        return False
    row["decoded_to"] = (timestamp + ticks) & 0xFFFFFFFF
    return True


@stage
def _decoded(t: Shared, i: int, count: int, timestamp: int, marker: bool, now: int) -> None:
    """Use the `count` samples that came in on row `i`: in `t["wide"]` where it has 16000 a second, else linear."""
    row = row_at(t, i)
    stages = stages_of(t)[i]
    peer = row["peer"]
    is_wide = row["rate"] == WIDE
    onward_wide = is_wide and stages & RECODE and row_at(t, peer)["rate"] == WIDE
    queue_wide = queue_at(t, i)["wide"] != 0
    narrowed = count
    if is_wide:
        narrowed = count // 2
        if (
            stages & (DETECT | FAX | CAPTURE)
            or (stages & QUEUE and not queue_wide)
            or (stages & RECODE and not onward_wide)
        ):
            narrow(t, keeper_of(t, i), t["wide"][:], count, t["linear"][:])
    listen(t, i, narrowed, now)
    if stages & QUEUE:
        samples = t["wide"][:] if queue_wide else t["linear"][:]
        put(t, i, samples, narrowed, _place(t, i, timestamp), marker)
    if stages & RECODE and _is_heard(t, peer):
        samples = t["wide"][:] if onward_wide else t["linear"][:]
        if not onward_wide:
            count = narrowed
        if stages & MUTE and row["tone"]:
            for k in range(count):
                samples[k] = 0
        relay_samples(t, i, peer, samples, count, WIDE if onward_wide else _RATE, timestamp, now)


@stage
def _place(t: Shared, i: int, timestamp: int) -> int:
    """Where in the queue, which counts 8000 a second, a timestamp of row `i` belongs."""
    row = row_at(t, i)
    if row["clock"] == _RATE:
        return timestamp
    if row["placed_from"] < 0:
        row["placed"] = timestamp
    else:
        step = signed(timestamp - row["placed_from"])
        row["placed"] = (row["placed"] + step * _RATE // row["clock"]) & 0xFFFFFFFF
    row["placed_from"] = timestamp
    return int(row["placed"])
