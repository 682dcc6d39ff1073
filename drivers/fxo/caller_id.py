"""Listens for FSK caller ID on a line, and makes a party of what is told.

Captured samples go in at leisure; the first message that verifies and parses comes out. It touches the row only
through the capture that it is given.
"""

from __future__ import annotations

from typing import Final

from gateway.core.audio import Capture
from gateway.core.errors import MalformedError
from gateway.core.number import Party
from gateway.media.caller_id import CallerId, decode
from gateway.media.fsk import Receiver, Standard

__all__ = ["CallerIdListener", "party"]

_DIGITS: Final = frozenset("0123456789*#")
"""What a number may hold; exchanges send letters of their own too, and a dialplan must not meet them as digits."""


class CallerIdListener:
    """A receiver on a captured row.

    Args:
        capture: what the line sends; stopped by `stop`.
        standard: the modem that the exchange uses.
    """

    def __init__(self, capture: Capture, standard: Standard) -> None:
        self._capture = capture
        self._receiver = Receiver(standard)

    def read(self) -> Party | None:
        """Look at what came in since the last time; the caller once it is known."""
        for message in self._receiver.feed(self._capture.read()):
            try:
                shown = decode(message)
            except MalformedError:
                continue
            return party(shown)
        return None

    def stop(self) -> None:
        """Let go of the row."""
        self._capture.stop()


def party(shown: CallerId) -> Party:
    """What was told, as a party."""
    number = "".join(digit for digit in shown.number if digit in _DIGITS)
    return Party(number, shown.name, shown.presentation)
