"""Calls that come in on a span (Q.931 5.2): who calls whom, digit by digit, and what the caller is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.carried import DIVERTED_BY, DIVERTED_FOR
from gateway.core.cause import Cause
from gateway.core.diversion import Diversion, diversions_of
from gateway.core.ending import Act
from gateway.core.messages import Alert, Answer, EarlyMedia, Identify, Offered, Proceed, Released
from gateway.core.number import Party, Presentation
from gateway.q931 import primitive
from gateway.q931.coding import Capability, NumberType, Presented, Reason
from gateway.q931.config import DIALECTS, InterfaceConfig, Side
from gateway.q931.element import BearerCapability
from gateway.q931.number import CalledNumber, CallingNumber, RedirectingNumber
from tests.unit.drivers.span_bench import E1, SpanBench

MAIN = "2565551100"


def order(called: str = MAIN, *, calling: CallingNumber | None = None, **more: object) -> primitive.Order:
    return primitive.Order(CalledNumber(called), calling or CallingNumber("2125550123"), **more)  # type: ignore[arg-type]


def offered(span: SpanBench) -> Offered:
    (found,) = [event for _, event in span.heard if isinstance(event, Offered)]
    return found


def test_a_call_comes_in_rings_is_answered_and_hung_up() -> None:
    span = SpanBench()
    call = span.places(order(display="ADA"))
    assert offered(span) == Offered(MAIN, Party("2125550123", "ADA"), "from-pstn")
    assert span.seen(primitive.Proceeding), "within T303 of the network (5.2.5.1)"
    leg = span.the_leg()
    assert leg.audio is span.row(3), "the network begins at the other end"
    span.command(leg, Proceed())
    span.command(leg, Alert())
    assert span.seen(primitive.Alerting).audio is False
    span.command(leg, Alert(audio=True))
    assert span.seen(primitive.Progress).audio, "Q.931 4.5.23: in-band information is available now"
    span.command(leg, Answer())
    assert span.seen(primitive.Connected).call == call
    span.told(leg)
    span.says(call, primitive.Clear(Cause.NORMAL_CLEARING))
    (ending,) = [event.ending for event in span.told(leg) if isinstance(event, Released)]
    assert (ending.cause, ending.act) == (Cause.NORMAL_CLEARING, Act.HUNG_UP)
    assert span.row(3).closed and span.spans.usage() == 0
    assert span.spans.status()[0].last_caller == Party("2125550123", "ADA")


def test_a_caller_who_gives_up_is_told_as_such() -> None:
    span = SpanBench()
    call = span.places(order())
    leg = span.the_leg()
    span.told(leg)
    span.says(call, primitive.Clear(Cause.NORMAL_CLEARING))
    (released,) = span.told(leg)
    assert isinstance(released, Released)
    assert (released.ending.cause, released.ending.act) == (Cause.NORMAL_CLEARING, Act.CANCELLED)


def test_what_is_played_before_an_answer_is_told() -> None:
    span = SpanBench()
    span.places(order())
    span.command(span.the_leg(), EarlyMedia())
    assert span.seen(primitive.Progress).audio


def test_a_refusal_of_ours_ends_the_call_with_its_cause() -> None:
    span = SpanBench()
    span.places(order())
    span.hang_up(span.the_leg())
    assert span.seen(primitive.Released).cause is Cause.NORMAL_CLEARING


def test_whom_the_caller_reached_is_shown_with_the_answer() -> None:
    """COLP (Q.951.5)."""
    span = SpanBench()
    span.places(order())
    leg = span.the_leg()
    span.command(leg, Identify(Party("2565551101")))
    span.command(leg, Answer())
    party = span.seen(primitive.Connected).party
    assert party is not None and party.digits == "2565551101"


@pytest.mark.parametrize(
    ("number", "party"),
    [
        (CallingNumber("2125550123", NumberType.NATIONAL), Party("02125550123")),
        (CallingNumber("442071234567", NumberType.INTERNATIONAL), Party("00442071234567")),
        (
            CallingNumber("2125550123", presented=Presented.RESTRICTED),
            Party("2125550123", presentation=Presentation.RESTRICTED),
        ),
        (
            CallingNumber("", presented=Presented.NOT_AVAILABLE),
            Party("", presentation=Presentation.UNAVAILABLE),
        ),
    ],
)
def test_callers_are_shown_with_the_countrys_prefixes_and_as_they_wish(number: CallingNumber, party: Party) -> None:
    span = SpanBench(replace(E1, national_prefix="0", international_prefix="00"))
    span.places(order(calling=number))
    assert offered(span).caller == party


def test_who_diverted_the_call_is_told() -> None:
    span = SpanBench()
    span.places(order(redirecting=(RedirectingNumber("5550177", reason=Reason.NO_REPLY),)))
    assert offered(span).variables == {DIVERTED_BY: "5550177", DIVERTED_FOR: "no-answer"}


def test_q_952_7_who_diverted_the_call_and_hides_is_not_to_be_shown() -> None:
    span = SpanBench()
    span.places(order(redirecting=(RedirectingNumber("5550177", presented=Presented.RESTRICTED),)))
    assert offered(span).variables["REDIRECTING_HIDDEN"] == "yes"


def test_q_952_7_of_several_who_diverted_the_call_each_is_told() -> None:
    span = SpanBench()
    first = RedirectingNumber("5550177", presented=Presented.RESTRICTED, reason=Reason.BUSY)
    nobody = RedirectingNumber("", presented=Presented.NOT_AVAILABLE)
    span.places(order(redirecting=(first, nobody, RedirectingNumber("5550178", reason=Reason.NO_REPLY))))
    assert diversions_of(offered(span).variables) == [
        Diversion("5550178", "no-answer"),
        Diversion("5550177", "user-busy", hidden=True),
    ]


# Digit by digit.


def test_a_number_is_taken_digit_by_digit_until_the_dialplan_has_it() -> None:
    """Overlap receiving (5.2.4)."""
    span = SpanBench()
    call = span.places(order("", complete=False))
    assert span.seen(primitive.MoreWanted)
    for digit in MAIN:
        assert not span.heard
        span.says(call, primitive.SendDigits(digit))
    assert offered(span).called == MAIN


def test_a_number_that_may_go_on_waits_for_a_while() -> None:
    span = SpanBench()
    call = span.places(order("256", complete=False))
    span.says(call, primitive.SendDigits("5551101"))
    span.run(2)
    assert not span.heard
    span.run(1.1)
    assert offered(span).called == "2565551101"


def test_digits_that_are_said_to_be_all_are_taken_at_once() -> None:
    span = SpanBench()
    call = span.places(order("256", complete=False))
    span.says(call, primitive.SendDigits("5551101", complete=True))
    assert offered(span).called == "2565551101"


def test_a_number_that_never_gets_whole_is_offered_as_it_is() -> None:
    """T302 (5.2.4): what the dialplan does with it is the dialplan's."""
    span = SpanBench()
    span.places(order("256", complete=False))
    span.run(16)
    assert offered(span).called == "256"


