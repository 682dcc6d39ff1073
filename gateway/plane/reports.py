"""RTCP of a row: what it tells its peer about both streams every few seconds, and what the peer tells it.

Out goes a compound packet (RFC 3550 6.1): a sender report where we have sent since the last one, else a receiver
report, with one block about the peer's stream; the canonical name; and a goodbye when the row is taken out. It goes
to the port after the peer's audio, or to the audio's own (RFC 5761). What comes in is believed if it is a whole
compound packet from the peer's address; it tells the loss and jitter of our stream over there, and the round trip.
A report counts as a sign of life, but never decides who the peer is.
"""

from __future__ import annotations

from errno import EAGAIN
from typing import Final

from gateway.media.compiled import stage
from gateway.plane.access import row_at
from gateway.plane.libc import (
    EPOLL_CTL_DEL,
    EPOLLERR,
    EPOLLHUP,
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    MSG_TRUNC,
    epoll_ctl,
    errno,
    recvfrom,
    sendto,
)
from gateway.plane.octets import get_word, put_word, signed
from gateway.plane.packet import ticks_of
from gateway.plane.peer import from_host
from gateway.plane.row_table import NAME
from gateway.plane.secure import REPORT, cover, uncover
from gateway.plane.table import PACKET, UNHEARD, Shared
from gateway.plane.words import EPOLL, WALL

__all__ = ["is_report", "is_stun", "report_if_due", "report_ready", "say_goodbye", "take_report"]

INTERVAL: Final = 5_000_000_000
"""ns between reports on the average; each interval is 0.5 to 1.5 times that, over 1.21828 (RFC 3550 6.3.1)."""
_LEAST: Final = INTERVAL * 1_000_000 // 1_218_280 // 2
_SECOND: Final = 1_000_000_000

_SENDER: Final = 200
_RECEIVER: Final = 201
_DESCRIPTION: Final = 202
_GOODBYE: Final = 203
_CANONICAL: Final = 1
_BLOCK: Final = 24
_STUN_HEADER: Final = 20
_STUN_COOKIE: Final = 0x2112A442


@stage
def is_report(t: Shared, octets: int) -> bool:
    """Whether what came in on the audio's port is RTCP (RFC 5761 4)."""
    return octets >= 8 and 192 <= t["packet"][1] <= 223


@stage
def is_stun(t: Shared, octets: int) -> bool:
    """Whether it is STUN (RFC 7983 7, RFC 5389 6): some telephones keep their NAT open so, and do without answers.

    It is no audio that something is wrong with.
    """
    return octets >= _STUN_HEADER and t["packet"][0] < 4 and get_word(t["packet"], 4) == _STUN_COOKIE


# Out.


@stage
def _interval(t: Shared, i: int) -> int:
    t["random"] = ((t["random"] ^ row_at(t, i)["ssrc"]) * 1664525 + 1013904223) & 0xFFFFFFFF
    return int(_LEAST + ((2 * _LEAST * (t["random"] >> 16)) >> 16))


@stage
def report_if_due(t: Shared, i: int, now: int) -> None:
    """Send a report of row `i` if it is time."""
    row = row_at(t, i)
    if row["received"] == 0 and row["sent"] == 0:
        return
    if row["rtcp_due"] == 0:
        row["rtcp_due"] = now + _interval(t, i) // 2
    elif now >= row["rtcp_due"]:
        row["rtcp_due"] = now + _interval(t, i)
        _report(t, i, False, now)


@stage
def say_goodbye(t: Shared, i: int, now: int) -> None:
    """The last report of row `i`, if there was one before (RFC 3550 6.3.7)."""
    if row_at(t, i)["reports_sent"] > 0:
        _report(t, i, True, now)


