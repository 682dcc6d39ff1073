"""Adapters that are not as they should be: mute, refusing, garbling, dying; and another family (V.253)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.isdn.config import IsdnConfig
from drivers.isdn.results import LineReader, Result, cause_of, result_of, told_cause
from gateway.core.cause import Cause
from gateway.core.codec import Encoding
from gateway.core.ending import Act
from gateway.core.errors import RemoteError
from gateway.core.messages import Alerting, Answer, Answered, Digit, Offered, Released, Rerouted
from gateway.core.number import Party, Presentation
from gateway.media.g711 import decode, encode
from gateway.testing.sounds import compare, utterance
from hardware.world.access import IDLE
from tests.unit.drivers.isdn_bench import IsdnBench, Script

CONFIG = IsdnConfig(name="adapter1", device="/dev/ttyACM0", numbers=("2565551100",), context="in")
V253 = IsdnConfig(name="adapter1", device="/dev/ttyACM0", profile="v253", context="in")
OK = b"\r\nOK\r\n"


def scripted(script: Script, config: IsdnConfig = CONFIG) -> IsdnBench:
    return IsdnBench(config, scripts={"adapter1": script})


def in_service(bench: IsdnBench) -> IsdnBench:
    bench.until(lambda: bench.state() == "idle")
    return bench


def ended(bench: IsdnBench) -> Released:
    released = bench.await_event(Released)
    assert isinstance(released, Released)
    return released


def test_a_device_that_answers_nothing_is_out_of_order_and_tried_again() -> None:
    script = Script({})
    bench = scripted(script)
    bench.until(lambda: bench.state() == "out of order")
    assert bench.trouble() == ("it does not answer ATHE0V1Q0; is it switched on, and is /dev/ttyACM0 its port?")
    assert len(script.commands) == 3
    with pytest.raises(RemoteError, match="adapter1 is out of order: it does not answer") as refused:
        bench.dial("adapter1/1")
    assert refused.value.cause is Cause.DESTINATION_OUT_OF_ORDER
    script.answers = {b"AT": OK}
    bench.run(31)
    in_service(bench)
    assert bench.trouble() == ""


def test_a_device_without_audio_says_which_command_it_refuses() -> None:
    bench = scripted(Script({b"AT": OK, b"AT+FCLASS": b"\r\nERROR\r\n"}))
    bench.until(lambda: bench.state() == "out of order")
    assert bench.trouble() == (
        "it refuses AT+FCLASS=8: it has no audio, or is none of the family i4l; look at profile and coding"
    )


def test_a_device_that_falls_silent_in_the_middle_of_being_set_up() -> None:
    bench = scripted(Script({b"AT": OK, b"AT+VSM": b""}))
    bench.until(lambda: bench.state() == "out of order")
    assert "does not answer AT+VSM=6" in bench.trouble()


def test_an_idle_device_that_has_died_is_found_out() -> None:
    script = Script()
    bench = in_service(scripted(script))
    script.answers = {}
    bench.run(70)
    assert bench.state() == "out of order"


def test_a_device_that_does_not_dial_ends_the_call_and_another_is_taken() -> None:
    script = Script({b"AT": OK, b"AT&E2565551100D": b"\r\nERROR\r\n"})
    bench = in_service(scripted(script))
    bench.dial("g1/5550100")
    assert bench.told(Rerouted) == [Rerouted("g1/5550100")]
    ending = ended(bench).ending
    assert (ending.cause, ending.act, ending.evidence) == (Cause.TEMPORARY_FAILURE, Act.FAILED, "ERROR")


def test_a_device_that_dies_while_it_dials() -> None:
    script = Script({b"AT": OK, b"AT&E2565551100D": b""})
    bench = in_service(scripted(script))
    bench.dial()
    bench.run(299)
    assert not bench.told(Released)
    bench.run(2)
    ending = ended(bench).ending
    assert (ending.cause, ending.act) == (Cause.DESTINATION_OUT_OF_ORDER, Act.VANISHED)
    assert ending.evidence == "no answer to AT&E2565551100D5550106"


def test_a_device_that_connects_and_gives_no_audio() -> None:
    bench = in_service(
        scripted(Script({b"AT": OK, b"AT&E2565551100D": b"\r\nVCON\r\n", b"AT+VTX": b"\r\nERROR\r\n"}))
    )
    bench.dial()
    ending = ended(bench).ending
    assert ending.cause is Cause.TEMPORARY_FAILURE and ending.evidence == "ERROR to AT+VTX+VRX"
    assert bench.state() == "idle"


def test_a_device_that_dies_in_a_call() -> None:
    answers = {b"AT": OK, b"AT&E2565551100D": b"\r\nVCON\r\n", b"AT+VTX": b"\r\nCONNECT\r\n\r\nCONNECT\r\n"}
    script = Script(answers)
    bench = in_service(scripted(script))
    bench.dial()
    assert bench.told(Answered)
    bench.run(4, lambda: bench.says("adapter1", b"\xff" * 160))
    assert not bench.told(Released)
    bench.run(5.1)
    ending = ended(bench).ending
    assert (ending.cause, ending.evidence) == (Cause.DESTINATION_OUT_OF_ORDER, "no audio")
    bench.run(1)
    assert bench.state() == "idle"


def test_one_connect_or_two_and_audio_in_any_pieces() -> None:
    """isdn4linux says CONNECT for each direction; the audio begins after the last."""
    for begin in (b"\r\nCONNECT\r\n", b"\r\nCONNECT\r\n\r\nCONNECT\r\n"):
        for cut in range(1, len(begin) + 4):
            script = Script({b"AT": OK, b"AT&E2565551100D": b"\r\nVCON\r\n", b"AT+VTX": b""})
            bench = in_service(scripted(script))
            bench.dial()
            stream = begin + b"\x0d\x0a" + b"\x55" * 158
            bench.says("adapter1", stream[:cut])
            bench.says("adapter1", stream[cut:])
            assert bench.ends["adapter1"].told[-1] == b"\x0d\x0a" + b"\x55" * 158, (begin, cut)


def test_a_far_side_that_leaves_without_a_word() -> None:
    """The audio ends and no NO CARRIER follows: the call is over all the same."""
    script = Script({b"AT": OK, b"AT&E2565551100D": b"\r\nVCON\r\n", b"AT+VTX": b"\r\nCONNECT\r\n"})
    bench = in_service(scripted(script))
    bench.dial()
    bench.says("adapter1", b"\xff" * 160 + b"\x10\x03")
    bench.run(2.1)
    assert ended(bench).ending.act is Act.HUNG_UP
    assert script.commands[-1] == "ATH" and bench.state() == "idle"


def test_noise_is_told_a_few_times_and_held_nowhere() -> None:
    bench = in_service(scripted(Script()))
    for _ in range(300):
        bench.says("adapter1", b"%&$ garbage of a broken cable\r\n" + b"\x00\xff" * 500 + b"\r\n")
    bench.says("adapter1", b"x" * 100_000)
    assert bench.story().count("which is nothing that adapters say") == 20
    assert bench.state() == "idle"
    bench.says("adapter1", b"\r\nRING/2565551100\r\n\r\nCALLER NUMBER: 1\r\n")
    assert bench.told(Offered) == [Offered("2565551100", Party("1"), "in")]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [f"\r\n{result.value}\r\n".encode() for result in Result]
            + [b"\r\nRING/1\r\n", b"\r\nNO CARRIER/E0010\r\n", b"\r\nBUSY/EFFFF\r\n", b"\x10\x03", b"\x10\x14"]
        ),
        max_size=30,
    )
)
def test_nothing_that_a_device_says_breaks_the_engine(said: list[bytes]) -> None:
    bench = in_service(scripted(Script()))
    for place, data in enumerate(said):
        bench.says("adapter1", data)
        if place % 3 == 0 and bench.state() == "idle":
            bench.dial()
        if place % 4 == 0 and bench.told(Offered) and bench.state() == "ringing":
            bench.command(bench.heard[-1][0], Answer())
        bench.run(0.1)
    bench.run(60)
    assert bench.state() in ("idle", "ringing", "calling", "out of order", "talking")


# Words.


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("OK", (Result.OK, "")),
        ("RING", (Result.RING, "")),
        ("RING/2565551100", (Result.RING, "2565551100")),
        ("RINGING", (Result.RINGBACK, "")),
        ("CALLER NUMBER: 2125550123", (Result.CALLER, "2125550123")),
        ("CALLER NUMBER: 0", (Result.CALLER, "")),
        ("CALLER NUMBER:", (Result.CALLER, "")),
        ("CALLED NUMBER: 1", (Result.CALLED, "1")),
        ("NMBR = 2125550123", (Result.CALLER, "2125550123")),
        ("NMBR=P", (Result.CALLER, "")),
        ("BUSY/E0011", (Result.BUSY, "E0011")),
        ("NO CARRIER/0000", (Result.NO_CARRIER, "0000")),
        ("NO DIAL TONE", (Result.NO_DIALTONE, "")),
        ("CONNECT 64000/HDLC", (Result.CONNECT, "CONNECT 64000/HDLC")),
        ("HELLO", (None, "HELLO")),
    ],
)
def test_what_lines_say(line: str, meaning: tuple[Result, str]) -> None:
    assert result_of(line) == meaning


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("BUSY", Cause.USER_BUSY),
        ("BUSY/0000", Cause.USER_BUSY),
        ("BUSY/E0411", Cause.USER_BUSY),
        ("BUSY/E0201", Cause.UNALLOCATED_NUMBER),
        ("NO CARRIER/E041B", Cause.DESTINATION_OUT_OF_ORDER),
        ("NO CARRIER", Cause.NO_USER_RESPONDING),
        ("NO ANSWER", Cause.NO_ANSWER),
        ("NO DIALTONE/0000", Cause.NO_CIRCUIT_AVAILABLE),
        ("NO MSN/EAZ", Cause.TEMPORARY_FAILURE),
        ("BUSY/E02FE", Cause.USER_BUSY),
        ("BUSY/WHAT", Cause.USER_BUSY),
    ],
)
def test_causes(line: str, cause: Cause) -> None:
    assert cause_of(line) is cause


def test_no_cause_is_no_cause() -> None:
    assert told_cause("0000") is None and told_cause("") is None and told_cause("E0010") is Cause(16)


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_lines_come_out_whole_however_they_come_in(pieces: list[bytes]) -> None:
    reader, lines = LineReader(), []
    for piece in [*pieces, b"\r\nOK\r\n"]:
        while piece:
            line, piece = reader.take(piece)
            lines.append(line)
    assert lines[-1] == "OK"


# Another family: modems after V.253.


@pytest.fixture
def modem() -> tuple[IsdnBench, Script]:
    script = Script({b"AT": OK, b"ATDT": b"", b"AT+VTR": b"\r\nCONNECT\r\n"})
    return in_service(scripted(script, V253)), script


def test_a_v253_adapter_is_set_up(modem: tuple[IsdnBench, Script]) -> None:
    assert modem[1].commands == [
        "ATHE0V1Q0", "AT&FE0V1Q0", "AT+FCLASS=8", "AT+VCID=1", "AT+VIT=0", "AT+VSM=4,8000", "AT+VLS=1",
    ]  # fmt: skip


def test_a_v253_call_is_connected_by_ok_and_ended_by_a_code(modem: tuple[IsdnBench, Script]) -> None:
    bench, script = modem
    leg = bench.dial("adapter1/5550100")
    assert script.commands[-1] == "ATDT5550100" and not bench.told(Answered)
    bench.says("adapter1", OK)
    assert bench.told(Answered) == [Answered("OK")] and script.commands[-1] == "AT+VTR"
    bench.says("adapter1", b"\xff" * 160 + b"\x105\x10u")
    assert [event.digit for event in bench.told(Digit) if isinstance(event, Digit)] == ["5"]
    assert not bench.rows["adapter1"].detecting
    bench.hang_up(leg)
    bench.says("adapter1", b"\xff" * 400)
    assert script.written.endswith(b"\x10^"), "what would follow would be taken for a command"
    bench.says("adapter1", b"\xff" * 40 + b"\x10\x03\r\nOK\r\n")
    assert script.commands[-1] == "ATH" and bench.state() == "idle"


def test_an_ok_that_was_owed_connects_nobody(modem: tuple[IsdnBench, Script]) -> None:
    bench, script = modem
    script.answers = {b"AT": b"", b"AT+VTR": b"\r\nCONNECT\r\n"}
    bench.until(lambda: bench.state() == "idle, being asked whether it is well", 61)
    bench.dial("adapter1/5550100")
    bench.says("adapter1", OK)
    assert not bench.told(Answered)
    bench.says("adapter1", OK)
    assert bench.told(Answered)


def test_a_v253_adapter_rings_and_tells_who_calls_between_two_rings(modem: tuple[IsdnBench, Script]) -> None:
    bench, script = modem
    bench.says("adapter1", b"\r\nRING\r\n")
    bench.run(2)
    assert not bench.told(Offered)
    bench.says("adapter1", b"\r\nDATE = 0102\r\nTIME = 1530\r\nNMBR = 2125550123\r\nNAME = ADA\r\n")
    assert bench.told(Offered) == [Offered("s", Party("2125550123"), "in")]
    bench.run(4)
    bench.says("adapter1", b"\r\nRING\r\n")
    bench.command(bench.heard[-1][0], Answer())
    assert script.commands[-2:] == ["ATA", "AT+VTR"] and bench.state() == "talking"


def test_a_caller_of_a_v253_adapter_has_given_up_when_it_does_not_ring_any_more(
    modem: tuple[IsdnBench, Script],
) -> None:
    bench, _ = modem
    bench.says("adapter1", b"\r\nRING\r\n")
    bench.run(6)
    bench.says("adapter1", b"\r\nRING\r\n")
    offered = bench.await_event(Offered)
    assert isinstance(offered, Offered) and offered.caller.presentation is Presentation.UNAVAILABLE
    bench.run(8.1)
    assert ended(bench).ending.act is Act.CANCELLED and bench.state() == "idle"


# The same family, emulated.


@pytest.fixture
def bench() -> IsdnBench:
    return in_service(IsdnBench(V253))


@pytest.mark.parametrize("after", [0.04, 0.5, 1.2, 1.22, 1.24, 1.26, 1.3, 2.0])
def test_a_v253_call_can_be_hung_up_at_any_moment(bench: IsdnBench, after: float) -> None:
    leg = bench.dial("adapter1/5550106")
    bench.run(after)
    bench.hang_up(leg)
    bench.until(lambda: bench.state() == "idle", 5)
    assert bench.accesses["adapter1"].state in IDLE
    bench.dial("adapter1/5550101")
    assert ended(bench).ending.cause is Cause.USER_BUSY


def test_a_v253_call_is_heard_both_ways_until_the_far_side_hangs_up(bench: IsdnBench) -> None:
    bench.dial("adapter1/5550106")
    bench.until(lambda: bench.state() == "talking")
    assert bench.told(Alerting) == [Alerting()]
    said = utterance(1.0)
    octets, end = encode(said, Encoding.PCMU), bench.ends["adapter1"]
    end.told.clear()
    end.says.extend(octets[place : place + 160] for place in range(0, len(octets), 160))
    bench.run(2)
    assert compare(decode(b"".join(end.told), Encoding.PCMU), said).correlation > 0.98
    bench.accesses["adapter1"].hang_up()
    assert ended(bench).ending.act is Act.HUNG_UP
    bench.until(lambda: bench.state() == "idle")


def test_a_v253_call_in_and_who_gives_up(bench: IsdnBench) -> None:
    access = bench.accesses["adapter1"]
    access.call("2125550123")
    assert bench.await_event(Offered) == Offered("s", Party("2125550123"), "in")
    bench.run(12)
    bench.command(bench.heard[-1][0], Answer())
    bench.until(lambda: bench.state() == "talking")
    access.key("7")
    bench.run(0.5)
    assert [event.digit for event in bench.told(Digit) if isinstance(event, Digit)] == ["7"]
    access.hang_up()
    bench.until(lambda: bench.state() == "idle")
    access.call("")
    bench.until(lambda: len(bench.told(Offered)) == 2)
    access.hang_up()
    bench.until(lambda: bench.state() == "idle", 9)
