"""A step of the dialplan without what of it cannot be carried out: a target of several, one of two ways, an option.

Lines of extensions.conf go in with what `copperline check` has against them; what comes out does the rest of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

__all__ = ["harmless", "in_part"]

_STEP: Final = re.compile(r"(\s*(?:exten\s*=>?[^,]+,|same\s*=>?)[^,]+,\s*)(.*)", re.DOTALL)
_CALLED: Final = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\)\s*(?:;.*)?", re.DOTALL)
_QUOTED: Final = re.compile(r"'([^']*)'")
_WHERE: Final = re.compile(r" (?:in|of) context (\S+)$")
_SEPARATOR: Final = re.compile("[,|]")
_NOTHING: Final = "NoOp(not carried over)"
_IN_PART: Final = " ; in part: "
_OPENING, _CLOSING = "([{", ")]}"


def in_part(line: str, what: str) -> str | None:
    """The line without the part that is wrong with it, the old text behind it; None where that leaves nothing.

    Args:
        what: what is wrong, in the words of the check.
    """
    line, _, old = line.partition(_IN_PART)
    step = _STEP.fullmatch(line)
    called = _CALLED.fullmatch(step[2]) if step else None
    if step is None or called is None:
        return None
    reader = _READERS.get(called["name"].lower())
    arguments = reader(called["arguments"], what) if reader else None
    return None if arguments is None else f"{step[1]}{called['name']}({arguments}){_IN_PART}{old or line.strip()}"


def harmless(line: str) -> str:
    """The line as one that does nothing: a step keeps its place, anything else is a comment."""
    step = _STEP.fullmatch(line)
    if step is not None and _NOTHING not in line:
        return f"{step[1]}{_NOTHING} ; {line.partition(_IN_PART)[2] or line.strip()}"
    return f"; not carried over: {line}"


def _dial(arguments: str, what: str) -> str | None:
    """Without the target that is at fault, or the option that leads to nowhere."""
    targets, comma, rest = arguments.partition(",")
    every = targets.split("&")
    left = [target for target in every if not what.startswith(f"{target.strip()} ")]
    if 0 < len(left) < len(every):
        return f"{'&'.join(left)}{comma}{rest}"
    without = rest
    for name in _QUOTED.findall(what):
        without = re.sub(rf"[GMU]\({re.escape(name.removeprefix('macro-'))}(?:[\^,][^)]*)?\)", "", without)
    return f"{targets}{comma}{without}" if without != rest else None


def _branch(arguments: str, what: str) -> str | None:
    """Without the way that leads nowhere, where there is another."""
    condition, mark, ways = _parted(arguments, "?")
    yes, _, no = _parted(ways, ":")
    if not mark or not yes.strip() or not no.strip():
        return None
    wrong, where = _QUOTED.findall(what), _WHERE.search(what)
    bad = [_leads_to(way, wrong, where[1] if where else "") for way in (yes, no)]
    if sum(bad) != 1:
        return None
    return f"{condition}?:{no}" if bad[0] else f"{condition}?{yes}"


def _leads_to(way: str, names: Iterable[str], context: str) -> bool:
    parts = [part.strip() for part in _SEPARATOR.split(way)]
    return any(name in parts for name in names) and (not context or len(parts) < 3 or parts[0] == context)


def _parted(text: str, mark: str) -> tuple[str, str, str]:
    """As `str.partition`, at a mark that is in no brackets."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == mark and depth == 0:
            return text[:at], mark, text[at + 1 :]
    return text, "", ""


_READERS: Final[Mapping[str, Callable[[str, str], str | None]]] = {
    "dial": _dial,
    "page": _dial,
    "gotoif": _branch,
    "gotoiftime": _branch,
    "gosubif": _branch,
}
"""Applications of which a part can be left out, in small letters."""
