"""A queue in front of the database, so that signalling never waits for a disk.

Statements go in at any time and are written in their order, as many at once as wait; the future that each gets
is done when the transaction that holds it is on the disk. While the database cannot be written (disk full,
locked, server gone) everything waits and is tried again; this is logged once, and once more when it is over.
What cannot be kept, since too much waits or the office stops first, is logged whole: nothing is lost in silence.

A transaction whose answer never came may be on the disk all the same. It is written again, and what is there then
counts as written.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from math import inf
from typing import Final

from sqlalchemy import Executable
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import Exhausted, LocalError
from gateway.core.frozen import frozen
from gateway.store.insertion import Insertion

__all__ = ["Statement", "Writer", "reason", "storable"]

_log = logging.getLogger("copperline.store")

BATCH: Final = 1000
"""Statements in one transaction: enough that its one flush to disk weighs little on each."""

TURN: Final = 32
"""Rows that are made and given to the database in one go: a millisecond and a half, after which calls have their
turn."""

GATHER: Final = 0.5
"""Seconds between two transactions under load, in which what is to be written gathers: most of the work is in
transactions, not in rows."""

AT_ONCE: Final = 20
"""Transactions that do not wait for each other, after a time with fewer than one in `GATHER` seconds."""

PENDING: Final = 20_000
"""Statements that may wait: an hour of five calls a second, some 20 MB."""

RETRIES: Final = (0.1, 0.5, 2.0, 10.0)
"""Seconds before each further attempt; the last for all that follow."""

FAREWELL: Final = 3
"""Attempts that are made once the office stops: a service manager kills what stops for too long."""

PARTING: Final = 30.0
"""Seconds within which they are over, whatever the database does."""

DOUBLINGS: Final = 5
"""Times that an attempt is given twice as long as the one before, where the database did not answer."""

_REFUSALS: Final = (IntegrityError, DataError, ValueError, TypeError, OverflowError)
"""What is wrong with an entry itself: a duplicate, text that is no Unicode, a number out of range."""
_REFUSING_CLASSES: Final = ("22", "23")
"""Of SQLSTATE: data exceptions, and constraints that are violated (ISO/IEC 9075-2 table 38)."""
_DUPLICATE: Final = "23505"
"""unique_violation, as PostgreSQL has it."""
_WITHOUT_MEANS: Final = (SQLAlchemyError, OSError, MemoryError, RuntimeError)
"""What may pass: a database in trouble; a machine that gives no memory or no thread."""

Row = Mapping[str, object]
"""Values by the names of their columns."""


@frozen
class Statement:
    """What the database is to do.

    Attributes:
        sql: the statement; rows of one table come with the same object, so that many are written at once.
        row: its values by name, or what makes them when they are written; none where the statement has them in it.
    """

    sql: Executable | Insertion
    row: Row | Callable[[], Row] | None = None


class _Job:
    """Statements that belong together.

    Args:
        statements: executed in order, in one transaction.
        text: what is logged where they cannot be kept.

    Attributes:
        done: told when they are on the disk.
        in_doubt: they were sent there, and no answer came.
    """

    __slots__ = ("done", "in_doubt", "statements", "text")

    def __init__(self, statements: Sequence[Statement], text: object) -> None:
        self.statements = statements
        self.text = text
        self.in_doubt = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Writer:
    """Writes to one database, in order.

    Args:
        engine: the database.
        name: its name, for sentences.
        sleep: waits between attempts, seconds.
        pending: statements that may wait.
        patience: seconds after which a database that does not answer is given up, for now.

    Attributes:
        name: as given.
        lost: statements that could not be kept.
        fault: why nothing can be written at present, as a sentence; else "".
    """

    def __init__(
        self,
        engine: AsyncEngine,
        name: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pending: int = PENDING,
        patience: float = inf,
    ) -> None:
        self._engine = engine
        self.name = name
        self._patience = patience
        self._unanswered = 0
        self._sleep = sleep
        self._limit = pending
        self._jobs: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._failures = 0
        self._pause: asyncio.Future[None] | None = None
        self._spare: float = AT_ONCE
        self._written_at = asyncio.get_running_loop().time()
        self.lost = 0
        self.fault = ""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="store writer")

    @property
    def pending(self) -> int:
        """Jobs that are not on the disk yet."""
        return len(self._jobs)

    @property
    def waiting(self) -> list[object]:
        """What is not on the disk yet, by the texts with which it was submitted, in its order."""
        return [job.text for job in self._jobs]

    def submit(self, statements: Sequence[Statement], text: object) -> asyncio.Future[None]:
        """Write `statements` in one transaction, after all that was submitted before.

        Args:
            text: said in the log should they be lost, as `str` has it.

        Returns:
            Done once they are on the disk; fails with LocalError where they were lost. It may be ignored.
        """
        job = _Job(statements, text)
        if self._closing:
            self._lose(job, LocalError(f"{self.name} is closed"))
        elif len(self._jobs) >= self._limit:
            self._lose(job, Exhausted(f"{self._limit} entries wait for {self.name} already"))
        else:
            self._jobs.append(job)
            self._wake.set()
        return job.done

    async def close(self) -> None:
        """Write what waits, as far as that goes, and stop."""
        self._closing = True
        self._wake.set()
        if self._pause is not None:
            self._pause.cancel()
        _, unfinished = await asyncio.wait({self._task}, timeout=PARTING)
        if unfinished:
            self._task.cancel()
            await asyncio.wait(unfinished, timeout=PARTING)
        while self._jobs:
            self._lose(self._jobs.popleft(), LocalError(f"{self.name} could not be written before the end"))

    async def _run(self) -> None:
        attempts = 0
        while True:
            if not self._jobs:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            if await self._write(list(islice(self._jobs, BATCH))):
                attempts = 0
                if not self._closing and self._is_busy():
                    await self._rest(asyncio.sleep(GATHER))
                continue
            attempts += 1
            if self._closing and attempts >= FAREWELL:
                return
            await self._rest(self._sleep(RETRIES[min(attempts, len(RETRIES)) - 1]))

    def _is_busy(self) -> bool:
        """Whether transactions come faster than they should; to be asked after each."""
        now = asyncio.get_running_loop().time()
        self._spare = min(AT_ONCE, self._spare + (now - self._written_at) / GATHER) - 1
        self._written_at = now
        return self._spare < 0

    async def _rest(self, pause: Awaitable[None]) -> None:
        self._pause = asyncio.ensure_future(pause)
        await asyncio.wait({self._pause})  # which also ends when the pause is cut short
        self._pause = None

    async def _write(self, batch: list[_Job]) -> bool:
        """Write a batch from the head of the queue; whether it left the queue."""
        try:
            async with self._in_time(), self._engine.begin() as connection:
                for sql, rows in _runs(statement for job in batch for statement in job.statements):
                    if isinstance(sql, Insertion):
                        await connection.exec_driver_sql(*sql.statement(rows or ()))
                    else:
                        await connection.execute(sql, rows)
        except Exception as error:
            if _is_refused(error):
                return await self._write_without_fault(batch, error)
            self._unanswered += isinstance(error, TimeoutError)
            for job in batch:
                job.in_doubt = True
            if not self._failures:
                self.fault = (
                    f"{self.name} cannot be written: {reason(error)}; entries wait and are tried again. "
                    "Is the disk full, or locked?"
                )
                _log.error("%s", self.fault)
            self._failures += 1
            return False
        self._written(batch)
        return True

    def _in_time(self) -> asyncio.Timeout:
        """For how long the next attempt may take: one that was given up may have had much to do."""
        wait = self._patience * 2 ** min(self._unanswered, DOUBLINGS)
        return asyncio.timeout(None if wait == inf else wait)

    def _written(self, batch: Iterable[_Job]) -> None:
        """A batch from the head of the queue is on the disk."""
        if self._failures:
            _log.warning("%s is written again, after %d failed attempts.", self.name, self._failures)
        self._failures, self._unanswered, self.fault = 0, 0, ""
        for job in batch:
            self._jobs.popleft()
            if not job.done.done():
                job.done.set_result(None)

    async def _write_without_fault(self, batch: list[_Job], error: Exception) -> bool:
        """Write a batch in which an entry was refused: mended, else by halves, until it is alone and lost."""
        if _mend(batch):
            return await self._write(batch)
        if len(batch) > 1:
            return await self._write(batch[: len(batch) // 2])
        if batch[0].in_doubt and _is_duplicate(error):
            self._written(batch)
            return True
        self._lose(self._jobs.popleft(), LocalError(f"{self.name} refuses it: {reason(error)}"))
        return True

    def _lose(self, job: _Job, error: LocalError) -> None:
        self.lost += 1
        _log.error("not stored (%s): %s", error, job.text)
        if not job.done.done():
            job.done.set_exception(error)
            job.done.exception()  # it was logged: nobody need look at the future


def _runs(statements: Iterable[Statement]) -> Iterator[tuple[Executable | Insertion, list[Row] | None]]:
    """Statements in their order, with the rows of those together that follow each other with the same one; rows are
    made when it is their turn.
    """
    for (sql, bare), run in groupby(statements, key=lambda statement: (statement.sql, statement.row is None)):
        if bare:
            yield from ((sql, None) for _ in run)
        else:
            while rows := [_made(statement.row) for statement in islice(run, TURN) if statement.row is not None]:
                yield sql, rows


def _made(row: Row | Callable[[], Row]) -> Row:
    return row() if callable(row) else row


def storable(text: str) -> str:
    """`text` without what no database takes as text: NUL, and halves of characters out of a caller's bytes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _mend(batch: Iterable[_Job]) -> bool:
    """Make the texts of all entries storable; whether one was not.

    Looked for only where an entry was refused: nearly all are what they should be.
    """
    is_mended = False
    for job in batch:
        statements = [_storable(statement) for statement in job.statements]
        is_mended = is_mended or any(new is not old for new, old in zip(statements, job.statements, strict=True))
        job.statements = statements
    return is_mended


def _storable(statement: Statement) -> Statement:
    if statement.row is None:
        return statement
    try:
        row = _made(statement.row)
    except Exception:  # what is wrong with it is told when it is alone
        return statement
    mended = {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}
    return statement if mended == row else Statement(statement.sql, mended)


def _is_refused(error: Exception) -> bool:
    """Whether the fault is an entry's own, so that no further attempt would help."""
    if isinstance(error, _REFUSALS):
        return True
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", ""))[:2] in _REFUSING_CLASSES
    if isinstance(error, StatementError):  # a value that the driver was not even given
        return True
    return not isinstance(error, _WITHOUT_MEANS)  # its row cannot be made


def _is_duplicate(error: Exception) -> bool:
    """Whether what is refused is there already."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", "") == _DUPLICATE or (
        getattr(cause, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_PRIMARYKEY"
    )


def reason(error: Exception) -> str:
    """The database's own words, without SQL, parameters and links."""
    if isinstance(error, TimeoutError):
        return "it does not answer"
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
