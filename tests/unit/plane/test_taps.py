"""Taps: both sides of a row by the plane's clock, while it is relayed, joined to a line or hears a sound."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Side, Sound
from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.plane import pace
from gateway.plane.plane import PlaneUsage
from gateway.plane.row import PlaneRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Device, Studio, delay_and_likeness, speech
from tests.unit.plane.test_rooms import talk, tone


def bridge(studio: Studio, kinds: str) -> list[tuple[PlaneRow, RtpEndpoint | Device]]:
    """Two rows joined: "r" is RTP, "f" a line."""
    legs = [studio.telephone(Encoding.L16, 97) if kind == "r" else studio.device(Encoding.L16) for kind in kinds]
    legs[0][0].join(legs[1][0])
    studio.settle()
    return legs


@pytest.mark.parametrize("kinds", ["rr", "rf", "fr", "ff"])
def test_both_sides_of_a_bridge_are_kept_whole_and_in_step(studio: Studio, kinds: str) -> None:
    (a, alice), (_, bob) = bridge(studio, kinds)
    stereo, mono = a.tap(Side.STEREO, 5.0), a.tap(Side.BOTH, 5.0)
    only_in, only_out = a.tap(Side.IN, 5.0), a.tap(Side.OUT, 5.0)
    studio.settle()
    said, answered = speech(2.0, 1), speech(2.0, 2)
    talk(studio, [(alice, said), (bob, answered)])
    both = stereo.read().reshape(-1, 2)
    for side, sent in ((both[:, 0], said), (both[:, 1], answered)):
        delay, likeness = delay_and_likeness(sent, side)
        assert likeness > 0.99
        assert delay <= pace.RTP_DEPTH + 160
    assert np.array_equal(mono.read(), both.astype(np.int32).sum(axis=1).clip(-32768, 32767))
    assert np.array_equal(only_in.read(), both[:, 0])
    assert np.array_equal(only_out.read(), both[:, 1])
    for sent, voice in ((said, bob), (answered, alice)):
        assert delay_and_likeness(sent, voice.heard())[1] > 0.99


def test_a_tap_begun_within_a_relayed_call_costs_its_parties_nothing(studio: Studio) -> None:
    (a, alice), (_, bob) = bridge(studio, "rr")
    sentence = speech(2.0)
    talk(studio, [(alice, sentence[:8000])])
    tap = a.tap(Side.BOTH, 5.0)
    talk(studio, [(alice, sentence[8000:])])
    tap.stop()
    assert np.array_equal(bob.heard(), sentence)
    assert delay_and_likeness(sentence[8000:], tap.read())[1] > 0.99


def test_what_is_lost_on_the_way_is_a_gap_and_not_a_cut(studio: Studio) -> None:
    (a, alice), _ = bridge(studio, "rr")
    assert isinstance(alice, RtpEndpoint)
    tap = a.tap(Side.IN, 5.0)
    studio.settle()
    sentence = speech(2.0)
    for k in range(100):
        packet = alice.packet(sentence[160 * k : 160 * k + 160])
        if not 40 <= k < 60:
            alice.send(packet)
        studio.tick()
    kept = tap.read()
    assert len(kept) == 100 * 160
    lag, likeness = delay_and_likeness(sentence[9600:], kept[9600:])
    assert (lag, likeness > 0.99) == (pace.RTP_DEPTH, True)


@pytest.mark.parametrize("kind", ["r", "f"])
def test_a_prompt_is_kept_as_what_the_leg_was_sent(studio: Studio, kind: str) -> None:
    row, voice = studio.telephone(Encoding.L16, 97) if kind == "r" else studio.device(Encoding.L16)
    tap = row.tap(Side.OUT, 5.0)
    prompt = speech(1.0)
    row.play(Sound("prompt", prompt))
    talk(studio, [(voice, np.zeros(16000, np.int16))])
    assert delay_and_likeness(prompt, tap.read())[1] > 0.9999
    assert delay_and_likeness(prompt, voice.heard())[1] > 0.9999


def test_only_what_is_said_to_somebody_is_kept_where_so_wanted(studio: Studio) -> None:
    (a, alice), (b, _) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    tap = a.tap(Side.IN, 5.0, joined=True)
    studio.settle()
    talk(studio, [(alice, tone(500, 1.0))])
    assert len(tap.read()) == 0
    a.join(b)
    talk(studio, [(alice, tone(500, 1.0))])
    assert len(tap.read()) == 54 * 160
    a.part()
    talk(studio, [(alice, tone(500, 1.0))])
    assert len(tap.read()) == 0
    room = studio.plane.room()
    room.sit(a)
    talk(studio, [(alice, tone(500, 1.0))])
    assert len(tap.read()) == 54 * 160


def test_each_side_has_its_gain(studio: Studio) -> None:
    (a, alice), (_, bob) = bridge(studio, "rr")
    tap = a.tap(Side.STEREO, 5.0, gain_in=6.02, gain_out=-6.02)
    studio.settle()
    talk(studio, [(alice, np.full(8000, 1000, np.int16)), (bob, np.full(8000, 1000, np.int16))])
    assert tap.read().reshape(-1, 2)[4000].tolist() == pytest.approx([2000, 500], abs=1)
    with pytest.raises(LocalError, match="dB"):
        a.tap(Side.IN, 1.0, gain_in=100.0)


def test_a_whole_room_is_kept(studio: Studio) -> None:
    legs = [studio.telephone(Encoding.L16, 97) for _ in range(3)]
    room = studio.plane.room()
    for row, _ in legs:
        room.sit(row)
    tap = room.tap(5.0)
    studio.settle()
    talk(studio, [(voice, np.full(8000, 100 + k, np.int16)) for k, (_, voice) in enumerate(legs)])
    assert tap.read()[4000] == 303
    room.close()
    assert tap.read().shape == (0,)


def test_the_end_of_a_row_leaves_what_was_unread(studio: Studio) -> None:
    (a, alice), _ = bridge(studio, "rr")
    tap = a.tap(Side.IN, 5.0)
    studio.settle()
    talk(studio, [(alice, tone(500, 0.2))])
    a.close()
    assert len(tap.read()) == 14 * 160
    assert len(tap.read()) == 0
    tap.stop()


def test_a_tap_read_too_seldom_counts_what_it_lost(studio: Studio) -> None:
    (a, alice), _ = bridge(studio, "rr")
    tap = a.tap(Side.IN, 0.5)
    studio.settle()
    talk(studio, [(alice, tone(500, 1.0))])
    assert len(tap.read()) == 4000
    assert tap.lost == 54 * 160 - 4000


def test_taps_are_given_back_whichever_ends_first(studio: Studio) -> None:
    (a, _), (b, _) = bridge(studio, "rf")
    taps = [row.tap(Side.BOTH, 1.0) for row in (a, b) for _ in range(3)]
    studio.tick()
    for tap in taps[::2]:
        tap.stop()
    a.close()
    b.close()
    studio.tick(2)
    assert studio.plane.usage() == PlaneUsage()


@pytest.mark.parametrize("first", range(3))
def test_of_several_taps_on_a_row_and_on_a_room_any_may_end_and_the_others_go_on(
    studio: Studio, first: int
) -> None:
    (a, _), (c, _) = studio.telephone(), studio.telephone()
    room = studio.plane.room()
    room.sit(c)
    on_row, on_room = [a.tap(Side.BOTH, 1.0) for _ in range(3)], [room.tap(1.0) for _ in range(3)]
    studio.tick(2)
    on_row.pop(first).stop()
    on_room.pop(first).stop()
    studio.tick(3)
    assert [len(tap.read()) for tap in on_row + on_room] == 4 * [5 * 160]


def test_taps_and_their_memory_run_out_with_a_sentence(studio: Studio) -> None:
    a, _ = studio.telephone()
    with pytest.raises(Exhausted, match="arena"):
        a.tap(Side.IN, 40.0)
    taps = [a.tap(Side.IN, 0.1) for _ in range(32)]
    with pytest.raises(Exhausted, match="32 taps"):
        a.tap(Side.IN, 0.1)
    for tap in taps:
        tap.stop()
    studio.settle()
    a.tap(Side.IN, 0.1)
