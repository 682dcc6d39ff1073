"""What belongs to no single call: channels and who gets them, RESTART, and a link that goes and comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, Unavailable
from gateway.core.timers import Due
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.channels import Channels
from gateway.q931.coding import MessageType, RestartClass
from gateway.q931.config import DIALECTS, T1_CHANNELS, Hunt, Timers
from gateway.q931.element import CallStateElement, CauseElement, Opaque, RestartIndicator
from gateway.q931.interface import Interface
from gateway.q931.lapd_frame import Frame, FrameKind
from gateway.q931.primitive import (
    Alert,
    Allotted,
    AskMore,
    ChannelsBack,
    ChannelsOut,
    Clear,
    Connect,
    LinkDown,
    LinkUp,
    Proceed,
    Released,
    Restarted,
    Setup,
)
from tests.support.due import in_time
from tests.unit.q931.conftest import NETWORK, ORDER, SPEECH, USER, Solo, Span, carried

M = MessageType


def channel_told(solo: Solo) -> ChannelIdentification | None:
    return solo.says()[-1].first(ChannelIdentification)


# Which channel (5.1.2, 5.2.3.1).


@pytest.mark.parametrize(
    ("hunt", "first", "then"), [(Hunt.ASCENDING, 1, 1), (Hunt.DESCENDING, 31, 31), (Hunt.CYCLIC, 1, 2)]
)
def test_channels_are_looked_for_in_order(hunt: Hunt, first: int, then: int) -> None:
    channels = Channels((1, 2, 3, 31), hunt)
    assert channels.find(7) == first
    channels.give_back(first, 7)
    assert channels.find(8) == then
    assert channels.holder(then) == 8


def test_a_channel_is_given_back_only_by_who_has_it() -> None:
    channels = Channels((1,), Hunt.ASCENDING)
    channels.take(1, 7)
    channels.give_back(1, 8)
    assert channels.holder(1) == 7


def test_a_channel_that_is_free_is_taken_as_offered(user: Solo) -> None:
    call = user.takes(channel=17)
    user.control.command(call, Proceed(), 0.0)
    assert channel_told(user) == ChannelIdentification((17,), exclusive=True)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (ChannelIdentification((5,)), 1),
        (ChannelIdentification(any_channel=True), 1),
        (ChannelIdentification((2,)), 2),
    ],
)
def test_another_channel_is_chosen_where_that_is_allowed(
    user: Solo, wanted: ChannelIdentification, given: int
) -> None:
    user.takes(channel=5, reference=9)
    user.hears(M.SETUP, SPEECH, wanted)
    (setup,) = user.tells()
    assert isinstance(setup, Setup) and setup.channel == given
    user.control.command(setup.call, AskMore(), 0.0)
    assert channel_told(user) == ChannelIdentification((given,), exclusive=True)


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        (ChannelIdentification((5,), exclusive=True), Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE),
        (ChannelIdentification((16,)), Cause.IDENTIFIED_CHANNEL_DOES_NOT_EXIST),
        (ChannelIdentification((1,), basic=True), Cause.IDENTIFIED_CHANNEL_DOES_NOT_EXIST),
        (ChannelIdentification(), Cause.NO_CIRCUIT_AVAILABLE),
        (ChannelIdentification((1, 2)), Cause.CHANNEL_TYPE_NOT_IMPLEMENTED),
        (ChannelIdentification(d_channel=True), Cause.CHANNEL_TYPE_NOT_IMPLEMENTED),
    ],
)
def test_a_call_whose_channel_cannot_be_had_is_refused(
    user: Solo, wanted: ChannelIdentification, cause: Cause
) -> None:
    user.takes(channel=5, reference=9)
    user.hears(M.SETUP, SPEECH, wanted)
    (end,) = user.says()
    assert end.kind is M.RELEASE_COMPLETE
    assert end.first(CauseElement) == CauseElement(cause)
    assert user.tells() == []


def test_all_channels_in_use(user: Solo) -> None:
    """Ours are refused here, those of the far side with cause 34; nothing is kept of either."""
    for number in range(30):
        user.takes(channel=user.control.channels.free()[0], reference=100 + number)
    with pytest.raises(Exhausted, match="all B channels are in use"):
        user.places()
    for reference in range(1, 500):
        user.hears(M.SETUP, SPEECH, ChannelIdentification(any_channel=True), reference=1000 + reference)
    assert {end.first(CauseElement) for end in user.says()} == {CauseElement(Cause.NO_CIRCUIT_AVAILABLE)}
    assert user.tells() == []
    with pytest.raises(Exhausted, match="B channel 5 is in use"):
        user.places(channel=5)


def test_the_far_side_chooses_another_channel(user: Solo) -> None:
    call = user.places()
    user.hears(M.CALL_PROCEEDING, ChannelIdentification((9,), exclusive=True), answer=True)
    assert user.tells()[0] == Allotted(call, 9)
    assert user.control.channel_of(call) == 9
    assert user.control.channels.is_free(1)
    assert not user.control.channels.is_free(9)


def test_a_channel_asked_for_by_number_is_the_only_one(user: Solo) -> None:
    user.control.place(replace(ORDER, channel=7), 0.0)
    assert channel_told(user) == ChannelIdentification((7,), exclusive=True)


@pytest.mark.parametrize("octets", [256, 250])
def test_an_order_that_is_too_long_is_our_own_fault_and_leaves_nothing(user: Solo, octets: int) -> None:
    with pytest.raises(ValueError, match="octets"):
        user.places(extra=(Opaque(0x7E, bytes(octets)),))
    assert len(user.control.channels.free()) == 30
    assert (user.says(), user.tells(), user.control.deadline()) == ([], [], None)


def test_call_references_are_not_used_twice_at_once(user: Solo) -> None:
    user.control._last_reference = 0x7FFE
    references = []
    for _ in range(3):
        user.places()
        references.append(user.reference)
    assert references == [0x7FFF, 1, 2]


# Where two calls meet (5.7).


def test_the_network_has_the_channel_where_two_calls_meet() -> None:
    """5.7: the user's call gets another channel with its answer."""
    hunt = replace(NETWORK, hunt=Hunt.ASCENDING)
    span = Span(USER, hunt).begins()
    from_user, from_network = span.user.calls("1"), span.network.calls("2")
    span.settle()
    (at_user,), (at_network,) = span.user.hears(), span.network.hears()
    assert isinstance(at_user, Setup) and isinstance(at_network, Setup)
    assert (at_user.channel, at_network.channel) == (1, 2)
    span.user.says(at_user.call, Connect())
    span.network.says(at_network.call, Connect())
    span.settle()
    assert span.user.interface.channel_of(from_user) == 2
    assert span.network.interface.channel_of(from_network) == 1
    assert Allotted(from_user, 2) in span.user.hears()
    for end, call in ((span.user, from_user), (span.network, from_network)):
        end.says(call, Clear(Cause.NORMAL_CLEARING))
    span.settle()
    assert len(span.user.interface.channels.free()) == len(span.network.interface.channels.free()) == 30


