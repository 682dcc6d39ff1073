"""Digital channels of chan_dahdi.conf (pri_cpe, pri_net): spans with what stands above them.

On which span of the machine a channel is, `wiring` tells. A span has one context, group and dialect here: those of
its first channels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dialplan.model import Place
from gateway.asterisk.draft import Draft, is_yes
from gateway.asterisk.peers import groups
from gateway.asterisk.wiring import SIGNALLING, SIZES, Digital, told_by_system, worked_out

__all__ = ["PRI", "SPAN_SETTINGS", "Channels", "read_spans"]

PRI: Final[Mapping[str, str]] = {"pri_cpe": "user", "pri_net": "network"}
"""Signalling -> which side of Q.931 it is."""
SPAN_SETTINGS: Final = frozenset(
    "switchtype pridialplan prilocaldialplan nationalprefix internationalprefix overlapdial priexclusive "
    "inbanddisconnect".split()
)
"""Settings that are read here."""

_DIALECTS: Final[Mapping[str, str]] = {"euroisdn": "etsi", "national": "ni2", "dms100": "dms100"}
_TYPES: Final[Mapping[str, str]] = {"local": "subscriber", "national": "national", "international": "international"}


@dataclass(frozen=True, slots=True)
class Channels:
    """A line that names channels which carry calls.

    Attributes:
        numbers: of the machine.
        said: the settings above them.
        place: of their line.
    """

    numbers: Sequence[int]
    said: Mapping[str, str]
    place: Place

    @property
    def kind(self) -> str:
        """Of the spans that they are on, as their switch has them."""
        return "e1" if self.said.get("switchtype", "national").lower() == "euroisdn" else "t1"


def read_spans(lines: Sequence[Channels], ports: Collection[int], wiring: str, draft: Draft) -> None:
    """Add the spans that channels are on.

    Args:
        lines: all that name such channels.
        ports: numbers of the channels of telephones and lines.
        wiring: what DAHDI's system.conf says; empty where it is not at hand.
        draft: what there is so far.
    """
    known = told_by_system(wiring)
    numbered = [(number, line.kind) for line in lines for number in line.numbers]
    if not all(any(span.has(number) for span in known) for number, _ in numbered):
        known = worked_out(numbered, ports)
    for span in known:
        _add(span, [line for line in lines if any(map(span.has, line.numbers))], draft)
    for line in lines:
        switch = line.said.get("switchtype", "national").lower()
        if switch not in _DIALECTS:
            draft.leave(
                line.place, f"switchtype {switch} is not known here, and ni2 is taken", "ask for National ISDN"
            )


def _add(span: Digital, lines: Sequence[Channels], draft: Draft) -> None:
    """Add one span, by the first of the lines that name channels of it."""
    if not lines:
        return
    first, *further = lines
    slots = sorted({number - span.first + 1 for line in lines for number in line.numbers if span.has(number)})
    table = _span(span, slots, first.said)
    draft.table("spans")[f"{span.kind}span{span.number}"] = table
    if not span.sure:
        least = min(number for line in lines for number in line.numbers if span.has(number))
        what = f"the channels from {least} on are taken for those of span {span.number}"
        draft.leave(first.place, what, "compare `copperline ports`, or put DAHDI's system.conf beside this file")
    for line in further:
        if _span(span, slots, line.said) != table:
            what = f"these channels are of span {span.number}, which goes by what line {first.place.line} has"
            draft.leave(line.place, what, "a span has one context and group here")


def _span(span: Digital, slots: list[int], said: Mapping[str, str]) -> dict[str, Any]:
    kind = span.kind
    table: dict[str, Any] = {"backend": "dahdi", "span": span.number, "first_channel": span.first, "kind": kind}
    every = [slot for slot in range(1, SIZES[kind] + 1) if slot != SIGNALLING[kind]]
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
