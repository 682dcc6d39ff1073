"""What reaches channels by name: Originate, ChannelRedirect, SoftHangup, Transfer, Bridge, Pickup."""

from __future__ import annotations

import pytest

from gateway.call.pickup import Groups, PickupGroups
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.messages import (
    Alerting,
    Answer,
    Answered,
    Dial,
    Hangup,
    Offered,
    Redirect,
    Released,
    SendDigits,
    TransferTold,
)
from gateway.core.number import Party
from gateway.core.switch import Place, Target
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import BUSY, BYE, ON_HOOK, Exchange

OFFICE = """
[briefed]
exten => s,1,Wait(1)
 same => n,Return()
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 102,1,Dial(FXS/102,30,g)
 same => n,Hangup(3)
exten => 600,1,Answer()
 same => n,Wait(600)
exten => 601,1,Answer()
 same => n,Playback(long)
 same => n,Hangup(21)
exten => 7,1,Originate(FXS/101,exten,office,102,1,20,c(555)n(Clock)v(WHY=test^B=2))
 same => n,Goto(told,1)
exten => 8,1,Originate(FXS/101,app,Wait,5,,20)
 same => n,Goto(told,1)
exten => 9,1,Originate(FXS/101,exten,office,600,1,20,a)
 same => n,Goto(told,1)
exten => told,1,Set(BOTH=${ORIGINATE_STATUS}${CHANNELREDIRECT_STATUS}${TRANSFERSTATUS})
 same => n,NoOp(status ${BOTH}${PICKUPRESULT}${BRIDGERESULT})
 same => n,Answer()
 same => n,Wait(600)
exten => move,1,ChannelRedirect(SIP/6001-00000001,office,600,1)
 same => n,Goto(told,1)
exten => ring,1,Dial(FXS/101,30,U(briefed))
exten => moved,1,ChannelRedirect(FXS/101,office,600,1)
 same => n,Goto(told,1)
exten => nomove,1,ChannelRedirect(SIP/nobody,office,600,1)
 same => n,Goto(told,1)
exten => kill,1,SoftHangup(SIP/6001-00000001)
exten => killall,1,SoftHangup(SIP/6001-x,a)
exten => away,1,Answer()
 same => n,Transfer(SIP/sip:5551234@example.org)
 same => n,Goto(told,1)
exten => grab,1,Bridge(SIP/6001-00000001)
 same => n,Goto(told,1)
exten => self,1,Bridge(${CHANNEL})
 same => n,Goto(told,1)
exten => none,1,Bridge(SIP/none)
 same => n,Goto(told,1)
exten => send,1,BlindTransfer(600)
 same => n,NoOp(alone ${BLINDTRANSFERSTATUS})
 same => n,BlindTransfer(999,attic)
 same => n,NoOp(nowhere ${BLINDTRANSFERSTATUS})
 same => n,AttendedTransfer(SIP/none)
 same => n,NoOp(none ${ATTENDEDTRANSFERSTATUS})
 same => n,AttendedTransfer(SIP/6001-00000001)
 same => n,NoOp(self ${ATTENDEDTRANSFERSTATUS})
exten => *8,1,Pickup()
 same => n,Goto(told,1)
exten => *8101,1,Pickup(101)
 same => n,Goto(told,1)
exten => *8999,1,Pickup(999@office)
 same => n,Goto(told,1)
exten => *9,1,PickupChan(FXS/101)
 same => n,Goto(told,1)
"""


@pytest.fixture
def office(exchange: Exchange) -> Exchange:
    exchange.dialplan(OFFICE)
    return exchange


def told(office: Exchange, channel: ScriptedChannel) -> str:
    """What the script of a call was told."""
    notes = [note.text for note in office.recorder.story(channel.name)]
    return next(text.partition("status ")[2].rstrip(")") for text in notes if "(status " in text)


def ended(channel: ScriptedChannel) -> Cause:
    assert isinstance(channel.last, Hangup)
    return channel.last.ending.cause