def test_the_user_loses_where_it_would_have_no_other_channel() -> None:
    span = Span(replace(USER, exclusive=True), replace(NETWORK, hunt=Hunt.ASCENDING)).begins()
    from_user = span.user.calls("1")
    span.network.calls("2")
    span.settle()
    assert [event for event in span.user.hears() if isinstance(event, Released)] == [
        Released(from_user, Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, 2)
    ]
    assert not span.user.interface.channels.is_free(1)


def test_a_channel_that_was_given_up_and_no_other_named(user: Solo) -> None:
    """The far side answers as if nothing had been: cause 6, as the channel is another call's."""
    call = user.places()
    user.takes(channel=1, reference=9)
    user.hears(M.CALL_PROCEEDING, answer=True)
    (release,) = user.says()
    assert release.kind is M.RELEASE
    user.hears(M.RELEASE_COMPLETE, answer=True)
    assert user.tells() == [Released(call, Cause.CHANNEL_UNACCEPTABLE)]
    assert not user.control.channels.is_free(1)


def test_a_call_whose_channel_is_settled_keeps_it(user: Solo) -> None:
    user.places(M.CALL_PROCEEDING)
    user.hears(M.SETUP, SPEECH, ChannelIdentification((1,)), reference=9)
    (setup,) = user.tells()
    assert isinstance(setup, Setup) and setup.channel == 2


# RESTART (5.5).


def test_the_first_link_restarts_every_channel() -> None:
    """5.5.1: one after the other, both sides theirs; a second link does not."""
    span = Span(replace(USER, restart=True), NETWORK)
    span.user.start()
    span.network.start()
    span.settle()
    assert span.said == ["global RESTART", "global RESTART ACKNOWLEDGE"] * 30
    restarted = [event for event in span.user.hears() if isinstance(event, Restarted)]
    assert restarted == [Restarted((channel,), False) for channel in USER.channels]
    span.forget()
    span.user.stop()
    span.user.start()
    span.passes(20)
    assert not any("RESTART" in line for line in span.said)


