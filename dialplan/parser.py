"""`extensions.conf` into a Dialplan: what each line of a context means, and every fault of the file at once.

In go a path and a way to read files; out come the model and the faults. Never runs anything and never asks whether
applications or functions exist: that is `check`. Meaning of the lines: Asterisk pbx/pbx_config.c.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Final

from dialplan.model import Context, Dialplan, Extension, Include, Loopback, Place, Step
from dialplan.pattern import Pattern, PatternError
from dialplan.reader import Entry, Section, Sources, read_sections
from dialplan.substitution import Template, TemplateError
from dialplan.timing import Timing, TimingError
from gateway.core.errors import Fault

__all__ = ["nearest", "parse"]

_PRIORITY: Final = re.compile(
    r"(?P<base>[0-9]{1,6}|[\w-]+)\s*(?:\+\s*(?P<plus>[0-9]{1,6}))?\s*(?:\((?P<label>[^)]*)\))?",
    re.IGNORECASE,
)
_LOOPBACK: Final = re.compile(
    r"loopback/(?P<number>[^@/]*)(?:@(?P<context>[^/]*))?(?:/(?P<pattern>.*))?", re.IGNORECASE
)
_GENERAL: Final = frozenset(
    "autofallthrough clearglobalvars extenpatternmatchnew priorityjumping static userscontext writeprotect".split()
)
"""What `[general]` may hold. Those that only say how Asterisk stores its files are taken and change nothing."""
_YES: Final = frozenset({"yes", "true", "on", "1", "y", "t"})
_OLD_JUMP: Final = 100
"""Priorities this far above others were reached by the n+101 jumps of Asterisk 1.0; they are no gap."""


class _Globals:
    """The scope in which names and patterns of the file itself are filled in: `[globals]` alone."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def variable(self, name: str) -> str:
        return self.values.get(name, "")

    def read(self, function: str, arguments: str) -> str:
        return ""


def nearest(name: str, names: Iterable[str]) -> str:
    """A mend that names what was probably meant: "did you mean Playback?", or "" where nothing is near."""
    by_small = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), by_small, n=1, cutoff=0.6)
    return f"did you mean {by_small[close[0]]}?" if close else ""


def parse(path: str, sources: Sources) -> tuple[Dialplan, list[Fault]]:
    """Read a dialplan file.

    Args:
        path: as the user named it.
        sources: where its text comes from.

    Returns:
        The dialplan as far as it could be understood, and all faults found.

    Raises:
        OSError: the file itself cannot be read.
    """
    sections, faults = read_sections(path, sources)
    parsing = _Parsing(faults)
    for section in sections:
        if section.name == "globals":
            parsing.read_globals(section)
    for section in sections:
        if section.name == "general":
            parsing.read_general(section)
        elif section.name != "globals":
            parsing.context(section)
    parsing.finish()
    return Dialplan(parsing.contexts, parsing.globals.values, parsing.general), faults


