"""What control asks of the loop: commands in a ring, by number, and which of them are answered.

Most are carried out without a word: the loop says how far it has come, and control knows by that. An event comes
of a command that somebody waits for (ACCEPTED or REFUSED), or where what was begun by it has to be undone if it is
refused. carry_out.py and lifetime.py say what they do.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ADD",
    "ADOPT",
    "ALWAYS",
    "CANCEL_ECHO",
    "CAPTURE",
    "CLOSE_ROOM",
    "CODERS",
    "DETECT",
    "ECHO",
    "IF_REFUSED",
    "JOIN",
    "LEAVE",
    "NEVER",
    "OPEN_ROOM",
    "PART",
    "PLAY",
    "RELEASE",
    "REMOTE",
    "REMOVE",
    "ROOM_PLAY",
    "ROOM_STOP",
    "SECOND_ADDRESS",
    "SECURE",
    "SEND_DIGITS",
    "SIT",
    "STOP_PLAY",
    "TAP",
    "TAP_ROOM",
    "TELL",
    "UNTAP",
    "VIA",
    "VOICEBAND",
]

ADD: Final = 1  # kind, descriptor, encoding, ssrc, sequence, timestamp, RTCP descriptor; its name in data
REMOVE: Final = 2
REMOTE: Final = (
    3  # payload type, event type, encoding, sending, keep, octets of a sockaddr, mux, strict, clock,
    # rate, ticks a packet, payload type and event type of what comes in, types of comfort noise out and in; three
    # addresses in data
)
JOIN: Final = 4  # peer, its generation
PART: Final = 5
ECHO: Final = 6
PLAY: Final = 7  # player, base, length, loop, live, rate
STOP_PLAY: Final = 8  # player
SEND_DIGITS: Final = 9  # count, samples on, samples off; codes in data
DETECT: Final = 10  # on, what (0 DTMF, 1 fax tones)
CAPTURE: Final = 11  # base, length (0: end)
SIT: Final = 12  # seat, room, buses (talks, hears, tells, through: 8 bits each), gain in, gain out, gated
TAP: Final = 13  # tap, base, length, sides (9th bit: while joined only), gains, rate, room or -1 for the row
CANCEL_ECHO: Final = 14  # canceller from 1 (0: none), partitions
SECURE: Final = 15  # sessions of libsrtp in and out, octets of tags in RTP and RTCP, of the key identifier
VOICEBAND: Final = 16  # on
CODERS: Final = 17  # encoding, functions of C and what they keep, for what comes in and what goes out
# What follows concerns no row, or one that no loop may have.
OPEN_ROOM: Final = 18  # room
CLOSE_ROOM: Final = 19  # room
LEAVE: Final = 20  # seat
UNTAP: Final = 21  # tap
ROOM_PLAY: Final = 22  # room, base, length, loop, live, rate
ROOM_STOP: Final = 23  # room
TAP_ROOM: Final = 24  # as TAP
RELEASE: Final = 25  # a room, or -1 for the row
ADOPT: Final = 26  # likewise
TELL: Final = 27  # nothing, but that it is this one's turn

NEVER: Final = 0
IF_REFUSED: Final = 1
ALWAYS: Final = 2
"""When an event comes of it."""

SECOND_ADDRESS: Final = 32
"""Where in its data a REMOTE command has the address for RTCP; family 0 for none."""
VIA: Final = 64
"""And where the host from which signalling came."""
