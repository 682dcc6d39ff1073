"""Echo cancelling on rows: a device that throws back what it is sent, and who hears what of it."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Samples, Sound
from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted
from gateway.media.level import level
from gateway.plane.plan import CANCEL, describe
from gateway.plane.plane import Plane, PlaneConfig
from gateway.plane.row import PlaneRow
from hardware.analog.copper import hybrid
from tests.support.composite import composite
from tests.unit.plane.conftest import Device, Studio

PATH = np.array(hybrid(8.0, delay=6.0))


class Line:
    """A frame device behind a hybrid: what is written to it comes back in the next frame, by `PATH`."""

    def __init__(self, studio: Studio, encoding: Encoding = Encoding.PCMU) -> None:
        self._studio = studio
        self.row, self.device = studio.device(encoding)
        self._said = np.zeros(len(PATH) - 1)
        self._spoken = np.zeros(160, np.int16)

    def live(self, seconds: float) -> None:
        """Let frames come and go, with nothing but echo in them."""
        for _ in range(round(seconds * 50)):
            said = np.concatenate([self._said, self._spoken])
            self._said = said[160:]
            self.device.say(np.rint(np.convolve(said, PATH, mode="valid")).astype(np.int16))
            self._studio.tick()
            frames = self.device.hear()
            self._spoken = self._decoded(frames[-1]) if frames else np.zeros(160, np.int16)

    def _decoded(self, frame: bytes) -> Samples:
        self.device.frames = [frame]
        return self.device.heard()


def captured(line: Line, seconds: float) -> Samples:
    capture = line.row.capture(seconds + 1)
    line.live(seconds)
    heard = capture.read()
    capture.stop()
    return heard


@pytest.mark.parametrize("encoding", [Encoding.PCMU, Encoding.PCMA, Encoding.L16])
def test_the_echo_of_a_sound_is_taken_out_of_what_comes_in(studio: Studio, encoding: Encoding) -> None:
    line = Line(studio, encoding)
    line.row.play(Sound("css", composite(8.0), loop_from=0))
    with_echo = level(captured(line, 1.0))
    line.row.cancel_echo(64)
    line.live(1.5)
    assert level(captured(line, 1.0)) < with_echo - 30
    stats = line.row.stats()
    assert stats.return_loss is not None and 5 < stats.return_loss < 12
    assert stats.echo_lowered is not None and stats.echo_lowered > 22
    line.row.cancel_echo(0)
    line.live(0.1)
    assert abs(level(captured(line, 1.0)) - with_echo) < 2
    assert line.row.stats().return_loss is None


def test_an_rtp_peer_does_not_hear_itself(studio: Studio) -> None:
    row, phone = studio.telephone()
    line = Line(studio)
    line.row.join(row)
    line.row.cancel_echo(64)
    speech = composite(3.0)
    for at in range(0, len(speech), 160):
        phone.say(speech[at : at + 160])
        line.live(0.02)
    heard = phone.heard()
    assert len(heard) > 2.8 * 8000
    assert level(heard[-8000:]) < level(speech) - 35


def test_cancellers_are_given_back() -> None:
    plane = Plane(PlaneConfig(rows=4, arena=1.0, cancellers=1))
    devices = [Device(Encoding.PCMU) for _ in range(2)]
    first, second = (plane.add_frames(device.theirs.fileno(), Encoding.PCMU) for device in devices)

    def settle(now: float = 1.0) -> None:
        plane.step(now)
        plane.pump(now)

    first.cancel_echo(64)
    with pytest.raises(Exhausted, match="all echo cancellers"):
        second.cancel_echo(64)
    first.cancel_echo(128)
    first.cancel_echo(0)
    settle()
    second.cancel_echo(64)
    second.close()
    settle()
    first.cancel_echo(16)
    settle()
    devices[0].ours.close()
    settle(1.1)
    first.close()
    settle(1.2)
    assert len(plane.cancellers) == 1 and plane.usage().rows == 0
    plane.close()
    for device in devices:
        device.ours.close()
        device.theirs.close()


def test_a_row_of_packets_has_no_stage_for_it(studio: Studio) -> None:
    row, _ = studio.telephone()
    line = Line(studio)
    for one in (row, line.row):
        one.cancel_echo(64)
    studio.settle()
    assert not stages(studio, row) & CANCEL
    assert describe(stages(studio, line.row)) == "decode, cancel echo"


def stages(studio: Studio, row: PlaneRow) -> int:
    return int(studio.plane.tables.stages[row.index])