class TestOriginate:
    def test_who_answers_goes_on_in_the_dialplan(self, office: Exchange) -> None:
        caller = office.offer(called="7")
        assert office.phone.commands == [
            Dial("101", Party("555", "Clock"), {"WHY": "test", "B": "2"}),
        ]
        office.says(office.phone, Answered("off-hook"))
        assert told(office, caller) == "SUCCESS"
        assert office.telephone("102").commands[0] == Dial("102", Party("555", "Clock"))
        office.says(office.telephone("102"), Answered("off-hook"))
        assert office.talks(office.phone, office.telephone("102"))
        office.says(office.phone, Released(ON_HOOK))
        assert isinstance(office.telephone("102").last, Hangup)
        office.says(caller, Released(BYE))
        record = office.records[0]
        assert (record.source, record.called, record.context) == (office.phone.name, "102", "office")
        assert record.disposition == "ANSWERED"

    def test_an_application_runs_for_who_answers(self, office: Exchange) -> None:
        caller = office.offer(called="8")
        office.says(office.phone, Answered("off-hook"))
        office.wait(4)
        assert not isinstance(office.phone.last, Hangup)
        office.wait(2)
        assert ended(office.phone) is Cause.NORMAL_CLEARING
        office.says(caller, Released(BYE))

    @pytest.mark.parametrize(("ending", "status"), [(BUSY, "BUSY"), (ON_HOOK, "HANGUP"), (None, "RINGING")])
    def test_why_nobody_answers(self, office: Exchange, ending: object, status: str) -> None:
        caller = office.offer(called="7")
        if ending is None:
            office.wait(21)
            assert ended(office.phone) is Cause.NO_ANSWER
        else:
            office.says(office.phone, Released(ending))  # type: ignore[arg-type]
        assert told(office, caller) == status
        office.says(caller, Released(BYE))

    def test_whom_there_is_no_such_line_for(self, office: Exchange) -> None:
        office.fxs.refusals["101"] = Cause.UNALLOCATED_NUMBER
        caller = office.offer(called="7")
        assert told(office, caller) == "FAILED"
        office.says(caller, Released(BYE))

    def test_it_need_not_be_waited_for(self, office: Exchange) -> None:
        caller = office.offer(called="9")
        assert told(office, caller) == "SUCCESS"
        office.says(caller, Released(BYE))
        office.says(office.phone, Answered("off-hook"))
        assert [call.called for call in office.manager.calls] == ["600"]
        office.says(office.phone, Released(ON_HOOK))

    def test_past_the_limit_of_calls_nobody_is_called(self, office: Exchange) -> None:
        callers = [office.offer(f"SIP/6001-{number:08x}", "600") for number in range(3)]

        async def outcome() -> object:
            return await office.manager.operator.originate(Target("FXS", "101"), Place("office", "600"))

        ending = office.loop.run_until_complete(outcome())
        assert ending is not None and "limit of calls" in str(ending)
        for caller in callers:
            office.says(caller, Released(BYE))


