"""What every backend of a span must do, emulated or real.

A real card joins when COPPERLINE_DAHDI_SPAN gives the number of a span whose transmit pair is plugged into its own
receive pair (a loopback plug) and whose channels are set up by dchan= and bchan=. An emulated one has such a plug.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from gateway.core.errors import OpenFailed, Unavailable
from hardware import registry
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Alarm, Ioctl
from hardware.dahdi.opening import integer, open_channel
from hardware.port import Backend, Handle
from hardware.span.dahdi import BearerPort, Frame, SignallingPort
from hardware.span.discovery import SpanFound, find_span
from hardware.span.emulated import EmulatedSpan
from hardware.span.kinds import E1, T1, SpanKind


@dataclass
class Setup:
    """A span with a loopback plug, and a way to let seconds pass there."""

    backend: Backend
    span: SpanFound
    signalling: int
    live: Callable[[float], None]


def plugged(kind: SpanKind) -> Setup:
    span = EmulatedSpan(kind)

    def live(seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            span.agenda.run_until(span.agenda.now + 20)
            span.send()
            span.cable.send_to_card(span.cable.heard_by_far())
            span.receive()

    live(0.1)
    return Setup(span, find_span(span, 1), kind.signalling, live)


def real(number: int) -> Setup:
    backend = registry.backend("dahdi")
    span = find_span(backend, number)
    return Setup(backend, span, span.first + (T1 if span.kind == "T1" else E1).signalling - 1, time.sleep)


NUMBER = os.environ.get("COPPERLINE_DAHDI_SPAN", "")


@pytest.fixture(params=["E1", "T1", *(["real"] if NUMBER else [])])
def setup(request: pytest.FixtureRequest) -> Setup:
    return real(int(NUMBER)) if request.param == "real" else plugged({"E1": E1, "T1": T1}[request.param])


@pytest.fixture
def signalling(setup: Setup) -> Iterator[SignallingPort]:
    port = SignallingPort(setup.backend, setup.signalling)
    yield port
    port.close()


def refused(handle: Handle, request: int, argument: bytearray | None) -> int:
    with pytest.raises(OSError) as caught:
        handle.ioctl(request, argument)
    return caught.value.errno or 0


def test_a_span_tells_what_it_is(setup: Setup) -> None:
    assert setup.span.channels == {"E1": 31, "T1": 24}[setup.span.kind]
    assert setup.span.alarms == Alarm.NONE
    with pytest.raises(Unavailable, match="span 100"):
        find_span(setup.backend, 100)


def test_a_frame_goes_out_and_comes_in_without_its_check_sequence(setup: Setup, signalling: SignallingPort) -> None:
    frames = [bytes.fromhex("00017f"), b"\x7e\xff\x00" * 40, b"\xff" * 200]
    for frame in frames:
        assert signalling.send(frame)
    setup.live(0.3)
    assert signalling.receive() == [Frame(frame) for frame in frames]
    assert signalling.receive() == []


def test_speech_goes_out_and_comes_in_as_octets_of_the_spans_law(setup: Setup) -> None:
    port = BearerPort(setup.backend, setup.span.first)
    with contextlib.closing(port):
        said = bytes(range(256)) * 5
        for start in range(0, len(said), 160):
            os.write(port.descriptor, said[start : start + 160])
            setup.live(0.02)
        setup.live(0.06)
        heard = b""
        with contextlib.suppress(BlockingIOError):
            while True:
                heard += os.read(port.descriptor, 160)
        assert said[:480] in heard


def test_a_channel_has_one_opener_and_is_free_again_after_it(setup: Setup) -> None:
    port = BearerPort(setup.backend, setup.span.first)
    with pytest.raises(OpenFailed, match="in use"):
        BearerPort(setup.backend, setup.span.first)
    port.close()
    BearerPort(setup.backend, setup.span.first).close()


def test_channels_are_refused_for_what_they_are_not_configured_for(setup: Setup) -> None:
    with pytest.raises(OpenFailed, match="carries no signalling"):
        SignallingPort(setup.backend, setup.span.first)
    with pytest.raises(OpenFailed, match="carries no calls"):
        BearerPort(setup.backend, setup.signalling)


def test_modes_are_for_clear_channels_and_hooks_for_none(setup: Setup) -> None:
    with contextlib.closing(open_channel(setup.backend, setup.signalling)) as handle:
        assert refused(handle, Ioctl.AUDIOMODE, integer(1)) == errno.EINVAL
        assert refused(handle, Ioctl.HDLCFCSMODE, integer(1)) == errno.EINVAL
    with contextlib.closing(open_channel(setup.backend, setup.span.first)) as handle:
        assert refused(handle, Ioctl.HOOK, integer(abi.HookCommand.OFFHOOK)) == errno.EINVAL
        assert refused(handle, Ioctl.SETTXBITS, integer(5)) == errno.EINVAL


def test_a_clear_channel_carries_frames_when_it_is_told_to(setup: Setup) -> None:
    with contextlib.closing(open_channel(setup.backend, setup.span.first)) as handle:
        handle.ioctl(Ioctl.HDLCFCSMODE, integer(1))
        handle.write(b"clear\0\0")
        setup.live(0.1)
        assert handle.read(1024)[:-2] == b"clear"


def test_the_span_of_a_channel_is_asked_for_as_span_0(setup: Setup, signalling: SignallingPort) -> None:
    assert signalling.alarms() == Alarm.NONE
    with contextlib.closing(setup.backend.open(abi.CTL_NODE)) as control:
        assert refused(control, Ioctl.SPANSTAT, bytearray(structs.SPANINFO.sizeof())) == errno.EINVAL
