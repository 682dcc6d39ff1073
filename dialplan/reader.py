"""Asterisk's configuration file format: text into sections of `key = value` lines, each with its place.

In goes the text of a file; out come sections in order, with templates applied and comments gone. Knows nothing of
what the keys mean. Faults are collected, not raised. Format: Asterisk main/config.c.

    ; comment      ;-- block comment --;      \\; a semicolon
    [name]   [name](!) template   [name](base,other) built upon   [name](+) added to an earlier one
    key = value    key => value    key += value
    #include "file"   #tryinclude "file"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from dialplan.model import Place
from gateway.core.errors import Fault

__all__ = ["Entry", "Execute", "Find", "Read", "Section", "Sources", "as_text", "read_sections"]

_HEADER: Final = re.compile(r"\[(?P<name>[^\]]*)\]\s*(?:\((?P<options>[^)]*)\))?\s*(?P<rest>.*)")
_INCLUDE: Final = re.compile(r"""#(?P<word>\w+)\s*(?P<quote>["<]?)(?P<file>[^">]*)[">]?\s*""")
_EXECUTE: Final = re.compile(r"""#exec\s*["<]?(?P<command>[^">]+)[">]?\s*""")
_WORD: Final = re.compile(r"([\w-]+)\W")
"""With what a line begins that goes on: all that is shown of one that may hold a password."""
_GLOB: Final = frozenset("*?[")
_INCLUDE_DEPTH: Final = 10
"""Files within files; more is a file that includes itself."""

_MOST_FILES: Final = 1000
"""Files of one dialplan; files that include all others would never end."""

