"""Calls that come in from the exchange: ring, caller ID, answer, release."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from drivers.channel import LineChannel
from drivers.fxo.config import FxoConfig
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.messages import IN_BAND, Alert, Answer, Digit, EarlyMedia, Offered, Proceed, Released, SendDigits
from gateway.core.number import Party, Presentation
from gateway.media.caller_id import CallerId, encode_mdmf
from gateway.media.fsk import Standard, modulate
from hardware.analog.line import Hook, LineEventKind, SetHook
from tests.unit.drivers.office import COPPER1, Office

UNKNOWN = Party(presentation=Presentation.UNAVAILABLE)
OFFHOOK, ONHOOK = SetHook(Hook.OFFHOOK), SetHook(Hook.ONHOOK)


def burst(office: Office, seconds: float = 2.0, port: int = COPPER1) -> None:
    office.line(LineEventKind.RINGBEGIN, port)
    office.wait(seconds + 0.05)
    office.line(LineEventKind.RINGOFFHOOK, port)


def show(office: Office, message: bytes, port: int = COPPER1) -> None:
    """The exchange sends a caller ID message, heard in pieces of 100 ms."""
    samples = modulate(message, Standard.BELL_202)
    office.wait(0.5)
    for start in range(0, len(samples), 800):
        office.rows[port].captures[-1].waiting.append(samples[start : start + 800])
        office.wait(0.1)


def offered(office: Office) -> LineChannel:
    burst(office)
    office.wait(3.95)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    leg, _ = office.leg_and_event()
    return leg


def test_the_exchange_rings_shows_the_caller_and_is_answered() -> None:
    office = Office()
    row = office.rows[COPPER1]
    burst(office)
    assert office.events() == []
    show(office, encode_mdmf(CallerId("2565557777", "ANN", Presentation.ALLOWED, datetime(2026, 1, 2, 3, 4))))
    leg, offer = office.leg_and_event()
    assert offer == Offered("2565551100", Party("2565557777", "ANN"), "from-pstn")
    assert leg.name.startswith("FXO/copper1-") and leg.peer == "line copper1"
    assert row.captures[-1].stopped
    for nothing_to_say in (Proceed(), Alert(), EarlyMedia()):
        office.command(leg, nothing_to_say)
    assert office.commands(COPPER1) == [] and row.hears == ""
    office.command(leg, Answer())
    assert office.commands(COPPER1) == [OFFHOOK] and row.detecting
    row.hear("4", office.clock())
    assert office.events() == [Digit("4", 0.08, IN_BAND)]
    office.command(leg, SendDigits("9"))
    assert row.sent_digits == [("9", 0.1, 0.1)]


def test_a_number_that_is_kept_back_is_shown_as_restricted() -> None:
    office = Office()
    burst(office)
    show(office, encode_mdmf(CallerId("", "", Presentation.RESTRICTED, datetime(2026, 1, 2, 3, 4))))
    _, offer = office.leg_and_event()
    assert isinstance(offer, Offered) and offer.caller.presentation is Presentation.RESTRICTED


def test_without_caller_id_the_second_ring_offers_the_call() -> None:
    office = Office()
    burst(office)
    office.wait(3.9)
    assert office.events() == []
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    _, offer = office.leg_and_event()
    assert isinstance(offer, Offered) and offer.caller == UNKNOWN


def test_a_spill_that_cannot_be_read_is_an_unknown_caller() -> None:
    office = Office()
    burst(office)
    noise = np.random.default_rng(1).integers(-8000, 8000, 20000).astype(np.int16)
    office.rows[COPPER1].captures[-1].waiting.append(noise)
    office.wait(3.9)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    _, offer = office.leg_and_event()
    assert isinstance(offer, Offered) and offer.caller == UNKNOWN


def test_a_message_that_says_no_caller_does_not_end_the_listening() -> None:
    office = Office()
    burst(office)
    show(office, b"\x82\x03\x0b\x01\xff\x70")  # message waiting, not a call
    assert office.events() == []
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    assert len(office.events()) == 1


def test_two_bursts_of_a_double_ring_are_one_ring() -> None:
    office = Office()
    burst(office, 0.4)
    office.wait(0.15)
    burst(office, 0.4)
    assert office.events() == []
    show(office, encode_mdmf(CallerId("0212345678", "", Presentation.ALLOWED, datetime(2026, 1, 2, 3, 4))))
    _, offer = office.leg_and_event()
    assert isinstance(offer, Offered) and offer.caller.number == "0212345678"


def test_a_line_without_caller_id_offers_at_the_first_ring_to_s() -> None:
    office = Office(trunks=(FxoConfig(3, "copper1", caller_id=None),))
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    _, offer = office.leg_and_event()
    assert offer == Offered("s", UNKNOWN, "default")


def test_a_ring_whose_beginning_was_missed_is_a_ring() -> None:
    office = Office()
    office.line(LineEventKind.RINGOFFHOOK, COPPER1)
    office.wait(4.0)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    assert len(office.events()) == 1


def test_a_single_ring_is_no_call() -> None:
    office = Office()
    burst(office)
    office.wait(8.0)
    assert office.events() == [] and office.state(COPPER1) == "idle" and office.lines.usage() == 0
    assert office.rows[COPPER1].captures[-1].stopped


def test_the_caller_gives_up_eight_seconds_after_the_last_ring() -> None:
    office = Office()
    leg = offered(office)
    office.wait(2.05)
    office.line(LineEventKind.RINGOFFHOOK, COPPER1)
    office.wait(7.9)
    assert office.events() == []
    office.wait(0.1)
    gave_up = Ending(
        Cause.NORMAL_CLEARING, "the exchange on line copper1", Act.CANCELLED, "no further ring for 8 s"
    )
    assert office.leg_and_event() == (leg, Released(gave_up))
    assert office.lines.usage() == 0 and leg.audio is None


def test_a_call_ended_here_before_an_answer_rings_on_and_is_not_offered_again() -> None:
    office = Office()
    leg = offered(office)
    office.hang_up(leg)
    assert office.commands(COPPER1) == []
    for _ in range(3):
        burst(office)
        office.wait(3.95)
    assert office.events() == [] and office.state(COPPER1) == "ringing unanswered"
    with pytest.raises(RemoteError, match=r"line copper1 is in use \(ringing unanswered\)"):
        office.call("FXO/copper1/5550100")
    office.wait(8.0)
    assert office.state(COPPER1) == "idle"
    burst(office)
    office.wait(3.95)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    assert len(office.events()) == 1


def test_the_far_side_hangs_up_and_the_line_rests_two_seconds() -> None:
    office = Office()
    leg = offered(office)
    office.command(leg, Answer())
    office.line(LineEventKind.RINGOFFHOOK, COPPER1)  # the cut burst
    office.commands(COPPER1)
    office.wait(30.0)
    office.line(LineEventKind.ONHOOK, COPPER1)
    hung_up = Ending(Cause.NORMAL_CLEARING, "the exchange on line copper1", Act.HUNG_UP, "ONHOOK event on port 3")
    assert office.leg_and_event() == (leg, Released(hung_up))
    assert office.commands(COPPER1) == [ONHOOK] and office.state(COPPER1) == "resting after a call"
    office.wait(2.0)
    assert office.state(COPPER1) == "idle" and office.lines.usage() == 0


def test_we_hang_up_and_a_new_call_may_ring_in_at_once() -> None:
    office = Office()
    leg = offered(office)
    office.command(leg, Answer())
    office.hang_up(leg)
    assert office.commands(COPPER1) == [OFFHOOK, ONHOOK]
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    assert office.state(COPPER1) == "ringing, caller ID awaited"


def test_polarity_hangs_up_only_where_configured_and_not_while_settling() -> None:
    for configured in (False, True):
        office = Office(trunks=(FxoConfig(3, "copper1", hangup_on_polarity=configured),))
        leg = offered(office)
        office.command(leg, Answer())
        office.wait(0.5)
        office.line(LineEventKind.POLARITY, COPPER1)
        assert office.events() == []
        office.wait(0.2)
        office.line(LineEventKind.POLARITY, COPPER1)
        assert len(office.events()) == int(configured)


@pytest.mark.parametrize("when", ["ringing", "offered", "answered"])
def test_a_line_unplugged_in_any_state_comes_back_idle(when: str) -> None:
    office = Office()
    if when == "ringing":
        burst(office)
    else:
        leg = offered(office)
        if when == "answered":
            office.command(leg, Answer())
    office.line(LineEventKind.ALARM, COPPER1)
    told = office.events()
    assert len(told) == (0 if when == "ringing" else 1)
    for released in told:
        assert isinstance(released, Released)
        assert released.ending.cause is Cause.DESTINATION_OUT_OF_ORDER
        assert "Look at the plug of line copper1" in released.ending.advice
    assert office.lines.usage() == 0 and office.state(COPPER1) == "out of service"
    office.line(LineEventKind.NOALARM, COPPER1)
    assert office.state(COPPER1) == "idle"


def test_a_plane_without_room_to_listen_still_takes_the_call() -> None:
    office = Office()
    office.rows[COPPER1].room = False
    burst(office)
    office.wait(3.95)
    office.line(LineEventKind.RINGBEGIN, COPPER1)
    leg, offer = office.leg_and_event()
    assert isinstance(offer, Offered)
    office.command(leg, Answer())
    office.wait(5.0)
    assert office.state(COPPER1) == "talking"
    assert any("cannot listen for a release" in note.text for note in office.recorder.story(leg.name))


def test_digits_cannot_be_sent_before_an_answer() -> None:
    office = Office()
    leg = offered(office)
    with pytest.raises(IllegalInput):
        office.command(leg, SendDigits("1"))


def test_the_last_caller_is_remembered() -> None:
    office = Office()
    burst(office)
    show(office, encode_mdmf(CallerId("2565557777", "", Presentation.ALLOWED, datetime(2026, 1, 2, 3, 4))))
    [copper1] = [line for line in office.lines.status() if line.name == "copper1"]
    assert copper1.last_caller == Party("2565557777") and copper1.state == "ringing"
    assert copper1.channel.startswith("FXO/copper1-") and copper1.technology == "FXO"


def test_every_ring_puts_the_end_of_the_call_off() -> None:
    office = Office()
    leg = offered(office)
    for _ in range(4):
        office.wait(6.0)
        office.line(LineEventKind.RINGBEGIN, COPPER1)
        assert office.events() == []
    office.hang_up(leg)
    assert leg.audio is None
    for kind in (LineEventKind.RINGBEGIN, LineEventKind.RINGOFFHOOK) * 2:
        office.wait(6.0)
        office.line(kind, COPPER1)
        assert office.state(COPPER1) == "ringing unanswered"


def test_a_port_that_cannot_answer_releases_the_call() -> None:
    office = Office()
    leg = offered(office)
    office.command(leg, Answer())
    office.fail(OFFHOOK, 16, COPPER1)
    gone, released = office.leg_and_event()
    assert gone is leg and isinstance(released, Released) and released.ending.act is Act.FAILED
    assert released.ending.evidence == "'go off-hook' failed on port 3 (errno 16)"
    assert office.state(COPPER1) == "resting after a call"
