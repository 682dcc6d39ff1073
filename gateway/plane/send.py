"""RTP toward a peer: one stream a row, whatever feeds it, in packets of the length that the peer wants.

What is sent comes from a packet of another row, from a frame or a player (20 ms at a time), or is a telephone
event. A packet that is as long as the peer wants them is relayed with its own spacing; any other is put into
packets anew, and so is all that must be coded anew. Whenever the feed changes, sequence number and timestamp go on
from where the stream is by the clock, so the peer hears one source with one SSRC from beginning to end (RFC 3550
5.1, 7.1). Times of a stream are in ticks of its RTP clock.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import pending_of, row_at
from gateway.plane.coding import encode, encode_pending, in_rate, is_framed, is_plain, octets_waiting
from gateway.plane.convert import convert, to_linear
from gateway.plane.libc import memmove, memset
from gateway.plane.noise import SILENT_STILL, rests
from gateway.plane.octets import signed
from gateway.plane.packet import HEADER, advance, send_packet
from gateway.plane.table import FRAME, WIDE, WIDE_FRAME, Shared

__all__ = [
    "DIGIT_FEED",
    "flush",
    "relay",
    "relay_noise",
    "relay_samples",
    "send_frame",
    "send_noise",
    "send_samples",
]

OWN_FEED: Final = -1
DIGIT_FEED: Final = -2
"""Values of a row's `feed`; 0 is none, a relayed row is its index + 1."""

_TALK_PAUSE: Final = 60_000_000
"""ns without audio after which the next begins a talk spurt: marker set, timestamp by the clock."""
_JUMP: Final = 1000
"""A step of the sequence number (20 s) that no loss explains: the source has begun anew."""
_RATE: Final = 8000


# Packets of the length that the peer wants.


@stage
def _end(t: Shared, i: int) -> int:
    """The timestamp after all that was put into the stream of row `i`."""
    row = row_at(t, i)
    if row["pending"] > 0:
        return int((row["pending_timestamp"] + row["pending"]) & 0xFFFFFFFF)
    return int((row["timestamp"] + row["span"]) & 0xFFFFFFFF)


@stage
def _next_packet(t: Shared, i: int, timestamp: int, ticks: int, octets: int, marker: bool, now: int) -> None:
    """Send the coded audio in `t["out"][HEADER:]` as the next packet of row `i`."""
    row = row_at(t, i)
    row["sequence"] = (row["sequence"] + 1) & 0xFFFF
    row["timestamp"] = timestamp
    row["span"] = ticks
    row["sent_at"] = now
    send_packet(t, i, row["payload_type"], marker, row["sequence"], timestamp, octets, now)


@stage
def _pack(t: Shared, i: int, ticks: int, timestamp: int, marker: bool, now: int) -> None:
    """Put the coded audio in `t["out"][HEADER:]` into the stream of row `i`, and send what is long enough."""
    row = row_at(t, i)
    row["fed_at"] = now
    octets = octets_waiting(t, i, ticks)
    if row["pending"] == 0 and ticks == row["ptime"] and not is_framed(row["encoding"]):
        _next_packet(t, i, timestamp, ticks, octets, marker, now)
        return
    waiting = pending_of(t, i)
    if row["pending"] == 0:
        row["pending_timestamp"] = timestamp
        row["pending_marker"] = marker
    place = octets_waiting(t, i, row["pending"])
    memmove(waiting.ctypes.data + place, t["out"].ctypes.data + HEADER, octets)
    row["pending"] += ticks
    while row["pending"] >= row["ptime"]:
        _send_pending(t, i, row["ptime"], now)


@stage
def _send_pending(t: Shared, i: int, ticks: int, now: int) -> None:
    row = row_at(t, i)
    waiting = pending_of(t, i).ctypes.data
    octets = encode_pending(t, i, ticks, HEADER)
    timestamp = row["pending_timestamp"]
    row["pending"] -= ticks
    row["pending_timestamp"] = (timestamp + ticks) & 0xFFFFFFFF
    memmove(waiting, waiting + octets_waiting(t, i, ticks), octets_waiting(t, i, row["pending"]))
    if octets > 0:
        _next_packet(t, i, timestamp, ticks, octets, row["pending_marker"] != 0, now)
        row["pending_marker"] = 0


