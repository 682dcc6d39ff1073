"""The DAHDI driver above a device that answers whatever a test wants: what the emulated card never says."""

import errno
import fcntl
import os
import select
import struct
import termios

import pytest

from gateway.core.codec import Encoding
from gateway.core.errors import Lost, OpenFailed, Unavailable
from hardware.analog.dahdi import AnalogPort, port_kind
from hardware.analog.discovery import discover
from hardware.analog.line import EchoCancel, Hook, LineEvent, LineEventKind, PortKind, Ring, SetHook
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Event, Ioctl, SigType
from hardware.dahdi.kernel import Kernel, KernelHandle
from hardware.span.dahdi import BearerPort, SignallingPort
from hardware.span.discovery import find_spans

K = LineEventKind


class Device:
    """A device node: notes the requests that it gets, answers from what the test has put into it."""

    def __init__(self) -> None:
        self.errors: dict[int, int] = {}
        self.events: list[int] = []
        self.asked: list[tuple[str, bytes | None]] = []
        self.sigtype, self.law, self.alarms = int(SigType.FXOKS), int(abi.Law.ALAW), 0
        self.closed = False
        self.open_error = 0

    def open(self, node: str) -> "Device":
        if self.open_error:
            raise OSError(self.open_error, os.strerror(self.open_error))
        return self

    def fileno(self) -> int:
        return 99

    def attention(self) -> tuple[int, int]:
        return 99, select.EPOLLPRI

    def close(self) -> None:
        self.closed = True

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        self.asked.append((Ioctl(request).name, None if argument is None else bytes(argument)))
        if request in self.errors:
            raise OSError(self.errors[request], os.strerror(self.errors[request]))
        if request == Ioctl.GETEVENT and argument is not None:
            argument[:] = struct.pack("<i", self.events.pop(0) if self.events else 0)
        if request == Ioctl.GET_PARAMS and argument is not None:
            params = structs.PARAMS.parse(bytes(136))
            params.sigtype, params.curlaw, params.chan_alarms = self.sigtype, self.law, self.alarms
            argument[:] = structs.PARAMS.build(params)


def test_opening_asks_for_20_ms_frames_sent_at_once() -> None:
    device = Device()
    port = AnalogPort(device, 7, zone="de")
    assert device.asked[:3] == [
        ("SPECIFY", struct.pack("<i", 7)),
        ("SET_BUFINFO", struct.pack("<6i", 0, 0, 4, 160, 0, 0)),
        ("SETTONEZONE", struct.pack("<i", 29)),
    ]
    assert (port.kind, port.encoding, port.descriptor) == (PortKind.FXS, Encoding.PCMA, 99)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (errno.ENOENT, Unavailable, "is the dahdi module loaded"),
        (errno.ENXIO, Unavailable, "is the dahdi module loaded"),
        (errno.EACCES, OpenFailed, "no permission; add the user to the group"),
    ],
)
def test_a_node_that_does_not_open_names_the_mend(error: int, kind: type[Exception], says: str) -> None:
    device = Device()
    device.open_error = error
    for ask in (lambda: AnalogPort(device, 1), lambda: discover(device), lambda: find_spans(device)):
        with pytest.raises(kind, match=says):
            ask()


@pytest.mark.parametrize("sigtype", [SigType.NONE, 0x80, 0x380, 0x40])
def test_a_channel_that_is_no_analogue_port_is_given_back(sigtype: int) -> None:
    device = Device()
    device.sigtype = sigtype
    with pytest.raises(OpenFailed, match="is no analogue port; give it fxoks="):
        AnalogPort(device, 1)
    assert device.closed


@pytest.mark.parametrize(
    ("port", "sigtype", "failing"),
    [
        (BearerPort, SigType.FXOKS, None),
        (BearerPort, SigType.CLEAR, Ioctl.AUDIOMODE),
        (BearerPort, SigType.CLEAR, Ioctl.SET_BUFINFO),
        (SignallingPort, SigType.CLEAR, None),
        (SignallingPort, SigType.HDLCFCS, Ioctl.SET_BUFINFO),
    ],
)
def test_a_channel_of_a_span_that_cannot_serve_is_given_back(
    port: type[BearerPort | SignallingPort], sigtype: SigType, failing: Ioctl | None
) -> None:
    device = Device()
    device.sigtype = int(sigtype)
    device.errors = {} if failing is None else {failing: errno.EIO}
    with pytest.raises(OpenFailed):
        port(device, 1)
    assert device.closed


