"""Calls between two interfaces, as Q.931 section 5 tells them: en bloc, overlap, answered, refused, hung up."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.errors import IllegalInput
from gateway.q931.coding import Location, Notification, Presented, ProgressDescription, Reason, Screening
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber, RedirectingNumber
from gateway.q931.primitive import (
    Alert,
    Alerting,
    Allotted,
    AskMore,
    Clear,
    Connect,
    Connected,
    Disconnecting,
    MoreDigits,
    MoreWanted,
    Notified,
    Notify,
    Proceed,
    Proceeding,
    Progress,
    Released,
    SendDigits,
    Setup,
    TellProgress,
)
from tests.unit.q931.conftest import Span


def test_a_call_is_answered_and_the_caller_hangs_up(span: Span) -> None:
    """5.1.1, 5.1.5, 5.1.7, 5.1.8, 5.3.3."""
    placed, taken = span.ring()
    span.network.says(taken, Proceed(), Alert(), Connect())
    span.settle()
    assert span.user.hears() == [Allotted(placed, 1), Proceeding(placed), Alerting(placed), Connected(placed)]
    span.user.says(placed, Clear(Cause.NORMAL_CLEARING))
    span.settle()
    assert span.network.hears() == [
        Disconnecting(taken, Cause.NORMAL_CLEARING),
        Released(taken, Cause.NORMAL_CLEARING),
    ]
    assert span.user.hears() == [Released(placed, Cause.NORMAL_CLEARING, by_far=False)]
    assert span.said == [
        "SETUP",
        "CALL PROCEEDING",
        "ALERTING",
        "CONNECT",
        "CONNECT ACKNOWLEDGE",
        "DISCONNECT 16",
        "RELEASE 16",
        "RELEASE COMPLETE",
    ]


def test_what_a_setup_tells_arrives(span: Span) -> None:
    calling = CallingNumber("2565551102", presented=Presented.RESTRICTED, screening=Screening.PASSED)
    diverted = (
        RedirectingNumber("300", presented=Presented.ALLOWED, reason=Reason.BUSY),
        RedirectingNumber("301", presented=Presented.ALLOWED, reason=Reason.NO_REPLY),
    )
    span.user.calls(
        "5550107",
        calling=calling,
        display="Alice",
        redirecting=diverted,
        progress=(ProgressDescription.ORIGINATION_NOT_ISDN,),
    )
    span.settle()
    (setup,) = span.network.hears()
    assert isinstance(setup, Setup)
    assert (setup.channel, setup.called, setup.complete) == (1, CalledNumber("5550107"), True)
    assert (setup.calling, setup.display, setup.redirecting) == (calling, "Alice", diverted)
    assert setup.progress == (ProgressDescription.ORIGINATION_NOT_ISDN,)


def test_a_call_from_the_network_waits_for_its_connect_acknowledge(span: Span) -> None:
    """5.2.7, 5.2.8: the user's CONNECT is acknowledged, or T313 ends the call."""
    placed = span.network.calls("100")
    span.settle()
    (setup,) = span.user.hears()
    assert isinstance(setup, Setup) and setup.channel == 31
    party = ConnectedNumber("101", presented=Presented.ALLOWED)
    span.user.says(setup.call, Alert(audio=True), Connect(party))
    span.settle()
    assert span.network.hears() == [Allotted(placed, 31), Alerting(placed, audio=True), Connected(placed, party)]
    assert span.said[-2:] == ["CONNECT", "CONNECT ACKNOWLEDGE"]
    span.passes(60)
    assert span.user.hears() == []


def test_digits_one_by_one(span: Span) -> None:
    """5.1.3, 5.2.4: overlap sending; digits dialled before they are wanted are kept."""
    placed, taken = span.ring("5", complete=False)
    span.user.says(placed, SendDigits("55"))
    span.network.says(taken, AskMore(audio=True))
    span.settle()
    assert span.user.hears() == [Allotted(placed, 1), MoreWanted(placed, audio=True)]
    assert span.network.hears() == [MoreDigits(taken, "55")]
    span.user.says(placed, SendDigits("01"), SendDigits("08", complete=True))
    span.settle()
    assert span.network.hears() == [MoreDigits(taken, "01"), MoreDigits(taken, "08", complete=True)]
    span.network.says(taken, Proceed())
    span.settle()
    assert span.user.hears() == [Proceeding(placed)]


