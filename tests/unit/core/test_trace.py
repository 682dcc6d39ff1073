"""The recorder: one story a call, bounded, without secrets."""

import re
import time

import pytest

from gateway.core.trace import Kind, Recorder
from gateway.sip.journal import Journal
from gateway.sip.transport import Datagram, Flow

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5070))


def texts(recorder: Recorder, name: str) -> list[str]:
    return [note.text for note in recorder.story(name)]


def test_legs_of_one_call_become_one_story_in_time_order() -> None:
    recorder = Recorder()
    recorder.note(1.0, Kind.MESSAGE, "SIP/1", "INVITE")
    recorder.note(2.0, Kind.LINE, "FXS/1", "RING")
    recorder.join("call-1", "SIP/1")
    recorder.join("call-1", "FXS/1")
    recorder.note(3.0, Kind.LINE, "FXS/1", "RINGOFFHOOK")
    recorder.note(4.0, Kind.MESSAGE, "SIP/1", "200 OK")
    assert texts(recorder, "call-1") == ["INVITE", "RING", "RINGOFFHOOK", "200 OK"]
    assert recorder.story("SIP/1") == recorder.story("call-1")
    assert recorder.stories() == ["call-1"]


def test_a_long_story_loses_its_middle() -> None:
    recorder = Recorder(notes=4)
    for number in range(10):
        recorder.note(float(number), Kind.CALL, "leg", str(number))
    assert texts(recorder, "leg") == ["0", "1", "(6 notes left out here)", "8", "9"]


def test_two_long_stories_become_one_in_the_order_of_time_that_loses_its_middle() -> None:
    recorder = Recorder(notes=4)
    for number in range(6):
        recorder.note(float(number), Kind.CALL, "even" if number % 2 == 0 else "odd", str(number))
    recorder.note(6.0, Kind.CALL, "odd", "6")
    recorder.note(7.0, Kind.CALL, "odd", "7")
    assert texts(recorder, "odd") == ["1", "3", "(1 notes left out here)", "6", "7"]
    recorder.join("call", "even")
    recorder.join("call", "odd")
    assert texts(recorder, "call") == ["0", "1", "(4 notes left out here)", "6", "7"]
    recorder.note(8.0, Kind.CALL, "even", "8")
    assert texts(recorder, "call") == ["0", "1", "(5 notes left out here)", "7", "8"]


def test_old_stories_give_way_and_leave_nothing_behind() -> None:
    recorder = Recorder(calls=2)
    for call in ("a", "b", "c"):
        recorder.note(0.0, Kind.CALL, f"leg-{call}", "begins")
        recorder.join(call, f"leg-{call}")
    assert recorder.stories() == ["b", "c"]
    assert recorder.story("a") == recorder.story("leg-a") == []
    recorder.note(1.0, Kind.CALL, "leg-a", "again")
    assert texts(recorder, "leg-a") == ["again"]


def test_a_touched_story_stays_longer() -> None:
    recorder = Recorder(calls=2)
    for call in ("a", "b"):
        recorder.join(call, f"leg-{call}")
        recorder.note(0.0, Kind.CALL, call, "begins")
    recorder.rest(10.0)
    recorder.note(10.0, Kind.CALL, "leg-a", "goes on")
    recorder.join("c", "leg-c")
    assert recorder.stories() == ["a", "c"]


def test_a_story_that_does_not_rest_stays_longer_too() -> None:
    """It is touched where others are packed, not at each of its notes."""
    recorder = Recorder(calls=2)
    for call in ("a", "b"):
        recorder.join(call, f"leg-{call}")
        recorder.note(0.0, Kind.CALL, call, "begins")
    recorder.note(9.0, Kind.CALL, "leg-a", "goes on")
    recorder.rest(10.0)
    recorder.join("c", "leg-c")
    assert recorder.stories() == ["a", "c"]


def test_requests_that_never_become_calls_push_out_their_own_kind_only() -> None:
    recorder = Recorder(calls=2, strays=3)
    recorder.note(0.0, Kind.MESSAGE, "leg", "INVITE")
    recorder.join("call", "leg")
    for number in range(100):
        recorder.note(1.0, Kind.MESSAGE, f"scan-{number}", "OPTIONS")
    assert texts(recorder, "call") == ["INVITE"]
    assert texts(recorder, "scan-99") == ["OPTIONS"]
    assert texts(recorder, "scan-96") == []
    assert recorder.stories() == ["call"]


