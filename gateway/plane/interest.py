"""What the loop waits for: the descriptors of rows in epoll, and what comes with their readiness.

Row and generation travel with it, so that what is said of a row now gone is known for that.
"""

from __future__ import annotations

from typing import Final

from gateway.media.compiled import stage
from gateway.plane.access import epoll_at, row_at
from gateway.plane.libc import EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_EVENT, EPOLLIN, EPOLLRDHUP, epoll_ctl, errno
from gateway.plane.table import BATCH, Shared
from gateway.plane.words import EPOLL

__all__ = ["COMMAND_READY", "REPORTS", "TIMER_READY", "leave_epoll", "listen_to", "listen_to_reports", "wait_for"]

COMMAND_READY: Final = -1
TIMER_READY: Final = -2
"""What epoll carries for descriptors that are no rows."""
REPORTS: Final = 1 << 23
"""Bit in what it carries that says that a row's RTCP descriptor is meant; 16 bits are the row."""

_ENTRY: Final = BATCH * EPOLL_EVENT.itemsize
"""Where the entry lies that is no answer of epoll's."""


@stage
def wait_for(t: Shared, descriptor: int, flags: int, data: int) -> int:
    """Put a descriptor into epoll; 0 or errno."""
    entry = epoll_at(t, BATCH)
    entry["events"] = flags
    entry["data"] = data
    if epoll_ctl(t["control"][EPOLL], EPOLL_CTL_ADD, descriptor, t["epoll"] + _ENTRY) < 0:
        return int(errno())
    return 0


@stage
def listen_to(t: Shared, i: int) -> int:
    """Put the descriptor of row `i` into epoll; 0 or errno."""
    row = row_at(t, i)
    return wait_for(t, row["descriptor"], EPOLLIN | EPOLLRDHUP, (row["generation"] << 24) | i)


@stage
def listen_to_reports(t: Shared, i: int) -> int:
    """Put the RTCP descriptor of row `i`, if it has one, into epoll; 0, or errno with neither in it."""
    row = row_at(t, i)
    if row["rtcp_descriptor"] < 0:
        return 0
    error = wait_for(t, row["rtcp_descriptor"], EPOLLIN, (row["generation"] << 24) | REPORTS | i)
    if error != 0:
        epoll_ctl(t["control"][EPOLL], EPOLL_CTL_DEL, row["descriptor"], t["epoll"] + _ENTRY)
    return error


@stage
def leave_epoll(t: Shared, i: int) -> None:
    """Listen to the descriptors of row `i` no more."""
    row = row_at(t, i)
    if row["disarmed"] == 0:
        epoll_ctl(t["control"][EPOLL], EPOLL_CTL_DEL, row["descriptor"], t["epoll"] + _ENTRY)
    if row["rtcp_descriptor"] >= 0:
        epoll_ctl(t["control"][EPOLL], EPOLL_CTL_DEL, row["rtcp_descriptor"], t["epoll"] + _ENTRY)
