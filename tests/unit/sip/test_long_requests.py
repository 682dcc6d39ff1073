"""RFC 3261 section 18.1.1: a request too long for a datagram goes by TCP, and by UDP where there is none."""

from __future__ import annotations

import pytest

from gateway.core.ending import Ending
from gateway.core.messages import Alerting, Dial, Released
from gateway.core.number import Party
from gateway.sip.config import SipConfig
from gateway.sip.message import Request
from gateway.sip.parser import parse
from gateway.sip.transport import Datagram, Flow
from tests.support.sip import Office, Phone

LONG = Party("101", "A Name Of Many Words " * 40)


def dialled(office: Office, phone: Phone) -> Datagram:
    """The only datagram that a call with a very long INVITE makes."""
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    seen = len(office.sent)
    office.command(channel, Dial("6001", LONG))
    (datagram,) = office.sent[seen:]
    office.heard()
    return datagram


def read(datagram: Datagram) -> Request:
    message = parse(datagram.data)
    assert isinstance(message, Request)
    return message


def stream(phone: Phone) -> Flow:
    return phone.flow._replace(transport="tcp")


def test_a_long_invite_goes_by_tcp_and_says_so_in_its_via() -> None:
    office = Office()
    phone = Phone(office)
    datagram = dialled(office, phone)
    assert len(datagram.data) > 1300
    assert datagram.flow == stream(phone) and read(datagram).via.transport == "TCP"
    office.receive(read(datagram).reply(180, to_tag="x").serialise(), datagram.flow)
    assert office.events() == [Alerting()]


def test_where_tcp_is_refused_it_goes_by_udp_after_all_and_is_repeated() -> None:
    office = Office()
    phone = Phone(office)
    first = dialled(office, phone)
    office.stack.lost(stream(phone), office.clock.now)
    office.drain()
    again = office.sent[-1]
    assert again.flow == phone.flow and read(again).via.transport == "UDP"
    assert read(again).via.branch == read(first).via.branch and office.events() == []
    seen = len(office.sent)
    office.stack.lost(stream(phone), office.clock.now)  # no affair of this request any more
    office.drain()
    assert office.events() == []
    office.wait(0.6)
    assert [datagram.data for datagram in office.sent[seen:]] == [again.data]
    office.receive(read(again).reply(180, to_tag="x").serialise(), phone.flow)
    assert office.events() == [Alerting()]


def test_a_connection_lost_after_the_first_response_ends_the_attempt() -> None:
    office = Office()
    phone = Phone(office)
    datagram = dialled(office, phone)
    office.receive(read(datagram).reply(100).serialise(), datagram.flow)
    office.heard()
    office.stack.lost(stream(phone), office.clock.now)
    office.drain()
    (event,) = office.events()
    assert isinstance(event, Released) and isinstance(event.ending, Ending)
    office.quiet()


@pytest.mark.parametrize("datagram", [0, 9000])
def test_the_bound_is_the_configurations_and_zero_is_none(datagram: int) -> None:
    office = Office(SipConfig(datagram=datagram))
    phone = Phone(office)
    assert dialled(office, phone).flow == phone.flow
