"""What control asks of the loop: commands in a ring, each answered by exactly one ACCEPTED or REFUSED event.

A command names a row by (index, generation); one that names a row that has since gone is refused (ESTALE) and
does nothing. Control checks every number before it posts: an index out of bounds would be a segmentation fault.
A row that is removed leaves epoll first, then says REMOVED; only then may its descriptor be closed.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.media.compiled import stage
from gateway.media.detect import DTMF_STATE
from gateway.media.fax_tone import FAX_STATE
from gateway.plane.access import command_at, epoll_at, owners_of, row_at, tap_at, word
from gateway.plane.cancel import set_canceller
from gateway.plane.coding import forget_codings
from gateway.plane.dtmf import digit_under_way
from gateway.plane.events import ACCEPTED, REFUSED, REMOVED, SOUND_LOST, STOPPED, emit
from gateway.plane.framed import forget_coders, set_coders
from gateway.plane.libc import (
    EPOLL_CTL_ADD,
    EPOLL_CTL_DEL,
    EPOLLIN,
    EPOLLRDHUP,
    epoll_ctl,
    errno,
    load_acquire,
    memset,
    store_release,
)
from gateway.plane.peer import forget_peer
from gateway.plane.player import beginning
from gateway.plane.reports import say_goodbye
from gateway.plane.rooms import (
    adopt_room,
    close,
    leave,
    leave_all,
    open_room,
    play,
    release_room,
    sit,
    stop,
    tap,
    untap,
)
from gateway.plane.row_table import DIGITS, NAME, ROW
from gateway.plane.rows import end_sound, end_sounds, forget, leave_epoll, lose, part, replan, set_voiceband
from gateway.plane.secure import set_keys
from gateway.plane.table import (
    ACTIVE,
    COMMANDS,
    COMMANDS_READ,
    COMMANDS_WRITTEN,
    EPOLL,
    FRAME,
    FREE,
    HIGH,
    LOST,
    RTP,
    TAPS_HIGH,
    Shared,
)

__all__ = [
    "ADD",
    "ADOPT",
    "CANCEL_ECHO",
    "CAPTURE",
    "CLOSE_ROOM",
    "CODERS",
    "DETECT",
    "ECHO",
    "JOIN",
    "LEAVE",
    "OPEN_ROOM",
    "PART",
    "PLAY",
    "RELEASE",
    "REMOTE",
    "REMOVE",
    "REPORTS",
    "ROOM_PLAY",
    "ROOM_STOP",
    "SECURE",
    "SEND_DIGITS",
    "SIT",
    "STOP_PLAY",
    "TAP",
    "TAP_ROOM",
    "UNTAP",
    "VOICEBAND",
    "drain",
    "listen_to",
]

ADD: Final = 1  # kind, descriptor, encoding, ssrc, sequence, timestamp, RTCP descriptor; its name in data
REMOVE: Final = 2
REMOTE: Final = (
    3  # payload type, event type, encoding, sending, keep, octets of a sockaddr, mux, strict, clock,
    # rate, ticks a packet, payload type and event type of what comes in; three in data
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

REPORTS: Final = 1 << 23
"""Bit in what epoll carries that says that a row's RTCP descriptor is meant; 16 bits are the row."""

_ROW_SIZE: Final = ROW.itemsize
_SECOND_ADDRESS: Final = 32
"""Where in its data a REMOTE command has the address for RTCP; family 0 for none."""
_VIA: Final = 64
"""And where the host from which signalling came."""
_RATE: Final = 8000
_DETECTOR_SIZE: Final = DTMF_STATE.itemsize
_FAX_SIZE: Final = FAX_STATE.itemsize
_EIO: Final = 5
_EBUSY: Final = 16
_EINVAL: Final = 22
_ENOSPC: Final = 28
_ESTALE: Final = 116


