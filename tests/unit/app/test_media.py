"""What an office tells of its media."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app.media import OfficeMedia
from gateway.config.load import parse
from gateway.plane.words import DROPPED, TICKS_SKIPPED
from gateway.testing.loop import ManualLoop


@pytest.fixture
def media() -> Iterator[OfficeMedia]:
    loop = ManualLoop()
    built = OfficeMedia(parse("[media]\nrows = 4\n", "office.toml", Path("/nowhere")), loop=loop, by_hand=True)
    built.start(lambda: None)
    yield built
    built.close()
    loop.close()


def test_audio_that_was_left_out_and_events_that_were_lost_are_told_once(
    media: OfficeMedia, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    media.look()
    assert caplog.messages == []
    control = media.plane.tables.workers[0].control
    control[TICKS_SKIPPED], control[DROPPED] = 6173, 3
    media.look()
    media.look()
    assert caplog.messages == [
        "123.46 s of all calls' audio were left out: this machine did not let the media plane run; "
        "look at what else runs on it",
        "3 events of the media plane were lost, keys and silences: more came at once than could be told",
    ]
    assert media.totals() == {"recording faults": 0, "media ticks skipped": 6173, "media events lost": 3}
