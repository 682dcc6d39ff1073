"""The call flows of RFC 3665 on the wire, message for message, with the office where the RFC has its proxies.

The office is a back-to-back user agent: each side has a call of its own, and it challenges with 401 where a proxy
would with 407. Sections 3.3 to 3.5 are in test_rfc3665_provider.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.support.station import Call, Station, Taken
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = pytest.mark.wire

Make = Callable[..., Station]


@pytest.fixture
def station(office: RunningOffice) -> Iterator[Make]:
    """Gives telephones; their registrations are taken back at the end."""
    made: list[Station] = []

    def make(user: str, transport: str = "udp") -> Station:
        made.append(Station(office.addresses[transport], user, f"copper-{user}", transport))
        return made[-1]

    try:
        yield make
        for each in made:
            if any(found["account"] == each.user for found in office.get("/api/v1/registrations")):
                register(each, "Contact: *", "Expires: 0")
    finally:
        for each in made:
            each.close()


@pytest.fixture
def alice(station: Make) -> Station:
    """Who calls."""
    return station("6001")


@pytest.fixture
def bob(station: Make) -> Station:
    """Who is called: he has registered."""
    bob = station("6002")
    register(bob, f"Contact: <{bob.contact}>", "Expires: 60")
    return bob


def register(phone: Station, *headers: str) -> Taken:
    """REGISTER, 401, REGISTER with credentials, 200."""
    call = phone.begins()
    phone.asks(call, "REGISTER", *headers)
    challenge = phone.takes("401 REGISTER")
    phone.asks(call, "REGISTER", *headers, phone.credentials(call, "REGISTER", challenge))
    return phone.takes("200 REGISTER")


def bindings(response: Taken) -> dict[str, int]:
    """The seconds that each Contact of a 200 has left."""
    found = {}
    for contact in response.all("Contact"):
        uri, expires = re.search(r"<([^>]*)>", contact), re.search(r";expires=(\d+)", contact)
        assert uri and expires, contact
        found[uri[1]] = int(expires[1])
    return found


def invite(alice: Station, called: str = "6002", *, late: bool = False) -> Call:
    """F1 to F5 of section 3.2: INVITE, the challenge, ACK, INVITE with credentials, 100."""
    call = alice.begins(called)
    body = b"" if late else alice.description()
    alice.asks(call, "INVITE", body=body)
    challenge = alice.takes("401 INVITE")
    alice.acknowledges_refusal(call, challenge)
    alice.asks(call, "INVITE", alice.credentials(call, "INVITE", challenge), body=body)
    alice.takes("100 INVITE")
    return call


def rings(alice: Station, bob: Station) -> Taken:
    """INVITE and 100, 180 on the called side, 180 on the calling one; the INVITE that came to Bob."""
    called = bob.takes("INVITE")
    assert called.start == f"INVITE {bob.contact} SIP/2.0"
    assert ";tag=" not in called["To"]
    bob.answers(called, "100 Trying")
    bob.answers(called, "180 Ringing", tag="bob")
    alice.takes("180 INVITE")
    return called


def talk(alice: Station, bob: Station) -> tuple[Call, Call, Taken, Taken]:
    """Section 3.1, F1 to F4 and the media: both sides of a call that is up, Alice's 200 and Bob's INVITE."""
    call = invite(alice)
    called = rings(alice, bob)
    assert called["Content-Type"] == "application/sdp"
    bob.answers(called, "200 OK", tag="bob", body=bob.description())
    bob.takes("ACK")
    answer = alice.takes("200 INVITE")
    assert answer["Content-Type"] == "application/sdp"
    alice.is_answered(call, answer)
    alice.asks(call, "ACK")
    hear_each_other(alice, bob, answer, called)
    return call, bob.is_called(called, "bob"), answer, called


def hear_each_other(alice: Station, bob: Station, answer: Taken, called: Taken) -> None:
    """RTP goes both ways through the office; both speak until both have heard the other."""
    ways = [(alice, answer.audio, b"\x11" * 160, bob), (bob, called.audio, b"\x22" * 160, alice)]
    numbers = count()

    def heard() -> bool:
        number = next(numbers) & 0xFFFF
        for phone, to, payload, _ in ways:
            phone.media.sendto(struct.pack("!BBHII", 0x80, 0, number, 160 * number, 7) + payload, to)
        ways[:] = [way for way in ways if not way[3].hears(way[2])]
        return not ways

    until(heard, PATIENCE, "speech to arrive on both sides")


def hang_up(from_: Station, call: Call, to: Station) -> None:
    """BYE on one side, then on the other, each answered with 200."""
    from_.asks(call, "BYE")
    from_.takes("200 BYE")
    to.answers(to.takes("BYE"), "200 OK")


# 2: registration


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_2_1_successful_new_registration(station: Make, transport: str) -> None:
    bob = station("6002", transport)
    answer = register(bob, f"Contact: <{bob.contact}>", "Expires: 3600")
    assert bindings(answer) == {bob.contact: 3600}


def test_2_2_update_of_contact_list(bob: Station) -> None:
    other = f"sip:6002@127.0.0.1:{bob.address[1] ^ 1};transport=udp"
    answer = register(bob, f"Contact: <{other}>;expires=120")
    assert set(bindings(answer)) == {bob.contact, other} and bindings(answer)[other] == 120


def test_2_3_request_for_current_contact_list(bob: Station) -> None:
    answer = register(bob)
    assert list(bindings(answer)) == [bob.contact] and 50 < bindings(answer)[bob.contact] <= 60


def test_2_4_cancellation_of_registration(bob: Station, office: RunningOffice) -> None:
    assert bindings(register(bob, "Contact: *", "Expires: 0")) == {}
    assert office.get("/api/v1/registrations") == []


def test_2_5_unsuccessful_registration(station: Make, office: RunningOffice) -> None:
    """The RFC has a second 401; 403 keeps telephones from asking with the wrong secret for ever."""
    bob = station("6002")
    call = bob.begins()
    bob.asks(call, "REGISTER", f"Contact: <{bob.contact}>")
    challenge = bob.takes("401 REGISTER")
    bob.asks(call, "REGISTER", f"Contact: <{bob.contact}>", bob.credentials(call, "REGISTER", challenge, "wrong"))
    bob.takes("403 REGISTER")
    assert office.get("/api/v1/registrations") == []


# 3: session establishment


def test_3_1_and_3_2_successful_session_establishment_through_the_office(alice: Station, bob: Station) -> None:
    call, at_bob, _, called = talk(alice, bob)
    assert called["Call-ID"] != call.call_id, "two calls, joined by the office"
    hang_up(bob, at_bob, alice)
    alice.hears_nothing()
    bob.hears_nothing()


@pytest.mark.parametrize(("calling", "called"), [("tcp", "udp"), ("udp", "tcp"), ("tcp", "tcp")])
def test_3_1_over_tcp_on_either_side(station: Make, calling: str, called: str) -> None:
    alice, bob = station("6001", calling), station("6002", called)
    register(bob, f"Contact: <{bob.contact}>", "Expires: 60")
    call, *_ = talk(alice, bob)
    hang_up(alice, call, bob)


def test_3_6_redirection_and_the_answer_in_the_ack(alice: Station, bob: Station, station: Make) -> None:
    mobile = station("6003")
    register(mobile, f"Contact: <{mobile.contact}>", "Expires: 60")
    call = invite(alice, late=True)
    first = bob.takes("INVITE")
    bob.answers(first, "302 Moved Temporarily", f"Contact: <sip:6003@{bob.server[0]}:{bob.server[1]}>", tag="moved")
    ack = bob.takes("ACK")
    assert ack["Via"] == first["Via"] and ";tag=moved" in ack["To"]
    called = rings(alice, mobile)
    mobile.answers(called, "200 OK", tag="bob", body=mobile.description())
    mobile.takes("ACK")
    offer = alice.takes("200 INVITE")
    assert offer.audio[1] > 0, "the offer, since the INVITE had none (RFC 3261 13.2.1)"
    alice.is_answered(call, offer)
    alice.asks(call, "ACK", body=alice.description())
    hear_each_other(alice, mobile, offer, called)
    hang_up(mobile, mobile.is_called(called, "bob"), alice)


def test_3_7_session_with_re_invite_from_a_new_address(alice: Station, bob: Station, station: Make) -> None:
    call, at_bob, answer, called = talk(alice, bob)
    moved = station("6002")
    bob.asks(at_bob, "INVITE", body=moved.description(2))
    again = bob.takes("100 INVITE", "200 INVITE")
    if again.status == 100:
        again = bob.takes("200 INVITE")
    bob.asks(at_bob, "ACK", uri=again.contact)
    assert again.audio == called.audio, "the office's own address stays"
    hear_each_other(alice, moved, answer, again)
    hang_up(alice, call, bob)


def test_3_8_unsuccessful_no_answer_the_caller_cancels(alice: Station, bob: Station) -> None:
    call = invite(alice)
    called = rings(alice, bob)
    alice.asks(call, "CANCEL")
    ends = [alice.takes("200 CANCEL", "487 INVITE") for _ in range(2)]
    assert {taken.status for taken in ends} == {200, 487}
    alice.acknowledges_refusal(call, next(taken for taken in ends if taken.status == 487))
    cancel = bob.takes("CANCEL")
    assert cancel["Via"] == called["Via"] and cancel.start.split()[1] == called.start.split()[1]
    assert cancel["CSeq"].split()[0] == called["CSeq"].split()[0]
    bob.answers(cancel, "200 OK", tag="bob")
    bob.answers(called, "487 Request Terminated", tag="bob")
    assert bob.takes("ACK")["Via"] == called["Via"]
    alice.hears_nothing()


@pytest.mark.parametrize(
    ("status", "ringing"),
    [("486 Busy Here", False), ("480 Temporarily Unavailable", True), ("603 Decline", True)],
    ids=["3.9 busy", "3.11 temporarily unavailable", "declined"],
)
def test_3_9_and_3_11_the_called_side_refuses(alice: Station, bob: Station, status: str, ringing: bool) -> None:
    call = invite(alice)
    called = rings(alice, bob) if ringing else bob.takes("INVITE")
    bob.answers(called, status, tag="bob")
    ack = bob.takes("ACK")
    assert ack["Via"] == called["Via"] and ack["CSeq"].split()[0] == called["CSeq"].split()[0]
    refused = alice.takes(f"{status[:3]} INVITE")
    assert "Q.850" in refused["Reason"]
    alice.acknowledges_refusal(call, refused)
    alice.hears_nothing()


def test_3_10_no_response_from_the_called_side(alice: Station, bob: Station, office: RunningOffice) -> None:
    call = invite(alice)
    copies = bob.copies(7.0)  # 64 * T1 = 6.4 s, timer B
    assert len(copies) == 7, "the INVITE and timer A six times: T1, 2 T1 ... 32 T1 (17.1.1.2)"
    assert len(set(copies)) == 1, "each the same, octet by octet"
    refused = alice.takes("480 INVITE")
    assert "Q.850;cause=27" in refused["Reason"], "destination out of order"
    alice.acknowledges_refusal(call, refused)
    until(lambda: office.in_calls() == 0, PATIENCE, "the call to be gone")
