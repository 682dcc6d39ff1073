"""MESSAGE (RFC 3428) between accounts, as conversations."""

from __future__ import annotations

import pytest

from gateway.sip.message import Request
from tests.support.sip import SERVER, Office, Phone

TEXT = "Kommst du? ☎".encode()
PLAIN = ("Content-Type", "text/plain;charset=utf-8")


def message(phone: Phone, to: str, body: bytes = TEXT) -> Request:
    """`phone` sends a MESSAGE, proved."""
    return phone.proved(
        phone.request("MESSAGE", f"sip:{to}@{SERVER[0]}", to=f"<sip:{to}@{SERVER[0]}>", headers=(PLAIN,), body=body)
    )


def pair(office: Office) -> tuple[Phone, Phone]:
    anna, bert = Phone(office), Phone(office, "6002", host="192.0.2.61")
    bert.register()
    office.changes()
    return anna, bert


def test_section_7_a_message_is_passed_on_from_whom_it_is_and_its_answer_comes_back() -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002")
    onward = bert.arrived()
    assert (onward.method, onward.body, onward.headers.get("Content-Type")) == ("MESSAGE", TEXT, PLAIN[1])
    assert (onward.from_.display, str(onward.from_.uri)) == ("Name 6001", "sip:6001@192.0.2.1")
    assert onward.to.tag is None and onward.max_forwards == 69 and not onward.contacts
    assert anna.messages() == []
    bert.reply(onward, 200, contact=False)
    assert anna.response().status == 200
    office.quiet()


def test_every_telephone_of_the_account_gets_it_and_one_is_enough() -> None:
    office = Office()
    anna, bert = pair(office)
    other = Phone(office, "6002", host="192.0.2.62")
    other.register(call_id="other")
    message(anna, "6002")
    bert.reply(bert.arrived(), 415, contact=False)
    assert anna.messages() == []
    other.reply(other.arrived(), 200, contact=False)
    assert anna.response().status == 200


@pytest.mark.parametrize("status", [415, 488, 603])
def test_a_refusal_of_the_only_telephone_is_the_answer(status: int) -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002")
    bert.reply(bert.arrived(), status, contact=False)
    assert anna.response().status == status


def test_a_challenge_by_a_telephone_is_not_passed_back() -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002")
    bert.reply(bert.arrived(), 401, contact=False)
    assert anna.response().status == 480


def test_a_telephone_that_is_silent_is_answered_for_with_480() -> None:
    office = Office()
    anna, _ = pair(office)
    message(anna, "6002")
    office.wait(32.1)
    assert anna.statuses() == [480]
    office.quiet()


@pytest.mark.parametrize(("to", "status"), [("6003", 480), ("6009", 404)])
def test_nobody_there_and_nobody_of_that_name(to: str, status: int) -> None:
    office = Office()
    anna, _ = pair(office)
    message(anna, to)
    assert anna.response().status == status


def test_section_8_a_text_too_long_for_a_datagram_is_refused() -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002", b"x" * 1301)
    assert anna.response().status == 513 and bert.messages() == []


def test_a_stranger_sends_nothing() -> None:
    office = Office()
    _, bert = pair(office)
    stranger = Phone(office, "nobody", host="203.0.113.5")
    stranger.send(stranger.request("MESSAGE", "sip:6002@192.0.2.1", headers=(PLAIN,), body=TEXT))
    assert stranger.response().status == 401 and bert.messages() == []
