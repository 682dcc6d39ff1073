"""A primary rate interface whose far side means harm: a story made from octets.

Messages that are right, mutated or belong elsewhere come in frames that count as they should or do not; time
passes, the line goes and comes, the driver does what it likes. In the end everything is hung up, every timer has
run out, and nothing may be left.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import Exhausted, IllegalInput, Unavailable
from gateway.core.timers import Due
from gateway.q931.config import DIALECTS, E1_CHANNELS, Hunt, InterfaceConfig, Side
from gateway.q931.interface import Interface
from gateway.q931.lapd_frame import MODULUS, Frame, FrameKind
from gateway.q931.message import Message
from gateway.q931.number import CalledNumber
from gateway.q931.primitive import (
    Alert,
    AskMore,
    Audit,
    Clear,
    Command,
    Connect,
    Notify,
    Order,
    Proceed,
    Released,
    SendDigits,
    Setup,
    TellProgress,
)
from tests.fuzz.script import Script, mutated
from tests.fuzz.seeds import seeds
from tests.support.due import in_time

__all__ = ["play"]

LONGEST: Final = 80
"""Steps of a story."""
FORGOTTEN: Final = 300.0
"""Seconds after which everything has run out."""
COMMANDS: Final[tuple[Command, ...]] = (
    AskMore(), Proceed(), Alert(audio=True), TellProgress(), Connect(), SendDigits("5", complete=True), Notify(1),
    Audit(), Clear(Cause.USER_BUSY), Clear(Cause.NUMBER_CHANGED, audio=True),
)  # fmt: skip
LATER: Final = (0.1, 1.0, 4.0, 15.0, 35.0, 100.0)


class _Story:
    """An interface, and a far side that keeps the frames in order as long as it likes."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._side = script.one_of((Side.USER, Side.NETWORK))
        dialect = script.one_of(tuple(DIALECTS.values()))
        config = InterfaceConfig(
            self._side, dialect=dialect, hunt=script.one_of(tuple(Hunt)), restart=bool(script.number(2))
        )
        self._due = Due()
        self._interface = Interface(config, due=self._due)
        self._now = 0.0
        self._ns = self._nr = 0
        self._calls: list[int] = []
        self._over: list[int] = []
        self._references: list[tuple[int, bool]] = [(1, False), (2, False), (1, True)]

    def play(self) -> None:
        self._interface.start(0.0)
        self._frame(Frame(FrameKind.SABME, True, True))
        steps = (self._message, self._message, self._message, self._command, self._place, self._wait, self._upset)
        for _ in range(LONGEST):
            if not self._script.goes_on:
                break
            self._script.one_of(steps)()
            self._listen()
        self._end()

    def _message(self) -> None:
        """A message, mostly about a call that there is."""
        seed = Message.parse(self._script.one_of(seeds("q931")))
        reference, ours = self._script.one_of(self._references)
        data = replace(seed, reference=reference, to_originator=ours).serialise()
        if not self._script.number(3):
            data = mutated(data, self._script)
        self._frame(Frame(FrameKind.I, True, ns=self._ns, nr=self._nr, information=data[:260]))
        self._ns = (self._ns + 1) % MODULUS

    def _upset(self) -> None:
        """The link, the line or the channels change."""
        match self._script.number(6):
            case 0:
                self._interface.stop(self._now)
                self._interface.start(self._now)
            case 1:
                self._frame(Frame(FrameKind.SABME, True, True))
            case 2:
                self._interface.receive(self._script.octets(12), None, self._now)
            case 3:
                self._interface.restart(self._now)
            case 4:
                self._interface.block(E1_CHANNELS[:3], "fuzz", self._now)
            case _:
                self._interface.unblock(E1_CHANNELS[:3], "fuzz")

    def _command(self) -> None:
        if self._calls:
            with contextlib.suppress(IllegalInput):
                self._interface.command(self._script.one_of(self._calls), self._script.one_of(COMMANDS), self._now)

    def _place(self) -> None:
        with contextlib.suppress(Exhausted, Unavailable):
            number = CalledNumber("5" * self._script.number(20))
            self._calls.append(
                self._interface.place(Order(number, complete=bool(self._script.number(2))), self._now)
            )

    def _wait(self) -> None:
        self._pass(self._script.one_of(LATER))

    def _pass(self, seconds: float) -> None:
        end = self._now + seconds
        for _ in range(20000):
            due = self._interface.deadline()
            if due is None or due > end:
                break
            self._now = max(self._now, due)
            self._interface.expire(self._now)
            self._listen()
        else:
            raise AssertionError("deadlines never end")
        self._now = end

    def _frame(self, frame: Frame) -> None:
        self._interface.receive(frame.serialise(self._side is Side.USER), None, self._now)
        self._listen()

    def _listen(self) -> None:
        """Acknowledge what comes, agree to every SABME, and remember whose calls there are."""
        for data in self._interface.outgoing():
            frame = Frame.parse(data, self._side is Side.NETWORK)
            if frame.kind is FrameKind.I:
                self._nr = (frame.ns + 1) % MODULUS
                message = Message.parse(frame.information)
                self._references = [*self._references[-6:], (message.reference, not message.to_originator)]
            elif frame.kind in (FrameKind.SABME, FrameKind.UA):
                self._ns = self._nr = 0
                if frame.kind is FrameKind.SABME:
                    self._interface.receive(
                        Frame(FrameKind.UA, False, True).serialise(self._side is Side.USER), None, self._now
                    )
        for event in self._interface.events():
            if isinstance(event, Setup):
                self._calls.append(event.call)
            elif isinstance(event, Released):
                self._over.append(event.call)
        in_time(self._due, self._interface)

    def _end(self) -> None:
        """Everything is hung up, and the far side is silent until all has run out."""
        self._interface.unblock(E1_CHANNELS[:3], "fuzz")
        for call in self._calls:
            self._interface.command(call, Clear(Cause.NORMAL_CLEARING), self._now)
        self._listen()
        self._pass(FORGOTTEN)
        self._interface.stop(self._now)
        self._listen()
        assert sorted(self._over) == sorted(set(self._calls)), "every call is released once"
        channels = self._interface.channels
        assert {channels.holder(channel) for channel in channels.numbers} == {None}
        assert self._interface.deadline() is None


def play(data: bytes) -> None:
    """The story that `data` tells."""
    _Story(Script(data)).play()
