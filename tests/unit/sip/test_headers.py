"""Typed header values, and the container that holds the fields."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import LocalError, MalformedError
from gateway.sip.fields import Headers
from gateway.sip.grammar import number, quote, split_list, unquote
from gateway.sip.headers import CSeq, NameAddr, Via
from gateway.sip.parameters import Parameters
from gateway.sip.uri import SipUri


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ("sip:a@x;tag=1", "", "sip:a@x", "1"),
        ("<sip:a@x;tag=2>", "", "sip:a@x;tag=2", None),
        ('"Ann \\"Q\\" <b>" <sip:a@x> ; tag = 3', 'Ann "Q" <b>', "sip:a@x", "3"),
        ("Ann Lee<sip:a@x>;tag=4", "Ann Lee", "sip:a@x", "4"),
        ("Jörg <sip:a@x>", "Jörg", "sip:a@x", None),
        ('"" <tel:+1201>;tag=', "", "tel:+1201", None),
    ],
)
def test_a_name_and_address_is_read(text: str, display: str, uri: str, tag: str | None) -> None:
    address = NameAddr.parse(text)
    assert (address.display, str(address.uri), address.tag) == (display, uri, tag)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", '"', '"Ann <sip:a@x>', "Bell, Ann <sip:a@x>", "<sip:a@x", "<sip:a@x> x", "< sip:a@x>", "sip:a@x?b=c", "*",
     "sip:a,b@x", '"Ann" sip:a@x', "<sip:a@x>;;", "<sip:a@x>,"],
)  # fmt: skip
def test_what_is_no_name_and_address_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        NameAddr.parse(text)


@given(st.text(max_size=30))
@settings(max_examples=100)
def test_any_display_name_stays_within_its_quotes(name: str) -> None:
    address = NameAddr(SipUri("x"), name)
    assert "\r" not in str(address) and "\n" not in str(address)
    read = NameAddr.parse(str(address))
    shown = "".join(" " if ord(letter) < 32 or ord(letter) == 127 else letter for letter in name)
    assert read.display == shown
    assert read.uri == address.uri


def test_a_tag_is_set_and_replaced() -> None:
    to = NameAddr.parse("<sip:a@x>;a=b")
    assert str(to.tagged("1")) == "<sip:a@x>;a=b;tag=1"
    assert to.tagged("1").tagged("2").tag == "2"


def test_a_via_is_read_whatever_its_blanks() -> None:
    via = Via.parse("SIP  /   2.0 /udp    [2001:db8::9]:5070 ; branch = z9hG4bK1 ;rport;received=[::1]")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "2001:db8::9", 5070, "z9hG4bK1")
    assert via.sent_by == "[2001:db8::9]:5070"
    assert via.is_unique
    assert via.rport is None and "rport" in via.parameters
    assert via.received == "::1"
    assert str(via) == "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK1;rport;received=[::1]"


@pytest.mark.parametrize(("text", "port"), [("5060", 5060), ("0", None), ("70000", None), ("x", None)])
def test_an_rport_that_is_no_port_is_none(text: str, port: int | None) -> None:
    assert Via.parse(f"SIP/2.0/UDP x;rport={text}").rport == port


@pytest.mark.parametrize(("branch", "unique"), [(";branch=z9hG4bK", False), (";branch=1", False), ("", False),
                                                (";branch=Z9HG4BKx", True)])  # fmt: skip
def test_only_a_branch_with_cookie_and_more_is_unique(branch: str, unique: bool) -> None:
    assert Via.parse(f"SIP/2.0/UDP x{branch}").is_unique is unique


@pytest.mark.parametrize(
    "text", ["", "SIP/2.0/UDP", "SIP/3.0/UDP x", "HTTP/2.0/UDP x", "SIP/2.0/UDP x:99999", "SIP/2.0/UDP x;;",
             "SIP/2.0/UDP x y", "SIP/2.0/ x", "SIP/2.0/UDP x:"],
)  # fmt: skip
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Via.parse(text)


def test_a_bracket_within_quotes_ends_no_address() -> None:
    for text in ('<sip:a@b>;x="1>2"', '<sip:a@b>;x="1>2";tag=t', '"a > b" <sip:a@b>;x="1>2"'):
        read = NameAddr.parse(text)
        assert str(read.uri) == "sip:a@b" and read.parameters.get("x") == "1>2"
    assert NameAddr.parse('"a > b" <sip:a@b>;tag=t').display == "a > b"


def test_a_cseq_is_read_with_leading_zeros_and_written_without() -> None:
    assert str(CSeq.parse("0009 \t INVITE")) == "9 INVITE"
    assert CSeq.parse("2147483647 ACK").number == 2**31 - 1


@pytest.mark.parametrize("text", ["", "1", "INVITE", "1 IN VITE", "-1 ACK", "2147483648 ACK", "9" * 5000 + " ACK",
                                  "1 @", "² ACK", "١ ACK"])  # fmt: skip
def test_what_is_no_cseq_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        CSeq.parse(text)


def test_a_number_has_a_highest_value() -> None:
    assert number(" 0010 ", "x", 10) == 10
    assert number("000", "x", 10) == 0
    with pytest.raises(MalformedError, match="x is larger than 10"):
        number("11", "x", 10)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a", ["a"]),
        (" a , b,c", ["a", "b", "c"]),
        ('"a,b" <sip:c,d@x>, <e>', ['"a,b" <sip:c,d@x>', "<e>"]),
        ('"a\\",b", c', ['"a\\",b"', "c"]),
        ("a,,", ["a", "", ""]),
        ('"a",', ['"a"', ""]),
    ],
)
def test_a_list_is_split_at_its_own_commas_only(text: str, pieces: list[str]) -> None:
    assert split_list(text) == pieces


@pytest.mark.parametrize("text", ['a, "b', "a, <b", '"a\\", b'])
def test_a_list_with_an_open_quote_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="not closed"):
        split_list(text)


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_quoting_is_undone_by_unquoting(text: str) -> None:
    printable = "".join(letter for letter in text if ord(letter) >= 32 and ord(letter) != 127)
    assert unquote(quote(printable)) == printable


def test_header_names_know_no_case_and_no_length() -> None:
    headers = Headers([("v", "1"), ("VIA", "2"), ("X-Own", "3")])
    assert headers.all("Via") == ("1", "2")
    assert "x-own" in headers
    assert list(headers) == [("Via", "1"), ("Via", "2"), ("X-Own", "3")]
    headers.insert("via", "0")
    assert headers.get("V") == "0"
    headers.remove("via")
    assert headers.get("via") is None and headers.all("via") == ()


def test_a_copy_of_headers_is_independent() -> None:
    headers = Headers([("To", "<sip:a@x>")])
    other = headers.copy()
    other.set("To", "<sip:b@x>")
    other.add("Via", "x")
    assert headers == Headers([("to", "<sip:a@x>")])
    assert repr(headers) == "Headers([('To', '<sip:a@x>')])"


@pytest.mark.parametrize("value", ["a\r\nVia: evil", "a\nb", "a\rb"])
def test_a_line_break_never_gets_into_a_header(value: str) -> None:
    headers = Headers()
    for put in (headers.add, headers.insert, headers.set):
        with pytest.raises(LocalError, match="line break"):
            put("Subject", value)
    assert "Subject" not in headers


def test_lists_of_values_leave_out_the_empty_ones() -> None:
    headers = Headers([("Supported", "100rel, timer,"), ("k", "path")])
    assert headers.values("Supported") == ["100rel", "timer", "path"]
    assert Parameters.parse(";a").get("a") == ""


def test_what_was_read_of_a_header_is_read_anew_when_a_row_comes_in() -> None:
    headers = Headers([("Route", "<sip:a;lr>")])
    assert headers.typed["route"] == (NameAddr.parse("<sip:a;lr>"),)
    headers.add("Route", "<sip:b;lr>")
    assert len(headers.typed["route"]) == 2
    headers.remove("Route")
    assert headers.typed["route"] == ()


def test_what_is_written_as_a_thing_is_not_read_again() -> None:
    sender, hop = NameAddr.parse("<sip:a@x>;tag=1"), Via.parse("SIP/2.0/UDP x;branch=z9hG4bK1")
    headers = Headers()
    headers.set("From", sender)
    headers.set("Via", hop)
    assert headers.typed["from"] is sender and headers.typed["via"] == (hop,)
    headers.set("From", "<sip:b@x>")
    assert headers.typed["from"] == NameAddr.parse("<sip:b@x>")


def test_rows_are_taken_over_with_what_was_read_of_them() -> None:
    headers, other = Headers([("To", "<sip:a>"), ("To", "<sip:b>")]), Headers([("To", "<sip:old>")])
    read = headers.typed["to"]
    other.take(headers, "To")
    assert other.typed["to"] is read and other.all("To") == ("<sip:a>", "<sip:b>")
    other.add("To", "<sip:c>")
    assert headers.all("To") == ("<sip:a>", "<sip:b>")
    other.take(Headers(), "To")
    assert "To" not in other


def test_an_excerpt_has_the_rows_of_some_names_and_what_was_read_of_them() -> None:
    one, two = "SIP/2.0/UDP a", "SIP/2.0/UDP b"
    headers = Headers([("Via", one), ("t", "<sip:a>"), ("Via", two), ("Subject", "x")])
    read = headers.typed["to"]
    part = headers.excerpt(("via", "record-route", "to", "from"))
    assert list(part) == [("Via", one), ("Via", two), ("To", "<sip:a>")]
    assert part.typed["to"] is read and part.typed["via"] == (Via.parse(one), Via.parse(two))
    part.add("Via", "SIP/2.0/UDP c")
    part.set("To", "<sip:b>")
    assert headers.all("Via") == (one, two) and headers.typed["to"] is read


def test_an_update_replaces_each_name_that_it_brings() -> None:
    headers = Headers([("To", "<sip:a>"), ("To", "<sip:b>"), ("From", "<sip:c>")])
    assert headers.typed["to"] == NameAddr.parse("<sip:a>")
    headers.update(Headers([("To", "<sip:d>"), ("Allow", "BYE")]))
    assert list(headers) == [("To", "<sip:d>"), ("From", "<sip:c>"), ("Allow", "BYE")]
    assert headers.typed["to"] == NameAddr.parse("<sip:d>")
