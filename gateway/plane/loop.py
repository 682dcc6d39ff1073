"""The loop: waits for descriptors, serves the ready ones, keeps the 20 ms tick, carries out commands.

One compiled function, without the interpreter lock, for the thread (blocking, by the kernel's clock) and for a test
(once through, by the clock it is given). It never raises and never spins: a descriptor that cannot be served is
left out of epoll, until the next tick or for good.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EBADF, EINTR, ELOOP
from typing import Final, NamedTuple

from gateway.media.compiled import entry, stage
from gateway.plane.access import epoll_at, fetch_route, owners_of, queue_at, row_at, stages_of, visited_of, word
from gateway.plane.carry_out import drain
from gateway.plane.compiled import FINGERPRINT
from gateway.plane.dtmf import close_stale_event, digit_under_way, send_event
from gateway.plane.events import CEASED, SILENT, emit, signal
from gateway.plane.frames import frame_ready
from gateway.plane.interest import COMMAND_READY, REPORTS, TIMER_READY, listen_to, wait_for
from gateway.plane.libc import (
    CLOCK_MONOTONIC,
    EPOLLIN,
    F_GETFD,
    TFD_TIMER_ABSTIME,
    clock_gettime,
    epoll_wait,
    errno,
    fcntl,
    load_acquire,
    read,
    store_release,
    timerfd_settime,
)
from gateway.plane.mix import mix
from gateway.plane.noise import make_noise
from gateway.plane.packet import may_send
from gateway.plane.parts import gather, is_listed
from gateway.plane.peer import RELATCH_SILENCE, let_go
from gateway.plane.plan import CLOCKED, EVENT_OPEN, HISS, REARM, SEND_EVENTS, SOUND
from gateway.plane.player import next_frame, next_rate
from gateway.plane.receive import packet_ready
from gateway.plane.reports import report_if_due, report_ready
from gateway.plane.rows import lose, replan
from gateway.plane.send import send_samples
from gateway.plane.table import ACTIVE, BATCH, FRAMES, PHASES, RTP, STOPPED, TICK, UNHEARD, Shared
from gateway.plane.words import (
    ALARM_AFTER,
    ALARM_WORK,
    COMMAND_SIGNAL,
    EPOLL,
    HIGH,
    NEXT_TICK,
    STOP,
    TICKS,
    TICKS_SKIPPED,
    TIMER,
    TURN,
    WATCHING,
    WORK,
)

__all__ = ["observe", "publish", "run"]

_PART: Final = TICK // PHASES
"""ns from one part of a tick to the next."""
CATCH_UP: Final = 25
"""Ticks (0.5 s) made good after the thread was kept from running; a longer stall is skipped, not sent at once."""
RTP_SILENCE: Final = 10_000_000_000
"""ns after which an RTP peer is said to be silent: longer than comfort noise packets are apart."""
RTP_PAUSE: Final = 4_000_000_000
"""ns after which audio that came, and that nothing said would pause, is said to have stopped."""
FRAME_SILENCE: Final = 200_000_000
"""ns (10 frames) after which a frame device is said to be gone or paused."""
_RATE: Final = 8000
MOST_PACKETS: Final = 5_000
"""Packets a second from one peer that no audio has: 100 times as many as most send. What two legs send to each
other's ports, because their session descriptions say so, goes round for ever, as fast as this machine can.
"""
_WATCH_EVERY: Final = 10
"""Ticks between two looks at a row's silence; a tenth of the rows is looked at on each."""
_FOR_EVER: Final = 1 << 60
_SECOND: Final = 1_000_000_000
"""ns."""
_PASSES: Final = 4096
"""Rounds of epoll in one hand-made step: a bound that sockets never reach, but packets in a circle do."""


@stage
def _serve(t: Shared, index: int, now: int) -> None:
    """Serve one descriptor that epoll says is ready."""
    data = epoll_at(t, index)["data"]
    flags = epoll_at(t, index)["events"]
    if data == COMMAND_READY:
        read(t["control"][COMMAND_SIGNAL], t["clock"].ctypes.data + 24, 8)
        return
    if data == TIMER_READY:
        return  # what was due has been done, and the timer is set anew
    i = data & 0xFFFF
    row = row_at(t, i)
    if row["state"] != ACTIVE or row["generation"] != data >> 24 or owners_of(t)[i] != t["worker"]:
        return
    if data & REPORTS:
        report_ready(t, i, flags, now)
    elif row["kind"] == FRAMES:
        frame_ready(t, i, flags, now)
    else:
        packet_ready(t, i, flags, now)


