"""Telephones on emulated copper: dials that bounce, flashes, hotlines, lamps, and what a far release does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from drivers.fxs.config import FlashUse, MessageLamp
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Answer, Flash, Hangup, Offered, Released
from gateway.core.number import Party
from hardware.analog.pair import Change
from hardware.analog.pulse import PulseOrder
from tests.support.copper import PHONE, Copper

FAR_RELEASE = Hangup(Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE"))

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(zone: str = "us", **settings: object) -> Copper:
        made.append(Copper(zone=zone, phone=replace(PHONE, **settings)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def lifted(copper: Copper) -> None:
    copper.first.lift()
    copper.run(1.0)


def talking(copper: Copper) -> object:
    """A call that the first telephone placed, answered."""
    lifted(copper)
    copper.first.dial("102", on=0.08, off=0.08)
    copper.run(1.0)
    [(leg, offered)] = copper.events()
    assert isinstance(offered, Offered)
    leg.command(Answer(), copper.clock())
    copper.run(1.0)
    return leg


def story(copper: Copper) -> list[str]:
    """What is noted of the first telephone's call."""
    return [note.text for note in copper.recorder.story(copper.lines.status()[0].channel)]


# Dials and hooks.


@pytest.mark.parametrize("rate", [8.0, 10.0, 12.0])
@pytest.mark.parametrize("ratio", [0.5, 0.6, 0.75])
@pytest.mark.parametrize("bounce", [0, 5])
def test_a_dial_of_any_speed_and_ratio_is_understood_though_it_bounces(
    build: Build, rate: float, ratio: float, bounce: int
) -> None:
    copper = build()
    copper.first.bounce = bounce
    lifted(copper)
    copper.first.pulse("102", rate=rate, break_ratio=ratio)
    copper.run(7.0)
    [offered] = copper.said()
    assert isinstance(offered, Offered) and offered.called == "102"


@pytest.mark.parametrize("order", PulseOrder)
def test_a_wheel_of_another_country_is_understood(build: Build, order: PulseOrder) -> None:
    copper = build(pulse_order=order)
    lifted(copper)
    copper.first.pulse("9", order=order)
    copper.run(3.0)
    copper.first.pulse("5550108", order=order)
    copper.run(20.0)
    [offered] = copper.said()
    assert isinstance(offered, Offered) and offered.called == "95550108"


@pytest.mark.parametrize(
    ("order", "dialled"),
    [(PulseOrder.USUAL, "1234567890"), (PulseOrder.NEW_ZEALAND, "9876543210"), (PulseOrder.SWEDEN, "0123456789")],
)
def test_wheels_give_the_pulses_of_their_country(order: PulseOrder, dialled: str) -> None:
    """What one pulse, two, … ten mean: a New Zealand wheel is reversed but for 0, a Swedish one begins at 0."""
    assert "".join(order.meant(usual) for usual in "1234567890") == dialled
    assert "".join(order.pulses(digit) for digit in dialled) == "1234567890"


def test_a_hook_that_bounces_is_one_lift_and_one_hang_up(build: Build) -> None:
    copper = build()
    copper.first.bounce = 9
    lifted(copper)
    assert copper.first.hears == "dial" and copper.state(1) == "hears dial tone"
    copper.first.hang_up()
    copper.run(3.0)
    assert copper.state(1) == "on-hook" and copper.said() == [] and copper.lines.usage() == 0


@pytest.mark.parametrize(("ms", "short", "told"), [(90, True, [Flash()]), (90, False, []), (500, True, [Flash()])])
def test_a_short_flash_counts_where_telephones_give_it(
    build: Build, ms: int, short: bool, told: list[Flash]
) -> None:
    copper = build(short_flash=short, flash=FlashUse.PASS)
    talking(copper)
    copper.first.flash(ms)
    copper.run(1.0)
    assert [event for event in copper.said() if isinstance(event, Flash)] == told


def test_a_flash_in_a_call_gives_recall_dial_tone(build: Build) -> None:
    copper = build()
    talking(copper)
    copper.first.flash(500)
    copper.run(1.0)
    assert copper.state(1) == "hears recall dial tone; a call is on hold"
    assert "plays dialrecall tone us" in story(copper)


