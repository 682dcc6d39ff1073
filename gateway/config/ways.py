"""The ways to the public network by lines of every kind, as those see them who need not know the kind.

A line of each has a name, a hunt group, a dialplan context for its calls, and a number. All of them share one space
of names: a name says who calls, whatever it calls by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from drivers.registry import span_words
from gateway.config.model import Config

__all__ = [
    "TABLES",
    "Way",
    "called_at",
    "each_way",
    "group_members",
    "group_name",
    "span_names",
    "span_numbers",
    "ways",
]

TABLES: Final[Mapping[str, str]] = {"FXO": "lines", "ISDN": "isdn", "SPAN": "spans"}
"""Technology -> the table of the configuration that has its lines."""

_KINDS: Final[Mapping[str, str]] = {"FXO": "lines", "ISDN": "adapters", "SPAN": "spans"}


class Way(Protocol):
    """A line to the public network."""

    @property
    def group(self) -> int: ...

    @property
    def context(self) -> str: ...

    @property
    def number(self) -> str: ...

    @property
    def did(self) -> str: ...

    @property
    def variables(self) -> Mapping[str, str]: ...


def ways(config: Config, technology: str) -> Mapping[str, Way]:
    """The lines of one technology by their names; none for a technology that has no such lines."""
    table = TABLES.get(technology)
    found: Mapping[str, Way] = getattr(config, table) if table is not None else {}
    return found


def span_names(config: Config) -> Mapping[str, Mapping[str, int | None]]:
    """What chan_dahdi calls each span, as `drivers.registry.span_words` has it."""
    numbers = span_numbers(config)
    return {name: span_words(numbers[name], span.first_channel, span.slots) for name, span in config.spans.items()}


def span_numbers(config: Config) -> Mapping[str, int]:
    """The number of each span: as the kernel counts; where emulated ones say none, as they stand in the file."""
    said = {name: span.span for name, span in config.spans.items()}
    return said if len(set(said.values())) == len(said) else {name: place for place, name in enumerate(said, 1)}


def each_way(config: Config) -> Iterator[tuple[str, str, Way]]:
    """(technology, name, line) of every line."""
    for technology in TABLES:
        for name, way in ways(config, technology).items():
            yield technology, name, way


def group_name(technology: str, group: int) -> str:
    """A hunt group as the toll rules call it: "g1" of exchange lines, "isdn-g1", "span-g1" of others."""
    return f"g{group}" if technology == "FXO" else f"{technology.lower()}-g{group}"


def group_members(config: Config) -> Mapping[str, str]:
    """Who is in each hunt group, by what the toll rules call it: "g1" is "lines copper1, copper2"."""
    names: dict[str, list[str]] = {}
    for technology, name, way in each_way(config):
        names.setdefault(group_name(technology, way.group), [_KINDS[technology]]).append(name)
    return {group: f"{kind} {', '.join(members)}" for group, (kind, *members) in names.items()}


def called_at(way: Way) -> str:
    """The extension of a call that names no number."""
    return way.did or way.number or "s"
