"""Ways of telling who calls: what is sent, and what is understood of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import LocalError
from gateway.core.number import Presentation
from gateway.media.caller_id import CallerId, decode, decode_lamp
from gateway.media.delivery import Delivery, read_digits
from gateway.media.detect import DtmfReceiver
from gateway.media.fsk import Receiver, Standard
from gateway.media.tone import ZONES

SINGLE = [Delivery.BELL_202_SINGLE, Delivery.V23_SINGLE]
FSK = [way for way in Delivery if way.modem is not None and way not in SINGLE]
DTMF = [way for way in Delivery if way.modem is None]
CALLER = CallerId("2565550199")
HIDDEN = CallerId(presentation=Presentation.RESTRICTED)
NOBODY = CallerId(presentation=Presentation.UNAVAILABLE)


@pytest.mark.parametrize("way", FSK)
@pytest.mark.parametrize("caller", [CALLER, CallerId("4711", "ANN"), HIDDEN, NOBODY])
def test_fsk_of_every_way_is_read_by_its_modem(way: Delivery, caller: CallerId) -> None:
    assert way.modem is not None
    [message] = Receiver(way.modem).feed(np.concatenate([way.signal(caller), np.zeros(400, np.int16)]))
    assert decode(message) == caller


@pytest.mark.parametrize("way", SINGLE)
@pytest.mark.parametrize("caller", [CALLER, CallerId("4711", "ANN"), HIDDEN, NOBODY])
def test_a_single_data_message_tells_time_and_number(way: Delivery, caller: CallerId) -> None:
    """GR-30 SDMF: type 04; a name has no place in it."""
    assert way.modem is not None
    timed = replace(caller, when=datetime(2000, 1, 2, 15, 30))
    [message] = Receiver(way.modem).feed(np.concatenate([way.signal(timed), np.zeros(400, np.int16)]))
    assert message[0] == 0x04 and decode(message) == replace(timed, name="")
    with pytest.raises(LocalError, match="without the time"):
        way.signal(caller)


@pytest.mark.parametrize("way", Delivery)
@pytest.mark.parametrize("on", [True, False])
def test_the_lamp_is_told_in_the_telephone_s_own_kind_of_message(way: Delivery, on: bool) -> None:
    spill = np.concatenate([way.lamp(on).samples, np.zeros(400, np.int16)])
    [message] = Receiver(way.modem or Standard.V23).feed(spill)
    assert (message[0], decode_lamp(message)) == (0x06 if way in SINGLE else 0x82, on)


@pytest.mark.parametrize("way", DTMF)
@pytest.mark.parametrize("caller", [CALLER, HIDDEN, NOBODY])
def test_dtmf_of_every_way_is_heard_and_read(way: Delivery, caller: CallerId) -> None:
    heard = DtmfReceiver().feed(np.concatenate([way.signal(caller), np.zeros(800, np.int16)]))
    assert read_digits("".join(digit for digit, _ in heard)) == caller


def test_the_digits_are_those_of_the_country() -> None:
    assert Delivery.DTMF.digits(CALLER) == "A2565550199C" and Delivery.DTMF.digits(HIDDEN) == "B10C"
    assert Delivery.DTMF_DENMARK.digits(CALLER) == "A2565550199#" and Delivery.DTMF_DENMARK.digits(HIDDEN) == "D1#"


def test_the_alert_is_two_tones_after_the_reversal_and_before_the_data() -> None:
    signal = Delivery.V23_ALERT.signal(CALLER).astype(float)
    assert not signal[:2000].any() and not signal[2800:4000].any() and signal[4000:].any()
    spectrum = np.abs(np.fft.rfft(signal[2000:2800]))
    assert sorted(np.argsort(spectrum)[-2:] * 10) == [2130, 2750]


@pytest.mark.parametrize(
    ("digits", "number"),
    [("A123456C", "123456"), ("A123456#", "123456"), ("123456", "123456"), ("A123456CD777C", "123456")],
)
def test_other_exchanges_forms_are_read_too(digits: str, number: str) -> None:
    told = read_digits(digits)
    assert told is not None and told.number == number


@pytest.mark.parametrize("digits", ["", "A", "C", "AC", "#", "A1", "*"])
def test_what_tells_nobody_is_nobody(digits: str) -> None:
    assert read_digits(digits) is None


@pytest.mark.parametrize(
    ("countries", "way"),
    [
        ("us au cn mx nz sg", Delivery.BELL_202),
        ("de fr es it no ch", Delivery.V23),
        ("uk", Delivery.V23_ALERT),
        ("se nl br", Delivery.DTMF),
        ("dk", Delivery.DTMF_DENMARK),
    ],
)
def test_each_country_has_the_way_of_its_exchanges(countries: str, way: Delivery) -> None:
    assert {Delivery.in_country(country) for country in countries.split()} == {way}


def test_every_country_has_a_way_and_every_way_a_name() -> None:
    assert all(isinstance(Delivery.in_country(country), Delivery) for country in ZONES)
    assert all(Delivery.of(way.value.name) is way for way in Delivery)


@settings(max_examples=100)
@given(st.text("0123456789ABCD*#", max_size=40))
def test_any_digits_are_read_or_not(digits: str) -> None:
    told = read_digits(digits)
    assert told is None or told.number == "" or 2 <= len(told.number) <= 20