@stage
def drain(t: Shared, now: int) -> int:
    """Carry out all commands that wait; returns how many there were."""
    done = 0
    while True:
        read = t["control"][COMMANDS_READ]
        if read == load_acquire(word(t, COMMANDS_WRITTEN)):
            return done
        command = command_at(t, read & (COMMANDS - 1))
        i = command["row"]
        error = _perform(t, command, i, now)
        if error == 0:
            emit(t, ACCEPTED, i, command["generation"], command["serial"], 0, 0, now)
        else:
            emit(t, REFUSED, i, command["generation"], command["serial"], error, 0, now)
        store_release(word(t, COMMANDS_READ), read + 1)
        done += 1


@stage
def _perform(t: Shared, command: np.void, i: int, now: int) -> int:
    """Carry out one command; 0, or the errno that says why not."""
    op = command["op"]
    row = row_at(t, i)
    if op == ADD:
        return _add(t, command, i, now)
    if op >= OPEN_ROOM:
        return _arrange(t, command, now)
    if row["state"] == FREE or row["generation"] != command["generation"]:
        return _ESTALE
    if op == REMOVE:
        return _remove(t, i, now)
    if row["state"] == LOST:
        return _EIO
    if op == JOIN:
        return _join(t, command, i)
    if op == PLAY or op == STOP_PLAY:
        return _play(t, command, i, now)
    if op == SEND_DIGITS:
        return _send_digits(t, command, i)
    if op == REMOTE:
        return _remote(t, command, i, now)
    if op == SIT:
        return sit(t, command, i)
    if op == TAP:
        return tap(t, command, i)
    return _switch(t, command, i)


@stage
def _hand_over(t: Shared, command: np.void, i: int, now: int) -> int:
    """Let go of a row or a room for another loop, or take on what another has let go of."""
    row = row_at(t, i)
    releases = command["op"] == RELEASE
    room = command["arguments"][0]
    if room >= 0:
        return release_room(t, room) if releases else adopt_room(t, room)
    if row["state"] == FREE or row["generation"] != command["generation"]:
        return _ESTALE
    if releases:
        if row["state"] == ACTIVE:
            leave_epoll(t, i)
        owners_of(t)[i] = -1
        return 0
    _own(t, i)
    row["disarmed"] = 0
    for number in range(t["tap_count"] if row["taps"] > 0 else 0):
        if tap_at(t, number)["row"] == i:
            t["control"][TAPS_HIGH] = max(t["control"][TAPS_HIGH], number + 1)
    if row["state"] == ACTIVE:
        error = listen_to(t, i)
        if error == 0:
            error = _listen_to_reports(t, i)
        if error != 0:
            lose(t, i, error, now)
        replan(t, i)
    return 0


@stage
def _own(t: Shared, i: int) -> None:
    """This loop works row `i` from now on."""
    owners_of(t)[i] = t["worker"]
    t["control"][HIGH] = max(t["control"][HIGH], i + 1)


@stage
def _arrange(t: Shared, command: np.void, now: int) -> int:
    """Carry out a command about rooms, or about which loop has what."""
    op = command["op"]
    index = command["arguments"][0]
    if op == OPEN_ROOM:
        return open_room(t, index)
    if op == CLOSE_ROOM:
        return close(t, index, now)
    if op == LEAVE:
        return leave(t, index)
    if op == UNTAP:
        return untap(t, index)
    if op == ROOM_PLAY:
        return play(t, command, now)
    if op == ROOM_STOP:
        return stop(t, index, now)
    if op == TAP_ROOM:
        return tap(t, command, -1)
    if op == RELEASE or op == ADOPT:
        return _hand_over(t, command, command["row"], now)
    return _EINVAL


@stage
def _switch(t: Shared, command: np.void, i: int) -> int:
    op = command["op"]
    row = row_at(t, i)
    if op == PART or op == ECHO:
        part(t, i)
        row["echo"] = 1 if op == ECHO else 0
    elif op == DETECT and command["arguments"][1] != 0:
        if row["faxing"] == 0:
            memset(t["fax_ears"] + i * _FAX_SIZE, 0, _FAX_SIZE)
        row["faxing"] = command["arguments"][0]
    elif op == DETECT:
        if row["detecting"] == 0:
            memset(t["detectors"] + i * _DETECTOR_SIZE, 0, _DETECTOR_SIZE)
        row["detecting"] = command["arguments"][0]
        row["tone"] = 0
    elif op == CANCEL_ECHO:
        set_canceller(t, i, command["arguments"][0], command["arguments"][1])
    elif op == SECURE:
        set_keys(t, command, i)
    elif op == CODERS:
        set_coders(t, command, i)
    elif op == VOICEBAND:
        set_voiceband(t, i, command["arguments"][0] != 0)
    elif op == CAPTURE:
        row["capture_base"] = command["arguments"][0]
        row["capture_length"] = command["arguments"][1]
        row["capture_written"] = 0
    else:
        return _EINVAL
    replan(t, i)
    return 0


