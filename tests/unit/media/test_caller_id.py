"""Caller ID messages against vectors whose sums were worked out by hand, and against garbage."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import LocalError, MalformedError
from gateway.core.number import Presentation
from gateway.media.caller_id import CallerId, decode, decode_lamp, encode_lamp, encode_mdmf, encode_sdmf

HALF_PAST_THREE = datetime(2000, 1, 2, 15, 30)
MDMF = bytes.fromhex("80220108303130323135333002 0a35353531323334353637 070a534d495448204a4f484e cd")
MDMF_PRIVATE = bytes.fromhex("80100108303130323135333004015008 01502d")
SDMF = bytes.fromhex("04123031303231353330 35353531323334353637 53")
BT = bytes.fromhex("801a110101 01083031303231353330 020b3032303739343630303030 85")


def test_number_and_name_in_a_multiple_data_message() -> None:
    caller = CallerId("5551234567", "SMITH JOHN", when=HALF_PAST_THREE)
    assert encode_mdmf(caller) == MDMF
    assert decode(MDMF) == caller


def test_a_private_caller() -> None:
    private = CallerId(presentation=Presentation.RESTRICTED, when=HALF_PAST_THREE)
    assert encode_mdmf(private) == MDMF_PRIVATE
    assert decode(MDMF_PRIVATE) == private
    told = CallerId("5551234567", "SMITH JOHN", Presentation.RESTRICTED, HALF_PAST_THREE)
    assert encode_mdmf(told) == MDMF_PRIVATE, "what may not be shown does not reach the wire"


def test_a_name_beside_a_private_number_is_not_shown() -> None:
    """Some exchanges send the name of who withholds the number; privacy is of both."""
    body = bytes.fromhex("8008040150") + b"\x07\x03ANN"
    told = decode(body + bytes([-sum(body) & 0xFF]))
    assert told == CallerId(presentation=Presentation.RESTRICTED)


def test_a_number_in_a_single_data_message() -> None:
    caller = CallerId("5551234567", when=HALF_PAST_THREE)
    assert encode_sdmf(caller) == SDMF
    assert decode(SDMF) == caller


@pytest.mark.parametrize("presentation", [Presentation.RESTRICTED, Presentation.UNAVAILABLE])
def test_reasons_come_through_both_formats(presentation: Presentation) -> None:
    caller = CallerId(presentation=presentation, when=HALF_PAST_THREE)
    assert decode(encode_sdmf(caller)) == caller
    assert decode(encode_mdmf(caller)) == caller


def test_parameters_that_are_not_known_are_passed_over() -> None:
    assert decode(BT) == CallerId("02079460000", when=HALF_PAST_THREE)


def test_a_name_without_a_number() -> None:
    caller = CallerId(name="FRONT DOOR", when=HALF_PAST_THREE)
    assert decode(encode_mdmf(caller)) == caller


def test_an_exchange_without_a_clock() -> None:
    assert decode(encode_mdmf(CallerId("100"))).when is None
    unset = bytes.fromhex("800d 01083030303030303030 020131")
    assert decode(unset + bytes((-sum(unset) & 0xFF,))) == CallerId("1")


def test_the_year_is_the_readers() -> None:
    assert decode(SDMF, year=2031).when == datetime(2031, 1, 2, 15, 30)


def test_unprintable_octets_do_not_reach_a_display() -> None:
    rude = bytes.fromhex("8006 0704411b5b42")
    assert decode(rude + bytes((-sum(rude) & 0xFF,))).name == "A?[B"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x80",
        MDMF[:-1],
        MDMF + b"\x00",
        MDMF[:-1] + b"\x00",
        bytes.fromhex("82030b01ff70"),
        bytes.fromhex("0402303a90"),
        bytes.fromhex("8001017e"),
        bytes.fromhex("800201097472"),
    ],
)
def test_what_is_no_call_is_refused(broken: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(broken)


def test_parameters_cut_short_are_refused_even_when_the_sum_holds() -> None:
    for data in (bytes.fromhex("800101"), bytes.fromhex("800302053132")[:5]):
        with pytest.raises(MalformedError, match="cut short"):
            decode(data + bytes((-sum(data) & 0xFF,)))


@given(st.binary(max_size=60))
def test_garbage_with_a_sum_that_holds_is_read_or_refused(data: bytes) -> None:
    for kind in (0x80, 0x04):
        message = bytes((kind, len(data))) + data
        try:
            decode(message + bytes((-sum(message) & 0xFF,)))
        except MalformedError:
            pass


@given(
    st.text("0123456789*#", min_size=1, max_size=20),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=15),
    st.datetimes(datetime(2000, 1, 1), datetime(2000, 12, 31)),
)
def test_what_is_told_is_understood(number: str, name: str, when: datetime) -> None:
    caller = CallerId(number, name, when=when.replace(second=0, microsecond=0))
    assert decode(encode_mdmf(caller)) == caller


@pytest.mark.parametrize(
    "caller",
    [CallerId("1" * 21), CallerId("+1555"), CallerId("1", "N" * 51), CallerId("1", "Jörg"), CallerId("1", "a\nb")],
)
def test_what_cannot_be_carried_is_refused(caller: CallerId) -> None:
    with pytest.raises(LocalError):
        encode_mdmf(caller)


def test_a_single_data_message_needs_a_time() -> None:
    with pytest.raises(LocalError, match="time"):
        encode_sdmf(CallerId("100"))


@pytest.mark.parametrize(
    ("message", "lit"),
    [("82030b01ff70", True), ("82030b01006f", False), ("060342424231", True), ("06036f6f6faa", False)],
)
def test_messages_about_the_lamp_are_read(message: str, lit: bool) -> None:
    assert decode_lamp(bytes.fromhex(message)) is lit


def test_the_lamp_is_lit_and_put_out_by_multiple_data_messages() -> None:
    assert encode_lamp(True).hex() == "82030b01ff70" and encode_lamp(False).hex() == "82030b01006f"


def test_the_lamp_is_lit_and_put_out_by_single_data_messages() -> None:
    assert encode_lamp(True, single=True).hex() == "060342424231"
    assert encode_lamp(False, single=True).hex() == "06036f6f6faa"


def test_a_call_or_an_unknown_indicator_says_nothing_of_the_lamp() -> None:
    assert decode_lamp(encode_mdmf(CallerId("1"))) is None
    assert decode_lamp(bytes.fromhex("82030b01016e")) is None
    with pytest.raises(MalformedError):
        decode_lamp(b"\x82\x03")