def test_a_whole_interface_is_restarted_at_once() -> None:
    config = replace(USER, dialect=replace(USER.dialect, restart_each=False))
    span = Span(config, NETWORK).begins()
    span.user.interface.restart(0.0)
    span.settle()
    assert span.said == ["global RESTART", "global RESTART ACKNOWLEDGE"]
    messages = [carried(datagram.data) for datagram in span.pair.wire]
    (restart, acknowledge) = [message for message in messages if message]
    for message in (restart, acknowledge):
        assert message.elements == (RestartIndicator(RestartClass.ALL_INTERFACES),)
    user, network = span.user, span.network
    user._listen()
    assert user.hears() == [Restarted(USER.channels, False)]
    assert network.hears() == [Restarted(USER.channels, True)]


def test_calls_end_without_a_word_when_their_channel_is_restarted(user: Solo) -> None:
    """5.5.2."""
    kept, gone = user.takes(Connect(), channel=1, reference=1), user.takes(Connect(), channel=2, reference=2)
    told = ChannelIdentification((2, 3))
    user.hears(M.RESTART, told, RestartIndicator(RestartClass.CHANNELS), reference=0)
    (acknowledge,) = user.says()
    assert (acknowledge.kind, acknowledge.reference, acknowledge.to_originator) == (M.RESTART_ACKNOWLEDGE, 0, True)
    assert acknowledge.elements == (told, RestartIndicator(RestartClass.CHANNELS))
    assert user.tells() == [Released(gone, Cause.TEMPORARY_FAILURE), Restarted((2, 3), True)]
    assert user.control.channel_of(kept) == 1


def test_channels_with_calls_are_not_restarted(user: Solo) -> None:
    user.takes(channel=2)
    user.control.restart(0.0, (1, 2, 3))
    said = []
    while messages := user.says():
        said += [message.first(ChannelIdentification) for message in messages]
        user.hears(M.RESTART_ACKNOWLEDGE, RestartIndicator(RestartClass.CHANNELS), reference=0, answer=True)
    assert said == [ChannelIdentification((1,), exclusive=True), ChannelIdentification((3,), exclusive=True)]


def test_a_call_that_crossed_our_restart_is_over(user: Solo) -> None:
    """5.5.1.1: the far side forgot it when it got the RESTART; one of ours came after that, and goes on."""
    user.control.restart(0.0, (1, 2))
    gone = user.takes(channel=1)
    kept = user.places(channel=2)
    user.hears(M.RESTART_ACKNOWLEDGE, RestartIndicator(RestartClass.CHANNELS), reference=0, answer=True)
    assert user.tells() == [Released(gone, Cause.TEMPORARY_FAILURE), Restarted((1,), False)]
    assert user.control.channel_of(kept) == 2


def test_t316_restart_is_not_acknowledged(user: Solo) -> None:
    """5.5.1.2: twice, then the channel is out of service; it is asked about for ever, and no other one."""
    user.control.restart(0.0, (4, 5, 6))
    user.passes(120)
    assert [message.kind for message in user.says()] == [M.RESTART, M.RESTART]
    assert user.tells() == []
    user.passes(120)
    assert user.tells() == [ChannelsOut((4,), "RESTART is not acknowledged")]
    assert not user.control.channels.is_free(4)
    user.passes(1000)
    told = {message.first(ChannelIdentification) for message in user.says()}
    assert told == {ChannelIdentification((4,), exclusive=True)}
    assert user.tells() == []
    user.hears(M.RESTART, ChannelIdentification((4,)), RestartIndicator(RestartClass.CHANNELS), reference=0)
    assert user.tells() == [ChannelsBack((4,)), Restarted((4,), True)]


def test_a_far_side_that_knows_no_restart(user: Solo) -> None:
    user.control.restart(0.0)
    user.says()
    user.hears(M.STATUS, CauseElement(97, diagnostics=b"\x46"), CallStateElement(0), reference=0, answer=True)
    user.passes(1000)
    assert (user.says(), user.tells()) == ([], [])
    assert len(user.control.channels.free()) == 30


def test_a_channel_that_nobody_speaks_for_is_asked_about_again_when_the_link_is_back(user: Solo) -> None:
    user.control.restart(0.0, (4,))
    user.passes(240)
    assert user.tells() == [ChannelsOut((4,), "RESTART is not acknowledged")]
    user.control.link_down(user.now)
    user.says()
    user.control.link_up(user.now)
    (restart,) = user.says()
    assert restart.first(ChannelIdentification) == ChannelIdentification((4,), exclusive=True)


