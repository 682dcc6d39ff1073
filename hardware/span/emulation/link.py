"""The descriptor of an opened channel of a span: octets of speech or data as on an analogue channel, or frames.

As frames, one write is one frame and one read is one frame, the two octets of its check sequence at the end: those
written are a place for it, those read are it (dahdi-base.c, __dahdi_getbuf_chunk and __putbuf_chunk).
"""

from __future__ import annotations

from typing import Final

from hardware.dahdi.abi import BufferPolicy
from hardware.dahdi.emulation.frames import FrameLink
from hardware.span.hdlc import SHORTEST, Deframer, FrameFault, Framer, check_sequence

__all__ = ["SpanLink"]

_AHEAD: Final = 160
"""Octets that are framed before their time: what waits beyond them fills the buffers, as it should."""


class SpanLink(FrameLink):
    """Both ends of the descriptor.

    Attributes:
        faults: of frames that were received since last asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[FrameFault] = []
        self._framer: Framer | None = None
        self._deframer: Deframer | None = None
        self._checked = False
        self._waiting: list[bytes] = []
        self._started = False

    def carry_frames(self, on: bool, *, checked: bool = True) -> None:
        """Carry frames from now on, or octets again; all that waits is dropped.

        Args:
            checked: with a frame check sequence.
        """
        self.flush_read()
        self.flush_write()
        self._checked = checked
        self._framer = Framer(checked=checked) if on else None
        self._deframer = Deframer(checked=checked, longest=self.block) if on else None

    @property
    def carries_frames(self) -> bool:
        """Whether frames pass and not octets."""
        return self._framer is not None

    def arrange(self, block: int, buffers: int, policy: BufferPolicy) -> None:
        """Have buffers of another size, number and policy, all empty."""
        super().arrange(block, buffers, policy)
        if self._deframer is not None:
            self._deframer.longest = block

    @property
    def all_sent(self) -> bool:
        """Whether nothing that was written waits to be sent."""
        if self._framer is None:
            return super().all_sent
        self._collect()
        return not self._waiting and not self._framer.backlog

    def flush_write(self) -> None:
        """Drop what has been written and not sent yet; a frame under way is aborted."""
        if self._framer is None:
            super().flush_write()
            return
        self._collect()
        self._waiting.clear()
        self._started = False
        self._framer.clear()

    def send_at_once(self) -> None:
        """Wait for no further buffer (IOMUX WRITEEMPTY)."""
        super().send_at_once()
        self._started = True

    def framed(self) -> bytes | None:
        """The slot's next 20 ms; None for flags and nothing else."""
        assert self._framer is not None
        while self._framer.backlog < _AHEAD and self._next():
            pass
        if not self._waiting and not self._framer.backlog:
            self._started = False
        return self._framer.take()

    def deframe(self, octets: bytes | None) -> None:
        """Take in the slot's 20 ms, None for flags; what ends in them is handed up."""
        assert self._deframer is not None
        for found in self._deframer.feed(octets):
            if isinstance(found, FrameFault):
                self.faults.append(found)
            else:
                self._fill(found + check_sequence(found) if self._checked else found)

    def _next(self) -> bool:
        """Frame the next buffer, if it may be sent; whether there was one."""
        assert self._framer is not None
        self._collect()
        if not self._waiting:
            return False
        needed = {BufferPolicy.IMMEDIATE: 1, BufferPolicy.HALF_FULL: self.buffers // 2}.get(
            self.policy, self.buffers
        )
        if not (self._started or len(self._waiting) >= needed):
            return False
        self._started = True
        frame = self._waiting.pop(0)
        self._framer.put(frame[:-SHORTEST] if self._checked else frame)
        return True

    def _collect(self) -> None:
        """Take in what was written, as many frames as there are buffers."""
        while len(self._waiting) < self.buffers:
            frame = self._written()
            if not frame:
                return
            if len(frame) > (SHORTEST if self._checked else 0):
                self._waiting.append(frame[: self.block])  # a write fills one buffer and no more
