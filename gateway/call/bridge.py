"""Two legs that talk with one another, until one of them ends or is taken elsewhere.

Audio is joined in the media plane. Digits are passed on here, since each side may carry them its own way: as RFC
4733 events, or as tones that are part of the audio already and then need no help. What a leg says reaches the
bridge at once, not by a mailbox: nothing waits here. The scripts that wait for the talk do so at their own leg
(`CallLeg.talk`), so that legs can be exchanged beneath them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from gateway.call.fax_talk import FaxTalk, is_to_come
from gateway.call.hearing import Hearing
from gateway.call.keys import FeatureKeys
from gateway.call.leg import CallLeg
from gateway.call.letters import Letter
from gateway.call.talk import Talk
from gateway.core.audio import Sound
from gateway.core.ending import Ending
from gateway.core.fax import FaxDesk
from gateway.core.feature import Feature, FeatureCodes
from gateway.core.messages import (
    IN_BAND,
    AnotherCalls,
    Digit,
    FaxCarried,
    FaxRecognised,
    Flash,
    Held,
    Hold,
    Identified,
    Released,
    Resume,
    Resumed,
    SendDigits,
    SendFlash,
    SendText,
    TextReceived,
)
from gateway.core.room import Room
from gateway.core.switch import BridgeEnd

__all__ = ["Bridge", "Host"]

SHORTEST_DIGIT: Final = 0.07
"""Seconds: what any DTMF receiver takes for sure (Q.24 asks 40 ms), where the sender's own length is unknown."""

PASSED_THROUGH: Final = "MOH_PASSTHROUGH"
"""A leg with this variable is told of holds and gives its own music; others hear ours (as Asterisk's
moh_passthrough)."""

_NOBODY: Final[frozenset[CallLeg]] = frozenset()
_NO_KEYS: Final[Mapping[CallLeg, FeatureKeys]] = MappingProxyType({})


class Host(Protocol):
    """What a talk needs of the office."""

    codes: FeatureCodes
    """The keys of features."""
    fax_desk: FaxDesk | None
    """What carries faxes between T.38 and audio."""

    may_flash: Callable[[CallLeg, CallLeg], bool]
    """Whether a hook flash of one goes on to the other."""

    def music(self, leg: CallLeg) -> Sound:
        """What `leg` hears while it is on hold."""
        ...

    def room(self) -> Room:
        """A room for two of different volumes; raises Exhausted."""
        ...

    def can(self, leg: CallLeg) -> Collection[Feature]:
        """The features that a leg can ask for."""
        ...

    def asked(self, leg: CallLeg, feature: Feature) -> None:
        """A leg has keyed the code of a feature."""
        ...

    def left_alone(self, leg: CallLeg, end: BridgeEnd) -> None:
        """Whom `leg` talked with has gone."""
        ...

    def parted(self, bridge: Bridge) -> None:
        """The talk has come apart."""
        ...


class Bridge:
    """The talk of two legs, neither of which is over or in another talk.

    Args:
        one, other: the legs.
        host: the office around it.

    Attributes:
        talk: what is to be written down of it, while it lasts; began: when, by the engine clock.
    """

    __slots__ = "__weakref__ _faxes _hearing _host _keys _on_hold _timer began legs talk".split()

    def __init__(self, one: CallLeg, other: CallLeg, host: Host) -> None:
        self.legs: Final = (one, other)
        self.talk: Talk | None = None
        self.began = 0.0
        self._host = host
        self._on_hold = _NOBODY
        self._keys = _NO_KEYS
        if one.features or other.features:
            self._keys = {leg: FeatureKeys(host.codes, host.can(leg)) for leg in self.legs if leg.features}
        self._timer: asyncio.TimerHandle | None = None
        self._hearing = Hearing(self.legs, host.room)  # or there is no talk
        for leg in self.legs:
            leg.bridge = self
            leg.write_to(self)
        self._faxes = FaxTalk(self.legs, host.fax_desk) if is_to_come(one, other) else None

    def tune(self) -> None:
        """The volume of one of the two has changed."""
        self._hearing.tune()

    def partner(self, leg: CallLeg) -> CallLeg:
        """Whom `leg` talks with."""
        one, other = self.legs
        return other if leg is one else one

    def dissolve(self) -> None:
        """Take the talk apart; both legs go on, silent, and their scripts wait on."""
        if self._timer is not None:
            self._timer.cancel()
        if self._faxes is not None:
            self._faxes.end()
        for leg in self.legs:
            leg.bridge = None
            leg.write_to(None)
        for leg in self._on_hold:
            if leg.ending is None:
                leg.audio.stop()
        self._hearing.end()
        self._host.parted(self)

    def part(self, leg: CallLeg, ending: Ending | None) -> None:
        """`leg` leaves for good; the script of the other one goes on, or that one is hung up, too."""
        other = self.partner(leg)
        self.dissolve()
        self._host.left_alone(other, BridgeEnd(leg, ending))

    def post(self, letter: tuple[CallLeg, Letter]) -> None:
        """Take in what one of the two says."""
        speaker, event = letter
        listener = self.partner(speaker)
        match event:
            case Released(ending):
                self.part(speaker, ending)
            case Digit() if speaker in self._keys:
                now = asyncio.get_running_loop().time()
                self._act(speaker, *self._keys[speaker].press(event, now))
            case Digit():
                _pass_on(event, listener)
            case Flash() if self._host.may_flash(speaker, listener):
                listener.command(SendFlash())
            case Flash():
                speaker.note(f"its flash is not passed on to {listener.peer}: see flash of accounts")
            case Held() | Resumed():
                self._hold(listener, isinstance(event, Held))
            case FaxRecognised(tone):
                self._fax().heard(speaker, tone)
            case FaxCarried():
                self._fax().carried(speaker)
            case Identified(party):
                listener.meet(party)
            case AnotherCalls(party):
                listener.command(SendText(f"Another call: {party}"))
            case TextReceived(text):
                listener.command(SendText(text))

    def _fax(self) -> FaxTalk:
        if self._faxes is None:
            self._faxes = FaxTalk(self.legs, self._host.fax_desk)
        return self._faxes

    def _hold(self, leg: CallLeg, held: bool) -> None:
        """Whom `leg` talks with has put it on hold, or takes it back."""
        if leg.variables.get(PASSED_THROUGH):
            leg.command(Hold() if held else Resume())
        elif held:
            self._on_hold |= {leg}
            leg.audio.play(self._host.music(leg))
        elif leg in self._on_hold:
            self._on_hold -= {leg}
            leg.audio.stop()

    def _act(self, leg: CallLeg, digits: list[Digit], feature: Feature | None) -> None:
        """Pass on what was no code, do what was one, and wait for the key after a beginning."""
        for digit in digits:
            _pass_on(digit, self.partner(leg))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if feature is not None:
            self._host.asked(leg, feature)
            return
        due = min((keys.deadline for keys in self._keys.values() if keys.deadline is not None), default=None)
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._expire, due)

    def _expire(self, now: float) -> None:
        self._timer = None
        for leg, keys in self._keys.items():
            talks = leg.bridge is self  # what the other has asked for may have ended it
            if talks and keys.deadline is not None and keys.deadline <= now:
                self._act(leg, *keys.expire(now))


def _pass_on(digit: Digit, other: CallLeg) -> None:
    # A tone travels in the joined audio; only a leg that wants events must be told of it.
    if digit.how != IN_BAND or other.audio.digits_as_events:
        other.command(SendDigits(digit.digit, max(digit.duration, SHORTEST_DIGIT)))
