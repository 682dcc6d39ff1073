"""Digits between legs that take them in different ways: each heard once, of its length, by whatever it goes on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import DigitHeard
from gateway.core.codec import Encoding
from gateway.media.tone import dtmf
from gateway.plane.row import PlaneRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Studio

WAYS = ("events", "tones")
CODECS = ((Encoding.PCMU, 0), (Encoding.PCMA, 8), (Encoding.L16, 97))
NUMBER = "15*0#9"


def leg(studio: Studio, way: str, encoding: Encoding, payload_type: int) -> tuple[PlaneRow, RtpEndpoint]:
    """A leg whose telephone sends and takes digits that way."""
    row, phone = studio.telephone(encoding, payload_type, 101 if way == "events" else None)
    row.detect_digits(way == "tones")
    return row, phone


def key(studio: Studio, phone: RtpEndpoint, way: str, digit: str, ptime: int = 160) -> None:
    """The telephone keys a digit of 100 ms and a pause of 100 ms, packet by packet."""
    if way == "tones":
        sound = dtmf(digit, 0.1, 0.1)
        for start in range(0, len(sound), ptime):
            phone.say(sound[start : start + ptime], ptime)
            studio.tick()
        return
    for length in range(160, 801, 160):
        phone.send(phone.event(digit, length, marker=length == 160))
        studio.tick()
    for _ in range(3):
        phone.send(phone.event(digit, 800, end=True))
    phone.pause(800)
    for _ in range(5):
        phone.say(np.zeros(160, np.int16))
        studio.tick()


def passed_on(studio: Studio, a: PlaneRow, b: PlaneRow) -> None:
    """What a call does with digits: those heard on either leg go on to the other one."""
    for source, target in ((a, b), (b, a)):

        def listener(event: object, at: float, source: PlaneRow = source, target: PlaneRow = target) -> None:
            studio.events.append((source, event, at))  # type: ignore[arg-type]  # any audio event
            if isinstance(event, DigitHeard):
                target.send_digits(event.digit, event.duration)

        source.listener = listener


@pytest.mark.parametrize(("first", "second"), list(itertools.product(WAYS, WAYS)))
@pytest.mark.parametrize("codec", CODECS)
def test_each_digit_arrives_once_and_in_order(
    studio: Studio, first: str, second: str, codec: tuple[Encoding, int]
) -> None:
    (a, alice), (b, bob) = leg(studio, first, *codec), leg(studio, second, Encoding.PCMU, 0)
    # The far end is a row of its own, which hears what bob would.
    far, trunk = leg(studio, second, Encoding.PCMU, 0)
    a.join(b)
    if first != "tones" or second != "tones":
        passed_on(studio, a, b)
    else:
        a.listener = lambda event, at: studio.events.append((a, event, at))  # the tones themselves go on
    for digit in NUMBER:
        key(studio, alice, first, digit)
        for packet in bob.hear():
            trunk.send_raw(packet.serialise())
            studio.settle()
    for _ in range(100):
        studio.tick()
        for packet in bob.hear():
            trunk.send_raw(packet.serialise())
        studio.settle()
    heard = [event for event in studio.happened(a) if isinstance(event, DigitHeard)]
    arrived = [event for event in studio.happened(far) if isinstance(event, DigitHeard)]
    assert "".join(event.digit for event in heard) == NUMBER
    assert "".join(event.digit for event in arrived) == NUMBER
    assert {event.event for event in heard} == {first == "events"}
    assert {event.event for event in arrived} == {second == "events"}
    assert all(0.06 <= event.duration <= 0.14 for event in (*heard, *arrived))


@pytest.mark.parametrize("lost", [(0,), (0, 1), (5, 6), (3, 4, 5), (5, 6, 7)])
def test_an_event_of_which_packets_are_lost_is_one_digit(studio: Studio, lost: tuple[int, ...]) -> None:
    a, alice = leg(studio, "events", Encoding.PCMU, 0)
    packets = [alice.event("7", length, marker=length == 160) for length in range(160, 801, 160)]
    packets += [alice.event("7", 800, end=True) for _ in range(3)]
    for k, packet in enumerate(packets):
        if k not in lost:
            alice.send(packet)
        studio.tick()
    studio.tick(20)
    (heard,) = [event for event in studio.happened(a) if isinstance(event, DigitHeard)]
    assert heard.digit == "7"
    assert 0.08 <= heard.duration <= 0.1


def test_the_end_of_a_sent_event_is_said_three_times(studio: Studio) -> None:  # RFC 4733 2.5.1.4
    a, alice = leg(studio, "events", Encoding.PCMU, 0)
    a.send_digits("3", 0.1)
    studio.tick(15)
    got = alice.hear()
    ends = [packet for packet in got if packet.payload[1] & 0x80]
    assert len(ends) == 3
    assert len({packet.timestamp for packet in got}) == 1
    assert [packet.marker for packet in got] == [True] + [False] * (len(got) - 1)
    assert {packet.payload[2] << 8 | packet.payload[3] for packet in ends} == {800}
