"""Commands carried out, as control gives them in the ring.

A command names a row by (index, generation); one that names a row that has since gone is refused (ESTALE) and
does nothing. Control checks every number before it posts it: an index out of bounds would be a segmentation fault.
"""

from __future__ import annotations

from errno import EINVAL, EIO, ENOSPC, ESTALE
from typing import Final

import numpy as np

from gateway.media.compiled import stage
from gateway.media.detect import DTMF_STATE
from gateway.media.fax_tone import FAX_STATE
from gateway.plane.access import command_at, digit_queue_at, owners_of, row_at, word
from gateway.plane.cancel import set_canceller
from gateway.plane.commands import (
    ADD,
    ADOPT,
    ALWAYS,
    CANCEL_ECHO,
    CAPTURE,
    CLOSE_ROOM,
    CODERS,
    DETECT,
    ECHO,
    JOIN,
    LEAVE,
    NEVER,
    OPEN_ROOM,
    PART,
    PLAY,
    RELEASE,
    REMOTE,
    REMOVE,
    ROOM_PLAY,
    ROOM_STOP,
    SECURE,
    SEND_DIGITS,
    SIT,
    STOP_PLAY,
    TAP,
    TAP_ROOM,
    TELL,
    UNTAP,
    VOICEBAND,
)
from gateway.plane.dtmf import digit_under_way
from gateway.plane.events import ACCEPTED, REFUSED, STOPPED, emit
from gateway.plane.framed import set_coders
from gateway.plane.interest import leave_epoll, listen_to, listen_to_reports
from gateway.plane.libc import load_acquire, memset, store_release
from gateway.plane.lifetime import add, join, own, remote, remove
from gateway.plane.parts import leave_part
from gateway.plane.player import beginning
from gateway.plane.rooms import (
    adopt_room,
    close,
    leave,
    open_room,
    play,
    release_room,
    sit,
    stop,
    tap,
    untap,
)
from gateway.plane.row_table import DIGITS
from gateway.plane.rows import end_sound, lose, part, replan, set_voiceband
from gateway.plane.secure import set_keys
from gateway.plane.table import ACTIVE, COMMANDS, FREE, LOST, Shared
from gateway.plane.words import COMMANDS_READ, COMMANDS_WRITTEN

__all__ = ["drain"]

_RATE: Final = 8000
_DETECTOR_SIZE: Final = DTMF_STATE.itemsize
_FAX_SIZE: Final = FAX_STATE.itemsize


@stage
def drain(t: Shared, now: int) -> None:
    """Carry out all commands that wait."""
    while True:
        read = t["control"][COMMANDS_READ]
        if read == load_acquire(word(t, COMMANDS_WRITTEN)):
            return
        command = command_at(t, read & (COMMANDS - 1))
        i = command["row"]
        error = _perform(t, command, i, now)
        if error != 0 and command["answer"] != NEVER:
            emit(t, REFUSED, i, command["generation"], command["serial"], error, command["op"], now)
        elif error == 0 and command["answer"] == ALWAYS:
            emit(t, ACCEPTED, i, command["generation"], command["serial"], 0, command["op"], now)
        store_release(word(t, COMMANDS_READ), read + 1)


@stage
def _perform(t: Shared, command: np.void, i: int, now: int) -> int:
    """Carry out one command; 0, or the errno that says why not."""
    op = command["op"]
    row = row_at(t, i)
    if op == ADD:
        return add(t, command, i, now)
    if op >= OPEN_ROOM:
        return _arrange(t, command, now)
    if row["state"] == FREE or row["generation"] != command["generation"]:
        return ESTALE
    if op == REMOVE:
        return remove(t, i, now)
    if row["state"] == LOST:
        return EIO
    if op == JOIN:
        return join(t, command, i)
    if op == PLAY or op == STOP_PLAY:
        return _play(t, command, i, now)
    if op == SEND_DIGITS:
        return _send_digits(t, command, i)
    if op == REMOTE:
        return remote(t, command, i, now)
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
        return ESTALE
    if releases:
        if row["state"] == ACTIVE:
            leave_epoll(t, i)
        leave_part(t, i)
        owners_of(t)[i] = -1
        return 0
    own(t, i)
    row["disarmed"] = 0
    if row["state"] == ACTIVE:
        error = listen_to(t, i)
        if error == 0:
            error = listen_to_reports(t, i)
        if error != 0:
            lose(t, i, error, now)
        replan(t, i)
    return 0


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
    return 0 if op == TELL else EINVAL


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
        return EINVAL
    replan(t, i)
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
        return EINVAL
    if row["digits_written"] - row["digits_read"] + count > DIGITS:
        return ENOSPC
    if row["digits_written"] == row["digits_read"] and not digit_under_way(t, i):
        row["digit_phase"] = 0
    digits = digit_queue_at(t, i)
    for k in range(count):
        place = (row["digits_written"] + k) & (DIGITS - 1)
        digits["codes"][place] = command["data"][k]
        digits["lengths"][place] = arguments[1] * row["clock"] // _RATE
        digits["gaps"][place] = arguments[2] * row["clock"] // _RATE
    row["digits_written"] += count
    replan(t, i)
    return 0
