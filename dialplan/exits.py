"""A proof over a dialplan: which steps, that whoever enters at a given place may come to, dial out of the office.

In go entries (a context, and the number that is called there) and a judge of targets; out comes every Dial that may
leave, each with the shortest way to it. Every step of an extension is thought to be reached with the extension,
every jump to be taken, and a place or target put together from what a call brings to be any: a way that is not
listed does not exist, one that is listed may not be walked in practice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from dialplan.arguments import options, split
from dialplan.calls import calls
from dialplan.jumps import dialled_on, jumps, option_jumps
from dialplan.model import Dialplan, Extension, Place, Step
from dialplan.spread import ANY, NUMBER, Spread
from gateway.core.switch import Target

__all__ = ["Entry", "Exit", "Leaves", "exits"]


class Leaves(Enum):
    """Whether a target leads out of the office."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where somebody comes in.

    Attributes:
        who: for sentences: "line copper1".
        context: of the dialplan.
        number: the extension called there; None where the caller chooses.
    """

    who: str
    context: str
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """A step that may dial out.

    Attributes:
        entry: who may come to it.
        way: the steps that lead there, and last the one that dials: "extensions.conf:12 office,101,1 Goto(x,1)".
        place: of the step that dials.
        standings: the contexts in which the call may stand there.
        target: as far as it is known; "…" for what a call brings.
        sure: whether it is known to leave, and not only possible.
    """

    entry: Entry
    way: tuple[str, ...]
    place: Place
    standings: frozenset[str]
    target: str
    sure: bool


Judge = Callable[[Target], Leaves]

_SPECIAL: Final = ("i", "t", "T", "e", "o", "a", "fax")
"""Extensions that run by themselves; `h` does when the caller is gone and reaches nobody."""
_DIALS: Final = frozenset({"dial", "page", "originate", "retrydial"})
_PROGRAMS: Final = frozenset({"agi", "deadagi", "eagi"})
"""Applications that leave it to a program what to do, and so whom to call."""

_Node = tuple[str, int]
"""The context in which the call stands, and an extension by its identity."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """How a node was reached: from which, by which step; both None at an entry."""

    before: _Node | None
    step: str | None


def exits(dialplan: Dialplan, entries: Sequence[Entry], judge: Judge) -> list[Exit]:
    """Every step that may dial out, for each entry, in the order of the files.

    Args:
        judge: says of a target whether it leaves; in its address, `spread.ANY` and `NUMBER` stand for what a call
            brings.
    """
    spread = Spread(dialplan)
    known: dict[tuple[str, str | None], list[Exit]] = {}
    found = []
    for entry in entries:
        key = (entry.context, entry.number)
        if key not in known:
            known[key] = _Search(dialplan, spread, judge, entry).run()
        found += [replace(each, entry=entry) for each in known[key]]
    return sorted(found, key=lambda each: (each.entry.who, each.place))


class _Search:
    """The search from one entry, breadth first, so that the first way found is the shortest."""

    def __init__(self, dialplan: Dialplan, spread: Spread, judge: Judge, entry: Entry) -> None:
        self._dialplan = dialplan
        self._spread = spread
        self._judge = judge
        self._entry = entry
        self._arrivals: dict[_Node, _Arrival] = {}
        self._extensions: dict[int, Extension] = {}
        self._wide: set[str] = set()
        self._waiting: deque[_Node] = deque()
        self._exits: dict[Place, Exit] = {}

    def run(self) -> list[Exit]:
        """Search, and say what was found."""
        self._go(self._entry.context, self._entry.number, _Arrival(None, None))
        while self._waiting:
            node = self._waiting.popleft()
            for step in self._extensions[node[1]].steps.values():
                for name, arguments in calls(step):
                    self._step(node, step, name.lower(), arguments)
        return list(self._exits.values())

    # Where a step leads.

    def _step(self, node: _Node, step: Step, key: str, arguments: str) -> None:
        context = node[0]
        arrival = _Arrival(node, self._told(node, step))
        if key in _DIALS:
            self._dials(node, step, key, arguments, arrival)
        for place in jumps(key, arguments) if key != "dial" else ():
            self._place(context, place, arrival)
        if key in _PROGRAMS:
            self._leave(node, step, ANY, sure=False)
        elif key in ("blindtransfer", "transfer"):
            extension, _, where = arguments.partition(",")
            self._place(context, f"{where},{extension},1" if where else f"{extension},1", arrival)
        given = dialled_on(key, arguments)
        if given is not None:
            for where in self._spread.texts(given, context) if given else (context,):
                self._go(where, None, arrival)
        if self._dialplan.waits_for_extension:
            self._go(context, None, arrival)

    def _dials(self, node: _Node, step: Step, key: str, arguments: str, arrival: _Arrival) -> None:
        """Whom a Dial or its like calls, and where it leads."""
        context = node[0]
        words = split(arguments, limit=4, raw=True)
        for text in self._spread.texts(words[0], context):
            self._dial(node, step, text, arrival)
        for text in self._spread.texts(words[2], context) if key == "dial" and len(words) > 2 else ():
            self._options(context, text, arrival)

    def _options(self, context: str, text: str, arrival: _Arrival) -> None:
        """Option letters of Dial that lead on: subroutines, places to go to, and what the caller may dial."""
        for place in option_jumps(text):
            self._place(context, place, arrival)
        # By T the caller may transfer whom it called, and so itself dial; by d it dials while it waits.
        letters = {**options(text), **dict.fromkeys("Td" if ANY in text else "", "")}
        for letter, variable in (("T", "TRANSFER_CONTEXT"), ("d", "EXITCONTEXT")):
            for where in self._spread.variable(variable) or (context,) if letter in letters else ():
                self._go(where, None, arrival)

    def _place(self, context: str, text: str, arrival: _Arrival) -> None:
        """Go to `[[context,]extension,]priority[(arguments)]`, whatever that may become."""
        for whole in self._spread.texts(text, context):
            place = whole.partition("(")[0]
            parts = [part.strip() for part in place.replace("|", ",").split(",")]
            if ANY in place and len(parts) < 3:
                # What a call brings may hold commas, and with them another context.
                self._go(ANY, None, arrival)
            elif len(parts) == 2:
                self._go(context, parts[0], arrival)
            elif len(parts) > 2:
                self._go(parts[0], parts[1], arrival)

    def _go(self, context: str, number: str | None, arrival: _Arrival) -> None:
        """Reach a number of a context: any number where it is None or not known."""
        if ANY in context or NUMBER in context:
            for name in self._dialplan.contexts:
                self._go(name, None, arrival)
            return
        if number is None or ANY in number or NUMBER in number:
            self._everything(context, arrival)
            return
        for _, extension, moved in self._dialplan.candidates(context, number, None, None):
            self._arrive(moved[0] if moved else context, extension, arrival)
        for special in _SPECIAL:
            for _, extension, _ in self._dialplan.candidates(context, special, None, None):
                if extension.pattern.literal:
                    self._arrive(context, extension, arrival)

    def _everything(self, context: str, arrival: _Arrival) -> None:
        if context in self._wide:
            return
        self._wide.add(context)
        for place in self._dialplan.reachable(context):
            for extension in place.extensions:
                self._arrive(context, extension, arrival)
            for loopback in place.loopbacks:
                self._everything(loopback.context, arrival)

    def _arrive(self, context: str, extension: Extension, arrival: _Arrival) -> None:
        node = (context, id(extension))
        if node not in self._arrivals:
            self._arrivals[node] = arrival
            self._extensions[id(extension)] = extension
            self._waiting.append(node)

    # What dials out.

    def _dial(self, node: _Node, step: Step, text: str, arrival: _Arrival) -> None:
        if text == ANY:
            self._leave(node, step, ANY, sure=False)
            return
        for word in filter(None, (part.strip() for part in text.split("&"))):
            technology, slash, address = word.partition("/")
            if technology.upper() == "LOCAL":
                number, _, context = address.partition("/")[0].partition("@")
                self._go(context or ANY, number, arrival)
            elif ANY in technology or NUMBER in technology:
                self._leave(node, step, word, sure=False)
            elif slash:
                leaves = self._judge(Target(technology, address))
                if leaves is not Leaves.NO:
                    self._leave(node, step, word, sure=leaves is Leaves.YES)

    def _leave(self, node: _Node, step: Step, target: str, *, sure: bool) -> None:
        known = self._exits.get(step.place)
        standings = frozenset({node[0]}) | (known.standings if known is not None else frozenset())
        if known is not None and (known.sure or not sure):
            self._exits[step.place] = replace(known, standings=standings)
            return
        shown = target.replace(ANY, "…").replace(NUMBER, "…")
        way = (*self._way(node), self._told(node, step))
        self._exits[step.place] = Exit(self._entry, way, step.place, standings, shown, sure)

    def _way(self, node: _Node) -> Iterator[str]:
        """The steps that lead to a node, the first one first."""
        steps: list[str] = []
        at: _Node | None = node
        while at is not None:
            arrival = self._arrivals[at]
            if arrival.step is not None:
                steps.append(arrival.step)
            at = arrival.before
        yield from reversed(steps)

    def _told(self, node: _Node, step: Step) -> str:
        pattern = self._extensions[node[1]].pattern.text
        return f"{step.place} {node[0]},{pattern},{step.priority} {step.application}({step.arguments.text})"
