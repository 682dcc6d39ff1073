"""How a database is opened: which one a URL means, whose it is, and what its tables lack is made."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event, insert, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.core.errors import LocalError, Unavailable
from gateway.store.lock import FileLock
from gateway.store.schema import ADDED, METADATA, SCHEMA_VERSION, VERSION
from gateway.store.writer import reason

__all__ = ["opened"]

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}

BUSY_SECONDS: Final = 5
"""How long SQLite waits for another program that holds the file (a backup, a report)."""

CONNECTED_WITHIN: Final = 15.0
"""Seconds that a server has to be connected to."""

_PRAGMAS: Final = (
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
)

_OWNER_ONLY: Final = 0o600
_MEND: Final = "check [store] url, who may write there, and that the disk is not full"


async def opened(url: str) -> tuple[AsyncEngine, str, FileLock | None]:
    """The database at `url`, with all tables; its name for sentences; what keeps others out where it is a file.

    Raises:
        LocalError: it cannot be opened, is in use, or was made by a later version.
        Unavailable: its driver is not installed.
    """
    target = _target(url)
    written = target.set(drivername=target.get_backend_name())  # as it stands in the configuration
    name = f"the database {written.render_as_string(hide_password=True)}"
    is_file = target.get_backend_name() == "sqlite"
    lock = FileLock(Path(target.database), name) if is_file and target.database else None
    try:
        if lock is not None:
            _make_file(lock.file, name)
        return await _with_tables(target, name), name, lock
    except BaseException:
        if lock is not None:
            lock.free()
        raise


def _target(url: str) -> URL:
    scheme = url.partition(":")[0]
    try:
        return make_url(url).set(drivername=_DRIVERS[scheme])
    except (ArgumentError, KeyError, ValueError) as error:
        raise LocalError('no database has such a URL; write "sqlite:///FILE" or "postgresql://…"') from error


def _make_file(file: Path, name: str) -> None:
    """Make an SQLite file, or see that there is one: here, a failure leaves no half-open connection behind."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # which the next line tells better
            file.touch(_OWNER_ONLY)  # people's texts are in it, and whom they have called
        with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as database:
            database.execute("PRAGMA journal_mode=WAL")
    except OSError as error:
        raise LocalError(f"{name} cannot be opened: its folder cannot be made: {error.strerror}") from error
    except sqlite3.Error as error:
        raise LocalError(f"{name} cannot be opened: {error}; {_MEND}") from error


async def _with_tables(target: URL, name: str) -> AsyncEngine:
    """The database at `target`, which has all tables then."""
    is_file = target.get_backend_name() == "sqlite"
    try:
        engine = create_async_engine(target, connect_args={} if is_file else {"timeout": CONNECTED_WITHIN})
    except ImportError as error:
        raise Unavailable(f"{name} needs a driver; install copperline[{target.get_backend_name()}]") from error
    if is_file:
        event.listen(engine.sync_engine, "connect", _prepare)
    try:
        async with engine.begin() as connection:
            await _create(connection, name)
    except (SQLAlchemyError, OSError) as error:
        await engine.dispose()
        raise LocalError(f"{name} cannot be opened: {reason(error)}; {_MEND}") from error
    except LocalError:
        await engine.dispose()
        raise
    return engine


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


async def _create(connection: AsyncConnection, name: str) -> None:
    await connection.run_sync(METADATA.create_all)
    version = await connection.scalar(select(SCHEMA_VERSION.c.version))
    if version is None:
        await connection.execute(insert(SCHEMA_VERSION).values(version=VERSION))
    elif version < VERSION:
        for added_in, statement in ADDED:
            if version < added_in:
                await connection.execute(text(statement))
        await connection.run_sync(METADATA.create_all)
        await connection.execute(update(SCHEMA_VERSION).values(version=VERSION))
    elif version > VERSION:
        raise LocalError(f"{name} has tables of version {version}, and this Copperline knows version {VERSION}")
