"""Calls with libpri, the primary-rate ISDN of Asterisk: it is the network or the user, we are the other side."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.core.cause import Cause
from gateway.core.number import Party
from gateway.q931.config import DIALECTS, T1_CHANNELS, USER_TIMERS, Hunt, InterfaceConfig, Side
from gateway.q931.interface import Interface
from gateway.q931.mapping import called_of, calling_of, connected_of, redirecting_of
from gateway.q931.primitive import (
    Alert,
    Alerting,
    Allotted,
    AskMore,
    Audit,
    ChannelsBack,
    ChannelsOut,
    Clear,
    Command,
    Connect,
    Connected,
    Disconnecting,
    Event,
    LinkUp,
    MoreDigits,
    MoreWanted,
    Order,
    Proceed,
    Proceeding,
    Progress,
    Released,
    Restarted,
    SendDigits,
    Setup,
    TellProgress,
)
from tests.support.libpri import EUROISDN_E1, NI2, Kind, LibPri, Told

pytestmark = pytest.mark.wire

PATIENCE = 10.0
"""Seconds until something is taken not to happen: libpri waits for some of its timers."""


class Line:
    """libpri at one end of a D channel, an interface at the other, and what both have told.

    Attributes:
        hangs_up: libpri's user does what it has to when a call is over, as Asterisk would.
    """

    def __init__(self, config: InterfaceConfig, switch: int = EUROISDN_E1) -> None:
        self.pri = LibPri(network=config.side is Side.USER, switch=switch)
        self.interface = Interface(config)
        self.told: list[Event] = []
        self.heard: list[Told] = []
        self.hangs_up = True
        self.interface.start(time.monotonic())
        self.until(lambda: LinkUp() in self.told and Kind.DCHAN_UP in self.kinds())
        self.learns(LinkUp)
        self.hears(Kind.DCHAN_UP)

    def until(self, done: Callable[[], object]) -> None:
        """Carry frames both ways until `done`."""
        end = time.monotonic() + PATIENCE
        while True:
            self._carry()
            if done():
                return
            assert time.monotonic() < end, (self.told, self.heard, self.pri.complaints)
            time.sleep(0.005)

    def waits(self, seconds: float) -> None:
        """Carry frames both ways for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def places(self, digits: str = "5550100", **ordered: object) -> int:
        order = Order(called_of(digits), calling_of(Party("+12565551101")), **ordered)  # type: ignore[arg-type]
        return self.interface.place(order, time.monotonic())

    def says(self, call: int, *commands: Command) -> None:
        for command in commands:
            self.interface.command(call, command, time.monotonic())

    def kinds(self) -> list[Kind]:
        return [told.kind for told in self.heard]

    def hears(self, kind: Kind) -> Told:
        """What libpri tells of this kind next; what came before is forgotten."""
        self.until(lambda: kind in self.kinds())
        at = self.kinds().index(kind)
        found = self.heard[at]
        del self.heard[: at + 1]
        return found

    def learns(self, kind: type[Event]) -> Event:
        """What our side tells of this kind next, likewise."""
        self.until(lambda: any(isinstance(event, kind) for event in self.told))
        at = next(at for at, event in enumerate(self.told) if isinstance(event, kind))
        found = self.told[at]
        del self.told[: at + 1]
        return found

    def _carry(self) -> None:
        for _ in range(100):
            now = time.monotonic()
            self.pri.run()
            self.interface.expire(now)
            ours, theirs = self.interface.outgoing(), self.pri.outgoing()
            for frame in ours:
                self.pri.receive(frame)
            for frame in theirs:
                self.interface.receive(frame, None, now)
            self.told += self.interface.events()
            for told in self.pri.tells():
                self.heard.append(told)
                if told.kind is Kind.HANGUP and self.hangs_up:
                    self.pri.does("hangup", told.call, told.cause)
            if not ours and not theirs:
                return


USER = InterfaceConfig(Side.USER, restart=False)
NETWORK = InterfaceConfig(Side.NETWORK, hunt=Hunt.DESCENDING, restart=False)


