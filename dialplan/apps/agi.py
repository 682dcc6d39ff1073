"""AGI EAGI DeadAGI: a program drives the call (Asterisk res/res_agi.c).

`agi://host[:port]/name` is a program that listens somewhere (FastAGI); anything else is one in the folder that
`[permissions] agi` names, run for this call alone. What callers sent is neither a path nor more arguments.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dialplan.agi.conversation import Conversation
from dialplan.agi.protocol import HANGUP, environment
from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.number import Presentation
from gateway.core.switch import HungUp

__all__ = ["APPLICATIONS"]

_PORT: Final = 4573
_CONNECT: Final = 5.0
"""Seconds in which a FastAGI server is to take the connection; the caller hears nothing meanwhile."""
_LINE: Final = 65536
"""Bytes of one command."""
_GRACE: Final = 2.0
"""Seconds between asking a program to end and ending it."""
_POLL: Final = 0.1
"""Seconds between two portions of sound for an EAGI program."""
_SOUND_KEPT: Final = 2.0
_WITH_SOUND: Final = 'exec "$0" "$@" 3<"/dev/fd/$COPPERLINE_SOUND"'
"""Hands a program the pipe with the caller's sound as its descriptor 3; the shell sees no words of the dialplan."""


async def agi(script: Script, arguments: str) -> None:
    """`AGI(program[,argument...])`: let a program drive the call; `agi://host[:port]/name` one on the network.

    AGISTATUS says SUCCESS, FAILURE, NOTFOUND or HANGUP. Programs of this machine must lie in the folder that
    `[permissions] agi` names.
    """
    await _run(script, arguments, sound=False)


async def eagi(script: Script, arguments: str) -> None:
    """`EAGI(program[,argument...])`: as AGI, with what the caller says on descriptor 3, 8000 Hz, 16 bit, mono."""
    await _run(script, arguments, sound=True)


async def _run(script: Script, arguments: str, *, sound: bool) -> None:
    words = [script.plain(word) for word in split(arguments)]
    program = words[0].strip()
    script.assign("AGISTATUS", "FAILURE")
    try:
        opened = (
            _connected(script, program) if program.lower().startswith("agi:") else _started(script, words, sound)
        )
        async with opened as link:
            if not link.writer.is_closing():  # or it has said what it wanted, and gone
                link.writer.write(environment(_told(script, program, link.network, sound), words[1:]))
            await Conversation(script, link.reader, link.writer, link.tell).run()
    except HungUp:
        script.assign("AGISTATUS", "HANGUP")
        raise
    except FileNotFoundError as fault:
        script.assign("AGISTATUS", "NOTFOUND")
        script.note(f"AGI: {fault}")
        return
    except (OSError, ScriptError, TimeoutError) as fault:
        script.note(f"AGI: {program[:80]}: {fault or 'it took too long'}")
        return
    script.assign("AGISTATUS", "SUCCESS")


@dataclass(slots=True)
class _Link:
    """A program at the other end: its lines, ours, and how it is told that the call is over."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: asyncio.subprocess.Process | None
    quiet: bool
    network: str = ""

    def tell(self) -> None:
        if self.quiet:
            return
        if self.process is None:
            if not self.writer.is_closing():
                self.writer.write(HANGUP)
        elif self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGHUP)


@asynccontextmanager
async def _connected(script: Script, address: str) -> AsyncIterator[_Link]:
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port or _PORT
    except ValueError as fault:
        raise ScriptError(f"{address[:80]!r} is no address: write agi://host:port/name") from fault
    if not script.shared.permissions.network:
        raise ScriptError("nobody on the network is asked in a dry run")
    if not host:
        raise ScriptError(f"{address[:80]!r} is no address: write agi://host:port/name")
    async with asyncio.timeout(_CONNECT):
        reader, writer = await asyncio.open_connection(host, port, limit=_LINE)
    name = url.path.strip("/") + (f"?{url.query}" if url.query else "")
    try:
        yield _Link(reader, writer, None, _quiet(script), name or "/")
    finally:
        writer.close()


@asynccontextmanager
async def _started(script: Script, words: list[str], sound: bool) -> AsyncIterator[_Link]:
    path = _program(script, words[0].strip())
    ends = os.pipe() if sound else ()
    try:
        process = await asyncio.create_subprocess_exec(
            *(["/bin/sh", "-c", _WITH_SOUND, str(path)] if sound else [str(path)]),
            *words[1:],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "COPPERLINE_SOUND": str(ends[0] if ends else "")},
            limit=_LINE,
            pass_fds=ends[:1],
        )
        assert process.stdin is not None and process.stdout is not None
        pump = asyncio.create_task(_pump(script, ends[1])) if ends else None
        try:
            yield _Link(process.stdout, process.stdin, process, _quiet(script))
        finally:
            if pump is not None:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)
            process.stdin.close()
            await _ended(process)
    finally:
        for end in ends:
            os.close(end)


def _program(script: Script, name: str) -> Path:
    """The program of that name in the folder of programs.

    Raises:
        ScriptError: none may be run, or it lies elsewhere.
        FileNotFoundError: there is none.
    """
    folder = script.shared.permissions.agi
    if folder is None:
        raise ScriptError('programs are not allowed here: [permissions] agi = "FOLDER" would allow those in it')
    path = (folder / name).resolve()
    if not name or "\0" in name or not path.is_relative_to(folder.resolve()):
        raise ScriptError(f"{name[:80]!r} does not lie in {folder}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no program {path}")
    return path


async def _pump(script: Script, end: int) -> None:
    """Give a pipe what the caller says; what the program does not read in time is left out."""
    os.set_blocking(end, False)
    capture = script.leg.audio.capture(_SOUND_KEPT)
    try:
        while True:
            await asyncio.sleep(_POLL)
            with contextlib.suppress(BlockingIOError):
                os.write(end, capture.read().tobytes())
    finally:
        capture.stop()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let a program end, and end it where it does not."""
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        pass
    # It is killed where it goes on; what it has left behind may hold its pipes, which it need not any more.
    process._transport.close()  # type: ignore[attr-defined]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await process.wait()


def _quiet(script: Script) -> bool:
    """Whether the program is not to be told of the call's end (AGISIGHUP=no)."""
    return script.variable("AGISIGHUP").strip().lower() == "no"


def _told(script: Script, request: str, network: str, sound: bool) -> dict[str, str]:
    """What a program is told at the start, in Asterisk's order."""
    leg, here = script.leg, script.location
    return {
        **({"network": "yes", "network_script": network} if network else {}),
        "request": request,
        "channel": leg.name,
        "language": script.language or "en",
        "type": leg.technology,
        "uniqueid": leg.name,
        "version": "Copperline",
        "callerid": leg.party.number or "unknown",
        "calleridname": leg.party.name or "unknown",
        "callingpres": "0" if leg.party.presentation is Presentation.ALLOWED else "32",
        "callingani2": "0",
        "callington": "0",
        "callingtns": "0",
        "dnid": script.identity.get("dnid", leg.called) or "unknown",
        "rdnis": script.identity.get("rdnis", "") or "unknown",
        "context": here.context,
        "extension": here.extension,
        "priority": str(here.priority),
        "enhanced": "1.0" if sound else "0.0",
        "accountcode": script.settings.get("accountcode", ""),
        "threadid": "0",
    }


APPLICATIONS: Final[Mapping[str, Application]] = {"AGI": agi, "DeadAGI": agi, "EAGI": eagi}
