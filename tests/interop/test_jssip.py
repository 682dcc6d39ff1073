"""JsSIP in Chromium over WebSockets (RFC 7118): it registers, texts and asks; of calls it is told why not.

Browsers have audio by DTLS-SRTP and ICE alone, which is not spoken here: calls of either direction end with 488,
and the operator reads the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.jssip import JsSip
from tests.support.tls import Authority
from tests.support.wire import PATIENCE, RunningOffice, running, until

pytestmark = [pytest.mark.wire, pytest.mark.browser]

WHY = (
    "the peer wants audio as browsers have it (UDP/TLS/RTP/SAVPF: DTLS-SRTP over ICE), which is not spoken here; "
    "we speak RTP/AVP and RTP/SAVP"
)


@pytest.fixture
def office(tmp_path: Path, spoken: None) -> Iterator[RunningOffice]:
    chain = tmp_path / "office.pem"
    chain.write_bytes(Authority(tmp_path).certificate("127.0.0.1").chain.read_bytes())
    chain.chmod(0o600)
    with running(tmp_path / "office", certificate=chain) as office:
        yield office


@pytest.fixture(params=["ws", "wss"])
def browser(request: pytest.FixtureRequest, office: RunningOffice) -> Iterator[JsSip]:
    host, port = office.addresses[request.param]
    phone = JsSip(
        "6003", "copper-6003", f"{request.param}://{host}:{port}/", f"{host}:{office.addresses['udp'][1]}"
    )
    yield phone
    phone.quit()


def test_a_browser_registers_texts_and_is_told_why_it_has_no_audio(office: RunningOffice, browser: JsSip) -> None:
    browser.do("register")
    browser.wait_for("registered")
    (registered,) = office.get("/api/v1/registrations")
    assert registered["account"] == "6003" and registered["transport"] in ("ws", "wss")

    browser.do("text", "6002")
    assert browser.wait_for("texted")["status"] == 202, "kept until 6002 is there"
    browser.do("options", "600")
    assert browser.wait_for("asked")["status"] == 200

    browser.do("call", "600")
    refused = browser.wait_for("failed")
    assert (refused["status"], refused["cause"]) == (488, "Incompatible SDP")
    assert WHY in refused["warning"]
    assert WHY in office.copperline("registrations"), "the operator reads it, too"

    office.hand("101", "lift")
    until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
    office.hand("101", "dial", "6003")
    called = browser.wait_for("called")
    assert called["from"].startswith("sip:101@")
    browser.wait_for("failed")
    until(lambda: "(488 " in office.copperline("calls"), PATIENCE, "why, for the operator")
    office.hand("101", "hang-up")

    browser.do("quit")
    browser.wait_for("unregistered")
    until(lambda: office.get("/api/v1/registrations") == [], PATIENCE, "it to be gone")
