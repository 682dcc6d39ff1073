"""The messages of Q.931 stand in the story of the call that they are about, in their order, with their elements."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.messages import Digit, Hangup, Offered
from gateway.core.trace import Kind, Recorder
from gateway.q931 import primitive
from gateway.q931.coding import MessageType
from gateway.q931.element import KeypadFacility
from gateway.q931.message import Element, Message
from gateway.q931.number import CalledNumber
from tests.unit.drivers.span_bench import DONE, SpanBench


def messages(span: SpanBench, story: str) -> list[str]:
    return [note.text for note in span.recorder.story(story) if note.kind is Kind.MESSAGE]


def test_a_call_that_we_place_tells_its_messages() -> None:
    span = SpanBench()
    leg = span.dial("e1/5550106")
    setup = span.setup()
    span.says(setup.call, primitive.Proceed(), primitive.Connect())
    leg.command(Hangup(DONE), span.now)
    span.run(0.2)
    assert messages(span, leg.name) == [
        "-> SETUP 5550106 from 101, channel 1 or another one",
        "<- CALL PROCEEDING, channel 1",
        "<- CONNECT",
        "-> CONNECT ACKNOWLEDGE",
        "-> DISCONNECT, cause 16 (normal clearing) at user",
        "<- RELEASE, cause 16 (normal clearing) at public local",
        "-> RELEASE COMPLETE",
    ]
    (setup_note,) = [note for note in span.recorder.story(leg.name) if "SETUP" in note.text]
    assert "bearer capability: audio, a law" in setup_note.detail.splitlines()


def test_a_call_that_comes_in_tells_its_messages_to_the_end() -> None:
    span = SpanBench()
    call = span.places(primitive.Order(CalledNumber("2565551100")))
    (leg,) = [channel for channel, event in span.heard if isinstance(event, Offered)]
    leg.command(Hangup(DONE), span.now)
    span.run(0.2)
    told = messages(span, leg.name)
    assert told[0] == "<- SETUP 2565551100, channel 3 or another one"
    assert told[-1].split(",")[0] in ("-> RELEASE COMPLETE", "<- RELEASE COMPLETE")
    assert span.seen(primitive.Released).call == call


def test_messages_about_no_call_are_the_span_s() -> None:
    span = SpanBench()
    span.far["e1"].restart(span.now, (2,))
    span.run(0.1)
    assert messages(span, "SPAN/e1")[-2:] == ["<- RESTART, channel 2", "-> RESTART ACKNOWLEDGE, channel 2"]


def test_nothing_is_kept_of_calls_that_are_over() -> None:
    span = SpanBench()
    for _ in range(5):
        span.dial("e1/5550106")
        span.says(span.setup().call, primitive.Clear(Cause.USER_BUSY))
    assert span.spans["e1"]._conversation._legs == {}


def test_nothing_is_kept_of_calls_that_were_connected() -> None:
    span = SpanBench()
    leg = span.dial("e1/5550106")
    span.says(span.setup().call, primitive.Connect())
    span.hang_up(leg)
    assert span.spans["e1"]._conversation._connected == set()


@pytest.mark.parametrize("element", [KeypadFacility("4711#"), CalledNumber("4711#")])
@pytest.mark.parametrize("shown", [False, True])
def test_keys_in_a_call_that_is_connected_are_told_and_not_which(element: Element, shown: bool) -> None:
    """Q.931 3.1.6, 4.5.18: INFORMATION carries them; a PIN is nobody's business who reads a story."""
    span = SpanBench(recorder=Recorder(shows_keys=shown))
    leg = span.dial("e1/5550106")
    span.says(span.setup().call, primitive.Connect())
    span.told(leg)
    setup = Message.parse(span.recorder.packets(leg.name)[0].data)
    keys = Message(MessageType.INFORMATION, setup.reference, True, (element,)).serialise()
    span.far["e1"]._link.send(keys, span.now)
    span.run(0.1)
    assert [event.digit for event in span.told(leg) if isinstance(event, Digit)] == list("4711#")
    story = [f"{note.text}\n{note.detail}" for note in span.recorder.story(leg.name)]
    packets = [packet.data for packet in span.recorder.packets(leg.name)]
    assert any("<- INFORMATION" in note and ("4711#" if shown else "?????") in note for note in story)
    assert any("4711" in note for note in story) is shown
    assert any(b"4711" in packet for packet in packets) is shown
    assert len(keys) in [len(packet) for packet in packets]
