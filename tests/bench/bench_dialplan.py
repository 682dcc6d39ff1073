"""What a dialplan costs: loading 10,000 extensions and 1,000 patterns, finding a number in them, running a step.

A step is measured in a loop of NoOp, Set and GotoIf, one leg alone and 500 at once; finds by the clock, all else in
CPU time of this process.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from dialplan.engine import DialplanEngine
from dialplan.loader import load
from dialplan.model import Dialplan
from gateway.core.audio import Audio, Sound
from gateway.core.ending import Ending
from gateway.core.number import Party
from gateway.core.sounds import Sounds
from gateway.core.switch import BridgeEnd, DeviceState, DialOutcome, Leg, Target

EXTENSIONS = 10_000
PATTERNS = 1_000
FINDS = 4_000
LEGS = 500
NOW = datetime(2024, 3, 15, 12, 0, tzinfo=UTC)
LOOP = """[office]
exten => 1,1,Set(N=0)
 same => n(up),NoOp(turn ${{N}} of ${{EXTEN}})
 same => n,Set(N=$[${{N}} + 1])
 same => n,GotoIf($[${{N}} < {rounds}]?up)
"""


def big_office() -> str:
    """A context of 10,000 literal extensions of three steps each and 1,000 patterns."""
    chance = random.Random(1)
    lines = ["[office]"]
    for number in range(EXTENSIONS):
        lines += [
            f"exten => {20000 + number},1,NoOp(${{EXTEN}} from ${{CALLERID(num)}})",
            f" same => n,Dial(FXS/{number % 96},30)",
            " same => n,Hangup()",
        ]
    patterns: set[str] = set()
    while len(patterns) < PATTERNS:
        digits = "".join(chance.choice("0123456789XXXZN") for _ in range(chance.randint(4, 9)))
        patterns.add(f"_9{digits}{chance.choice(['', '', '.', '!'])}")
    for pattern in sorted(patterns):
        lines += [f"exten => {pattern},1,Dial(FXO/1/${{EXTEN:1}})", " same => n,Congestion()"]
    return "\n".join(lines)


class BareLeg:
    """A leg that does nothing but run a script; it keeps its last note."""

    technology = "SIP"
    peer = "account 6001"
    context = "office"
    audio: Audio

    def __init__(self, name: str = "SIP/6001-1") -> None:
        self.name = name
        self.party = Party("6001", "Ada")
        self.called = "1"
        self.variables: dict[str, str] = {}
        self.headers: Sequence[tuple[str, str]] = ()
        self.answered = False
        self.ending: Ending | None = None
        self.last = ""

    def note(self, text: str, detail: str = "") -> None:
        self.last = text

    def proceed(self) -> None: ...
    def ringing(self) -> None: ...
    def early_media(self) -> None: ...
    async def answer(self) -> None: ...
    async def wait(self, seconds: float) -> None: ...
    async def play(self, sounds: Sequence[Sound], escape: str = "") -> str:
        return ""

    async def digit(self, timeout: float | None = None) -> str:
        return ""

    async def released(self) -> None: ...
    def hang_up(self, ending: Ending) -> None:
        self.ending = ending


class Nowhere:
    """A switch that reaches nobody."""

    sounds: Sounds

    async def dial(
        self,
        leg: Leg,
        targets: Sequence[Target],
        *,
        timeout: float | None = None,
        caller: Party | None = None,
        ringback: Sound | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> DialOutcome:
        raise AssertionError("these scripts call nobody")

    async def bridge(self, leg: Leg, other: Leg) -> BridgeEnd:
        raise AssertionError("these scripts call nobody")

    def device_state(self, device: str) -> DeviceState:
        return DeviceState.UNKNOWN

    def set_custom_state(self, name: str, state: DeviceState) -> None:
        pass

    def now(self) -> datetime:
        return NOW


def timed(work: Callable[[], object]) -> float:
    """Seconds of this process's own CPU: what other processes take does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def row(what: str, value: str, asked: str = "") -> None:
    """One row of the table."""
    print(f"{what:<58} {value:>14}   {asked}")


def finding(dialplan: Dialplan) -> float:
    """Median seconds of a find, half of them for extensions, half for numbers that patterns take."""
    chance = random.Random(2)
    numbers = [str(20000 + chance.randrange(EXTENSIONS)) for _ in range(FINDS // 2)]
    numbers += [f"9{chance.randrange(10**6, 10**9)}" for _ in range(FINDS // 2)]
    chance.shuffle(numbers)
    took = []
    for number in numbers:
        began = time.perf_counter()
        dialplan.find("office", number, caller="6001", when=Nowhere().now)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def stepping(legs: int, rounds: int) -> float:
    """Seconds of one step where `legs` scripts run at once; the best of five runs, since others can only add."""
    dialplan = load("extensions.conf", read=lambda path: LOOP.format(rounds=rounds))
    engine = DialplanEngine(dialplan, Nowhere(), step_limit=10**6)

    async def all_at_once() -> None:
        await asyncio.gather(*(engine.run(BareLeg(f"SIP/{leg}-1"), "office", "1") for leg in range(legs)))

    return min(timed(lambda: asyncio.run(all_at_once())) for _ in range(5)) / (3 * rounds * legs)


def main() -> None:
    text = big_office()
    loaded: list[Dialplan] = []
    took = timed(lambda: loaded.append(load("extensions.conf", read=lambda path: text)))
    print("dialplan")
    row(f"load {EXTENSIONS} extensions and {PATTERNS} patterns", f"{took:.2f} s", "asked: under 2 s")
    row("find a number in them, median", f"{finding(loaded[0]) * 1e6:.1f} µs", "asked: under 20 µs")
    row("a NoOp, Set or GotoIf step", f"{stepping(1, 2000) * 1e6:.1f} µs", "asked: under 15 µs")
    row(f"the same, {LEGS} scripts at once", f"{stepping(LEGS, 20) * 1e6:.1f} µs")


if __name__ == "__main__":
    main()
