"""Calls that go out to the exchange: hunting, seizure, dialling, answer signals, glare."""

from __future__ import annotations

import errno

import pytest

from drivers.channel import LineChannel
from drivers.fxo.config import AnswerSignal, FxoConfig
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.errors import RemoteError
from gateway.core.messages import (
    IN_BAND,
    Alert,
    Answer,
    Answered,
    Dial,
    Digit,
    EarlyMedia,
    Offered,
    Progress,
    Released,
    SendDigits,
    SendFlash,
)
from gateway.core.number import Party
from hardware.analog.line import Hook, LineEventKind, SetHook
from tests.unit.drivers.office import COPPER1, COPPER2, Office

START, OFFHOOK, ONHOOK = SetHook(Hook.START), SetHook(Hook.OFFHOOK), SetHook(Hook.ONHOOK)
NO_SIGNAL = Answered("dialled; this line gives no answer signal")
SUPERVISED = (FxoConfig(3, "copper1", answer=AnswerSignal.POLARITY),)


def dial(office: Office, target: str = "FXO/copper1/5550100") -> LineChannel:
    leg = office.call(target)
    office.command(leg, Dial(target.partition("/")[2], Party("101")))
    return leg


def seize(office: Office, port: int = COPPER1) -> None:
    """The port takes its two seconds (DAHDI starttime and afterstart)."""
    assert office.commands(port) == [START]
    office.wait(2.0)
    office.line(LineEventKind.HOOKCOMPLETE, port)


def connected(office: Office) -> LineChannel:
    leg = dial(office)
    seize(office)
    office.wait(3.0)
    assert office.events() == [Progress(), NO_SIGNAL]
    return leg


def test_seize_wait_dial_and_count_as_answered() -> None:
    office = Office()
    row = office.rows[COPPER1]
    leg = dial(office)
    assert leg.name.startswith("FXO/copper1-") and office.state(COPPER1) == "being seized"
    seize(office)
    office.wait(0.4)
    assert row.sent_digits == []
    office.wait(0.1)
    assert row.sent_digits == [("5550100", 0.1, 0.1)] and office.events() == []
    office.wait(1.4)
    assert office.events() == []
    office.wait(0.2)
    assert office.events() == [Progress(), NO_SIGNAL]
    assert office.state(COPPER1) == "talking" and row.detecting
    row.hear("#", office.clock())
    assert office.events() == [Digit("#", 0.08, IN_BAND)]
    office.command(leg, SendDigits("12"))
    assert row.sent_digits[-1] == ("12", 0.1, 0.1)


def test_an_answer_is_a_reversal_where_the_exchange_signals_it() -> None:
    office = Office(trunks=SUPERVISED)
    dial(office)
    seize(office)
    office.line(LineEventKind.POLARITY, COPPER1)  # the exchange takes the seizure
    office.wait(3.0)
    assert office.events() == [Progress()] and office.state(COPPER1) == "calling"
    office.wait(20.0)
    office.line(LineEventKind.POLARITY, COPPER1)
    assert office.events() == [Answered("polarity reversal on port 3")]


def test_a_reversal_means_nothing_where_it_is_not_configured() -> None:
    office = Office()
    connected(office)
    office.wait(10.0)
    office.line(LineEventKind.POLARITY, COPPER1)
    assert office.events() == []


def test_pauses_in_a_number_are_waited_for() -> None:
    office = Office()
    row = office.rows[COPPER1]
    dial(office, "FXO/copper1/9ww555-0100")
    seize(office)
    office.wait(0.5)
    assert row.sent_digits == [("9", 0.1, 0.1)]
    office.wait(1.2)
    assert len(row.sent_digits) == 1
    office.wait(0.2)
    assert row.sent_digits[1:] == [("5550100", 0.1, 0.1)]
    office.wait(1.6)
    assert office.events() == [Progress(), NO_SIGNAL]


