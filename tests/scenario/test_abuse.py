"""Bad input and bad luck: each gets its answer, is logged once, leaves nothing behind, and the office goes on.

What is left behind is counted by the `build` fixture at the end of every test.
"""

from __future__ import annotations

import logging
import random
import socket

import pytest

from gateway.testing.sip_message import SipMessage
from tests.scenario.conftest import Build
from tests.support.office import OfficeUnderTest

INVITE = (
    "INVITE sip:101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bKx{n}\r\n"
    "From: <sip:6001@127.0.0.1>;tag=a{n}\r\nTo: <sip:101@127.0.0.1>\r\nCall-ID: abuse-{n}\r\nCSeq: 1 INVITE\r\n"
    "Max-Forwards: 70\r\nContact: <sip:6001@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n"
)


class Stranger:
    """A socket that sends what it likes."""

    def __init__(self, office: OfficeUnderTest) -> None:
        self._office = office
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._server = next(address for transport, address in office.app.sip.bound if transport == "udp")

    def sends(self, data: str | bytes) -> list[SipMessage]:
        """Send a datagram; what comes back within 0.1 s."""
        self._socket.sendto(data.encode() if isinstance(data, str) else data, self._server)
        self._office.run(0.1)
        answers = []
        while True:
            try:
                answers.append(SipMessage.parse(self._socket.recv(65535)))
            except BlockingIOError:
                return answers

    def close(self) -> None:
        self._socket.close()


def test_garbage_leaves_a_call_alone(office: OfficeUnderTest, caplog: pytest.LogCaptureFixture) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    stranger = Stranger(office)
    dice = random.Random(4475)
    whole = INVITE.format(n=0).encode()
    for _ in range(60):
        assert stranger.sends(dice.randbytes(dice.randrange(1, 400))) == []
    for cut in range(20, len(whole), 37):
        stranger.sends(whole[:cut])
    assert ada.state == "up" and desk.off_hook
    said = [record.message for record in caplog.records if "no SIP message" in record.message]
    assert 1 <= len(said) <= 2, "once a minute, however much of it comes"
    ada.key("5")
    office.run(0.5)
    assert desk.digits == "5"
    desk.hang_up()
    office.until(lambda: ada.state == "idle", within=3)
    stranger.close()


