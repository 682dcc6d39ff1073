"""Trunks over connections, on real sockets: what crosses the end of one, and who is not who it should be."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.sip.trunk_words import TrunkStatus
from tests.support.office import OfficeUnderTest
from tests.support.tls import Authority, TlsPeer

PLAN = "[from-pstn]\nexten => _X.,1,Hangup()\n"
TRUNK = """
[sip]
listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
{tls}
[web]
listen = "127.0.0.1:0"
[trunks.pstn]
servers = ["{transport}:127.0.0.1:{port}"]
context = "from-pstn"
user = "4711"
secret = "copper-4711"
registers = true
qualify = 0
"""


def shown(office: OfficeUnderTest) -> TrunkStatus:
    (status,) = office.app.sip.stack.trunks.status()
    return status


def test_rfc_3261_18_4_a_register_that_crosses_the_end_of_its_connection_comes_by_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        settings = TRUNK.format(tls="", port=server.getsockname()[1], transport="tcp")
        came = []
        with OfficeUnderTest(tmp_path, settings, PLAN) as office:
            for _ in range(2):
                office.run(0.1)
                connection, _ = server.accept()
                came.append(connection.recv(65536))
                connection.close()
            office.run(0.2)
            assert came[0].startswith(b"REGISTER ") and came[1] == came[0]
            assert "nobody takes connections" in shown(office).text, "twice is enough"


@pytest.mark.parametrize(
    ("name", "days", "told"),
    [
        ("127.0.0.1", -1, "its certificate has expired"),
        ("other.test", 9, "its certificate is for other.test, and not"),
    ],
)
def test_rfc_5922_a_server_that_proves_nothing_is_told_with_its_trunk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, days: float, told: str
) -> None:
    authority = Authority(tmp_path)
    tls = f'[sip.tls]\nauthorities = "{authority.file}"'
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        settings = TRUNK.format(tls=tls, port=server.getsockname()[1], transport="tls")
        with OfficeUnderTest(tmp_path, settings, PLAN) as office:
            office.run(0.2)
            raw, _ = server.accept()
            context = authority.server(authority.certificate(name, since=9, days=days))
            peer = TlsPeer(raw, context, lambda: office.run(0.01))
            with suppress(OSError):
                peer.shake_hands()
            peer.close()
            office.until(lambda: shown(office).text != "registering", within=5)
            assert told in shown(office).text and not shown(office).up
    assert any("pstn" in line and told in line for line in caplog.messages)
