"""Fax machines and gateways at work, in a thread that gives each of them 20 ms of time, again and again.

A machine or gateway hears a row of the media plane through a socket pair, as any device that carries frames does,
or packets of T.38 through a stream. Its modem and its file are worked in one thread beside the loop, so that
neither computing nor a slow disk keeps signalling waiting; stepped by hand there is no thread, and `step` is its
time. What it says of itself is told on the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from gateway.core.audio import Audio, Samples
from gateway.core.errors import CopperlineError, Exhausted, LocalError, Unavailable
from gateway.core.fax import FaxJob, FaxReport, Image
from gateway.fax import document
from gateway.fax.library import missing
from gateway.fax.machine import FRAME, AudioMachine, Machine, PacketMachine
from gateway.fax.relay import Relay
from gateway.net.audio import AudioDesk
from gateway.net.folder import within
from gateway.net.udptl import UdptlStream

__all__ = ["FaxDesk"]

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
SUFFIXES: Final = (".tif", ".tiff")
_SILENCE: Final = np.zeros(FRAME, np.int16)
_OCTETS: Final = 2 * FRAME


class _Ear:
    """The device's end of a row that carries frames."""

    def __init__(self, desk: AudioDesk, audio: Audio) -> None:
        self._row, self._ours = desk.pair()
        self._row.carry_voiceband(True)
        self._row.join(audio)
        for _ in range(AHEAD):
            self.say(_SILENCE)

    def hear(self) -> Samples:
        try:
            data = self._ours.recv(_OCTETS)
        except (BlockingIOError, ConnectionError):
            return _SILENCE
        return np.frombuffer(data, np.int16) if len(data) == _OCTETS else _SILENCE

    def say(self, samples: Samples) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._ours.send(samples.tobytes())

    def leave(self) -> None:
        """Take the row out; on the loop."""
        self._row.close()

    def close(self) -> None:
        """Close our end, once nobody works on it any more."""
        self._ours.close()


class _Errand:
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
        ear: _Ear | None,
        image: Image | None,
        told: Callable[[FaxReport], None] | None,
        post: Callable[..., None],
        spare: list[Path],
        over: Callable[[_Errand], None],
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


class _Passage:
    """Two T.38 streams that pass each other's packets on."""

    def __init__(self, one: Image, other: Image) -> None:
        self._ends = (one, other)
        one.listener = lambda number, packet: other.send(packet)
        other.listener = lambda number, packet: one.send(packet)

    def close(self) -> None:
        """Pass nothing on any more."""
        for image in self._ends:
            image.listener = None


