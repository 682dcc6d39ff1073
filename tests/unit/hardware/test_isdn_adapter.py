"""The emulated terminal adapter: what its port is told and what it reads (isdn4linux, V.250, V.253)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.audio import Samples
from gateway.core.cause import Cause
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.g711 import decode, encode
from gateway.media.tone import dtmf, zone
from gateway.testing.sounds import compare, strength, tone, utterance
from hardware.agenda import Agenda
from hardware.isdn.access import DATA
from hardware.isdn.emulation.terminal import TerminalAdapter
from hardware.isdn.shielding import REVERSED, Unshielder, shield
from hardware.world.access import IDLE, IsdnAccess
from hardware.world.exchange_states import ExchangeState

NUMBER = "2565551100"


class Desk:
    """Somebody at a terminal program, an adapter, and the ISDN behind it."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.access = IsdnAccess(number=NUMBER, agenda=self.agenda, zone=zone("us"))
        self.adapter = TerminalAdapter(self.access, self.agenda)
        self.read = b""

    def write(self, data: bytes) -> bytes:
        """Write, and what is read at once."""
        self.adapter.receive(data)
        return self.take()

    def at(self, command: str) -> str:
        """A command; what is read, without the echo's and the lines' ends."""
        return self.write(f"AT{command}\r".encode()).decode("latin-1").strip()

    def take(self) -> bytes:
        read, self.read = self.read + self.adapter.outgoing(), b""
        return read

    def run(self, seconds: float, each: Callable[[], object] = lambda: None) -> bytes:
        """Let time pass; what is read meanwhile."""
        for _ in range(round(seconds * 50)):
            each()
            self.agenda.run_until(self.agenda.now + 20)
            self.adapter.frame()
            self.read += self.adapter.outgoing()
        return self.take()

    def lines(self, seconds: float) -> list[str]:
        return self.run(seconds).decode("latin-1").split()

    def ready(self, *more: str) -> Desk:
        self.at("E0")
        for command in ("+FCLASS=8", "+VIP", "+VSM=6", f"&E{NUMBER}", *more):
            assert self.at(command) == "OK", command
        return self

    def talking(self, number: str = "5550106") -> Desk:
        assert self.at(f"D{number}") == ""
        for _ in range(100):
            if b"VCON" in self.run(0.02):
                return self
        raise AssertionError("no answer")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def samples(data: bytes, coding: Encoding = Encoding.PCMU) -> Samples:
    audio, code, _ = Unshielder().take(data)
    assert not code
    return decode(audio, coding)


def codes(data: bytes) -> str:
    """The codes among audio."""
    found, take = "", Unshielder()
    while data:
        _, code, data = take.take(data)
        found += code
    return found


# Commands.


def test_a_line_is_echoed_and_answered(desk: Desk) -> None:
    assert desk.write(b"AT\r") == b"AT\r\r\nOK\r\n"
    assert desk.write(b"ate0v1\r\n") == b"ate0v1\r\r\nOK\r\n"
    assert desk.write(b"AT\r") == b"\r\nOK\r\n"


def test_results_as_numbers_or_none(desk: Desk) -> None:
    desk.at("E0")
    assert desk.write(b"ATV0\r") == b"\r\n0\r\n"
    assert desk.write(b"ATX\r") == b"\r\n4\r\n"
    assert desk.write(b"ATQ1\r") == b""
    assert desk.write(b"ATQ0V1\r") == b"\r\nOK\r\n"


def test_what_came_before_an_error_has_been_done(desk: Desk) -> None:
    desk.at("E0")
    assert desk.at("S2=7 S99=1 S3=9") == "ERROR"
    assert desk.at("S2?").split() == ["7", "OK"]
    assert desk.at("S3?").split() == ["13", "OK"]


def test_registers_are_read_and_written_whole_and_by_bits(desk: Desk) -> None:
    desk.at("E0")
    assert desk.at("S13.3=1S13.4=1") == "OK"
    assert desk.at("S13?S13.4?S13.5?").split() == ["28", "1", "0", "OK"]
    for wrong in ("S13=256", "S13.8=1", "S20=1", "S13", "S24?"):
        assert desk.at(wrong) == "ERROR", wrong
    assert desk.at("&F") == "OK"
    assert desk.at("E0S13?").split()[-2:] == ["4", "OK"]


