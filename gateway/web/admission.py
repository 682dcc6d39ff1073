"""Who is let in by SIP, by HTTP: who was refused lately and why, who is banned; bans lifted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.web.body import json_of
from gateway.web.endpoint import Endpoint

__all__ = ["Admission", "AdmissionApi", "BanView", "RefusalView"]

_LIFT: Final = {
    "type": "object",
    "properties": {"source": {"type": "string", "description": "an address, or an IPv6 network of 64 bits"}},
    "required": ["source"],
}


@dataclass(frozen=True, slots=True)
class RefusalView:
    """Somebody who was not let in, once or several times.

    Attributes:
        user: whom they claimed to be.
        remote: from where: "192.0.2.7:5060"; transport: and how.
        method: what they asked for last.
        why: what was wrong.
        count: how often.
        seconds: since the last time.
    """

    user: str
    remote: str
    transport: str
    method: str
    why: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BanView:
    """A source that is not heard.

    Attributes:
        source: an address, or an IPv6 network.
        why: what earned it.
        seconds: until it is heard again.
    """

    source: str
    why: str
    seconds: float


class Admission(Protocol):
    """The office's door."""

    def refusals(self) -> AsyncIterator[RefusalView]:
        """Who was refused lately, the latest first."""
        ...

    def bans(self) -> Sequence[BanView]:
        """Who is banned, the latest first."""
        ...

    def lift(self, source: str) -> bool:
        """Hear a source again; whether it was banned."""
        ...


class AdmissionApi:
    """The questions about one office's door.

    Args:
        admission: whom to ask.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def endpoints(self) -> list[Endpoint]:
        """The rows of the interface."""
        return [
            Endpoint(
                "GET",
                "/api/v1/refusals",
                "Who was refused by SIP lately, and why.",
                self._refusals,
                Sequence[RefusalView],
            ),
            Endpoint("GET", "/api/v1/bans", "Sources that SIP does not hear.", self._bans, Sequence[BanView]),
            Endpoint("POST", "/api/v1/bans/lift", "Hear a source again.", self._lift, body=_LIFT),
        ]

    async def _refusals(self, request: Request) -> Any:
        return self._admission.refusals()

    async def _bans(self, request: Request) -> Any:
        return self._admission.bans()

    async def _lift(self, request: Request) -> None:
        source = (await json_of(request)).get("source")
        if not isinstance(source, str):
            raise HTTPException(400, 'The body must be {"source": "ADDRESS"}.')
        if not self._admission.lift(source):
            raise HTTPException(404, f"{source[:64]} is not banned.")
