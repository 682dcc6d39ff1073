"""Whose audio a call takes: where its packets come from is learned, or not, as the account says (RFC 4961)."""

from __future__ import annotations

import socket

import pytest

from gateway.testing.sounds import strength, tone
from tests.scenario.conftest import Build


@pytest.mark.parametrize("learned", [True, False])
def test_audio_from_another_port_than_the_one_signalled(build: Build, learned: bool) -> None:
    setting = "[accounts.6001]" if learned else "[accounts.6001]\nrtp_symmetric = false"
    office = build(
        ("[accounts.6001]", setting), dialplan="[office]\nexten => 1,1,Answer()\n same => n,Echo()\n[from-pstn]\n"
    )
    ada = office.sip("6001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as named:
        named.bind(("127.0.0.1", 0))
        ada.call("1", offer=f"m=audio {named.getsockname()[1]} RTP/AVP 0\r\n")
        office.until(lambda: ada.state == "up")
        ada.say(tone(1004, 1.0))
        office.run(1.5)
    assert (len(ada.heard) > 0 and strength(ada.heard, 1004) > -30) is learned
    ada.hang_up()
    office.until(lambda: ada.state == "idle")