class _Parsing:
    """The state of one parse."""

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults
        self._by_name: dict[tuple[str, str, str | None], Extension] = {}
        self._last: dict[int, int] = {}
        self._previous: int | None = None
        self._extension: Extension | None = None
        self.contexts: dict[str, Context] = {}
        self.globals = _Globals({})
        self.general: dict[str, str] = {}

    def _fault(self, place: Place, what: str, mend: str = "") -> None:
        self._faults.append(Fault(place.file, place.line, what, mend))

    def _template(self, place: Place, text: str) -> Template:
        try:
            return Template(text)
        except TemplateError as fault:
            self._fault(place, str(fault), "close the bracket")
            return Template("")

    def read_globals(self, section: Section) -> None:
        """Take in `[globals]`; a value may name those above it."""
        for entry in section.entries:
            self.globals.values[entry.key] = self._template(entry.place, entry.value).fill(self.globals)

    def read_general(self, section: Section) -> None:
        """Take in `[general]`."""
        for entry in section.entries:
            if entry.key.lower() not in _GENERAL:
                self._fault(entry.place, f"no setting {entry.key!r}", nearest(entry.key, _GENERAL))
            self.general[entry.key.lower()] = entry.value

    def context(self, section: Section) -> None:
        """Take in one context; a name seen before is added to."""
        context = self.contexts.setdefault(section.name, Context(section.name, section.place))
        self._extension = None
        self._previous = None
        for entry in section.entries:
            meaning = _KEYWORDS.get(entry.key.lower())
            if meaning is None:
                self._fault(entry.place, f"no keyword {entry.key!r}", nearest(entry.key, _KEYWORDS))
            else:
                meaning(self, context, entry)

    def exten(self, context: Context, entry: Entry) -> None:
        """`exten => NAME[/CALLER],PRIORITY,APPLICATION`."""
        name, comma, rest = entry.value.partition(",")
        if not comma:
            self._extension = None
            self._fault(entry.place, "no priority", "write exten => NUMBER,PRIORITY,Application(arguments)")
            return
        name = self._template(entry.place, name).fill(self.globals).strip().strip('"')
        number, slash, caller = name.partition("/")
        self._extension = self._named(context, entry.place, number, caller if slash else None)
        if self._extension is not None:
            self._step(self._extension, entry.place, rest)

    def same(self, context: Context, entry: Entry) -> None:
        """`same => PRIORITY,APPLICATION`: a further step of the extension above."""
        if self._extension is None:
            self._fault(entry.place, "'same' has no extension above it", "begin with exten =>")
            return
        self._step(self._extension, entry.place, entry.value)

    def include(self, context: Context, entry: Entry) -> None:
        """`include => CONTEXT[,times,weekdays,days,months]`."""
        text = self._template(entry.place, entry.value).fill(self.globals).replace("|", ",")
        name, comma, times = text.partition(",")
        try:
            timing = Timing.parse(times) if comma else None
        except TimingError as fault:
            self._fault(entry.place, str(fault))
            return
        context.includes.append(Include(entry.place, name.strip(), timing))

    def ignorepat(self, context: Context, entry: Entry) -> None:
        """`ignorepat => DIGITS`: dial tone goes on after them."""
        pattern = self._pattern(entry.place, entry.value)
        if pattern is not None:
            context.ignore.append(pattern)

    def switch(self, context: Context, entry: Entry) -> None:
        """`switch => Loopback/[number]@[context][/pattern]`; other switches are modules of Asterisk."""
        found = _LOOPBACK.fullmatch(entry.value.strip())
        if found is None:
            kind = entry.value.partition("/")[0].strip()
            self._fault(entry.place, f"no switch {kind!r}", "only Loopback is built in")
            return
        pattern = self._pattern(entry.place, found["pattern"]) if found["pattern"] else None
        number = self._template(entry.place, found["number"] or "${EXTEN}")
        context.loopbacks.append(Loopback(entry.place, number, found["context"] or context.name, pattern))

    def autohints(self, context: Context, entry: Entry) -> None:
        """`autohints = yes`: every device has a hint by its own name."""
        context.autohints = entry.value.strip().lower() in _YES

    def finish(self) -> None:
        """Look at what only the whole file shows, and compile."""
        for context in self.contexts.values():
            context.compile()
        for context in self.contexts.values():
            for place, name in [
                *((include.place, include.context) for include in context.includes),
                *((loopback.place, loopback.context) for loopback in context.loopbacks),
            ]:
                if name not in self.contexts:
                    self._fault(place, f"no context {name!r}", nearest(name, self.contexts))
            for extension in context.extensions:
                self._gaps(context, extension)

    def _pattern(self, place: Place, text: str) -> Pattern | None:
        try:
            return Pattern.parse(text)
        except PatternError as fault:
            self._fault(place, f"pattern {text!r}: {fault}")
            return None

    def _named(self, context: Context, place: Place, number: str, caller: str | None) -> Extension | None:
        known = self._by_name.get((context.name, number, caller))
        if known is not None:
            return known
        if not number or number == "_":
            self._fault(place, "no extension before the first comma")
            return None
        pattern = self._pattern(place, number)
        callers = None if caller is None else self._pattern(place, _shrunk(caller))
        if pattern is None or (caller is not None and callers is None):
            return None
        extension = Extension(place, pattern, callers)
        self._by_name[context.name, number, caller] = extension
        context.extensions.append(extension)
        return extension

    def _step(self, extension: Extension, place: Place, text: str) -> None:
        word, comma, call = (part.strip() for part in text.partition(","))
        found = _PRIORITY.fullmatch(word)
        if found is None:
            self._fault(place, f"{word!r} is no priority", "write 1, n or hint")
            return
        if found["base"].lower() == "hint":
            extension.hint = call
            return
        priority = self._priority(extension, place, found["base"], int(found["plus"] or 0))
        if priority is None:
            return
        if not comma or not call:
            self._fault(place, f"no application at priority {priority}", "write NoOp() where nothing is to be done")
            return
        label = (found["label"] or "").strip()
        earlier = extension.steps.get(priority)
        if earlier is not None:
            self._fault(
                place,
                f"{extension.pattern.text} has a priority {priority} already at line {earlier.place.line}",
                "use n, or another number",
            )
            return
        if label in extension.labels:
            self._fault(place, f"{extension.pattern.text} has a label {label!r} already", "choose another")
        elif label:
            extension.labels[label] = priority
        application, arguments = self._call(place, call)
        extension.steps[priority] = Step(place, priority, label, application, self._template(place, arguments))
        self._last[id(extension)] = self._previous = priority

    def _priority(self, extension: Extension, place: Place, base: str, plus: int) -> int | None:
        if base.isdecimal():
            if int(base) == 0:
                self._fault(place, "priorities begin at 1")
                return None
            return int(base) + plus
        if base.lower() not in ("n", "next", "s", "same"):
            if base in extension.labels:
                return extension.labels[base] + plus
            self._fault(place, f"{base!r} is no priority", "write 1, n or hint")
            return None
        # What another extension's line left off counts too: a number may go on where its pattern stops.
        last = self._last.get(id(extension), self._previous)
        if last is None:
            self._fault(place, f"{base!r} at the first step of {extension.pattern.text}", "begin with priority 1")
            return None
        return last + plus + (base.lower() in ("n", "next"))

    def _call(self, place: Place, text: str) -> tuple[str, str]:
        name, parenthesis, rest = text.partition("(")
        if not parenthesis:
            return name.strip(), ""
        end = rest.rfind(")")
        if end < 0:
            self._fault(place, f"'(' without ')' after {name.strip()}", "close it")
            end = len(rest)
        elif rest[end + 1 :].strip():
            self._fault(place, f"{rest[end + 1 :].strip()!r} after the closing ')'", "remove it")
        return name.strip(), rest[:end]

    def _gaps(self, context: Context, extension: Extension) -> None:
        """A step that no other can lead to is a fault, unless it has a label or another pattern fills the gap."""
        for priority, step in extension.steps.items():
            before = priority - 1
            if before in extension.steps or before == 0 or step.label or priority > _OLD_JUMP:
                continue
            others = (
                context.matcher.candidates(extension.pattern.text)
                if extension.pattern.literal
                else (other for other in context.extensions if not other.pattern.literal)
            )
            if not any(before in other.steps for other in others):
                self._fault(
                    step.place,
                    f"{extension.pattern.text} has a priority {priority} and no {before}",
                    f"number it {before}, or use n" if 1 in extension.steps else "begin with priority 1",
                )


def _shrunk(number: str) -> str:
    """A caller's number without what is there for the eye."""
    return re.sub(r"[ ()]", "", number)


_KEYWORDS: Final[dict[str, Callable[[_Parsing, Context, Entry], None]]] = {
    "exten": _Parsing.exten,
    "same": _Parsing.same,
    "include": _Parsing.include,
    "ignorepat": _Parsing.ignorepat,
    "switch": _Parsing.switch,
    "lswitch": _Parsing.switch,
    "eswitch": _Parsing.switch,
    "autohints": _Parsing.autohints,
}
