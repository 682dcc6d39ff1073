"""chan_dahdi.conf: channels with the settings that stand above them, telephones and exchange lines.

As chan_dahdi reads it: in `[channels]` a setting holds for the `channel =>` lines below it until it is set anew;
any other section holds its own settings and ends with `dahdichan`. Asterisk docs: chan_dahdi.conf.sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, Final

from dialplan.model import Place
from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, caller, is_yes

__all__ = ["read_dahdi"]

_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("fxo_ks", "fxo_ls", "fxo_gs"), "telephone"),
    **dict.fromkeys(("fxs_ks", "fxs_ls", "fxs_gs"), "line"),
}
"""What hangs on a channel; DAHDI names it for the signalling that it speaks itself."""

_SIGNALLING: Final = ("dtmf", "v23", "bell")
_READ: Final = frozenset(
    "signalling signaling context callerid group usecallerid cidsignalling answeronpolarityswitch "
    "hanguponpolarityswitch busydetect busycount pulsedial rxgain txgain channel dahdichan".split()
)
_ALWAYS: Final = frozenset(
    "language callwaiting usecallingpres callwaitingcallerid threewaycalling transfer canpark cancallforward "
    "callreturn echocancel echocancelwhenbridged echotraining callgroup pickupgroup immediate cidstart".split()
)
"""Settings whose service is there without one, or is no longer needed."""
_ALWAYS_UNLESS: Final[Mapping[str, frozenset[str]]] = {
    "immediate": frozenset({"no"}),
    "echocancel": frozenset({"yes", "64", "128", "32", "256"}),
    "cidstart": frozenset({"ring", "polarity"}),
}
"""Of those, the values that say so."""
_LEAST_GAIN, _MOST_GAIN = -24.0, 12.0
"""dB that a port can be set to."""
_MOST: Final = 1024
"""Channels of one range: the kernel's own number of them."""


def read_dahdi(sections: Iterable[Section], draft: Draft) -> None:
    """Add what the sections of chan_dahdi.conf say to `draft`."""
    held: dict[str, str] = {}
    for section in sections:
        if section.name.lower() not in ("channels", "general"):
            held = {}
        for entry in section.entries:
            key = entry.key.lower()
            if key in ("channel", "dahdichan"):
                _channels(entry, held, draft)
                continue
            held[key] = entry.value.strip()
            same = _ALWAYS_UNLESS.get(key)
            kept = key in _READ or (key in _ALWAYS and (same is None or entry.value.strip().lower() in same))
            if not kept:
                draft.leave_entry(entry, f"[{section.name}]")


def _range(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            yield from range(int(first), min(int(last or first), int(first) + _MOST) + 1)


def _channels(entry: Entry, held: Mapping[str, str], draft: Draft) -> None:
    signalling = held.get("signalling", held.get("signaling", "")).lower()
    kind = _KINDS.get(signalling)
    if kind is None:
        what = f"channels {entry.value} have signalling {signalling or '(none)'}, which has no driver here yet"
        draft.leave(entry.place, what, "analogue channels are carried: fxo_ks for telephones, fxs_ks for lines")
        return
    draft.table("cards").setdefault("main", {"backend": "dahdi"})
    for number in _range(entry.value):
        if kind == "telephone":
            _telephone(number, held, entry.place, draft)
        else:
            _line(number, held, draft)


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
    _caller_id(phone, said)
    _gains(phone, said)
    if is_yes(said.get("answeronpolarityswitch", "no")):
        phone["answer_polarity"] = True
    phones[extension] = phone


def _line(number: int, said: Mapping[str, str], draft: Draft) -> None:
    line: dict[str, Any] = {"port": number}
    groups = [word for word in said.get("group", "").replace("-", ",").split(",") if word.strip().isdecimal()]
    line["group"] = int(groups[0]) if groups else 0
    line["context"] = said.get("context", "default")
    if is_yes(said.get("answeronpolarityswitch", "no")):
        line["answer"] = "polarity"
    if is_yes(said.get("hanguponpolarityswitch", "no")):
        line["hangup_on_polarity"] = True
    if not is_yes(said.get("busydetect", "yes")):
        line["hangup_on_tone"] = 0
    elif said.get("busycount", "").isdecimal():
        line["hangup_on_tone"] = min(8, int(said["busycount"]))
    if is_yes(said.get("pulsedial", "no")):
        line["dialling"] = "pulse"
    _caller_id(line, said)
    _gains(line, said)
    draft.table("lines")[f"line{number}"] = line


def _gains(table: dict[str, Any], said: Mapping[str, str]) -> None:
    for key, setting in (("rxgain", "receive_gain"), ("txgain", "transmit_gain")):
        try:
            gain = float(said.get(key, "0"))
        except ValueError:
            continue
        if gain and isfinite(gain):
            table[setting] = min(_MOST_GAIN, max(_LEAST_GAIN, gain))


def _caller_id(table: dict[str, Any], said: Mapping[str, str]) -> None:
    signalling = said.get("cidsignalling", "").lower()
    if not is_yes(said.get("usecallerid", "yes")):
        table["caller_id"] = "none"
    elif signalling in _SIGNALLING:
        table["caller_id"] = "bell202" if signalling == "bell" else signalling
