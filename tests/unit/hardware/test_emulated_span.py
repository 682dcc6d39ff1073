"""The emulated span where it is pushed: alarms, spoilt frames, buffers, configuration, a card pulled out."""

import contextlib
import errno
import os
import select
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.core.errors import Unavailable
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Alarm, BufferPolicy, Event, Ioctl, LineConfig, SigType
from hardware.dahdi.opening import integer, open_channel
from hardware.port import Handle
from hardware.span.cable import LineSignal
from hardware.span.dahdi import BearerPort, Frame, Notice, NoticeKind, SignallingPort
from hardware.span.emulated import EmulatedSpan
from hardware.span.hdlc import Deframer, Framer
from hardware.span.kinds import T1

D = 16


class Bench:
    """A span with its D channel opened, and the far end in the test's hands."""

    def __init__(self) -> None:
        self.span = EmulatedSpan()
        self.port = SignallingPort(self.span, D)
        self.framer, self.deframer = Framer(checked=True), Deframer(checked=True, longest=1024)
        self.heard: list[object] = []
        self.signal = LineSignal()

    def run(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.span.send()
            octets = self.framer.take()
            slots = {} if octets is None else {D: octets}
            self.span.cable.send_to_card(LineSignal(self.signal.present, self.signal.ais, self.signal.rai, slots))
            self.span.receive()
            signal = self.span.cable.heard_by_far()
            self.heard += self.deframer.feed(signal.slots.get(D))

    def ready(self) -> bool:
        with select.epoll() as poll:
            for descriptor, mask in self.port.watched():
                poll.register(descriptor, mask)
            return bool(poll.poll(0))


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.port.close()


def refused(handle: Handle, request: int, argument: bytearray | None) -> int:
    with pytest.raises(OSError) as caught:
        handle.ioctl(request, argument)
    return caught.value.errno or 0


def test_frames_pass_both_ways_and_only_then_is_the_port_ready(bench: Bench) -> None:
    assert not bench.ready()
    bench.framer.put(b"from the network")
    assert bench.port.send(b"from the card")
    bench.run()
    assert bench.ready()
    assert bench.port.receive() == [Frame(b"from the network")]
    assert bench.heard == [b"from the card"]
    assert not bench.ready()


def test_a_wrong_bit_is_told_and_the_frame_is_not_given(bench: Bench) -> None:
    bench.span.cable.spoil(0.01)
    bench.framer.put(b"a frame that arrives with a few wrong bits")
    bench.run(2)
    assert [notice.kind for notice in bench.port.receive() if isinstance(notice, Notice)] == [NoticeKind.BAD_FRAME]
    bench.span.cable.mend()
    bench.framer.put(b"the next one")
    bench.run()
    assert bench.port.receive() == [Frame(b"the next one")]


def test_reading_and_writing_wait_for_events_to_be_taken(bench: Bench) -> None:
    handle = open_channel(bench.span, 1)
    with contextlib.closing(handle):
        bench.signal = LineSignal(present=False)
        bench.run(130)
        for deed in (lambda: handle.read(160), lambda: handle.write(b"x" * 160)):
            with pytest.raises(OSError) as caught:
                deed()
            assert caught.value.errno == abi.ELAST
        event = integer(0)
        handle.ioctl(Ioctl.GETEVENT, event)
        assert structs.INT.parse(event) == Event.ALARM
        handle.write(b"x" * 160)


def test_alarms_come_with_what_to_look_at_and_go(bench: Bench) -> None:
    bench.span.cable.cut(to_far=False)
    bench.run(124)
    assert bench.port.receive() == []
    bench.run()
    [red] = bench.port.receive()
    assert isinstance(red, Notice)
    assert red.kind is NoticeKind.ALARM
    assert "look at the cable" in red.text
    assert bench.port.alarms() == Alarm.RED | Alarm.LOS
    bench.run()
    assert bench.span.cable.heard_by_far().rai  # the far end is told (yellow alarm there)
    bench.span.cable.mend()
    bench.run(251)
    assert [notice.kind for notice in bench.port.receive() if isinstance(notice, Notice)] == [
        NoticeKind.ALARM,
        NoticeKind.NO_ALARM,
    ]


def test_a_signal_lost_upstream_is_blue_and_a_deaf_far_end_yellow(bench: Bench) -> None:
    bench.span.cable.lose_upstream()
    bench.run(125)
    assert bench.port.alarms() == Alarm.BLUE
    bench.span.cable.mend()
    bench.run(300)
    bench.signal = LineSignal(rai=True)
    bench.run(25)
    assert bench.port.alarms() == Alarm.YELLOW


def test_nothing_that_is_lost_in_an_alarm_is_told_as_a_bad_frame(bench: Bench) -> None:
    bench.signal = LineSignal(present=False)
    bench.run(126)
    bench.port.receive()
    bench.framer.put(b"x")
    bench.run(3)
    assert bench.port.receive() == []


def test_frames_that_nobody_reads_are_lost_from_the_newest_on(bench: Bench) -> None:
    for number in range(250):
        bench.framer.put(bytes([number]) * 20)
    bench.run(60)
    frames = bench.port.receive()
    assert frames[0] == Frame(b"\0" * 20)
    assert 30 <= len(frames) < 250


def test_a_frame_longer_than_the_buffers_is_told_and_not_given(bench: Bench) -> None:
    bench.framer.put(b"x" * 1500)
    bench.framer.put(b"short")
    bench.run(15)
    found = bench.port.receive()
    assert [one.kind for one in found if isinstance(one, Notice)] == [NoticeKind.BAD_FRAME]
    assert Frame(b"short") in found


def test_a_channel_that_is_full_takes_no_more(bench: Bench) -> None:
    count = 0
    while bench.port.send(b"x" * 200) and count < 1000:
        count += 1
    assert 20 <= count < 200
    bench.run(100)
    assert bench.port.send(b"x")


@pytest.mark.parametrize(("policy", "needed"), [(BufferPolicy.HALF_FULL, 2), (BufferPolicy.WHEN_FULL, 4)])
def test_sending_waits_for_as_many_buffers_as_the_policy_says(
    bench: Bench, policy: BufferPolicy, needed: int
) -> None:
    bench.port.close()
    handle = open_channel(bench.span, D)
    info = {"txbufpolicy": policy, "rxbufpolicy": 0, "numbufs": 4, "bufsize": 160, "readbufs": 0, "writebufs": 0}
    handle.ioctl(Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(info)))
    for count in range(1, needed + 1):
        assert bench.heard == []
        handle.write(bytes([count]) * 5 + b"\0\0")
        bench.run()
    assert len(bench.heard) == needed
    handle.close()


