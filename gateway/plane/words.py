"""The words by which control and a loop know of each other: where in `control` of its SHARED each of them is.

Those that the one writes while the other reads lie on a cache line of their own. The loop writes them, but for
those of which it is said that control does.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ALARM_AFTER",
    "ALARM_WORK",
    "COMMANDS_READ",
    "COMMANDS_WRITTEN",
    "COMMAND_SIGNAL",
    "DROPPED",
    "EPOLL",
    "EVENTS_READ",
    "EVENTS_WRITTEN",
    "EVENT_SIGNAL",
    "HIGH",
    "NEXT_TICK",
    "PROTECT",
    "ROOMS_HIGH",
    "STOP",
    "TICKS",
    "TICKS_SKIPPED",
    "TIMER",
    "TURN",
    "UNPROTECT",
    "UNSIGNALLED",
    "WALL",
    "WATCHING",
    "WORDS",
    "WORK",
]

STOP: Final = 0  # control writes: leave the loop
COMMANDS_WRITTEN: Final = 8  # control writes
COMMANDS_READ: Final = 16
EVENTS_WRITTEN: Final = 24
EVENTS_READ: Final = 32  # control writes
NEXT_TICK: Final = 40  # ns: when the next part of a tick is due
TICKS: Final = 48
TICKS_SKIPPED: Final = 56
DROPPED: Final = 64
HIGH: Final = 72  # rows from here on have never been used
UNSIGNALLED: Final = 80  # events written since the eventfd was last told
# Descriptors, written by control before the loop runs.
EPOLL: Final = 88
COMMAND_SIGNAL: Final = 89  # eventfd: commands wait
EVENT_SIGNAL: Final = 90  # eventfd: events wait
TIMER: Final = 91  # timerfd, or -1 when stepped by hand
WATCHING: Final = 92  # in epoll: 1 the signal of commands, 2 the timer too
WALL: Final = (
    93  # ns from the loop's clock to NTP's (RFC 5905: since 1900), written by control before the loop runs
)
ROOMS_HIGH: Final = 94  # rooms from here on have never been used
WORK: Final = 95  # parts of a tick in which there is something to do, as bits
# Addresses of functions of libsrtp, for RTP and for RTCP, written by control before a row has keys.
PROTECT: Final = 96
UNPROTECT: Final = 98
TURN: Final = 100  # which of the PHASES is next
ALARM_AFTER: Final = 101  # NEXT_TICK and WORK as they were when the timer was last set
ALARM_WORK: Final = 102
WORDS: Final = 104
"""How many there are."""
