"""The tables, and the rows that records become.

Times are kept in UTC. A change of these tables raises `VERSION`, and says in `store` how the older ones are
brought up to it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    TypeDecorator,
)

from gateway.call.call import CallRecord
from gateway.call.talk import Talk
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.quality import Quality
from gateway.store.binding import StoredBinding

__all__ = [
    "ADDED",
    "BANS",
    "BINDINGS",
    "CALL_RECORDS",
    "DIALPLAN_VALUES",
    "METADATA",
    "SCHEMA_VERSION",
    "STANDING_CALLS",
    "TEXTS",
    "TOLL_USAGE",
    "VERSION",
    "binding_of",
    "binding_row",
    "record_of",
    "record_row",
]

VERSION: Final = 10
"""2 and 3 came with new tables alone, which are made where they are missing; those from 4 on with columns."""

ADDED: Final = (
    (4, "ALTER TABLE call_records ADD COLUMN linked VARCHAR(80) NOT NULL DEFAULT ''"),
    (4, "ALTER TABLE call_records ADD COLUMN talks TEXT NOT NULL DEFAULT '[]'"),
    (5, "ALTER TABLE registrations ADD COLUMN instance VARCHAR(256) NOT NULL DEFAULT ''"),
    (5, "ALTER TABLE registrations ADD COLUMN reg_id INTEGER NOT NULL DEFAULT 0"),
    (5, "ALTER TABLE registrations ADD COLUMN path TEXT NOT NULL DEFAULT ''"),
    (5, "ALTER TABLE registrations ADD COLUMN features TEXT NOT NULL DEFAULT ''"),
    (6, "ALTER TABLE call_records ADD COLUMN quality TEXT NOT NULL DEFAULT '[]'"),
    (7, "ALTER TABLE call_records ADD COLUMN answer_signal TEXT NOT NULL DEFAULT ''"),
    (
        8,
        "INSERT INTO bindings (account, place, contact, call_id, cseq, expires, q, user_agent, transport, local, "
        "remote, instance, reg_id, path, features) "
        "SELECT account, CASE reg_id WHEN 0 THEN contact ELSE instance || ';' || reg_id END, contact, call_id, "
        "cseq, expires, q, user_agent, transport, local, remote, instance, reg_id, path, features "
        "FROM registrations AS old WHERE reg_id = 0 OR NOT EXISTS (SELECT 1 FROM registrations AS newer WHERE "
        "newer.account = old.account AND newer.instance = old.instance AND newer.reg_id = old.reg_id AND "
        "(newer.expires > old.expires OR (newer.expires = old.expires AND newer.contact > old.contact)))",
    ),
    (8, "DROP TABLE registrations"),
    (9, "ALTER TABLE call_records ADD COLUMN dialled TEXT NOT NULL DEFAULT ''"),
    (10, "ALTER TABLE call_records ADD COLUMN tried TEXT NOT NULL DEFAULT '[]'"),
    (10, "ALTER TABLE call_records ADD COLUMN cost FLOAT NOT NULL DEFAULT 0"),
    (10, "DROP TABLE standing_calls"),  # made anew with these: whoever has ended in order leaves nothing there
)
"""What brings the tables of an older version up to the one named."""


class _Utc(TypeDecorator[datetime]):
    """A moment, in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


METADATA: Final = MetaData()

SCHEMA_VERSION: Final = Table("schema_version", METADATA, Column("version", Integer, primary_key=True))

