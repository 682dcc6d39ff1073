"""Real peers on loopback and the real clock: tolerant in time, strict in content."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from gateway.core.audio import Samples
from gateway.media.places import SPOKEN
from gateway.media.speech import synthesise
from tests.support.baresip import Baresip
from tests.support.speech import speak
from tests.support.steady import BareTimers, Steadily, say_again_where_late
from tests.support.wire import EXAMPLE, PATIENCE, RunningOffice, until

LONGEST = 180
"""Seconds after which a test is stuck, whatever it waits for; or a talk that is said again."""

Ada = Callable[..., Baresip]


@pytest.fixture(autouse=True)
def outer_time_out(bare_timers: BareTimers) -> Iterator[None]:
    """Ends a test that hangs where nobody counts the seconds; if it fails, what the machine did is told."""

    def stuck(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took more than {LONGEST} s")

    before = signal.signal(signal.SIGALRM, stuck)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def steadily(bare_timers: BareTimers, record_property: Callable[[str, object], None]) -> Steadily:
    """Has a talk, and has it again where the machine was late while it was spoilt (tests/support/steady.py)."""

    def tell(why: str) -> None:
        record_property("said again", why)
        signal.alarm(LONGEST)

    return lambda talk: say_again_where_late(talk, bare_timers.late_since, bare_timers.rest, tell)


class _Shared:
    """The office that the tests of one worker share, until one of them leaves it in a state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.office: RunningOffice | None = None

    def get(self) -> RunningOffice:
        if self.office is None:
            self._count += 1
            self.office = RunningOffice(self._folder / str(self._count))
        return self.office

    def drop(self) -> None:
        if self.office is not None:
            self.office.kill()
            self.office = None


@pytest.fixture(scope="session")
def spoken() -> None:
    """The prompts of the demo office, spoken once for all runs."""
    synthesise(EXAMPLE / "var" / "prompts" / SPOKEN)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, spoken: None) -> Iterator[_Shared]:
    """Starting the program is most of what a short test would take."""
    holder = _Shared(tmp_path_factory.mktemp("office"))
    yield holder
    office = holder.office
    if office is not None:
        assert office.stop() == 0, "SIGTERM ends it in order"


@pytest.fixture
def office(shared: _Shared) -> Iterator[RunningOffice]:
    """A running demo office with no call in it, before and after."""
    office = shared.get()
    begun = len(office.log)
    try:
        yield office
        assert office.alive
        for telephone in ("101", "102"):
            office.hand(telephone, "hang-up")
        until(lambda: office.on_hook() and office.in_calls() == 0, PATIENCE, "every call to be over")
        assert "Traceback" not in office.log[begun:]
    except BaseException:
        shared.drop()
        raise


@pytest.fixture
def ada(office: RunningOffice, tmp_path: Path) -> Iterator[Ada]:
    """Gives 6001's telephone: a baresip that registers over the transport named, here or at another office."""
    phones: list[Baresip] = []

    def make(transport: str, at: RunningOffice | None = None, codec: str = "") -> Baresip:
        folder, addresses = tmp_path / f"baresip-{len(phones)}", (at or office).addresses
        phones.append(Baresip(folder, "6001", "copper-6001", addresses[transport], transport, codec=codec))
        return phones[-1]

    yield make
    for phone in phones:
        phone.quit()


@pytest.fixture(scope="session")
def sentence() -> Samples:
    """A sentence, about four seconds of it."""
    return speak("The quick brown fox jumps over the lazy dog, and calls four seven one one.")


@pytest.fixture(scope="session")
def other_sentence() -> Samples:
    """Another one."""
    return speak("Copper wires carried every word that was spoken between two towns.")
