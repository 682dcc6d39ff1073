"""A dialplan as it stands after reading: contexts, extensions, steps, each knowing its file and line.

The parser builds it, the engine walks it, and nothing changes it afterwards: a script keeps the Dialplan with
which it began, whatever is loaded meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dialplan.matcher import Matcher, matches
from dialplan.pattern import Pattern
from dialplan.substitution import Template
from dialplan.timing import Timing
from gateway.core.frozen import frozen
from gateway.core.number import Match

__all__ = ["Candidates", "Context", "Dialplan", "Extension", "Found", "Include", "Loopback", "Place", "Step"]

_LOOPBACKS: Final = 20
"""Loopbacks that are followed for one number; more is one that makes numbers for itself."""


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


@dataclass(slots=True)
class Step:
    """One priority of an extension: the application and its arguments, still to be filled in.

    Attributes:
        key: the application's name in small letters, by which it is found.
        where: its place without the folders.
    """

    place: Place
    priority: int
    label: str
    application: str
    arguments: Template
    key: str = field(init=False)
    where: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.application.lower()
        self.where = self.place.short


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


@dataclass(frozen=True, slots=True)
class Loopback:
    """`switch => Loopback/[number]@[context][/pattern]`: numbers that are looked up elsewhere, maybe rewritten.

    Attributes:
        number: what is looked up, with ${EXTEN} for the number at hand.
        context: where.
        pattern: the numbers for which it holds; None for all.
    """

    place: Place
    number: Template
    context: str
    pattern: Pattern | None

    def moved(self, number: str) -> str | None:
        """What `number` becomes; None where it does not hold for it."""
        if self.pattern is not None and not matches(self.pattern, number):
            return None
        return self.number.fill(_Dialled(number))


class _Dialled:
    """The scope of texts that know nothing but the number at hand."""

    def __init__(self, number: str) -> None:
        self._number = number

    def variable(self, name: str) -> str:
        return self._number if name == "EXTEN" else ""

    def read(self, function: str, arguments: str) -> str:
        return ""


@dataclass(slots=True)
class Context:
    """A context: its own extensions, those it includes, and after which digits dial tone goes on.

    Attributes:
        loopbacks: where else numbers are looked up, before the includes.
        autohints: whether every device of the office has a hint here, by its own name.
    """

    name: str
    place: Place
    extensions: list[Extension] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    ignore: list[Pattern] = field(default_factory=list)
    loopbacks: list[Loopback] = field(default_factory=list)
    autohints: bool = False
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


@frozen
class Found:
    """A step found for a number: the context that has it (maybe an included one), the extension, the step."""

    context: Context
    extension: Extension
    step: Step
    moved: tuple[str, str] | None = None
    """The context and number at which it stands, where a Loopback led there."""


Candidate = tuple[Context, Extension, tuple[str, str] | None]
"""An extension that a number has, the context that holds it, and where a Loopback led, if one did."""


class Candidates:
    """The extensions that a number of a caller has, in the order in which they count.

    They are kept where they do not change: a script walks down the steps of one number.

    Args:
        found: these; an iterator serves one step.
    """

    __slots__ = ("_found", "caller", "context", "number")

    def __init__(self, context: str, number: str, caller: str, found: Iterable[Candidate]) -> None:
        self.context = context
        self.number = number
        self.caller = caller
        self._found = found

    def step(self, priority: int | str) -> Found | None:
        """The step at `priority` (a number or a label): what one pattern lacks, the next best may have."""
        for candidate in self._found:
            found = _step(candidate, priority)
            if found is not None:
                return found
        return None


def _step(candidate: Candidate, priority: int | str) -> Found | None:
    context, extension, moved = candidate
    wanted = extension.labels.get(priority) if isinstance(priority, str) else priority
    step = extension.steps.get(wanted) if wanted is not None else None
    return None if step is None else Found(context, extension, step, moved)


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
    _reachable: dict[str, tuple[tuple[Context, ...], bool]] = field(default_factory=dict, init=False, compare=False)
    _lacking: dict[tuple[str, str], bool] = field(default_factory=dict, init=False, compare=False)

    def setting(self, name: str, default: bool = False) -> bool:
        """A yes or no of `[general]`."""
        value = self.general.get(name, "").strip().lower()
        return value in ("yes", "true", "on", "1", "y", "t") if value else default

    @property
    def waits_for_extension(self) -> bool:
        """Whether a caller may key an extension after the last priority (`autofallthrough=no`)."""
        return not self.setting("autofallthrough", True)

    def reachable(self, context: str, when: Callable[[], datetime] | None = None) -> Iterable[Context]:
        """`context` and all that it includes, in the order in which they are searched, each once.

        Args:
            when: tells the time; includes that do not hold then are left out. None takes all.
        """
        found, steady = self._reached(context)
        return found if steady or when is None else self._walk(context, when)[0]

    def steady(self, context: str) -> bool:
        """Whether the hour makes no difference to what `context` includes."""
        return self._reached(context)[1]

    def _reached(self, context: str) -> tuple[tuple[Context, ...], bool]:
        known = self._reachable.get(context)
        if known is None:
            known = self._walk(context, None)
            if context in self.contexts:
                # What is not there is not kept: the names may be a stranger's.
                self._reachable[context] = known
        return known

    def _walk(self, context: str, when: Callable[[], datetime] | None) -> tuple[tuple[Context, ...], bool]:
        """The contexts reached, and whether none of the includes on the way depends on the time."""
        reached: dict[str, Context] = {}
        steady = True
        waiting = [context]
        while waiting:
            name = waiting.pop()
            found = self.contexts.get(name)
            if found is None or name in reached:
                continue
            reached[name] = found
            for include in reversed(found.includes):
                if include.timing is not None:
                    steady = False
                    if when is not None and not include.timing.holds(when()):
                        continue
                waiting.append(include.context)
        return tuple(reached.values()), steady

    def candidates(
        self,
        context: str,
        number: str,
        caller: str | None,
        when: Callable[[], datetime] | None,
    ) -> Iterator[Candidate]:
        """Every extension that matches, in the order in which they count; for any caller where that is None."""
        return self._candidates(context, number, caller, when, None, set())

    def _candidates(
        self,
        context: str,
        number: str,
        caller: str | None,
        when: Callable[[], datetime] | None,
        moved: tuple[str, str] | None,
        seen: set[tuple[str, str]],
    ) -> Iterator[Candidate]:
        for place in self.reachable(context, when):
            for extension in place.matcher.candidates(number):
                if caller is None or extension.serves(caller):
                    yield place, extension, moved
            for loopback in place.loopbacks:
                there = (loopback.context, loopback.moved(number) or "")
                if there[1] and there not in seen and len(seen) < _LOOPBACKS:
                    seen.add(there)
                    yield from self._candidates(*there, caller, when, there, seen)

    def hint(self, context: str, number: str) -> str:
        """The devices of the hint that `number` has in `context`, as `FXS/101&SIP/6001`; "" where it has none."""
        for place in self.reachable(context):
            for extension in place.matcher.candidates(number):
                if extension.hint:
                    return Template(extension.hint.partition(",")[0]).fill(_Dialled(number)).strip()
        return ""

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
        return Candidates(context, number, caller, self.candidates(context, number, caller, when)).step(priority)

    def shut(self, context: str, number: str, caller: str, when: Callable[[], datetime]) -> Include | None:
        """The include that would give `number` an extension in `context` at another hour, but does not now."""
        for place in self.reachable(context, when):
            for include in place.includes:
                if include.timing is None or include.timing.holds(when()):
                    continue
                if self.find(include.context, number, caller=caller) is not None:
                    return include
        return None

    def lacks(self, context: str, name: str) -> bool:
        """Whether nobody has an extension `name` in `context`, at whatever hour; asked in vain at every call.

        Args:
            name: a special one (`h i t e fax`), no number that somebody dials: the answer is kept.
        """
        known = self._lacking.get((context, name))
        if known is None:
            known = next(self.candidates(context, name, None, None), None) is None
            if context in self.contexts:
                self._lacking[context, name] = known
        return known

    def match(
        self, context: str, digits: str, *, caller: str = "", when: Callable[[], datetime] | None = None
    ) -> Match:
        """What digits dialled so far can become (`gateway.core.number.Match`)."""
        complete = bool(digits) and any(
            1 in extension.steps for _, extension, _ in self.candidates(context, digits, caller, when)
        )
        if self._more(context, digits, caller, when, set()):
            return Match.EXTENDABLE if complete else Match.PARTIAL
        return Match.COMPLETE if complete else Match.IMPOSSIBLE

    def _more(
        self,
        context: str,
        digits: str,
        caller: str,
        when: Callable[[], datetime] | None,
        seen: set[tuple[str, str]],
    ) -> bool:
        """Whether digits after these could make an extension."""

        def counts(extension: Extension) -> bool:
            return 1 in extension.steps and extension.serves(caller)

        for place in self.reachable(context, when):
            if place.matcher.more(digits, counts):
                return True
            for loopback in place.loopbacks:
                # A pattern there says nothing of digits that are not all dialled yet.
                there = (loopback.context, loopback.number.fill(_Dialled(digits)))
                if there not in seen and len(seen) < _LOOPBACKS:
                    seen.add(there)
                    if self._more(*there, caller, when, seen):
                        return True
        return False
