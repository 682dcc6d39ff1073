"""A leg as far as it is its channel: who is at its far side, what is known of it, what that side can be told."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern
from typing import Protocol

from gateway.core.audio import Audio
from gateway.core.channel import Channel
from gateway.core.ending import Ending
from gateway.core.fax import Image
from gateway.core.messages import Command, Confer, EarlyMedia, Identify, Proceed, SendDigits, SendFlash, SendText
from gateway.core.number import Party
from gateway.core.quality import Quality, measured
from gateway.core.switch import HungUp
from gateway.core.trace import Kind, Recorder

__all__ = ["ChannelLeg", "Desk"]


class Desk(Protocol):
    """What a leg needs of the office."""

    @property
    def recorder(self) -> Recorder:
        """Where its story is kept."""
        ...

    def clock(self) -> float:
        """The engine clock, seconds."""
        ...

    def wake(self) -> None:
        """Called after each command, so that its engine is drained."""
        ...


class ChannelLeg:
    """A channel that belongs to a call.

    Args:
        channel: the leg's channel.
        desk: the office around it.
        party: who is at its far side.
        called: the number wanted on it.
        context: the dialplan context in which it came in.
        incoming: True where the far side placed the call.

    Attributes:
        device: at which it is, by its one name: "SIP/6001".
        answer_signal: what showed that its far side had answered: "200 OK", "polarity reversal on port 3".
        held: whether its far side has put us on hold.
        image: its T.38 stream, while that takes the place of its audio.
        confined: whether it stays in the office, whatever its dialplan says, because a telephone has diverted it.
        reveals: whether its far side is told when it comes to talk with somebody else; shown: with whom it
            believes to talk.
    """

    __slots__ = (
        "_desk",
        "_opened",
        "_row",
        "answer_signal",
        "answered",
        "answered_at",
        "called",
        "channel",
        "confined",
        "context",
        "device",
        "ending",
        "headers",
        "held",
        "image",
        "incoming",
        "name",
        "party",
        "peer",
        "reveals",
        "shown",
        "standing",
        "variables",
    )

    def __init__(
        self,
        channel: Channel,
        desk: Desk,
        *,
        party: Party,
        called: str,
        context: str,
        incoming: bool,
    ) -> None:
        self.channel = channel
        self.name = channel.name
        self.device = intern(channel.name.rpartition("-")[0])
        self.peer = channel.peer
        self.party = party
        self.called = called
        self.context = context
        self.standing = context
        self.incoming = incoming
        self.confined = False
        self.variables: dict[str, str] = {}
        self.headers: Sequence[tuple[str, str]] = ()
        self.answered = False
        self.answered_at: float | None = None
        self.answer_signal = ""
        self.ending: Ending | None = None
        self.held = False
        self.image: Image | None = None
        self.reveals = True
        self.shown: Party | None = None
        self._opened = False
        self._row: Audio | None = channel.audio
        self._desk: Desk = desk

    @property
    def technology(self) -> str:
        """The dialplan's word for its technology."""
        return self.name.partition("/")[0]

    @property
    def up(self) -> float | None:
        """Seconds since it was answered; None where it was not."""
        return None if self.answered_at is None else self._desk.clock() - self.answered_at

    @property
    def audio(self) -> Audio:
        """The leg's row; raises HungUp once the leg is over.

        Where its channel has ended, and is about to tell so, it is the row that it had: that does nothing any more.
        """
        if self.ending is not None:
            raise HungUp(self.ending)
        audio = self.channel.audio or self._row
        if audio is None:
            raise RuntimeError(f"{self.name} has no audio yet")
        self._row = audio
        return audio

    @property
    def quality(self) -> Quality | None:
        """How it has been heard since it was answered, also once it is over; None for a line's, or for nothing."""
        if self._row is None or self.answered_at is None:
            return None
        return measured(self.name, self._row.stats())

    @property
    def state(self) -> str:
        """The leg's state in a word."""
        if self.ending is not None:
            return "ended"
        return "up" if self.answered else "ringing"

    def proceed(self) -> None:
        """Tell the caller that the number is complete."""
        if not self.answered:
            self.command(Proceed())

    def early_media(self) -> None:
        """Open the audio path before an answer, unless it is open since the caller was told of ringing last."""
        if not (self.answered or self._opened):
            self._opened = True
            self.command(EarlyMedia())

    def meet(self, party: Party) -> None:
        """It talks with `party` from now on; its far side is shown that, but for the one whom it called."""
        known = self.shown is None or self.shown == party
        self.shown = party
        if not known and self.reveals and self.answered:
            self.command(Identify(party))

    def identify(self, party: Party) -> None:
        """Show the far side that it talks with `party`, with the answer where that is still to come."""
        self.shown = party
        if self.answered or self.incoming:
            self.command(Identify(party))

    def confer(self, number: str) -> bool:
        """Show the far side that it is in a conference, or, with "", not; False where it has no means for that."""
        return self.command(Confer(number))

    def send_text(self, text: str) -> bool:
        """Show the far side a line of text; False where its technology has no means for it."""
        return self.command(SendText(text))

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> bool:
        """Send keys to the far side, in its technology's own way; False where it has no means for them."""
        return self.command(SendDigits(digits, duration, gap))

    def flash(self) -> bool:
        """Press the hook toward the far side; False where its technology has no means for it."""
        return self.command(SendFlash())

    def command(self, command: Command) -> bool:
        """Give the channel a command; False where its technology has no means for it.

        Raises:
            HungUp: the leg is over.
        """
        if self.ending is not None:
            raise HungUp(self.ending)
        if type(command) not in self.channel.takes:
            return False
        self.channel.command(command, self._desk.clock())
        self._desk.wake()
        return True

    def note(self, text: object, detail: str = "", kind: Kind = Kind.DIALPLAN) -> None:
        """Note something in the call's story."""
        self._desk.recorder.note(self._desk.clock(), kind, self.name, text, detail)
