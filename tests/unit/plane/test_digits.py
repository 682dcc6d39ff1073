"""Digits all ways: events and tones, in and out, whatever is lost or repeated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import DigitHeard, FlashHeard, Sound, SoundEnd
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError
from gateway.media.detect import DtmfReceiver
from gateway.media.tone import dtmf
from gateway.plane.row import PlaneRow
from gateway.plane.telephone_event import TelephoneEvent
from tests.support.rtp import RtpEndpoint, coded, linear
from tests.unit.plane.conftest import Device, Studio, speech


def digits(studio: Studio, row: PlaneRow) -> str:
    return "".join(event.digit for event in studio.happened(row) if isinstance(event, DigitHeard))


def events_of(endpoint: RtpEndpoint) -> list[TelephoneEvent]:
    endpoint.hear()
    return [TelephoneEvent.parse(p.payload) for p in endpoint.received if p.payload_type == endpoint.event_type]


def listen(studio: Studio, row: PlaneRow, device: Device, samples: np.ndarray) -> None:
    row.detect_digits(True)
    studio.settle()
    for start in range(0, len(samples) - 159, 160):
        device.say(samples[start : start + 160])
        studio.tick()


def test_each_event_is_heard_once_with_its_length(studio: Studio) -> None:
    a, alice = studio.telephone()
    for digit in "0123456789*#ABCD":
        alice.press(digit)
    studio.settle()
    assert studio.happened(a) == [DigitHeard(digit, 0.1, event=True) for digit in "0123456789*#ABCD"]


def test_a_digit_is_heard_once_whichever_of_its_packets_are_lost(studio: Studio) -> None:
    a, alice = studio.telephone()
    for lost in range(7):
        packets = [alice.event("5", 160 * (k + 1), marker=k == 0) for k in range(4)]
        packets += [alice.event("5", 800, end=True) for _ in range(3)]
        alice.pause(1600)
        for k, packet in enumerate(packets):
            if k != lost:
                alice.send(packet)
        studio.tick(2)
    assert digits(studio, a) == "5" * 7


def test_a_digit_without_an_end_ends_after_200_ms(studio: Studio) -> None:
    a, alice = studio.telephone()
    alice.send(alice.event("7", 160))
    alice.send(alice.event("7", 320))
    studio.settle()
    studio.tick(10)
    assert digits(studio, a) == ""
    studio.tick(1)
    assert studio.happened(a) == [DigitHeard("7", 0.04, event=True)]


def test_a_digit_without_an_end_ends_when_the_next_begins(studio: Studio) -> None:
    a, alice = studio.telephone()
    alice.send(alice.event("7", 160))
    alice.pause(800)
    alice.press("7")
    studio.settle()
    assert digits(studio, a) == "77"


def test_stragglers_of_a_digit_that_is_over_are_not_another(studio: Studio) -> None:
    a, alice = studio.telephone()
    middle, end = alice.event("1", 480), alice.event("1", 800, end=True)
    alice.send(end)
    alice.send(middle)
    alice.pause(1600)
    alice.press("2")
    alice.send(middle)
    studio.settle()
    assert digits(studio, a) == "12"


def test_rfc_4733_2_5_2_2_packets_of_the_digit_before_are_not_another_while_the_next_is_held(
    studio: Studio,
) -> None:
    a, alice = studio.telephone()
    late = alice.event("1", 640)
    alice.send(alice.event("1", 800, end=True))
    alice.pause(1600)
    alice.send(alice.event("2", 160, marker=True))
    alice.send(late)
    alice.send(alice.event("2", 800, end=True))
    studio.settle()
    assert studio.happened(a) == [DigitHeard("1", 0.1, event=True), DigitHeard("2", 0.1, event=True)]


def test_a_digit_held_for_ten_seconds_is_one_digit(studio: Studio) -> None:
    a, alice = studio.telephone()
    alice.send(alice.event("9", 160, marker=True))
    alice.send(alice.event("9", 0xFFFF))
    alice.pause(0xFFFF)
    alice.send(alice.event("9", 160))
    alice.send(alice.event("9", 80000 - 0xFFFF, end=True))
    studio.settle()
    assert studio.happened(a) == [DigitHeard("9", 10.0, event=True)]


def test_events_are_not_passed_on_raw(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    alice.press("3")
    studio.settle()
    assert bob.hear() == []
    assert digits(studio, a) == "3"


def test_events_that_are_no_digits_are_let_go(studio: Studio) -> None:
    a, alice = studio.telephone()
    event = alice.event("1", 800, end=True)
    alice.send_raw(event.serialise()[:12] + TelephoneEvent(17, 800, True).serialise())
    studio.tick(20)
    assert studio.happened(a) == []


def test_a_digit_goes_out_as_the_standard_draws_it(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.send_digits("5", 0.1, 0.1)
    studio.tick(20)
    got = alice.hear()
    assert [p.marker for p in got] == [True] + [False] * 6
    assert len({p.timestamp for p in got}) == 1
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == list(range(7))
    assert events_of(alice) == [
        *(TelephoneEvent(5, duration) for duration in (160, 320, 480, 640)),
        *[TelephoneEvent(5, 800, end=True)] * 3,
    ]


@pytest.mark.parametrize(("gap", "apart"), [(0.1, 1440), (0.0, 1120)])
def test_digits_go_out_one_after_the_other_with_their_gap(studio: Studio, gap: float, apart: int) -> None:
    """Q.24 wants 40 ms between tones; 60 ms are kept, whatever is asked for."""
    a, alice = studio.telephone()
    a.send_digits("12", 0.08, gap)
    a.send_digits("#", 0.08, gap)
    studio.tick(40)
    starts = [packet.timestamp for packet in alice.hear() if packet.marker]
    assert [event.code for event in events_of(alice)] == [1] * 6 + [2] * 6 + [11] * 6
    assert [second - first for first, second in itertools.pairwise(starts)] == [apart, apart]


def test_audio_waits_while_a_digit_is_sent_and_goes_on_after_it(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    for k in range(30):
        if k == 10:
            b.send_digits("8", 0.1, 0.06)
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    got = bob.hear()
    kinds = "".join("e" if p.payload_type == 101 else "a" for p in got)
    # Audio of the first tick comes before the event's first packet; then seven packets alone.
    assert kinds == "a" * 11 + "e" * 7 + "a" * 13
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == list(range(31))
    event_start = got[11].timestamp
    assert (got[18].timestamp - event_start) & 0xFFFFFFFF == 6 * 160 + 160


@pytest.mark.parametrize("event_type", [101, None])
def test_a_plane_hears_the_digits_that_a_plane_sends(studio: Studio, event_type: int | None) -> None:
    a, b = studio.row(), studio.row()
    codec = Codec(Encoding.PCMA, 8)
    a.set_remote(b.address, b.port, codec, event_type)
    b.set_remote(a.address, a.port, codec, event_type)
    b.detect_digits(True)
    a.send_digits("159D*0#", 0.08, 0.08)
    assert a.digits_as_events is (event_type is not None)
    studio.tick(80)
    assert digits(studio, b) == "159D*0#"
    assert {event.event for event in studio.happened(b)} == {event_type is not None}


def test_without_events_digits_go_out_as_tones_over_everything(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device(Encoding.L16)
    a.join(d)
    d.play(Sound("music", speech(3.0), loop_from=0), studio.ends.append)
    d.send_digits("14")
    d.send_digits("7")
    receiver, heard = DtmfReceiver(), ""
    for _ in range(60):
        alice.say(speech(0.02))
        device.say(np.zeros(160, np.int16))
        studio.tick()
    heard = "".join(digit for digit, _ in receiver.feed(device.heard()))
    assert heard == "147"
    assert studio.ends == []
    assert len(device.frames) == 60


def test_tones_are_heard_only_while_they_are_looked_for(studio: Studio) -> None:
    d, device = studio.device()
    listen(studio, d, device, dtmf("258", 0.06, 0.06))
    assert digits(studio, d) == "258"
    d.detect_digits(False)
    studio.settle()
    for frame in dtmf("9", 0.1, 0.1).reshape(-1, 160):
        device.say(frame)
        studio.tick()
    assert digits(studio, d) == "258"


def test_a_tone_reports_how_long_it_lasted(studio: Studio) -> None:
    d, device = studio.device()
    listen(studio, d, device, dtmf("6", 0.5, 0.1))
    (heard,) = studio.happened(d)
    assert isinstance(heard, DigitHeard)
    assert abs(heard.duration - 0.5) < 0.02
    assert not heard.event


def test_a_peer_that_sends_events_is_not_heard_twice(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.detect_digits(True)
    alice.press("4")
    studio.tick()
    alice.say(dtmf("4", 0.1, 0.1))
    studio.tick(5)
    assert digits(studio, a) == "4"


def test_a_hook_flash_is_event_16_both_ways_and_no_digit(studio: Studio) -> None:
    """RFC 4733 table 3."""
    a, alice = studio.telephone()
    alice.press("1")
    alice.flash()
    alice.press("2")
    studio.settle()
    assert studio.happened(a) == [
        DigitHeard("1", 0.1, event=True),
        FlashHeard(),
        DigitHeard("2", 0.1, event=True),
    ]
    a.send_flash()
    a.send_digits("3")
    studio.tick(40)
    sent = events_of(alice)
    assert [event.code for event in sent if event.end] == [16, 16, 16, 3, 3, 3]


def test_a_hook_flash_for_a_peer_without_events_is_not_made_a_tone(studio: Studio) -> None:
    a, alice = studio.telephone(event_type=None)
    a.send_flash()
    studio.tick(20)
    assert alice.hear() == []


def test_digits_for_a_peer_on_hold_are_dropped_not_kept(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.set_remote(alice.address, alice.port, Codec(Encoding.PCMU, 0), 101, send=False)
    a.send_digits("123")
    studio.tick(5)
    a.set_remote(alice.address, alice.port, Codec(Encoding.PCMU, 0), 101)
    studio.tick(40)
    assert alice.hear() == []


@pytest.mark.parametrize(
    ("text", "duration", "gap"), [("12x", 0.1, 0.1), ("1", 0.0, 0.1), ("1", 9.0, 0.1), ("1", 0.1, -1)]
)
def test_digits_that_make_no_sense_are_named(studio: Studio, text: str, duration: float, gap: float) -> None:
    a, _ = studio.telephone()
    with pytest.raises(LocalError):
        a.send_digits(text, duration, gap)


def test_tones_that_wait_are_forgotten_with_their_row(studio: Studio) -> None:
    d, device = studio.device()
    d.send_digits("1")
    d.send_digits("2")
    studio.settle()
    device.say(np.zeros(160, np.int16))
    studio.tick()
    d.close()
    studio.tick()
    assert studio.plane.usage().sounds == 0
    assert SoundEnd.LOST not in studio.ends


def hear_tones(studio: Studio, mouth: object, ear: RtpEndpoint, samples: np.ndarray) -> np.ndarray:
    """What `ear` hears as audio while `mouth` says `samples`, 20 ms at a time."""
    for start in range(0, len(samples) - 159, 160):
        mouth.say(samples[start : start + 160])
        studio.tick()
    return ear.heard()


@pytest.mark.parametrize("offset", range(0, 160, 20))
@pytest.mark.parametrize("far", ["rtp", "frames"])
def test_tones_are_kept_from_a_peer_that_gets_the_digit_as_an_event(studio: Studio, far: str, offset: int) -> None:
    b, bob = studio.telephone()
    a, alice = studio.telephone(event_type=None) if far == "rtp" else studio.device()
    a.detect_digits(True)
    a.join(b)
    studio.settle()
    tones = np.concatenate([np.zeros(160 + offset, np.int16), dtmf("147", 0.1, 0.1), np.zeros(160, np.int16)])
    heard = hear_tones(studio, alice, bob, tones)
    assert digits(studio, a) == "147"
    assert len(heard) == len(tones) // 160 * 160  # silence in their place, not a gap
    assert DtmfReceiver().feed(heard) == []
    loud = np.abs(heard.astype(int)) > 500
    assert loud.sum() < 3 * 184  # 23 ms of each at most


def test_tones_reach_a_peer_that_has_no_events(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(event_type=None), studio.telephone(event_type=None)
    a.detect_digits(True)
    a.join(b)
    studio.settle()
    heard = hear_tones(studio, alice, bob, dtmf("147", 0.1, 0.1))
    assert [digit for digit, _ in DtmfReceiver().feed(heard)] == ["1", "4", "7"]


def test_tones_are_kept_back_from_when_the_peer_agrees_to_events(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(event_type=None), studio.telephone(event_type=None)
    a.detect_digits(True)
    a.join(b)
    studio.settle()
    b.set_remote(bob.address, bob.port, Codec(Encoding.PCMU, 0), 101)
    studio.settle()
    assert DtmfReceiver().feed(hear_tones(studio, alice, bob, dtmf("147", 0.1, 0.1))) == []


def test_speech_passes_untouched_while_tones_are_looked_for(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(event_type=None), studio.telephone()
    a.detect_digits(True)
    a.join(b)
    studio.settle()
    said = speech(4.0)
    heard = hear_tones(studio, alice, bob, said)
    assert np.array_equal(heard, linear(coded(said, Encoding.PCMU), Encoding.PCMU))