def test_an_idle_bearer_sends_silence_of_its_law_and_a_clear_one_ones(bench: Bench) -> None:
    port = BearerPort(bench.span, 1)
    handle = open_channel(bench.span, 2)
    bench.run()
    slots = bench.span.cable.heard_by_far().slots
    assert slots[1] == b"\xd5" * 160
    assert slots[2] == b"\xff" * 160
    port.close()
    handle.close()
    bench.run()
    assert bench.span.cable.heard_by_far().slots == {}


def test_linear_samples_are_for_channels_in_audio_mode(bench: Bench) -> None:
    handle = open_channel(bench.span, 3)
    with contextlib.closing(handle):
        assert refused(handle, Ioctl.SETLINEAR, integer(1)) == errno.EINVAL
        handle.ioctl(Ioctl.AUDIOMODE, integer(1))
        handle.ioctl(Ioctl.SET_BLOCKSIZE, integer(160))
        handle.ioctl(Ioctl.SETLINEAR, integer(1))
        handle.write(np.full(160, 1000, np.int16).tobytes())
        bench.run()
        assert bench.span.cable.heard_by_far().slots[3] == b"\xfa" * 160
        assert len(handle.read(4096)) == 320


def test_a_looped_channel_hears_itself(bench: Bench) -> None:
    handle = open_channel(bench.span, 4)
    with contextlib.closing(handle):
        handle.ioctl(Ioctl.SET_BLOCKSIZE, integer(160))
        handle.ioctl(Ioctl.LOOPBACK, integer(1))
        handle.write(b"z" * 160)
        bench.run()
        assert handle.read(160) == b"z" * 160


def test_the_far_ends_channels_are_configured_on_the_control_node(bench: Bench) -> None:
    def line(words: int, span: int = 1) -> bytearray:
        config = {"span": span, "name": bytes(20), "lbo": 0, "lineconfig": words, "sync": 0}
        return bytearray(structs.LINECONFIG.build(config))

    def channel(number: int, signalling: int) -> bytearray:
        config = {"chan": number, "name": bytes(40), "sigtype": signalling, "deflaw": 0, "master": 0}
        return bytearray(structs.CHANCONFIG.build({**config, "idlebits": 0, "netdev_name": bytes(16)}))

    control = bench.span.open(abi.CTL_NODE)
    control.ioctl(Ioctl.SPANCONFIG, line(LineConfig.CCS | LineConfig.HDB3))
    assert bench.span.line == LineConfig.CCS | LineConfig.HDB3
    assert refused(control, Ioctl.SPANCONFIG, line(LineConfig.B8ZS)) == errno.EINVAL  # of a T1
    assert refused(control, Ioctl.SPANCONFIG, line(0, span=2)) == errno.ENXIO
    control.ioctl(Ioctl.CHANCONFIG, channel(7, SigType.HDLCFCS))
    SignallingPort(bench.span, 7).close()
    assert refused(control, Ioctl.CHANCONFIG, channel(7, SigType.FXOKS)) == errno.EINVAL
    assert refused(control, Ioctl.CHANCONFIG, channel(32, SigType.CLEAR)) == errno.EINVAL
    control.ioctl(Ioctl.SHUTDOWN, integer(1))
    with pytest.raises(Unavailable, match="not configured"):
        BearerPort(bench.span, 1)
    control.ioctl(Ioctl.STARTUP, integer(1))
    assert refused(control, Ioctl.DIAL, None) == errno.ENOTTY


def test_spanstat_tells_framing_coding_and_counts(bench: Bench) -> None:
    control = bench.span.open(abi.CTL_NODE)
    argument = bytearray(structs.SPANINFO.sizeof())
    argument[:4] = integer(1)
    control.ioctl(Ioctl.SPANSTAT, argument)
    info = structs.SPANINFO.parse(argument)
    assert info.lineconfig == LineConfig.CCS | LineConfig.CRC4 | LineConfig.HDB3
    assert structs.text(info.spantype) == "E1"
    assert EmulatedSpan(T1).line == LineConfig.ESF | LineConfig.B8ZS


def test_a_card_that_is_pulled_out_is_told_and_comes_back(bench: Bench) -> None:
    bearer = BearerPort(bench.span, 1)
    bench.span.remove()
    assert bench.ready()
    assert bench.port.receive() == [Notice(NoticeKind.REMOVED, "the card has been removed")]
    assert not bench.port.send(b"x")
    assert os.read(bearer.descriptor, 160) == b""
    with pytest.raises(Unavailable):
        SignallingPort(bench.span, D)
    bearer.close()
    bench.port.close()
    bench.span.insert()
    bench.port = SignallingPort(bench.span, D)
    bench.framer.put(b"here again")
    bench.run()
    assert bench.port.receive() == [Frame(b"here again")]
