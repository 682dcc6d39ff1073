"""Calls that come to a telephone: ringing, caller ID in the silence, the answer."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from drivers.channel import LineChannel
from drivers.fxs.caller_id import pause_for, spill
from drivers.fxs.config import FxsConfig
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.messages import Alerting, Answer, Answered, Dial, Digit, Offered, Released, SendDigits
from gateway.core.number import Party, Presentation
from gateway.media.caller_id import decode
from gateway.media.delivery import Delivery
from gateway.media.fsk import Receiver, Standard
from hardware.analog.line import Hook, LineEventKind, OnHookTransmit, Ring, SetHook, StopRing
from tests.unit.drivers.office import PHONE, SECOND_PHONE, WHEN, Office

CALLER = Party("5551234567", "SMITH JOHN")


def ring(office: Office, target: str = "FXS/101", caller: Party = CALLER) -> LineChannel:
    leg = office.call(target)
    office.command(leg, Dial("", caller))
    assert office.events() == [Alerting()]
    return leg


def test_the_telephone_rings_shows_the_caller_and_is_answered() -> None:
    office = Office()
    row = office.rows[PHONE]
    leg = ring(office)
    assert office.commands(PHONE) == [Ring((2000, 4000))]
    office.wait(2.0)
    office.line(LineEventKind.RINGEROFF, PHONE)
    [transmit] = office.commands(PHONE)
    assert isinstance(transmit, OnHookTransmit) and row.playing is not None
    assert transmit.ms >= row.playing.duration * 1000
    assert not row.playing.samples[: int(0.5 * 8000)].any()
    [message] = Receiver(Standard.BELL_202).feed(row.playing.samples)
    shown = decode(message, WHEN.year)
    assert (shown.number, shown.name, shown.when) == ("5551234567", "SMITH JOHN", WHEN)
    office.wait(4.0)
    row.reach_end()
    office.line(LineEventKind.RINGERON, PHONE)
    office.line(LineEventKind.RINGEROFF, PHONE)
    assert len(row.played) == 1  # once is enough
    office.lift()
    assert office.leg_and_event() == (leg, Answered("off-hook"))
    assert office.commands(PHONE) == [SetHook(Hook.OFFHOOK)]
    assert row.detecting and office.state(PHONE) == "talking"


def test_lifting_cuts_the_caller_id_short() -> None:
    office = Office()
    ring(office)
    office.line(LineEventKind.RINGEROFF, PHONE)
    assert office.rows[PHONE].hears.startswith("caller ID")
    office.lift()
    assert office.rows[PHONE].hears == ""


def test_the_caller_gives_up_and_the_telephone_stops_ringing() -> None:
    office = Office()
    leg = ring(office)
    office.line(LineEventKind.RINGEROFF, PHONE)
    office.commands(PHONE)
    office.hang_up(leg)
    assert office.commands(PHONE) == [StopRing()]
    assert office.rows[PHONE].hears == "" and office.state(PHONE) == "on-hook"
    assert office.events() == [] and office.lines.usage() == 0
    office.line(LineEventKind.RINGEROFF, PHONE)  # the last burst's end, told late
    assert office.rows[PHONE].hears == ""


def test_the_called_telephone_hangs_up() -> None:
    office = Office()
    leg = ring(office)
    office.lift()
    office.events()
    office.put_down()
    hung_up = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK event on port 1")
    assert office.leg_and_event() == (leg, Released(hung_up))


def test_the_caller_hangs_up_on_a_talking_telephone_which_hears_it() -> None:
    office = Office()
    leg = ring(office)
    office.lift()
    office.events()
    office.hang_up(leg)
    assert office.rows[PHONE].hears == "congestion us"


@pytest.mark.parametrize(
    ("doing", "sentence"),
    [
        ("", "telephone 101 is busy: it is off-hook and about to dial"),
        ("1", "telephone 101 is busy: it is dialling"),
        ("102", "telephone 101 is busy: it is calling somebody"),
        ("44", "telephone 101 is busy: it has not been put down after its last call"),
    ],
)
def test_a_telephone_in_use_is_busy_in_words(doing: str, sentence: str) -> None:
    office = Office()
    office.lift()
    office.key(doing)
    with pytest.raises(RemoteError) as busy:
        office.call("FXS/101")
    assert str(busy.value) == sentence and busy.value.cause is Cause.USER_BUSY


def test_a_telephone_about_to_ring_or_ringing_is_busy_for_others() -> None:
    office = Office()
    leg = office.call("FXS/101")
    with pytest.raises(RemoteError, match="about to ring for another call"):
        office.call("FXS/101")
    office.command(leg, Dial("", CALLER))
    with pytest.raises(RemoteError, match="rings for another call"):
        office.call("FXS/101")
    assert office.call("FXS/102").peer == "telephone 102"


def test_a_receiver_lifted_just_before_the_ringing_wants_to_dial() -> None:
    office = Office()
    leg = office.call("FXS/101")
    office.lift()
    gone, released = office.leg_and_event()
    assert gone is leg and isinstance(released, Released) and released.ending.cause is Cause.USER_BUSY
    assert office.rows[PHONE].hears == "dial us"
    office.command(leg, Dial("", CALLER))  # too late: ignored
    office.key("102")
    assert len(office.events()) == 1


def test_a_leg_that_is_never_dialled_gives_the_telephone_back() -> None:
    office = Office()
    office.hang_up(office.call("FXS/101"))
    assert office.lines.usage() == 0 and office.commands(PHONE) == []
    office.call("FXS/101")


def test_a_port_that_does_not_ring_fails_the_call() -> None:
    office = Office()
    leg = ring(office)
    office.fail(Ring((2000, 4000)), errno.ENODATA, PHONE)
    gone, released = office.leg_and_event()
    assert gone is leg and isinstance(released, Released)
    assert released.ending.cause is Cause.DESTINATION_OUT_OF_ORDER
    assert "failed on port 1 (errno 61)" in released.ending.evidence
    assert office.state(PHONE) == "on-hook"


@pytest.mark.parametrize("kind", [LineEventKind.ALARM, LineEventKind.REMOVED])
def test_a_telephone_that_goes_while_ringing_releases_the_call(kind: LineEventKind) -> None:
    office = Office()
    ring(office)
    office.line(kind, PHONE)
    [released] = office.events()
    assert isinstance(released, Released) and released.ending.act is Act.VANISHED
    assert office.state(PHONE) == "out of service" and office.lines.usage() == 0


def test_a_ringing_telephone_takes_no_answer_command() -> None:
    office = Office()
    leg = ring(office)
    with pytest.raises(IllegalInput):
        office.command(leg, Answer())


def test_caller_id_waits_for_the_long_silence_of_a_double_ring() -> None:
    office = Office(phones=(FxsConfig(1, "101", zone="uk"),))
    row = office.rows[PHONE]
    ring(office)
    office.line(LineEventKind.RINGEROFF, PHONE)
    assert row.hears == ""
    office.line(LineEventKind.RINGERON, PHONE)
    office.line(LineEventKind.RINGEROFF, PHONE)
    assert row.hears.startswith("caller ID")


def test_caller_id_is_left_out_where_no_silence_holds_it_or_none_is_wanted() -> None:
    office = Office(
        phones=(
            FxsConfig(1, "101", cadence=(1000, 400)),
            FxsConfig(2, "102", caller_id=None),
        )
    )
    for port, target in ((PHONE, "FXS/101"), (SECOND_PHONE, "FXS/102")):
        ring(office, target)
        for _ in range(4):
            office.line(LineEventKind.RINGEROFF, port)
        assert office.rows[port].played == []


def test_a_pause_must_hold_the_spill_and_its_margin() -> None:
    assert pause_for((2000, 4000), 1.5) == 1
    assert pause_for((400, 200, 400, 2000), 1.5) == 2
    assert pause_for((400, 200, 400, 1600), 1.5) is None
    assert pause_for((1000, 1700), 1.5) == 1
    assert pause_for((), 1.5) is None


@pytest.mark.parametrize(
    ("caller", "number", "name", "presentation"),
    [
        (Party("+12565551100", "Ann"), "12565551100", "Ann", Presentation.ALLOWED),
        (Party("alice"), "", "alice", None),
        (Party("6001", "Jürgen Östreich-Lang"), "6001", "Jurgen Ostreich", Presentation.ALLOWED),
        (Party(), "", "", Presentation.UNAVAILABLE),
        (Party("5551234", "Ann", Presentation.RESTRICTED), "", "", Presentation.RESTRICTED),
        (Party("1" * 60, "x" * 60), "1" * 20, "x" * 15, Presentation.ALLOWED),
    ],
)
def test_every_party_can_be_shown(caller: Party, number: str, name: str, presentation: Presentation | None) -> None:
    sound = spill(caller, Delivery.BELL_202, WHEN)
    [message] = Receiver(Standard.BELL_202).feed(sound.samples)
    shown = decode(message)
    assert (shown.number, shown.name) == (number, name)
    assert presentation is None or shown.presentation is presentation
    assert sound.samples.dtype == np.int16 and sound.loop_from is None


def test_a_spill_that_is_not_over_at_the_next_burst_is_cut() -> None:
    office = Office()
    ring(office)
    office.line(LineEventKind.RINGEROFF, PHONE)
    office.line(LineEventKind.RINGERON, PHONE)
    assert office.rows[PHONE].hears == ""


# It rings for its call on hold.


@pytest.fixture
def held() -> tuple[Office, LineChannel]:
    """Telephone 101, which may not transfer, was put down in a consultation, and rings for its call on hold."""
    office = Office(phones=(FxsConfig(1, "101", transfer=False),))
    legs = []
    for number in ("102", "6001"):
        office.line(LineEventKind.WINKFLASH if legs else LineEventKind.RINGOFFHOOK, PHONE)
        office.key(number)
        legs += [leg for leg, event in office.lines.events() if isinstance(event, Offered)]
        office.command(legs[-1], Answer())
    office.commands(PHONE)
    office.put_down()
    assert [leg for leg, event in office.lines.events() if isinstance(event, Released)] == legs[1:]
    assert office.commands(PHONE) == [SetHook(Hook.ONHOOK), Ring((2000, 4000))]
    return office, legs[0]


def test_a_port_that_cannot_ring_for_a_call_on_hold_ends_it(held: tuple[Office, LineChannel]) -> None:
    office, leg = held
    office.fail(Ring((2000, 4000)), errno.EBUSY, PHONE)
    office.wait(1.0)
    assert office.commands(PHONE) == [Ring((2000, 4000))], "once more, since the hook was busy"
    office.fail(Ring((2000, 4000)), errno.EIO, PHONE)
    [released] = office.events()
    assert isinstance(released, Released) and released.ending.cause is Cause.DESTINATION_OUT_OF_ORDER
    assert office.state(PHONE) == "on-hook" and leg.audio is None and office.lines.usage() == 0


def test_a_call_on_hold_that_ends_is_rung_for_no_more(held: tuple[Office, LineChannel]) -> None:
    office, leg = held
    office.hang_up(leg)
    assert office.commands(PHONE)[0] == StopRing()
    assert office.events() == [] and office.state(PHONE) == "on-hook" and office.lines.usage() == 0


def test_who_is_on_hold_is_rung_for_and_in_vain(held: tuple[Office, LineChannel]) -> None:
    office, _ = held
    office.wait(120.0)
    [released] = office.events()
    assert isinstance(released, Released) and released.ending.cause is Cause.NO_ANSWER
    assert office.commands(PHONE)[0] == StopRing() and office.lines.usage() == 0


# Two calls at once.


def test_who_waits_and_gives_up_leaves_the_talk_as_it_was() -> None:
    office = Office()
    office.lift()
    office.key("102")
    talk, _ = office.leg_and_event()
    office.command(talk, Answer())
    waits = ring(office)
    office.wait(1.0)
    assert "callwaiting us" in office.rows[PHONE].played
    office.hang_up(waits)
    assert waits.over and not talk.over and office.state(PHONE) == "talking" and office.lines.usage() == 1
    played = len(office.rows[PHONE].played)
    office.wait(60.0)
    assert len(office.rows[PHONE].played) == played, "nobody waits any more"
    office.put_down()
    assert office.lines.usage() == 0


def test_keys_that_are_pressed_while_another_waits_are_told_and_not_which() -> None:
    office = Office()
    office.lift()
    office.key("102")
    talk, _ = office.leg_and_event()
    office.command(talk, Answer())
    ring(office)
    office.key("47")
    assert [event.digit for event in office.events() if isinstance(event, Digit)] == ["4", "7"]
    told = [note.text for note in office.recorder.story(talk.name)]
    assert told.count("key ? (in-band tone)") == 2
    assert not any("digit 4" in text or "key 4" in text for text in told)


def test_keys_are_sent_in_a_consultation() -> None:
    office = Office()
    legs: list[LineChannel] = []
    for number in ("102", "6001"):
        office.line(LineEventKind.WINKFLASH if legs else LineEventKind.RINGOFFHOOK, PHONE)
        office.key(number)
        legs += [leg for leg, event in office.lines.events() if isinstance(event, Offered)]
        office.command(legs[-1], Answer())
    office.command(legs[1], SendDigits("5", 0.08, 0.05))
    assert office.rows[PHONE].sent_digits == [("5", 0.08, 0.05)]


def test_whom_to_consult_is_dialled_by_pulses_as_well() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.command(leg, Answer())
    office.line(LineEventKind.WINKFLASH, PHONE)
    for digit in "101":
        office.wait(7.5)
        office.line(LineEventKind.PULSE_START, PHONE)  # from here on there is time for the next one
        office.wait(1.0)
        office.line(LineEventKind.PULSE_DIGIT, PHONE, digit)
    assert [event.called for event in office.events() if isinstance(event, Offered)] == ["101"]
