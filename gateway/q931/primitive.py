"""The words between call control and its user, a driver: events up, commands down (Q.931 5).

    placed call:  order -> [Allotted] ... MoreWanted | Proceeding | Alerting | Progress ... Connected ... Released
    taken call:   Setup ... AskMore -> MoreDigits ... | Proceed | Alert | TellProgress | Connect ... Released

A call is named by a number of its own, which is not used again. Exactly one `Released` ends it, whoever hung up;
until then its B channel is not free. `Disconnecting` comes before it where the far side hangs up: without `audio`
call control goes on to release by itself; with it, a tone or announcement is to be heard and the call stays until
`Clear` is commanded or the far side has enough (5.4). Commands for a call that is over, or that is being cleared,
do no harm: the two may have crossed. A command that makes no sense (to answer a call that we placed) raises
IllegalInput.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.cause import Cause
from gateway.q931.coding import Location, ProgressDescription
from gateway.q931.element import BearerCapability
from gateway.q931.message import Element
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber, RedirectingNumber

__all__ = [
    "Alert",
    "Alerting",
    "Allotted",
    "AskMore",
    "Audit",
    "ChannelsBack",
    "ChannelsOut",
    "Clear",
    "Command",
    "Connect",
    "Connected",
    "Disconnecting",
    "Event",
    "Keys",
    "LinkDown",
    "LinkUp",
    "MoreDigits",
    "MoreWanted",
    "Notified",
    "Notify",
    "Order",
    "Proceed",
    "Proceeding",
    "Progress",
    "Released",
    "Restarted",
    "SendDigits",
    "Setup",
    "TellProgress",
]


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be placed: what goes into its SETUP.

    Attributes:
        called: whom to call; the digits may be empty where `complete` is false.
        calling: who is shown as calling; None for nobody.
        complete: all digits are there; False where more follow by `SendDigits` (overlap sending, 5.1.3).
        bearer: what the B channel is to carry; None for the interface's usual one.
        display: a name to be shown; "" for none.
        redirecting: those who diverted the call, first one first.
        progress: what the called side should know about the way so far (ORIGINATION_NOT_ISDN and the like).
        channel: the B channel to use; None for one that the interface's policy finds.
        extra: further elements, as they are to be sent.
    """

    called: CalledNumber
    calling: CallingNumber | None = None
    complete: bool = True
    bearer: BearerCapability | None = None
    display: str = ""
    redirecting: tuple[RedirectingNumber, ...] = ()
    progress: tuple[int, ...] = ()
    channel: int | None = None
    extra: tuple[Element, ...] = ()


# Events: about a call.


