"""A dry run: what a number would do, step by step, with nobody called.

In go a dialplan, a number and a caller; out comes a Route: every step with file and line, every target that Dial
would take, and how the call would end. The steps are run by the very engine that runs calls, on a leg that exists
only here. What only a real call knows is assumed and said so: nobody answers (or the first target does, where
asked for), devices are free, prompts exist, and the caller keys what `keys` gives and then hangs up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dialplan.applications import APPLICATIONS
from dialplan.engine import DialplanEngine
from dialplan.functions import FUNCTIONS
from dialplan.model import Dialplan
from dialplan.script import Application, Function
from dialplan.silence import NoAudio, NoMedia, NoSounds
from gateway.core.audio import Audio, Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.fax import FaxJob, FaxReport
from gateway.core.feature import Feature, TalkLimit
from gateway.core.messages import TransferTold
from gateway.core.number import Party
from gateway.core.operator import Follow, Nobody, Told
from gateway.core.parking import Lot
from gateway.core.recording import Media
from gateway.core.sounds import Sounds
from gateway.core.switch import (
    LEVEL,
    PLAIN,
    BridgeEnd,
    DeviceState,
    DialOptions,
    DialOutcome,
    DialStatus,
    HungUp,
    Leg,
    Place,
    Target,
)

__all__ = ["Attempt", "Permit", "Route", "dry_run"]

Permit = Callable[[Leg, Target], str]
"""Says why a leg may have one to a target, "" where that needs no saying; raises RemoteError where it may not."""

_STEP_LIMIT: Final = 500
"""Steps without supposed time, as in a call: enough for any honest extension, and still a list one can read."""
_PATIENCE: Final = 120.0
"""Seconds of supposed listening and waiting after which the caller hangs up: menus and clocks repeat for ever."""
_PROMPT: Final = 5.0
"""Seconds that a prompt is supposed to take."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One Dial, or its like: whom it would call at once, for how long (None: until one answers or gives up)."""

    targets: tuple[Target, ...]
    timeout: float | None


@dataclass(slots=True)
class Route:
    """What a number would do.

    Attributes:
        assumption: what was assumed, one sentence.
        steps: "extensions.conf:12 office,101,1 Dial(FXS/101,30)", in order.
        attempts: every Dial on the way, with the targets that may be dialled.
        rulings: what was said of targets that need permission: "FXO/g1/911: 911 (emergency)".
        ending: how the call would end.
    """

    assumption: str
    steps: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    rulings: list[str] = field(default_factory=list)
    ending: Ending | None = None


