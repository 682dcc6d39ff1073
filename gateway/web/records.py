"""Call records as CSV (RFC 4180), for books and bills: as many as there are, some at a time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.call.call import CallRecord
from gateway.web.endpoint import CSV, Endpoint

__all__ = ["COLUMNS", "RecordsApi"]

Records = Callable[[datetime, datetime, str, int], Awaitable[Sequence[CallRecord]]]

AT_ONCE: Final = 500
"""Records that are read from the database at a time."""

COLUMNS: Final = (
    "id linked started answered ended caller caller_name called dialled context source destination duration billed "
    "disposition cause ended_by sentence cost tried"
).split()

_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FORMULA: Final = re.compile(r"[=@\uff1d\uff20\uff0b\uff0d]|[+-](?![0-9 ().*#/-]*\Z)")
"""What makes a spreadsheet work out a text, plain numbers aside; callers choose their names."""


class RecordsApi:
    """The records of one office.

    Args:
        records: gives those that began from one moment until before another, after the one of an id (of the first
            moment), the oldest first, so many at most.
        clock: the clock on the wall, with its zone.
    """

    def __init__(self, records: Records, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._records = records
        self._clock = clock

    def endpoints(self) -> list[Endpoint]:
        """The rows of the interface."""
        return [
            Endpoint(
                "GET",
                "/api/v1/records.csv",
                "Calls that are over, the oldest first, as CSV.",
                self._csv,
                CSV,
                query={
                    "since": "those that began at this time or later: 2026-11-01, 2026-11-01T08:00:00+01:00",
                    "until": "and before this one; now where left out",
                },
            )
        ]

    async def _csv(self, request: Request) -> Response:
        since = _moment(request, "since", datetime(1970, 1, 1, tzinfo=UTC))
        until = _moment(request, "until", self._clock())
        first = await self._records(since, until, "", AT_ONCE)  # what fails is told, not begun
        return StreamingResponse(self._lines(first, until), media_type=CSV)

    async def _lines(self, records: Sequence[CallRecord], until: datetime) -> AsyncIterator[str]:
        yield _written([COLUMNS])
        while records:
            yield _written([_row(record) for record in records])
            records = await self._records(records[-1].started, until, records[-1].id, AT_ONCE)


def _moment(request: Request, name: str, otherwise: datetime) -> datetime:
    text = request.query_params.get(name, "")
    try:
        moment = datetime.fromisoformat(text) if text else otherwise
        return moment.astimezone(UTC)  # without a zone it is the machine's
    except (ValueError, OverflowError) as fault:
        raise HTTPException(
            400, f"{name} must be a date, or a date and time: 2026-11-01 or 2026-11-01T08:00"
        ) from fault


def _written(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _row(record: CallRecord) -> list[Any]:
    told = {
        "cause": int(record.ending.cause),
        "ended_by": record.ending.by,
        "sentence": str(record.ending),
        "tried": " ".join(record.tried),
    }
    return [_cell(told[name] if name in told else getattr(record, name)) for name in COLUMNS]


def _cell(value: Any) -> Any:
    """A value as it stands in a table, whatever a caller's name holds."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if not isinstance(value, str):
        return "" if value is None else value
    text = _UNFIT.sub("?", value)
    return f"'{text}" if _FORMULA.match(text) else text