def test_all_start_types_are_known_by_their_side() -> None:
    kinds = {sig.name: port_kind(sig) for sig in SigType}
    assert {name for name, kind in kinds.items() if kind is PortKind.FXS} == {"FXOLS", "FXOGS", "FXOKS"}
    assert {name for name, kind in kinds.items() if kind is PortKind.FXO} == {"FXSLS", "FXSGS", "FXSKS"}


def test_every_event_of_the_abi_has_a_name_and_hdlc_ones_are_left_out() -> None:
    device = Device()
    port = AnalogPort(device, 1)
    hdlc = {Event.ABORT, Event.OVERRUN, Event.BADFCS}
    other = {Event.NONE, Event.BITSCHANGED, Event.TIMER_EXPIRED, Event.TIMER_PING}
    device.events = [event for event in Event if event not in other]
    found = port.events()
    assert len(found) == len(Event) - len(other) - len(hdlc)
    assert len({event.kind for event in found}) == len(found)
    assert K.UNKNOWN not in {event.kind for event in found}


def test_a_number_without_a_name_is_told_as_unknown() -> None:
    device = Device()
    port = AnalogPort(device, 1)
    device.events = [77, abi.PULSE_DIGIT | ord("*"), abi.PULSE_DIGIT, Event.ONHOOK]
    unknown = [LineEvent(K.UNKNOWN, errno=77), LineEvent(K.UNKNOWN, errno=abi.PULSE_DIGIT)]
    star = LineEvent(K.PULSE_DIGIT, digit="*")
    assert port.events() == [unknown[0], star, unknown[1], LineEvent(K.ONHOOK)]


def test_a_device_that_never_stops_telling_is_left_after_a_queue_full() -> None:
    device = Device()
    port = AnalogPort(device, 1)
    device.events = [int(Event.ONHOOK)] * 1000
    assert len(port.events()) == 63


def test_ring_sets_the_cadence_first_and_null_means_the_zones_own() -> None:
    device = Device()
    port = AnalogPort(device, 1)
    device.asked.clear()
    port.perform(Ring((1000, 4000)))
    port.perform(Ring())
    port.perform(EchoCancel(128))
    assert device.asked == [
        ("SETCADENCE", struct.pack("<16i", 1000, 4000, *[0] * 14)),
        ("HOOK", struct.pack("<i", 5)),
        ("SETCADENCE", None),
        ("HOOK", struct.pack("<i", 5)),
        ("ECHOCANCEL", struct.pack("<i", 128)),
        ("ECHOCANCEL_FAX_MODE", struct.pack("<i", 0)),
    ]
    too_long = Ring((100,) * 17)
    assert port.perform(too_long) == LineEvent(K.FAILED, errno=errno.EINVAL, command=too_long)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errno.EINPROGRESS, None),
        (errno.ENODEV, LineEvent(K.REMOVED)),
        (errno.EBUSY, LineEvent(K.FAILED, errno=errno.EBUSY, command=SetHook(Hook.START))),
    ],
)
def test_an_errno_becomes_an_event(error: int, told: LineEvent | None) -> None:
    device = Device()
    port = AnalogPort(device, 1)
    device.errors[Ioctl.HOOK] = error
    assert port.perform(SetHook(Hook.START)) == told


def test_a_device_that_will_not_tell_its_events_is_lost() -> None:
    device = Device()
    port = AnalogPort(device, 4)
    device.errors = {Ioctl.GETEVENT: errno.EIO, Ioctl.FLUSH: errno.EIO}
    with pytest.raises(Lost, match="DAHDI channel 4"):
        port.events()
    with pytest.raises(Lost, match="DAHDI channel 4"):
        port.flush()


def test_the_kernel_handle_passes_requests_through_and_overwrites_in_place() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"12345")
    handle = KernelHandle(reader)
    waiting = bytearray(4)
    handle.ioctl(termios.FIONREAD, waiting)
    assert struct.unpack("i", waiting) == (5,)
    with pytest.raises(OSError) as caught:
        handle.ioctl(Ioctl.HOOK, bytearray(4))
    assert caught.value.errno == errno.ENOTTY
    with pytest.raises(OSError):
        handle.ioctl(Ioctl.SETCADENCE)
    assert handle.attention() == (reader, select.EPOLLPRI)
    handle.close()
    handle.close()
    os.close(writer)


def test_the_kernel_opens_nodes_without_blocking() -> None:
    handle = Kernel().open("/dev/null")
    assert fcntl.fcntl(handle.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK
    handle.close()
    with pytest.raises(Unavailable, match="is the dahdi module loaded"):
        AnalogPort(Nowhere(), 1)


class Nowhere:
    """A kernel on a machine that has no such node."""

    def open(self, node: str) -> KernelHandle:
        return Kernel().open("/nonexistent" + node)