def test_a_call_on_a_channel_shows_that_the_far_side_has_freed_it(user: Solo) -> None:
    user.control.restart(0.0, (4,))
    user.passes(240)
    assert not user.control.channels.is_free(4)
    user.tells()
    user.hears(M.SETUP, SPEECH, ChannelIdentification((4,), exclusive=True))
    back, setup = user.tells()
    assert back == ChannelsBack((4,))
    assert isinstance(setup, Setup) and setup.channel == 4


def test_a_far_side_that_knows_no_restart_gives_back_what_it_did_not_speak_for(user: Solo) -> None:
    call = user.places(M.CONNECT)
    user.control.command(call, Clear(Cause.NORMAL_CLEARING), 0.0)
    user.passes(40)
    assert not user.control.channels.is_free(1)
    user.hears(M.STATUS, CauseElement(97, diagnostics=b"\x46"), CallStateElement(0), reference=0, answer=True)
    assert user.control.channels.is_free(1)


@pytest.mark.parametrize(
    ("elements", "cause"),
    [
        ((ChannelIdentification((1,)),), Cause.MANDATORY_INFORMATION_MISSING),
        ((RestartIndicator(RestartClass.CHANNELS),), Cause.MANDATORY_INFORMATION_MISSING),
        (
            (ChannelIdentification((16,)), RestartIndicator(RestartClass.CHANNELS)),
            Cause.IDENTIFIED_CHANNEL_DOES_NOT_EXIST,
        ),
    ],
)
def test_a_restart_that_makes_no_sense(
    user: Solo, elements: tuple[ChannelIdentification | RestartIndicator, ...], cause: Cause
) -> None:
    call = user.takes(channel=1)
    user.hears(M.RESTART, *elements, reference=0)
    (status,) = user.says()
    told = status.first(CauseElement)
    assert told is not None and told.value == cause
    assert status.first(CallStateElement) == CallStateElement(0)
    assert user.control.channel_of(call) == 1


# Out of service.


def test_blocked_channels_are_not_used_and_their_calls_end(user: Solo) -> None:
    call = user.takes(Connect(), channel=1)
    user.control.block((1, 2), "taken out by an operator", 0.0, cause=Cause.NETWORK_OUT_OF_ORDER)
    assert [message.kind for message in user.says()] == [M.DISCONNECT]
    user.hears(M.RELEASE)
    out, end = user.tells()
    assert out == ChannelsOut((1, 2), "taken out by an operator")
    assert isinstance(end, Released) and (end.call, end.cause) == (call, Cause.NETWORK_OUT_OF_ORDER)
    assert user.control.channels.free()[0] == 3
    user.control.unblock((1, 2), "another reason")
    assert user.tells() == []
    user.control.unblock((1, 2), "taken out by an operator")
    assert user.tells() == [ChannelsBack((1, 2))]


# The link (5.8.8, 5.8.9).


def test_no_call_without_a_link() -> None:
    span = Span(USER, NETWORK)
    with pytest.raises(Unavailable, match="no link"):
        span.user.calls()
    span.user.start()
    span.passes(3)
    assert span.user.hears() == []
    span.network.start()
    span.passes(3)
    assert span.user.hears() == span.network.hears() == [LinkUp()]


def test_a_link_that_nobody_answers_is_tried_for_ever() -> None:
    span = Span(USER, NETWORK)
    span.user.start()
    span.pair.lose = lambda datagram: True
    span.passes(60)
    assert span.user.hears() == []
    assert 30 < len(span.pair.wire) < 70
    span.pair.lose = None
    span.network.start()
    span.passes(2)
    assert span.user.hears() == [LinkUp()]


def test_talks_outlive_the_link_and_other_calls_do_not() -> None:
    """5.8.9: T309; after it each side asks the other for its state."""
    span = Span(USER, NETWORK).begins()
    talking, taken = span.ring("1")
    span.network.says(taken, Connect())
    ringing, heard = span.ring("2")
    span.network.says(heard, Alert())
    span.settle()
    span.forget()
    span.pair.lose = lambda datagram: True
    span.passes(30)
    assert [event for event in span.user.hears() if not isinstance(event, LinkDown)] == [
        Released(ringing, Cause.DESTINATION_OUT_OF_ORDER)
    ]
    span.pair.lose = None
    span.passes(30)
    assert span.said[-4:] == ["STATUS ENQUIRY", "STATUS ENQUIRY", "STATUS 30", "STATUS 30"]
    span.passes(100)
    assert span.user.interface.channel_of(talking) == 1
    assert span.user.hears() == [LinkUp()]