@pytest.mark.parametrize("config", [USER, NETWORK], ids=["user", "network"])
def test_a_call_that_we_place(config: InterfaceConfig) -> None:
    line = Line(config)
    call = line.places(display="Front desk", redirecting=(redirecting_of("300", "no-answer"),))
    ring = line.hears(Kind.RING)
    assert (ring.callednum, ring.complete, ring.ctype, ring.layer1) == ("5550100", 1, 0x10, 0x23)
    assert (ring.callingnum, ring.callingname, ring.callingplan) == ("12565551101", "Front desk", 0x11)
    assert (ring.redirectingnum, ring.redirectingreason) == ("300", 2)
    line.pri.does("proceeding", ring.call, ring.channel, 0)
    line.pri.does("progress", ring.call, ring.channel, 1)
    line.pri.does("acknowledge", ring.call, ring.channel, 0)
    line.pri.does("answer", ring.call, ring.channel, 0)
    line.learns(Connected)
    assert line.interface.channel_of(call) == ring.channel & 0xFF
    line.says(call, Clear(Cause.NORMAL_CLEARING))
    assert line.hears(Kind.HANGUP_REQ).cause == Cause.NORMAL_CLEARING
    line.pri.does("hangup", ring.call, Cause.NORMAL_CLEARING)
    assert line.learns(Released) == Released(call, Cause.NORMAL_CLEARING, line_location(config), by_far=False)
    assert len(line.interface.channels.free()) == 30


def line_location(config: InterfaceConfig) -> int:
    """What we are, as causes of ours tell."""
    return 0 if config.side is Side.USER else 2


def test_what_we_are_told_of_a_call_that_we_place() -> None:
    line = Line(USER)
    call = line.places()
    ring = line.hears(Kind.RING)
    line.pri.does("proceeding", ring.call, ring.channel, 0)
    line.pri.does("progress", ring.call, ring.channel, 1)
    line.pri.does("acknowledge", ring.call, ring.channel, 1)
    line.learns(Allotted)
    assert line.learns(Proceeding) == Proceeding(call)
    progress = line.learns(Progress)
    assert isinstance(progress, Progress) and progress.audio
    assert line.learns(Alerting) == Alerting(call, audio=True)
    line.pri.does("hangup", ring.call, Cause.USER_BUSY)
    released = line.learns(Released)
    assert isinstance(released, Released) and released.cause is Cause.USER_BUSY


@pytest.mark.parametrize("config", [USER, NETWORK], ids=["user", "network"])
def test_a_call_that_libpri_places(config: InterfaceConfig) -> None:
    line = Line(config)
    theirs = line.pri.calls(7, "2565551100", "2565550199", "Bob")
    setup = line.learns(Setup)
    assert isinstance(setup, Setup)
    assert (setup.channel, setup.complete) == (7, True)
    assert setup.called is not None and setup.called.digits == "2565551100"
    assert setup.calling is not None and setup.calling.digits == "2565550199"
    line.says(setup.call, Proceed(), TellProgress(), Alert(audio=True))
    assert [line.hears(kind).kind for kind in (Kind.PROCEEDING, Kind.PROGRESS, Kind.RINGING)]
    line.says(setup.call, Connect(connected_of(Party("101"))))
    line.hears(Kind.ANSWER)
    line.pri.does("hangup", theirs, Cause.NORMAL_CLEARING)
    assert line.learns(Disconnecting) == Disconnecting(setup.call, Cause.NORMAL_CLEARING, 1)
    line.hears(Kind.HANGUP)
    assert line.learns(Released) == Released(setup.call, Cause.NORMAL_CLEARING, 1)
    assert len(line.interface.channels.free()) == 30


@pytest.mark.parametrize("cause", [Cause.USER_BUSY, Cause.UNALLOCATED_NUMBER, Cause.SWITCHING_EQUIPMENT_CONGESTION])
def test_calls_that_are_refused(cause: Cause) -> None:
    line = Line(NETWORK)
    theirs = line.pri.calls(1, "5550101", "101")
    setup = line.learns(Setup)
    assert isinstance(setup, Setup)
    line.says(setup.call, Clear(cause))
    hangup = line.hears(Kind.HANGUP)
    assert (hangup.cause, hangup.call) == (cause, theirs)
    line.learns(Released)
    ours = line.places()
    ring = line.hears(Kind.RING)
    line.pri.does("proceeding", ring.call, ring.channel, 0)
    line.pri.does("hangup", ring.call, cause)
    released = line.learns(Released)
    assert isinstance(released, Released) and (released.call, released.cause) == (ours, cause)


