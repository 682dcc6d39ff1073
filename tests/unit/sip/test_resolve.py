"""RFC 3263: which servers a URI leads to, in which order, and what is said where it leads nowhere."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from gateway.core.cause import Cause
from gateway.core.messages import Dial
from gateway.core.number import Party
from gateway.sip.message import Response
from gateway.sip.names import (
    AGAIN,
    ASKED,
    STALE,
    AddressRecord,
    Kind,
    Naptr,
    Question,
    Record,
    Reply,
    ServerNames,
    Srv,
)
from gateway.sip.points import ListeningPoints, Point
from gateway.sip.resolve import DEAD, MAX_DEAD, MAX_RECORDS, MAX_SERVERS, Located, Resolver
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from tests.support.sip import Office, Phone, session_description

OURS: list[Point] = [("udp", ("10.0.0.1", 5060)), ("tcp", ("10.0.0.1", 5060)), ("tls", ("10.0.0.1", 5061))]
ZONE: dict[tuple[str, str], list[Record]] = {
    ("example.com", "NAPTR"): [
        Naptr(90, 50, "S", "SIP+D2T", "", "_sip._tcp.example.com"),
        Naptr(50, 50, "S", "SIPS+D2T", "", "_sips._tcp.example.com"),
        Naptr(100, 50, "S", "SIP+D2U", "", "_sip._udp.example.com"),
        Naptr(10, 50, "S", "SIP+D2S", "", "_sip._sctp.example.com"),
        Naptr(20, 50, "A", "SIP+D2U", "", "_sip._udp.example.com"),  # section 4.1: "S" is the only flag of SIP
    ],
    ("_sips._tcp.example.com", "SRV"): [Srv(1, 0, 5061, "one.example.com")],
    ("_sip._tcp.example.com", "SRV"): [Srv(1, 0, 5062, "one.example.com")],
    ("_sip._udp.example.com", "SRV"): [
        Srv(2, 0, 5060, "backup.example.com"),
        Srv(1, 10, 5064, "one.example.com"),
    ],
    ("one.example.com", "A"): [AddressRecord("192.0.2.1")],
    ("one.example.com", "AAAA"): [AddressRecord("2001:db8::1")],
    ("backup.example.com", "A"): [AddressRecord("192.0.2.2"), AddressRecord("192.0.2.3")],
    ("plain.example.com", "A"): [AddressRecord("192.0.2.9")],
    ("_sip._tcp.only.example.com", "SRV"): [Srv(1, 0, 5070, "one.example.com")],
    ("_sip._udp.closed.example.com", "SRV"): [Srv(0, 0, 0, "")],
}


class CountingRandom(Random):
    """Counts how often it is asked."""

    thrown = 0

    def randint(self, a: int, b: int) -> int:
        self.thrown += 1
        return super().randint(a, b)


class World:
    """A resolver and a name server that knows ZONE."""

    def __init__(self, points: list[Point] | None = None, *, secure: bool = False) -> None:
        self.waiting: list[Question] = []
        self.names = ServerNames(self.waiting.append)
        self.points = ListeningPoints(OURS if points is None else points, secure=secure)
        self.resolver = Resolver(self.points, self.names, Random(1))
        self.zone = dict(ZONE)
        self.asked: list[Question] = []
        self.fault = ""
        self.now = 100.0

    def ask(self, uri: str) -> Located:
        found: list[Located] = []
        self.resolver.locate(SipUri.parse(uri), lambda located, now: found.append(located), self.now)
        while self.waiting:
            question = self.waiting.pop(0)
            self.asked.append(question)
            records = () if self.fault else tuple(self.zone.get((question.name, question.kind.value), ()))
            self.names.receive(Reply(question, records, 60, self.fault), None, self.now)
        (located,) = found
        assert len(self.names) == 0
        return located

    def servers(self, uri: str) -> list[str]:
        return [str(flow) for flow in self.ask(uri).flows]


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("sip:192.0.2.5", "udp:192.0.2.5:5060"),
        ("sip:192.0.2.5:5071", "udp:192.0.2.5:5071"),
        ("sip:192.0.2.5;transport=TCP", "tcp:192.0.2.5:5060"),
        ("sip:192.0.2.5;transport=tls", "tls:192.0.2.5:5061"),
        ("sips:192.0.2.5", "tls:192.0.2.5:5061"),
        ("sips:192.0.2.5:5091;transport=tcp", "tls:192.0.2.5:5091"),
        ("sip:example.com;maddr=192.0.2.7", "udp:192.0.2.7:5060"),
    ],
)
def test_section_4_1_an_address_needs_no_name_server(uri: str, server: str) -> None:
    world = World()
    assert world.servers(uri) == [server]
    assert world.asked == []


def test_section_4_1_a_port_leaves_only_the_address_to_be_asked_for() -> None:
    world = World()
    assert world.servers("sip:plain.example.com:5099") == ["udp:192.0.2.9:5099"]
    assert {question.kind for question in world.asked} == {Kind.A}


def test_section_4_1_naptr_chooses_the_transport_that_both_speak_in_the_domains_order() -> None:
    assert World().servers("sip:bob@example.com") == ["tls:192.0.2.1:5061"]
    without_tls = World([point for point in OURS if point[0] != "tls"])
    assert without_tls.servers("sip:bob@example.com") == ["tcp:192.0.2.1:5062"]


def test_section_4_1_a_transport_in_the_uri_asks_for_its_srv_alone() -> None:
    world = World()
    assert world.servers("sip:example.com;transport=udp")[0] == "udp:192.0.2.1:5064"
    assert Kind.NAPTR not in {question.kind for question in world.asked}


def test_section_4_1_without_naptr_each_transports_srv_is_asked_for() -> None:
    assert World().servers("sip:only.example.com") == ["tcp:192.0.2.1:5070"]


def test_section_4_2_without_srv_the_host_itself_at_the_default_port() -> None:
    assert World().servers("sip:plain.example.com") == ["udp:192.0.2.9:5060"]
    assert World().servers("sips:plain.example.com") == ["tls:192.0.2.9:5061"]


def test_section_4_2_servers_come_by_priority_each_with_all_its_addresses() -> None:
    assert World().servers("sip:example.com;transport=udp") == [
        "udp:192.0.2.1:5064",
        "udp:192.0.2.2:5060",
        "udp:192.0.2.3:5060",
    ]


def test_rfc_2782_weights_decide_how_often_a_server_comes_first() -> None:
    world = World()
    world.zone["_sip._udp.w.example.com", "SRV"] = [
        Srv(1, 300, 5060, "plain.example.com"),
        Srv(1, 100, 5060, "one.example.com"),
        Srv(1, 0, 5060, "backup.example.com"),
    ]
    first = Counter(world.servers("sip:w.example.com;transport=udp")[0] for _ in range(2000))
    assert 1300 < first["udp:192.0.2.9:5060"] < 1700
    assert 300 < first["udp:192.0.2.1:5060"] < 700


def test_of_a_domain_with_a_thousand_servers_few_are_looked_at() -> None:
    world = World()
    world.zone["_sip._udp.w.example.com", "SRV"] = [
        *(Srv(2, 1, port, "one.example.com") for port in range(10_000, 11_300)),
        Srv(1, 1, 5060, "plain.example.com"),
    ]
    dice = CountingRandom(1)
    world.resolver = Resolver(world.points, world.names, dice)
    servers = world.servers("sip:w.example.com;transport=udp")
    assert servers[0] == "udp:192.0.2.9:5060" and len(servers) == MAX_SERVERS
    assert dice.thrown <= MAX_RECORDS


def test_both_versions_of_ip_are_offered_where_we_have_both() -> None:
    world = World([*OURS, ("udp", ("2001:db8::10", 5060))])
    assert world.servers("sip:one.example.com:5060") == ["udp:[2001:db8::1]:5060", "udp:192.0.2.1:5060"]
    first, second = world.ask("sip:one.example.com:5060").flows
    assert (first.local[0], second.local[0]) == ("2001:db8::10", "10.0.0.1")


def test_rfc_5630_sips_is_never_taken_anywhere_but_to_tls() -> None:
    world = World([point for point in OURS if point[0] != "tls"])
    located = world.ask("sips:example.com")
    assert located.flows == () and "cannot be had here (set sip.tls)" in located.fault
    assert World().ask("sips:192.0.2.5;transport=udp").cause is Cause.PROTOCOL_ERROR
    naptr = World()
    assert naptr.servers("sips:example.com") == ["tls:192.0.2.1:5061"]
    assert {question.name for question in naptr.asked} == {"_sips._tcp.example.com", "one.example.com"}


def test_a_secure_way_bears_the_name_of_the_uris_domain_and_not_that_of_its_server() -> None:
    """RFC 5922 section 4: DNS is not to be believed for who somebody is."""
    (flow,) = World().ask("sips:Example.com").flows
    assert flow == Flow("tls", ("10.0.0.1", 5061), ("192.0.2.1", 5061), "example.com")


def test_tls_can_be_called_without_being_listened_to() -> None:
    world = World([point for point in OURS if point[0] != "tls"], secure=True)
    (flow,) = world.ask("sip:192.0.2.5;transport=tls").flows
    assert flow.local == ("10.0.0.1", 0)


@pytest.mark.parametrize(
    ("uri", "fault", "cause"),
    [
        ("sip:nobody.example.com", "there is no host nobody.example.com in the DNS", Cause.NO_ROUTE_TO_DESTINATION),
        ("sip:closed.example.com", "says that it has no SIP service", Cause.NO_ROUTE_TO_DESTINATION),
        ("sip:x;transport=sctp", "wants sctp, which cannot be had here", Cause.NO_ROUTE_TO_DESTINATION),
        ("sip:[2001:db8::7]", "cannot be reached from any address in sip.listen", Cause.NO_ROUTE_TO_DESTINATION),
    ],
)
def test_what_leads_nowhere_says_why(uri: str, fault: str, cause: Cause) -> None:
    located = World().ask(uri)
    assert located.flows == () and fault in located.fault and located.cause is cause


def test_rfc_8767_a_name_that_nobody_can_tell_any_more_is_what_it_was_for_a_day() -> None:
    world = World()
    known = world.servers("sip:example.com")
    world.fault = "no reply within 5 s"
    world.now += 61
    assert world.servers("sip:example.com") == known
    assert "is taken as it was last known, since it cannot be looked up: no reply within 5 s." in world.names.doubt
    asked = len(world.asked)
    world.now += AGAIN - 1
    assert world.servers("sip:example.com") == known and len(world.asked) == asked, "nobody waits at each call"
    world.now += 2
    world.fault = ""
    world.zone["one.example.com", "A"] = [AddressRecord("192.0.2.77")]
    assert world.servers("sip:example.com") != known and world.names.doubt == "", "whoever is back is believed"
    world.fault = "no reply within 5 s"
    for _ in range(3):
        world.now += STALE / 3 + 25
        last = world.servers("sip:example.com")
    assert last == [], "however often it was asked for"


def test_that_another_name_can_be_told_is_no_word_of_one_that_cannot() -> None:
    names = ServerNames()
    one, other = (Question(f"{name}.example.com", Kind.A) for name in ("one", "other"))
    for question in (one, other):
        names.receive(Reply(question, (AddressRecord("192.0.2.9"),), 60), None, 0.0)
    names.receive(Reply(one, fault="no reply within 5 s"), None, 100.0)
    names.receive(Reply(other, (AddressRecord("192.0.2.9"),), 60), None, 101.0)
    assert names.doubt.startswith("The name one.example.com is taken as it was")
    names.receive(Reply(other, (AddressRecord("192.0.2.9"),), 60), None, 101.0 + STALE)
    assert names.doubt == "", "nobody has asked for it since, and it would be believed no longer"


def test_name_servers_that_do_not_answer_are_a_temporary_failure_and_are_asked_again() -> None:
    world = World()
    world.fault = "no reply within 5 s"
    located = world.ask("sip:plain.example.com")
    assert located.cause is Cause.TEMPORARY_FAILURE
    assert located.fault == "no name server tells where plain.example.com is: no reply within 5 s"
    assert world.names.doubt == "", "it never was known"
    world.fault = ""
    assert world.servers("sip:plain.example.com") == ["udp:192.0.2.9:5060"]


def test_replies_are_kept_for_their_time_and_no_longer() -> None:
    world = World()
    world.ask("sip:plain.example.com:5060")
    world.zone["plain.example.com", "A"] = [AddressRecord("192.0.2.10")]
    world.now += 59
    assert world.servers("sip:plain.example.com:5060") == ["udp:192.0.2.9:5060"]
    world.now += 2
    assert world.servers("sip:plain.example.com:5060") == ["udp:192.0.2.10:5060"]


def test_section_4_3_a_server_that_failed_is_tried_last_for_a_while() -> None:
    world = World()
    one, two, three = world.ask("sip:example.com;transport=udp").flows
    world.resolver.failed(one, world.now)
    assert world.ask("sip:example.com;transport=udp").flows == (two, three, one)
    world.now += DEAD + 1
    assert world.ask("sip:example.com;transport=udp").flows == (one, two, three)
    world.resolver.failed(one, world.now)
    world.resolver.heard(one, Response(200, "OK"), world.now)
    assert world.ask("sip:example.com;transport=udp").flows[0] == one


def test_rfc_3261_21_5_4_a_server_that_wants_to_be_left_alone_is_whatever_else_it_answers() -> None:
    world = World()
    one, *others = world.ask("sip:example.com;transport=udp").flows
    world.resolver.failed(one, world.now, 120.0)
    world.now += 119
    world.resolver.heard(one, Response(200, "OK"), world.now)
    assert list(world.ask("sip:example.com;transport=udp").flows) == [*others, one]
    world.now += 2
    world.resolver.heard(one, Response(200, "OK"), world.now)
    world.resolver.failed(one, world.now)
    world.resolver.heard(one, Response(200, "OK"), world.now)
    assert world.ask("sip:example.com;transport=udp").flows[0] == one, "that time is over, this was mere silence"


@pytest.mark.parametrize(("status", "last"), [(503, True), (486, False), (200, False)])
def test_section_4_3_a_server_that_takes_nothing_is_tried_last_for_a_while(status: int, last: bool) -> None:
    """A 503 is as good as silence, and is learnt from any request of ours."""
    office = Office()
    phone = Phone(office, host="192.0.2.60", port=5060)
    phone.register()
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101")))
    phone.reply(phone.arrived(), status, body=session_description() if status == 200 else b"")
    found: list[Flow] = []
    office.stack._resolver.locate(
        SipUri.parse("sip:two.example.com:5060"), lambda located, _: found.extend(located.flows), office.clock.now
    )
    (question,) = office.asked
    both = AddressRecord("192.0.2.60"), AddressRecord("192.0.2.61")
    office.names.receive(Reply(question, both, 60), None, office.clock.now)
    assert [flow.remote[0] for flow in found] == [f"192.0.2.6{place}" for place in ((1, 0) if last else (0, 1))]


def test_who_asks_the_same_waits_for_the_same_reply() -> None:
    world = World()
    found: list[Located] = []
    for _ in range(3):
        world.resolver.locate(SipUri.parse("sip:plain.example.com:1"), lambda it, now: found.append(it), 0.0)
    (question,) = world.waiting
    world.names.receive(Reply(question, (AddressRecord("192.0.2.9"),), 60), None, 0.0)
    assert len(found) == 3


def test_what_is_kept_and_asked_is_bounded() -> None:
    world = World()
    found: list[Located] = []
    for number in range(ASKED + 1):
        world.resolver.locate(SipUri.parse(f"sip:h{number}.test:1"), lambda it, now: found.append(it), 0.0)
    assert len(world.names) == ASKED
    assert [located.cause for located in found] == [Cause.TEMPORARY_FAILURE]
    for number in range(2 * MAX_DEAD):
        world.resolver.failed(Flow("udp", ("10.0.0.1", 5060), ("192.0.2.1", number + 1)), 0.0)
    assert len(world.resolver._dead) == MAX_DEAD


def test_the_local_end_is_the_one_the_system_would_send_from() -> None:
    points = ListeningPoints(
        [("udp", ("10.0.0.1", 5060)), ("udp", ("192.0.2.1", 5060)), ("udp", ("127.0.0.1", 5060))],
        source=lambda remote: "192.0.2.1" if remote.startswith("198.") else None,
    )

    def local(remote: str) -> str | None:
        flow = points.flow("udp", (remote, 5060))
        return flow and flow.local[0]

    assert local("198.51.100.1") == "192.0.2.1"
    assert local("10.0.0.9") == "10.0.0.1"
    assert local("127.0.0.5") == "127.0.0.1"
    assert points.flow("ws", ("127.0.0.5", 80)) is None and points.flow("tcp", ("127.0.0.5", 80)) is None
