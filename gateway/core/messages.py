"""All that passes between a Channel and a Call. No word here belongs to one technology.

Events go up (a leg tells its call), commands go down (a call tells its leg). Both are frozen and compare by
value, so a test reads and writes them as it would a conversation.

    outgoing leg:  Dial ->  ... Proceeding  Alerting | Progress  Answered  ...  Released
    incoming leg:  Offered -> ... Proceed  Alert | EarlyMedia  Answer  ...  Hangup | Released

After `Released` (or after `Hangup` was commanded) a leg says nothing more; exactly one of the two ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.core.ending import Ending
from gateway.core.number import Party

__all__ = [
    "INFO",
    "IN_BAND",
    "PULSE",
    "RFC_4733",
    "Alert",
    "Alerting",
    "Answer",
    "Answered",
    "Command",
    "Dial",
    "Digit",
    "EarlyMedia",
    "Event",
    "Flash",
    "Hangup",
    "Held",
    "Hold",
    "Offered",
    "Proceed",
    "Proceeding",
    "Progress",
    "Released",
    "Resume",
    "Resumed",
    "SendDigits",
]


RFC_4733: Final = "RFC 4733 event"
IN_BAND: Final = "in-band tone"
INFO: Final = "INFO"
PULSE: Final = "dial pulses"

# Events: a leg tells its call.


@dataclass(frozen=True, slots=True)
class Offered:
    """A call has come in on this leg.

    Attributes:
        called: the number wanted; a dialplan extension, "s" where the technology names none.
        caller: who calls.
        context: the dialplan context in which `called` is to be looked up.
        complete: False where more digits may follow as `Digit` (overlap receiving).
        variables: channel variables that the technology or its configuration sets, by name.
    """

    called: str
    caller: Party
    context: str
    complete: bool = True
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proceeding:
    """The far side has the whole number and is working on it."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """The far side rings. `audio`: it also sends its own ringback in the leg's audio."""

    audio: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The far side sends audio (tone, announcement) before an answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The far side answered. `how` names what showed it: "200 OK", "off-hook", "polarity reversal"."""

    how: str = ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Flash:
    """Hook flash (register recall)."""


@dataclass(frozen=True, slots=True)
class Held:
    """The far side put us on hold."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The far side took us off hold."""


@dataclass(frozen=True, slots=True)
class Released:
    """The leg is over; its audio row is gone."""

    ending: Ending


# Commands: a call tells its leg.


@dataclass(frozen=True, slots=True)
class Dial:
    """Place the outgoing call for which this leg was made.

    Attributes:
        called: the digits or user to call; may be empty where the leg is itself the destination (a telephone).
        caller: who is shown as calling.
    """

    called: str
    caller: Party


@dataclass(frozen=True, slots=True)
class Proceed:
    """Tell the caller that the number is complete (SIP 100 was sent already; Q.931 CALL PROCEEDING)."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Tell the caller that the far side rings; the technology gives its own ringback where it has one."""


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """Open the audio path to the caller before an answer: tones and announcements follow in the row."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the incoming call."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the leg, whatever its state."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Hold:
    """Put the far side on hold."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Take the far side off hold."""


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Send keys to the far side, each `duration` seconds long with `gap` seconds between."""

    digits: str
    duration: float = 0.1
    gap: float = 0.1


Event = Offered | Proceeding | Alerting | Progress | Answered | Digit | Flash | Held | Resumed | Released
Command = Dial | Proceed | Alert | EarlyMedia | Answer | Hangup | Hold | Resume | SendDigits
