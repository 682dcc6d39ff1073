"""Which octets of a message are its session description."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.sip.body import MAX_PARTS, find_body, media_type
from gateway.sip.fields import Headers
from gateway.sip.message import Request
from gateway.sip.uri import SipUri


def message(content_type: str | None, body: bytes) -> Request:
    fields = [] if content_type is None else [("c", content_type)]
    return Request("INVITE", SipUri("x"), headers=Headers(fields), body=body)


MIXED = (
    b"preamble\r\n"
    b"--b1  \r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b"--b1\r\ncontent-type : APPLICATION/SDP; x=y\r\nContent-Disposition: session\r\n\r\nv=0\r\ns=-\r\n\r\n"
    b"--b1\r\nContent-Type: application/sdp\r\n\r\nsecond\r\n"
    b"--b1--\r\nContent-Type: text/late\r\n\r\nepilogue"
)


def test_a_plain_body_is_found_by_its_type() -> None:
    assert find_body(message("Application/SDP;charset=utf-8", b"v=0")) == b"v=0"
    assert find_body(message("text/plain", b"v=0")) is None
    assert find_body(message(None, b"v=0")) is None
    assert find_body(message("application/sdp", b"")) is None


def test_the_first_part_of_the_type_is_found() -> None:
    multipart = message('multipart/mixed; boundary="b1"', MIXED)
    assert find_body(multipart) == b"v=0\r\ns=-\r\n"
    assert find_body(multipart, "text/plain") == b"hello"
    assert find_body(multipart, "text/late") is None


def test_rfc_3959_a_description_for_early_media_is_not_that_of_the_session() -> None:
    early = b"--b\r\nContent-Type: application/sdp\r\nContent-Disposition: Early-Session\r\n\r\nv=1\r\n"
    session = b"--b\r\nContent-Type: application/sdp\r\nContent-Disposition: session;handling=required\r\n\r\nv=0"
    assert find_body(message("multipart/mixed;boundary=b", early + session + b"\r\n--b--")) == b"v=0"


def test_rfc_3959_nor_is_one_that_stands_alone() -> None:
    alone = message("application/sdp", b"v=0")
    for said, found in (("Session;handling=required", b"v=0"), ("early-session", None)):
        alone.headers.set("Content-Disposition", said)
        assert find_body(alone) == found


def test_rfc_5621_section_8_what_else_is_there_for_something_is_found_by_its_type_alone() -> None:
    keys = b"--b\r\nContent-Type: application/dtmf-relay\r\nContent-Disposition: signal\r\n\r\nSignal=1\r\n--b--"
    assert find_body(message("multipart/mixed;boundary=b", keys), "application/dtmf-relay") == b"Signal=1"


def test_rfc_5621_section_4_2_a_multipart_within_another_is_looked_into() -> None:
    session = b"--c\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--c--"
    nested = b"--b\r\nContent-Type: multipart/related;boundary=c\r\n\r\n" + session + b"\r\n--b--"
    assert find_body(message("multipart/mixed;boundary=b", nested)) == b"v=0"


def test_multiparts_too_deep_within_one_another_are_not_looked_into() -> None:
    body = b"--e\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--e--"
    for outer, inner in (("d", "e"), ("c", "d"), ("b", "c")):
        kind = f"--{outer}\r\nContent-Type: multipart/mixed;boundary={inner}\r\n\r\n".encode()
        body = kind + body + f"\r\n--{outer}--".encode()
    assert find_body(message("multipart/mixed;boundary=b", body)) is None


def test_a_part_in_an_encoding_is_passed_over() -> None:
    packed = b"--b\r\nContent-Type: application/sdp\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\r\n"
    plain = b"--b\r\nContent-Type: application/sdp\r\nContent-Encoding: Identity\r\n\r\nv=0\r\n--b--"
    assert find_body(message("multipart/mixed;boundary=b", packed + plain)) == b"v=0"


def test_a_part_without_a_type_is_text() -> None:
    assert find_body(message("multipart/mixed;boundary=b", b"--b\r\n\r\nhi\r\n--b--"), "text/plain") == b"hi"


def test_parts_beyond_the_limit_are_not_looked_at() -> None:
    part = b"--b\r\n\r\nx\r\n"
    last = b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--"
    assert find_body(message("multipart/mixed;boundary=b", part * (MAX_PARTS - 1) + last)) == b"v=0"
    assert find_body(message("multipart/mixed;boundary=b", part * MAX_PARTS + last)) is None


@pytest.mark.parametrize("content_type", ["sdp", "/", "application/", "application/sdp;;", "multipart/mixed"])
def test_a_type_that_cannot_be_read_is_refused(content_type: str) -> None:
    with pytest.raises(MalformedError):
        find_body(message(content_type, b"x"))


def test_a_type_has_parameters() -> None:
    kind, parameters = media_type('Multipart / Mixed ; boundary="a b"')
    assert kind == "multipart/mixed" and parameters.get("boundary") == "a b"


@given(
    st.binary(max_size=200), st.sampled_from([b"--b1", b"\r\n--b1\r\n", b"\r\n\r\n", b"Content-Type: \xff", b"--"])
)
@settings(max_examples=150)
def test_no_body_whatever_breaks_it(noise: bytes, piece: bytes) -> None:
    for body in (noise, noise + piece + noise, MIXED[: len(noise)] + piece + MIXED[len(noise) :]):
        try:
            find_body(message("multipart/mixed;boundary=b1", body))
        except MalformedError:
            continue