def test_noise_before_a_command_is_no_part_of_it(desk: Desk) -> None:
    assert desk.write(b"\xff\x00xyzAAT\bTE0\r").endswith(b"\r\nOK\r\n")
    assert desk.write(b"A" * 100_000 + b"\r") == b""
    assert desk.at("A" * 1000) == "NO ANSWER"


@given(st.lists(st.binary(max_size=60) | st.text("AT+-&=?;DHZEVSM0123456789,\r").map(str.encode), max_size=20))
def test_nothing_that_is_written_breaks_it(pieces: list[bytes]) -> None:
    desk = Desk()
    for piece in pieces:
        desk.write(piece)
        desk.run(0.1)
    desk.write(b"\r\x10\x03\x10\x14")
    desk.run(0.5)
    desk.write(b"\r")
    assert b"OK" in desk.write(b"ATQ0V1H\r") or desk.adapter.state.name == "IDLE"


def test_audio_must_be_asked_for_by_class_8(desk: Desk) -> None:
    desk.at("E0")
    assert desk.at("+VSM=6") == "ERROR"
    assert desk.at("+FCLASS=8;+VSM=6;+VLS=2") == "OK"
    assert desk.at("+FCLASS?S18?").split() == ["8", "5", "OK"]
    assert desk.at("+VSM?").split() == ["6", "OK"]
    assert desk.at("+VSD=5,70+VDD=0,8+VNH=1") == "OK"
    for wrong in ("+VSM=9", "+VSD=32,1", "+VSD=1", "+VNH=0", "+VLS=1", "+VXX"):
        assert desk.at(wrong) == "ERROR", wrong
    assert desk.at("+VTX") == "NO ANSWER"
    assert desk.at("+VLS=0") == "OK" and desk.at("+VRX") == "ERROR"


# Calls that are placed.


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("5550100", ["VCON"]),
        ("2125550100", ["VCON"]),
        ("5550101", ["BUSY"]),
        ("5550102", []),
        ("5550103", ["BUSY"]),
        ("5550104", ["BUSY"]),
        ("5559999", ["BUSY"]),
        ("5550108", ["VCON"]),
    ],
)
def test_what_becomes_of_a_call(desk: Desk, number: str, told: list[str]) -> None:
    desk.ready()
    assert desk.at(f"DT {number[:3]}-{number[3:]}") == ""
    assert desk.lines(3) == told
    assert desk.access.dialled == number and desk.access.shown == NUMBER


@pytest.mark.parametrize(("number", "cause"), [("5550101", "E0411"), ("5550103", "E0201"), ("5550104", "E022A")])
def test_causes_are_told_where_they_are_asked_for(desk: Desk, number: str, cause: str) -> None:
    """Location and Q.850 cause, two hexadecimal digits each (isdn_cause(7))."""
    desk.ready("S13.3=1")
    desk.at(f"D{number}")
    assert desk.lines(1) == [f"BUSY/{cause}"]


def test_progress_is_told_where_it_is_asked_for(desk: Desk) -> None:
    desk.ready("S23=24")
    assert desk.at("D5550100") == "PROCEEDING"
    assert desk.lines(2) == ["RINGING", "VCON"]


def test_a_number_of_ones_own_is_needed(desk: Desk) -> None:
    desk.at("E0")
    assert desk.at("D5550100") == "NO MSN/EAZ"
    desk.ready()
    assert desk.at("D") == "ERROR"


def test_without_an_exchange_there_is_no_dial_tone(desk: Desk) -> None:
    desk.ready()
    desk.access.unplug()
    assert desk.at("D5550100") == "NO DIALTONE"
    desk.access.plug_in()
    desk.talking()
    desk.access.unplug()
    assert desk.take() == b"\r\nNO CARRIER\r\n"


def test_who_dials_the_own_number_finds_it_busy(desk: Desk) -> None:
    desk.ready()
    assert desk.at(f"D{NUMBER}") == ""
    assert desk.lines(1) == ["BUSY"]


def test_any_key_ends_the_attempt(desk: Desk) -> None:
    desk.ready()
    desk.at("D5550102")
    desk.run(1)
    assert desk.write(b"\r") == b"\r\nNO CARRIER\r\n"
    assert desk.access.state in IDLE and desk.access.released is Cause.NORMAL_CLEARING


