"""One run of the dialplan for one leg: where it stands, its variables, and what applications may do with it.

Applications and functions see the world through a Script alone. It never moves by itself: the engine steps it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dialplan.model import Dialplan, Found, Place
from dialplan.substitution import ScriptError, Template, unshield
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.number import Match
from gateway.core.switch import HungUp, Leg, Switch

__all__ = ["Application", "Function", "Location", "Script"]

_GOSUB_DEPTH: Final = 500
"""Subroutines within subroutines: a recursion without end is stopped before it eats the memory."""
_PRIORITY: Final = re.compile(r"[+-]?[0-9]{1,6}")
_VARIABLES: Final = 2000
"""Variables of one leg: a loop that sets a new one at each turn is stopped."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a script stands."""

    context: str
    extension: str
    priority: int

    def __str__(self) -> str:
        return f"{self.context},{self.extension},{self.priority}"


@dataclass(slots=True)
class Frame:
    """A Gosub under way: where to return to, and the variables that end with it."""

    back: Location
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A dialplan function: how it is read (`${NAME(arguments)}`) and written (`Set(NAME(arguments)=value)`)."""

    read: Callable[[Script, str], str] | None = None
    write: Callable[[Script, str, str], None] | None = None


class Script:
    """The state of one run.

    Attributes:
        leg: the leg it runs for.
        switch: the way to others.
        dialplan: the files as they stood when the run began.
        location: the step under way; `jumped` tells that it has been moved on purpose.
        globals: the variables that all calls share.
        cause: why the last attempt to reach somebody ended (HANGUPCAUSE).
        refusal: the ending of that attempt, where it failed.
        unknown: what was wrong with the number for which `i` runs, as words; "" where it does not.
        values: the values for which marks stand in the arguments of the step under way, where it is one of those
            whose arguments are taken apart first (`apps.STRUCTURED`).
        recordings: sounds recorded in this call, by name.
    """

    def __init__(
        self,
        leg: Leg,
        switch: Switch,
        dialplan: Dialplan,
        location: Location,
        *,
        applications: Mapping[str, Application],
        functions: Mapping[str, Function],
        globals: dict[str, str],
    ) -> None:
        self.leg = leg
        self.switch = switch
        self.dialplan = dialplan
        self.location = location
        self.jumped = False
        self.place = Place("", 0)
        self.globals = globals
        self.frames: list[Frame] = []
        self.cause: Cause | None = None
        self.refusal: Ending | None = None
        self.unknown = ""
        self.values: list[str] = []
        self.recordings: dict[str, Sound] = {}
        self.identity: dict[str, str] = {}
        self.language: str | None = None
        self.digit_timeout: float | None = None
        self.response_timeout: float | None = None
        self._applications = applications
        self._functions = functions

    # Variables and functions: the Scope of templates.

    def fill(self, template: Template) -> str:
        """A template with this script's values."""
        return template.fill(self)

    def plain(self, text: str) -> str:
        """A piece of the step's arguments with its values put in."""
        return unshield(text, self.values) if self.values else text

    def variable(self, name: str) -> str:
        """The value of a variable: of the subroutine, the step, the leg, or all calls; "" where it is not set."""
        for frame in reversed(self.frames):
            if name in frame.variables:
                return frame.variables[name]
        own = _STEP_VARIABLES.get(name)
        if own is not None:
            return own(self)
        variables = self.leg.variables
        for key in (name, "_" + name, "__" + name):
            if key in variables:
                return variables[key]
        return self.globals.get(name, "")

    def assign(self, name: str, value: str) -> None:
        """Set a variable, or write a function where `name` has arguments.

        Raises:
            ScriptError: the function cannot be written, or the leg has too many variables.
        """
        name = name.strip()
        if name.endswith(")") and "(" in name:
            function, _, arguments = name[:-1].partition("(")
            self.write(function, arguments, value)
            return
        for frame in reversed(self.frames):
            if name in frame.variables:
                frame.variables[name] = value
                return
        bare = name.lstrip("_")
        variables = self.leg.variables
        for key in (bare, "_" + bare, "__" + bare):
            if key != name:
                variables.pop(key, None)
        if name not in variables and len(variables) >= _VARIABLES:
            raise ScriptError(f"more than {_VARIABLES} variables on {self.leg.name}")
        variables[name] = value

    def assign_local(self, name: str, value: str) -> None:
        """Set a variable that ends with the subroutine under way."""
        if not self.frames:
            self.assign(name, value)
            return
        variables = self.frames[-1].variables
        if name not in variables and len(variables) >= _VARIABLES:
            raise ScriptError(f"more than {_VARIABLES} variables in a subroutine")
        variables[name] = value

    def read(self, function: str, arguments: str) -> str:
        """The value of a function.

        Raises:
            ScriptError: there is no such function, or it refuses its arguments.
        """
        found = self._functions.get(function)
        if found is None or found.read is None:
            raise ScriptError(f"no function {function} to read")
        return found.read(self, arguments)

    def write(self, function: str, arguments: str, value: str) -> None:
        """Write a function.

        Raises:
            ScriptError: it cannot be written, or refuses what it was given.
        """
        found = self._functions.get(function)
        if found is None or found.write is None:
            raise ScriptError(f"no function {function} to write")
        found.write(self, arguments, value)

    # Moving about.

    def find(self, context: str, extension: str, priority: int | str = 1) -> Found | None:
        """The step at a place of the dialplan for this leg's caller at this time, or None."""
        return self.dialplan.find(context, extension, priority, caller=self.leg.party.number, when=self.switch.now)

    def special(self, name: str) -> Found | None:
        """The first step of a special extension (`h i t`) of the present context, or None.

        Unlike in Asterisk only an extension of that very name counts: a pattern such as `_.` is meant for numbers,
        and dialling "h" once the caller is gone has never been what its writer wanted.
        """
        found = self.find(self.location.context, name)
        return found if found is not None and found.extension.pattern.literal else None

    def match(self, digits: str) -> Match:
        """What digits dialled in the present context can become."""
        return self.dialplan.match(
            self.location.context, digits, caller=self.leg.party.number, when=self.switch.now
        )

    def locate(self, text: str) -> Location:
        """Read `[[context,]extension,]priority`, the priority a number or a label.

        Raises:
            ScriptError: there is no such label.
        """
        parts = [part.strip() for part in text.replace("|", ",").split(",")]
        if len(parts) > 3:
            raise ScriptError(f"{text!r} is no place: write context,extension,priority")
        context, extension, priority = [self.location.context, self.location.extension, "1"][
            : 3 - len(parts)
        ] + parts
        if _PRIORITY.fullmatch(priority):
            number = int(priority)
            return Location(context, extension, self.location.priority + number if priority[0] in "+-" else number)
        found = self.find(context, extension, priority)
        if found is None:
            raise ScriptError(f"no label {priority!r} at extension {extension} of context {context}")
        return Location(context, extension, found.step.priority)

    def go_to(self, location: Location) -> None:
        """Go on there instead of at the next priority."""
        self.location = location
        self.jumped = True

    def call(self, location: Location, arguments: list[str]) -> None:
        """Go there as a subroutine; `leave` comes back to the step after the present one.

        Raises:
            ScriptError: too many subroutines are under way.
        """
        if len(self.frames) >= _GOSUB_DEPTH:
            raise ScriptError(f"more than {_GOSUB_DEPTH} subroutines within one another")
        here = self.location
        frame = Frame(Location(here.context, here.extension, here.priority + 1))
        frame.variables["ARGC"] = str(len(arguments))
        frame.variables.update({f"ARG{number}": value for number, value in enumerate(arguments, 1)})
        self.frames.append(frame)
        self.go_to(location)

    def leave(self, value: str) -> None:
        """Come back from the subroutine under way with `value`.

        Raises:
            ScriptError: none is under way.
        """
        if not self.frames:
            raise ScriptError("Return without Gosub")
        back = self.frames.pop().back
        self.assign("GOSUB_RETVAL", value)
        self.go_to(back)

    # Acting.

    async def execute(self, application: str, arguments: str) -> None:
        """Run an application.

        Raises:
            HungUp: the leg is over.
            ScriptError: there is no such application, or it refuses its arguments.
        """
        found = self._applications.get(application.lower())
        if found is None:
            raise ScriptError(f"no application {application}")
        await found(self, arguments)

    def knows(self, application: str) -> bool:
        """Whether there is such an application."""
        return application.lower() in self._applications

    def ending(self, cause: Cause, act: Act = Act.HUNG_UP, evidence: str = "", advice: str = "") -> Ending:
        """An ending made by the dialplan at the present step."""
        return Ending(cause, "the dialplan", act, evidence or f"{self.place.short} {self.location}", advice)

    def hang_up(self, ending: Ending) -> HungUp:
        """End the leg; raise what this returns: `raise script.hang_up(...)`."""
        self.leg.hang_up(ending)
        return HungUp(self.leg.ending or ending)


Application = Callable[[Script, str], Awaitable[None]]
"""An application: what it does for a script, given its arguments as one text."""

_STEP_VARIABLES: Final[Mapping[str, Callable[[Script], str]]] = {
    "CHANNEL": lambda script: script.leg.name,
    "CONTEXT": lambda script: script.location.context,
    "EPOCH": lambda script: str(int(script.switch.now().timestamp())),
    "EXTEN": lambda script: script.location.extension,
    "HANGUPCAUSE": lambda script: str(int(script.cause or 0)),
    "PRIORITY": lambda script: str(script.location.priority),
    "UNIQUEID": lambda script: script.leg.name,
}
"""Variables that the run itself has."""
