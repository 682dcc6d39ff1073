"""A span's channels as programs have them through the DAHDI ABI: one for signalling, the others for calls.

The same code stands above the kernel and above the emulated span. `SignallingPort` gives whole frames of the D
channel and what the card reports; `BearerPort` is a channel that carries speech, whose descriptor the media plane
reads and writes, 160 octets (20 ms) at a time. Nothing here raises for what a line does.
"""

from __future__ import annotations

import errno
import select
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.codec import Encoding
from gateway.core.errors import Lost, OpenFailed
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Alarm, Event, Ioctl, SigType
from hardware.dahdi.opening import integer, open_channel, params_of, refusal, span_stat
from hardware.port import Backend, Handle

__all__ = ["BearerPort", "Frame", "Notice", "NoticeKind", "SignallingPort", "alarm_words"]

FRAME_BYTES: Final = 160
BUFFERS: Final = 4
"""Frames of speech that the device holds in each direction: enough to ride out 60 ms of a late media thread."""
SIGNALLING_BUFFERS: Final = 32
SIGNALLING_BLOCK: Final = 1024
"""As chan_dahdi has them; together they are all that DAHDI gives (32768 octets)."""
CHECK: Final = 2
"""Octets of the frame check sequence: read with a frame, and left free for the device in one that is written."""

_SIGNALLING: Final = frozenset({SigType.HDLCFCS, SigType.HARDHDLC})
_ENCODINGS: Final = {abi.Law.MULAW: Encoding.PCMU, abi.Law.ALAW: Encoding.PCMA}


_ALARM_WORDS: Final = (
    (Alarm.RED, "red alarm: nothing is received; look at the cable and at what is plugged in at its far end"),
    (Alarm.BLUE, "blue alarm: all ones are received; somebody on the way has lost the signal"),
    (Alarm.YELLOW, "yellow alarm: the far end says that it receives nothing of us; look at our transmit pair"),
    (Alarm.LOOPBACK, "the span is looped back"),
    (Alarm.NOTOPEN, "no channel of the span is open"),
    (Alarm.RECOVER, "recovering from an alarm"),
)


def alarm_words(alarms: Alarm) -> str:
    """Alarms as a sentence that says what to look at, the gravest first; "" for none."""
    return next((words for alarm, words in _ALARM_WORDS if alarm & alarms), "an alarm" if alarms else "")


class NoticeKind(Enum):
    """What a card reports of its span."""

    ALARM = "alarm"
    NO_ALARM = "no alarm"
    BAD_FRAME = "bad frame"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Notice:
    """A report.

    Attributes:
        kind: what.
        text: the same for people: which alarm, what was wrong with a frame.
    """

    kind: NoticeKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the D channel, without its check sequence."""

    data: bytes


_BAD_FRAMES: Final = {
    Event.ABORT: "a frame was aborted",
    Event.OVERRUN: "a frame was longer than the buffers",
    Event.BADFCS: "a frame had a wrong check sequence",
}


class SignallingPort:
    """An opened D channel.

    Args:
        backend: the kernel or an emulated span.
        number: channel number from 1, counted through all spans.

    Raises:
        Unavailable: no driver or no such channel.
        OpenFailed: it would not open, or is configured for something else than HDLC.
    """

    def __init__(self, backend: Backend, number: int) -> None:
        self.number = number
        self._handle = open_channel(backend, number)
        try:
            signalling = params_of(self._handle).sigtype
            if signalling not in _SIGNALLING:
                raise OpenFailed(
                    f"DAHDI channel {number} has signalling type {signalling:#x} and carries no signalling; "
                    f"give it dchan= or hardhdlc= in /etc/dahdi/system.conf"
                )
            _arrange(self._handle, SIGNALLING_BUFFERS, SIGNALLING_BLOCK)
        except OSError as error:
            self._handle.close()
            raise OpenFailed(refusal(number, error)) from error
        except OpenFailed:
            self._handle.close()
            raise

    def watched(self) -> list[tuple[int, int]]:
        """(descriptor, epoll mask) pairs, one of which is ready while `receive` has something to give."""
        descriptor, mask = self._handle.attention()
        frames = self._handle.fileno()
        if descriptor == frames:
            return [(descriptor, mask | select.EPOLLIN)]
        return [(descriptor, mask), (frames, select.EPOLLIN)]

    def receive(self) -> list[Frame | Notice]:
        """Every frame and report that waits, in order as far as the device tells it.

        Raises:
            Lost: the device does what none does.
        """
        found: list[Frame | Notice] = []
        for _ in range(abi.EVENT_QUEUE + SIGNALLING_BUFFERS):  # a device that never ends must not hold us
            try:
                data = self._handle.read(SIGNALLING_BLOCK)
            except OSError as error:
                if error.errno == errno.EAGAIN:
                    break
                if error.errno == abi.ELAST:
                    notice = self._event()
                    if notice is not None:
                        found.append(notice)
                        if notice.kind is NoticeKind.REMOVED:
                            break
                    continue
                if error.errno == errno.ENODEV:
                    found.append(Notice(NoticeKind.REMOVED, "the card has been removed"))
                    break
                raise Lost(refusal(self.number, error)) from error
            if not data:  # a card that has gone, seen through an emulated descriptor
                found.append(Notice(NoticeKind.REMOVED, "the card has been removed"))
                break
            found.append(Frame(data[:-CHECK]))
        return found

    def _event(self) -> Notice | None:
        argument = bytearray(4)
        try:
            self._handle.ioctl(Ioctl.GETEVENT, argument)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return Notice(NoticeKind.REMOVED, "the card has been removed")
            raise Lost(refusal(self.number, error)) from error
        number = structs.INT.parse(argument)
        match number:
            case Event.ALARM:
                return Notice(NoticeKind.ALARM, alarm_words(self.alarms()))
            case Event.NOALARM:
                return Notice(NoticeKind.NO_ALARM)
            case Event.REMOVED:
                return Notice(NoticeKind.REMOVED, "the card has been removed")
            case _ if number in _BAD_FRAMES:
                return Notice(NoticeKind.BAD_FRAME, _BAD_FRAMES[number])
        return None

    def send(self, frame: bytes) -> bool:
        """Send a frame; False where the device has no room for it, or has gone.

        Raises:
            Lost: the device does what none does.
        """
        try:
            self._handle.write(frame + bytes(CHECK))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENODEV, errno.EPIPE, abi.ELAST):
                return False
            raise Lost(refusal(self.number, error)) from error
        return True

    def alarms(self) -> Alarm:
        """The span's alarms now."""
        try:
            return Alarm(span_stat(self._handle).alarms)
        except OSError:
            return Alarm.RED

    def close(self) -> None:
        """Give the channel back."""
        self._handle.close()