Read = Callable[[str], str]
"""Give the text of a file by its path; raises OSError."""
Find = Callable[[str], Iterable[str]]
"""Give the paths of the files whose path matches a pattern with `*` and its like."""
Execute = Callable[[str], str]
"""Give what a command prints; raises OSError."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the text of a dialplan comes from.

    Attributes:
        read: gives the text of a file.
        find: gives the files of `#include "name*.conf"`; None where folders cannot be looked into.
        execute: gives what the command of an `#exec` prints; None where none may be run.
    """

    read: Read
    find: Find | None = None
    execute: Execute | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` line."""

    place: Place
    key: str
    value: str


@dataclass(slots=True)
class Section:
    """One `[name]` with its lines."""

    name: str
    place: Place
    template: bool = False
    entries: list[Entry] = field(default_factory=list)


def as_text(data: bytes) -> str:
    """A file's text: UTF-8, or else what editors of old wrote (Windows-1252).

    Raises:
        OSError: it is no text.
    """
    if b"\0" in data:
        raise OSError("it is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_sections(path: str, sources: Sources) -> tuple[list[Section], list[Fault]]:
    """Read a file and those that it includes.

    Args:
        path: as the user named it; included files are looked for beside it.
        sources: where text comes from.

    Returns:
        Sections that are not templates, in order of their first appearance, and all faults.

    Raises:
        OSError: the file itself cannot be read.
    """
    reading = _Reading(sources)
    reading.file(path, sources.read(path), 0)
    return [section for section in reading.sections if not section.template], reading.faults


class _Reading:
    """The state of one reading: sections so far, the one that lines go to, faults so far."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._within: list[str] = []
        self._included = 0
        self._current: Section | None = None
        self._latest: dict[str, Section] = {}
        self.sections: list[Section] = []
        self.faults: list[Fault] = []

    def file(self, path: str, text: str, depth: int) -> None:
        self._within.append(path)
        for number, line in _uncommented(text):
            place = Place(path, number)
            if line.startswith("["):
                self._header(place, line)
            elif line.startswith("#"):
                self._directive(place, line, depth)
            else:
                self._entry(place, line)
        self._within.pop()

    def _fault(self, place: Place, what: str, mend: str = "") -> None:
        self.faults.append(Fault(place.file, place.line, what, mend))

    def _header(self, place: Place, line: str) -> None:
        found = _HEADER.fullmatch(line)
        if found is None or not found["name"].strip() or found["rest"]:
            self._fault(place, f"{line[:60]!r} is no section header", "write [name]")
            self._current = None
            return
        name = found["name"].strip()
        section = Section(name, place)
        for option in filter(None, ((found["options"] or "").replace(" ", "").split(","))):
            if option == "!":
                section.template = True
            elif option == "+":
                earlier = self._latest.get(name)
                if earlier is None:
                    self._fault(place, f"[{name}](+) adds to a section that does not exist", "leave off the (+)")
                else:
                    section = earlier
            else:
                base = self._latest.get(option)
                if base is None:
                    self._fault(place, f"no template {option!r}", "write it above this section")
                else:
                    section.entries.extend(base.entries)
        if section is not self._latest.get(name):
            self.sections.append(section)
            self._latest[name] = section
        self._current = section

    def _directive(self, place: Place, line: str, depth: int) -> None:
        found = _INCLUDE.fullmatch(line)
        word = found["word"] if found else line[1:].split()[0] if line[1:].split() else ""
        if word == "exec" and self._sources.execute is not None:
            self._command(place, line, self._sources.execute, depth)
            return
        if found is None or word not in ("include", "tryinclude"):
            allow = "put what it prints into the file, or allow exec in [permissions]"
            mend = allow if word == "exec" else "only #include and #tryinclude are"
            self._fault(place, f"#{word} is not allowed here", mend)
            return
        name = found["file"].strip()
        if not name.isprintable() or not name:
            self._fault(place, f"{line[:60]!r} names no file", 'write #include "file"')
            return
        if PurePath(name).is_absolute() or ".." in PurePath(name).parts or depth >= _INCLUDE_DEPTH:
            self._fault(place, f"{name!r} is not included: it is outside this folder or nested too deep")
            return
        path = str(PurePath(place.file).parent / name)
        if _GLOB.isdisjoint(name):
            self._include(place, path, word == "include", depth)
        elif self._sources.find is None:
            self._fault(place, f"{name!r} is not included: folders cannot be looked into here", "name each file")
        else:
            try:
                found_files = sorted(self._sources.find(path))
            except ValueError as fault:
                self._fault(place, f"{name!r} is not included: {str(fault).lower()}", "mend the pattern")
                return
            for each in found_files:
                if each not in self._within:
                    self._include(place, each, True, depth)

    def _include(self, place: Place, path: str, wanted: bool, depth: int) -> None:
        self._included += 1
        if path in self._within:
            self._fault(place, f"{path} includes itself", "remove the line")
            return
        if self._included > _MOST_FILES:
            if self._included == _MOST_FILES + 1:
                self._fault(place, f"more than {_MOST_FILES} files are included", "are some included twice?")
            return
        try:
            text = self._sources.read(path)
        except OSError as fault:
            if wanted:
                self._fault(
                    place, f"cannot read {path}: {fault.strerror or fault}", "mend the path or remove the line"
                )
            return
        self.file(path, text, depth + 1)

    def _command(self, place: Place, line: str, execute: Execute, depth: int) -> None:
        """Take in what a command prints."""
        found = _EXECUTE.fullmatch(line)
        if found is None or depth >= _INCLUDE_DEPTH:
            self._fault(place, f"{line[:60]!r} names no command", "write #exec command")
            return
        command = found["command"].strip()
        try:
            text = execute(command)
        except OSError as fault:
            self._fault(place, f"{command[:60]!r} failed: {fault.strerror or fault}", "mend the command")
            return
        self.file(f"{place.file} (#exec {command})", text, depth + 1)

    def _entry(self, place: Place, line: str) -> None:
        key, equals, value = line.partition("=")
        if not equals:
            found = _WORD.match(line[:60])
            shown = found[1] if found else ""
            self._fault(place, f"'{shown}…' is neither a section nor 'key = value'")
            return
        key = key.removesuffix("+").strip()
        value = value.removeprefix(">").strip()
        if self._current is None:
            self._fault(place, f"{key!r} stands before any [section]", "put it below one")
            return
        self._current.entries.append(Entry(place, key, value))


def _uncommented(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers, stripped of comments and of the backslash of `\\;`."""
    blocks = 0
    for number, line in enumerate(text.splitlines(), 1):
        kept: list[str] = []
        at = 0
        while at < len(line):
            if blocks:
                end = line.find("--;", at)
                start = line.find(";--", at)
                if 0 <= start < end or (start >= 0 and end < 0):
                    blocks += line[start + 3 : start + 4] != "-"
                    at = start + 3
                    continue
                if end < 0:
                    break
                blocks -= 1
                at = end + 3
                continue
            mark = line.find(";", at)
            if mark < 0:
                kept.append(line[at:])
                break
            if mark > 0 and line[mark - 1] == "\\":
                kept.append(line[at : mark - 1] + ";")
                at = mark + 1
                continue
            kept.append(line[at:mark])
            if line.startswith(";--", mark) and not line.startswith(";---", mark):
                blocks += 1
                at = mark + 3
                continue
            break
        said = "".join(kept).strip()
        if said:
            yield number, said
