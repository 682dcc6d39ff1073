"""Calls by an emulated E1 and T1: the office, its D channel bit by bit, an exchange with the public behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.core.cause import Cause
from gateway.core.errors import LocalError
from gateway.core.number import Presentation
from gateway.testing.clock import WallClock
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import compare, strength, utterance
from gateway.testing.span import SpanExchange
from hardware.world.exchange_states import ExchangeState
from tests.support.office import OfficeUnderTest

OFFICE = """
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs", "fxo"]
[phones.101]
port = 1
name = "Front desk"
[phones.102]
port = 2
[lines.copper1]
port = 3
dial_tone_wait = 0
[spans.e1]
backend = "emulated"
number = "2565551100"
[spans.e1b]
backend = "emulated"
group = 2
kind = "t1"
dialect = "ni2"
number = "2565552200"
[accounts.6001]
secret = "one"
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
"""
PLAN = """
[office]
exten => _7X.,1,Dial(SPAN/g1/${EXTEN:1},30)
 same => n,ExecIf($[${HANGUPCAUSE} = 27 | ${HANGUPCAUSE} = 34]?Dial(FXO/g1/${EXTEN:1},30))
 same => n,Hangup(${HANGUPCAUSE})
exten => _6X.,1,Set(CALLERID(num)=2565551101)
 same => n,Dial(SPAN/g2/${EXTEN:1},30)
exten => _4X.,1,Dial(SPAN/e1/${EXTEN:1}>12)
[from-pstn]
exten => 2565551101,1,Dial(FXS/101,20)
exten => 2565551102,1,Dial(FXS/102,20)
exten => 2565552200,1,Dial(FXS/102,20)
exten => 2565551100,1,Answer()
 same => n,Read(KEYS,,3)
 same => n,GotoIf($["${KEYS}" = "471"]?tone)
 same => n,Hangup(21)
 same => n(tone),Milliwatt()
exten => 2565551103,1,Progress()
 same => n,Playtones(congestion)
 same => n,Wait(20)
exten => 2565551104,1,Hangup(17)
exten => 2565551105,1,Answer()
 same => n,Wait(120)