def test_a_second_number_is_keyed_when_the_far_side_has_answered() -> None:
    office = Office(trunks=SUPERVISED)
    row = office.rows[COPPER1]
    dial(office, "FXO/copper1/555-0100>P12W3#")
    seize(office)
    office.wait(10.0)
    assert [digits for digits, *_ in row.sent_digits] == ["5550100"], "there is no answer yet"
    office.line(LineEventKind.POLARITY, COPPER1)
    assert office.events() == [Progress(), Answered("polarity reversal on port 3")]
    office.wait(2.4)
    assert len(row.sent_digits) == 1, "half a second for the answer, two of pause"
    office.wait(0.2)
    assert [digits for digits, *_ in row.sent_digits] == ["5550100", "12"]
    office.wait(1.2)
    assert [digits for digits, *_ in row.sent_digits] == ["5550100", "12", "3#"]
    office.wait(60.0)
    assert len(row.sent_digits) == 3 and office.state(COPPER1) == "talking"


def test_a_second_number_dies_with_its_call() -> None:
    office = Office(trunks=SUPERVISED)
    leg = dial(office, "FXO/copper1/5550100>PP12")
    seize(office)
    office.wait(5.0)
    office.line(LineEventKind.POLARITY, COPPER1)
    office.hang_up(leg)
    office.wait(10.0)
    dial(office)
    office.commands(COPPER1)
    office.line(LineEventKind.HOOKCOMPLETE, COPPER1)
    office.wait(10.0)
    office.line(LineEventKind.POLARITY, COPPER1)
    office.wait(10.0)
    assert [digits for digits, *_ in office.rows[COPPER1].sent_digits] == ["5550100", "5550100"]


@pytest.mark.parametrize("number", ["5550100>", ">>1", "555>01>00", "555x", f"1>{'2' * 65}"])
def test_a_number_that_no_line_can_dial_is_refused(number: str) -> None:
    with pytest.raises(RemoteError) as refused:
        dial(Office(), f"FXO/copper1/{number}")
    assert refused.value.cause is Cause.INVALID_NUMBER_FORMAT


def test_no_number_only_seizes_the_line() -> None:
    office = Office()
    dial(office, "FXO/copper1")
    seize(office)
    office.wait(0.5)
    assert office.events() == [Progress(), NO_SIGNAL] and office.rows[COPPER1].sent_digits == []


def test_digits_that_the_plane_cannot_play_fail_the_call_before_an_answer() -> None:
    office = Office()
    office.rows[COPPER1].room = False
    dial(office)
    seize(office)
    office.wait(1.0)
    [released] = office.events()
    assert isinstance(released, Released)
    assert released.ending.cause is Cause.SWITCHING_EQUIPMENT_CONGESTION and released.ending.by == "Copperline"
    assert office.commands(COPPER1) == [ONHOOK]


def test_a_flash_is_a_short_break_of_the_loop_and_tones_after_it_release_nothing() -> None:
    office = Office()
    leg = connected(office)
    office.commands(COPPER1)
    office.command(leg, SendFlash())
    assert office.commands(COPPER1) == [SetHook(Hook.FLASH)]
    office.line(LineEventKind.HOOKCOMPLETE, COPPER1)
    office.wait(30.0)
    assert office.state(COPPER1) == "talking" and office.events() == []


def test_digits_that_cannot_be_sent_in_a_conversation_are_only_noted() -> None:
    office = Office()
    leg = connected(office)
    office.rows[COPPER1].room = False
    office.command(leg, SendDigits("1"))
    assert any("cannot send keys: " in note.text for note in office.recorder.story(leg.name))
    assert office.state(COPPER1) == "talking"


@pytest.mark.parametrize(
    ("event", "evidence"),
    [(LineEventKind.ONHOOK, "ONHOOK event on port 3"), (None, "no HOOKCOMPLETE for 5 s")],
)
def test_a_line_that_cannot_be_seized_fails_the_call_and_rests(event: LineEventKind | None, evidence: str) -> None:
    office = Office()
    dial(office)
    if event is None:
        office.wait(5.0)
    else:
        office.line(event, COPPER1)
    [released] = office.events()
    assert isinstance(released, Released) and released.ending.cause is Cause.TEMPORARY_FAILURE
    assert released.ending.evidence == evidence and released.ending.act is Act.FAILED
    assert office.commands(COPPER1) == [START, ONHOOK]
    office.wait(2.0)
    assert office.state(COPPER1) == "idle"


