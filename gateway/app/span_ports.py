"""The spans that the cards have, asked for without opening any channel, beside what a configuration does with each;
and a configuration for those that nothing uses yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from gateway.app.spans import OfficeSpans
from gateway.config.model import Config
from gateway.core.errors import HardwareError
from hardware.registry import backend
from hardware.span.dahdi import alarm_words
from hardware.span.discovery import SpanFound, find_spans

__all__ = ["SpanUse", "span_proposal", "spans_of"]


@dataclass(frozen=True, slots=True)
class SpanUse:
    """A span and who is on it.

    Attributes:
        place: "span 1", or "emulated".
        found: what the card says of it; None where there is no such span.
        user: "span e1" of the configuration; empty where there is none.
        trouble: why it cannot serve, and what to do; empty where it can.
    """

    place: str
    found: SpanFound | None
    user: str = ""
    trouble: str = ""


def spans_of(config: Config | None) -> list[SpanUse]:
    """The spans of a configuration, and those of the kernel where it uses DAHDI; without one, the kernel's."""
    if config is None:
        return _real({})
    places = OfficeSpans(config).places
    emulated = [name for name, span in config.spans.items() if span.backend == "emulated"]
    uses = [_use("emulated", find_spans(places[name].backend)[0], name, places[name].kind) for name in emulated]
    real = {place.number: (name, place.kind) for name, place in places.items() if name not in emulated}
    if real or any(card.backend == "dahdi" for card in config.cards.values()):
        uses += _real(real)
    return uses


def _real(wanted: dict[int, tuple[str, str]]) -> list[SpanUse]:
    """The kernel's spans; `wanted` are names and kinds in a configuration, by number."""
    try:
        there = {span.number: span for span in find_spans(backend("dahdi"))}
    except HardwareError as error:
        return [SpanUse(f"span {number}", None, f"span {name}", str(error)) for number, (name, _) in wanted.items()]
    return [
        _use(f"span {number}", there.get(number), *wanted.get(number, ("", "")))
        for number in sorted({*there, *wanted})
    ]


def _use(place: str, found: SpanFound | None, name: str, kind: str) -> SpanUse:
    trouble = ""
    if found is None:
        trouble = "no card has such a span; `dahdi_scan` lists those that there are"
    elif kind and found.kind != kind:
        trouble = f'it is of kind {found.kind}; write kind = "{found.kind.lower()}" below [spans.{name}]'
    elif found.alarms:
        trouble = alarm_words(found.alarms)
    return SpanUse(place, found, f"span {name}" if name else "", trouble)


def span_proposal(spans: Iterable[SpanUse], taken: Sequence[str] = ()) -> str:
    """A piece of configuration for the spans that nothing uses: e1, e1b, …

    Args:
        taken: names that there are already.
    """
    names = set(taken)
    tables = []
    for span in spans:
        if span.found is None or span.user:
            continue
        kind = "e1" if span.found.kind == "E1" else "t1"
        name = next(
            each for each in (kind, *(kind + letter for letter in ascii_lowercase[1:])) if each not in names
        )
        names.add(name)
        tables.append(
            f'[spans.{name}]  # {span.found.name}\nbackend = "dahdi"\nspan = {span.found.number}\nkind = "{kind}"\n'
        )
    return "\n".join(tables)
