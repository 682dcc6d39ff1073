"""STUN on the SIP port: RFC 5389's binding, RFC 5769's test vectors, and nothing said to anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.sip.stun import Attribute, Kind, Stun, answer, is_stun, xor_mapped
from tests.support.sip import Office, Phone

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = Stun(Kind.REQUEST, TRANSACTION).serialise()


def test_a_binding_request_is_answered_with_where_it_came_from() -> None:
    for source in (("192.0.2.1", 32853), ("2001:db8:1234:5678:11:2233:4455:6677", 32853)):
        data = answer(REQUEST, source)
        assert data is not None
        response = Stun.parse(data)
        assert (response.kind, response.transaction, response.mapped) == (Kind.SUCCESS, TRANSACTION, source)


def test_rfc_5769_sections_2_2_and_2_3_addresses_are_hidden_as_the_standard_does() -> None:
    assert xor_mapped(("192.0.2.1", 32853), TRANSACTION) == bytes.fromhex("0001a147e112a643")
    ipv6 = ("2001:db8:1234:5678:11:2233:4455:6677", 32853)
    assert xor_mapped(ipv6, TRANSACTION) == bytes.fromhex("0002a1470113a9faa5d3f179bc25f4b5bed2b9d9")


def test_section_7_3_1_attributes_that_must_be_understood_and_are_not_are_named() -> None:
    request = Stun(Kind.REQUEST, TRANSACTION, {0x0024: b"\0\0\0\1", 0x7F01: b"", 0x8022: b"phone"}).serialise()
    data = answer(request, ("192.0.2.1", 5060))
    assert data is not None
    response = Stun.parse(data)
    assert response.kind == Kind.ERROR and response.attributes[Attribute.ERROR_CODE][2:4] == b"\x04\x14"
    assert response.attributes[Attribute.UNKNOWN_ATTRIBUTES] == bytes.fromhex("00247f01")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        REQUEST[:-1],
        REQUEST + b"\0\0\0\0",
        REQUEST[:2] + b"\0\4" + REQUEST[4:] + b"\0\1\0\1",
        b"OPTIONS sip:x SIP/2.0\r\n",
        Stun(Kind.SUCCESS, TRANSACTION).serialise(),
        Stun(Kind.INDICATION, TRANSACTION).serialise(),
    ],
)
def test_anything_else_is_left_unanswered(data: bytes) -> None:
    assert answer(data, ("192.0.2.1", 5060)) is None


@given(st.binary(max_size=600))
def test_octets_either_parse_or_are_refused(data: bytes) -> None:
    for octets in (data, REQUEST[:8] + data):
        try:
            message = Stun.parse(octets)
        except MalformedError:
            continue
        assert is_stun(octets) and len(message.transaction) == 12


@given(
    st.sampled_from(list(Kind)),
    st.binary(min_size=12, max_size=12),
    st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=40), max_size=5),
)
def test_what_is_written_is_read_back(kind: Kind, transaction: bytes, attributes: dict[int, bytes]) -> None:
    message = Stun(kind, transaction, attributes)
    assert Stun.parse(message.serialise()) == message


def test_the_office_answers_on_its_sip_port_and_stays_silent_to_keep_alives() -> None:
    office = Office()
    phone = Phone(office)
    office.receive(REQUEST, phone.flow)
    (datagram,) = office.sent
    assert datagram.flow == phone.flow and Stun.parse(datagram.data).mapped == phone.flow.remote
    for octets in (b"\r\n\r\n", b"\0\0\0\0", b"\r\n", Stun(Kind.SUCCESS, TRANSACTION).serialise()):
        office.receive(octets, phone.flow)
    assert len(office.sent) == 1 and office.events() == []