@stage
def _report(t: Shared, i: int, goodbye: bool, now: int) -> None:
    row = row_at(t, i)
    out = t["out"]
    has_block = row["source_sequence"] >= 0
    is_sender = row["sent"] != row["reported_sent"]
    put_word(out, 4, row["ssrc"])
    end = 8
    if is_sender:
        ntp = now + t["control"][WALL]
        put_word(out, 8, ntp // _SECOND)
        put_word(out, 12, ((ntp % _SECOND) << 32) // _SECOND)
        put_word(out, 16, row["timestamp"] + ticks_of(now - row["sent_at"], row["clock"]))
        put_word(out, 20, row["sent"])
        put_word(out, 24, row["octets_sent"])
        end = 28
    if has_block:
        _block(t, i, end, now)
        end += _BLOCK
    _head(t, 0, 1 if has_block else 0, _SENDER if is_sender else _RECEIVER, end)
    start = end
    put_word(out, start + 4, row["ssrc"])
    out[start + 8] = _CANONICAL
    out[start + 9] = NAME
    for k in range(NAME):
        out[start + 10 + k] = row["rtcp_name"][k]
    out[start + 10 + NAME] = 0  # the end of the items, and to a whole word
    out[start + 11 + NAME] = 0
    end = start + 12 + NAME
    _head(t, start, 1, _DESCRIPTION, end)
    if goodbye:
        put_word(out, end + 4, row["ssrc"])
        _head(t, end, 1, _GOODBYE, end + 8)
        end += 8
    row["reported_sent"] = row["sent"]
    _send(t, i, end)


@stage
def _head(t: Shared, start: int, count: int, kind: int, end: int) -> None:
    put_word(t["out"], start, ((0x80 | count) << 24) | (kind << 16) | ((end - start) // 4 - 1))


@stage
def _block(t: Shared, i: int, at: int, now: int) -> None:
    """What we received of the peer's stream (RFC 3550 6.4.1, A.3)."""
    row = row_at(t, i)
    out = t["out"]
    highest = row["source_cycles"] + row["source_sequence"]
    expected = highest - row["source_first"] + 1
    lost = min(max(expected - row["source_received"], -0x800000), 0x7FFFFF)
    lately = expected - row["reported_expected"]
    lost_lately = lately - (row["source_received"] - row["reported_received"])
    fraction = (lost_lately << 8) // lately if lately > 0 and lost_lately > 0 else 0
    row["reported_expected"] = expected
    row["reported_received"] = row["source_received"]
    put_word(out, at, row["source_ssrc"])
    put_word(out, at + 4, (min(fraction, 255) << 24) | (lost & 0xFFFFFF))
    put_word(out, at + 8, highest)
    put_word(out, at + 12, row["jitter"] >> 4)
    put_word(out, at + 16, row["far_ntp"])
    since = ((now - row["far_ntp_at"]) << 16) // _SECOND if row["far_ntp"] else 0
    put_word(out, at + 20, min(since, 0xFFFFFFFF))


@stage
def _send(t: Shared, i: int, octets: int) -> None:
    row = row_at(t, i)
    address = t["address"]
    if row["rtcp_mux"]:
        descriptor = row["descriptor"]
        length = 0 if row["connected"] == 1 else row["remote_length"]
        for k in range(length):
            address[k] = row["remote"][k]
    else:
        descriptor = row["rtcp_descriptor"]
        length = row["rtcp_remote_length"]
        for k in range(length):
            address[k] = row["rtcp_remote"][k]
    if descriptor < 0 or (length == 0 and not row["rtcp_mux"]):
        return
    if row["session_out"] != 0:
        octets = cover(t, i, octets, REPORT)
        if octets < 0:
            return
    place = address.ctypes.data if length else 0
    # Whether it went is of no consequence: the next one says the same.
    sendto(descriptor, t["out"].ctypes.data, octets, MSG_DONTWAIT | MSG_NOSIGNAL, place, length)
    row["reports_sent"] += 1


# In.


@stage
def report_ready(t: Shared, i: int, flags: int, now: int) -> None:
    """Take a report that waits on the RTCP socket of row `i`."""
    row = row_at(t, i)
    t["address_length"][0] = len(t["address"])
    octets = recvfrom(
        row["rtcp_descriptor"],
        t["packet"].ctypes.data,
        PACKET,
        MSG_DONTWAIT | MSG_TRUNC,
        t["address"].ctypes.data,
        t["address_length"].ctypes.data,
    )
    if octets < 0:
        if errno() == EAGAIN and flags & (EPOLLERR | EPOLLHUP):
            # It can say nothing but this, over and over: the call goes on without reports.
            epoll_ctl(t["control"][EPOLL], EPOLL_CTL_DEL, row["rtcp_descriptor"], t["epoll"])
            row["rtcp_descriptor"] = -1
        return
    if is_stun(t, octets):
        return
    if not from_host(t, i, False) or not take_report(t, i, octets, now):
        row["refused"] += 1
        return
    # Symmetric RTCP (RFC 4961): behind NAT its port is another than the one signalled.
    length = min(int(t["address_length"][0]), 28)
    for k in range(length):
        row["rtcp_remote"][k] = t["address"][k]
    row["rtcp_remote_length"] = length


@stage
def take_report(t: Shared, i: int, octets: int, now: int) -> bool:
    """Take in the compound packet of `octets` in `t["packet"]`; False where it is none (RFC 3550 A.2)."""
    packet = t["packet"]
    if row_at(t, i)["session_in"] != 0:
        octets = uncover(t, i, octets, REPORT)
    if octets < 8 or octets > PACKET or packet[0] & 0xE0 != 0x80 or packet[1] & 0xFE != _SENDER:
        return False
    at = 0
    while at < octets:
        if octets - at < 4 or packet[at] >> 6 != 2:
            return False
        at += _length(t, at)
    if at != octets:
        return False
    row_at(t, i)["rtcp_heard_at"] = now
    row_at(t, i)["silent"] &= ~UNHEARD
    row_at(t, i)["far_told"] = row_at(t, i)["sent"]
    at = 0
    while at < octets:
        end = at + _length(t, at)
        kind = packet[at + 1]
        count = int(packet[at] & 0x1F)
        if kind == _SENDER and end - at >= 28:
            _take_sender(t, i, at, now)
            _take_blocks(t, i, at + 28, count, end, now)
        elif kind == _RECEIVER:
            _take_blocks(t, i, at + 8, count, end, now)
        elif kind == _GOODBYE:
            for k in range(min(count, (end - at) // 4 - 1)):
                if get_word(packet, at + 4 + 4 * k) == row_at(t, i)["source_ssrc"]:
                    row_at(t, i)["left"] = 1
        at = end
    return True


@stage
def _length(t: Shared, at: int) -> int:
    return 4 * (((int(t["packet"][at + 2]) << 8) | int(t["packet"][at + 3])) + 1)


@stage
def _take_sender(t: Shared, i: int, at: int, now: int) -> None:
    row = row_at(t, i)
    if row["latched"] and get_word(t["packet"], at + 4) == row["source_ssrc"]:
        row["far_ntp"] = get_word(t["packet"], at + 10)
        row["far_ntp_at"] = now


@stage
def _take_blocks(t: Shared, i: int, at: int, count: int, end: int, now: int) -> None:
    """What the peer received of our stream."""
    row = row_at(t, i)
    packet = t["packet"]
    for k in range(min(count, (end - at) // _BLOCK)):
        start = at + k * _BLOCK
        if get_word(packet, start) != row["ssrc"]:
            continue
        row["far_lost"] = get_word(packet, start + 4) & 0xFFFFFF
        if row["far_lost"] >= 0x800000:
            row["far_lost"] -= 0x1000000
        if row["far_highest"] != get_word(packet, start + 8):
            row["far_highest"] = get_word(packet, start + 8)
            row["far_heard"] = row["sent"]
        row["far_jitter"] = get_word(packet, start + 12)
        last = get_word(packet, start + 16)
        ntp = now + t["control"][WALL]
        middle = ((ntp // _SECOND) & 0xFFFF) << 16 | (((ntp % _SECOND) << 16) // _SECOND)
        trip = signed(middle - last - get_word(packet, start + 20))
        if last != 0 and trip >= 0:
            row["round_trip"] = (trip * _SECOND) >> 16