BINDINGS: Final = Table(
    "bindings",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("place", String(2048), primary_key=True),
    Column("contact", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("cseq", Integer, nullable=False),
    Column("expires", _Utc, nullable=False),
    Column("q", Integer, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("transport", String(8), nullable=False),
    Column("local", String(80), nullable=False),
    Column("remote", String(80), nullable=False),
    Column("instance", String(256), nullable=False, server_default=""),
    Column("reg_id", Integer, nullable=False, server_default="0"),
    Column("path", Text, nullable=False, server_default=""),
    Column("features", Text, nullable=False, server_default=""),
)

CALL_RECORDS: Final = Table(
    "call_records",
    METADATA,
    Column("id", String(80), primary_key=True),
    Column("started", _Utc, nullable=False),
    Column("answered", _Utc, nullable=True),
    Column("ended", _Utc, nullable=False),
    Column("caller", Text, nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("source_channel", Text, nullable=False),
    Column("destination_channel", Text, nullable=False),
    Column("duration", Float, nullable=False),
    Column("billsec", Float, nullable=False),
    Column("disposition", String(16), nullable=False),
    Column("cause", Integer, nullable=False),
    Column("ended_by", Text, nullable=False),
    Column("act", String(16), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("answer_signal", Text, nullable=False, server_default=""),
    Column("dialled", Text, nullable=False, server_default=""),
    Column("linked", String(80), nullable=False, server_default=""),
    Column("talks", Text, nullable=False, server_default="[]"),
    Column("quality", Text, nullable=False, server_default="[]"),
    Column("tried", Text, nullable=False, server_default="[]"),
    Column("cost", Float, nullable=False, server_default="0"),
    Index("call_records_started", "started"),
)

STANDING_CALLS: Final = Table(
    "standing_calls",
    METADATA,
    *(Column(each.name, each.type, primary_key=each.primary_key) for each in CALL_RECORDS.c),
)
"""Calls that go on, as records that end when they were seen last."""

DIALPLAN_VALUES: Final = Table(
    "dialplan_values",
    METADATA,
    Column("path", String(256), primary_key=True),
    Column("value", Text, nullable=False),
)

TOLL_USAGE: Final = Table(
    "toll_usage",
    METADATA,
    Column("payer", String(120), primary_key=True),
    Column("minute", Integer, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("cost", Float, nullable=False),
)

BANS: Final = Table(
    "bans",
    METADATA,
    Column("source", String(80), primary_key=True),
    Column("until", _Utc, nullable=False),
    Column("why", Text, nullable=False),
)

TEXTS: Final = Table(
    "texts",
    METADATA,
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("recipient", String(80), nullable=False),
    Column("sender", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires", _Utc, nullable=False),
)


_HEARD: Final = tuple(each.name for each in fields(Quality))


def record_row(record: CallRecord) -> dict[str, Any]:
    """The row of a call record."""
    ending = record.ending
    return {
        "id": record.id,
        "started": record.started,
        "answered": record.answered,
        "ended": record.ended,
        "caller": record.caller,
        "caller_name": record.caller_name,
        "called": record.called,
        "context": record.context,
        "source_channel": record.source,
        "destination_channel": record.destination,
        "duration": record.duration,
        "billsec": record.billed,
        "disposition": record.disposition,
        "cause": int(ending.cause),
        "ended_by": ending.by,
        "act": ending.act.name,
        "evidence": ending.evidence,
        "advice": ending.advice,
        "sentence": str(ending),
        "answer_signal": record.answer_signal,
        "dialled": record.dialled,
        "linked": record.linked,
        "talks": _listed([_talk_row(talk) for talk in record.talks]),
        "quality": _listed([{name: getattr(heard, name) for name in _HEARD} for heard in record.quality]),
        "tried": _listed(record.tried),
        "cost": record.cost,
    }


def _listed(values: Sequence[object]) -> str:
    """`values` as JSON; of most calls there are none of most kinds."""
    return json.dumps(values) if values else "[]"


def _talk_row(talk: Talk) -> list[str | None]:
    return [talk.one, talk.other, talk.began.isoformat(), None if talk.ended is None else talk.ended.isoformat()]


def _talk_of(row: Sequence[Any]) -> Talk:
    one, other, began, ended = row
    return Talk(one, other, datetime.fromisoformat(began), None if ended is None else datetime.fromisoformat(ended))


def record_of(row: RowMapping) -> CallRecord:
    """The call record of a row."""
    return CallRecord(
        id=row["id"],
        started=row["started"],
        answered=row["answered"],
        ended=row["ended"],
        caller=row["caller"],
        caller_name=row["caller_name"],
        called=row["called"],
        context=row["context"],
        source=row["source_channel"],
        destination=row["destination_channel"],
        duration=row["duration"],
        billed=row["billsec"],
        disposition=row["disposition"],
        ending=Ending(Cause(row["cause"]), row["ended_by"], Act[row["act"]], row["evidence"], row["advice"]),
        answer_signal=row["answer_signal"],
        dialled=row["dialled"],
        linked=row["linked"],
        talks=tuple(_talk_of(talk) for talk in json.loads(row["talks"])),
        quality=tuple(Quality(**heard) for heard in json.loads(row["quality"])),
        tried=tuple(json.loads(row["tried"])),
        cost=row["cost"],
    )


def binding_row(binding: StoredBinding) -> dict[str, Any]:
    """The row of a registration."""
    return {column.name: getattr(binding, column.name) for column in BINDINGS.columns}


def binding_of(row: RowMapping) -> StoredBinding:
    """The registration of a row."""
    return StoredBinding(**row)
