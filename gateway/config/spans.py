"""E1 and T1 spans to the public network, or to a PBX, in the configuration."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.analog import EchoCanceller, Tail
from gateway.config.values import Name, Settings, Variables, dialled_or_none, refuse, word_or_none

__all__ = ["SpanSettings", "slots_of"]

_NumberType = Literal["unknown", "international", "national", "subscriber"]


_SLOTS: Final = {"e1": 31, "t1": 24}
_SIGNALLING: Final = {"e1": 16, "t1": 24}


def _channels(text: str) -> str:
    if text.strip() and slots_of(text) is None:
        raise refuse(f'"{text[:60]}" names no channels', 'write them like "1-10, 12"')
    return text.strip()


def slots_of(text: str) -> tuple[int, ...] | None:
    """The time slots that "1-10, 12" names, in their order; None where it names none or something else."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not (first.isdecimal() and (last.isdecimal() if dash else not last)):
            return None
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= _SLOTS["e1"]:
            return None
        found.update(range(low, high + 1))
    return tuple(sorted(found))


class SpanSettings(Settings):
    """[spans.NAME]: an E1 or T1 with primary-rate ISDN (Q.931) on its D channel.

    Attributes:
        backend: "emulated", or "dahdi" for the kernel's.
        span: its number, as `dahdi_scan` counts.
        first_channel: DAHDI's number of its time slot 1 (32 for a second E1), by which `DAHDI/33/NUMBER` finds a
            channel of it; 0 where the dialplan names none.
        kind: "e1" (30 channels for calls) or "t1" (23).
        signalling_channel: time slot of the D channel; the usual one, 16 or 24, where left out.
        channels: time slots that carry calls, "1-10, 12" where fewer are rented than there are; all but that of the
            D channel where empty.
        side: "user" where the far end is an exchange, "network" where we are one for a PBX.
        dialect: of the network: "etsi" (Euro-ISDN), "ni2" (National ISDN 2) or "dms100".
        group: dialled as g1 in `SPAN/g1/NUMBER`.
        context: of the dialplan, where its calls come in.
        variables: of the channel of each of them, as for a telephone.
        number: its own number in the public network, shown where a caller has none.
        did: the extension for calls that name no number; where empty, its number, or s where that is empty too.
        hunt: in which order free channels are taken: "ascending", "descending", or "cyclic" (after the one taken
            last). The far end should begin at the other end of the span, so that the two seldom meet.
        exclusive: a call that we place takes the channel that we name or none; where false, the far end may choose
            another one.
        sending: "whole" (a number goes in one message) or "overlap" (digit by digit).
        called_type: how numbers that we call are marked: "unknown" (with all prefixes, as dialled),
            "international", "national" or "subscriber".
        calling_type: the same for the numbers that are shown as calling.
        national_prefix, international_prefix: what is put before numbers of callers that come marked so, that they
            can be called back: "0" and "00" in many countries.
        echo_canceller: who takes away the echo of far telephones, which the delay of SIP makes heard: "auto" (the
            card where it can, else the media plane), "hardware", "software" or "off".
        tail: milliseconds of the longest echo path.
        announcements: when a call that we placed is refused, let the caller hear the network's announcement, where
            it gives one, before the dialplan goes on.
    """

    backend: Literal["emulated", "dahdi"]
    span: Annotated[int, Field(ge=1, le=128)] = 1
    first_channel: Annotated[int, Field(ge=0, le=1024)] = 0
    kind: Literal["e1", "t1"] = "e1"
    signalling_channel: Annotated[int, Field(ge=1, le=31)] | None = None
    channels: Annotated[str, AfterValidator(_channels)] = ""
    side: Literal["user", "network"] = "user"
    dialect: Literal["etsi", "ni2", "dms100"] = "etsi"
    group: Annotated[int, Field(ge=0, le=63)] = 1
    context: Name = "from-pstn"
    variables: Variables = Field(default_factory=dict)
    number: Annotated[str, AfterValidator(dialled_or_none)] = ""
    did: Annotated[str, AfterValidator(word_or_none)] = ""
    hunt: Literal["ascending", "descending", "cyclic"] = "ascending"
    exclusive: bool = False
    sending: Literal["whole", "overlap"] = "whole"
    called_type: _NumberType = "unknown"
    calling_type: _NumberType = "unknown"
    national_prefix: Annotated[str, AfterValidator(dialled_or_none)] = ""
    international_prefix: Annotated[str, AfterValidator(dialled_or_none)] = "+"
    echo_canceller: EchoCanceller = "auto"
    tail: Tail = 64
    announcements: bool = False

    @property
    def most(self) -> int:
        """The highest time slot of its kind."""
        return _SLOTS[self.kind]

    @property
    def signalling(self) -> int:
        """The time slot of its D channel."""
        return self.signalling_channel or _SIGNALLING[self.kind]

    @property
    def slots(self) -> tuple[int, ...]:
        """The time slots that carry calls."""
        every = tuple(slot for slot in range(1, self.most + 1) if slot != self.signalling)
        return slots_of(self.channels) or every
