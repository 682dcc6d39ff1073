"""A state machine drawn as a ladder, which stays legible with a dozen states and sixty transitions.

Each state is a column; beneath, state after state in the order of the table, its transitions: on the left what
happens, in the middle an arrow from the state to the next one, on the right the action. Inputs that change nothing
are gathered in a line of their own. A `Drawn` goes in, the text of an SVG file comes out; the same table always
gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from textwrap import wrap
from typing import Any, Final
from xml.sax.saxutils import escape

from docs.machines import Drawn
from gateway.core.machine import Table

__all__ = ["draw", "final", "reached"]

ROW: Final = 20
"""Pixels from one line to the next."""
LETTER: Final = 6.9
"""Pixels that a letter of the text takes, with something to spare: fonts differ."""
SMALLEST_COLUMN: Final = 74
MARGIN: Final = 16
BAR: Final = 12
TITLE_LETTER: Final = 9.8
"""The same of the title, which is larger and bold."""

INK: Final = "#1f2933"
QUIET: Final = "#6b7785"
LINE: Final = "#d5dae0"
BAND: Final = "#f5f7f9"
ARROW: Final = "#1d5fa8"
STATE: Final = "#dce9f7"

STYLE: Final = (
    "text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif;font-size:11px}"
    f".q{{fill:{QUIET}}}.b{{font-weight:bold}}.m{{text-anchor:middle}}"
)


def reached(table: Table[Any, Any], start: Enum) -> list[Enum]:
    """The states that can be reached from `start`, nearest first."""
    found = [start]
    for state in found:
        for target, _ in table[state].values():
            if target not in found:
                found.append(target)
    return found


def final(table: Table[Any, Any], state: Enum) -> bool:
    """Whether nothing leads out of `state`."""
    return all(target is state for target, _ in table[state].values())


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where things are on the drawing.

    Attributes:
        centres: the middle of each state's column.
        right: where actions begin.
        width: of the whole.
    """

    centres: dict[Enum, float]
    right: float
    width: float


def draw(machine: Drawn) -> str:
    """The drawing of `machine`, as SVG."""
    states = list(machine.table)
    sheet = _sheet(machine, states)
    parts = [_text(MARGIN, 26, machine.title, "b", size=15)]
    parts.append(_text(MARGIN, 44, f"{machine.source}; drawn by python -m docs.draw", "q"))
    y = 82.0
    parts += _heads(machine, sheet, states, y)
    top = y + 14
    y += 30
    body: list[str] = []
    for number, state in enumerate(states):
        lines, height = _group(machine, sheet, state, y)
        if number % 2 == 0:
            body.append(f'<rect x="0" y="{y:g}" width="{sheet.width:g}" height="{height:g}" fill="{BAND}"/>')
        body.append(_rails(sheet, y, height))
        body += lines
        y += height
    parts.append(_rails(sheet, top, 16))
    return _document(sheet.width, y + MARGIN, [*parts, *body])


def _sheet(machine: Drawn, states: list[Enum]) -> _Sheet:
    table = machine.table
    inputs = {given for row in table.values() for given in row}
    left = max(
        max(_width(_input(given)) for given in inputs), *(_width(_heading(machine, state)) for state in states)
    )
    at = left + 2 * MARGIN
    centres = {}
    for state in states:
        width = max(SMALLEST_COLUMN, _width(state.name) + 20)
        centres[state] = at + width / 2
        at += width
    actions = max((_width(action) for row in table.values() for _, action in row.values()), default=0.0)
    title = 2 * MARGIN + len(machine.title) * TITLE_LETTER
    return _Sheet(centres, at + MARGIN, max(at + 2 * MARGIN + actions, title))


def _heads(machine: Drawn, sheet: _Sheet, states: list[Enum], y: float) -> list[str]:
    parts = []
    for state in states:
        x = sheet.centres[state]
        parts += _pill(x, y, state.name, double=final(machine.table, state))
        if state is machine.start:
            parts.append(f'<circle cx="{x:g}" cy="{y - 22:g}" r="4" fill="{INK}"/>')
            parts.append(_arrow(x, y - 18, x, y - 10))
    return parts


