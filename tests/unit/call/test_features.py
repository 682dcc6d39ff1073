"""What people ask for by keys while they talk: the keys themselves, transfers, limits, and who goes where."""

from __future__ import annotations

import pytest

from gateway.call.keys import FeatureKeys
from gateway.call.local import LocalHalf
from gateway.core.carried import (
    DIVERSIONS,
    DIVERTED_BEFORE,
    DIVERTED_BY,
    DIVERTED_FIRST,
    DIVERTED_FOR,
    DIVERTED_HIDDEN,
)
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.feature import Feature, FeatureCodes
from gateway.core.messages import (
    RFC_4733,
    Alerting,
    Answered,
    Dial,
    Digit,
    Diverted,
    Event,
    Hangup,
    Released,
    SendDigits,
)
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import ANN, BUSY, BYE, ON_HOOK, Exchange

ALL = frozenset(Feature)
TRANSFERS = frozenset({Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER})


def keys(text: str) -> list[Digit]:
    return [Digit(digit, 0.1, RFC_4733) for digit in text]


class TestKeys:
    """Codes # *2 * #72 *3, a second between keys."""

    def pressed(self, text: str, allowed: frozenset[Feature] = ALL) -> tuple[str, Feature | None]:
        passed: list[Digit] = []
        collector = FeatureKeys(FeatureCodes(), allowed)
        feature = None
        for number, digit in enumerate(keys(text)):
            more, feature = collector.press(digit, 0.1 * number)
            passed += more
        if feature is None:
            assert collector.expire(0.5) == ([], None)
            more, feature = collector.expire(10.0)
            passed += more
        assert collector.deadline is None
        return "".join(digit.digit for digit in passed), feature

    @pytest.mark.parametrize(
        ("text", "passed", "feature"),
        [
            ("5", "5", None),
            ("*2", "", Feature.ATTENDED_TRANSFER),
            ("*", "", Feature.HANG_UP),
            ("#", "", Feature.BLIND_TRANSFER),
            ("#72", "", Feature.PARK),
            ("#7", "#7", None),
            ("#75", "#75", None),
            ("12*3", "12", Feature.RECORD),
            ("*5", "5", Feature.HANG_UP),
            ("#7*2", "#7", Feature.ATTENDED_TRANSFER),
        ],
    )
    def test_codes_are_picked_out(self, text: str, passed: str, feature: Feature | None) -> None:
        assert self.pressed(text) == (passed, feature)

    def test_what_is_not_allowed_is_a_digit(self) -> None:
        assert self.pressed("*", TRANSFERS) == ("*", None)
        assert self.pressed("#", frozenset({Feature.HANG_UP})) == ("#", None)


OFFICE = """
[office]
exten => 101,1,Dial(FXS/101,30,tThH)
exten => 102,1,Dial(FXS/102,30)
exten => 103,1,Dial(FXS/103,30)
exten => 110,1,Dial(FXS/101,30)
exten => 111,1,Dial(FXS/101,30,gL(10000:4000:2000))
 same => n,Wait(600)
exten => 112,1,Dial(FXS/101,30,F(office^102^1))
exten => 113,1,Dial(FXS/101,30,G(office^200^1))
exten => 114,1,Dial(FXS/101,30,i)
exten => 115,1,Dial(FXS/101,30,b(office^made^1)c)
exten => made,1,Set(KNOWN=${CHANNEL})
 same => n,Return()
exten => 116,1,Set(LIMIT_CONNECT_FILE=hello)
 same => n,Set(LIMIT_TIMEOUT_FILE=goodbye)
 same => n,Set(LIMIT_PLAYAUDIO_CALLEE=yes)
 same => n,Dial(FXS/101,30,S(10))
exten => 117,1,Dial(FXS/101,30,d)
exten => 5,1,NoOp(five)
 same => n,Wait(600)
exten => 200,1,Set(GLOBAL(caller)=${CHANNEL})
 same => n,Wait(600)
"""


@pytest.fixture
def office(exchange: Exchange) -> Exchange:
    exchange.dialplan(OFFICE)
    return exchange


def talking(office: Exchange, number: str = "101") -> ScriptedChannel:
    caller = office.offer(called=number)
    office.says(office.phone, Answered("off-hook"))
    assert office.talks(caller, office.phone)
    return caller


def key(office: Exchange, channel: ScriptedChannel, text: str) -> None:
    """Press keys, a tenth of a second apart."""
    for digit in keys(text):
        office.says(channel, digit)
        office.wait(0.1)


def at_turn(office: Exchange, turns: int, channel: ScriptedChannel, event: Event) -> None:
    """Say something so many turns of the loop later, between the steps of scripts."""
    if turns:
        office.loop.call_soon(at_turn, office, turns - 1, channel, event)
    else:
        office.loop.call_soon(office.manager.deliver, channel, event)


