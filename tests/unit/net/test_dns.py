"""Name servers asked over real sockets: every question gets a reply, with records or with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from gateway.net import dns as net_dns
from gateway.net.dns import NO_TTL, PATIENCE, NameServers
from gateway.sip.names import AddressRecord, Kind, Naptr, Question, Reply, Srv
from gateway.testing.loop import ManualLoop
from tests.support.name_server import NameServer, name_server

ZONE = """
example.test 60 NAPTR 10 50 "s" "SIP+D2T" "" _sip._tcp.example.test.
_sip._tcp.example.test 70 SRV 5 10 5062 One.example.test.
_sip._tcp.example.test 70 SRV 6 0 5063 two.example.test.
one.example.test 80 A 127.0.0.2
one.example.test 80 AAAA ::1
alias.test 90 SRV 0 0 0 .
"""
REFUSED = "all name servers refused or failed"


class Asker:
    def __init__(self, folder: Path, server: NameServer, hosts: str = "") -> None:
        self.loop = ManualLoop()
        self.server = server
        self.replies: list[Reply] = []
        (folder / "hosts").write_text(hosts)
        self.names = NameServers(self.loop, self.replies.append, [server.address], folder / "hosts")

    def ask(self, name: str, kind: Kind, tick: float = 0.0, patience: float = 0.0) -> Reply:
        """The reply; at each tick, the server's thread is waited for so long on the wall."""
        self.names.ask(Question(name, kind))
        while not self.replies:
            self.loop.settle(patience=patience)
            self.loop.now += tick
        return self.replies.pop()

    def close(self) -> None:
        self.loop.run_until_complete(self.names.close())
        self.loop.close()


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    with name_server(ZONE) as server:
        asker = Asker(tmp_path, server, "127.0.0.9 printer.test Door.test # and more\n::1 door.test\n")
        yield asker
        asker.close()


def test_records_of_each_kind_come_as_they_are(asker: Asker) -> None:
    reply = asker.ask("example.test", Kind.NAPTR)
    assert reply.records == (Naptr(10, 50, "S", "SIP+D2T", "", "_sip._tcp.example.test"),)
    assert reply.ttl == 60
    reply = asker.ask("_sip._tcp.example.test", Kind.SRV)
    assert set(reply.records) == {Srv(5, 10, 5062, "one.example.test"), Srv(6, 0, 5063, "two.example.test")}
    assert asker.ask("one.example.test", Kind.A).records == (AddressRecord("127.0.0.2"),)
    assert asker.ask("one.example.test", Kind.AAAA).records == (AddressRecord("::1"),)


def test_no_such_service_is_a_record_without_a_target(asker: Asker) -> None:
    assert asker.ask("alias.test", Kind.SRV).records == (Srv(0, 0, 0, ""),)


@pytest.mark.parametrize("name", ["nobody.test", "example.test"])
def test_what_is_not_there_is_no_fault_and_holds_for_as_long_as_the_zone_says(asker: Asker, name: str) -> None:
    assert asker.ask(name, Kind.A) == Reply(Question(name, Kind.A), ttl=20)
    assert NO_TTL > 20  # what a server without an SOA record would give


def test_a_server_that_fails_is_a_fault(asker: Asker) -> None:
    asker.server.failing = True
    assert asker.ask("example.test", Kind.A, tick=0.01, patience=0.02).fault == REFUSED


def test_a_silent_server_is_a_fault_in_time(asker: Asker) -> None:
    asker.server.silent = True
    begun = asker.loop.now
    assert asker.ask("example.test", Kind.A, tick=0.05).fault == f"no reply within {PATIENCE:g} s"
    assert asker.loop.now - begun == pytest.approx(PATIENCE, abs=0.3)


def test_the_hosts_file_goes_before_name_servers(asker: Asker) -> None:
    assert asker.ask("door.test", Kind.A).records == (AddressRecord("127.0.0.9"),)
    assert asker.ask("door.test", Kind.AAAA).records == (AddressRecord("::1"),)
    assert asker.ask("printer.test", Kind.AAAA).records == ()
    assert asker.server.asked == []


def test_a_line_of_the_hosts_file_that_begins_with_no_address_says_nothing(tmp_path: Path) -> None:
    with name_server(ZONE) as server:
        asker = Asker(tmp_path, server, "127.0.0 one.example.test\n")
        assert asker.ask("one.example.test", Kind.A).records == (AddressRecord("127.0.0.2"),)
        asker.close()


@pytest.mark.parametrize("kind", list(Kind))
def test_whatever_a_name_server_sends_the_question_has_its_reply(asker: Asker, kind: Kind) -> None:
    """RFC 1035 section 4.1: answers of which octets are others, or missing."""
    chance = Random(kind.value)
    name = {Kind.NAPTR: "example.test", Kind.SRV: "_sip._tcp.example.test"}.get(kind, "one.example.test")

    def spoilt(data: bytes) -> bytes:
        octets = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            octets[chance.randrange(2, len(octets))] = chance.choice((0, 1, 0xC0, 0xFF, chance.randrange(256)))
        return bytes(octets if chance.random() < 0.8 else octets[: chance.randrange(2, len(octets))])

    asker.server.spoils = spoilt
    for _ in range(30):
        reply = asker.ask(name, kind, tick=0.05)
        assert isinstance(reply, Reply) and reply.question == Question(name, kind)
        assert "cannot be read" not in reply.fault


def test_what_cannot_be_read_at_all_is_a_fault_with_its_reason(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise IndexError("no such record")

    monkeypatch.setattr(net_dns, "_record", fails)
    reply = asker.ask("one.example.test", Kind.A)
    assert reply.fault == "its name servers' reply cannot be read: no such record"
    assert "one.example.test" in caplog.text


def test_what_is_still_asked_at_the_end_leaves_nothing_behind(asker: Asker) -> None:
    asker.server.silent = True
    asker.names.ask(Question("example.test", Kind.A))
    asker.loop.settle()
    asker.loop.run_until_complete(asker.names.close())
    assert asker.replies == []
