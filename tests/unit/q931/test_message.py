"""Q.931 messages: octets that are known to be right, what is written is read again, and what is wrong is kept."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import (
    Capability,
    ElementCode,
    Layer1,
    Location,
    MessageType,
    NumberType,
    Presented,
    ProgressDescription,
    Reason,
    RestartClass,
    Screening,
)
from gateway.q931.element import (
    BearerCapability,
    CallStateElement,
    CauseElement,
    Damaged,
    Display,
    KeypadFacility,
    NotificationIndicator,
    Opaque,
    ProgressIndicator,
    RestartIndicator,
    SendingComplete,
)
from gateway.q931.message import ELEMENTS, Element, Message
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber, RedirectingNumber

KNOWN = {
    "08020005 05 A1 04038090A3 1803A18381 1E028183 2805416C696365 6C0C2181393732353535323232"
    "32 700D91343432303739343630313233": Message(
        MessageType.SETUP,
        5,
        False,
        (
            SendingComplete(),
            BearerCapability(Capability.SPEECH, Layer1.A_LAW),
            ChannelIdentification((1,)),
            ProgressIndicator(ProgressDescription.ORIGINATION_NOT_ISDN, Location.PRIVATE_LOCAL),
            Display("Alice"),
            CallingNumber(
                "9725552222", NumberType.NATIONAL, presented=Presented.ALLOWED, screening=Screening.PASSED
            ),
            CalledNumber("442079460123", NumberType.INTERNATIONAL),
        ),
    ),
    "08028005 02 1803A98381": Message(
        MessageType.CALL_PROCEEDING, 5, True, (ChannelIdentification((1,), exclusive=True),)
    ),
    "08028005 01 1E028488": Message(
        MessageType.ALERTING, 5, True, (ProgressIndicator(location=Location.PUBLIC_REMOTE),)
    ),
    "08028005 07": Message(MessageType.CONNECT, 5, True),
    "08020005 45 08028090": Message(MessageType.DISCONNECT, 5, False, (CauseElement(16),)),
    "08020000 46 1803A18381 790180": Message(
        MessageType.RESTART, 0, False, (ChannelIdentification((1,)), RestartIndicator(RestartClass.CHANNELS))
    ),
    "08028001 7D 0803809E2C 14010A": Message(
        MessageType.STATUS, 1, True, (CauseElement(30, diagnostics=b"\x2c"), CallStateElement(10))
    ),
}
"""Messages that tshark reads as they stand here."""


@pytest.mark.parametrize("octets", KNOWN)
def test_messages_of_primary_rate_links(octets: str) -> None:
    data = bytes.fromhex(octets)
    assert Message.parse(data) == KNOWN[octets]
    assert KNOWN[octets].serialise() == data


CONTENTS: dict[str, tuple[Element, str]] = {
    "channel 31, no other": (ChannelIdentification((31,), exclusive=True), "a9839f"),
    "any channel": (ChannelIdentification(any_channel=True), "a3"),
    "no channel": (ChannelIdentification(), "a0"),
    "two channels": (ChannelIdentification((1, 2)), "a1830182"),
    "a map of 24 slots": (ChannelIdentification((1, 24), map_slots=24), "a193800001"),
    "a map of 32 slots": (ChannelIdentification((0, 31), map_slots=32), "a19380000001"),
    "channel 3 of interface 1": (ChannelIdentification((3,), interface=1), "e1818383"),
    "B2 of a basic access": (ChannelIdentification((2,), exclusive=True, basic=True), "8a"),
    "unrestricted": (BearerCapability(Capability.UNRESTRICTED, None), "8890"),
    "with layers 2 and 3": (BearerCapability(Capability.UNRESTRICTED, None, details=b"\xc0\xe6"), "8890c0e6"),
    "redirecting": (
        RedirectingNumber("300", presented=Presented.RESTRICTED, reason=Reason.NO_REPLY),
        "0120 82 333030",
    ),
    "redirecting, and nothing else": (RedirectingNumber("300", reason=None), "81333030"),
    "calling, withheld": (CallingNumber("", presented=Presented.RESTRICTED, screening=Screening.NETWORK), "01a3"),
    "calling, without octet 3a": (CallingNumber("100"), "81313030"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_elements_octet_by_octet(name: str) -> None:
    element, octets = CONTENTS[name]
    assert element.contents() == bytes.fromhex(octets)
    assert ELEMENTS[element.CODE].read(bytes.fromhex(octets)) == element


digits = st.text("0123456789*#", max_size=30)
types = st.integers(0, 7)
plans = st.integers(0, 15)
shown: dict[str, Any] = {"presented": st.sampled_from(Presented), "screening": st.sampled_from(Screening)}
octets = st.binary(max_size=40)
shown_text = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=30)
elements: st.SearchStrategy[Element] = st.one_of(
    st.builds(BearerCapability, st.integers(0, 31), st.none() | st.integers(0, 31), st.sampled_from([0x10, 0x13])),
    st.builds(CauseElement, st.integers(0, 127), st.integers(0, 15), octets, st.integers(0, 3)),
    st.builds(CallStateElement, st.integers(0, 63)),
    st.builds(
        ChannelIdentification,
        st.lists(st.integers(1, 31), min_size=1, max_size=5).map(tuple),
        st.booleans(),
        interface=st.none() | st.integers(0, 127),
    ),
    st.builds(
        ChannelIdentification,
        st.sets(st.integers(1, 24), min_size=1).map(sorted).map(tuple),
        st.booleans(),
        map_slots=st.sampled_from([24, 32]),
    ),
    st.builds(ProgressIndicator, st.integers(0, 127), st.integers(0, 15), st.integers(0, 3)),
    st.builds(NotificationIndicator, st.integers(0, 127), octets),
    st.builds(RestartIndicator, st.sampled_from(RestartClass)),
    st.builds(Display, shown_text),
    st.builds(KeypadFacility, shown_text),
    st.builds(CalledNumber, digits, types, plans),
    st.builds(CallingNumber, digits, types, plans, **shown),
    st.builds(ConnectedNumber, digits, types, plans, **shown),
    st.builds(RedirectingNumber, digits, types, plans, **shown, reason=st.none() | st.integers(0, 15)),
    st.just(SendingComplete()),
    st.builds(Opaque, st.sampled_from([0x1C, 0x7E, 0x7C, 0x33]), octets),
    st.builds(Opaque, st.integers(0, 127), octets, st.integers(4, 7)),
)
messages = st.builds(
    Message,
    st.sampled_from(MessageType),
    st.integers(0, 0x7FFF),
    st.booleans(),
    st.lists(elements, max_size=5).map(tuple),
)


def in_order(element: Element) -> tuple[int, bool, int]:
    return getattr(element, "codeset", 0), element.CODE < 0x80, element.CODE


@given(messages)
def test_what_is_written_is_read_again(message: Message) -> None:
    data = message.serialise()
    again = Message.parse(data)
    assert (again.kind, again.reference, again.to_originator) == (
        message.kind,
        message.reference,
        message.to_originator,
    )
    assert again.elements == tuple(sorted(message.elements, key=in_order))
    assert again.serialise() == data


def test_elements_are_sent_in_the_order_of_4_5_1() -> None:
    called, bearer = CalledNumber("1"), BearerCapability()
    data = Message(MessageType.SETUP, 1, False, (Opaque(1, b"", 6), called, bearer, SendingComplete())).serialise()
    assert data.hex(" ").endswith("a1 04 03 90 90 a3 70 02 81 31 9e 01 00")


@pytest.mark.parametrize(
    "data", ["", "08", "08020001", "09020001 05", "0801 81 05 00", "08030000 0105", "0800 05 0405"]
)
def test_a_head_that_makes_no_sense_is_refused(data: str) -> None:
    """5.8.1, 5.8.2, 5.8.3.1: such messages are ignored."""
    with pytest.raises(MalformedError):
        Message.parse(bytes.fromhex(data))


def body(octets: str) -> tuple[Element, ...]:
    return Message.parse(bytes.fromhex("08020001 7B" + octets)).elements


@pytest.mark.parametrize(
    ("code", "contents"),
    [
        ("04", ""),
        ("04", "80"),
        ("04", "0090a3"),
        ("08", ""),
        ("08", "80"),
        ("08", "8010"),
        ("14", ""),
        ("14", "0a0b"),
        ("18", ""),
        ("18", "a2"),
        ("18", "a183"),
        ("18", "a18781"),
        ("18", "a1938000"),
        ("18", "a193000000"),
        ("18", "a1838182"),
        ("18", "a1"),
        ("18", "8183"),
        ("1e", "84"),
        ("1e", "848888"),
        ("1e", "0488"),
        ("27", ""),
        ("27", "00"),
        ("28", "0741"),
        ("2c", "310a32"),
        ("6c", ""),
        ("6c", "01"),
        ("70", "81ff"),
        ("74", "010001"),
        ("79", "85"),
        ("79", "8080"),
    ],
)
def test_contents_in_error_are_kept_as_such(code: str, contents: str) -> None:
    """5.8.6.2, 5.8.7.2: what to do about it depends on the message, so that it must not be lost."""
    octets = bytes.fromhex(contents)
    assert body(f"{code} {len(octets):02x} {contents}") == (Damaged(int(code, 16), octets),)


def test_an_element_beyond_the_end_is_damaged() -> None:
    assert body("70058131") == (Damaged(ElementCode.CALLED_NUMBER, bytes.fromhex("8131")),)
    assert body("70") == (Damaged(ElementCode.CALLED_NUMBER),)


def test_shifts_to_other_codesets() -> None:
    """4.5.3 and 4.5.4: locking ones hold until the end and never lead down; others hold for one element."""
    assert body("9e 7001 81 7002 8131") == (Opaque(0x70, b"\x81", 6), CalledNumber("1"))
    assert body("96 7001 81 90 7001 82") == (Opaque(0x70, b"\x81", 6), Opaque(0x70, b"\x82", 6))
    assert body("95 98 7002 8131 7000") == (CalledNumber("1"), Opaque(0x70, b"", 5))
    assert body("9e a1 a1") == (Opaque(0xA1, b"", 6), SendingComplete())


def test_a_type_that_is_not_known_is_kept() -> None:
    assert Message.parse(bytes.fromhex("0802000155")).kind == 0x55


def test_a_display_of_dms_100_has_an_octet_before_its_text() -> None:
    assert body("2804 b1414243") == (Display("ABC", b"\xb1"),)


def test_characters_that_ia5_lacks_are_replaced() -> None:
    assert Display("Zoë\n").contents() == b"Zo??"


def test_an_element_that_is_too_long_is_our_own_fault() -> None:
    with pytest.raises(ValueError, match="300 octets"):
        Message(MessageType.SETUP, 1, False, (Opaque(0x7E, bytes(300)),)).serialise()


@given(st.binary(max_size=300))
def test_octets_without_sense_do_no_harm(data: bytes) -> None:
    try:
        message = Message.parse(b"\x08\x02" + data)
    except MalformedError:
        return
    again = Message.parse(message.serialise()) if message_fits(message) else message
    assert again.kind == message.kind


def message_fits(message: Message) -> bool:
    return all(len(element.contents()) < 256 for element in message.elements)


@given(messages, st.integers(0, 2**32))
def test_damage_anywhere_does_no_harm(message: Message, seed: int) -> None:
    dice = random.Random(seed)
    data = bytearray(message.serialise())
    for _ in range(3):
        data[dice.randrange(len(data))] = dice.randrange(256)
    try:
        Message.parse(bytes(data[: dice.randrange(len(data) + 1)]))
    except MalformedError:
        return
