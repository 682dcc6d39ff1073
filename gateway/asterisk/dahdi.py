"""chan_dahdi.conf: channels with the settings that stand above them, telephones, exchange lines and spans.

As chan_dahdi reads it: in `[channels]` a setting holds for the `channel =>` lines below it until it is set anew;
any other section holds its own settings and ends with `dahdichan`. Asterisk docs: chan_dahdi.conf.sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dialplan.model import Place
from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, caller, is_yes
from gateway.asterisk.peers import group_settings, groups
from gateway.asterisk.spans import PRI, SPAN_SETTINGS, Channels, read_spans
from gateway.asterisk.wiring import channel_numbers

__all__ = ["read_dahdi"]

_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("fxo_ks", "fxo_ls", "fxo_gs"), "telephone"),
    **dict.fromkeys(("fxs_ks", "fxs_ls", "fxs_gs"), "line"),
}
"""What hangs on a channel; DAHDI names it for the signalling that it speaks itself."""

_STARTS: Final[Mapping[str, str]] = {"ls": "loop", "gs": "ground"}
"""How a channel is seized and released, by the end of its signalling; all others are kewl start, as ours are."""

_SIGNALLING: Final = ("dtmf", "v23", "bell")
_READ: Final = frozenset(
    "signalling signaling context callerid group usecallerid cidsignalling answeronpolarityswitch "
    "hanguponpolarityswitch busydetect busycount pulsedial channel dahdichan callwaiting threewaycalling transfer "
    "echocancel rxgain txgain callgroup pickupgroup namedcallgroup namedpickupgroup mailbox callprogress "
    "mwisendtype setvar accountcode".split()
)
_ALWAYS: Final = frozenset(
    "usecallingpres callwaitingcallerid canpark cancallforward callreturn echocancelwhenbridged echotraining "
    "immediate cidstart restrictcid hidecallerid sendcalleridafter relaxdtmf toneduration adsi rxwink rxflash "
    "flash prewink preflash wink debounce start faxdetect faxbuffers buffers usedistinctiveringdetection "
    "resetinterval".split()
)
"""Settings whose service is there without one, or is no longer needed."""
_ALWAYS_UNLESS: Final[Mapping[str, frozenset[str]]] = {
    "immediate": frozenset({"no"}),
    "cidstart": frozenset({"ring", "polarity"}),
    "faxdetect": frozenset({"no", "incoming"}),
    "usedistinctiveringdetection": frozenset({"no"}),
    "restrictcid": frozenset({"no"}),
    "hidecallerid": frozenset({"no"}),
}
"""Of those, the values that say so."""
_LEAST_GAIN, _MOST_GAIN = -24, 12
"""dB that a port can be set to."""
_SERVICES: Final[Mapping[str, str]] = {
    "call_waiting": "callwaiting",
    "three_way": "threewaycalling",
    "transfer": "transfer",
}
"""Services of a telephone that can be taken from it: ours, and Asterisk's word."""
_LAMPS: Final[Mapping[str, str]] = {"nofsk": "none", "hvac": "neon", "hvdc": "neon", "neon": "neon", "fsk": "fsk"}
_TAILS: Final[Mapping[int, int]] = {16: 16, 32: 16, 64: 16, 128: 16, 256: 32, 512: 64, 1024: 128}
"""Milliseconds of an echo canceller's tail by its taps of an eighth of one each."""


def read_dahdi(sections: Iterable[Section], draft: Draft) -> None:
    """Add what the sections of chan_dahdi.conf say to `draft`."""
    held: dict[str, str] = {}
    digital: list[Channels] = []
    for section in sections:
        if section.name.lower() not in ("channels", "general"):
            held = {}
        for entry in section.entries:
            key = entry.key.lower()
            if key in ("channel", "dahdichan"):
                digital += _channels(entry, held, draft)
                continue
            held[key] = entry.value.strip()
            if key == "language":
                draft.speak(entry, f"[{section.name}]")
                continue
            same = _ALWAYS_UNLESS.get(key)
            known = key in _READ or key in SPAN_SETTINGS
            kept = known or (key in _ALWAYS and (same is None or entry.value.strip().lower() in same))
            if not kept:
                draft.leave_entry(entry, f"[{section.name}]")
    ports = [table["port"] for kind in ("phones", "lines") for table in draft.tables.get(kind, {}).values()]
    read_spans(digital, ports, draft.wiring, draft)


def _channels(entry: Entry, held: Mapping[str, str], draft: Draft) -> list[Channels]:
    """Add telephones and lines; give back channels of spans, which are read when all are known."""
    signalling = held.get("signalling", held.get("signaling", "")).lower()
    if signalling in PRI:
        numbers = sorted(set(channel_numbers(entry.value)))
        return [Channels(numbers, dict(held), entry.place)] if numbers else []
    kind = _KINDS.get(signalling)
    if kind is None:
        what = f"channels {entry.value} have signalling {signalling or '(none)'}, which has no driver here yet"
        mend = "carried are fxo_ks for telephones, fxs_ks for lines, pri_cpe and pri_net for spans"
        draft.leave(entry.place, what, mend)
        return []
    draft.table("cards").setdefault("main", {"backend": "dahdi"})
    for number in channel_numbers(entry.value):
        if kind == "telephone":
            _telephone(number, held, entry.place, draft)
        else:
            _line(number, held, entry.place, draft)
    return []