@stage
def flush(t: Shared, i: int, now: int) -> None:
    """Send what waits for its packet, however short: what comes next does not follow it."""
    row = row_at(t, i)
    if row["pending"] == 0:
        return
    if is_framed(row["encoding"]):
        waiting = octets_waiting(t, i, row["pending"])
        memset(pending_of(t, i).ctypes.data + waiting, 0, octets_waiting(t, i, row["ptime"]) - waiting)
        row["pending"] = row["ptime"]
    _send_pending(t, i, row["pending"], now)


# What is sent.


@stage
def _put_samples(
    t: Shared, i: int, samples: NDArray[np.int16], count: int, rate: int, timestamp: int, marker: bool, now: int
) -> None:
    """Put `count` samples at `rate` into the stream of row `i`."""
    row = row_at(t, i)
    own = in_rate(t, i, samples, count, rate)
    left = count * row["rate"] // rate
    if row["clock"] <= WIDE or is_framed(row["encoding"]):
        _pack(t, i, encode(t, i, own, left, HEADER), timestamp, marker, now)
        return
    begin = 0  # more than 20 ms of them have no room
    while left > 0:
        part = min(left, WIDE_FRAME)
        ticks = encode(t, i, own[begin : begin + part], part, HEADER)
        _pack(t, i, ticks, timestamp, marker, now)
        timestamp = (timestamp + ticks) & 0xFFFFFFFF
        marker = False
        begin += part
        left -= part


@stage
def _is_steady(t: Shared, i: int, now: int) -> bool:
    """Whether row `i` goes on with talk of its own; else what comes next begins a talk spurt."""
    row = row_at(t, i)
    steady = row["feed"] == OWN_FEED and now - row["fed_at"] <= _TALK_PAUSE
    if not steady:
        flush(t, i, now)
    row["feed"] = OWN_FEED
    return bool(steady)


@stage
def send_frame(t: Shared, i: int, code: int, now: int) -> None:
    """Send the 20 ms in `t["packet"]`, coded as `code`, to row `i` as its own talk."""
    if not is_plain(t, i) or row_at(t, i)["noise_type"] >= 0:
        to_linear(t, t["packet"], 0, code, t["spoken"][:], FRAME)
        send_samples(t, i, t["spoken"][:], _RATE, now)
        return
    steady = _is_steady(t, i, now)
    timestamp = _end(t, i) if steady else advance(t, i, now)
    convert(t, t["packet"], 0, code, FRAME, t["out"], HEADER, row_at(t, i)["encoding"])
    _pack(t, i, FRAME, timestamp, not steady, now)


@stage
def send_samples(t: Shared, i: int, samples: NDArray[np.int16], rate: int, now: int) -> None:
    """Send 20 ms of samples to row `i` as its own talk, or that it falls silent where they are silence."""
    count = WIDE_FRAME if rate == WIDE else FRAME
    if row_at(t, i)["noise_type"] >= 0:
        level = rests(t, i, samples, count, now)
        if level == SILENT_STILL:
            return
        if level >= 0:
            send_noise(t, i, level, now)
            return
    steady = _is_steady(t, i, now)
    timestamp = _end(t, i) if steady else advance(t, i, now)
    _put_samples(t, i, samples, count, rate, timestamp, not steady, now)


@stage
def send_noise(t: Shared, i: int, level: int, now: int) -> None:
    """Tell the peer of row `i` that nothing but noise `level` dB below overload is to be heard until more comes."""
    flush(t, i, now)
    t["out"][HEADER] = level
    _noise_packet(t, i, 1, now)


@stage
def _noise_packet(t: Shared, i: int, octets: int, now: int) -> None:
    """Send the comfort noise in `t["out"][HEADER:]` between what row `i` was sent and what comes next."""
    row = row_at(t, i)
    row["timestamp"] = advance(t, i, now)
    row["sequence"] = (row["sequence"] + 1) & 0xFFFF
    row["span"] = 0
    row["sent_at"] = now
    row["feed"] = 0  # what comes next begins a talk spurt
    send_packet(t, i, row["noise_type"], False, row["sequence"], row["timestamp"], octets, now)


