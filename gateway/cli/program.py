"""The program: which commands there are, and how each ends.

Only the module of the command that is asked for is imported, since what `run` needs takes a second to load and
`calls` should not wait for it; the others stand in the help by their line in the table.

Exit status: 0 it was done; 1 it could not be done, or faults were found; 2 the command line is wrong. What went
wrong is one sentence on standard error.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated, Final

import typer

from gateway.cli import show
from gateway.cli.completion import VARIABLE, words_to_complete
from gateway.core.errors import CopperlineError

__all__ = ["COMMANDS", "main"]


@dataclass(frozen=True, slots=True)
class _Command:
    """A command: the module whose `command` (a function, or a Typer of further commands) it is; and its help."""

    module: str
    summary: str


COMMANDS: Final = {
    "init": _Command("gateway.cli.init", "Write a first office for this machine."),
    "run": _Command("gateway.cli.run", "Run an office in the foreground."),
    "check": _Command("gateway.cli.check", "Tell every fault of a configuration, or show every setting."),
    "route": _Command("gateway.cli.route", "Tell what a number would do, without calling."),
    "test-dialplan": _Command("gateway.cli.test_dialplan", "Hold expected routes against the dialplan."),
    "import": _Command("gateway.cli.import_asterisk", "Make an office from an Asterisk configuration directory."),
    "calls": _Command("gateway.cli.calls", "Show the calls of a running office, and how the latest ended."),
    "call": _Command("gateway.cli.call", "Call a telephone, and a number for it once it is answered."),
    "hang-up": _Command("gateway.cli.hang_up", "End a call, or one leg of it."),
    "reload": _Command("gateway.cli.reload", "Read the dialplan, accounts, trunks and certificates anew."),
    "records": _Command("gateway.cli.records", "Print the records of calls as CSV, for books and bills."),
    "rooms": _Command("gateway.cli.rooms", "Show conference rooms and who is in them; lock, mute, send out."),
    "lines": _Command("gateway.cli.lines", "Show the lines and trunks of a running office."),
    "ports": _Command("gateway.cli.ports", "Show the ports of the cards and of the machine, and who is on each."),
    "registrations": _Command("gateway.cli.registrations", "Show registered telephones, and who was refused."),
    "bans": _Command("gateway.cli.bans", "Show and lift bans of sources that SIP does not hear."),
    "tolls": _Command("gateway.cli.tolls", "Show who has called outside, how much, and what it cost."),
    "database": _Command("gateway.cli.database", "Read and write what scripts of a running office keep."),
    "trace": _Command("gateway.cli.trace", "Tell all that a call met."),
    "learn": _Command("gateway.cli.learn", "Measure an exchange line, and propose what to write about it."),
    "sim": _Command("gateway.cli.sim", "Work the emulated telephones, lines and cards of a running office."),
    "completion": _Command("gateway.cli.completion", "Print the script for a shell's tab key."),
    "warm": _Command("gateway.cli.warm", "Do ahead what a first start would do once."),
}

_UNKEPT: Final = "cannot cache function"
"""What Numba says, on importing, where it may write to none of its folders."""

_EPILOG: Final = "Exit status: 0 done; 1 not done, or faults found; 2 the command line is wrong."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: the words of the command line after the program's name; None takes the process's.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = words_to_complete()
    try:
        _program(words if asked is None else asked)(args=words, prog_name="copperline", complete_var=VARIABLE)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except CopperlineError as error:
        show.failure(str(error))
        return 1
    except RuntimeError as error:
        if _UNKEPT not in str(error):
            raise
        show.failure(
            "What is compiled can be kept neither beside the program nor in the home folder; "
            "set NUMBA_CACHE_DIR to a folder that this user may write."
        )
        return 1
    return 0


def _program(words: Sequence[str]) -> typer.Typer:
    program = typer.Typer(
        help="A SIP-to-PSTN media gateway and PBX for telephony hardware.",
        epilog=_EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    program.callback()(_before)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, entry in COMMANDS.items():
        if name != wanted:
            program.command(name, help=entry.summary, short_help=entry.summary)(_listed)
            continue
        command = importlib.import_module(entry.module).command
        if isinstance(command, typer.Typer):
            program.add_typer(command, name=name, help=entry.summary)
        else:
            program.command(name)(command)
    return program


def _tell_version(asked: bool) -> None:
    if asked:
        show.line(f"copperline {metadata.version('copperline')}")
        raise typer.Exit


def _before(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    """Takes the options that stand before a command."""


def _listed() -> None:
    """Stands in the help for a command that is not the one asked for, and so never runs."""
