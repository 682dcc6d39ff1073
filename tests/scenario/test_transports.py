"""Whole calls over every transport and both versions of IP, heard from end to end."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.audio import Samples
from tests.support.office import OfficeUnderTest
from tests.support.speech import compare
from tests.support.tls import Authority

Build = Callable[..., OfficeUnderTest]
LISTEN = ("udp:[::1]:0", "tcp:[::1]:0", "tls:127.0.0.1:0", "tls:[::1]:0", "ws:127.0.0.1:0", "wss:127.0.0.1:0")


@pytest.fixture
def connected(build: Build, tmp_path: Path) -> tuple[OfficeUnderTest, ssl.SSLContext]:
    authority = Authority(tmp_path)
    chain = authority.certificate("office.test").chain
    more = "".join(f', "{each}"' for each in LISTEN)
    office = build(
        ('"tcp:127.0.0.1:0"', f'"tcp:127.0.0.1:0"{more}'),
        ("[cards.main]", f'[sip.tls]\ncertificate = "{chain}"\n\n[cards.main]'),
    )
    return office, authority.client()


@pytest.mark.parametrize(
    ("transport", "host"),
    [
        ("udp", "::1"),
        ("tcp", "127.0.0.1"),
        ("tcp", "::1"),
        ("tls", "127.0.0.1"),
        ("tls", "::1"),
        ("ws", "127.0.0.1"),
        ("wss", "127.0.0.1"),
    ],
)
def test_a_telephone_on_it_calls_and_is_called(
    connected: tuple[OfficeUnderTest, ssl.SSLContext],
    sentence: Samples,
    other_sentence: Samples,
    transport: str,
    host: str,
) -> None:
    office, tls = connected
    secure = tls if transport in ("tls", "wss") else None
    ada = office.sip("6001", transport=transport, host=host, tls=secure)
    bob = office.sip("6002", host="127.0.0.1")
    for caller, callee in ((ada, bob), (bob, ada)):
        caller.call(callee.user)
        office.until(lambda callee=callee: callee.state == "offered")
        callee.ring()
        office.until(lambda caller=caller: caller.status == 180)
        callee.answer()
        office.until(lambda caller=caller: caller.state == "up")
        office.run(0.3)
        marks = len(callee.heard), len(caller.heard)
        caller.say(sentence)
        callee.say(other_sentence)
        office.run(max(len(sentence), len(other_sentence)) / 8000 + 0.5)
        assert compare(callee.heard[marks[0] :], sentence).correlation > 0.98
        assert compare(caller.heard[marks[1] :], other_sentence).correlation > 0.98
        callee.hang_up()
        office.until(lambda caller=caller: caller.state == "idle")
    offered = next(message for message in ada.log if message.start.startswith("INVITE"))
    assert f"SIP/2.0/{transport.upper()} " in offered["via"]
    if transport != "udp":
        assert f";transport={transport}" in offered["contact"]
    assert ("c=IN IP6 ::1" if host == "::1" else "c=IN IP4 127.0.0.1") in offered.body
    assert ada.log[0].status == 401 and ada.log[1].status == 200


def test_a_telephone_whose_connection_is_gone_is_called_no_longer(
    connected: tuple[OfficeUnderTest, ssl.SSLContext],
) -> None:
    office, _ = connected
    assert any(address.startswith("sip tcp:[::1]:") for address in office.app.addresses)
    ada, bob = office.sip("6001", transport="ws"), office.sip("6002", host="127.0.0.1")
    ada.disconnect()
    office.run(0.1)
    bob.call("6001")
    office.until(lambda: bob.ended_by)
    assert "480" in bob.ended_by and "cause=20" in bob.ended_by


def test_rfc_3261_section_18_2_2_an_answer_finds_a_telephone_whose_connection_is_gone(
    connected: tuple[OfficeUnderTest, ssl.SSLContext],
) -> None:
    """Its Via names the port where it listens; the office connects to that, with what it has said last."""
    office, _ = connected
    ada, bob = office.sip("6001", transport="tcp"), office.sip("6002", host="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listens:
        listens.setblocking(False)
        ada.names(listens.getsockname())
        ada.call("6002")
        office.until(lambda: bob.state == "offered")
        bob.ring()
        office.until(lambda: ada.status == 180)
        ada.disconnect()
        office.run(0.2)
        connection, _ = listens.accept()
        with connection:
            connection.setblocking(False)
            assert connection.recv(65536).startswith(b"SIP/2.0 180 ")
            assert bob.state == "offered"
            bob.answer()
            office.run(0.2)
            assert connection.recv(65536).startswith(b"SIP/2.0 200 ")
    office.until(lambda: bob.state == "idle", wanted="nobody is at either place any more")