def test_s7_ends_what_nobody_answers(desk: Desk) -> None:
    desk.ready("S7=5")
    desk.at("D5550102")
    assert desk.lines(4.9) == []
    assert desk.lines(0.2) == ["NO", "CARRIER"]
    assert desk.access.state in IDLE


def test_hanging_up_ends_the_call(desk: Desk) -> None:
    desk.ready().talking()
    assert desk.at("D5550100") == "ERROR"
    assert desk.at("A") == "NO ANSWER"
    assert desk.at("H").split() == ["NO", "CARRIER", "OK"]
    assert desk.access.released is Cause.NORMAL_CLEARING and desk.access.state in IDLE
    assert desk.at("H") == "OK"


# Calls that come in.


def test_a_call_rings_with_both_numbers(desk: Desk) -> None:
    desk.ready("S23=1")
    desk.access.call("2125550123")
    ring = b"\r\nCALLER NUMBER: 2125550123\r\nRING/2565551100\r\n"
    assert desk.take() == ring
    assert desk.run(1.1) == ring
    assert desk.at("A") == "VCON"
    assert desk.access.state is ExchangeState.TALKING and desk.at("S20?").split() == ["1", "OK"]


def test_the_caller_is_told_once_after_the_first_ring_where_that_is_asked_for(desk: Desk) -> None:
    desk.ready("S13.4=1", "S23=4")
    desk.access.call("")
    assert desk.take() == b"\r\nRING\r\nCALLER NUMBER: 0\r\nCALLED NUMBER: 2565551100\r\n"
    assert desk.run(1.1) == b"\r\nRING\r\n"


def test_a_caller_who_gives_up_is_told_by_rung_or_by_silence(desk: Desk) -> None:
    desk.ready()
    desk.access.call("1")
    desk.run(2.5)
    desk.access.hang_up()
    assert desk.run(3) == b""
    desk.ready("S13.6=1")
    desk.access.call("1")
    assert desk.run(3).count(b"RING") == 1
    desk.access.hang_up()
    assert desk.take() == b"\r\nRUNG\r\n"


def test_a_call_is_refused_by_hanging_up(desk: Desk) -> None:
    desk.ready()
    desk.access.call("1")
    desk.take()
    assert desk.at("D5550100") == "NO CARRIER"
    assert desk.at("H") == "OK"
    assert desk.access.released is Cause.CALL_REJECTED
    assert desk.run(2) == b""


def test_s0_answers_by_itself(desk: Desk) -> None:
    desk.ready("S0=2")
    desk.access.call("1")
    assert "VCON" in desk.lines(1.1)


def test_only_calls_to_its_numbers_and_of_its_services_are_taken(desk: Desk) -> None:
    desk.ready()
    with pytest.raises(LocalError, match="no terminal at access 2565551100 takes a call to 2565551199"):
        desk.access.call("1", "2565551199")
    desk.at("&L25655511??;911")
    desk.access.call("1", "2565551199")
    assert b"RING" in desk.take()
    with pytest.raises(LocalError, match="not free: offered to the subscriber"):
        desk.access.call("2")
    desk.at("H")
    desk.at("S18=1")
    with pytest.raises(LocalError, match="takes a call"):
        desk.access.call("1", service=DATA)


# Audio.


def begin(desk: Desk, command: str = "+VTX+VRX") -> Desk:
    assert set(desk.at(command).split()) == {"CONNECT"}
    return desk


def test_audio_goes_both_ways_at_once(desk: Desk) -> None:
    begin(desk.ready().talking("5550106"))
    said = utterance(2.0)
    octets = encode(said, Encoding.PCMU)
    place = 0

    def speak() -> None:
        nonlocal place
        desk.adapter.receive(shield(octets[place : place + 160]))
        place += 160

    heard = samples(desk.run(3, speak))
    assert len(heard) == 3 * 8000
    assert compare(heard, said).correlation > 0.99


def test_octets_that_look_like_a_code_are_written_twice(desk: Desk) -> None:
    begin(desk.ready().talking("5550109"))
    desk.access.say(decode(b"\x10" * 160, Encoding.PCMU))
    assert desk.run(0.02) == b"\x10" * 320
    desk.adapter.receive(b"\x10\x1a" + shield(b"\x10" * 158))
    desk.run(0.1)
    assert encode(desk.access.recording, Encoding.PCMU).count(b"\x10") == 160


