"""Local channels: two halves that are each other's far side, and go away once both talk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialplan.plan import DialplanNumbers
from gateway.call.local import LocalHalf, LocalTechnology
from gateway.core.carried import (
    DIVERSIONS,
    DIVERTED_BEFORE,
    DIVERTED_BY,
    DIVERTED_FIRST,
    DIVERTED_FOR,
    DIVERTED_HIDDEN,
    HOPS,
    PORTABILITY,
    PREFERENCES,
    REFERRED_BY,
    REFERRED_BY_NAME,
    SECURED,
)
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.errors import RemoteError
from gateway.core.messages import (
    Alert,
    Alerting,
    Answer,
    Answered,
    Dial,
    Event,
    Flash,
    Hangup,
    Hold,
    Identified,
    Identify,
    Offered,
    Released,
    SendDigits,
    SendFlash,
)
from gateway.core.number import Party
from tests.support.channel import ScriptedChannel, ScriptedRows
from tests.unit.call.exchange import ANN, BUSY, BYE, ON_HOOK, Exchange, read_text

OFFICE = """
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 102,1,Dial(Local/101@office,30,g)
 same => n,Set(GLOBAL(status)=${DIALSTATUS} ${HANGUPCAUSE})
exten => 103,1,Set(_KEPT=yes)
 same => n,Dial(Local/101@office/n,30)