"""
Build = Callable[..., OfficeUnderTest]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    def make(*changes: tuple[str, str]) -> OfficeUnderTest:
        text = OFFICE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        office = offices.enter_context(OfficeUnderTest(tmp_path, text, PLAN))
        for name in ("e1", "e1b"):
            SpanExchange(office, name).expect_in_service()
        office.run(1.5)  # the channels are restarted one after the other
        return office

    with contextlib.ExitStack() as offices:
        yield make


@pytest.fixture
def office(build: Build) -> OfficeUnderTest:
    return build()


def dials(office: OfficeUnderTest, number: str, phone: str = "101") -> None:
    desk = office.phone(phone)
    desk.lift()
    office.until(lambda: desk.hears == "dial")
    desk.dial(number)


def hang_up(office: OfficeUnderTest, *phones: str) -> None:
    for number in phones:
        office.phone(number).hang_up()
    office.run(2)


# Calls out.


@pytest.mark.parametrize(("prefix", "name"), [("7", "e1"), ("6", "e1b")])
def test_a_telephone_calls_out_by_e1_and_t1_and_hears_1004_hz(
    office: OfficeUnderTest, prefix: str, name: str
) -> None:
    dials(office, f"{prefix}2565550100")
    SpanExchange(office, name).expect_call("2565550100").expect_answered()
    office.run(2)
    level = strength(office.phone("101").recording[-4000:], 1004)
    assert level == pytest.approx(0.0, abs=0.5), "dBm0, by A-law and mu-law"
    hang_up(office, "101")


def test_the_caller_hears_the_exchanges_ringback_before_the_answer(office: OfficeUnderTest) -> None:
    dials(office, "75550102")
    call = SpanExchange(office, "e1").expect_call("5550102")
    office.until(lambda: office.phone("101").hears == "ring", within=6)
    assert call.party.state is ExchangeState.RINGING
    hang_up(office, "101")
    assert call.expect_released() is Cause.NORMAL_CLEARING


@pytest.mark.parametrize(
    ("number", "cause", "status", "disposition"),
    [
        ("5550101", Cause.USER_BUSY, 486, "BUSY"),
        ("5550103", Cause.UNALLOCATED_NUMBER, 404, "FAILED"),
        ("5550104", Cause.SWITCHING_EQUIPMENT_CONGESTION, 503, "FAILED"),
    ],
)
def test_a_refusal_comes_through_with_its_cause(
    office: OfficeUnderTest, number: str, cause: Cause, status: int, disposition: str
) -> None:
    ada = office.sip("6001")
    ada.call(f"7{number}")
    office.until(lambda: ada.status >= 400, within=5)
    (record, *_) = office.records()
    assert (ada.status, record.ending.cause, record.disposition) == (status, cause, disposition)


def test_a_far_party_that_hangs_up_ends_the_call(office: OfficeUnderTest) -> None:
    dials(office, "75550105")
    call = SpanExchange(office, "e1").expect_call("5550105")
    call.expect_answered()
    call.expect_released(Cause.NORMAL_CLEARING)
    office.until(lambda: not office.app.manager.calls)
    hang_up(office, "101")


def test_both_hear_each_other_and_what_comes_back_late_is_unspoilt(build: Build) -> None:
    office = build(('[spans.e1]\nbackend = "emulated"', '[spans.e1]\nbackend = "emulated"\necho_canceller = "off"'))
    ada = office.sip("6001")
    ada.call("75550106")
    office.until(lambda: ada.state == "up")
    said = utterance()
    ada.say(said)
    office.run(len(said) / 8000 + 1)
    heard = compare(ada.heard, said)
    assert heard.correlation > 0.99 and heard.slip == 0
    ada.hang_up()


def test_the_called_party_sees_who_calls_and_reads_the_number_back_in_dtmf(office: OfficeUnderTest) -> None:
    dials(office, "65550107")
    call = SpanExchange(office, "e1b").expect_call("5550107")
    call.expect_answered()
    assert call.party.caller == "2565551101"
    office.until(lambda: "2565551101" in office.phone("101").digits, within=6)
    hang_up(office, "101")


def test_what_follows_the_number_is_keyed_after_the_answer(office: OfficeUnderTest) -> None:
    dials(office, "45550109")
    SpanExchange(office, "e1").expect_call("5550109").expect_digits("12")
    hang_up(office, "101")


def test_a_number_goes_digit_by_digit_to_an_exchange_that_wants_it_so(build: Build) -> None:
    office = build(('[spans.e1]\nbackend = "emulated"', '[spans.e1]\nbackend = "emulated"\nsending = "overlap"'))
    dials(office, "75550108")
    call = SpanExchange(office, "e1").expect_call("5550108")
    call.expect_answered()
    office.run(1)
    assert strength(office.phone("101").recording[-4000:], 1004) > -1
    hang_up(office, "101")


# Calls in.


def test_a_caller_rings_a_telephone_is_shown_and_talks(office: OfficeUnderTest) -> None:
    span, desk = SpanExchange(office, "e1"), office.phone("101")
    caller = span.call("2125550123", "ADA", "2565551101")
    caller.expect_ringing()
    office.until(lambda: desk.caller_id is not None)
    assert desk.caller_id is not None and (desk.caller_id.number, desk.caller_id.name) == ("2125550123", "ADA")
    desk.lift()
    caller.expect_answered()
    said = utterance()
    caller.say(said)
    office.run(len(said) / 8000 + 1)
    assert compare(desk.recording, said).correlation > 0.98
    desk.say(said)
    caller.expect_sound(said)
    caller.hang_up()
    office.until(lambda: not office.app.manager.calls)
    hang_up(office, "101")


def test_a_caller_who_withholds_the_number_is_not_shown(office: OfficeUnderTest) -> None:
    desk = office.phone("101")
    caller = SpanExchange(office, "e1").call(
        "2125550123", called="2565551101", presentation=Presentation.RESTRICTED
    )
    office.until(lambda: desk.caller_id is not None)
    assert desk.caller_id is not None and desk.caller_id.number == ""
    caller.hang_up()
    office.run(1)


def test_keys_of_a_caller_are_heard_and_what_is_played_goes_back(office: OfficeUnderTest) -> None:
    caller = SpanExchange(office, "e1").call("2125550123")
    caller.expect_answered()
    caller.key("471")
    office.run(1)
    assert strength(caller.recording[-4000:], 1004) > -1
    caller.hang_up()
    office.run(0.5)


def test_a_number_comes_in_digit_by_digit(office: OfficeUnderTest) -> None:
    caller = SpanExchange(office, "e1").call("2125550123", called="2565551101", digit_by_digit=True)
    caller.expect_ringing()
    caller.hang_up()
    office.run(1)


def test_refusals_tones_and_unknown_numbers_reach_the_caller(office: OfficeUnderTest) -> None:
    span = SpanExchange(office, "e1")
    assert span.call("1", called="2565551104").expect_released() is Cause.USER_BUSY
    assert span.call("1", called="2565551199").expect_released() is Cause.UNALLOCATED_NUMBER
    tones = span.call("1", called="2565551103")
    office.run(1)
    assert tones.party.state is ExchangeState.PRESENT
    tones.hang_up()
    office.run(0.5)


def test_thirty_calls_at_once_and_no_thirty_first(office: OfficeUnderTest) -> None:
    span = SpanExchange(office, "e1")
    callers = [span.call(f"21255501{place:02}", called="2565551105") for place in range(30)]
    office.until(lambda: all(caller.party.state is ExchangeState.TALKING for caller in callers), within=10)
    assert len({caller.party.slot for caller in callers}) == 30
    assert office.app.hardware.spans.status()[0].state == "30 of 30 in use"
    with pytest.raises(LocalError, match="cannot call"):
        span.call("2125550199")
    dials(office, "75550100")
    office.until(lambda: office.exchange("copper1").dialled == "5550100", 20, "the copper is taken instead")
    hang_up(office, "101")
    for caller in callers:
        caller.hang_up()
    office.run(1)


# What goes wrong.


def test_a_cut_cable_is_told_routed_around_and_mended(office: OfficeUnderTest) -> None:
    span = SpanExchange(office, "e1")
    span.cut()
    assert span.expect_out_of_service() > 2.4
    (status, _) = office.app.hardware.spans.status()
    assert status.state == "in alarm" and "look at the cable" in status.trouble
    dials(office, "75550100")
    office.until(lambda: office.exchange("copper1").dialled == "5550100", 20, "the call goes by copper")
    hang_up(office, "101")
    span.mend()
    span.expect_in_service()
    dials(office, "75550100")
    span.expect_call("5550100").expect_answered()
    hang_up(office, "101")


def test_a_talk_outlives_a_cable_that_is_cut_for_a_moment(office: OfficeUnderTest) -> None:
    """T309 (Q.931 5.8.9)."""
    span = SpanExchange(office, "e1")
    caller = span.call("2125550123", called="2565551101")
    caller.expect_ringing()
    office.phone("101").lift()
    caller.expect_answered()
    office.run(0.5)
    span.cut()
    office.run(4)
    span.mend()
    span.expect_in_service()
    assert caller.party.state is ExchangeState.TALKING and office.app.manager.calls
    caller.key("5")
    office.until(lambda: "5" in office.phone("101").digits)
    hang_up(office, "101")
    caller.expect_released()


def test_calls_go_through_on_a_line_that_turns_bits_over(office: OfficeUnderTest) -> None:
    """Q.921 5.6: what came over wrong is sent again."""
    span = SpanExchange(office, "e1")
    span.spoil(2e-3)
    for _ in range(12):
        caller = span.call("2125550123")
        caller.expect_answered(within=20)
        caller.hang_up()
        caller.expect_released(within=20)
    span.mend()
    office.run(5)
    assert office.app.hardware.spans["e1"].bad_frames + span.world.exchange.bad_frames > 0
    span.expect_in_service()


def test_a_card_that_is_pulled_out_ends_its_calls_and_comes_back(office: OfficeUnderTest) -> None:
    span = SpanExchange(office, "e1")
    dials(office, "75550106")
    span.expect_call("5550106").expect_answered()
    span.world.span.remove()
    office.until(lambda: not office.app.manager.calls, within=5)
    hang_up(office, "101")
    (status, _) = office.app.hardware.spans.status()
    assert (status.in_service, status.trouble) == (False, "the card has been removed")
    assert "removed" in office.app.hardware.span_shell.missing["e1"]
    span.world.span.insert()
    span.expect_in_service(within=20)


def test_an_exchange_that_falls_silent_is_found_out_and_comes_back(office: OfficeUnderTest) -> None:
    """T203, T200 and N200 (Q.921 5.9)."""
    span = SpanExchange(office, "e1")
    span.fall_silent()
    span.expect_out_of_service(within=20)
    span.come_back()
    span.expect_in_service(within=10)


def test_a_pbx_behind_us_calls_and_is_called(build: Build) -> None:
    office = build(('[spans.e1]\nbackend = "emulated"', '[spans.e1]\nbackend = "emulated"\nside = "network"'))
    pbx = SpanExchange(office, "e1")
    caller = pbx.call("2125550123", called="2565551101")
    caller.expect_ringing()
    caller.hang_up()
    office.run(2)
    dials(office, "75550100")
    pbx.expect_call("5550100").expect_answered()
    hang_up(office, "101")


def test_calls_are_released_at_the_exchange_when_the_office_stops(tmp_path: Path) -> None:
    """Nobody is to pay for a call until the network's T309 has run out."""
    office = EmulatedOffice(tmp_path, OFFICE, PLAN, clock=WallClock())
    span = SpanExchange(office, "e1")
    try:
        span.expect_in_service()
        office.run(1.5)
        callers = [span.call(f"21255501{place:02}", called="2565551105") for place in range(5)]
        for caller in callers:
            caller.expect_answered()
    finally:
        office.close()
    assert {caller.party.state for caller in callers} == {ExchangeState.OVER}
    assert {caller.party.cause for caller in callers} == {Cause.TEMPORARY_FAILURE}
