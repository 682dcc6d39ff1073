"""Ports numbered through the office, whatever cards it has."""

from pathlib import Path

import pytest

from drivers.echo import EchoConfig, Remover
from drivers.fxo.config import AnswerSignal, FxoConfig
from drivers.fxo.rings import DistinctiveRing
from drivers.fxs.config import FlashUse, FxsConfig, MessageLamp
from gateway.app.cards import DAHDI_CHANNELS, Cards
from gateway.config.load import parse
from gateway.core.errors import OpenFailed, Unavailable
from gateway.media.delivery import Delivery
from gateway.media.tone import ZONES
from hardware.analog.pulse import PulseOrder
from hardware.dahdi.abi import SigType

BOTH = """
[cards.real]
backend = "dahdi"
[cards.one]
backend = "emulated"
modules = ["fxs", "fxo"]
[cards.two]
backend = "emulated"
modules = ["fxs"]
[phones.101]
card = "real"
port = 1
[phones.102]
card = "one"
port = 1
[phones.103]
card = "two"
port = 1
[lines.copper1]
card = "one"
port = 2
context = "from-pstn"
"""


def test_real_ports_keep_their_numbers_and_emulated_ones_follow_above() -> None:
    cards = Cards(parse(BOTH, "office.toml", Path("/nowhere")))
    assert [phone.port for phone in cards.fxs] == [1, DAHDI_CHANNELS + 1, DAHDI_CHANNELS + 3]
    assert cards.fxo[0].port == DAHDI_CHANNELS + 2
    assert cards.place(DAHDI_CHANNELS + 3) == ("two", 1)
    assert set(cards.telephones) == {"102", "103"} and set(cards.exchange_lines) == {"copper1"}
    port = cards.open(DAHDI_CHANNELS + 3, "us")
    assert port.number == 1
    port.close()
    with pytest.raises(Unavailable, match="dahdi"):
        cards.open(1, "us")


def test_a_port_starts_as_the_configuration_says_or_not_at_all() -> None:
    ground = BOTH.replace('card = "two"\nport = 1', 'card = "two"\nport = 1\nstart = "ground"')
    cards = Cards(parse(ground, "office.toml", Path("/nowhere")))
    assert [phone.ground_start for phone in cards.fxs] == [False, False, True]
    port = cards.open(DAHDI_CHANNELS + 3, "us")
    assert port.start == "ground"
    port.close()
    cards.emulated["two"].channels[1].signalling = SigType.FXOKS
    with pytest.raises(OpenFailed, match='channel 1 is kewl start and the configuration says start = "ground"'):
        cards.open(DAHDI_CHANNELS + 3, "us")
    assert not cards.emulated["two"].channels[1].opened


EVERYTHING = """
[office]
country = "uk"
[cards.one]
backend = "emulated"
modules = ["fxs", "fxo", "fxs", "fxo"]
[phones.101]
port = 1
name = "Front desk"
context = "office"
caller_id = "bell202-sdmf"
pulse_order = "nz"
short_flash = false
hotline = "102"
hotline_after = 4
message_lamp = "neon"
answer_polarity = true
release_battery = true
echo_canceller = "software"
tail = 128
flash = "pass"
call_waiting = false
three_way = false
transfer = false
[phones.102]
port = 3
[lines.copper1]
port = 2
group = 3
context = "from-pstn"
number = "2565551100"
did = "600"
dialling = "pulse"
pulse_order = "se"
dial_tone_wait = 7
answer = "timer"
answer_after = 12
hangup_on_polarity = true
hangup_on_tone = 5
caller_id = "dtmf-dk"
waiting_caller_id = true
shared = true
echo_canceller = "hardware"
tail = 16
tones = { busy = "433@-13/350,0/370" }
[lines.copper1.rings.fax]
cadence = [800, 400, 800, 4000]
did = "fax"
[lines.copper2]
port = 4
caller_id = "none"
"""


def test_all_that_is_written_of_a_telephone_reaches_its_line() -> None:
    written, plain = Cards(parse(EVERYTHING, "office.toml", Path("/nowhere"))).fxs
    assert written == FxsConfig(
        port=1, number="101", name="Front desk", context="office", zone="uk",
        caller_id=Delivery.BELL_202_SINGLE, pulse_order=PulseOrder.NEW_ZEALAND, short_flash=False,
        hotline="102", hotline_after=4.0, lamp=MessageLamp.NEON,
        answer_polarity=True, release_battery=True, cadence=ZONES["uk"].ring,
        echo=EchoConfig(Remover.SOFTWARE, 128), flash=FlashUse.PASS,
        call_waiting=False, three_way=False, transfer=False,
    )  # fmt: skip
    assert plain.caller_id is Delivery.V23_ALERT and plain.short_flash, "the country's way"


def test_all_that_is_written_of_an_exchange_line_reaches_it() -> None:
    written, plain = Cards(parse(EVERYTHING, "office.toml", Path("/nowhere"))).fxo
    assert written == FxoConfig(
        port=2, name="copper1", group=3, context="from-pstn", did="600", number="2565551100", zone="uk",
        dial_tone_wait=7.0, pulses=PulseOrder.SWEDEN, answer=AnswerSignal.TIMER, answer_after=12.0,
        hangup_on_polarity=True, hangup_on_tone=5, caller_id=Delivery.DTMF_DENMARK,
        waiting_caller_id=True, shared=True, echo=EchoConfig(Remover.HARDWARE, 16),
        rings=(DistinctiveRing("fax", (800, 400, 800, 4000), "", "fax"),),
        tones={"busy": "433@-13/350,0/370"},
    )  # fmt: skip
    assert plain.caller_id is None and plain.pulses is None and plain.zone == "uk"


def test_an_emulated_telephone_has_the_lamp_that_is_written() -> None:
    text = """
[cards.main]
backend = "emulated"
modules = ["fxs", "fxs"]
[phones.101]
port = 1
message_lamp = "reversal"
[phones.102]
port = 2
"""
    cards = Cards(parse(text, "office.toml", Path("/nowhere")))
    assert [cards.telephones[number].lamp_by_reversal for number in ("101", "102")] == [True, False]