class BearerPort:
    """An opened channel that carries speech.

    Args:
        backend: the kernel or an emulated span.
        number: channel number from 1, counted through all spans.

    Raises:
        Unavailable: no driver or no such channel.
        OpenFailed: it would not open, or is configured for something else.
    """

    encoding: Encoding

    def __init__(self, backend: Backend, number: int) -> None:
        self.number = number
        self._handle = open_channel(backend, number)
        try:
            params = params_of(self._handle)
            if params.sigtype != SigType.CLEAR:
                raise OpenFailed(
                    f"DAHDI channel {number} has signalling type {params.sigtype:#x} and carries no calls; "
                    f"give it bchan= in /etc/dahdi/system.conf"
                )
            self._handle.ioctl(Ioctl.AUDIOMODE, integer(1))
            _arrange(self._handle, BUFFERS, FRAME_BYTES)
            self.encoding = _ENCODINGS.get(params_of(self._handle).curlaw, Encoding.PCMA)
        except OSError as error:
            self._handle.close()
            raise OpenFailed(refusal(number, error)) from error
        except OpenFailed:
            self._handle.close()
            raise

    @property
    def descriptor(self) -> int:
        """Where the media plane reads and writes frames of 160 octets in `encoding`."""
        return self._handle.fileno()

    def cancel_echo(self, taps: int) -> bool:
        """Switch the channel's echo canceller on, or off with 0 taps; whether the card has one."""
        try:
            self._handle.ioctl(Ioctl.ECHOCANCEL, integer(taps))
            if taps:
                # A channel without a canceller takes that in silence (dahdi-base.c); this one it refuses.
                self._handle.ioctl(Ioctl.ECHOCANCEL_FAX_MODE, integer(0))
        except OSError:
            return False
        return True

    def flush(self) -> None:
        """Drop what waits in either direction, so that the next call hears nothing of the last one.

        Raises:
            Lost: the card has gone.
        """
        try:
            self._handle.ioctl(Ioctl.FLUSH, integer(abi.Flush.READ | abi.Flush.WRITE))
        except OSError as error:
            raise Lost(refusal(self.number, error)) from error

    def close(self) -> None:
        """Give the channel back; it is idle from then on."""
        self._handle.close()


def _arrange(handle: Handle, buffers: int, size: int) -> None:
    info = {
        "txbufpolicy": abi.BufferPolicy.IMMEDIATE,
        "rxbufpolicy": abi.BufferPolicy.IMMEDIATE,
        "numbufs": buffers,
        "bufsize": size,
        "readbufs": 0,
        "writebufs": 0,
    }
    handle.ioctl(Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(info)))
