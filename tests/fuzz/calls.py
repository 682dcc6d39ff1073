"""Calls that do to one another whatever calls can do, at every moment: a story made from octets.

Telephones call one another by a dialplan that has all that an office has: dialling with every option, parking,
pickup, conferences, rows of Local channels, calls out of nothing. They answer, refuse, key, flash, hold, transfer,
send calls on and hang up; the operator hangs up, too, and the dialplan is read anew. In the end all hang up, and
nothing may be left: no leg, no talk, no task, no row, and each call has one record.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.feature import DEFAULT_CODES, Feature, FeatureCodes
from gateway.core.messages import (
    Alerting,
    Answer,
    Answered,
    Command,
    Dial,
    Digit,
    Diverted,
    Event,
    Flash,
    Hangup,
    Held,
    Identified,
    Offered,
    Proceeding,
    Progress,
    Redirect,
    Released,
    Rerouted,
    Resumed,
    TransferAsked,
    TransferTold,
)
from gateway.core.number import Party
from gateway.core.operator import Operator
from gateway.core.parking import Lot
from gateway.core.recording import Media
from gateway.core.switch import Place, Target
from gateway.services.conferences import OfficeConferences
from tests.fuzz.script import Script
from tests.support.channel import ScriptedAudio, ScriptedChannel, ScriptedTechnology
from tests.unit.call.exchange import Exchange, Tones

__all__ = ["play"]

LONGEST: Final = 80
"""Steps of a story."""
WAITS: Final = (0.02, 0.5, 1.0, 3.0, 12.0, 50.0)
NUMBERS: Final = (
    *("101", "102", "103", "201", "202", "203", "204", "205", "206", "207"),
    *("700", "701", "702", "8500", "8501", "300", "301", "302", "303", "304", "305", "306", "999"),
)
KEYS: Final = "#*12345670"
CAUSES: Final = (Cause.NORMAL_CLEARING, Cause.USER_BUSY, Cause.NO_ANSWER, Cause.UNALLOCATED_NUMBER)
OFFICE: Final = """
[office]
exten => _10X,1,Dial(FXS/${EXTEN},20,tTkKhHwW)
 same => n,Goto(s-${DIALSTATUS},1)
exten => _s-.,1,Hangup(17)
exten => 201,1,Dial(FXS/101&SIP/6002&Local/102@office,15,tTr)
 same => n,Dial(Local/103@office/n,10,g)
 same => n,Playback(vm-nobodyavail)
exten => 202,1,Dial(SIP/6001,10,gU(sub))
 same => n,Dial(SIP/6002,10,M(macro)F(office,301,1))
exten => 203,1,Dial(FXS/103,20,L(5000:2000:1000)tT)
exten => 204,1,Dial(FXS/101,20,G(office,204,2))
 same => n,Wait(3)
 same => n,Hangup()
exten => 205,1,Answer()
 same => n,Dial(SIP/6003,20,mA(hello)cC)
exten => 206,1,Dial(Local/201@office&Local/202@office&SIP/6004,20,tT)
exten => 207,1,Set(TIMEOUT(absolute)=15)
 same => n(again),Dial(FXS/102,4,rtT)
 same => n,Wait(1)
 same => n,Goto(again)
exten => 700,1,Park()
 same => n,Wait(60)
exten => _70[1-3],1,ParkedCall(default,${EXTEN})
exten => 8500,1,ConfBridge(8500)
exten => 8501,1,ConfBridge(8501,,guest)
 same => n,Dial(SIP/6001)
exten => 300,1,Pickup(101@office)
exten => 301,1,Answer()
 same => n,Read(X,hello,4,,1,3)
 same => n,Goto(${X},1)
exten => 302,1,Pickup(SIP/6002)
 same => n,Echo()
exten => 303,1,Originate(FXS/102,exten,office,8500,1)
 same => n,Hangup()
exten => 304,1,Answer()
 same => n,Bridge(${LAST})
 same => n,Wait(2)
exten => 305,1,Answer()
 same => n,BackGround(hello)
 same => n,WaitExten(4)
exten => 306,1,Answer()
 same => n,ChannelRedirect(${LAST},office,8500,1)
 same => n,SoftHangup(${LAST})
exten => i,1,Transfer(101)
 same => n,Hangup(1)
exten => t,1,Hangup()
exten => h,1,Set(GLOBAL(LAST)=${CHANNEL})
[sub]
exten => s,1,Wait(1)
 same => n,Return()
