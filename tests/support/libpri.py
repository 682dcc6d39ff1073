"""libpri, the ISDN of Asterisk, as the far side of a D channel: its C library, with frames handed over in memory.

Its timers run on the real clock. What is read of its events is the beginning of its structs (libpri.h of 1.4.15
to 1.6), as far as a test looks at it.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterator
from ctypes import CFUNCTYPE, Structure, c_char, c_char_p, c_int, c_void_p
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

__all__ = ["Kind", "LibPri", "Told"]

NETWORK: Final = 1
CPE: Final = 2
NI2: Final = 1
EUROISDN_E1: Final = 5
FCS: Final = bytes(2)
"""Its frames come and go with room for the check sequence, as DAHDI's do."""

_AUDIO: Final = 0x10
_A_LAW: Final = 0x23
_NATIONAL: Final = 0x21
_UNKNOWN: Final = 0x01


class Kind(IntEnum):
    """PRI_EVENT_…"""

    DCHAN_UP = 1
    DCHAN_DOWN = 2
    RESTART = 3
    CONFIG_ERROR = 4
    RING = 5
    HANGUP = 6
    RINGING = 7
    ANSWER = 8
    HANGUP_ACK = 9
    RESTART_ACK = 10
    FACILITY = 11
    INFO_RECEIVED = 12
    PROCEEDING = 13
    SETUP_ACK = 14
    HANGUP_REQ = 15
    NOTIFY = 16
    PROGRESS = 17
    KEYPAD = 18
    CONNECT_ACK = 27


class _Ring(Structure):
    _fields_ = [
        ("e", c_int),
        ("channel", c_int),
        ("callingpres", c_int),
        ("callingplanani", c_int),
        ("callingplan", c_int),
        ("callingani", c_char * 256),
        ("callingnum", c_char * 256),
        ("callingname", c_char * 256),
        ("calledplan", c_int),
        ("ani2", c_int),
        ("callednum", c_char * 256),
        ("redirectingnum", c_char * 256),
        ("redirectingname", c_char * 256),
        ("redirectingreason", c_int),
        ("callingplanrdnis", c_int),
        ("useruserinfo", c_char * 260),
        ("flexible", c_int),
        ("cref", c_int),
        ("ctype", c_int),
        ("layer1", c_int),
        ("complete", c_int),
        ("call", c_void_p),
    ]


class _Hangup(Structure):
    _fields_ = [("e", c_int), ("channel", c_int), ("cause", c_int), ("cref", c_int), ("call", c_void_p)]


class _Progress(Structure):
    """Of PROCEEDING and PROGRESS; RINGING and ANSWER begin alike."""

    _fields_ = [
        ("e", c_int),
        ("channel", c_int),
        ("cref", c_int),
        ("progress", c_int),
        ("progressmask", c_int),
        ("cause", c_int),
        ("call", c_void_p),
    ]


class _Restart(Structure):
    _fields_ = [("e", c_int), ("channel", c_int)]


_STRUCTS: Final[dict[int, type[Structure]]] = {
    Kind.RING: _Ring,
    Kind.INFO_RECEIVED: _Ring,
    Kind.HANGUP: _Hangup,
    Kind.HANGUP_REQ: _Hangup,
    Kind.HANGUP_ACK: _Hangup,
    Kind.PROCEEDING: _Progress,
    Kind.PROGRESS: _Progress,
}

_Callback = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)


@dataclass(frozen=True)
class Told:
    """One event: its kind, and what of its fields a test may look at."""

    kind: Kind
    fields: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None


