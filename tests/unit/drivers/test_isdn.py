"""The driver of ISDN adapters against the emulated adapter and its exchange: calls both ways, causes, audio."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.isdn.config import IsdnConfig
from drivers.isdn.states import ISDN, TABLE, Input, State
from gateway.core.audio import AudioLost, Silent
from gateway.core.cause import Cause
from gateway.core.codec import Encoding
from gateway.core.ending import Act
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.messages import (
    Alert,
    Alerting,
    Answer,
    Answered,
    CarryFax,
    Dial,
    Digit,
    EarlyMedia,
    FaxCarried,
    Hangup,
    Offered,
    Proceed,
    Proceeding,
    Released,
    Rerouted,
    SendDigits,
)
from gateway.core.number import Party, Presentation
from gateway.core.switch import DeviceState
from gateway.media.g711 import decode, encode
from gateway.testing.sounds import compare, strength, tone, utterance
from hardware.isdn.emulation.call_states import CallState
from hardware.world.access import IDLE
from hardware.world.exchange_states import ExchangeState
from tests.unit.drivers.isdn_bench import CALLER, DONE, IsdnBench

ONE = IsdnConfig(name="adapter1", device="/dev/ttyI0", numbers=("2565551100", "2565551101"), context="from-pstn")
TWO = IsdnConfig(name="adapter2", device="/dev/ttyI1", numbers=("2565551200",), context="from-pstn")


@pytest.fixture
def bench() -> IsdnBench:
    return ready(IsdnBench(ONE))


def ready(bench: IsdnBench) -> IsdnBench:
    bench.until(lambda: all(status.in_service for status in bench.lines.status()))
    return bench


def ending(bench: IsdnBench) -> Any:
    released = bench.await_event(Released)
    assert isinstance(released, Released)
    return released.ending


# Being set up.


def test_an_adapter_is_reset_woken_and_set_up() -> None:
    bench = IsdnBench(ONE)
    states = [bench.state()]
    while states[-1] != "idle":
        bench.run(0.02)
        states += [bench.state()] if bench.state() != states[-1] else []
        assert bench.now < 105, bench.story()
    assert states == ["being reset", "being woken", "being set up", "idle"]
    assert bench.dtr == [("adapter1", False), ("adapter1", True)]
    adapter = bench.adapters["adapter1"]
    assert (adapter.msn, adapter.listens) == ("2565551100", "2565551100;2565551101")
    assert adapter.registers[18] == 1 and adapter.voice.coding == 6
    assert set(bench.changed) == {"ISDN/adapter1"}


def test_it_is_asked_now_and_then_whether_it_is_well(bench: IsdnBench) -> None:
    bench.run(61)
    assert "is told AT" in bench.story().splitlines()[-2] and bench.story().endswith("OK")
    assert bench.state() == "idle"


# Calls out.


def test_a_call_out_is_answered_and_heard_both_ways(bench: IsdnBench) -> None:
    leg = bench.dial("adapter1/5550106")
    assert leg.name == "ISDN/adapter1-00000001" and leg.peer == "ISDN adapter adapter1"
    bench.await_event(Answered)
    kinds = [type(event) for _, event in bench.heard]
    assert kinds == [Proceeding, Alerting, Answered]
    access, end = bench.accesses["adapter1"], bench.ends["adapter1"]
    assert access.dialled == "5550106" and access.shown == "2565551100"
    said = utterance(2.0)
    octets = encode(said, Encoding.PCMU)
    bench.until(lambda: bench.state() == "talking")
    end.told.clear()
    frames = [octets[place : place + 160] for place in range(0, len(octets), 160)]
    bench.run(3, lambda: end.says.append(frames.pop(0)) if frames else None)
    heard = decode(b"".join(end.told), Encoding.PCMU)
    assert all(len(frame) == 160 for frame in end.told) and len(end.told) == pytest.approx(150, abs=2)
    assert compare(heard, said).correlation > 0.98
    bench.hang_up(leg)
    bench.until(lambda: bench.state() == "idle")
    assert access.state in IDLE and access.released is Cause.NORMAL_CLEARING
    assert bench.lines.usage() == 0


def test_a_law_on_the_port() -> None:
    bench = ready(IsdnBench(IsdnConfig(name="adapter1", device="x", numbers=("1",), coding=Encoding.PCMA)))
    bench.dial("adapter1/5550100")
    bench.until(lambda: bench.state() == "talking")
    bench.run(0.1)
    bench.ends["adapter1"].told.clear()
    bench.run(1)
    heard = decode(b"".join(bench.ends["adapter1"].told), Encoding.PCMA)
    assert strength(heard, 1004) == pytest.approx(0, abs=0.2)
    said = encode(tone(700, 1.0), Encoding.PCMA)
    for place in range(0, len(said), 160):
        bench.ends["adapter1"].says.append(said[place : place + 160])
    bench.run(1.2)
    assert strength(bench.accesses["adapter1"].recording[-6000:], 700) > -20


@pytest.mark.parametrize(
    ("number", "cause", "act", "evidence"),
    [
        ("5550101", Cause.USER_BUSY, Act.REFUSED, "BUSY/E0411"),
        ("5550103", Cause.UNALLOCATED_NUMBER, Act.REFUSED, "BUSY/E0201"),
        ("5550104", Cause.SWITCHING_EQUIPMENT_CONGESTION, Act.REFUSED, "BUSY/E022A"),
    ],
)
def test_a_refusal_has_the_cause_that_the_network_gave(
    bench: IsdnBench, number: str, cause: Cause, act: Act, evidence: str
) -> None:
    """Q.850 causes as isdn4linux tells them (isdn_cause(7))."""
    bench.dial(f"adapter1/{number}")
    end = ending(bench)
    assert (end.cause, end.act, end.evidence) == (cause, act, evidence)
    assert end.by == "the network behind ISDN adapter adapter1"
    assert bench.state() == "idle" and not bench.told(Answered)


def test_who_never_answers_rings_until_we_give_up(bench: IsdnBench) -> None:
    leg = bench.dial("adapter1/5550102")
    bench.await_event(Alerting)
    bench.run(100)
    assert not bench.told(Released)
    bench.hang_up(leg)
    bench.until(lambda: bench.state() == "idle", 1)
    assert bench.accesses["adapter1"].released is Cause.NORMAL_CLEARING


def test_the_far_side_hangs_up(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550105")
    end = ending(bench)
    assert (end.cause, end.act) == (Cause.NORMAL_CLEARING, Act.HUNG_UP)
    assert end.evidence == "NO CARRIER/E0410"
    bench.until(lambda: bench.state() == "idle", 1)
    assert bench.rows["adapter1"].joined is None and not bench.rows["adapter1"].detecting


def test_a_far_side_that_leaves_at_once_leaves_nothing(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550106")
    bench.await_event(Answered)
    bench.accesses["adapter1"].hang_up(Cause.TEMPORARY_FAILURE)
    assert ending(bench).cause is Cause.TEMPORARY_FAILURE
    bench.until(lambda: bench.state() == "idle", 5)


@pytest.mark.parametrize("after", [0.0, 0.04, 0.2, 0.5, 1.2, 1.22, 1.24, 1.26, 1.28, 1.3, 1.34, 1.4, 2.0])
def test_a_call_can_be_hung_up_at_any_moment(bench: IsdnBench, after: float) -> None:
    leg = bench.dial("adapter1/5550106")
    bench.run(after)
    bench.hang_up(leg)
    leg.command(Hangup(DONE), bench.now)  # which comes too late
    bench.until(lambda: bench.state() == "idle", 5)
    assert bench.accesses["adapter1"].state in IDLE
    assert bench.adapters["adapter1"].state is CallState.IDLE
    assert not bench.told(Released)
    bench.dial("adapter1/5550101")
    assert ending(bench).cause is Cause.USER_BUSY


def test_a_caller_with_a_number_of_ours_shows_it(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550102", Party("2565551101", "Reception"))
    bench.run(0.5)
    assert bench.accesses["adapter1"].shown == "2565551101"


def test_a_number_is_withheld_by_the_keys_for_it() -> None:
    hidden = Party("101", presentation=Presentation.RESTRICTED)
    bench = ready(IsdnBench(IsdnConfig(name="adapter1", device="x", numbers=("1",), withhold="*31#")))
    bench.dial("adapter1/5550102", hidden)
    bench.run(0.5)
    assert bench.accesses["adapter1"].dialled == "*31#5550102"
    bench = ready(IsdnBench(ONE))
    leg = bench.dial("adapter1/5550102", hidden)
    notes = [note.text for note in bench.recorder.story(leg.name)]
    assert "the number of this access is shown: nothing is configured that withholds it" in notes


def test_what_follows_the_answer_is_keyed_with_its_pauses(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550109>W12P#")
    bench.until(lambda: bench.rows["adapter1"].sent_digits)
    begun = bench.now
    bench.until(lambda: len(bench.rows["adapter1"].sent_digits) == 2)
    assert [digits for digits, _, _ in bench.rows["adapter1"].sent_digits] == ["12", "#"]
    assert bench.now - begun == pytest.approx(2.4, abs=0.1)


def test_keys_both_ways(bench: IsdnBench) -> None:
    leg = bench.dial("adapter1/5550109")
    bench.until(lambda: bench.state() == "talking")
    row = bench.rows["adapter1"]
    assert row.detecting
    row.hear("5", bench.now)
    bench.drain()
    assert [event.digit for event in bench.told(Digit) if isinstance(event, Digit)] == ["5"]
    bench.command(leg, SendDigits("42#"))
    assert row.sent_digits[-1][0] == "42#"
    bench.accesses["adapter1"].key("7")
    bench.run(0.5)
    assert len(bench.told(Digit)) == 1, "what is told by codes is heard in the audio, too"


def test_fax_machines_have_the_line_to_themselves(bench: IsdnBench) -> None:
    leg = bench.dial("adapter1/5550109")
    bench.until(lambda: bench.state() == "talking")
    bench.command(leg, CarryFax())
    assert bench.told(FaxCarried) == [FaxCarried()]


def test_what_cannot_be_dialled(bench: IsdnBench) -> None:
    technology = bench.lines.technologies["ISDN"]
    for address, cause in (
        ("adapter1", Cause.INVALID_NUMBER_FORMAT),
        ("adapter1/", Cause.INVALID_NUMBER_FORMAT),
        ("adapter1/12A", Cause.INVALID_NUMBER_FORMAT),
        ("adapter9/1", Cause.UNALLOCATED_NUMBER),
        ("g9/1", Cause.NO_ROUTE_TO_DESTINATION),
    ):
        with pytest.raises(RemoteError) as refused:
            technology.channel(address, bench.now)
        assert refused.value.cause is cause, address
    bench.dial()
    with pytest.raises(RemoteError, match="adapter1 is in use"):
        technology.channel("adapter1/1", bench.now)
    assert technology.state("adapter1") is DeviceState.INUSE
    assert technology.state("g1") is DeviceState.INUSE


# Hunt groups.


def test_a_group_takes_the_next_adapter(bench: IsdnBench) -> None:
    both = ready(IsdnBench(ONE, TWO))
    names = [both.dial("g1/5550102").name for _ in range(2)]
    assert [name.partition("-")[0] for name in names] == ["ISDN/adapter1", "ISDN/adapter2"]
    with pytest.raises(RemoteError, match=r"no line of group 1 is free \(adapter1 calling, adapter2 calling\)"):
        both.dial("g1/5550102")


def test_a_call_of_a_group_goes_on_by_another_adapter_where_one_has_no_network() -> None:
    both = ready(IsdnBench(ONE, TWO))
    both.accesses["adapter1"].unplug()
    both.dial("g1/5550102")
    both.run(0.1)
    assert both.told(Rerouted) == [Rerouted("g1/5550102")]
    end = ending(both)
    assert end.cause is Cause.NO_CIRCUIT_AVAILABLE and end.evidence == "NO DIALTONE/0000"
    assert "Look at the cable to the network" in end.advice
    assert both.state("adapter1") == "resting after a failure"
    leg = both.dial("g1/5550102")
    assert leg.name.startswith("ISDN/adapter2")
    both.hang_up(leg)
    both.run(3)
    assert both.dial("g1/5550102").name.startswith("ISDN/adapter2"), "one that failed is taken last"


# Calls in.


def test_a_call_in_is_offered_with_both_numbers_and_answered(bench: IsdnBench) -> None:
    access = bench.accesses["adapter1"]
    access.call("2125550123", "2565551101")
    offered = bench.await_event(Offered, 0.5)
    assert offered == Offered("2565551101", Party("2125550123"), "from-pstn")
    leg = bench.heard[-1][0]
    for command in (Proceed(), Alert(), EarlyMedia(), SendDigits("1")):
        bench.command(leg, command)
    assert bench.state() == "ringing"
    bench.command(leg, Answer())
    bench.until(lambda: bench.state() == "talking", 1)
    assert access.state is ExchangeState.TALKING
    access.say(tone(1004, 0.5))
    bench.ends["adapter1"].told.clear()
    bench.run(0.5)
    heard = decode(b"".join(bench.ends["adapter1"].told), Encoding.PCMU)
    assert strength(heard, 1004) > -15
    access.hang_up()
    assert ending(bench).act is Act.HUNG_UP
    bench.until(lambda: bench.state() == "idle")
    assert bench.lines.status()[0].last_caller == Party("2125550123")


def test_a_caller_who_is_not_told_is_restricted(bench: IsdnBench) -> None:
    bench.accesses["adapter1"].call("")
    offered = bench.await_event(Offered, 0.5)
    assert isinstance(offered, Offered) and offered.caller.presentation is Presentation.RESTRICTED


def test_the_configuration_may_name_the_extension(bench: IsdnBench) -> None:
    bench = ready(IsdnBench(IsdnConfig(name="adapter1", device="x", numbers=("1",), did="reception")))
    bench.accesses["adapter1"].call("2")
    offered = bench.await_event(Offered, 0.5)
    assert isinstance(offered, Offered) and offered.called == "reception"


def test_a_caller_who_gives_up(bench: IsdnBench) -> None:
    bench.accesses["adapter1"].call("2125550123")
    bench.await_event(Offered)
    bench.run(10)
    bench.accesses["adapter1"].hang_up()
    end = ending(bench)
    assert (end.cause, end.act, end.evidence) == (Cause.NORMAL_CLEARING, Act.CANCELLED, "RUNG")
    assert bench.state() == "idle"
    bench.accesses["adapter1"].call("2")
    bench.until(lambda: len(bench.told(Offered)) == 2)


def test_a_call_is_refused(bench: IsdnBench) -> None:
    bench.accesses["adapter1"].call("2125550123")
    bench.await_event(Offered)
    bench.hang_up(bench.heard[-1][0])
    bench.until(lambda: bench.state() == "idle", 1)
    assert bench.accesses["adapter1"].released is Cause.CALL_REJECTED
    assert bench.lines.usage() == 0


def test_a_caller_who_leaves_while_being_answered(bench: IsdnBench) -> None:
    bench.accesses["adapter1"].call("2125550123")
    bench.await_event(Offered)
    bench.accesses["adapter1"].hang_up()
    bench.command(bench.heard[-1][0], Answer())
    assert ending(bench).act in (Act.CANCELLED, Act.HUNG_UP)
    bench.until(lambda: bench.state() == "idle", 5)


def test_a_call_in_meets_a_call_out(bench: IsdnBench) -> None:
    """The adapter has rung before it reads ATD, which it refuses; whoever calls is answered."""
    leg = bench.lines.technologies["ISDN"].channel("adapter1/5550100", bench.now)
    bench.accesses["adapter1"].call("2125550123")
    bench.command(leg, Dial("", CALLER))
    bench.run(0.1)
    assert ending(bench).cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
    offered = bench.await_event(Offered)
    assert isinstance(offered, Offered) and offered.caller == Party("2125550123")
    bench.command(bench.heard[-1][0], Answer())
    bench.until(lambda: bench.state() == "talking")


# Devices that go.


def test_a_port_that_goes_ends_its_call_and_one_that_returns_serves_again(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550106")
    bench.until(lambda: bench.state() == "talking")
    bench.lines.detach("adapter1", "/dev/ttyI0 has gone; plug the adapter in again", bench.now)
    bench.drain()
    end = ending(bench)
    assert (end.cause, end.act) == (Cause.DESTINATION_OUT_OF_ORDER, Act.VANISHED)
    assert bench.state() == "out of service" and bench.trouble().startswith("/dev/ttyI0 has gone")
    assert bench.lines.technologies["ISDN"].state("adapter1") is DeviceState.UNAVAILABLE
    with pytest.raises(RemoteError, match=r"adapter1 is out of service: /dev/ttyI0 has gone"):
        bench.dial()
    bench.adapters["adapter1"].power_off()
    bench.plug("adapter1")
    ready(bench)
    assert bench.trouble() == ""
    bench.dial()
    bench.until(lambda: bench.state() == "talking")


def test_an_adapter_left_in_the_middle_of_a_call_is_brought_back() -> None:
    """We were stopped while audio went both ways; the adapter is still at it when we return."""
    bench = ready(IsdnBench(ONE))
    bench.dial("adapter1/5550106")
    bench.until(lambda: bench.state() == "talking")
    bench.lines.detach("adapter1", "restart", bench.now)
    bench.plug("adapter1")
    bench.run(0.1)
    ready(bench)
    assert bench.accesses["adapter1"].state in IDLE


def test_audio_that_fails_ends_the_call(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550106")
    bench.until(lambda: bench.state() == "talking")
    listener = bench.rows["adapter1"].listener
    assert listener is not None
    listener(Silent(0.2), bench.now)
    listener(AudioLost("broken pipe"), bench.now)
    bench.drain()
    assert ending(bench).cause is Cause.DESTINATION_OUT_OF_ORDER
    assert not bench.lines.attached("adapter1")


def test_a_leg_without_audio_yet_lets_time_pass_in_its_row(bench: IsdnBench) -> None:
    """What the dialplan plays before an answer ends in its time, although nobody hears it."""
    end = bench.ends["adapter1"]
    assert not end.told
    bench.accesses["adapter1"].call("1")
    bench.run(1.04)
    assert len(end.told) == pytest.approx(50, abs=3)
    assert set(end.told) == {b"\xff" * 160}
    bench.hang_up(bench.heard[-1][0])
    end.told.clear()
    bench.run(1)
    assert not end.told


# The table.


def test_every_state_can_be_reached_left_and_lost() -> None:
    reached = {after for row in TABLE.values() for after, _ in row.values()}
    assert reached == set(State) == set(TABLE)
    for state, row in TABLE.items():
        assert row[Input.LOST][0] is State.OUT
        assert any(after is not state for after, _ in row.values())
        commands = [given for given in ISDN.commands.values() if given in row]
        assert not commands or Input.HANG_UP in row


def test_a_command_that_makes_no_sense_is_told(bench: IsdnBench) -> None:
    leg = bench.dial("adapter1/5550106")
    with pytest.raises(IllegalInput):
        leg.command(Answer(), bench.now)
    assert not bench.told(Released)