def test_digits_one_by_one() -> None:
    """5.1.3, both ways."""
    line = Line(NETWORK)
    line.pri.allow_overlap()
    theirs = line.pri.calls(1, "5", "101", complete=False)
    setup = line.learns(Setup)
    assert isinstance(setup, Setup) and not setup.complete
    line.says(setup.call, AskMore(audio=True))
    line.hears(Kind.SETUP_ACK)
    for digit in "550108":
        line.pri.does("information", theirs, ord(digit))
    digits = ""
    while len(digits) < 6:
        more = line.learns(MoreDigits)
        assert isinstance(more, MoreDigits)
        digits += more.digits
    assert digits == "550108"
    line.says(setup.call, Alert(), Connect())
    line.hears(Kind.ANSWER)
    ours = line.places("1", complete=False)
    ring = line.hears(Kind.RING)
    line.pri.does("setup_ack", ring.call, ring.channel, 0, 1)
    assert line.learns(MoreWanted) == MoreWanted(ours, audio=True)
    line.says(ours, SendDigits("0"), SendDigits("1"))
    assert line.hears(Kind.INFO_RECEIVED).callednum == "0"
    assert line.hears(Kind.INFO_RECEIVED).callednum == "1"


@pytest.mark.parametrize("side", Side)
def test_both_sides_agree_on_the_state_of_a_call(side: Side) -> None:
    """5.8.10: asked in each state; where libpri told of another one or of none, the call would end."""
    timers = replace(USER_TIMERS, t322=0.1)
    line = Line(InterfaceConfig(side, restart=False, timers=timers))
    line.pri.calls(1, "2565551100", "2565550199")
    setup = line.learns(Setup)
    assert isinstance(setup, Setup)
    for command in (Proceed(), Alert(), Connect()):
        line.says(setup.call, command, Audit())
        line.waits(0.25)
        assert line.interface.channel_of(setup.call) == 1
    assert not any(isinstance(event, Released) for event in line.told)


def test_channels_are_restarted_both_ways() -> None:
    line = Line(replace(USER, restart=True))
    line.until(lambda: len([event for event in line.told if isinstance(event, Restarted)]) == 30)
    assert sorted(event.channel for event in line.heard if event.kind is Kind.RESTART) == list(USER.channels)
    line.told.clear()
    line.pri.restarts(5)
    assert line.learns(Restarted) == Restarted((5,), True)
    line.hears(Kind.RESTART_ACK)
    assert not any(isinstance(event, ChannelsBack) for event in line.told)


def test_every_channel_in_use_at_once() -> None:
    """The window of the link, call references of both sides, and nothing left in the end."""
    line = Line(USER)
    ours = [line.places(str(number)) for number in range(20)]
    rings = [line.hears(Kind.RING) for _ in ours]
    for ring in rings:
        line.pri.does("answer", ring.call, ring.channel, 0)
    theirs = [line.pri.calls(channel, "1", "2") for channel in range(22, 32)]
    for _ in theirs:
        setup = line.learns(Setup)
        assert isinstance(setup, Setup)
        line.says(setup.call, Connect())
    for _ in theirs:
        line.hears(Kind.ANSWER)
    assert not line.interface.channels.free()
    for call in ours:
        line.says(call, Clear(Cause.NORMAL_CLEARING))
    for _ in ours:
        hangup = line.hears(Kind.HANGUP_REQ)
        line.pri.does("hangup", hangup.call, hangup.cause)
    for call in theirs:
        line.pri.does("hangup", call, Cause.NORMAL_CLEARING)
    line.until(lambda: len(line.interface.channels.free()) == 30)


def test_a_channel_that_is_not_freed_is_restarted() -> None:
    """5.3.3, 5.5: libpri's user does not answer RELEASE; T308 runs out twice."""
    line = Line(replace(USER, timers=replace(USER_TIMERS, t308=0.2)))
    line.hangs_up = False
    theirs = line.pri.calls(7, "2565551100", "2565550199")
    setup = line.learns(Setup)
    assert isinstance(setup, Setup)
    line.says(setup.call, Connect())
    line.hears(Kind.ANSWER)
    line.pri.does("hangup", theirs, Cause.NORMAL_CLEARING)
    assert line.learns(ChannelsOut) == ChannelsOut((7,), "RELEASE was not answered")
    line.learns(Released)
    assert line.hears(Kind.RESTART).channel == 7
    assert line.learns(ChannelsBack) == ChannelsBack((7,))
    assert line.learns(Restarted) == Restarted((7,), False)


def test_national_isdn_on_a_t1() -> None:
    line = Line(InterfaceConfig(Side.USER, channels=T1_CHANNELS, dialect=DIALECTS["ni2"], restart=False), NI2)
    call = line.places("2565550100")
    ring = line.hears(Kind.RING)
    assert (ring.callednum, ring.ctype, ring.layer1) == ("2565550100", 0, 0x22)
    line.pri.does("answer", ring.call, ring.channel, 0)
    line.learns(Connected)
    line.says(call, Clear(Cause.NORMAL_CLEARING))
    line.pri.does("hangup", line.hears(Kind.HANGUP_REQ).call, Cause.NORMAL_CLEARING)
    line.learns(Released)
