"""All that passes between a Channel and a Call. No word here belongs to one technology.

Events go up (a leg tells its call), commands go down (a call tells its leg). Both are frozen and compare by
value, so a test reads and writes them as it would a conversation.

    outgoing leg:  Dial ->  ... Proceeding  Alerting | Progress  Answered  ...  Released
    incoming leg:  Offered -> ... Proceed  Alert | EarlyMedia  Answer  ...  Hangup | Released

After `Released` (or after `Hangup` was commanded) a leg says nothing more; exactly one of the two ends it.

A transfer that a leg asks for ends with one `TransferTold` whose `final` is true; the call then hangs the leg up,
unless it has hung up by itself or gets back those whom it sent away:

    transferor:    TransferAsked -> ... TransferTold(None, final=False) ... TransferTold(None | cause, final=True)

The same word goes up where we have asked a far side to go elsewhere by itself:

    any leg:       Redirect -> ... TransferTold(None | cause, final=True)

A fax machine's tones go up as `FaxRecognised`. Who carries the fax says `CarryFax` to the leg and is answered by
`FaxCarried`; a far side that changes to T.38, or back, by itself has that told by the same word:

    any leg:       CarryFax ->  ... FaxCarried(image | None)

What a technology has no means for is not among its channel's `takes`; a call does not command it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final

from gateway.core.audio import FaxTone
from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.fax import Image
from gateway.core.frozen import frozen
from gateway.core.number import Party

__all__ = [
    "INFO",
    "IN_BAND",
    "PULSE",
    "RFC_4733",
    "Alert",
    "Alerting",
    "AnotherCalls",
    "Answer",
    "Answered",
    "CarryFax",
    "CarryModem",
    "CarrySpeech",
    "Command",
    "Confer",
    "Dial",
    "Digit",
    "Diverted",
    "EarlyMedia",
    "Event",
    "FaxCarried",
    "FaxRecognised",
    "Flash",
    "Hangup",
    "Held",
    "Hold",
    "Identified",
    "Identify",
    "Offered",
    "Proceed",
    "Proceeding",
    "Progress",
    "Redirect",
    "Released",
    "Rerouted",
    "Resume",
    "Resumed",
    "SendDigits",
    "SendFlash",
    "SendText",
    "TextReceived",
    "TransferAsked",
    "TransferTold",
]

RFC_4733: Final = "RFC 4733 event"
IN_BAND: Final = "in-band tone"
INFO: Final = "INFO"
PULSE: Final = "dial pulses"

# Events: a leg tells its call.


@frozen
class Offered:
    """A call has come in on this leg.

    Attributes:
        called: the number wanted; a dialplan extension, "s" where the technology names none.
        caller: who calls.
        context: the dialplan context in which `called` is to be looked up.
        complete: False where more digits may follow as `Digit` (overlap receiving).
        variables: channel variables that the technology or its configuration sets, by name.
        replaces: the channel whose place this leg takes (RFC 3891); "" for none. A channel that rings is thereby
            picked up; `called` is not looked up.
        early_only: `replaces` holds only as long as that channel has not been answered (RFC 3891 section 3).
        joins: the channel whose talk this leg joins as a third (RFC 3911); "" for none.
        headers: what else the far side said, by name and value, in its order; not to be trusted.
    """

    called: str
    caller: Party
    context: str
    complete: bool = True
    variables: dict[str, str] = field(default_factory=dict)
    replaces: str = ""
    early_only: bool = False
    joins: str = ""
    headers: Sequence[tuple[str, str]] = field(default=(), compare=False)


@frozen
class Proceeding:
    """The far side has the whole number and is working on it."""


@frozen
class Alerting:
    """The far side rings. `audio`: it also sends its own ringback in the leg's audio."""

    audio: bool = False


@frozen
class Progress:
    """The far side sends audio (tone, announcement) before an answer."""


@frozen
class Answered:
    """The far side answered. `how` names what showed it: "200 OK", "off-hook", "polarity reversal"."""

    how: str = ""


@frozen
class Digit:
    """A key was pressed and let go: one of 0-9 * # A-D.

    Attributes:
        digit: the key.
        duration: how long it was held, in seconds; 0 where unknown.
        how: the path it took: RFC_4733, IN_BAND, INFO or PULSE.
    """

    digit: str
    duration: float = 0.0
    how: str = ""


@frozen
class Flash:
    """Hook flash (register recall)."""


@frozen
class FaxRecognised:
    """A fax machine or modem has given itself away in what the far side says."""

    tone: FaxTone


@frozen
class Held:
    """The far side put us on hold."""


@frozen
class Resumed:
    """The far side took us off hold."""


@frozen
class Identified:
    """Who is at the far side has changed, or is known better than before (RFC 4916, Q.951.5 COLP)."""

    party: Party


@frozen
class AnotherCalls:
    """The far side is an exchange that tells who else calls; a flash would answer it."""

    party: Party


@frozen
class TextReceived:
    """The far side sent a line of text within the call."""

    text: str


@frozen
class FaxCarried:
    """How the leg carries the fax of its far side from now on: in `image`, its T.38 stream; None: in its audio."""

    image: Image | None = None


