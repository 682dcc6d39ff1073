"""All legs and calls in progress: which call each leg belongs to, which script drives it, who talks with whom.

A call is a leg with a script, and the legs that were made for it. Legs move: a leg can leave its talk for another
one (`connect`) or for a place of the dialplan (`send`), and then belongs to the call of whom it talks with, or to
one of its own. Every talk has a leg whose script waits for its end, so nothing is left behind when both are over.
A call that is over is written down through `on_record`; nothing of it stays here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from gateway.call.bridge import Bridge
from gateway.call.call import Call, CallRecord
from gateway.call.leg import CallLeg
from gateway.call.local import LocalHalf
from gateway.call.talk import Talk
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError
from gateway.core.fax import FaxDesk
from gateway.core.feature import Feature, FeatureCodes
from gateway.core.moment import later
from gateway.core.number import Party
from gateway.core.room import Room
from gateway.core.switch import BridgeEnd, HungUp, Leg, Moved, Place
from gateway.core.trace import Kind, Recorder

__all__ = ["Errand", "Floor", "Script"]

_log = logging.getLogger("copperline.call")


class Script(Protocol):
    """Drives a leg from a place of the dialplan until there is nothing more to do: the dialplan's engine."""

    async def __call__(self, leg: Leg, context: str, extension: str, priority: int | str = 1, /) -> None: ...


Errand = Callable[[], Awaitable[None]]
"""What a call's leg is about: a run of the dialplan, a talk."""

PATIENCE: Final = 5.0
"""Seconds in which a script whose legs are over must come to its end."""

_END_OF_SCRIPT: Final = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "the end of the extension")

_SHORTENED: Final = Ending(
    Cause.NORMAL_CLEARING, "Copperline", Act.TRANSFERRED, "a Local channel is not needed here"
)


async def _nothing() -> None:
    """The errand of an office without a dialplan."""


