"""What every backend of an analogue port must do, emulated or real.

A real card joins when COPPERLINE_DAHDI names channels of it, as nodes or numbers with commas between them
("/dev/dahdi/1,/dev/dahdi/5"): an FXS port with an on-hook telephone, an FXO port plugged into a live line. Nothing
here calls anybody, but the telephone is rung for a second.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.core.codec import Encoding
from gateway.core.errors import OpenFailed, Unavailable
from hardware import registry
from hardware.analog.dahdi import AnalogPort
from hardware.analog.discovery import discover
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import (
    DialDigits,
    Hook,
    LampSignal,
    LightLamp,
    LineEvent,
    LineEventKind,
    OnHookTransmit,
    PortKind,
    Ring,
    SetHook,
    SetPolarity,
    StopRing,
)
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl, IoMux
from hardware.dahdi.gain import UNCHANGED, gain_table
from hardware.port import Backend, Handle
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


def named(variable: str) -> dict[PortKind, int]:
    """The channels that COPPERLINE_DAHDI names, by what they are; the first of each kind.

    Raises:
        HardwareError: there is no such card.
        ValueError: it names something that is no analogue channel.
    """
    kinds = {port.number: port.kind for port in discover(registry.backend("dahdi"))} if variable else {}
    found: dict[PortKind, int] = {}
    for word in variable.split(",") if variable else []:
        number = int(word.strip().rpartition("/")[2])
        if number not in kinds:
            raise ValueError(f"COPPERLINE_DAHDI names {word}, which is none of the analogue channels {list(kinds)}")
        found.setdefault(kinds[number], number)
    return found


REAL = named(os.environ.get("COPPERLINE_DAHDI", ""))


def real(kind: PortKind) -> Setup:
    return Setup(registry.backend("dahdi"), REAL[kind], kind, time.sleep)


CASES = [("emulated", kind) for kind in PortKind] + [("dahdi", kind) for kind in REAL]
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
    handle.ioctl(Ioctl.SPECIFY, number(setup.number))
    handle.ioctl(Ioctl.SET_BLOCKSIZE, number(160))
    handle.ioctl(Ioctl.FLUSH, number(abi.Flush.ALL))
    handle.ioctl(Ioctl.SETCADENCE, bytearray(structs.RING_CADENCE.build({"ringcadence": [300, 700] + [0] * 14})))
    with contextlib.suppress(OSError):
        handle.ioctl(Ioctl.HOOK, number(abi.HookCommand.RING))
    setup.live(0.5)
    for transfer in (lambda: handle.read(160), lambda: handle.write(bytes(160))):
        with pytest.raises(OSError) as refused:
            transfer()
        assert refused.value.errno == abi.ELAST == 500
    assert told(handle, Ioctl.GETEVENT) == abi.Event.RINGEROFF
    assert len(handle.read(160)) == 160 and handle.write(bytes(160)) == 160
    handle.close()


def specified(setup: Setup) -> Handle:
    """The channel opened without the driver: as the ABI has it after SPECIFY."""
    handle = setup.backend.open(abi.CHANNEL_NODE)
    handle.ioctl(Ioctl.SPECIFY, number(setup.number))
    return handle


def number(value: int) -> bytearray:
    return bytearray(structs.INT.build(value))


def told(handle: Handle, request: Ioctl, given: int = 0) -> int:
    argument = number(given)
    handle.ioctl(request, argument)
    return int(structs.INT.parse(argument))


def refusal(handle: Handle, request: int, argument: bytearray | None) -> int:
    with pytest.raises(OSError) as refused:
        handle.ioctl(request, argument)
    return refused.value.errno or 0


def buffers(handle: Handle) -> Any:
    argument = bytearray(structs.BUFFERINFO.sizeof())
    handle.ioctl(Ioctl.GET_BUFINFO, argument)
    return structs.BUFFERINFO.parse(argument)


def test_an_unbound_node_wants_a_channel_first(setup: Setup) -> None:
    handle = setup.backend.open(abi.CHANNEL_NODE)
    assert refusal(handle, Ioctl.GETEVENT, number(0)) == errno.ENOSYS
    assert refusal(handle, Ioctl.SPECIFY, number(1023)) == errno.EINVAL
    handle.close()


def test_a_channel_knows_its_number_and_its_span(setup: Setup) -> None:
    handle = specified(setup)
    assert told(handle, Ioctl.CHANNO) == setup.number
    span = bytearray(structs.SPANINFO.sizeof())
    handle.ioctl(Ioctl.SPANSTAT, span)
    assert structs.SPANINFO.parse(span).totalchans >= 1
    handle.close()


def test_an_open_restores_buffers_timing_and_gains(setup: Setup) -> None:
    """dahdi-base.c initialize_channel: 2 buffers of 1024, sent at once; default timing; 0 dB."""
    handle = specified(setup)
    wanted = dict(txbufpolicy=1, rxbufpolicy=0, numbufs=8, bufsize=320, readbufs=0, writebufs=0)
    handle.ioctl(Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(wanted)))
    assert (buffers(handle).numbufs, buffers(handle).bufsize, buffers(handle).txbufpolicy) == (8, 320, 1)
    params = bytearray(structs.PARAMS.sizeof())
    handle.ioctl(Ioctl.GET_PARAMS, params)
    changed = structs.PARAMS.parse(params)
    changed.flashtime = 300
    handle.ioctl(Ioctl.SET_PARAMS, bytearray(structs.PARAMS.build(changed)))
    halved = gain_table(Encoding.PCMU, -6.0)
    gains = {"chan": setup.number, "rxgain": list(halved), "txgain": list(halved)}
    handle.ioctl(Ioctl.SETGAINS, bytearray(structs.GAINS.build(gains)))
    handle.close()
    again = specified(setup)
    assert (buffers(again).numbufs, buffers(again).bufsize, buffers(again).txbufpolicy) == (2, 1024, 0)
    again.ioctl(Ioctl.GET_PARAMS, params)
    assert structs.PARAMS.parse(params).flashtime == 750
    found = bytearray(structs.GAINS.build({"chan": setup.number, "rxgain": [0] * 256, "txgain": [0] * 256}))
    again.ioctl(Ioctl.GETGAINS, found)
    assert bytes(structs.GAINS.parse(found).rxgain) == bytes(structs.GAINS.parse(found).txgain) == UNCHANGED
    again.close()


def test_buffers_that_there_cannot_be_are_refused(setup: Setup) -> None:
    handle = specified(setup)
    for size, count in ((15, 2), (8193, 2), (8192, 8)):
        wanted = dict(txbufpolicy=0, rxbufpolicy=0, numbufs=count, bufsize=size, readbufs=0, writebufs=0)
        assert refusal(handle, Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(wanted))) == errno.EINVAL
    assert refusal(handle, Ioctl.SET_BLOCKSIZE, number(15)) == errno.EINVAL
    handle.close()


def test_levels_are_set_without_harm(setup: Setup) -> None:
    port = AnalogPort(setup.backend, setup.number, receive_gain=-3.0, transmit_gain=2.0)
    port.flush()
    setup.live(0.1)
    assert len(os.read(port.descriptor, 4096)) == 160
    port.close()


def test_an_analogue_channel_has_no_data_modes_and_no_request_that_there_is_not(setup: Setup) -> None:
    handle = specified(setup)
    for request in (Ioctl.AUDIOMODE, Ioctl.HDLCRAWMODE, Ioctl.HDLCFCSMODE):
        assert refusal(handle, request, number(1)) == errno.EINVAL
    assert refusal(handle, 0x4004DA7F, number(0)) == errno.ENOTTY
    handle.close()


def test_what_can_be_waited_for_is_told_without_waiting(setup: Setup) -> None:
    handle = specified(setup)
    assert told(handle, Ioctl.IOMUX, IoMux.WRITE | IoMux.WRITEEMPTY | IoMux.NOWAIT) & IoMux.WRITE
    assert refusal(handle, Ioctl.IOMUX, number(0)) == errno.EINVAL
    handle.close()


def test_dialling_tones_ends_with_dialcomplete(setup: Setup) -> None:
    port = AnalogPort(setup.backend, setup.number, zone=os.environ.get("COPPERLINE_DAHDI_ZONE", "us"))
    port.events()
    assert port.perform(DialDigits("TW")) is None
    setup.live(0.7)
    assert LineEvent(K.DIALCOMPLETE) in port.events()
    port.close()


@only(PortKind.FXS)
def test_a_line_that_rings_cannot_change_its_polarity(setup: Setup, port: AnalogPort) -> None:
    assert port.perform(SetPolarity(True)) is None
    assert port.perform(SetPolarity(False)) is None
    assert port.perform(Ring((1000, 4000))) is None
    setup.live(0.2)
    command = SetPolarity(True)
    assert port.perform(command) == LineEvent(K.FAILED, errno=errno.EINVAL, command=command)
    assert port.perform(StopRing()) is None
    setup.live(1.5)


@only(PortKind.FXS)
def test_a_message_lamp_is_lit_and_put_out(setup: Setup, port: AnalogPort) -> None:
    for signal in LampSignal:
        assert port.perform(LightLamp(2, signal)) is None
        assert port.perform(LightLamp(0, signal)) is None


@only(PortKind.FXO)
def test_the_other_side_s_requests_are_refused_by_a_line(setup: Setup, port: AnalogPort) -> None:
    for command in (SetPolarity(True), OnHookTransmit(500)):
        answer = port.perform(command)
        assert answer is not None and answer.kind is K.FAILED


@only(PortKind.FXO)
def test_a_flash_needs_a_seized_line_and_ends_with_hookcomplete(setup: Setup, port: AnalogPort) -> None:
    flash = SetHook(Hook.FLASH)
    assert port.perform(flash) == LineEvent(K.FAILED, errno=errno.EBUSY, command=flash)
    assert port.perform(SetHook(Hook.START)) is None
    setup.live(2.2)
    port.events()
    assert port.perform(flash) is None
    setup.live(1.2)
    assert LineEvent(K.HOOKCOMPLETE) in port.events()
    assert port.perform(SetHook(Hook.ONHOOK)) is None
    setup.live(2.5)
