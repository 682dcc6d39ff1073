"""URIs: what is one, that the wire form stays, and when two are the same (RFC 3261 section 19.1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.sip.parameters import Parameters
from gateway.sip.uri import OtherUri, SipUri, TelUri, parse_uri


@pytest.mark.parametrize(
    "text",
    [
        # 19.1.3
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sips:1212@gateway.com",
        "sip:alice@192.0.2.4",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
        # and what offices send
        "sip:*72#@192.168.1.1:5062;line=a;ob",
        "sip:6001@[2001:db8::10]:5070;lr",
        "sip:192.0.2.1;maddr=239.255.255.1;ttl=15",
        "sip:host_with_underscore",
        "tel:+1-201-555-0123;phone-context=x",
        "soap.beep://192.0.2.103:3002",
        "urn:service:sos",
    ],
)
def test_the_wire_form_is_kept(text: str) -> None:
    assert str(parse_uri(text)) == text


def test_the_pieces_of_a_uri() -> None:
    uri = SipUri.parse("sips:alice;day=tuesday:pw@[2001:db8::1]:5061;Transport=TCP;lr?Subject=x")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == (
        "sips",
        "alice;day=tuesday",
        "pw",
        "2001:db8::1",
        5061,
    )
    assert uri.transport == "tcp"
    assert uri.is_loose_router
    assert uri.headers == "Subject=x"
    assert str(uri.bare()) == "sips:alice;day=tuesday@[2001:db8::1]:5061"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@",
        "sip:alice@",
        "sip:alice@host:",
        "sip:alice@host:0",
        "sip:alice@host:65536",
        "sip:alice@host:123456",
        "sip:alice@ho st",
        "sip:alice@host; lr",
        "sip:alice@host;",
        "sip:alice@host;;lr",
        "sip:alice@host;lr;LR",
        "sip:al<ice@host",
        "sip:a@b@host",
        "sip:al%4ice@host",
        "sip:al%@host",
        "sip:alice@[2001:db8::1",
        "sip:alice@host?",
        "sip:ali\xe7e@host",
        "sip:alice@host\r\nVia: x",
        "tel:",
        "tel:+",
        "tel:+12ab",
        "tel:-.()",
        "tel:abc xyz",
        "no-scheme",
        "<sip:alice@host>",
        "1sip:alice@host",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_uri(text)


def test_a_password_is_sent_but_not_shown() -> None:
    uri = SipUri.parse("sip:alice:secretword@atlanta.com")
    assert "secretword" in str(uri)
    assert "secretword" not in repr(uri) + uri.shown
    assert uri.shown == "sip:alice:***@atlanta.com"


def test_a_user_given_as_text_is_escaped_and_comes_back() -> None:
    uri = SipUri.of("*72# 5%@x\r\n", "pbx.example")
    assert str(uri) == "sip:*72%23%205%25%40x%0D%0A@pbx.example"
    assert SipUri.parse(str(uri)).username == "*72# 5%@x\r\n"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
@settings(max_examples=100)
def test_any_user_survives_the_wire(user: str) -> None:
    assert SipUri.parse(str(SipUri.of(user, "pbx.example"))).username == user


def test_a_telephone_number_loses_its_separators() -> None:
    assert TelUri.parse("tel:+1-(201).555-0123;ext=5").digits == "+12015550123"
    assert parse_uri("TEL:911") == TelUri("911")
    assert TelUri("911").shown == "tel:911"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("tel:+1-201-555", "tel:+1(201)555", True),
        ("tel:+1201;ext=5-5;isub=4", "TEL:+1201;ISUB=4;ext=55", True),
        ("tel:+1201", "tel:1201", False),
        ("tel:+1201", "tel:+1201;isub=4", False),
        ("tel:7042;phone-context=Example.COM", "tel:7042;phone-context=example.com", True),
        ("tel:7042;phone-context=+1-256", "tel:7042;phone-context=+1256", True),
        ("tel:7042;phone-context=example.com", "tel:7042;phone-context=other.com", False),
        ("tel:a1*#;phone-context=x", "tel:A1*#;phone-context=x", True),
    ],
)
def test_rfc_3966_section_4_when_two_numbers_are_the_same(one: str, other: str, same: bool) -> None:
    assert TelUri.parse(one).same_as(TelUri.parse(other)) is same


def test_another_scheme_stays_text() -> None:
    uri = parse_uri("HTTP://example.com/x")
    assert isinstance(uri, OtherUri)
    assert uri.scheme == "http"
    assert uri.same_as(OtherUri("HTTP://example.com/x"))
    assert uri.shown == "HTTP://example.com/x"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # 19.1.4
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a%2fb@h", "sip:a%2Fb@h"),
    ],
)
def test_equivalent_uris(one: str, other: str) -> None:
    assert parse_uri(one).same_as(parse_uri(other))
    assert parse_uri(other).same_as(parse_uri(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # 19.1.4
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
        ("sip:carol@chicago.com", "sip:chicago.com"),
        ("sip:carol:a@chicago.com", "sip:carol:b@chicago.com"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;maddr=192.0.2.1"),
        ("sip:a%2Fb@h", "sip:a/b@h"),
        ("sip:911@h", "tel:911"),
        ("tel:911", "sip:911@h"),
    ],
)
def test_uris_that_differ(one: str, other: str) -> None:
    assert not parse_uri(one).same_as(parse_uri(other))
    assert not parse_uri(other).same_as(parse_uri(one))


def test_parameters_are_found_without_case_and_changed_in_place() -> None:
    parameters = Parameters.parse(';Branch=z9; lr ;name="a;\\"b" ; empty=')
    assert parameters.get("branch") == "z9"
    assert parameters.get("lr") == ""
    assert parameters.get("name") == 'a;"b'
    assert parameters.get("empty") == ""
    assert parameters.get("other") is None
    assert str(parameters) == ';Branch=z9;lr;name="a;\\"b";empty='
    assert str(parameters.having("BRANCH", "x")) == ';Branch=x;lr;name="a;\\"b";empty='
    assert str(parameters.having("rport")) == ';Branch=z9;lr;name="a;\\"b";empty=;rport'
    assert str(parameters.without("lr", "NAME", "empty")) == ";Branch=z9"
    assert not Parameters.parse("")


@pytest.mark.parametrize(
    ("written", "read"),
    [("sip:[2001:db8:::1]", "2001:db8::1"), ("sip:[2001:db8::::1]", "2001:db8::::1"), ("sip:[::::::]", "::::::")],
)
def test_rfc_5118_4_10_of_colons_three_alone_are_a_slip(written: str, read: str) -> None:
    uri = SipUri.parse(written)
    assert uri.host == read and SipUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text", ["x", ";", ";;", ";=x", ';a="', "; a b", ";a=b,c", ";a=1;A=2", ';a"b"=c', ";a=<b>"]
)
def test_ill_formed_parameters_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Parameters.parse(text)