class Floor:
    """The legs, the calls and their scripts.

    Args:
        music: gives the music on hold of a class.
        codes: the keys of features.
        ringback: what a caller hears who was answered already while somebody else rings.
        recorder: where stories are kept.
        clock: engine clock, seconds.
        wall: wall clock in the office's zone.
        wake: asks the runner to drain the engines soon.
        new_id: makes call ids.
        on_record: takes the record of each call that is over.
        on_over: told of each leg that is over.
        on_change: told of each leg that begins, changes (see `LegDesk`) or is over.
        room: opens a room for two of different volumes; raises Exhausted.
        fax_desk: carries faxes; None where nobody does.
    """

    def __init__(
        self,
        *,
        ringback: Sound,
        music: Callable[[str], Sound],
        codes: FeatureCodes,
        recorder: Recorder,
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        wake: Callable[[], None],
        new_id: Callable[[], str],
        on_record: Callable[[CallRecord], None],
        on_over: Callable[[CallLeg], None],
        on_change: Callable[[CallLeg], None],
        room: Callable[[], Room],
        fax_desk: FaxDesk | None = None,
    ) -> None:
        self.room: Final = room
        self.fax_desk = fax_desk
        self.script: Script | None = None
        self.legs: Final[dict[Channel, CallLeg]] = {}
        self._tasks: dict[Call, asyncio.Task[None]] = {}
        self._taken: dict[CallLeg, asyncio.Future[None]] = {}
        self._aside: set[asyncio.Task[None]] = set()
        self.codes = codes
        self.may_flash: Callable[[CallLeg, CallLeg], bool] = lambda speaker, listener: True
        self.doers: Mapping[Feature, Callable[[CallLeg], None]] = {}
        self._music = music
        self.ringback = ringback
        self.recorder = recorder
        self.clock = clock
        self.wake = wake
        self._wall = wall
        self._new_id = new_id
        self._on_record = on_record
        self._on_over = on_over
        self.leg_changed = on_change

    @property
    def calls(self) -> list[Call]:
        """The calls in progress, oldest first."""
        return list(self._tasks)

    @property
    def count(self) -> int:
        """How many calls are in progress."""
        return len(self._tasks)

    def find(self, name: str) -> CallLeg | None:
        """The leg of that name, or None; a name is written as the technology's own, in any case."""
        wanted = name.lower()
        return next((leg for leg in self.legs.values() if leg.name.lower() == wanted), None)

    # Legs and calls begin.

    def enter(
        self, channel: Channel, *, party: Party, called: str, context: str, incoming: bool, call: Call | None = None
    ) -> CallLeg:
        """Make the leg of a channel; it belongs to `call`, where there is one already."""
        leg = CallLeg(channel, self, party=party, called=called, context=context, incoming=incoming)
        self.legs[channel] = leg
        self.leg_changed(leg)
        if call is not None:
            self._add(leg, call)
        return leg

    def begin(self, leg: CallLeg, errand: Errand, *, called: str, context: str) -> Call:
        """Make a call of a leg that has no script, with `errand` as what it is about."""
        before = leg.call
        call = Call(self._new_id(), leg, called=called, context=context, started=self._wall(), began=self.clock())
        if before is not None:
            call.linked = before.linked or before.id
            before.leave(leg)
        leg.call = call
        self.recorder.join(call.id, leg.name)
        leg.driven = True
        self._tasks[call] = asyncio.get_running_loop().create_task(self._drive(call, errand), name=call.id)
        return call

    def dialplan(self, leg: CallLeg, place: Place) -> Errand:
        """The errand of running the dialplan from a place."""
        if self.script is None:
            return _nothing
        return partial(self.script, leg, place.context, place.extension, place.priority)

    def aside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside the scripts: a consultation, a dial that its caller has left to another."""
        task = asyncio.get_running_loop().create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside_done)
        return task

    # Legs move.

    def connect(self, one: CallLeg, other: CallLeg) -> None:
        """Let two legs talk, each taken out of the talk that it is in; who is left there goes on in silence."""
        for leg in (one, other):
            if leg.bridge is not None:
                leg.bridge.dissolve()
            if leg.trial is not None:
                leg.trial.succeed()
            leg.quiet()
        bridge = Bridge(one, other, self)
        one.meet(other.party)
        other.meet(one.party)
        self._settle(one, other)
        talk = bridge.talk = Talk(one.name, other.name, self._wall())
        bridge.began = self.clock()
        for leg in (one, other):
            call = leg.call
            if call is not None and talk not in call.talks:
                call.talks += (talk,)
        one.note(f"{one.peer} talks with {other.peer}", kind=Kind.CALL)
        self._shorten(bridge)

    def can(self, leg: CallLeg) -> Collection[Feature]:
        """The features that a leg may ask for and that somebody does."""
        return leg.features & self.doers.keys()

    def send(self, leg: CallLeg, place: Place) -> None:
        """Send a leg to a place of the dialplan; whom it talked with is left in silence."""
        if leg.consultation is not None:
            leg.consultation.abandon()
        if leg.bridge is not None:
            leg.bridge.dissolve()
        leg.note(f"{leg.peer} is sent to {place}", kind=Kind.CALL)
        if leg.driven:
            leg.interrupt(Moved(place))
        else:
            self.begin(leg, self.dialplan(leg, place), called=place.extension, context=place.context)

    async def take(self, leg: CallLeg) -> bool:
        """Take a leg from whatever its script is about, to talk; False where that does not let go of it."""
        if not leg.driven or leg.waits:
            return leg.ending is None
        taken = self._taken[leg] = asyncio.get_running_loop().create_future()
        leg.interrupt(Moved(None))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await taken
        self._taken.pop(leg, None)
        return taken.done() and leg.ending is None

    def left_alone(self, leg: CallLeg, end: BridgeEnd) -> None:
        """Whom `leg` talked with has gone: its script goes on, or it goes where it is to go then, or is hung up."""
        if leg.consultation is not None:
            leg.consultation.left_alone(leg, end)
        elif isinstance(end.leg, CallLeg) and end.leg.consultation is not None:
            end.leg.consultation.left_alone(leg, end)
        elif leg.talked(end) or leg.ending is not None:
            return
        elif leg.afterwards is not None:
            place, leg.afterwards = leg.afterwards, None
            self.send(leg, place)
        elif not leg.driven:
            leg.end(end.ending or _END_OF_SCRIPT)

    def music(self, leg: CallLeg) -> Sound:
        """What a leg hears while it is on hold: the class of CHANNEL(musicclass), or the default."""
        return self._music(leg.variables.get("MUSICCLASS", "default"))

    def asked(self, leg: CallLeg, feature: Feature) -> None:
        """A leg has keyed the code of a feature."""
        leg.note(f"{leg.peer} asks for {feature.value} by keys", kind=Kind.CALL)
        if leg.consultation is not None:
            leg.consultation.asked(feature)
        else:
            self.doers[feature](leg)

    def adopt(self, leg: CallLeg, call: Call) -> None:
        """Let a leg without a script belong to another call from now on."""
        before = leg.call
        if before is not None and before is not call:
            before.leave(leg)
            self._add(leg, call)
            call.linked = call.linked or before.linked or before.id

    # The end.

    async def finished(self, timeout: float | None) -> list[asyncio.Task[None]]:
        """Wait until all calls are over; those that are not after `timeout` seconds."""
        tasks = list(self._tasks.values())
        return list((await asyncio.wait(tasks, timeout=timeout))[1]) if tasks else []

    async def end_all(self, ending: Ending) -> None:
        """End every call, and every script."""
        for leg in list(self.legs.values()):
            leg.end(ending)
        stuck = await self.finished(PATIENCE)
        for task in stuck:
            _log.error("call %s: its script does not end; it is cancelled", task.get_name())
            task.cancel()
        if stuck:
            await asyncio.wait(stuck, timeout=PATIENCE)

    # Inside.

    def _add(self, leg: CallLeg, call: Call) -> None:
        call.others += (leg,)
        leg.call = call
        self.recorder.join(call.id, leg.name)

    def _settle(self, one: CallLeg, other: CallLeg) -> None:
        """See to it that a script waits for the end of a talk, and that both legs belong to its call."""
        if not one.driven and not other.driven and one.call is not None:
            call = one.call
            self.begin(one, partial(self._talk, one), called=call.wanted(one, other), context=call.context)
        driven, left = (one, other) if one.driven else (other, one)
        if not left.driven and driven.call is not None:
            self.adopt(left, driven.call)

    def _shorten(self, bridge: Bridge) -> None:
        """Where both halves of a Local channel talk now, join whom they talk with and let the halves go."""
        for leg in bridge.legs:
            if not (isinstance(leg.channel, LocalHalf) and leg.channel.shortens and leg.channel.other):
                continue
            far = self.legs.get(leg.channel.other)
            if far is None or far.bridge is None:
                continue
            one, other = bridge.partner(leg), far.bridge.partner(far)
            self.connect(one, other)
            leg.end(_SHORTENED)
            far.end(_SHORTENED)
            return

    async def _talk(self, leg: CallLeg) -> None:
        if leg.bridge is not None:
            await self._talk_to_come(leg)

    async def _take_back(self, leg: CallLeg) -> None:
        """A blind transfer has failed: the transferee talks with the transferor again."""
        trial, leg.trial = leg.trial, None
        assert trial is not None and trial.failure is not None
        if trial.transferor.ending is not None:
            leg.end(trial.failure)
            return
        leg.note(f"the transfer has failed: {leg.peer} is back with {trial.transferor.peer}", kind=Kind.CALL)
        self.connect(leg, trial.transferor)
        await self._talk(leg)

    def leg_over(self, leg: CallLeg) -> None:
        """A leg has ended, whoever ended it."""
        self.legs.pop(leg.channel, None)
        self._on_over(leg)
        self.leg_changed(leg)
        if leg.trial is not None and leg.ending is not None:
            leg.trial.gone(leg.ending)

    def parted(self, bridge: Bridge) -> None:
        """A talk has come apart."""
        if bridge.talk is not None:
            bridge.talk.ended = later(bridge.talk.began, self.clock() - bridge.began)
            bridge.talk = None
        company = bridge.legs[0].consultation
        if company is not None:
            company.parted()

    def _aside_done(self, task: asyncio.Task[None]) -> None:
        self._aside.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None and not isinstance(fault, HungUp | Moved):
            _log.error("what was done beside a call failed: %r", fault, exc_info=fault)

    def _after_move(self, leg: CallLeg, moved: Moved) -> Errand:
        if moved.place is not None:
            return self.dialplan(leg, moved.place)
        if leg in self._taken:
            self._taken[leg].set_result(None)
        return partial(self._talk_to_come, leg)

    async def _talk_to_come(self, leg: CallLeg) -> None:
        end = await leg.talk()
        leg.end(end.ending or _END_OF_SCRIPT)

    async def _drive(self, call: Call, errand: Errand) -> None:
        """Run the errands of a call's leg, and clear up whatever they leave."""
        leg, ending = call.leg, _END_OF_SCRIPT
        next_errand: Errand | None = errand
        del errand
        try:
            while next_errand is not None:
                under_way, next_errand = next_errand(), None
                try:
                    await under_way
                except Moved as moved:
                    next_errand = self._after_move(leg, moved)
                if leg.trial is not None and leg.trial.failure is not None:
                    next_errand = partial(self._take_back, leg)
        except HungUp as hung_up:
            ending = hung_up.ending
        except Exception as error:
            _log.exception("call %s: its script failed", call.id)
            ending = Ending(
                Cause.TEMPORARY_FAILURE,
                "Copperline",
                Act.FAILED,
                f"error in a script: {error}",
                "Please report it.",
            )
        finally:
            for each in call.legs:
                self._clear(call, each, leg.ending or ending)
            if leg in self._taken and not self._taken[leg].done():
                self._taken[leg].set_result(None)
            self._tasks.pop(call, None)
            self._write_down(call)

    def _clear(self, call: Call, leg: CallLeg, ending: Ending) -> None:
        """End a leg and forget it, also where its technology, or who is told of it, cannot end it in good order."""
        try:
            leg.end(ending)
        except CopperlineError as error:
            _log.error("call %s: %s could not be ended in good order: %s", call.id, leg.name, error)
        except Exception:  # the other legs, and the record, have nothing to do with it
            _log.exception("call %s: %s could not be ended in good order", call.id, leg.name)
        leg.close()
        leg.call = None

    def _write_down(self, call: Call) -> None:
        ending = call.leg.ending
        assert ending is not None  # every leg has been hung up by now
        _log.info("call %s from %s to %s ended: %s", call.id, call.caller, call.called, ending)
        try:
            self._on_record(call.record(ending, self.clock()))
        finally:
            self.recorder.over(call.id)
