"""The whole web as one ASGI application: the interface, the page, metrics and health, behind the guard."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.core.errors import CopperlineError, RemoteError
from gateway.web.admission import AdmissionApi
from gateway.web.api import Api
from gateway.web.conferences import ConferenceApi
from gateway.web.database import Values
from gateway.web.endpoint import Endpoint, openapi, routes
from gateway.web.guard import Guard
from gateway.web.metrics import Metrics
from gateway.web.office import Office
from gateway.web.records import RecordsApi
from gateway.web.sim import Sim

__all__ = ["application", "endpoints"]

_log = logging.getLogger("copperline.web")

_PAGE: Final = Path(__file__).with_name("page")


def endpoints(office: Office, *, most_records: int) -> list[Endpoint]:
    """All that can be asked of an office; see `application`."""
    return [
        *Api(office, most_records=most_records).endpoints(),
        *Values(office.database).endpoints(),
        *RecordsApi(office.records_between).endpoints(),
        *AdmissionApi(office.admission).endpoints(),
        *ConferenceApi(office.rooms).endpoints(),
        *(Sim(office.simulator).endpoints() if office.simulator is not None else ()),
    ]


def application(office: Office, *, host: str, most_records: int = 200) -> Starlette:
    """The web of one office.

    Args:
        office: what it shows.
        host: the address that it is bound to.
        most_records: call records that one request gets at most.
    """
    every = endpoints(office, most_records=most_records)
    metrics = Metrics(office)

    @cache  # made when it is first asked for: a tenth of what starting an office takes
    def document() -> dict[str, Any]:
        return openapi(every, office.name)

    async def describe(request: Request) -> Response:
        return JSONResponse(document())

    async def measure(request: Request) -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    async def health(request: Request) -> Response:
        trouble = office.trouble()
        return (
            JSONResponse({"error": trouble}, 503)
            if trouble
            else JSONResponse({"status": "ok", "worries": office.worries()})
        )

    async def page(request: Request) -> Response:
        return FileResponse(_PAGE / "index.html")

    return Starlette(
        routes=[
            Route("/", page),
            Mount("/page", StaticFiles(directory=_PAGE)),
            Route("/healthz", health),
            Route("/metrics", measure),
            Route("/api/v1/openapi.json", describe),
            *routes(every),
        ],
        middleware=[Middleware(Guard, host=host)],
        exception_handlers={HTTPException: _http_error, CopperlineError: _our_error, Exception: _accident},
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, str(error))
    headers = error.headers if isinstance(error, HTTPException) else None
    sentence = f"There is nothing at {request.url.path}." if detail == "Not Found" else detail
    return JSONResponse({"error": sentence}, status, headers=headers)


async def _our_error(request: Request, error: Exception) -> Response:
    # What a request brought is its sender's fault; otherwise the office is in no state to do it.
    return JSONResponse({"error": str(error)}, 400 if isinstance(error, RemoteError) else 409)


async def _accident(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": "Something failed here; the log of the office tells what."}, 500)
