"""What a call said by SIP and on the D channel, as one file for Wireshark."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gateway.core.trace import Kind
from tests.support.office import OfficeUnderTest


def test_a_call_by_the_e1_is_one_capture(office: OfficeUnderTest, tmp_path: Path) -> None:
    ada = office.sip("6001")
    ada.call("75550100")
    office.until(lambda: ada.state == "up", within=5)
    call = office.calls()[0].id
    ada.hang_up()
    office.until(lambda: not office.app.console.call_count, within=2)
    office.run(0.2)
    file = tmp_path / "call.pcapng"
    file.write_bytes(office.app.console.capture(call))
    told = subprocess.run(
        ["tshark", "-n", "-r", str(file), "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code", "-e",
         "q931.message_type", "-e", "_ws.malformed"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True,
    ).stdout  # fmt: skip
    words = told.split()
    messages = [note for note in office.app.recorder.story(call) if note.kind is Kind.MESSAGE]
    assert len(words) == len(messages)
    assert [word for word in words if not word.startswith("0x")] == [
        "INVITE", "401", "ACK", "INVITE", "100", "180", "200", "ACK", "BYE", "200"
    ]  # fmt: skip
    assert next(word for word in words if word.startswith("0x")) == "0x05", "SETUP"
    assert office.app.console.capture("nobody's") == b""


def test_a_call_without_messages_has_no_capture(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    desk.lift()
    office.run(1)
    desk.dial("602")
    office.until(lambda: bool(office.app.console.call_count), within=10)
    call = office.calls()[0].id
    assert office.app.recorder.story(call) and office.app.console.capture(call) == b""
    desk.hang_up()
    office.until(lambda: not office.app.console.call_count, within=10)
