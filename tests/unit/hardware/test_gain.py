"""Levels of a port, set by SETGAINS and measured at both ends of the copper."""

import errno

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.level import level, peak
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl
from hardware.dahdi.gain import UNCHANGED, gain_table
from tests.unit.hardware.bench import Bench

FXS, FXO = PortKind.FXS, PortKind.FXO


def tone(dbm0: float) -> Samples:
    wave = np.sin(2 * np.pi * 1004 * np.arange(1600) / 8000)
    return np.rint(peak(dbm0) * wave).astype(np.int16)


def gains(receive: bytes, transmit: bytes, channel: int = 0) -> bytearray:
    return bytearray(structs.GAINS.build({"chan": channel, "rxgain": list(receive), "txgain": list(transmit)}))


def measured(bench: Bench, said: Samples, written: Samples) -> tuple[float, float]:
    """dBm0 that the line hears of what is written, and that the port reads of what is said on the line."""
    if bench.port.kind is FXS:
        bench.pair.close_loop()
    else:
        bench.card.channels[1].hook(abi.HookCommand.OFFHOOK)
    heard, read = [], []
    for at in range(0, len(said), 160):
        bench.write(written[at : at + 160], bench.port.encoding)
        at_line, at_port = bench.frame(said[at : at + 160])
        bench.events()
        assert at_line is not None and at_port is not None
        heard.append(at_line)
        read.append(at_port)
    return level(np.concatenate(heard)), level(np.concatenate(read))


@pytest.mark.parametrize("kind", PortKind)
@pytest.mark.parametrize(("zone", "law"), [("us", Encoding.PCMU), ("de", Encoding.PCMA)])
@pytest.mark.parametrize(("receive", "transmit"), [(-6.0, 3.5), (4.0, -10.0), (0.0, -24.0), (0.0, 0.0)])
def test_each_direction_is_as_loud_as_it_is_set(
    kind: PortKind, zone: str, law: Encoding, receive: float, transmit: float
) -> None:
    bench = Bench(kind, zone, receive_gain=receive, transmit_gain=transmit)
    assert bench.port.encoding is law
    to_line, to_port = measured(bench, tone(-15.0), tone(-12.0))
    assert to_line == pytest.approx(-12.0 + transmit, abs=0.2)
    assert to_port == pytest.approx(-15.0 + receive, abs=0.2)
    bench.port.close()


def test_what_would_be_too_loud_is_as_loud_as_the_law_can_say() -> None:
    bench = Bench(FXS, receive_gain=12.0)
    _, to_port = measured(bench, tone(0.0), tone(-40.0))
    assert 3.0 < to_port < 6.2, "a sine that is cut to a square is 3 dB above one that just fits"
    bench.port.close()


@pytest.mark.parametrize("law", [Encoding.PCMU, Encoding.PCMA])
def test_a_table_keeps_the_order_and_the_sign_of_what_it_changes(law: Encoding) -> None:
    assert gain_table(law, 0.0) == UNCHANGED
    values = g711.decode(UNCHANGED, law).astype(int)
    quieter = g711.decode(gain_table(law, -6.0), law).astype(int)
    order = np.argsort(values, kind="stable")
    assert (np.diff(quieter[order]) >= 0).all() and (quieter * values >= 0).all()


def test_tables_are_given_back_and_an_open_makes_them_0_db_again() -> None:
    card = EmulatedCard(ports=[FXS])
    port = AnalogPort(card, 1, receive_gain=-3.0, transmit_gain=6.0)
    control, found = card.open(abi.CTL_NODE), gains(UNCHANGED, UNCHANGED, 1)
    control.ioctl(Ioctl.GETGAINS, found)
    there = structs.GAINS.parse(found)
    assert there.chan == 1
    assert bytes(there.rxgain) == gain_table(Encoding.PCMU, -3.0)
    assert bytes(there.txgain) == gain_table(Encoding.PCMU, 6.0)
    port.close()
    AnalogPort(card, 1).close()
    control.ioctl(Ioctl.GETGAINS, found)
    assert bytes(structs.GAINS.parse(found).rxgain) == UNCHANGED


def test_gains_of_a_channel_that_there_is_not_are_refused() -> None:
    control = EmulatedCard(ports=[FXS]).open(abi.CTL_NODE)
    for request in (Ioctl.GETGAINS, Ioctl.SETGAINS):
        with pytest.raises(OSError) as refused:
            control.ioctl(request, gains(UNCHANGED, UNCHANGED, 9))
        assert refused.value.errno == errno.EINVAL
    with pytest.raises(OSError) as refused:
        control.ioctl(Ioctl.SETGAINS, bytearray(10))
    assert refused.value.errno == errno.EFAULT
