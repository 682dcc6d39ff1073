"""Whole calls between two of our own ends over a wire that loses, repeats and reorders."""

from __future__ import annotations

from random import Random

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alert, Answer, Hangup, Offered, Released
from gateway.sip.channel import SipChannel
from gateway.sip.transport import Datagram
from tests.support.agent import Agent
from tests.support.pair import Pair
from tests.support.sip import Office

CLEAR = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK")


class Conversation:
    """The agent calls the office, whose telephone answers after a second of ringing."""

    def __init__(self) -> None:
        self.office = Office()
        self.agent = Agent()
        self.pair = Pair(self.agent, self.office.stack, self.office.clock)

    def offered(self, patience: float) -> SipChannel:
        """The leg that the agent's INVITE makes within `patience` seconds."""
        self.agent.call("101", self.pair.clock.now)
        for _ in range(int(patience)):
            self.pair.advance(1)
            for item in self.office.stack.events():
                assert isinstance(item, tuple) and isinstance(item[1], Offered)
                return item[0]
        raise AssertionError("the INVITE never came through")

    def command(self, channel: SipChannel, command: Alert | Answer | Hangup) -> None:
        channel.command(command, self.pair.clock.now)
        self.pair.exchange()

    def ended(self) -> list[Ending]:
        return [
            item[1].ending
            for item in self.office.stack.events()
            if isinstance(item, tuple) and isinstance(item[1], Released)
        ]

    def nothing_is_left(self) -> None:
        self.pair.lose = None
        self.pair.advance(250)
        assert self.office.stack.usage() == dict.fromkeys(self.office.stack.usage(), 0)
        assert self.agent.carrier.usage() == dict.fromkeys(self.agent.carrier.usage(), 0)
        assert self.office.desk.open == 0


def test_a_call_over_a_good_wire_takes_the_messages_of_rfc_3665() -> None:
    conversation = Conversation()
    channel = conversation.offered(5)
    conversation.command(channel, Alert())
    conversation.command(channel, Answer())
    assert conversation.agent.told == ["100", "180", "audio 20000", "answered"]
    conversation.agent.hang_up(conversation.pair.clock.now)
    conversation.pair.exchange()
    assert [ending.evidence for ending in conversation.ended()] == ["BYE"]
    assert [datagram.data.split(b" SIP/2.0")[0].split(b"\r\n")[0] for datagram in conversation.pair.wire] == [
        b"INVITE sip:101@192.0.2.1",
        b"SIP/2.0 401 Unauthorized",
        b"ACK sip:101@192.0.2.1",
        b"INVITE sip:101@192.0.2.1",
        b"SIP/2.0 100 Trying",
        b"SIP/2.0 180 Ringing",
        b"SIP/2.0 200 OK",
        b"ACK sip:copperline@192.0.2.1:5060",
        b"BYE sip:copperline@192.0.2.1:5060",
        b"SIP/2.0 200 OK",
    ]
    conversation.nothing_is_left()


@pytest.mark.parametrize("lost", range(10))
def test_any_one_message_may_be_lost(lost: int) -> None:
    conversation = Conversation()
    seen = iter(range(10**6))
    conversation.pair.lose = lambda _: next(seen) == lost
    channel = conversation.offered(10)
    conversation.command(channel, Alert())
    conversation.command(channel, Answer())
    conversation.pair.advance(5)
    assert conversation.agent.told[-1] == "answered" and conversation.agent.told.count("answered") == 1
    conversation.agent.hang_up(conversation.pair.clock.now)
    conversation.pair.advance(5)
    assert [ending.evidence for ending in conversation.ended()] == ["BYE"]
    conversation.nothing_is_left()


def test_every_message_may_come_twice_and_out_of_order() -> None:
    conversation = Conversation()

    class Twice(Agent):
        def outgoing(self) -> list[Datagram]:
            sent = super().outgoing()
            return [*sent, *sent]

    conversation.agent = Twice()
    conversation.pair = Pair(conversation.agent, conversation.office.stack, conversation.office.clock)
    conversation.pair.reorder = True
    channel = conversation.offered(5)
    conversation.command(channel, Answer())
    conversation.command(channel, Hangup(CLEAR))
    assert conversation.agent.told[-1] == "BYE" and conversation.agent.told.count("answered") == 1
    conversation.nothing_is_left()


@pytest.mark.parametrize("seed", range(8))
def test_with_a_third_of_all_messages_lost_calls_end_clean_whoever_hangs_up(seed: int) -> None:
    random = Random(seed)
    conversation = Conversation()
    conversation.pair.lose = lambda _: random.random() < 0.33
    channel = conversation.offered(60)
    conversation.command(channel, Alert())
    conversation.pair.advance(1)
    conversation.command(channel, Answer())
    conversation.pair.advance(random.choice((0, 1, 40)))
    if seed % 2:
        conversation.agent.hang_up(conversation.pair.clock.now)
    else:
        conversation.command(channel, Hangup(CLEAR))
    conversation.nothing_is_left()


def test_a_caller_who_vanishes_is_noticed() -> None:
    conversation = Conversation()
    channel = conversation.offered(5)
    conversation.pair.lose = lambda _: True
    conversation.command(channel, Answer())
    conversation.pair.advance(40)
    assert [ending.evidence for ending in conversation.ended()] == ["no ACK for 32 s"]
    conversation.agent.hang_up(conversation.pair.clock.now)  # it has heard nothing since 100 Trying
    conversation.nothing_is_left()


def test_a_cancel_and_an_answer_that_cross_leave_nothing() -> None:
    conversation = Conversation()
    channel = conversation.offered(5)
    conversation.agent.hang_up(conversation.pair.clock.now)
    channel.command(Answer(), conversation.pair.clock.now)
    conversation.pair.exchange()
    assert [ending.evidence for ending in conversation.ended()] == ["BYE"]
    conversation.nothing_is_left()
