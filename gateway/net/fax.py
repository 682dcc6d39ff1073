"""The fax desk: machines that send and take documents, gateways between T.38 and audio, and T.38 streams.

They work in a thread of their own (`fax_work`); stepped by hand there is no thread, and `step` is their time.
"""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from gateway.core.audio import Audio
from gateway.core.errors import Exhausted, LocalError, Unavailable
from gateway.core.fax import FaxJob, FaxReport, Image
from gateway.fax import document
from gateway.fax.library import missing
from gateway.fax.machine import AudioMachine, Machine, PacketMachine
from gateway.fax.relay import Relay
from gateway.net.audio import AudioDesk
from gateway.net.fax_work import BEHIND, TURN, Ear, Errand, Turns
from gateway.net.folder import within
from gateway.net.udptl import UdptlStream

__all__ = ["FaxDesk"]

SUFFIXES: Final = (".tif", ".tiff")


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
        self._errands: set[Errand] = set()
        self._streams = 0
        self._thread: Turns | None = None
        self._working: list[Errand] = []
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

    def bridge(self, one: Image, other: Image | Audio) -> Errand | _Passage:
        """Carry a fax; see `core.fax.FaxDesk`."""
        if not isinstance(other, Audio):
            return _Passage(one, other)
        self._make_room()
        theirs = one.theirs
        ear = Ear(self._audio, other)
        return self._begin(lambda send: Relay(theirs=theirs, send=send), [], ear=ear, image=one, told=None)

    def begin(self, job: FaxJob, over: Image | Audio, told: Callable[[FaxReport], None]) -> Errand:
        """Send or take a document; see `core.fax.FaxDesk`."""
        self._make_room()
        paths = self._paths(job)
        spare: list[Path] = []
        wished = job.options
        station, header = wished.station or self._station, wished.header or self._header
        how: dict[str, Any] = {"sends": job.sends, "options": replace(wished, station=station, header=header)}
        if isinstance(over, Audio):
            ear = Ear(self._audio, over)
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
    ) -> Errand:
        errand = Errand(make, **how, spare=spare, post=self._post, over=self._errands.discard)
        self._errands.add(errand)
        if self._by_hand:
            self._working.append(errand)
        else:
            if self._thread is None:
                self._thread = Turns()
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
