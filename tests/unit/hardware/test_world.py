"""Telephones and a central office around an emulated card, with a driver's few commands from the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.errors import LocalError
from gateway.core.number import Presentation
from gateway.media import fsk, g711
from gateway.media.caller_id import CallerId, decode, encode_mdmf
from gateway.media.detect import DtmfReceiver
from gateway.media.level import level
from gateway.media.progress import ToneRecogniser
from gateway.media.tone import zone
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import DialDigits, Hook, LineEventKind, PortKind, Ring, SetHook, StopRing
from hardware.analog.pair import Change
from hardware.world.office_config import OfficeConfig
from hardware.world.office_line import CallState
from hardware.world.world import World

K = LineEventKind
FXS, FXO = 1, 2


class Room:
    """A card with a telephone on port 1 and an exchange line in port 2, and the ends that a driver has of them."""

    def __init__(self, country: str = "us", office: OfficeConfig | None = None) -> None:
        self.card = EmulatedCard(ports=[PortKind.FXS, PortKind.FXO], zone=country)
        self.world = World(self.card, numbers={FXO: "2565551100"}, office=office)
        self.telephone = self.world.telephones[FXS]
        self.line = self.world.office.lines[FXO]
        self.ports = {number: AnalogPort(self.card, number) for number in (FXS, FXO)}
        self.port, self.trunk = self.ports[FXS], self.ports[FXO]
        self.ear = ToneRecogniser(country)
        self.dtmf = DtmfReceiver()
        self.keys = ""
        self.heard: list[Samples] = []
        self.events: dict[int, list[K]] = {FXS: [], FXO: []}
        self.port.events()
        self.trunk.events()

    def run(self, seconds: float, *, say: Samples | None = None, on: int = FXS) -> None:
        """Live on; `say` goes out on port `on` as a media plane would write it; the trunk's audio is heard."""
        for frame in range(round(seconds * 50)):
            if say is not None and frame * 160 < len(say):
                part = say[frame * 160 : frame * 160 + 160]
                os.write(self.ports[on].descriptor, g711.encode(part, self.ports[on].encoding))
            self.world.run(0.02)
            for number, port in self.ports.items():
                self.events[number] += [event.kind for event in port.events()]
            self._listen()

    def _listen(self) -> None:
        self._read(self.port)
        samples = self._read(self.trunk)
        self.heard.append(samples)
        self.ear.feed(samples)
        self.keys += "".join(key for key, _ in self.dtmf.feed(samples))

    def _read(self, port: AnalogPort) -> Samples:
        try:
            return g711.decode(os.read(port.descriptor, 160), port.encoding)
        except BlockingIOError:
            return np.zeros(160, np.int16)

    def seize(self) -> None:
        self.trunk.perform(SetHook(Hook.START))
        self.run(2.1)

    def call(self, digits: str) -> None:
        """Seize the exchange line and dial."""
        self.seize()
        self.trunk.perform(DialDigits("T" + digits))
        self.run(0.2 * len(digits) + 0.1)

    def close(self) -> None:
        self.port.close()
        self.trunk.close()


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.close()


@pytest.fixture
def build() -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(country: str = "us", office: OfficeConfig | None = None) -> Room:
        rooms.append(Room(country, office))
        return rooms[-1]

    yield make
    for room in rooms:
        room.close()


# The telephone.


def test_a_telephone_hears_the_tone_that_the_switch_plays_and_not_when_it_is_down(room: Room) -> None:
    dial = zone("us").tone("dial").samples[:8000]
    room.run(1, say=dial)
    assert room.telephone.hears is None
    room.telephone.lift()
    room.port.perform(SetHook(Hook.OFFHOOK))
    room.run(1, say=dial)
    assert room.telephone.hears == "dial"
    room.telephone.hang_up()
    assert room.telephone.hears is None


