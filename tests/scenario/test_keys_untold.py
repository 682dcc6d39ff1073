"""PINs and numbers of cards that a caller keys stand in no story of the call, unless that is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.office import OfficeUnderTest

OFFICE = """
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
[accounts.6001]
secret = "copper-6001"
"""
PLAN = """[office]
exten => 100,1,Read(PIN)
 same => n,GotoIf($["${PIN}" = "4711"]?good:bad)
 same => n(good),Set(CHECKED=${PIN})
 same => n(bad),Hangup(17)
"""


@pytest.mark.parametrize("shown", [False, True])
def test_a_pin_is_told_where_the_office_says_so_alone(tmp_path: Path, shown: bool) -> None:
    settings = f"{OFFICE}[security]\nshow_keys = {str(shown).lower()}\n"
    with OfficeUnderTest(tmp_path, settings, PLAN) as office:
        ada = office.sip("6001")
        ada.call("100")
        office.until(lambda: ada.state == "up", within=2)
        ada.key("4711#")
        office.until(lambda: ada.state == "idle", within=10)
        recorder = office.app.recorder
        (call,) = recorder.stories()
        told = [f"{note.text}\n{note.detail}" for note in recorder.story(call)]
        keys = [text for text in told if text.startswith("key ")]
    assert len(keys) == 5
    assert any("key 4 (RFC 4733 event)" in text for text in keys) is shown
    assert any("Set(CHECKED=4711)" in text for text in told) is shown
    assert any("4711" in text for text in told) is shown
