"""All lines together: addresses, what is shown, the story, and lines and calls that do whatever they like."""

from __future__ import annotations

import random
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.channel import LineChannel
from drivers.fxo.config import AnswerSignal, FxoConfig
from drivers.fxo.states import FXO
from drivers.fxs.config import FxsConfig
from drivers.fxs.states import FXS
from drivers.line import Dialect
from drivers.registry import MAX_NUMBER, Address, Hunting
from drivers.wording import command_words, event_words
from gateway.core.audio import Silent
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError, IllegalInput, LocalError, RemoteError
from gateway.core.messages import (
    Alert,
    Answer,
    Command,
    Dial,
    EarlyMedia,
    Hangup,
    Hold,
    Offered,
    Proceed,
    Released,
    Resume,
    SendDigits,
)
from gateway.core.number import Party
from gateway.core.switch import DeviceState
from hardware.analog.line import (
    CancelDial,
    DialDigits,
    EchoCancel,
    Hook,
    LineCommand,
    LineEvent,
    LineEventKind,
    OnHookTransmit,
    PortKind,
    Ring,
    SetHook,
    SetPolarity,
    StopRing,
)
from tests.unit.drivers.office import COPPER1, COPPER2, PHONE, SECOND_PHONE, Office

# Addresses.


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("101", Address("101")),
        ("copper1/5550100", Address("copper1", number="5550100")),
        ("g1/5550100", Address("g1", 1, Hunting.FIRST, "5550100")),
        ("G12", Address("G12", 12, Hunting.LAST)),
        ("g1/(256) 555-01.00", Address("g1", 1, Hunting.FIRST, "2565550100")),
        ("g1/9w*67#", Address("g1", 1, Hunting.FIRST, "9W*67#")),
        ("green/1", Address("green", number="1")),
        ("r2/5550100", Address("r2", 2, Hunting.NEXT, "5550100")),
        ("u1", Address("u1", 1, Hunting.LEAST_USED)),
        ("101r2", Address("101", ring=2)),
        ("tower2/1", Address("tower2", number="1")),
    ],
)
def test_an_address_names_a_line_or_a_group_and_a_number(written: str, meant: Address) -> None:
    assert Address.parse(written) == meant


@pytest.mark.parametrize(
    "written", ["", "/5550100", "g1/+4930", "g1/alice", "g1/12/34", "g1/T55", "g1/" + "1" * 65]
)
def test_an_address_that_cannot_be_dialled_says_why(written: str) -> None:
    with pytest.raises(RemoteError) as error:
        Address.parse(written)
    assert error.value.cause is Cause.INVALID_NUMBER_FORMAT


@settings(max_examples=200)
@given(st.text(max_size=80))
def test_any_address_is_read_or_refused(written: str) -> None:
    try:
        address = Address.parse(written)
    except RemoteError:
        return
    assert set(address.number) <= set("0123456789*#ABCDW") and len(address.number) <= MAX_NUMBER


def test_dahdi_means_lines_of_both_kinds_by_port_or_name() -> None:
    office = Office()
    assert office.call("DAHDI/1").name.startswith("FXS/101-")
    assert office.call("DAHDI/g1/5550100").name.startswith("FXO/copper1-")
    assert office.call("DAHDI/4/5550100").name.startswith("FXO/copper2-")
    with pytest.raises(RemoteError, match="telephone 101 is busy"):
        office.call("DAHDI/101")


@pytest.mark.parametrize(
    ("target", "sentence", "cause"),
    [
        ("FXS/109", "there is no line FXS/109; those that there are: 101, 102", Cause.UNALLOCATED_NUMBER),
        ("FXS/copper1", "there is no line FXS/copper1; those that there are: 101, 102", Cause.UNALLOCATED_NUMBER),
        ("FXO/3/555", "there is no line FXO/3; those that there are: copper1, copper2", Cause.UNALLOCATED_NUMBER),
        ("FXO/g9/555", "no line is in group 9", Cause.NO_ROUTE_TO_DESTINATION),
    ],
)
def test_a_line_that_does_not_exist_is_refused_in_words(target: str, sentence: str, cause: Cause) -> None:
    with pytest.raises(RemoteError) as error:
        Office().call(target)
    assert str(error.value) == sentence and error.value.cause is cause


