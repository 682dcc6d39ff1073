"""What a dialplan script sees of the switch: the leg that it runs for, and the ways to reach others.

`gateway.call` implements these; dialplan applications and services are written against them alone. Every
awaitable of a Leg raises HungUp as soon as that leg is over, and Moved when it was sent elsewhere, so an
application reads as the thing it does and needs no checks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import Final, Protocol, Self

from gateway.core.audio import Audio, Sound
from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.fax import FaxJob, FaxReport
from gateway.core.feature import Feature, TalkLimit
from gateway.core.frozen import frozen
from gateway.core.messages import TransferTold
from gateway.core.number import Party
from gateway.core.recording import Media
from gateway.core.sounds import Sounds
from gateway.core.word import Word

__all__ = [
    "LEVEL",
    "PLAIN",
    "BridgeEnd",
    "DeviceState",
    "DialOptions",
    "DialOutcome",
    "DialStatus",
    "HungUp",
    "Leg",
    "Moved",
    "Place",
    "Switch",
    "Target",
]


class HungUp(Exception):
    """The leg for which a script runs is over."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


@frozen
class Place:
    """A place of the dialplan."""

    context: str
    extension: str
    priority: int | str = 1

    def __str__(self) -> str:
        return f"{self.context},{self.extension},{self.priority}"


class Moved(Exception):
    """The leg for which a script runs was sent elsewhere: what the script was about is at an end, the leg is not.

    Attributes:
        place: where in the dialplan it goes on; None where it has been given to another talk.
    """

    def __init__(self, place: Place | None) -> None:
        self.place = place
        super().__init__(str(place or "another talk"))


class DialStatus(Word):
    """How a Dial ended, with the values that dialplans read in DIALSTATUS."""

    ANSWER = "ANSWER"
    BUSY = "BUSY"
    NOANSWER = "NOANSWER"
    CANCEL = "CANCEL"
    CONGESTION = "CONGESTION"
    CHANUNAVAIL = "CHANUNAVAIL"
    INVALIDARGS = "INVALIDARGS"
    DONTCALL = "DONTCALL"
    TORTURE = "TORTURE"


_BY_TRUNK: Final = ("SIP", "PJSIP")
"""Technologies whose numbers are called by trunks."""


class DeviceState(Enum):
    """The state of a device, with the values of the dialplan's DEVICE_STATE."""

    UNKNOWN = "UNKNOWN"
    NOT_INUSE = "NOT_INUSE"
    INUSE = "INUSE"
    BUSY = "BUSY"
    INVALID = "INVALID"
    UNAVAILABLE = "UNAVAILABLE"
    RINGING = "RINGING"
    RINGINUSE = "RINGINUSE"
    ONHOLD = "ONHOLD"


@frozen
class Target:
    """Whom to dial: `FXS/101` is technology "FXS", address "101"."""

    technology: str
    address: str

    @classmethod
    def written(cls, technology: str, address: str) -> Self:
        """A target as a dialplan writes it.

        `SIP/trunk/NUMBER` and `PJSIP/trunk/sip:NUMBER@HOST`, as Asterisk has them, are `NUMBER@trunk`; the trunk
        knows to which host that goes. In `SIP/NUMBER@trunk` a slash is part of the number, which a caller may
        have chosen: it leads to no other trunk.
        """
        trunk, slash, number = address.partition("/")
        if slash and "@" not in trunk and technology.upper() in _BY_TRUNK:
            scheme, colon, rest = number.partition(":")
            if colon and scheme in ("sip", "sips"):
                number = rest.partition("@")[0].partition(";")[0]
            if "@" not in number:
                address = f"{number}@{trunk}"
        return cls(technology, address)

    def __str__(self) -> str:
        return f"{self.technology}/{self.address}"


