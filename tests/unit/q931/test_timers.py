"""What happens when nothing happens: the timers of Q.931 tables 9-1 and 9-2, each for its own side."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.q931.coding import Location, MessageType
from gateway.q931.element import CallStateElement, CauseElement
from gateway.q931.primitive import (
    Alert,
    AskMore,
    Audit,
    ChannelsBack,
    ChannelsOut,
    Clear,
    Command,
    Connect,
    Proceed,
    Released,
    SendDigits,
)
from tests.unit.q931.conftest import Solo

M = MessageType


def said(solo: Solo) -> list[str]:
    """Messages since this was asked last, each with its cause."""
    lines = []
    for message in solo.says():
        cause = message.first(CauseElement)
        lines.append(f"{message.kind!s} {cause.value}" if cause else str(message.kind))
    return lines


@pytest.fixture(params=["user", "network"])
def solo(request: pytest.FixtureRequest) -> Solo:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Solo)
    return found


def ends(solo: Solo, call: int, cause: Cause) -> None:
    """It is over, for this cause, and its channel is free."""
    (end,) = [event for event in solo.tells() if isinstance(event, Released)]
    assert (end.call, end.cause, end.by_far) == (call, cause, True)
    assert solo.control.channel_of(call) is None
    assert solo.control.deadline() is None
    assert len(solo.control.channels.free()) == 30


def test_t303_setup_is_not_answered(solo: Solo) -> None:
    """5.1.1, 5.2.5.3: once again, then RELEASE COMPLETE."""
    call = solo.places()
    solo.passes(3.9)
    assert said(solo) == []
    solo.passes(0.2)
    assert said(solo) == ["SETUP"]
    solo.passes(4)
    assert said(solo) == ["RELEASE COMPLETE 102"]
    ends(solo, call, Cause.NO_USER_RESPONDING)
    solo.hears(M.ALERTING, answer=True)
    assert said(solo) == ["RELEASE COMPLETE 81"]


def test_t303_a_late_answer_is_in_time(solo: Solo) -> None:
    solo.places()
    solo.passes(5)
    solo.hears(M.ALERTING, answer=True)
    solo.passes(100)
    assert said(solo) == ["SETUP"]


@pytest.mark.parametrize(
    ("name", "answers", "user_waits", "network_waits", "cause"),
    [
        ("T304", [M.SETUP_ACKNOWLEDGE], 30, 20, Cause.INVALID_NUMBER_FORMAT),
        ("T310", [M.CALL_PROCEEDING], 60, 10, Cause.NO_USER_RESPONDING),
        ("T301", [M.CALL_PROCEEDING, M.ALERTING], 180, 180, Cause.NO_ANSWER),
    ],
)
def test_a_call_that_does_not_get_on(
    request: pytest.FixtureRequest,
    name: str,
    answers: list[MessageType],
    user_waits: float,
    network_waits: float,
    cause: Cause,
) -> None:
    """5.1.3, 5.2.4; 5.2.5.3; 5.2.6: DISCONNECT with 102, and our side is told what it means."""
    for side, waits in (("user", user_waits), ("network", network_waits)):
        solo = request.getfixturevalue(side)
        call = solo.places(*answers)
        solo.passes(waits - 0.1)
        assert said(solo) == [], name
        solo.passes(0.2)
        assert said(solo) == ["DISCONNECT 102"]
        solo.hears(M.RELEASE, answer=True)
        assert said(solo) == ["RELEASE COMPLETE"]
        ends(solo, call, cause)


def test_t304_begins_again_with_every_digit(user: Solo) -> None:
    call = user.places(M.SETUP_ACKNOWLEDGE, complete=False)
    for _ in range(5):
        user.passes(25)
        user.control.command(call, SendDigits("1"), user.now)
        assert said(user) == ["INFORMATION"]


def test_t310_does_not_run_once_something_was_told(user: Solo) -> None:
    """5.1.6."""
    user.places(M.CALL_PROCEEDING)
    user.control.receive(bytes.fromhex(f"0802{0x8000 | user.reference:04x}03 1e028488"), None, user.now)
    user.passes(1000)
    assert said(user) == []


def test_t313_connect_is_not_acknowledged(user: Solo) -> None:
    """5.2.7: the user's side alone waits for it."""
    call = user.takes(Proceed(), Alert(), Connect())
    user.passes(4.1)
    assert said(user) == ["DISCONNECT 102"]
    user.hears(M.RELEASE)
    said(user)
    ends(user, call, Cause.RECOVERY_ON_TIMER_EXPIRY)


