"""What every backend of an analogue port must do, emulated or real.

A real card joins when COPPERLINE_DAHDI_FXS or COPPERLINE_DAHDI_FXO names a channel of it: an FXS port with an
on-hook telephone, an FXO port plugged into a live line. Nothing here calls anybody.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from gateway.core.errors import OpenFailed, Unavailable
from hardware import registry
from hardware.analog import abi, structs
from hardware.analog.dahdi import AnalogPort
from hardware.analog.discovery import discover
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import (
    Hook,
    LineEvent,
    LineEventKind,
    OnHookTransmit,
    PortKind,
    Ring,
    SetHook,
    StopRing,
)
from hardware.port import Backend
from hardware.world.world import World

K = LineEventKind


@dataclass
class Setup:
    """A backend, a channel of it, and a way to let time pass there."""

    backend: Backend
    number: int
    kind: PortKind
    live: Callable[[float], None]


def emulated(kind: PortKind) -> Setup:
    card = registry.backend("emulated", ports=[kind, kind])
    assert isinstance(card, EmulatedCard)
    world = World(card)
    world.run(3)
    return Setup(card, 1, kind, world.run)


def real(kind: PortKind) -> Setup:
    return Setup(registry.backend("dahdi"), int(os.environ[f"COPPERLINE_DAHDI_{kind.value}"]), kind, time.sleep)


CASES = [("emulated", kind) for kind in PortKind]
CASES += [("dahdi", kind) for kind in PortKind if f"COPPERLINE_DAHDI_{kind.value}" in os.environ]
MAKERS = {"emulated": emulated, "dahdi": real}


def only(kind: PortKind) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("setup", [case for case in CASES if case[1] is kind], indirect=True, ids=str)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1].value}")
def setup(request: pytest.FixtureRequest) -> Setup:
    name, kind = request.param
    return MAKERS[name](kind)


@pytest.fixture
def port(setup: Setup) -> Iterator[AnalogPort]:
    port = AnalogPort(setup.backend, setup.number)
    yield port
    port.close()


def ready(port: AnalogPort) -> bool:
    descriptor, mask = port.attention()
    with select.epoll() as poll:
        poll.register(descriptor, mask)
        return bool(poll.poll(0))


def test_a_port_is_found_and_opens_as_its_kind(setup: Setup, port: AnalogPort) -> None:
    assert port.kind is setup.kind
    found = {found.number: found.kind for found in discover(setup.backend)}
    assert found[port.number] is port.kind


def test_a_port_opens_once(setup: Setup, port: AnalogPort) -> None:
    with pytest.raises(OpenFailed, match="in use by another program"):
        AnalogPort(setup.backend, setup.number)


def test_a_channel_that_does_not_exist_is_unavailable(setup: Setup) -> None:
    with pytest.raises(Unavailable, match="DAHDI channel 1023"):
        AnalogPort(setup.backend, 1023)


def test_a_quiet_port_is_in_service_and_has_nothing_to_tell(port: AnalogPort) -> None:
    port.events()
    assert port.in_service()
    assert not ready(port) and port.events() == []


def test_audio_comes_in_frames_of_160_bytes(setup: Setup, port: AnalogPort) -> None:
    port.flush()
    setup.live(0.1)
    assert len(os.read(port.descriptor, 4096)) == 160
    assert os.write(port.descriptor, b"\xff" * 160) == 160


def test_a_flushed_port_has_no_old_audio(setup: Setup, port: AnalogPort) -> None:
    setup.live(0.3)
    port.flush()
    with pytest.raises(BlockingIOError):
        while os.read(port.descriptor, 4096):
            pass


@only(PortKind.FXS)
def test_a_telephone_is_rung_and_the_pause_is_told(setup: Setup, port: AnalogPort) -> None:
    live = setup.live
    assert port.perform(Ring((300, 700))) is None
    live(0.5)
    assert ready(port)
    assert port.events() == [LineEvent(K.RINGEROFF)]
    live(0.7)
    assert port.events() == [LineEvent(K.RINGERON)]
    busy = Ring()
    assert port.perform(busy) == LineEvent(K.FAILED, errno=errno.EBUSY, command=busy)
    assert port.perform(StopRing()) is None
    live(1.5)
    assert port.events() == []


@only(PortKind.FXS)
def test_an_on_hook_telephone_can_be_sent_to(setup: Setup, port: AnalogPort) -> None:
    assert port.perform(OnHookTransmit(500)) is None


@only(PortKind.FXO)
def test_a_line_is_seized_and_let_go(setup: Setup, port: AnalogPort) -> None:
    live = setup.live
    port.events()
    assert port.perform(SetHook(Hook.START)) is None
    live(2.2)
    assert LineEvent(K.HOOKCOMPLETE) in port.events()
    assert port.perform(SetHook(Hook.ONHOOK)) is None


def test_closing_gives_the_channel_back(setup: Setup) -> None:
    for _ in range(3):
        AnalogPort(setup.backend, setup.number).close()


@only(PortKind.FXS)
def test_audio_waits_until_the_events_are_taken(setup: Setup) -> None:
    handle = setup.backend.open(abi.CHANNEL_NODE)
    handle.ioctl(abi.Ioctl.SPECIFY, bytearray(structs.INT.build(setup.number)))
    handle.ioctl(abi.Ioctl.SET_BLOCKSIZE, bytearray(structs.INT.build(160)))
    handle.ioctl(abi.Ioctl.FLUSH, bytearray(structs.INT.build(abi.Flush.ALL)))
    handle.ioctl(
        abi.Ioctl.SETCADENCE, bytearray(structs.RING_CADENCE.build({"ringcadence": [300, 700] + [0] * 14}))
    )
    with contextlib.suppress(OSError):
        handle.ioctl(abi.Ioctl.HOOK, bytearray(structs.INT.build(abi.HookCommand.RING)))
    setup.live(0.5)
    for transfer in (lambda: handle.read(160), lambda: handle.write(bytes(160))):
        with pytest.raises(OSError) as refused:
            transfer()
        assert refused.value.errno == abi.ELAST == 500
    event = bytearray(4)
    handle.ioctl(abi.Ioctl.GETEVENT, event)
    assert structs.INT.parse(event) == abi.Event.RINGEROFF
    assert len(handle.read(160)) == 160 and handle.write(bytes(160)) == 160
    handle.close()
