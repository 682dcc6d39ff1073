"""Analogue cards, and the telephones and exchange lines on their ports, in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import (
    Items,
    Label,
    Name,
    Settings,
    Variables,
    dialled_or_none,
    mailbox_or_none,
    refuse,
    word_or_none,
)
from gateway.core.errors import LocalError
from gateway.media.cadence import parse

__all__ = [
    "LINE_TONES",
    "CardSettings",
    "EchoCanceller",
    "LineSettings",
    "PhoneSettings",
    "RingSettings",
    "Tail",
]

_CallerId = Literal["bell202", "v23", "v23-alert", "dtmf", "dtmf-dk", "none"]
_Display = Literal["bell202", "v23", "v23-alert", "bell202-sdmf", "v23-sdmf", "dtmf", "dtmf-dk", "none"]
"""Ways in which a telephone is told who calls; an exchange's single data messages are read by any FSK way."""
_Start = Literal["kewl", "loop", "ground"]
_PulseOrder = Literal["usual", "nz", "se"]
EchoCanceller = Literal["auto", "hardware", "software", "off"]
Tail = Literal[16, 32, 64, 128]
_Gain = Annotated[float, Field(ge=-24, le=12)]
LINE_TONES: Final = ("dial", "busy", "ring", "congestion", "info")
"""Tones of an exchange that are listened for."""


def _tones(tones: dict[str, str]) -> dict[str, str]:
    for name, text in tones.items():
        if name not in LINE_TONES:
            raise refuse(f"there is no tone {name!r} to be heard", f"name one of: {', '.join(LINE_TONES)}")
        try:
            parse(text)
        except LocalError as error:
            raise refuse(f"{name}: {error}", 'write it as "425@-10/480,0/480"') from error
    return tones


class CardSettings(Settings):
    """[cards.NAME]: one analogue card.

    Attributes:
        backend: "emulated", or "dahdi" for the kernel's.
        modules: what an emulated card carries, from port 1 on; a real card tells that itself.
        echo_cancellers: whether an emulated card has hardware echo cancellers.
    """

    backend: Literal["emulated", "dahdi"]
    modules: Items[Literal["fxs", "fxo"]] = ()
    echo_cancellers: bool = False


class PhoneSettings(Settings):
    """[phones.NUMBER]: an analogue telephone on an FXS port.

    Attributes:
        port: of its card, from 1; on a dahdi card the DAHDI channel number.
        card: which card; may be left out where there is one.
        name: shown to those it calls.
        context: of the dialplan, in which it dials.
        mailbox: whose messages its lamp shows, "201" or "201@shop"; where empty, that of its own number.
        start: how its port is seized and released: "kewl" (a disconnect takes battery away for a moment), "loop"
            (nothing tells of one) or "ground" (the trunk of a small PBX).
        caller_id: how callers are shown to it; None takes the country's way. Old displays that show nothing want
            "bell202-sdmf" or "v23-sdmf": the number alone, in a single data message.
        pulse_order: of its rotary dial: "usual", "nz" (reversed) or "se" (0 has one pulse).
        short_flash: take a break as short as a dial pulse, in a call, for a flash; where left out, it is taken for
            one outside North America.
        hotline: the number that is called when it is lifted and nothing is dialled.
        hotline_after: seconds of dial tone before that; 0 calls at once.
        message_lamp: how it is told that messages wait: "fsk" (a message to its display); a lamp lit by "neon"
            voltage, by high direct voltage ("hvdc") or by "reversal" of polarity; "none".
        answer_polarity: reverse its polarity while a call that it placed is answered (payphones).
        release_battery: take its battery away for 500 ms when the far side has gone.
        echo_canceller: who takes its echo away: "hardware" (the card), "software" (the media plane), "auto" (the
            card where it can) or "off".
        tail: milliseconds of the longest echo path.
        receive_gain, transmit_gain: dB by which what it says, and what it hears, is made louder.
        call_groups: whoever may pick up in one of these may take its calls; pickup_groups: those whose calls it may
            take by Pickup without a number. Who has none is in one group with all others that have none.
        variables: of the channel of each call that it places: NAME = "value", or a function that can be set, such
            as "CALLERID(num)"; values are never evaluated.
        flash: what a hook flash in a call does: "services" (it holds the call for a second one, answers a call that
            waits, confers), or "pass" (it is told to whom the telephone talks with).
        call_waiting: a second caller is told to who talks by a tone, and shown by displays that can; where false,
            the telephone is busy.
        three_way: a flash after a consultation makes a conference of three; where false, it goes to the other call.
        transfer: put down after a consultation, the two others stay connected; where false, the telephone rings for
            its call on hold.
    """

    port: Annotated[int, Field(ge=1, le=1024)]
    card: str | None = None
    name: Label = ""
    context: Name = "office"
    mailbox: Annotated[str, AfterValidator(mailbox_or_none)] = ""
    call_groups: Items[Name] = ()
    pickup_groups: Items[Name] = ()
    variables: Variables = Field(default_factory=dict)
    start: _Start = "kewl"
    caller_id: _Display | None = None
    pulse_order: _PulseOrder = "usual"
    short_flash: bool | None = None
    hotline: Annotated[str, AfterValidator(dialled_or_none)] = ""
    hotline_after: Annotated[float, Field(ge=0, le=60)] = 0.0
    message_lamp: Literal["fsk", "neon", "hvdc", "reversal", "none"] = "fsk"
    answer_polarity: bool = False
    release_battery: bool = False
    echo_canceller: EchoCanceller = "auto"
    tail: Tail = 64
    receive_gain: _Gain = 0.0
    transmit_gain: _Gain = 0.0
    flash: Literal["services", "pass"] = "services"
    call_waiting: bool = True
    three_way: bool = True
    transfer: bool = True