def test_the_network_does_not_wait_for_connect_acknowledge(network: Solo) -> None:
    """5.1.8."""
    network.takes(Connect())
    network.passes(100)
    assert said(network) == []


def test_t305_and_t308_nobody_clears_with_us(solo: Solo) -> None:
    """5.3.3, 5.3.4: RELEASE after T305, again after T308; then the channel waits for a RESTART."""
    call = solo.places(M.CONNECT)
    channel = solo.control.channel_of(call)
    assert channel is not None
    solo.control.command(call, Clear(Cause.NORMAL_CLEARING), 0.0)
    assert said(solo) == ["DISCONNECT 16"]
    solo.passes(30)
    assert said(solo) == ["RELEASE 16"]
    solo.passes(4)
    assert said(solo) == ["RELEASE 16"]
    solo.passes(4)
    assert said(solo) == ["RESTART"]
    out, end = solo.tells()
    assert out == ChannelsOut((channel,), "RELEASE was not answered")
    assert isinstance(end, Released) and end.call == call and not end.by_far
    assert not solo.control.channels.is_free(channel)
    solo.control.receive(bytes.fromhex(f"0802 8000 4e 1803a183{channel | 0x80:02x} 790180"), None, solo.now)
    assert ChannelsBack((channel,)) in solo.tells()
    assert solo.control.channels.is_free(channel)


def test_t308_release_is_answered_at_last(user: Solo) -> None:
    call = user.takes(Proceed())
    user.hears(M.DISCONNECT, CauseElement(16))
    user.passes(5)
    assert said(user) == ["RELEASE 16", "RELEASE 16"]
    user.hears(M.RELEASE_COMPLETE)
    ends(user, call, Cause.NORMAL_CLEARING)


def test_t322_a_far_side_that_does_not_tell_its_state(solo: Solo) -> None:
    """5.8.10: asked twice, then the call ends."""
    call = solo.places(M.CONNECT)
    solo.control.command(call, Audit(), 0.0)
    solo.control.command(call, Audit(), 0.0)
    assert said(solo) == ["STATUS ENQUIRY"]
    solo.passes(4)
    assert said(solo) == ["STATUS ENQUIRY"]
    solo.passes(4)
    assert said(solo) == ["DISCONNECT 41"]
    solo.hears(M.RELEASE, answer=True)
    said(solo)
    ends(solo, call, Cause.TEMPORARY_FAILURE)


def test_an_audit_finds_that_both_agree(user: Solo) -> None:
    call = user.places(M.CONNECT)
    user.control.command(call, Audit(), 0.0)
    user.hears(M.STATUS, CauseElement(30), CallStateElement(10), answer=True)
    user.passes(100)
    assert said(user) == ["STATUS ENQUIRY"]


def test_an_audit_finds_that_they_do_not_agree(user: Solo) -> None:
    """5.8.11: cause 101."""
    call = user.places(M.CONNECT)
    user.control.command(call, Audit(), 0.0)
    user.hears(M.STATUS, CauseElement(30), CallStateElement(3), answer=True)
    assert said(user) == ["STATUS ENQUIRY", "DISCONNECT 101"]


def test_an_audit_of_a_call_whose_answer_is_not_acknowledged(user: Solo) -> None:
    """The network is in state 10 when our CONNECT has reached it; its CONNECT ACKNOWLEDGE may be lost."""
    call = user.takes(Connect())
    user.control.command(call, Audit(), 0.0)
    user.hears(M.STATUS, CauseElement(30), CallStateElement(10))
    assert said(user) == ["STATUS ENQUIRY"]


def test_a_state_that_was_true_when_it_was_asked(user: Solo) -> None:
    """What we have said since the question may have crossed the answer."""
    call = user.takes(Proceed())
    user.control.command(call, Audit(), 0.0)
    user.control.command(call, Alert(), 0.0)
    user.hears(M.STATUS, CauseElement(30), CallStateElement(9))
    user.passes(100)
    assert said(user) == ["STATUS ENQUIRY", "ALERTING"]


@pytest.mark.parametrize("command", [Proceed(), Alert(), Connect()])
def test_t302_stops_when_the_digits_are_enough(network: Solo, command: Command) -> None:
    network.takes(AskMore(), command)
    network.passes(100)
    assert (said(network), network.tells()) == ([], [])


def test_timers_stop_with_the_call(solo: Solo) -> None:
    for answers in ([], [M.SETUP_ACKNOWLEDGE], [M.CALL_PROCEEDING], [M.ALERTING], [M.CONNECT]):
        solo.places(*answers)
        solo.hears(M.RELEASE_COMPLETE, CauseElement(31, Location.TRANSIT), answer=True)
        assert solo.control.deadline() is None