[macro-macro]
exten => s,1,Wait(1)
[parkedcalls]
include => office
"""


def play(data: bytes) -> None:
    """Play the story that `data` tells."""
    with _errors() as errors:
        story = _Story(Script(data))
        try:
            story.play()
        finally:
            story.close()
    assert not errors, errors


class _Channel(ScriptedChannel):
    """A telephone's leg.

    Attributes:
        outgoing: it was called; else it calls.
        dialled, answered, over: how far it is.
        told: whether it has been asked to call elsewhere by itself, which has not been told of yet.
    """

    def __init__(self, name: str, peer: str, *, outgoing: bool) -> None:
        super().__init__(name, peer)
        self.outgoing = outgoing
        self.dialled = self.answered = self.over = self.redirected = False

    def command(self, command: Command, now: float) -> None:
        if self.over:
            return  # it comes too late
        super().command(command, now)
        self.dialled |= isinstance(command, Dial)
        self.answered |= isinstance(command, Answer)
        self.redirected |= isinstance(command, Redirect)
        self.over |= isinstance(command, Hangup)


class _Technology(ScriptedTechnology):
    """Makes channels, and knows them all."""

    def __init__(self, word: str, channels: list[_Channel]) -> None:
        super().__init__(word)
        self._channels = channels

    def channel(self, address: str, now: float) -> ScriptedChannel:
        name = super().channel(address, now).name
        channel = _Channel(name, f"telephone {address}", outgoing=True)
        self._channels.append(channel)
        return channel


class _Story:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._exchange = exchange = Exchange(limit=12)
        self._manager = manager = exchange.manager
        self._channels: list[_Channel] = []
        self._technologies = [_Technology(word, self._channels) for word in ("FXS", "SIP")]
        manager.technologies = {**manager.technologies, **{each.word: each for each in self._technologies}}
        manager.operator.conferences = self._rooms = OfficeConferences(
            media=cast(Media, exchange), sounds=Tones(), clock=exchange.loop.time, wall=exchange.wall
        )
        manager.conferees = self._rooms.members
        codes = {feature: code for feature, code in DEFAULT_CODES.items() if feature is not Feature.RECORD}
        manager.floor.codes = FeatureCodes(codes)
        manager.parking.lots = {"default": Lot(places=range(701, 704), time=20.0)}
        asyncio.set_event_loop(exchange.loop)
        exchange.dialplan(OFFICE)
        self._serial = 0x1000  # those who are called count from 1, and no two legs have one name

    def play(self) -> None:
        """All of it, up to nothing being left."""
        acts: tuple[Callable[[], None], ...] = (
            self._call, self._call, self._proceed, self._proceed, self._proceed, self._answer, self._answer,
            self._key, self._key, self._key, self._ask, self._ask, self._release, self._wait, self._wait,
            self._hear, self._hear, self._tell, self._operate, self._refuse, self._load,
        )  # fmt: skip
        for _ in range(LONGEST):
            if not self._script.goes_on:
                break
            self._script.one_of(acts)()
        self._end()

    def close(self) -> None:
        """Let go of the loop."""
        loop = self._exchange.loop
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.settle()
        asyncio.set_event_loop(None)
        loop.close()

    def _says(self, channel: _Channel, event: Event) -> None:
        self._exchange.loop.call_soon(self._manager.deliver, channel, event)
        if self._script.number(4):  # else something else happens at the same moment
            self._exchange.loop.settle()

    def _some(self, *, answered: bool | None = None, outgoing: bool | None = None) -> Iterator[_Channel]:
        """One that is so, if there is any; the latest more often than not."""
        fits = [
            each
            for each in self._channels
            if not each.over
            and (not each.outgoing or each.dialled)
            and answered in (None, each.answered)
            and outgoing in (None, each.outgoing)
        ]
        if fits:
            yield fits[-1] if self._script.number(2) else self._script.one_of(fits)

    # What telephones do.

    def _call(self) -> None:
        self._serial += 1
        user = self._script.one_of(("SIP/6001", "SIP/6002", "SIP/6003", "FXS/101", "FXS/102"))
        channel = _Channel(f"{user}-{self._serial:08x}", f"account {user}", outgoing=False)
        self._channels.append(channel)
        replaces = joins = ""
        others = [each for each in self._channels[:-1] if not each.over]
        if others and self._script.number(6) == 0:
            replaces = self._script.one_of(others).name
        elif others and self._script.number(8) == 0:
            joins = self._script.one_of(others).name
        early = self._script.number(4) == 0
        called, caller = self._script.one_of(NUMBERS), Party(user.partition("/")[2])
        self._says(
            channel,
            Offered(called, caller, "office", replaces=replaces, early_only=bool(replaces) and early, joins=joins),
        )

    def _proceed(self) -> None:
        for channel in self._some(answered=False, outgoing=True):
            self._says(channel, self._script.one_of((Alerting(), Alerting(audio=True), Proceeding(), Progress())))

    def _answer(self) -> None:
        for channel in self._some(answered=False, outgoing=True):
            channel.answered = True
            self._says(channel, Answered("off-hook"))

    def _refuse(self) -> None:
        for channel in self._some(answered=False, outgoing=True):
            if self._script.number(2):
                self._says(channel, Diverted(self._script.one_of(NUMBERS), reason="user-busy"))
            elif self._script.number(2):
                self._says(channel, Rerouted(self._script.one_of(("101", "102", "103"))))
            self._over(channel, self._script.one_of(CAUSES))

    def _key(self) -> None:
        for channel in self._some(answered=True):
            for _ in range(1 + self._script.number(4)):
                self._says(channel, Digit(self._script.one_of(KEYS)))

    def _ask(self) -> None:
        for channel in self._some(answered=True):
            others = [each.name for each in self._channels if not each.over and each is not channel]
            wish = TransferAsked(called=self._script.one_of(NUMBERS))
            if others and self._script.number(2):
                wish = TransferAsked(other=self._script.one_of(others))
            self._says(
                channel,
                self._script.one_of((wish, wish, Flash(), Held(), Resumed(), Identified(Party("7", "Seven")))),
            )

    def _tell(self) -> None:
        for channel in self._channels:
            if channel.redirected and not channel.over:
                channel.redirected = False
                cause = None if self._script.number(2) else Cause.USER_BUSY
                self._says(channel, TransferTold(cause, final=self._script.number(3) > 0))

    def _release(self) -> None:
        for channel in self._some():
            self._over(channel, Cause.NORMAL_CLEARING)

    def _over(self, channel: _Channel, cause: Cause) -> None:
        channel.over = True
        if channel.audio is not None:
            channel.audio.close()
            channel.audio = None
        self._says(channel, Released(Ending(cause, channel.peer, Act.HUNG_UP, "its end")))

    # What else happens.

    def _wait(self) -> None:
        seconds = self._script.one_of(WAITS)
        self._exchange.loop.advance(seconds, tick=max(0.02, seconds / 50))

    def _hear(self) -> None:
        """Sounds have been heard to their ends."""
        for channel in self._manager.floor.legs:
            if isinstance(channel.audio, ScriptedAudio) and channel.audio.playing is not None:
                channel.audio.finish()
        for room in self._exchange.rooms:
            room.finish()
        self._exchange.loop.settle()

    def _operate(self) -> None:
        """The operator, or somebody at the console."""
        operator: Operator = self._manager.operator
        legs = operator.legs()
        if not legs:
            return
        leg, place = self._script.one_of(legs), Place("office", self._script.one_of(NUMBERS))
        soon = self._exchange.loop.call_soon
        match self._script.number(5):
            case 0:
                gone = Ending(Cause.NORMAL_CLEARING, "the operator", Act.HUNG_UP, "asked on the console")
                soon(operator.hang_up, leg, gone)
            case 1:
                soon(operator.send, leg, place)
            case 2:
                soon(operator.blind_transfer, leg, place)
            case 3:
                soon(operator.attended_transfer, leg, self._script.one_of(legs))
            case _:
                soon(operator.originate, Target("SIP", "6001"), place)
        self._exchange.loop.settle()

    def _load(self) -> None:
        if self._script.number(2):
            self._exchange.engine.load(self._exchange.plan)
            return
        refused = self._technologies[self._script.number(2)].refusals
        if refused:
            refused.clear()
        else:
            refused[self._script.one_of(("101", "102", "6001", "6002"))] = self._script.one_of(CAUSES)

    # The end.

    def _end(self) -> None:
        loop, manager = self._exchange.loop, self._manager
        for _ in range(12):  # some call others by themselves
            for channel in list(self._channels):
                if not channel.over:
                    self._over(channel, Cause.NORMAL_CLEARING)
            self._hear()
            loop.advance(20, tick=1.0)
        gone = Ending(Cause.NORMAL_CLEARING, "the operator", Act.HUNG_UP, "asked on the console")
        for leg in manager.operator.legs():  # two halves of a Local channel may talk to nobody for ever
            loop.call_soon(manager.operator.hang_up, leg, gone)
        loop.advance(20, tick=1.0)
        held = {**manager.usage(), "parked": len(manager.parking), "conferees": len(self._rooms.members)}
        assert not any(held.values()), f"{held}: {[leg.name for leg in manager.floor.legs.values()]}"
        assert not asyncio.all_tasks(loop), asyncio.all_tasks(loop)
        assert not self._rooms.rooms, "a conference is still open"
        assert all(room.closed for room in self._exchange.rooms), "a room is still open"
        left = [each.name for each in self._channels if each.audio is not None]
        assert not left, f"never ended: {left}"
        records = [record.id for record in self._exchange.records]
        assert len(records) == len(set(records)), "a call has two records"
        assert len(records) == 999 - sum(1 for _ in self._exchange.ids), "a call has no record"


@contextmanager
def _errors() -> Iterator[list[str]]:
    """What is logged as an error meanwhile: a script that fails is a fault, though its call ends in good order."""
    errors: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(self.format(record))

    listener = Listener(logging.ERROR)
    log = logging.getLogger("copperline")
    log.addHandler(listener)
    try:
        yield errors
    finally:
        log.removeHandler(listener)
