"""An HTTP server inside a loop that is somebody else's: it takes no signal and ends nothing but itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from gateway.core.errors import LocalError

__all__ = ["WebServer"]

CONNECTIONS = 200
"""At once; a console keeps a handful. More are told 503."""

GRACE = 2
"""Seconds that running requests have once the server stops."""


class _Quiet(uvicorn.Server):
    """Uvicorn without its signal handlers: the application has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves one application at one address. Make one by `start`."""

    def __init__(self, server: uvicorn.Server, task: asyncio.Task[None], listening: socket.socket) -> None:
        self._server = server
        self._task = task
        self.host, self.port = listening.getsockname()[:2]

    @classmethod
    async def start(cls, app: ASGIApp, host: str, port: int) -> WebServer:
        """Listen on `host` and `port` (0 takes a free one) and serve from now on.

        Raises:
            LocalError: the address cannot be had.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
        except OSError as error:
            listening.close()
            text = f"the web cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}"
            raise LocalError(f"{text}; is another office running? [web] listen can name another port") from error
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GRACE,
        )
        server = _Quiet(config)
        started = cls(
            server, asyncio.get_running_loop().create_task(server.serve([listening]), name="web"), listening
        )
        while not server.started and not started._task.done():
            await asyncio.sleep(0)
        return started

    async def stop(self) -> None:
        """Take no more requests, let running ones end, and close."""
        self._server.should_exit = True
        await self._task
