"""What the loop tells control: events in a ring, and the eventfd that says that some wait.

The ring never blocks the loop. Half of it is for what control was promised (answers, ends of sounds, rows removed
or lost): control never lets more promises stand than fit there, so those are never dropped. Everything else
(digits, silence) is dropped, and counted, once the other half is used.
"""

from __future__ import annotations

from typing import Final

from gateway.media.compiled import stage
from gateway.plane.access import event_at, word
from gateway.plane.libc import load_acquire, store_release, write
from gateway.plane.table import Shared
from gateway.plane.words import DROPPED, EVENT_SIGNAL, EVENTS_READ, EVENTS_WRITTEN, UNSIGNALLED

__all__ = [
    "ACCEPTED",
    "CEASED",
    "DIGIT",
    "FAX_HEARD",
    "PLAYED",
    "REFUSED",
    "REMOVED",
    "ROW_LOST",
    "SILENT",
    "SOUND_ENDED",
    "SOUND_LOST",
    "SPEAKER",
    "STOPPED",
    "TALKING",
    "emit",
    "signal",
]

# Kinds. Promised ones first.
ACCEPTED: Final = 1  # a command was carried out; extra: which
REFUSED: Final = 2  # it was not; value: why, an errno; extra: which
REMOVED: Final = 3  # the row has left epoll; its descriptor may be closed
SOUND_ENDED: Final = 4  # serial: the play command's; value: how
ROW_LOST: Final = 5  # its descriptor failed; value: errno, ELOOP where far too much came in
DIGIT: Final = 6  # value: ASCII, "!" for a flash; extra: samples; serial: 1 where it came as an event
SILENT: Final = 7  # value: ns without anything
FAX_HEARD: Final = 10  # value: which (fax_tone.py)
CEASED: Final = 11  # value: ns without audio; extra: without reports, or -1; serial: 1 after ICMP said no
TALKING: Final = 8  # value: 1 it has begun to talk, 0 it has ended; extra: in which room
SPEAKER: Final = 9  # it speaks loudest now; extra: in which room

# How a sound ended.
PLAYED: Final = 0
STOPPED: Final = 1
SOUND_LOST: Final = 2


@stage
def emit(t: Shared, kind: int, row: int, generation: int, serial: int, value: int, extra: int, now: int) -> None:
    """Put an event into the ring."""
    size = t["event_count"]
    written = t["control"][EVENTS_WRITTEN]
    used = written - load_acquire(word(t, EVENTS_READ))
    if used >= (size // 2 if kind >= DIGIT else size):
        t["control"][DROPPED] += 1
        return
    event = event_at(t, written & (size - 1))
    event["kind"] = kind
    event["row"] = row
    event["generation"] = generation
    event["serial"] = serial
    event["value"] = value
    event["extra"] = extra
    event["at"] = now
    store_release(word(t, EVENTS_WRITTEN), written + 1)
    t["control"][UNSIGNALLED] += 1


@stage
def signal(t: Shared) -> None:
    """Tell control, once for all events since the last time."""
    if t["control"][UNSIGNALLED] == 0:
        return
    t["control"][UNSIGNALLED] = 0
    t["clock"][2] = 1
    write(t["control"][EVENT_SIGNAL], t["clock"].ctypes.data + 16, 8)
