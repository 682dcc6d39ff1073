"""A conversation with an AGI program over a pair of streams: its commands in turn, until it has no more.

While a command runs the program waits; while the program thinks the call is watched, and its end is told to the
program at once: then only commands that make sense for a call that is over are carried out, for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from dialplan.agi.commands import Session, find
from dialplan.agi.protocol import DEAD, UNKNOWN, Reply, read_command, usage
from dialplan.passwords import TELLING, passwords_in
from dialplan.script import Script
from dialplan.state import Location
from dialplan.substitution import ScriptError
from gateway.core.errors import CopperlineError
from gateway.core.switch import HungUp

__all__ = ["Conversation"]

_T = TypeVar("_T")

_AFTERWARDS: Final = 30.0
"""Seconds that a program has for what it does once the call is over."""


class Conversation:
    """One program's commands.

    Args:
        script: the run of the dialplan that waits for it.
        reader: gives its lines; its limit is the longest line.
        writer: takes our answers.
        told: tells the program that the call is over.
    """

    def __init__(
        self,
        script: Script,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        told: Callable[[], None],
    ) -> None:
        self._script = script
        self._reader = reader
        self._writer = writer
        self._told = told
        self._over: HungUp | None = None
        self._known = False  # whether the program has been told so
        self._until: float | None = None  # for how long it may go on then
        self._session = Session(script, self._execute)

    async def run(self) -> None:
        """Carry out commands until the program has no more.

        Raises:
            HungUp: the call is over.
            Moved: it was sent elsewhere.
            OSError: the program cannot be reached any more.
        """
        try:
            while (line := await self._unless_over(self._read())) and self._over is None:
                await self._carry_out(line)
            if self._over is not None:
                self._tell()
                async with asyncio.timeout_at(self._until):
                    while line:
                        await self._carry_out(line)
                        line = await self._read()
        except (TimeoutError, OSError):
            if self._over is None:
                raise
        if self._over is not None:
            raise self._over
        self._go_on()

    async def _unless_over(self, work: Coroutine[Any, Any, _T]) -> _T:
        """What comes of `work`: once the call is over, within the time that there is then.

        A program may say nothing for ever, or take no answer.

        Raises:
            TimeoutError: nothing has come of it by then.
        """
        doing = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self._script.leg.released())
        try:
            await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            await self._end(gone)
            self._tell()
            async with asyncio.timeout_at(self._until):
                return await doing
        finally:
            for task in (doing, gone):
                task.cancel()
            await asyncio.gather(doing, gone, return_exceptions=True)

    def _tell(self) -> None:
        """Tell the program that the call is over, once."""
        if not self._known:
            self._known = True
            self._until = asyncio.get_running_loop().time() + _AFTERWARDS
            self._told()

    async def _end(self, gone: asyncio.Future[None]) -> None:
        try:
            await gone
        except HungUp as over:
            self._over = over

    async def _read(self) -> str:
        try:
            return (await self._reader.readuntil(b"\n")).decode("utf-8", "replace")
        except asyncio.IncompleteReadError as rest:
            return rest.partial.decode("utf-8", "replace")
        except asyncio.LimitOverrunError as fault:
            raise ScriptError("the AGI program sent a line without an end") from fault

    async def _carry_out(self, line: str) -> None:
        answer = await self._answer(line)
        if self._writer.is_closing():
            return  # it has gone, and cares for no answers; what it has said is carried out to the last line
        self._writer.write(f"{answer}\n".encode())
        with contextlib.suppress(ConnectionError):
            await self._unless_over(self._writer.drain())

    async def _answer(self, line: str) -> str:
        words = read_command(line)
        found = find(words)
        if found is None:
            self._script.note(f"AGI: {line.strip()[:80]!r} is no command")
            return UNKNOWN
        command, given = found
        if len(given) < command.least:
            return usage(f"Usage: {command.usage}")
        if self._over is not None and not command.dead:
            return DEAD
        if len(words) > 2 and words[0].upper() == "EXEC" and words[1].lower() in TELLING:
            for password in passwords_in(words[1].lower(), words[2]):
                self._script.keyed(password)
        self._script.leg.note(self._script.untold(f"AGI {line.strip()}")[:200])
        try:
            reply = await command.run(self._session, given)
            if self._script.leg.ending is not None:
                self._over = self._over or HungUp(self._script.leg.ending)
            return str(reply)
        except HungUp as over:
            self._over = over
        except CopperlineError as fault:
            self._script.note(f"AGI: {fault}")
        return str(Reply(-1))

    async def _execute(self, application: str, arguments: str) -> Reply:
        if not self._script.knows(application):
            return Reply(-2)
        await self._script.execute(application, arguments)
        return Reply()

    def _go_on(self) -> None:
        """Go on where the program has said, or below."""
        session, here = self._session, self._script.location
        if session.context or session.extension or session.priority:
            place = Location(
                session.context or here.context, session.extension or here.extension, here.priority + 1
            )
            priority = session.priority
            self._script.go_to(
                self._script.locate(f"{place.context},{place.extension},{priority}") if priority else place
            )
