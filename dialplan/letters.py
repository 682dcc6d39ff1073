"""The option letters of applications: which do something here, and why the others of Asterisk do not.

A table for `copperline check`, which names every other letter in a file, and for the documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dialplan.apps.dial import IDLE, OPTIONS
from dialplan.apps.fax import OPTIONS as FAX
from dialplan.apps.page import OPTIONS as PAGE
from dialplan.apps.spy import OPTIONS as SPY
from dialplan.arguments import options, split

__all__ = ["LETTERS", "Letters", "idle"]

_VOICEMAIL: Final = "the office has no voicemail"


@dataclass(frozen=True, slots=True)
class Letters:
    """The options of an application.

    Attributes:
        at: which of its arguments they are, from 0.
        does: letters that do something, or that say what is so anyway; words where it takes words.
        idle: others that Asterisk has, each with the reason why it does nothing here.
        words: they are words between commas or `&`, not letters.
    """

    at: int
    does: frozenset[str]
    idle: Mapping[str, str] = field(default_factory=dict)
    words: bool = False


_SPIED: Final = Letters(
    1,
    SPY,
    {"D": "a telephone hears one channel"},
)
_FAXED: Final = Letters(1, FAX)
_BRIDGED: Final = "the two are joined plainly; the features that each has stay"

LETTERS: Final[Mapping[str, Letters]] = {
    "answer": Letters(1, frozenset("i")),
    "authenticate": Letters(1, frozenset("adr"), {"m": "no files of passwords are read"}),
    "background": Letters(1, frozenset("mnps")),
    "bridge": Letters(1, frozenset(), dict.fromkeys("FhHkKLnpStTvwWxX", _BRIDGED)),
    "chanisavail": Letters(1, frozenset("as"), {"t": "the state is told in any case"}),
    "chanspy": _SPIED,
    "controlplayback": Letters(7, frozenset("o")),
    "dial": Letters(2, OPTIONS, IDLE),
    "disa": Letters(4, frozenset("np")),
    "extenspy": _SPIED,
    "forkcdr": Letters(0, frozenset("v"), dict.fromkeys("ader", "the times of the first record stay")),
    "milliwatt": Letters(0, frozenset(), dict.fromkeys("mo", "the tone is 1004 Hz, without a break")),
    "mixmonitor": Letters(
        1,
        frozenset("aBbDdiPprStVvW"),
        {
            "C": "the recording begins with the call",
            "c": _VOICEMAIL,
            "m": _VOICEMAIL,
            "n": "all files of a recording begin and end together",
        },
    ),
    "monitor": Letters(2, frozenset("bimo"), {"B": "write MixMonitor, which beeps"}),
    "originate": Letters(
        6,
        frozenset("abcnv"),
        {
            "B": "write the subroutine before this step",
            "C": "the lines know their codecs",
            "j": "there is audio alone",
        },
    ),
    "page": Letters(1, PAGE),
    "pickupchan": Letters(1, frozenset("p")),
    "playback": Letters(
        1,
        frozenset({"skip", "noanswer"}),
        {"mix": "write SayNumber or SayDigits for what is no file", "say": "write SayNumber or SayDigits"},
        words=True,
    ),
    "read": Letters(3, frozenset("einst")),
    "readexten": Letters(3, frozenset("inps")),
    "receivefax": _FAXED,
    "record": Letters(3, frozenset("aknoqstuxy")),
    "resetcdr": Letters(0, frozenset("v"), {"e": "write CDR_PROP(disable)"}),
    "sayunixtime": Letters(3, frozenset("j")),
    "sendfax": _FAXED,
    "softhangup": Letters(1, frozenset("a")),
    "waitexten": Letters(1, frozenset("dm")),
    "zapateller": Letters(0, frozenset({"answer", "nocallerid"}), words=True),
}
"""By application, in small letters. One that is not here takes no letters."""


def idle(application: str, arguments: str) -> Iterator[tuple[str, str]]:
    """The options, as far as the arguments spell them out, that do nothing: each with the reason, or ""."""
    letters = LETTERS.get(application)
    if letters is None:
        return
    words = split(arguments, limit=letters.at + 2)
    if letters.words:
        chosen = ",".join(words[letters.at :]).replace("&", ",").lower().split(",")
        written = {word.strip() for word in chosen if word.strip() and "$" not in word}
    else:
        text = words[letters.at] if len(words) > letters.at else ""
        written = set() if "$" in text else set(options(text)) - {"|"}
    for word in sorted(written - letters.does):
        yield word, letters.idle.get(word, "")
