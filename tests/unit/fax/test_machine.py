"""Fax machines and gateways: a document goes out and comes in dot by dot (T.30, T.38), or its failure is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.core.fax import T38, Correction, FaxOptions
from gateway.fax.document import check, combine
from gateway.fax.library import spandsp
from gateway.fax.machine import AudioMachine, Machine, PacketMachine
from gateway.fax.relay import Relay
from gateway.media import g711
from tests.support.fax import (
    Line,
    Network,
    audio_machines,
    document,
    needs_spandsp,
    packet_machines,
    page,
    read_pages,
    same,
    write_pages,
)

pytestmark = pytest.mark.skipif(bool(needs_spandsp), reason=needs_spandsp)

OPTIONS = FaxOptions(station="2565551100", header="Copperline")
PLAIN = FaxOptions(station="2565551100")
MINUTES = 5 * 60 * 50
"""Frames after which a fax of a test is stuck."""


def until_over(work: Callable[[], None], *machines: Machine) -> float:
    """Let time pass until all are done; the seconds it took."""
    for frame in range(MINUTES):
        if frame % 25 == 0 and all(machine.report.over for machine in machines):
            return frame * 0.02
        work()
    raise AssertionError(f"not over: {[machine.report for machine in machines]}")


def law(work: Callable[[Samples], Samples], encoding: Encoding) -> Callable[[Samples], Samples]:
    """A machine at the end of a G.711 line."""
    return lambda heard: g711.decode(g711.encode(work(heard), encoding), encoding)


@pytest.mark.parametrize("encoding", [Encoding.PCMU, Encoding.PCMA])
def test_a_document_crosses_a_g711_line(tmp_path: Path, encoding: Encoding) -> None:
    pages = document(tmp_path / "out.tif", 2)
    sender, taker = audio_machines(tmp_path / "out.tif", tmp_path / "in.tif", PLAIN)
    line = Line(law(sender.work, encoding), law(taker.work, encoding))
    until_over(line.work, sender, taker)
    for machine in (sender, taker):
        report = machine.report
        assert (report.fault, report.pages, report.bit_rate, report.ecm) == ("", 2, 14400, True)
        assert (report.resolution, report.remote) == ("204x196", "2565551100")
        machine.close()
    assert same(tmp_path / "in.tif", pages)


@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC])
@pytest.mark.parametrize("ecm", [True, False])
def test_a_document_crosses_a_network_that_loses_5_percent(
    tmp_path: Path, correction: Correction, ecm: bool
) -> None:
    pages = document(tmp_path / "out.tif", 2)
    network = Network(0.05, correction)
    options = FaxOptions(station="6001", ecm=ecm)
    sender, taker = packet_machines(tmp_path / "out.tif", tmp_path / "in.tif", network, options)

    def work() -> None:
        sender.work()
        taker.work()
        network.carry(sender, taker)

    until_over(work, sender, taker)
    assert [machine.report.fault for machine in (sender, taker)] == ["", ""]
    assert taker.report.image and taker.report.ecm is ecm
    assert sum(receiver.recovered for receiver in network.receivers) > 10
    for machine in (sender, taker):
        machine.close()
    assert same(tmp_path / "in.tif", pages)


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_a_document_crosses_two_gateways(tmp_path: Path, loss: float) -> None:
    """Telephone line, T.38, telephone line: what an ATA and a gateway do."""
    pages = document(tmp_path / "out.tif", 2)
    sender, taker = audio_machines(tmp_path / "out.tif", tmp_path / "in.tif", PLAIN)
    network = Network(loss)
    near, far = (Relay(theirs=network.theirs, send=network.sends(side)) for side in range(2))
    one, other = Line(sender.work, near.work), Line(taker.work, far.work)

    def work() -> None:
        one.work()
        other.work()
        network.carry(near, far)

    until_over(work, sender, taker)
    assert [machine.report.fault for machine in (sender, taker)] == ["", ""]
    assert near.pages == far.pages == 2
    for held in (sender, taker, near, far):
        held.close()
    assert same(tmp_path / "in.tif", pages)


def test_slow_modems_alone(tmp_path: Path) -> None:
    pages = document(tmp_path / "out.tif", rows=100)
    options = FaxOptions(modems=("V27", "V29"), highest=4800)
    sender, taker = audio_machines(tmp_path / "out.tif", tmp_path / "in.tif", options)
    until_over(Line(sender.work, taker.work).work, sender, taker)
    assert taker.report.bit_rate == 4800
    taker.close()
    sender.close()
    assert same(tmp_path / "in.tif", pages)


def test_a_header_is_written_over_each_page(tmp_path: Path) -> None:
    pages = document(tmp_path / "out.tif")
    sender, taker = audio_machines(tmp_path / "out.tif", tmp_path / "in.tif", OPTIONS)
    until_over(Line(sender.work, taker.work).work, sender, taker)
    taker.close()
    sender.close()
    (came,) = read_pages(tmp_path / "in.tif")
    head = len(came) - len(pages[0])
    assert head > 0 and came[:head].any()
    assert np.array_equal(came[head:], pages[0])


def test_who_hears_nothing_gives_up(tmp_path: Path) -> None:
    document(tmp_path / "out.tif")
    sender = AudioMachine(tmp_path / "out.tif", sends=True, options=PLAIN)
    seconds = until_over(lambda: sender.work(np.zeros(160, np.int16)) is None or None, sender)
    assert 30 < seconds < 90
    assert "imed out" in sender.report.fault or "nothing" in sender.report.fault
    sender.close()


def test_a_peer_that_vanishes_ends_it(tmp_path: Path) -> None:
    document(tmp_path / "out.tif", 3)
    network = Network()
    sender, taker = packet_machines(tmp_path / "out.tif", tmp_path / "in.tif", network, PLAIN)

    def work() -> None:
        sender.work()
        taker.work()
        network.cut = network.cut or taker.report.pages >= 1
        network.carry(sender, taker)

    until_over(work, sender, taker)
    assert sender.report.fault and taker.report.fault
    sender.close()
    taker.close()
    assert len(read_pages(tmp_path / "in.tif")) >= 1


def test_what_is_stopped_keeps_what_has_come(tmp_path: Path) -> None:
    pages = document(tmp_path / "out.tif", 3)
    sender, taker = audio_machines(tmp_path / "out.tif", tmp_path / "in.tif", PLAIN)
    line = Line(sender.work, taker.work)
    while taker.report.pages < 1:
        line.work()
    taker.close()
    sender.close()
    assert taker.report.over and taker.report.fault == "The call dropped prematurely"
    assert np.array_equal(read_pages(tmp_path / "in.tif")[0], pages[0])
    assert not taker.work(np.zeros(160, np.int16)).any()
    taker.close()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    document(tmp_path / "out.tif")
    sender, taker = audio_machines(tmp_path / "out.tif", tmp_path / "missing" / "in.tif", PLAIN)
    until_over(Line(sender.work, taker.work).work, sender, taker)
    assert taker.report.fault and sender.report.fault
    sender.close()
    taker.close()


def test_what_is_closed_gives_the_library_its_memory_back_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(tmp_path / "out.tif", 1)

    def into_the_void(packet: bytes, count: int) -> None: ...

    library, freed = spandsp(), []
    for name in ("fax_free", "t38_terminal_free", "t38_gateway_free"):
        free = getattr(library, name)
        monkeypatch.setattr(library, name, lambda it, name=name, free=free: (freed.append(name), free(it)))
    for held in (
        AudioMachine(tmp_path / "out.tif", sends=True, options=OPTIONS),
        PacketMachine(
            tmp_path / "out.tif", sends=True, options=OPTIONS, theirs=T38(), send=lambda packet, count: None
        ),
        Relay(theirs=T38(), send=lambda packet, count: None),
    ):
        held.close()
        held.close()
    assert freed == ["fax_free", "t38_terminal_free", "t38_gateway_free"]


def test_wrong_ifp_packets_do_no_harm(tmp_path: Path) -> None:
    network = Network()
    taker = PacketMachine(
        tmp_path / "in.tif", sends=False, options=PLAIN, theirs=network.theirs, send=network.sends(1)
    )
    gateway = Relay(theirs=network.theirs, send=network.sends(0))
    chance = np.random.default_rng(3)
    for number in range(3000):
        octets = chance.bytes(chance.integers(1, 200))
        for datagram in (b"\0\0" + bytes((len(octets) & 0x7F,)) + octets, octets):
            for found in network.receivers[0].receive(number.to_bytes(2) + datagram[2:]):
                taker.receive(*found)
                gateway.receive(*found)
        taker.work()
        gateway.work(np.zeros(160, np.int16))
    taker.close()
    gateway.close()


class TestDocuments:
    def test_pages_are_counted(self, tmp_path: Path) -> None:
        pages = [page(300), page(50, width=2048, seed=2)]
        write_pages(tmp_path / "a.tif", pages)
        assert check(tmp_path / "a.tif") == 2

    def test_documents_follow_one_another(self, tmp_path: Path) -> None:
        one, two = document(tmp_path / "one.tif", 2), [page(80, seed=9)]
        write_pages(tmp_path / "two.tif", two, (204.0, 98.0))
        assert combine([tmp_path / "one.tif", tmp_path / "two.tif"], tmp_path / "both.tif") == 3
        assert same(tmp_path / "both.tif", [*one, *two])

    def test_what_is_no_tiff_is_named(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "x.tif").write_bytes(b"II*\0" + bytes(100))
        (tmp_path / "empty.tif").touch()
        for name in ("x.tif", "empty.tif", "missing.tif"):
            with pytest.raises(LocalError, match=name):
                check(tmp_path / name)
        assert capfd.readouterr().err == ""

    def test_a_damaged_one_is_named(self, tmp_path: Path) -> None:
        document(tmp_path / "out.tif")
        octets = bytearray((tmp_path / "out.tif").read_bytes())
        octets[8:] = octets[8 : len(octets) // 2]
        (tmp_path / "half.tif").write_bytes(octets)
        with pytest.raises(LocalError, match=r"half\.tif"):
            combine([tmp_path / "half.tif"], tmp_path / "both.tif")

    def test_a_width_that_no_machine_has_is_named(self, tmp_path: Path) -> None:
        write_pages(tmp_path / "narrow.tif", [page(40, width=1000)])
        with pytest.raises(LocalError, match=r"page 1 is 1000 dots wide"):
            check(tmp_path / "narrow.tif")

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        document(tmp_path / "out.tif")
        with pytest.raises(LocalError, match="cannot be written"):
            combine([tmp_path / "out.tif"], tmp_path / "missing" / "a.tif")