def _cadence(values: tuple[int, ...]) -> tuple[int, ...]:
    if len(values) % 2 or not 2 <= len(values) <= 16 or not all(50 <= value <= 10_000 for value in values):
        raise refuse(
            f"{list(values)} is no cadence",
            "write milliseconds on, off, on, off … of one cycle: [800, 400, 800, 4000]",
        )
    return values


class RingSettings(Settings):
    """[lines.NAME.rings.RING]: a distinctive ring of the exchange; the dialplan sees RING in the variable RING.

    Attributes:
        cadence: milliseconds on, off, on, off … of one cycle, as "[800, 400, 800, 4000]".
        context: of the dialplan, where its calls come in; the line's own where left out.
        did: the extension for its calls; the line's own where empty.
    """

    cadence: Annotated[Items[int], AfterValidator(_cadence)]
    context: Name | None = None
    did: Annotated[str, AfterValidator(word_or_none)] = ""


class LineSettings(Settings):
    """[lines.NAME]: an exchange line on an FXO port.

    Attributes:
        port: of its card, from 1; on a dahdi card the DAHDI channel number.
        card: which card; may be left out where there is one.
        group: dialled as g1 in `FXO/g1/NUMBER`.
        context: of the dialplan, where its calls come in.
        variables: of the channel of each of them, as for a telephone.
        number: its own number in the public network.
        did: the extension for its calls; where empty, its number, or s where that is empty too.
        dialling: "tone", or "pulse" for exchanges that know no tones.
        pulse_order: of the exchange's dials: "usual", "nz" (reversed) or "se" (0 has one pulse).
        dial_tone_wait: seconds for which dial tone is waited for before dialling; 0 dials without.
        answer: what shows that the far end has answered: "dialling" (nothing does; it counts as answered once it
            has been dialled), "polarity" (reversed), "voice" (ringback stops, or somebody speaks), "timer".
        answer_after: seconds after dialling, for "timer".
        hangup_on_polarity: the exchange reverses polarity when the far end hangs up.
        hangup_on_tone: bursts of busy or congestion tone (or 2 s of dial tone) that show that it has; 0 never.
        start: how the exchange is seized, and releases: "kewl", "loop" or "ground".
        caller_id: how the exchange shows callers; None takes the country's way.
        waiting_caller_id: the exchange tells who else calls while the line is in use (call waiting with caller ID);
            it is shown by SIP telephones that show texts, and by `copperline lines`.
        shared: other telephones hang on the same line: where the card has a meter, it is not taken while one of
            them is off-hook.
        rings: distinctive rings, each with the context or extension for its calls.
        echo_canceller, tail: as for a telephone.
        receive_gain, transmit_gain: dB by which what comes from the exchange, and goes to it, is made louder.
        tones: its exchange's tones where they differ from the country's, as `copperline learn` measures them: dial,
            busy, ring, congestion, info, each as "425@-10/480,0/480".
    """

    port: Annotated[int, Field(ge=1, le=1024)]
    card: str | None = None
    group: Annotated[int, Field(ge=0, le=63)] = 1
    context: Name = "from-pstn"
    variables: Variables = Field(default_factory=dict)
    number: Annotated[str, AfterValidator(dialled_or_none)] = ""
    did: Annotated[str, AfterValidator(word_or_none)] = ""
    dialling: Literal["tone", "pulse"] = "tone"
    pulse_order: _PulseOrder = "usual"
    dial_tone_wait: Annotated[float, Field(ge=0, le=60)] = 5.0
    answer: Literal["dialling", "polarity", "voice", "timer"] = "dialling"
    answer_after: Annotated[float, Field(ge=0, le=300)] = 20.0
    hangup_on_polarity: bool = False
    hangup_on_tone: Annotated[int, Field(ge=0, le=8)] = 3
    start: _Start = "kewl"
    caller_id: _CallerId | None = None
    waiting_caller_id: bool = False
    shared: bool = False
    rings: Annotated[Mapping[Name, RingSettings], AfterValidator(MappingProxyType)] = {}
    echo_canceller: EchoCanceller = "auto"
    tail: Tail = 64
    receive_gain: _Gain = 0.0
    transmit_gain: _Gain = 0.0
    tones: Annotated[dict[str, str], AfterValidator(_tones)] = Field(default_factory=dict)
