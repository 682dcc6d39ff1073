"""`copperline import DIR`: an office made from an Asterisk configuration directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.app.first import machine_country
from gateway.asterisk import Imported, read_directory
from gateway.cli import show
from gateway.cli.made import make_file
from gateway.core.errors import LocalError

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
    imported = read_directory(directory, address, country.lower() or machine_country())
    report = _report(imported)
    _write(to, {**imported.files, _REPORT: report})
    show.line(report)
    left, doubts = len(imported.left), len(imported.doubts)
    made, listed = to / "office.toml", to / _REPORT
    show.line(f"{made}: made; {left} lines were left behind and {doubts} do less here, see {listed}.")
    show.line("Calls abroad and to premium numbers are shut until [tolls] opens them.")
    show.line(f'Look through them, then: "copperline check {to / "office.toml"}".')


def _report(imported: Imported) -> str:
    """What was left behind, and what does less here, each under its heading."""
    left, doubts = ("".join(f"{fault}\n" for fault in faults) for faults in (imported.left, imported.doubts))
    parts = [f"Not carried over:\n\n{left}" if left else "Everything was carried over.\n"]
    parts += [f"Carried over, and does less here:\n\n{doubts}"] if doubts else []
    return "\n".join(parts)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    present = [name for name in files if (folder / name).exists()]
    if present:
        raise LocalError(f"{folder / present[0]} is there already; name another folder with --to")
    try:
        for name, text in files.items():
            make_file(folder / name, text)
    except OSError as error:
        raise LocalError(f"{folder} cannot be written: {error.strerror or error}") from error