def prompt_over(office: Exchange, channel: ScriptedChannel) -> None:
    assert channel.audio is not None
    channel.audio.finish()
    office.loop.settle()


def heard(channel: ScriptedChannel) -> str | None:
    assert channel.audio is not None
    return channel.audio.playing.name if channel.audio.playing else None


class TestDigits:
    def test_a_feature_is_not_passed_on(self, office: Exchange) -> None:
        caller = talking(office)
        key(office, office.phone, "*")
        office.wait(1.1)
        assert isinstance(office.phone.last, Hangup)
        assert office.phone.last.ending.evidence == "the keys *"
        assert not any(isinstance(command, SendDigits) for command in caller.commands)

    def test_other_digits_are(self, office: Exchange) -> None:
        caller = talking(office)
        key(office, office.phone, "*9")
        assert isinstance(office.phone.last, Hangup), "the 9 shows that the * was meant"
        caller = talking(office, "110")
        key(office, office.phone, "*9#")
        assert [command.digits for command in caller.commands if isinstance(command, SendDigits)] == ["*", "9", "#"]
        office.says(caller, Released(BYE))


class TestBlindByKeys:
    @pytest.mark.parametrize("by_caller", [True, False])
    def test_the_other_one_is_sent_away(self, office: Exchange, by_caller: bool) -> None:
        caller = talking(office)
        transferor, other = (caller, office.phone) if by_caller else (office.phone, caller)
        key(office, transferor, "#")
        office.wait(1)
        assert heard(other) == "default music"
        assert heard(transferor) == "pbx-transfer"
        prompt_over(office, transferor)
        assert heard(transferor) == "dial tone"
        key(office, transferor, "102")
        assert isinstance(transferor.last, Hangup) and transferor.last.ending.act is Act.TRANSFERRED
        assert heard(other) is None
        office.says(office.telephone("102"), Answered("off-hook"))
        assert office.talks(other, office.telephone("102"))
        office.says(other, Released(BYE))

    def test_a_number_that_is_none_brings_them_together_again(self, office: Exchange) -> None:
        caller = talking(office)
        key(office, office.phone, "#")
        office.wait(1)
        key(office, office.phone, "9")
        assert heard(office.phone) == "pbx-invalid"
        prompt_over(office, office.phone)
        assert office.talks(caller, office.phone) and heard(caller) is None
        office.says(caller, Released(BYE))

    def test_no_number_at_all(self, office: Exchange) -> None:
        caller = talking(office)
        key(office, office.phone, "#")
        office.wait(1)
        prompt_over(office, office.phone)
        office.wait(3.1)
        prompt_over(office, office.phone)
        assert office.talks(caller, office.phone)
        office.says(caller, Released(BYE))

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_who_hangs_up_meanwhile_ends_both(self, office: Exchange, by_caller: bool) -> None:
        caller = talking(office)
        key(office, office.phone, "#")
        office.wait(1)
        gone, left = (caller, office.phone) if by_caller else (office.phone, caller)
        office.says(gone, Released(BYE))
        office.loop.settle()
        assert isinstance(left.last, Hangup)