@stage
def listen_to(t: Shared, i: int) -> int:
    """Put the descriptor of row `i` into epoll; 0 or errno."""
    entry = epoll_at(t, 0)
    entry["events"] = EPOLLIN | EPOLLRDHUP
    # Row and generation travel with the readiness, so that what is said of a row now gone is known for that.
    entry["data"] = (row_at(t, i)["generation"] << 24) | i
    if epoll_ctl(t["control"][EPOLL], EPOLL_CTL_ADD, row_at(t, i)["descriptor"], t["epoll"]) < 0:
        return errno()
    return 0


@stage
def _listen_to_reports(t: Shared, i: int) -> int:
    """Put the RTCP descriptor of row `i`, if it has one, into epoll; 0 or errno."""
    row = row_at(t, i)
    if row["rtcp_descriptor"] < 0:
        return 0
    entry = epoll_at(t, 0)
    entry["events"] = EPOLLIN
    entry["data"] = (row["generation"] << 24) | REPORTS | i
    if epoll_ctl(t["control"][EPOLL], EPOLL_CTL_ADD, row["rtcp_descriptor"], t["epoll"]) == 0:
        return 0
    error = errno()
    epoll_ctl(t["control"][EPOLL], EPOLL_CTL_DEL, row["descriptor"], t["epoll"])
    return int(error)


@stage
def _add(t: Shared, command: np.void, i: int, now: int) -> int:
    row = row_at(t, i)
    if row["state"] != FREE:
        return _EBUSY
    memset(t["rows"] + i * _ROW_SIZE, 0, _ROW_SIZE)
    arguments = command["arguments"]
    row["generation"] = command["generation"]
    row["kind"] = arguments[0]
    row["descriptor"] = arguments[1]
    row["encoding"] = arguments[2]
    row["ssrc"] = arguments[3]
    row["sequence"] = arguments[4]
    row["timestamp"] = arguments[5]
    row["peer"] = -1
    row["first_seat"] = -1
    row["payload_type"] = -1
    row["event_type"] = -1
    row["payload_in"] = -1
    row["event_in"] = -1
    row["clock"] = _RATE
    row["rate"] = _RATE
    row["ptime"] = FRAME
    row["source_sequence"] = -1
    row["event_code"] = -1
    row["event_last"] = -1
    row["heard_at"] = now
    row["sent_at"] = now
    # An RTP row is not expected to hear anything before it has a peer.
    row["silent"] = 1 if arguments[0] == RTP else 0
    forget(t, i)
    row["rtcp_descriptor"] = arguments[6]
    row["rtcp_heard_at"] = now
    row["round_trip"] = -1
    row["transit"] = -1
    row["decoded_to"] = -1
    row["placed_from"] = -1
    forget_codings(t, i)
    forget_coders(t, i)
    for k in range(NAME):
        row["rtcp_name"][k] = command["data"][k]
    error = listen_to(t, i)
    if error == 0:
        error = _listen_to_reports(t, i)
    if error != 0:
        return error
    row["state"] = ACTIVE
    _own(t, i)
    replan(t, i)
    return 0


@stage
def _remove(t: Shared, i: int, now: int) -> int:
    row = row_at(t, i)
    if row["state"] == ACTIVE:
        say_goodbye(t, i, now)
        leave_epoll(t, i)
    leave_all(t, i)
    set_voiceband(t, i, False)
    part(t, i)
    end_sounds(t, i, SOUND_LOST, now)
    row["state"] = FREE
    replan(t, i)
    emit(t, REMOVED, i, row["generation"], 0, 0, 0, now)
    return 0


