"""Calls placed on a span (Q.931 5.1): what the network is told, and what the caller."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.echo import EchoConfig, Remover
from drivers.span.config import SpanConfig
from gateway.core.audio import AudioLost
from gateway.core.cause import Cause
from gateway.core.diversion import Diversion, set_diversions
from gateway.core.ending import Act
from gateway.core.errors import RemoteError
from gateway.core.messages import (
    Alerting,
    Answered,
    CarryFax,
    CarrySpeech,
    Dial,
    Digit,
    FaxCarried,
    Identified,
    Proceeding,
    Progress,
    Released,
    Rerouted,
    SendDigits,
)
from gateway.core.number import Party, Presentation
from gateway.core.switch import DeviceState
from gateway.q931 import primitive
from gateway.q931.coding import NumberType, Presented, ProgressDescription, Reason
from gateway.q931.config import DIALECTS, Dialect, InterfaceConfig, Side
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber
from tests.unit.drivers.span_bench import E1, SpanBench


def released(events: list[object]) -> Released:
    (found,) = [event for event in events if isinstance(event, Released)]
    return found


def test_a_call_goes_through_to_an_answer_and_a_hang_up() -> None:
    span = SpanBench()
    leg = span.dial("e1/5550106")
    setup = span.setup()
    assert (setup.called, setup.complete) == (CalledNumber("5550106"), True)
    assert leg.audio is None, "no answer has named the B channel yet (5.1.2)"
    span.says(setup.call, primitive.Proceed())
    assert leg.audio is span.row(1)
    span.says(setup.call, primitive.Alert(audio=True), primitive.Connect())
    assert span.told(leg) == [Proceeding(), Alerting(audio=True), Answered("CONNECT")]
    assert span.spans.status()[0].state == "1 of 3 in use"
    span.says(setup.call, primitive.Clear(Cause.NORMAL_CLEARING))
    ending = released(span.told(leg)).ending
    assert (ending.cause, ending.act, ending.by) == (Cause.NORMAL_CLEARING, Act.HUNG_UP, "the far end of span e1")
    assert "cause 16" in ending.evidence
    assert leg.audio is None and span.row(1).closed
    assert span.spans.usage() == 0 and span.spans.status()[0].state == "0 of 3 in use"


def test_our_hang_up_clears_the_call_with_its_cause() -> None:
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    span.hang_up(leg)
    assert span.seen(primitive.Released).cause is Cause.NORMAL_CLEARING
    assert span.row(1).closed and not any(isinstance(event, Released) for event in span.told(leg))


def test_legs_that_are_never_dialled_keep_no_channel() -> None:
    """Three channels: three are reserved, and there is none for a fourth until one is given back."""
    span = SpanBench()
    technology = span.spans.technologies["SPAN"]
    legs = [technology.channel("e1/5550106", span.now) for _ in range(3)]
    with pytest.raises(RemoteError, match="all channels of span e1 are in use"):
        technology.channel("e1/5550106", span.now)
    for leg in legs:
        span.hang_up(leg)
    assert all(leg.over for leg in legs) and span.spans.usage() == 0
    assert technology.state("e1") is DeviceState.NOT_INUSE
    span.dial()
    assert span.setup().called == CalledNumber("5550106")


@pytest.mark.parametrize("state", ["before an answer to SETUP", "proceeding", "alerting"])
def test_a_caller_may_give_up_at_any_time(state: str) -> None:
    span = SpanBench()
    leg = span.dial()
    call = span.setup().call
    if state != "before an answer to SETUP":
        span.says(call, primitive.Proceed())
    if state == "alerting":
        span.says(call, primitive.Alert())
    span.hang_up(leg)
    span.run(0.2)
    assert span.seen(primitive.Released).call == call
    assert span.spans["e1"].free and span.spans.status()[0].state == "0 of 3 in use"


@pytest.mark.parametrize(
    ("cause", "act"),
    [
        (Cause.USER_BUSY, Act.REFUSED),
        (Cause.UNALLOCATED_NUMBER, Act.REFUSED),
        (Cause.SWITCHING_EQUIPMENT_CONGESTION, Act.REFUSED),
        (Cause.NO_ANSWER, Act.DID_NOT_ANSWER),
    ],
)
def test_a_refusal_ends_the_leg_with_its_cause(cause: Cause, act: Act) -> None:
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Clear(cause))
    ending = released(span.told(leg)).ending
    assert (ending.cause, ending.act) == (cause, act)


def test_an_announcement_of_a_refusal_is_not_waited_for_unless_it_is_wanted() -> None:
    """Q.931 5.4: DISCONNECT with progress indicator 8."""
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Clear(Cause.NUMBER_CHANGED, audio=True))
    assert released(span.told(leg)).ending.cause is Cause.NUMBER_CHANGED


def test_an_announcement_of_a_refusal_is_heard_where_it_is_wanted() -> None:
    span = SpanBench(replace(E1, announcements=True))
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Clear(Cause.NUMBER_CHANGED, audio=True))
    assert span.told(leg) == [Proceeding(), Progress()]
    assert leg.audio is not None
    span.run(31)  # T306 of the network
    assert released(span.told(leg)).ending.cause is Cause.NUMBER_CHANGED


def test_tones_on_the_way_are_heard() -> None:
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.TellProgress((ProgressDescription.IN_BAND,)))
    assert span.told(leg) == [Proceeding(), Progress()]


def test_a_number_goes_digit_by_digit_where_the_exchange_wants_that() -> None:
    """Overlap sending (5.1.3)."""
    span = SpanBench(replace(E1, overlap=True))
    leg = span.dial("e1/5550108")
    setup = span.setup()
    assert not setup.complete and (setup.called is None or not setup.called.digits)
    span.says(setup.call, primitive.AskMore())
    digits = [event for event in span.said if isinstance(event, primitive.MoreDigits)]
    assert "".join(event.digits for event in digits) == "5550108"
    assert [event.complete for event in digits] == [False] * 6 + [True]
    span.says(setup.call, primitive.Proceed(), primitive.Connect())
    assert Answered("CONNECT") in span.told(leg)


def test_a_span_that_is_only_seized_gives_the_exchanges_dial_tone_and_takes_the_callers_digits() -> None:
    span = SpanBench()
    leg = span.dial("e1")
    call = span.setup().call
    span.says(call, primitive.AskMore(audio=True))
    assert span.told(leg) == [Progress()]
    span.command(leg, SendDigits("55A"))
    assert span.seen(primitive.MoreDigits).digits == "55"


def test_the_caller_is_shown_or_the_spans_own_number_in_place_of_a_name() -> None:
    span = SpanBench()
    span.dial(caller=Party("2565551101"))
    assert span.setup().calling == CallingNumber("2565551101", presented=Presented.ALLOWED)
    span.dial(caller=Party("ada"))
    shown = span.setup().calling
    assert shown is not None and shown.digits == "2565551100"
    span.dial(caller=Party("2565551101", presentation=Presentation.RESTRICTED))
    shown = span.setup().calling
    assert shown is not None and (shown.digits, shown.presented) == ("2565551101", Presented.RESTRICTED)


def test_numbers_are_marked_as_the_configuration_says() -> None:
    span = SpanBench(replace(E1, called_type=NumberType.NATIONAL, calling_type=NumberType.SUBSCRIBER))
    span.dial(caller=Party("5551101"))
    setup = span.setup()
    assert setup.called is not None and setup.called.type == NumberType.NATIONAL
    assert setup.calling is not None and setup.calling.type == NumberType.SUBSCRIBER
    span.dial(caller=Party("+12565551101"))
    setup = span.setup()
    assert setup.calling is not None
    assert (setup.calling.digits, setup.calling.type) == ("12565551101", NumberType.INTERNATIONAL)


def test_who_diverted_the_call_is_told() -> None:
    span = SpanBench()
    span.dial(REDIRECTING_NUMBER="2565551102", REDIRECTING_REASON="no-answer")
    (diverted,) = span.setup().redirecting
    assert (diverted.digits, diverted.reason, diverted.presented) == ("2565551102", 2, Presented.ALLOWED)
    span.dial(REDIRECTING_NUMBER="2565551102", REDIRECTING_HIDDEN="yes")
    (diverted,) = span.setup().redirecting
    assert diverted.presented is Presented.RESTRICTED


def test_q_952_7_of_several_who_diverted_the_call_the_first_and_the_last_are_told() -> None:
    variables: dict[str, str] = {}
    third, second = Diversion("2565551104", "deflection"), Diversion("2565551103", "user-busy")
    set_diversions(variables, [third, second, Diversion("2565551102", "no-answer", hidden=True)])
    span = SpanBench()
    span.dial(**variables)
    first, last = span.setup().redirecting
    assert (first.digits, first.reason, first.presented) == ("2565551102", Reason.NO_REPLY, Presented.RESTRICTED)
    assert (last.digits, last.reason, last.presented) == ("2565551104", Reason.DEFLECTION, Presented.ALLOWED)


def test_who_answered_is_told_before_the_answer() -> None:
    """COLP (Q.951.5)."""
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect(ConnectedNumber("5550199")))
    assert span.told(leg)[1:] == [Identified(Party("5550199")), Answered("CONNECT")]


def test_what_is_left_is_keyed_after_the_answer_with_its_pauses() -> None:
    span = SpanBench()
    span.dial("e1/5550106>12W34")
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    assert [digits for digits, *_ in span.row(1).sent_digits] == ["12"]
    span.run(1)
    assert [digits for digits, *_ in span.row(1).sent_digits] == ["12", "34"]


def test_keys_of_the_far_side_are_heard_and_ours_are_sent_in_the_audio() -> None:
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    span.told(leg)
    span.row(1).hear("7", span.now)
    span.run(0.02)
    assert [event.digit for event in span.told(leg) if isinstance(event, Digit)] == ["7"]
    span.command(leg, SendDigits("9"))
    assert span.row(1).sent_digits[0][0] == "9"


# What does not go well.


def test_two_that_want_the_same_channel_both_get_one() -> None:
    """Call collision (5.7)."""
    span = SpanBench(replace(E1, interface=InterfaceConfig(Side.USER, channels=(1,))))
    leg = span.spans.technologies["SPAN"].channel("e1/5550106", span.now)
    call = span.far["e1"].place(primitive.Order(CalledNumber("2565551100")), span.now)
    span.command(leg, Dial("", Party("101")))
    span.run(0.3)
    assert span.spans.status()[0].state == "1 of 1 in use"
    assert isinstance(released(span.told(leg)).ending.cause, Cause)
    assert span.far["e1"].channel_of(call) == 1, "the network's call wins"


def test_a_channel_that_will_not_open_ends_the_call_and_says_why() -> None:
    span = SpanBench()
    span.bearers.fault = "DAHDI channel 1: in use by another program"
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed())
    ending = released(span.told(leg)).ending
    assert "in use by another program" in ending.evidence
    assert span.seen(primitive.Released).cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE


def test_a_row_that_fails_ends_the_call_on_both_sides() -> None:
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    span.told(leg)
    listener = span.row(1).listener
    assert listener is not None
    listener(AudioLost("descriptor 9: EIO"), span.now)
    span.run(0.2)
    assert "EIO" in released(span.told(leg)).ending.evidence
    assert span.seen(primitive.Released).cause is Cause.TEMPORARY_FAILURE


def test_a_network_that_answers_nothing_ends_the_call() -> None:
    """T303, twice (5.1.1)."""
    span = SpanBench()
    leg = span.dial()
    span.cut = True
    span.run(15)
    ending = released(span.told(leg)).ending
    assert (ending.cause, ending.evidence) == (Cause.NO_USER_RESPONDING, "T303, twice")
    assert span.spans.usage() == 0


def test_a_number_that_no_exchange_takes_is_refused_before_anything_is_placed() -> None:
    with pytest.raises(RemoteError, match="digits, \\* and # can") as caught:
        SpanBench().dial("e1/12A")
    assert caught.value.cause is Cause.INVALID_NUMBER_FORMAT


# Groups.

TWO = (E1, replace(E1, name="e2", interface=InterfaceConfig(Side.USER, channels=(1, 2))))


def test_a_group_takes_a_span_with_a_free_channel() -> None:
    bench = SpanBench(*TWO)
    legs = [bench.dial("g1/5550106") for _ in range(5)]
    assert [leg.name.partition("-")[0] for leg in legs] == ["SPAN/e1"] * 3 + ["SPAN/e2"] * 2
    assert bench.spans.technologies["SPAN"].state("g1") is DeviceState.INUSE
    with pytest.raises(RemoteError) as caught:
        bench.dial("g1/5550106")
    assert caught.value.cause is Cause.NO_CIRCUIT_AVAILABLE


def test_a_call_that_the_network_does_not_answer_goes_by_another_span() -> None:
    bench = SpanBench(*TWO)
    leg = bench.dial("g1/5550106")
    bench.cut = True
    bench.run(9)
    assert Rerouted("g1/5550106") in bench.told(leg)


def test_a_call_for_which_the_network_has_no_way_goes_by_another_span() -> None:
    bench = SpanBench(*TWO)
    leg = bench.dial("g1/5550106")
    bench.says(bench.setup().call, primitive.Proceed(), primitive.Clear(Cause.NO_CIRCUIT_AVAILABLE))
    assert bench.told(leg)[1] == Rerouted("g1/5550106")
    assert bench.dial("g1/5550106").name.startswith("SPAN/e2"), "the first is not trusted for a while"
    leg = bench.dial("G1/5550106")
    bench.says(bench.setup().call, primitive.Proceed(), primitive.Clear(Cause.USER_BUSY), name="e2")
    assert not any(isinstance(event, Rerouted) for event in bench.told(leg)), "busy is busy by any way"


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_every_dialect_carries_a_call(dialect: Dialect) -> None:
    config = SpanConfig("e1", replace(E1.interface, dialect=dialect))
    span = SpanBench(config)
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Alert(), primitive.Connect())
    assert span.told(leg)[-1] == Answered("CONNECT")


@pytest.mark.parametrize(
    ("remover", "card", "taps", "tails"),
    [
        (Remover.AUTO, True, [512, 0], []),
        (Remover.AUTO, False, [512], [64, 0]),
        (Remover.SOFTWARE, True, [], [64, 0]),
        (Remover.OFF, True, [], []),
    ],
)
def test_echo_is_taken_away_by_the_card_or_by_the_media_plane(
    remover: Remover, card: bool, taps: list[int], tails: list[int]
) -> None:
    span = SpanBench(replace(E1, echo=EchoConfig(remover)))
    span.bearers.has_cancellers = card
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    span.hang_up(leg)
    assert (span.bearers.taps, span.row(1).tails) == (taps, tails)


def test_modems_have_the_channel_without_the_cards_canceller() -> None:
    span = SpanBench(replace(E1, echo=EchoConfig(Remover.AUTO)))
    span.bearers.has_cancellers = True
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    span.command(leg, CarryFax())
    span.command(leg, CarrySpeech())
    assert span.bearers.taps == [512, 0, 512]
    assert FaxCarried() in span.told(leg)
    span.hang_up(leg)
