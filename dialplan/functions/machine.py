"""SHELL and ENV: what the machine says, where the configuration allows it.

What variables hold reaches a shell in variables of its own, whatever the quotes around: a caller's name stays a
name and is never a command. Asterisk funcs/func_shell.c, func_env.c.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError, mark

__all__ = ["FUNCTIONS", "run_command"]

_PATIENCE: Final = 30.0
"""Seconds that a command may take; the caller waits meanwhile."""
_PRINTED: Final = 65536
"""Characters of what a command prints that are kept."""


async def run_command(script: Script, text: str, values: Sequence[str]) -> tuple[int, str]:
    """Run a command; its exit code and what it printed.

    Raises:
        ScriptError: none may be run, it cannot be, or it takes too long.
    """
    if not script.shared.permissions.shell:
        raise ScriptError("commands are not allowed here: [permissions] shell = true would allow them")
    command = _quoted(text, len(values))
    if not command.strip() or "\0" in command:
        raise ScriptError("no command")
    given = {f"COPPERLINE_{at}": value.replace("\0", "") for at, value in enumerate(values)}
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **given},
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            printed, _ = await process.communicate()
    except TimeoutError as fault:
        raise ScriptError(f"a command took more than {_PATIENCE:.0f} s") from fault
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, printed.decode("utf-8", "replace")[:_PRINTED]


def _quoted(text: str, values: int) -> str:
    """The command with a shell variable in the place of each value, so that it is one word within any quotes."""
    marks = {mark(at): at for at in range(values)}
    found: list[str] = []
    quote = ""
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character in marks:
            variable = f"${{COPPERLINE_{marks[character]}}}"
            found.append({"": f'"{variable}"', '"': variable, "'": f"'\"{variable}\"'"}[quote])
            continue
        found.append(character)
        if character == "\\" and quote != "'" and at < len(text) and text[at] not in marks:
            found.append(text[at])
            at += 1
        elif character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
    return "".join(found)


async def _shell(script: Script, text: str, values: Sequence[str]) -> str:
    _, printed = await run_command(script, text, values)
    return printed


def _environment(script: Script, name: str) -> str:
    if not script.shared.permissions.environment:
        raise ScriptError(
            "environment variables are not allowed here: [permissions] environment = true would allow them"
        )
    return os.environ.get(name, "")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "ENV": Function(_environment),
    "SHELL": Function(later=_shell, acts=True),
}