def test_a_line_that_loses_battery_before_its_dial_tone_fails_the_call() -> None:
    office = Office(trunks=(FxoConfig(3, "copper1", dial_tone_wait=5.0),))
    dial(office)
    seize(office)
    assert office.state(COPPER1) == "waiting for dial tone" and office.events() == []
    office.line(LineEventKind.ONHOOK, COPPER1)
    [released] = office.events()
    assert isinstance(released, Released) and released.ending.act is Act.FAILED
    assert "Look at the plug and the battery" in released.ending.advice
    assert office.commands(COPPER1) == [ONHOOK]
    office.wait(2.0)
    assert office.state(COPPER1) == "idle" and office.lines.usage() == 0


def test_a_port_that_refuses_to_seize_fails_the_call() -> None:
    office = Office()
    dial(office)
    office.fail(START, errno.EBUSY, COPPER1)
    [released] = office.events()
    assert isinstance(released, Released) and "errno 16" in released.ending.evidence


def test_the_exchange_drops_the_call_while_dialling_and_while_talking() -> None:
    for seconds in (1.0, 10.0):
        office = Office()
        dial(office)
        seize(office)
        office.wait(seconds)
        office.events()
        office.line(LineEventKind.ONHOOK, COPPER1)
        [released] = office.events()
        assert isinstance(released, Released) and released.ending.by == "the exchange on line copper1"
        assert office.commands(COPPER1) == [ONHOOK]


@pytest.mark.parametrize("seconds", [0.0, 2.2, 2.8, 30.0])
def test_hanging_up_at_any_moment_opens_the_loop_and_rests_the_line(seconds: float) -> None:
    office = Office()
    leg = dial(office)
    if seconds:
        seize(office)
        office.wait(seconds - 2.0)
        office.events()
    else:
        office.commands(COPPER1)
    office.hang_up(leg)
    assert office.commands(COPPER1) == [ONHOOK] and office.events() == [] and leg.audio is None
    with pytest.raises(RemoteError, match="resting after a call"):
        office.call("FXO/copper1")
    office.line(LineEventKind.ONHOOK, COPPER1)  # the exchange drops battery too
    office.wait(2.0)
    assert office.state(COPPER1) == "idle" and office.lines.usage() == 0


def test_a_leg_that_is_never_dialled_gives_the_line_back() -> None:
    office = Office()
    office.hang_up(office.call("FXO/copper1/1"))
    assert office.commands(COPPER1) == [] and office.state(COPPER1) == "idle"


# Hunting.


def test_a_group_is_hunted_from_its_first_line_or_from_its_last() -> None:
    office = Office()
    assert office.call("FXO/g1/5550100").peer == "line copper1"
    assert office.call("FXO/g1/5550100").peer == "line copper2"
    with pytest.raises(RemoteError) as full:
        office.call("FXO/g1/5550100")
    assert full.value.cause is Cause.NO_CIRCUIT_AVAILABLE
    assert str(full.value) == (
        "no line of group 1 is free (copper1 about to be seized, copper2 about to be seized)"
    )
    assert Office().call("FXO/G1/5550100").peer == "line copper2"


def test_a_line_in_alarm_is_passed_over() -> None:
    office = Office()
    office.line(LineEventKind.ALARM, COPPER1)
    assert office.call("FXO/g1/5550100").peer == "line copper2"
    with pytest.raises(RemoteError, match="line copper1 is out of service") as out:
        office.call("FXO/copper1/5550100")
    assert out.value.cause is Cause.DESTINATION_OUT_OF_ORDER


# Glare: both sides take the line at once.