def test_who_floods_a_connection_is_disconnected_and_the_log_says_why(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    office = build(("[cards.main]", "[security]\nallow = []\nburst = 5\n\n[cards.main]"))
    server = next(address for transport, address in office.app.sip.bound if transport == "tcp")
    flood = b"OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n" * 50
    with socket.create_connection(server) as peer:
        peer.sendall(flood)
        office.run(0.5)
        assert office.app.sip.sockets.usage() == 0
    assert "is not heard: more than 20 requests a second" in caplog.text
    with socket.create_connection(server):
        office.run(0.5)
        assert office.app.sip.sockets.usage() == 1, "and may come again"
    office.run(0.5)


def test_an_invite_without_mandatory_headers_gets_400(office: OfficeUnderTest) -> None:
    stranger = Stranger(office)
    for header in ("From", "To", "Call-ID", "CSeq"):
        lines = [line for line in INVITE.format(n=header).split("\r\n") if not line.startswith(f"{header}:")]
        (answer,) = stranger.sends("\r\n".join(lines))
        assert answer.status == 400, header
    stranger.close()


def test_a_stranger_gets_no_further_than_a_challenge(office: OfficeUnderTest) -> None:
    stranger = Stranger(office)
    answers = stranger.sends(INVITE.format(n=1))
    assert [answer.status for answer in answers if answer.status != 100] == [401]
    assert office.app.usage()["calls"] == 0
    stranger.close()


def test_a_wrong_secret_is_refused_and_the_log_says_whose_it_was(
    office: OfficeUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    mallory = office.sip("6001", register=False)
    mallory.secret = "guess"
    mallory.register()
    office.until(lambda: mallory.status not in (0, 401), within=1)
    assert mallory.status == 403
    assert office.registrations() == []
    said = [record.message for record in caplog.records if "6001" in record.message]
    assert len(said) == 1 and "guess" not in caplog.text
    mallory.secret = office.config.accounts["6001"].secret


def test_a_user_that_was_mistyped_is_told_to_the_operator_with_whom_that_meant(office: OfficeUnderTest) -> None:
    mallory = office.sip("6001", register=False)
    mallory.user = "60O1"
    mallory.register()
    office.until(lambda: mallory.status not in (0, 401), within=1)
    assert mallory.status == 403
    (refusal,) = office.refusals()
    assert refusal.user == "60O1" and refusal.why.endswith("; there is 6001")
    mallory.user = "6001"


def test_no_common_codec_gets_488(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("101", offer="m=audio 4000 RTP/AVP 3 4\r\na=rtpmap:3 GSM/8000\r\na=rtpmap:4 G723/8000\r\n")
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.status == 488
    assert not office.phone("101").ringing


def test_audio_on_ipv6_where_we_have_ipv4_gets_488(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    ada.call("101", offer="m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n")
    office.until(lambda: ada.state == "idle", within=1)
    assert ada.status == 488


def test_a_card_that_is_missing_at_the_start_leaves_the_rest_of_the_office_working(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    office = build(
        (
            "[phones.101]",
            '[cards.other]\nbackend = "dahdi"\n\n[phones.105]\ncard = "other"\nport = 1\n\n[phones.101]',
        ),
        ("port = 1\nname", 'card = "main"\nport = 1\nname'),
        ("port = 2\nname", 'card = "main"\nport = 2\nname'),
        ("port = 3\ngroup", 'card = "main"\nport = 3\ngroup'),
        ("port = 4\ngroup", 'card = "main"\nport = 4\ngroup'),
    )
    assert caplog.text.count("is the dahdi module loaded?") == 1
    ada, desk = office.sip("6001"), office.phone("101")
    assert "dahdi" in office.app.console.trouble()
    ada.call("101")
    office.until(lambda: desk.ringing)
    ada.hang_up()
    office.run(1)


def test_a_card_that_is_pulled_out_ends_its_calls_with_a_reason(office: OfficeUnderTest) -> None:
    ada, desk = office.sip("6001"), office.phone("101")
    ada.call("101")
    office.until(lambda: desk.ringing)
    desk.lift()
    office.until(lambda: ada.state == "up")
    office.pull_out_card()
    office.until(lambda: ada.state == "idle", within=3)
    assert ada.ended_by.startswith("BYE Q.850;cause=27")
    (record,) = office.records()
    assert "telephone 101 stopped responding" in str(record.ending)
    assert not any(line.in_service for line in office.app.console.lines() if line.card == "main")
    office.idle["rows"] -= 4


def test_a_dialplan_that_loops_ends_its_call(build: Build) -> None:
    office = build(
        dialplan="[office]\nexten => 1,1,NoOp()\n same => n,Goto(1,1)\n[from-pstn]\nexten => s,1,Hangup()\n"
    )
    ada = office.sip("6001")
    ada.call("1")
    office.until(lambda: ada.state == "idle", within=30)
    assert ada.status >= 500 or ada.status == 480
    (record,) = office.records()
    assert "extensions.conf:" in str(record.ending) and record.ending.cause == 41


def test_a_caller_who_vanishes_is_noticed(office: OfficeUnderTest) -> None:
    ada, grace = office.sip("6001"), office.sip("6002")
    ada.call("6002")
    office.until(lambda: grace.state == "offered", within=1)
    grace.vanish()
    office.run(40)
    assert ada.state == "idle"
    assert ada.status in (408, 480, 502, 503, 504)
    assert office.app.usage()["calls"] == 0


def test_two_hundred_short_calls_leave_nothing(office: OfficeUnderTest) -> None:
    ada = office.sip("6001")
    for _ in range(200):
        ada.call("6003")
        office.until(lambda: ada.state == "idle", within=1)
        assert ada.status == 480
    assert len(office.records()) == 200
