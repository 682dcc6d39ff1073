"""The switch: offered legs become calls, each with a script that drives it, and scripts reach other legs here.

Channel events enter by `deliver`. Commands leave through the legs' channels; after each, `wake` is called so that
the engines are drained. A call that is over is written down through `on_record`; nothing of it stays here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from gateway.call.bridge import bridge
from gateway.call.call import Call, CallRecord
from gateway.call.dialing import Dialing
from gateway.call.leg import CallLeg
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.channel import Channel, Technology
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError, RemoteError
from gateway.core.log import QuietLog
from gateway.core.messages import Event, Hangup, Offered
from gateway.core.number import Party
from gateway.core.switch import BridgeEnd, DeviceState, DialOutcome, HungUp, Leg, Sounds, Target
from gateway.core.trace import Kind, Recorder

__all__ = ["CallManager", "Script"]

_log = logging.getLogger("copperline.call")

Script = Callable[[Leg, str, str], Awaitable[None]]
"""Drives a leg from (context, extension) until there is nothing more to do: the dialplan's engine."""

_DISPOSITION: Final = {
    Cause.USER_BUSY: "BUSY",
    Cause.NO_ANSWER: "NO ANSWER",
    Cause.NO_USER_RESPONDING: "NO ANSWER",
    Cause.NORMAL_CLEARING: "NO ANSWER",
}
"""Disposition of a call that was never answered, by its cause; FAILED for all others."""

PATIENCE: Final = 5.0
"""Seconds in which a script whose legs are over must come to its end."""

_FULL: Final = Ending(
    Cause.SWITCHING_EQUIPMENT_CONGESTION,
    "Copperline",
    Act.REFUSED,
    "the limit of calls at once is reached",
    "Raise limits.calls, or find out who calls so much.",
)

_STOPPING: Final = Ending(
    Cause.SWITCHING_EQUIPMENT_CONGESTION,
    "Copperline",
    Act.REFUSED,
    "it is about to stop",
    "Call again in a minute.",
)


