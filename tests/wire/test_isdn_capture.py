"""What two primary rate interfaces say to each other, as Wireshark reads it on the D channel."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from gateway.core.cause import Cause
from gateway.core.number import Party
from gateway.q931.coding import Location, MessageType, Notification, NumberType, ProgressDescription
from gateway.q931.mapping import calling_of, connected_of, redirecting_of
from gateway.q931.primitive import (
    Alert,
    AskMore,
    Audit,
    Clear,
    Connect,
    MoreDigits,
    Notify,
    Proceed,
    SendDigits,
    TellProgress,
)
from tests.unit.q931.conftest import NETWORK, USER, Span

pytestmark = pytest.mark.wire

LINKTYPE_LAPD = 203


def write(span: Span, file: Path) -> None:
    """The frames of the D channel so far as a capture file."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_LAPD)
    frames = [datagram.data for datagram in span.pair.wire]
    packets = (struct.pack("<IIII", at, 0, len(frame), len(frame)) + frame for at, frame in enumerate(frames))
    file.write_bytes(head + b"".join(packets))


def read(file: Path, *options: str) -> list[str]:
    """What tshark says of it, line by line."""
    said = subprocess.run(
        ["tshark", "-n", "-r", str(file), *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    return said.splitlines()


def messages(file: Path) -> dict[int, dict[str, str]]:
    """The first message of each type: what is in it, by the names that tshark gives to its fields."""
    names = ["message_type", *dict.fromkeys(name for told in TOLD.values() for name in told)]
    options = [part for name in names for part in ("-e", f"q931.{name}")]
    found: dict[int, dict[str, str]] = {}
    for line in read(file, "-Y", "q931", "-T", "fields", *options):
        kind, *values = line.split("\t")
        filled = {name: value for name, value in zip(names[1:], values, strict=True) if value}
        found.setdefault(int(kind, 0), filled)
    return found


TOLD = {
    MessageType.SETUP: {
        "call_ref_flag": "0",
        "call_ref": "0001",
        "information_transfer_capability": "0x10",
        "uil1": "0x03",
        "channel.number": "1",
        "channel.exclusive": "0",
        "progress_indicator.description": "0x03",
        "display_information": "Alice",
        "calling_party_number.digits": "12565551102",
        "number_type": f"0x{NumberType.INTERNATIONAL:02x},0x00,0x00",
        "presentation_ind": "0x00,0x00",
        "screening_ind": "0x00,0x00",
        "called_party_number.digits": "5550100",
        "redirecting_number.digits": "300",
        "extension.reason": "0x01",
    },
    MessageType.CALL_PROCEEDING: {"call_ref_flag": "1", "channel.number": "1", "channel.exclusive": "1"},
    MessageType.PROGRESS: {"progress_indicator.description": "0x08"},
    MessageType.CONNECT: {"connected_number.digits": "5550100", "presentation_ind": "0x00"},
    MessageType.STATUS: {"cause_value": "30", "cause_location": "2", "call_state": "0x0a"},
    MessageType.DISCONNECT: {"cause_value": "16", "cause_location": "0", "call_ref_flag": "0"},
    MessageType.INFORMATION: {"called_party_number.digits": "550108"},
    MessageType.RESTART: {"call_ref": "0000", "channel.number": "31", "restart_indicator": "0x00"},
}
"""What each message must be seen to tell."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A capture in which every message goes over the line once at least."""
    span = Span(USER, NETWORK)
    span.user.start()
    span.network.start()
    span.settle()
    placed, taken = span.ring(
        "5550100",
        calling=calling_of(Party("+12565551102")),
        display="Alice",
        redirecting=(redirecting_of("300", "user-busy"),),
        progress=(ProgressDescription.ORIGINATION_NOT_ISDN,),
    )
    span.network.says(taken, Proceed(), TellProgress(), Alert(), Connect(connected_of(Party("5550100"))))
    span.settle()
    span.network.says(taken, Notify(Notification.USER_SUSPENDED))
    span.user.says(placed, Audit())
    span.settle()
    span.user.says(placed, Clear(Cause.NORMAL_CLEARING))
    span.settle()
    placed, taken = span.ring("5", complete=False)
    span.network.says(taken, AskMore(audio=True))
    span.settle()
    span.user.says(placed, SendDigits("550108", complete=True))
    span.settle()
    assert MoreDigits(taken, "550108", complete=True) in span.network.hears()
    span.network.says(taken, Clear(Cause.USER_BUSY, Location.PUBLIC_REMOTE))
    span.settle()
    span.user.interface.restart(span.clock.now, (31,))
    span.settle()
    found = tmp_path / "d-channel.pcap"
    write(span, found)
    return found


def test_every_message_decodes_as_it_was_meant(file: Path) -> None:
    faults = read(file, "-Y", "_ws.malformed || _ws.expert.severity >= 0x600000")
    assert faults == []
    told = [line.rpartition("|")[2].strip() for line in read(file)]
    assert [name for name in told if name] == [
        "SETUP", "CALL PROCEEDING", "PROGRESS", "ALERTING", "CONNECT", "CONNECT ACKNOWLEDGE",
        "STATUS ENQUIRY", "NOTIFY", "STATUS", "DISCONNECT", "RELEASE", "RELEASE COMPLETE",
        "SETUP", "SETUP ACKNOWLEDGE", "INFORMATION", "DISCONNECT", "RELEASE", "RELEASE COMPLETE",
        "RESTART", "RESTART ACKNOWLEDGE",
    ]  # fmt: skip


def test_what_is_in_them_decodes_as_it_was_meant(file: Path) -> None:
    found = messages(file)
    for kind, told in TOLD.items():
        assert {name: found[kind].get(name) for name in told} == told, kind
    notified = read(file, "-V", "-Y", f"q931.message_type == {int(MessageType.NOTIFY)}")
    assert "Notification description: User suspended (0x00)" in [line.strip() for line in notified]
