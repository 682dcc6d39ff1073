"""Dialogs: what their requests look like, in which order they are taken, and where they go."""

from __future__ import annotations

import pytest

from gateway.core.errors import MalformedError
from gateway.sip.dialog import Dialog, DialogId, dialog_id
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.parser import parse
from gateway.sip.transport import Flow

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5070))
OURS = NameAddr.parse("<sip:copperline@192.0.2.1>")


def message(start: str, *headers: str) -> Request | Response:
    rows = [
        start,
        "Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bKa",
        "From: A <sip:6001@192.0.2.1>;tag=a",
        "To: <sip:101@192.0.2.1>",
        "Call-ID: c",
        "CSeq: 5 INVITE",
        *headers,
        "",
        "",
    ]
    return parse("\r\n".join(rows).encode())


def invite(*headers: str) -> Request:
    request = message("INVITE sip:101@192.0.2.1 SIP/2.0", *headers)
    assert isinstance(request, Request)
    return request


def server(*headers: str) -> Dialog:
    return Dialog.as_server(
        invite("Contact: <sip:6001@10.0.0.9:5099>", *headers), tag="b", flow=FLOW, contact=OURS, number=100
    )


def test_the_callees_requests_swap_from_and_to() -> None:
    dialog = server()
    assert dialog.id == DialogId("c", "b", "a")
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:6001@10.0.0.9:5099"
    assert str(bye.from_) == "<sip:101@192.0.2.1>;tag=b" and str(bye.to) == '"A" <sip:6001@192.0.2.1>;tag=a'
    assert str(bye.cseq) == "101 BYE" and bye.max_forwards == 70 and not bye.contacts


def test_a_request_of_the_peer_finds_the_dialog_that_our_own_would() -> None:
    dialog = server()
    theirs = invite()
    theirs.headers.set("To", "<sip:101@192.0.2.1>;tag=b")
    assert dialog_id(theirs) == dialog.id
    theirs.headers.set("From", "<sip:6001@192.0.2.1>")
    assert dialog_id(theirs) == DialogId("c", "b", "")


def test_numbers_must_grow() -> None:
    dialog = server()
    request = invite()
    taken = []
    for number in (5, 4, 6, 6, 9):
        request.headers.set("CSeq", f"{number} INVITE")
        taken.append(dialog.takes(request))
    assert taken == [False, False, True, False, True]


def test_an_ack_bears_the_number_of_its_invite() -> None:
    dialog = server()
    again = dialog.request("INVITE")
    dialog.request("INFO")
    ack = dialog.ack(again.cseq.number)
    assert str(ack.cseq) == "101 ACK" and str(again.contacts[0]) == str(OURS)


def test_the_callee_keeps_the_order_of_record_routes_and_the_caller_turns_it_round() -> None:
    rows = ("Record-Route: <sip:p2.example;lr>", "Record-Route: <sip:p1.example;lr>")
    assert [str(route.uri) for route in server(*rows).request("BYE").route] == [
        "sip:p2.example;lr",
        "sip:p1.example;lr",
    ]
    response = invite().reply(200, to_tag="b")
    response.headers.set_all("Record-Route", ["<sip:p2.example;lr>", "<sip:p1.example;lr>"])
    response.headers.set("Contact", "<sip:101@10.0.0.7>")
    client = Dialog.as_client(invite(), response, flow=FLOW, contact=OURS)
    bye = client.request("BYE")
    assert [str(route.uri) for route in bye.route] == ["sip:p1.example;lr", "sip:p2.example;lr"]
    assert str(bye.uri) == "sip:101@10.0.0.7" and str(bye.cseq) == "6 BYE"
    assert client.id == DialogId("c", "a", "b")


def test_a_strict_router_gets_itself_in_the_request_line_and_the_target_last() -> None:
    dialog = server("Record-Route: <sip:old.example:5080;method=INVITE;x=1>, <sip:p1.example;lr>")
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:old.example:5080;x=1"
    assert [str(route.uri) for route in bye.route] == ["sip:p1.example;lr", "sip:6001@10.0.0.9:5099"]


@pytest.mark.parametrize(("method", "moved"), [("INVITE", True), ("UPDATE", True), ("INFO", False)])
def test_only_target_refresh_requests_move_the_target(method: str, moved: bool) -> None:
    dialog = server()
    dialog.refresh(invite("Contact: <sip:6001@10.0.0.10>"), method)
    assert (str(dialog.request("BYE").uri) == "sip:6001@10.0.0.10") is moved


def test_a_contact_of_a_strange_scheme_does_not_move_the_target() -> None:
    dialog = server()
    dialog.refresh(invite("Contact: <mailto:a@b.example>"), "INVITE")
    assert str(dialog.target) == "sip:6001@10.0.0.9:5099"


@pytest.mark.parametrize(
    "rows", [(), ("Contact: <sip:a@b>, <sip:c@d>",), ("Contact: <mailto:a@b.example>",), ("Contact: *",)]
)
def test_without_one_usable_contact_there_is_no_dialog(rows: tuple[str, ...]) -> None:
    with pytest.raises(MalformedError, match="one Contact"):
        Dialog.as_server(invite(*rows), tag="b", flow=FLOW, contact=OURS, number=1)


def test_section_19_1_5_neither_method_nor_headers_of_a_contact_get_into_a_request() -> None:
    """Table 1 of 19.1.1 has neither in a Request-URI: a peer could else write our requests."""
    contact = "Contact: <sip:6001@10.0.0.9;method=REFER;ob?Refer-To=x>"
    dialog = Dialog.as_server(invite(contact), tag="t", flow=FLOW, contact=OURS, number=0)
    assert str(dialog.request("BYE").uri) == "sip:6001@10.0.0.9;ob"
    dialog.refresh(invite("Contact: <sip:6002@10.0.0.9;METHOD=BYE>"), "INVITE")
    assert str(dialog.request("BYE").uri) == "sip:6002@10.0.0.9"
