"""Calls as conversations between scripted legs: who is told what, and what is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.call.call import TRIED
from gateway.core.cause import Cause
from gateway.core.codec import CODECS
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted
from gateway.core.messages import (
    IN_BAND,
    RFC_4733,
    Alert,
    Alerting,
    AnotherCalls,
    Answer,
    Answered,
    Dial,
    Digit,
    EarlyMedia,
    Event,
    Flash,
    Hangup,
    Held,
    Hold,
    Offered,
    Progress,
    Released,
    Resume,
    Resumed,
    SendDigits,
    SendFlash,
    SendText,
)
from gateway.core.number import Party
from gateway.core.switch import DeviceState, DialOptions, DialStatus, HungUp, Leg, Target
from gateway.core.trace import Kind
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import ANN, BUSY, BYE, FXS_101, ON_HOOK, Exchange, dial_and_bridge


def test_a_call_rings_is_answered_and_ends_with_the_cause_of_who_hung_up(exchange: Exchange) -> None:
    outcomes = dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    assert exchange.phone.commands == [Dial("101", ANN)]
    exchange.says(exchange.phone, Alerting())
    assert caller.commands == [Alert()]
    assert exchange.manager.device_state("FXS/101") is DeviceState.RINGING
    exchange.wait(4)
    exchange.says(exchange.phone, Answered("off-hook"))
    assert caller.last == Answer()
    assert caller.audio is not None and caller.audio.joined is exchange.phone.audio
    assert exchange.manager.device_state("FXS/101") is DeviceState.INUSE
    exchange.wait(10)
    exchange.says(exchange.phone, Released(ON_HOOK))
    assert caller.last == Hangup(ON_HOOK)
    assert outcomes[0].status is DialStatus.ANSWER
    (record,) = exchange.records
    assert (record.caller, record.called, record.disposition) == ("6001", "101", "ANSWERED")
    assert (record.source, record.destination) == (caller.name, exchange.phone.name)
    assert (record.duration, record.billed) == (14.0, 10.0)
    assert record.ending == ON_HOOK
    assert any(str(ON_HOOK) == note.text for note in exchange.recorder.story(record.id))


def test_the_way_to_a_caller_is_opened_once_and_once_more_after_ringing(exchange: Exchange) -> None:
    """Each prompt before an answer asks for it; to a SIP caller each would be a 183, and a PRACK (RFC 3262)."""

    async def script(leg: Leg) -> None:
        for _ in range(3):
            leg.early_media()
        leg.ringing()
        leg.early_media()
        await leg.wait(1)

    exchange.script(script)
    caller = exchange.offer()
    assert caller.commands == [EarlyMedia(), Alert(), EarlyMedia()]
    exchange.says(caller, Released(BYE))


def test_each_of_two_who_talk_wants_what_the_other_can_use(exchange: Exchange) -> None:
    """Sessions that they ask for later fall on that, and nothing is transcoded."""
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    assert caller.audio is not None and exchange.phone.audio is not None
    caller.audio.codecs = (CODECS["ulaw"], CODECS["g722"])
    exchange.phone.audio.codecs = (CODECS["ulaw"],)
    exchange.says(exchange.phone, Answered("off-hook"))
    assert caller.audio.wanted == (CODECS["ulaw"],)
    assert exchange.phone.audio.wanted == (CODECS["ulaw"], CODECS["g722"])
    exchange.says(caller, Released(BYE))


def test_the_caller_hangs_up_and_the_telephone_is_released(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.says(caller, Released(BYE))
    assert exchange.phone.last == Hangup(BYE)
    assert exchange.records[0].ending == BYE


def test_the_caller_gives_up_while_it_rings(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    cancel = Ending(Cause.NORMAL_CLEARING, "account 6001", Act.CANCELLED, "CANCEL")
    exchange.says(caller, Released(cancel))
    assert exchange.phone.last == Hangup(cancel)
    assert exchange.records[0].disposition == "NO ANSWER"


def test_a_busy_telephone_decides_over_one_that_is_missing(exchange: Exchange) -> None:
    exchange.fxs.refusals["102"] = Cause.DESTINATION_OUT_OF_ORDER
    outcomes = dial_and_bridge(exchange, Target("FXS", "102"), FXS_101, Target("ISDN", "1"))
    caller = exchange.offer()
    exchange.says(exchange.phone, Released(BUSY))
    assert caller.last == Hangup(BUSY)
    assert outcomes[0].status is DialStatus.BUSY
    assert [str(target) for target, _ in outcomes[0].attempts] == ["FXS/102", "ISDN/1", "FXS/101"]
    assert exchange.records[0].disposition == "BUSY"


def test_no_answer_in_time_cancels_the_ringing(exchange: Exchange) -> None:
    outcomes = dial_and_bridge(exchange, FXS_101, timeout=20)
    caller = exchange.offer()
    exchange.says(exchange.phone, Alerting())
    exchange.wait(19.9)
    assert outcomes == []
    exchange.wait(0.2)
    assert outcomes[0].status is DialStatus.NOANSWER
    assert isinstance(exchange.phone.last, Hangup)
    assert isinstance(caller.last, Hangup) and caller.last.ending.cause is Cause.NO_ANSWER


def test_of_two_that_ring_the_first_to_answer_wins(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101, Target("FXS", "102"))
    caller = exchange.offer()
    other = exchange.fxs.made["102"]
    exchange.says(other, Answered("off-hook"))
    assert isinstance(exchange.phone.last, Hangup)
    assert exchange.phone.last.ending.cause is Cause.NON_SELECTED_USER_CLEARING
    assert caller.audio is not None and caller.audio.joined is other.audio
    exchange.says(caller, Released(BYE))


def test_the_word_of_a_technology_may_be_written_small(exchange: Exchange) -> None:
    dial_and_bridge(exchange, Target("fxs", "101"))
    caller = exchange.offer()
    assert exchange.phone.commands == [Dial("101", ANN)]
    assert exchange.manager.device_state("fxs/101") is DeviceState.RINGING
    exchange.says(caller, Released(BYE))


def test_early_audio_reaches_the_caller_before_an_answer(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Progress())
    assert caller.last == EarlyMedia()
    assert caller.audio is not None and caller.audio.joined is exchange.phone.audio
    exchange.says(exchange.phone, Released(BUSY))


def test_digits_cross_a_bridge_once_each_their_own_way(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    assert exchange.phone.audio is not None
    exchange.phone.audio._digits_as_events = False
    exchange.says(caller, Digit("5", 0.12, RFC_4733))
    assert exchange.phone.last == SendDigits("5", 0.12)
    exchange.says(caller, Digit("6", 0.1, IN_BAND))
    assert exchange.phone.last == SendDigits("5", 0.12), "a tone is in the audio already"
    exchange.says(exchange.phone, Digit("7", 0.0, IN_BAND))
    assert caller.last == SendDigits("7", 0.07), "the SIP side wants events"
    exchange.says(caller, Released(BYE))


def test_a_flash_crosses_a_bridge_to_whoever_has_means_for_it(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.says(caller, Flash())
    assert exchange.phone.last == SendFlash()
    caller.takes.discard(SendFlash)
    exchange.says(exchange.phone, Flash())
    assert SendFlash() not in caller.commands
    exchange.says(caller, Released(BYE))


def test_a_second_caller_of_an_exchange_is_shown_as_a_text(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.says(exchange.phone, AnotherCalls(Party("2565557777", "BERT")))
    assert caller.last == SendText("Another call: BERT <2565557777>")
    exchange.says(caller, Released(BYE))


def test_who_is_put_on_hold_hears_music(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    assert exchange.phone.audio is not None
    exchange.says(caller, Held())
    assert exchange.phone.audio.playing is not None
    assert exchange.phone.audio.playing.name == "default music"
    exchange.says(caller, Resumed())
    assert exchange.phone.audio.playing is None
    assert Hold() not in exchange.phone.commands, "its far side is not bothered"
    exchange.says(caller, Released(BYE))


def test_who_plays_music_of_its_own_is_told_of_the_hold(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.manager.floor.legs[exchange.phone].variables["MOH_PASSTHROUGH"] = "yes"
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.says(caller, Held())
    assert exchange.phone.last == Hold()
    exchange.says(caller, Resumed())
    assert exchange.phone.last == Resume()
    exchange.says(caller, Released(BYE))


def test_what_a_technology_has_no_means_for_is_not_commanded(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.manager.floor.legs[exchange.phone].variables["MOH_PASSTHROUGH"] = "yes"
    exchange.phone.takes.discard(Hold)
    exchange.says(caller, Held())
    assert Hold() not in exchange.phone.commands
    exchange.says(caller, Released(BYE))


def test_a_digit_and_a_hang_up_in_one_breath_end_the_right_leg(exchange: Exchange) -> None:
    ends: list[object] = []

    async def script(leg: Leg) -> None:
        outcome = await exchange.manager.dial(leg, [FXS_101])
        assert outcome.leg is not None
        ends.append((await exchange.manager.bridge(leg, outcome.leg)).ending)
        await leg.wait(1)
        ends.append("went on")

    exchange.script(script)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.loop.call_soon(exchange.manager.deliver, caller, Digit("5", 0.1, RFC_4733))
    exchange.says(exchange.phone, Released(ON_HOOK))
    exchange.wait(2)
    assert ends == [ON_HOOK, "went on"]


def test_a_leg_that_we_hung_up_is_in_use_no_more(exchange: Exchange) -> None:
    async def script(leg: Leg) -> None:
        await exchange.manager.dial(leg, [FXS_101], DialOptions(timeout=5))
        await leg.wait(60)

    exchange.script(script)
    caller = exchange.offer()
    exchange.wait(6)
    assert exchange.manager.device_state("FXS/101") is DeviceState.NOT_INUSE
    exchange.says(caller, Released(BYE))


@pytest.mark.parametrize("error", [Exhausted("no transaction is free"), KeyError("no transaction is free")])
def test_a_leg_that_cannot_be_ended_in_good_order_does_not_keep_the_call(
    exchange: Exchange, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """Be it at its limit, or wrong."""
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()

    def refuse(command: object, now: float) -> None:
        raise error

    exchange.phone.command = refuse
    exchange.says(caller, Released(BYE))
    assert "no transaction is free" in caplog.text
    assert len(exchange.records) == 1 and not exchange.manager.calls


def test_two_whose_audio_cannot_be_joined_are_hung_up_and_written_down(
    exchange: Exchange, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(legs: object, room: object) -> None:
        raise RuntimeError("no such row")

    monkeypatch.setattr("gateway.call.bridge.Hearing", refuse)
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    assert "no such row" in caplog.text
    assert isinstance(caller.last, Hangup) and isinstance(exchange.phone.last, Hangup)
    assert len(exchange.records) == 1 and not exchange.manager.calls


def test_a_story_that_cannot_be_ended_costs_no_record(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise RuntimeError("no such story")

    monkeypatch.setattr(exchange.recorder, "over", refuse)
    with pytest.raises(RuntimeError):  # which the loop tells
        exchange.offer()
    assert len(exchange.records) == 1 and not exchange.manager.calls


def test_a_prompt_ends_at_a_digit_that_may_end_it(exchange: Exchange) -> None:
    said: list[str] = []

    async def script(leg: Leg) -> None:
        await leg.answer()
        sounds = exchange.manager.sounds
        said.append(await leg.play([*sounds.spell("ab")], escape="12"))
        said.append(await leg.play([*sounds.spell("c")]))
        said.append(await leg.digit(timeout=5))
        said.append(await leg.digit(timeout=5))

    exchange.script(script)
    caller = exchange.offer()
    assert caller.audio is not None
    caller.audio.finish()
    exchange.loop.settle()
    exchange.says(caller, Digit("9"))
    assert said == []
    exchange.says(caller, Digit("2"))
    assert said == ["2"]
    assert caller.audio.heard == ["a", "b", "c"]
    caller.audio.finish()
    exchange.loop.settle()
    exchange.says(caller, Digit("7"))
    exchange.wait(6)
    assert said == ["2", "", "7", ""]


def test_a_script_learns_of_the_hang_up_wherever_it_waits(exchange: Exchange) -> None:
    caught: list[Ending] = []

    async def script(leg: Leg) -> None:
        try:
            await leg.wait(60)
        except HungUp as hung_up:
            caught.append(hung_up.ending)
            raise

    exchange.script(script)
    caller = exchange.offer()
    exchange.says(caller, Released(BYE))
    assert caught == [BYE]


def test_ringing_after_an_answer_is_a_tone_from_us(exchange: Exchange) -> None:
    async def script(leg: Leg) -> None:
        await leg.answer()
        outcome = await exchange.manager.dial(leg, [FXS_101])
        assert outcome.leg is not None
        await exchange.manager.bridge(leg, outcome.leg)

    exchange.script(script)
    caller = exchange.offer()
    exchange.says(exchange.phone, Alerting())
    assert caller.last == Answer() and caller.audio is not None
    assert caller.audio.heard == ["ring tone"]
    exchange.says(exchange.phone, Answered("off-hook"))
    assert caller.audio.playing is None
    exchange.says(caller, Released(BYE))


def test_a_script_that_fails_ends_its_call_with_a_reason(
    exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(leg: Leg) -> None:
        raise KeyError("oops")

    exchange.script(script)
    caller = exchange.offer()
    assert isinstance(caller.last, Hangup)
    assert caller.last.ending.cause is Cause.TEMPORARY_FAILURE
    assert "its script failed" in caplog.text


def test_past_the_limit_a_call_is_refused_with_congestion(exchange: Exchange) -> None:
    async def script(leg: Leg) -> None:
        await leg.wait(10)

    exchange.script(script)
    taken = [exchange.offer(f"SIP/a-{number}") for number in (1, 2, 3)]
    one_more = exchange.offer("SIP/a-4")
    assert isinstance(one_more.last, Hangup)
    assert one_more.last.ending.cause is Cause.SWITCHING_EQUIPMENT_CONGESTION
    assert all(channel.commands == [] for channel in taken)
    exchange.wait(11)


def test_the_recorder_knows_which_calls_go_on(exchange: Exchange) -> None:
    async def script(leg: Leg) -> None:
        await leg.wait(10)

    exchange.script(script)
    recorder = exchange.recorder
    for number in range(4):
        recorder.note(0.0, Kind.MESSAGE, f"Call-ID {number}", "INVITE")
        recorder.join(f"SIP/a-{number}", f"Call-ID {number}")
        exchange.offer(f"SIP/a-{number}")
    assert (len(recorder._going_on), len(recorder._past)) == (3, 1), "one was refused"
    exchange.wait(11)
    assert (len(recorder._going_on), len(recorder._past)) == (0, 4)


def test_draining_waits_then_ends_what_is_left(exchange: Exchange) -> None:
    async def script(leg: Leg) -> None:
        await leg.wait(1000)

    exchange.script(script)
    caller = exchange.offer()
    drained = exchange.loop.create_task(exchange.manager.drain(5))
    exchange.wait(4)
    assert not drained.done() and caller.commands == []
    refused = exchange.offer("SIP/b-1")
    assert isinstance(refused.last, Hangup)
    exchange.wait(2)
    assert drained.done()
    assert isinstance(caller.last, Hangup) and "Copperline was stopped" in caller.last.ending.evidence


def test_a_script_waits_until_whom_it_has_answered_can_hear_it(exchange: Exchange) -> None:
    """A late offer: until the ACK has brought its answer, what is said has nowhere to go."""
    said: list[str] = []

    async def script(leg: Leg) -> None:
        await leg.answer()
        said.append("welcome")

    exchange.script(script)
    caller = ScriptedChannel("SIP/6001-00000001", "account 6001")
    caller.reached = False
    exchange.says(caller, Offered("600", ANN, "office"))
    assert caller.last == Answer() and said == []
    caller.reached = True
    exchange.says(caller, Answered("ACK"))
    assert said == ["welcome"]


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_on_the_wall_that_is_set_changes_no_duration(exchange: Exchange, jump: timedelta) -> None:
    dial_and_bridge(exchange, FXS_101)
    exchange.offer()
    exchange.wait(4)
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.midnight += jump
    exchange.wait(10)
    exchange.says(exchange.phone, Released(ON_HOOK))
    (record,) = exchange.records
    (talk,) = record.talks
    assert talk.ended is not None and talk.ended - talk.began == timedelta(seconds=10)
    assert record.answered is not None and record.ended - record.answered == timedelta(seconds=10)
    assert (record.duration, record.billed) == (14.0, 10.0)


def test_a_call_over_the_night_on_which_summer_time_ends_is_as_long_as_it_was(exchange: Exchange) -> None:
    exchange.midnight = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Vienna"))
    dial_and_bridge(exchange, FXS_101)
    exchange.offer()
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.wait(3600)
    exchange.says(exchange.phone, Released(ON_HOOK))
    (record,) = exchange.records
    (talk,) = record.talks
    assert talk.ended is not None and record.answered is not None
    assert [f"{moment:%M %Z}" for moment in (record.started, record.ended)] == ["46 CEST", "46 CET"]
    assert record.ended.astimezone(UTC) - record.answered.astimezone(UTC) == timedelta(hours=1)
    assert talk.ended.astimezone(UTC) - talk.began.astimezone(UTC) == timedelta(hours=1)


def test_a_record_tells_who_was_called_in_vain_and_by_what_it_went_at_last(exchange: Exchange) -> None:
    exchange.dialplan("[office]\nexten => 101,1,Dial(FXS/102,30)\n same => n,Dial(FXS/101,30)\n")
    exchange.offer()
    exchange.says(exchange.telephone("102"), Released(BUSY))
    exchange.says(exchange.telephone("101"), Answered("off-hook"))
    exchange.says(exchange.telephone("101"), Released(ON_HOOK))
    (record,) = exchange.records
    assert (record.disposition, record.dialled) == ("ANSWERED", "101")
    assert record.tried == (f"FXS/102: {BUSY}",)


def test_a_record_of_a_call_that_nobody_took_names_all_who_were_called(exchange: Exchange) -> None:
    exchange.dialplan("[office]\nexten => 101,1,Dial(FXS/102,30)\n same => n,Dial(FXS/101,30)\n")
    exchange.offer()
    for number in ("102", "101"):
        exchange.says(exchange.telephone(number), Released(BUSY))
    (record,) = exchange.records
    assert (record.disposition, record.dialled, record.destination) == ("BUSY", "101", "")
    assert record.tried == (f"FXS/102: {BUSY}", f"FXS/101: {BUSY}")


def test_of_those_called_in_vain_over_and_over_the_last_are_kept(exchange: Exchange) -> None:
    again = "Dial(GONE/1)\n same => n," * (TRIED + 5)
    exchange.dialplan(f"[office]\nexten => 101,1,{again}Hangup(17)\n")
    exchange.offer()
    (record,) = exchange.records
    assert len(record.tried) == TRIED and "no technology 'GONE'" in record.tried[0]


@pytest.mark.parametrize("event", [Alerting(audio=True), Alerting(), Answered("off-hook")])
def test_a_row_that_is_gone_before_its_end_is_told_takes_what_comes(exchange: Exchange, event: Event) -> None:
    """A card that is pulled out, or a connection that is lost, ends many legs at once and tells of each in turn."""
    outcomes = dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    row = caller.audio
    assert row is not None
    row.close()
    caller.audio = None
    exchange.says(exchange.phone, event)
    exchange.says(caller, Released(BYE))
    assert isinstance(exchange.phone.last, Hangup)
    assert len(exchange.records) == 1 and not (outcomes and isinstance(event, Alerting))
