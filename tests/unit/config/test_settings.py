"""Every setting can be shown with what holds, told apart from what is written."""

from __future__ import annotations

from gateway.config.settings import Setting, settings
from tests.unit.config.test_load import DOZEN, read


def test_written_settings_are_told_from_defaults() -> None:
    rows = {row.path: row for row in settings(read(DOZEN + "[sip]\nmin_expires = 90\n"))}
    assert rows["sip.min_expires"].value == "90"
    assert not rows["sip.min_expires"].default
    assert rows["sip.max_expires"].default
    assert not rows["phones.101.port"].default
    assert rows["phones.101.context"].value == '"office"'
    assert rows["phones.101.context"].default
    assert rows["sip.timers.t1"].value == "0.5"
    assert rows["sip.listen"].value == '["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]'
    assert rows["sip.digests"].value == '["md5"]'
    assert rows["dialplan"].value == "(none)"
    assert rows["lines.copper1.hangup_on_polarity"].value == "false"


def test_tables_of_plain_values_are_shown() -> None:
    rows = settings(read('[directory]\n"9 + number" = "the public network"\n'))
    assert [row for row in rows if row.path.startswith("directory")] == [
        Setting('directory."9 + number"', '"the public network"', False)
    ]


def test_secrets_stay_secret() -> None:
    rows = settings(read(DOZEN + '[store]\nurl = "postgresql://office:hidden@db/calls"\n'))
    shown = " ".join(row.value for row in rows)
    assert "hunter2" not in shown
    assert "hidden" not in shown
    assert "postgresql://office:***@db/calls" in shown
