"""A span in and out of service: its data link, alarms, a card that goes, an exchange that falls silent."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.core.messages import Released, Rerouted
from gateway.core.switch import DeviceState
from gateway.q931 import primitive
from hardware.span.dahdi import Frame, NoticeKind
from tests.unit.drivers.span_bench import E1, SpanBench


def state(span: SpanBench) -> tuple[str, bool, str]:
    (status,) = span.spans.status()
    return status.state, status.in_service, status.trouble


def test_a_span_is_in_service_once_its_data_link_is_up_and_its_channels_are_restarted() -> None:
    span = SpanBench(started=False)
    assert state(span)[:2] == ("out of service", False)
    span.cut = True
    span.spans.attach("e1", span.now)
    span.run(2)
    assert state(span)[0] == "waiting for the far end's data link"
    assert "see whether it is configured for ISDN" in state(span)[2]
    span.cut = False
    span.far["e1"].start(span.now)
    span.run(5)
    assert state(span) == ("0 of 3 in use", True, "")
    assert span.seen(primitive.Restarted).by_far, "RESTART at the start (5.5)"
    assert "channels restarted: 3" in span.story()
    assert span.changed.count("SPAN/e1") >= 2


def test_a_span_out_of_service_is_not_dialled_and_says_why() -> None:
    span = SpanBench(started=False)
    span.spans.detach("e1", "there is no span 1; `dahdi_scan` lists those that there are", span.now)
    assert span.spans.status()[0].since == span.now > 0
    with pytest.raises(RemoteError, match="there is no span 1") as caught:
        span.dial()
    assert caught.value.cause is Cause.DESTINATION_OUT_OF_ORDER
    assert span.spans.technologies["SPAN"].state("e1") is DeviceState.UNAVAILABLE


def test_an_alarm_takes_the_span_out_and_its_end_brings_it_back() -> None:
    span = SpanBench()
    span.notice(NoticeKind.ALARM, "red alarm: nothing is received; look at the cable")
    assert state(span) == ("in alarm", False, "red alarm: nothing is received; look at the cable")
    span.far["e1"].stop(span.now)
    span.run(5)
    assert state(span)[0] == "in alarm"
    span.notice(NoticeKind.NO_ALARM)
    span.far["e1"].start(span.now)
    span.run(2)
    assert state(span) == ("0 of 3 in use", True, "")


def test_talks_outlive_a_short_alarm_and_calls_that_ring_do_not() -> None:
    """T309 (5.8.9)."""
    span = SpanBench()
    talk, ring = span.dial(), span.dial()
    first, second = (event.call for event in span.said if isinstance(event, primitive.Setup))
    span.says(first, primitive.Proceed(), primitive.Connect())
    span.says(second, primitive.Proceed(), primitive.Alert())
    span.cut = True
    span.notice(NoticeKind.ALARM, "red alarm")
    span.far["e1"].stop(span.now)
    span.run(3)
    assert any(isinstance(event, Released) for event in span.told(ring))
    span.notice(NoticeKind.NO_ALARM)
    span.cut = False
    span.far["e1"].start(span.now)
    span.run(5)
    assert not any(isinstance(event, Released) for event in span.told(talk)) and talk.audio is not None
    span.hang_up(talk)
    assert span.spans.usage() == 0


def test_talks_end_when_the_alarm_lasts() -> None:
    span = SpanBench()
    leg = span.dial()
    span.says(span.setup().call, primitive.Proceed(), primitive.Connect())
    span.cut = True
    span.notice(NoticeKind.ALARM, "red alarm")
    span.run(91)
    (released,) = [event for event in span.told(leg) if isinstance(event, Released)]
    assert released.ending.cause is Cause.DESTINATION_OUT_OF_ORDER and "T309" in released.ending.evidence
    assert span.spans.usage() == 0


def test_a_card_that_goes_ends_all_calls_and_comes_back() -> None:
    span = SpanBench(E1, replace(E1, name="e2"))
    leg, reserved = span.dial("g1/5550106"), span.spans.technologies["SPAN"].channel("g1/5550106", span.now)
    span.says(span.setup().call, primitive.Proceed())
    span.notice(NoticeKind.REMOVED, "the card has been removed")
    told = span.told(leg)
    assert Rerouted("g1/5550106") in told and isinstance(told[-1], Released)
    assert "removed" in told[-1].ending.evidence
    assert isinstance(span.told(reserved)[-1], Released)
    assert span.spans.usage() == 0
    assert span.dial("g1/5550106").name.startswith("SPAN/e2")
    span.far["e1"].stop(span.now)
    span.plug()
    span.run(2)
    assert span.spans["e1"].in_service


def test_an_exchange_that_falls_silent_takes_the_span_out_and_comes_back() -> None:
    """T200 and N200, after T203 (Q.921 5.6)."""
    span = SpanBench()
    span.cut = True
    span.run(20)
    assert state(span)[1] is False and "data link" in state(span)[2]
    span.cut = False
    span.run(20)
    assert state(span) == ("0 of 3 in use", True, "")


def test_frames_that_came_over_wrong_are_counted_and_nothing_else() -> None:
    span = SpanBench()
    span.notice(NoticeKind.BAD_FRAME, "a frame had a wrong check sequence")
    assert span.spans["e1"].bad_frames == 1 and span.spans["e1"].in_service
    assert "wrong check sequence" in span.story()


def test_nothing_that_a_far_end_sends_raises_or_stays() -> None:
    span = SpanBench()
    noise = random.Random(3)
    for size in range(40):
        for head in (b"\x00\x01", b"\x02\x01", b"\x02\x01\x00\x00\x08\x02"):
            span.spans.receive(Frame(head + noise.randbytes(size)), "e1", span.now)
    span.run(1)
    assert span.spans.usage() == 0
