"""Calls that a telephone makes, from lifting the receiver to putting it down."""

from __future__ import annotations

import errno

import pytest

from drivers.fxs.config import FlashUse, FxsConfig
from gateway.core.audio import AudioLost
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.messages import (
    IN_BAND,
    PULSE,
    Alert,
    Answer,
    Dial,
    Digit,
    EarlyMedia,
    Flash,
    Hold,
    Offered,
    Proceed,
    Released,
    Resume,
    SendDigits,
)
from gateway.core.number import Party
from hardware.analog.line import Hook, LineEventKind, SetHook
from tests.unit.drivers.office import PHONE, Office

OFFHOOK, ONHOOK = SetHook(Hook.OFFHOOK), SetHook(Hook.ONHOOK)


def test_lift_hear_dial_tone_dial_and_call() -> None:
    office = Office()
    row = office.rows[PHONE]
    office.lift()
    assert office.commands(PHONE) == [OFFHOOK]
    assert row.hears == "dial us" and row.detecting
    office.key("6")
    assert row.hears == ""
    office.key("00")
    assert office.events() == []
    office.key("1")
    leg, offered = office.leg_and_event()
    assert offered == Offered("6001", Party("101", "Front desk"), "office")
    assert leg.name == "FXS/101-00000001" and leg.peer == "telephone 101" and leg.audio is not None


def test_a_call_is_alerted_answered_talked_and_hung_up_by_the_telephone() -> None:
    office = Office(phones=(FxsConfig(1, "101", flash=FlashUse.PASS),))
    row = office.rows[PHONE]
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.command(leg, Proceed())
    office.command(leg, Alert())
    assert row.hears == "ring us"
    office.command(leg, Answer())
    assert row.hears == "" and office.state(PHONE) == "talking"
    office.key("5")
    office.line(LineEventKind.WINKFLASH, PHONE)
    assert office.events() == [Digit("5", 0.08, IN_BAND), Flash()]
    office.command(leg, SendDigits("12", 0.08, 0.05))
    assert row.sent_digits == [("12", 0.08, 0.05)]
    office.command(leg, Hold())
    office.command(leg, Resume())
    office.commands(PHONE)
    office.put_down()
    hung_up = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK event on port 1")
    assert office.leg_and_event() == (leg, Released(hung_up))
    assert office.commands(PHONE) == [ONHOOK]
    assert leg.audio is None and not row.detecting and office.state(PHONE) == "on-hook"
    assert office.lines.usage() == 0


def test_early_media_silences_the_ringback_and_nothing_else() -> None:
    office = Office()
    row = office.rows[PHONE]
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    for heard in (Alert(audio=True), EarlyMedia()):
        office.command(leg, Alert())
        assert row.hears == "ring us"
        office.command(leg, heard)
        assert row.hears == ""
    row.play(office.lines._shelf.sounds.tone("record", "us"))
    office.command(leg, Answer())
    assert row.hears == "record us"


def test_dial_pulses_are_digits_and_stop_dial_tone_at_the_first_break() -> None:
    office = Office()
    office.lift()
    for digit in "102":
        office.line(LineEventKind.PULSE_START, PHONE)
        assert office.rows[PHONE].hears == ""
        office.wait(0.5)
        office.line(LineEventKind.PULSE_DIGIT, PHONE, digit)
    leg, offered = office.leg_and_event()
    assert isinstance(offered, Offered) and offered.called == "102"
    office.command(leg, Answer())
    office.line(LineEventKind.PULSE_START, PHONE)
    office.line(LineEventKind.PULSE_DIGIT, PHONE, "7")
    assert office.events() == [Digit("7", 0.0, PULSE)]


def test_dial_tone_goes_on_after_a_prefix_that_the_dialplan_ignores() -> None:
    office = Office()
    office.lift()
    office.key("9")
    assert office.rows[PHONE].hears == "dial us"
    office.key("5")
    assert office.rows[PHONE].hears == ""


def test_dial_tone_comes_back_after_an_ignored_prefix_that_was_pulsed() -> None:
    office = Office()
    office.lift()
    office.line(LineEventKind.PULSE_START, PHONE)
    assert office.rows[PHONE].hears == ""
    office.line(LineEventKind.PULSE_DIGIT, PHONE, "9")
    assert office.rows[PHONE].hears == "dial us"


def test_a_number_that_could_go_on_goes_after_three_seconds() -> None:
    office = Office()
    office.lift()
    office.key("600")
    office.wait(2.9)
    assert office.events() == []
    office.wait(0.1)
    _, offered = office.leg_and_event()
    assert isinstance(offered, Offered) and offered.called == "600"