class CallManager:
    """All calls in progress. Implements `gateway.core.switch.Switch`.

    Args:
        technologies: how to make outgoing legs, by the word before the slash of a dial target, in capitals;
            scripts may write it as they like, as Asterisk's may.
        sounds: tones and prompts.
        recorder: where stories are kept.
        clock: engine clock, seconds.
        wall: wall clock in the office's zone.
        wake: asks the runner to drain the engines soon.
        new_id: makes call ids.
        on_record: takes the record of each call that is over.
        limit: the most calls at once; more are refused with congestion.
    """

    def __init__(
        self,
        *,
        technologies: Mapping[str, Technology],
        sounds: Sounds,
        recorder: Recorder,
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        wake: Callable[[], None],
        new_id: Callable[[], str],
        on_record: Callable[[CallRecord], None],
        limit: int = 1000,
    ) -> None:
        self.sounds = sounds
        self.technologies = technologies
        self.script: Script | None = None
        self._recorder = recorder
        self._clock = clock
        self._wall = wall
        self._wake = wake
        self._new_id = new_id
        self._on_record = on_record
        self._limit = limit
        self._legs: dict[Channel, CallLeg] = {}
        self._calls: dict[CallLeg, Call] = {}
        self._scripts: dict[Call, asyncio.Task[None]] = {}
        self._ringback = sounds.tone("ring")
        self._draining = False
        self._quiet = QuietLog(_log, clock)

    # What the runner and the console see.

    @property
    def calls(self) -> list[Call]:
        """The calls in progress, oldest first."""
        return list(self._scripts)

    def usage(self) -> dict[str, int]:
        """Counts of what is held; all zero when no call is in progress."""
        return {"calls": len(self._scripts), "legs": len(self._legs)}

    def deliver(self, channel: Channel, event: Event) -> None:
        """Take in what a channel says."""
        leg = self._legs.get(channel)
        if leg is not None:
            leg.deliver(event)
        elif isinstance(event, Offered):
            self._offered(channel, event)
        # Anything else comes from a leg that was hung up a moment ago, and is of no interest any more.

    async def drain(self, timeout: float) -> None:
        """Refuse new calls, wait for those in progress, and end what is left after `timeout` seconds."""
        self._draining = True
        scripts = list(self._scripts.values())
        if scripts:
            await asyncio.wait(scripts, timeout=timeout)
        await self.end_all("Copperline was stopped")

    async def end_all(self, evidence: str) -> None:
        """End every call."""
        ending = Ending(Cause.TEMPORARY_FAILURE, "Copperline", Act.HUNG_UP, evidence)
        for call in self.calls:
            for leg in call.legs:
                leg.hang_up(ending)
        if self._scripts:
            _, stuck = await asyncio.wait(list(self._scripts.values()), timeout=PATIENCE)
            for task in stuck:
                _log.error("call %s: its script does not end; it is cancelled", task.get_name())
                task.cancel()
            if stuck:
                await asyncio.wait(stuck, timeout=PATIENCE)

    # Switch: what scripts see.

    def now(self) -> datetime:
        """The wall clock in the office's time zone."""
        return self._wall()

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
        """Call all targets at once for `leg`; see `Switch.dial`."""
        own = self._own(leg)
        call = self._calls[own]

        def make(target: Target) -> CallLeg:
            made = self._outgoing(call, target)
            made.variables.update(variables or {})
            return made

        dialing = Dialing(own, make=make, clock=self._clock, ringback=ringback)
        return await dialing.run(targets, caller or own.party, timeout)

    async def bridge(self, leg: Leg, other: Leg) -> BridgeEnd:
        """Connect two legs until one ends; see `Switch.bridge`."""
        own, far = self._own(leg), self._own(other)
        call = self._calls[own]
        call.talking_to = far
        own.note(f"{own.peer} talks with {far.peer}", kind=Kind.CALL)
        return await bridge(own, far)

    def device_state(self, device: str) -> DeviceState:
        """The state of `FXS/101`, `SIP/6001`, … as seen from the calls in progress."""
        word, _, address = device.partition("/")
        technology = word.upper()
        if technology not in self.technologies:
            return DeviceState.INVALID
        states = [
            leg.state
            for leg in self._legs.values()
            if leg.technology == technology and leg.name.startswith(f"{technology}/{address}-")
        ]
        if not states:
            return DeviceState.NOT_INUSE
        return DeviceState.INUSE if "up" in states else DeviceState.RINGING

    # Inside.

    def _own(self, leg: Leg) -> CallLeg:
        assert isinstance(leg, CallLeg)  # scripts have no other legs than those they were given here
        return leg

    def _offered(self, channel: Channel, offer: Offered) -> None:
        now = self._clock()
        if self._draining or len(self._scripts) >= self._limit:
            ending = _STOPPING if self._draining else _FULL
            self._recorder.note(now, Kind.CALL, channel.name, str(ending))
            self._quiet.warning(f"refused {ending.evidence}", "a call from %s: %s", channel.peer, ending)
            channel.command(Hangup(ending), now)
            self._wake()
            return
        leg = self._leg(channel, channel.name.partition("/")[0], offer.caller, offer.called, offer.context, True)
        leg.variables.update(offer.variables)
        call = Call(self._new_id(), leg, started=self._wall(), began=now)
        self._calls[leg] = call
        self._recorder.join(call.id, leg.name)
        leg.note(f"{leg.peer} ({offer.caller}) calls {offer.called} in {offer.context}", kind=Kind.CALL)
        _log.info("call %s: %s (%s) calls %s", call.id, leg.peer, offer.caller, offer.called)
        self._scripts[call] = asyncio.get_running_loop().create_task(self._drive(call, offer), name=call.id)

    def _outgoing(self, call: Call, target: Target) -> CallLeg:
        technology = self.technologies.get(target.technology.upper())
        if technology is None:
            raise RemoteError(
                f"there is no technology {target.technology!r}; known are {', '.join(sorted(self.technologies))}",
                Cause.CHANNEL_TYPE_NOT_IMPLEMENTED,
            )
        channel = technology.channel(target.address, self._clock())
        party = Party(target.address)
        leg = self._leg(channel, channel.name.partition("/")[0], party, target.address, call.leg.context, False)
        call.others.append(leg)
        self._calls[leg] = call
        self._recorder.join(call.id, leg.name)
        return leg

    def _leg(
        self, channel: Channel, technology: str, party: Party, called: str, context: str, incoming: bool
    ) -> CallLeg:
        leg = CallLeg(
            channel,
            technology=technology,
            party=party,
            called=called,
            context=context,
            incoming=incoming,
            ringback=self._ringback,
            recorder=self._recorder,
            clock=self._clock,
            wake=self._wake,
            over=self._leg_over,
        )
        self._legs[channel] = leg
        return leg

    def _leg_over(self, leg: CallLeg) -> None:
        self._legs.pop(leg.channel, None)

    async def _drive(self, call: Call, offer: Offered) -> None:
        """Run the script of a call, and clear up whatever it leaves."""
        ending = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "the end of the extension")
        try:
            if self.script is not None:
                await self.script(call.leg, offer.context, offer.called)
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
            for leg in call.legs:
                self._clear(call, leg, call.leg.ending or ending)
            self._scripts.pop(call, None)
            self._write_down(call)

    def _clear(self, call: Call, leg: CallLeg, ending: Ending) -> None:
        """End a leg and forget it, also where its technology cannot end it in good order."""
        try:
            leg.hang_up(ending)
        except CopperlineError as error:
            _log.error("call %s: %s could not be ended in good order: %s", call.id, leg.name, error)
        self._calls.pop(leg, None)

    def _write_down(self, call: Call) -> None:
        ending = call.leg.ending
        assert ending is not None  # every leg has been hung up by now
        disposition = "ANSWERED" if call.leg.answered else _DISPOSITION.get(ending.cause, "FAILED")
        _log.info("call %s from %s to %s ended: %s", call.id, call.caller, call.leg.called, ending)
        self._on_record(call.record(ending, disposition, self._clock()))
