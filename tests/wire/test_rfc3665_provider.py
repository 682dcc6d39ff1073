"""RFC 3665 sections 3.3 to 3.5 on the wire: what lies between the office and a provider that it calls.

The office stands where the RFC has Alice's first proxy or her ALG; the provider, played by a station, where it has
the second proxy and Bob behind it.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from tests.support.station import Call, Station, Taken
from tests.support.wire import RunningOffice, free_port, running
from tests.wire.test_rfc3665 import hang_up, hear_each_other, invite

pytestmark = pytest.mark.wire

TRUNKS = """
[trunks.provider]
servers = ["udp:127.0.0.1:{alive}"]
user = "4711"
secret = "copper-4711"
registers = false
qualify = 0

[trunks.doubled]
servers = ["udp:127.0.0.1:{dead}", "udp:127.0.0.1:{alive}"]
registers = false
qualify = 0
"""
EXTENSIONS = """
[office](+)
exten => _*8X.,1,Dial(SIP/${EXTEN:2}@provider)
exten => _*9X.,1,Dial(SIP/${EXTEN:2}@doubled)
"""


@pytest.fixture(scope="module")
def dead() -> Iterator[socket.socket]:
    """A server that takes what comes and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        yield server


@pytest.fixture(scope="module")
def provided(
    tmp_path_factory: pytest.TempPathFactory, dead: socket.socket, spoken: None
) -> Iterator[tuple[RunningOffice, int]]:
    """An office with trunks to a provider, and the port at which that is expected."""
    port = free_port()
    more = TRUNKS.format(alive=port, dead=dead.getsockname()[1])
    with running(tmp_path_factory.mktemp("provided"), more=more, extensions=EXTENSIONS) as office:
        yield office, port


@pytest.fixture
def alice(provided: tuple[RunningOffice, int]) -> Iterator[Station]:
    """Who calls."""
    alice = Station(provided[0].addresses["udp"], "6001", "copper-6001")
    yield alice
    alice.close()


@pytest.fixture
def provider(provided: tuple[RunningOffice, int]) -> Iterator[Station]:
    """Who is called, and challenges."""
    provider = Station(provided[0].addresses["udp"], "4711", "copper-4711", port=provided[1])
    yield provider
    provider.close()


def challenge(provider: Station, asked: Taken, realm: str) -> Taken:
    """407 in a realm, and its ACK; the INVITE that answers it."""
    row = f'Proxy-Authenticate: Digest realm="{realm}", nonce="n-{realm}", algorithm=MD5, qop="auth"'
    provider.answers(asked, "407 Proxy Authentication Required", row, tag=f"proxy-{realm}")
    ack = provider.takes("ACK")
    assert ack["Via"] == asked["Via"]
    again = provider.takes("INVITE")
    assert int(again["CSeq"].split()[0]) == int(asked["CSeq"].split()[0]) + 1
    assert again["Call-ID"] == asked["Call-ID"] and again["Via"] != asked["Via"]
    return again


def realms(asked: Taken) -> list[str]:
    return [found[1] for row in asked.all("Proxy-Authorization") if (found := re.search(r'realm="([^"]*)"', row))]


def connected(alice: Station, provider: Station, call: Call, asked: Taken) -> Call:
    """100, 180 and 200 all the way, ACKs back and the media; the provider's side of the call."""
    provider.answers(asked, "100 Trying")
    provider.answers(asked, "180 Ringing", tag="bob")
    alice.takes("180 INVITE")
    provider.answers(asked, "200 OK", tag="bob", body=provider.description())
    provider.takes("ACK")
    answer = alice.takes("200 INVITE")
    alice.is_answered(call, answer)
    alice.asks(call, "ACK")
    hear_each_other(alice, provider, answer, asked)
    return provider.is_called(asked, "bob")


def test_3_3_session_establishment_with_multiple_proxy_authentication(alice: Station, provider: Station) -> None:
    call = invite(alice, "*85550100")
    first = provider.takes("INVITE")
    assert first.start == f"INVITE sip:5550100@127.0.0.1:{provider.address[1]} SIP/2.0"
    second = challenge(provider, first, "a.example.com")
    assert realms(second) == ["a.example.com"]
    third = challenge(provider, second, "b.example.com")
    assert realms(third) == ["a.example.com", "b.example.com"], "both, in one INVITE"
    connected(alice, provider, call, third)
    hang_up(alice, call, provider)


def test_3_4_session_establishment_with_proxy_failure(
    alice: Station, provider: Station, dead: socket.socket
) -> None:
    call = invite(alice, "*95550100")
    asked = provider.takes("INVITE", within=30)
    came = [dead.recv(65535)]
    while True:
        try:
            came.append(dead.recv(65535))
        except TimeoutError:
            break
    invites = [data for data in came if data.startswith(b"INVITE")]
    assert len(invites) >= 5 and len(set(invites)) == 1, "the INVITE again and again (timer A), octet by octet"
    bob = connected(alice, provider, call, asked)
    hang_up(provider, bob, alice)


def test_3_5_session_through_a_sip_alg(alice: Station, provider: Station) -> None:
    """The office is the ALG: what Alice sends ends at it, and begins anew there, her media with it."""
    call = invite(alice, "*85550100")
    asked = provider.takes("INVITE")
    assert asked["Call-ID"] != call.call_id and len(asked.all("Via")) == 1
    address, port = asked.audio
    assert (address, port) != alice.media.getsockname()
    connected(alice, provider, call, asked)
    hang_up(alice, call, provider)