# What is built and shown.


def test_lines_that_cannot_be_together_are_refused() -> None:
    with pytest.raises(LocalError, match="port 1 is used by telephone 101 and by line copper1"):
        Office(phones=(FxsConfig(1, "101"),), trunks=(FxoConfig(1, "copper1"),))
    with pytest.raises(LocalError, match="more than one line FXS/101"):
        Office(phones=(FxsConfig(1, "101"), FxsConfig(2, "101")))
    with pytest.raises(LocalError, match="atlantis"):
        Office(phones=(FxsConfig(1, "101", zone="atlantis"),))


def test_the_ports_that_are_wanted_are_known() -> None:
    lines = Office().lines
    assert lines.ports == {1: PortKind.FXS, 2: PortKind.FXS, 3: PortKind.FXO, 4: PortKind.FXO}
    assert lines.zone(3) == "us"


def test_lines_without_devices_are_out_of_service_and_say_so() -> None:
    office = Office(in_service=False)
    office.lines.detach(PHONE, "port 1: no such channel", office.clock())
    assert [line.state for line in office.lines.status()] == ["out of service"] * 4
    assert office.lines.status()[0].since == office.clock() > 0, "not the clock's zero"
    with pytest.raises(RemoteError, match="telephone 101 is out of service"):
        office.call("FXS/101")
    with pytest.raises(RemoteError, match="no line of group 1 is free"):
        office.call("FXO/g1/1")
    assert [note.text for note in office.recorder.story("FXS/101")] == ["port 1: no such channel"]


def test_status_tells_since_when_and_who() -> None:
    office = Office()
    office.wait(5.0)
    leg = office.call("FXS/101")
    office.command(leg, Dial("", Party("6001", "Ann")))
    [line] = [line for line in office.lines.status() if line.port == PHONE]
    assert (line.name, line.technology, line.state, line.number) == ("101", "FXS", "ringing", "101")
    assert line.since == 105.0 and line.last_caller == Party("6001", "Ann") and line.channel == leg.name


def test_the_story_of_a_leg_has_its_line_events_and_commands_in_order() -> None:
    office = Office()
    office.lift()
    office.key("102")
    leg, _ = office.leg_and_event()
    office.command(leg, Answer())
    office.key("4")  # to whoever has answered: it may be one of a PIN
    office.put_down()
    story = [note.text for note in office.recorder.story(leg.name)]
    wanted = [
        "telephone 101 was lifted",
        "port 1 is told to go off-hook",
        "plays dial us",
        "digit 1 (in-band tone)",
        "digit 0 (in-band tone)",
        "digit 2 (in-band tone)",
        "key ? (in-band tone)",
        "ONHOOK event on port 1",
    ]
    assert [text for text in story if text in wanted] == wanted


def test_what_a_line_says_that_nobody_asked_for_is_noted() -> None:
    office = Office()
    office.line(LineEventKind.EC_DISABLED, PHONE)
    office.line(LineEventKind.UNKNOWN, PHONE)
    office.line(LineEventKind.DIALCOMPLETE, PHONE)
    office.rows[PHONE].listener(Silent(2.0), office.clock())  # type: ignore[misc]
    office.lines.receive(LineEvent(LineEventKind.ONHOOK), 99, office.clock())
    story = [note.text for note in office.recorder.story("FXS/101")]
    assert "EC_DISABLED event on port 1" in story and "no audio from port 1 for 2 s" in story


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SetHook(Hook.START), "seize the line"),
        (Ring(), "ring"),
        (Ring((400, 200, 400, 2000)), "ring 400/200/400/2000 ms"),
        (StopRing(), "stop ringing"),
        (DialDigits("T555"), "dial T555"),
        (CancelDial(), "stop dialling"),
        (SetPolarity(True), "reverse the polarity"),
        (SetPolarity(False), "restore the polarity"),
        (OnHookTransmit(1600), "speak to the on-hook telephone for 1600 ms"),
        (EchoCancel(128), "cancel echo with 128 taps"),
        (EchoCancel(0), "cancel no echo"),
    ],
)
def test_every_command_has_words(command: LineCommand, words: str) -> None:
    assert command_words(command) == words