async def dry_run(
    dialplan: Dialplan,
    context: str,
    number: str,
    *,
    caller: Party,
    clock: Callable[[], datetime],
    technology: str = "SIP",
    origin: str = "",
    permit: Permit | None = None,
    answered: bool = False,
    keys: str = "",
    variables: Mapping[str, str] | None = None,
    lots: Mapping[str, Lot] | None = None,
    applications: Mapping[str, Application] = APPLICATIONS,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> Route:
    """Run `number` of `context` without calling anybody.

    Args:
        caller: who would call.
        clock: tells the time at which to suppose the call.
        technology: of the caller's leg, as dialplans ask for it in CHANNEL(channeltype).
        origin: whose that leg is: an account, a telephone, a line.
        permit: asked before each leg to a target; all may be dialled where None.
        answered: suppose that the first Dial is answered and then hung up by the far side.
        keys: what the caller keys when asked.
        variables: channel variables of the caller's leg.
        lots: the parking lots, by name.
    """
    answers = "the first target answers, then hangs up" if answered else "nobody answers"
    route = Route(f"assumed: {answers}; the caller keys {keys or 'nothing'} and then hangs up")
    leg = _DryLeg(route, f"{technology}/{origin}-dry", caller, number, context, keys)
    leg.variables.update(variables or {})
    switch = _DrySwitch(route, answered, clock, permit)
    engine = DialplanEngine(
        dialplan,
        switch,
        applications=applications,
        functions=functions,
        operator=_DryOperator(lots, route, switch),
        step_limit=_STEP_LIMIT,
    )
    await engine.run(leg, context, number)
    route.ending = leg.ending
    return route


class _DryLeg:
    """A leg that notes what it is told."""

    def __init__(self, route: Route, name: str, party: Party, called: str, context: str, keys: str = "") -> None:
        self._route = route
        self._keys = list(keys)
        self._patience = _PATIENCE
        self.name = name
        self.technology = name.partition("/")[0]
        self.peer = f"caller {party}"
        self.party = party
        self.called = called
        self.held = False
        self.context = context
        self.standing = context
        self.variables: dict[str, str] = {}
        self.headers: Sequence[tuple[str, str]] = ()
        self.answered = False
        self.ending: Ending | None = None
        self.features: frozenset[Feature] = frozenset()
        self.reveals = True
        self.gains = LEVEL
        self.afterwards: Place | None = None
        self.audio: Audio = NoAudio()

    @property
    def up(self) -> float | None:
        return 0.0 if self.answered else None

    def note(self, text: str, detail: str = "") -> None:
        self._route.steps.append(text)

    def proceed(self) -> None:
        self._living()

    def ringing(self) -> None:
        self._living()

    def early_media(self) -> None:
        self._living()

    async def answer(self) -> None:
        self._living()
        self.answered = True

    async def play(self, sounds: Sequence[Sound], escape: str = "") -> str:
        self._living()
        if self._keys and self._keys[0] in escape:
            return self._keys.pop(0)
        self._spend(_PATIENCE if any(sound.loop_from is not None for sound in sounds) else _PROMPT * len(sounds))
        return ""

    async def digit(self, timeout: float | None = None) -> str:
        self._living()
        if self._keys:
            return self._keys.pop(0)
        self._spend(_PATIENCE if timeout is None else timeout)
        return ""

    async def attend(self, timeout: float | None = None) -> str:
        return await self.digit(timeout)

    def nudge(self) -> None:
        """Nothing: nobody else is there."""

    async def wait(self, seconds: float) -> None:
        self._living()
        self._spend(seconds)

    async def released(self) -> None:
        self._living()
        self._spend(_PATIENCE)

    async def redirect(self, called: str) -> TransferTold | None:
        self._living()
        return None

    def identify(self, party: Party) -> None:
        self._living()

    def confer(self, number: str) -> bool:
        self._living()
        return True

    def send_text(self, text: str) -> bool:
        self._living()
        return True

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> bool:
        self._living()
        return True

    def flash(self) -> bool:
        self._living()
        return True

    def tune(self, said: float, heard: float) -> None:
        self.gains = (said, heard)

    def hang_up(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending

    def _living(self) -> None:
        if self.ending is not None:
            raise HungUp(self.ending)

    def _spend(self, seconds: float) -> None:
        self._patience -= seconds
        if self._patience <= 0:
            self.hang_up(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, "supposed by the dry run"))
            self._living()


class _DrySwitch:
    """Reaches nobody, and remembers whom it was to reach."""

    def __init__(self, route: Route, answered: bool, clock: Callable[[], datetime], permit: Permit | None) -> None:
        self._route = route
        self._answered = answered
        self._clock = clock
        self._permit = permit
        self.sounds: Sounds = NoSounds()
        self.media: Media = NoMedia()

    async def dial(self, leg: Leg, targets: Sequence[Target], options: DialOptions = PLAIN) -> DialOutcome:
        refused = [(target, ending) for target in targets if (ending := self.refusal(leg, target)) is not None]
        barred = {target for target, _ in refused}
        rung = tuple(target for target in targets if target not in barred)
        if not rung:
            return DialOutcome(DialStatus.BUSY, ending=refused[0][1] if refused else None, attempts=refused)
        self._route.attempts.append(Attempt(rung, options.timeout))
        if self._answered:
            other = _DryLeg(self._route, f"{rung[0]}-dry", Party(), rung[0].address, leg.context)
            return DialOutcome(DialStatus.ANSWER, leg=other)
        ending = Ending(Cause.NO_ANSWER, str(rung[0]), Act.DID_NOT_ANSWER, "supposed by the dry run")
        attempts = [*refused, *((target, ending) for target in rung)]
        return DialOutcome(DialStatus.NOANSWER, ending=ending, attempts=attempts)

    def refusal(self, leg: Leg, target: Target) -> Ending | None:
        """Why a target may not be dialled; None where it may."""
        if self._permit is None:
            return None
        try:
            ruling = self._permit(leg, target)
        except RemoteError as error:
            ending = Ending(error.cause, str(target), Act.FAILED, str(error), error.advice)
            self._route.rulings.append(f"{target}: refused: {error}. {error.advice}".rstrip())
            return ending
        if ruling:
            self._route.rulings.append(f"{target}: {ruling}")
        return None

    async def bridge(self, leg: Leg, other: Leg, limit: TalkLimit | None = None) -> BridgeEnd:
        ending = Ending(Cause.NORMAL_CLEARING, other.name, Act.HUNG_UP, "supposed by the dry run")
        return BridgeEnd(other, ending)

    async def fax(self, leg: Leg, job: FaxJob, *, image: bool, told: Callable[[FaxReport], None]) -> None:
        told(FaxReport(over=True))

    def device_state(self, device: str) -> DeviceState:
        return DeviceState.NOT_INUSE

    def set_custom_state(self, name: str, state: DeviceState) -> None:
        """Nothing: it is a dry run."""

    def now(self) -> datetime:
        return self._clock()


class _DryOperator(Nobody):
    """Reaches nobody, and remembers whom it was to call."""

    def __init__(self, lots: Mapping[str, Lot] | None, route: Route, switch: _DrySwitch) -> None:
        super().__init__(lots)
        self._route = route
        self._switch = switch
        self._step = -1

    def originate(
        self,
        target: Target,
        follow: Follow,
        *,
        by: Leg | None = None,
        caller: Party | None = None,
        timeout: float = 30.0,
        variables: Mapping[str, str] | None = None,
        prepare: Callable[[Leg], Awaitable[None]] | None = None,
    ) -> Awaitable[Ending | None]:
        """Supposed to be answered, where it may be called; those of one step are called at once."""
        refused = None if by is None else self._switch.refusal(by, target)
        if refused is None:
            attempts, step = self._route.attempts, len(self._route.steps)
            earlier = attempts.pop().targets if step == self._step else ()
            attempts.append(Attempt((*earlier, target), timeout))
            self._step = step
        return Told(refused)
