"""The JSON that a request brings."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["json_of"]


async def json_of(request: Request) -> dict[str, Any]:
    """The object in a request's body.

    Raises:
        HTTPException: 415, it is not said to be JSON; 400, it is none, or no object.
    """
    # A page elsewhere can send a form without asking, but no JSON: the type is part of the defence.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send JSON, with the content type application/json.")
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "The body must be a JSON object.")
    return body