class TestByName:
    def test_a_channel_is_sent_elsewhere_in_mid_application(self, office: Exchange) -> None:
        one = office.offer(called="601")
        other = office.offer("SIP/6002-00000002", "move")
        assert told(office, other) == "SUCCESS"
        assert one.audio is not None
        office.wait(1)
        assert not isinstance(one.last, Hangup)
        assert office.story_has(one, "office,600,2 Wait(600)")
        for channel in (one, other):
            office.says(channel, Released(BYE))

    def test_one_that_talks_is_sent_and_the_other_is_hung_up(self, office: Exchange) -> None:
        one = office.offer(called="101")
        office.says(office.phone, Answered("off-hook"))
        other = office.offer("SIP/6002-00000002", "move")
        assert ended(office.phone) is Cause.NORMAL_CLEARING
        assert not isinstance(one.last, Hangup)
        for channel in (one, other):
            office.says(channel, Released(BYE))

    @pytest.mark.parametrize("answered", [False, True])
    def test_one_that_another_script_calls_stays_with_it(self, office: Exchange, answered: bool) -> None:
        """It rings, or has answered and hears what `U` of Dial has for it before it talks."""
        caller = office.offer(called="ring")
        if answered:
            office.says(office.phone, Answered("off-hook"))
        other = office.offer("SIP/6002-00000002", "moved")
        assert told(office, other) == "NOCHANNEL"
        if not answered:
            office.says(office.phone, Answered("off-hook"))
        office.wait(2)
        assert office.talks(caller, office.phone)
        for channel in (caller, other):
            office.says(channel, Released(BYE))

    def test_nobody_of_that_name(self, office: Exchange) -> None:
        caller = office.offer(called="nomove")
        assert told(office, caller) == "NOCHANNEL"
        office.says(caller, Released(BYE))

    @pytest.mark.parametrize("called", ["kill", "killall"])
    def test_a_channel_is_hung_up(self, office: Exchange, called: str) -> None:
        one = office.offer(called="600")
        office.offer("SIP/6002-00000002", called)
        assert isinstance(one.last, Hangup) and "SoftHangup" in one.last.ending.evidence

    def test_a_caller_is_sent_away_by_its_own_side(self, office: Exchange) -> None:
        caller = office.offer(called="away")
        assert caller.last == Redirect("sip:5551234@example.org")
        office.says(caller, TransferTold(None, final=False))
        office.says(caller, TransferTold(None))
        assert told(office, caller) == "SUCCESS"
        office.says(caller, Released(BYE))

    def test_its_side_will_not(self, office: Exchange) -> None:
        caller = office.offer(called="away")
        office.says(caller, TransferTold(Cause.CALL_REJECTED))
        assert told(office, caller) == "FAILURE"
        office.says(caller, Released(BYE))

    def test_its_side_never_says(self, office: Exchange) -> None:
        caller = office.offer(called="away")
        office.wait(31)
        assert told(office, caller) == "FAILURE"
        office.says(caller, Released(BYE))

    def test_its_technology_cannot(self, office: Exchange) -> None:
        caller = ScriptedChannel("FXS/104-00000001", "telephone 104")
        caller.takes.discard(Redirect)
        office.says(caller, Offered("away", Party("104"), "office"))
        assert told(office, caller) == "UNSUPPORTED"
        office.says(caller, Released(BYE))


class TestBridge:
    def test_one_in_an_application_is_talked_with(self, office: Exchange) -> None:
        one = office.offer(called="600")
        other = office.offer("SIP/6002-00000002", "grab")
        office.loop.settle()
        assert office.talks(one, other)
        office.says(one, Released(BYE))
        assert told(office, other) == "SUCCESS"
        office.says(other, Released(BYE))

    def test_one_in_a_talk_is_taken_out_of_it(self, office: Exchange) -> None:
        one = office.offer(called="101")
        office.says(office.phone, Answered("off-hook"))
        other = office.offer("SIP/6002-00000002", "grab")
        assert office.talks(one, other)
        assert isinstance(office.phone.last, Hangup) and office.phone.last.ending.act is Act.TRANSFERRED
        office.says(other, Released(BYE))
        assert isinstance(one.last, Hangup)

    def test_one_who_waits_for_an_answer_is_taken_and_the_dial_ends(self, office: Exchange) -> None:
        one = office.offer(called="101")
        office.says(office.phone, Alerting())
        other = office.offer("SIP/6002-00000002", "grab")
        assert isinstance(office.phone.last, Hangup)
        office.says(one, Released(BYE))
        office.says(other, Released(BYE))

    @pytest.mark.parametrize(("called", "status"), [("self", "LOOP"), ("none", "NONEXISTENT")])
    def test_itself_or_nobody(self, office: Exchange, called: str, status: str) -> None:
        caller = office.offer(called=called)
        assert told(office, caller) == status
        office.says(caller, Released(BYE))