exten => 104,1,Dial(Local/101@office&Local/105@office,30)
exten => 105,1,Dial(FXS/105,30)
exten => 106,1,Dial(Local/101,5)
exten => 666,1,Dial(Local/666@office)
"""


PLAN = DialplanNumbers(lambda: read_text(OFFICE), lambda: datetime(2026, 1, 1, tzinfo=UTC))


class Pair:
    """Two halves on their own, and what each said."""

    def __init__(self, address: str = "101@office") -> None:
        self.said: list[tuple[str, Event]] = []
        self.rows = ScriptedRows()
        technology = LocalTechnology(
            self.rows, lambda channel, event: self.said.append((channel.name[-1], event)), PLAN
        )
        self.first = technology.channel(address, 0.0)
        assert self.first.other is not None
        self.second = self.first.other


class TestHalves:
    def test_what_is_commanded_to_one_happens_at_the_other(self) -> None:
        pair = Pair()
        pair.first.command(Dial("101@office/n", ANN, {"A": "1"}), 0.0)
        pair.second.command(Alert(), 0.0)
        pair.second.command(Alert(audio=True), 0.0)
        pair.second.command(Answer(), 0.0)
        pair.first.command(Identify(Party("7")), 0.0)
        pair.second.command(Hangup(ON_HOOK), 0.0)
        assert pair.said == [
            ("2", Offered("101", ANN, "office", variables={"A": "1"})),
            ("1", Alerting()),
            ("1", Alerting(audio=True)),
            ("1", Answered("Local")),
            ("2", Identified(Party("7"))),
            ("1", Released(ON_HOOK)),
        ]
        assert pair.first.audio is None and pair.second.audio is None

    def test_after_its_end_a_half_takes_nothing(self) -> None:
        pair = Pair()
        pair.first.command(Hangup(BYE), 0.0)
        pair.second.command(Answer(), 0.0)
        assert pair.said == [("2", Released(BYE))]

    def test_keys_go_by_the_audio_between_them(self) -> None:
        pair = Pair()
        audio = pair.first.audio
        pair.first.command(SendDigits("5"), 0.0)
        assert audio is not None and audio.heard == ["digits 5"]  # type: ignore[attr-defined]

    def test_the_rows_are_each_others_peer(self) -> None:
        pair = Pair()
        one, two = pair.first.audio, pair.second.audio
        assert one is not None and two is not None
        assert one.remote == ("127.0.0.1", two.port)  # type: ignore[attr-defined]

    def test_without_room_there_is_none_and_nothing_stays(self) -> None:
        technology = LocalTechnology(ScriptedRows(free=1), lambda channel, event: None, PLAN)
        with pytest.raises(RemoteError, match="no row is free"):
            technology.channel("101@office", 0.0)

    @pytest.mark.parametrize("address", ["", "101", "@office", "101@"])
    def test_an_address_without_a_context_is_refused(self, address: str) -> None:
        with pytest.raises(RemoteError, match="extension@context"):
            LocalTechnology(ScriptedRows(), lambda channel, event: None, PLAN).channel(address, 0.0)


@pytest.fixture
def office(exchange: Exchange) -> Exchange:
    exchange.dialplan(OFFICE)
    return exchange


def halves(office: Exchange) -> list[LocalHalf]:
    return [channel for channel in office.manager.floor.legs if isinstance(channel, LocalHalf)]


def test_they_go_away_once_both_talk(office: Exchange) -> None:
    caller = office.offer(called="102")
    assert office.phone.commands == [Dial("101", ANN)], "the caller is shown through them"
    assert len(halves(office)) == 2
    office.says(office.phone, Alerting())
    assert caller.last == Alert()
    office.says(office.phone, Answered("off-hook"))
    office.loop.settle()
    assert office.talks(caller, office.phone)
    assert halves(office) == []
    office.says(office.phone, Released(ON_HOOK))
    assert not office.manager.calls
    main = next(record for record in office.records if record.source == caller.name)
    assert main.destination == office.phone.name and main.linked
    between = next(record for record in office.records if record is not main)
    assert between.ending.act is Act.TRANSFERRED


def test_with_n_they_stay_and_pass_everything_on(office: Exchange) -> None:
    caller = office.offer(called="103")
    office.says(office.phone, Answered("off-hook"))
    assert len(halves(office)) == 2
    assert office.phone.commands[0] == Dial("101", ANN)
    office.says(office.phone, Released(ON_HOOK))
    office.loop.settle()
    assert isinstance(caller.last, Hangup) and caller.last.ending == ON_HOOK
    assert halves(office) == []


def test_the_cause_comes_back_through_them(office: Exchange) -> None:
    caller = office.offer(called="102")
    office.says(office.phone, Released(BUSY))
    office.loop.settle()
    assert isinstance(caller.last, Hangup) and caller.last.ending.cause is Cause.USER_BUSY


def test_of_two_the_first_to_answer_wins(office: Exchange) -> None:
    caller = office.offer(called="104")
    other = office.telephone("105")
    office.says(other, Answered("off-hook"))
    office.loop.settle()
    assert office.talks(caller, other) and isinstance(office.phone.last, Hangup)
    office.says(caller, Released(BYE))
    assert isinstance(other.last, Hangup)


def test_a_caller_who_gives_up_ends_the_far_half_too(office: Exchange) -> None:
    caller = office.offer(called="102")
    office.says(caller, Released(BYE))
    office.loop.settle()
    assert isinstance(office.phone.last, Hangup) and halves(office) == []


def test_an_extension_that_dials_itself_is_stopped(office: Exchange) -> None:
    caller: ScriptedChannel = office.offer(called="666")
    office.loop.settle(200)
    assert isinstance(caller.last, Hangup)
    assert caller.last.ending.cause is Cause.SWITCHING_EQUIPMENT_CONGESTION


def test_an_address_without_a_context_is_told(office: Exchange) -> None:
    caller = office.offer(called="106")
    assert isinstance(caller.last, Hangup) and "write Local/extension@context" in caller.last.ending.evidence


def test_hold_is_passed_through_n(office: Exchange) -> None:
    caller = office.offer(called="103")
    office.says(office.phone, Answered("off-hook"))
    office.manager.floor.legs[office.phone].command(Hold())
    assert office.phone.last == Hold()
    office.says(caller, Released(BYE))
    office.loop.settle()


def test_a_flash_is_passed_through_n(office: Exchange) -> None:
    caller = office.offer(called="103")
    office.says(office.phone, Answered("off-hook"))
    assert office.manager.floor.legs[office.phone].flash()
    assert office.phone.last == SendFlash()
    office.says(office.phone, Flash())
    office.loop.settle()
    assert caller.last == SendFlash(), "through both halves"
    office.says(caller, Released(BYE))
    office.loop.settle()


@pytest.mark.parametrize(
    ("address", "state"), [("101@office", "NOT_INUSE"), ("109@office", "INVALID"), ("101@attic/n", "INVALID")]
)
def test_an_extension_that_is_there_can_be_called(address: str, state: str) -> None:
    technology = LocalTechnology(ScriptedRows(), lambda channel, event: None, PLAN)
    assert technology.state(address).value == state


@pytest.mark.parametrize("called", ["101", "102"])
def test_what_a_caller_said_of_its_call_goes_on_with_it(exchange: Exchange, called: str) -> None:
    """Also through a local channel: neither a circle (RFC 7332) nor a diversion is forgotten there."""
    exchange.dialplan(OFFICE)
    said = {
        name: f"said {name}"
        for name in (
            *(
                DIVERTED_FIRST,
                DIVERTED_BEFORE,
                HOPS,
                DIVERTED_BY,
                DIVERTED_FOR,
                DIVERTED_HIDDEN,
                DIVERSIONS,
                REFERRED_BY,
                REFERRED_BY_NAME,
                SECURED,
            ),
            *(*PREFERENCES, *PORTABILITY),
        )
    }
    caller = exchange.offer(called=called, variables=said | {"OTHER": "stays"})
    exchange.loop.settle()
    (dialled,) = [command for command in exchange.phone.commands if isinstance(command, Dial)]
    assert {name: value for name, value in dialled.variables.items() if name in said or name == "OTHER"} == said
    exchange.says(caller, Released(BYE))
    exchange.loop.settle()
