"""Audio between an adapter's port and its row: nothing is lost as long as all goes well, no delay stays."""

from __future__ import annotations

from collections import deque
from itertools import count

import pytest

from drivers.isdn.profile import PROFILES
from drivers.isdn.voice import AHEAD, FRAME_TIME, VoicePath
from gateway.core.codec import Encoding

FRAME = 160


class Line:
    """A far end that numbers its frames, an adapter that plays ours as they come, and a row that echoes."""

    def __init__(self) -> None:
        self.row: deque[bytes] = deque()
        self.buffer: deque[bytes] = deque()
        self.brought: list[bytes] = []
        self.played: list[int | None] = []
        self.numbers = count(1)
        self.now = 0.0
        self.path = VoicePath(self, PROFILES["i4l"], Encoding.PCMU)
        self._write(self.path.begin(self.now))

    # The other end of the row, which answers each frame by itself.

    def say(self, frame: bytes) -> None:
        self.row.append(frame)

    def hear(self) -> bytes | None:
        return self.row.popleft() if self.row else None

    # The adapter.

    def live(self, frames: int, bunch: int = 1, piece: int = 0) -> None:
        """So many frames pass; the port brings them in bunches, which are read in pieces where `piece` says so."""
        for _ in range(frames):
            self.now += FRAME_TIME
            self.brought.append(f"{next(self.numbers):0{FRAME}d}".encode())
            octets = self.buffer.popleft() if self.buffer else b""
            self.played.append(int(octets) if octets.isdigit() else None)
            if len(self.brought) >= bunch:
                while self.brought:
                    read = self.brought[: piece or bunch]
                    del self.brought[: piece or bunch]
                    out, code, rest = self.path.take(b"".join(read), self.now)
                    assert not code and not rest
                    self._write(out)

    def _write(self, out: bytes) -> None:
        assert len(out) % FRAME == 0
        self.buffer.extend(out[place : place + FRAME] for place in range(0, len(out), FRAME))

    @property
    def delay(self) -> int:
        """Frames from what comes in now to what is played of it."""
        latest = next(self.numbers)
        self.numbers = count(latest)
        return latest - 1 - (self.played[-1] or 0)


@pytest.mark.parametrize("bunch", [1, 2, 3, 5])
def test_every_frame_comes_back_once_and_in_order(bunch: int) -> None:
    line = Line()
    line.live(3000, bunch)
    numbers = [number for number in line.played if number is not None]
    assert numbers == sorted(set(numbers))
    late = numbers[100:]
    assert late[-1] - late[0] + 1 == len(late), "none is missing once it goes"
    assert line.delay <= AHEAD + 1 + 2 * bunch


def test_the_delay_of_a_stall_goes_away_again() -> None:
    line = Line()
    line.live(100)
    usual = line.delay
    line.live(25, bunch=25)
    line.live(50)
    assert line.delay > usual + 15, "half a second was late"
    line.live(1500)
    assert line.delay <= usual + 2
    assert len(line.buffer) <= AHEAD + 1


def test_of_a_stall_of_which_the_port_keeps_more_than_one_read_nothing_stays_either() -> None:
    """The kernel gives 4096 octets at once, 25 frames of a whole second that nobody read."""
    line = Line()
    line.live(100)
    usual = line.delay
    for _ in range(3):
        line.live(50, bunch=50, piece=25)
        line.live(1500)
    assert line.delay <= usual + 2
    assert len(line.buffer) <= AHEAD + 1


def test_an_adapter_whose_clock_is_slower_than_ours_has_no_more_waiting() -> None:
    line = Line()
    for _ in range(60):
        line.live(100)
        line.now += 0.01  # 5,000 ppm
    numbers = [number for number in line.played if number is not None]
    assert numbers[-1] - numbers[0] + 1 == len(numbers), "none is missing"
    assert len(line.buffer) <= AHEAD + 1


def test_stalls_again_and_again_add_up_to_no_more_than_one() -> None:
    line = Line()
    for _ in range(20):
        line.live(10, bunch=10)
        line.live(30)
    assert line.delay <= 2 * 10 + AHEAD + 2


def test_what_a_row_says_while_nobody_listens_is_not_kept() -> None:
    line = Line()
    for _ in range(1000):
        line.path.pass_time()
    assert len(line.row) <= 1
    line.row.extend([bytes(FRAME)] * 500)
    line.live(1)
    assert len(line.path._heard) < 100