def test_a_command_that_failed_is_told_and_a_canceller_that_is_not_there_is_no_failure() -> None:
    failed = LineEvent(LineEventKind.FAILED, errno=22, command=Ring())
    assert event_words(failed, 3) == "'ring' failed on port 3 (errno 22)"
    lacking = LineEvent(LineEventKind.FAILED, errno=22, command=EchoCancel(128))
    assert event_words(lacking, 3) == "port 3 has no echo canceller of its own (errno 22)"


def test_every_event_has_words() -> None:
    assert event_words(LineEvent(LineEventKind.ONHOOK), 1) == "ONHOOK event on port 1"
    assert event_words(LineEvent(LineEventKind.PULSE_DIGIT, "7"), 1) == "PULSE_DIGIT 7 event on port 1"
    assert event_words(LineEvent(LineEventKind.UNKNOWN, errno=99), 1) == "UNKNOWN 99 event on port 1"
    assert event_words(LineEvent(LineEventKind.FAILED, errno=5), 1) == "'a command' failed on port 1 (errno 5)"


# The tables themselves.


@pytest.mark.parametrize("dialect", [FXS, FXO], ids=["FXS", "FXO"])
def test_every_state_can_be_reached_left_and_lost(dialect: Dialect[Any, Any]) -> None:
    states: type[Enum] = type(dialect.start)
    reached = {after for row in dialect.table.values() for after, _ in row.values()}
    assert reached == set(states) == set(dialect.table)
    for state, row in dialect.table.items():
        assert row[dialect.lost][0] is dialect.start
        assert state is dialect.start or any(after is not state for after, _ in row.values())


@pytest.mark.parametrize("dialect", [FXS, FXO], ids=["FXS", "FXO"])
def test_a_leg_can_be_hung_up_in_every_state_in_which_a_call_has_it(dialect: Dialect[Any, Any]) -> None:
    given = dialect.commands[Hangup]
    for state, row in dialect.table.items():
        if any(command in row for command in dialect.commands.values()):
            assert given in row, f"{state.name} takes commands but no Hangup"


# Anything may happen.

_COMMANDS: list[Command] = [
    Proceed(),
    Alert(),
    EarlyMedia(),
    Answer(),
    Hold(),
    Resume(),
    SendDigits("1"),
    Dial("", Party("5551234")),
    Hangup(Ending(Cause.USER_BUSY, "account 6001", Act.REFUSED, "486 Busy Here")),
]
_FAILED = [SetHook(Hook.OFFHOOK), SetHook(Hook.START), Ring((2000, 4000)), SetHook(Hook.ONHOOK)]
_PORTS = [PHONE, SECOND_PHONE, COPPER1, COPPER2]
_TARGETS = ["FXS/101", "FXS/102", "FXO/g1/5550100", "FXO/copper2", "DAHDI/1", "DAHDI/G1/1W2"]


class Anything:
    """Does something to an office, as a random number says, and watches that legs keep their promises."""

    def __init__(self, seed: int) -> None:
        self.office = Office(
            trunks=(
                FxoConfig(3, "copper1", answer=AnswerSignal.POLARITY, hangup_on_polarity=True),
                FxoConfig(4, "copper2", caller_id=None),
            )
        )
        self.chance = random.Random(seed)
        self.legs: list[LineChannel] = []
        self.ended: set[LineChannel] = set()

    def happen(self) -> None:
        chance, office = self.chance, self.office
        port = chance.choice(_PORTS)
        match chance.randrange(8):
            case 0 | 1 | 2:
                office.line(chance.choice(list(LineEventKind)), port, chance.choice("1290"))
            case 3:
                office.key(chance.choice(["1", "0", "102", "9", "#", "6001"]), port)
            case 4:
                office.fail(chance.choice(_FAILED), chance.choice([16, 61, 22]), port)
            case 5:
                office.wait(chance.choice([0.0, 0.1, 0.7, 2.0, 3.0, 9.0, 61.0]))
            case 6:
                self.call_somebody()
            case _:
                self.command_something()
        self.look()

    def call_somebody(self) -> None:
        try:
            self.legs.append(self.office.call(self.chance.choice(_TARGETS)))
        except RemoteError:
            pass

    def command_something(self) -> None:
        if not self.legs:
            return
        leg, command = self.chance.choice(self.legs), self.chance.choice(_COMMANDS)
        try:
            self.office.command(leg, command)
        except IllegalInput:
            return
        if isinstance(command, Hangup):
            self.ended.add(leg)

    def look(self) -> None:
        for leg, event in self.office.lines.events():
            assert leg not in self.ended, f"{leg} says {event} after its end"
            if isinstance(event, Offered):
                assert leg not in self.legs
                self.legs.append(leg)
            assert leg in self.legs
            if isinstance(event, Released):
                self.ended.add(leg)
                assert leg.audio is None
        self.office.lines.outgoing()
        for port, row in self.office.rows.items():
            if port not in (COPPER1, COPPER2) and self.office.state(port) == "on-hook":
                assert row.hears == "", f"an idle telephone hears {row.hears}"

    def end(self) -> None:
        """Everybody hangs up, and nothing is left."""
        for leg in self.legs:
            self.office.hang_up(leg)
            self.ended.add(leg)
            self.look()  # since the end of one call may be that of the one that waited
        for port in (PHONE, SECOND_PHONE):
            self.office.put_down(port)
        self.office.wait(120.0)
        self.look()
        assert self.office.lines.usage() == 0 and self.office.lines.deadline() is None
        assert all(capture.stopped for row in self.office.rows.values() for capture in row.captures)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 120))