def _group(machine: Drawn, sheet: _Sheet, state: Enum, y: float) -> tuple[list[str], float]:
    """One state's transitions from `y` on, and the height that they take."""
    row = machine.table[state]
    x = sheet.centres[state]
    parts = [_text(MARGIN, y + 15, _heading(machine, state), "b")]
    parts += _pill(x, y + 11, state.name, double=final(machine.table, state))
    at = y + ROW + 2
    shown = [(given, target, action) for given, (target, action) in row.items() if action or target is not state]
    for given, target, action in shown:
        middle = at + ROW / 2
        parts.append(_input_text(middle + 4, given))
        if target is state:
            parts.append(_loop(x + BAR / 2, middle))
        else:
            end = sheet.centres[target]
            half = (_width(target.name) + 12) / 2
            toward = 1 if end > x else -1
            parts.append(_arrow(x + toward * BAR / 2, middle, end - toward * half, middle))
            parts += _pill(end, middle, target.name, double=final(machine.table, target))
        parts.append(_text(sheet.right, middle + 4, action))
        at += ROW
    if shown:
        bar = f'x="{x - BAR / 2:g}" y="{y + 20:g}" width="{BAR}" height="{at - y - 20:g}"'
        parts.append(f'<rect {bar} rx="2" fill="{STATE}" stroke="{ARROW}"/>')
    ignored = [given.name for given in row if given not in {shown_input for shown_input, _, _ in shown}]
    if ignored:
        for line in wrap(f"no change: {', '.join(ignored)}", int((sheet.width - 3 * MARGIN) / LETTER)):
            parts.append(_text(MARGIN + 12, at + 14, line, "q"))
            at += ROW - 4
    return parts, at - y + 6


def _heading(machine: Drawn, state: Enum) -> str:
    meaning = _meaning(state)
    heading = f"{state.name}: {meaning}" if meaning else state.name
    return f"{heading} (final)" if final(machine.table, state) else heading


def _meaning(word: Enum) -> str:
    """What the member says beside its name, if that is more than the name."""
    value = word.value
    if not isinstance(value, str) or value.replace(" ", "_").upper() == word.name:
        return ""
    return value


def _input(given: Enum) -> str:
    return f"      {given.name}  {_meaning(given)}"


def _input_text(y: float, given: Enum) -> str:
    meaning = _meaning(given)
    tail = f'<tspan class="q">  {escape(meaning)}</tspan>' if meaning else ""
    return f'<text x="{MARGIN + 12}" y="{y:g}" xml:space="preserve" fill="{INK}">{given.name}{tail}</text>'


def _rails(sheet: _Sheet, y: float, height: float) -> str:
    lines = "".join(f"M{x:g} {y:g}v{height:g}" for x in sheet.centres.values())
    return f'<path d="{lines}" stroke="{LINE}" fill="none"/>'


def _pill(x: float, y: float, name: str, *, double: bool) -> list[str]:
    width = _width(name) + 12
    box = f'<rect x="{x - width / 2:g}" y="{y - 8:g}" width="{width:g}" height="16" rx="8" fill="{STATE}" '
    parts = [f'{box}stroke="{ARROW}"/>']
    if double:
        parts.append(
            f'<rect x="{x - width / 2 - 2:g}" y="{y - 10:g}" width="{width + 4:g}" height="20" rx="10" fill="none" '
            f'stroke="{ARROW}"/>'
        )
    parts.append(_text(x, y + 4, name, "m"))
    return parts


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    return (
        f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="{ARROW}" stroke-width="1.4" fill="none" '
        'marker-end="url(#tip)"/>'
    )


def _loop(x: float, y: float) -> str:
    return (
        f'<path d="M{x:g} {y - 5:g}h14a5 5 0 0 1 0 10h-12" stroke="{ARROW}" stroke-width="1.4" fill="none" '
        'marker-end="url(#tip)"/>'
    )


def _text(x: float, y: float, text: str, kind: str = "", *, size: int = 0) -> str:
    looks = (f' class="{kind}"' if kind else "") + (f' style="font-size:{size}px"' if size else "")
    colour = "" if "q" in kind else f' fill="{INK}"'
    return f'<text x="{x:g}" y="{y:g}"{looks}{colour}>{escape(text)}</text>'


def _width(text: str) -> float:
    return len(text) * LETTER


def _document(width: float, height: float, parts: Iterable[str]) -> str:
    tip = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{ARROW}"/></marker></defs>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">'
    )
    paper = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", tip, paper, *parts, "</svg>", ""])
