"""An office that cannot start says why, and leaves nothing open."""

from __future__ import annotations

import asyncio
import logging
import queue
import sys
from pathlib import Path

import pytest

from gateway.app.application import Application
from gateway.app.run import _explaining, _serve
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
    assert told.startswith("the database postgresql://nobody:***@127.0.0.1:9/none ") and "check [store] url" in told
    assert "guess" not in told


def test_an_office_whose_media_plane_has_stopped_ends_to_be_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the exit code on which systemd does so (Restart=on-failure)."""
    file = f"{tmp_path}/var/calls.db"
    (tmp_path / "office.toml").write_text(
        OFFICE.replace("postgresql://nobody:guess@127.0.0.1:9/none", f"sqlite:///{file}")
    )
    monkeypatch.setattr("gateway.app.application.RETRY", 0.05)
    monkeypatch.setattr("gateway.app.media.OfficeMedia.fault", lambda media: "Cannot allocate memory")
    monkeypatch.setattr(sys.modules["gateway.app.run"], "_prepare", lambda config, sounds, is_over: None)
    assert asyncio.run(_serve(tmp_path / "office.toml", lambda: None)) == 1
    assert "the media plane has stopped: Cannot allocate memory; calls are ended, and Copperline" in caplog.text


def test_a_start_that_takes_long_is_explained_and_one_that_does_not_is_not() -> None:
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    handler = logging.Handler()
    handler.emit = lambda record: told.put(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("copperline")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with _explaining(patience=0.0):
            assert "the first start on a machine compiles the media plane" in told.get(timeout=10)
        with _explaining(patience=60.0) as started:
            started()
        assert told.empty()
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
