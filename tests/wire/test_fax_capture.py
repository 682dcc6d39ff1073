"""A fax by T.38 as Wireshark reads it, which shares no code for it with ours, nor with spandsp."""

from __future__ import annotations

import struct
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.fax import Correction, FaxOptions
from tests.support.fax import Network, document, needs_spandsp, packet_machines, same

pytestmark = [pytest.mark.wire, pytest.mark.skipif(bool(needs_spandsp), reason=needs_spandsp)]

PORT = 21000
DIS, DCS, CFR, EOP, MCF, DCN = 0x01, 0x41, 0x21, 0x74, 0x31, 0x5F
"""T.30 table 2, without the bit that says who sends it."""
MINUTES = 5 * 60 * 50
_IPV4 = 228
"""LINKTYPE_IPV4 of capture files."""


class Watched(Network):
    """A network that writes down what goes through it."""

    def __init__(self, file: Path, correction: Correction) -> None:
        super().__init__(correction=correction)
        self.frame = 0
        self._file = file.open("wb")
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _IPV4))

    def sends(self, side: int) -> Callable[[bytes, int], None]:
        send = super().sends(side)

        def watched(packet: bytes, times: int) -> None:
            send(packet, times)
            # Copies once: Wireshark takes a second end of a page for one without a page.
            for datagram in self._ways[side][-1:] if times else []:
                self._write(side, datagram)

        return watched

    def _write(self, side: int, datagram: bytes) -> None:
        ours, theirs = PORT + 2 * side, PORT + 2 * (1 - side)
        udp = struct.pack("!HHHH", ours, theirs, 8 + len(datagram), 0) + datagram
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\x01", b"\x7f\0\0\x01")
        at, rest = divmod(self.frame, 50)
        self._file.write(struct.pack("<IIII", at, rest * 20_000, len(ip + udp), len(ip + udp)) + ip + udp)

    def close(self) -> None:
        self._file.close()


def fields(file: Path, *names: str) -> list[list[str]]:
    """What Wireshark says of each packet."""
    chosen = [word for name in names for word in ("-e", name)]
    ports = [word for port in (PORT, PORT + 2) for word in ("-d", f"udp.port=={port},t38")]
    said = subprocess.run(
        ["tshark", "-n", "-r", str(file), *ports, "-T", "fields", "-E", "separator=;", *chosen],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line.split(";") for line in said.stdout.splitlines()]


@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC])
def test_wireshark_reads_every_packet_of_a_fax(tmp_path: Path, correction: Correction) -> None:
    """T.38 annex A, section 9.1: sequence numbers, correction, indicators and data in the order of T.30."""
    pages = document(tmp_path / "out.tif", 1, rows=120)
    network = Watched(tmp_path / "fax.pcap", correction)
    options = FaxOptions(station="6001", ecm=False)
    machines = packet_machines(tmp_path / "out.tif", tmp_path / "in.tif", network, options)
    while not all(machine.report.over for machine in machines) and network.frame < MINUTES:
        for machine in machines:
            machine.work()
        network.carry(*machines)
        network.frame += 1
    for machine in machines:
        machine.close()
    network.close()
    assert same(tmp_path / "in.tif", pages)

    read = fields(
        tmp_path / "fax.pcap", "_ws.malformed", "t38.seq_number", "t38.error_recovery", "t38.t30_indicator"
    )
    assert len(read) > 100
    assert not any(malformed for malformed, *_ in read)
    kinds = Counter(kind.split(",")[0] for _, _, kind, _ in read)
    assert set(kinds) <= {"0", "1"}
    assert kinds.most_common(1)[0][0] == ("0" if correction is Correction.REDUNDANCY else "1")
    indicators = {word for *_, said in read for word in said.split(",") if word}
    assert {"2", "3"} <= indicators, "CED, and the preamble of V.21"
    controls = [int(row[0]) for row in fields(tmp_path / "fax.pcap", "t30.FacsimileControl") if row[0].isdigit()]
    order = [control & 0x7F for control in controls]
    assert [control for control in order if control in (DIS, DCS, CFR, EOP, MCF, DCN)] == [
        DIS,
        DCS,
        CFR,
        EOP,
        MCF,
        DCN,
    ]