@stage
def _remote(t: Shared, command: np.void, i: int, now: int) -> int:
    row = row_at(t, i)
    arguments = command["arguments"]
    if row["kind"] != RTP:
        return _EINVAL
    _set_coding(t, command, i)
    row["sending"] = arguments[3]
    row["rtcp_mux"] = arguments[6]
    row["strict"] = arguments[7]
    for k in range(arguments[5]):
        row["via"][k] = command["data"][_VIA + k]
    # Who the peer is stays as it was where nothing else was signalled: a refresh of a session must neither break a
    # path through NAT nor open it to strangers.
    row["left"] = 1
    if arguments[4] == 0:
        forget_peer(t, i)
        row["remote_length"] = arguments[5]
        row["rtcp_remote_length"] = arguments[5] if command["data"][_SECOND_ADDRESS] != 0 else 0
        for k in range(arguments[5]):
            row["remote"][k] = command["data"][k]
            row["signalled"][k] = command["data"][k]
            row["rtcp_remote"][k] = command["data"][_SECOND_ADDRESS + k]
    row["heard_at"] = now
    row["silent"] = 0
    replan(t, i)
    if row["peer"] >= 0:
        replan(t, row["peer"])  # it may have to keep tones to itself from now on, or no longer
    return 0


@stage
def _set_coding(t: Shared, command: np.void, i: int) -> None:
    row = row_at(t, i)
    arguments = command["arguments"]
    row["payload_type"] = arguments[0]
    row["event_type"] = arguments[1]
    row["payload_in"] = arguments[11]
    row["event_in"] = arguments[12]
    row["ptime"] = arguments[10]
    changes = row["encoding"] != arguments[2] or row["clock"] != arguments[8] or row["payload_in"] < 0
    if not changes:
        return
    row["encoding"] = arguments[2]
    row["clock"] = arguments[8]
    row["rate"] = arguments[9]
    row["pending"] = 0  # in the old coding
    row["feed"] = 0
    row["span"] = 0
    row["transit"] = -1
    row["jitter"] = 0
    row["decoded_to"] = -1
    row["placed_from"] = -1
    forget_codings(t, i)
    forget(t, i)


@stage
def _join(t: Shared, command: np.void, i: int) -> int:
    peer = command["arguments"][0]
    if peer == i:
        return _EINVAL
    if row_at(t, peer)["state"] != ACTIVE or row_at(t, peer)["generation"] != command["arguments"][1]:
        return _ESTALE
    if row_at(t, i)["peer"] == peer:
        return 0
    part(t, i)
    part(t, peer)
    row_at(t, i)["peer"] = peer
    row_at(t, peer)["peer"] = i
    replan(t, i)
    replan(t, peer)
    return 0


@stage
def _play(t: Shared, command: np.void, i: int, now: int) -> int:
    row = row_at(t, i)
    arguments = command["arguments"]
    player = arguments[0]
    end_sound(t, i, player, STOPPED, now)
    if command["op"] == PLAY:
        row["sound_base"][player] = arguments[1]
        row["sound_length"][player] = arguments[2]
        row["sound_loop"][player] = arguments[3]
        row["sound_rate"][player] = arguments[5]
        row["sound_position"][player] = beginning(t, arguments[5], arguments[2], arguments[4])
        row["sound_serial"][player] = command["serial"]
    replan(t, i)
    return 0


@stage
def _send_digits(t: Shared, command: np.void, i: int) -> int:
    row = row_at(t, i)
    arguments = command["arguments"]
    count = arguments[0]
    if row["event_type"] < 0:
        return _EINVAL
    if row["digits_written"] - row["digits_read"] + count > DIGITS:
        return _ENOSPC
    if row["digits_written"] == row["digits_read"] and not digit_under_way(t, i):
        row["digit_phase"] = 0
    for k in range(count):
        place = (row["digits_written"] + k) & (DIGITS - 1)
        row["digits"][place] = command["data"][k]
        row["digit_lengths"][place] = arguments[1] * row["clock"] // _RATE
        row["digit_gaps"][place] = arguments[2] * row["clock"] // _RATE
    row["digits_written"] += count
    replan(t, i)
    return 0
