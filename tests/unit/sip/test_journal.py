"""What a story says of a message."""

from __future__ import annotations

import pytest

from gateway.core.trace import Recorder
from gateway.sip.journal import Journal
from gateway.sip.parser import parse
from gateway.sip.transport import Datagram, Flow

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5070))
HEAD = (
    "Via: SIP/2.0/UDP 192.0.2.60:5070;branch=z9hG4bK1\r\nFrom: <sip:6001@192.0.2.1>;tag=a\r\n"
    "To: <sip:101@192.0.2.1>\r\nCall-ID: one@caller\r\nCSeq: 1 INVITE\r\n\r\n"
)


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        ("INVITE sip:101@192.0.2.1 SIP/2.0", "INVITE sip:101@192.0.2.1"),
        ("INVITE sips:101:secret@192.0.2.1 SIP/2.0", "INVITE sips:101:***@192.0.2.1"),
        ("INVITE sip:[2001:db8::1]:5060 SIP/2.0", "INVITE sip:[2001:db8::1]:5060"),
        ("SIP/2.0 180 Ringing", "180 Ringing"),
    ],
)
def test_a_message_is_one_phrase_without_its_passwords(line: str, phrase: str) -> None:
    recorder = Recorder()
    journal = Journal(recorder)
    journal.begin("one@caller", "SIP/6001-00000001")
    data = f"{line}\r\n{HEAD}".encode()
    journal.received(parse(data), b"\r\n" + data, FLOW, 1.0)
    journal.sent(Datagram(data, FLOW), 2.0)
    assert [note.text for note in recorder.story("SIP/6001-00000001")] == [
        f"<- {phrase} from udp:192.0.2.60:5070",
        f"-> {phrase} to udp:192.0.2.60:5070",
    ]
