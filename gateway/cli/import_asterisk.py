"""`copperline import DIR`: an office made from an Asterisk configuration directory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os.path import lexists
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.app.first import machine_country
from gateway.asterisk import Imported, read_directory
from gateway.cli import show
from gateway.cli.made import make_file
from gateway.core.errors import Fault, LocalError

__all__ = ["command"]

_REPORT: Final = "import-report.txt"


def command(
    directory: Annotated[Path, typer.Argument(help="Where pjsip.conf and its like are.", metavar="DIR")],
    address: Annotated[str, typer.Option(help="This machine's own address, for telephones and trunks.")] = "",
    country: Annotated[
        str,
        typer.Option(help="Where the office is, if indications.conf is not there; the time zone's where left out."),
    ] = "",
    to: Annotated[Path, typer.Option(help="Where our files go; they must not be there yet.")] = Path("office"),
) -> None:
    """Make an office from an Asterisk directory, and list line by line what could not be carried over."""
    imported = read_directory(directory, address, country or machine_country())
    _write(to, {**imported.files, _REPORT: _report(imported, _each)})
    show.line(_report(imported, _in_short))
    left, doubts = len(imported.left), len(imported.doubts)
    made, listed = to / "office.toml", to / _REPORT
    show.line(f"{made}: made; {left} lines were left behind and {doubts} do less here, see {listed}.")
    show.line("Calls abroad and to premium numbers are shut until [tolls] opens them.")
    show.line(f'Look through them, then: "copperline check {to / "office.toml"}".')


def _report(imported: Imported, tell: Callable[[Sequence[Fault]], str]) -> str:
    """What was left behind, and what does less here, each under its heading."""
    left, doubts = tell(imported.left), tell(imported.doubts)
    parts = [f"Not carried over:\n\n{left}" if left else "Everything was carried over.\n"]
    parts += [f"Carried over, and does less here:\n\n{doubts}"] if doubts else []
    return "\n".join(parts)


def _each(faults: Sequence[Fault]) -> str:
    return "".join(f"{fault}\n" for fault in faults)


def _in_short(faults: Sequence[Fault]) -> str:
    """What is the same of many lines of a file is told once."""
    first: dict[Fault, Fault] = {}
    count: Counter[Fault] = Counter()
    for fault in faults:
        same = replace(fault, line=0)
        first.setdefault(same, fault)
        count[same] += 1
    return "".join(
        f"{fault}{f' (and {count[same] - 1} more)' if count[same] > 1 else ''}\n" for same, fault in first.items()
    )


def _write(folder: Path, files: Mapping[str, str]) -> None:
    present = [name for name in files if lexists(folder / name)]
    if present:
        raise LocalError(f"{folder / present[0]} is there already; name another folder with --to")
    try:
        for name, text in files.items():
            make_file(folder / name, text)
    except OSError as error:
        raise LocalError(f"{folder} cannot be written: {error.strerror or error}") from error