def test_keys_pressed_on_the_telephone_arrive_as_dtmf_at_the_port(room: Room) -> None:
    room.telephone.lift()
    room.port.perform(SetHook(Hook.OFFHOOK))
    room.telephone.dial("6001#", on=0.06, off=0.05)
    receiver, keys = DtmfReceiver(), ""
    for _ in range(60):
        room.world.run(0.02)
        keys += "".join(key for key, _ in receiver.feed(room._read(room.port)))
    assert keys == "6001#"
    assert not room.telephone.busy_hands


@pytest.mark.parametrize(("rate", "ratio"), [(10, 0.6), (20, 0.5), (9, 0.7)])
def test_a_rotary_dial_arrives_as_pulse_digits(room: Room, rate: float, ratio: float) -> None:
    room.telephone.lift()
    room.port.perform(SetHook(Hook.OFFHOOK))
    room.world.run(1)
    room.port.events()
    room.telephone.pulse("6001", rate=rate, break_ratio=ratio)
    room.world.run(7)
    assert "".join(event.digit for event in room.port.events()) == "6001"


def test_a_flash_is_told_as_a_flash(room: Room) -> None:
    room.telephone.lift()
    room.port.perform(SetHook(Hook.OFFHOOK))
    room.run(1)
    room.telephone.flash()
    room.run(1)
    assert room.events[FXS] == [K.RINGOFFHOOK, K.WINKFLASH]


@pytest.mark.parametrize(
    ("fault", "closed"),
    [
        ({"bounce": 5}, [(0, True), (1, False), (2, True), (3, False), (4, True)]),
        ({"early_flash": 60}, [(0, True), (60, False), (140, True)]),
    ],
    ids=["chatters", "slips"],
)
def test_a_faulty_hook_does_what_its_fault_says(
    room: Room, fault: dict[str, int], closed: list[tuple[int, bool]]
) -> None:
    for name, ms in fault.items():
        setattr(room.telephone, name, ms)
    seen: list[tuple[int, bool]] = []
    start = room.card.agenda.now
    room.card.pair(FXS).feeder = lambda change: seen.append(
        (room.card.agenda.now - start, change is Change.LOOP_CLOSED)
    )
    room.telephone.lift()
    room.world.run(1)
    assert seen == closed


def test_putting_the_handset_down_ends_dialling(room: Room) -> None:
    room.telephone.lift()
    room.port.perform(SetHook(Hook.OFFHOOK))
    room.run(1)
    room.telephone.pulse("000")
    room.run(0.5)
    room.telephone.hang_up()
    room.run(3)
    assert not room.card.pair(FXS).closed
    assert room.events[FXS][-1] is K.ONHOOK


def test_what_needs_a_lifted_handset_says_so(room: Room) -> None:
    for deed in (lambda: room.telephone.dial("1"), lambda: room.telephone.pulse("1"), room.telephone.flash):
        with pytest.raises(LocalError, match="lift it first"):
            deed()
    room.telephone.lift()
    for digits, rate in (("#", 10.0), ("\u0661", 10.0), ("1" * 200, 10.0), ("1", 0.0)):
        with pytest.raises(LocalError, match="dial"):
            room.telephone.pulse(digits, rate=rate)
    with pytest.raises(LocalError, match="is not a DTMF digit"):
        room.telephone.dial("5x")


def test_one_who_never_stops_talking_is_stopped(room: Room) -> None:
    room.telephone.lift()
    with pytest.raises(LocalError, match="let time pass first"):
        for _ in range(2000):
            room.telephone.say(np.zeros(160, np.int16))


@pytest.mark.parametrize("country", ["us", "de"])
def test_a_telephone_rings_and_shows_who_calls(build: Callable[..., Room], country: str) -> None:
    room = build(country)
    caller = CallerId("2565550199", "ANN EXAMPLE", when=datetime(2000, 7, 4, 12, 30))
    modem = fsk.Standard.BELL_202 if country == "us" else fsk.Standard.V23
    room.port.perform(Ring())
    first = zone(country).ring[0] / 1000
    room.run(first + 0.5)
    room.run(1.5, say=fsk.modulate(encode_mdmf(caller), modem))
    assert room.telephone.caller_id == caller
    room.run(10)
    assert [burst.ms for burst in room.telephone.rings][:2] == [zone(country).ring[0]] * 2
    room.port.perform(StopRing())
    room.run(15)
    room.port.perform(Ring())
    assert room.telephone.ringing and room.telephone.caller_id is None


