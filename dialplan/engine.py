"""The dialplan engine: runs the steps of an extension for a leg until the leg is over.

A leg, a context and an extension go in; what comes out is what the applications do, and in every case an ended leg
with an Ending that says why. Special extensions: `s` where no number was named, `i` for a number that is none, `t`
for a time-out, `h` once the leg is over. A script keeps the dialplan with which it began; `load` sets what later
ones run on. Never blocks others: a script that only computes lets them run now and then.
"""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from dns.asyncresolver import Resolver

from dialplan.applications import APPLICATIONS
from dialplan.database import Database, MemoryDatabase
from dialplan.functions import FUNCTIONS
from dialplan.model import Dialplan, Found, Step
from dialplan.passwords import TELLING, passwords_in
from dialplan.script import STRUCTURED, Application, Function, Last, Script
from dialplan.shared import Permissions, Shared
from dialplan.state import Location
from dialplan.substitution import ScriptError, unshield
from dialplan.waiting import StepWatch
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError
from gateway.core.operator import Nobody, Operator
from gateway.core.postman import NoPost, Postman
from gateway.core.switch import HungUp, Leg, Moved, Place, Switch

__all__ = ["DialplanEngine"]

_STEP_LIMIT: Final = 10_000
"""Steps without time passing: the longest honest loop seen in offices is a few hundred."""
_COURTESY: Final = 100
"""Steps after which others get their turn."""
_TRUSTED: Final = 100
"""Steps that are counted without a look at whether they wait: hardly any script has so many."""
_NUMBER: Final = re.compile(r"[\w*#+.~!-]*")
"""Letters, digits, and what may stand in a number beside them."""
_NESTED: Final = 20
"""Subroutines that applications run within one another: each holds a Dial or its like that waits for it."""
_NO_VALUES: Final[Sequence[str]] = ()
_NOTHING_ALLOWED: Final = Permissions()
_NOTED: Final = 200
"""Characters of a step's arguments that are noted."""