@frozen
class Diverted:
    """The far side of a leg that we placed wants the call to go to another number; `Released` follows.

    Attributes:
        called: that number.
        context: where it is to be looked up; "" for the context in which the call was placed.
        reason: why, in the words of RFC 5806.
        outward: whether the call may leave the office by that; it does so in the name of who diverts it.
    """

    called: str
    context: str = ""
    reason: str = "unknown"
    outward: bool = False


@frozen
class Rerouted:
    """A leg that we placed does not get through this way, and another one may be tried; `Released` follows.

    Attributes:
        address: what to dial by the same technology: the group that it was taken from.
    """

    address: str


@frozen
class TransferAsked:
    """The far side asks that whom it talks with be sent elsewhere; it is told by `TransferTold` what comes of it.

    In a conference, it asks this of the room (RFC 4579).

    Attributes:
        called: the number to which to send them (blind transfer); not looked at where `other` is given.
        context: where `called` is to be looked up; "" for what the call knows: TRANSFER_CONTEXT, or the leg's own.
        other: the channel, of the same far side, with whose partner they are to be joined (attended transfer), be
            that one answered or still ringing; "" for a blind transfer.
        referred_by: who asks, where somebody who is believed says so (RFC 3892); else it is who is at the leg.
        removes: in a conference: send out who is there by the number `called`; else call it into the room.
        variables: channel variables of the call to `called`, as of `Offered`.
    """

    called: str = ""
    context: str = ""
    other: str = ""
    referred_by: Party | None = None
    removes: bool = False
    variables: dict[str, str] = field(default_factory=dict)


@frozen
class TransferTold:
    """How a transfer goes: told to the far side that asked for it, or by a leg of its `Redirect`.

    Attributes:
        cause: why it failed; None where it goes well or has succeeded.
        final: whether this is the last word on it; if not, whoever is called rings.
    """

    cause: Cause | None = None
    final: bool = True


@frozen
class Released:
    """The leg is over; its audio row is gone."""

    ending: Ending


# Commands: a call tells its leg.


@frozen
class Dial:
    """Place the outgoing call for which this leg was made.

    Attributes:
        called: the digits or user to call; may be empty where the leg is itself the destination (a telephone).
        caller: who is shown as calling.
        variables: the leg's channel variables, for technologies that are told things by them.
    """

    called: str
    caller: Party
    variables: dict[str, str] = field(default_factory=dict)


@frozen
class Proceed:
    """Tell the caller that the number is complete (SIP 100 was sent already; Q.931 CALL PROCEEDING)."""


@frozen
class Alert:
    """Tell the caller that the far side rings; the technology gives its own ringback where it has one.

    `audio`: the far side is heard, as with `EarlyMedia`, and sends its own ringback.
    """

    audio: bool = False


@frozen
class EarlyMedia:
    """Open the audio path to the caller before an answer: tones and announcements follow in the row."""


@frozen
class Answer:
    """Answer the incoming call."""


@frozen
class Hangup:
    """End the leg, whatever its state."""

    ending: Ending


@frozen
class Hold:
    """Put the far side on hold."""


@frozen
class Resume:
    """Take the far side off hold."""


@frozen
class SendDigits:
    """Send keys to the far side, each `duration` seconds long with `gap` seconds between."""

    digits: str
    duration: float = 0.1
    gap: float = 0.1


@frozen
class SendFlash:
    """Press the hook for a moment toward the far side: an exchange, or a gateway before one, serves that."""


@frozen
class Identify:
    """Tell the far side with whom it talks from now on (RFC 4916, Q.951.5 COLP)."""

    party: Party


@frozen
class Confer:
    """Show the far side that it is in a conference that is called and watched at `number`; "" that it is not."""

    number: str


@frozen
class SendText:
    """Send the far side a line of text within the call."""

    text: str


@frozen
class CarryFax:
    """Carry a fax, by T.38 where the far side takes that, else in audio for modems; `FaxCarried` answers.

    A leg that takes this command is one on which faxes are to be expected.
    """


@frozen
class CarryModem:
    """Carry the signals of modems in audio from now on, uncompressed and with their echo left to them."""


@frozen
class CarrySpeech:
    """A fax or the talk of modems is over: carry speech again."""


@frozen
class Redirect:
    """Have the far side call `called` by itself: SIP 302 before an answer, REFER after it. `TransferTold` answers.

    Attributes:
        called: a number, or an address of the technology's own kind (a SIP URI).
    """

    called: str


Event = (
    Offered
    | Proceeding
    | Alerting
    | Progress
    | Answered
    | Digit
    | Flash
    | FaxRecognised
    | Held
    | Resumed
    | Identified
    | FaxCarried
    | AnotherCalls
    | TextReceived
    | Diverted
    | Rerouted
    | TransferAsked
    | TransferTold
    | Released
)
Command = (
    Dial
    | Proceed
    | Alert
    | EarlyMedia
    | Answer
    | Hangup
    | Hold
    | Resume
    | SendDigits
    | SendFlash
    | Identify
    | Confer
    | CarryFax
    | CarryModem
    | CarrySpeech
    | SendText
    | Redirect
    | TransferTold
)
