"""Tones and digits that the kernel itself puts on a line: SENDTONE and DIAL.

In come samples to play and dial strings; out go frames of 160 samples, dial pulses, and DIALCOMPLETE. Source:
dahdi-base.c, __do_dtmf and dahdi_chan_ioctl DIAL. Multi-frequency signalling (R1, R2) is refused with EINVAL: no
analogue line of this system is dialled so.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from hardware.agenda import Agenda, Appointment
from hardware.dahdi import abi
from hardware.dahdi.abi import DialOp, Event

__all__ = ["Dialler", "Generator"]

FRAME: Final = 160
PAUSE_MS: Final = 500
"""Milliseconds of a "W"."""
MAX_QUEUE: Final = 255

_KEYS: Final = frozenset("0123456789*#ABCD")
_MODES: Final = frozenset("TP")
_MULTI_FREQUENCY: Final = frozenset("MOR")


class Generator:
    """Plays samples toward the line, a frame at a time."""

    def __init__(self) -> None:
        self._samples: Samples = np.zeros(0, np.int16)
        self._position = 0
        self._loop_from: int | None = None

    def play(self, samples: Samples, loop_from: int | None = None) -> None:
        """Play `samples` in place of what was played; at their end go on at `loop_from`, or be silent."""
        self._samples, self._position, self._loop_from = samples, 0, loop_from

    def stop(self) -> None:
        """Be silent."""
        self.play(np.zeros(0, np.int16))

    def frame(self) -> Samples | None:
        """The next 160 samples, or None where there is nothing to play."""
        if self._position >= len(self._samples):
            return None
        frame = np.zeros(FRAME, np.int16)
        filled = 0
        while filled < FRAME and self._position < len(self._samples):
            part = self._samples[self._position : self._position + FRAME - filled]
            frame[filled : filled + len(part)] = part
            filled += len(part)
            self._position += len(part)
            if self._position >= len(self._samples) and self._loop_from is not None:
                self._position = self._loop_from
        return frame


class Dialler:
    """Dials strings, one character after the other.

    Args:
        agenda: the card's agenda.
        timing: the timing fields of the channel's parameters, in milliseconds.
        play: plays samples toward the line.
        tone: the samples of one DTMF key, `abi.DIGIT_MS` long.
        loop: closes (True) or opens the loop for a dial pulse; does nothing where the line is on-hook.
        tell: queues an event.
    """

    def __init__(
        self,
        *,
        agenda: Agenda,
        timing: Mapping[str, int],
        play: Callable[[Samples], None],
        tone: Callable[[str], Samples],
        loop: Callable[[bool], None],
        tell: Callable[[Event], None],
    ) -> None:
        self._agenda = agenda
        self._timing = timing
        self._play = play
        self._tone = tone
        self._loop = loop
        self._tell = tell
        self._queue: deque[str] = deque()
        self._pulse_mode = False
        self._step: Appointment | None = None
        self._broken = False

    @property
    def dialling(self) -> bool:
        """Whether a string is being dialled."""
        return self._step is not None

    def dial(self, op: int, digits: str) -> None:
        """Carry out a DIAL request.

        Raises:
            OSError: EINVAL unknown operation or signalling, EBUSY too much is queued.
        """
        if op == DialOp.CANCEL:
            self.cancel()
            return
        wanted = digits.upper()
        if op not in (DialOp.APPEND, DialOp.REPLACE) or _MULTI_FREQUENCY & set(wanted):
            raise OSError(errno.EINVAL, "no such dial operation or signalling")
        if op == DialOp.REPLACE:
            self.cancel()
        if len(self._queue) + len(wanted) >= MAX_QUEUE:
            raise OSError(errno.EBUSY, "dial buffer full")
        self._queue.extend(wanted)
        if not self.dialling:
            self._next()

    def cancel(self) -> None:
        """Stop dialling and forget the rest; nothing is told of it."""
        if self._step is not None:
            self._step.cancel()
            self._step = None
        self._queue.clear()
        if self._broken:
            self._broken = False
            self._loop(True)

    def reset(self) -> None:
        """Stop, and dial DTMF again, as after open."""
        self.cancel()
        self._pulse_mode = False

    def _next(self) -> None:
        while self._queue:
            key = self._queue.popleft()
            if key in _MODES:
                self._pulse_mode = key == "P"
            elif key == "W":
                self._wait(PAUSE_MS, self._next)
                return
            elif self._pulse_mode and key.isdigit():
                self._break(int(key) or 10)
                return
            elif not self._pulse_mode and key in _KEYS:
                self._play(self._tone(key))
                self._wait(2 * abi.DIGIT_MS, self._next)
                return
        self._step = None
        self._tell(Event.DIALCOMPLETE)

    def _break(self, pulses: int) -> None:
        self._broken = True
        self._loop(False)
        self._wait(self._timing["pulsebreaktime"], lambda: self._make(pulses - 1))

    def _make(self, left: int) -> None:
        self._broken = False
        self._loop(True)
        if left:
            self._wait(self._timing["pulsemaketime"], lambda: self._break(left))
        else:
            self._wait(self._timing["pulseaftertime"], self._next)

    def _wait(self, ms: int, then: Callable[[], None]) -> None:
        self._step = self._agenda.after(ms, then)