def test_a_ring_on_a_reserved_line_wins_and_is_an_ordinary_call() -> None:
    office = Office()
    leg = office.call("FXO/copper1/5550100")
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    gone, released = office.leg_and_event()
    assert gone is leg and isinstance(released, Released)
    assert released.ending.cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
    office.wait(2.0)
    office.line(LineEventKind.RINGOFFHOOK, COPPER1)
    office.wait(4.0)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    fresh, offer = office.leg_and_event()
    assert isinstance(offer, Offered) and fresh is not leg


def caught(office: Office) -> LineChannel:
    leg = dial(office)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    (gone, released), (fresh, offer) = office.lines.events()
    assert gone is leg and isinstance(released, Released)
    assert released.ending.cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
    assert isinstance(offer, Offered) and offer.called == "2565551100"
    assert office.commands(COPPER1) == [START]
    return fresh


def test_a_ring_while_seizing_is_a_call_that_the_seizure_has_answered() -> None:
    office = Office()
    leg = caught(office)
    office.line(LineEventKind.HOOKCOMPLETE, COPPER1)
    office.command(leg, Alert())
    assert office.rows[COPPER1].hears == "ring us"
    office.command(leg, Answer())
    assert office.rows[COPPER1].hears == "" and office.commands(COPPER1) == [OFFHOOK]
    office.wait(60.0)
    assert office.events() == [] and office.state(COPPER1) == "talking"


def test_the_caller_of_a_caught_call_leaves() -> None:
    office = Office()
    leg = caught(office)
    office.line(LineEventKind.ONHOOK, COPPER1)
    gone, released = office.leg_and_event()
    assert gone is leg and isinstance(released, Released) and released.ending.act is Act.CANCELLED
    assert office.commands(COPPER1) == [ONHOOK]


def test_a_caught_call_whose_seizure_failed_rings_like_any_other() -> None:
    office = Office()
    caught(office)
    office.fail(START, errno.EBUSY, COPPER1)
    assert office.state(COPPER1) == "ringing"
    office.wait(8.0)
    [released] = office.events()
    assert isinstance(released, Released) and released.ending.evidence == "no further ring for 8 s"


def test_two_calls_on_two_lines_do_not_meet() -> None:
    office = Office()
    first = dial(office)
    second = dial(office, "FXO/copper2/5550106")
    assert office.lines.outgoing() == [(COPPER1, START), (COPPER2, START)]
    office.line(LineEventKind.HOOKCOMPLETE, COPPER2)
    office.wait(2.2)
    assert [leg for leg, _ in office.lines.events()] == [second, second]
    office.hang_up(first)
    assert second.audio is not None


def test_a_caught_caller_keys_hears_early_media_and_is_dropped() -> None:
    office = Office()
    leg = caught(office)
    row = office.rows[COPPER1]
    for heard in (EarlyMedia(), Alert(audio=True)):
        office.command(leg, Alert())
        assert row.hears == "ring us"
        office.command(leg, heard)
        assert row.hears == ""
    row.hear("4", office.clock())
    office.command(leg, SendDigits("5"))
    assert office.events() == [Digit("4", 0.08, IN_BAND)] and row.sent_digits == [("5", 0.1, 0.1)]
    office.hang_up(leg)
    assert office.commands(COPPER1) == [ONHOOK] and leg.audio is None


def test_a_supervised_call_is_keyed_to_dropped_and_hung_up_before_its_answer() -> None:
    for drops in (False, True):
        office = Office(trunks=SUPERVISED)
        leg = dial(office)
        seize(office)
        office.wait(5.0)
        assert office.events() == [Progress()]
        office.command(leg, SendDigits("1"))
        assert office.rows[COPPER1].sent_digits[-1][0] == "1"
        if drops:
            office.line(LineEventKind.ONHOOK, COPPER1)
        else:
            office.hang_up(leg)
        assert len(office.events()) == int(drops) and office.commands(COPPER1) == [ONHOOK]


def test_a_reserved_line_that_is_given_back_has_no_leg() -> None:
    office = Office()
    leg = office.call("FXO/copper1/1")
    office.hang_up(leg)
    assert leg.audio is None and office.lines.usage() == 0
