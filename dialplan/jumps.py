"""Where an application leads, as its arguments spell it: places to go to, and contexts in which a caller dials on.

In go an application's name and its arguments as the file has them; out come places `[[context,]extension,]priority`
and names of contexts, in which there may still be variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dialplan.arguments import options, split
from dialplan.calls import branches

__all__ = ["OPTIONS_AT", "dialled_on", "jumps", "option_jumps"]

_JUMPS: Final = frozenset({"goto", "gosub"})
_CONDITIONAL: Final = frozenset({"gotoif", "gotoiftime", "gosubif"})
_MACROS: Final = frozenset({"macro", "macroif"})
OPTIONS_AT: Final[Mapping[str, int]] = {"dial": 2, "page": 1, "originate": 6}
"""Applications that call others, and which of their arguments has the option letters that run subroutines."""
_KEYED: Final[Mapping[str, int]] = {"background": 3, "disa": 1, "directory": 1}
"""Applications after which the caller dials, in the context that this argument names."""


def jumps(name: str, arguments: str) -> Iterator[str]:
    """The places that an application goes to, or runs a subroutine at.

    Args:
        name: in small letters.
    """
    if name in _JUMPS:
        yield arguments
    elif name in _CONDITIONAL:
        yield from branches(arguments)
    elif name in _MACROS:
        for text in branches(arguments) if name == "macroif" else [arguments]:
            yield f"macro-{split(text, raw=True)[0].strip()},s,1"
    elif name == "originate":
        words = [word.strip() for word in split(arguments, raw=True)]
        if len(words) > 2 and words[1].lower() == "exten":
            yield ",".join([words[2], words[3] if len(words) > 3 else "s", words[4] if len(words) > 4 else "1"])
    elif name == "channelredirect":
        yield arguments.partition(",")[2]
    if name in OPTIONS_AT:
        at = OPTIONS_AT[name]
        words = split(arguments, limit=at + 2, raw=True)
        yield from option_jumps(words[at]) if len(words) > at else ()


def option_jumps(text: str) -> Iterator[str]:
    """The places in Dial's option letters."""
    for letter, value in options(_letters(text)).items():
        if letter in "bBFG" and value:
            yield value.replace("^", ",")
        elif letter in "UM" and value:
            yield f"{'macro-' if letter == 'M' else ''}{value.partition('^')[0]},s,1"


def _letters(text: str) -> str:
    """Option letters without those that variables bring; what stands in parentheses stays as it is."""
    kept: list[str] = []
    parentheses = braces = 0
    for at, character in enumerate(text):
        begins = character in "{[" and text[at - 1 : at] == "$" and not parentheses
        if begins and not braces:
            kept.pop()
        braces += begins or (braces > 0 and character in "{[")
        if not braces:
            kept.append(character)
            parentheses += (character == "(") - (character == ")")
        braces -= braces > 0 and character in "}]"
    return "".join(kept)


def dialled_on(name: str, arguments: str) -> str | None:
    """The context in which the caller dials after an application; "" for that where it stands, None for none."""
    if name == "waitexten":
        return ""
    if name not in _KEYED:
        return None
    words = split(arguments, raw=True)
    given = words[_KEYED[name]].strip() if len(words) > _KEYED[name] else ""
    return given or ("disa" if name == "disa" else "")
