"""Serial ports, and emulated adapters on pseudo-terminals: opened, read, written, pulled out and put back."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.errors import Lost, OpenFailed, Unavailable
from gateway.media.tone import zone
from hardware.isdn.tty import Tty
from hardware.world.isdn import IsdnWorld


@pytest.fixture
def world() -> Iterator[IsdnWorld]:
    world = IsdnWorld({"adapter1": "2565551100"}, zone("us"), settles=True)
    yield world
    world.close()


def says(world: IsdnWorld, port: Tty, command: bytes) -> bytes:
    assert port.write(command) == len(command)
    world.frame()
    return port.read()


def test_a_command_goes_there_and_its_answer_comes_back_in_one_frame(world: IsdnWorld) -> None:
    port = world.adapters["adapter1"].open()
    assert port.read() == b""
    assert says(world, port, b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    for _ in range(50):
        assert says(world, port, b"AT\r") == b"\r\nOK\r\n"
    port.close()
    port.close()


def test_any_program_can_open_it(world: IsdnWorld) -> None:
    port = Tty(world.adapters["adapter1"].path)
    port.set_dtr(False)
    port.set_dtr(True)
    with pytest.raises(OpenFailed, match="another program uses it; stop that, or take another adapter"):
        Tty(port.path)
    port.close()


def test_octets_pass_as_they_are(world: IsdnWorld) -> None:
    """XON, XOFF, CR, LF, the end of file and all others: the port is raw both ways."""
    adapter = world.adapters["adapter1"]
    port = adapter.open()
    everything = bytes(range(256))
    adapter.garble(everything)
    world.frame()
    assert port.read() == everything
    port.write(everything + b"\rATE0\r")
    world.frame()
    assert port.read().endswith(b"\r\nOK\r\n")
    port.close()


def test_an_adapter_that_is_pulled_out_is_lost_and_comes_back_as_new(world: IsdnWorld) -> None:
    adapter = world.adapters["adapter1"]
    port = adapter.open()
    says(world, port, b"ATE0\r")
    adapter.remove()
    assert select.select([port], [], [], 1)[0]
    with pytest.raises(Lost, match=r"^/dev/pts/\d+ has gone.*; plug the adapter in again$"):
        port.read()
    with pytest.raises(Lost):
        port.write(b"AT\r")
    port.close()
    with pytest.raises(Unavailable, match="pulled out"):
        adapter.open()
    world.frame()
    adapter.insert()
    again = adapter.open()
    assert says(world, again, b"AT\r") == b"AT\r\r\nOK\r\n"
    again.close()


def test_a_mute_adapter_takes_all_and_says_nothing(world: IsdnWorld) -> None:
    adapter = world.adapters["adapter1"]
    port = adapter.open()
    adapter.mute = True
    assert says(world, port, b"AT\r") == b""
    adapter.mute = False
    assert says(world, port, b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    port.close()


def test_a_port_that_nobody_reads_or_that_takes_nothing_costs_no_memory(world: IsdnWorld) -> None:
    adapter = world.adapters["adapter1"]
    port = adapter.open()
    for _ in range(40):
        adapter.garble(b"\xff" * 4096)
        adapter.talk()
    assert len(adapter._waiting) <= 65536
    assert len(port.read()) >= 4095
    # The kernel moves octets from one end to the other in its own time: it is full when nothing more moves.
    refused = 0
    for _ in range(1000):
        refused = 0 if port.write(b"\xff" * 4096) else refused + 1
        if refused == 20:
            break
        time.sleep(0.001)
    assert refused == 20
    port.close()


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("nothing", Unavailable, "there is no such device; is the adapter plugged in, and its driver loaded?"),
        ("file", OpenFailed, "it would not open as a serial port"),
    ],
)
def test_what_is_no_port_says_what_to_do(tmp_path: Path, name: str, error: type[Exception], sentence: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(error) as raised:
        Tty(str(tmp_path / name))
    assert str(raised.value).startswith(f"{tmp_path / name}: {sentence}")


def test_nothing_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    world = IsdnWorld({"a": "", "b": ""}, zone("de"))
    assert [access.number for access in world.accesses.values()] == ["2565550200", "2565550201"]
    for adapter in world.adapters.values():
        adapter.open().close()
        adapter.remove()
        adapter.insert()
    world.close()
    assert len(os.listdir("/proc/self/fd")) == before
