"""What the commands print: tables and sentences, safe for a terminal whatever a caller's name holds."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["as_json", "duration", "failure", "line", "table"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def line(text: str) -> None:
    """Print a text on standard output as it is, never wrapped."""
    Console(soft_wrap=True, highlight=False).print(_safe(text))


def failure(text: str) -> None:
    """Print a sentence on standard error."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(_safe(text))


def as_json(value: Any) -> None:
    """Print a value as JSON, for programs."""
    line(json.dumps(value, indent=2))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> None:
    """Print a table, or the sentence `none` where it has no rows."""
    if not rows:
        line(none)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*(_safe(text) for text in row))
    Console(highlight=False).print(shown)


def duration(seconds: float) -> str:
    """Seconds as 1:05 or 2:00:07."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _safe(text: str) -> Text:
    """Without markup and without control characters, which could work the terminal."""
    return Text(_CONTROL.sub("?", text.replace("\r\n", "\n")))
