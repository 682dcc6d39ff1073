"""What can be asked of an office: calls and their stories, lines, registrations, records."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.core.errors import LocalError
from gateway.web.body import json_of
from gateway.web.endpoint import CAPTURE, Endpoint
from gateway.web.office import (
    CallView,
    LineView,
    Office,
    OfficeView,
    RegistrationView,
    ReloadView,
    TollView,
    TrunkView,
)
from gateway.web.unhurried import first
from gateway.web.views import NoteView, RecordView, told

__all__ = ["Api"]

T = TypeVar("T")

_NUMBER: Final = re.compile(r"[0-9A-Za-z*#+\-._]{1,64}")
_CALL_BODY: Final = {
    "type": "object",
    "properties": {
        "from": {"type": "string", "description": "an account or telephone of the office"},
        "to": {"type": "string", "description": "the number that it calls"},
    },
    "required": ["from", "to"],
}

NOT_KNOWN: Final = 'Nothing is known of a call "{}"; the latest calls are kept.'
NO_MESSAGES: Final = 'The call "{}" met no messages by SIP or on a D channel; its trace says what it did meet.'
MOST: Final = 1_000_000
"""Entries of a list that comes some at a time: all that there are."""

_PART: Final = {"limit": "how many; all where left out"}
_SEARCH: Final = "only those with this text in {}, in any case"


class Api:
    """The questions about one office.

    Args:
        office: whom to ask.
        most_records: call records that one request gets at most.
    """

    def __init__(self, office: Office, *, most_records: int) -> None:
        self._office = office
        self._most = most_records

    def endpoints(self) -> list[Endpoint]:
        """The rows of the interface."""
        return [
            Endpoint("GET", "/api/v1/office", "The office itself.", self._office_itself, OfficeView),
            Endpoint(
                "GET",
                "/api/v1/calls",
                "Calls in progress, the oldest first.",
                self._calls,
                Sequence[CallView],
                query=_PART | {"search": _SEARCH.format("an id, a number, a name or the name of a leg")},
            ),
            Endpoint(
                "POST",
                "/api/v1/calls",
                "Call a telephone of the office and, once it is answered, a number for it (click to dial).",
                self._place,
                body=_CALL_BODY,
            ),
            Endpoint(
                "GET",
                "/api/v1/calls/{id:path}/trace",
                "All that a call met, also one that is over.",
                self._trace,
                Sequence[NoteView],
            ),
            Endpoint(
                "GET",
                "/api/v1/calls/{id:path}/capture",
                "The messages of a call, also of one that is over, for Wireshark; secrets are starred out.",
                self._capture,
                CAPTURE,
            ),
            Endpoint("GET", "/api/v1/calls/{id:path}", "One call in progress.", self._call, CallView),
            Endpoint(
                "DELETE",
                "/api/v1/calls/{id:path}",
                "Hang up: a call by its id, all its legs; or one leg by its name.",
                self._hang_up,
            ),
            Endpoint(
                "POST",
                "/api/v1/reload",
                "Read the dialplan, accounts, trunks, toll rules and certificates anew, all or nothing.",
                self._reload,
                ReloadView,
            ),
            Endpoint(
                "GET",
                "/api/v1/lines",
                "Telephone and exchange lines, ISDN adapters and spans.",
                self._lines,
                Sequence[LineView],
            ),
            Endpoint("GET", "/api/v1/trunks", "SIP trunks and their states.", self._trunks, Sequence[TrunkView]),
            Endpoint(
                "GET",
                "/api/v1/registrations",
                "Telephones that are registered.",
                self._registrations,
                Sequence[RegistrationView],
                query=_PART | {"search": _SEARCH.format("any of their columns")},
            ),
            Endpoint(
                "GET",
                "/api/v1/records",
                "Calls that are over, the newest first.",
                self._records,
                Sequence[RecordView],
                query={"limit": f"how many, 1 to {self._most}"},
            ),
            Endpoint("GET", "/api/v1/tolls", "What calls to the outside have cost.", self._tolls, TollView),
        ]

    async def _office_itself(self, request: Request) -> Any:
        office = self._office
        directory = tuple(office.directory.items())
        return OfficeView(office.name, directory, office.worries(), office.call_count, office.registration_count)

    async def _calls(self, request: Request) -> Any:
        return _part(request, self._office.calls)

    async def _place(self, request: Request) -> None:
        wanted = await json_of(request)
        caller, called = wanted.get("from"), wanted.get("to")
        for number in (caller, called):
            if not isinstance(number, str) or not _NUMBER.fullmatch(number):
                raise HTTPException(400, "from and to must each be a number: digits, letters and * # + - . _")
        try:
            await self._office.call(str(caller), str(called))
        except LocalError as why:
            raise HTTPException(409, str(why)) from why

    async def _call(self, request: Request) -> Any:
        wanted = request.path_params["id"]
        call = self._office.call_in_progress(wanted)
        if call is None:
            raise HTTPException(404, f'No call "{wanted}" is in progress.')
        return call

    async def _hang_up(self, request: Request) -> None:
        try:
            self._office.hang_up(request.path_params["id"])
        except LocalError as why:
            raise HTTPException(404, str(why)) from why

    async def _reload(self, request: Request) -> Any:
        return self._office.reload()

    async def _trace(self, request: Request) -> Any:
        wanted = request.path_params["id"]
        notes = self._office.story(wanted)
        if not notes:
            raise HTTPException(404, NOT_KNOWN.format(wanted))
        return told(notes)

    async def _capture(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        capture = self._office.capture(wanted)
        if not capture:
            known = bool(self._office.story(wanted))
            raise HTTPException(404, NO_MESSAGES.format(wanted) if known else NOT_KNOWN.format(wanted))
        return Response(capture, media_type=CAPTURE)

    async def _lines(self, request: Request) -> Any:
        return self._office.lines()

    async def _trunks(self, request: Request) -> Any:
        return self._office.trunks()

    async def _registrations(self, request: Request) -> Any:
        return _part(request, self._office.registrations)

    async def _tolls(self, request: Request) -> Any:
        return self._office.tolls()

    async def _records(self, request: Request) -> Any:
        limit = _limit(request, self._most)
        return [RecordView.of(record) for record in await self._office.records(limit)]


def _limit(request: Request, most: int) -> int:
    text = request.query_params.get("limit", str(most))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else 0
    if not 1 <= limit <= most:
        raise HTTPException(400, f"limit must be a number from 1 to {most}.")
    return limit


def _part(request: Request, entries: Callable[[str], AsyncIterator[T]]) -> AsyncIterator[T]:
    """What a request wants of a list."""
    return first(entries(request.query_params.get("search", "")), _limit(request, MOST))