def test_digits_that_stop_coming_are_all_there_are(span: Span) -> None:
    """5.2.4: T302 starts again with every digit; whether they are enough is not call control's to say."""
    placed, taken = span.ring("5", complete=False)
    span.network.says(taken, AskMore())
    span.passes(10)
    span.user.says(placed, SendDigits("5"))
    span.settle()
    span.network.hears()
    span.passes(11)
    assert span.network.hears() == []
    span.passes(2)
    assert span.network.hears() == [MoreDigits(taken, "", complete=True)]
    span.network.says(taken, Clear(Cause.INVALID_NUMBER_FORMAT))
    span.settle()
    assert span.user.hears()[-1] == Released(placed, Cause.INVALID_NUMBER_FORMAT, Location.PUBLIC_LOCAL)


def test_late_digits_are_of_no_use_and_do_no_harm(span: Span) -> None:
    placed, taken = span.ring("5", complete=False)
    span.network.says(taken, AskMore())
    span.settle()
    span.user.says(placed, SendDigits("5"))
    span.network.says(taken, Proceed())
    span.settle()
    span.user.says(placed, SendDigits("5"))
    span.settle()
    assert "STATUS" not in " ".join(span.said)


def test_a_call_is_refused_in_one_step(span: Span) -> None:
    """5.3.2 a."""
    placed, taken = span.ring()
    span.network.says(taken, Clear(Cause.UNALLOCATED_NUMBER))
    span.settle()
    assert span.said == ["SETUP", "RELEASE COMPLETE 1"]
    assert span.user.hears() == [Released(placed, Cause.UNALLOCATED_NUMBER, Location.PUBLIC_LOCAL)]
    assert span.user.interface.channels.is_free(1)
    assert span.network.interface.channels.is_free(1)


def test_busy_after_the_number_was_complete(span: Span) -> None:
    """5.2.5.1, 5.3.4; the location is that of who is busy."""
    placed, taken = span.ring()
    span.network.says(taken, Proceed(), Clear(Cause.USER_BUSY, Location.PUBLIC_REMOTE))
    span.settle()
    assert span.user.hears()[2:] == [
        Disconnecting(placed, Cause.USER_BUSY, Location.PUBLIC_REMOTE),
        Released(placed, Cause.USER_BUSY, Location.PUBLIC_REMOTE),
    ]


def test_an_announcement_before_the_end(span: Span) -> None:
    """5.4: with DISCONNECT and progress description 8 the channel stays until the caller has heard enough."""
    placed, taken = span.ring()
    span.network.says(taken, Proceed(), Clear(Cause.NUMBER_CHANGED, audio=True))
    span.passes(10)
    assert span.user.hears()[2:] == [Disconnecting(placed, Cause.NUMBER_CHANGED, Location.PUBLIC_LOCAL, audio=True)]
    assert not span.user.interface.channels.is_free(1)
    span.user.says(placed, Clear(Cause.NORMAL_CLEARING))
    span.settle()
    assert span.user.hears() == [Released(placed, Cause.NUMBER_CHANGED, Location.PUBLIC_LOCAL)]
    assert span.said[-3:] == ["DISCONNECT 22", "RELEASE 22", "RELEASE COMPLETE"]


def test_an_announcement_ends_with_t306(span: Span) -> None:
    _, taken = span.ring()
    span.network.says(taken, Proceed(), Clear(Cause.NUMBER_CHANGED, audio=True))
    span.passes(31)
    assert isinstance(span.user.hears()[-1], Released)
    assert span.network.hears() == [Released(taken, Cause.NUMBER_CHANGED, Location.PUBLIC_LOCAL, by_far=False)]


def test_what_is_told_on_the_way(span: Span) -> None:
    """5.1.6: PROGRESS; one that is the first word on a call brings CALL PROCEEDING with it."""
    placed, taken = span.ring()
    span.network.says(taken, TellProgress())
    span.network.says(taken, TellProgress((ProgressDescription.DESTINATION_NOT_ISDN,), Cause.NO_USER_RESPONDING))
    span.settle()
    assert span.user.hears()[1:] == [
        Proceeding(placed),
        Progress(placed, True, (ProgressDescription.IN_BAND,)),
        Progress(placed, False, (ProgressDescription.DESTINATION_NOT_ISDN,), Cause.NO_USER_RESPONDING),
    ]
    span.passes(600)
    assert span.user.hears() == []


