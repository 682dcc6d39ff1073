"""One fax machine or gateway at work, 20 ms at a time, and the thread that gives such turns to all of them.

A machine or gateway hears a row of the media plane through a socket pair, as any device that carries frames does,
or packets of T.38 through a stream. Its modem and its file are worked in one thread beside the loop, so that
neither computing nor a slow disk keeps signalling waiting. What it says of itself is told on the loop.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from gateway.core.audio import Audio, Samples
from gateway.core.errors import CopperlineError
from gateway.core.fax import FaxReport, Image
from gateway.fax.machine import FRAME, AudioMachine, Machine, PacketMachine
from gateway.fax.relay import Relay
from gateway.net.audio import AudioDesk

__all__ = ["BEHIND", "TURN", "Ear", "Errand", "Turns"]

TURN: Final = 0.02
"""Seconds of a turn: a frame."""
BEHIND: Final = 25
"""Turns (half a second) that are made good after a stall; modems have lost each other by then."""
LOOK: Final = 10
"""Turns between two looks at how a machine is getting on."""
INBOX: Final = 1000
"""Packets that wait for a turn at most."""
AHEAD: Final = 2
"""Frames that are said before the first is heard: each is answered by one, so that none is ever missing."""
_SILENCE: Final = np.zeros(FRAME, np.int16)
_OCTETS: Final = 2 * FRAME


class Ear:
    """The device's end of a row that carries frames.

    Args:
        desk: gives the row.
        audio: whom it hears and is heard by, from now on.

    Raises:
        Exhausted: no row is free.
    """

    def __init__(self, desk: AudioDesk, audio: Audio) -> None:
        self._row, self._ours = desk.pair()
        self._row.carry_voiceband(True)
        self._row.join(audio)
        for _ in range(AHEAD):
            self.say(_SILENCE)

    def hear(self) -> Samples:
        """The next 20 ms; silence where they have not come."""
        try:
            data = self._ours.recv(_OCTETS)
        except (BlockingIOError, ConnectionError):
            return _SILENCE
        return np.frombuffer(data, np.int16) if len(data) == _OCTETS else _SILENCE

    def say(self, samples: Samples) -> None:
        """Say 20 ms."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._ours.send(samples.tobytes())

    def leave(self) -> None:
        """Take the row out; on the loop."""
        self._row.close()

    def close(self) -> None:
        """Close our end, once nobody works on it any more."""
        self._ours.close()


class Errand:
    """One machine or gateway. `turn` is called in the thread, all else on the loop.

    Args:
        make: makes it, given who takes its packets; called in the thread.
        ear: its audio, or None.
        image: its packets, or None.
        told: told how a machine is getting on.
        post: has something done on the loop.
        spare: files that are of no use afterwards.
        over: told on the loop when it is at an end, after everybody else.
    """

    def __init__(
        self,
        make: Callable[[Callable[[bytes, int], None]], Machine | Relay],
        *,
        ear: Ear | None,
        image: Image | None,
        told: Callable[[FaxReport], None] | None,
        post: Callable[..., None],
        spare: list[Path],
        over: Callable[[Errand], None],
    ) -> None:
        self._spare = spare
        self._make = make
        self._ear = ear
        self._image = image
        self._told = told
        self._post = post
        self._over = over
        self._worker: Machine | Relay | None = None
        self._inbox: deque[tuple[int, bytes]] = deque(maxlen=INBOX)
        self._stopped = False
        self._turns = 0
        self.report = FaxReport(image=image is not None)
        if image is not None:
            image.listener = lambda number, packet: self._inbox.append((number, packet))

    # On the loop.

    def stop(self) -> None:
        """End it; harmless when it is over."""
        self._stopped = True

    close = stop

    def _tell(self, report: FaxReport) -> None:
        self.report = report
        if self._told is not None:
            self._told(report)

    def _send(self, packet: bytes, times: int) -> None:
        if self._image is not None:
            self._image.send(packet, times)

    def _end(self, report: FaxReport) -> None:
        if self._image is not None:
            self._image.listener = None
        if self._ear is not None:
            self._ear.leave()
            self._ear.close()
        self._over(self)
        self._tell(report)

    # In the thread.

    def turn(self) -> bool:
        """20 ms; False when it is over."""
        fault = ""
        try:
            if self._worker is None:
                self._worker = self._make(partial(self._post, self._send))
            if not self._stopped and self._work(self._worker):
                return True
        except (CopperlineError, OSError) as error:
            fault = str(error)
        self._post(self._end, self._finished(fault))
        return False

    def _finished(self, fault: str) -> FaxReport:
        """Give back what the machine or gateway holds, its file included; how it went."""
        report = FaxReport(over=True, fault=fault, image=self._image is not None)
        if self._worker is not None:
            self._worker.close()
            if isinstance(self._worker, Machine) and not fault:
                report = self._worker.report
        for path in self._spare:
            path.unlink(missing_ok=True)
        return report

    def _work(self, worker: Machine | Relay) -> bool:
        if not isinstance(worker, AudioMachine):
            while self._inbox:
                worker.receive(*self._inbox.popleft())  # type: ignore[union-attr]  # of machines only this has no packets
        if isinstance(worker, PacketMachine):
            worker.work()
        elif self._ear is not None and isinstance(worker, AudioMachine | Relay):
            self._ear.say(worker.work(self._ear.hear()))
        self._turns += 1
        if self._turns % LOOK or isinstance(worker, Relay):
            return True
        report = worker.report
        if report.over:
            return False
        if report.pages != self.report.pages or report.bit_rate != self.report.bit_rate:
            self.report = report
            self._post(self._tell, report)
        return True


class Turns:
    """The thread: a turn each 20 ms for all, as long as there are any."""

    def __init__(self) -> None:
        self._new: deque[Errand] = deque()
        self._wake = threading.Event()
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="fax", daemon=True)
        self._thread.start()

    def add(self, errand: Errand) -> None:
        """Give turns to one more; on the loop."""
        self._new.append(errand)
        self._wake.set()

    def finish(self) -> None:
        """Work off what is stopped, and end."""
        self._finished = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        working: list[Errand] = []
        while True:
            if not working and not self._new:
                if self._finished:
                    return
                self._wake.wait()
                self._wake.clear()
                due = time.monotonic()
                continue
            while self._new:
                working.append(self._new.popleft())
            working = [errand for errand in working if errand.turn()]
            now = time.monotonic()
            due = max(due + TURN, now - BEHIND * TURN)
            if due > now:
                time.sleep(due - now)