class TestPickup:
    @pytest.mark.parametrize("called", ["*8", "*8101", "*9"])
    def test_a_call_that_rings_elsewhere_is_answered(self, office: Exchange, called: str) -> None:
        caller = office.offer(called="101")
        office.says(office.phone, Alerting())
        picker = office.offer("SIP/6002-00000002", called)
        office.loop.settle()
        assert picker.commands[0] == Answer()
        assert office.talks(caller, picker)
        assert isinstance(office.phone.last, Hangup)
        assert office.phone.last.ending.cause is Cause.NON_SELECTED_USER_CLEARING
        office.says(caller, Released(BYE))
        assert isinstance(picker.last, Hangup)

    def test_of_two_who_pick_up_at_once_one_has_the_call(self, office: Exchange) -> None:
        caller = office.offer()
        office.says(office.phone, Alerting())
        pickers = [ScriptedChannel(f"SIP/600{each}-0000000{each}", f"account 600{each}") for each in (2, 3)]
        for each in pickers:
            office.loop.call_soon(office.manager.deliver, each, Offered("*8101", Party("6002"), "office"))
        office.loop.settle()
        assert office.talks(caller, pickers[0])
        assert told(office, pickers[1]) == "FAILURE"
        for each in pickers:
            office.says(each, Released(BYE))

    @pytest.mark.parametrize("called", ["*8", "*8999", "*9"])
    def test_where_nobody_rings_the_script_goes_on(self, office: Exchange, called: str) -> None:
        caller = office.offer(called=called)
        assert told(office, caller) == "FAILURE"
        office.says(caller, Released(BYE))

    def test_without_a_number_only_calls_of_ones_own_groups_are_picked_up(self, office: Exchange) -> None:
        sales, lab = Groups(call=frozenset({"sales"})), Groups(frozenset({"lab"}), frozenset({"lab"}))
        office.manager.pickup_groups = PickupGroups({"FXS/101": sales, "FXS/102": lab, "SIP/6003": lab})
        first = office.offer("SIP/6001-00000001", "101")
        second = office.offer("SIP/6002-00000002", "102")
        picker = office.offer("SIP/6003-00000003", "*8")
        assert office.talks(picker, second), "101 has rung longer, but in another group"
        office.says(picker, Released(BYE))
        stranger = office.offer("SIP/6004-00000004", "*8")
        assert told(office, stranger) == "FAILURE", "who is in no group may take calls of those in none alone"
        office.says(stranger, Released(BYE))
        named = office.offer("SIP/6004-00000005", "*8101")
        assert office.talks(named, first), "a call that is named may be picked up by anybody"
        office.says(named, Released(BYE))
        office.says(second, Released(BYE))


class TestGroupsOfACall:
    """CHANNEL(callgroup) and its like: groups that a script gives a leg."""

    PLAN = """
[office]
exten => 101,1,Dial(FXS/101,60,b(office^mark^1))
exten => mark,1,Set(CHANNEL(callgroup)=1,3-5)
 same => n,Set(CHANNEL(namedcallgroup)=sales)
 same => n,Return()
exten => *89,1,Set(CHANNEL(namedpickupgroup)=lab,sales)
 same => n,Pickup()
 same => n,Wait(60)
exten => _*8X,1,Set(CHANNEL(pickupgroup)=${EXTEN:2})
 same => n,Set(GLOBAL(mine)=${CHANNEL(pickupgroup)})
 same => n,Pickup()
 same => n,Wait(60)
"""

    @pytest.mark.parametrize(
        ("group", "taken"), [("4", True), ("1", True), ("9", True), ("2", False), ("6", False)]
    )
    def test_a_call_is_picked_up_by_its_own_groups(self, exchange: Exchange, group: str, taken: bool) -> None:
        exchange.dialplan(self.PLAN)
        caller = exchange.offer(called="101")
        picker = exchange.offer("SIP/6003-00000003", f"*8{group}")
        assert exchange.talks(picker, caller) is taken
        assert exchange.globals().get("mine", "9") == group
        for channel in (picker, caller):
            exchange.says(channel, Released(BYE))


def test_transfers_by_a_script_that_talks_with_nobody_say_so(office: Exchange) -> None:
    caller = office.offer(called="send")
    for words in ("alone FAILURE", "nowhere INVALID", "none FAILURE", "self FAILURE"):
        assert office.story_has(caller, f"NoOp({words})"), words
    assert office.story_has(caller, "AttendedTransfer: there is no such channel")


def test_keys_go_to_another_channel(office: Exchange) -> None:
    office.dialplan(
        "[office]\nexten => 200,1,Wait(60)\nexten => 201,1,SendDTMF(42,,,SIP/6002)\n same => n,Wait(60)\n"
    )
    other = office.offer("SIP/6002-00000002", called="200")
    caller = office.offer(called="201")
    office.wait(1)
    assert [command.digits for command in other.commands if isinstance(command, SendDigits)] == ["4", "2"]
    assert not any(isinstance(command, SendDigits) for command in caller.commands)
    for channel in (other, caller):
        office.says(channel, Released(BYE))