@stage
def _tick(t: Shared, now: int) -> None:
    """Do the next part of what is due every 20 ms."""
    phase = t["control"][TURN]
    turn = t["control"][TICKS] % _WATCH_EVERY
    owners, visited = owners_of(t), visited_of(t)
    count = gather(t, phase)
    for k in range(count):
        if is_listed(t, visited[k], phase):
            _tick_row(t, visited[k], now)
    for i in range(_WATCH_EVERY * phase + turn, t["control"][HIGH], _WATCH_EVERY * PHASES):
        if owners[i] == t["worker"] and row_at(t, i)["state"] == ACTIVE:
            _watch(t, i, now)
    mix(t, phase, count, now)
    t["control"][TURN] = (phase + 1) % PHASES
    if phase == PHASES - 1:
        store_release(word(t, TICKS), t["control"][TICKS] + 1)


@stage
def _tick_row(t: Shared, i: int, now: int) -> None:
    row = row_at(t, i)
    if stages_of(t)[i] & REARM:
        row["disarmed"] = 0
        replan(t, i)
        error = listen_to(t, i)
        if error != 0:
            lose(t, i, error, now)
            return
    if row["kind"] != RTP:
        return  # clocked by its own frames
    if stages_of(t)[i] & EVENT_OPEN:
        close_stale_event(t, i, now)
    if stages_of(t)[i] & SEND_EVENTS:
        send_event(t, i, now)
    if stages_of(t)[i] & SOUND and not stages_of(t)[i] & CLOCKED:
        # While a digit is sent as an event a sound goes on unheard, so that it ends when it would have.
        rate = next_rate(t, i)
        next_frame(t, i, t["spoken"][:], now)
        if may_send(t, i) and not digit_under_way(t, i):
            send_samples(t, i, t["spoken"][:], rate, now)
    if stages_of(t)[i] & HISS:
        peer = row_at(t, i)["peer"]
        if may_send(t, peer) and not (stages_of(t)[peer] & SOUND) and not digit_under_way(t, peer):
            make_noise(t, queue_at(t, i)["noise"], t["spoken"][:])
            send_samples(t, peer, t["spoken"][:], _RATE, now)


@stage
def _watch(t: Shared, i: int, now: int) -> None:
    """Say once when a row has heard nothing for long, and find out if its descriptor was closed under it."""
    row = row_at(t, i)
    quiet = now - row["heard_at"]
    if row["kind"] == RTP:
        if quiet > RELATCH_SILENCE:
            let_go(t, i)
        report_if_due(t, i, now)
        if _is_flooded(t, i, now):
            lose(t, i, ELOOP, now)
            return
        if quiet > RTP_PAUSE and row["silent"] == 0 and row["latched"] != 0 and row["sending"] != 0:
            _say_ceased(t, i, quiet, now)
        # Who reports is there: on hold, or quiet by itself (RFC 3264 8.4: RTCP goes on).
        quiet = min(quiet, now - row["rtcp_heard_at"])
    if row["silent"] & UNHEARD or quiet < (FRAME_SILENCE if row["kind"] == FRAMES else RTP_SILENCE):
        return
    row["silent"] = UNHEARD | STOPPED
    replan(t, i)
    # A closed descriptor leaves epoll without a word.
    if fcntl(row["descriptor"], F_GETFD) < 0:
        lose(t, i, EBADF, now)
        return
    emit(t, SILENT, i, row["generation"], 0, quiet, 0, now)


