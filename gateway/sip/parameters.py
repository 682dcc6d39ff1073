"""Parameters: the ";name=value" tail of URIs and header values (RFC 3261 sections 19.1.1 and 20).

Their order and wire form are kept; names compare without case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.grammar import BLANKS, QUOTED, is_token, unquote

__all__ = ["LOWER", "NO_PARAMETERS", "Parameters"]

_PARAMETER: Final = re.compile(
    rf"[ \t]*+;[ \t]*+(?P<name>[^\s;,\"<>=]++)"
    rf"(?:[ \t]*+=[ \t]*+(?P<value>{QUOTED}|[^\s;,\"<>]++)|(?P<empty>[ \t]*+=))?+[ \t]*+",
    re.DOTALL,
)
_PLAIN: Final = re.compile(r"(?:;[A-Za-z0-9\-.!%*_+`'~()\[\]/:&$]++(?:=[!#-+\--:=?-~]*+)?+)++")
"""Parameters as most are: names of the letters that they may have, ASCII, nothing quoted, no blanks."""
_NAME_EXTRAS: Final = str.maketrans("", "", "()[]/:&$")
"""What URI parameter names may hold beyond a token."""
_EQUALS: Final = repeat("=")


class _Lower(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.lower()


LOWER: Final = _Lower(
    {
        name: name
        for name in (
            "branch expires keep lr q received reg-id rport tag transport ttl user "
            "algorithm cnonce nc nonce opaque qop realm response uri username"
        ).split()
    }
)
"""The name of each parameter in lower case; those that are met every day are there."""


@frozen
class Parameters:
    """An immutable sequence of parameters.

    Attributes:
        pairs: (name, value) in wire form; the value is None for a flag such as "lr".
    """

    pairs: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Parameters:
        """Read `text`, empty or beginning with a semicolon.

        Raises:
            MalformedError: a parameter is empty, ill formed or there twice.
        """
        if not text:
            return NO_PARAMETERS
        if _PLAIN.fullmatch(text):
            pieces = text[1:].split(";")
            found = {  # names are once in memory
                (lower := LOWER[name]): (lower if lower == name else name, value if equals else None)
                for name, equals, value in map(str.partition, pieces, _EQUALS)
            }
            if len(found) == len(pieces):
                return cls(tuple(found.values()))
        pairs = _scan(text)
        if len({LOWER[name] for name, _ in pairs}) != len(pairs):
            # RFC 3261 7.3.1: a parameter name must not appear more than once.
            raise MalformedError(f"a parameter is there twice in {text!r}")
        return cls(tuple(pairs))

    def __str__(self) -> str:
        text = ""
        for name, value in self.pairs:
            text += f";{name}" if value is None else f";{name}={value}"
        return text

    def get(self, name: str) -> str | None:
        """The value of `name` (in lower case), unquoted; "" for a flag, None where it is absent."""
        for present, value in self.pairs:
            if present == name or LOWER[present] == name:
                if value is None:
                    return ""
                return unquote(value) if value[:1] == '"' else value
        return None

    def __contains__(self, name: str) -> bool:
        """Whether `name` (in lower case) is there, as a flag or with a value."""
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        return iter(self.pairs)

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def having(self, name: str, value: str | None = None) -> Parameters:
        """These parameters with `name` set to `value` (wire form), in its old place if it had one."""
        wanted = LOWER[name]
        if self.get(wanted) is None:
            return Parameters((*self.pairs, (name, value)))
        return Parameters(tuple((old, value if old.lower() == wanted else kept) for old, kept in self.pairs))

    def without(self, *names: str) -> Parameters:
        """These parameters less those called `names`."""
        unwanted = {name.lower() for name in names}
        return Parameters(tuple(pair for pair in self.pairs if pair[0].lower() not in unwanted))


NO_PARAMETERS: Final = Parameters()


def _scan(text: str) -> list[tuple[str, str | None]]:
    pairs: list[tuple[str, str | None]] = []
    at = 0
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None:
            if text[at] == ";" and text[at + 1 :].lstrip(BLANKS)[:1] in ("", ";", "="):
                raise MalformedError(f"a parameter has no name in {text[:80]!r}")
            raise MalformedError(f"{text[at : at + 40]!r} where a parameter should begin")
        name = found["name"]
        _check(name, text)
        pairs.append((name, "" if found["empty"] else found["value"]))
        at = found.end()
    return pairs


def _check(name: str, text: str) -> None:
    if not (is_token(name) or is_token(name.translate(_NAME_EXTRAS))):
        raise MalformedError(f"parameter name {name!r} is not a token in {text[:80]!r}")