def test_a_number_that_nobody_has_is_offered_at_once() -> None:
    span = SpanBench()
    span.places(order("999", complete=False))
    assert offered(span).called == "999"


def test_a_network_without_overlap_is_not_asked_for_digits() -> None:
    span = SpanBench(replace(E1, interface=replace(E1.interface, dialect=DIALECTS["ni2"])))
    span.places(order("256", complete=True))
    assert offered(span).called == "256"


def test_a_call_without_a_number_goes_to_the_spans_own() -> None:
    span = SpanBench()
    span.places(order(""))
    assert offered(span).called == MAIN


def test_a_pbx_that_seizes_the_span_hears_dial_tone_until_its_first_digit() -> None:
    span = SpanBench(replace(E1, interface=InterfaceConfig(Side.NETWORK, channels=(1, 2, 3))))
    call = span.places(order("", complete=False))
    assert span.row(3).hears == "dial us" and span.seen(primitive.MoreWanted).audio
    span.says(call, primitive.SendDigits("2"))
    assert span.row(3).hears == ""


# What is not taken.


def test_a_call_that_is_to_carry_data_is_refused() -> None:
    """RFC 4497 8.3.1."""
    span = SpanBench()
    span.places(order(bearer=BearerCapability(Capability.UNRESTRICTED, None)))
    assert span.heard == [] and span.spans.usage() == 0
    assert span.seen(primitive.Released).cause is Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED


def test_a_call_whose_channel_will_not_open_is_refused_with_44() -> None:
    span = SpanBench()
    span.bearers.fault = "DAHDI channel 3: in use by another program"
    span.places(order())
    assert span.seen(primitive.Released).cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
    assert span.spans.usage() == 0
    assert "in use by another program" in span.story()