def test_nobody_dials_and_the_telephone_hears_congestion_then_silence() -> None:
    office = Office()
    row = office.rows[PHONE]
    office.lift()
    office.wait(15.9)
    assert row.hears == "dial us"
    office.wait(0.1)
    assert row.hears == "congestion us" and office.state(PHONE) == "hears why its call ended"
    office.wait(60.0)
    assert row.hears == "howler us" and office.state(PHONE) == "howled at"
    office.wait(30.0)
    assert row.hears == "" and office.state(PHONE) == "left off-hook"
    office.put_down()
    office.lift()
    assert row.hears == "dial us"
    assert office.events() == []


def test_a_number_that_cannot_be_gives_congestion_at_once_and_says_so() -> None:
    office = Office()
    office.lift()
    office.key("44")
    assert office.rows[PHONE].hears == "congestion us"
    assert office.events() == []
    story = [note.text for note in office.recorder.story("FXS/101-00000001")]
    assert any("'4' dialled in office: no number begins like this" in text for text in story)
    office.wait(30.0)
    office.put_down()
    assert office.rows[PHONE].hears == "" and office.lines.usage() == 0


def test_a_number_left_unfinished_gives_congestion_after_eight_seconds() -> None:
    office = Office()
    office.lift()
    office.key("10")
    office.wait(7.9)
    assert office.rows[PHONE].hears == ""
    office.wait(0.2)
    assert office.rows[PHONE].hears == "congestion us"


def test_a_receiver_put_down_while_dialling_is_no_call() -> None:
    office = Office()
    office.lift()
    office.key("10")
    office.put_down()
    office.wait(60.0)
    assert office.events() == [] and office.lines.usage() == 0 and office.rows[PHONE].hears == ""


def test_a_receiver_put_down_before_the_answer_cancels() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.command(leg, Alert())
    office.put_down()
    _, released = office.leg_and_event()
    assert isinstance(released, Released) and released.ending.act is Act.CANCELLED
    assert office.rows[PHONE].hears == ""
    office.command(leg, Answer())  # too late: ignored
    assert office.state(PHONE) == "on-hook"


@pytest.mark.parametrize(
    ("zone", "cause", "tone"),
    [
        ("us", Cause.USER_BUSY, "busy us"),
        ("us", Cause.UNALLOCATED_NUMBER, "info us"),
        ("us", Cause.INVALID_NUMBER_FORMAT, "info us"),
        ("us", Cause.SWITCHING_EQUIPMENT_CONGESTION, "congestion us"),
        ("us", Cause.NO_ANSWER, "congestion us"),
        ("us", Cause.NORMAL_CLEARING, "congestion us"),
        ("de", Cause.NORMAL_CLEARING, "busy de"),
    ],
)
def test_a_call_that_ends_elsewhere_ends_in_the_tone_of_its_cause(zone: str, cause: Cause, tone: str) -> None:
    office = Office(phones=(FxsConfig(1, "101", zone=zone),))
    row = office.rows[PHONE]
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.hang_up(leg, cause)
    assert row.hears == tone and leg.audio is None and office.events() == []
    office.wait(59.0)
    assert row.hears == tone
    office.put_down()
    assert row.hears == ""
    office.lift()
    assert row.hears == f"dial {zone}"


def test_the_far_side_hangs_up_a_conversation_and_its_audio_is_gone() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.command(leg, Answer())
    office.rows[PHONE].join(office.rows[2])
    office.hang_up(leg)
    assert office.rows[PHONE].joined is None and office.rows[PHONE].hears == "congestion us"
    office.put_down()
    assert office.events() == []  # the call knows that it hung up


def test_a_flash_gives_fresh_dial_tone_while_dialling_and_after_a_call() -> None:
    office = Office()
    office.lift()
    office.key("10")
    office.line(LineEventKind.WINKFLASH, PHONE)
    assert office.rows[PHONE].hears == "dial us"
    office.key("44")
    assert office.rows[PHONE].hears == "congestion us"
    office.line(LineEventKind.WINKFLASH, PHONE)
    assert office.rows[PHONE].hears == "dial us"
    office.key("102")
    leg, _ = office.leg_and_event()
    assert leg.name == "FXS/101-00000002"


def test_a_loop_that_is_busy_with_its_hook_is_closed_a_second_later() -> None:
    office = Office()
    office.lift()
    office.commands(PHONE)
    office.fail(OFFHOOK, errno.EBUSY, PHONE)
    office.wait(1.0)
    assert office.commands(PHONE) == [OFFHOOK]


