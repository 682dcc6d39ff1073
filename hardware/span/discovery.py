"""Which digital spans a backend has, asked on the control node without opening any channel of them."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.errors import OpenFailed, Unavailable
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Alarm, Ioctl
from hardware.dahdi.opening import integer
from hardware.port import Backend, Handle

__all__ = ["SpanFound", "find_span", "find_spans", "span_stat"]

_KINDS: Final = frozenset({"E1", "T1", "J1"})
_SPANINFO: Final = int(structs.SPANINFO.sizeof())


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
    try:
        handle = backend.open(abi.CTL_NODE)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            raise Unavailable(
                f"{abi.CTL_NODE} is not there: is a card there, and is the dahdi module loaded?"
            ) from error
        raise OpenFailed(f"{abi.CTL_NODE}: {error.strerror or error}") from error
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


def span_stat(handle: Handle, number: int) -> Any:
    """struct dahdi_spaninfo of span `number`; 0 for that of the opened channel.

    Raises:
        OSError: as SPANSTAT does.
    """
    argument = bytearray(_SPANINFO)
    argument[:4] = integer(number)
    handle.ioctl(Ioctl.SPANSTAT, argument)
    return structs.SPANINFO.parse(argument)
