"""Registrations, call records, the dialplan's values, what calls cost, texts, bans, in SQLite or PostgreSQL.

What is written goes through `Writer`; what is read comes from what is on the disk. A record whose future is done
survives the death of this process and of the machine: SQLite runs with a write-ahead log that is flushed at each
commit (sqlite.org/pragma.html, synchronous=FULL).

Nothing that is read waits for something to be written: a disk with little room, or another program that holds the
database, keeps no office from its start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any, Final, Self

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.call.call import CallRecord
from gateway.core.errors import LocalError
from gateway.store.ban import StoredBan
from gateway.store.binding import StoredBinding
from gateway.store.insertion import Insertion
from gateway.store.lock import FileLock
from gateway.store.opening import opened
from gateway.store.schema import (
    BANS,
    BINDINGS,
    CALL_RECORDS,
    DIALPLAN_VALUES,
    STANDING_CALLS,
    TEXTS,
    TOLL_USAGE,
    binding_of,
    binding_row,
    record_of,
    record_row,
)
from gateway.store.text import StoredText
from gateway.store.writer import TURN, Statement, Writer, reason
from gateway.toll.meter import Usage

__all__ = ["Store"]

# Made once: many rows with the same statement are written at once, and it is compiled once.
_STAND: Final = insert(STANDING_CALLS)
_STILL_STAND: Final = update(STANDING_CALLS).values(duration=STANDING_CALLS.c.duration + bindparam("passed"))
_FALL: Final = delete(STANDING_CALLS).where(STANDING_CALLS.c.id == bindparam("over"))
_FALL_ALL: Final = delete(STANDING_CALLS)
_KEEP_BINDING: Final = insert(BINDINGS)
_FORGET_BINDING: Final = delete(BINDINGS).where(
    BINDINGS.c.account == bindparam("of"), BINDINGS.c.place == bindparam("at")
)
_KEEP_BAN: Final = insert(BANS)
_FORGET_BAN: Final = delete(BANS).where(BANS.c.source == bindparam("at"))
_KEEP_TEXT: Final = insert(TEXTS)
_FORGET_TEXT: Final = delete(TEXTS).where(TEXTS.c.serial == bindparam("at"))
_KEEP_VALUE: Final = insert(DIALPLAN_VALUES)
_FORGET_VALUE: Final = delete(DIALPLAN_VALUES).where(DIALPLAN_VALUES.c.path == bindparam("at"))
_KEEP_USAGE: Final = insert(TOLL_USAGE)
_FORGET_USAGE: Final = delete(TOLL_USAGE).where(
    TOLL_USAGE.c.payer == bindparam("of"), TOLL_USAGE.c.minute == bindparam("at")
)

READ_WITHIN: Final = 15.0
"""Seconds that a server has to answer who reads; a file is waited for (`gateway.store.opening.BUSY_SECONDS`)."""
WRITE_WITHIN: Final = 30.0
"""Seconds that it has for a transaction, at first."""

_LAST_NUMBER: Final = 10**10 - 1
"""More calls than one run has."""


class Store:
    """An open database. Make one by `Store.open`, end it by `close`."""

    def __init__(self, engine: AsyncEngine, writer: Writer, lock: FileLock | None = None) -> None:
        self._engine = engine
        self._writer = writer
        self._lock = lock
        self._read_within = None if engine.dialect.name == "sqlite" else READ_WITHIN
        self._records = Insertion(CALL_RECORDS, engine.dialect, TURN)

    @classmethod
    async def open(cls, url: str, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Self:
        """Open the database at `url` and create what it lacks.

        Args:
            url: "sqlite:////absolute/file" or "postgresql://user:secret@host/name".
            sleep: waits between attempts to write, seconds.

        Raises:
            LocalError: it cannot be opened, or was made by a later version.
            Unavailable: its driver is not installed.
        """
        engine, name, lock = await opened(url)
        patience = inf if engine.dialect.name == "sqlite" else WRITE_WITHIN
        return cls(engine, Writer(engine, name, sleep=sleep, patience=patience), lock)

    async def close(self) -> None:
        """Write what waits and close the database."""
        await self._writer.close()
        await self._engine.dispose()
        if self._lock is not None:
            self._lock.free()

    @property
    def pending(self) -> int:
        """Entries that are not on the disk yet."""
        return self._writer.pending

    @property
    def fault(self) -> str:
        """Why nothing can be written at present, as a sentence; else ""."""
        return self._writer.fault

    @property
    def lost(self) -> int:
        """Entries that could not be kept since the start; each stands in the log."""
        return self._writer.lost

    def record(self, record: CallRecord, *, stood: bool = False) -> asyncio.Future[None]:
        """Keep a call record; durable once the future is done. Never waits; the future may be ignored.

        Args:
            stood: it was said to go on (`stand`), and no longer does: there is one of the two at any time.
        """
        statements = [Statement(self._records, partial(record_row, record))]
        if stood:
            statements.append(Statement(_FALL, {"over": record.id}))
        return self._writer.submit(statements, record)

    def stand(self, record: CallRecord) -> asyncio.Future[None]:
        """Keep a call that goes on, as it would be recorded if it ended now. As `record` otherwise."""
        return self._writer.submit([Statement(_STAND, record_row(record))], f"call {record.id}, which goes on")

    def still_stand(self, passed: float) -> asyncio.Future[None]:
        """All calls that were said to go on do so `passed` seconds later. As `record` otherwise."""
        return self._writer.submit([Statement(_STILL_STAND, {"passed": passed})], "that calls go on")

    def forget_standing(self) -> asyncio.Future[None]:
        """Nothing was said of calls that go on. As `record` otherwise."""
        return self._writer.submit([Statement(_FALL_ALL)], "which calls go on is written anew")

    async def recover(self) -> list[CallRecord]:
        """Record the calls that went on when this process ended last, which it could not do itself.

        Returns:
            Their records, which end when the calls were seen last; they are on the disk some time later.
        """
        rows = await self._rows(select(STANDING_CALLS).order_by(STANDING_CALLS.c.started))
        if not rows:
            return []
        recorded = select(CALL_RECORDS.c.id).where(CALL_RECORDS.c.id.in_(select(STANDING_CALLS.c.id)))
        known = {row["id"] for row in await self._rows(recorded)}
        found = [_seen_last(record_of(row)) for row in rows if row["id"] not in known]
        kept = [Statement(self._records, partial(record_row, record)) for record in found]
        self._writer.submit([*kept, Statement(_FALL_ALL)], found)  # at once: there may be thousands
        return found

    async def has_calls(self, run: str) -> bool:
        """Whether there have been calls whose ids are `run`, a hyphen and a number."""
        first, last = f"{run}-0", f"{run}-{_LAST_NUMBER}"
        for table in (CALL_RECORDS, STANDING_CALLS):
            if await self._rows(select(table.c.id).where(table.c.id.between(first, last)).limit(1)):
                return True
        return False

    def save_binding(self, binding: StoredBinding) -> asyncio.Future[None]:
        """Keep a registration in place of what was known of the same flow or contact; as `record` otherwise."""
        statements = [_without(binding.account, binding.place), Statement(_KEEP_BINDING, binding_row(binding))]
        return self._writer.submit(statements, f"registration {binding.account} at {binding.contact}")

    def remove_binding(self, binding: StoredBinding) -> asyncio.Future[None]:
        """Forget a registration; harmless where it is not known. As `record` otherwise."""
        statement = _without(binding.account, binding.place)
        return self._writer.submit([statement], f"end of registration {binding.account} at {binding.contact}")

    async def load_bindings(self, now: datetime) -> list[StoredBinding]:
        """All registrations that are still good at `now`; those that are over are forgotten."""
        over = delete(BINDINGS).where(BINDINGS.c.expires <= now)
        self._writer.submit([Statement(over)], "end of registrations that expired")
        good = select(BINDINGS).where(BINDINGS.c.expires > now)
        return [binding_of(row) for row in await self._rows(good.order_by(BINDINGS.c.expires))]

    async def records(self, limit: int) -> list[CallRecord]:
        """The latest call records, the newest first, those among them that wait for the disk.

        Raises:
            LocalError: the database cannot be read.
        """
        waiting = self._waiting_records()
        newest = select(CALL_RECORDS).order_by(CALL_RECORDS.c.started.desc(), CALL_RECORDS.c.id.desc())
        kept = [record_of(row) for row in await self._rows(newest.limit(limit))]
        return _in_order(kept, waiting, reverse=True)[:limit]

    async def records_between(self, since: datetime, until: datetime, after: str, limit: int) -> list[CallRecord]:
        """Records of calls that began from `since` until before `until`, the oldest first, as `records` otherwise.

        Args:
            after: of those that began at `since`, only those whose ids are greater.
            limit: how many at most.
        """
        waiting = [
            record
            for record in self._waiting_records()
            if (since, after) < (record.started, record.id) and record.started < until
        ]
        begun, id = CALL_RECORDS.c.started, CALL_RECORDS.c.id
        wanted = select(CALL_RECORDS).where(begun >= since, begun < until, or_(begun > since, id > after))
        kept = [record_of(row) for row in await self._rows(wanted.order_by(begun, id).limit(limit))]
        return _in_order(kept, waiting)[:limit]

    def _waiting_records(self) -> list[CallRecord]:
        return [each for each in self._writer.waiting if isinstance(each, CallRecord)]

    def forget_records(self, before: datetime) -> asyncio.Future[None]:
        """Forget the records of calls that began before a moment. As `record` otherwise."""
        over = delete(CALL_RECORDS).where(CALL_RECORDS.c.started < before)
        return self._writer.submit([Statement(over)], f"end of the records of calls before {before:%Y-%m-%d %H:%M}")

    def save_values(self, values: Mapping[str, str | None]) -> asyncio.Future[None]:
        """Keep values of the dialplan by path; None forgets one. As `record` otherwise."""
        statements = [Statement(_FORGET_VALUE, {"at": path}) for path in values]
        statements += [
            Statement(_KEEP_VALUE, {"path": path, "value": value})
            for path, value in values.items()
            if value is not None
        ]
        return self._writer.submit(statements, f"{len(values)} values of the dialplan's database")

    async def load_values(self) -> dict[str, str]:
        """All values of the dialplan, by path."""
        return {row["path"]: row["value"] for row in await self._rows(select(DIALPLAN_VALUES))}

    def save_usage(self, usages: Sequence[Usage]) -> asyncio.Future[None]:
        """Keep what payers used, in place of what was known of the same minutes. As `record` otherwise."""
        statements = [Statement(_FORGET_USAGE, {"of": usage.payer, "at": usage.minute}) for usage in usages]
        statements += [
            Statement(
                _KEEP_USAGE,
                {"payer": usage.payer, "minute": usage.minute, "seconds": usage.seconds, "cost": usage.cost},
            )
            for usage in usages
        ]
        return self._writer.submit(statements, f"what {len(usages)} minutes of calls cost")

    async def load_usage(self, since: int) -> list[Usage]:
        """What payers used from the minute `since` on; what is older is forgotten."""
        table = TOLL_USAGE
        over = delete(table).where(table.c.minute < since)
        self._writer.submit([Statement(over)], "end of usage of another day")
        return [Usage(**row) for row in await self._rows(select(table).where(table.c.minute >= since))]

    def save_text(self, text: StoredText) -> asyncio.Future[None]:
        """Keep a text that waits for its recipient. As `record` otherwise."""
        return self._writer.submit([Statement(_KEEP_TEXT, asdict(text))], f"a text for {text.recipient}")

    def remove_text(self, serial: int) -> asyncio.Future[None]:
        """Forget a text; harmless where it is not known. As `record` otherwise."""
        return self._writer.submit([Statement(_FORGET_TEXT, {"at": serial})], f"end of text {serial}")

    async def load_texts(self, now: datetime) -> list[StoredText]:
        """All texts that still wait at `now`, in their order; those that are too old are forgotten."""
        over = delete(TEXTS).where(TEXTS.c.expires <= now)
        self._writer.submit([Statement(over)], "end of texts that are too old")
        waiting = select(TEXTS).where(TEXTS.c.expires > now)
        return [StoredText(**row) for row in await self._rows(waiting.order_by(TEXTS.c.serial))]

    def save_ban(self, ban: StoredBan) -> asyncio.Future[None]:
        """Keep a ban, in place of an earlier one of that source. As `record` otherwise."""
        statements = [Statement(_FORGET_BAN, {"at": ban.source}), Statement(_KEEP_BAN, asdict(ban))]
        return self._writer.submit(statements, f"the ban of {ban.source}")

    def remove_ban(self, source: str) -> asyncio.Future[None]:
        """Forget a ban; harmless where it is not known. As `record` otherwise."""
        return self._writer.submit([Statement(_FORGET_BAN, {"at": source})], f"the end of the ban of {source}")

    async def load_bans(self, now: datetime) -> list[StoredBan]:
        """All bans that hold at `now`, those that end first before others; those that are over are forgotten."""
        over = delete(BANS).where(BANS.c.until <= now)
        self._writer.submit([Statement(over)], "end of bans that are over")
        held = select(BANS).where(BANS.c.until > now)
        return [StoredBan(**row) for row in await self._rows(held.order_by(BANS.c.until))]

    async def _rows(self, query: Any) -> list[Any]:
        try:
            async with asyncio.timeout(self._read_within), self._engine.connect() as connection:
                return list((await connection.execute(query)).mappings())
        except (SQLAlchemyError, OSError) as error:
            raise LocalError(
                f"{self._writer.name} cannot be read: {reason(error)}; what is to be kept waits"
            ) from error


def _in_order(kept: list[CallRecord], waiting: list[CallRecord], *, reverse: bool = False) -> list[CallRecord]:
    """Records by when their calls began; those that have got onto the disk meanwhile once."""
    if not waiting:
        return kept
    every = {record.id: record for record in (*waiting, *kept)}
    return sorted(every.values(), key=lambda record: (record.started, record.id), reverse=reverse)


def _seen_last(record: CallRecord) -> CallRecord:
    """A record that ends after its duration: the clock on the wall may have been set meanwhile."""
    ended = record.started + timedelta(seconds=record.duration)
    billed = 0.0 if record.answered is None else (ended - record.answered).total_seconds()
    return replace(record, ended=ended, duration=round(record.duration, 3), billed=round(billed, 3))


def _without(account: str, place: str) -> Statement:
    return Statement(_FORGET_BINDING, {"of": account, "at": place})