def test_a_line_that_dies_while_talking_releases_the_call_and_comes_back() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.command(leg, Answer())
    office.line(LineEventKind.ALARM, PHONE)
    _, released = office.leg_and_event()
    assert isinstance(released, Released)
    assert str(released.ending) == (
        "telephone 101 stopped responding (ALARM event on port 1): destination out of order (27). "
        "Look at the card and at the wiring of port 1."
    )
    with pytest.raises(RemoteError, match="telephone 101 is out of service") as refused:
        office.call("FXS/101")
    assert refused.value.cause is Cause.DESTINATION_OUT_OF_ORDER
    office.lift()
    assert office.rows[PHONE].hears == ""
    office.line(LineEventKind.NOALARM, PHONE)
    office.lift()
    assert office.rows[PHONE].hears == "dial us"


def test_a_removed_port_is_out_of_service_until_it_is_opened_again() -> None:
    office = Office()
    old = office.rows[PHONE]
    office.lift()
    office.line(LineEventKind.REMOVED, PHONE)
    assert not office.lines.status()[0].in_service and old.listener is None
    office.plug_in(PHONE)
    office.lift()
    assert office.rows[PHONE].hears == "dial us" and old.hears == ""


def test_a_row_that_fails_takes_its_line_out_of_service() -> None:
    office = Office()
    office.lift()
    office.key("102")
    office.events()
    office.rows[PHONE].listener(AudioLost("errno 5 on read"), office.clock())  # type: ignore[misc]
    [released] = office.events()
    assert isinstance(released, Released)
    assert released.ending.evidence == "the audio of port 1 failed: errno 5 on read"
    assert not office.lines.attached(PHONE) and office.lines.attached(2)


def test_a_command_that_makes_no_sense_is_our_own_fault() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    with pytest.raises(IllegalInput, match="DIAL is not an input of state OFFERED"):
        office.command(leg, Dial("", Party()))


def test_a_plane_without_room_for_a_tone_leaves_silence_and_a_note() -> None:
    office = Office()
    office.rows[PHONE].room = False
    office.lift()
    office.key("102")
    leg, offered = office.leg_and_event()
    assert isinstance(offered, Offered)
    assert any("cannot play dial us: the sound store is full" in n.text for n in office.recorder.story(leg.name))


def test_the_end_of_an_old_tone_does_not_silence_a_new_one() -> None:
    office = Office()
    row = office.rows[PHONE]
    office.lift()
    late = row._on_end
    office.key("1")
    office.line(LineEventKind.WINKFLASH, PHONE)
    assert late is not None and row.hears == "dial us"
    row.reach_end()
    office.key("1")
    assert row.hears == ""


def test_a_receiver_put_down_at_dial_tone_is_no_call() -> None:
    office = Office()
    office.lift()
    office.put_down()
    assert office.rows[PHONE].hears == "" and office.lines.usage() == 0
    assert office.commands(PHONE) == [OFFHOOK, ONHOOK]


def test_a_flash_at_dial_tone_gives_sixteen_seconds_more() -> None:
    office = Office()
    office.lift()
    office.wait(10.0)
    office.line(LineEventKind.WINKFLASH, PHONE)
    office.wait(10.0)
    assert office.rows[PHONE].hears == "dial us"


def test_a_digit_that_is_being_pulsed_keeps_the_number_open() -> None:
    office = Office()
    office.lift()
    office.key("10")
    office.wait(7.5)
    office.line(LineEventKind.PULSE_START, PHONE)
    office.wait(2.0)
    office.line(LineEventKind.PULSE_DIGIT, PHONE, "2")
    assert len(office.events()) == 1


def test_a_caller_keys_and_is_keyed_to_before_the_answer() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.key("7")
    assert office.events() == [Digit("7", 0.08, IN_BAND)]
    office.command(leg, SendDigits("3"))
    office.command(leg, Hold())
    office.command(leg, Resume())
    assert office.rows[PHONE].sent_digits == [("3", 0.1, 0.1)]


def test_a_flash_of_a_telephone_left_off_hook_gives_dial_tone() -> None:
    office = Office()
    office.lift()
    office.wait(107.0)
    assert office.state(PHONE) == "left off-hook"
    office.line(LineEventKind.WINKFLASH, PHONE)
    assert office.rows[PHONE].hears == "dial us"


@pytest.mark.parametrize("keys", ["1", "102", "44"])
def test_a_busy_hook_is_tried_again_whatever_was_dialled_meanwhile(keys: str) -> None:
    office = Office()
    office.lift()
    office.commands(PHONE)
    office.fail(OFFHOOK, errno.EBUSY, PHONE)
    office.key(keys)
    office.wait(1.0)
    assert office.commands(PHONE) == [OFFHOOK]
