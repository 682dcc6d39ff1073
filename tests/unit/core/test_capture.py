"""What a call's messages become for Wireshark, read back by it; and how secrets in them are starred out."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gateway.core.capture import LONGEST, pcapng
from gateway.core.trace import Packet, Recorder
from gateway.sip.journal import Journal
from gateway.sip.parser import parse
from gateway.sip.transport import Datagram, Flow

CALL = (
    b"OPTIONS sip:6001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.60:5070;branch=z9hG4bK1\r\n"
    b"From: <sip:6001@192.0.2.1>;tag=a\r\nTo: <sip:101@192.0.2.1>\r\nCall-ID: one@caller\r\nCSeq: 1 OPTIONS\r\n"
    b'Authorization: Digest username="6001", nonce="abcdef", response="0123456789"\r\n'
    b"Content-Length: 15\r\n\r\ninline:topsecret"[:-1]
)
SETUP = bytes.fromhex("0802000105 04038090a3 70048131303 1".replace(" ", ""))


def read(tmp_path: Path, packets: list[Packet], *fields: str) -> list[list[str]]:
    """What tshark finds in them, with every checksum looked at: a line for each packet."""
    file = tmp_path / "call.pcapng"
    file.write_bytes(pcapng(packets, 1_700_000_000.0))
    asked = [word for field in ("_ws.malformed", *fields) for word in ("-e", field)]
    checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    told = subprocess.run(
        ["tshark", "-n", "-r", str(file), *checks, "-T", "fields", *asked],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True,
    ).stdout  # fmt: skip
    lines = [line.split("\t") for line in told.splitlines()]
    assert all(line[0] == "" for line in lines), "nothing malformed"
    return [line[1:] for line in lines]


def test_wireshark_reads_each_way_with_its_addresses_times_and_directions(tmp_path: Path) -> None:
    four, six = ("192.0.2.1", 5060), ("2001:db8::1", 5061)
    packets = [
        Packet(1.25, "SIP/6001-00000001", False, "udp", four, ("192.0.2.60", 5070), CALL),
        Packet(1.5, "SIP/6001-00000001", True, "udp", four, ("192.0.2.60", 5070), CALL),
        Packet(2.0, "SIP/pstn-00000002", True, "tls", six, ("fe80::7%eth0", 40_001), CALL + b"\0"),
        Packet(2.5, "SPAN/e1-00000003", True, "q931", None, None, SETUP),
    ]
    fields = ("frame.time_epoch", "ip.src", "ipv6.dst", "udp.dstport", "sip.Method", "q931.message_type")
    flags, comment = "frame.packet_flags_direction", "frame.comment"
    shown = read(tmp_path, packets, *fields, flags, comment, "ip.checksum.status", "udp.checksum.status")
    ada, near, far = "SIP/6001-00000001", "0x00000002", "0x00000001"
    assert shown == [
        ["1700000001.250000000", "192.0.2.60", "", "5060", "OPTIONS", "", far, ada, "1", "1"],
        ["1700000001.500000000", "192.0.2.1", "", "5070", "OPTIONS", "", near, ada, "1", "1"],
        ["1700000002.000000000", "", "fe80::7", "40001", "OPTIONS", "", near, "SIP/pstn-00000002, by tls", "", "1"],
        ["1700000002.500000000", "", "", "", "", "0x05", near, "SPAN/e1-00000003", "", ""],
    ]


def test_a_message_longer_than_a_packet_is_cut_and_the_file_stays_whole(tmp_path: Path) -> None:
    long = Packet(1.0, "SIP", True, "tcp", ("192.0.2.1", 5060), ("192.0.2.60", 5070), CALL + bytes(70_000))
    short = Packet(2.0, "SIP", True, "tcp", ("192.0.2.1", 5060), ("192.0.2.60", 5070), CALL)
    assert read(tmp_path, [long, short], "udp.length") == [[str(LONGEST + 8)], [str(len(CALL) + 8)]]


def test_secrets_are_starred_out_and_every_length_holds() -> None:
    recorder = Recorder()
    journal = Journal(recorder)
    flow = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.60", 5070))
    message = parse(CALL)
    journal.received(message, CALL, flow, 1.0)
    journal.sent(Datagram(CALL, flow, call_id="one@caller"), 2.0)
    came, went = recorder.packets("Call-ID one@caller")
    assert (came.sent, went.sent, came.local, came.remote) == (False, True, flow.local, flow.remote)
    assert came.data == went.data
    assert len(came.data) == len(CALL) and came.data.endswith(b"inline:********")
    assert b'nonce="******", response="**********"' in came.data
    assert recorder.packets("another") == []


def test_what_was_packed_is_captured_as_it_came() -> None:
    recorder = Recorder(notes=1000)
    journal = Journal(recorder)
    message = parse(CALL)
    for number in range(200):
        flow = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.60", 5000 + number))
        journal.received(message, CALL, flow, float(number))
    kept = recorder.packets("Call-ID one@caller")
    assert [packet.at for packet in kept] == [float(number) for number in range(200)]
    assert {packet.local for packet in kept} == {("192.0.2.1", 5060)}
    assert [packet.remote for packet in kept] == [("192.0.2.60", 5000 + number) for number in range(200)]
