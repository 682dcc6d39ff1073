"""Two legs connected until one of them ends.

Audio is joined in the media plane. Digits are passed on here, since each side may carry them its own way:
as RFC 4733 events, or as tones that are part of the audio already and then need no help.
"""

from __future__ import annotations

from typing import Final

from gateway.call.leg import CallLeg, Post
from gateway.call.mailbox import Mailbox
from gateway.core.messages import IN_BAND, Digit, Held, Hold, Released, Resume, Resumed, SendDigits
from gateway.core.switch import BridgeEnd, HungUp

__all__ = ["bridge"]

SHORTEST_DIGIT: Final = 0.07
"""Seconds: what any DTMF receiver takes for sure (Q.24 asks 40 ms), where the sender's own length is unknown."""


async def bridge(leg: CallLeg, other: CallLeg) -> BridgeEnd:
    """Connect `leg`, for which a script runs, with `other` until one ends.

    Raises:
        HungUp: `leg` ended; `other` has been hung up for the same reason.
    """
    post: Post = Mailbox()
    try:
        leg.write_to(post)
        other.write_to(post)
        if other.ending is None and leg.ending is None:
            leg.audio.join(other.audio)
        while leg.ending is None and other.ending is None:
            letter = await post.next()
            assert letter is not None  # without a deadline there is always one
            speaker, event = letter
            listener = other if speaker is leg else leg
            if not isinstance(event, Released) and listener.ending is None:
                _pass_on(event, listener)
    finally:
        leg.write_to(None)
        if leg.ending is not None:
            other.hang_up(leg.ending)
        else:
            leg.audio.part()
        other.write_to(None)
    if leg.ending is not None:
        raise HungUp(leg.ending)
    return BridgeEnd(other, other.ending)


def _pass_on(event: object, other: CallLeg) -> None:
    match event:
        case Digit(digit, duration, how):
            # A tone travels in the joined audio; only a leg that wants events must be told of it.
            if how != IN_BAND or other.audio.digits_as_events:
                other.command(SendDigits(digit, max(duration, SHORTEST_DIGIT)))
        case Held():
            other.command(Hold())
        case Resumed():
            other.command(Resume())
        case _:
            pass
