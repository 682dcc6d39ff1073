"""Faults that show without a call: names of applications, functions, contexts and labels that do not exist.

In go a parsed dialplan and the tables of what is built in; out come faults with file, line and the nearest correct
name. Looks only at what the file spells out: a name put together from variables is known when a call comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dialplan import missing
from dialplan.applications import NAMES
from dialplan.apps.dial import targets
from dialplan.apps.play import bare
from dialplan.apps.services import SERVICES
from dialplan.arguments import split
from dialplan.calls import calls
from dialplan.jumps import dialled_on, jumps
from dialplan.letters import idle
from dialplan.model import Context, Dialplan, Extension, Place, Step
from dialplan.parser import nearest
from dialplan.script import Application, Function
from dialplan.timing import Timing, TimingError
from gateway.core.errors import Fault
from gateway.core.switch import Target

__all__ = ["check", "conference_profiles", "dialled", "doubts", "prompts", "technologies", "watched"]

_CALLING: Final = frozenset({"dial", "page"})
"""Applications whose first argument names whom they call."""
_PROMPTED: Final = {"playback": 0, "background": 0, "read": 1}
"""Applications that play prompts, and which of their arguments names them."""
_HOLE: Final = re.compile(r"\$\{[^{}\[\]]*\}|\$\[[^{}\[\]]*\]")
"""An innermost place to fill in."""
_UNKNOWN: Final = "\0"
"""What stands for a value that only a call knows."""
_TIMED: Final = frozenset({"gotoiftime", "execiftime"})


def doubts(dialplan: Dialplan) -> list[Fault]:
    """What does less than its writer may have thought, and is no reason to refuse the file.

    Option letters that do nothing here, a Set of nothing, expressions that break off, and jumps to extensions or
    priorities that are not there: such a line loads in Asterisk, too.
    """
    found: list[Fault] = []
    for context, extension, step in _steps(dialplan):
        found.extend(_idle_options(step))
        found.extend(_services(step))
        found.extend(_unset(step))
        if not all(each.expression.is_whole for each in step.arguments.calculations()):
            what = f"a $[…] of {step.application} is no whole expression: what stands before the error counts, or 0"
            found.append(_fault(step, what, "look at its operators, brackets and quotes"))
        for place in _places(step):
            found.extend(_jump(dialplan, context, extension, step, place)[1])
    return sorted(found)


def _steps(dialplan: Dialplan) -> Iterator[tuple[Context, Extension, Step]]:
    for context in dialplan.contexts.values():
        for extension in context.extensions:
            for step in extension.steps.values():
                yield context, extension, step


def _idle_options(step: Step) -> Iterator[Fault]:
    """The options that do nothing."""
    for name, arguments in calls(step):
        for letter, why in idle(name.lower(), arguments):
            reason = f": {why}" if why else ""
            yield _fault(step, f"option {letter} of {name} does nothing here{reason}", "leave it out")


def _services(step: Step) -> Iterator[Fault]:
    """The applications of services that the office does not have."""
    for name, _ in calls(step):
        service = SERVICES.get(name.lower())
        if service is not None:
            yield _fault(step, f"{name}: the office has no {service}; the caller is told so and the script goes on")


def _unset(step: Step) -> Iterator[Fault]:
    """A Set without a value, which leaves everything as it is."""
    for name, arguments in calls(step):
        if name.lower() == "set" and "=" not in arguments and "$" not in arguments:
            yield _fault(step, f"Set({arguments}) sets nothing", "write Set(name=value)")


def check(
    dialplan: Dialplan, applications: Mapping[str, Application], functions: Mapping[str, Function]
) -> list[Fault]:
    """Every fault that the text of the dialplan shows."""
    found: list[Fault] = []
    for context, extension, step in _steps(dialplan):
        found.extend(_names(step, applications, functions))
        for place in _places(step):
            found.extend(_jump(dialplan, context, extension, step, place)[0])
        found.extend(_dialled_on(dialplan, step))
    return found


def dialled(dialplan: Dialplan) -> Iterator[tuple[Place, str, Target]]:
    """Every target of a Dial or Page whose line or account the files spell out, to be held against those there are.

    Each as it is written, and with 0 in the place of what only a call knows: SIP/${EXTEN}@trunk is SIP/0@trunk.
    """
    for _, _, step in _steps(dialplan):
        for name, arguments in calls(step):
            words = split(arguments, limit=2)[0].split("&") if name.lower() in _CALLING else []
            for word in words:
                for target in targets(_supposed(word)) or ():
                    yield step.place, word.strip(), target


def _supposed(word: str) -> str:
    """A target with 0 for each `${...}` and `$[...]`; "" where one of them says whose line or trunk it is."""
    if "$" not in word:
        return word
    filled, found = word, 1
    while found:
        filled, found = _HOLE.subn(_UNKNOWN, filled)
    technology, _, address = filled.partition("/")
    _, at, trunk = address.rpartition("@")
    line, slash, _ = address.partition("/")
    whose = trunk if at else line if slash else _UNKNOWN
    return "" if _UNKNOWN in technology + whose or "$" in filled else filled.replace(_UNKNOWN, "0")


def watched(dialplan: Dialplan) -> Iterator[tuple[Place, Target]]:
    """Every device of a hint that the files spell out, so that it can be held against those that there are."""
    for context in dialplan.contexts.values():
        for extension in context.extensions:
            for word in extension.hint.partition(",")[0].split("&"):
                technology, slash, address = word.strip().partition("/")
                if slash and "$" not in word and ":" not in technology:
                    yield extension.place, Target(technology, address)


def technologies(dialplan: Dialplan) -> Iterator[tuple[Place, str]]:
    """The technology of every target of a Dial or Page that the files spell out as far as that."""
    for _, _, step in _steps(dialplan):
        for name, arguments in calls(step):
            if name.lower() in _CALLING:
                for word in split(arguments, limit=2)[0].split("&"):
                    technology, slash, _ = word.strip().partition("/")
                    if slash and technology.isalnum():
                        yield step.place, technology


def conference_profiles(dialplan: Dialplan) -> Iterator[tuple[Place, str, str]]:
    """Every profile of conferences that the files spell out: where, its kind (bridge, user, menu), its name."""
    for _, _, step in _steps(dialplan):
        for application, arguments in calls(step):
            if application.lower() == "confbridge":
                for kind, name in zip(("bridge", "user", "menu"), split(arguments)[1:4], strict=False):
                    if name.strip() and "$" not in name:
                        yield step.place, kind, name.strip()


def prompts(dialplan: Dialplan) -> Iterator[tuple[Place, str]]:
    """Every prompt that the files name and do not record themselves, so that it can be looked for."""
    spoken: list[tuple[Place, str]] = []
    recorded: set[str] = set()
    for _, _, step in _steps(dialplan):
        for application, arguments in calls(step):
            at = _PROMPTED.get(application.lower())
            words = split(arguments)
            if application.lower() == "record":
                recorded.add(bare(words[0].replace(":", ".").rpartition(".")[0] or words[0]))
            elif at is not None and len(words) > at:
                spoken += [(step.place, bare(name.strip())) for name in words[at].split("&") if name.strip()]
    return ((place, name) for place, name in spoken if "$" not in name and name not in recorded)


def _fault(step: Step, what: str, mend: str = "") -> Fault:
    return Fault(step.place.file, step.place.line, what, mend)


def _unknown(step: Step, kind: str, name: str, known: Iterable[str], able: str = "") -> Fault:
    """What is said of a name that is none: whether Asterisk has it, or what may have been meant."""
    asterisks = missing.APPLICATIONS if kind == "application" else missing.FUNCTIONS
    key = name.lower() if kind == "application" else name
    if key in asterisks or (kind == "function" and key.startswith(missing.DATABASE)):
        return _fault(step, f"the {kind} {name} of Asterisk is not built in", missing.mend(key))
    return _fault(step, f"no {kind} {name!r}{able}", nearest(name, list(known)))


def _names(
    step: Step, applications: Mapping[str, Application], functions: Mapping[str, Function]
) -> Iterator[Fault]:
    for name, _ in calls(step):
        if name.lower() not in applications:
            yield _unknown(step, "application", name, NAMES)
    for name in sorted(step.arguments.names):
        if name not in functions or not functions[name].readable:
            yield _unknown(step, "function", name, (known for known, each in functions.items() if each.readable))
    for name, arguments in calls(step):
        if name.lower() in ("set", "mset"):
            yield from _written(step, arguments if name.lower() == "set" else "", functions)
            for part in split(arguments, raw=True) if name.lower() == "mset" else ():
                yield from _written(step, part, functions)
        if name.lower() in _TIMED:
            yield from _times(step, arguments)


def _written(step: Step, text: str, functions: Mapping[str, Function]) -> Iterator[Fault]:
    """A function that a Set writes to and that there is not."""
    name, parenthesis, _ = text.partition("=")[0].partition("(")
    written = functions.get(name.strip())
    if parenthesis and "$" not in name and (written is None or written.write is None):
        writable = (known for known, function in functions.items() if function.write is not None)
        yield _unknown(step, "function", name.strip(), writable, " that can be set")


def _times(step: Step, arguments: str) -> Iterator[Fault]:
    text = split(arguments, "?", 2, raw=True)[0]
    try:
        if "$" not in text:
            Timing.parse(text)
    except TimingError as fault:
        yield _fault(step, str(fault))


def _places(step: Step) -> Iterator[str]:
    """The places that a step may go to, as far as the file spells them out."""
    for name, arguments in calls(step):
        for text in jumps(name.lower(), arguments):
            place = text.partition("(")[0]
            if place.strip() and "$" not in place:
                yield place


def _dialled_on(dialplan: Dialplan, step: Step) -> Iterator[Fault]:
    """Contexts in which a caller is to dial, and that there are not."""
    for name, arguments in calls(step):
        where = dialled_on(name.lower(), arguments)
        if where and "$" not in where and where not in dialplan.contexts and name.lower() not in SERVICES:
            yield _fault(step, f"no context {where!r}", nearest(where, dialplan.contexts))


def _jump(
    dialplan: Dialplan, context: Context, extension: Extension, step: Step, place: str
) -> tuple[list[Fault], list[Fault]]:
    """What is wrong with a place that a step jumps to: faults, and doubts."""
    parts = [part.strip() for part in place.replace("|", ",").split(",")]
    if len(parts) > 3:
        return [_fault(step, f"{place!r} is no place", "write context,extension,priority")], []
    priority = parts[-1]
    where = parts[0] if len(parts) == 3 else context.name
    if where not in dialplan.contexts:
        return [_fault(step, f"no context {where!r}", nearest(where, dialplan.contexts))], []
    if len(parts) == 1:
        there = [extension, *(other for other in context.extensions if other is not extension)]
        what = f"extension {extension.pattern.text}"
    else:
        number = parts[-2]
        there = [found for _, found, _ in dialplan.candidates(where, number, None, None)]
        what = f"extension {number}"
        if not there:
            names = [other.pattern.text for other in dialplan.contexts[where].extensions if other.pattern.literal]
            return [], [_fault(step, f"no extension {number!r} in context {where}", nearest(number, names))]
    if priority[:1] in ("+", "-"):
        return [], []
    if priority.isdecimal():
        if any(int(priority) in other.steps for other in there):
            return [], []
        return [], [_fault(step, f"no priority {priority} at {what} of context {where}")]
    if any(priority in other.labels for other in there):
        return [], []
    labels = [label for other in there for label in other.labels]
    return [_fault(step, f"no label {priority!r} at {what} of context {where}", nearest(priority, labels))], []
