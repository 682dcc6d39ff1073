"""Buffers of an emulated channel as dahdi-base.c keeps them: policies, overruns, waiting; other audio requests."""

import errno
import os

import numpy as np
import pytest

from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import BufferPolicy, Event, Ioctl, IoMux
from hardware.port import Handle

FRAME = b"\x10" * 160


def number(value: int) -> bytearray:
    return bytearray(structs.INT.build(value))


def opened(card: EmulatedCard) -> Handle:
    handle = card.open(abi.CHANNEL_NODE)
    handle.ioctl(Ioctl.SPECIFY, number(1))
    card.pair(1).close_loop()
    handle.ioctl(Ioctl.FLUSH, number(abi.Flush.ALL))
    return handle


def refused(handle: Handle, request: int, argument: bytearray | None) -> int:
    with pytest.raises(OSError) as caught:
        handle.ioctl(request, argument)
    return caught.value.errno or 0


def arrange(handle: Handle, policy: int, buffers: int, size: int = 160) -> None:
    handle.ioctl(Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(info(policy, buffers, size))))


def info(policy: int, buffers: int, size: int) -> dict[str, int]:
    return dict(txbufpolicy=policy, rxbufpolicy=0, numbufs=buffers, bufsize=size, readbufs=0, writebufs=0)


def heard(card: EmulatedCard) -> bool:
    """Let a frame pass; whether the telephone hears something in it."""
    card.agenda.run_until(card.agenda.now + 20)
    card.send()
    card.receive()
    return card.pair(1).heard_by_terminal() is not None


def event(handle: Handle) -> int:
    argument = number(0)
    handle.ioctl(Ioctl.GETEVENT, argument)
    return int(structs.INT.parse(argument))


@pytest.mark.parametrize(
    ("policy", "needed"), [(BufferPolicy.IMMEDIATE, 1), (BufferPolicy.HALF_FULL, 2), (BufferPolicy.WHEN_FULL, 4)]
)
def test_sending_begins_when_as_many_buffers_are_filled_as_the_policy_says(
    policy: BufferPolicy, needed: int
) -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, policy, 4)
    for _ in range(2):  # and again, once it has run dry
        for written in range(1, needed + 1):
            assert not heard(card), f"{written - 1} of {needed} buffers are filled"
            os.write(handle.fileno(), FRAME)
        assert [heard(card) for _ in range(needed + 1)] == [True] * needed + [False]
    handle.close()


def test_a_forced_transmitter_waits_for_no_more_buffers() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.WHEN_FULL, 4)
    os.write(handle.fileno(), FRAME)
    assert not heard(card)
    handle.ioctl(Ioctl.IOMUX, number(IoMux.WRITEEMPTY | IoMux.NOWAIT))
    assert heard(card)
    handle.close()


def test_what_is_set_is_given_back_and_what_is_too_large_is_refused() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.HALF_FULL, 99, 320)
    found = bytearray(structs.BUFFERINFO.sizeof())
    handle.ioctl(Ioctl.GET_BUFINFO, found)
    told = structs.BUFFERINFO.parse(found)
    assert (told.txbufpolicy, told.rxbufpolicy, told.numbufs, told.bufsize) == (2, 0, 32, 320)
    assert (told.readbufs, told.writebufs) == (-1, -1)
    for wrong in (info(0, 8, 8192), info(0, 2, 15), info(0, 2, 8193), info(3, 2, 160)):
        assert refused(handle, Ioctl.SET_BUFINFO, bytearray(structs.BUFFERINFO.build(wrong))) == errno.EINVAL
    handle.close()


def test_thirty_two_buffers_can_be_written_ahead() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.IMMEDIATE, 32)
    for _ in range(32):
        os.write(handle.fileno(), FRAME)
    assert [heard(card) for _ in range(33)] == [True] * 32 + [False]
    handle.close()


def test_overrun_and_underrun_are_told_once_each_time_and_only_when_asked_for() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.IMMEDIATE, 2)
    for wanted in (False, True):
        handle.ioctl(Ioctl.BUFFER_EVENTS, number(wanted))
        for _ in range(2):
            handle.ioctl(Ioctl.FLUSH, number(abi.Flush.READ))
            os.write(handle.fileno(), FRAME)
            for _ in range(20):
                heard(card)
            assert [event(handle) for _ in range(3)] == (
                [Event.WRITE_UNDERRUN, Event.READ_OVERRUN, 0] if wanted else [0, 0, 0]
            )
    handle.close()


def test_waiting_for_several_things_tells_which_of_them_is_so() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.IMMEDIATE, 4)
    everything = IoMux.READ | IoMux.WRITE | IoMux.WRITEEMPTY | IoMux.SIGEVENT

    def now(wanted: int) -> int:
        argument = number(wanted | IoMux.NOWAIT)
        handle.ioctl(Ioctl.IOMUX, argument)
        return int(structs.INT.parse(argument))

    assert now(everything) == IoMux.WRITE | IoMux.WRITEEMPTY
    heard(card)
    assert now(everything) == IoMux.READ | IoMux.WRITE | IoMux.WRITEEMPTY
    os.write(handle.fileno(), FRAME)
    assert now(IoMux.READ | IoMux.WRITEEMPTY) == IoMux.READ
    handle.ioctl(Ioctl.SETCADENCE, bytearray(structs.RING_CADENCE.build({"ringcadence": [20, 20] + [0] * 14})))
    card.pair(1).open_loop()
    card.agenda.run_until(card.agenda.now + 2000)
    assert now(IoMux.SIGEVENT) == IoMux.SIGEVENT
    assert refused(handle, Ioctl.IOMUX, number(0)) == errno.EINVAL
    handle.ioctl(Ioctl.FLUSH, number(abi.Flush.ALL))
    assert refused(handle, Ioctl.IOMUX, number(IoMux.READ)) == errno.EINTR, "nobody waits in a world moved by hand"
    handle.close()


