"""How a SIP leg carries a fax: by T.38 where both sides take it, else in G.711.

The call asks, and so may the far side by a re-INVITE of its own; what comes of either is told once, as FaxCarried.
What the far side declines is not asked for again: T.38 falls back to G.711, any other codec to what it was. The
T.38 stream is opened when it is first wanted and lives as long as the leg.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from gateway.core.fax import Correction, Image
from gateway.core.messages import Event, FaxCarried
from gateway.sdp.image import PeerImage
from gateway.sdp.negotiate import PLAIN_CODECS, Agreement, Medium

__all__ = ["LegFax", "sentence"]

_PLAIN: Final = frozenset(codec.encoding for codec in PLAIN_CODECS)


class FaxUser(Protocol):
    """The leg whose fax it is."""

    def carry(self, medium: Medium, now: float) -> None:
        """Ask the far side to carry something else."""
        ...

    def told(self, event: Event) -> None:
        """Tell the call."""
        ...


class LegFax:
    """The fax of one leg.

    Args:
        opened: opens the leg's T.38 stream (raises Exhausted); None where it is to have none.

    Attributes:
        leg: whose it is; None once it is over.
        port: opens the stream and gives its port; None where there is none, and once it is over.
    """

    __slots__ = ("_agreed", "_asked", "_opened", "_plain", "_stream", "leg", "port")

    def __init__(self, opened: Callable[[], Image] | None) -> None:
        self._opened = opened
        self._stream: Image | None = None
        self._agreed: PeerImage | None = None
        self._plain = False
        self._asked: Medium | None = None
        self.leg: FaxUser | None = None
        self.port: Callable[[], int] | None = None if opened is None else self._open

    @property
    def by_image(self) -> bool:
        """Whether T.38 is in force."""
        return self._agreed is not None

    def ask(self, now: float) -> None:
        """Carry a fax from now on, by T.38 if that can be."""
        if self._agreed is not None:
            self._tell(FaxCarried(self._stream))
        elif self._opened is not None:
            self._asked = Medium.IMAGE
            self._carry(Medium.IMAGE, now)
        else:
            self.ask_plain(now)

    def ask_plain(self, now: float) -> None:
        """Carry the signals of modems in audio; T.38 that is in force stays so."""
        if self._agreed is not None:
            return
        if self._plain:
            self._asked = None
            self._tell(FaxCarried())
        else:
            self._asked = Medium.PLAIN
            self._carry(Medium.PLAIN, now)

    def ask_speech(self, now: float) -> None:
        """Carry speech again."""
        if self._agreed is not None:
            self._asked = Medium.AUDIO
            self._carry(Medium.AUDIO, now)

    def agreed(self, agreement: Agreement, now: float) -> None:
        """What the session carries from now on."""
        before, self._agreed = self._agreed, agreement.image
        if agreement.image is not None:
            self._asked = None
            if self._stream is not None and agreement.image != before:
                image = agreement.image
                self._stream.set_remote(image.address, image.port, image.theirs, agreement.via, agreement.strict)
                self._tell(FaxCarried(self._stream))
            return
        self._plain = agreement.codec.encoding in _PLAIN
        if before is not None or (self._asked is not None and self._plain):
            self._asked = None
            self._tell(FaxCarried())

    def declined(self, now: float) -> None:
        """The far side will not carry what was asked for."""
        if self._asked is Medium.IMAGE:
            self.ask_plain(now)
        elif self._asked is not None:
            self._asked = None
            self._tell(FaxCarried())

    def close(self) -> str:
        """The leg is over; how its T.38 packets fared, "" where there were none."""
        self.leg = self.port = None
        stream = self._stream
        if stream is None:
            return ""
        stream.close()
        if not stream.received:
            return ""
        return f"T.38: {stream.received} packets in, {stream.recovered} made good, {stream.lost} lost"

    def _carry(self, medium: Medium, now: float) -> None:
        if self.leg is not None:
            self.leg.carry(medium, now)

    def _tell(self, event: Event) -> None:
        if self.leg is not None:
            self.leg.told(event)

    def _open(self) -> int:
        if self._stream is None:
            assert self._opened is not None  # or `port` is None
            self._stream = self._opened()
        return self._stream.port


def sentence(image: PeerImage) -> str:
    """What was agreed on, for the story of a leg."""
    theirs = image.theirs
    correction = "" if theirs.correction is Correction.NONE else f", {theirs.correction.value}"
    return f"fax by T.38 with {image.address}:{image.port}, {theirs.bit_rate} bit/s{correction}"
