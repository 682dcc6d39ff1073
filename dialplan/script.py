"""One run of the dialplan for one leg: where it stands, its variables, and what applications may do with it.

Applications and functions see the world through a Script alone. It never moves by itself: the engine steps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from dialplan.course import Course
from dialplan.model import Dialplan, Place
from dialplan.shared import Share, Shared
from dialplan.state import Location, Record
from dialplan.substitution import ScriptError, Template, sliced, unshield
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.operator import Operator
from gateway.core.postman import Postman
from gateway.core.switch import HungUp, Leg, Switch

__all__ = ["NO_ATTEMPTS", "STRUCTURED", "Application", "Function", "Runner", "Script"]

STRUCTURED: Final = frozenset(
    "agi deadagi eagi exec execif execiftime gosubif gotoif gotoiftime macroif mixmonitor monitor system tryexec "
    "trysystem".split()
)
"""Applications whose arguments are taken apart before values come in.

What a caller is called must not close a parenthesis of `ExecIf(...?Set(NAME=${CALLERID(name)}))` and go on with an
application of its own, nor a quote of `System(...)`.
"""
NO_ATTEMPTS: Final[Mapping[str, Ending]] = MappingProxyType({})
_PIN: Final = 3
"""Keys that are not told, at least: fewer are a choice from a menu, and would star out half of a note."""
_TYPED: Final = 20
"""Of how many of a caller's latest entries that holds."""
_LONGEST_RUN: Final = 80
"""Keys that are typed together, at most."""
_BEGIN: Final = "$"
"""With which all begins that means something in a file."""
_VARIABLES: Final = 2000
"""Variables of one leg: a loop that sets a new one at each turn is stopped."""


@dataclass(frozen=True, slots=True)
class Function:
    """A dialplan function: how it is read (`${NAME(arguments)}`) and written (`Set(NAME(arguments)=value)`).

    Attributes:
        read: at once.
        write: at once.
        later: read by waiting for something; given the arguments with marks for values, and the values
            (`substitution.unshield` joins them).
        acts: reading it changes something; never done where a name of a variable was asked for, or in EVAL.
    """

    read: Callable[[Script, str], str] | None = None
    write: Callable[[Script, str, str], None] | None = None
    later: Callable[[Script, str, Sequence[str]], Awaitable[str]] | None = None
    acts: bool = False

    @property
    def readable(self) -> bool:
        """Whether it can be read at all."""
        return self.read is not None or self.later is not None


class Runner(Protocol):
    """What runs scripts, for applications that let subroutines run before they go on."""

    async def subroutine(self, script: Script, place: str, arguments: list[str]) -> None:
        """Run a place as a subroutine of `script` up to its Return; `script` stands where it stood.

        Raises:
            HungUp: the leg is over.
            ScriptError: there is no such place, or subroutines run within one another too deep.
        """
        ...

    async def beside(self, script: Script, leg: Leg, place: str, arguments: list[str]) -> None:
        """Run a place as a subroutine for another leg, up to its Return.

        Raises:
            HungUp: that leg is over.
            ScriptError: as for `subroutine`.
        """
        ...

    async def alone(self, script: Script, leg: Leg, application: str, arguments: str) -> None:
        """Run one application for a leg that has no run of its own, and end it.

        Raises:
            HungUp: that leg is over.
        """
        ...


