"""Option letters of Dial that concern the time while it rings, and what comes after the talk (Asterisk's Dial).

Other letters: tests/unit/dialplan/test_dial.py, tests/unit/call/test_features.py, tests/scenario/test_recording.py.
"""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.messages import (
    RFC_4733,
    Alert,
    Alerting,
    Answer,
    Answered,
    Dial,
    Digit,
    Diverted,
    EarlyMedia,
    Hangup,
    Progress,
    Released,
    SendDigits,
)
from gateway.core.number import Party
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import BUSY, BYE, ON_HOOK, Exchange


def dialled(exchange: Exchange, letters: str, targets: str = "FXS/101", *more: str) -> ScriptedChannel:
    """A caller for whom those are dialled with these letters; then its `more` steps, and two minutes of nothing."""
    steps = [f"Dial({targets},30,{letters})", *more, "NoOp(it was ${DIALSTATUS})", "Wait(120)"]
    text = "".join(f" same => n,{step}\n" for step in steps)
    exchange.dialplan(
        f"[office]\nexten => 100,1,NoOp()\n{text}"
        "exten => 102,1,Dial(FXS/102)\n"
        "exten => h,1,Set(GLOBAL(ended)=${GLOBAL(ended)} ${CHANNEL})\n"
    )
    return exchange.offer(called="100")


def key(exchange: Exchange, channel: ScriptedChannel, keys: str) -> None:
    for digit in keys:
        exchange.says(channel, Digit(digit, 0.1, RFC_4733))


def heard(channel: ScriptedChannel) -> str | None:
    assert channel.audio is not None
    return None if channel.audio.playing is None else channel.audio.playing.name


def keyed(channel: ScriptedChannel) -> list[str]:
    """What was keyed to it."""
    return [command.digits for command in channel.commands if isinstance(command, SendDigits)]


def cause(channel: ScriptedChannel) -> Cause:
    assert isinstance(channel.last, Hangup)
    return channel.last.ending.cause


class TestWhatTheCallerHears:
    def test_without_letters_ringing_is_told_when_it_rings_and_early_audio_is_heard(
        self, exchange: Exchange
    ) -> None:
        caller = dialled(exchange, "")
        assert Alert() not in caller.commands
        exchange.says(exchange.phone, Alerting())
        assert caller.last == Alert()
        exchange.says(exchange.phone, Progress())
        assert exchange.talks(caller, exchange.phone)
        exchange.says(caller, Released(BYE))

    def test_one_who_hears_the_far_side_is_told_once_that_it_rings(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "")
        exchange.says(exchange.phone, Progress())
        exchange.says(exchange.phone, Alerting(audio=True))
        exchange.says(exchange.phone, Alerting(audio=True))
        assert caller.commands[-2:] == [EarlyMedia(), Alert(audio=True)]
        assert exchange.talks(caller, exchange.phone)
        exchange.says(caller, Released(BYE))

    def test_a_far_side_that_is_heard_ringing_opens_the_way_by_that(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "")
        exchange.says(exchange.phone, Alerting(audio=True))
        assert caller.last == Alert(audio=True) and EarlyMedia() not in caller.commands
        assert exchange.talks(caller, exchange.phone)
        exchange.says(caller, Released(BYE))

    def test_capital_r_rings_at_once_until_there_is_something_to_hear(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "R")
        assert caller.last == Alert()
        exchange.says(exchange.phone, Progress())
        assert caller.last == EarlyMedia() and exchange.talks(caller, exchange.phone)
        exchange.says(caller, Released(BYE))

    def test_r_rings_at_once_and_nothing_else_is_heard(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "r")
        assert caller.last == Alert()
        exchange.says(exchange.phone, Progress())
        exchange.says(exchange.phone, Alerting(audio=True))
        assert EarlyMedia() not in caller.commands and not exchange.talks(caller, exchange.phone)
        exchange.says(exchange.phone, Answered("off-hook"))
        assert exchange.talks(caller, exchange.phone)
        exchange.says(caller, Released(BYE))

    @pytest.mark.parametrize(("letters", "sound"), [("r(busy)", "busy tone"), ("m(jazz)", "jazz music")])
    def test_a_tone_or_music_of_ours_until_an_answer(self, exchange: Exchange, letters: str, sound: str) -> None:
        caller = dialled(exchange, letters)
        assert caller.last == EarlyMedia() and heard(caller) == sound
        exchange.says(exchange.phone, Progress())
        assert heard(caller) == sound and not exchange.talks(caller, exchange.phone)
        exchange.says(exchange.phone, Answered("off-hook"))
        assert heard(caller) is None and exchange.talks(caller, exchange.phone)
        exchange.says(caller, Released(BYE))

    def test_music_ends_with_the_attempt(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "m")
        exchange.says(exchange.phone, Released(BUSY))
        assert heard(caller) is None
        exchange.says(caller, Released(BYE))