@dataclass(frozen=True, slots=True)
class Setup:
    """A call has come in; its B channel is taken for it.

    Attributes:
        call: its number.
        channel: its B channel.
        called: the digits so far; None where no number was sent.
        complete: no more digits follow: Sending complete was there. Otherwise they may, after `AskMore`.
        calling, display, redirecting, bearer: as the far side sent them; `display` "" for none.
        progress: progress descriptions that came with it.
        keypad: keys sent in place of a called number.
        extra: elements that call control has no use for.
    """

    call: int
    channel: int
    called: CalledNumber | None
    complete: bool
    bearer: BearerCapability
    calling: CallingNumber | None = None
    display: str = ""
    redirecting: tuple[RedirectingNumber, ...] = ()
    progress: tuple[int, ...] = ()
    keypad: str = ""
    extra: tuple[Element, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Allotted:
    """The B channel of a call that we placed is settled; said once, before what came with it."""

    call: int
    channel: int


@dataclass(frozen=True, slots=True)
class MoreWanted:
    """The far side waits for (more) digits; `audio`: dial tone is on the channel (SETUP ACKNOWLEDGE)."""

    call: int
    audio: bool = False


@dataclass(frozen=True, slots=True)
class MoreDigits:
    """Further digits of a call that came in; `complete`: no more follow, be it that T302 has run out."""

    call: int
    digits: str
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys pressed during a call, told in a message (INFORMATION with keypad facility)."""

    call: int
    keys: str


@dataclass(frozen=True, slots=True)
class Proceeding:
    """The far side has the whole number; `audio`: something can be heard already."""

    call: int
    audio: bool = False


@dataclass(frozen=True, slots=True)
class Alerting:
    """The far side rings; `audio`: its ringback tone is on the channel."""

    call: int
    audio: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Something happens on the way.

    Attributes:
        call: its number.
        audio: a tone or announcement is on the channel.
        descriptions: progress descriptions.
        cause: why, where that was told; the call may end with it.
    """

    call: int
    audio: bool
    descriptions: tuple[int, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The far side answered a call that we placed; `party` is who did, where that was told."""

    call: int
    party: ConnectedNumber | None = None
    display: str = ""


@dataclass(frozen=True, slots=True)
class Notified:
    """The far side tells something about the call (NOTIFY): a Notification or a reserved value."""

    call: int
    description: int


@dataclass(frozen=True, slots=True)
class Disconnecting:
    """The far side hangs up; `audio`: it plays something about it, and `Clear` is awaited (5.4)."""

    call: int
    cause: Cause
    location: int = Location.USER
    audio: bool = False


@dataclass(frozen=True, slots=True)
class Released:
    """The call is over and its channel free (or out of service, which `ChannelsOut` tells).

    Attributes:
        call: its number.
        cause: why.
        location: who says so, as Q.850 places it.
        by_far: the far side ended it, or its silence did; False where we did.
        evidence: what shows it: "RELEASE COMPLETE, cause 17", "T303, twice".
    """

    call: int
    cause: Cause
    location: int = Location.USER
    by_far: bool = True
    evidence: str = field(default="", compare=False)


# Events: about the interface.


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The D channel's data link is there."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The D channel's data link is gone; calls that talk go on for T309."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """These channels have been restarted, by us or by the far side: nobody uses them (5.5)."""

    channels: tuple[int, ...]
    by_far: bool


@dataclass(frozen=True, slots=True)
class ChannelsOut:
    """These channels are not used any more until they come back; `why` is for an operator."""

    channels: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class ChannelsBack:
    """These channels are used again."""

    channels: tuple[int, ...]


# Commands.


@dataclass(frozen=True, slots=True)
class AskMore:
    """Ask the caller for (more) digits (SETUP ACKNOWLEDGE); `audio`: dial tone is on the channel."""

    audio: bool = False


@dataclass(frozen=True, slots=True)
class Proceed:
    """Tell the caller that the number is complete (CALL PROCEEDING)."""

    audio: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """Tell the caller that it rings; `audio`: ringback tone is on the channel."""

    audio: bool = False


@dataclass(frozen=True, slots=True)
class TellProgress:
    """Tell what happens on the way (PROGRESS)."""

    descriptions: tuple[int, ...] = (ProgressDescription.IN_BAND,)
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Connect:
    """Answer; `party` is shown to the caller, where the network offers that."""

    party: ConnectedNumber | None = None


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Further digits of a call that we place; those that come before they are wanted are kept until then."""

    digits: str
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the far side something about the call: a Notification."""

    description: int


@dataclass(frozen=True, slots=True)
class Clear:
    """End the call, whatever its state.

    Attributes:
        cause: why.
        location: who says so; of ours, Location.USER on the user's side.
        audio: a tone or announcement about it is on the channel, for T306 at most (5.4). For calls that came in on
            the network's side and were told to proceed; for all others it changes nothing.
    """

    cause: Cause
    location: int | None = None
    audio: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """Ask the far side for its state of the call (STATUS ENQUIRY); the two must agree, or the call ends."""


Event = (
    Setup
    | Allotted
    | MoreWanted
    | MoreDigits
    | Keys
    | Proceeding
    | Alerting
    | Progress
    | Connected
    | Notified
    | Disconnecting
    | Released
    | LinkUp
    | LinkDown
    | Restarted
    | ChannelsOut
    | ChannelsBack
)
Command = AskMore | Proceed | Alert | TellProgress | Connect | SendDigits | Notify | Clear | Audit