class FaxDesk:
    """Implements `gateway.core.fax.FaxDesk` and `ImageFactory`.

    Args:
        loop: where what machines say is told.
        audio: gives rows and ports.
        folder: where documents are, and nowhere else.
        station, header: of the machines, where a job does not say them.
        limit: machines and gateways at work at a time.
        by_hand: without a thread; `step` gives them time.
    """

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        audio: AudioDesk,
        folder: Path,
        station: str = "",
        header: str = "",
        limit: int = 30,
        by_hand: bool = False,
    ) -> None:
        self._loop = loop
        self._audio = audio
        self._folder = folder.absolute()
        self._station = station
        self._header = header
        self._limit = limit
        self._by_hand = by_hand
        self._errands: set[_Errand] = set()
        self._streams = 0
        self._thread: _Turns | None = None
        self._working: list[_Errand] = []
        self._due: float | None = None

    @property
    def missing(self) -> str:
        """Why there are no machines; "" where there are."""
        return missing()

    @property
    def usage(self) -> int:
        """Machines, gateways and T.38 streams that are not closed yet."""
        return len(self._errands) + self._streams

    def image(self, address: str) -> UdptlStream:
        """Open a T.38 stream; see `ImageFactory`."""
        for port in self._audio.ports():
            try:
                stream = UdptlStream(self._loop, (address, port), self._stream_closed)
            except OSError as fault:
                if fault.errno == errno.EADDRINUSE:
                    continue
                raise Exhausted(f"no T.38 on {address}: {fault.strerror}") from fault
            self._streams += 1
            return stream
        raise Exhausted("all RTP ports are in use; make [sip] rtp_ports wider")

    def bridge(self, one: Image, other: Image | Audio) -> _Errand | _Passage:
        """Carry a fax; see `core.fax.FaxDesk`."""
        if not isinstance(other, Audio):
            return _Passage(one, other)
        self._make_room()
        theirs = one.theirs
        ear = _Ear(self._audio, other)
        return self._begin(lambda send: Relay(theirs=theirs, send=send), [], ear=ear, image=one, told=None)

    def begin(self, job: FaxJob, over: Image | Audio, told: Callable[[FaxReport], None]) -> _Errand:
        """Send or take a document; see `core.fax.FaxDesk`."""
        self._make_room()
        paths = self._paths(job)
        spare: list[Path] = []
        wished = job.options
        station, header = wished.station or self._station, wished.header or self._header
        how: dict[str, Any] = {"sends": job.sends, "options": replace(wished, station=station, header=header)}
        if isinstance(over, Audio):
            ear = _Ear(self._audio, over)
            return self._begin(
                lambda send: AudioMachine(_prepared(paths, job, spare), **how),
                spare,
                ear=ear,
                image=None,
                told=told,
            )
        return self._begin(
            lambda send: PacketMachine(_prepared(paths, job, spare), **how, theirs=over.theirs, send=send),
            spare,
            ear=None,
            image=over,
            told=told,
        )

    async def check(self, job: FaxJob) -> int:
        """Look whether a job can be done; see `core.fax.FaxDesk`."""
        if self.missing:
            raise Unavailable(self.missing)
        paths = self._paths(job)
        if not job.sends:
            return 0
        look = partial(sum, map(document.check, paths))
        return look() if self._by_hand else await asyncio.to_thread(look)

    def step(self, now: float) -> None:
        """By hand: give all of them the turns that are due by `now`."""
        self._due = now if self._due is None else max(self._due, now - BEHIND * TURN)
        while self._due <= now + 1e-9:
            working, self._working = self._working, []
            self._working = [errand for errand in working if errand.turn()] + self._working
            self._due += TURN

    def close(self) -> None:
        """End all machines and gateways; returns when their files are closed."""
        for errand in self._errands:
            errand.stop()
        if self._thread is not None:
            self._thread.finish()
            self._thread = None
        for errand in self._working:
            errand.turn()
        self._working = []

    # Inside.

    def _begin(
        self, make: Callable[[Callable[[bytes, int], None]], Machine | Relay], spare: list[Path], **how: Any
    ) -> _Errand:
        errand = _Errand(make, **how, spare=spare, post=self._post, over=self._errands.discard)
        self._errands.add(errand)
        if self._by_hand:
            self._working.append(errand)
        else:
            if self._thread is None:
                self._thread = _Turns()
            self._thread.add(errand)
        return errand

    def _make_room(self) -> None:
        if self.missing:
            raise Unavailable(self.missing)
        if len(self._errands) >= self._limit:
            raise Exhausted(f"{self._limit} faxes are under way, and no more may be (fax.at_once)")

    def _paths(self, job: FaxJob) -> list[Path]:
        if not job.files:
            raise LocalError("a fax needs the name of a file")
        return [within(self._folder, name, "fax", SUFFIXES) for name in job.files]

    def _post(self, call: Callable[..., None], *arguments: object) -> None:
        if self._by_hand:
            call(*arguments)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _stream_closed(self) -> None:
        self._streams -= 1


class _Turns:
    """The thread: a turn each 20 ms for all, as long as there are any."""

    def __init__(self) -> None:
        self._new: deque[_Errand] = deque()
        self._wake = threading.Event()
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="fax", daemon=True)
        self._thread.start()

    def add(self, errand: _Errand) -> None:
        self._new.append(errand)
        self._wake.set()

    def finish(self) -> None:
        """Work off what is stopped, and end."""
        self._finished = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        working: list[_Errand] = []
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


def _prepared(paths: list[Path], job: FaxJob, spare: list[Path]) -> Path:
    """The one file that a machine sends or writes; noted in `spare` where it is of no use afterwards."""
    if not job.sends:
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        return paths[0]
    if len(paths) == 1:
        document.check(paths[0])
        return paths[0]
    descriptor, name = tempfile.mkstemp(".tif", "fax-")
    os.close(descriptor)
    spare.append(Path(name))
    document.combine(paths, Path(name))
    return Path(name)
