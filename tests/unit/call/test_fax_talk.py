"""Faxes in talks, and documents sent to legs and taken from them, among scripted legs."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.call.fax_errand import FAREWELL, NEGOTIATION, PATIENCE
from gateway.call.fax_talk import SETTLED
from gateway.core.audio import Audio, FaxTone
from gateway.core.errors import CopperlineError, Exhausted, LocalError
from gateway.core.fax import FaxJob, FaxReport, Image
from gateway.core.messages import (
    Answer,
    Answered,
    CarryFax,
    CarryModem,
    CarrySpeech,
    FaxCarried,
    FaxRecognised,
    Hangup,
    Released,
)
from gateway.core.switch import HungUp, Leg
from tests.support.channel import ScriptedChannel
from tests.support.sip import ScriptedImage
from tests.unit.call.exchange import BYE, FXS_101, ON_HOOK, Exchange, dial_and_bridge

CED, V21 = FaxRecognised(FaxTone.ANSWER), FaxRecognised(FaxTone.PREAMBLE)
JOB = FaxJob(("in.tif",), sends=False)
CARRYING = {CarryFax, CarryModem, CarrySpeech}


class Work:
    """A gateway or machine at work."""

    def __init__(self, one: Any, other: Any = None, told: Any = None) -> None:
        self.one, self.other, self.told = one, other, told
        self.closed = False
        self.report = FaxReport()

    def close(self) -> None:
        self.closed = True

    def stop(self) -> None:
        self.closed = True


class Desk:
    """Fax machines that do what the test says."""

    missing = ""
    fault: CopperlineError | None = None

    def __init__(self) -> None:
        self.work: list[Work] = []

    def bridge(self, one: Image, other: Image | Audio) -> Work:
        if self.fault is not None:
            raise self.fault
        self.work.append(Work(one, other))
        return self.work[-1]

    def begin(self, job: FaxJob, over: Image | Audio, told: Any) -> Work:
        self.work.append(Work(over, told=told))
        return self.work[-1]

    async def check(self, job: FaxJob) -> int:
        if self.fault is not None:
            raise self.fault
        return 1

    @property
    def now(self) -> Work:
        return self.work[-1]


class Talk:
    """A caller and a telephone that talk; either is a leg on which faxes are expected, or not."""

    def __init__(self, exchange: Exchange, *, caller: bool, called: bool) -> None:
        self.exchange = exchange
        self.desk = Desk()
        exchange.manager.floor.fax_desk = self.desk
        dial_and_bridge(exchange, FXS_101)
        self.caller = exchange.offer()
        self.called = exchange.phone
        for channel, expects in ((self.caller, caller), (self.called, called)):
            channel.takes |= {CarryFax} if expects else set()
        exchange.says(self.called, Answered("200"))
        for channel in (self.caller, self.called):
            channel.commands.clear()

    def says(self, channel: ScriptedChannel, *events: Any) -> None:
        for event in events:
            self.exchange.says(channel, event)

    def carrying(self, channel: ScriptedChannel) -> list[type]:
        """What it was told to carry."""
        return [type(command) for command in channel.commands if type(command) in CARRYING]

    def is_for_modems(self) -> bool:
        return all(leg.audio is not None and leg.audio.voiceband for leg in (self.caller, self.called))

    def end(self) -> None:
        self.says(self.caller, Released(BYE))
        assert all(work.closed for work in self.desk.work)


def listened_to(channel: ScriptedChannel) -> bool:
    return channel.audio is not None and "fax" in channel.audio.heard


def image(port: int = 21000) -> ScriptedImage:
    return ScriptedImage("192.0.2.1", port)


def test_an_answer_tone_gives_the_legs_to_the_modems(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=True, called=False)
    assert listened_to(talk.caller) and listened_to(talk.called)
    talk.says(talk.called, CED, CED)
    assert talk.is_for_modems()
    assert talk.carrying(talk.caller) == talk.carrying(talk.called) == [CarryModem]
    assert exchange.talks(talk.caller, talk.called)
    talk.end()


def test_a_calling_tone_changes_nothing(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=True, called=True)
    talk.says(talk.caller, FaxRecognised(FaxTone.CALLING))
    assert not talk.is_for_modems() and talk.carrying(talk.called) == []
    talk.end()


def test_nobody_listens_where_no_fax_is_expected(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=False, called=False)
    assert not listened_to(talk.caller) and not listened_to(talk.called)
    talk.end()


def test_a_machine_that_answers_has_the_other_side_asked_for_t38_once(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=True, called=False)
    talk.says(talk.called, V21, V21)
    assert talk.carrying(talk.caller) == [CarryModem, CarryFax]
    assert talk.desk.work == []
    stream = image()
    talk.says(talk.caller, FaxCarried(stream))
    assert (talk.desk.now.one, talk.desk.now.other) == (stream, talk.called.audio)
    assert not exchange.talks(talk.caller, talk.called)
    talk.says(talk.called, V21)
    assert talk.carrying(talk.caller) == [CarryModem, CarryFax]
    talk.end()


def test_who_declines_t38_stays_joined_in_audio(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=True, called=False)
    talk.says(talk.called, V21)
    talk.says(talk.caller, FaxCarried())
    assert talk.desk.work == [] and exchange.talks(talk.caller, talk.called)
    talk.says(talk.called, V21)
    assert talk.carrying(talk.caller) == [CarryModem, CarryFax]
    talk.end()


def test_a_far_side_that_changes_by_itself_gets_a_gateway(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=False, called=True)
    talk.says(talk.called, FaxCarried(stream := image()))
    assert talk.carrying(talk.caller) == [CarryModem]
    assert (talk.desk.now.one, talk.desk.now.other) == (stream, talk.caller.audio)
    # And back: the two hear one another again.
    talk.says(talk.called, FaxCarried())
    assert talk.desk.now.closed and exchange.talks(talk.caller, talk.called)
    talk.end()


def test_t38_goes_all_the_way_where_both_have_it(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=True, called=True)
    one, other = image(), image(21002)
    talk.says(talk.called, FaxCarried(one))
    assert talk.desk.work == [], "the other side has not said yet what it can"
    assert talk.carrying(talk.caller) == [CarryModem, CarryFax]
    talk.says(talk.caller, FaxCarried(other))
    assert {talk.desk.now.one, talk.desk.now.other} == {one, other}
    talk.end()


def test_where_the_other_side_declines_a_gateway_stands_between(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=True, called=True)
    talk.says(talk.called, FaxCarried(stream := image()))
    talk.says(talk.caller, FaxCarried())
    assert (talk.desk.now.one, talk.desk.now.other) == (stream, talk.caller.audio)
    talk.end()


def test_without_a_gateway_the_far_side_is_asked_back_to_audio(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=False, called=True)
    talk.desk.fault = Exhausted("30 faxes are under way")
    talk.says(talk.called, FaxCarried(image()))
    assert talk.carrying(talk.called) == [CarrySpeech]
    assert exchange.story_has(talk.called, "no T.38 for this fax: 30 faxes are under way")
    talk.says(talk.called, FaxCarried())
    assert exchange.talks(talk.caller, talk.called)
    talk.end()


def test_who_goes_on_after_the_fax_has_speech_again(exchange: Exchange) -> None:
    talk = Talk(exchange, caller=False, called=True)
    talk.says(talk.called, FaxCarried(image()))
    exchange.dialplan("[office]\nexten => 9,1,Wait(60)\n")
    leg = exchange.manager.floor.find(talk.called.name)
    assert leg is not None
    other = exchange.manager.floor.find(talk.caller.name)
    assert other is not None
    exchange.loop.call_soon(lambda: leg.bridge.dissolve() if leg.bridge is not None else None)
    exchange.loop.settle()
    assert talk.desk.now.closed
    assert talk.called.audio is not None and not talk.called.audio.voiceband
    assert CarrySpeech not in talk.carrying(talk.called)
    exchange.wait(SETTLED + 0.1)
    assert CarrySpeech in talk.carrying(talk.called)
    for channel in (talk.called, talk.caller):
        talk.says(channel, Released(BYE))


class Errand:
    """A leg on which a document is taken."""

    def __init__(self, exchange: Exchange, job: FaxJob = JOB, *, image: bool = True) -> None:
        self.exchange = exchange
        self.desk = Desk()
        exchange.manager.floor.fax_desk = self.desk
        self.reports: list[FaxReport] = []
        self.over: list[object] = []

        async def script(leg: Leg) -> None:
            await leg.answer()
            try:
                await exchange.manager.fax(leg, job, image=image, told=self.reports.append)
            except (LocalError, HungUp) as fault:
                self.over.append(fault)
                raise
            self.over.append("done")
            await leg.wait(60)

        exchange.script(script)
        self.leg = exchange.offer()

    def machine_says(self, report: FaxReport, work: Work | None = None) -> None:
        self.exchange.loop.call_soon((work or self.desk.now).told, report)
        self.exchange.loop.settle()

    def end(self) -> None:
        self.exchange.says(self.leg, Released(BYE))
        self.exchange.wait(PATIENCE + 0.1)


def test_a_document_is_taken_in_audio(exchange: Exchange) -> None:
    errand = Errand(exchange)
    assert [type(command) for command in errand.leg.commands] == [Answer, CarryModem]
    assert errand.leg.audio is not None and errand.leg.audio.voiceband
    assert errand.desk.now.one is errand.leg.audio
    errand.machine_says(FaxReport(pages=1, bit_rate=9600))
    assert exchange.story_has(errand.leg, "fax: page 1 at 9600 bit/s")
    errand.machine_says(FaxReport(over=True, pages=1))
    assert errand.over == [] and errand.desk.now.closed, "its last word is on its way still"
    exchange.wait(FAREWELL + 0.1)
    assert errand.over == ["done"] and errand.reports[-1].over
    assert not errand.leg.audio.voiceband
    errand.end()


def test_t38_is_asked_for_before_the_machine_begins(exchange: Exchange) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedChannel, "expected", frozenset({CarryFax}))
        errand = Errand(exchange)
    assert [type(command) for command in errand.leg.commands] == [Answer, CarryModem, CarryFax]
    assert errand.desk.work == []
    exchange.says(errand.leg, FaxCarried(stream := image()))
    assert errand.desk.now.one is stream
    errand.machine_says(FaxReport(over=True, pages=1, image=True))
    exchange.wait(FAREWELL + 0.1)
    assert isinstance(errand.leg.last, CarrySpeech)
    errand.end()


def test_a_far_side_that_does_not_say_is_not_waited_for_for_ever(exchange: Exchange) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedChannel, "expected", frozenset({CarryFax}))
        errand = Errand(exchange)
    exchange.wait(NEGOTIATION + 0.1)
    assert errand.desk.now.one is errand.leg.audio
    errand.end()


def test_a_far_side_that_changes_in_time_is_followed(exchange: Exchange) -> None:
    errand = Errand(exchange, FaxJob(("out.tif",), sends=True), image=False)
    first = errand.desk.now
    assert first.one is errand.leg.audio
    exchange.says(errand.leg, FaxCarried(stream := image()))
    assert first.closed and errand.desk.now.one is stream
    errand.machine_says(FaxReport(over=True, fault="The call dropped prematurely"), first)
    assert errand.reports == [], "of a machine that another has taken the place of"
    errand.machine_says(FaxReport(over=True, pages=2, image=True))
    exchange.wait(FAREWELL + 0.1)
    assert errand.over == ["done"] and errand.reports[-1].pages == 2
    errand.end()


def test_a_far_side_that_changes_amid_the_document_has_spoilt_it(exchange: Exchange) -> None:
    errand = Errand(exchange)
    errand.machine_says(FaxReport(pages=3))
    exchange.says(errand.leg, FaxCarried(image()))
    assert errand.reports[-1].over and "amid the document" in errand.reports[-1].fault
    exchange.wait(FAREWELL + 0.1)
    errand.end()


def test_with_a_hang_up_the_machine_has_its_last_word(exchange: Exchange) -> None:
    errand = Errand(exchange)
    errand.machine_says(FaxReport(pages=1))
    exchange.says(errand.leg, Released(ON_HOOK))
    assert errand.desk.now.closed and errand.over == []
    errand.machine_says(FaxReport(over=True, pages=2))
    assert isinstance(errand.over[0], HungUp)
    assert errand.reports[-1] == FaxReport(over=True, pages=2)


def test_a_machine_that_is_stuck_holds_nobody_up(exchange: Exchange) -> None:
    errand = Errand(exchange)
    exchange.says(errand.leg, Released(ON_HOOK))
    exchange.wait(PATIENCE + 0.1)
    assert errand.reports[-1].fault == "the call has ended" and isinstance(errand.over[0], HungUp)


def test_what_cannot_be_sent_is_told_before_anything_changes(exchange: Exchange) -> None:
    desk_fault = LocalError("out.tif cannot be read")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "fault", desk_fault)
        errand = Errand(exchange)
    assert errand.over == [desk_fault]
    assert [type(command) for command in errand.leg.commands if type(command) in CARRYING] == []
    assert isinstance(errand.leg.last, Hangup)


def test_an_office_without_fax_machines_says_so(exchange: Exchange) -> None:
    async def script(leg: Leg) -> None:
        with pytest.raises(LocalError, match="no fax machines"):
            await exchange.manager.fax(leg, JOB, image=False, told=lambda report: None)

    exchange.script(script)
    exchange.offer()
