"""The switch: offered legs become calls, each with a script that drives it, and scripts reach other legs here.

Channel events enter by `deliver`. Commands leave through the legs' channels; after each, `wake` is called so that
the engines are drained. Which legs and calls there are, and who talks with whom, is kept in `gateway.call.floor`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from gateway.call.call import Call, CallRecord
from gateway.call.devices import Devices
from gateway.call.dialing import Dialing
from gateway.call.fax import FaxCalls
from gateway.call.fax_errand import FaxErrand
from gateway.call.features import Features
from gateway.call.floor import Floor, Script
from gateway.call.focus import Focus
from gateway.call.join import joining
from gateway.call.leg import CallLeg
from gateway.call.limit import talk_in_time
from gateway.call.local import LocalHalf
from gateway.call.operator import FloorOperator
from gateway.call.pickup import PickupGroups
from gateway.call.record import TalkRecorder
from gateway.call.tolls import Tolls
from gateway.call.transfer import Transfers
from gateway.core.carried import PASSED_ON
from gateway.core.cause import Cause
from gateway.core.channel import Channel, Technology
from gateway.core.conference import Member
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError, LocalError, RemoteError
from gateway.core.fax import FaxDesk, FaxJob, FaxReport
from gateway.core.feature import Feature, FeatureCodes, TalkLimit
from gateway.core.log import QuietLog
from gateway.core.messages import Event, FaxRecognised, Hangup, Offered, TransferAsked, TransferTold
from gateway.core.number import NumberPlan, Party
from gateway.core.operator import Operator
from gateway.core.parking import ParkingLots
from gateway.core.recording import Media
from gateway.core.sounds import Sounds
from gateway.core.switch import (
    PLAIN,
    BridgeEnd,
    DeviceState,
    DialOptions,
    DialOutcome,
    HungUp,
    Leg,
    Moved,
    Place,
    Target,
)
from gateway.core.trace import Kind, Recorder

__all__ = ["CallManager"]

_log = logging.getLogger("copperline.call")

_ROOM_ATTEMPTS: Final = 20
_ROOM_PAUSE: Final = 0.5
"""Seconds between attempts at a line that was taken from another call: exchanges need one or two to clear it."""

_CODES: Final = FeatureCodes()

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


async def _parted_before(far: CallLeg, ending: Ending) -> BridgeEnd:
    """The end of a bridge to a leg that was over before."""
    return BridgeEnd(far, ending)


class CallManager:
    """All calls in progress. Implements `gateway.core.switch.Switch`.

    Args:
        plan: tells which numbers there are, before somebody is sent to one.
        technologies: how to make outgoing legs, by the word before the slash of a dial target, in capitals;
            scripts may write it as they like, as Asterisk's may.
        sounds: tones and prompts.
        media: rooms and recordings.
        recorder: where stories are kept.
        clock: engine clock, seconds.
        wall: wall clock in the office's zone.
        wake: asks the runner to drain the engines soon.
        new_id: makes call ids.
        on_record: takes the record of each call that is over.
        tolls: asked before each leg to an outside line; all may go where None.
        codes: the keys by which people in a talk ask for features.
        fax_desk: fax machines, and what carries faxes; None where there are none.
        limit: the most calls at once; more are refused with congestion, but for emergency calls.

    Attributes:
        devices: the states of devices, and who is told of their changes.
        parking: the parking lots.
        pickup_groups: whose ringing who may answer.
        given: channel variables that a leg which comes in brings, by its name.
        conferees: who is in a conference, by leg.
    """

    def __init__(
        self,
        *,
        plan: NumberPlan,
        technologies: Mapping[str, Technology],
        sounds: Sounds,
        media: Media,
        recorder: Recorder,
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        wake: Callable[[], None],
        new_id: Callable[[], str],
        on_record: Callable[[CallRecord], None],
        tolls: Tolls | None = None,
        codes: FeatureCodes = _CODES,
        fax_desk: FaxDesk | None = None,
        limit: int = 1000,
    ) -> None:
        self.sounds = sounds
        self.media = media
        self.technologies = technologies
        self.pickup_groups = PickupGroups()
        self.given: Callable[[str], Mapping[str, str]] = lambda leg: {}
        self.conferees: Mapping[str, Member] = {}
        self.parking: Final = ParkingLots()
        self.devices: Final = Devices(lambda: self.technologies, self.parking)
        self.floor = Floor(
            ringback=sounds.tone("ring"),
            music=sounds.music,
            codes=codes,
            recorder=recorder,
            clock=clock,
            wall=wall,
            wake=wake,
            new_id=new_id,
            on_record=on_record,
            on_over=tolls.over if tolls is not None else lambda leg: None,
            on_change=self._leg_changed,
            fax_desk=fax_desk,
            room=lambda: media.room(),
        )
        self._faxes = FaxCalls(self.floor, plan)
        if tolls is not None:
            self.floor.may_flash = tolls.may_flash
        self._transfers = Transfers(self.floor, plan, self.parking, tolls, lambda: self.conferees)
        self.operator: Operator = FloorOperator(
            self.floor,
            self._transfers,
            plan,
            place=self._placed,
            groups=lambda: self.pickup_groups,
            parking=self.parking,
            clock=clock,
        )
        self._focus = Focus(self.floor, self.operator)
        self.features = Features(
            self.floor,
            self._transfers,
            plan,
            parking=self.parking,
            sounds=sounds,
            outgoing=self._outgoing,
            clock=clock,
        )
        self.features.doers[Feature.RECORD] = TalkRecorder(media=media, sounds=sounds, wall=wall).toggle
        self._recorder = recorder
        self._clock = clock
        self._wall = wall
        self._wake = wake
        self._tolls = tolls
        self._limit = limit
        self._draining = False
        self._quiet = QuietLog(_log, clock)

    @property
    def draining(self) -> bool:
        """Whether it takes no more calls, and waits for those in progress."""
        return self._draining

    @property
    def script(self) -> Script | None:
        """What drives legs through the dialplan."""
        return self.floor.script

    @script.setter
    def script(self, script: Script) -> None:
        self.floor.script = script

    # What the runner and the console see.

    @property
    def calls(self) -> list[Call]:
        """The calls in progress, oldest first."""
        return self.floor.calls

    def usage(self) -> dict[str, int]:
        """Counts of what is held; all zero when no call is in progress."""
        return {"calls": self.floor.count, "legs": len(self.floor.legs)}

    def deliver(self, channel: Channel, event: Event) -> None:
        """Take in what a channel says."""
        leg = self.floor.legs.get(channel)
        if leg is None:
            if isinstance(event, Offered):  # what else a leg without one says comes a moment after its end
                self._offered(channel, event)
        elif isinstance(event, TransferAsked):
            self._asked(leg, event)
        elif isinstance(event, FaxRecognised) and self._faxes.came(leg, event):
            self._wake()
        else:
            leg.deliver(event)

    async def drain(self, timeout: float) -> None:
        """Refuse new calls, wait for those in progress, and end what is left after `timeout` seconds."""
        self._draining = True
        await self.floor.finished(timeout)
        await self.end_all("Copperline was stopped")

    async def end_all(self, evidence: str) -> None:
        """End every call."""
        await self.floor.end_all(Ending(Cause.TEMPORARY_FAILURE, "Copperline", Act.HUNG_UP, evidence))

    # Switch: what scripts see.

    def now(self) -> datetime:
        """The wall clock in the office's time zone."""
        return self._wall()

    async def dial(self, leg: Leg, targets: Sequence[Target], options: DialOptions = PLAIN) -> DialOutcome:
        """Call all targets at once for `leg`; see `Switch.dial`."""
        own = self._own(leg)

        def make(caller: CallLeg, target: Target) -> CallLeg:
            made = self._outgoing(caller, target)
            if passed_on := own.variables.keys() & PASSED_ON:
                made.variables.update({name: own.variables[name] for name in passed_on})
            made.variables.update(options.variables)
            return made

        def attempt() -> Awaitable[DialOutcome]:
            hang_up = self.floor.codes.codes.get(Feature.HANG_UP, "") if options.keys_hang_up else ""
            dialing = Dialing(own, make=make, clock=self._clock, options=options, hang_up=hang_up)
            return dialing.run(targets, options.caller or own.party)

        outcome = await attempt()
        if self._tolls is not None and self._tolls.make_room(outcome, self.floor.legs.values()):
            for _ in range(_ROOM_ATTEMPTS):
                await own.wait(_ROOM_PAUSE)
                outcome = await attempt()
                if not self._tolls.wants_room(outcome):
                    break
        if own.trial is not None:
            own.trial.refusal = outcome.ending
        if outcome.attempts and own.call is not None:
            own.call.in_vain(outcome.attempts)
        return outcome

    def bridge(self, leg: Leg, other: Leg, limit: TalkLimit | None = None) -> Awaitable[BridgeEnd]:
        """Connect two legs until one ends; see `Switch.bridge`."""
        own, far = self._own(leg), self._own(other)
        try:
            own.go_on()
        except (HungUp, Moved):
            far.end(
                own.ending or Ending(Cause.NORMAL_CLEARING, own.peer, Act.TRANSFERRED, f"{own.name} was sent away")
            )
            raise
        if far.ending is not None:
            return _parted_before(far, far.ending)
        self.floor.connect(own, far)
        return own.talk() if limit is None else talk_in_time(own, limit)

    async def fax(self, leg: Leg, job: FaxJob, *, image: bool, told: Callable[[FaxReport], None]) -> None:
        """Send a document to a leg, or take one; see `Switch.fax`."""
        desk = self.floor.fax_desk
        if desk is None:
            raise LocalError("this office has no fax machines")
        await FaxErrand(self._own(leg), job, desk, told).run(image=image, clock=self._clock)

    def device_state(self, device: str) -> DeviceState:
        """The state of a device; see `Switch.device_state`."""
        return self.devices.state(device)

    def set_custom_state(self, name: str, state: DeviceState) -> None:
        """Give the device `Custom:name` a state; see `Switch.set_custom_state`."""
        self.devices.set_custom(name, state)

    # Inside.

    def _asked(self, leg: CallLeg, wish: TransferAsked) -> None:
        seat = self.conferees.get(leg.name)
        if seat is not None and not wish.other:
            self._focus.asked(seat, leg, wish, self._transfers.context(leg, wish.context))
        elif wish.removes:
            leg.command(TransferTold(Cause.INVALID_CALL_REFERENCE))  # it has left the conference by now
        else:
            self._transfers.asked(leg, wish)

    def _leg_changed(self, leg: CallLeg) -> None:
        self.devices.leg_changed(leg)
        if leg.ending is not None:
            return
        if leg.name in self.conferees:
            self.conferees[leg.name].hold_changed()
        if leg.answered:
            self._faxes.listen(leg)

    def _own(self, leg: Leg) -> CallLeg:
        assert isinstance(leg, CallLeg)  # scripts have no other legs than those they were given here
        return leg

    def _offered(self, channel: Channel, offer: Offered) -> None:
        now = self._clock()
        full = self._draining or self.floor.count >= self._limit
        if full and not (self._tolls is not None and self._tolls.is_emergency(offer.called)):
            ending = _STOPPING if self._draining else _FULL
            self._recorder.note(now, Kind.CALL, channel.name, ending)
            self._recorder.over(channel.name)
            self._quiet.warning(f"refused {ending.evidence}", "a call from %s: %s", channel.peer, ending)
            channel.command(Hangup(ending), now)
            self._wake()
            return
        leg = self.floor.enter(
            channel, party=offer.caller, called=offer.called, context=offer.context, incoming=True
        )
        leg.variables.update(self.given(leg.name))
        leg.variables.update(offer.variables)
        leg.headers = offer.headers
        first = self.floor.legs.get(channel.other) if isinstance(channel, LocalHalf) and channel.other else None
        if first is not None:
            leg.behalf, leg.confined = first.behalf, first.confined
        if offer.replaces:
            errand = self._transfers.replacement(leg, offer)
        elif offer.joins:
            errand = joining(self.floor, self.media.room, leg, offer)
        else:
            errand = self.floor.dialplan(leg, Place(offer.context, offer.called))
        call = self.floor.begin(leg, errand, called=offer.called, context=offer.context)
        leg.note(f"{leg.peer} ({offer.caller}) calls {offer.called} in {offer.context}", kind=Kind.CALL)
        _log.info("call %s: %s (%s) calls %s", call.id, leg.peer, offer.caller, offer.called)

    def _outgoing(self, own: CallLeg, target: Target) -> CallLeg:
        call = own.call
        assert call is not None  # a leg that dials has a script, and so a call
        return self._make(own, target, Party(self._number(target)), call.context, call)

    def _number(self, target: Target) -> str:
        """The number that a target calls: 101 of FXS/101r2, 102 of Local/102@office, 5550100 of FXO/g1/5550100."""
        number, at, _ = target.address.partition("@")
        if at:
            return number
        line, _, number = target.address.partition("/")
        technology = self.technologies.get(target.technology.upper())
        return number or (line if technology is None else technology.device(line).partition("/")[2])

    def _placed(self, target: Target, party: Party, context: str, by: CallLeg | None) -> CallLeg:
        if self._draining or self.floor.count >= self._limit:
            ending = _STOPPING if self._draining else _FULL
            raise RemoteError(ending.evidence, ending.cause, advice=ending.advice)
        return self._make(by, target, party, context, None)

    def _make(self, by: CallLeg | None, target: Target, party: Party, context: str, call: Call | None) -> CallLeg:
        """Make an outgoing leg, for which `by` answers where it leaves the office."""
        technology = self.technologies.get(target.technology.upper())
        if technology is None:
            raise RemoteError(
                f"there is no technology {target.technology!r}; known are {', '.join(sorted(self.technologies))}",
                Cause.CHANNEL_TYPE_NOT_IMPLEMENTED,
            )
        grant = self._tolls.permit(by, target) if self._tolls is not None else None
        try:
            channel = technology.channel(target.address, self._clock())
        except CopperlineError:
            if self._tolls is not None:
                self._tolls.failed(grant)
            raise
        leg = self.floor.enter(
            channel, party=party, called=target.address, context=context, incoming=False, call=call
        )
        if by is not None and isinstance(channel, LocalHalf):
            leg.behalf, leg.confined = by.behalf, by.confined
        if self._tolls is not None:
            self._tolls.made(grant, leg)
        return leg
