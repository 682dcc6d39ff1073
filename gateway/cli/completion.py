"""`copperline completion SHELL`: the script by which a shell completes commands, and the names they take.

A name is asked of the running office when the tab key is pressed; where none runs, nothing is offered.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Final

import typer
from typer.completion import get_completion_inspect_parameters, get_completion_script  # type: ignore[attr-defined]

from gateway.cli import show
from gateway.cli.client import DEFAULT_URL, OfficeClient
from gateway.cli.part import part
from gateway.core.errors import LocalError

__all__ = ["VARIABLE", "calls_in_progress", "command", "emulated", "words_to_complete"]

VARIABLE: Final = "_COPPERLINE_COMPLETE"
"""Set by the script in the environment: the shell wants to know how a line could go on."""


OFFERED: Final = 200
"""Calls that are offered at most: a shell asks before it shows so many."""


class Shell(StrEnum):
    """Shells that have completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(
    shell: Annotated[Shell, typer.Argument(help="Which shell it is for.", metavar="bash|zsh|fish")],
) -> None:
    """Print the script by which a shell completes commands and names; load it in the shell's start file.

    \b
    bash  eval "$(copperline completion bash)" in ~/.bashrc
    zsh   eval "$(copperline completion zsh)" in ~/.zshrc
    fish  copperline completion fish > ~/.config/fish/completions/copperline.fish
    """
    script = get_completion_script(prog_name="copperline", complete_var=VARIABLE, shell=shell.value)
    show.line(script.strip())


def words_to_complete(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The words after the program's name that a shell wants completed; None where it wants nothing."""
    if VARIABLE not in environment:
        return None
    get_completion_inspect_parameters()  # which makes typer know the shells
    line = environment.get("_TYPER_COMPLETE_ARGS") or environment.get("COMP_WORDS", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # a quotation mark that is still open
        return line.split()[1:]


def calls_in_progress(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offers the calls of the running office, and their legs."""
    try:
        calls = part(
            OfficeClient(ctx.params.get("url") or DEFAULT_URL), "/api/v1/calls", incomplete, OFFERED, whole=False
        )
    except LocalError:
        return []
    names = [name for call in calls for name in (call["id"], *(leg["name"] for leg in call["legs"]))]
    return [name for name in names if name.startswith(incomplete)]


def emulated(what: str) -> Callable[[typer.Context, str], list[str]]:
    """Offers what the running office emulates: "phones", "lines", "cards"."""

    def offer(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            names = OfficeClient(ctx.params.get("url") or DEFAULT_URL).get("/api/v1/sim").get(what, [])
        except (LocalError, AttributeError):
            return []
        return [str(name) for name in names if str(name).startswith(incomplete)]

    return offer
