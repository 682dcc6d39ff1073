"""Tags, branches and Call-IDs that nobody can guess (RFC 3261 sections 8.1.1.4, 8.1.1.7 and 19.3).

The octets come from the system's generator, many at a time: to ask it for each token costs more than the token.
"""

from __future__ import annotations

import secrets
from typing import Final

__all__ = ["LENGTH", "Tokens"]

LENGTH: Final = 16
"""Letters of a token, 4 bits each: section 19.3 asks for 32 bits of chance, and trust within dialogs for more."""
AT_A_TIME: Final = 64
"""Tokens that are made together."""


class Tokens:
    """Gives a new token each time that it is called."""

    __slots__ = ("_ready",)

    def __init__(self) -> None:
        self._ready: list[str] = []

    def __call__(self) -> str:
        """A token, never given before and never again."""
        if not self._ready:
            letters = secrets.token_hex(AT_A_TIME * LENGTH // 2)
            self._ready = [letters[at : at + LENGTH] for at in range(0, len(letters), LENGTH)]
        return self._ready.pop()
