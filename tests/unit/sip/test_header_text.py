"""The header fields that a call keeps of its INVITE."""

from __future__ import annotations

from gateway.sip.header_text import HeaderText

TEXT = "v: SIP/2.0/UDP 192.0.2.1:5060\r\nX-Odd:\r\nx-odd:  a: b:c \udcff\r\nContent-Length: 0"
ROWS = [("Via", "SIP/2.0/UDP 192.0.2.1:5060"), ("X-Odd", ""), ("X-Odd", "a: b:c \udcff"), ("Content-Length", "0")]


def test_rows_are_read_as_they_came() -> None:
    kept = HeaderText(TEXT)
    assert list(kept) == ROWS
    assert len(kept) == 4 and kept
    assert kept[1] == ("X-Odd", "") and kept[-2:] == ROWS[-2:]


def test_a_message_without_any_has_none() -> None:
    assert list(HeaderText("")) == [] and not HeaderText("")