def test_a_law_has_its_bits_reversed(desk: Desk) -> None:
    begin(desk.ready("+VSM=5").talking("5550100"))
    raw = desk.run(1).replace(b"\x10\x10", b"\x10")
    assert strength(decode(raw.translate(REVERSED), Encoding.PCMA), 1004) == pytest.approx(0, abs=0.2)
    assert strength(decode(raw, Encoding.PCMA), 1004) < -10


def test_codings_that_are_not_emulated_are_refused(desk: Desk) -> None:
    desk.ready("+VSM=3").talking()
    assert desk.at("+VRX") == "ERROR"


def test_both_streams_end_in_any_order(desk: Desk) -> None:
    begin(desk.ready().talking("5550109"))
    assert desk.write(b"\x10\x14") == b"\x10\x03"
    assert desk.run(0.1) == b""
    desk.adapter.receive(b"\xff" * 320 + b"\x10\x03AT\r")
    assert desk.run(0.1) == b"\r\nVCON\r\n"
    begin(desk)
    desk.run(0.1)
    assert desk.write(b"\x10\x03\x10\x14").endswith(b"\x10\x03")
    assert desk.run(0.1) == b"\r\nVCON\r\n"


def test_recording_ends_with_any_key_and_playing_with_a_code(desk: Desk) -> None:
    begin(desk.ready().talking("5550109"), "+VRX")
    assert desk.write(b"\x11\x13") == b""
    assert desk.write(b" ") == b"\x10\x03\r\nVCON\r\n"
    begin(desk, "+VRX")
    assert desk.write(b"\x10\x14AT\r") == b"\x10\x03\r\nVCON\r\n\r\nOK\r\n"
    begin(desk, "+VTX")
    assert desk.run(0.1) == b""
    desk.adapter.receive(encode(tone(1004, 0.1), Encoding.PCMU) + b"\x10\x03")
    assert desk.run(0.2) == b"\r\nVCON\r\n"
    assert strength(desk.access.recording[-1600:], 1004) > -20


def test_a_port_that_brings_too_much_is_not_read(desk: Desk) -> None:
    begin(desk.ready().talking("5550109"))
    desk.adapter.receive(b"\xff" * 1280)
    assert desk.adapter.full
    desk.run(0.04)
    assert not desk.adapter.full


def test_keys_are_told_once_each(desk: Desk) -> None:
    begin(desk.ready().talking("5550109"))
    desk.access.say(dtmf("42"))
    assert codes(desk.run(0.8)) == "42"


def test_silence_is_told_where_that_is_asked_for(desk: Desk) -> None:
    begin(desk.ready("+VSD=10,5").talking("5550109"))
    assert desk.run(0.6).count(b"\x10s") == 1
    desk.access.say(tone(1004, 0.2))
    assert desk.run(1).count(b"\x10q") == 1


def test_the_far_side_hangs_up_in_the_middle(desk: Desk) -> None:
    begin(desk.ready("S13.3=1").talking("5550105"))
    assert desk.run(3).endswith(b"\x10\x03\x10\x14\r\nNO CARRIER/E0410\r\n")
    assert desk.at("H") == "OK"


def test_reading_back_what_the_called_party_saw(desk: Desk) -> None:
    begin(desk.ready("&E2565551101").talking("5550107"))
    assert codes(desk.run(3)) == "2565551101"


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_shielding_and_its_undoing(data: bytes, cuts: list[int]) -> None:
    whole, take, out = shield(data), Unshielder(), b""
    places = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    for start, end in pairwise(places):
        audio, code, rest = take.take(whole[start:end])
        assert not code and not rest
        out += audio
    assert out == data


def test_a_power_cut_forgets_everything(desk: Desk) -> None:
    begin(desk.ready().talking("5550109"))
    desk.adapter.power_off()
    assert desk.access.state in IDLE
    assert desk.run(1) == b""
    assert desk.at("E0+VSM?").endswith("ERROR")
    assert np.array_equal(desk.adapter.registers.values[:2], [0, 0])
