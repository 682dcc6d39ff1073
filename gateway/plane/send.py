"""RTP toward a peer: one stream a row, whatever feeds it.

What is sent comes from a packet of another row (relayed with its own spacing), from a frame or a player (20 ms a
packet), or is a telephone event. Whenever the feed changes, sequence number and timestamp go on from where the
stream is by the clock, so the peer hears one source with one SSRC from beginning to end (RFC 3550 5.1, 7.1).
"""

from __future__ import annotations

from typing import Final

from gateway.plane.access import row_at
from gateway.plane.compiled import stage
from gateway.plane.convert import convert, from_linear, width
from gateway.plane.libc import MSG_DONTWAIT, MSG_NOSIGNAL, errno, sendto
from gateway.plane.octets import put_word
from gateway.plane.rows import lose
from gateway.plane.table import ACTIVE, FRAME, Shared

__all__ = ["DIGIT_FEED", "HEADER", "advance", "may_send", "relay", "send_frame", "send_packet"]

HEADER: Final = 12
"""Octets of an RTP header without CSRCs, the only kind that we send."""
OWN_FEED: Final = -1
DIGIT_FEED: Final = -2
"""Values of a row's `feed`; 0 is none, a relayed row is its index + 1."""

_SAMPLE_NS: Final = 125_000
_TALK_PAUSE: Final = 60_000_000
"""ns without a packet after which the next one begins a talk spurt: marker set, timestamp by the clock."""
_JUMP: Final = 1000
"""A step of the sequence number (20 s) that no loss explains: the source has begun anew."""
_EBADF: Final = 9
_ENODEV: Final = 19
_ENOTSOCK: Final = 88
_ECONNREFUSED: Final = 111


@stage
def may_send(t: Shared, i: int) -> bool:
    """Whether row `i` has somewhere to send to and is wanted to."""
    row = row_at(t, i)
    return bool(row["state"] == ACTIVE and row["sending"] != 0 and row["remote_length"] > 0)


@stage
def advance(t: Shared, i: int, now: int) -> int:
    """The timestamp that goes with `now` in the stream of row `i`: after all that was sent, and by the clock."""
    row = row_at(t, i)
    elapsed = (now - row["sent_at"] + _SAMPLE_NS // 2) // _SAMPLE_NS
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
    done = _hand_over(t, i, HEADER + octets)
    if done < 0 and errno() == _ECONNREFUSED:
        # Told of an earlier packet, which takes the place of sending this one: the peer may be there again.
        done = _hand_over(t, i, HEADER + octets)
    if done >= 0:
        row["sent"] += 1
        row["octets_sent"] += octets
        return
    error = errno()
    # Anything else is a state of the network (unreachable, refused, filtered, full) and may pass.
    if error == _EBADF or error == _ENODEV or error == _ENOTSOCK:
        lose(t, i, error, now)


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


@stage
def send_frame(t: Shared, i: int, linear: bool, code: int, now: int) -> None:
    """Send 20 ms to row `i` as its own talk.

    Args:
        linear: the frame is `t["spoken"]` (else `t["packet"]`, coded as `code`).
    """
    row = row_at(t, i)
    if linear:
        from_linear(t, t["spoken"], FRAME, row["encoding"], t["out"], HEADER)
        octets = FRAME * width(row["encoding"])
    else:
        octets = convert(t, t["packet"], 0, code, FRAME, t["out"], HEADER, row["encoding"])
    steady = row["feed"] == OWN_FEED and now - row["sent_at"] <= _TALK_PAUSE
    timestamp = (row["timestamp"] + row["span"]) & 0xFFFFFFFF if steady else advance(t, i, now)
    row["feed"] = OWN_FEED
    row["sequence"] = (row["sequence"] + 1) & 0xFFFF
    row["timestamp"] = timestamp
    row["span"] = FRAME
    row["sent_at"] = now
    send_packet(t, i, row["payload_type"], not steady, row["sequence"], timestamp, octets, now)


@stage
def relay(
    t: Shared,
    source: int,
    i: int,
    ssrc: int,
    sequence: int,
    timestamp: int,
    marker: bool,
    start: int,
    samples: int,
    now: int,
) -> None:
    """Send the packet that came in on row `source` (`samples` at `t["packet"][start:]`) on to row `i`."""
    row = row_at(t, i)
    octets = convert(
        t, t["packet"], start, row_at(t, source)["encoding"], samples, t["out"], HEADER, row["encoding"]
    )
    generation = row_at(t, source)["generation"]
    ahead = _ahead(sequence + row["sequence_offset"], row["sequence"])
    same = row["feed"] == source + 1 and row["feed_generation"] == generation and row["feed_ssrc"] == ssrc
    if not same or abs(ahead) > _JUMP:
        row["feed"] = source + 1
        row["feed_generation"] = generation
        row["feed_ssrc"] = ssrc
        row["feed_first"] = (row["sequence"] + 1) & 0xFFFF
        row["sequence_offset"] = (row["feed_first"] - sequence) & 0xFFFF
        row["timestamp_offset"] = (advance(t, i, now) - timestamp) & 0xFFFFFFFF
        marker = True
        ahead = 1
    sequence = (sequence + row["sequence_offset"]) & 0xFFFF
    timestamp = (timestamp + row["timestamp_offset"]) & 0xFFFFFFFF
    first = _ahead(sequence, row["feed_first"])
    if first < 0:
        return  # older than the first packet of this feed: its number has been used for another
    if first > _JUMP:
        row["feed_first"] = (sequence - _JUMP) & 0xFFFF  # follow, before 16 bits wrap
    if ahead > 0:
        row["sequence"] = sequence
        row["timestamp"] = timestamp
        row["span"] = samples
        row["sent_at"] = now
    send_packet(t, i, row["payload_type"], marker, sequence, timestamp, octets, now)


@stage
def _ahead(sequence: int, other: int) -> int:
    """By how many a 16-bit sequence number is ahead of another, -32768..32767."""
    return ((sequence - other + 0x8000) & 0xFFFF) - 0x8000
