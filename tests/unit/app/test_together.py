"""Messages that wait in a socket together are taken in before anything is done about the first of them: what comes
of it is what would come of them one by one (RFC 3261 9.2, 15, 17.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.bench.bench_office import COPIED, HOST, SDP, TO, Bench

LIFE_OF_A_TRANSACTION = 64.0
LEFT = ("calls", "legs", "rows", "sip transactions", "sip dialogs")


class Wire(Bench):
    """A caller and a callee who say several things at once."""

    def invite(self) -> bytes:
        """An INVITE of a new call."""
        self._serial += 1
        return self._request("INVITE", 1, f"<sip:5550100@{HOST}>", f"sip:5550100@{HOST}", SDP)

    def within(self, method: str, number: int, answer: bytes | None = None) -> bytes:
        """A request of the latest call: to whom `answer` came from, or as its INVITE was sent."""
        target, to = f"sip:5550100@{HOST}", f"<sip:5550100@{HOST}>"
        if answer is not None:
            found, contact = TO.search(answer), re.search(rb"^Contact: <([^>]*)>", answer, re.MULTILINE)
            assert found is not None and contact is not None
            to, target = found[1].decode(), contact[1].decode()
        return self._request(method, number, to, target, "", branch="invite" if method == "CANCEL" else method)

    def answers(self, invite: bytes) -> list[bytes]:
        """What the callee says to an INVITE: 100, 180, 200."""
        head = b"".join(COPIED.findall(invite))
        port = self._callee.getsockname()[1]
        own = head.replace(b"\r\nCall-ID", b";tag=callee\r\nCall-ID", 1) + b"Contact: <sip:%s:%d>\r\n" % (
            HOST.encode(),
            port,
        )
        body = b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(SDP) + SDP.encode()
        nothing = b"Content-Length: 0\r\n\r\n"
        return [
            b"SIP/2.0 100 Trying\r\n" + head + nothing,
            b"SIP/2.0 180 Ringing\r\n" + own + nothing,
            b"SIP/2.0 200 OK\r\n" + own + body,
        ]

    def bye_of_the_callee(self, invite: bytes) -> bytes:
        """The callee's BYE, in the dialog of its 200."""
        port = self._callee.getsockname()[1]
        said = {name: re.search(rb"^%s: ([^\r\n]*)" % name, invite, re.MULTILINE) for name in (b"From", b"Call-ID")}
        contact, to = re.search(rb"^Contact: <([^>]*)>", invite, re.MULTILINE), TO.search(invite)
        assert contact is not None and to is not None and all(said.values())
        from_, call_id = (found[1] for found in said.values() if found)
        return (
            b"BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bKover\r\nMax-Forwards: 70\r\n"
            b"From: %s;tag=callee\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
            % (contact[1], HOST.encode(), port, to[1], from_, call_id)
        )

    def caller_says(self, *messages: bytes) -> None:
        """All of them wait before the office has its turn."""
        for message in messages:
            self._caller.sendto(message, self._address)
        self._turn()

    def callee_says(self, *messages: bytes) -> None:
        """The same, of the other one."""
        for message in messages:
            self._callee.sendto(message, self._address)
        self._turn()

    def caller_hears(self) -> list[bytes]:
        """What has come to the caller."""
        return self._heard(self._caller)

    def callee_hears(self) -> list[bytes]:
        """What has come to the callee."""
        return self._heard(self._callee)

    def _request(self, method: str, number: int, to: str, target: str, body: str, branch: str = "invite") -> bytes:
        user = f"sip:5551000@{HOST}:{self._caller.getsockname()[1]}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} {target} SIP/2.0\r\n{self._via(branch)}Max-Forwards: 70\r\n"
            f"From: <{user}>;tag=c{self._serial}\r\nTo: {to}\r\nCall-ID: call{self._serial}@caller\r\n"
            f"CSeq: {number} {method}\r\nContact: <{user}>\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with Wire(tmp_path_factory.mktemp("office")) as wire:
        yield wire


@pytest.fixture
def wire(office: Wire) -> Iterator[Wire]:
    """Nothing of an earlier conversation is to be heard."""
    office.caller_hears()
    office.callee_hears()
    yield office
    assert nothing_is_left(office)


def said(heard: list[bytes]) -> list[str]:
    """Methods and statuses."""
    first = [message.split(b"\r\n", 1)[0].decode().split(" ") for message in heard]
    return [words[1] if words[0] == "SIP/2.0" else words[0] for words in first]


def nothing_is_left(wire: Wire) -> bool:
    wire.pass_time(LIFE_OF_A_TRANSACTION)
    wire.pass_time(LIFE_OF_A_TRANSACTION)
    usage = wire.office.app.usage()
    return not any(usage[what] for what in LEFT)


def test_an_invite_and_its_cancel(wire: Wire) -> None:
    """RFC 3261 9.2: 200 to the CANCEL, 487 to the INVITE, and nobody is called."""
    invite = wire.invite()
    wire.caller_says(invite, wire.within("CANCEL", 1))
    heard = wire.caller_hears()
    assert sorted(said(heard)) == ["100", "200", "487"]
    refusal = next(message for message in heard if message.startswith(b"SIP/2.0 487"))
    found = TO.search(refusal)
    assert found is not None
    wire.caller_says(wire._request("ACK", 1, found[1].decode(), f"sip:5550100@{HOST}", ""))
    assert not wire.callee_hears()


def test_an_invite_that_is_repeated(wire: Wire) -> None:
    """RFC 3261 17.2.1: a repetition makes no second call."""
    invite = wire.invite()
    wire.caller_says(invite, invite, invite)
    assert said(wire.caller_hears()) == ["100", "100", "100"]
    assert said(wire.callee_hears()) == ["INVITE"]
    assert wire.office.app.usage()["calls"] == 1
    wire.caller_says(wire.within("CANCEL", 1))
    wire.pass_time(0.1)
    wire.caller_hears()


def test_all_that_a_callee_says_and_all_that_a_caller_says_then(wire: Wire) -> None:
    wire.caller_says(wire.invite())
    (invite,) = wire.callee_hears()
    wire.callee_says(*wire.answers(invite))
    heard = wire.caller_hears()
    assert said(heard) == ["100", "180", "200"]
    wire.caller_says(wire.within("ACK", 1, heard[-1]), wire.within("BYE", 2, heard[-1]))
    assert said(wire.caller_hears()) == ["200"]
    assert said(wire.callee_hears()) == ["ACK", "BYE"]


def test_a_callee_who_answers_and_hangs_up(wire: Wire) -> None:
    """RFC 3261 15: the caller, who has not acknowledged yet, hears the answer, and a BYE after its ACK."""
    wire.caller_says(wire.invite())
    (invite,) = wire.callee_hears()
    wire.callee_says(*wire.answers(invite), wire.bye_of_the_callee(invite))
    assert said(wire.callee_hears()) == ["ACK", "200"]
    heard = wire.caller_hears()
    assert said(heard) == ["100", "180", "200"]
    wire.caller_says(wire.within("ACK", 1, heard[-1]))
    assert said(wire.caller_hears()) == ["BYE"]