def test_t309_a_link_that_does_not_come_back_ends_the_talks() -> None:
    span = Span(USER, replace(NETWORK, timers=Timers(t309=0))).begins()
    talking, taken = span.ring()
    span.network.says(taken, Connect())
    span.settle()
    span.forget()
    span.user.stop()
    assert span.user.hears() == [LinkDown()]
    span.passes(89)
    assert span.user.hears() == []
    assert span.network.hears()[:2] == [LinkDown(), Released(taken, Cause.DESTINATION_OUT_OF_ORDER, 2)]
    span.passes(2)
    assert span.user.hears() == [Released(talking, Cause.DESTINATION_OUT_OF_ORDER)]


def test_a_talk_that_ends_while_there_is_no_link() -> None:
    """The far side learns of it when the link is back, by asking."""
    span = Span(USER, NETWORK).begins()
    talking, taken = span.ring()
    span.network.says(taken, Connect())
    span.settle()
    span.forget()
    span.user.stop()
    span.user.says(talking, Clear(Cause.NORMAL_CLEARING))
    assert span.user.hears() == [LinkDown(), Released(talking, Cause.NORMAL_CLEARING, by_far=False)]
    span.passes(20)
    span.user.start()
    span.passes(20)
    assert [type(event) for event in span.network.hears()] == [LinkDown, LinkUp, Released]


def test_a_reset_of_the_link_ends_calls_whose_digits_may_be_lost(user: Solo) -> None:
    """5.8.8."""
    kept = user.places(M.ALERTING)
    ended = user.takes(AskMore(), channel=9, reference=9)
    user.control.link_reset(0.0)
    (disconnect,) = user.says()
    assert (disconnect.kind, disconnect.reference) == (M.DISCONNECT, 9)
    assert disconnect.first(CauseElement) == CauseElement(Cause.TEMPORARY_FAILURE)
    assert user.control.channel_of(kept) == 1
    assert user.control.channel_of(ended) == 9


def test_a_far_side_that_refuses_the_link_is_not_stormed() -> None:
    """DM to every SABME: one a second, not one at once after the other."""
    span = Span(USER, NETWORK)
    span.user.start()
    now = 0.0
    asked = 0
    while now < 10:
        for _ in span.user.outgoing():
            asked += 1
            span.user.interface.receive(bytes.fromhex("00 01 1f"), None, now)
        now = span.user.deadline() or 11
        span.user.expire(now)
    assert 9 <= asked <= 11


# Habits of networks.


@pytest.mark.parametrize("name", DIALECTS)
def test_whether_digits_may_follow(name: str) -> None:
    solo = Solo(replace(USER, dialect=DIALECTS[name]))
    solo.hears(M.SETUP, SPEECH, ChannelIdentification((1,)))
    (setup,) = solo.tells()
    assert isinstance(setup, Setup) and setup.complete is (name != "etsi")


@pytest.mark.parametrize("name", DIALECTS)
def test_the_setup_of_each_network(name: str) -> None:
    channels = USER.channels if name == "etsi" else T1_CHANNELS
    solo = Solo(replace(USER, dialect=DIALECTS[name], channels=channels))
    solo.control.place(replace(ORDER, display="Bob"), 0.0)
    (setup,) = solo.control.outgoing()
    assert (
        setup[5:].hex()
        == {
            "etsi": "a10403 9090a3 1803a18381 2803 426f62 700481313030".replace(" ", ""),
            "ni2": "0403 8090a2 1803a18381 2803 426f62 700481313030".replace(" ", ""),
            "dms100": "0403 8090a2 1803a18381 2804 b1426f62 700481313030".replace(" ", ""),
        }[name]
    )


def test_when_a_link_that_was_taken_down_is_tried_again_is_told_at_once() -> None:
    """Q.921 5.5.3: DISC."""
    due = Due()
    user = Interface(USER, due=due)
    user.start(0.0)
    user.receive(Frame(FrameKind.UA, False, True).serialise(True), None, 0.0)
    assert in_time(due, user) is not None
    user.receive(Frame(FrameKind.DISC, True, True).serialise(True), None, 5.0)
    assert in_time(due, user) == 6.0
