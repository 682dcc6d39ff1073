"""What the loop keeps of each row: one record, on cache lines of its own, most read first.

A packet is rarely followed by another one of the same row, so with many calls each finds its two rows (whence, and
whither) out of the nearest caches. What every relayed packet reads and writes stands therefore at the beginning, in
the lines that `HEARD` and `SENT` count, which are fetched while the kernel hands the packet over.
"""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["DIGITS", "DIGIT_QUEUE", "HEARD", "LINE", "NAME", "ROW", "SENT"]

LINE: Final = 64
"""Octets of a cache line."""
NAME: Final = 16
"""Octets of a canonical name (RFC 7022 4.2: 96 random bits in base 64)."""
DIGITS: Final = 64
"""Digits that wait in a row to be sent as events."""

_ROUTE: Final = [
    ("generation", "i8"),
    ("state", "i8"),
    ("kind", "i8"),
    ("descriptor", "i8"),
    ("peer", "i8"),  # -1: not joined
    ("connected", "i8"),  # its socket takes packets of `remote` alone
    ("rtcp_mux", "i8"),  # reports share the port of the audio (RFC 5761)
    ("session_in", "i8"),  # libsrtp's, by address; 0: what comes in is not encrypted
    ("encoding", "i8"),
    ("clock", "i8"),  # RTP ticks a second
    ("rate", "i8"),  # samples a second: 8000 or WIDE
    ("remote_length", "i8"),
    ("payload_in", "i8"),  # payload type of its audio; -1 until the peer is known
    ("event_in", "i8"),  # and of its telephone events; -1 where not negotiated
    ("latched", "i8"),
    ("source_ssrc", "i8"),
]
"""Two lines, for what comes in and for what goes out."""

_HEARD: Final = [
    ("remote", "u1", (32,)),  # sockaddr_in or sockaddr_in6
    ("rank", "i8"),  # of the peer; see peer.py
    ("received", "i8"),
    ("heard_at", "i8"),  # ns of the last valid packet or frame
    ("silent", "i8"),  # UNHEARD, PAUSING or STOPPED (table.py); 0: it talks
    ("source_sequence", "i8"),  # highest so far, or -1
    ("source_received", "i8"),  # packets since the first one
    ("missed", "i8"),  # packets lost just before the last one; frames since that are late, and stay so
    ("lost", "i8"),
    ("transit", "i8"),  # of the last packet: arrival less timestamp, in ticks; ns by which the last frame was late
    ("jitter", "i8"),  # sixteenths of a tick (RFC 3550 A.8)
    ("tone", "i8"),  # a DTMF tone is being heard, or may be
    ("decoded_to", "i8"),  # timestamp after the last packet that was decoded, or -1
]
"""Two more, for what comes in."""

_SENT: Final = [
    ("sending", "i8"),
    ("session_out", "i8"),  # as `session_in`, for what goes out
    ("payload_type", "i8"),  # -1 until the peer is known
    ("ptime", "i8"),  # ticks in a packet
    ("pending", "i8"),  # ticks that wait for their packet
    ("packing", "i8"),  # the feed is being put into packets of another length
    ("digit_phase", "i8"),
    ("ssrc", "i8"),
    ("feed", "i8"),  # whence the last packet came; see send.py
    ("feed_generation", "i8"),
    ("feed_ssrc", "i8"),
    ("feed_first", "i8"),
    ("sequence_offset", "i8"),
    ("timestamp_offset", "i8"),
    ("sequence", "i8"),  # highest sent
    ("timestamp", "i8"),  # of the newest packet sent
    ("span", "i8"),  # ticks in it
    ("sent_at", "i8"),  # ns
    ("fed_at", "i8"),  # ns: when audio was last put in
    ("sent", "i8"),
    ("octets_sent", "i8"),  # of payload
    ("pending_timestamp", "i8"),  # of the first of them
    ("pending_marker", "i8"),
    ("onward_to", "i8"),  # timestamp after the last packet that went on decoded
]
"""And three for what goes out."""

HEARD: Final = (1, 2, 3)
"""The lines of a row that a packet from it needs, after the first."""
SENT: Final = (0, 1, 4, 5, 6)
"""Those that a packet to it needs."""

_STREAM_IN: Final = [
    ("noise_in", "i8"),  # payload type of comfort noise; -1: none
    ("placed", "i8"),  # its place in the queue (8000 a second) of ...
    ("placed_from", "i8"),  # ... this timestamp, or -1
    ("source_cycles", "i8"),  # what its wraps have added to the sequence number
    ("source_first", "i8"),  # the first one
    ("left", "i8"),  # it said goodbye
    ("events_heard", "i8"),
    ("event_code", "i8"),  # -1: none open
    ("event_timestamp", "i8"),
    ("event_base", "i8"),  # ticks in segments before this one
    ("event_duration", "i8"),
    ("event_at", "i8"),
    ("event_last", "i8"),  # timestamp of the last one reported, or -1
]

