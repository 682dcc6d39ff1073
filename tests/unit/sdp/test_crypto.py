"""a=crypto lines, read and written (RFC 4568)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.srtp import MasterKey, Suite
from gateway.sdp.crypto import Crypto, cryptos_of
from gateway.sdp.description import Attribute

KEY = bytes(range(30))
INLINE = base64.b64encode(KEY).decode()
LONG = f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"


@given(st.integers(0, 10**9 - 1), st.sampled_from(Suite), st.binary(min_size=30, max_size=30))
def test_what_is_written_is_read_again(tag: int, suite: Suite, octets: bytes) -> None:
    crypto = Crypto(tag, MasterKey(suite, octets[: suite.octets]))
    line = crypto.attribute()
    assert line.value is not None
    assert Crypto.parse(line.value) == crypto


def test_the_example_of_rfc_4568_section_9_1_is_read() -> None:
    crypto = Crypto.parse("1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32")
    assert crypto is not None
    assert (crypto.tag, crypto.key.suite, crypto.key.identifier) == (1, Suite.AES_CM_128_HMAC_SHA1_80, 32)
    assert crypto.key.key == b"wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#"


@pytest.mark.parametrize(
    ("rest", "identifier"), [("", 0), ("|2^48", 0), ("|2147483648", 0), ("|1:4", 4), ("|2^31|1:1", 1)]
)
def test_a_lifetime_and_a_key_identifier_may_follow(rest: str, identifier: int) -> None:
    crypto = Crypto.parse(LONG + rest)
    assert crypto is not None and crypto.key.identifier == identifier


@pytest.mark.parametrize("parameters", [" WSH=128", " KDR=0", " -PRIVATE=1 WSH=64"])
def test_parameters_that_change_no_packet_are_passed_over(parameters: str) -> None:
    assert Crypto.parse(LONG + parameters) is not None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1",
        "x AES_CM_128_HMAC_SHA1_80 inline:" + INLINE,
        "1 F8_128_HMAC_SHA1_80 inline:" + INLINE,
        "1 AES_CM_128_HMAC_SHA1_80 uri:" + INLINE,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + INLINE[:-4],
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + INLINE + "AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "?" * 40,
        "1 AEAD_AES_128_GCM inline:" + INLINE,
        LONG + " UNENCRYPTED_SRTP",
        LONG + " UNAUTHENTICATED_SRTP",
        LONG + " KDR=4",
        LONG + f";inline:{INLINE}",
        LONG + "|1:0",
        LONG + "|1:129",
        LONG + "|1:4|2^31",
        LONG + "|2^31|2^31",
        LONG + "|3^99",
        LONG + "|2^19",
        LONG + "|2^99999999999999999999999",
        LONG + "|²^31",
    ],
)
def test_a_line_that_asks_for_something_else_is_none_for_us(line: str) -> None:
    assert Crypto.parse(line) is None


@given(st.text(max_size=300))
def test_whatever_stands_there_is_read_or_left(text: str) -> None:
    Crypto.parse(text)
    Crypto.parse(f"1 AES_CM_128_HMAC_SHA1_80 inline:{text}")


def test_lines_keep_their_order_and_of_a_tag_the_first_counts() -> None:
    lines = [Attribute("crypto", f"{tag} AES_CM_128_HMAC_SHA1_{bits} inline:{INLINE}") for tag, bits in
             [(2, 80), (1, 32), (2, 32)]]  # fmt: skip
    assert [(crypto.tag, crypto.key.suite.value[-2:]) for crypto in cryptos_of(lines)] == [(2, "80"), (1, "32")]


def test_no_representation_shows_a_key() -> None:
    crypto = Crypto.parse(LONG)
    assert crypto is not None
    assert INLINE not in repr(crypto) and repr(KEY)[2:-1] not in repr(crypto)
