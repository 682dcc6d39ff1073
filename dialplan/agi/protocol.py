"""The lines of AGI: what a program is told at the start, what it commands, and what it is answered.

Bytes and words enter and leave; nothing is read, written or waited for here. Asterisk res/res_agi.c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["DEAD", "HANGUP", "UNKNOWN", "Reply", "environment", "read_command", "usage"]

HANGUP: Final = b"HANGUP\n"
"""Told to a program over a network once the call is over."""
UNKNOWN: Final = "510 Invalid or unknown command"
DEAD: Final = "511 Command Not Permitted on a dead channel or intercept routine"
_WORDS: Final = 128
"""Words of one command, as in Asterisk."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command that was carried out.

    Attributes:
        result: a number, or the digits keyed; -1 where it failed or the call is over.
        data: what stands in parentheses after it.
        position: the sample at which playing or recording ended.
    """

    result: int | str = 0
    data: str | None = None
    position: int | None = None

    def __str__(self) -> str:
        data = "" if self.data is None else f" ({_plain(self.data)})"
        return f"200 result={self.result}{data}" + ("" if self.position is None else f" endpos={self.position}")


def usage(text: str) -> str:
    """The answer to a command that lacks something: how it is written."""
    return f"520-Invalid command syntax.  Proper usage follows:\n{text}\n520 End of proper usage."


def environment(values: Mapping[str, str], arguments: Sequence[str]) -> bytes:
    """What a program is told before it commands: `agi_name: value` each, an empty line at the end."""
    told = {**values, **{f"arg_{number}": text for number, text in enumerate(arguments, 1)}}
    lines = [f"agi_{name}: {_plain(value)}\n" for name, value in told.items()]
    return "".join([*lines, "\n"]).encode()


def read_command(line: str) -> list[str]:
    """The words of a command: apart by blanks, quotes keep blanks within a word, a backslash makes a sign plain."""
    words: list[str] = []
    word: list[str] | None = None
    quoted = escaped = False
    for sign in line.strip("\r\n"):
        if escaped:
            word = word if word is not None else []
            word.append(sign)
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            quoted = not quoted
            word = word if word is not None else []
        elif sign in " \t" and not quoted:
            if word is not None:
                words.append("".join(word))
                word = None
        elif word is None:
            word = [sign]
        else:
            word.append(sign)
    if word is not None:
        words.append("".join(word))
    return words[:_WORDS]


def _plain(text: str) -> str:
    """A value that stays one line."""
    return text.replace("\r", " ").replace("\n", " ").replace("\0", "")
