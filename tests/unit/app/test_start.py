"""An office that cannot start says why, and leaves nothing open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.app.application import Application
from gateway.config import load_office
from gateway.core.errors import CopperlineError

OFFICE = """\
[accounts.6001]
secret = "hunter2"
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
[store]
url = "postgresql://nobody:guess@127.0.0.1:9/none"
"""


def test_a_database_that_does_not_open_is_told_and_what_was_begun_is_cleared_up(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(OFFICE)

    async def run() -> str:
        config, dialplan = load_office(tmp_path / "office.toml")
        office = Application(config, dialplan, loop=asyncio.get_running_loop(), by_hand=True)
        with pytest.raises(CopperlineError) as refused:
            await office.start()
        await office.stop()
        return str(refused.value)

    told = asyncio.run(run())
    assert told.startswith("the database postgresql") and "check [store] url" in told
    assert "guess" not in told
