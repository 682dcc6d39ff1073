"""One channel of an emulated span: a time slot that carries speech, 64 kbit/s of data or HDLC frames.

Above, `hardware.span.emulation.requests` calls it for ioctls; below, its octets are a slot of the cable's signal.
What it is follows from its signalling type, and on a clear channel from AUDIOMODE, HDLCRAWMODE and HDLCFCSMODE.
"""

from __future__ import annotations

import errno
from typing import Final

import numpy as np

from gateway.media import g711
from hardware.dahdi.abi import Alarm, Event, Law, SigType
from hardware.dahdi.emulation.coding import Coding
from hardware.dahdi.emulation.openable import OpenableChannel
from hardware.span.emulation.link import SpanLink
from hardware.span.hdlc import FrameFault

__all__ = ["CLEAR_IDLE", "SpanChannel"]

FRAME: Final = 160
CLEAR_IDLE: Final = b"\xff" * FRAME
"""What a channel sends that is clear and has nothing to send, and what a slot holds that nobody uses."""

_FAULTS: Final = {
    FrameFault.ABORT: Event.ABORT,
    FrameFault.BAD_FCS: Event.BADFCS,
    FrameFault.TOO_LONG: Event.OVERRUN,
}
_CHECKED: Final = frozenset({SigType.HDLCFCS, SigType.HARDHDLC})


class SpanChannel(OpenableChannel[SpanLink]):
    """One channel.

    Args:
        number: from 1; also its time slot.
        law: of the span.
        signalling: what it is configured for.
    """

    def __init__(self, number: int, law: Law, signalling: SigType) -> None:
        super().__init__(number, signalling, law, SpanLink)
        self.alarms = Alarm.NONE
        self.looped = False
        self.speaks = False

    # Open and close.

    def open(self) -> None:
        """Take the channel for one opener; see `OpenableChannel.open`."""
        super().open()
        self.looped = self.speaks = False
        if self.signalling in _CHECKED:
            self.frames.carry_frames(True)
        elif self.signalling is SigType.HDLCRAW:
            self.frames.carry_frames(True, checked=False)

    def configure(self, signalling: SigType, law: Law) -> None:
        """CHANCONFIG."""
        self.signalling, self.coding = signalling, Coding(law)

    # Requests.

    def set_speech(self, on: bool) -> None:
        """AUDIOMODE: speech in the span's law, with silence where there is nothing to say; or data."""
        self._only_clear()
        self.frames.carry_frames(False)
        self.speaks = on

    def set_frames(self, on: bool, *, checked: bool) -> None:
        """HDLCRAWMODE, HDLCFCSMODE."""
        self._only_clear()
        self.speaks = False
        self.frames.carry_frames(on, checked=checked)

    def _only_clear(self) -> None:
        if self.signalling is not SigType.CLEAR:
            raise OSError(errno.EINVAL, "only for clear channels")

    def set_linear(self, on: bool) -> None:
        """Have 16-bit samples at the descriptor, or octets of the law again; what waits there is dropped."""
        if not self.speaks:
            raise OSError(errno.EINVAL, "only for channels in audio mode")
        self.frames.flush_read()
        self.frames.flush_write()
        self.coding.linear = on
        self.frames.width = self.coding.width

    # The line.

    def tell_alarms(self, alarms: Alarm) -> None:
        """The span's alarms have changed (dahdi-base.c, dahdi_alarm_channel)."""
        if alarms != self.alarms:
            self.alarms = alarms
            self._tell(Event.ALARM if alarms else Event.NOALARM)

    def send(self) -> bytes | None:
        """The slot's next 20 ms; None for an idle one."""
        if self._opened is None:
            return None
        if self.frames.carries_frames:
            return self.frames.framed()
        coding = self.coding
        written = self.frames.take(coding.silence if self.speaks else b"\xff")
        if written is None or coding.muted:
            return coding.quiet * FRAME if self.speaks else CLEAR_IDLE
        if coding.linear:
            written = g711.encode(np.frombuffer(written, np.int16), coding.encoding)
        return written.translate(coding.sent)

    def receive(self, octets: bytes | None, sent: bytes | None) -> None:
        """Take in the slot's 20 ms, None for an idle one; `sent` are those that went out meanwhile."""
        if self._opened is None:
            return
        if self.looped:
            octets = sent
        frames, coding = self.frames, self.coding
        if frames.carries_frames:
            frames.deframe(octets)
            if not self.alarms:  # in an alarm there is nothing but faults (dahdi-base.c, __putbuf_chunk)
                for fault in frames.faults:
                    self._tell(_FAULTS[fault])
            frames.faults.clear()
        else:
            heard = (CLEAR_IDLE if octets is None else octets).translate(coding.received)
            frames.give(g711.decode(heard, coding.encoding).tobytes() if coding.linear else heard)
        self._tell_of_buffers(frames)