@frozen
class DialOptions:
    """How a dial is to go, other than simply.

    Attributes:
        timeout: seconds after which nobody has answered; None for as long as somebody rings.
        caller: whom to show as calling; the leg's own party where None.
        variables: channel variables of the new legs.
        prepare: run for each new leg before it is called; the leg may be hung up by it.
        ringing: tell the caller at once that it rings, whether or not anybody does.
        ringback: played to the caller from the beginning on, in place of what the far sides send.
        muffled: what the far sides send before an answer is not heard, even without a `ringback`.
        progress_keys: sent to a far side when it begins to send audio before an answer.
        follow: go where a called side diverts the call to; else that counts as its refusal.
        diverter: whom to show as calling when the call is diverted; `caller` where None.
        patient: once the call is diverted, `timeout` counts no more.
        escape: asked of each key of the caller that waits for an answer: whether it ends the dial.
        keys_hang_up: the keys of the feature that hangs up end the dial, too.
        answered_elsewhere: tell those who ring, should the caller give up, that another one has answered.
        lost: why legs end whose call another one has answered.
    """

    timeout: float | None = None
    caller: Party | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Leg], Awaitable[None]] | None = None
    ringing: bool = False
    ringback: Sound | None = None
    muffled: bool = False
    progress_keys: str = ""
    follow: bool = True
    diverter: Party | None = None
    patient: bool = False
    escape: Callable[[str], bool] | None = None
    keys_hang_up: bool = False
    answered_elsewhere: bool = False
    lost: Cause = Cause.NON_SELECTED_USER_CLEARING


@frozen
class DialOutcome:
    """What came of a dial.

    Attributes:
        status: as for DIALSTATUS.
        leg: the leg that answered, to be bridged or hung up; None unless ANSWER.
        ending: why nobody answered; None when ANSWER.
        digit: the key by which the caller gave up waiting; "" where it did not.
        attempts: each target tried with how its leg ended (targets that lost to another one included).
    """

    status: DialStatus
    leg: Leg | None = None
    ending: Ending | None = None
    digit: str = ""
    attempts: Sequence[tuple[Target, Ending]] = field(default=())


@frozen
class BridgeEnd:
    """How a bridge of two legs came apart: which leg ended, or None where the bridge was taken apart."""

    leg: Leg | None
    ending: Ending | None


class Leg(Protocol):
    """One leg as a script drives it."""

    name: str
    """The channel's name, unique."""
    peer: str
    """Who is at its far side, for sentences."""
    party: Party
    """The identity of who is at its far side."""
    called: str
    """The number first wanted on this leg."""
    held: bool
    """Whether its far side has put us on hold."""
    context: str
    """The context in which it came in."""
    standing: str
    """The context of the step under way."""
    variables: dict[str, str]
    """The channel variables."""
    headers: Sequence[tuple[str, str]]
    """What the far side said with its call, by name and value; nothing on a leg that we called."""
    answered: bool
    """Whether it was answered."""
    ending: Ending | None
    """How it ended; None while it lives."""
    features: frozenset[Feature]
    """What its far side may ask for by keys while it talks."""
    reveals: bool
    """Whether its far side is told when it comes to talk with somebody else."""
    gains: tuple[float, float]
    """dB by which what it says is heard louder, and by which it hears louder what others say."""
    afterwards: Place | None
    """Where it goes when it is left alone by whom it talks with, in the place of being hung up."""

    @property
    def technology(self) -> str:
        """The dialplan's word for its technology: "SIP", "FXS"."""
        ...

    @property
    def up(self) -> float | None:
        """Seconds since it was answered; None where it was not."""
        ...

    @property
    def audio(self) -> Audio:
        """The leg's row.

        Raises:
            HungUp: the leg is over.
        """
        ...

    def note(self, text: str, detail: str = "") -> None:
        """Note a dialplan step in the call's story."""
        ...

    def proceed(self) -> None:
        """Tell the caller that the number is complete."""
        ...

    def ringing(self) -> None:
        """Tell the caller that the far side rings; it hears ringback."""
        ...

    def early_media(self) -> None:
        """Open the audio path to the caller before an answer."""
        ...

    async def answer(self) -> None:
        """Answer the call, if that has not been done; returns when audio can flow."""
        ...

    async def play(self, sounds: Sequence[Sound], escape: str = "") -> str:
        """Play sounds one after the other; a digit of `escape` ends it and is returned, else "" is."""
        ...

    async def digit(self, timeout: float | None = None) -> str:
        """The next digit pressed, or "" after `timeout` seconds without one."""
        ...

    async def attend(self, timeout: float | None = None) -> str:
        """The same, or "" once it is nudged."""
        ...

    def nudge(self) -> None:
        """Have its script's `attend`, the present one or the next, end: there is something else to see to."""
        ...

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...

    async def released(self) -> None:
        """Wait until the leg is over (always ends by raising HungUp)."""
        ...

    async def redirect(self, called: str) -> TransferTold | None:
        """Have the far side call `called` by itself, and wait for what it says of that (30 s at most).

        Returns:
            The outcome, or None where its technology has no means for it.
        """
        ...

    def identify(self, party: Party) -> None:
        """Show the far side that it talks with `party`, where its technology has means for that."""
        ...

    def confer(self, number: str) -> bool:
        """Show the far side that it is in a conference that is called and watched at `number`, or, with "", that it
        is no longer; False where its technology has no means for it."""
        ...

    def send_text(self, text: str) -> bool:
        """Show the far side a line of text; False where its technology has no means for it."""
        ...

    def send_digits(self, digits: str, duration: float = 0.1, gap: float = 0.1) -> bool:
        """Send keys to the far side, each `duration` seconds long; False where its technology cannot."""
        ...

    def flash(self) -> bool:
        """Press the hook for a moment toward an exchange; False where its technology has no means for it."""
        ...

    def tune(self, said: float, heard: float) -> None:
        """Make it louder by so many dB: what it says, and what it hears."""
        ...

    def hang_up(self, ending: Ending) -> None:
        """End the leg."""
        ...


