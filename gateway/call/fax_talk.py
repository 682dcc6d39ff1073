"""A fax in a talk of two legs: heard in good time, and carried by T.38 or in audio as either leg can.

An answer tone (CED) is a fax machine's or a modem's: both legs carry voiceband data from then on, uncompressed and
without cancellers (V.152, G.168). The preamble of V.21 is a fax machine about to negotiate: the leg at the other
side is asked for T.38. A far side that changes to T.38 by itself has the other one asked likewise. Two T.38 streams
pass their packets on to each other; between one and audio stands a gateway; two legs in audio are joined as ever.
"""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.call.leg import CallLeg
from gateway.core.audio import FaxTone
from gateway.core.errors import CopperlineError
from gateway.core.fax import FaxBridge, FaxDesk, Image
from gateway.core.messages import CarryFax, CarryModem, CarrySpeech
from gateway.core.trace import Kind

__all__ = ["FaxTalk", "is_to_come"]

SETTLED: Final = 1.0
"""Seconds after a talk until a leg that is still there, and in no other talk, is given speech back."""


_NOBODY: Final[frozenset[CallLeg]] = frozenset()


def is_to_come(one: CallLeg, other: CallLeg) -> bool:
    """Whether a fax in the talk of these two is to be listened for, or has come already."""
    able = CarryFax in one.channel.takes or CarryFax in other.channel.takes
    return able or one.image is not None or other.image is not None


class FaxTalk:
    """The fax of one talk, be there one or not.

    Args:
        legs: the two; their audio is joined.
        desk: has the gateways; None where there are none.
    """

    __slots__ = "_asked _carried _carrier _desk _legs _modems _pending".split()

    def __init__(self, legs: tuple[CallLeg, CallLeg], desk: FaxDesk | None) -> None:
        self._legs: Final = legs
        self._desk = desk
        self._asked = self._pending = _NOBODY
        self._modems = False
        self._carried: tuple[Image | None, Image | None] = (None, None)
        self._carrier: FaxBridge | None = None
        if any(CarryFax in leg.channel.takes for leg in self._legs):
            for leg in self._legs:
                leg.audio.detect_fax(True)
        for leg in self._legs:
            if leg.image is not None:
                self.carried(leg)

    def heard(self, leg: CallLeg, tone: FaxTone) -> None:
        """A tone is heard in what `leg` says."""
        if tone is FaxTone.CALLING:
            return  # nobody has answered yet who could be talked to by modem
        self._begin(leg)
        if tone is FaxTone.PREAMBLE:
            self._ask(self._other(leg))

    def carried(self, leg: CallLeg) -> None:
        """`leg` has changed how it carries a fax, or has declined to."""
        self._pending -= {leg}
        if leg.image is not None:
            self._begin(leg)
            self._ask(self._other(leg))
        self._arrange()

    def end(self) -> None:
        """The talk is over."""
        if self._carrier is not None:
            self._carrier.close()
        if not self._modems:
            return
        for leg in self._legs:
            if leg.channel.audio is not None:
                leg.channel.audio.carry_voiceband(False)
            asyncio.get_running_loop().call_later(SETTLED, _back_to_speech, leg)

    # Inside.

    def _other(self, leg: CallLeg) -> CallLeg:
        one, other = self._legs
        return other if leg is one else one

    def _begin(self, leg: CallLeg) -> None:
        """Modems talk from now on."""
        if self._modems:
            return
        self._modems = True
        leg.note(f"a fax machine or modem is heard at {leg.peer}", kind=Kind.MEDIA)
        for each in self._legs:
            each.audio.carry_voiceband(True)
            if each.image is None:
                each.command(CarryModem())

    def _ask(self, leg: CallLeg) -> None:
        """Ask for T.38, once in a talk."""
        if leg.image is None and leg not in self._asked:
            self._asked |= {leg}
            self._pending |= {leg}  # the answer may come at once
            if not leg.command(CarryFax()):
                self._pending -= {leg}

    def _arrange(self) -> None:
        """Join what the legs carry now, once both have said what that is."""
        one, other = self._legs
        images = one.image, other.image
        if self._pending or images == self._carried:
            return
        self._carried = images
        if self._carrier is not None:
            self._carrier.close()
            self._carrier = None
        if images == (None, None):
            one.audio.join(other.audio)
            return
        one.audio.part()
        image, beside = (one, other) if one.image is not None else (other, one)
        assert image.image is not None and self._desk is not None  # a leg has got its stream from there
        try:
            self._carrier = self._desk.bridge(image.image, beside.image or beside.audio)
        except CopperlineError as fault:
            image.note(f"no T.38 for this fax: {fault}", kind=Kind.MEDIA)
            image.command(CarrySpeech())
            return
        how = "T.38 on both sides" if beside.image else f"T.38 with {image.peer}, audio with {beside.peer}"
        image.note(f"the fax goes by {how}", kind=Kind.MEDIA)


def _back_to_speech(leg: CallLeg) -> None:
    if leg.ending is None and leg.bridge is None:
        leg.command(CarrySpeech())