def test_a_caller_id_that_is_damaged_shows_nothing(room: Room) -> None:
    message = bytearray(encode_mdmf(CallerId("123")))
    message[-2] ^= 1
    room.port.perform(Ring())
    room.run(2.5)
    room.run(1.5, say=fsk.modulate(bytes(message), fsk.Standard.BELL_202))
    assert room.telephone.caller_id is None


# The office: calls out.


def test_a_seized_line_gives_dial_tone_until_the_first_digit(room: Room) -> None:
    room.seize()
    room.run(1)
    assert room.ear.tone == "dial" and room.line.state is CallState.DIAL_TONE
    room.trunk.perform(DialDigits("T5"))
    room.run(1)
    assert room.ear.tone is None and room.line.state is CallState.COLLECTING


@pytest.mark.parametrize("prefix", ["", "256", "1256"])
def test_5550100_answers_with_a_milliwatt_whatever_stands_in_front(room: Room, prefix: str) -> None:
    room.call(prefix + "5550100")
    assert room.line.state is CallState.RINGBACK
    room.run(0.5)
    assert room.ear.tone == "ring"
    room.run(2)
    assert room.line.state is CallState.TALKING
    room.heard.clear()
    room.run(1)
    assert room.ear.tone == "milliwatt"
    assert abs(level(np.concatenate(room.heard))) < 0.2


@pytest.mark.parametrize(
    ("digits", "tone"),
    [("5550101", "busy"), ("5550103", "info"), ("5550104", "congestion"), ("2125551234", "info")],
)
def test_numbers_that_are_refused_give_their_tone(room: Room, digits: str, tone: str) -> None:
    room.call(digits)
    room.run(1.5)
    assert room.line.state is CallState.REFUSED
    assert room.ear.tone == tone


def test_5550102_rings_and_never_answers(room: Room) -> None:
    room.call("5550102")
    room.run(60)
    assert room.line.state is CallState.RINGBACK and room.ear.tone == "ring"


def test_a_number_that_could_go_on_is_complete_after_a_while(room: Room) -> None:
    room.call("15550101")
    room.run(3)
    assert room.line.state is CallState.COLLECTING
    room.run(2)
    assert room.line.state is CallState.REFUSED


def test_pulses_are_counted_by_the_office(room: Room) -> None:
    room.seize()
    room.run(0.5)
    room.trunk.perform(DialDigits("P5550101"))
    room.run(12)
    assert room.line.dialled == "5550101" and room.line.state is CallState.REFUSED


def test_5550105_hangs_up_after_two_seconds_with_a_battery_drop_then_busy(room: Room) -> None:
    room.call("5550105")
    room.run(1 + 2 - 0.1)
    assert K.ONHOOK not in room.events[FXO]
    room.run(0.4)
    assert K.ONHOOK in room.events[FXO]
    room.run(3)
    assert room.ear.tone == "busy" and room.line.state is CallState.RELEASED
    room.trunk.perform(SetHook(Hook.ONHOOK))
    room.run(2)
    assert room.line.state is CallState.IDLE
    assert K.ALARM not in room.events[FXO]


def test_an_office_without_disconnect_sign_gives_busy_only(build: Callable[..., Room]) -> None:
    room = build(office=OfficeConfig(disconnect=0))
    room.call("5550105")
    room.run(7)
    assert K.ONHOOK not in room.events[FXO] and room.ear.tone == "busy"


def test_5550106_echoes(room: Room) -> None:
    room.call("5550106")
    room.run(2)
    room.heard.clear()
    speech = (6000 * np.sin(np.cumsum(np.linspace(0.1, 1.5, 8000)))).astype(np.int16)
    room.run(1.4, say=speech, on=FXO)
    heard = np.concatenate(room.heard).astype(np.float64)
    delays = [float(np.dot(heard[at : at + 7000], speech[:7000])) for at in range(0, 2000, 1)]
    best = int(np.argmax(delays))
    assert 1600 <= best <= 2000, "later than what an echo canceller takes away"
    assert delays[best] > 0.97 * float(np.dot(speech[:7000].astype(np.float64), speech[:7000]))


