"""`copperline ports`: the ports of the cards and of the machine, and what a configuration does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.app.ports import PortUse, ports_of, ports_of_kernel, proposal, serial_ports_of
from gateway.app.span_ports import SpanUse, span_proposal, spans_of
from gateway.cli import show
from gateway.config import load
from gateway.core.errors import Unavailable
from hardware.registry import backend

__all__ = ["command"]


def command(
    config: Annotated[
        Path | None,
        typer.Argument(help="The configuration file; without it, the kernel's DAHDI ports.", metavar="CONFIG"),
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Print a configuration for the ports that nothing uses.")
    ] = False,
) -> None:
    """Show the ports of the cards, asked of their driver, and serial ports; they may be in use meanwhile."""
    office = load(config) if config is not None else None
    serial, spans = serial_ports_of(office), spans_of(office)
    ports = _of_kernel(bool(serial)) if office is None else ports_of(office)
    if propose:
        head = "" if office is not None else '[cards.main]\nbackend = "dahdi"\n\n'
        taken = [*office.phones, *office.lines, *office.spans] if office is not None else []
        proposed = "\n".join(filter(None, (proposal(ports, taken), span_proposal(spans, taken))))
        show.line((head + proposed).rstrip() if proposed else "# Every port is used.")
        return
    show.table(
        ["CARD", "PORT", "KIND", "START", "STATE", "USED BY", "DRIVER'S NAME"],
        [_row(port) for port in ports],
        "There are no analogue ports; look at /etc/dahdi/system.conf and run dahdi_cfg.",
    )
    if spans:
        show.line("")
        show.table(
            ["SPAN", "KIND", "CHANNELS", "STATE", "USED BY", "DRIVER'S NAME"],
            [_span_row(span) for span in spans],
            "",
        )
    if serial:
        show.line("")
        show.table(
            ["SERIAL PORT", "STATE", "USED BY", "WHAT IS THERE"],
            [[port.device, "missing" if port.trouble else "ok", port.user, port.name] for port in serial],
            "",
        )
    for port in ports:
        if port.trouble:
            show.failure(f"port {port.number}: {port.trouble}.")
    for span in spans:
        if span.trouble:
            show.failure(f"{span.user or span.place}: {span.trouble}.")
    for each in serial:
        if each.trouble:
            show.failure(f"{each.device}: {each.trouble}.")
    troubles = [*(port.trouble for port in ports), *(span.trouble for span in spans)]
    if any([*troubles, *(each.trouble for each in serial)]):
        raise typer.Exit(1)


def _of_kernel(others: bool) -> list[PortUse]:
    """The ports of DAHDI; none where there is no DAHDI and there are `others`."""
    try:
        return ports_of_kernel(backend("dahdi"))
    except Unavailable as error:
        if others:
            return []
        raise Unavailable(f"{error} The ports of an office: copperline ports office.toml") from error


def _span_row(span: SpanUse) -> list[str]:
    found = span.found
    if found is None:
        return [span.place, "none", "", "missing", span.user, ""]
    last = found.first + found.channels - 1
    state = "alarm" if found.alarms else "ok"
    return [span.place, found.kind, f"{found.first}-{last}", state, span.user, found.name]


def _row(port: PortUse) -> list[str]:
    found = port.found
    if found is None:
        return [port.card, str(port.number), "none", "", "missing", port.user, ""]
    state = "red alarm" if found.alarm else "ok"
    return [port.card, str(port.number), found.kind.value, found.start, state, port.user, found.name]
