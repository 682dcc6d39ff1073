"""SHELL and ENV: what the machine says, where the configuration allows it.

What variables hold reaches a shell in variables of its own, whatever the quotes around: a caller's name stays a
name and is never a command. Asterisk funcs/func_shell.c, func_env.c.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError, mark

__all__ = ["FUNCTIONS", "run_command"]

_PATIENCE: Final = 30.0
"""Seconds that a command may take; the caller waits meanwhile."""
_PRINTED: Final = 65536
"""Octets of what a command prints that are kept; one that prints more is ended."""


async def run_command(script: Script, text: str, values: Sequence[str], *, listens: bool) -> tuple[int, str]:
    """Run a command; its exit code and, for whom listens, what it printed.

    Nobody waits for what it leaves running behind it (`command &`), unless that can still print to who listens.

    Raises:
        ScriptError: none may be run, it cannot be, or it takes too long.
    """
    if not script.shared.permissions.shell:
        raise ScriptError("commands are not allowed here: [permissions] shell = true would allow them")
    command = _quoted(text, len(values))
    if not command.strip() or "\0" in command:
        raise ScriptError("no command")
    given = {f"COPPERLINE_{at}": value.replace("\0", "") for at, value in enumerate(values)}
    try:
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if listens else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, **given},
            start_new_session=True,
        )
    except OSError as fault:
        raise ScriptError(f"a command cannot be run: {(fault.strerror or str(fault)).lower()}") from fault
    printed = b""
    try:
        async with asyncio.timeout(_PATIENCE):
            printed = await _printed(process)
            if len(printed) <= _PRINTED:
                await process.wait()
    except TimeoutError as fault:
        raise ScriptError(f"a command took more than {_PATIENCE:.0f} s") from fault
    finally:
        if process.returncode is None:
            _kill(process)
        # What it has left behind may hold it, and asyncio reports no end before that of all pipes.
        pipe = process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        if pipe is not None:
            pipe.close()
        await process.wait()
    return process.returncode or 0, printed[:_PRINTED].decode("utf-8", "replace")


async def _printed(process: asyncio.subprocess.Process) -> bytes:
    """What it prints to its end, or until it is more than is kept."""
    found = bytearray()
    while process.stdout is not None and len(found) <= _PRINTED and (part := await process.stdout.read(_PRINTED)):
        found += part
    return bytes(found)


def _kill(process: asyncio.subprocess.Process) -> None:
    """End a command and whatever it began."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


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
    _, printed = await run_command(script, text, values, listens=True)
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
