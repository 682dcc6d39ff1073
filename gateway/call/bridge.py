"""Two legs that talk with one another, until one of them ends or is taken elsewhere.

Audio is joined in the media plane. Digits are passed on here, since each side may carry them its own way: as RFC
4733 events, or as tones that are part of the audio already and then need no help. What a leg says reaches the
bridge at once, not by a mailbox: nothing waits here. The scripts that wait for the talk do so at their own leg
(`CallLeg.talk`), so that legs can be exchanged beneath them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.call.leg import CallLeg, Letter
from gateway.core.ending import Ending
from gateway.core.messages import (
    IN_BAND,
    Digit,
    Held,
    Hold,
    Identified,
    Identify,
    Released,
    Resume,
    Resumed,
    SendDigits,
    SendText,
    TextReceived,
)
from gateway.core.switch import BridgeEnd

__all__ = ["Bridge"]

SHORTEST_DIGIT: Final = 0.07
"""Seconds: what any DTMF receiver takes for sure (Q.24 asks 40 ms), where the sender's own length is unknown."""


class Bridge:
    """The talk of two legs, neither of which is over or in another talk.

    Args:
        one, other: the legs.
        over: told once, when the talk has come apart.
    """

    def __init__(self, one: CallLeg, other: CallLeg, *, over: Callable[[Bridge], None]) -> None:
        self.legs: Final = (one, other)
        self._over = over
        for leg in self.legs:
            leg.bridge = self
            leg.write_to(self)
        one.audio.join(other.audio)

    def partner(self, leg: CallLeg) -> CallLeg:
        """Whom `leg` talks with."""
        one, other = self.legs
        return other if leg is one else one

    def dissolve(self) -> None:
        """Take the talk apart; both legs go on, silent, and their scripts wait on."""
        for leg in self.legs:
            leg.bridge = None
            leg.write_to(None)
        left = next((leg for leg in self.legs if leg.ending is None), None)
        if left is not None:
            left.audio.part()
        self._over(self)

    def part(self, leg: CallLeg, ending: Ending | None) -> None:
        """`leg` leaves for good; the script of the other one goes on, or that one is hung up, too."""
        other = self.partner(leg)
        self.dissolve()
        other.talked(BridgeEnd(leg, ending))

    def post(self, letter: tuple[CallLeg, Letter]) -> None:
        """Take in what one of the two says."""
        speaker, event = letter
        if isinstance(event, Released):
            self.part(speaker, event.ending)
        else:
            _pass_on(event, self.partner(speaker))


def _pass_on(event: Letter, other: CallLeg) -> None:
    match event:
        case Digit(digit, duration, how):
            # A tone travels in the joined audio; only a leg that wants events must be told of it.
            if how != IN_BAND or other.audio.digits_as_events:
                other.command(SendDigits(digit, max(duration, SHORTEST_DIGIT)))
        case Held():
            other.command(Hold())
        case Resumed():
            other.command(Resume())
        case Identified(party):
            other.command(Identify(party))
        case TextReceived(text):
            other.command(SendText(text))
        case _:
            pass
