"""What every request must pass: it is meant for us, comes from our own page or a program, and is not too long.

The web has no login and listens on loopback, so the browser of whoever sits at this machine is the way in for
strangers. A page elsewhere may point its own name at 127.0.0.1 (DNS rebinding): the Host header then bears that
name and is refused. Or it may send requests across (CSRF): the Origin header then differs from Host and is
refused (RFC 6454; Fetch, "Origin header"). Programs send no Origin.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_LIMIT", "Guard"]

BODY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a request: four minutes of speech at 8 kHz and 16 bit."""

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
)


class _TooLong(Exception):
    """More came than a request may have."""


class Guard:
    """ASGI middleware that lets through what may pass.

    Args:
        app: what lies behind.
        host: our own address, as bound.
        body_limit: bytes that a request may have.
    """

    def __init__(self, app: ASGIApp, *, host: str, body_limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._host = host
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal:
            await _refuse(scope, receive, send, 403, refusal)
            return
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._limit:
            await _refuse(scope, receive, send, 413, f"A request may have {self._limit} bytes at most.")
            return
        await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0
        begun = False

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise _TooLong
            return message

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        try:
            await self._app(scope, bounded, guarded)
        except _TooLong:
            if not begun:
                await _refuse(scope, receive, send, 413, f"A request may have {self._limit} bytes at most.")

    def _refusal(self, headers: Headers) -> str:
        """Why a request is not let in, or ""."""
        host = headers.get("host", "")
        name = _host_name(host)
        if not (name == self._host or _is_loopback(name)):
            return f'This office does not go by the name "{name[:80]}"; use localhost or 127.0.0.1.'
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return f'A page of "{origin[:80]}" may not use this office.'
        return ""


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return host


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": sentence[:120]})
        return
    await JSONResponse({"error": sentence}, status, headers={"connection": "close"})(scope, receive, send)
