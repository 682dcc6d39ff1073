"""The contract of a serial port with an adapter on it (hardware.isdn.port, drivers.isdn.profile), emulated or real.

A real adapter joins by COPPERLINE_ISDN="i4l:/dev/ttyI0" or "v253:/dev/ttyACM0": it is set up, and no call is made.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from drivers.isdn.profile import PROFILES, Profile
from gateway.core.codec import Encoding
from gateway.core.errors import OpenFailed
from gateway.media.tone import zone
from hardware.isdn.shielding import END, STOP
from hardware.isdn.tty import Tty
from hardware.world.isdn import IsdnWorld

FAMILY, _, DEVICE = os.environ.get("COPPERLINE_ISDN", "").partition(":")
PATIENCE = 20.0
"""Seconds for an answer of a real adapter; an emulated one needs a frame."""


@dataclass(frozen=True)
class Setup:
    """A port, its adapter's family, and what lets its world live for a moment."""

    open: Callable[[], Tty]
    profile: Profile
    live: Callable[[], object]


@pytest.fixture(params=[*PROFILES, *(["real"] if DEVICE else [])])
def setup(request: pytest.FixtureRequest) -> Iterator[Setup]:
    if request.param == "real":
        yield Setup(lambda: Tty(DEVICE), PROFILES[FAMILY], lambda: time.sleep(0.05))
        return
    families = {"adapter1": request.param}
    world = IsdnWorld({"adapter1": "2565551100"}, zone("us"), families=families, settles=True)
    yield Setup(world.adapters["adapter1"].open, PROFILES[request.param], world.frame)
    world.close()


@pytest.fixture
def port(setup: Setup) -> Iterator[Tty]:
    port = setup.open()
    port.set_dtr(True)
    port.write(STOP + END + b"\r")
    answer(setup, port, "HE0V1Q0")
    yield port
    port.close()


def answer(setup: Setup, port: Tty, command: str) -> bytes:
    """What the adapter says to a command, up to its result."""
    port.write(f"AT{command}\r".encode())
    said, end = b"", time.monotonic() + PATIENCE
    while not said.endswith((b"OK\r\n", b"ERROR\r\n")):
        assert time.monotonic() < end, (command, said)
        setup.live()
        said += port.read()
    return said


def test_a_port_that_is_silent_gives_nothing_and_does_not_wait(port: Tty) -> None:
    took = []
    for _ in range(5):
        began = time.monotonic()
        assert port.read() == b""
        took.append(time.monotonic() - began)
    assert min(took) < 0.1, "it would wait every time"
    assert select.select([port], [], [], 0)[0] == []


def test_it_is_readable_when_its_adapter_has_answered(setup: Setup, port: Tty) -> None:
    port.write(b"AT\r")
    end = time.monotonic() + PATIENCE
    while not select.select([port], [], [], 0)[0]:
        assert time.monotonic() < end
        setup.live()
    assert b"OK" in port.read() + answer(setup, port, "")


def test_it_is_ours_alone_and_closed_twice_without_harm(setup: Setup, port: Tty) -> None:
    with pytest.raises(OpenFailed, match="another program uses it"):
        Tty(port.path)
    port.close()
    port.close()
    again = setup.open()
    assert answer(setup, again, "").endswith(b"OK\r\n")
    again.close()


def test_its_adapter_takes_every_setting_of_its_family(setup: Setup, port: Tty) -> None:
    words = {"own": "2565551100", "numbers": "2565551100", "coding": setup.profile.codings[Encoding.PCMU]}
    for setting in setup.profile.settings:
        said = answer(setup, port, setting.format(**words))
        assert said.endswith(b"\r\nOK\r\n"), (setting, said)


def test_what_it_does_not_know_it_refuses(setup: Setup, port: Tty) -> None:
    assert answer(setup, port, "+NONSENSE=1").endswith(b"ERROR\r\n")


def test_dtr_goes_down_and_up(setup: Setup, port: Tty) -> None:
    port.set_dtr(False)
    setup.live()
    port.set_dtr(True)
    assert b"OK" in answer(setup, port, "E0")
