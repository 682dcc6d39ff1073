"""The emulated card's own manners: opening, refusing, running full, being pulled out; rubbish in every request."""

import errno
import os
import socket

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import LocalError, OpenFailed, Unavailable
from hardware import registry
from hardware.analog.dahdi import AnalogPort
from hardware.analog.discovery import FoundPort, discover
from hardware.analog.emulated import EmulatedCard
from hardware.analog.emulation.requests import REQUESTS
from hardware.analog.line import Hook, LineEvent, LineEventKind, PortKind, Ring, SetHook
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Event, Ioctl, SigType
from hardware.port import Handle

FXS, FXO = PortKind.FXS, PortKind.FXO


def number(value: int) -> bytearray:
    return bytearray(structs.INT.build(value))


def opened(card: EmulatedCard, channel: int = 1) -> Handle:
    handle = card.open(abi.CHANNEL_NODE)
    handle.ioctl(Ioctl.SPECIFY, number(channel))
    return handle


def refused(handle: Handle, request: int, argument: bytearray | None) -> int:
    with pytest.raises(OSError) as caught:
        handle.ioctl(request, argument)
    return caught.value.errno or 0


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_channels_are_found_without_opening_them() -> None:
    card = EmulatedCard(ports=[FXS, FXO, FXS], signalling={3: SigType.NONE})
    assert discover(card) == [FoundPort(1, FXS, "EMU/1/0"), FoundPort(2, FXO, "EMU/1/1", alarm=True)]


def test_the_registry_makes_a_backend_by_its_name() -> None:
    card = registry.backend("emulated", ports=[FXS], zone="uk")
    assert isinstance(card, EmulatedCard) and card.zone.name == "uk"
    with pytest.raises(LocalError, match="no hardware backend 'dadhi'; there are: dahdi, emulated"):
        registry.backend("dadhi")


def test_a_channel_has_one_opener() -> None:
    card = EmulatedCard(ports=[FXS])
    port = AnalogPort(card, 1)
    with pytest.raises(OpenFailed, match="DAHDI channel 1: in use by another program"):
        AnalogPort(card, 1)
    port.close()
    AnalogPort(card, 1).close()


def test_channels_that_are_not_there_say_so_by_number() -> None:
    card = EmulatedCard(ports=[FXS, FXO], signalling={2: SigType.NONE})
    with pytest.raises(Unavailable, match="DAHDI channel 9: no such channel"):
        AnalogPort(card, 9)
    with pytest.raises(Unavailable, match="DAHDI channel 2: not there or not configured"):
        AnalogPort(card, 2)
    with pytest.raises(LocalError, match="no tone zone 'atlantis'"):
        AnalogPort(card, 1, zone="atlantis")
    with pytest.raises(OpenFailed, match="its tone zone is not loaded"):
        AnalogPort(card, 1, zone="de")


def test_opening_and_closing_leaks_no_descriptor() -> None:
    card = EmulatedCard(ports=[FXS])
    before = descriptors()
    for _ in range(20):
        AnalogPort(card, 1).close()
        with pytest.raises(OpenFailed):
            AnalogPort(card, 1, zone="de")
        with pytest.raises(Unavailable):
            AnalogPort(card, 2)
    assert descriptors() == before


def test_an_unbound_node_takes_nothing_but_specify() -> None:
    handle = EmulatedCard(ports=[FXS]).open(abi.CHANNEL_NODE)
    assert refused(handle, Ioctl.GETEVENT, number(0)) == errno.ENOSYS
    assert refused(handle, Ioctl.SPECIFY, number(2)) == errno.EINVAL
    with pytest.raises(OSError):
        handle.fileno()