class TestAttendedByKeys:
    def ask(self, office: Exchange, transferor: ScriptedChannel, number: str = "102") -> ScriptedChannel:
        key(office, transferor, "*2")
        key(office, transferor, number)
        office.loop.settle()
        return office.telephone(number)

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_they_talk_and_the_hang_up_joins_the_others(self, office: Exchange, by_caller: bool) -> None:
        caller = talking(office)
        transferor, other = (caller, office.phone) if by_caller else (office.phone, caller)
        target = self.ask(office, transferor)
        assert heard(other) == "default music"
        office.says(target, Answered("off-hook"))
        office.loop.settle()
        assert office.talks(transferor, target)
        assert not any(isinstance(channel, LocalHalf) for channel in office.manager.floor.legs)
        office.says(transferor, Released(ON_HOOK))
        office.loop.settle()
        assert office.talks(other, target) and heard(other) is None
        office.says(target, Released(ON_HOOK))
        office.loop.settle()
        assert isinstance(other.last, Hangup)

    def test_the_code_again_completes_it(self, office: Exchange) -> None:
        caller = talking(office)
        target = self.ask(office, office.phone)
        office.says(target, Answered("off-hook"))
        key(office, office.phone, "*2")
        assert isinstance(office.phone.last, Hangup)
        assert office.talks(caller, target)
        office.says(caller, Released(BYE))

    def test_the_target_hangs_up_and_the_two_are_together_again(self, office: Exchange) -> None:
        caller = talking(office)
        target = self.ask(office, office.phone)
        office.says(target, Answered("off-hook"))
        office.says(target, Released(ON_HOOK))
        office.loop.settle()
        assert office.talks(caller, office.phone)
        office.says(caller, Released(BYE))

    def test_the_target_is_busy(self, office: Exchange) -> None:
        caller = talking(office)
        target = self.ask(office, office.phone)
        office.says(target, Released(BUSY))
        office.loop.settle()
        assert heard(office.phone) == "beeperr"
        prompt_over(office, office.phone)
        assert office.talks(caller, office.phone)
        office.says(caller, Released(BYE))

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_a_hang_up_while_it_rings_lets_the_other_one_wait(self, office: Exchange, by_caller: bool) -> None:
        caller = talking(office)
        transferor, other = (caller, office.phone) if by_caller else (office.phone, caller)
        target = self.ask(office, transferor)
        office.says(target, Alerting())
        office.says(transferor, Released(ON_HOOK))
        office.loop.settle()
        assert not isinstance(target.last, Hangup)
        assert heard(other) == "ring tone"
        office.says(target, Answered("off-hook"))
        office.loop.settle()
        assert office.talks(other, target)
        office.says(other, Released(BYE))
        office.loop.settle()

    @pytest.mark.parametrize("turns", range(5))
    @pytest.mark.parametrize("by_caller", [True, False])
    def test_a_hang_up_as_it_is_answered_joins_the_others(
        self, office: Exchange, by_caller: bool, turns: int
    ) -> None:
        """Whichever script has heard of the answer by then."""
        caller = talking(office)
        transferor, other = (caller, office.phone) if by_caller else (office.phone, caller)
        target = self.ask(office, transferor)
        office.loop.call_soon(office.manager.deliver, target, Answered("off-hook"))
        at_turn(office, turns, transferor, Released(ON_HOOK))
        office.loop.settle()
        assert office.talks(other, target)
        office.says(other, Released(BYE))

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_a_target_that_hangs_up_as_it_answers_gives_the_talk_back(
        self, office: Exchange, by_caller: bool
    ) -> None:
        caller = talking(office)
        transferor, other = (caller, office.phone) if by_caller else (office.phone, caller)
        target = self.ask(office, transferor)
        for event in (Answered("off-hook"), Released(ON_HOOK)):
            office.loop.call_soon(office.manager.deliver, target, event)
        office.loop.settle()
        assert heard(transferor) == "beeperr"
        prompt_over(office, transferor)
        assert office.talks(other, transferor)
        office.says(other, Released(BYE))

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_the_one_on_hold_hangs_up(self, office: Exchange, by_caller: bool) -> None:
        caller = talking(office)
        transferor, other = (caller, office.phone) if by_caller else (office.phone, caller)
        target = self.ask(office, transferor)
        office.says(target, Answered("off-hook"))
        office.loop.settle()
        office.says(other, Released(BYE))
        office.loop.settle()
        assert office.talks(transferor, target), "they may go on"
        office.says(target, Released(ON_HOOK))
        office.loop.settle()
        assert isinstance(transferor.last, Hangup)


class TestLimit:
    def test_warnings_and_the_end(self, office: Exchange) -> None:
        caller = talking(office, "111")
        assert caller.audio is not None
        office.wait(5.9)
        assert caller.audio.heard == []
        office.wait(0.2)
        assert caller.audio.heard == ["vm-youhave"]
        for _ in range(3):
            prompt_over(office, caller)
        assert caller.audio.heard == ["vm-youhave", "4", "queue-seconds"]
        assert office.phone.audio is not None and office.phone.audio.heard == []
        office.wait(4)
        assert isinstance(office.phone.last, Hangup)
        assert "the 10 s that it may" in office.phone.last.ending.evidence
        assert not isinstance(caller.last, Hangup), "g goes on"
        office.says(caller, Released(BYE))

    def test_it_holds_for_whoever_is_talked_with_by_then(self, office: Exchange) -> None:
        caller = talking(office, "111")
        office.wait(3)
        new = office.offer("SIP/6003-00000009", "", replaces=office.phone.name)
        assert office.talks(caller, new)
        office.wait(7.1)
        assert isinstance(new.last, Hangup) and "that it may" in new.last.ending.evidence
        office.says(caller, Released(BYE))


