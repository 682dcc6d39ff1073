"""What the network sees of our audio."""

from __future__ import annotations

import socket

import pytest

from gateway.core.audio import Sound
from gateway.core.codec import Codec, Encoding
from gateway.net.audio import AudioDesk
from gateway.plane.plane import Plane, PlaneConfig
from tests.support.speech import speak

EXPEDITED = 46 << 2
"""DSCP EF (RFC 3246, RFC 4594 4.1: telephony) as a traffic class, whose lower two bits are ECN's."""


@pytest.mark.parametrize(
    ("host", "level", "ask", "kind"),
    [
        ("127.0.0.1", socket.IPPROTO_IP, socket.IP_RECVTOS, socket.IP_TOS),
        ("::1", socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS),
    ],
)
def test_packets_of_audio_and_their_reports_ask_for_expedited_forwarding(
    host: str, level: int, ask: int, kind: int
) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    plane = Plane(PlaneConfig(rows=4, arena=10.0))
    desk = AudioDesk(plane=plane, ports=(25000, 25999))
    peers = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(2)]
    try:
        for peer in peers:
            peer.bind((host, 0))
            peer.settimeout(20.0)
            peer.setsockopt(level, ask, 1)
        audio, reports = (peer.getsockname()[1] for peer in peers)
        row = desk.rtp(host)
        row.set_remote(host, audio, Codec(Encoding.PCMU, 0), 101, rtcp=(host, reports))
        row.play(Sound("speech", speak("Hello.")))
        for tick in range(600):
            plane.step(100.0 + 0.02 * tick)
        for peer in peers:
            data, ancillary, _, _ = peer.recvmsg(2048, 64)
            assert len(data) > 12
            assert [(word[0], word[1], int.from_bytes(word[2], "little")) for word in ancillary] == [
                (level, kind, EXPEDITED)
            ]
        row.close()
        plane.step(200.0)
        plane.pump(200.0)
        assert desk.open_sockets == 0
    finally:
        plane.close()
        for peer in peers:
            peer.close()