def test_secrets_are_masked_in_what_is_read() -> None:
    recorder = Recorder()
    header = 'Authorization: Digest username="6001", nonce="abc", response="0123456789abcdef", password=hunter2'
    recorder.note(0.0, Kind.MESSAGE, "SIP/1", "REGISTER with secret=x", header)
    recorder.note(1.0, Kind.MESSAGE, "SIP/1", "REGISTER", header.encode() + b"\xff")
    masked = 'Authorization: Digest username="6001", nonce=***, response=***, password=***'
    first, second = recorder.story("SIP/1")
    assert (first.text, first.detail) == ("REGISTER with secret=***", masked)
    assert second.detail.startswith(masked[:-3]) and "hunter2" not in second.detail


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: Basic NjAwMTpwdw==", "Authorization: Basic ***"),
        ("Proxy-Authorization : Bearer eyJ.x.y, a=b", "Proxy-Authorization : Bearer ***, a=b"),
        ('Authorization: Digest username="6001", uri="x"', 'Authorization: Digest username="6001", uri="x"'),
        ("From: <sip:6001:hunter2;x@192.0.2.1:5060>", "From: <sip:6001:***@192.0.2.1:5060>"),
        ("From: <sip:6001:hun,ter2@192.0.2.1:5060>;tag=a", "From: <sip:6001:***@192.0.2.1:5060>;tag=a"),
        ("Contact: <sip:192.0.2.1:5060>, <sip:a@b>", "Contact: <sip:192.0.2.1:5060>, <sip:a@b>"),
        ('nonce="a\\"b c", x=1', "nonce=***, x=1"),
        ('nextnonce="abc", rspauth="0123"', "nextnonce=***, rspauth=***"),
        ("a=ice-pwd:asd88fgpdd777uzjYhagZg", "a=ice-pwd:***"),
        ("a=key-mgmt:mikey AQAFgM0X", "a=key-mgmt:mikey ***"),
        ("k=clear:topsecret", "k=clear:***"),
        ('nonce="', "nonce=***"),
    ],
)
def test_every_kind_of_secret_is_masked_and_starred_out(line: str, shown: str) -> None:
    recorder = Recorder()
    data = f"INVITE sip:6001@192.0.2.1 SIP/2.0\r\nCall-ID: a\r\n{line}\r\n".encode()
    Journal(recorder).sent(Datagram(data, FLOW, call_id="a"), 1.0)
    (note,), (packet,) = recorder.story("Call-ID a"), recorder.packets("Call-ID a")
    assert note.detail.split("\r\n")[2] == shown
    assert len(packet.data) == len(data)
    starred = packet.data.decode().split("\r\n")[2]
    assert re.sub(r'"\*+"|\*+', "***", starred) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Content-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160\r\n", "Signal=?\r\nDuration=160"),
        ("Content-Type: application/dtmf-relay\r\n\r\n  signal = #", "  signal = ?"),
        ("Content-Type: application/dtmf-relay\r\n\r\nSignal=11\nDuration=9", "Signal=??\nDuration=9"),
        ("Content-Type: application/dtmf-relay\r\n\r\nSignal=hf\r\n", "Signal=hf"),
        ("Content-Type: application/dtmf ; x=y\r\nContent-Length: 1\r\n\r\n5", "\r\n\r\n?"),
        ("c:application/dtmf\r\nMax-Forwards: 70\r\n\r\n1234\r\n", "\r\n\r\n????\r\n"),
        ("Content-Type: text/plain\r\n\r\n1234", "\r\n\r\n1234"),
    ],
)
def test_keys_that_come_as_info_are_told_and_not_which(said: str, shown: str) -> None:
    data = f"INFO sip:6001@192.0.2.1 SIP/2.0\r\nCall-ID: a\r\n{said}".encode()
    for recorder, expected in ((Recorder(), shown), (Recorder(shows_keys=True), said)):
        Journal(recorder).sent(Datagram(data, FLOW, call_id="a"), 1.0)
        (note,), (packet,) = recorder.story("Call-ID a"), recorder.packets("Call-ID a")
        assert expected in note.detail and expected.encode() in packet.data
        assert len(packet.data) == len(data)


def test_keys_that_a_leg_has_heard_are_told_and_not_which() -> None:
    hidden, shown = Recorder(), Recorder(shows_keys=True)
    said = ["key 5 (RFC 4733)", "key * (in-band tone)", "keys 1234#", "digit 5 (in-band tone)", "keys are missing"]
    for recorder in (hidden, shown):
        for text in said:
            recorder.note(1.0, Kind.MEDIA, "leg", text)
    assert texts(hidden, "leg") == ["key ? (RFC 4733)", "key ? (in-band tone)", "keys ?????", *said[3:]]
    assert texts(shown, "leg") == said


@pytest.mark.parametrize(
    "hostile",
    [
        "c:application/dtmf\r\n",
        "signal=",
        "signal=\n",
        "\nkey 5",
        "authorization:",
        "sip:a",
        "authorization: a",
        "key-mgmt:mikey ",
        'nonce="',
    ],
)
def test_nobody_makes_a_story_long_to_read(hostile: str) -> None:
    recorder = Recorder()
    recorder.note(0.0, Kind.MESSAGE, "SIP/1", "INVITE", hostile * (65_000 // len(hostile)))
    before = time.process_time()
    recorder.story("SIP/1")
    assert time.process_time() - before < 0.5


def test_keys_of_encrypted_audio_are_masked_too() -> None:
    recorder = Recorder()
    line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1j/dGwg+KCkgewky|2^31|1:4 WSH=64\r\na=ptime:20"
    recorder.note(0.0, Kind.MESSAGE, "SIP/1", "INVITE", line)
    (note,) = recorder.story("SIP/1")
    assert note.detail == "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:*** WSH=64\r\na=ptime:20"


def test_a_leg_that_goes_to_another_call_takes_its_story_along() -> None:
    recorder = Recorder()
    for leg in ("a", "b"):
        recorder.join(f"call-{leg}", leg)
        recorder.note(1.0, Kind.CALL, leg, f"{leg} calls")
    recorder.join("call-b", "a")
    assert sorted(texts(recorder, "call-b")) == ["a calls", "b calls"]
    assert recorder.story("call-a") == recorder.story("call-b")
    assert recorder.stories() == ["call-b"]
