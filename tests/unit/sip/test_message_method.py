"""MESSAGE (RFC 3428) between accounts, as conversations."""

from __future__ import annotations

import pytest

from gateway.core.number import Match
from gateway.sip import text_queue
from gateway.sip.account import Account
from gateway.sip.config import SipConfig
from gateway.sip.digest import Secret
from gateway.sip.message import Request
from gateway.sip.text_queue import Text, TextQueue
from tests.support.sip import SERVER, Office, Phone

TEXT = "Kommst du? ☎".encode()
PLAIN = ("Content-Type", "text/plain;charset=utf-8")


def message(phone: Phone, to: str, body: bytes = TEXT, kind: tuple[str, str] = PLAIN) -> Request:
    """`phone` sends a MESSAGE, proved."""
    return phone.proved(
        phone.request("MESSAGE", f"sip:{to}@{SERVER[0]}", to=f"<sip:{to}@{SERVER[0]}>", headers=(kind,), body=body)
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
    assert anna.response().status == 202


def test_rfc_3994_section_3_3_that_somebody_types_reaches_who_is_there_and_is_never_kept() -> None:
    office = Office()
    anna, bert = pair(office)
    typing = ("Content-Type", "application/im-isComposing+xml;charset=utf-8")
    message(anna, "6002", b"<isComposing/>", typing)
    onward = bert.arrived()
    assert onward.headers.get("Content-Type") == typing[1]
    bert.reply(onward, 200, contact=False)
    assert anna.response().status == 200
    message(again := Phone(office, host="192.0.2.65"), "6003", b"<isComposing/>", typing)
    assert again.response().status == 480
    assert len(office.stack.messages) == 0


def test_nobody_of_that_name_is_404() -> None:
    office = Office()
    anna, _ = pair(office)
    message(anna, "6009")
    assert anna.response().status == 404


# Who may write to whom: whoever could call.


class Plan:
    """A context in which 6002 is an extension, 600 may become one, and 6003 is none."""

    def match(self, context: str, digits: str, caller: str = "") -> Match:
        if (context, caller) != ("pstn", "trunk"):
            return Match.IMPOSSIBLE
        return {"6002": Match.EXTENDABLE, "6001": Match.COMPLETE, "600": Match.PARTIAL}.get(
            digits, Match.IMPOSSIBLE
        )

    def has_special(self, context: str, name: str, caller: str = "") -> bool:
        return False

    def keeps_dial_tone(self, context: str, digits: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("to", "plan", "status"),
    [
        ("6002", Plan(), 202),
        ("6001", Plan(), 202),
        ("6003", Plan(), 404),
        ("600", Plan(), 404),
        ("6002", None, 404),
    ],
)
def test_a_text_goes_to_another_context_only_where_a_call_could(to: str, plan: Plan | None, status: int) -> None:
    office = Office(plan=plan)
    message(outside := Phone(office, "trunk", host="192.0.2.64"), to)
    assert outside.response().status == status
    assert len(office.stack.messages) == (status == 202)


def test_accounts_of_one_context_write_to_one_another_and_not_to_the_next() -> None:
    office = Office()
    message(anna := Phone(office), "trunk")
    assert anna.response().status == 404, "as for a user that does not exist"
    message(elsewhere := Phone(office, host="192.0.2.65"), "6002")
    assert elsewhere.response().status == 202


def test_who_has_no_account_writes_to_nobody_even_where_it_may_call_a_corner() -> None:
    office = Office(SipConfig(stranger=Account("stranger", Secret(), context="corner")))
    _, bert = pair(office)
    stranger = Phone(office, "6001", host="203.0.113.66")
    request = stranger.request("MESSAGE", f"sip:6002@{SERVER[0]}", headers=(PLAIN,), body=TEXT)
    stranger.send(request)
    challenge = stranger.response()
    assert challenge.status == 401
    stranger.send(stranger.with_proof(request, challenge, "guessed"))
    assert stranger.response().status == 403
    assert bert.messages() == [] and len(office.stack.messages) == 0


class Keeper:
    """Keeps texts, as a store would."""

    def __init__(self) -> None:
        self.held: dict[int, Text] = {}

    def saved(self, text: Text) -> None:
        self.held[text.serial] = text

    def removed(self, text: Text) -> None:
        del self.held[text.serial]


def registers(bert: Phone, number: int = 1) -> list[Request]:
    """The telephone registers; the MESSAGE that has come upon it, if one has."""
    request = bert.request("REGISTER", f"sip:{SERVER[0]}", number=number, headers=(("Expires", "600"),))
    bert.proved(request)
    response, *messages = bert.messages()
    assert response.summary == "200 OK"
    return [found for found in messages if isinstance(found, Request)]


def test_section_7_a_text_for_an_account_that_is_away_is_kept_and_delivered_when_it_registers() -> None:
    keeper = Keeper()
    office = Office(texts=keeper)
    anna, bert = Phone(office), Phone(office, "6002", host="192.0.2.61")
    message(anna, "6002")
    assert anna.response().status == 202 and len(keeper.held) == 1
    [onward] = registers(bert)
    assert onward.body == TEXT and str(onward.from_.uri) == "sip:6001@192.0.2.1"
    assert onward.headers.get("Date") == "Sun, 01 Mar 2026 12:30:05 GMT"
    assert onward.headers.get("Content-Type") == PLAIN[1]
    bert.reply(onward, 200, contact=False)
    assert keeper.held == {} and anna.messages() == []
    office.quiet()


def test_a_new_text_does_not_overtake_one_that_is_on_its_way() -> None:
    office = Office()
    anna, bert = Phone(office), Phone(office, "6002", host="192.0.2.61")
    cleo = Phone(office, "6003", host="192.0.2.62")
    message(anna, "6002", b"first")
    anna.messages()
    [first] = registers(bert)
    message(cleo, "6002", b"second")
    assert cleo.response().status == 202 and bert.messages() == []
    bert.reply(first, 200, contact=False)
    second = bert.arrived()
    assert (first.body, second.body) == (b"first", b"second")
    bert.reply(second, 200, contact=False)
    office.quiet()


def test_texts_that_wait_are_delivered_one_by_one_in_their_order() -> None:
    office = Office()
    anna, bert = Phone(office), Phone(office, "6002", host="192.0.2.61")
    for word in (b"one", b"two", b"three"):
        request = anna.request("MESSAGE", "sip:6002@192.0.2.1", call_id=word.decode(), headers=(PLAIN,), body=word)
        anna.proved(request)
        assert anna.response().status == 202
    [onward] = registers(bert)
    heard = []
    for _ in range(3):
        heard.append(onward.body)
        bert.reply(onward, 200, contact=False)
        messages = bert.messages()
        if messages:
            assert isinstance(messages[0], Request)
            onward = messages[0]
    assert heard == [b"one", b"two", b"three"]
    office.quiet()


def test_a_text_that_is_refused_for_good_does_not_hold_up_the_next() -> None:
    office = Office()
    anna, bert = Phone(office), Phone(office, "6002", host="192.0.2.61")
    for word in (b"one", b"two"):
        anna.proved(
            anna.request("MESSAGE", "sip:6002@192.0.2.1", call_id=word.decode(), headers=(PLAIN,), body=word)
        )
        assert anna.response().status == 202
    [onward] = registers(bert)
    bert.reply(onward, 415, contact=False)
    assert bert.arrived().body == b"two"


def test_a_telephone_that_is_silent_gets_its_text_when_it_registers_again() -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002")
    office.wait(10.1)
    assert anna.statuses() == [202]
    office.wait(25)
    bert.messages()
    [onward] = registers(bert, 20)
    bert.reply(onward, 200, contact=False)
    office.quiet()


def test_an_answer_that_comes_late_delivers_a_text_that_is_kept() -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002")
    onward = bert.arrived()
    office.wait(10.1)
    bert.reply(onward, 200, contact=False)
    assert anna.statuses() == [202]
    office.quiet()


def test_section_5_a_text_that_is_of_no_use_any_more_is_not_delivered() -> None:
    keeper = Keeper()
    office = Office(texts=keeper)
    anna, bert = Phone(office), Phone(office, "6002", host="192.0.2.61")
    request = anna.request("MESSAGE", "sip:6002@192.0.2.1", headers=(PLAIN, ("Expires", "30")), body=TEXT)
    anna.proved(request)
    assert anna.response().status == 202
    office.wait(31)
    assert registers(bert) == [] and keeper.held == {}
    at_once = anna.request("MESSAGE", "sip:6003@192.0.2.1", call_id="x", headers=(("Expires", "0"),), body=TEXT)
    anna.proved(at_once)
    assert anna.response().status == 480


def test_texts_for_one_account_are_bounded() -> None:
    office = Office()
    anna = Phone(office)
    statuses = []
    for serial in range(101):
        anna.proved(anna.request("MESSAGE", "sip:6002@192.0.2.1", call_id=f"m{serial}", body=b"x"))
        statuses.append(anna.response().status)
    assert statuses == [202] * 100 + [480]


def test_texts_of_an_earlier_run_wait_on_and_those_of_accounts_that_are_gone_do_not() -> None:
    office = Office()
    texts = [
        Text("6002", "6001", "Ada", (PLAIN,), b"two", 9999.0, 7),
        Text("6002", "6001", "Ada", (PLAIN,), b"one", 9999.0, 5),
        Text("6999", "6001", "Ada", (PLAIN,), b"lost", 9999.0, 6),
    ]
    office.stack.messages.restore(texts)
    assert len(office.stack.messages) == 2
    [onward] = registers(Phone(office, "6002", host="192.0.2.61"))
    assert onward.body == b"one"


def test_a_text_of_the_office_itself_is_sent_or_kept() -> None:
    office = Office()
    _, bert = pair(office)
    assert office.stack.messages.send("6002", "8000", "Voicemail", "Call me", office.clock.now)
    office.drain()
    onward = bert.arrived()
    assert (onward.from_.display, onward.body) == ("Voicemail", b"Call me")
    assert not office.stack.messages.send("6999", "8000", "", "x", office.clock.now)


def test_section_8_a_text_too_long_for_a_datagram_is_refused() -> None:
    office = Office()
    anna, bert = pair(office)
    message(anna, "6002", b"x" * 1301)
    assert anna.response().status == 513 and bert.messages() == []


@pytest.mark.parametrize(
    ("sender", "recipients", "octets", "status", "gets"),
    [
        ("tcp", ("tcp",), 16_384, 200, ("tcp",)),
        ("tcp", ("tcp",), 16_385, 513, ()),
        ("udp", ("tcp",), 1301, 513, ()),
        ("tcp", ("udp",), 1301, 513, ()),
        ("tcp", ("udp", "tcp"), 1301, 200, ("tcp",)),
        ("tcp", ("udp", "tcp"), 1300, 200, ("udp", "tcp")),
        ("tcp", (), 1301, 480, ()),
        ("tcp", (), 1300, 202, ()),
    ],
)
def test_section_8_a_longer_text_goes_by_what_controls_congestion_all_the_way_or_not_at_all(
    sender: str, recipients: tuple[str, ...], octets: int, status: int, gets: tuple[str, ...]
) -> None:
    office = Office()
    anna = Phone(office, transport=sender)
    phones = {
        each: Phone(office, "6002", host=f"192.0.2.6{at}", transport=each) for at, each in enumerate(recipients, 1)
    }
    for each, phone in phones.items():
        phone.register(call_id=each)
    message(anna, "6002", b"x" * octets)
    for each, phone in phones.items():
        for onward in phone.messages():
            assert isinstance(onward, Request) and each in gets and onward.body == b"x" * octets
            phone.reply(onward, 200, contact=False)
    assert anna.response().status == status


def test_texts_of_all_accounts_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_queue, "MOST", 3)
    queue = TextQueue()
    kept = [queue.keep(Text(f"600{number}", "6001", "", (), b"x", 10.0), 0.0) for number in range(5)]
    assert [one is not None for one in kept] == [True, True, True, False, False] and len(queue) == 3


def test_a_text_is_not_kept_with_headers_without_end() -> None:
    office = Office()
    anna, _ = pair(office)
    request = anna.request("MESSAGE", "sip:6003@192.0.2.1", headers=(PLAIN, ("Subject", "x" * 700)), body=TEXT)
    anna.proved(request)
    assert anna.response().status == 513 and len(office.stack.messages) == 0


def test_a_stranger_sends_nothing() -> None:
    office = Office()
    _, bert = pair(office)
    stranger = Phone(office, "nobody", host="203.0.113.5")
    stranger.send(stranger.request("MESSAGE", "sip:6002@192.0.2.1", headers=(PLAIN,), body=TEXT))
    assert stranger.response().status == 401 and bert.messages() == []