class TestWhereTheyGo:
    def test_the_called_side_goes_on_when_the_caller_hangs_up(self, office: Exchange) -> None:
        caller = talking(office, "112")
        office.says(caller, Released(BYE))
        office.loop.settle()
        assert not isinstance(office.phone.last, Hangup)
        office.says(office.telephone("102"), Answered("off-hook"))
        assert office.talks(office.phone, office.telephone("102"))
        office.says(office.phone, Released(ON_HOOK))

    def test_both_go_to_places_of_their_own(self, office: Exchange) -> None:
        caller = office.offer(called="113")
        office.says(office.phone, Answered("off-hook"))
        assert office.story_has(caller, "office,200,1 Set(GLOBAL(caller)=SIP/6001-00000001)")
        assert office.story_has(office.phone, "office,200,2 Wait(600)")
        office.says(caller, Released(BYE))
        office.says(office.phone, Released(ON_HOOK))

    def test_a_diversion_is_followed(self, office: Exchange) -> None:
        caller = office.offer(called="110")
        office.says(office.phone, Diverted("102"))
        office.says(office.phone, Released(BUSY))
        office.loop.settle()
        told = {DIVERTED_BY: "101", DIVERTED_FOR: "unknown", DIVERSIONS: "1"}
        assert office.telephone("102").commands[0] == Dial("102", ANN, told)
        office.says(office.telephone("102"), Answered("off-hook"))
        office.loop.settle()
        assert office.talks(caller, office.telephone("102"))
        office.says(caller, Released(BYE))
        office.loop.settle()

    def test_rfc_5806_section_5_whom_the_call_was_for_first_is_not_forgotten(self, office: Exchange) -> None:
        before = {DIVERTED_BY: "300", DIVERTED_FOR: "no-answer", DIVERTED_HIDDEN: "yes"}
        caller = office.offer(called="110", variables=before)
        office.says(office.phone, Diverted("102", reason="user-busy"))
        office.says(office.phone, Released(BUSY))
        office.loop.settle()
        (dialled,) = office.telephone("102").commands
        assert isinstance(dialled, Dial)
        told = {DIVERTED_BY: "101", DIVERTED_FIRST: "300", DIVERTED_FOR: "user-busy"}
        told[DIVERTED_BEFORE] = "300;no-answer;hidden"
        assert dialled.variables == told | {DIVERSIONS: "1"}
        office.says(caller, Released(BYE))
        office.loop.settle()

    def test_a_diversion_is_refused(self, office: Exchange) -> None:
        caller = office.offer(called="114")
        office.says(office.phone, Diverted("102"))
        office.says(office.phone, Released(BUSY))
        assert isinstance(caller.last, Hangup) and "102" not in office.fxs.made

    def test_telephones_that_divert_to_each_other_are_stopped(self, office: Exchange) -> None:
        caller = office.offer(called="110")
        for _ in range(5):
            office.says(office.phone, Diverted("110"))
        office.says(caller, Released(BYE))
        office.loop.settle(100)

    def test_a_subroutine_runs_for_each_new_channel(self, office: Exchange) -> None:
        caller = office.offer(called="115")
        (dial,) = office.phone.commands
        assert isinstance(dial, Dial) and dial.variables["KNOWN"] == office.phone.name
        office.says(caller, Released(BYE))
        assert isinstance(office.phone.last, Hangup)
        assert office.phone.last.ending.cause is Cause.NON_SELECTED_USER_CLEARING, "c: no missed call"

    def test_what_is_heard_as_it_begins_and_as_its_time_is_up(self, office: Exchange) -> None:
        caller = talking(office, "116")
        office.wait(0.1)
        prompt_over(office, caller)
        assert caller.audio is not None and caller.audio.heard == ["hello"]
        office.wait(9.9)
        assert office.phone.audio is not None and office.phone.audio.heard == ["hello", "goodbye"]
        assert not isinstance(office.phone.last, Hangup), "the goodbye is heard first"
        office.wait(0.1)
        assert isinstance(office.phone.last, Hangup) and isinstance(caller.last, Hangup)


def test_a_key_while_it_rings_goes_to_the_extension_of_that_name(office: Exchange) -> None:
    caller = office.offer(called="117")
    key(office, caller, "7")
    assert not isinstance(office.phone.last, Hangup), "there is no extension 7"
    key(office, caller, "5")
    assert isinstance(office.phone.last, Hangup) and office.phone.last.ending.act is Act.CANCELLED
    assert office.story_has(caller, "NoOp(five)")
    office.says(caller, Released(BYE))


def test_the_codes_may_be_others(office: Exchange) -> None:
    office.manager.floor.codes = FeatureCodes({Feature.HANG_UP: "9", Feature.BLIND_TRANSFER: ""})
    caller = talking(office)
    key(office, caller, "#*")
    assert [command.digits for command in office.phone.commands if isinstance(command, SendDigits)] == ["#", "*"]
    key(office, caller, "9")
    assert isinstance(caller.last, Hangup) and "the keys 9" in caller.last.ending.evidence