class Script(Course, identity=dict, recordings=dict, settings=dict):
    """The state of one run.

    Attributes:
        shared: what all calls share.
        operator: reaches legs that are not its own; postman: sends texts outside of calls.
        runner: runs subroutines for applications; `nested` tells how deep within one another.
        share: what this leg has of it.
        cause: why the last attempt to reach somebody ended (HANGUPCAUSE).
        refusal: the ending of that attempt, where it failed.
        unknown: what was wrong with the number for which `i` runs, as words; "" where it does not.
        values: the values for which marks stand in the arguments of the step under way, where it is one of those
            whose arguments are taken apart first (`apps.STRUCTURED`).
        recordings: sounds recorded in this call, by name.
        deadline: when TIMEOUT(absolute) ends the call (event loop's clock), or None.
        settings: what CHANNEL() keeps.
        handlers: places and arguments of the subroutines that run once the leg is over.
        record: what the scripts says of the call in its record, for CDR().
        typed: what the caller has keyed that notes and records do not tell; the latest may go on key by key.
        attempts: how each target of the last Dial ended, by name, for HANGUPCAUSE().
    """

    __slots__ = (
        "_applications",
        "_functions",
        "_run",
        "_sent",
        "attempts",
        "cause",
        "deadline",
        "digit_timeout",
        "handlers",
        "identity",
        "language",
        "nested",
        "operator",
        "place",
        "postman",
        "record",
        "recordings",
        "refusal",
        "response_timeout",
        "runner",
        "settings",
        "share",
        "shared",
        "typed",
        "unknown",
        "values",
    )
    identity: dict[str, str]
    recordings: dict[str, Sound]
    settings: dict[str, str]

    def __init__(
        self,
        leg: Leg,
        switch: Switch,
        dialplan: Dialplan,
        location: Location,
        *,
        applications: Mapping[str, Application],
        functions: Mapping[str, Function],
        shared: Shared,
        runner: Runner,
        operator: Operator,
        postman: Postman,
        nested: int = 0,
    ) -> None:
        super().__init__(leg, switch, dialplan, location)
        self.place = Place("", 0)
        self.shared = shared
        self.runner = runner
        self.operator = operator
        self.postman = postman
        self.nested = nested
        self.share = shared.legs.setdefault(leg.name, Share(leg.variables))
        self.cause: Cause | None = None
        self.refusal: Ending | None = None
        self.unknown = ""
        self.values: Sequence[str] = ()
        self.language: str | None = None
        self.digit_timeout: float | None = None
        self.response_timeout: float | None = None
        sent = (leg.party.name, leg.party.number, leg.called, *leg.variables.values())
        self._sent = tuple([words for words in sent if _BEGIN in words])
        self.deadline: float | None = None
        self.handlers: tuple[tuple[str, list[str]], ...] = ()
        self.record = Record(switch.now(), location)
        self.attempts = NO_ATTEMPTS
        self.typed: tuple[str, ...] = ()
        self._run = ""
        self._applications = applications
        self._functions = functions

    def keyed(self, keys: str) -> None:
        """The caller has typed `keys`, be it a PIN or the number of a card; a choice from a menu is shorter."""
        self._run = ""
        self._hide(keys)

    def _hide(self, keys: str) -> None:
        if len(keys) >= _PIN and not self.shared.shows_keys and keys not in self.typed:
            self.typed = (*self.typed[1 - _TYPED :], keys)

    def pressed(self, key: str, *, begins: bool = False) -> None:
        """The caller has pressed one key, or "" for none in time; keys that follow each other are typed together.

        Args:
            begins: a prompt was heard before this one, so that it begins something new.
        """
        before = "" if begins else self._run
        self._run = before + key if key.isalnum() and len(before) < _LONGEST_RUN else ""
        if len(before) >= _PIN and self.typed and self.typed[-1] == before and self._run:
            self.typed = self.typed[:-1]
        self._hide(self._run)

    def untold(self, text: str) -> str:
        """`text` without what the caller has typed."""
        for keys in sorted(self.typed, key=len, reverse=True) if self.typed else ():
            text = text.replace(keys, "?" * len(keys))
        return text

    def note(self, text: str, detail: str = "") -> None:
        """Note something in the call's story, without what the caller has typed."""
        self.leg.note(self.untold(text), self.untold(detail))

    @property
    def foreign(self) -> Sequence[str]:
        """What the caller sent that would mean something if it stood in a file, longest first."""
        sent = (*self._sent, *(value for _, value in self.leg.headers if _BEGIN in value))
        return sorted({words for words in sent if "${" in words or "$[" in words}, key=len, reverse=True)

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
        # The underscores say who inherits a variable and are no part of its name: nothing has one with them.
        if name.startswith("_"):
            return ""
        value = variables.get(name)
        if value is not None:
            return value
        for key in ("_" + name, "__" + name):
            if key in variables:
                return variables[key]
        return self.shared.globals.get(name, "")

    def named(self, name: str) -> str:
        """The value of what a function's argument names: a variable, or a function that only tells something.

        Either may be followed by `:offset:length`.
        """
        colon = name.find(":", name.rfind(")") + 1)
        bare = name if colon < 0 else name[:colon]
        if bare.endswith(")") and "(" in bare:
            function, _, arguments = bare[:-1].partition("(")
            value = self.tell(function, arguments)
        else:
            value = self.variable(bare)
        return value if colon < 0 else sliced(value, name[colon + 1 :])

    def tell(self, function: str, arguments: str) -> str:
        """The value of a function that changes nothing; "" where it would change something."""
        found = self._functions.get(function.strip())
        if found is not None and found.acts:
            self.note(f"{function}: not read by the way, since reading it changes something")
            return ""
        return self.read(function, arguments)

    def assign(self, name: str, value: str) -> None:
        """Set a variable, or write a function where `name` has arguments.

        Raises:
            ScriptError: the leg has too many variables.
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
        variables = self.leg.variables
        if name in variables:
            variables[name] = value
            return
        bare = name.lstrip("_")
        for key in (bare, "_" + bare, "__" + bare):
            if key in variables:
                del variables[key]
        if len(variables) >= _VARIABLES:
            raise ScriptError(f"more than {_VARIABLES} variables on {self.leg.name}")
        variables[name] = value

    def report(self, results: Mapping[str, str]) -> None:
        """Set variables, plain names, by which an application tells what came of it."""
        if not self.frames:
            self.leg.variables.update(results)
            return
        for name, value in results.items():
            self.assign(name, value)

    def forget(self, name: str) -> None:
        """Unset a variable of the subroutine under way, or of the leg."""
        for frame in reversed(self.frames):
            if name in frame.variables:
                del frame.variables[name]
                return
        bare = name.lstrip("_")
        for key in (bare, "_" + bare, "__" + bare):
            self.leg.variables.pop(key, None)

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
        """The value of a function; "" where it has none for these arguments, as in Asterisk, with a note of why."""
        found = self._functions.get(function.strip())
        if found is None or found.read is None:
            self.note(f"no function {function} to read here")
            return ""
        try:
            return found.read(self, arguments)
        except ScriptError as fault:
            self.note(f"{function}: {fault}")
            return ""

    async def read_waiting(self, function: str, text: str, values: Sequence[str]) -> str:
        """As `read`, for functions that may wait; the arguments come as `Template.fill_shielded` gives them."""
        found = self._functions.get(function.strip())
        if found is None or found.later is None:
            return self.read(function, unshield(text, values))
        try:
            return await found.later(self, text, values)
        except ScriptError as fault:
            self.note(f"{function}: {fault}")
            return ""

    def write(self, function: str, arguments: str, value: str) -> None:
        """Write a function; where it refuses, that is noted and the script goes on, as in Asterisk."""
        found = self._functions.get(function.strip())
        if found is None or found.write is None:
            self.note(f"no function {function} to write")
            return
        try:
            found.write(self, arguments, value)
        except ScriptError as fault:
            self.note(f"{function}: {fault}")

    def leave(self, value: str) -> None:
        """Come back from the subroutine under way with `value`.

        Raises:
            ScriptError: none is under way.
        """
        if not self.frames:
            raise ScriptError("Return without Gosub")
        *outer, frame = self.frames
        self.frames = tuple(outer)
        self.assign("GOSUB_RETVAL", value)
        self.go_to(frame.back)

    # Time.

    def end_after(self, seconds: float | None) -> None:
        """End the call so many seconds from now, or never (TIMEOUT(absolute))."""
        self.deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds

    def time_left(self) -> float | None:
        """Seconds until TIMEOUT(absolute) ends the call; None where it does not."""
        return None if self.deadline is None else max(0.0, self.deadline - asyncio.get_running_loop().time())

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
        last = await found(self, arguments)
        if last is not None:
            await last

    def knows(self, application: str) -> bool:
        """Whether there is such an application."""
        return application.lower() in self._applications

    def ending(self, cause: Cause, act: Act = Act.HUNG_UP, evidence: str = "", advice: str = "") -> Ending:
        """An ending made by the dialplan at the present step; it does not tell what the caller has typed."""
        told = self.untold(evidence) or f"{self.place.short} {self.location}"
        return Ending(cause, "the dialplan", act, told, advice)

    def hang_up(self, ending: Ending) -> HungUp:
        """End the leg; raise what this returns: `raise script.hang_up(...)`."""
        self.leg.hang_up(ending)
        return HungUp(self.leg.ending or ending)


Last = Awaitable[None] | None
"""What an application leaves to be awaited once its own frame is gone, since that would stand as long as a call."""

Application = Callable[[Script, str], Awaitable[Last]]
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