@pytest.mark.parametrize("node", ["/dev/dahdi/2", "/dev/dahdi/chan/001/002"])
def test_a_channel_has_nodes_of_its_own(node: str) -> None:
    card = EmulatedCard(ports=[FXS, FXO, FXS], signalling={3: SigType.NONE})
    handle, argument = card.open(node), number(0)
    handle.ioctl(Ioctl.CHANNO, argument)
    assert structs.INT.parse(argument) == 2
    for wrong, error in (
        (node, errno.EBUSY),
        (node.replace("2", "3"), errno.ENXIO),
        (node.replace("2", "9"), errno.ENXIO),
        ("/dev/dahdi/pseudo", errno.ENOENT),
    ):
        with pytest.raises(OSError) as refused:
            card.open(wrong)
        assert refused.value.errno == error
    handle.close()
    card.open(node).close()


def test_opening_finds_a_line_as_new() -> None:
    card = EmulatedCard(ports=[FXS])
    port = AnalogPort(card, 1)
    card.pair(1).close_loop()
    port.perform(SetHook(Hook.OFFHOOK))
    port.close()
    card.agenda.run_until(2000)
    card.pair(1).open_loop()
    card.agenda.run_until(5000)
    again = AnalogPort(card, 1)
    assert again.events() == []
    assert again.perform(Ring()) is None
    again.close()
    card.agenda.run_until(5100)
    assert not card.pair(1).ringing, "closing hangs up"


def test_events_beyond_63_are_dropped() -> None:
    card = EmulatedCard(ports=[FXS])
    port = AnalogPort(card, 1)
    port.perform(Ring((10, 10)))
    card.agenda.run_until(10_000)
    events = port.events()
    assert len(events) == 63
    assert events[0] == LineEvent(LineEventKind.RINGEROFF)
    assert port.events() == []
    port.close()


def test_a_card_that_is_pulled_out_is_told_of_as_removed() -> None:
    card = EmulatedCard(ports=[FXS, FXO])
    port, line = AnalogPort(card, 1), AnalogPort(card, 2)
    line.perform(SetHook(Hook.OFFHOOK))
    telephone, exchange = card.pair(1), card.pair(2)
    card.remove()
    removed = LineEvent(LineEventKind.REMOVED)
    assert port.events() == [removed]
    assert port.perform(Ring()) == removed
    assert not port.in_service() and not port.off_hook()
    assert os.read(port.descriptor, 160) == b"", "the audio ends"
    port.flush()
    assert not exchange.closed and not telephone.battery
    telephone.close_loop()
    assert port.events() == [removed]
    card.agenda.run_until(5000)
    card.send()
    card.receive()
    port.close()
    line.close()
    with pytest.raises(Unavailable, match="is the dahdi module loaded"):
        AnalogPort(card, 1)
    with pytest.raises(Unavailable, match="is the dahdi module loaded"):
        discover(card)


def test_getevent_on_a_removed_card_both_tells_and_fails() -> None:
    card = EmulatedCard(ports=[FXS])
    handle, argument = opened(card), number(0)
    card.remove()
    assert refused(handle, Ioctl.GETEVENT, argument) == errno.ENODEV
    assert structs.INT.parse(argument) == Event.REMOVED
    handle.close()


def test_nobody_reads_and_the_card_keeps_only_a_few_frames() -> None:
    card = EmulatedCard(ports=[FXS])
    port = AnalogPort(card, 1)
    for _ in range(1000):
        card.receive()
    frames = 0
    with socket.socket(fileno=os.dup(port.descriptor)) as end:
        end.setblocking(False)
        with pytest.raises(BlockingIOError):
            while end.recv(160):
                frames += 1
    assert 2 <= frames <= 8
    port.close()


def test_nobody_takes_what_is_written_and_the_writer_is_told() -> None:
    port = AnalogPort(EmulatedCard(ports=[FXS]), 1)
    with pytest.raises(BlockingIOError):
        for _ in range(9):
            os.write(port.descriptor, bytes(160))
    port.close()


