"""What a running office says of itself: who is there, what to dial, where it listens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.config.builtin import TRIALS
from gateway.config.model import Config
from gateway.config.spans import SpanSettings
from gateway.config.ways import each_way

__all__ = ["greeting"]

_NAMES: Final = 15
"""Columns for a name."""


def greeting(config: Config, file: Path, addresses: Sequence[str], program: str = "copperline") -> str:
    """The text that `copperline run` prints once it takes calls; its last line begins with "ready".

    Args:
        config: the office.
        file: its configuration file.
        addresses: where it listens, as bound.
        program: how this program is called from a shell here.
    """
    title = " - ".join(dict.fromkeys(["Copperline", config.office.name]))
    lines = [f"\n{title}\n"]
    if config.accounts:
        lines.append(f"  SIP accounts (secrets in {file})")
        lines += [_row(number, account.name) for number, account in config.accounts.items()]
        if all(listener.address.is_loopback for listener in config.sip.listen):
            lines.append("    on this machine alone; others are let in by its own address in [sip] listen")
    if config.phones:
        lines.append("  Telephones")
        lines += [
            _row(number, _on(config, phone.name, phone.card, phone.port)) for number, phone in config.phones.items()
        ]
    if config.lines:
        lines.append("  Exchange lines")
        lines += [_row(name, _on(config, line.number, line.card, line.port)) for name, line in config.lines.items()]
    if config.isdn:
        lines.append("  ISDN adapters")
        lines += [_row(name, f"{each.number}, {each.device or each.backend}") for name, each in config.isdn.items()]
    if config.spans:
        lines.append("  E1 and T1 spans")
        lines += [_row(name, _span(span)) for name, span in config.spans.items()]
    numbers = {**(_built_in(config) if config.dialplan is None else {}), **config.directory}
    if numbers:
        lines.append("  Numbers")
        width = max(_NAMES, *(len(number) for number in numbers))
        lines += [_row(number, what, width) for number, what in numbers.items()]
    if any(card.backend == "emulated" for card in config.cards.values()) and config.phones:
        phone = next(iter(config.phones))
        lines.append("")
        lines.append("  Work the emulated telephones, and see what goes on, from another shell:")
        lines += [f"    {program} {words}" for words in (f"sim phone {phone} lift", "calls", "lines")]
    return "\n".join([*lines, "", f"ready {' '.join(addresses)}", ""])


def _built_in(config: Config) -> dict[str, str]:
    """What the built-in dialplan does with numbers outside, and with calls from there, and what can be tried."""
    ways = [name for _, name, _ in each_way(config)] + list(config.trunks)
    trials = TRIALS if config.phones or config.accounts else {}
    if not ways:
        return dict(trials)
    outside = f"{config.office.outside} + number" if config.office.outside else "other numbers"
    answering = config.office.answers or [*config.phones, *config.accounts][:1]
    known = {outside: f"outside, by {', '.join(ways)}"}
    return known | ({"calls from there": f"ring {', '.join(answering)}"} if answering else {}) | trials


def _row(name: str, what: str, width: int = _NAMES) -> str:
    return f"    {name:<{width}} {what}".rstrip()


def _span(span: SpanSettings) -> str:
    number = f"{span.number}, " if span.number else ""
    place = "emulated" if span.backend == "emulated" else f"DAHDI span {span.span}"
    return f"{number}{span.kind.upper()} with Q.931, {place}"


def _on(config: Config, what: str, card: str | None, port: int) -> str:
    name = card if card is not None else next(iter(config.cards))
    place = f"{config.cards[name].backend} card {name}, port {port}"
    return f"{what + ', ' if what else ''}{place}"
