"""Whatever both sides do and the line loses: every call is released once at each end, and nothing is left."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, IllegalInput, Unavailable
from gateway.q931.config import Hunt
from gateway.q931.number import CalledNumber
from gateway.q931.primitive import (
    Alert,
    AskMore,
    Audit,
    Clear,
    Connect,
    Notify,
    Order,
    Proceed,
    Released,
    SendDigits,
    Setup,
    TellProgress,
)
from tests.unit.q931.conftest import NETWORK, USER, End, Span

CHANNELS = (1, 2, 3, 4)
COMMANDS = (
    AskMore(audio=True),
    Proceed(),
    TellProgress(),
    Alert(),
    Connect(),
    Connect(),
    SendDigits("5", complete=True),
    Notify(1),
    Audit(),
    Clear(Cause.USER_BUSY),
    Clear(Cause.NUMBER_CHANGED, audio=True),
)


class Party:
    """A driver that does anything at any time."""

    def __init__(self, end: End, dice: random.Random) -> None:
        self.end = end
        self.calls: list[int] = []
        self.over: list[int] = []
        self._dice = dice

    def acts(self, now: float) -> None:
        self.listens()
        if self._dice.random() < 0.4:
            order = Order(CalledNumber("55"), complete=self._dice.random() < 0.7)
            with suppress(Exhausted, Unavailable):
                self.calls.append(self.end.interface.place(order, now))
        elif self.calls:
            with suppress(IllegalInput):
                self.end.says(self._dice.choice(self.calls[-4:]), self._dice.choice(COMMANDS))
        elif self._dice.random() < 0.1:
            self.end.interface.restart(now)
        self.listens()

    def listens(self) -> None:
        self.end._listen()
        for event in self.end.hears():
            if isinstance(event, Setup):
                self.calls.append(event.call)
            elif isinstance(event, Released):
                self.over.append(event.call)

    def leaves(self) -> None:
        self.listens()
        for call in self.calls:
            self.end.says(call, Clear(Cause.NORMAL_CLEARING))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.0, 0.05, 0.3]),
    st.booleans(),
    st.sampled_from([Hunt.ASCENDING, Hunt.DESCENDING]),
)
def test_every_call_ends_once_at_each_end(seed: int, lost: float, exclusive: bool, hunt: Hunt) -> None:
    dice = random.Random(seed)
    span = Span(
        replace(USER, channels=CHANNELS, exclusive=exclusive),
        replace(NETWORK, channels=CHANNELS, hunt=hunt, restart=True),
    ).begins()
    span.pair.lose = lambda datagram: dice.random() < lost
    parties = [Party(end, dice) for end in (span.user, span.network)]
    for _ in range(60):
        for party in parties:
            if dice.random() < 0.7:
                party.acts(span.clock.now)
        if dice.random() < 0.7:
            span.passes(dice.choice([0.0, 0.0, 0.5, 3.0, 20.0]))
    span.pair.lose = None
    for _ in range(10):  # what was on its way as they left comes in later
        for party in parties:
            party.leaves()
        span.passes(50)
    for party in parties:
        party.listens()
        assert sorted(party.over) == sorted(party.calls)
        channels = party.end.interface.channels
        assert sorted(channels.free()) == list(CHANNELS), channels.out()
    assert span.user.interface.is_up
    span.forget()
    placed, taken = span.ring()
    span.network.says(taken, Connect())
    span.settle()
    assert span.user.interface.channel_of(placed) == span.network.interface.channel_of(taken)