_STREAM_OUT: Final = [
    ("event_type", "i8"),  # -1 where not negotiated
    ("noise_type", "i8"),  # of comfort noise; likewise
    ("hushed", "i8"),  # frames of silence in a row that it was to be sent
    ("hush", "f8"),  # their mean square
    ("hush_level", "i8"),  # as it was told last, in -dBov
    ("hush_at", "i8"),  # ns: when that was
    ("floor", "f8"),  # mean square of the weakest frames of late
    ("digits_read", "i8"),
    ("digits_written", "i8"),
    ("digit_timestamp", "i8"),
    ("digit_elapsed", "i8"),
    ("digit_at", "i8"),
]

_PEER: Final = [
    ("signalled", "u1", (32,)),  # what its SDP said of it
    ("via", "u1", (32,)),  # the host from which its signalling came; family 0 for none
    ("learned_by", "i8"),  # ns: from then on the peer is locked
    ("strict", "i8"),
    ("refused", "i8"),
    ("rejected_at", "i8"),  # ns: when its host said last that nobody takes what is sent (ICMP), or 0
    ("misfits", "i8"),  # of those refused, the ones of a payload type that was not agreed
    ("misfit_type", "i8"),  # that of the last of them
    ("strangers", "i8"),  # and the ones that came from elsewhere
    ("refused_from", "u1", (32,)),  # whence the last of both came
    ("unsent", "i8"),  # packets that the system would not send
    ("unsent_for", "i8"),  # errno of the last of them
    ("gauged", "i8"),  # how many had come ...
    ("gauged_at", "i8"),  # ... ns: when it was last looked how many come in a second
]

_REPORTS: Final = [
    ("rtcp_descriptor", "i8"),  # -1: none
    ("rtcp_remote_length", "i8"),
    ("rtcp_remote", "u1", (32,)),
    ("rtcp_name", "u1", (NAME,)),
    ("rtcp_due", "i8"),  # ns; 0: not yet known
    ("rtcp_heard_at", "i8"),
    ("reports_sent", "i8"),
    ("reported_sent", "i8"),  # packets sent when the last report left
    ("reported_expected", "i8"),  # of the peer's packets, when the last report left
    ("reported_received", "i8"),
    ("far_ntp", "i8"),  # middle 32 bits of the time in the peer's last sender report, or 0
    ("far_ntp_at", "i8"),  # ns when it came
    ("far_lost", "i8"),  # packets of ours that the peer says were lost
    ("far_jitter", "i8"),  # ticks
    ("far_highest", "i8"),  # the extended sequence number that the peer says it has come to; 0: none
    ("far_told", "i8"),  # packets sent when the peer's latest report came
    ("far_heard", "i8"),  # packets sent when it last reported that more of them had come
    ("round_trip", "i8"),  # ns, or -1
]

_KEYS: Final = [
    ("tag", "i8", (2,)),  # octets after the key identifier, in RTP and RTCP
    ("key_identifier", "i8"),  # octets of it; 0: none
    ("keyed_ssrc", "i8", (2,)),  # the last SSRC that proved itself, in RTP and RTCP, or -1
    ("keyed_sources", "i8", (2,)),  # how often it has been another
    ("forged", "i8"),  # packets that were not encrypted by the peer's key, or changed on the way
    ("replayed", "i8"),  # packets that had been taken before, or were too old to know
]

_SOUNDS: Final = [
    # Two players: 0 a sound, 1 DTMF tones, which go before the sound.
    ("sound_base", "i8", (2,)),
    ("sound_rate", "i8", (2,)),
    ("sound_length", "i8", (2,)),  # 0: none
    ("sound_loop", "i8", (2,)),  # -1: ends
    ("sound_position", "i8", (2,)),
    ("sound_serial", "i8", (2,)),
    ("capture_base", "i8"),
    ("capture_length", "i8"),  # 0: none
    ("capture_written", "i8"),  # samples since it began; control reads it
]

_FIELDS: Final = [
    *_ROUTE,
    *_HEARD,
    *_SENT,
    *_STREAM_IN,
    *_STREAM_OUT,
    *_PEER,
    *_REPORTS,
    *_KEYS,
    *_SOUNDS,
    ("echo", "i8"),
    ("detecting", "i8"),
    ("faxing", "i8"),  # fax tones are looked for
    ("voiceband", "i8"),  # it carries the signals of modems
    ("canceller", "i8"),  # which one, from 1; 0: none
    ("disarmed", "i8"),
    ("first_seat", "i8"),  # of its seats in rooms; -1: none
    ("first_tap", "i8"),  # of the taps on it; -1: none
]

DIGIT_QUEUE: Final = np.dtype(
    [
        ("codes", "u1", (DIGITS,)),
        ("lengths", "i8", (DIGITS,)),  # ticks
        ("gaps", "i8", (DIGITS,)),
    ],
    align=True,
)
"""The digits that wait in a row to be sent as events, by their number modulo DIGITS."""


def _whole_lines() -> np.dtype[np.void]:
    used = np.dtype(_FIELDS, align=True).itemsize
    return np.dtype([*_FIELDS, ("rest", "u1", (-used % LINE,))], align=True)


ROW: Final = _whole_lines()