class LibPri:
    """One end of a D channel.

    Args:
        network: it is the network's end.
        switch: NI2 or EUROISDN_E1.
    """

    def __init__(self, *, network: bool, switch: int = EUROISDN_E1) -> None:
        self._library = _load()
        self._incoming: deque[bytes] = deque()
        self._written: list[bytes] = []
        self._told: list[Told] = []
        self.complaints: list[str] = []
        self._reader, self._writer = _Callback(self._read), _Callback(self._write)
        self._complain = CFUNCTYPE(None, c_void_p, c_char_p)(
            lambda _, text: self.complaints.append(text.decode(errors="replace").strip())
        )
        self._library.pri_set_error(self._complain)
        self._library.pri_set_message(self._complain)
        self._pri = self._library.pri_new_cb(
            -1, NETWORK if network else CPE, switch, self._reader, self._writer, None
        )
        assert self._pri, "libpri did not start"

    def receive(self, frame: bytes) -> None:
        """A frame has come."""
        self._incoming.append(frame + FCS)
        while self._incoming:
            self._note(self._library.pri_check_event(self._pri))

    def outgoing(self) -> list[bytes]:
        """Frames to be sent."""
        written, self._written = self._written, []
        return written

    def run(self) -> None:
        """Let those of its timers run out that are due."""
        self._note(self._library.pri_schedule_run(self._pri))

    def tells(self) -> Iterator[Told]:
        """What it has told, taken one by one."""
        while self._told:
            yield self._told.pop(0)

    def allow_overlap(self) -> None:
        """Take calls whose digits follow."""
        self._library.pri_set_overlapdial(self._pri, 1)

    def calls(self, channel: int, called: str, caller: str, name: str = "", *, complete: bool = True) -> int:
        """Place a call; its handle."""
        library = self._library
        call = library.pri_new_call(self._pri)
        request = library.pri_sr_new()
        library.pri_sr_set_channel(request, channel, 0, 0)
        library.pri_sr_set_bearer(request, _AUDIO, _A_LAW)
        library.pri_sr_set_called(request, called.encode(), _UNKNOWN, int(complete))
        library.pri_sr_set_caller(request, caller.encode(), name.encode() or None, _NATIONAL, 0)
        assert library.pri_setup(self._pri, call, request) == 0
        library.pri_sr_free(request)
        return int(call)

    def does(self, what: str, call: int, *details: int) -> None:
        """`pri_WHAT(pri, call, ...)`: proceeding, acknowledge, answer, progress, hangup, information, setup_ack."""
        assert getattr(self._library, f"pri_{what}")(self._pri, call, *details) == 0, what

    def restarts(self, channel: int) -> None:
        """Send RESTART for a channel."""
        assert self._library.pri_reset(self._pri, channel) == 0

    def _read(self, pri: int, buffer: int, size: int) -> int:
        if not self._incoming:
            return 0
        frame = self._incoming.popleft()[:size]
        ctypes.memmove(buffer, frame, len(frame))
        return len(frame)

    def _write(self, pri: int, buffer: int, size: int) -> int:
        self._written.append(ctypes.string_at(buffer, size)[: -len(FCS)])
        return size

    def _note(self, event: int | None) -> None:
        if not event:
            return
        kind = Kind(c_int.from_address(event).value)
        found = _STRUCTS.get(kind, _Restart).from_address(event)
        fields = {name: getattr(found, name) for name, *_ in found._fields_}
        self._told.append(
            Told(
                kind, {key: value.decode() if isinstance(value, bytes) else value for key, value in fields.items()}
            )
        )


def _load() -> Any:
    library = ctypes.CDLL("libpri.so.1.4")
    for name, result, arguments in (
        ("pri_new_cb", c_void_p, (c_int, c_int, c_int, _Callback, _Callback, c_void_p)),
        ("pri_check_event", c_void_p, (c_void_p,)),
        ("pri_schedule_run", c_void_p, (c_void_p,)),
        ("pri_new_call", c_void_p, (c_void_p,)),
        ("pri_sr_new", c_void_p, ()),
        ("pri_sr_free", None, (c_void_p,)),
        ("pri_sr_set_channel", c_int, (c_void_p, c_int, c_int, c_int)),
        ("pri_sr_set_bearer", c_int, (c_void_p, c_int, c_int)),
        ("pri_sr_set_called", c_int, (c_void_p, c_char_p, c_int, c_int)),
        ("pri_sr_set_caller", c_int, (c_void_p, c_char_p, c_char_p, c_int, c_int)),
        ("pri_setup", c_int, (c_void_p, c_void_p, c_void_p)),
        ("pri_reset", c_int, (c_void_p, c_int)),
        ("pri_set_overlapdial", None, (c_void_p, c_int)),
        ("pri_proceeding", c_int, (c_void_p, c_void_p, c_int, c_int)),
        ("pri_acknowledge", c_int, (c_void_p, c_void_p, c_int, c_int)),
        ("pri_answer", c_int, (c_void_p, c_void_p, c_int, c_int)),
        ("pri_progress", c_int, (c_void_p, c_void_p, c_int, c_int)),
        ("pri_setup_ack", c_int, (c_void_p, c_void_p, c_int, c_int, c_int)),
        ("pri_information", c_int, (c_void_p, c_void_p, c_char)),
        ("pri_hangup", c_int, (c_void_p, c_void_p, c_int)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    for name in ("pri_set_error", "pri_set_message"):
        getattr(library, name).argtypes = (CFUNCTYPE(None, c_void_p, c_char_p),)
    return library