class DialplanEngine:
    """Runs scripts.

    Args:
        dialplan: what to run on.
        switch: the way to other legs.
        applications: by small-letter name.
        functions: by name.
        database: behind DB(); one that forgets all with the process where None.
        permissions: what scripts may do to the machine.
        operator: the way to legs that are not a script's own; nobody is there where None.
        postman: sends texts outside of calls; they are supposed to arrive where None.
        resolver: makes what asks the DNS for ENUM; the machine's own where None.
        step_limit: after so many steps without time passing, a script is a loop and its call is ended.
        shows_keys: whether notes and records tell the keys that callers have typed.
    """

    def __init__(
        self,
        dialplan: Dialplan,
        switch: Switch,
        *,
        applications: Mapping[str, Application] = APPLICATIONS,
        functions: Mapping[str, Function] = FUNCTIONS,
        database: Database | None = None,
        permissions: Permissions = _NOTHING_ALLOWED,
        operator: Operator | None = None,
        postman: Postman | None = None,
        resolver: Callable[[], Resolver] | None = None,
        step_limit: int = _STEP_LIMIT,
        shows_keys: bool = False,
    ) -> None:
        self.dialplan = dialplan
        self._switch = switch
        self._applications = applications
        self._functions = functions
        self._step_limit = step_limit
        self._trusted = min(_TRUSTED, step_limit // 2)
        self._operator = operator or Nobody()
        self._postman = postman or NoPost()
        self._waiting = frozenset(name for name, function in functions.items() if function.later is not None)
        self._shared = Shared(
            dict(dialplan.globals),
            database or MemoryDatabase(),
            permissions,
            resolver=resolver,
            shows_keys=shows_keys,
        )

    def load(self, dialplan: Dialplan) -> None:
        """Run later scripts on `dialplan`; those under way finish on theirs.

        Global variables that scripts have set stay, unless the new files say `clearglobalvars=yes`; those that the
        new files set are set anew.
        """
        self.dialplan = dialplan
        if dialplan.setting("clearglobalvars"):
            self._shared.globals.clear()
        self._shared.globals.update(dialplan.globals)

    async def run(self, leg: Leg, context: str, extension: str, priority: int | str = 1) -> None:
        """Run `extension` of `context` for `leg`; returns when the leg is over and `h` has run.

        Never raises for what a script does: whatever goes wrong becomes the leg's Ending. Where the leg is sent to
        another place meanwhile, the run goes on there.

        Raises:
            Moved: the leg has been given to another talk; it lives, and its run is over.
        """
        script = self._script(leg, self.dialplan, Location(context, extension or "s", 1))
        try:
            for name in [name for name in leg.variables if name.endswith(")")]:
                # A function that a leg brings with it is set once, however often it is sent elsewhere.
                script.assign(name, leg.variables.pop(name))
            if priority != 1:
                script.location = script.locate(f"{context},{extension},{priority}")
            try:
                ending = await self._steps(script) or self._fell_off(script)
            except Exception as fault:
                ending = self._ended_by(script, fault)
            if leg.ending is None:
                leg.hang_up(ending)
            await self._afterwards(script, leg.ending or ending)
        finally:
            self._shared.leave(leg.name)

    def _script(self, leg: Leg, dialplan: Dialplan, location: Location, nested: int = 0) -> Script:
        return Script(
            leg,
            self._switch,
            dialplan,
            location,
            applications=self._applications,
            functions=self._functions,
            shared=self._shared,
            runner=self,
            operator=self._operator,
            postman=self._postman,
            nested=nested,
        )

    async def subroutine(self, script: Script, place: str, arguments: list[str]) -> None:
        """Run a place as a subroutine of `script`; see `Runner`."""
        if script.nested >= _NESTED:
            raise ScriptError(f"more than {_NESTED} subroutines of applications within one another")
        here, depth = script.location, len(script.frames)
        script.call(script.locate(place), arguments)
        script.nested += 1
        try:
            ended = await self._steps(script, depth)
            if ended is not None and ended.act is Act.FAILED:
                raise ScriptError(ended.evidence)
        except CopperlineError:
            self._back(script, here, depth)  # whoever has asked for it may go on
            raise
        finally:
            script.nested -= 1
        self._back(script, here, depth)

    @staticmethod
    def _back(script: Script, here: Location, depth: int) -> None:
        """A subroutine is over: its frame and all within it are gone."""
        script.frames = script.frames[:depth]
        script.location, script.jumped = here, False

    async def beside(self, script: Script, leg: Leg, place: str, arguments: list[str]) -> None:
        """Run a place as a subroutine for another leg; see `Runner`."""
        other = self._script(leg, script.dialplan, script.location, script.nested + 1)
        other.typed = script.typed
        try:
            await self.subroutine(other, place, arguments)
        finally:
            self._shared.leave(leg.name)

    async def alone(self, script: Script, leg: Leg, application: str, arguments: str) -> None:
        """Run one application for a leg that has no run of its own; see `Runner`."""
        own = self._script(leg, script.dialplan, Location(leg.context or script.location.context, "s", 1))
        own.place, own.typed = script.place, script.typed
        try:
            await own.execute(application, arguments)
        except CopperlineError as fault:
            leg.hang_up(own.ending(Cause.TEMPORARY_FAILURE, Act.FAILED, f"{application}: {fault}"))
        finally:
            self._shared.leave(leg.name)
        leg.hang_up(own.ending(Cause.NORMAL_CLEARING, evidence=f"the end of {application}"))

    @staticmethod
    def _ended_by(script: Script, fault: Exception) -> Ending:
        """Why a script has ended that raised `fault`.

        Raises:
            Moved: as it was raised.
        """
        if isinstance(fault, HungUp):
            return fault.ending
        if isinstance(fault, Moved):
            raise fault
        what, advice = str(fault), f"Mend the step at {script.place}."
        if not isinstance(fault, CopperlineError):
            what = f"{type(fault).__name__}: {fault}"
            advice = "This is a fault of Copperline: report it with the call's trace."
            script.note(f"{script.place}: {what}", "".join(traceback.format_exception(fault)))
        evidence = f"{script.place} {script.location}: {what}"
        return script.ending(Cause.TEMPORARY_FAILURE, Act.FAILED, evidence, advice)

    async def _afterwards(self, script: Script, ending: Ending) -> None:
        """Run the `h` extension and the hangup handlers, which can compute and note but not speak to the leg."""
        script.cause = ending.cause
        script.deadline = None
        while (found := script.special("h")) is None and script.leave_macro():
            continue
        script.frames = ()
        if found is not None:
            script.go_to(Location(script.location.context, "h", 1))
            try:
                over = await self._steps(script)
            except Exception as fault:
                over = self._ended_by(script, fault)
            if over is not None and over.act is Act.FAILED:
                script.note(f"h: {over}")
        # Those that a handler pushes come too late: the end must end.
        for place, arguments in reversed(script.handlers):
            try:
                await self.subroutine(script, place, arguments)
            except HungUp:
                continue
            except Exception as fault:
                script.note(f"hangup handler {place}: {fault}", traceback.format_exc())

    async def _steps(self, script: Script, depth: int = -1) -> Ending | None:
        """Run steps until there are none left, or no more than `depth` subroutines are under way.

        Returns:
            The ending of a script that is a loop, else None.
        """
        self._check_number(script)
        steps = 0
        found = self._at_start(script)
        while found is not None and len(script.frames) > depth:
            if found.moved is not None:
                script.location = Location(*found.moved, script.location.priority)
            location = script.location
            script.jumped = False
            watch = StepWatch(asyncio.get_running_loop()) if steps >= self._trusted else None
            try:
                last = await self._begin(script, found.step)
                if last is not None:
                    await last
            except CopperlineError as fault:
                self._divert(script, found.step, fault)
            except Moved as moved:
                if depth >= 0 or moved.place is None:
                    raise
                self._send(script, moved.place)
            steps = 0 if watch is not None and watch.waited() else steps + 1
            if steps >= self._step_limit:
                return script.ending(
                    Cause.TEMPORARY_FAILURE,
                    Act.FAILED,
                    f"dialplan loop at {script.place}: {steps} steps without time passing",
                    "Let the loop end, or put a Wait() into it.",
                )
            if steps % _COURTESY == _COURTESY - 1:
                await asyncio.sleep(0)
            if script.jumped:
                found = self._after_jump(script, location)
            else:
                context, extension, priority = location
                script.location = Location(context, extension, priority + 1)
                found = script.find(context, extension, priority + 1) or await self._go_on(script)
            while found is None and script.leave_macro():
                found = script.find(*script.location)
        return None

    @staticmethod
    def _send(script: Script, place: Place) -> None:
        """Somebody has sent the leg elsewhere: the subroutines and loops under way are over."""
        script.frames = ()
        script.loops.clear()
        script.go_to(script.locate(str(place)))

    @staticmethod
    def _divert(script: Script, step: Step, fault: CopperlineError) -> None:
        """What goes wrong in a step goes to `e`, where there is one."""
        if script.divert("e", "ERROR") is None:
            raise fault
        script.note(f"{step.place}: {fault}")

    async def _go_on(self, script: Script) -> Found | None:
        """After the last priority, with autofallthrough=no: an extension that the caller keys."""
        before = script.location
        if script.frames and script.frames[-1].macro:
            return None
        if before.extension == "h" or not script.dialplan.waits_for_extension:
            return None
        await self._applications["waitexten"](script, "")
        return self._after_jump(script, before) if script.jumped else None

    def _begin(self, script: Script, step: Step) -> Awaitable[Last]:
        """Fill in the arguments of one step and begin it.

        For applications that take their arguments apart first, marks stand in them for the values.
        """
        script.place = step.place
        script.leg.standing = script.location.context
        filled = step.arguments
        if filled.names and not self._waiting.isdisjoint(filled.names):
            return self._begin_later(script, step)
        if step.key in STRUCTURED:
            arguments, script.values = filled.fill_shielded(script)
        else:
            arguments, script.values = filled.fill(script), _NO_VALUES
        return self._execute(script, step, arguments)

    async def _begin_later(self, script: Script, step: Step) -> Last:
        """The same, where one of the values must be waited for."""
        arguments, script.values = await step.arguments.fill_shielded_waiting(script)
        if step.key not in STRUCTURED:
            arguments, script.values = unshield(arguments, script.values), _NO_VALUES
        return await self._execute(script, step, arguments)

    def _execute(self, script: Script, step: Step, arguments: str) -> Awaitable[Last]:
        """Note a step and begin its application."""
        shown = script.plain(arguments) if script.values else arguments
        if step.key in TELLING:
            for password in passwords_in(step.key, shown):
                script.keyed(password)
        if script.typed:
            shown = script.untold(shown)
        context, extension, priority = script.location
        script.leg.note(f"{step.where} {context},{extension},{priority} {step.application}({shown[:_NOTED]})")
        record = script.record
        record.application, record.arguments = step.application, shown
        application = self._applications.get(step.key)
        if application is None:
            raise ScriptError(f"no application {step.application}")
        if script.deadline is None:
            return application(script, arguments)
        return self._execute_in_time(script, application, arguments)

    async def _execute_in_time(self, script: Script, application: Application, arguments: str) -> None:
        """Run an application; past the call's absolute time-out, go to `T`, or end the call."""
        timeout = asyncio.timeout_at(script.deadline)
        try:
            async with timeout:
                last = await application(script, arguments)
                if last is not None:
                    await last
        except TimeoutError:
            if not timeout.expired():
                raise
            script.deadline = None
            script.note("the call's time is up (TIMEOUT(absolute))")
            if script.divert("T", "ABSOLUTETIMEOUT") is None:
                ending = script.ending(Cause.NORMAL_CLEARING, Act.HUNG_UP, "TIMEOUT(absolute) has passed")
                raise script.hang_up(ending) from None

    def _check_number(self, script: Script) -> None:
        """Refuse numbers with characters that would mean something in an application's arguments.

        A `&` in a number would make Dial(SIP/${EXTEN}) ring a second target of the caller's choice, an `@` a
        stranger's server.
        """
        number = script.location.extension
        if _NUMBER.fullmatch(number) is None:
            ending = Ending(
                Cause.INVALID_NUMBER_FORMAT,
                "the dialplan",
                Act.REFUSED,
                f"{number[:40]!r} is no number",
                "dial digits, letters and * # + - . _ ~ !",
            )
            raise script.hang_up(ending)

    def _at_start(self, script: Script) -> Found | None:
        location = script.location
        return script.find(*location) or self._invalid(script)

    def _after_jump(self, script: Script, before: Location) -> Found | None:
        location, frames = script.location, script.frames
        while frames and frames[-1].macro not in ("", location.context):
            frames = script.frames = frames[:-1]
        if location.extension != before.extension:
            self._check_number(script)
        found = script.find(location.context, location.extension, location.priority)
        if found is not None or script.find(location.context, location.extension) is not None:
            return found
        return self._invalid(script)

    def _invalid(self, script: Script) -> Found | None:
        """What happens to a number that is none: the `i` extension of its context, or the end."""
        context, number = script.location.context, script.location.extension
        found = script.divert("i", "INVALID")
        if found is not None:
            script.assign("INVALID_EXTEN", number)
            script.unknown = f"no extension {number} in context {context}"
            script.note(f"{script.unknown}: {script.location.extension}")
            return found
        plan = script.dialplan
        known = context in plan.contexts
        what = f"no extension {number} in context {context}" if known else f"no context {context}"
        mend = f"Dial another number, or write an extension {number} in [{context}]."
        shut = plan.shut(context, number, script.leg.party.number, script.switch.now)
        if shut is not None and shut.timing is not None:
            what += " at this hour"
            mend = f"[{shut.context}], which has one, is included at {shut.timing.text} alone ({shut.place.short})."
        raise script.hang_up(script.ending(Cause.UNALLOCATED_NUMBER, Act.REFUSED, what, mend))

    def _fell_off(self, script: Script) -> Ending:
        """After the last priority: the last refusal where nobody was ever reached, else normal clearing."""
        if script.refusal is not None and not script.leg.answered:
            return script.refusal
        return script.ending(
            Cause.NORMAL_CLEARING, Act.HUNG_UP, f"end of extension {script.location.extension} after {script.place}"
        )
