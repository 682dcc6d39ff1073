"""One row of the HTTP interface: where, what it does, what it takes and gives.

The rows make both the routes and the OpenAPI document, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.web.unhurried import handfuls

__all__ = ["CAPTURE", "CSV", "FILES", "WAV", "Endpoint", "openapi", "routes"]

WAV: Final = "audio/wav"
CAPTURE: Final = "application/x-pcapng"
CSV: Final = "text/csv"
FILES: Final = {WAV: "A WAV file.", CAPTURE: "A pcapng file, for Wireshark.", CSV: "A table."}
"""What answers that are no JSON hold."""

_ERROR: Final = {
    "description": "It was not done, and why.",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
        }
    },
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked.

    Attributes:
        method, path: as in HTTP; the path in Starlette's form.
        summary: one sentence.
        handler: answers: a value of the type `answer`, or its entries as they come; None for an empty answer; or a
            whole Response.
        answer: type of the JSON answer; None for an empty one; `WAV`, `CAPTURE` or `CSV` for a file.
        query: parameters after the question mark, by name, with what they mean.
        body: JSON schema of the request's body, or `WAV`; None where there is none.
    """

    method: str
    path: str
    summary: str
    handler: Callable[[Request], Awaitable[Any]]
    answer: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | str | None = None


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def routes(endpoints: Sequence[Endpoint]) -> list[Route]:
    """Starlette's routes for the rows."""
    return [Route(row.path, _answering(row), methods=[row.method]) for row in endpoints]


def _answering(row: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    adapter: TypeAdapter[Any] | None = None if row.answer is None or row.answer in FILES else _adapter(row.answer)

    async def answer(request: Request) -> Response:
        value = await row.handler(request)
        if isinstance(value, Response):
            return value
        if adapter is None:
            return Response(status_code=204)
        if isinstance(value, AsyncIterator):
            few = handfuls(value)
            begun: list[Any] = await anext(few, [])  # what fails is told, not begun
            return StreamingResponse(_array(begun, few, adapter), media_type="application/json")
        return JSONResponse(adapter.dump_python(value, mode="json"))

    return answer


async def _array(
    begun: list[Any], more: AsyncIterator[list[Any]], adapter: TypeAdapter[Any]
) -> AsyncIterator[bytes]:
    """A JSON array of any length, some entries at a time."""
    yield adapter.dump_json(begun).removesuffix(b"]")
    async for few in more:
        yield b"," + adapter.dump_json(few)[1:-1]
    yield b"]"


def openapi(endpoints: Sequence[Endpoint], title: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the rows."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for row in endpoints:
        path = row.path.replace(":path}", "}")
        paths.setdefault(path, {})[row.method.lower()] = _operation(row, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(row: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    names = [part[1:].partition("}")[0].partition(":")[0] for part in row.path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    parameters += [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in row.query.items()
    ]
    operation: dict[str, Any] = {"summary": row.summary, "parameters": parameters}
    if row.answer is None:
        operation["responses"] = {"204": {"description": "It is done."}}
    elif row.answer in FILES:
        operation["responses"] = {"200": {"description": FILES[row.answer], "content": {row.answer: {}}}}
    else:
        schema = _adapter(row.answer).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        operation["responses"] = {
            "200": {"description": row.summary, "content": {"application/json": {"schema": schema}}}
        }
    operation["responses"]["default"] = _ERROR
    if row.body is not None:
        content = {WAV: {}} if row.body == WAV else {"application/json": {"schema": row.body}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation
