"""A row begins, learns who its peer is and how it codes, is joined to another one, and goes.

A row that is removed leaves epoll first, then says REMOVED; only then may its descriptor be closed.
"""

from __future__ import annotations

from errno import EBUSY, EINVAL, ESTALE
from typing import Final

import numpy as np

from gateway.media.compiled import stage
from gateway.plane.access import owners_of, queue_at, row_at
from gateway.plane.commands import SECOND_ADDRESS, VIA
from gateway.plane.events import REMOVED, SOUND_LOST, emit
from gateway.plane.framed import forget_coders
from gateway.plane.interest import leave_epoll, listen_to, listen_to_reports
from gateway.plane.keeper import forget_codings
from gateway.plane.libc import memset
from gateway.plane.peer import forget_peer
from gateway.plane.reports import say_goodbye
from gateway.plane.rooms import leave_all
from gateway.plane.row_table import NAME, ROW
from gateway.plane.rows import end_sounds, forget, number_anew, part, replan, set_voiceband
from gateway.plane.table import ACTIVE, FRAME, FREE, RTP, UNHEARD, Shared
from gateway.plane.words import HIGH

__all__ = ["add", "join", "own", "remote", "remove"]

_ROW_SIZE: Final = ROW.itemsize
_RATE: Final = 8000


@stage
def own(t: Shared, i: int) -> None:
    """This loop works row `i` from now on."""
    owners_of(t)[i] = t["worker"]
    t["control"][HIGH] = max(t["control"][HIGH], i + 1)


@stage
def add(t: Shared, command: np.void, i: int, now: int) -> int:
    """Begin row `i`; 0 or errno. Arguments: see commands.ADD."""
    row = row_at(t, i)
    if row["state"] != FREE:
        return EBUSY
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
    row["first_tap"] = -1
    row["payload_type"] = -1
    row["event_type"] = -1
    row["payload_in"] = -1
    row["event_in"] = -1
    row["noise_type"] = -1
    row["noise_in"] = -1
    row["clock"] = _RATE
    row["rate"] = _RATE
    row["ptime"] = FRAME
    row["source_sequence"] = -1
    row["event_code"] = -1
    row["event_last"] = -1
    row["heard_at"] = now
    row["sent_at"] = now
    row["gauged_at"] = now
    # An RTP row is not expected to hear anything before it has a peer.
    row["silent"] = UNHEARD if arguments[0] == RTP else 0
    forget(t, i)
    _count_anew(t, i)
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
        error = listen_to_reports(t, i)
    if error != 0:
        return error
    row["state"] = ACTIVE
    own(t, i)
    replan(t, i)
    return 0


@stage
def _count_anew(t: Shared, i: int) -> None:
    """Nothing of the row that had this place before is told of this one."""
    queue = queue_at(t, i)
    queue["late"] = 0
    queue["concealed"] = 0
    queue["fitted"] = 0


@stage
def remove(t: Shared, i: int, now: int) -> int:
    """End row `i`, whatever it is doing; 0."""
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
def remote(t: Shared, command: np.void, i: int, now: int) -> int:
    """Let row `i` know its peer, and how both code; 0 or errno. Arguments: see commands.REMOTE."""
    row = row_at(t, i)
    arguments = command["arguments"]
    if row["kind"] != RTP:
        return EINVAL
    _set_coding(t, command, i)
    if row["sending"] == 0:  # it was held
        number_anew(t, i)
    row["sending"] = arguments[3]
    row["rtcp_mux"] = arguments[6]
    row["strict"] = arguments[7]
    for k in range(arguments[5]):
        row["via"][k] = command["data"][VIA + k]
    # Who the peer is stays as it was where nothing else was signalled: a refresh of a session must neither break a
    # path through NAT nor open it to strangers.
    row["left"] = 1
    if arguments[4] == 0:
        forget_peer(t, i)
        row["remote_length"] = arguments[5]
        row["rtcp_remote_length"] = arguments[5] if command["data"][SECOND_ADDRESS] != 0 else 0
        for k in range(arguments[5]):
            row["remote"][k] = command["data"][k]
            row["signalled"][k] = command["data"][k]
            row["rtcp_remote"][k] = command["data"][SECOND_ADDRESS + k]
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
    row["noise_type"] = arguments[13]
    row["noise_in"] = arguments[14]
    row["hushed"] = 0
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
def join(t: Shared, command: np.void, i: int) -> int:
    """Connect row `i` with another one both ways; 0 or errno. Arguments: see commands.JOIN."""
    peer = command["arguments"][0]
    if peer == i:
        return EINVAL
    if row_at(t, peer)["state"] != ACTIVE or row_at(t, peer)["generation"] != command["arguments"][1]:
        return ESTALE
    if row_at(t, i)["peer"] == peer:
        return 0
    part(t, i)
    part(t, peer)
    row_at(t, i)["peer"] = peer
    row_at(t, peer)["peer"] = i
    replan(t, i)
    replan(t, peer)
    return 0