def test_linear_samples_are_two_octets_each() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.IMMEDIATE, 4)
    handle.ioctl(Ioctl.SETLINEAR, number(1))
    samples = (np.arange(160) * 100 - 8000).astype(np.int16)
    os.write(handle.fileno(), samples.tobytes())
    card.send()
    sent = card.pair(1).heard_by_terminal()
    assert sent is not None and np.array_equal(sent, samples)
    card.pair(1).send_to_feeder(samples)
    card.receive()
    assert np.array_equal(np.frombuffer(handle.read(4096), np.int16), samples)
    handle.close()


def test_a_muted_channel_sends_silence() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.IMMEDIATE, 4)
    muted = number(0)
    for on in (1, 0):
        handle.ioctl(Ioctl.CONFMUTE, number(on))
        handle.ioctl(Ioctl.GETCONFMUTE, muted)
        assert structs.INT.parse(muted) == on
        os.write(handle.fileno(), FRAME)
        assert heard(card) is not bool(on)
    handle.close()


def test_only_one_buffer_is_read_at_a_time_and_what_is_not_wanted_of_it_is_lost() -> None:
    card = EmulatedCard(ports=[PortKind.FXS])
    handle = opened(card)
    arrange(handle, BufferPolicy.IMMEDIATE, 4)
    heard(card)
    heard(card)
    assert [len(handle.read(100)), len(handle.read(4096))] == [100, 160]
    with pytest.raises(BlockingIOError):
        handle.read(4096)
    handle.close()


def test_echo_cancelling_takes_the_lengths_that_there_are_and_is_checked() -> None:
    card = EmulatedCard(ports=[PortKind.FXS], echo_cancellers=True)
    handle = opened(card)
    channel = card.channels[1]
    for taps in (32, 64, 128, 256, 512, 1024, 100, 4096):
        handle.ioctl(Ioctl.ECHOCANCEL, number(taps))
        assert channel.cancelling_echo
        handle.ioctl(Ioctl.ECHOTRAIN, number(400))
        handle.ioctl(Ioctl.ECHOCANCEL, number(0))
        assert not channel.cancelling_echo
    assert refused(handle, Ioctl.ECHOTRAIN, number(400)) == errno.EINVAL
    header = structs.ECHOCANPARAMS.build({"tap_length": 256, "param_count": 0})
    handle.ioctl(Ioctl.ECHOCANCEL_PARAMS, bytearray(header))
    assert channel.cancelling_echo
    assert refused(handle, Ioctl.ECHOTRAIN, number(1000)) == errno.EINVAL
    many = structs.ECHOCANPARAMS.build({"tap_length": 256, "param_count": 9})
    assert refused(handle, Ioctl.ECHOCANCEL_PARAMS, bytearray(many)) == errno.E2BIG
    short = structs.ECHOCANPARAMS.build({"tap_length": 256, "param_count": 2})
    assert refused(handle, Ioctl.ECHOCANCEL_PARAMS, bytearray(short)) == errno.EFAULT
    assert refused(handle, Ioctl.ECHOCANCEL_PARAMS, bytearray(4)) == errno.EFAULT
    handle.close()


@pytest.mark.parametrize("request_", [Ioctl.AUDIOMODE, Ioctl.HDLCRAWMODE, Ioctl.HDLCFCSMODE, Ioctl.SETTXBITS])
def test_an_analogue_channel_has_no_data_mode_and_no_bits(request_: Ioctl) -> None:
    handle = opened(EmulatedCard(ports=[PortKind.FXS]))
    assert refused(handle, request_, number(1)) == errno.EINVAL
    handle.close()


def test_the_lamp_may_be_lit_by_reversal_which_adds_to_any_other() -> None:
    """VMWI_CONFIG line reversal and SETPOLARITY: polarity is the exclusive or of both (wctdm.c)."""
    card = EmulatedCard(ports=[PortKind.FXS])
    handle, pair = opened(card), card.pair(1)
    pair.open_loop()
    handle.ioctl(Ioctl.VMWI_CONFIG, number(abi.Vmwi.LREV))
    handle.ioctl(Ioctl.VMWI, number(3))
    assert pair.reversed and not pair.neon
    handle.ioctl(Ioctl.SETPOLARITY, number(1))
    assert not pair.reversed
    handle.ioctl(Ioctl.VMWI, number(0))
    assert pair.reversed
    handle.ioctl(Ioctl.VMWI_CONFIG, number(abi.Vmwi.HVAC))
    handle.ioctl(Ioctl.VMWI, number(1))
    assert pair.neon
    handle.close()
    assert not pair.reversed


def test_a_span_is_told_of_by_its_channel_and_the_card_tells_its_digits_length() -> None:
    card = EmulatedCard(ports=[PortKind.FXS, PortKind.FXO])
    handle, control = opened(card), card.open(abi.CTL_NODE)
    for place, asked in ((handle, 0), (handle, 1), (control, 1)):
        span = bytearray(structs.SPANINFO.sizeof())
        span[:4] = number(asked)
        place.ioctl(Ioctl.SPANSTAT, span)
        assert structs.SPANINFO.parse(span).totalchans == 2
    span[:4] = number(0)
    assert refused(control, Ioctl.SPANSTAT, span) == errno.EINVAL
    lengths = bytearray(structs.DIALPARAMS.sizeof())
    control.ioctl(Ioctl.GET_DIALPARAMS, lengths)
    assert structs.DIALPARAMS.parse(lengths).dtmf_tonelen == 800
    handle.close()