LEVEL: Final = (0.0, 0.0)
"""Gains of a leg that is as loud as it is."""

PLAIN: Final = DialOptions()
"""A dial without wishes."""


class Switch(Protocol):
    """The ways from one leg to others."""

    sounds: Sounds
    """Tones and prompts."""
    media: Media
    """Rooms and recordings."""

    async def dial(self, leg: Leg, targets: Sequence[Target], options: DialOptions = PLAIN) -> DialOutcome:
        """Call all targets at once for `leg`; the first to answer wins and the others are cancelled.

        `leg` is told of ringing and early media on the way. Not answered in time: NOANSWER.

        Raises:
            HungUp: `leg` ended first; all attempts are cancelled.
        """
        ...

    def bridge(self, leg: Leg, other: Leg, limit: TalkLimit | None = None) -> Awaitable[BridgeEnd]:
        """Connect two legs; what is returned waits for the end of one. The other is neither answered nor hung up.

        Past `limit` whom `leg` talks with is hung up.

        A transfer may put somebody else in the place of `other` meanwhile; the end tells of whom it was with then.

        Raises:
            HungUp: `leg` itself ended; whom it talked with has then been hung up with the same cause.
        """
        ...

    async def fax(self, leg: Leg, job: FaxJob, *, image: bool, told: Callable[[FaxReport], None]) -> None:
        """Send a document to the fax machine at a leg's far side, or take one from it.

        Args:
            image: ask for T.38, where the leg can have it; a far side that changes to it by itself is followed.
            told: told how it goes, and how it went; also where the leg ends first.

        Raises:
            CopperlineError: it cannot be begun: a file is none that can be sent, or there are no fax machines.
            HungUp: the leg is over.
        """
        ...

    def device_state(self, device: str) -> DeviceState:
        """The state of `FXS/101`, `SIP/6001`, `Custom:night`, …; INVALID where it does not exist."""
        ...

    def set_custom_state(self, name: str, state: DeviceState) -> None:
        """Give the device `Custom:name` a state, which lamps show that stand for it.

        Raises:
            Exhausted: there are too many.
        """
        ...

    def now(self) -> datetime:
        """The wall clock in the office's time zone."""
        ...
