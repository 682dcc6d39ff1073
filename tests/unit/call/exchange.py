"""A call manager among scripted legs, and what tests of calls have in common.

caller = exchange.offer()
exchange.says(exchange.phone, Answered("off-hook"))
assert caller.last == Answer()
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np

from dialplan.engine import DialplanEngine
from dialplan.loader import load
from dialplan.model import Dialplan
from dialplan.plan import DialplanNumbers
from gateway.call.call import CallRecord
from gateway.call.local import LocalTechnology
from gateway.call.manager import CallManager
from gateway.call.tolls import Tolls
from gateway.config.boundary import Boundary
from gateway.config.permission import numbering
from gateway.config.tolls import toll_policy
from gateway.core.audio import Audio, Samples, Sound, SoundEnd
from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted
from gateway.core.messages import Event, Offered
from gateway.core.number import Party
from gateway.core.recording import Media
from gateway.core.room import Manner, RoomEvent
from gateway.core.switch import DialOptions, DialOutcome, Leg, Target
from gateway.core.trace import Recorder
from gateway.testing.loop import ManualLoop
from gateway.toll.guard import TollGuard
from tests.support.channel import ScriptedChannel, ScriptedRows, ScriptedTechnology
from tests.unit.config.test_load import DOZEN, read

ANN = Party("6001", "Ann")
BYE = Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE")
ON_HOOK = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK event on port 1")
BUSY = Ending(Cause.USER_BUSY, "telephone 101", Act.REFUSED, "off-hook")
FXS_101 = Target("FXS", "101")


def read_text(text: str) -> Dialplan:
    """A dialplan from its text."""
    return load("extensions.conf", read=lambda path: text)


class Tones:
    """Sounds with names and no samples to speak of."""

    def tone(self, name: str, zone: str | None = None) -> Sound:
        return Sound(f"{name} tone", np.zeros(160, np.int16), loop_from=0)

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        return Sound(name, np.zeros(160, np.int16))

    def music(self, name: str) -> Sound:
        return Sound(f"{name} music", np.zeros(160, np.int16), loop_from=0)

    def recorded(self, name: str, samples: Samples, rate: int, after: Sound | None = None) -> Sound:
        raise AssertionError("nothing is recorded here")

    def keep(self, name: str, sound: Sound) -> None:
        raise AssertionError("nothing is recorded here")

    def spell(self, text: str, language: str | None = None) -> list[Sound]:
        return [Sound(letter, np.zeros(160, np.int16)) for letter in text]

    def number(self, value: int, language: str | None = None) -> list[Sound]:
        return self.spell(str(value))

    def clock(self, when: datetime) -> list[Sound]:
        return self.spell(f"{when:%H%M%S}")


class ScriptedSeat:
    """A place in such a room."""

    def __init__(self, room: ScriptedRoom, audio: Audio) -> None:
        self._room = room
        self.audio = audio

    def change(self, manner: Manner) -> None:
        self._room.seats[self.audio] = manner

    def leave(self) -> None:
        self._room.seats.pop(self.audio, None)


class ScriptedRoom:
    """A room that writes down who sits in it, how, and what all hear there; sounds end when the test says so.

    Attributes:
        speechless: whether there is no memory left for a sound.
    """

    def __init__(self) -> None:
        self.speechless = False
        self.seats: dict[Audio, Manner] = {}
        self.closed = False
        self.said: list[str] = []
        self.listener: Callable[[RoomEvent, float], None] | None = None
        self._on_end: Callable[[SoundEnd], None] | None = None

    def sit(self, audio: Audio, manner: Manner) -> ScriptedSeat:
        self.seats[audio] = manner
        return ScriptedSeat(self, audio)

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        if self.speechless:
            raise Exhausted("the memory for sounds is full")
        self.said.append(sound.name)
        self._on_end = on_end

    def finish(self) -> None:
        """All that is being told has been heard."""
        while self._on_end is not None:
            on_end, self._on_end = self._on_end, None
            on_end(SoundEnd.PLAYED)

    def close(self) -> None:
        self.seats.clear()
        self.closed = True


def tolls_of(text: str = "") -> Tolls:
    """The toll guard of an office of a dozen lines, with what `text` says of it."""
    config = read(DOZEN + text)
    guard = TollGuard(
        numbering(config),
        toll_policy(config.tolls),
        clock=lambda: 0.0,
        wall=lambda: datetime(2026, 1, 1, tzinfo=UTC).timestamp(),
        notice=lambda notice: None,
        keep=lambda usages: None,
    )
    return Tolls(guard, Boundary(config))


class Exchange:
    """A call manager among scripted legs.

    Args:
        tolls: asked before calls leave, and before those from outside are joined.
        limit: calls at once.

    Attributes:
        midnight: what the clock on the wall showed when the loop's began; a test that changes it sets that clock.
    """

    def __init__(self, tolls: Tolls | None = None, limit: int = 3) -> None:
        self.loop = ManualLoop()
        self.midnight = datetime(2026, 1, 1, tzinfo=UTC)
        self.records: list[CallRecord] = []
        self.recorder = Recorder()
        self.fxs = ScriptedTechnology("FXS")
        self.rooms: list[ScriptedRoom] = []
        self.ids = iter(f"call-{number}" for number in range(1, 1000))
        self.plan: Dialplan = read_text("[office]\n")
        numbers = DialplanNumbers(lambda: self.plan, self.wall)
        self.manager = CallManager(
            plan=numbers,
            technologies={"FXS": self.fxs, "LOCAL": LocalTechnology(ScriptedRows(), self._post, numbers)},
            sounds=Tones(),
            media=cast(Media, self),
            recorder=self.recorder,
            clock=self.loop.time,
            wall=self.wall,
            wake=lambda: None,
            new_id=lambda: next(self.ids),
            on_record=self.records.append,
            tolls=tolls,
            limit=limit,
        )

    def room(self) -> ScriptedRoom:
        """Open a room, as `Media` does."""
        self.rooms.append(ScriptedRoom())
        return self.rooms[-1]

    def script(self, script: Callable[[Leg], Awaitable[object]]) -> None:
        async def run(leg: Leg, context: str, extension: str, priority: int | str = 1) -> None:
            await script(leg)

        self.manager.script = run

    def _post(self, channel: Channel, event: Event) -> None:
        self.loop.call_soon(self.manager.deliver, channel, event)

    def wall(self) -> datetime:
        return (self.midnight.astimezone(UTC) + timedelta(seconds=self.loop.time())).astimezone(
            self.midnight.tzinfo
        )

    def dialplan(self, text: str) -> None:
        """Run calls on these extensions."""
        self.plan = read_text(text)
        self.engine = DialplanEngine(self.plan, self.manager, operator=self.manager.operator)
        self.manager.script = self.engine.run

    def globals(self) -> dict[str, str]:
        """The variables that all calls share."""
        return self.engine._shared.globals

    def offer(self, name: str = "SIP/6001-00000001", called: str = "101", **more: Any) -> ScriptedChannel:
        user = name.partition("/")[2].partition("-")[0]
        channel = ScriptedChannel(name, f"account {user}")
        caller = ANN if user == "6001" else Party(user)
        self.says(channel, Offered(called, caller, "office", **more))
        return channel

    def talks(self, one: ScriptedChannel, other: ScriptedChannel) -> bool:
        """Whether the two hear one another."""
        return one.audio is not None and one.audio.joined is not None and one.audio.joined is other.audio

    def says(self, channel: ScriptedChannel, event: Event) -> None:
        self.loop.call_soon(self.manager.deliver, channel, event)
        self.loop.settle()

    def wait(self, seconds: float) -> None:
        self.loop.advance(seconds)

    def channel(self, name: str) -> ScriptedChannel:
        """The channel of that name."""
        leg = self.manager.floor.find(name)
        assert leg is not None and isinstance(leg.channel, ScriptedChannel)
        return leg.channel

    def story_has(self, channel: ScriptedChannel, words: str) -> bool:
        """Whether the story of a channel's call has a note with these words."""
        return any(words in note.text for note in self.recorder.story(channel.name))

    def telephone(self, number: str) -> ScriptedChannel:
        """The leg that was made last to telephone `number`."""
        return self.fxs.made[number]

    @property
    def phone(self) -> ScriptedChannel:
        return self.fxs.made["101"]


def dial_and_bridge(exchange: Exchange, *targets: Target, timeout: float | None = 30) -> list[DialOutcome]:
    """Script every call to dial, answer and bridge, as Dial does; the outcomes are put in the list returned."""
    outcomes: list[DialOutcome] = []

    async def script(leg: Leg) -> None:
        outcome = await exchange.manager.dial(leg, targets, DialOptions(timeout=timeout))
        outcomes.append(outcome)
        if outcome.leg is None:
            assert outcome.ending is not None
            leg.hang_up(outcome.ending)
            return
        await leg.answer()
        end = await exchange.manager.bridge(leg, outcome.leg)
        assert end.ending is not None
        leg.hang_up(end.ending)

    exchange.script(script)
    return outcomes
