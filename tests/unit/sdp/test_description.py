"""Session descriptions: what is written reads back the same, and what does not parse says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.sdp.description import Attribute, Connection, Media, Origin, SessionDescription, attribute

RFC_8866_EXAMPLE = b"""v=0\r
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r
s=Call to John Smith\r
i=SDP Offer #1\r
u=http://www.jdoe.example.com/home.html\r
e=Jane Doe <jane@jdoe.example.com>\r
p=+1 617 555-6011\r
c=IN IP4 198.51.100.1\r
t=0 0\r
m=audio 49170 RTP/AVP 0\r
m=audio 49180 RTP/AVP 0\r
m=video 51372 RTP/AVP 99\r
c=IN IP6 2001:db8::2\r
a=rtpmap:99 h263-1998/90000\r
"""


def said_by(data: bytes) -> SessionDescription:
    """What a description says, however it is written."""
    return replace(SessionDescription.parse(data), kind=None)


def test_the_example_of_rfc_8866_reads_and_writes_back_unchanged() -> None:
    description = SessionDescription.parse(RFC_8866_EXAMPLE)
    assert description.origin == Origin("jdoe", 3724394400, 3724394405, "198.51.100.1")
    assert description.connection == Connection("198.51.100.1")
    assert [media.port for media in description.media] == [49170, 49180, 51372]
    assert description.media[2].connections == (Connection("2001:db8::2", "IP6"),)
    assert attribute(description.media[2].attributes, "rtpmap") == "99 h263-1998/90000"
    assert description.serialise() == RFC_8866_EXAMPLE


def test_bare_line_feeds_and_missing_name_and_time_are_taken() -> None:
    description = SessionDescription.parse(b"v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 9 RTP/AVP 0\n\n")
    assert description.name == "-"
    assert description.timing == ("t=0 0",)


@pytest.mark.parametrize(
    ("usual", "unusual"),
    [
        (b"o=jdoe 3724394400", b"o=jdoe  3724394400"),
        (b"198.51.100.1\r\ns=", b"198.51.100.1 \r\ns="),
        (b"v=0\r\n", b"v=0\n"),
        (b"m=audio 49170 RTP", b"m=audio 000049170 RTP"),
        (b"m=audio 49170 RTP/AVP 0\r\n", b"m=audio\t49170 RTP/AVP 0\n"),
    ],
)
def test_lines_read_at_once_mean_what_they_do_word_by_word(usual: bytes, unusual: bytes) -> None:
    assert usual in RFC_8866_EXAMPLE
    assert said_by(RFC_8866_EXAMPLE.replace(usual, unusual, 1)) == said_by(RFC_8866_EXAMPLE)


@pytest.mark.parametrize("port", [b"65536", b"99999", b"4917x"])
def test_no_port_is_above_65535(port: bytes) -> None:
    with pytest.raises(MalformedError, match="port"):
        SessionDescription.parse(RFC_8866_EXAMPLE.replace(b"49170", port))


def test_text_that_is_not_utf_8_survives() -> None:
    raw = RFC_8866_EXAMPLE.replace(b"Call to John Smith", b"Gespr\xe4ch")
    assert SessionDescription.parse(raw).serialise() == raw


def test_attribute_tells_a_property_from_an_absent_one() -> None:
    lines = (Attribute("sendonly"), Attribute("ptime", "30"))
    assert attribute(lines, "sendonly") == ""
    assert attribute(lines, "ptime") == "30"
    assert attribute(lines, "inactive") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "v=0"),
        (b"v=1\r\n", "v=0"),
        (b"v=0\r\ns=-\r\n", "o="),
        (b"v=0\r\no=- 1 IN IP4 192.0.2.1\r\n", "six words"),
        (b"v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n", "session id"),
        (b"v=0\r\no=- " + b"9" * 5000 + b" 1 IN IP4 192.0.2.1\r\n", "session id"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nx=1\r\n", "x="),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 h\r\nc=IN IP4 h\r\n", "more than one line c="),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4\r\n", "three words"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\na=:1\r\n", "without a name"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 0 RTP/AVP\r\n", "m= has"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 65536 RTP/AVP 0\r\n", "65536"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio -1 RTP/AVP 0\r\n", "port"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 1/\xc2\xb2 RTP/AVP 0\r\n", "number of ports"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\nhello\r\n", "type=value"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\ns=a\0b\r\n", "control character"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * 65, "media streams"),
        (b"v=0\r\no=- 1 1 IN IP4 h\r\n" + b"a=x\r\n" * 1000, "lines"),
        (b"v=0\r\n" + b"a" * 70000, "bytes"),
    ],
)
def test_a_broken_description_is_refused_with_its_fault(data: bytes, said: str) -> None:
    with pytest.raises(MalformedError, match=said):
        SessionDescription.parse(data)


OFFER = b"v=0\r\no=- %d 1 IN IP4 h\r\ns=-\r\nc=IN IP4 h\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\na=%s\r\na=%s\r\n"


def test_what_telephones_say_in_every_call_is_read_once() -> None:
    first = SessionDescription.parse(OFFER % (1, 4000, b"ptime:20", b"sendrecv"))
    second = SessionDescription.parse(OFFER % (2, 4002, b"ptime:20", b"sendrecv"))
    assert (second.origin.session_id, second.media[0].port) == (2, 4002)
    assert second.media[0].attributes is first.media[0].attributes and second.connection is first.connection
    third = SessionDescription.parse(OFFER % (2, 4002, b"ptime:20", b"sendonly"))
    assert [str(line) for line in third.media[0].attributes] == ["ptime:20", "sendonly"]


def test_descriptions_of_one_kind_differ_in_their_origin_and_ports_alone() -> None:
    first, second = (SessionDescription.parse(OFFER % (n, 4000 + n, b"ptime:20", b"sendrecv")) for n in (1, 2))
    assert first.kind is not None and first.kind == second.kind and first != second
    held = SessionDescription.parse(OFFER % (3, 4000, b"ptime:20", b"sendonly"))
    refused = SessionDescription.parse(OFFER % (3, 0, b"ptime:20", b"sendrecv"))
    assert held.kind not in (None, first.kind) and refused.kind is None and refused.media[0].port == 0


@pytest.mark.parametrize(
    "odd",
    [b"m=audio  4000 RTP/AVP 0", b"m=audio 4000/2 RTP/AVP 0", b"m=audio\t5000 4000 RTP 0", b"m= 4000 5000 RTP 0"],
)
def test_a_stream_that_is_written_otherwise_is_never_taken_for_one_of_a_kind(odd: bytes) -> None:
    two = OFFER % (1, 4000, b"ptime:20", b"sendrecv") + b"m=video %d RTP/AVP 96\r\n"
    assert SessionDescription.parse(two % 5000).kind == SessionDescription.parse(two % 5002).kind is not None
    try:
        description = SessionDescription.parse(two % 5000 + odd + b"\r\n")
    except MalformedError:
        return
    assert description.kind is None and len(description.media) == 3


def test_pieces_of_a_description_that_were_read_elsewhere_are_no_other_stream() -> None:
    """RFC 8866 5.14: a line m= has a port; one that is cut in two is refused, however well its pieces are known."""
    SessionDescription.parse(OFFER % (1, 4000, b"ptime:20", b"sendrecv"))
    cut = (OFFER % (1, 4000, b"ptime:20", b"sendrecv")).replace(b"m=audio 4000 ", b"m=audio\r\nm=")
    with pytest.raises(MalformedError, match="m="):
        SessionDescription.parse(cut)


@pytest.mark.parametrize("line", [b"crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x", b"ice-pwd:x"])
def test_secrets_of_a_call_are_not_kept(line: bytes) -> None:
    one, other = (SessionDescription.parse(OFFER % (1, 4000, b"sendrecv", line)) for _ in range(2))
    assert one == other and one.media[0].attributes is not other.media[0].attributes


word = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
text = st.text(st.characters(min_codepoint=32, max_codepoint=0x2000, exclude_categories=("Cs", "Cc")), max_size=20)
name = st.text(st.sampled_from("abcdefgh-0123"), min_size=1, max_size=8)
number = st.integers(0, 2**63)
address_type = st.sampled_from(["IP4", "IP6"])
connections = st.builds(Connection, word, address_type, st.just("IN"))
attributes = st.lists(st.builds(Attribute, name, st.none() | text), max_size=4).map(tuple)
media = st.builds(
    Media,
    kind=word,
    port=st.integers(0, 65535),
    protocol=word,
    formats=st.lists(word, min_size=1, max_size=4).map(tuple),
    ports=st.none() | st.integers(1, 9),
    title=st.none() | text,
    connections=st.lists(connections, max_size=2).map(tuple),
    bandwidths=st.lists(text, max_size=2).map(tuple),
    key=st.none() | text,
    attributes=attributes,
)
descriptions = st.builds(
    SessionDescription,
    origin=st.builds(Origin, word, number, number, word, address_type, st.just("IN")),
    name=text.map(lambda value: value or "-"),
    information=st.none() | text,
    uri=st.none() | text,
    emails=st.lists(text, max_size=2).map(tuple),
    phones=st.lists(text, max_size=2).map(tuple),
    connection=st.none() | connections,
    bandwidths=st.lists(text, max_size=2).map(tuple),
    timing=st.lists(text.map("t={}".format), min_size=1, max_size=2).map(tuple),
    key=st.none() | text,
    attributes=attributes,
    media=st.lists(media, max_size=3).map(tuple),
)


@given(descriptions)
@settings(max_examples=40)
def test_whatever_is_written_reads_back_the_same(description: SessionDescription) -> None:
    assert said_by(description.serialise()) == description


@given(st.binary(max_size=60), st.integers(0, len(RFC_8866_EXAMPLE)), st.integers(0, 40))
@settings(max_examples=100)
def test_a_mangled_description_raises_nothing_but_malformed(noise: bytes, at: int, cut: int) -> None:
    try:
        SessionDescription.parse(RFC_8866_EXAMPLE[:at] + noise + RFC_8866_EXAMPLE[at + cut :])
    except MalformedError as fault:
        assert str(fault).startswith("session description: ")
