"""The course of one run through the dialplan: where it stands, what it finds there, and where it goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dialplan.model import Candidates, Dialplan, Found
from dialplan.state import Frame, Location, Loop
from dialplan.substitution import ScriptError
from gateway.core.late import Late
from gateway.core.number import Match
from gateway.core.switch import Leg, Switch

__all__ = ["Course"]

_GOSUB_DEPTH: Final = 500
"""Subroutines within subroutines: a recursion without end is stopped before it eats the memory."""
_PRIORITY: Final = re.compile(r"[+-]?[0-9]{1,6}")
_NO_EXCEPTION: Final[Mapping[str, str]] = MappingProxyType({})
_ARGUMENT: Final = re.compile(r"ARG[0-9]{1,3}")


class Course(Late, loops=list):
    """Where a run is.

    Attributes:
        leg: the leg it runs for.
        switch: the way to others.
        dialplan: the files as they stood when the run began.
        location: the step under way; `jumped` tells that it has been moved on purpose.
        frames: the subroutines and macros under way, the innermost last; loops: the same of While().
        exception: why the `e i t T` extension runs, for EXCEPTION().
    """

    __slots__ = ("_candidates", "dialplan", "exception", "frames", "jumped", "leg", "location", "loops", "switch")
    loops: list[Loop]

    def __init__(self, leg: Leg, switch: Switch, dialplan: Dialplan, location: Location) -> None:
        self.leg = leg
        self.switch = switch
        self.dialplan = dialplan
        self.location = location
        self.jumped = False
        self.frames: tuple[Frame, ...] = ()
        self.exception = _NO_EXCEPTION
        self._candidates: Candidates | None = None

    def find(self, context: str, extension: str, priority: int | str = 1) -> Found | None:
        """The step at a place of the dialplan for this leg's caller at this time, or None."""
        number = self.leg.party.number
        known = self._candidates
        if known is not None and known.number == extension and known.context == context and known.caller == number:
            return known.step(priority)
        found = Candidates(
            context, extension, number, tuple(self.dialplan.candidates(context, extension, number, self.switch.now))
        )
        if self.dialplan.steady(context):
            self._candidates = found
        return found.step(priority)

    def special(self, name: str) -> Found | None:
        """The first step of a special extension (`h i t`) of the present context, or None.

        Unlike in Asterisk only an extension of that very name counts: a pattern such as `_.` is meant for numbers,
        and dialling "h" once the caller is gone has never been what its writer wanted.
        """
        context = self.location.context
        if self.dialplan.lacks(context, name):
            return None
        found = self.find(context, name)
        return found if found is not None and found.extension.pattern.literal else None

    def divert(self, name: str, reason: str) -> Found | None:
        """Go to the special extension `name`, or to `e` where there is none; None where there is neither.

        Args:
            reason: as EXCEPTION(reason) tells it: INVALID, RESPONSETIMEOUT, ABSOLUTETIMEOUT, ERROR.
        """
        here = self.location
        for extension in (name, "e"):
            found = self.special(extension)
            if found is not None and here.extension != extension:
                self.exception = {
                    "reason": reason,
                    "context": here.context,
                    "exten": here.extension,
                    "priority": str(here.priority),
                }
                self.go_to(Location(here.context, extension, 1))
                return found
        return None

    def match(self, digits: str, context: str | None = None) -> Match:
        """What digits dialled in a context, the present one where None, can become."""
        where = self.location.context if context is None else context
        return self.dialplan.match(where, digits, caller=self.leg.party.number, when=self.switch.now)

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

    def call(self, location: Location, arguments: list[str], *, masking: bool = False) -> None:
        """Go there as a subroutine; `leave` comes back to the step after the present one.

        Args:
            masking: arguments of the subroutine under way that the new one is not given are empty there.

        Raises:
            ScriptError: too many subroutines are under way.
        """
        if len(self.frames) >= _GOSUB_DEPTH:
            raise ScriptError(f"more than {_GOSUB_DEPTH} subroutines within one another")
        here = self.location
        frame = Frame(Location(here.context, here.extension, here.priority + 1))
        if masking and self.frames:
            frame.variables.update((name, "") for name in self.frames[-1].variables if _ARGUMENT.fullmatch(name))
        frame.variables["ARGC"] = str(len(arguments))
        frame.variables.update({f"ARG{number}": value for number, value in enumerate(arguments, 1)})
        self.frames += (frame,)
        self.go_to(location)

    def leave_macro(self) -> bool:
        """Come back from the macro under way, past as many steps as it says by MACRO_OFFSET; False without one."""
        if not self.frames or not self.frames[-1].macro:
            return False
        *outer, frame = self.frames
        self.frames = tuple(outer)
        context, extension, priority = frame.back
        offset = frame.variables["MACRO_OFFSET"]
        if _PRIORITY.fullmatch(offset) and self.find(context, extension, priority + int(offset)) is not None:
            priority += int(offset)
        self.go_to(Location(context, extension, priority))
        return True