@stage
def _is_flooded(t: Shared, i: int, now: int) -> bool:
    """Whether more has come in of late than any peer sends."""
    row = row_at(t, i)
    elapsed = now - row["gauged_at"]
    if elapsed < _SECOND:
        return False
    came = row["received"] - row["gauged"]
    row["gauged"] = row["received"]
    row["gauged_at"] = now
    return bool(came > MOST_PACKETS * (elapsed // _SECOND))


@stage
def _say_ceased(t: Shared, i: int, quiet: int, now: int) -> None:
    """Say, once in each silence, that audio has stopped which nothing announced, and what is heard of its peer."""
    row = row_at(t, i)
    row["silent"] = STOPPED
    reported = now - row["rtcp_heard_at"] if row["far_told"] > 0 else -1
    rejected = 1 if row["rejected_at"] > row["heard_at"] else 0
    let_go(t, i)  # who speaks from elsewhere meanwhile is to be seen
    emit(t, CEASED, i, row["generation"], rejected, quiet, reported, now)


@stage
def _ticks_due(t: Shared, now: int, by_hand: bool) -> None:
    """Do the parts of ticks that are due; by hand whole ticks, which take no time."""
    parts = PHASES if by_hand else 1
    limit = _FOR_EVER if by_hand else CATCH_UP
    if t["control"][NEXT_TICK] == 0:
        t["control"][NEXT_TICK] = now + parts * _PART
    late = (now - t["control"][NEXT_TICK]) // TICK + 1
    if late > limit:
        t["control"][TICKS_SKIPPED] += late - limit
        t["control"][NEXT_TICK] += (late - limit) * TICK
    while t["control"][NEXT_TICK] <= now:
        for _ in range(parts):
            _tick(t, t["control"][NEXT_TICK])
        t["control"][NEXT_TICK] += parts * _PART


@stage
def _set_alarm(t: Shared) -> None:
    """Have the timer fire for the next part of a tick that has something to do, or for the last one.

    To set it takes back that it has fired, too.
    """
    control = t["control"]
    work = control[WORK]
    if control[ALARM_AFTER] == control[NEXT_TICK] and control[ALARM_WORK] == work:
        return
    control[ALARM_AFTER] = control[NEXT_TICK]
    control[ALARM_WORK] = work
    at = control[NEXT_TICK]
    phase = control[TURN]
    while phase < PHASES - 1 and not work >> phase & 1:
        phase += 1
        at += _PART
    t["alarm"][2] = at // _SECOND
    t["alarm"][3] = at % _SECOND
    timerfd_settime(control[TIMER], TFD_TIMER_ABSTIME, t["alarm"].ctypes.data, 0)


@stage
def _watch_signals(t: Shared) -> None:
    """Put the signals of control and of the clock into epoll, the first time."""
    if t["control"][WATCHING] == 0:
        t["control"][WATCHING] = 1
        wait_for(t, t["control"][COMMAND_SIGNAL], EPOLLIN, COMMAND_READY)
    if t["control"][WATCHING] == 1 and t["control"][TIMER] >= 0:
        t["control"][WATCHING] = 2
        wait_for(t, t["control"][TIMER], EPOLLIN, TIMER_READY)


@stage
def _monotonic(t: Shared) -> int:
    clock_gettime(CLOCK_MONOTONIC, t["clock"].ctypes.data)
    return int(t["clock"][0] * _SECOND + t["clock"][1])


@stage
def _turn(t: Shared, now: int, by_hand: bool) -> int:
    """Serve once through at `now` (ns), or until told to stop; returns 0 or the errno of epoll."""
    _watch_signals(t)
    if not by_hand:
        now = _monotonic(t)
    for _ in range(_PASSES if by_hand else _FOR_EVER):
        drain(t, now)
        signal(t)
        if load_acquire(word(t, STOP)) != 0:
            return 0
        if not by_hand:
            _set_alarm(t)
        ready = epoll_wait(t["control"][EPOLL], t["epoll"], BATCH, 0 if by_hand else -1)
        if ready < 0 and errno() != EINTR:
            return int(errno())
        if not by_hand:
            now = _monotonic(t)
            _ticks_due(t, now, False)  # what is late is heard; a packet can wait for it
        for index in range(ready):
            fetch_route(t, epoll_at(t, min(index + 1, ready - 1))["data"] & 0xFFFF)
            _serve(t, index, now)
        if by_hand and ready <= 0:
            break
    if by_hand:
        _ticks_due(t, now, True)
    signal(t)
    return 0


class _Entries(NamedTuple):
    run: Callable[[Shared, int], int]
    publish: Callable[[int, int], int]
    observe: Callable[[int], int]


def _entries(fingerprint: int) -> _Entries:
    @entry
    def run(t: Shared, now: int) -> int:
        """Serve until told to stop (`now` negative) or once at time `now` (ns)."""
        if fingerprint < 0:
            return -1
        return _turn(t, now, now >= 0)

    @entry
    def publish(address: int, value: int) -> int:
        """Store a control word after all that was written before it."""
        store_release(address, value)
        return fingerprint

    @entry
    def observe(address: int) -> int:
        """Load a control word before all that is read after it."""
        if fingerprint < 0:
            return -1
        return int(load_acquire(address))

    return _Entries(run, publish, observe)


run, publish, observe = _entries(FINGERPRINT)