def test_lines_and_calls_do_what_they_like_and_nothing_is_left(seed: int, steps: int) -> None:
    anything = Anything(seed)
    for _ in range(steps):
        try:
            anything.happen()
        except CopperlineError as error:
            raise AssertionError(f"step raised {error}") from error
    anything.end()


ORDINARY = {
    PHONE: [LineEventKind.ONHOOK, LineEventKind.WINKFLASH, LineEventKind.RINGERON, LineEventKind.RINGEROFF],
    COPPER1: [LineEventKind.ONHOOK, LineEventKind.POLARITY, LineEventKind.HOOKCOMPLETE, LineEventKind.NOALARM],
}


@pytest.mark.parametrize("port", list(ORDINARY))
def test_late_events_on_an_idle_line_are_ordinary(port: int) -> None:
    office = Office()
    for kind in ORDINARY[port]:
        office.line(kind, port)
    [label] = [f"{line.technology}/{line.name}" for line in office.lines.status() if line.port == port]
    assert not [note for note in office.recorder.story(label) if "not expected" in note.text]
    assert office.lines.outgoing() == [] and office.lines.usage() == 0


def test_a_digit_of_a_pulse_that_was_never_begun_is_noted_on_an_idle_line() -> None:
    office = Office()
    office.line(LineEventKind.PULSE_START, PHONE)
    assert "PULSE was not expected while on-hook; ignored" in [
        note.text for note in office.recorder.story("FXS/101")
    ]


# What lamps show.


def test_a_line_is_in_use_from_the_lifted_receiver_on_and_says_so() -> None:
    office = Office()
    fxs, dahdi = office.lines.technologies["FXS"], office.lines.technologies["DAHDI"]
    assert (fxs.state("101"), fxs.state("109")) == (DeviceState.NOT_INUSE, DeviceState.INVALID)
    assert dahdi.device("1") == fxs.device("101") == "FXS/101" and dahdi.device("3") == "FXO/copper1"
    office.changed.clear()
    office.lift()
    assert office.changed == ["FXS/101"] and dahdi.state("1") is DeviceState.INUSE
    office.put_down()
    assert office.changed[-1] == "FXS/101" and fxs.state("101") is DeviceState.NOT_INUSE


def test_a_line_that_has_gone_is_unavailable_and_a_group_is_as_its_best_line() -> None:
    office = Office()
    fxo = office.lines.technologies["FXO"]
    office.lines.detach(3, "the card was pulled", office.clock())
    assert office.changed[-1] == "FXO/copper1"
    assert fxo.state("copper1") is DeviceState.UNAVAILABLE and fxo.state("g1/5550100") is DeviceState.NOT_INUSE
    office.lines.detach(4, "the card was pulled", office.clock())
    assert fxo.state("g1") is DeviceState.UNAVAILABLE and fxo.state("g7") is DeviceState.INVALID