def test_a_tone_sent_by_the_kernel_goes_on_until_audio_is_written() -> None:
    card = EmulatedCard(ports=[FXS])
    handle = opened(card)
    card.pair(1).close_loop()
    handle.ioctl(Ioctl.SET_BLOCKSIZE, number(160))
    handle.ioctl(Ioctl.SENDTONE, number(0))
    for _ in range(60):
        card.send()
        heard = card.pair(1).heard_by_terminal()
        assert heard is not None and np.abs(heard).max() > 5000
    os.write(handle.fileno(), b"\xff" * 160)
    card.send()
    card.send()
    assert card.pair(1).heard_by_terminal() is None
    assert refused(handle, Ioctl.SENDTONE, number(8)) == errno.ENOSYS
    assert refused(handle, Ioctl.SENDTONE, number(500)) == errno.EINVAL
    handle.ioctl(Ioctl.SENDTONE, number(64 + 5))
    handle.ioctl(Ioctl.SENDTONE, number(-1))
    card.send()
    assert card.pair(1).heard_by_terminal() is None
    handle.close()


def test_timings_that_are_set_apply_and_an_open_restores_them() -> None:
    card = EmulatedCard(ports=[FXO])
    handle = opened(card)
    params = bytearray(structs.PARAMS.sizeof())
    handle.ioctl(Ioctl.GET_PARAMS, params)
    wanted = structs.PARAMS.parse(params)
    wanted.starttime = 100
    handle.ioctl(Ioctl.SET_PARAMS, bytearray(structs.PARAMS.build(wanted)))
    assert refused(handle, Ioctl.HOOK, number(abi.HookCommand.START)) == errno.EINPROGRESS
    card.agenda.run_until(601)
    event = number(0)
    handle.ioctl(Ioctl.GETEVENT, event)
    assert structs.INT.parse(event) == Event.HOOKCOMPLETE
    handle.close()
    again = opened(card)
    again.ioctl(Ioctl.GET_PARAMS, params)
    assert structs.PARAMS.parse(params).starttime == 1500
    again.close()


@settings(max_examples=150, deadline=None)
@given(
    request=st.one_of(st.sampled_from(sorted(REQUESTS)), st.integers(0, 2**32 - 1)),
    argument=st.one_of(st.none(), st.binary(max_size=320), st.integers(-(2**31), 2**31 - 1)),
    kind=st.sampled_from([FXS, FXO]),
    lifted=st.booleans(),
)
def test_no_request_does_more_than_fail_with_an_errno(
    request: int, argument: bytes | int | None, kind: PortKind, lifted: bool
) -> None:
    card = EmulatedCard(ports=[kind])
    handle = opened(card)
    if lifted and kind is FXS:
        card.pair(1).close_loop()
    given_argument = number(argument) if isinstance(argument, int) else argument
    size = request >> 16 & 0x3FFF
    for passed in (given_argument, None if argument is None else (bytes(given_argument or b"") * size)[:size]):
        try:
            handle.ioctl(request, None if passed is None else bytearray(passed))
        except OSError as error:
            assert error.errno
        for _ in range(5):
            card.agenda.run_until(card.agenda.now + 20)
            card.send()
            card.receive()
    handle.close()


@settings(max_examples=60, deadline=None)
@given(moves=st.lists(st.tuples(st.sampled_from(["lift", "drop", *range(8)]), st.integers(0, 900)), max_size=40))
def test_any_order_of_hooks_and_commands_keeps_both_machines_in_their_tables(
    moves: list[tuple[str | int, int]],
) -> None:
    """IllegalInput would mean that the tables leave out something that can happen."""
    for kind in (FXS, FXO):
        card = EmulatedCard(ports=[kind])
        handle = opened(card)
        pair = card.pair(1)
        for move, wait in moves:
            match move, kind:
                case "lift", PortKind.FXS:
                    pair.close_loop()
                case "drop", PortKind.FXS:
                    pair.open_loop()
                case "lift", _:
                    pair.set_ringing(not pair.ringing)
                    pair.set_reversed(wait % 2 == 0)
                case "drop", _:
                    pair.set_battery(not pair.battery)
                case command, _:
                    try:
                        handle.ioctl(Ioctl.HOOK, number(int(command)))
                    except OSError as error:
                        assert error.errno in (errno.EBUSY, errno.EINVAL, errno.EINPROGRESS)
            card.agenda.run_until(card.agenda.now + wait)
        card.agenda.run_until(card.agenda.now + 20_000)
        handle.close()