def _telephone(number: int, said: Mapping[str, str], place: Place, draft: Draft) -> None:
    label, extension = caller(said.get("callerid", ""))
    phones = draft.table("phones")
    if not extension.isdecimal() or extension in phones:
        why = f"its caller ID {extension} is another's" if extension in phones else "its caller ID has no number"
        extension = str(1000 + number)
        draft.leave(place, f"the telephone on channel {number} is {extension} for now: {why}", "give it its number")
    phone: dict[str, Any] = {"port": number}
    if label:
        phone["name"] = label
    phone["context"] = said.get("context", "default")
    _start(phone, said)
    _caller_id(phone, said)
    if is_yes(said.get("answeronpolarityswitch", "no")):
        phone["answer_polarity"] = True
    for ours, theirs in _SERVICES.items():
        if theirs in said and not is_yes(said[theirs]):
            phone[ours] = False
    boxes = [box.strip() for box in said.get("mailbox", "").split(",") if box.strip()]
    if boxes:
        phone["mailbox"] = boxes[0].removesuffix("@default")
    if said.get("mwisendtype", "").lower() in _LAMPS:
        phone["message_lamp"] = _LAMPS[said["mwisendtype"].lower()]
    group_settings(said, ("callgroup", "pickupgroup", "namedcallgroup", "namedpickupgroup"), phone)
    _variables(phone, said)
    _sound(phone, said, place, draft)
    phones[extension] = phone


def _line(number: int, said: Mapping[str, str], place: Place, draft: Draft) -> None:
    line: dict[str, Any] = {"port": number}
    found = [int(group) for group in groups(said.get("group", "")) if group.isdecimal() and len(group) < 3]
    line["group"] = found[0] if found else 0
    for other in found[1:]:
        what = f"line {number} is in group {found[0]}, and no longer in {other}"
        draft.leave(place, what, f"Dial g{found[0]}, or one line after the other")
    line["context"] = said.get("context", "default")
    _start(line, said)
    if is_yes(said.get("answeronpolarityswitch", "no")):
        line["answer"] = "polarity"
    elif is_yes(said.get("callprogress", "no")):
        line["answer"] = "voice"
    if is_yes(said.get("hanguponpolarityswitch", "no")):
        line["hangup_on_polarity"] = True
    if not is_yes(said.get("busydetect", "yes")):
        line["hangup_on_tone"] = 0
    elif said.get("busycount", "").isdecimal():
        line["hangup_on_tone"] = min(8, int(said["busycount"]))
    if is_yes(said.get("pulsedial", "no")):
        line["dialling"] = "pulse"
    _caller_id(line, said)
    _variables(line, said)
    _sound(line, said, place, draft)
    draft.table("lines")[f"line{number}"] = line


def _start(table: dict[str, Any], said: Mapping[str, str]) -> None:
    start = _STARTS.get(said.get("signalling", said.get("signaling", "")).lower()[-2:])
    if start is not None:
        table["start"] = start


def _variables(table: dict[str, Any], said: Mapping[str, str]) -> None:
    """What the channel brings with its calls."""
    name, equals, value = said.get("setvar", "").partition("=")
    variables = {name.strip(): value.strip()} if equals else {}
    if said.get("accountcode"):
        variables["CHANNEL(accountcode)"] = said["accountcode"]
    if variables:
        table["variables"] = variables


def _sound(table: dict[str, Any], said: Mapping[str, str], place: Place, draft: Draft) -> None:
    """Levels and echo."""
    for ours, theirs in (("receive_gain", "rxgain"), ("transmit_gain", "txgain")):
        try:
            decibels = float(said.get(theirs, "").lower().removesuffix("db") or 0)
        except ValueError:
            decibels = math.nan
        if not _LEAST_GAIN <= decibels <= _MOST_GAIN:
            what = f"{theirs} = {said[theirs][:20]} of channel {table['port']} is no gain that can be set"
            draft.leave(place, what, f"write {ours} from {_LEAST_GAIN} to {_MOST_GAIN} dB")
        elif decibels:
            table[ours] = decibels
    echo = said.get("echocancel", "yes").lower()
    if echo.isdecimal() and int(echo) in _TAILS:
        table["tail"] = _TAILS[int(echo)]
    elif not echo.isdecimal() and not is_yes(echo):
        table["echo_canceller"] = "off"


def _caller_id(table: dict[str, Any], said: Mapping[str, str]) -> None:
    signalling = said.get("cidsignalling", "").lower()
    if not is_yes(said.get("usecallerid", "yes")):
        table["caller_id"] = "none"
    elif signalling in _SIGNALLING:
        table["caller_id"] = "bell202" if signalling == "bell" else signalling
