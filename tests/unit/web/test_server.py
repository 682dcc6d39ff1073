"""The server lives in somebody else's loop: it comes, serves and goes without a trace."""

from __future__ import annotations

import asyncio
import signal

import httpx
import pytest

from gateway.core.errors import LocalError
from gateway.web.application import application
from gateway.web.server import WebServer
from tests.support.web import ShownOffice


def test_it_serves_and_goes_leaving_signals_and_tasks_as_they_were() -> None:
    async def conversation() -> None:
        before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        server = await WebServer.start(application(ShownOffice(), host="127.0.0.1"), "127.0.0.1", 0)
        assert {each: signal.getsignal(each) for each in before} == before
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{server.port}/api/v1/calls")
            assert answer.json()[0]["id"] == "call-7"
        await server.stop()
        assert {each: signal.getsignal(each) for each in before} == before
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(conversation())


def test_an_address_in_use_is_told_with_the_mend() -> None:
    async def conversation() -> None:
        first = await WebServer.start(application(ShownOffice(), host="127.0.0.1"), "127.0.0.1", 0)
        with pytest.raises(
            LocalError, match=f"port {first.port}: address already in use; is another office running"
        ):
            await WebServer.start(application(ShownOffice(), host="127.0.0.1"), "127.0.0.1", first.port)
        await first.stop()

    asyncio.run(conversation())


def test_it_serves_ipv6() -> None:
    async def conversation() -> None:
        server = await WebServer.start(application(ShownOffice(), host="::1"), "::1", 0)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://[::1]:{server.port}/healthz")
            assert answer.json() == {"status": "ok", "worries": []}
        await server.stop()

    asyncio.run(conversation())


def test_it_stops_although_a_client_lingers() -> None:
    async def conversation() -> None:
        server = await WebServer.start(application(ShownOffice(), host="127.0.0.1"), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        await writer.drain()
        async with asyncio.timeout(10):
            await server.stop()
        writer.close()

    asyncio.run(conversation())