def test_5550107_reads_back_the_number_of_the_line(room: Room) -> None:
    room.call("5550107")
    room.run(4)
    assert room.keys == "2565551100"


def test_answer_supervision_reverses_the_polarity_on_answer_and_restores_it(build: Callable[..., Room]) -> None:
    room = build(office=OfficeConfig(answer_reversal=True))
    room.call("5550100")
    assert K.POLARITY not in room.events[FXO]
    room.run(1.2)
    assert room.events[FXO].count(K.POLARITY) == 1
    room.trunk.perform(SetHook(Hook.ONHOOK))
    room.run(2)
    assert room.events[FXO].count(K.POLARITY) == 2 and room.line.state is CallState.IDLE


def test_a_line_left_off_hook_gets_congestion(room: Room) -> None:
    room.seize()
    room.run(19)
    assert room.line.state is CallState.REFUSED and room.ear.tone == "congestion"


def test_a_flash_is_not_a_hang_up(room: Room) -> None:
    room.call("5550100")
    room.run(2)
    room.trunk.perform(SetHook(Hook.FLASH))
    room.run(2)
    assert room.line.flashes == 1 and room.line.state is CallState.TALKING


# The office: calls in.


@pytest.mark.parametrize("country", ["us", "de", "uk"])
def test_the_office_calls_in_with_caller_id_and_talks(build: Callable[..., Room], country: str) -> None:
    room = build(country)
    line = room.world.office.call(FXO, "2565550123", "BOB")
    receiver = fsk.Receiver(fsk.Standard.BELL_202 if country == "us" else fsk.Standard.V23)
    room.run(4)
    messages = receiver.feed(np.concatenate(room.heard))
    assert [decode(message) for message in messages] == [CallerId("2565550123", "BOB")]
    assert (room.events[FXO][0] is K.POLARITY) == (country == "uk"), "where it is told before ringing"
    assert [kind for kind in room.events[FXO] if kind is not K.POLARITY][:2] == [K.RINGBEGIN, K.RINGOFFHOOK]
    room.trunk.perform(SetHook(Hook.OFFHOOK))
    assert line.state is CallState.TALKING
    line.key("42")
    room.run(1.6, say=np.tile(zone(country).tone("dial").samples, 2), on=FXO)
    assert room.keys == "42" and line.hears == "dial" and len(line.recording) >= 12000
    line.hang_up()
    room.run(0.6)
    assert room.events[FXO][-1] is K.ONHOOK


def test_a_private_caller_is_shown_as_private(room: Room) -> None:
    room.world.office.call(FXO, presentation=Presentation.RESTRICTED)
    room.run(5)
    (message,) = fsk.Receiver(fsk.Standard.BELL_202).feed(np.concatenate(room.heard))
    assert decode(message).presentation is Presentation.RESTRICTED


def test_a_caller_who_gives_up_stops_the_ringing(room: Room) -> None:
    line = room.world.office.call(FXO)
    room.run(7)
    line.hang_up()
    room.events[FXO].clear()
    room.run(20)
    assert room.events[FXO] == [K.RINGOFFHOOK] and line.state is CallState.IDLE


def test_a_line_in_use_cannot_be_called_nor_one_that_is_not_there(room: Room) -> None:
    room.seize()
    with pytest.raises(LocalError, match="line 2565551100 is not free: dial tone"):
        room.world.office.call(FXO)
    with pytest.raises(LocalError, match="no call to end"):
        room.line.hang_up()
    with pytest.raises(LocalError, match="no line to port 7"):
        room.world.office.call(7)


