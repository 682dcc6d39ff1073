"""What goes over the wire, as Wireshark sees it: nothing malformed, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.sipp import run_sipp
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(os.geteuid() != 0, reason="the kernel lets only root listen to the loopback interface"),
]


@contextmanager
def captured(file: Path, what: str) -> Iterator[None]:
    """Everything on loopback that the capture filter lets through, into a file."""
    log = file.with_suffix(".log")
    with log.open("wb") as told:
        shark = subprocess.Popen(
            ["tshark", "-n", "-i", "lo", "-f", what, "-w", str(file), "-a", "duration:60"],
            stdin=subprocess.DEVNULL, stdout=told, stderr=told,
        )  # fmt: skip
    try:
        until(lambda: file.exists() and b"Capturing on" in log.read_bytes(), PATIENCE, "tshark to listen")
        yield
    finally:
        shark.send_signal(signal.SIGINT)
        try:
            shark.wait(15)
        finally:
            shark.kill()


def read(file: Path, sip_port: int, *options: str) -> str:
    """What tshark says of a capture."""
    return subprocess.run(
        ["tshark", "-n", "-r", str(file), "-d", f"udp.port=={sip_port},sip", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True,
    ).stdout  # fmt: skip


def test_a_whole_call_decodes_without_a_fault(office: RunningOffice, tmp_path: Path) -> None:
    port = office.addresses["udp"][1]
    file = tmp_path / "call.pcapng"
    with captured(file, f"udp port {port} or udp portrange 22000-23999"):
        done = run_sipp("call", tmp_path, office.addresses["udp"], number="601")
        assert done.code == 0, done.errors
        until(lambda: office.in_calls() == 0, PATIENCE, "the call to be over")
        until(lambda: "200" in seen(file, port).split()[-1:], PATIENCE, "the last message in the capture")
    assert seen(file, port).split() == [
        "INVITE", "401", "ACK", "INVITE", "100", "200", "ACK", "BYE", "200"
    ]  # fmt: skip
    faults = read(file, port, "-Y", "_ws.malformed || _ws.expert.severity >= 0x600000")
    assert faults == ""
    streams = [line.split() for line in read(file, port, "-q", "-z", "rtp,streams").splitlines() if "g711U" in line]
    assert len(streams) == 1, "SIPp says nothing, and we speak"


def seen(file: Path, port: int) -> str:
    """Methods and statuses, in order."""
    return read(file, port, "-Y", "sip", "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code")
