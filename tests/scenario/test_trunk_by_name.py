"""A branch finds its provider in the DNS and reaches it over TLS: RFC 3263, RFC 5922 and RFC 5923 put together."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.audio import Samples
from tests.scenario.test_first_call import assert_understood, talk
from tests.scenario.test_trunk import BRANCH_PLAN, PROVIDER, PROVIDER_PLAN
from tests.support.name_server import NameServer, name_server
from tests.support.office import OfficeUnderTest
from tests.support.tls import Authority

BRANCH = """
[sip]
listen = ["udp:127.0.0.1:0"]
name_servers = ["{server}"]
[sip.tls]
authorities = "{authority}"
[web]
listen = "127.0.0.1:0"
[cards.main]
backend = "emulated"
modules = ["fxs"]
[phones.101]
port = 1
[trunks.pstn]
servers = ["localhost"]
user = "4711"
secret = "s3cret"
called_in = [{{ match = "4711", replace = "101" }}]
"""


class World:
    """A provider known as localhost (an office that listens there alone calls nobody else), a branch, and the DNS.

    The first server that the DNS names is dead.
    """

    def __init__(self, folder: Path, dns: NameServer, certified: str) -> None:
        authority = Authority(folder)
        chain = authority.certificate(certified).chain
        (folder / "provider").mkdir()
        (folder / "branch").mkdir()
        secure = PROVIDER.replace('"udp:127.0.0.1:0"', '"udp:127.0.0.1:0", "tls:127.0.0.1:0"')
        self.provider = OfficeUnderTest(
            folder / "provider", f'{secure}[sip.tls]\ncertificate = "{chain}"\n', PROVIDER_PLAN
        )
        port = dict(self.provider.app.sip.bound)["tls"][1]
        with socket.create_server(("127.0.0.1", 0)) as closed:
            dead = closed.getsockname()[1]
        for line in (
            'localhost 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.localhost.',
            'localhost 60 NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.localhost.',
            f"_sips._tcp.localhost 60 SRV 1 0 {dead} one.provider.test.",
            f"_sips._tcp.localhost 60 SRV 2 0 {port} two.provider.test.",
            "one.provider.test 60 A 127.0.0.1",
            "two.provider.test 60 A 127.0.0.1",
        ):
            dns.add(line)
        text = BRANCH.format(server=f"127.0.0.1:{dns.address[1]}", authority=authority.file)
        self.branch = OfficeUnderTest(folder / "branch", text, BRANCH_PLAN, beside=self.provider)
        self.port = port

    def close(self) -> None:
        self.branch.close()
        self.provider.close()


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with name_server("") as server:
        yield server


def test_it_registers_at_the_second_server_and_calls_pass_both_ways(
    tmp_path: Path, dns: NameServer, sentence: Samples
) -> None:
    world = World(tmp_path, dns, "localhost")
    branch, provider = world.branch, world.provider
    try:
        branch.until(lambda: branch.app.console.trunks()[0].up, within=60)
        assert branch.app.console.trunks()[0].state == f"registered with localhost at 127.0.0.1:{world.port} by tls"
        near, far = branch.phone("101"), provider.phone("101")
        near.lift()
        branch.until(lambda: near.hears == "dial")
        near.dial("95550100")
        branch.until(lambda: far.ringing, within=30)
        far.lift()
        branch.run(1)
        assert_understood(talk(branch, near.say, lambda: far.recording, sentence))
        near.hang_up()
        branch.run(2)
        far.hang_up()
        branch.run(2)
        far.lift()
        provider.run(1)
        far.dial("5551234")
        branch.until(lambda: near.ringing, within=30)
        assert provider.app.sip.sockets.usage() == 1, "the call came back over the connection of the registration"
        far.hang_up()
        branch.run(3)
    finally:
        world.close()


def test_a_server_that_cannot_prove_the_domain_gets_no_secret_and_the_operator_a_reason(
    tmp_path: Path, dns: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, dns, "two.provider.test")  # the name of its machine alone: RFC 5922 section 4
    try:
        world.branch.until(lambda: "is not who it should be" in caplog.text, within=60)
        assert "its certificate is for two.provider.test, and not for localhost" in caplog.text
        world.branch.run(1)
        assert not world.branch.app.console.trunks()[0].up
        assert world.provider.app.sip.stack.bindings == []
    finally:
        world.close()