# Lifted and not dialled.


def test_a_hotline_calls_at_once(build: Build) -> None:
    copper = build(hotline="102")
    copper.first.lift()
    copper.run(0.3)
    [offered] = copper.said()
    assert isinstance(offered, Offered) and offered.called == "102"
    assert not [text for text in story(copper) if "plays dial tone" in text]


def test_a_warmline_leaves_time_to_dial(build: Build) -> None:
    copper = build(hotline="102", hotline_after=4.0)
    lifted(copper)
    assert copper.first.hears == "dial"
    copper.run(2.5)
    assert copper.said() == []
    copper.run(1.0)
    [offered] = copper.said()
    assert isinstance(offered, Offered) and offered.called == "102"
    copper.first.hang_up()
    copper.run(3.0)
    copper.said()
    lifted(copper)
    copper.first.dial("9")
    copper.run(6.0)
    assert copper.said() == [], "who dials is not put through to the hotline"


# Messages.


@pytest.mark.parametrize("lamp", [lamp for lamp in MessageLamp if lamp is not MessageLamp.NONE])
def test_messages_light_the_lamp_and_make_dial_tone_stutter(build: Build, lamp: MessageLamp) -> None:
    copper = build(lamp=lamp)
    copper.first.lamp_by_reversal = lamp is MessageLamp.REVERSAL
    copper.lines.show_messages("101", 2, copper.clock())
    copper.run(6.0)
    assert copper.first.message_lamp and not copper.second.message_lamp
    lifted(copper)
    assert "plays stutter tone us" in story(copper)
    copper.lines.show_messages("101", 0, copper.clock())
    copper.run(1.0)
    assert copper.first.message_lamp, "it is off-hook still"
    copper.first.hang_up()
    copper.run(8.0)
    assert not copper.first.message_lamp and copper.lines.usage() == 0


def test_a_telephone_without_a_lamp_is_left_alone(build: Build) -> None:
    copper = build(lamp=MessageLamp.NONE)
    copper.lines.show_messages("101", 1, copper.clock())
    copper.run(6.0)
    assert not copper.first.message_lamp and copper.lines.usage() == 0


# The far side.


def test_a_payphone_sees_answer_and_release(build: Build) -> None:
    copper = build(answer_polarity=True, release_battery=True)
    seen: list[Change] = []
    pair = copper.card.pair(1)
    tell = pair.terminal
    pair.terminal = lambda change: (seen.append(change), tell(change))[1]
    leg = talking(copper)
    assert pair.reversed
    leg.command(FAR_RELEASE, copper.clock())  # type: ignore[attr-defined]
    copper.run(3.0)
    assert sorted(seen, key=lambda change: change.value) == sorted(
        [Change.REVERSED, Change.NORMAL, Change.BATTERY_OFF, Change.BATTERY_ON], key=lambda change: change.value
    )
    assert copper.first.hears == "congestion" and copper.state(1) == "hears why its call ended"
    copper.first.hang_up()
    copper.run(3.0)
    assert copper.state(1) == "on-hook" and copper.lines.usage() == 0


# Ringing.


@pytest.mark.parametrize(("ring", "first"), [(1, [125, 2000]), (2, [250, 500]), (4, [1000, 2500])])
def test_distinctive_ringing_has_its_cadence(build: Build, ring: int, first: list[int]) -> None:
    copper = build()
    copper.call("FXS", f"101r{ring}", Party("102"))
    copper.run(12.0)
    assert [burst.ms for burst in copper.first.rings][:2] == first
    shown = copper.first.caller_id
    assert shown is not None and shown.number == "102"


def test_a_leg_that_ends_says_so_once(build: Build) -> None:
    copper = build(release_battery=True)
    leg = talking(copper)
    copper.first.hang_up()
    copper.run(3.0)
    [released] = copper.said()
    assert isinstance(released, Released)
    leg.command(FAR_RELEASE, copper.clock())  # type: ignore[attr-defined]
    assert copper.said() == []
