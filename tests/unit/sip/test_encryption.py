"""Which calls have encrypted audio: by account, by path, and by what the telephone offers (RFC 4568)."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer, Dial, Hangup, Released
from gateway.core.number import Party
from gateway.core.srtp import Encryption, Suite
from gateway.sip.message import Request, Response
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone
from tests.unit.sip.test_stack import CLEAR

OPTIONAL, REQUIRED = Encryption.OPTIONAL, Encryption.REQUIRED
SDP = (("Content-Type", "application/sdp"),)
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


def offer(protocol: str, *lines: str) -> bytes:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.60", "s=-", "c=IN IP4 192.0.2.60", "t=0 0"]
    return "\r\n".join([*head, f"m=audio 30000 {protocol} 0", *lines, ""]).encode()


SECURE, BOTH, PLAIN = offer("RTP/SAVP", CRYPTO), offer("RTP/AVP", CRYPTO), offer("RTP/AVP")


def office_and_phone(encryption: Encryption, transport: str) -> tuple[Office, Phone]:
    office = Office(encryption=encryption)
    phone = Phone(office)
    phone.flow = Flow(transport, SERVER, ("192.0.2.60", 40000))
    return office, phone


def calls(encryption: Encryption, transport: str, body: bytes) -> tuple[Office, Response]:
    """What a call is answered with, and where."""
    office, phone = office_and_phone(encryption, transport)
    phone.proved(phone.request("INVITE", f"sip:6002@{SERVER[0]}", number=1, headers=SDP, body=body))
    response = phone.response()
    if response.status == 100:
        ((channel, _),) = office.heard()
        office.command(channel, Answer())
        response = phone.response()
    return office, response


@pytest.mark.parametrize(
    ("encryption", "transport", "body", "line"),
    [
        (OPTIONAL, "tls", SECURE, b"RTP/SAVP"),
        (OPTIONAL, "wss", BOTH, b"RTP/AVP"),
        (REQUIRED, "tls", SECURE, b"RTP/SAVP"),
        (REQUIRED, "udp", SECURE, b"RTP/SAVP"),  # as the account asks, and `check` says what it is worth
    ],
)
def test_a_call_with_keys_is_answered_with_a_key(
    encryption: Encryption, transport: str, body: bytes, line: bytes
) -> None:
    office, response = calls(encryption, transport, body)
    assert response.status == 200 and line in response.body
    assert b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in response.body
    (row,) = office.desk.rows
    assert row.protection is not None and row.protection.suite is Suite.AES_CM_128_HMAC_SHA1_80


@pytest.mark.parametrize(
    ("encryption", "transport", "body"),
    [(OPTIONAL, "tls", PLAIN), (OPTIONAL, "udp", BOTH), (Encryption.OFF, "tls", BOTH)],
)
def test_a_call_that_can_do_without_is_in_clear(encryption: Encryption, transport: str, body: bytes) -> None:
    office, response = calls(encryption, transport, body)
    assert response.status == 200 and b"crypto" not in response.body
    (row,) = office.desk.rows
    assert row.protection is None


@pytest.mark.parametrize(
    ("encryption", "transport", "body", "why"),
    [
        (Encryption.OFF, "tls", SECURE, "not to be had on this path"),
        (OPTIONAL, "udp", SECURE, "not to be had on this path"),
        (REQUIRED, "tls", PLAIN, "audio must be encrypted"),
    ],
)
def test_who_must_and_who_cannot_part_with_488(
    encryption: Encryption, transport: str, body: bytes, why: str
) -> None:
    office, response = calls(encryption, transport, body)
    assert response.status == 488
    assert why in (response.headers.get("Warning") or "")
    assert office.desk.open == 0


@pytest.mark.parametrize(
    ("encryption", "transport", "line", "keys"),
    [(OPTIONAL, "tls", b"RTP/AVP", 3), (REQUIRED, "tls", b"RTP/SAVP", 3), (OPTIONAL, "udp", b"RTP/AVP", 0)],
)
def test_a_telephone_is_called_with_what_its_account_wants(
    encryption: Encryption, transport: str, line: bytes, keys: int
) -> None:
    office, phone = office_and_phone(encryption, transport)
    headers = (("Contact", f"<sip:6001@192.0.2.60:5071;transport={transport}>"),)
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=1, headers=headers))
    assert phone.response().status == 200
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.message()
    assert isinstance(invite, Request)
    assert (line in invite.body, invite.body.count(b"a=crypto")) == (True, keys)


def test_no_key_is_in_a_calls_story() -> None:
    office, response = calls(OPTIONAL, "tls", SECURE)
    notes = [note for story in office.recorder.stories() for note in office.recorder.story(story)]
    told = "\n".join(f"{note.text}\n{note.detail}" for note in notes)
    assert "inline:***" in told and "WVNfX19z" not in told
    assert response.body.split(b"inline:")[1].split()[0].decode() not in told
    assert "encrypted by AES_CM_128_HMAC_SHA1_80" in told


@pytest.mark.parametrize(
    ("encryption", "transport", "protocols"),
    [
        (OPTIONAL, "tls", [b"RTP/AVP", b"RTP/SAVP"]),
        (OPTIONAL, "udp", [b"RTP/AVP"]),
        (REQUIRED, "tls", [b"RTP/SAVP"]),
        (Encryption.OFF, "tls", [b"RTP/AVP"]),
    ],
)
def test_who_refuses_an_offer_of_both_is_offered_encrypted_audio_alone_once(
    encryption: Encryption, transport: str, protocols: list[bytes]
) -> None:
    office, phone = office_and_phone(encryption, transport)
    phone.register()
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101")))
    numbers = []
    for protocol in protocols:
        invite = phone.messages()[-1]
        assert isinstance(invite, Request) and b" " + protocol + b" " in invite.body
        numbers.append(invite.cseq.number)
        phone.reply(invite, 488, tag=f"refusal-{len(numbers)}")
    assert numbers == list(range(numbers[0], numbers[0] + len(protocols)))
    assert any(isinstance(event, Released) for event in office.events())
    assert office.desk.open == 0


@pytest.mark.parametrize(("status", "header"), [(422, ("Min-SE", "7200")), (488, ("Warning", "399 x y"))])
def test_a_refusal_that_crosses_our_cancel_is_not_met_with_another_invite(
    status: int, header: tuple[str, str]
) -> None:
    office, phone = office_and_phone(OPTIONAL, "tls")
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    phone.reply(invite, 180)
    office.command(channel, Hangup(CLEAR))
    phone.reply(phone.arrived(), 200)
    refusal = invite.reply(status, to_tag="below")
    refusal.headers.set(*header)
    phone.send(refusal)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["ACK"]
    office.quiet()