class TestKeys:
    def test_d_keys_go_to_the_called_side_when_it_begins_to_send_audio(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "D(:1:42w7)")
        exchange.says(exchange.phone, Progress())
        exchange.wait(0.1)
        assert keyed(exchange.phone) == ["42"]
        exchange.wait(1)
        assert keyed(exchange.phone) == ["42", "7"]
        exchange.says(caller, Released(BYE))

    def test_keys_that_are_due_after_the_end_are_not_sent(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "D(::w7)")
        exchange.says(exchange.phone, Progress())
        exchange.says(exchange.phone, Released(BUSY))
        exchange.wait(2)
        assert keyed(exchange.phone) == []
        exchange.says(caller, Released(BYE))

    def test_capital_h_lets_the_caller_give_up_while_it_rings(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "H")
        key(exchange, caller, "12")
        assert not isinstance(exchange.phone.last, Hangup)
        key(exchange, caller, "*")
        assert isinstance(exchange.phone.last, Hangup)
        assert exchange.story_has(caller, "it was CANCEL")
        exchange.says(caller, Released(BYE))

    def test_without_it_keys_mean_nothing(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "")
        key(exchange, caller, "*")
        assert not isinstance(exchange.phone.last, Hangup)
        exchange.says(caller, Released(BYE))


class TestDiversions:
    def test_f_alone_shows_this_extension_where_the_call_is_diverted(self, exchange: Exchange) -> None:
        caller = dialled(exchange, "f")
        (call,) = [command for command in exchange.phone.commands if isinstance(command, Dial)]
        assert call.caller.number == "6001"
        exchange.says(exchange.phone, Diverted("102"))
        exchange.says(exchange.phone, Released(BUSY))
        (call,) = [command for command in exchange.telephone("102").commands if isinstance(command, Dial)]
        assert call.caller == Party("100")
        exchange.says(caller, Released(BYE))

    @pytest.mark.parametrize(("letters", "rings"), [("", False), ("z", True)])
    def test_z_once_diverted_no_time_counts(self, exchange: Exchange, letters: str, rings: bool) -> None:
        caller = dialled(exchange, letters)
        exchange.says(exchange.phone, Diverted("102"))
        exchange.says(exchange.phone, Released(BUSY))
        exchange.wait(31)
        assert isinstance(exchange.telephone("102").last, Hangup) is not rings
        exchange.says(caller, Released(BYE))


class TestThoseWhoLose:
    @pytest.mark.parametrize(
        ("letters", "expected"),
        [
            ("", Cause.NON_SELECTED_USER_CLEARING),
            ("Q(NONE)", Cause.NORMAL_CLEARING),
            ("Q(ANSWERED_ELSEWHERE)", Cause.NON_SELECTED_USER_CLEARING),
            ("Q(17)", Cause.USER_BUSY),
            ("Q(NO_USER_RESPONSE)", Cause.NO_USER_RESPONDING),
        ],
    )
    def test_q_is_why_they_stop_ringing(self, exchange: Exchange, letters: str, expected: Cause) -> None:
        caller = dialled(exchange, letters, "FXS/101&FXS/102")
        exchange.says(exchange.phone, Answered("off-hook"))
        assert cause(exchange.telephone("102")) is expected
        exchange.says(caller, Released(BYE))

    @pytest.mark.parametrize(
        ("letters", "expected"), [("", Cause.NORMAL_CLEARING), ("c", Cause.NON_SELECTED_USER_CLEARING)]
    )
    def test_c_when_the_caller_gives_up_another_one_has_answered(
        self, exchange: Exchange, letters: str, expected: Cause
    ) -> None:
        caller = dialled(exchange, letters)
        exchange.says(caller, Released(BYE))
        assert cause(exchange.phone) is expected


class TestTheEnd:
    def ended(self, exchange: Exchange, letters: str, by_caller: bool) -> str:
        """Whose `h` has run after a talk."""
        caller = dialled(exchange, letters, "FXS/101", "Set(GLOBAL(on)=1)")
        phone = exchange.phone
        exchange.says(phone, Answered("off-hook"))
        assert Answer() in caller.commands
        exchange.says(caller if by_caller else phone, Released(BYE if by_caller else ON_HOOK))
        exchange.wait(130)
        names = {caller.name: "caller", phone.name: "called"}
        told = exchange.globals()["ended"].split()
        return " ".join(names[name] for name in told)

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_e_runs_h_for_the_called_side_too(self, exchange: Exchange, by_caller: bool) -> None:
        assert self.ended(exchange, "e", by_caller) == "called caller"

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_without_it_h_runs_for_the_caller_alone(self, exchange: Exchange, by_caller: bool) -> None:
        assert self.ended(exchange, "", by_caller) == "caller"

    def test_e_and_g(self, exchange: Exchange) -> None:
        assert self.ended(exchange, "eg", False) == "called caller"
        assert exchange.globals()["on"] == "1"
