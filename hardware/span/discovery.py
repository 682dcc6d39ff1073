"""Which digital spans a backend has, asked on the control node without opening any channel of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.core.errors import OpenFailed, Unavailable
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Alarm
from hardware.dahdi.opening import open_control, span_stat
from hardware.port import Backend

__all__ = ["SpanFound", "find_span", "find_spans"]

_KINDS: Final = frozenset({"E1", "T1", "J1"})


@dataclass(frozen=True, slots=True)
class SpanFound:
    """A span as its card describes it.

    Attributes:
        number: of the span, from 1.
        kind: "E1", "T1", "J1".
        name: the driver's name for it, such as "TE2/0/1".
        first: number of its first channel, counted through all spans.
        channels: how many it has.
        alarms: in force.
    """

    number: int
    kind: str
    name: str
    first: int
    channels: int
    alarms: Alarm


def find_spans(backend: Backend) -> list[SpanFound]:
    """Every E1, T1 and J1 that there is.

    Raises:
        Unavailable: there is no driver.
        OpenFailed: the control node would not open.
    """
    return [span for span in _spans(backend) if span.kind in _KINDS]


def find_span(backend: Backend, number: int) -> SpanFound:
    """Span `number`.

    Raises:
        Unavailable: there is no driver, or no such span.
        OpenFailed: the control node would not open, or the span is none of E1, T1 and J1.
    """
    found = next((span for span in _spans(backend) if span.number == number), None)
    if found is None:
        raise Unavailable(f"there is no span {number}; `dahdi_scan` lists those that there are")
    if found.kind not in _KINDS:
        raise OpenFailed(f"span {number} is of kind {found.kind or 'unknown'}; an E1 or T1 is needed")
    return found


def _spans(backend: Backend) -> list[SpanFound]:
    """Spans of every kind; channel numbers run through them in their order."""
    handle = open_control(backend)
    found: list[SpanFound] = []
    first = 1
    try:
        for number in range(1, abi.MAX_SPANS + 1):
            try:
                info = span_stat(handle, number)
            except OSError:
                continue  # span numbers may have gaps
            channels = max(0, info.totalchans)
            kind, name = structs.text(info.spantype), structs.text(info.name)
            found.append(SpanFound(number, kind, name, first, channels, Alarm(info.alarms)))
            first += channels
    finally:
        handle.close()
    return found
