"""What is a message, what is refused, and that nothing whatever breaks the parser."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.sip.fields import Headers
from gateway.sip.message import Request, Response
from gateway.sip.parser import MAX_LINE, MAX_MESSAGE, MAX_ROWS, MalformedMessage, parse
from gateway.sip.uri import SipUri

TORTURE = sorted((Path(__file__).parents[2] / "data" / "rfc4475").glob("*.dat"))

HEAD = (
    b"Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
    b"To: <sip:a@x>\r\n"
    b"From: <sip:b@x>;tag=1\r\n"
    b"Call-ID: c\r\n"
)  # fmt: skip
OPTIONS = b"OPTIONS sip:a@x SIP/2.0\r\n" + HEAD + b"CSeq: 1 OPTIONS\r\n"


def refusal(data: bytes) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as caught:
        parse(data)
    return caught.value


def test_a_datagram_ends_where_its_length_says() -> None:
    assert parse(OPTIONS + b"Content-Length: 3\r\n\r\nabcdef").body == b"abc"
    assert parse(OPTIONS + b"\r\nabcdef").body == b"abcdef"  # 18.3: without a length the body is the rest
    assert str(refusal(OPTIONS + b"Content-Length: 7\r\n\r\nabcdef")) == (
        "Content-Length is 7 and 6 octets follow: cut on the way, or its body changed by a SIP ALG"
    )


def test_blank_lines_before_the_start_are_ignored() -> None:
    assert isinstance(parse(b"\r\n\r\n" + OPTIONS + b"\r\n"), Request)


def test_names_and_versions_know_no_case_and_methods_do() -> None:
    message = parse(b"options sip:a@x sip/2.0\r\n" + HEAD + b"cSEQ: 1 options\r\n\r\n")
    assert isinstance(message, Request) and message.method == "options"
    assert isinstance(parse(b"sip/2.0 200 OK\r\n" + HEAD + b"CSeq: 1 INVITE\r\n\r\n"), Response)


NAMES = st.sampled_from(
    ["Subject", "s", "SUBJECT", "Supported", "X-Own", "x-own", "Subject ", "a b", "", "a:", "Vıa"]
)
COLONS = st.sampled_from([": ", ":", " : ", ":  ", ":\t", ""])
VALUES = st.sampled_from(["", "x", " x", "x ", "x\t", "a: b", "grün", "a\rb", "a\nb", "x" * (MAX_LINE + 1), "\x85"])


@given(st.lists(st.builds(lambda *parts: "".join(parts), NAMES, COLONS, VALUES), max_size=5))
@settings(max_examples=200)
def test_rows_mean_the_same_in_one_go_as_one_by_one(rows: list[str]) -> None:
    lines = [*OPTIONS.decode().split("\r\n")[1:-1], *rows]
    data = b"OPTIONS sip:a@x SIP/2.0\r\n" + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"
    expected = Headers()
    fault = expected.read_one_by_one("\r\n".join(lines))
    if any(not row.strip(" \t") or row[0] in " \t" for row in rows):
        return  # an empty line ends the header, and one that begins with a blank belongs to the one before
    if fault:
        assert str(refusal(data)) == fault
    else:
        assert parse(data).headers == expected


@pytest.mark.parametrize("row", [b"Subject", b"Require", b"Via", b"X-Own"])
def test_section_7_3_1_a_line_without_a_colon_is_no_header(row: bytes) -> None:
    assert str(refusal(OPTIONS + row + b"\r\n\r\n")) == f"{row.decode()!r} is not a header"


def test_a_folded_header_is_one_line() -> None:
    message = parse(OPTIONS + b"Subject: a\r\n b\r\n\t \tc\r\n\r\n")
    assert message.headers.get("subject") == "a b c"


def test_section_7_1_a_start_line_is_not_folded() -> None:
    refusal((OPTIONS + b"\r\n").replace(b" SIP/2.0\r\n", b"\r\n SIP/2.0\r\n", 1))


def test_a_status_line_may_lack_its_phrase() -> None:
    for start in (b"SIP/2.0 200\r\n", b"SIP/2.0 200 \r\n"):
        message = parse(start + HEAD + b"CSeq: 1 INVITE\r\n\r\n")
        assert isinstance(message, Response) and (message.status, message.reason) == (200, "")


@pytest.mark.parametrize("name", ["Via", "To", "From", "Call-ID", "CSeq"])
def test_every_mandatory_header_is_missed(name: str) -> None:
    lines = (OPTIONS + b"\r\n").split(b"\r\n")
    data = b"\r\n".join(line for line in lines if not line.startswith(name.encode() + b":"))
    error = refusal(data)
    assert str(error).startswith("there is no ")
    assert (error.request is None) is (name == "Via")  # without a Via nobody can be answered


@pytest.mark.parametrize(
    ("broken", "with_what", "status"),
    [
        (b"SIP/2.0\r\n", b"SIP/3.0\r\n", 505),
        (b"SIP/2.0\r\n", b"\r\n", 400),
        (b"sip:a@x SIP", b"sip:a@x  SIP", 400),
        (b"sip:a@x SIP", b"sip:a@ SIP", 400),
        (b"sip:a@x SIP", b"sip:a@x?b=c SIP", 400),
        (b"1 OPTIONS", b"1 INVITE", 400),
        (b"1 OPTIONS", b"x OPTIONS", 400),
        (b"SIP/2.0/UDP", b"SIP/2.0", 400),
        (b"From: <", b"From: ", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nCall-ID: d\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\nX: d\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\rX: d\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nno header\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nX@: y\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nMax-Forwards: many\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nContact: <sip:a@\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nRoute: <sip:a@x>, x\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nRecord-Route: \r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nContent-Length: +1\r\n", 400),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nContent-Length: 99999999\r\n", 400),
    ],
)
def test_a_malformed_request_can_be_answered(broken: bytes, with_what: bytes, status: int) -> None:
    good = OPTIONS + b"\r\n"
    assert broken in good
    if b"\r\nOPTIONS" in with_what or with_what == b"\r\n":
        with_what = b"SIP/\r\n"
    error = refusal(good.replace(broken, with_what, 1))
    assert error.status == status
    assert error.request is not None
    assert error.request.reply(error.status, to_tag="t").serialise().startswith(b"SIP/2.0 %d " % status)


def test_section_8_2_6_2_the_refusal_of_a_header_that_is_there_twice_has_it_once() -> None:
    error = refusal(OPTIONS + b"i: d\r\nTo: <sip:c@x>\r\n\r\n")
    assert error.request is not None
    refused = error.request.reply(400, to_tag="t")
    assert refused.headers.all("Call-ID") == ("c",) and refused.headers.count("To") == 1


@pytest.mark.parametrize(
    ("row", "read"),
    [
        (b"Contact: nowhere", []),
        (b"Contact: <sip:@x>, <sip:a@x>", ["a"]),
        (b'Contact: <sip:a@x>, <sip:b@[x>\r\nContact: "<sip:c@x>\r\nm: <sip:d@x>', ["a", "d"]),
        (b"Max-Forwards: x", []),
    ],
)
def test_section_8_1_3_a_final_response_counts_though_what_it_says_of_the_way_cannot_be_read(
    row: bytes, read: list[str]
) -> None:
    message = parse(b"SIP/2.0 302 Moved\r\n" + HEAD + b"CSeq: 1 INVITE\r\n" + row + b"\r\n\r\n")
    assert isinstance(message, Response) and message.status == 302
    assert [contact.uri.username for contact in message.contacts if isinstance(contact.uri, SipUri)] == read
    assert refusal(OPTIONS + row + b"\r\n\r\n").status == 400
    refusal(b"SIP/2.0 200 OK\r\n" + HEAD + b"CSeq: 1 INVITE\r\nRecord-Route: nowhere\r\n\r\n")


def test_nothing_answers_a_malformed_ack_or_response() -> None:
    assert refusal(b"ACK sip:a@ SIP/2.0\r\n" + HEAD + b"CSeq: 1 ACK\r\n\r\n").request is None
    assert refusal(b"SIP/2.0 200 OK\r\n" + HEAD + b"CSeq: x\r\n\r\n").request is None


@pytest.mark.parametrize("code", [b"99", b"99x", b"700", b"099", b"1000", b"", b"-20", "²00".encode()])
def test_a_status_is_three_digits(code: bytes) -> None:
    refusal(b"SIP/2.0 " + code + b" OK\r\n" + HEAD + b"CSeq: 1 INVITE\r\n\r\n")


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\0" * 40, b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\r\n\r\n", b"hello"]
)
def test_what_is_no_sip_is_not_answered(data: bytes) -> None:
    assert refusal(data).request is None


def test_a_header_without_an_end_is_refused() -> None:
    error = refusal(OPTIONS)
    assert "empty line" in str(error) and error.request is not None


def test_a_message_has_limits() -> None:
    assert refusal(OPTIONS + b"\r\n" + b"x" * MAX_MESSAGE).status == 513
    assert "rows" in str(refusal(OPTIONS + b"X: y\r\n" * MAX_ROWS + b"\r\n"))
    assert "characters" in str(refusal(OPTIONS + b"X: " + b"y" * (MAX_LINE + 1) + b"\r\n\r\n"))
    assert parse(OPTIONS + b"X: " + b"y" * (MAX_LINE - 1) + b"\r\n\r\n").headers.get("x")


@pytest.mark.parametrize(
    "piece",
    [b" " * 60_000, b"\r\n " * 20_000, b'"' * 8000, b'\\"' * 4000, b"<" * 8000, b";" * 8000, b"," * 8000,
     b"a " * 4000, b'",' * 4000, b"%" * 8000, b"a=" * 4000],
)  # fmt: skip
@pytest.mark.parametrize("name", [b"To", b"Contact", b"Via", b"CSeq", b"Route", b"Content-Length"])
def test_no_input_takes_long(name: bytes, piece: bytes) -> None:
    # A pattern that goes over its text again and again would take minutes over one of these.
    row = name + b": " + piece + b"\r\n"
    lines = [line for line in OPTIONS.split(b"\r\n") if not line.startswith(name + b":")]
    for start in (b"", b"sip:a", b'"a" <sip:a@x>', b"SIP/2.0/UDP x"):
        data = b"\r\n".join([*lines[:-1], row.replace(b": ", b": " + start, 1), b"", b""])
        try:
            parse(data)
        except MalformedMessage:
            continue


MESSAGES = [path.read_bytes() for path in TORTURE]


@given(st.sampled_from(MESSAGES), st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_a_mutated_message_is_read_or_refused_and_nothing_else(data: bytes, random: Random) -> None:
    mutated = bytearray(data)
    for _ in range(random.randint(1, 12)):
        at = random.randrange(len(mutated) + 1)
        what = random.choice(
            [b"\r\n", b'"', b"<", b">", b";", b",", b"\0", b"\xff", b":", b" ", b"9" * 30, b"%", b"\\"]
        )
        mutated[at : at + random.randint(0, 3)] = what
    survives(bytes(mutated))


@given(st.binary(max_size=300))
@example(b"OPTIONS")
@settings(max_examples=200)
def test_noise_is_refused_and_nothing_else(data: bytes) -> None:
    survives(data)
    survives(b"OPTIONS sip:x SIP/2.0\r\nVia: " + data + b"\r\n\r\n")


@pytest.mark.parametrize("data", MESSAGES, ids=[path.stem for path in TORTURE])
def test_a_message_cut_anywhere_is_read_or_refused_and_nothing_else(data: bytes) -> None:
    for end in range(0, len(data), 7):
        survives(data[:end])


def survives(data: bytes) -> None:
    """Either a message, which can be written and read back, or a refusal, which can be answered if it says so."""
    try:
        message = parse(data)
    except MalformedMessage as error:
        if error.request is not None:
            error.request.reply(error.status, to_tag="t").serialise()
        return
    again = parse(message.serialise())
    assert again.vias == message.vias and again.body == message.body
    assert again.serialise() == message.serialise()
    if isinstance(message, Request):
        assert parse(message.reply(400, to_tag="t").serialise()).vias == message.vias
