"""Ports numbered through the office, whatever cards it has."""

from pathlib import Path

import pytest

from gateway.app.cards import DAHDI_CHANNELS, Cards
from gateway.config.load import parse
from gateway.core.errors import OpenFailed, Unavailable
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