def test_ringback_that_begins_after_alerting(span: Span) -> None:
    placed, taken = span.ring()
    span.network.says(taken, Alert(), Alert(), Alert(audio=True))
    span.settle()
    assert span.user.hears()[1:] == [Alerting(placed), Progress(placed, True, (ProgressDescription.IN_BAND,))]


def test_both_hang_up_at_once(span: Span) -> None:
    """5.3.5: DISCONNECT that cross, then RELEASE that cross."""
    placed, taken = span.ring()
    span.network.says(taken, Connect())
    span.settle()
    span.forget()
    span.user.says(placed, Clear(Cause.NORMAL_CLEARING))
    span.network.says(taken, Clear(Cause.NORMAL_CLEARING))
    span.settle()
    assert sorted(span.said) == ["DISCONNECT 16", "DISCONNECT 16", "RELEASE 16", "RELEASE 16"]
    assert span.user.hears() == [Released(placed, Cause.NORMAL_CLEARING, by_far=False)]
    assert span.network.hears() == [Released(taken, Cause.NORMAL_CLEARING, Location.PUBLIC_LOCAL, by_far=False)]


def test_an_answer_that_crosses_the_hang_up_comes_too_late(span: Span) -> None:
    placed, taken = span.ring()
    span.network.says(taken, Alert())
    span.settle()
    span.user.says(placed, Clear(Cause.NORMAL_CLEARING))
    span.network.says(taken, Connect())
    span.settle()
    assert [type(event) for event in span.user.hears()] == [Allotted, Alerting, Released]
    assert [type(event) for event in span.network.hears()] == [Disconnecting, Released]
    assert sorted(span.said[2:]) == ["CONNECT", "DISCONNECT 16", "RELEASE 16", "RELEASE COMPLETE"]


def test_what_is_told_during_a_talk(span: Span) -> None:
    """5.9: NOTIFY."""
    placed, taken = span.ring()
    span.network.says(taken, Connect())
    span.settle()
    span.forget()
    span.network.says(taken, Notify(Notification.HELD))
    span.user.says(placed, Notify(Notification.USER_SUSPENDED))
    span.settle()
    assert span.user.hears() == [Notified(placed, Notification.HELD)]
    assert span.network.hears() == [Notified(taken, Notification.USER_SUSPENDED)]


def test_commands_for_a_call_that_is_over_do_no_harm(span: Span) -> None:
    placed, taken = span.ring()
    span.network.says(taken, Clear(Cause.USER_BUSY))
    span.settle()
    span.user.says(placed, SendDigits("1"), Clear(Cause.NORMAL_CLEARING))
    span.network.says(taken, Alert(), Connect())
    span.settle()
    assert span.said == ["SETUP", "RELEASE COMPLETE 17"]


def test_commands_that_make_no_sense_are_refused(span: Span) -> None:
    placed, taken = span.ring()
    with pytest.raises(IllegalInput, match="was placed by us"):
        span.user.says(placed, Connect())
    with pytest.raises(IllegalInput, match="came in"):
        span.network.says(taken, SendDigits("1"))


def test_thirty_calls_at_once(span: Span) -> None:
    """Every channel, with references and channels of their own; all end, and nothing is left."""
    calls = [span.user.calls(str(number)) for number in range(15)] + [
        span.network.calls(str(number)) for number in range(15)
    ]
    span.settle()
    for end in (span.user, span.network):
        setups = [event for event in end.hears() if isinstance(event, Setup)]
        assert len({setup.channel for setup in setups}) == 15
        for setup in setups:
            end.says(setup.call, Connect())
    span.settle()
    assert not span.user.interface.channels.free()
    for end, numbers in ((span.user, calls[:15]), (span.network, calls[15:])):
        for number in numbers:
            end.says(number, Clear(Cause.NORMAL_CLEARING))
    span.settle()
    for end in (span.user, span.network):
        assert sum(isinstance(event, Released) for event in end.hears()) == 30
        assert len(end.interface.channels.free()) == 30
