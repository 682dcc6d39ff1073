"""The dialplan's database by HTTP: forwardings, night switches and whatever else scripts keep there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from dialplan.database import Database
from dialplan.functions.database import path as checked
from dialplan.substitution import ScriptError
from gateway.web.body import json_of
from gateway.web.endpoint import Endpoint

__all__ = ["Values"]

_BODY: Final = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "family/key"},
        "value": {"type": ["string", "null"], "description": "null forgets it"},
    },
    "required": ["path", "value"],
}


class Values:
    """The values of one office.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def endpoints(self) -> list[Endpoint]:
        """The rows of the interface."""
        where = "/api/v1/database"
        prefix = {"prefix": "a family, or a path in it; all where left out"}
        return [
            Endpoint(
                "GET", where, "Values that scripts keep, by path.", self._show, Mapping[str, str], query=prefix
            ),
            Endpoint("POST", where, "Keep or forget a value.", self._put, body=_BODY),
        ]

    async def _show(self, request: Request) -> Any:
        found = self._database.paths(request.query_params.get("prefix", "").strip("/"))
        return {path: self._database.get(path) or "" for path in found}

    async def _put(self, request: Request) -> None:
        wanted = await json_of(request)
        if not isinstance(wanted.get("path"), str):
            raise HTTPException(400, 'Write {"path": "family/key", "value": "text"}; the value null forgets it.')
        value = wanted.get("value")
        if value is not None and not isinstance(value, str):
            raise HTTPException(400, "A value is a text, or null to forget it.")
        try:
            path = checked(wanted["path"])
        except ScriptError as error:
            raise HTTPException(400, f"{error}.") from None
        if value is None:
            self._database.delete(path)
        else:
            self._database.put(path, value)
