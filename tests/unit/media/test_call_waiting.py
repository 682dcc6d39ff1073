"""Caller ID of a waiting call: the alert heard and nothing else taken for it; the whole exchange of signals."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.cadence import dtmf, render
from gateway.media.call_waiting import ALERT, AlertReceiver, WaitingCall
from gateway.media.caller_id import CallerId, decode
from gateway.media.detect import DtmfReceiver
from gateway.media.fsk import Receiver, Standard
from gateway.media.level import peak
from gateway.media.tone import ZONES, zone
from hardware.agenda import Agenda
from hardware.analog.copper import Fault
from hardware.analog.pair import Pair
from hardware.world.telephone import Telephone
from tests.support.speech import speak

ANN = CallerId("2565551234", "ANN CALLER", when=datetime(2000, 1, 2, 15, 30))


def alerts(samples: Samples, piece: int = 320) -> int:
    receiver = AlertReceiver()
    padded = np.concatenate([samples, np.zeros(800, np.int16)])
    return sum(receiver.feed(padded[at : at + piece]) for at in range(0, len(padded), piece))


def silence(ms: float) -> Samples:
    return np.zeros(round(ms * 8), np.int16)


def spoilt(samples: Samples, dbm0: float) -> Samples:
    noise = np.random.default_rng(1).normal(scale=peak(dbm0) / np.sqrt(2), size=len(samples))
    line = np.clip(np.rint(samples + noise), -32768, 32767).astype(np.int16)
    return g711.decode(g711.encode(line, Encoding.PCMU), Encoding.PCMU)


@pytest.mark.parametrize("piece", [40, 160, 333, 8000])
def test_an_alert_is_heard_once_in_pieces_of_any_size(piece: int) -> None:
    for lead in range(0, 10):
        assert alerts(np.concatenate([silence(100 + lead), ALERT.samples]), piece) == 1


@pytest.mark.parametrize(
    "text", ["2130@-32+2750@-32", "2130@-14+2750@-20", "2119@-15+2764@-15", "2141@-15+2736@-15"]
)
@pytest.mark.parametrize("ms", [75, 85])
def test_alerts_that_a_telephone_must_hear(text: str, ms: int) -> None:
    """TIA-777: level, twist of 6 dB, 0.5 % off, 75 to 85 ms."""
    assert alerts(np.concatenate([silence(50), render("CAS", f"!{text}/{ms}").samples])) == 1


def test_an_alert_is_heard_through_noise() -> None:
    line = np.concatenate([silence(200), ALERT.samples, silence(200)])
    assert alerts(spoilt(line, -30.0)) == 1


def test_one_tone_alone_a_short_and_a_long_one_are_none() -> None:
    for text in ("!2130@-15/80", "!2750@-15/80", "!2130@-15+2750@-15/35", "!2130@-15+2750@-15/160"):
        assert alerts(np.concatenate([silence(50), render("other", text).samples])) == 0


def test_speech_digits_and_tones_are_no_alert() -> None:
    text = "She sells sea shells by the sea shore, six sick hicks nick six slick bricks with picks and sticks."
    for voice in ("en-us", "de+f3", "fr-fr", "it+f1", "pl"):
        assert alerts(speak(text, -18.0, voice)) == 0
    assert alerts(dtmf("1234567890*#ABCD")) == 0
    for country in ZONES:
        for name in ZONES[country].tones:
            assert alerts(np.tile(zone(country).tone(name).samples, 2)[:24000]) == 0


def test_the_message_needs_no_seizure_to_be_read() -> None:
    call = WaitingCall(ANN, Standard.BELL_202, 0.0)
    message = call.keyed("D", 0.3)
    assert message is not None
    [read] = Receiver(Standard.BELL_202).feed(np.concatenate([message.samples, silence(50)]))
    assert decode(read) == ANN


def test_only_the_answer_in_time_gets_the_message() -> None:
    call = WaitingCall(ANN, Standard.BELL_202, 0.0)
    assert call.keyed("5", 0.2) is None
    assert call.keyed("D", 0.9) is None
    assert call.keyed("A", 0.2) is not None


class Exchange:
    """A telephone in a call on one end of a line; the test feeds the other end."""

    def __init__(self, fault: Fault) -> None:
        self.agenda = Agenda()
        self.pair = Pair(fault=fault)
        self.telephone = Telephone(pair=self.pair, agenda=self.agenda, zone=zone("us"))
        self.pair.set_battery(True)
        self.telephone.lift()
        self.now = 0.0
        self.keys = DtmfReceiver()
        self.heard: list[str] = []
        self.voice: list[Samples] = []

    def live(self, seconds: float, say: Samples | None = None) -> None:
        for at in range(0, round(seconds * 8000), 160):
            self.agenda.run_until(self.agenda.now + 20)
            self.now += 0.02
            part = np.zeros(160, np.int16)
            if say is not None:
                part[: len(say[at : at + 160])] = say[at : at + 160]
            self.pair.send_to_terminal(part)
            self.telephone.send()
            heard = self.pair.heard_by_feeder()
            self.telephone.receive()
            frame = np.zeros(160, np.int16) if heard is None else heard
            self.voice.append(frame)
            self.heard += [digit for digit, _ in self.keys.feed(frame)]


@pytest.mark.parametrize("fault", [Fault(), Fault(loss=6.0, noise=-50.0, hum=-45.0)])
def test_a_telephone_in_a_call_answers_the_alert_and_shows_who_waits(fault: Fault) -> None:
    exchange = Exchange(fault)
    exchange.telephone.say(speak("I was just about to tell you that the parcel has come, and a letter too.", -20.0))
    exchange.live(0.5)
    call = WaitingCall(ANN, Standard.BELL_202, exchange.now)
    exchange.live(ALERT.duration + 0.02, ALERT.samples)
    message = None
    while message is None and exchange.now < call.deadline:
        exchange.live(0.02)
        if exchange.heard:
            message = call.keyed(exchange.heard[-1], exchange.now)
    assert message is not None, "answered in time"
    exchange.live(message.duration + 0.1, message.samples)
    assert exchange.telephone.waiting_caller == ANN
    exchange.voice.clear()
    exchange.live(0.5)
    assert np.abs(np.concatenate(exchange.voice)).max() > 1000, "the microphone is open again"


def test_an_old_telephone_answers_nothing() -> None:
    exchange = Exchange(Fault())
    exchange.telephone.shows_waiting = False
    exchange.live(0.5, ALERT.samples)
    assert exchange.heard == [] and exchange.telephone.waiting_caller is None
