"""DTMF and hook flashes in and out of a row: RFC 4733 telephone events both ways, and tones heard in the audio.

Coming in, one DigitHeard a digit whatever is lost, repeated or reordered: packets of one event share a timestamp;
an end bit, a new timestamp or a pause ends it. Going out, a queue of digits is sent on the plane's tick with audio
held back meanwhile (RFC 4733 2.5.1: marker on the first packet, one timestamp, growing duration, three ends).

    tick      1       2       3    ...    n      n+1     n+2
    packet   M 160   320     480        E 800   E 800   E 800      then at least 60 ms of gap
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.media.detect import detect_dtmf
from gateway.plane.access import detector_at, digit_queue_at, row_at
from gateway.plane.events import DIGIT, emit
from gateway.plane.octets import signed
from gateway.plane.packet import HEADER, advance, may_send, send_packet
from gateway.plane.row_table import DIGITS
from gateway.plane.rows import replan
from gateway.plane.send import DIGIT_FEED, flush
from gateway.plane.table import Shared

__all__ = [
    "FLASH",
    "FLASHED",
    "NAMES",
    "close_stale_event",
    "detect",
    "digit_under_way",
    "receive_event",
    "send_event",
]

NAMES: Final = tuple(b"0123456789*#ABCD")
"""ASCII of event codes 0..15 (RFC 4733 table 3)."""
FLASH: Final = 16
"""The event code of a hook flash (RFC 4733 table 3)."""
FLASHED: Final = ord("!")
"""What it is told as, among digits."""

_RATE: Final = 8000
_EVENT_TIMEOUT: Final = 200_000_000
"""ns without a packet after which an event is over: four intervals of the slowest usual sender (50 ms)."""
_SEGMENT: Final = 0xFFFF
"""A longer event goes on in a new segment with a new timestamp (RFC 4733 2.5.1.3)."""
_OLD: Final = 5
"""Seconds by which a timestamp may be behind and still be a straggler, not a source begun anew."""
_ENDS: Final = 3
_SUSPECTED: Final = 2
"""Looks with one pair in them after which a digit is kept from a peer that gets it as an event. What it then has
heard of it is shorter than the 23 ms that no receiver takes for a digit (Q.24); speech is seldom caught by it."""
_LEAST_GAP: Final = 3
"""Ticks of 20 ms: Q.24 wants 40 ms of pause at least; a receiver that makes tones of events must keep it."""
# Phases of a digit being sent: 0 waits, 1 is held, 2.. end packets sent, _GAP the pause after it.
_GAP: Final = 2 + _ENDS - 1


@stage
def receive_event(t: Shared, i: int, start: int, timestamp: int, now: int) -> None:
    """Take in the event payload at `t["packet"][start:]` (four octets at least)."""
    row = row_at(t, i)
    row["events_heard"] = 1
    code = int(t["packet"][start])
    if code > FLASH:
        return  # the tones of other equipment: nothing that a digit is made of
    duration = (int(t["packet"][start + 2]) << 8) | int(t["packet"][start + 3])
    is_open = row["event_code"] >= 0
    if is_open and timestamp == row["event_timestamp"]:
        row["event_duration"] = max(row["event_duration"], duration)
    elif is_open and code == row["event_code"] and timestamp == (row["event_timestamp"] + _SEGMENT) & 0xFFFFFFFF:
        row["event_base"] += _SEGMENT
        row["event_timestamp"] = timestamp
        row["event_duration"] = duration
    else:
        latest = row["event_timestamp"] if is_open else row["event_last"]
        if latest >= 0 and -_OLD * row["clock"] < signed(timestamp - latest) <= 0:
            return
        if is_open:
            _close_event(t, i, now)
        row["event_code"] = code
        row["event_timestamp"] = timestamp
        row["event_base"] = 0
        row["event_duration"] = duration
        replan(t, i)
    row["event_at"] = now
    if t["packet"][start + 1] & 0x80:
        _close_event(t, i, now)


@stage
def _close_event(t: Shared, i: int, now: int) -> None:
    row = row_at(t, i)
    length = row["event_base"] + row["event_duration"]
    name = FLASHED if row["event_code"] == FLASH else NAMES[row["event_code"]]
    emit(t, DIGIT, i, row["generation"], 1, name, length * _RATE // row["clock"], now)
    row["event_last"] = row["event_timestamp"]
    row["event_code"] = -1
    replan(t, i)


@stage
def close_stale_event(t: Shared, i: int, now: int) -> None:
    """On the tick: end an event whose end was lost."""
    if row_at(t, i)["event_code"] >= 0 and now - row_at(t, i)["event_at"] > _EVENT_TIMEOUT:
        _close_event(t, i, now)


@stage
def detect(t: Shared, i: int, samples: NDArray[np.int16], count: int, now: int) -> None:
    """Look for tones; a peer that sends events is not listened to, lest each digit be heard twice."""
    row = row_at(t, i)
    detector = detector_at(t, i)
    found = detect_dtmf(detector, samples, count)
    row["tone"] = 1 if detector["digit"] != 0 or detector["hits"] >= _SUSPECTED else 0
    if found < 0 and row["events_heard"] == 0:
        emit(t, DIGIT, i, row["generation"], 0, -found, detector["duration"], now)


@stage
def digit_under_way(t: Shared, i: int) -> bool:
    """Whether row `i` is sending an event just now, so that audio toward it is held back."""
    return bool(0 < row_at(t, i)["digit_phase"] < _GAP)


@stage
def send_event(t: Shared, i: int, now: int) -> None:
    """On the tick: send the next packet of the digits that wait, or let their pause pass."""
    row = row_at(t, i)
    if not may_send(t, i) or row["event_type"] < 0:
        row["digits_read"] = row["digits_written"]
        row["digit_phase"] = 0
        replan(t, i)
        return
    frame = row["clock"] // 50
    place = row["digits_read"] & (DIGITS - 1)
    digits = digit_queue_at(t, i)
    length = digits["lengths"][place]
    if row["digit_phase"] == 0:
        flush(t, i, now)
        row["digit_timestamp"] = advance(t, i, now)
        row["digit_at"] = now
        row["digit_elapsed"] = 0
        row["feed"] = DIGIT_FEED
    row["digit_elapsed"] += frame
    if row["digit_phase"] <= 1 and row["digit_elapsed"] < length:
        _send_event_packet(t, i, digits["codes"][place], row["digit_elapsed"], False, row["digit_phase"] == 0, now)
        row["digit_phase"] = 1
        return
    if row["digit_phase"] < _GAP:
        _send_event_packet(t, i, digits["codes"][place], length, True, row["digit_phase"] == 0, now)
        row["digit_phase"] = max(row["digit_phase"], 1) + 1
    gap = max(digits["gaps"][place], _LEAST_GAP * frame)
    if row["digit_phase"] >= _GAP and row["digit_elapsed"] >= length + gap:
        row["digits_read"] += 1
        row["digit_phase"] = 0
        replan(t, i)


@stage
def _send_event_packet(t: Shared, i: int, code: int, duration: int, end: bool, marker: bool, now: int) -> None:
    row = row_at(t, i)
    out = t["out"]
    out[HEADER] = code
    out[HEADER + 1] = 0x80 | 10 if end else 10  # 10: -10 dBm0 (RFC 4733 2.3.3)
    out[HEADER + 2] = duration >> 8
    out[HEADER + 3] = duration & 0xFF
    row["sequence"] = (row["sequence"] + 1) & 0xFFFF
    # What follows goes on from the event's beginning plus its length, or by the clock if that is later.
    row["timestamp"] = row["digit_timestamp"]
    row["span"] = duration
    row["sent_at"] = row["digit_at"]
    send_packet(t, i, row["event_type"], marker, row["sequence"], row["digit_timestamp"], 4, now)
