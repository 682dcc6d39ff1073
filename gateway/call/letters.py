"""What a leg posts to whom it writes at the time, and what those it is about something with are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.core.fax import FaxProgress
from gateway.core.feature import Feature
from gateway.core.frozen import frozen
from gateway.core.messages import Event
from gateway.core.switch import BridgeEnd

if TYPE_CHECKING:
    from gateway.call.leg import CallLeg

__all__ = ["Company", "Interrupted", "Letter", "Listener", "Nudged", "SoundOver"]


@frozen
class SoundOver:
    """The sound that `play` began as its `number`th is over, however it ended."""

    number: int


@frozen
class Interrupted:
    """The leg's script is wanted elsewhere: its next wait raises Moved."""


@frozen
class Nudged:
    """The leg's script has something to see to: `CallLeg.attend` ends."""


Letter = Event | SoundOver | Interrupted | Nudged | FaxProgress
"""What a leg posts: its channel's events, the ends of sounds that it played, what a fax machine on it reports, and
that its script is interrupted, or nudged."""


class Listener(Protocol):
    """Who is posted what a leg says: a mailbox, a bridge, a dial."""

    def post(self, letter: tuple[CallLeg, Letter]) -> None:
        """Take it in; must not wait."""
        ...


class Company(Protocol):
    """What a leg is about with others beside its talk; it is told what happens to that talk."""

    def left_alone(self, leg: CallLeg, end: BridgeEnd) -> None:
        """Whom `leg` talked with has gone; it is to be seen to."""
        ...

    def asked(self, feature: Feature) -> None:
        """A leg of it has keyed the code of a feature."""
        ...

    def abandon(self) -> None:
        """A leg of it is wanted elsewhere."""
        ...

    def parted(self) -> None:
        """A talk of one of its legs has come apart, for whatever reason."""
        ...
