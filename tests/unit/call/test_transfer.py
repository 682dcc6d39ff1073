"""Transfers and replacements as conversations: who talks with whom afterwards, and who is told."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.carried import SECURED
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.messages import (
    Alerting,
    Answered,
    Dial,
    Diverted,
    Hangup,
    Offered,
    Released,
    TransferAsked,
    TransferTold,
)
from gateway.core.number import Party, Presentation
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import ANN, BUSY, BYE, ON_HOOK, Exchange, tolls_of

OFFICE = """
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 102,1,Dial(FXS/102,30)
exten => 600,1,Answer()
 same => n,Wait(600)
exten => 103,1,Dial(FXS/103,30)
 same => n,Set(GLOBAL(went_on)=${DIALSTATUS})
exten => 104,1,Dial(FXS/104,30)
 same => n,Hangup(34)
exten => 105,1,Dial(FXS/101&FXS/102,30,b(before^1^1))
[before]
exten => 1,1,Wait(3)
 same => n,Return()
[lobby]
exten => 7,1,Set(GLOBAL(by)=${BLINDTRANSFER})
 same => n,Answer()
 same => n,Wait(600)
"""


@pytest.fixture
def office(exchange: Exchange) -> Exchange:
    exchange.dialplan(OFFICE)
    return exchange


def talking(office: Exchange, name: str = "SIP/6001-00000001", number: str = "101") -> ScriptedChannel:
    """A caller who talks with telephone `number`."""
    caller = office.offer(name, number)
    office.says(office.telephone(number), Answered("off-hook"))
    assert office.talks(caller, office.telephone(number))
    return caller


def referred(number: str, name: str = "") -> dict[str, str]:
    """What the legs that are called for a transferee are told of its transferor (RFC 3892 section 2.2)."""
    return {"REFERRED_BY": number, "REFERRED_BY_NAME": name}


class TestBlind:
    """RFC 5589 section 6."""

    def test_the_called_side_sends_the_caller_to_another_telephone(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("102"))
        other = office.telephone("102")
        assert other.commands[0] == Dial("102", ANN, referred("101"))
        assert not any(isinstance(said, TransferTold) for said in phone.commands), "nobody rings yet"
        for _ in range(2):
            office.says(other, Alerting())
            assert [said for said in phone.commands if isinstance(said, TransferTold)] == [
                TransferTold(None, final=False)
            ]
        office.says(other, Answered("off-hook"))
        assert office.talks(caller, other)
        assert phone.commands[-2] == TransferTold(None, final=True)
        assert isinstance(phone.last, Hangup) and phone.last.ending.act is Act.TRANSFERRED
        office.says(other, Released(ON_HOOK))
        (record,) = office.records
        assert [(talk.one, talk.other) for talk in record.talks] == [
            (caller.name, phone.name),
            (caller.name, other.name),
        ]
        assert all(talk.ended is not None for talk in record.talks)
        assert (record.destination, record.ending) == (other.name, ON_HOOK)

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (Party("5550100", "Ada"), referred("5550100", "Ada")),
            (Party("5550100", "Ada", Presentation.RESTRICTED), referred("")),
        ],
    )
    def test_who_refers_is_who_a_trusted_peer_says_unless_it_is_withheld(
        self, office: Exchange, said: Party, told: dict[str, str]
    ) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("102", referred_by=said))
        other = office.telephone("102")
        assert other.commands[0] == Dial("102", ANN, told)
        office.says(other, Released(BUSY))
        office.says(caller, Released(ON_HOOK))
        office.says(phone, Released(ON_HOOK))

    def test_a_transfer_to_a_sips_uri_stays_on_tls(self, office: Exchange) -> None:
        """RFC 5630: whoever is called for it is called so."""
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("102", variables={SECURED: "yes"}))
        other = office.telephone("102")
        assert other.commands[0] == Dial("102", ANN, referred("101") | {SECURED: "yes"})
        office.says(other, Released(BUSY))
        office.says(caller, Released(ON_HOOK))
        office.says(phone, Released(ON_HOOK))

    def test_the_caller_sends_the_called_side_to_another_telephone(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(caller, TransferAsked("102"))
        other = office.telephone("102")
        assert other.commands[0] == Dial("102", Party("101"), referred("6001", "Ann")), (
            "who is transferred is shown"
        )
        office.says(other, Answered("off-hook"))
        assert office.talks(phone, other)
        assert isinstance(caller.last, Hangup)
        office.says(phone, Released(ON_HOOK))
        assert isinstance(other.last, Hangup)
        first, second = office.records
        assert (first.source, first.destination) == (caller.name, phone.name)
        assert first.ending.act is Act.TRANSFERRED
        assert (second.source, second.destination, second.called) == (phone.name, other.name, "102")
        assert second.linked == first.id
        assert second.billed <= second.duration

    def test_an_application_that_answers_is_an_arrival(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("600"))
        assert isinstance(phone.last, Hangup) and TransferTold(None) in phone.commands
        office.says(caller, Released(BYE))

    def test_the_number_is_looked_up_where_the_transferor_may_dial(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("7", context="lobby"))
        assert isinstance(phone.last, Hangup)
        assert office.story_has(caller, "lobby,7,1 Set(GLOBAL(by)=FXS/101")
        office.says(caller, Released(BYE))

    def test_a_number_that_is_none_leaves_the_talk_as_it_is(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("999"))
        assert phone.last == TransferTold(Cause.UNALLOCATED_NUMBER)
        assert office.talks(caller, phone)
        office.says(caller, Released(BYE))

    @pytest.mark.parametrize("by_caller", [True, False])
    def test_whoever_cannot_be_reached_gives_the_transferee_back(self, office: Exchange, by_caller: bool) -> None:
        caller, phone = talking(office), office.telephone("101")
        transferor, transferee = (caller, phone) if by_caller else (phone, caller)
        office.says(transferor, TransferAsked("102"))
        assert not office.talks(caller, phone)
        office.says(office.telephone("102"), Released(BUSY))
        assert transferor.last == TransferTold(Cause.USER_BUSY)
        assert office.talks(caller, phone)
        office.says(transferee, Released(BYE))
        assert isinstance(transferor.last, Hangup)

    def test_a_transferor_who_has_hung_up_gets_nobody_back(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("102"))
        office.says(phone, Released(ON_HOOK))
        office.says(office.telephone("102"), Released(BUSY))
        assert caller.last == Hangup(BUSY), "why it has reached nobody"

    def test_unless_the_dialplan_has_something_to_say_of_that(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("104"))
        office.says(phone, Released(ON_HOOK))
        office.says(office.telephone("104"), Released(BUSY))
        assert isinstance(caller.last, Hangup) and caller.last.ending.cause is Cause.NO_CIRCUIT_AVAILABLE

    def test_a_transferee_who_hangs_up_on_the_way_ends_it(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("102"))
        office.says(caller, Released(BYE))
        assert isinstance(office.telephone("102").last, Hangup)
        assert isinstance(phone.last, Hangup)
        assert phone.commands[-2] == TransferTold(Cause.NORMAL_CLEARING)

    def test_who_talks_with_nobody_transfers_nobody(self, office: Exchange) -> None:
        caller = office.offer(called="600")
        office.says(caller, TransferAsked("102"))
        assert caller.last == TransferTold(Cause.FACILITY_REJECTED)
        office.says(caller, Released(BYE))

    def test_a_transferee_can_be_transferred_on(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        office.says(phone, TransferAsked("102"))
        office.says(office.telephone("102"), Answered("off-hook"))
        office.says(office.telephone("102"), TransferAsked("103"))
        office.says(office.telephone("103"), Answered("off-hook"))
        assert office.talks(caller, office.telephone("103"))
        office.says(caller, Released(BYE))
        assert len(office.records[0].talks) == 3


class TestAttended:
    """RFC 5589 section 7."""

    def consult(self, office: Exchange, number: str = "102") -> tuple[ScriptedChannel, ScriptedChannel]:
        """Telephone 101, called by Ann, calls another one on a second line of its own; its two legs."""
        talking(office)
        second = office.offer("FXS/101-000000aa", number)
        return office.telephone("101"), second

    def test_the_partners_of_two_talks_are_joined(self, office: Exchange) -> None:
        first, second = self.consult(office)
        caller, target = office.channel("SIP/6001-00000001"), office.telephone("102")
        office.says(target, Answered("off-hook"))
        office.says(first, TransferAsked(other=second.name))
        assert office.talks(caller, target)
        assert first.commands[-2] == TransferTold(None)
        assert isinstance(first.last, Hangup) and isinstance(second.last, Hangup)
        office.says(target, Released(ON_HOOK))
        assert isinstance(caller.last, Hangup) and caller.last.ending == ON_HOOK
        consultation, main = office.records
        assert (main.source, main.destination, main.linked) == (caller.name, target.name, consultation.id)

    def test_two_who_were_both_called_are_joined(self, office: Exchange) -> None:
        caller = talking(office)
        second = office.offer("SIP/6001-00000002", "102")
        office.says(office.telephone("102"), Answered("off-hook"))
        office.says(caller, TransferAsked(other=second.name))
        assert office.talks(office.telephone("101"), office.telephone("102"))
        assert isinstance(caller.last, Hangup) and isinstance(second.last, Hangup)
        office.says(office.telephone("101"), Released(ON_HOOK))
        assert isinstance(office.telephone("102").last, Hangup)
        assert {record.linked for record in office.records} >= {office.records[0].id}
        joined = office.records[-1]
        assert (joined.caller, joined.called) == ("101", "102")

    def test_two_who_both_called_are_joined(self, office: Exchange) -> None:
        one = talking(office)
        other = talking(office, "SIP/6002-00000002", "102")
        office.says(office.telephone("101"), TransferAsked(other=office.telephone("102").name))
        assert office.talks(one, other)
        office.says(other, Released(BYE))
        assert isinstance(one.last, Hangup)

    def test_while_the_second_still_rings_its_answer_is_waited_for(self, office: Exchange) -> None:
        first, second = self.consult(office)
        caller, target = office.channel("SIP/6001-00000001"), office.telephone("102")
        office.says(target, Alerting())
        office.says(first, TransferAsked(other=second.name))
        assert isinstance(first.last, Hangup) and isinstance(second.last, Hangup)
        assert caller.audio is not None and caller.audio.heard == ["ring tone"]
        assert not isinstance(target.last, Hangup)
        office.says(target, Answered("off-hook"))
        assert office.talks(caller, target) and caller.audio.playing is None
        office.says(caller, Released(BYE))
        assert isinstance(target.last, Hangup)

    def test_while_it_rings_one_who_was_called_waits_too(self, office: Exchange) -> None:
        caller = talking(office)
        second = office.offer("SIP/6001-00000002", "102")
        office.says(caller, TransferAsked(other=second.name))
        assert isinstance(caller.last, Hangup) and isinstance(second.last, Hangup)
        office.says(office.telephone("102"), Answered("off-hook"))
        assert office.talks(office.telephone("101"), office.telephone("102"))
        office.says(office.telephone("102"), Released(ON_HOOK))
        assert isinstance(office.telephone("101").last, Hangup)

    def test_nobody_answers_the_transferee(self, office: Exchange) -> None:
        first, second = self.consult(office)
        caller = office.channel("SIP/6001-00000001")
        office.says(first, TransferAsked(other=second.name))
        office.wait(31)
        assert isinstance(office.telephone("102").last, Hangup)
        assert isinstance(caller.last, Hangup) and caller.last.ending.cause is Cause.NO_ANSWER

    @pytest.mark.parametrize(("other", "cause"), [("SIP/none-1", 81), ("FXS/101-00000001", 29)])
    def test_with_nobody_or_itself_it_is_refused(self, office: Exchange, other: str, cause: int) -> None:
        caller = talking(office)
        office.says(office.telephone("101"), TransferAsked(other=other))
        assert office.telephone("101").last == TransferTold(Cause(cause))
        assert office.talks(caller, office.telephone("101"))
        office.says(caller, Released(BYE))

    def test_one_cannot_be_joined_with_oneself(self, office: Exchange) -> None:
        caller = talking(office)
        office.says(caller, TransferAsked(other=office.telephone("101").name))
        assert caller.last == TransferTold(Cause.FACILITY_REJECTED)
        office.says(caller, Released(BYE))


class TestReplaces:
    """RFC 3891 section 3."""

    def test_a_new_leg_takes_over_a_talk(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        new = office.offer("SIP/6003-00000009", "", replaces=phone.name)
        assert office.talks(caller, new)
        assert isinstance(phone.last, Hangup)
        office.says(new, Released(BYE))
        assert isinstance(caller.last, Hangup)

    def test_it_takes_over_from_a_caller(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        new = office.offer("SIP/6003-00000009", "", replaces=caller.name)
        assert office.talks(new, phone)
        assert isinstance(caller.last, Hangup)
        office.says(phone, Released(ON_HOOK))
        assert isinstance(new.last, Hangup)

    def test_a_telephone_that_rings_is_picked_up(self, office: Exchange) -> None:
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = office.offer("SIP/6003-00000009", "", replaces=office.phone.name, early_only=True)
        assert isinstance(office.phone.last, Hangup)
        assert office.talks(caller, new)
        office.says(new, Released(BYE))
        assert isinstance(caller.last, Hangup)
        assert office.records[-1].destination == new.name

    def test_who_picks_up_as_another_answers_is_refused_and_not_left_in_silence(self, office: Exchange) -> None:
        """RFC 3891 section 3: there is no such early dialog any more."""
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = ScriptedChannel("SIP/6003-00000009", "account 6003")
        offer = Offered("", Party("6003"), "office", replaces=office.phone.name, early_only=True)
        office.loop.call_soon(office.manager.deliver, new, offer)
        office.loop.call_soon(office.manager.deliver, office.phone, Answered("off-hook"))
        office.loop.settle()
        assert office.talks(caller, office.phone)
        assert [type(command) for command in new.commands] == [Hangup]
        office.says(caller, Released(BYE))

    def test_whom_nobody_calls_any_more_is_not_picked_up_in_silence(self, office: Exchange) -> None:
        """An offer in the 200: the caller gives up before its answer has come with the ACK."""
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = ScriptedChannel("SIP/6003-00000009", "account 6003")
        new.reached = False
        office.says(new, Offered("", Party("6003"), "office", replaces=office.phone.name))
        office.says(caller, Released(BYE))
        new.reached = True
        office.says(new, Answered("ACK"))
        assert isinstance(new.last, Hangup) and "rings no more" in new.last.ending.evidence

    def test_who_takes_over_from_a_caller_at_the_answer_leaves_its_talk_alone(self, office: Exchange) -> None:
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = ScriptedChannel("SIP/6003-00000009", "account 6003")
        offer = Offered("", Party("6003"), "office", replaces=caller.name)
        office.loop.call_soon(office.manager.deliver, new, offer)
        office.loop.call_soon(office.manager.deliver, office.phone, Answered("off-hook"))
        office.loop.settle()
        assert office.talks(caller, office.phone) and isinstance(new.last, Hangup)
        office.says(caller, Released(BYE))

    def test_it_takes_over_from_one_who_hears_ringing(self, office: Exchange) -> None:
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = office.offer("SIP/6003-00000009", "", replaces=caller.name)
        assert isinstance(caller.last, Hangup)
        office.says(office.phone, Answered("off-hook"))
        assert office.talks(new, office.phone)
        office.says(office.phone, Released(ON_HOOK))
        assert isinstance(new.last, Hangup)

    def test_whom_it_called_sends_on_is_called_for_the_new_leg(self, office: Exchange) -> None:
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = office.offer("SIP/6003-00000009", "", replaces=caller.name)
        office.says(office.phone, Diverted("102"))
        office.says(office.phone, Released(BUSY))
        office.wait(0.1)
        office.says(office.telephone("102"), Answered("off-hook"))
        office.wait(0.1)
        assert office.talks(new, office.telephone("102"))
        office.says(new, Released(BYE))
        assert isinstance(office.telephone("102").last, Hangup)

    def test_who_answers_and_hangs_up_at_the_same_moment_leaves_no_call(self, office: Exchange) -> None:
        """Two datagrams that have come together are taken in before any script goes on."""
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = office.offer("SIP/6003-00000009", "", replaces=caller.name)
        for event in (Answered("off-hook"), Released(ON_HOOK)):
            office.loop.call_soon(office.manager.deliver, office.phone, event)
        office.loop.settle()
        assert isinstance(new.last, Hangup) and not office.manager.calls

    def test_who_takes_over_and_hangs_up_as_it_is_answered_leaves_nobody_behind(self, office: Exchange) -> None:
        caller = office.offer()
        office.says(office.phone, Alerting())
        new = office.offer("SIP/6003-00000009", "", replaces=caller.name)
        office.loop.call_soon(office.manager.deliver, office.phone, Answered("off-hook"))
        office.loop.call_soon(office.manager.deliver, new, Released(BYE))
        office.loop.settle()
        assert isinstance(office.phone.last, Hangup) and not office.manager.calls

    def test_early_only_does_not_take_an_answered_one(self, office: Exchange) -> None:
        caller, phone = talking(office), office.telephone("101")
        new = office.offer("SIP/6003-00000009", "", replaces=phone.name, early_only=True)
        assert isinstance(new.last, Hangup) and new.last.ending.cause is Cause.USER_BUSY
        assert office.talks(caller, phone)
        office.says(caller, Released(BYE))

    def test_what_is_not_there_cannot_be_replaced(self, office: Exchange) -> None:
        new = office.offer("SIP/6003-00000009", "", replaces="SIP/nobody-1")
        assert isinstance(new.last, Hangup) and new.last.ending.cause is Cause.INVALID_CALL_REFERENCE

    def prepared(self, office: Exchange) -> ScriptedChannel:
        """Who takes over from a caller while the first of those whom it calls is being prepared."""
        caller = office.offer("SIP/6001-00000001", "105")
        new = office.offer("SIP/6003-00000009", "", replaces=caller.name)
        assert isinstance(caller.last, Hangup) and office.telephone("101").commands == []
        return new

    def test_those_who_are_yet_to_be_called_are_called_for_who_takes_over(self, office: Exchange) -> None:
        new = self.prepared(office)
        office.loop.advance(7.0, 0.5)
        phones = [office.telephone(number) for number in ("101", "102")]
        assert [type(command) for phone in phones for command in phone.commands] == [Dial, Dial]
        office.says(phones[1], Answered("off-hook"))
        assert office.talks(new, phones[1]) and isinstance(phones[0].last, Hangup)
        office.says(new, Released(BYE))
        assert isinstance(phones[1].last, Hangup)

    def test_of_them_one_may_be_gone_before(self, office: Exchange) -> None:
        new = self.prepared(office)
        office.says(office.telephone("101"), Released(BUSY))
        office.loop.advance(7.0, 0.5)
        office.says(office.telephone("102"), Released(BUSY))
        assert isinstance(new.last, Hangup), "nobody is left"

    def test_they_are_called_no_more_once_it_has_hung_up(self, office: Exchange) -> None:
        new = self.prepared(office)
        office.says(new, Released(BYE))
        office.loop.advance(7.0, 0.5)
        assert [type(command) for command in office.telephone("101").commands] == [Hangup]
        assert "102" not in office.fxs.made


def test_the_calls_time_is_up_for_both_sides(exchange: Exchange) -> None:
    exchange.dialplan("[office]\nexten => 101,1,Set(TIMEOUT(absolute)=60)\n same => n,Dial(FXS/101)")
    caller = talking(exchange)
    exchange.wait(61)
    assert isinstance(caller.last, Hangup) and isinstance(exchange.phone.last, Hangup)
    assert exchange.phone.last.ending.evidence == "the call's time is up"


@pytest.mark.parametrize("onward", [False, True])
def test_two_who_called_from_outside_are_joined_only_where_the_tolls_let_them(onward: bool) -> None:
    office = Exchange(tolls_of('[tolls]\nonward = ["office"]\n' if onward else ""))
    asyncio.set_event_loop(office.loop)
    office.dialplan(OFFICE)
    one, first = talking(office, "FXO/copper1-00000001"), office.telephone("101")
    other, second = talking(office, "FXO/copper1-00000002"), office.telephone("101")
    office.says(first, TransferAsked(other=second.name))
    if onward:
        assert office.talks(one, other)
    else:
        assert isinstance(first.last, TransferTold) and first.last.cause is not None
        assert office.story_has(first, "not in onward of [tolls]")
        assert office.talks(one, first) and office.talks(other, second)
    office.says(one, Released(ON_HOOK))
    office.says(other, Released(ON_HOOK))
    assert office.manager.usage() == {"calls": 0, "legs": 0}
    asyncio.set_event_loop(None)
    office.loop.close()
