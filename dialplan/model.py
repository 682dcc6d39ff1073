"""A dialplan as it stands after reading: contexts, extensions, steps, each knowing its file and line.

The parser builds it, the engine walks it, and nothing changes it afterwards: a script keeps the Dialplan with
which it began, whatever is loaded meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dialplan.matcher import Matcher, matches
from dialplan.pattern import Pattern
from dialplan.substitution import Template
from dialplan.timing import Timing
from gateway.core.number import Match

__all__ = ["Context", "Dialplan", "Extension", "Found", "Include", "Place", "Step"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the files something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def short(self) -> str:
        """Without the folders, for the story of a call."""
        return f"{self.file.rpartition('/')[2]}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension: the application and its arguments, still to be filled in."""

    place: Place
    priority: int
    label: str
    application: str
    arguments: Template


@dataclass(slots=True)
class Extension:
    """One extension of a context.

    Attributes:
        place: its first line.
        pattern: its name or pattern.
        caller: the pattern of callers for whom it counts; None for all, "" for those without a number.
        steps: by priority.
        labels: label -> priority.
        hint: the devices of its `hint` line, or "".
    """

    place: Place
    pattern: Pattern
    caller: Pattern | None
    steps: dict[int, Step] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    hint: str = ""

    def serves(self, caller: str) -> bool:
        """Whether it counts for a caller with this number."""
        if self.caller is None:
            return True
        return not caller if not self.caller.text else matches(self.caller, caller)


@dataclass(frozen=True, slots=True)
class Include:
    """Another context whose extensions count too, possibly at certain times."""

    place: Place
    context: str
    timing: Timing | None


@dataclass(slots=True)
class Context:
    """A context: its own extensions, those it includes, and after which digits dial tone goes on."""

    name: str
    place: Place
    extensions: list[Extension] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    ignore: list[Pattern] = field(default_factory=list)
    matcher: Matcher[Extension] = field(default_factory=Matcher)

    def compile(self) -> None:
        """Fill the matcher: extensions for certain callers come before those for all."""
        matcher: Matcher[Extension] = Matcher()
        for extension in sorted(self.extensions, key=_caller_order):
            matcher.add(extension.pattern, extension)
        self.matcher = matcher


def _caller_order(extension: Extension) -> tuple[object, ...]:
    caller = extension.caller
    if caller is None:
        return (2,)
    if caller.positions is None:
        return (0, caller.text)
    return (1, *(position.order for position in caller.positions))


@dataclass(frozen=True, slots=True)
class Found:
    """A step found for a number: the context that has it (maybe an included one), the extension, the step."""

    context: Context
    extension: Extension
    step: Step


@dataclass(frozen=True, slots=True)
class Dialplan:
    """A whole dialplan.

    Attributes:
        contexts: by name.
        globals: the values of `[globals]`.
        general: the settings of `[general]`.
    """

    contexts: Mapping[str, Context]
    globals: Mapping[str, str] = field(default_factory=dict)
    general: Mapping[str, str] = field(default_factory=dict)

    def reachable(self, context: str, when: Callable[[], datetime] | None = None) -> Iterator[Context]:
        """`context` and all that it includes, in the order in which they are searched, each once.

        Args:
            when: tells the time; includes that do not hold then are left out. None takes all.
        """
        seen: set[str] = set()
        waiting = [context]
        while waiting:
            name = waiting.pop()
            found = self.contexts.get(name)
            if found is None or name in seen:
                continue
            seen.add(name)
            yield found
            waiting.extend(
                include.context
                for include in reversed(found.includes)
                if include.timing is None or when is None or include.timing.holds(when())
            )

    def candidates(
        self, context: str, number: str, caller: str, when: Callable[[], datetime] | None
    ) -> Iterator[tuple[Context, Extension]]:
        """Every extension that matches, in the order in which they count."""
        for place in self.reachable(context, when):
            for extension in place.matcher.candidates(number):
                if extension.serves(caller):
                    yield place, extension

    def find(
        self,
        context: str,
        number: str,
        priority: int | str = 1,
        *,
        caller: str = "",
        when: Callable[[], datetime] | None = None,
    ) -> Found | None:
        """The step that `number` runs at `priority` (a number or a label), or None.

        As in Asterisk, each priority is looked for anew: what one pattern lacks, the next best may have.
        """
        for place, extension in self.candidates(context, number, caller, when):
            wanted = extension.labels.get(priority) if isinstance(priority, str) else priority
            step = extension.steps.get(wanted) if wanted is not None else None
            if step is not None:
                return Found(place, extension, step)
        return None

    def match(
        self, context: str, digits: str, *, caller: str = "", when: Callable[[], datetime] | None = None
    ) -> Match:
        """What digits dialled so far can become (`gateway.core.number.Match`)."""

        def counts(extension: Extension) -> bool:
            return 1 in extension.steps and extension.serves(caller)

        complete = bool(digits) and any(
            1 in extension.steps for _, extension in self.candidates(context, digits, caller, when)
        )
        for place in self.reachable(context, when):
            if place.matcher.more(digits, counts):
                return Match.EXTENDABLE if complete else Match.PARTIAL
        return Match.COMPLETE if complete else Match.IMPOSSIBLE
