"""What the far side does wrong, and the answer to it (Q.931 5.8)."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.q931.call_states import State, number_of
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import ElementCode, MessageType
from gateway.q931.config import Side
from gateway.q931.element import CallStateElement, CauseElement, Damaged, Opaque, ProgressIndicator, SendingComplete
from gateway.q931.message import Element, Message
from gateway.q931.number import CalledNumber
from gateway.q931.primitive import (
    AskMore,
    Clear,
    Connect,
    Connected,
    Disconnecting,
    Notified,
    Proceed,
    Released,
    Setup,
)
from tests.unit.q931.conftest import SPEECH, Solo

M = MessageType


def the_status(solo: Solo) -> tuple[int, bytes, int]:
    """The one STATUS that was said: its cause, diagnostics and call state."""
    (status,) = solo.says()
    assert status.kind is M.STATUS
    cause, state = status.first(CauseElement), status.first(CallStateElement)
    assert cause is not None and state is not None
    return cause.value, cause.diagnostics, state.value


def the_end(solo: Solo, kind: MessageType = M.RELEASE_COMPLETE) -> tuple[int, bytes]:
    """The one message that was said, which clears a call: its cause and diagnostics."""
    (message,) = solo.says()
    assert message.kind is kind
    cause = message.first(CauseElement)
    return (cause.value, cause.diagnostics) if cause else (0, b"")


@pytest.mark.parametrize("octets", ["", "08", "0902000105", "08010105", "0802", "080200"])
def test_what_is_no_message_is_ignored(user: Solo, octets: str) -> None:
    """5.8.1, 5.8.2, 5.8.3.1."""
    user.control.receive(bytes.fromhex(octets), None, 0.0)
    assert (user.says(), user.tells(), user.control.ignored) == ([], [], 1)


# Call references (5.8.3.2).


@pytest.mark.parametrize("kind", [M.ALERTING, M.CONNECT, M.DISCONNECT, M.INFORMATION, M.RELEASE, M.NOTIFY, 0x55])
def test_a_message_for_a_call_that_is_not_known(user: Solo, kind: int) -> None:
    """5.8.3.2 a, b: RELEASE COMPLETE with cause 81, on the same reference."""
    user.hears(kind, reference=77, answer=True)
    (end,) = user.says()
    assert (end.kind, end.reference, end.to_originator) == (M.RELEASE_COMPLETE, 77, False)
    assert end.first(CauseElement) == CauseElement(Cause.INVALID_CALL_REFERENCE)


def test_what_is_ignored_without_a_call(user: Solo) -> None:
    """5.8.3.2 c, d; 5.8.11 for a STATUS of state 0."""
    user.hears(M.RELEASE_COMPLETE, CauseElement(16), reference=77)
    user.hears(M.SETUP, SPEECH, ChannelIdentification((1,)), reference=77, answer=True)
    user.hears(M.STATUS, CauseElement(30), CallStateElement(0), reference=77)
    assert (user.says(), user.tells()) == ([], [])


def test_a_setup_on_a_reference_in_use_is_ignored(user: Solo) -> None:
    """5.8.3.2 e: the repetition of a SETUP that was heard after all."""
    user.takes()
    user.hears(M.SETUP, SPEECH, ChannelIdentification((2,)))
    assert (user.says(), user.tells()) == ([], [])


def test_both_sides_use_the_same_reference(user: Solo) -> None:
    """4.3: the flag tells whose call it is."""
    placed = user.places()
    taken = user.takes(channel=9, reference=user.reference)
    assert taken != placed
    user.hears(M.CONNECT, answer=True)
    assert [type(event) for event in user.tells()][-1] is Connected
    user.hears(M.RELEASE_COMPLETE, CauseElement(17), reference=user.reference)
    assert [event.call for event in user.tells() if isinstance(event, Released)] == [taken]


def test_a_call_of_the_far_side_that_it_alone_knows(user: Solo) -> None:
    """5.8.10, 5.8.11: what state it is in is asked and told without a call, too."""
    user.hears(M.STATUS_ENQUIRY, reference=77)
    assert the_status(user) == (30, b"", 0)
    user.hears(M.STATUS, CauseElement(30), CallStateElement(10), reference=77)
    assert the_end(user) == (101, b"")


def test_the_global_reference_is_for_restart(user: Solo) -> None:
    """5.8.3.2 f."""
    user.hears(M.CONNECT, reference=0)
    assert the_status(user) == (81, b"", 0)
    user.hears(M.RELEASE_COMPLETE, reference=0)
    assert the_status(user) == (81, b"", 0)


# Types and sequence (5.8.4).


@pytest.mark.parametrize("kind", [0x55, 0x00, M.SUSPEND, M.HOLD, M.CONGESTION_CONTROL])
def test_a_type_that_is_not_known(user: Solo, kind: int) -> None:
    user.takes(Proceed())
    user.hears(kind)
    assert the_status(user) == (97, bytes([kind]), 9)


@pytest.mark.parametrize("kind", [M.CONNECT_ACKNOWLEDGE, M.ALERTING, M.SETUP_ACKNOWLEDGE, M.CALL_PROCEEDING])
def test_a_message_that_the_state_does_not_expect(user: Solo, kind: MessageType) -> None:
    user.takes(Proceed())
    user.hears(kind)
    assert the_status(user) == (101, bytes([kind]), 9)
    assert user.tells() == []


def test_release_ends_a_call_in_every_state(user: Solo) -> None:
    """5.8.4: RELEASE and RELEASE COMPLETE are never unexpected."""
    call = user.takes(AskMore())
    user.hears(M.RELEASE, CauseElement(16))
    assert the_end(user) == (0, b"")
    assert user.tells() == [Released(call, Cause.NORMAL_CLEARING)]
    call = user.takes(AskMore())
    user.hears(M.RELEASE_COMPLETE, CauseElement(47))
    assert (user.says(), user.tells()) == ([], [Released(call, Cause.RESOURCE_UNAVAILABLE)])


# Elements (5.8.5 to 5.8.7).


@pytest.mark.parametrize(
    ("elements", "cause", "codes"),
    [
        ((ChannelIdentification((1,)),), 96, [ElementCode.BEARER_CAPABILITY]),
        ((SPEECH,), 96, [ElementCode.CHANNEL_IDENTIFICATION]),
        ((), 96, [ElementCode.BEARER_CAPABILITY, ElementCode.CHANNEL_IDENTIFICATION]),
        ((Damaged(0x04, b"\x80"), ChannelIdentification((1,))), 100, [ElementCode.BEARER_CAPABILITY]),
        ((SPEECH, Damaged(0x18, b"\xa1\x83")), 100, [ElementCode.CHANNEL_IDENTIFICATION]),
        ((SPEECH, ChannelIdentification((1,)), Opaque(0x03, b"x")), 96, [0x03]),
    ],
)
def test_a_setup_whose_mandatory_elements_are_wrong(
    user: Solo, elements: tuple[Element, ...], cause: int, codes: list[int]
) -> None:
    """5.8.6.1, 5.8.6.2; 5.8.7.1 for one that must be understood."""
    user.hears(M.SETUP, *elements)
    assert the_end(user) == (cause, bytes(codes))
    assert user.tells() == []
    assert len(user.control.channels.free()) == 30


def test_the_user_need_not_name_a_channel(network: Solo) -> None:
    """3.1.14 note: in its SETUP the network must, the user may; any one will then do."""
    network.hears(M.SETUP, SPEECH, CalledNumber("1"))
    (setup,) = network.tells()
    assert isinstance(setup, Setup) and setup.channel == 31


def test_a_setup_with_something_unknown_is_taken_all_the_same(user: Solo) -> None:
    """5.8.7.1: the call goes on, and STATUS tells what was not understood."""
    user.hears(
        M.SETUP, SPEECH, ChannelIdentification((1,)), Opaque(0x33, b"x"), Opaque(0x31, b""), Opaque(0x7E, b"y")
    )
    (setup,) = user.tells()
    assert isinstance(setup, Setup) and [element.CODE for element in setup.extra] == [0x31, 0x33, 0x7E]
    assert the_status(user) == (99, b"\x31\x33", 6)


def test_elements_of_other_codesets_are_ignored(user: Solo) -> None:
    user.hears(M.SETUP, SPEECH, ChannelIdentification((1,)), Opaque(0x01, b"x", 6), Opaque(0x33, b"x", 5))
    assert len(user.tells()) == 1
    assert user.says() == []


def test_an_optional_element_in_error_is_left_out(user: Solo) -> None:
    """5.8.7.2."""
    user.hears(M.SETUP, SPEECH, ChannelIdentification((1,)), Damaged(0x6C, b"\x01"), CalledNumber("5"))
    (setup,) = user.tells()
    assert isinstance(setup, Setup) and setup.calling is None and setup.called == CalledNumber("5")
    assert the_status(user) == (100, b"\x6c", 6)


def test_a_repeated_element_counts_once(user: Solo) -> None:
    """5.8.5.2."""
    user.hears(
        M.SETUP, SPEECH, ChannelIdentification((1,)), CalledNumber("5"), CalledNumber("6"), SendingComplete()
    )
    (setup,) = user.tells()
    assert isinstance(setup, Setup) and setup.called == CalledNumber("5")


@pytest.mark.parametrize(
    ("element", "cause"),
    [
        (None, Cause.MANDATORY_INFORMATION_MISSING),
        (Damaged(0x1E, b"\x84"), Cause.INVALID_INFORMATION_ELEMENT_CONTENTS),
    ],
)
def test_another_message_whose_mandatory_element_is_wrong(
    user: Solo, element: Element | None, cause: Cause
) -> None:
    """5.8.6: nothing is done, STATUS tells why."""
    user.places(M.CALL_PROCEEDING)
    user.hears(M.PROGRESS, *filter(None, [element]), answer=True)
    assert user.tells() == []
    assert the_status(user) == (cause, b"\x1e", 3)
    user.hears(M.NOTIFY, answer=True)
    assert the_status(user) == (Cause.MANDATORY_INFORMATION_MISSING, b"\x27", 3)


CLEARING = [
    ((), Cause.NORMAL_UNSPECIFIED, (96, b"\x08")),
    ((Damaged(0x08, b"\x80"),), Cause.NORMAL_UNSPECIFIED, (100, b"\x08")),
    ((CauseElement(17), Opaque(0x33, b"x")), Cause.USER_BUSY, (99, b"\x33")),
    ((CauseElement(17), Opaque(0x02, b"x")), Cause.USER_BUSY, (96, b"\x02")),
    ((CauseElement(17), Damaged(0x28, b"\x07A")), Cause.USER_BUSY, (100, b"\x28")),
    ((CauseElement(44), Opaque(0x01, b"x", 6)), Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, None),
]
"""Elements of a message that clears a call, what the call ends with, and what the answer says of them."""


@pytest.mark.parametrize(("elements", "told", "answer"), CLEARING)
def test_disconnect_clears_whatever_is_wrong_with_it(
    user: Solo, elements: tuple[Element, ...], told: Cause, answer: tuple[int, bytes] | None
) -> None:
    """5.8.6, 5.8.7: the answer, RELEASE, tells what was wrong."""
    call = user.takes(Connect())
    user.hears(M.CONNECT_ACKNOWLEDGE)
    user.hears(M.DISCONNECT, *elements)
    assert user.tells() == [Disconnecting(call, told)]
    assert the_end(user, M.RELEASE) == (answer or (told, b""))
    user.hears(M.RELEASE_COMPLETE)
    assert [event.cause for event in user.tells() if isinstance(event, Released)] == [told]


@pytest.mark.parametrize(("elements", "told", "answer"), CLEARING)
def test_release_clears_whatever_is_wrong_with_it(
    user: Solo, elements: tuple[Element, ...], told: Cause, answer: tuple[int, bytes] | None
) -> None:
    call = user.takes(Proceed())
    user.hears(M.RELEASE, *elements)
    assert user.tells() == [Released(call, told)]
    assert the_end(user) == (answer or (0, b""))


@pytest.mark.parametrize(("elements", "told", "answer"), CLEARING)
def test_release_complete_clears_and_is_not_answered(
    user: Solo, elements: tuple[Element, ...], told: Cause, answer: tuple[int, bytes] | None
) -> None:
    call = user.places()
    user.hears(M.RELEASE_COMPLETE, *elements, answer=True)
    assert (user.says(), user.tells()) == ([], [Released(call, told)])


def test_a_second_clearing_message_needs_no_cause(user: Solo) -> None:
    call = user.takes(Proceed(), Clear(Cause.USER_BUSY))
    user.hears(M.RELEASE)
    assert the_end(user) == (0, b"")
    assert user.tells() == [Released(call, Cause.USER_BUSY, by_far=False)]


def test_a_cause_that_nobody_defines_counts_as_its_class(user: Solo) -> None:
    """5.8.7.2, Q.850 2.2.5."""
    call = user.places()
    user.hears(M.RELEASE_COMPLETE, CauseElement(45), answer=True)
    assert user.tells() == [Released(call, Cause.RESOURCE_UNAVAILABLE)]


# State of the far side (5.8.10, 5.8.11).


@pytest.mark.parametrize("side", Side)
def test_every_state_is_told_by_its_number(side: Side) -> None:
    """4.5.7: U and N states have the same number where they are two ends of one call."""
    numbers = {number_of(state, side) for state in State}
    assert numbers == {0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 19, 25}
    if side is Side.NETWORK:
        assert number_of(State.CALL_INITIATED, side) == number_of(State.CALL_PRESENT, Side.USER) == 6
        assert number_of(State.DISCONNECT_REQUEST, side) == number_of(State.DISCONNECT_INDICATION, Side.USER)


def test_a_far_side_that_asks_is_told(user: Solo) -> None:
    user.places(M.CALL_PROCEEDING)
    user.hears(M.STATUS_ENQUIRY, answer=True)
    assert the_status(user) == (30, b"", 3)


def test_a_far_side_that_knows_nothing_of_the_call_ends_it(user: Solo) -> None:
    """5.8.11: state 0, whatever the cause."""
    call = user.places(M.CONNECT)
    user.hears(M.STATUS, CauseElement(98), CallStateElement(0), answer=True)
    assert (user.says(), user.tells()) == ([], [Released(call, Cause.MESSAGE_NOT_COMPATIBLE_WITH_STATE)])
    assert user.control.channels.is_free(1)


def test_complaints_of_the_far_side_end_nothing(user: Solo) -> None:
    """5.8.11: implementation dependent; a network that dislikes an element of ours goes on with the call."""
    user.places(M.CONNECT)
    user.hears(M.STATUS, CauseElement(99), CallStateElement(10), answer=True)
    user.hears(M.STATUS, CauseElement(100), CallStateElement(3), answer=True)
    assert (user.says(), user.tells()) == ([], [])
    user.hears(M.STATUS, CauseElement(99), answer=True)
    assert the_status(user) == (96, b"\x14", 10)


def test_status_is_ignored_while_we_release(user: Solo) -> None:
    """5.8.11 a."""
    call = user.places(M.CONNECT)
    user.control.command(call, Clear(Cause.NORMAL_CLEARING), 0.0)
    user.says()
    user.hears(M.STATUS, CauseElement(101), CallStateElement(12), answer=True)
    assert (user.says(), user.tells()) == ([], [])


def test_notify_that_comes_at_any_time(user: Solo) -> None:
    call = user.places()
    user.control.receive(
        Message(M.NOTIFY, user.reference, True, ()).serialise()[:-1] + b"\x6e\x27\x01\xf9", None, 0.0
    )
    assert user.tells() == [Notified(call, 0x79)]


def test_an_answer_with_a_channel_that_cannot_be_had(user: Solo) -> None:
    """5.1.2, 5.2.3.1: RELEASE with cause 6."""
    user.takes(channel=5, reference=9)
    call = user.places()
    user.hears(M.CALL_PROCEEDING, ChannelIdentification((5,), exclusive=True), answer=True)
    assert the_end(user, M.RELEASE) == (6, b"")
    user.hears(M.RELEASE_COMPLETE, answer=True)
    assert user.tells() == [Released(call, Cause.CHANNEL_UNACCEPTABLE)]
    assert user.control.channels.holder(5) is not None


def test_a_progress_without_a_place(user: Solo) -> None:
    """No network should begin with PROGRESS; those that do mean CALL PROCEEDING as well."""
    user.places()
    user.hears(M.PROGRESS, ProgressIndicator(), answer=True)
    assert [type(event).__name__ for event in user.tells()] == ["Allotted", "Proceeding", "Progress"]
    user.passes(600)
    assert user.says() == []
