"""Digital channels of chan_dahdi.conf (pri_cpe, pri_net): spans with what stands above them.

Which span of the machine a channel is on, chan_dahdi.conf does not say: channels are counted on as if all digital
spans were of one kind, and what was taken so is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dialplan.model import Place
from gateway.asterisk.draft import Draft, is_yes
from gateway.asterisk.peers import groups

__all__ = ["PRI", "SPAN_SETTINGS", "read_spans"]

PRI: Final[Mapping[str, str]] = {"pri_cpe": "user", "pri_net": "network"}
"""Signalling -> which side of Q.931 it is."""
SPAN_SETTINGS: Final = frozenset(
    "switchtype pridialplan prilocaldialplan nationalprefix internationalprefix overlapdial priexclusive "
    "inbanddisconnect".split()
)
"""Settings that are read here."""

_DIALECTS: Final[Mapping[str, str]] = {"euroisdn": "etsi", "national": "ni2", "dms100": "dms100"}
_TYPES: Final[Mapping[str, str]] = {"local": "subscriber", "national": "national", "international": "international"}
_SIZES: Final[Mapping[str, int]] = {"e1": 31, "t1": 24}
_SIGNALLING: Final[Mapping[str, int]] = {"e1": 16, "t1": 24}


def read_spans(channels: Sequence[int], said: Mapping[str, str], place: Place, draft: Draft) -> None:
    """Add the spans that `channels` are on.

    Args:
        channels: numbers of those that carry calls.
        said: the settings above them.
        place: of their line.
        draft: what there is so far.
    """
    switch = said.get("switchtype", "national").lower()
    kind = "e1" if switch == "euroisdn" else "t1"
    size = _SIZES[kind]
    spans = draft.table("spans")
    # Analogue ports, where there are any, are on a span before.
    earlier = len(spans) + any(table in draft.tables for table in ("phones", "lines"))
    base = channels[0] if earlier else 1
    found: dict[int, list[int]] = {}
    for number in channels:
        found.setdefault((number - base) // size, []).append((number - base) % size + 1)
    for following, slots in found.items():
        span = earlier + following + 1
        first = base + following * size
        spans[f"{kind}span{span}"] = _span(span, first, kind, slots, said)
        what = f"the channels from {max(first, channels[0])} on are taken for those of span {span}"
        draft.leave(place, what, "compare `copperline ports`")
    if switch not in _DIALECTS:
        draft.leave(place, f"switchtype {switch} is not known here, and ni2 is taken", "ask for National ISDN")


def _span(span: int, first: int, kind: str, slots: list[int], said: Mapping[str, str]) -> dict[str, Any]:
    table: dict[str, Any] = {"backend": "dahdi", "span": span, "first_channel": first, "kind": kind}
    every = [slot for slot in range(1, _SIZES[kind] + 1) if slot != _SIGNALLING[kind]]
    if slots != every:
        table["channels"] = ", ".join(map(str, slots))
    said_signalling = said.get("signalling", said.get("signaling", "")).lower()
    if PRI[said_signalling] == "network":
        table["side"] = "network"
    table["dialect"] = _DIALECTS.get(said.get("switchtype", "national").lower(), "ni2")
    numbers = [int(group) for group in groups(said.get("group", "")) if group.isdecimal() and len(group) < 3]
    table["group"] = numbers[0] if numbers else 0
    table["context"] = said.get("context", "default")
    for ours, theirs in (("called_type", "pridialplan"), ("calling_type", "prilocaldialplan")):
        if said.get(theirs, "").lower() in _TYPES:
            table[ours] = _TYPES[said[theirs].lower()]
    for ours, theirs in (("national_prefix", "nationalprefix"), ("international_prefix", "internationalprefix")):
        if said.get(theirs):
            table[ours] = said[theirs]
    if said.get("overlapdial", "no").lower() in ("yes", "both", "outgoing"):
        table["sending"] = "overlap"
    for ours, theirs in (("exclusive", "priexclusive"), ("announcements", "inbanddisconnect")):
        if is_yes(said.get(theirs, "no")):
            table[ours] = True
    return table
