"""Fixtures of the tests of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.unit.call.exchange import Exchange


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange()
    asyncio.set_event_loop(exchange.loop)
    yield exchange
    assert exchange.manager.usage() == {"calls": 0, "legs": 0}, "something was left behind"
    asyncio.set_event_loop(None)
    exchange.loop.close()
