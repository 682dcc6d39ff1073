"""Messages as people read them, each with its call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.cause import Cause
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import Capability, ElementCode, Location, MessageType, Presented, Reason, RestartClass
from gateway.q931.control import CallControl
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
from gateway.q931.interface import Interface
from gateway.q931.journal import Entry
from gateway.q931.message import ELEMENTS, Element, Message
from gateway.q931.number import CalledNumber, CallingNumber, RedirectingNumber
from gateway.q931.primitive import Clear, Proceed, Setup
from tests.unit.q931.conftest import ORDER, SPEECH, USER

M = MessageType


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            Entry(1, True, Message(M.SETUP, 1, False, (SPEECH, CalledNumber("100"), CallingNumber("7")))),
            "-> SETUP 100 from 7",
        ),
        (
            Entry(1, False, Message(M.SETUP, 1, False, (ChannelIdentification((3,)), CallingNumber("")))),
            "<- SETUP from a number that is withheld, channel 3 or another one",
        ),
        (
            Entry(1, False, Message(M.CALL_PROCEEDING, 1, True, (ChannelIdentification((3,), exclusive=True),))),
            "<- CALL PROCEEDING, channel 3",
        ),
        (
            Entry(
                1, False, Message(M.DISCONNECT, 1, True, (CauseElement(Cause.USER_BUSY, Location.PUBLIC_REMOTE),))
            ),
            "<- DISCONNECT, cause 17 (user busy) at public remote",
        ),
        (
            Entry(
                1, True, Message(M.STATUS, 1, True, (CauseElement(99, diagnostics=b"\x33"), CallStateElement(10)))
            ),
            "-> STATUS, cause 99 (information element non existent) at user, about 33, state 10",
        ),
        (Entry(None, False, Message(0x55, 1, True)), "<- message type 0x55"),
    ],
)
def test_a_line_tells_what_matters(entry: Entry, line: str) -> None:
    assert str(entry) == line


def test_every_element_is_told() -> None:
    elements: tuple[Element, ...] = (
        SendingComplete(),
        BearerCapability(Capability.SPEECH),
        CauseElement(45),
        ChannelIdentification((1, 2), exclusive=True),
        ChannelIdentification(any_channel=True),
        ProgressIndicator(),
        NotificationIndicator(0x79),
        Display("Alice"),
        KeypadFacility("*21#"),
        CalledNumber("100"),
        RedirectingNumber("300", presented=Presented.RESTRICTED, reason=Reason.BUSY),
        RestartIndicator(RestartClass.INTERFACE),
        Damaged(ElementCode.CALLING_NUMBER, b"\x01"),
        Opaque(0x33, b"\x01\x02"),
        Opaque(0x01, b"\x03", 6),
    )
    assert Entry(1, True, Message(M.SETUP, 5, False, elements)).detail.splitlines() == [
        "call reference: 5, our own",
        "sending complete",
        "bearer capability: speech, a law",
        "cause: cause 45 at user",
        "channel identification: channels 1, 2",
        "channel identification: any channel",
        "progress indicator: in band",
        "notification indicator: held",
        "display: Alice",
        "keypad facility: *21#",
        "called number: 100, unknown",
        "redirecting number: 300, unknown, presentation restricted, not screened, busy",
        "restart indicator: interface",
        "calling number: 01",
        "element 0x33: 01 02",
        "element 0x01 of codeset 6: 03",
    ]
    assert Entry(1, False, Message(M.RESTART, 0)).detail == "call reference: global"
    assert Entry(1, False, Message(M.SETUP, 5)).detail == "call reference: 5, far side's"


def test_nothing_that_parses_is_without_words() -> None:
    for code, kind in ELEMENTS.items():
        for octets in (b"\x80\x90\xa3", b"\xa1\x83\x81", b"\x81\x31", b"\x85\x83", b"\x80", b"\x3f", b""):
            found = Message.parse(Message(M.SETUP, 1, False, (Opaque(code, octets),)).serialise())
            assert Entry(1, True, found).detail.count("\n") == 1, kind


def test_every_message_is_written_down_with_its_call() -> None:
    control = CallControl(USER, journal=True)
    control.link_up(0.0)
    placed = control.place(replace(ORDER, channel=9), 0.0)
    control.receive(Message(M.RELEASE_COMPLETE, 1, True, (CauseElement(17),)).serialise(), None, 0.0)
    control.receive(Message(M.SETUP, 7, False, (SPEECH, ChannelIdentification((1,)))).serialise(), None, 0.0)
    (taken,) = [event.call for event in control.events() if isinstance(event, Setup)]
    control.command(taken, Proceed(), 0.0)
    control.command(taken, Clear(Cause.USER_BUSY), 0.0)
    control.receive(Message(M.CONNECT, 99, True).serialise(), None, 0.0)
    assert [(entry.call, str(entry).split(",")[0]) for entry in control.journal()] == [
        (placed, "-> SETUP 100"),
        (placed, "<- RELEASE COMPLETE"),
        (taken, "<- SETUP"),
        (taken, "-> CALL PROCEEDING"),
        (taken, "-> DISCONNECT"),
        (None, "<- CONNECT"),
        (None, "-> RELEASE COMPLETE"),
    ]
    assert control.journal() == []


def test_nothing_is_written_down_where_nobody_reads_it() -> None:
    interface = Interface(USER)
    interface.start(0.0)
    assert interface.journal() == []
