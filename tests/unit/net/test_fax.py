"""The fax desk: machines and gateways by hand and in its thread, what cannot be done, and what is left."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.core.codec import Encoding
from gateway.core.errors import CopperlineError, Exhausted, LocalError, Unavailable
from gateway.core.fax import T38, FaxJob, FaxReport
from gateway.fax import library
from gateway.net.audio import AudioDesk
from gateway.net.fax import FaxDesk
from gateway.testing.loop import ManualLoop
from tests.support.fax import document, needs_spandsp, same
from tests.support.limits import limited
from tests.unit.plane.conftest import Studio

pytestmark = pytest.mark.skipif(bool(needs_spandsp), reason=needs_spandsp)

TAKE, SEND = FaxJob(("in.tif",), sends=False), FaxJob(("out.tif",), sends=True)


class Room:
    """A desk, and a plane beside it."""

    def __init__(self, folder: Path, *, by_hand: bool = True, limit: int = 4) -> None:
        self.folder = folder
        self.studio = Studio()
        self.loop = ManualLoop()
        self.audio = AudioDesk(plane=self.studio.plane, ports=(43000, 43019))
        self.desk = FaxDesk(loop=self.loop, audio=self.audio, folder=folder, limit=limit, by_hand=by_hand)
        self.reports: dict[str, FaxReport] = {}

    def told(self, who: str) -> Callable[[FaxReport], None]:
        return lambda report: self.reports.__setitem__(who, report)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.studio.tick()
            self.desk.step(self.studio.now)
            self.loop.advance(0.02, 0.02)

    def until(self, condition: Callable[[], object], within: float = 120.0) -> None:
        for _ in range(round(within)):
            if condition():
                return
            self.run(1.0)
        raise AssertionError(f"not within {within} s: {self.reports}")

    def wait(self, condition: Callable[[], object]) -> None:
        """Give the thread the time that it needs."""
        patience = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < patience, self.reports
            time.sleep(0.005)
            self.studio.tick()
            self.loop.settle(1)

    def close(self) -> None:
        self.desk.close()
        self.loop.settle()
        self.studio.tick(2)
        assert self.desk.usage == 0
        self.studio.close()
        self.loop.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    before = len(os.listdir("/proc/self/fd"))
    made = Room(tmp_path)
    yield made
    made.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_two_machines_on_two_rows_exchange_a_document(room: Room) -> None:
    pages = document(room.folder / "out.tif", 2)
    one, other = (room.studio.device(Encoding.PCMA) for _ in range(2))
    # Whatever is written to one device is read from the other: a telephone line.
    sender = room.desk.begin(SEND, one[0], room.told("out"))
    taker = room.desk.begin(TAKE, other[0], room.told("in"))
    quiet = one[1].code(np.zeros(160, np.int16))
    to_one = to_other = quiet
    for _ in range(60 * 50):
        one[1].ours.send(to_one)
        other[1].ours.send(to_other)
        room.run(0.02)
        from_one, from_other = one[1].hear(), other[1].hear()
        to_other, to_one = (from_one or [quiet])[-1], (from_other or [quiet])[-1]
        if sender.report.over and taker.report.over:
            break
    assert [room.reports[who].fault for who in ("out", "in")] == ["", ""]
    assert room.reports["out"].in_file == room.reports["in"].pages == 2
    assert same(room.folder / "in.tif", pages)


def test_a_document_passes_between_two_streams(room: Room) -> None:
    pages = document(room.folder / "out.tif")
    ours, theirs = (room.desk.image("127.0.0.1") for _ in range(2))
    assert ours.port != theirs.port and room.desk.usage == 2
    ours.set_remote("127.0.0.1", theirs.port, T38())
    theirs.set_remote("127.0.0.1", ours.port, T38())
    room.desk.begin(SEND, ours, room.told("out"))
    room.desk.begin(TAKE, theirs, room.told("in"))
    room.until(lambda: all(report.over for report in room.reports.values()) and room.reports)
    assert room.reports["in"].fault == room.reports["out"].fault == "" and room.reports["in"].image
    assert same(room.folder / "in.tif", pages)
    ours.close()
    theirs.close()


def test_several_files_become_one_document_of_which_nothing_is_left(room: Room, tmp_path: Path) -> None:
    pages = document(room.folder / "one.tif") + document(room.folder / "two.tif", rows=100)
    ours, theirs = (room.desk.image("127.0.0.1") for _ in range(2))
    ours.set_remote("127.0.0.1", theirs.port, T38())
    theirs.set_remote("127.0.0.1", ours.port, T38())
    with pytest.MonkeyPatch.context() as patch:
        (tmp_path / "spare").mkdir()
        patch.setattr("tempfile.tempdir", str(tmp_path / "spare"))
        room.desk.begin(FaxJob(("one.tif", "two.tif"), sends=True), ours, room.told("out"))
        room.desk.begin(TAKE, theirs, room.told("in"))
        room.run(0.1)
        assert len(list((tmp_path / "spare").iterdir())) == 1
        room.until(lambda: all(report.over for report in room.reports.values()) and room.reports)
        assert list((tmp_path / "spare").iterdir()) == []
    assert same(room.folder / "in.tif", pages)
    ours.close()
    theirs.close()


@pytest.mark.parametrize("name", ["../in.tif", "/etc/in.tif", "in.txt", "", "in\n.tif", "x" * 300 + ".tif"])
def test_files_stay_within_their_folder(room: Room, name: str) -> None:
    row, _ = room.studio.device()
    for sends in (True, False):
        with pytest.raises(LocalError):
            room.desk.begin(FaxJob((name,), sends), row, room.told("x"))
        with pytest.raises(LocalError):
            asyncio.run(room.desk.check(FaxJob((name,), sends)))
    assert room.desk.usage == 0


def test_a_file_that_is_none_is_found_out_before_anybody_is_called(room: Room) -> None:
    (room.folder / "out.tif").write_text("no picture")
    with pytest.raises(LocalError, match="cannot be read as TIFF"):
        asyncio.run(room.desk.check(SEND))
    document(room.folder / "out.tif", 3)
    assert asyncio.run(room.desk.check(SEND)) == 3
    assert asyncio.run(room.desk.check(TAKE)) == 0


def test_a_file_that_goes_meanwhile_ends_the_machine_with_the_reason(room: Room) -> None:
    row, _ = room.studio.device()
    room.desk.begin(SEND, row, room.told("out"))
    room.run(0.1)
    assert "cannot be read" in room.reports["out"].fault and room.reports["out"].over
    assert room.desk.usage == 0


def test_on_a_full_disk_no_page_is_acknowledged(room: Room) -> None:
    """The limit on the size of files stands for the disk."""
    document(room.folder / "out.tif", 2, rows=1500)
    ours, theirs = (room.desk.image("127.0.0.1") for _ in range(2))
    ours.set_remote("127.0.0.1", theirs.port, T38())
    theirs.set_remote("127.0.0.1", ours.port, T38())
    room.desk.begin(SEND, ours, room.told("out"))
    room.desk.begin(TAKE, theirs, room.told("in"))
    with limited(resource.RLIMIT_FSIZE, 2000):
        room.until(lambda: room.reports.get("out", FaxReport()).over, within=400)
        room.until(lambda: room.reports.get("in", FaxReport()).over, within=400)
    assert "is the disk full?" in room.reports["in"].fault and room.reports["in"].pages == 0
    assert room.reports["out"].fault and room.reports["out"].pages == 0, "nothing was acknowledged"
    ours.close()
    theirs.close()


def test_there_are_only_so_many_at_once(room: Room) -> None:
    machines = [room.desk.begin(TAKE, room.studio.device()[0], room.told("in")) for _ in range(4)]
    with pytest.raises(Exhausted, match=r"fax\.at_once"):
        room.desk.begin(TAKE, room.studio.device()[0], room.told("in"))
    stream = room.desk.image("127.0.0.1")
    with pytest.raises(Exhausted):
        room.desk.bridge(stream, room.studio.device()[0])
    passage = room.desk.bridge(stream, other := room.desk.image("127.0.0.1"))  # which takes no modem
    passage.close()
    assert stream.listener is None and other.listener is None
    machines[0].stop()
    room.run(0.1)
    room.desk.begin(TAKE, room.studio.device()[0], room.told("in"))
    stream.close()
    other.close()


def test_ports_run_out_and_come_back(room: Room) -> None:
    streams = [room.desk.image("127.0.0.1") for _ in range(10)]
    with pytest.raises(Exhausted, match="rtp_ports"):
        room.desk.image("127.0.0.1")
    streams.pop().close()
    streams.append(room.desk.image("127.0.0.1"))
    for stream in streams:
        stream.close()
    with pytest.raises(CopperlineError):
        room.desk.image("192.0.2.77")


def test_without_the_library_there_are_streams_and_no_machines(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = room.desk.image("127.0.0.1")
    library.spandsp.cache_clear()
    monkeypatch.setattr(library, "LIBRARY", "libnothing.so.2")
    try:
        assert "apt-get install libspandsp2" in room.desk.missing
        for begin in (
            lambda: room.desk.begin(TAKE, room.studio.device()[0], room.told("in")),
            lambda: room.desk.bridge(stream, room.studio.device()[0]),
        ):
            with pytest.raises(Unavailable, match="libspandsp2"):
                begin()
        with pytest.raises(Unavailable):
            asyncio.run(room.desk.check(TAKE))
    finally:
        library.spandsp.cache_clear()
    stream.close()


def test_in_its_thread_machines_begin_tell_and_end(tmp_path: Path) -> None:
    room = Room(tmp_path, by_hand=False)
    try:
        document(tmp_path / "out.tif")
        streams = [room.desk.image("127.0.0.1") for _ in range(2)]
        streams[0].set_remote("127.0.0.1", streams[1].port, T38())
        streams[1].set_remote("127.0.0.1", streams[0].port, T38())
        taker = room.desk.begin(TAKE, streams[0], room.told("in"))
        gateway = room.desk.bridge(streams[1], room.studio.device()[0])
        row, _ = room.studio.device()
        room.desk.begin(FaxJob(("missing.tif",), sends=True), row, room.told("bad"))
        room.wait(lambda: room.reports.get("bad", FaxReport()).over)
        assert "missing.tif cannot be read" in room.reports["bad"].fault
        assert not taker.report.over
        taker.stop()
        gateway.close()
        room.wait(lambda: room.reports.get("in", FaxReport()).over and room.desk.usage == 2)
        assert room.reports["in"].fault == "The call dropped prematurely"
        for stream in streams:
            stream.close()
        room.desk.begin(TAKE, row, room.told("last"))  # which is under way when the office stops
    finally:
        room.close()
    assert room.reports["last"].over