def test_a_cut_line_is_out_of_service_until_it_is_mended(room: Room) -> None:
    room.call("5550100")
    room.run(2)
    room.line.unplug()
    room.run(1.2)
    assert K.ALARM in room.events[FXO] and not room.trunk.in_service()
    with pytest.raises(LocalError, match="not free"):
        room.world.office.call(FXO)
    room.trunk.perform(SetHook(Hook.ONHOOK))
    room.line.plug_in()
    room.run(3)
    assert room.trunk.in_service()
    room.call("5550101")
    room.run(1)
    assert room.line.state is CallState.REFUSED


# Time.


def test_the_world_follows_a_clock_and_makes_up_for_a_bounded_stall() -> None:
    world = World(EmulatedCard(ports=[PortKind.FXS]))
    assert world.step(100.0) == 0
    assert [world.step(100.0 + 0.02 * frame) for frame in range(1, 51)] == [1] * 50
    assert world.step(101.5) == 25
    assert world.step(101.4) == 0, "time does not go back"
    assert world.step(1000.0) == 50
    assert world.step(1000.02) == 1
    assert world.card.agenda.now == 20 * (50 + 25 + 50 + 1)


def test_the_same_calls_give_the_same_world() -> None:
    def live() -> tuple[list[Samples], dict[int, list[K]]]:
        room = Room()
        room.world.office.call(FXO, "123")
        room.run(3)
        room.trunk.perform(SetHook(Hook.OFFHOOK))
        room.run(1)
        room.close()
        return room.heard, room.events

    (one, one_events), (two, two_events) = live(), live()
    assert np.array_equal(np.concatenate(one), np.concatenate(two)) and one_events == two_events


def test_a_removed_card_leaves_telephone_and_office_alive(room: Room) -> None:
    room.telephone.lift()
    room.call("5550100")
    room.card.remove()
    room.run(5)
    assert room.events[FXS][-1] is K.REMOVED
    assert room.line.state is CallState.IDLE
    room.telephone.hang_up()
    room.run(1)


def waiting(room: Room) -> list[Samples]:
    """What can be read now of what the telephone says; the other port is read, too."""
    frames = []
    for port in (room.trunk, room.port):
        frames = []
        with suppress(BlockingIOError):
            while True:
                frames.append(g711.decode(os.read(port.descriptor, 160), port.encoding))
    return frames


def test_after_a_stall_the_world_goes_no_faster_than_its_card_is_read(build: Callable[..., Room]) -> None:
    said = np.random.default_rng(4).integers(-8000, 8000, 40 * 160).astype(np.int16)
    heard = []
    for stall in (1, 20):
        room = build()
        room.telephone.lift()
        room.run(0.5)
        waiting(room)
        room.telephone.say(said)
        room.world.step(7.0)
        frames: list[Samples] = []
        now = 0
        while len(frames) < 40:
            now = now + 1 if now else stall
            lived = room.world.step(7.0 + 0.02 * now)
            assert lived <= 3, "a card has four buffers"
            frames += waiting(room)
        heard.append(np.concatenate(frames))
    assert np.array_equal(*heard), "no word is lost"


def test_the_world_does_not_wait_for_ever_for_who_does_not_read(room: Room) -> None:
    room.world.step(7.0)
    lived = [room.world.step(7.0 + 0.02 * frame) for frame in range(1, 100)]
    assert lived[:3] == [1, 1, 0]
    assert sum(lived) == 99, "what nobody reads is lost, and time goes on"
    waiting(room)
    assert room.world.step(9.2) == 2, "and it is read again"


def test_a_card_that_is_put_back_while_its_line_is_rung_hears_the_rest_of_the_ringing(room: Room) -> None:
    room.world.office.call(FXO, "2125550123", "ADA")
    room.run(1)
    assert room.events[FXO][-1] == K.RINGBEGIN
    room.card.remove()
    for port in room.ports.values():
        port.close()
    room.card.insert()
    room.ports = {number: AnalogPort(room.card, number) for number in (FXS, FXO)}
    room.port, room.trunk = room.ports[FXS], room.ports[FXO]
    room.events[FXO].clear()
    room.run(8)
    assert room.events[FXO][:3] == [K.RINGOFFHOOK, K.RINGBEGIN, K.RINGOFFHOOK]