@stage
def relay_noise(
    t: Shared, source: int, i: int, start: int, octets: int, sequence: int, timestamp: int, now: int
) -> None:
    """Send the comfort noise at `t["packet"][start:]` that came in on row `source` on to row `i`, which takes it.

    What it says of the spectrum goes along where both have one clock, to which it refers (RFC 3389 3.1).
    """
    row = row_at(t, i)
    if row["clock"] != row_at(t, source)["clock"]:
        octets = 1
    if row["packing"] != 0 or not _is_fed_by(t, i, source):
        flush(t, i, now)
        memmove(t["out"].ctypes.data + HEADER, t["packet"].ctypes.data + start, octets)
        _noise_packet(t, i, octets, now)
        return
    memmove(t["out"].ctypes.data + HEADER, t["packet"].ctypes.data + start, octets)
    sequence = (sequence + row["sequence_offset"]) & 0xFFFF
    timestamp = (timestamp + row["timestamp_offset"]) & 0xFFFFFFFF
    if _ahead(sequence, row["sequence"]) > 0:
        row["sequence"] = sequence
        row["timestamp"] = timestamp
        row["span"] = 0
        row["sent_at"] = now
    send_packet(t, i, row["noise_type"], False, sequence, timestamp, octets, now)


@stage
def relay_samples(
    t: Shared, source: int, i: int, samples: NDArray[np.int16], count: int, rate: int, timestamp: int, now: int
) -> None:
    """Send `count` samples at `rate` that came in on row `source` at `timestamp` on to row `i`, coded anew.

    A stream is coded in order: what comes late is left out, and what was left out shows as a gap.
    """
    row = row_at(t, i)
    feed = row_at(t, source)
    ahead = signed(timestamp - feed["onward_to"])
    marker = False
    same = _is_fed_by(t, i, source) and row["packing"] != 0
    if not same or abs(ahead) > feed["clock"]:
        flush(t, i, now)
        _feed_from(t, i, source)
        row["packing"] = 1
        marker = True
        at = advance(t, i, now)
    elif ahead < 0:
        return
    else:
        if ahead > 0:
            _leave_gap(t, i, ahead * row["clock"] // feed["clock"], feed["missed"], now)
            marker = feed["missed"] == 0
        at = (_end(t, i) + ahead * row["clock"] // feed["clock"]) & 0xFFFFFFFF
    feed["onward_to"] = (timestamp + count * feed["clock"] // rate) & 0xFFFFFFFF
    _put_samples(t, i, samples, count, rate, at, marker, now)


@stage
def _leave_gap(t: Shared, i: int, ticks: int, missed: int, now: int) -> None:
    """Nothing is to be sent for `ticks`: after a loss the packets that would have held them are counted as lost."""
    row = row_at(t, i)
    flush(t, i, now)
    if missed > 0:
        row["sequence"] = (row["sequence"] + max(ticks // max(row["ptime"], 1), 1)) & 0xFFFF


@stage
def _is_fed_by(t: Shared, i: int, source: int) -> bool:
    row = row_at(t, i)
    feed = row_at(t, source)
    same = row["feed"] == source + 1 and row["feed_generation"] == feed["generation"]
    return bool(same and row["feed_ssrc"] == feed["source_ssrc"])


@stage
def _feed_from(t: Shared, i: int, source: int) -> None:
    row = row_at(t, i)
    row["feed"] = source + 1
    row["feed_generation"] = row_at(t, source)["generation"]
    row["feed_ssrc"] = row_at(t, source)["source_ssrc"]


@stage
def relay(
    t: Shared,
    source: int,
    i: int,
    sequence: int,
    timestamp: int,
    marker: bool,
    start: int,
    octets: int,
    ticks: int,
    now: int,
) -> None:
    """Send the packet that came in on row `source` (`octets` with `ticks` at `t["packet"][start:]`) on to row `i`,
    which is coded alike. Frames stay in the packets that they came in."""
    row = row_at(t, i)
    octets = _recode(t, source, i, start, octets, ticks)
    framed = is_framed(row["encoding"])
    repack = not framed and (ticks != row["ptime"] or row["pending"] > 0)
    ahead = _ahead(sequence + row["sequence_offset"], row["sequence"])
    jumps = (abs(ahead) > _JUMP and row["packing"] == 0) or (framed and row["packing"] != 0)
    if not _is_fed_by(t, i, source) or jumps:
        flush(t, i, now)
        _recode(t, source, i, start, octets, ticks)
        _feed_from(t, i, source)
        _number_from(t, i, sequence)
        row["timestamp_offset"] = (advance(t, i, now) - timestamp) & 0xFFFFFFFF
        row["packing"] = 0
        marker = True
        ahead = 1
    if repack or row["packing"] != 0:
        if _repack(t, source, i, sequence, timestamp, marker, start, octets, ticks, now):
            return
        ahead = 1
    timestamp = (timestamp + row["timestamp_offset"]) & 0xFFFFFFFF
    sequence = (sequence + row["sequence_offset"]) & 0xFFFF
    first = _ahead(sequence, row["feed_first"])
    if first < 0:
        return  # older than the first packet of this feed: its number has been used for another
    if first > _JUMP:
        row["feed_first"] = (sequence - _JUMP) & 0xFFFF  # follow, before 16 bits wrap
    if ahead > 0:
        row["sequence"] = sequence
        row["timestamp"] = timestamp
        row["span"] = ticks
        row["sent_at"] = now
        row["fed_at"] = now
    send_packet(t, i, row["payload_type"], marker, sequence, timestamp, octets, now)


@stage
def _recode(t: Shared, source: int, i: int, start: int, octets: int, ticks: int) -> int:
    """Bring the payload at `t["packet"][start:]` to `t["out"][HEADER:]` as row `i` wants it; returns its octets."""
    code, own = row_at(t, source)["encoding"], row_at(t, i)["encoding"]
    if code == own:
        memmove(t["out"].ctypes.data + HEADER, t["packet"].ctypes.data + start, octets)
        return octets
    return int(convert(t, t["packet"], start, code, ticks, t["out"], HEADER, own))


@stage
def _number_from(t: Shared, i: int, sequence: int) -> None:
    """Let the packet `sequence` of the feed be the next one of row `i`."""
    row = row_at(t, i)
    row["feed_first"] = (row["sequence"] + 1) & 0xFFFF
    row["sequence_offset"] = (row["feed_first"] - sequence) & 0xFFFF


@stage
def _repack(
    t: Shared,
    source: int,
    i: int,
    sequence: int,
    timestamp: int,
    marker: bool,
    start: int,
    octets: int,
    ticks: int,
    now: int,
) -> bool:
    """Put a relayed packet into packets of the peer's length; False where it can go as it is, as the next one."""
    row = row_at(t, i)
    row["packing"] = 1
    ahead = signed(timestamp + row["timestamp_offset"] - _end(t, i))
    if abs(ahead) > row["clock"]:
        flush(t, i, now)
        row["timestamp_offset"] = (advance(t, i, now) - timestamp) & 0xFFFFFFFF
        marker = True
    elif ahead < 0:
        return True  # late: its place in the stream has gone by
    elif ahead > 0:
        _leave_gap(t, i, ahead, row_at(t, source)["missed"], now)
    if row["pending"] == 0 and ticks == row["ptime"]:
        row["packing"] = 0
        _number_from(t, i, sequence)
        _recode(t, source, i, start, octets, ticks)
        return False
    _recode(t, source, i, start, octets, ticks)
    _pack(t, i, ticks, (timestamp + row["timestamp_offset"]) & 0xFFFFFFFF, marker, now)
    return True


@stage
def _ahead(sequence: int, other: int) -> int:
    """By how many a 16-bit sequence number is ahead of another, -32768..32767."""
    return ((sequence - other + 0x8000) & 0xFFFF) - 0x8000
