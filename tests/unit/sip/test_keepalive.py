"""RFC 5626 4.4: flows are pinged, pongs are waited for where the peer promised them, and failures are told once."""

from __future__ import annotations

from random import Random

from gateway.sip.keepalive import ATTEMPTS, PATIENCE, PING, PONG, KeepAlives
from gateway.sip.schedule import Schedule
from gateway.sip.stun import Attribute, Kind, Stun, answer, xor_mapped
from gateway.sip.transport import Flow

UDP = Flow("udp", ("10.0.0.1", 5060), ("192.0.2.1", 5060))
TCP = Flow("tcp", ("10.0.0.1", 5060), ("192.0.2.1", 5060))
SEEN = ("198.51.100.7", 40000)


class Keeper:
    """Our side of flows, and what was said on them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[tuple[bytes, Flow]] = []
        self.failures: list[str] = []
        self.schedule = Schedule()
        self.keeper = KeepAlives(
            send=lambda data, flow: self.sent.append((data, flow)), random=Random(5), schedule=self.schedule
        )

    def keep(self, flow: Flow, *, answers: bool) -> object:
        return self.keeper.keep(
            flow, 30, self.now, answers=answers, failed=lambda why, now: self.failures.append(why)
        )

    def wait(self, seconds: float) -> list[bytes]:
        """Let time pass; what was said meanwhile."""
        end, before = self.now + seconds, len(self.sent)
        while (due := self.schedule.deadline()) is not None and due <= end:
            self.now = due
            self.schedule.expire(due)
        self.now = end
        return [data for data, _ in self.sent[before:]]

    def next(self) -> bytes:
        """Let time pass until something is said; what that is."""
        due, before = self.schedule.deadline(), len(self.sent)
        assert due is not None
        self.wait(due - self.now)
        ((data, _),) = self.sent[before:]
        return data

    def hears(self, data: bytes, flow: Flow) -> bool:
        return self.keeper.receive(data, flow, self.now)


def test_section_4_4_pings_come_a_little_early_and_not_all_at_once() -> None:
    office = Keeper()
    for number in range(50):
        office.keep(Flow("tcp", TCP.local, ("192.0.2.1", number + 1)), answers=False)
    moments = []
    while len(moments) < 50:
        due = office.schedule.deadline()
        assert due is not None
        office.schedule.expire(due)
        moments.append(due)
    assert min(moments) >= 24 and max(moments) <= 30 and len(set(moments)) > 40


def test_who_has_promised_nothing_is_sent_blank_lines_and_owes_no_answer() -> None:
    office = Keeper()
    for flow in (UDP, TCP):
        office.keep(flow, answers=False)
    assert set(office.wait(300)) == {PING} and office.failures == []


def test_section_4_4_1_a_connection_whose_pong_comes_lives_on() -> None:
    office = Keeper()
    office.keep(TCP, answers=True)
    for _ in range(5):
        assert office.wait(31) == [PING]
        assert office.hears(PONG, TCP)
    assert office.failures == []


def test_section_4_4_1_without_a_pong_it_has_failed() -> None:
    office = Keeper()
    office.keep(TCP, answers=True)
    office.wait(30)
    office.wait(PATIENCE)
    assert office.failures == ["tcp:192.0.2.1:5060 does not answer keep-alives"]
    assert office.wait(600) == [] and len(office.keeper) == 0


def test_section_4_4_2_a_datagram_flow_is_asked_by_stun_where_we_are_seen() -> None:
    office = Keeper()
    office.keep(UDP, answers=True)
    for _ in range(3):
        request = office.next()
        reply = answer(request, SEEN)
        assert reply is not None and office.hears(reply, UDP)
    assert office.failures == []


def test_section_4_4_2_a_request_is_repeated_and_silence_is_a_failure() -> None:
    office = Keeper()
    office.keep(UDP, answers=True)
    requests = office.wait(60)
    assert len(requests) == ATTEMPTS and len(set(requests)) == 1
    assert office.failures == ["udp:192.0.2.1:5060 does not answer keep-alives"]


def test_section_4_4_2_a_mapping_that_changed_is_a_failure() -> None:
    office = Keeper()
    office.keep(UDP, answers=True)
    for seen in (SEEN, (SEEN[0], 40001)):
        request = office.next()
        reply = answer(request, seen)
        assert reply is not None
        office.hears(reply, UDP)
    assert office.failures == ["the NAT's mapping has changed from 198.51.100.7:40000 to 198.51.100.7:40001"]


def test_answers_of_strangers_count_for_nothing() -> None:
    office = Keeper()
    office.keep(UDP, answers=True)
    request = office.next()
    transaction = Stun.parse(request).transaction
    forged = Stun(Kind.SUCCESS, bytes(12), {Attribute.XOR_MAPPED_ADDRESS: xor_mapped(SEEN, bytes(12))})
    assert not office.hears(forged.serialise(), UDP)
    other = Flow("udp", UDP.local, ("203.0.113.9", 5060))
    reply = answer(request, SEEN)
    assert reply is not None and not office.hears(reply, other)
    assert not office.hears(Stun(Kind.REQUEST, transaction).serialise(), UDP)
    assert not office.hears(b"OPTIONS sip:x SIP/2.0\r\n\r\n", UDP)


def test_what_is_cancelled_is_pinged_no_more_and_forgotten() -> None:
    office = Keeper()
    one = office.keeper.keep(TCP, 30, 0.0, answers=True, failed=lambda why, now: None)
    office.keep(TCP, answers=False)
    one.cancel()
    one.cancel()
    assert len(office.keeper) == 1
    office.wait(100)
    assert office.failures == []


def test_a_lost_connection_is_told_to_all_who_keep_it() -> None:
    office = Keeper()
    office.keep(TCP, answers=True)
    office.keep(TCP, answers=False)
    office.keeper.lost(TCP, 1.0)
    assert office.failures == ["the connection was lost"] * 2 and len(office.keeper) == 0
    assert office.wait(100) == []
